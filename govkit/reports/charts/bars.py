"""Scores by name as bars from zero: how far each column has drifted, for instance."""

from collections.abc import Sequence
from typing import Final

from govkit.core.evidence import Table
from govkit.plugins.chart import Drawing, Limit, chart
from govkit.reports.charts.forest import LEFT, LETTERS, RIGHT, STEP, TOP, Row, axis, measured, rows_of
from govkit.reports.drawing import Scale, hatched, shape, text, unit_of
from govkit.reports.wording import quantity, shortened, things

MOST_ROWS: Final = 24


@chart("bars", numbers=("value",), words=("label",))
def bars(table: Table, limits: Sequence[Limit]) -> Drawing:
    """Draw a bar from zero for each label, the largest first; `low` and `high` are used where they are there."""
    rows = sorted(rows_of(table), key=lambda row: -abs(row.value))
    shown, unit = rows[:MOST_ROWS], unit_of(table, "value")
    limit = limits[0] if limits else None
    ends = [end for row in shown for end in (row.low, row.high, row.value)] + [one.threshold for one in limits[:1]]
    x = Scale(min(0.0, *ends), max(0.0, *ends) * 1.05 or 1.0, LEFT, RIGHT)
    bottom = TOP + STEP * len(shown)
    body = axis(x, bottom, unit)
    for place, row in enumerate(shown):
        body += _bar(row, x, TOP + STEP * place, (unit, limit))
    if limit:
        at = x(limit.threshold)
        body += shape("line", "", "bad", x1=at, x2=at, y1=TOP - 6, y2=bottom, stroke_dasharray="2 3")
        body += text(at, TOP - 12, limit.words, tone="bad", anchor="middle")
    return Drawing(_title(table, rows, limit, unit), _subtitle(rows, shown, limit), body, height=int(bottom + 28))


def _bar(row: Row, x: Scale, top: float, judged: tuple[str, Limit | None]) -> str:
    """Draw one bar: filled where it keeps the limit, hatched where it misses it."""
    unit, limit = judged
    missed = limit is not None and limit.misses(row.value)
    left, wide = min(x(0), x(row.value)), abs(x(row.value) - x(0))
    body = text(LEFT - 8, top + 14, shortened(row.label, LETTERS), tone="ink", anchor="end")
    if missed:
        body += shape("rect", "", "bad", x=left, y=top + 3, width=wide, height=STEP - 6)
        body += hatched("bad", left, top + 3, (wide, STEP - 6))
    else:
        body += shape("rect", "accent", x=left, y=top + 3, width=wide, height=STEP - 6)
    if not row.exact:
        middle = top + STEP / 2
        body += shape("line", "", "ink", x1=x(row.low), x2=x(row.high), y1=middle, y2=middle, stroke_width="1.5")
    return body + text(RIGHT + 12, top + 14, measured(row, unit))


def _title(table: Table, rows: Sequence[Row], limit: Limit | None, unit: str) -> str:
    most = f"{quantity(rows[0].value, unit)} for {rows[0].label}"
    if limit is None:
        return f"{table.title}: at most {most}"
    missed = sum(limit.misses(row.value) for row in rows)
    return f"{table.title}: {missed or 'none'} of {len(rows)} beyond the {limit.words}; the largest is {most}"


def _subtitle(rows: Sequence[Row], shown: Sequence[Row], limit: Limit | None) -> str:
    drawn = things(len(rows), "bar") if len(rows) == len(shown) else f"The {len(shown)} largest of {len(rows)}"
    return f"{drawn} from zero{'; hatched where the value lies beyond the limit' if limit else ''}."
