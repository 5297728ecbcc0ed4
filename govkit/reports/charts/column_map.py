"""Which columns hold what kind of personal data: one tile a column, by sign, pattern and word."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from govkit.core.evidence import Cell, Table
from govkit.plugins.chart import Drawing, Limit, chart
from govkit.reports.drawing import WIDTH, hatched, named, number, shape, text
from govkit.reports.wording import NOTHING, quantity, shortened, things

MOST_TILES: Final = 36
ACROSS: Final = 3
TALL, GAP = 40.0, 8.0
KINDS: Final[Mapping[str, tuple[str, str]]] = {
    "direct": ("●", "direct identifier"),
    "special": ("▲", "special category"),
    "quasi": ("○", "quasi-identifier"),
}
"""Category to its sign and its words, the weightiest first; any other word is shown as it is, `none` is counted."""


@chart("column_map", words=("column", "category"))
def column_map(table: Table, limits: Sequence[Limit]) -> Drawing:
    """Draw a tile for each column with personal data; `share` (of its cells) is shown where it is there."""
    del limits
    rows = [row for row in named(table) if row["category"] not in {None, "", "none"}]
    order = {kind: place for place, kind in enumerate(KINDS)}
    rows.sort(key=lambda row: order.get(str(row["category"]), len(order)))
    counts = Counter(str(row["category"]) for row in rows)
    total = len(table.rows) + table.left_out
    said = ", ".join(f"{count} {KINDS.get(kind, ('', kind))[1]}" for kind, count in counts.items())
    title = f"Of {things(total, 'column')}: {said}" if rows else f"None of {things(total, 'column')} is marked"
    shown = rows[:MOST_TILES]
    hidden = f"The first {len(shown)} of {len(rows)} columns" if len(shown) < len(rows) else "Every column"
    plotted = f"{hidden} with personal data, by kind; columns without any have no tile."
    body = "".join(_tile(row, place) for place, row in enumerate(shown))
    height = int((TALL + GAP) * -(-len(shown) // ACROSS) + 2)
    return Drawing(title, plotted, body, height=height)


def _tile(row: Mapping[str, Cell], place: int) -> str:
    wide = (WIDTH - GAP * (ACROSS - 1) - 2) / ACROSS
    x, y = 1 + (place % ACROSS) * (wide + GAP), 1 + (place // ACROSS) * (TALL + GAP)
    kind = str(row["category"])
    sign, words = KINDS.get(kind, (NOTHING, kind))
    share = number(row.get("share"))
    body = shape("rect", "panel", "ink" if kind == "direct" else "muted", x=x, y=y, width=wide, height=TALL, rx=3)
    body += _stripe(kind, x, y)
    body += text(x + 18, y + 17, shortened(str(row["column"]), 24), tone="ink", bold=True)
    said = f"{sign} {shortened(words, 20)}" + (f", {quantity(share, 'share')}" if share is not None else "")
    return body + text(x + 18, y + 32, said)


def _stripe(kind: str, x: float, y: float) -> str:
    """Draw the pattern at the tile's edge: solid for direct, hatched for special, a frame for the rest."""
    if kind == "direct":
        return shape("rect", "ink", x=x, y=y, width=10, height=TALL)
    edge = shape("rect", "", "muted", x=x, y=y, width=10, height=TALL)
    return edge + (hatched("muted", x, y, (10.0, TALL)) if kind == "special" else "")
