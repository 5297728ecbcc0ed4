"""Where something comes from: boxes from source to result, an arrow for each step between them."""

from collections.abc import Mapping, Sequence
from typing import Final

from govkit.core.evidence import Table
from govkit.plugins.chart import Drawing, Limit, chart
from govkit.reports.drawing import WIDTH, named, shape, text
from govkit.reports.wording import shortened, things

MOST_BOXES: Final = 24
TALL, GAP, TOP = 34.0, 14.0, 10.0
Place = tuple[float, float]


@chart("lineage", words=("from", "to"))
def lineage(table: Table, limits: Sequence[Limit]) -> Drawing:
    """Draw the steps from sources to results; a word in `how` stands on the arrow."""
    del limits
    steps = [(str(row["from"]), str(row["to"]), str(row.get("how") or "")) for row in named(table)]
    steps = [step for step in steps if step[0] != step[1]]
    levels = _levels(steps)
    sources = [name for name in levels if all(name != to for _, to, _ in steps)]
    results = [name for name in levels if all(name != source for source, _, _ in steps)]
    title = f"{_listed(results)} {'comes' if len(results) == 1 else 'come'} from {_listed(sources)}"
    plotted = f"{things(len(levels), 'part')}, {things(len(steps), 'step')}, from source on the left to result."
    if not 1 < len(levels) <= MOST_BOXES:
        return Drawing(title, plotted, "")
    across = max(levels.values()) + 1
    wide = min(170.0, (WIDTH - 40.0 * (across - 1)) / across)
    places = _places(levels, wide, across)
    body = "".join(_arrow(places[source], places[to], wide, how) for source, to, how in steps)
    body += "".join(_box(name, place, wide) for name, place in places.items())
    return Drawing(title, plotted, body, height=int(max(y for _, y in places.values()) + TALL + TOP))


def _levels(steps: Sequence[tuple[str, str, str]]) -> dict[str, int]:
    """Give each part the length of the longest way to it; a circle is cut after as many rounds as there are parts."""
    levels = {name: 0 for step in steps for name in step[:2]}
    for _ in levels:
        for source, to, _how in steps:
            levels[to] = min(max(levels[to], levels[source] + 1), len(levels) - 1)
    ranks = {level: rank for rank, level in enumerate(sorted(set(levels.values())))}
    return {name: ranks[level] for name, level in levels.items()}


def _places(levels: Mapping[str, int], wide: float, across: int) -> dict[str, Place]:
    step = (WIDTH - wide - 2) / max(across - 1, 1)
    seen: dict[int, int] = {}
    places = {}
    for name, level in levels.items():
        row = seen.setdefault(level, 0)
        places[name] = (1 + step * level, TOP + row * (TALL + GAP))
        seen[level] += 1
    return places


def _box(name: str, place: Place, wide: float) -> str:
    x, y = place
    body = shape("rect", "panel", "ink", x=x, y=y, width=wide, height=TALL, rx=3)
    return body + text(x + wide / 2, y + 21, shortened(name, max(int(wide / 7), 3)), tone="ink", anchor="middle")


def _arrow(start: Place, end: Place, wide: float, how: str) -> str:
    """Draw a line to the left edge of the box that it ends in."""
    x1, y1, x2, y2 = start[0] + wide, start[1] + TALL / 2, end[0], end[1] + TALL / 2
    if x2 < x1:
        x1, x2 = start[0] + wide / 2, end[0] + wide / 2
    body = shape("line", "", "muted", x1=x1, y1=y1, x2=x2, y2=y2, stroke_width="1.5")
    body += shape("path", "muted", d=f"M{x2:.1f} {y2:.1f}l-8 -4v8z")
    return body + (text((x1 + x2) / 2, (y1 + y2) / 2 - 5, shortened(how, 12), anchor="middle") if how else "")


def _listed(names: Sequence[str], most: int = 3) -> str:
    shown = [shortened(name, 40) for name in names[:most]]
    more = [f"{len(names) - most} more"] if len(names) > most else []
    return " and ".join([", ".join(shown), *more]) or "a circle of steps"
