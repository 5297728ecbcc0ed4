"""What stronger regularisation gains and costs: how well members are told from others against what stays right."""

from collections.abc import Sequence

from govkit.core.evidence import Table
from govkit.plugins.chart import Drawing, Limit, chart
from govkit.reports.drawing import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Scale,
    apart,
    frame,
    named,
    numbers,
    round_steps,
    shape,
    text,
)
from govkit.reports.wording import quantity, shortened, things

LIMITED = "worst_attack_auc"
Variant = tuple[str, float, float, float, float]


@chart("membership_remedies", numbers=("auc", "low", "high", "right"), words=("change",))
def membership_remedies(table: Table, limits: Sequence[Limit]) -> Drawing:
    """Draw one point per variant with the interval of its AUC, and the criterion's limit."""
    changes = [str(row["change"]) for row in named(table)]
    rows: list[Variant] = [
        (change, area, low, high, right)
        for change, (area, low, high, right) in zip(changes, numbers(table, "auc", "low", "high", "right"), strict=True)
    ]
    limit = next((one for one in limits if one.measurement == LIMITED), None)
    ends = [end for row in rows for end in row[2:4]] + ([limit.threshold] if limit else [])
    heights = [row[4] for row in rows]
    room = max(max(heights) - min(heights), 0.02) / 8
    x = Scale(min(0.5, *ends), max(ends), LEFT, WIDTH - RIGHT)
    y = Scale(min(heights) - room, max(heights) + room, HEIGHT - BOTTOM, TOP)
    ticks = (round_steps(x.low, x.high), round_steps(y.low, y.high))
    body = frame(x, y, ticks, ("AUC of the attack", "right on other rows"))
    if limit:
        at = x(limit.threshold)
        body += shape("line", "", "bad", x1=at, x2=at, y1=TOP, y2=HEIGHT - BOTTOM, stroke_dasharray="2 3")
        body += text(at, TOP - 8, limit.words, tone="bad", anchor="middle")
    order = sorted(rows, key=lambda row: -row[4])
    for row, label in zip(order, apart([y(row[4]) for row in order]), strict=True):
        name, area, low, high, right = row
        body += shape("line", "", "accent", x1=x(low), x2=x(high), y1=y(right), y2=y(right), stroke_width="1.5")
        body += shape("circle", "accent", "paper", cx=x(area), cy=y(right), r=4.5)
        body += text(WIDTH - RIGHT + 12, label + 4, shortened(name, 26))
    said = (
        f"AUC of the meta attack with its interval against what is right on other rows, {things(len(rows), 'variant')}."
    )
    return Drawing(_title(rows, limit), said, body)


def _title(rows: Sequence[Variant], limit: Limit | None) -> str:
    """Say what passing would cost, where a variant passes; else what the best one comes to."""
    passing = [row for row in rows if limit is not None and not limit.misses(row[3])]
    if passing:
        best = max(passing, key=lambda row: row[4])
        if best[0] == rows[0][0]:
            return "The pipeline passes as it is"
        return (
            f"To pass costs {quantity(max(rows[0][4] - best[4], 0.0), 'share')} of what is right, "
            f"with {shortened(best[0], 40)}"
        )
    least = min(rows, key=lambda row: row[1])
    return f"No change that was tried passes; {shortened(least[0], 40)} comes nearest, AUC {quantity(least[1], 'auc')}"
