"""Differences or shares by group, each with its interval, one under the other: a forest plot."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from govkit.core.evidence import Table
from govkit.plugins.chart import Drawing, Limit, chart
from govkit.reports.drawing import Scale, named, number, round_steps, shape, text, unit_of
from govkit.reports.wording import brackets, quantity, shortened, things

MOST_ROWS: Final = 30
LEFT, RIGHT, TOP, STEP = 180.0, 440.0, 30.0, 20.0


@dataclass(frozen=True)
class Row:
    """One line of the plot; without ends the value is exact."""

    label: str
    value: float
    low: float
    high: float
    count: int | None

    @property
    def exact(self) -> bool:
        """Tell whether the value has no interval."""
        return self.low == self.value == self.high


@chart("forest", numbers=("value",), words=("label",))
def forest(table: Table, limits: Sequence[Limit]) -> Drawing:
    """Draw a value with its interval for each label; `low`, `high` and `n` are used where they are there."""
    rows = rows_of(table)
    limit = limits[0] if limits else None
    shown = rows[:MOST_ROWS]
    unit = unit_of(table, "value")
    ends = [end for row in shown for end in (row.low, row.high)] + [one.threshold for one in limits]
    low, high = min(ends), max(ends)
    margin = (high - low) * 0.05 or 0.5
    x = Scale(low - margin, high + margin, LEFT, RIGHT)
    bottom = TOP + STEP * len(shown)
    body = _axis(x, bottom, unit)
    for place, row in enumerate(shown):
        body += _row(row, x, TOP + STEP * (place + 0.5), unit)
    for one in limits[:2]:
        at = x(one.threshold)
        body += shape("line", "", "bad", x1=at, x2=at, y1=TOP - 6, y2=bottom, stroke_dasharray="2 3")
        body += text(at, TOP - 12, one.words, tone="bad", anchor="middle")
    return Drawing(_title(table, rows, limit, unit), _subtitle(table, rows, shown), body, height=int(bottom + 28))


def rows_of(table: Table) -> list[Row]:
    """Give the rows that hold a value, an unbounded or missing end at the value itself."""
    found = []
    for row in named(table):
        value, low, high = (number(row.get(name)) for name in ("value", "low", "high"))
        if value is None:
            continue
        count = row.get("n")
        found.append(
            Row(
                label=str(row.get("label") if row.get("label") is not None else ""),
                value=value,
                low=value if low is None else low,
                high=value if high is None else high,
                count=count if isinstance(count, int) else None,
            )
        )
    return found


def _axis(x: Scale, bottom: float, unit: str) -> str:
    body = ""
    for tick in round_steps(x.low, x.high):
        body += shape("line", "", "line", x1=x(tick), x2=x(tick), y1=TOP, y2=bottom)
        body += text(x(tick), bottom + 16, quantity(tick, unit), anchor="middle")
    return body


def _row(row: Row, x: Scale, middle: float, unit: str) -> str:
    count = f" (n {row.count:,})" if row.count is not None else ""
    body = text(LEFT - 8, middle + 4, shortened(row.label, 26 - len(count)) + count, tone="ink", anchor="end")
    if not row.exact:
        ends = "".join(f"M{x(end):.1f} {middle - 4:.1f}v8" for end in (row.low, row.high))
        path = f"M{x(row.low):.1f} {middle:.1f}H{x(row.high):.1f}{ends}"
        body += shape("path", "", "accent", d=path, stroke_width="1.5")
    body += shape("rect", "accent", x=x(row.value) - 3.5, y=middle - 3.5, width=7, height=7)
    said = quantity(row.value, unit) + ("" if row.exact else f" {brackets(row.low, row.high, unit, None)}")
    return body + text(RIGHT + 12, middle + 4, said)


def _title(table: Table, rows: Sequence[Row], limit: Limit | None, unit: str) -> str:
    if limit is None:
        least, most = min(rows, key=lambda row: row.value), max(rows, key=lambda row: row.value)
        if least is most:
            return f"{table.title}: {quantity(most.value, unit)} for {most.label}"
        return (
            f"{table.title}: from {quantity(least.value, unit)} for {least.label}"
            f" to {quantity(most.value, unit)} for {most.label}"
        )
    missed = sum(limit.misses(row.value) for row in rows)
    return f"{table.title}: {missed or 'none'} of {len(rows)} beyond the {limit.words}"


def _subtitle(table: Table, rows: Sequence[Row], shown: Sequence[Row]) -> str:
    exact = all(row.exact for row in rows)
    drawn = things(len(rows), "line") if len(rows) == len(shown) else f"The first {len(shown)} of {len(rows)} lines"
    more = f"; {table.left_out:,} more were not kept" if table.left_out else ""
    return f"{drawn}, {'exact values' if exact else 'the bar through each value is its interval'}{more}."
