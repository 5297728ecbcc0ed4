"""Charts as inline SVG: one palette, direct labels, a sign or a pattern beside every colour, intervals always drawn."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Final

from govkit.core.evidence import Cell, Table
from govkit.reports.wording import Mark, cell, clean, quantity, shortened, significant, things

PALETTE: Final[Mapping[str, str]] = {
    "ink": "#14181F",
    "muted": "#525B68",
    "line": "#D5DAE1",
    "panel": "#F5F7F9",
    "accent": "#1F4E79",
    "good": "#1B6B4A",
    "bad": "#A3271F",
    "unsure": "#7A5200",
    "none": "#4A5568",
    "waived": "#5B3F8C",
    "paper": "#FFFFFF",
}
"""The light palette. In SVG it stands in presentation attributes, which WeasyPrint needs; on screen the classes
`f-NAME` and `s-NAME` let the style sheet put the dark palette over it."""

WIDTH: Final = 600
HEIGHT: Final = 300
LEFT, RIGHT, TOP, BOTTOM = 56, 190, 28, 44
SHARES: Final = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
MOST_CLASSES: Final = 12
"""A confusion matrix with more classes is shown as a table only."""


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


@dataclass(frozen=True)
class Limit:
    """A criterion's limit, drawn as a labelled line where the chart shows what it limits."""

    measurement: str
    threshold: float
    words: str
    groups: tuple[Mapping[str, str], ...] = ()
    """What the criterion was held against: `{"eps": "0.1"}`, worst first."""


Drawing = tuple[str, str, str]
"""Title, subtitle and the inside of the SVG."""


