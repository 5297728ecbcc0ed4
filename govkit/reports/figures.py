"""Evidence tables as a reader meets them: a framed picture where one is known, and the rows behind it."""

from collections.abc import Sequence
from dataclasses import dataclass

from govkit.core.evidence import Cell, Table
from govkit.plugins.chart import CHARTS, Chart, Limit
from govkit.reports.drawing import svg
from govkit.reports.wording import cell


@dataclass(frozen=True)
class Figure:
    """A chart with its finding as title, what it plots, its text alternative and the rows behind it."""

    title: str
    subtitle: str
    svg: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]
    left_out: int


def _chart(table: Table) -> Chart | None:
    found = CHARTS.all().get(table.name.partition(".")[0])
    return found if found and found.fits(table) else None


def charted(table: Table) -> bool:
    """Tell whether a table has the name, the columns and the rows that a picture is drawn from."""
    return _chart(table) is not None


def figure(table: Table, limits: Sequence[Limit] = ()) -> Figure:
    """Draw an evidence table, or lay out its rows alone when no picture is known for its name and columns.

    A table called `forest.tpr_difference` is drawn as a forest, with the limits of the measurement `tpr_difference`.
    """
    title, subtitle, picture = table.title, "", ""
    chart, measurement = _chart(table), table.name.partition(".")[2]
    if chart:
        drawn = chart.draw(table, [one for one in limits if not measurement or one.measurement == measurement])
        title, subtitle = drawn.title, drawn.subtitle
        picture = svg(f"{title}. {subtitle}", drawn.body, height=drawn.height) if drawn.body else ""
    units = [column.unit for column in table.columns]
    return Figure(
        title=title,
        subtitle=subtitle,
        svg=picture,
        headers=tuple(_heading(column.name, column.unit) for column in table.columns),
        rows=tuple(tuple(cell(value, unit) for value, unit in zip(row, units, strict=False)) for row in table.rows),
        numeric=tuple(
            _is_number([row[place] for row in table.rows if place < len(row)]) for place in range(len(units))
        ),
        left_out=table.left_out,
    )


def _heading(name: str, unit: str) -> str:
    words = name.replace("_", " ")
    return words if unit in {"", "share", "count"} else f"{words} ({unit})"


def _is_number(column: Sequence[Cell]) -> bool:
    return bool(column) and all(value is None or isinstance(value, int | float) for value in column)
