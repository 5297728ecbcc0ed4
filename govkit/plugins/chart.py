"""How a picture is written: one decorated function in one file under `govkit/reports/charts/`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from govkit.core.control import Operator
from govkit.core.evidence import Cell, Table
from govkit.plugins.discovery import Registry


@dataclass(frozen=True)
class Limit:
    """A criterion's limit, drawn as a labelled line where the picture shows what it limits."""

    measurement: str
    threshold: float
    words: str
    operator: Operator
    groups: tuple[Mapping[str, str], ...] = ()
    """What the criterion was held against: `{"eps": "0.1"}`, worst first."""

    def misses(self, value: float) -> bool:
        """Tell whether a value lies on the wrong side of the limit; intervals are the criterion's business."""
        kept = {
            "<=": value <= self.threshold,
            ">=": value >= self.threshold,
            "<": value < self.threshold,
            ">": value > self.threshold,
            "==": value == self.threshold,
        }
        return not kept[self.operator]


@dataclass(frozen=True)
class Drawing:
    """A picture before it is framed."""

    title: str
    """What it shows, as a finding: "Under attack 82 % of the answers stay right"."""
    subtitle: str
    """What is plotted, over how many, and how it was measured."""
    body: str
    """The inside of the SVG, at most 600 wide; empty where the rows alone serve better."""
    height: int = 300


@dataclass(frozen=True)
class Chart:
    """A registered picture: the columns it needs and the function that draws it."""

    name: str
    numbers: frozenset[str]
    words: frozenset[str]
    draw: Callable[[Table, Sequence[Limit]], Drawing]

    def fits(self, table: Table) -> bool:
        """Tell whether a table has the columns, and a row with a number wherever the picture needs one."""
        names = [column.name for column in table.columns]
        if not self.numbers | self.words <= set(names):
            return False
        return any(
            all(_filled(value, name, self.numbers) for name, value in zip(names, row, strict=False))
            for row in table.rows
        )


def _filled(value: Cell, name: str, numbers: frozenset[str]) -> bool:
    return name not in numbers or (isinstance(value, int | float) and not isinstance(value, bool))


CHARTS: Registry[Chart] = Registry("govkit.reports.charts")


def chart(
    name: str, *, numbers: tuple[str, ...] = (), words: tuple[str, ...] = ()
) -> Callable[[Callable[[Table, Sequence[Limit]], Drawing]], Callable[[Table, Sequence[Limit]], Drawing]]:
    """Register `draw(table, limits) -> Drawing` for evidence tables called `name` or `name.<measurement>`.

    Args:
        name: the table's name, or its part before the first dot.
        numbers: columns that a row must hold a number in to be drawn.
        words: columns that must be there.
    """

    def register(draw: Callable[[Table, Sequence[Limit]], Drawing]) -> Callable[[Table, Sequence[Limit]], Drawing]:
        CHARTS.add(name, Chart(name=name, numbers=frozenset(numbers), words=frozenset(words), draw=draw))
        return draw

    return register