@dataclass(frozen=True)
class _Scale:
    """Maps a value to a position on the page."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        low, high, at = self.low, self.high, min(max(value, self.low), self.high)
        if self.log:
            low, high, at = math.log10(low), math.log10(high), math.log10(at)
        share = (at - low) / (high - low) if high > low else 0.5
        return self.start + share * (self.end - self.start)


def _attributes(**given: str | float) -> str:
    parts = []
    for name, value in given.items():
        written = f"{value:.1f}" if isinstance(value, float) else str(value)
        parts.append(f'{name.replace("_", "-")}="{escape(clean(written))}"')
    return " ".join(parts)


def _shape(name: str, fill: str = "", stroke: str = "", **given: str | float) -> str:
    classes = " ".join(f"{kind}-{tone}" for kind, tone in (("f", fill), ("s", stroke)) if tone)
    paint = {"fill": PALETTE[fill] if fill else "none"} | ({"stroke": PALETTE[stroke]} if stroke else {})
    return f"<{name} {_attributes(**{'class': classes}, **paint, **given)}/>"


def _text(  # noqa: PLR0913 - a place, its words, and three keywords of style
    x: float, y: float, words: str, *, tone: str = "muted", anchor: str = "start", bold: bool = False
) -> str:
    attributes = _attributes(
        x=x,
        y=y,
        fill=PALETTE[tone],
        font_size=12,
        text_anchor=anchor,
        font_weight=600 if bold else 400,
        font_family="Inter, system-ui, sans-serif",
        **{"class": f"f-{tone}"},
    )
    return f"<text {attributes}>{escape(clean(words))}</text>"


def _points(points: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _svg(alternative: str, body: str, *, width: int = WIDTH, height: int = HEIGHT) -> str:
    said = escape(clean(alternative))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        f' role="img" aria-label="{said}"><title>{said}</title>{body}</svg>'
    )


def _frame(
    x: _Scale, y: _Scale, ticks: tuple[Sequence[float], Sequence[float]], titles: tuple[str, str], across: str = "share"
) -> str:
    """Draw grid, tick labels and axis titles; the values upwards are shares, those across in the given unit."""
    parts = []
    for value in ticks[0]:
        parts += [
            _shape("line", "", "line", x1=x(value), x2=x(value), y1=float(TOP), y2=float(HEIGHT - BOTTOM)),
            _text(x(value), HEIGHT - BOTTOM + 16.0, quantity(value, across), anchor="middle"),
        ]
    for value in ticks[1]:
        parts += [
            _shape("line", "", "line", x1=float(LEFT), x2=float(WIDTH - RIGHT), y1=y(value), y2=y(value)),
            _text(LEFT - 7.0, y(value) + 4, quantity(value, "share"), anchor="end"),
        ]
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6.0, titles[0], tone="ink", anchor="middle"))
    parts.append(_text(6.0, 13.0, titles[1], tone="ink"))
    return "".join(parts)


def _numbers(table: Table, *names: str) -> list[tuple[float, ...]]:
    """Give the rows of the named columns that hold a number in each of them."""
    places = [[column.name for column in table.columns].index(name) for name in names]
    rows = [tuple(row[place] for place in places) for row in table.rows]
    return [
        tuple(float(value) for value in row if isinstance(value, int | float))
        for row in rows
        if all(isinstance(value, int | float) and not isinstance(value, bool) for value in row)
    ]


def _apart(heights: Sequence[float], gap: float = 15.0) -> list[float]:
    """Move labels down just enough that none covers another."""
    order = sorted(range(len(heights)), key=lambda index: heights[index])
    placed = list(heights)
    for above, below in pairwise(order):
        placed[below] = max(placed[below], placed[above] + gap)
    return placed


def _reliability(table: Table, _: Sequence[Limit]) -> Drawing:
    rows = _numbers(table, "predicted", "observed", "low", "high", "n")
    x = _Scale(0, 1, LEFT, WIDTH - RIGHT)
    y = _Scale(0, 1, HEIGHT - BOTTOM, TOP)
    body = _frame(x, y, (SHARES, SHARES), ("predicted probability", "observed share"))
    body += _shape("line", "", "muted", x1=x(0), y1=y(0), x2=x(1), y2=y(1), stroke_dasharray="5 4")
    most = max((row[4] for row in rows), default=1)
    for predicted, observed, low, high, count in rows:
        body += _shape("line", "", "accent", x1=x(predicted), x2=x(predicted), y1=y(low), y2=y(high), stroke_width="2")
        radius = 2.5 + 3.5 * math.sqrt(count / most)
        body += _shape("circle", "accent", "paper", cx=x(predicted), cy=y(observed), r=radius)
    body += _key((("observed, with interval", "accent", ""), ("as predicted", "muted", "5 4")))
    agreeing = sum(low <= predicted <= high for predicted, _, low, high, _ in rows)
    total = int(sum(row[4] for row in rows))
    plotted = (
        f"{table.title}, {things(len(rows), 'bin')}, {things(total, 'row')}; larger points hold more rows. "
        f"In {agreeing} of {len(rows)} bins the interval holds the prediction."
    )
    return _agreement(rows, agreeing), plotted, body


def _agreement(rows: Sequence[tuple[float, ...]], agreeing: int) -> str:
    """Say how far predictions can be believed, by the bin where the most rows are the furthest off."""
    if agreeing == len(rows):
        return f"Predicted and observed shares agree in all {len(rows)} bins"
    predicted, observed, _, _, count = max(rows, key=lambda row: abs(row[0] - row[1]) * math.sqrt(row[4]))
    said, seen = quantity(predicted, "share"), quantity(observed, "share")
    return f"Where the model says {said}, it happens in {seen} of {things(int(count), 'row')}"


def _key(entries: Sequence[tuple[str, str, str]]) -> str:
    """Draw labels beside the plot, each with a piece of the line it stands for."""
    body, left = "", float(WIDTH - RIGHT + 12)
    for place, (words, tone, dashes) in enumerate(entries):
        height = TOP + 6.0 + 20 * place
        dashed = {"stroke_dasharray": dashes} if dashes else {}
        body += _shape(
            "line", "", tone, x1=left, x2=left + 14, y1=height - 4, y2=height - 4, stroke_width="2", **dashed
        )
        body += _text(left + 18, height, words, tone=tone)
    return body


def _curve(rows: list[tuple[float, ...]], x: _Scale, y: _Scale) -> str:
    band = [(x(eps), y(high)) for eps, _, _, high in rows] + [(x(eps), y(low)) for eps, _, low, _ in reversed(rows)]
    body = _shape("polygon", "accent", points=_points(band), fill_opacity="0.16")
    line = _points((x(eps), y(value)) for eps, value, _, _ in rows)
    body += _shape("polyline", "", "accent", points=line, stroke_width="2.25")
    return body + "".join(_shape("circle", "accent", cx=x(eps), cy=y(value), r=3.5) for eps, value, _, _ in rows)


def _robustness(table: Table, limits: Sequence[Limit]) -> Drawing:
    rows = sorted(_numbers(table, "eps", "robust_accuracy", "low", "high"))
    noise = dict(_pairs(table, "eps", "noise_accuracy"))
    x = _Scale(0, rows[-1][0] or 1.0, LEFT, WIDTH - RIGHT)
    y = _Scale(0, 1, HEIGHT - BOTTOM, TOP)
    unit = next((column.unit for column in table.columns if column.name == "eps"), "")
    across = f"size of the change ε ({unit})" if unit else "size of the change ε"
    body = _frame(x, y, ([row[0] for row in rows], SHARES), (across, "share still right"), "")
    line = sorted(noise.items())
    body += _shape("polyline", "", "muted", points=_points((x(e), y(v)) for e, v in line), stroke_dasharray="6 4")
    for eps, value in line:
        body += _shape("rect", "muted", x=x(eps) - 3, y=y(value) - 3, width=6, height=6)
    body += _curve(rows, x, y)
    limit = next((limit for limit in limits if limit.measurement == "robust_accuracy"), None)
    labels = [(rows[-1][1], "attack", "accent")]
    labels += [(line[-1][1], "random noise", "muted")] if line else []
    if limit:
        body += _shape(
            "line", "", "bad", x1=x(0), x2=x.end, y1=y(limit.threshold), y2=y(limit.threshold), stroke_dasharray="2 3"
        )
        labels.append((limit.threshold, limit.words, "bad"))
    for height, (_, words, tone) in zip(_apart([y(value) + 4 for value, _, _ in labels]), labels, strict=True):
        body += _text(WIDTH - RIGHT + 10.0, height, words, tone=tone, bold=tone == "accent")
    size = _decisive(rows, limit)
    title = f"Under attack {quantity(size[1], 'share')} of the answers stay right at ε {significant(size[0])}"
    if size[0] in noise:
        title += f"; under noise of that size {quantity(noise[size[0]], 'share')}"
    plotted = (
        f"Share of rows answered rightly by size of the change, {things(len(rows), 'size')}, the band is the interval."
    )
    return title, f"{plotted} A stronger attack could do more.", body


def _decisive(rows: Sequence[tuple[float, ...]], limit: Limit | None) -> tuple[float, ...]:
    """Give the row of the size that a criterion was held against, else of the largest."""
    wanted = {group["eps"] for group in limit.groups[:1] if "eps" in group} if limit else set()
    return next((row for row in rows if f"{row[0]:g}" in wanted), rows[-1])


def _pairs(table: Table, *names: str) -> list[tuple[float, float]]:
    return [(row[0], row[1]) for row in _numbers(table, *names)]


FALSE_CLAIMS: Final = 0.01
"""The share of false claims at which attacks are compared."""
_DASHES: Final = ("", "2 3", "8 3", "8 3 2 3", "1 4")


def _curves(table: Table) -> dict[str, list[tuple[float, float]]]:
    """Give each attack's points, false claims and members found, the best attack first."""
    curves: dict[str, list[tuple[float, float]]] = {}
    place = [column.name for column in table.columns].index("attack")
    for name in dict.fromkeys(str(row[place]) for row in table.rows):
        rows = tuple(row for row in table.rows if str(row[place]) == name)
        curves[name] = sorted(_pairs(table.model_copy(update={"rows": rows}), "fpr", "tpr"))
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


