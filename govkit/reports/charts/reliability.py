"""How well predicted probabilities come true, bin by bin, with intervals."""

import math
from collections.abc import Sequence

from govkit.core.evidence import Table
from govkit.plugins.chart import Drawing, Limit, chart
from govkit.reports.drawing import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    SHARES,
    TOP,
    WIDTH,
    Scale,
    frame,
    line_key,
    numbers,
    shape,
)
from govkit.reports.wording import quantity, things


@chart("reliability", numbers=("predicted", "observed", "low", "high", "n"))
def reliability(table: Table, limits: Sequence[Limit]) -> Drawing:
    """Draw observed shares with their intervals over predicted probabilities."""
    del limits
    rows = numbers(table, "predicted", "observed", "low", "high", "n")
    x = Scale(0, 1, LEFT, WIDTH - RIGHT)
    y = Scale(0, 1, HEIGHT - BOTTOM, TOP)
    body = frame(x, y, (SHARES, SHARES), ("predicted probability", "observed share"))
    body += shape("line", "", "muted", x1=x(0), y1=y(0), x2=x(1), y2=y(1), stroke_dasharray="5 4")
    most = max((row[4] for row in rows), default=1)
    for predicted, observed, low, high, count in rows:
        body += shape("line", "", "accent", x1=x(predicted), x2=x(predicted), y1=y(low), y2=y(high), stroke_width="2")
        radius = 2.5 + 3.5 * math.sqrt(count / most)
        body += shape("circle", "accent", "paper", cx=x(predicted), cy=y(observed), r=radius)
    body += line_key((("observed, with interval", "accent", ""), ("as predicted", "muted", "5 4")))
    agreeing = sum(low <= predicted <= high for predicted, _, low, high, _ in rows)
    total = int(sum(row[4] for row in rows))
    plotted = (
        f"{table.title}, {things(len(rows), 'bin')}, {things(total, 'row')}; larger points hold more rows. "
        f"In {agreeing} of {len(rows)} bins the interval holds the prediction."
    )
    return Drawing(_agreement(rows, agreeing), plotted, body)


def _agreement(rows: Sequence[tuple[float, ...]], agreeing: int) -> str:
    """Say how far predictions can be believed, by the bin where the most rows are the furthest off."""
    if agreeing == len(rows):
        return f"Predicted and observed shares agree in all {len(rows)} bins"
    predicted, observed, _, _, count = max(rows, key=lambda row: abs(row[0] - row[1]) * math.sqrt(row[4]))
    said, seen = quantity(predicted, "share"), quantity(observed, "share")
    return f"Where the model says {said}, it happens in {seen} of {things(int(count), 'row')}"
