"""SVG shapes in one palette: axes, labels and lines that every picture is made of."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Final

from govkit.core.evidence import Cell, Table
from govkit.reports.wording import clean, quantity

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
INHERITED: Final = "muted"
"""The tone of words that name none; a picture says it once."""
SHARES: Final = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


@dataclass(frozen=True)
class Scale:
    """Maps a value to a position on the page."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """Give the position of a value; one outside is put at the edge."""
        low, high, at = self.low, self.high, min(max(value, self.low), self.high)
        if self.log:
            low, high, at = math.log10(low), math.log10(high), math.log10(at)
        share = (at - low) / (high - low) if high > low else 0.5
        return self.start + share * (self.end - self.start)


def _attributes(**given: str | float) -> str:
    parts = []
    for name, value in given.items():
        written = f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)
        parts.append(f'{name.replace("_", "-")}="{escape(clean(written))}"')
    return " ".join(parts)


def shape(name: str, fill: str = "", stroke: str = "", **given: str | float) -> str:
    """Draw an element: `fill` and `stroke` name colours of the palette, the rest are its attributes."""
    classes = " ".join(f"{kind}-{tone}" for kind, tone in (("f", fill), ("s", stroke)) if tone)
    paint = {"fill": PALETTE[fill] if fill else "none"} | ({"stroke": PALETTE[stroke]} if stroke else {})
    return f"<{name} {_attributes(**{'class': classes}, **paint, **given)}/>"


def plain(name: str, **given: str | float) -> str:
    """Draw an element in the colours of its group."""
    return f"<{name} {_attributes(**given)}/>"


def group(body: str, fill: str = "", **given: str | float) -> str:
    """Put elements together that share a colour and other attributes, said once for all of them."""
    paint: dict[str, str | float] = {"class": f"f-{fill}", "fill": PALETTE[fill]} if fill else {}
    return f"<g {_attributes(**paint, **given)}>{body}</g>" if body else ""


def text(  # noqa: PLR0913 - a place, its words, and three keywords of style
    x: float, y: float, words: str, *, tone: str = "muted", anchor: str = "start", bold: bool = False
) -> str:
    """Write words at a place."""
    given: dict[str, str | float] = {"x": x, "y": y}
    given |= {"fill": PALETTE[tone], "class": f"f-{tone}"} if tone != INHERITED else {}
    given |= {"text_anchor": anchor} if anchor != "start" else {}
    given |= {"font_weight": 600} if bold else {}
    return f"<text {_attributes(**given)}>{escape(clean(words))}</text>"


def points(given: Iterable[tuple[float, float]]) -> str:
    """Write points as the attribute of a line or an area."""
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in given)


def svg(alternative: str, body: str, *, width: int = WIDTH, height: int = HEIGHT) -> str:
    """Frame a picture, its text alternative with it."""
    said = escape(clean(alternative))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        f' class="f-{INHERITED}" fill="{PALETTE[INHERITED]}" font-family="Inter, system-ui, sans-serif" font-size="12"'
        f' role="img" aria-label="{said}">'
        f"<title>{said}</title>{body}</svg>"
    )


def frame(
    x: Scale, y: Scale, ticks: tuple[Sequence[float], Sequence[float]], titles: tuple[str, str], across: str = "share"
) -> str:
    """Draw grid, tick labels and axis titles; the values upwards are shares, those across in the given unit."""
    upright = (f"M{x(value):.1f} {TOP}V{HEIGHT - BOTTOM}" for value in ticks[0])
    level = (f"M{LEFT} {y(value):.1f}H{WIDTH - RIGHT}" for value in ticks[1])
    parts = [shape("path", "", "line", d="".join((*upright, *level)))]
    below = (text(x(value), HEIGHT - BOTTOM + 16.0, quantity(value, across)) for value in ticks[0])
    beside = (text(LEFT - 7.0, y(value) + 4, quantity(value, "share")) for value in ticks[1])
    parts += [group("".join(below), text_anchor="middle"), group("".join(beside), text_anchor="end")]
    parts.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6.0, titles[0], tone="ink", anchor="middle"))
    parts.append(text(6.0, 13.0, titles[1], tone="ink"))
    return "".join(parts)


def round_steps(low: float, high: float, most: int = 5) -> tuple[float, ...]:
    """Give at most so many round values from `low` to `high`, for the ticks of an axis."""
    span = high - low
    if span <= 0:
        return (low,)
    size = 10 ** math.floor(math.log10(span / most))
    step = next(size * factor for factor in (1, 2, 2.5, 5, 10, 20) if span / (size * factor) <= most)
    first = math.ceil(low / step - 1e-9)
    return tuple(round(place * step, 12) for place in range(first, math.floor(high / step + 1e-9) + 1))


def numbers(table: Table, *names: str) -> list[tuple[float, ...]]:
    """Give the rows of the named columns that hold a number in each of them."""
    places = [[column.name for column in table.columns].index(name) for name in names]
    rows = [tuple(row[place] for place in places) for row in table.rows]
    return [
        tuple(float(value) for value in row if isinstance(value, int | float))
        for row in rows
        if all(isinstance(value, int | float) and not isinstance(value, bool) for value in row)
    ]


def named(table: Table) -> list[Mapping[str, Cell]]:
    """Give the rows with each cell under its column's name."""
    names = [column.name for column in table.columns]
    return [dict(zip(names, row, strict=False)) for row in table.rows]


def number(cell: Cell) -> float | None:
    """Give a cell as a number, or None where it holds something else."""
    return float(cell) if isinstance(cell, int | float) and not isinstance(cell, bool) else None


def unit_of(table: Table, column: str) -> str:
    """Give the unit of a column, or nothing where the table lacks it."""
    return next((one.unit for one in table.columns if one.name == column), "")


def apart(heights: Sequence[float], gap: float = 15.0) -> list[float]:
    """Move labels down just enough that none covers another."""
    order = sorted(range(len(heights)), key=lambda index: heights[index])
    placed = list(heights)
    for above, below in pairwise(order):
        placed[below] = max(placed[below], placed[above] + gap)
    return placed


def dashed(dashes: str) -> dict[str, str]:
    """Give the attribute of a dashed line, or none for a solid one."""
    return {"stroke_dasharray": dashes} if dashes else {}


def line_key(entries: Sequence[tuple[str, str, str]]) -> str:
    """Draw labels beside the plot, each with a piece of the line it stands for: words, tone, dashes."""
    body, left = "", float(WIDTH - RIGHT + 12)
    for place, (words, tone, dashes) in enumerate(entries):
        height = TOP + 6.0 + 20 * place
        ends = {"x1": left, "x2": left + 14, "y1": height - 4, "y2": height - 4}
        body += shape("line", "", tone, **ends, stroke_width="2", **dashed(dashes))
        body += text(left + 18, height, words, tone=tone)
    return body


def hatched(tone: str, x: float, y: float, size: tuple[float, float], step: float = 7.0) -> str:
    """Draw diagonal lines clipped to a rectangle of the given width and height."""
    wide, height = size
    path, start = "", step - height
    while start < wide:
        low, high = max(start, 0.0), min(start + height, wide)
        if high > low:
            path += f"M{x + low:.1f} {y + height - (low - start):.1f}L{x + high:.1f} {y + height - (high - start):.1f}"
        start += step
    return shape("path", "", tone, d=path, stroke_width="1")
