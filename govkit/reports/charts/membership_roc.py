"""What attackers find of the training rows against what they claim falsely, on logarithmic axes."""

from collections.abc import Sequence
from typing import Final

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
    dashed,
    frame,
    line_key,
    numbers,
    points,
    shape,
    text,
)
from govkit.reports.wording import quantity, shortened, things

FALSE_CLAIMS: Final = 0.01
"""The share of false claims at which attacks are compared."""
_DASHES: Final = ("", "2 3", "8 3", "8 3 2 3", "1 4")


def _curves(table: Table) -> dict[str, list[tuple[float, float]]]:
    """Give each attack's points, false claims and members found, the best attack first."""
    curves: dict[str, list[tuple[float, float]]] = {}
    place = [column.name for column in table.columns].index("attack")
    for name in dict.fromkeys(str(row[place]) for row in table.rows):
        rows = tuple(row for row in table.rows if str(row[place]) == name)
        curves[name] = sorted(
            (row[0], row[1]) for row in numbers(table.model_copy(update={"rows": rows}), "fpr", "tpr")
        )
    return dict(sorted(curves.items(), key=lambda one: (-_found(one[1]), -_ahead(one[1])[0], one[0])))


def _found(curve: Sequence[tuple[float, float]]) -> float:
    return max((true for false, true in curve if false <= FALSE_CLAIMS), default=0.0)


def _ahead(curve: Sequence[tuple[float, float]]) -> tuple[float, float, float]:
    """Give where a curve is furthest ahead of guessing: by how much, members found, false claims."""
    return max(((true - false, true, false) for false, true in curve), default=(0.0, 0.0, 0.0))


def _attack_title(curves: Sequence[Sequence[tuple[float, float]]]) -> str:
    """Say what the best attack achieves, at few false claims if anything, else where it is furthest ahead."""
    found, false = _found(curves[0]), FALSE_CLAIMS
    if found <= FALSE_CLAIMS:
        ahead, found, false = max(_ahead(curve) for curve in curves)
        if ahead <= 0:
            return "No attack finds more members than guessing"
    claims = quantity(false, "share")
    return (
        f"The attack finds {quantity(found, 'share')} of the members at {claims} false claims; guessing finds {claims}"
    )


def _band(table: Table, attack: str, x: Scale, y: Scale) -> str:
    """Shade the interval of the best attack's curve, where the table holds it."""
    if not {"low", "high"} <= {column.name for column in table.columns}:
        return ""
    place = [column.name for column in table.columns].index("attack")
    mine = table.model_copy(update={"rows": tuple(row for row in table.rows if row[place] == attack)})
    ends = sorted(row for row in numbers(mine, "fpr", "low", "high") if row[0] > 0)
    outline = [(x(false), y(high)) for false, _, high in ends] + [(x(false), y(low)) for false, low, _ in ends[::-1]]
    return shape("polygon", "accent", "", points=points(outline), fill_opacity="0.15")


@chart("membership_roc", numbers=("fpr", "tpr"), words=("attack",))
def membership_roc(table: Table, limits: Sequence[Limit]) -> Drawing:
    """Draw each attack's curve and what it finds at one per cent of false claims."""
    curves = _curves(table)
    floor = 1e-3
    x = Scale(floor, 1, LEFT, WIDTH - RIGHT, log=True)
    y = Scale(floor, 1, HEIGHT - BOTTOM, TOP, log=True)
    ticks = (0.001, 0.01, 0.1, 1.0)
    body = frame(x, y, (ticks, ticks), ("false claims (log scale)", "members found (log scale)"))
    body += shape("line", "", "muted", x1=x(floor), y1=y(floor), x2=x(1), y2=y(1), stroke_opacity="0.6")
    body += text(x(0.12), y(0.12) + 24, "guessing")
    body += _band(table, next(iter(curves)), x, y)
    key = []
    for dashes, (name, curve) in zip(_DASHES, curves.items(), strict=False):
        tone = "muted" if dashes else "accent"
        line = points((x(false), y(true)) for false, true in curve if false > 0)
        body += shape("polyline", "", tone, points=line, stroke_width="1.75" if dashes else "2.5", **dashed(dashes))
        key.append((f"{shortened(name, 18)} {quantity(_found(curve), 'share')}", tone, dashes))
    at, best = x(FALSE_CLAIMS), max(map(_found, curves.values()))
    body += shape("circle", "accent", "paper", cx=at, cy=y(best), r=4.5) if best >= floor else ""
    for limit in limits:
        if limit.measurement.endswith("tpr_at_1pct_fpr"):
            high = y(limit.threshold)
            body += shape("line", "", "bad", x1=at - 16, x2=at + 16, y1=high, y2=high, stroke_width="2")
            body += text(at - 20, high + 4, limit.words, tone="bad", anchor="end")
    plotted = (
        f"Members found against false claims, both on logarithmic axes, {things(len(curves), 'attack')}; "
        f"beside each what it finds at {quantity(FALSE_CLAIMS, 'share')} false claims."
    )
    return Drawing(_attack_title(list(curves.values())), plotted, body + line_key(key))