def _membership(table: Table, limits: Sequence[Limit]) -> Drawing:
    curves = _curves(table)
    floor = 1e-3
    x = _Scale(floor, 1, LEFT, WIDTH - RIGHT, log=True)
    y = _Scale(floor, 1, HEIGHT - BOTTOM, TOP, log=True)
    ticks = (0.001, 0.01, 0.1, 1.0)
    body = _frame(x, y, (ticks, ticks), ("false claims (log scale)", "members found (log scale)"))
    body += _shape("line", "", "muted", x1=x(floor), y1=y(floor), x2=x(1), y2=y(1), stroke_opacity="0.6")
    body += _text(x(0.12), y(0.12) + 24, "guessing")
    key = []
    for dashes, (name, curve) in zip(_DASHES, curves.items(), strict=False):
        tone = "muted" if dashes else "accent"
        line = _points((x(false), y(true)) for false, true in curve if false > 0)
        body += _shape("polyline", "", tone, points=line, stroke_width="1.75" if dashes else "2.5", **_dashed(dashes))
        key.append((f"{shortened(name, 18)} {quantity(_found(curve), 'share')}", tone, dashes))
    at, best = x(FALSE_CLAIMS), max(map(_found, curves.values()))
    body += _shape("circle", "accent", "paper", cx=at, cy=y(best), r=4.5) if best >= floor else ""
    for limit in limits:
        if limit.measurement == "tpr_at_1pct_fpr":
            high = y(limit.threshold)
            body += _shape("line", "", "bad", x1=at - 16, x2=at + 16, y1=high, y2=high, stroke_width="2")
            body += _text(at - 20, high + 4, limit.words, tone="bad", anchor="end")
    plotted = (
        f"Members found against false claims, both on logarithmic axes, {things(len(curves), 'attack')}; "
        f"beside each what it finds at {quantity(FALSE_CLAIMS, 'share')} false claims."
    )
    return _attack_title(list(curves.values())), plotted, body + _key(key)


