"""Differences or shares by group, each with its interval, one under the other: a forest plot."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from govkit.core.evidence import Table
from govkit.plugins.chart import Drawing, Limit, chart
from govkit.reports.drawing import Scale, group, named, number, round_steps, shape, text, unit_of
from govkit.reports.wording import brackets, quantity, things

MOST_ROWS: Final = 30
LEFT, RIGHT, TOP, STEP, LINE = 224.0, 424.0, 30.0, 20.0, 13.0
LETTERS: Final = 33
"""Of a label's line; a longer label goes on in a second line, and ends there."""


@dataclass(frozen=True)
class Row:
    """One line of the plot; without ends the value is exact."""

    label: str
    value: float
    low: float
    high: float
    count: int | None

    @property
    def lines(self) -> list[str]:
        """Give the label with the number of rows, in one line or two."""
        count = f" (n\u00a0{self.count:,})" if self.count is not None else ""
        return textwrap.wrap(self.label + count, LETTERS, max_lines=2, placeholder=f"…{count}") or [""]

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
    heights = [STEP + LINE * (len(row.lines) - 1) for row in shown]
    bottom = TOP + sum(heights)
    body = axis(x, bottom, unit)
    for row, height, end in zip(shown, heights, accumulate(heights), strict=True):
        body += _row(row, x, TOP + end - height / 2, unit)
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


def axis(x: Scale, bottom: float, unit: str) -> str:
    """Draw the ticks, whose numbers carry no unit but per cent: a longer one would run into the next."""
    steps = round_steps(x.low, x.high)
    lines = "".join(f"M{x(tick):.1f} {TOP:.0f}V{bottom:.0f}" for tick in steps)
    words = "".join(text(x(tick), bottom + 16, quantity(tick, unit if unit == "share" else "")) for tick in steps)
    return shape("path", "", "line", d=lines) + group(words, text_anchor="middle")


def _row(row: Row, x: Scale, middle: float, unit: str) -> str:
    first = middle + 4 - LINE * (len(row.lines) - 1) / 2
    words = "".join(text(LEFT - 8, first + LINE * place, line) for place, line in enumerate(row.lines))
    body = group(words, "ink", text_anchor="end")
    if not row.exact:
        ends = "".join(f"M{x(end):.1f} {middle - 4:.1f}v8" for end in (row.low, row.high))
        path = f"M{x(row.low):.1f} {middle:.1f}H{x(row.high):.1f}{ends}"
        body += shape("path", "", "accent", d=path, stroke_width="1.5")
    body += shape("rect", "accent", x=x(row.value) - 3.5, y=middle - 3.5, width=7, height=7)
    return body + text(RIGHT + 12, middle + 4, measured(row, unit))


def measured(row: Row, unit: str) -> str:
    """Write a row's value with its interval, no unit but per cent beside it."""
    said = quantity(row.value, unit if unit == "share" else "")
    return said if row.exact else f"{said} {brackets(row.low, row.high, unit, None)}"


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
