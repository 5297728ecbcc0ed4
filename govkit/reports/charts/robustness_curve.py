"""Accuracy over the size of a change to the input: under attack, under noise, and where the limit lies."""

from collections.abc import Mapping, Sequence

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
    apart,
    dashed,
    frame,
    named,
    number,
    numbers,
    points,
    shape,
    text,
    unit_of,
)
from govkit.reports.wording import quantity, shortened, significant, things

MOST_ATTACKS = 5
_DASHES = ("", "8 3", "8 3 2 3", "1 4", "3 3")
Rows = list[tuple[float, ...]]


@chart("robustness_curve", numbers=("eps", "robust_accuracy", "low", "high"))
def robustness_curve(table: Table, limits: Sequence[Limit]) -> Drawing:
    """Draw the share of answers that stay right over the size of the change, one line an attack, the worst first."""
    curves = _curves(table)
    rows, noise = next(iter(curves.values())), _by_size(table, "noise_accuracy")
    proved = _by_size(table, "proved")
    sizes = sorted({row[0] for one in curves.values() for row in one})
    x = Scale(0, sizes[-1] or 1.0, LEFT, WIDTH - RIGHT)
    y = Scale(0, 1, HEIGHT - BOTTOM, TOP)
    unit = unit_of(table, "eps")
    across = f"size of the change ε ({unit})" if unit else "size of the change ε"
    body = frame(x, y, (sizes, SHARES), (across, "share still right"), "") + _noise_line(noise, x, y)
    limit = next((limit for limit in limits if limit.measurement == "robust_accuracy"), None)
    labels = [(next(reversed(noise.values())), "random noise", "muted")] if noise else []
    if proved:
        body += _proved_steps(proved, x, y)
        labels.append((next(reversed(proved.values())), "proved, at least", "good"))
    for dashes, (name, curve) in reversed(list(zip(_DASHES, curves.items(), strict=False))):
        body += _curve(curve, x, y, dashes)
        labels.append((curve[-1][1], shortened(name, 24), "muted" if dashes else "accent"))
    if limit:
        ends = {"x1": x(0), "x2": x.end, "y1": y(limit.threshold), "y2": y(limit.threshold)}
        body += shape("line", "", "bad", **ends, stroke_dasharray="2 3")
        labels.append((limit.threshold, limit.words, "bad"))
    for height, (_, words, tone) in zip(apart([y(value) + 4 for value, _, _ in labels]), labels, strict=True):
        body += text(WIDTH - RIGHT + 10.0, height, words, tone=tone, bold=tone == "accent")
    plotted = (
        f"Share of rows answered rightly by size of the change, {things(len(rows), 'size')}, the band is the interval. "
        "A stronger attack could do more"
    )
    plotted += "; of the rows worked out exactly, the dotted share is proved to stay right." if proved else "."
    return Drawing(_title(rows, noise, limit), plotted, body)


def _curves(table: Table) -> dict[str, Rows]:
    """Give each attack's rows by size; the attack that leaves the least comes first."""
    names = [str(row.get("attack") or "attack") for row in named(table)]
    found: dict[str, Rows] = {}
    for name in dict.fromkeys(names):
        kept = tuple(row for row, of in zip(table.rows, names, strict=True) if of == name)
        rows = sorted(numbers(table.model_copy(update={"rows": kept}), "eps", "robust_accuracy", "low", "high"))
        if rows:
            found[name] = rows
    worst = sorted(found.items(), key=lambda one: (one[1][-1][1], one[0]))
    return dict(worst[:MOST_ATTACKS])


def _by_size(table: Table, name: str) -> dict[float, float]:
    pairs = [(number(row.get("eps")), number(row.get(name))) for row in named(table)]
    return dict(sorted((size, value) for size, value in pairs if size is not None and value is not None))


def _noise_line(noise: Mapping[float, float], x: Scale, y: Scale) -> str:
    line = [(x(size), y(value)) for size, value in noise.items()]
    body = shape("polyline", "", "muted", points=points(line), stroke_dasharray="6 4") if line else ""
    return body + "".join(shape("rect", "muted", x=at - 3, y=high - 3, width=6, height=6) for at, high in line)


def _proved_steps(proved: Mapping[float, float], x: Scale, y: Scale) -> str:
    """Draw what is proved as steps: a proof for a size holds for every smaller one and says nothing of larger ones."""
    sizes, values = list(proved), list(proved.values())
    corners = [(x(sizes[0]), y(values[0]))]
    for before, size, value in zip(sizes, sizes[1:], values[1:], strict=False):
        corners += [(x(before), y(value)), (x(size), y(value))]
    return shape("polyline", "", "good", points=points(corners), stroke_dasharray="1 3")


def _curve(rows: Rows, x: Scale, y: Scale, dashes: str) -> str:
    tone = "muted" if dashes else "accent"
    line = points((x(eps), y(value)) for eps, value, _, _ in rows)
    body = shape("polyline", "", tone, points=line, stroke_width="1.5" if dashes else "2.25", **dashed(dashes))
    if dashes:
        return body
    band = [(x(eps), y(high)) for eps, _, _, high in rows] + [(x(eps), y(low)) for eps, _, low, _ in reversed(rows)]
    body = shape("polygon", "accent", points=points(band), fill_opacity="0.16") + body
    return body + "".join(shape("circle", "accent", cx=x(eps), cy=y(value), r=3.5) for eps, value, _, _ in rows)


def _title(rows: Rows, noise: Mapping[float, float], limit: Limit | None) -> str:
    """Say what stays right at the size that a criterion was held against, else at the largest."""
    wanted = {group["eps"] for group in limit.groups[:1] if "eps" in group} if limit else set()
    size = next((row for row in rows if f"{row[0]:g}" in wanted), rows[-1])
    title = f"Under attack {quantity(size[1], 'share')} of the answers stay right at ε {significant(size[0])}"
    if size[0] in noise:
        title += f"; under noise of that size {quantity(noise[size[0]], 'share')}"
    return title