def _dashed(dashes: str) -> dict[str, str]:
    return {"stroke_dasharray": dashes} if dashes else {}


def _shade(x: float, y: float, side: float, share: float) -> str:
    """Draw a cell as a square that grows with its share, so that grey paper shows it as well as colour."""
    inner = side * math.sqrt(share)
    edge = (side - inner) / 2
    return _shape("rect", "accent", x=x + edge, y=y + edge, width=inner, height=inner, fill_opacity="0.32")


def _confusion(table: Table, _: Sequence[Limit]) -> Drawing:
    places = {column.name: index for index, column in enumerate(table.columns)}
    counts: dict[tuple[str, str], int] = {}
    for row in table.rows:
        count = row[places["n"]]
        counts[str(row[places["true"]]), str(row[places["predicted"]])] = (
            int(count) if isinstance(count, int | float) else 0
        )
    names = list(dict.fromkeys(name for pair in counts for name in pair))
    total = sum(counts.values())
    wrong = {pair: count for pair, count in counts.items() if pair[0] != pair[1] and count}
    title = f"{total - sum(wrong.values()):,} of {things(total, 'row')} answered rightly"
    if wrong:
        true, said = max(sorted(wrong), key=lambda pair: wrong[pair])
        title += f"; most often mistaken: {true} for {said}, {things(wrong[true, said], 'row')}"
    plotted = (
        "Rows by true class (down) and answer (across); the larger the square, the larger its share of the true class."
    )
    return title, plotted, _matrix(names, counts) if len(names) <= MOST_CLASSES else ""


def _matrix(names: list[str], counts: Mapping[tuple[str, str], int]) -> str:
    side = min(72.0, (HEIGHT - 70.0) / len(names))
    left, top = 150.0, 44.0
    body = _text(left, 14.0, "answer", tone="ink") + _text(left - 8, top - 10, "true class", tone="ink", anchor="end")
    for row, true in enumerate(names):
        across = sum(counts.get((true, said), 0) for said in names) or 1
        middle = top + side * (row + 0.5) + 4
        body += _text(left - 8, middle, shortened(true, 20), anchor="end")
        body += _text(left + side * (row + 0.5), top - 10, shortened(true, max(int(side / 7), 1)), anchor="middle")
        for column, said in enumerate(names):
            count = counts.get((true, said), 0)
            x, y = left + side * column, top + side * row
            body += _shade(x, y, side, count / across)
            body += _shape("rect", "", "line", x=x, y=y, width=side, height=side)
            body += _text(x + side / 2, middle, f"{count:,}", tone="ink", anchor="middle", bold=row == column)
    for row in range(len(names)):
        corner = left + side * row, top + side * row
        body += _shape("rect", "", "ink", x=corner[0], y=corner[1], width=side, height=side, stroke_width="1.5")
    return body


DRAWN: Final[Mapping[str, tuple[frozenset[str], Callable[[Table, Sequence[Limit]], Drawing]]]] = {
    "reliability": (frozenset({"predicted", "observed", "low", "high", "n"}), _reliability),
    "robustness_curve": (frozenset({"eps", "robust_accuracy", "low", "high", "noise_accuracy"}), _robustness),
    "membership_roc": (frozenset({"fpr", "tpr", "attack"}), _membership),
    "confusion_matrix": (frozenset({"true", "predicted", "n"}), _confusion),
}
"""Evidence table name to the columns its chart needs and the function that draws it; others are shown as tables."""


def figure(table: Table, limits: Sequence[Limit] = ()) -> Figure:
    """Draw an evidence table, or lay out its rows alone when no chart is known for its name and columns."""
    title, subtitle, svg = table.title, "", ""
    if charted(table):
        title, subtitle, body = DRAWN[table.name][1](table, limits)
        height = _height(table) if table.name == "confusion_matrix" else HEIGHT
        svg = _svg(f"{title}. {subtitle}", body, height=height) if body else ""
    units = [column.unit for column in table.columns]
    return Figure(
        title=title,
        subtitle=subtitle,
        svg=svg,
        headers=tuple(_heading(column.name, column.unit) for column in table.columns),
        rows=tuple(tuple(cell(value, unit) for value, unit in zip(row, units, strict=False)) for row in table.rows),
        numeric=tuple(
            _is_number([row[place] for row in table.rows if place < len(row)]) for place in range(len(units))
        ),
        left_out=table.left_out,
    )


def charted(table: Table) -> bool:
    """Tell whether a table has the name, the columns and the rows that a chart is drawn from."""
    needed = DRAWN[table.name][0] if table.name in DRAWN else frozenset()
    names = [column.name for column in table.columns]
    return bool(needed) and needed <= set(names) and any(_complete(table, row) for row in table.rows)


def _complete(table: Table, row: tuple[Cell, ...]) -> bool:
    """Tell whether a row has a number wherever the table's chart needs one."""
    words = {"attack", "true", "predicted"} if table.name != "reliability" else {"attack"}
    return all(
        isinstance(value, int | float)
        for column, value in zip(table.columns, row, strict=False)
        if column.name in DRAWN[table.name][0] - words
    )


def _height(table: Table) -> int:
    names = {
        str(value)
        for row in table.rows
        for value, column in zip(row, table.columns, strict=False)
        if column.name in {"true", "predicted"}
    }
    return int(52 + min(72.0, (HEIGHT - 70.0) / max(len(names), 1)) * len(names))


def _heading(name: str, unit: str) -> str:
    words = name.replace("_", " ")
    return words if unit in {"", "share", "count"} else f"{words} ({unit})"


def _is_number(column: Sequence[Cell]) -> bool:
    return bool(column) and all(value is None or isinstance(value, int | float) for value in column)


def counts_bar(counts: Sequence[tuple[Mark, int]], subject: str) -> str:
    """Draw counts per status as one bar: solid for settled, hatched for unsure, outlined for missing."""
    width, height, x = 640, 26, 0.5
    total = sum(count for _, count in counts)
    body = ""
    for mark, count in counts:
        if not count:
            continue
        wide = max((width - 1) * count / total, 3.0)
        body += _segment(mark.tone, x, wide, float(height))
        label = f"{mark.sign} {count}"
        if wide > 9.0 * len(label):
            tone = "paper" if mark.tone in {"good", "bad", "waived"} else mark.tone
            body += _label(x + wide / 2, label, tone)
        x += wide
    said = ", ".join(f"{mark.word} {count}" for mark, count in counts if count)
    return _svg(f"{subject}: {said} of {total}", body, width=width, height=height)


def _label(x: float, words: str, tone: str) -> str:
    box = 9.0 * len(words)
    behind = "" if tone == "paper" else _shape("rect", "paper", x=x - box / 2, y=5.0, width=box, height=16)
    return behind + _text(x, 17.5, words, tone=tone, anchor="middle", bold=True)


def _segment(tone: str, x: float, wide: float, height: float) -> str:
    inner = max(wide - 2, 1.0)
    if tone in {"good", "bad", "waived"}:
        return _shape("rect", tone, x=x, y=0.5, width=inner, height=height - 1)
    dashes = {"stroke_dasharray": "4 3"} if tone == "none" else {}
    outline = _shape("rect", "", tone, x=x, y=0.5, width=inner, height=height - 1, **dashes)
    return outline + (_hatch(tone, x, inner, height) if tone == "unsure" else "")


def _hatch(tone: str, x: float, wide: float, height: float, step: float = 7.0) -> str:
    """Draw diagonal lines clipped to the segment."""
    path, start = "", step - height
    while start < wide:
        low, high = max(start, 0.0), min(start + height, wide)
        if high > low:
            path += f"M{x + low:.1f} {height - (low - start):.1f}L{x + high:.1f} {height - (high - start):.1f}"
        start += step
    return _shape("path", "", tone, d=path, stroke_width="1")
