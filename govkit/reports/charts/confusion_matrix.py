"""Answers by true class: which classes are taken for which."""

import math
from collections.abc import Mapping, Sequence
from typing import Final

from govkit.core.evidence import Table
from govkit.plugins.chart import Drawing, Limit, chart
from govkit.reports.drawing import HEIGHT, shape, text
from govkit.reports.wording import shortened, things

MOST_CLASSES: Final = 12
"""A confusion matrix with more classes is shown as a table only."""


def _shade(x: float, y: float, side: float, share: float) -> str:
    """Draw a cell as a square that grows with its share, so that grey paper shows it as well as colour."""
    inner = side * math.sqrt(share)
    edge = (side - inner) / 2
    return shape("rect", "accent", x=x + edge, y=y + edge, width=inner, height=inner, fill_opacity="0.32")


@chart("confusion_matrix", numbers=("n",), words=("true", "predicted"))
def confusion_matrix(table: Table, limits: Sequence[Limit]) -> Drawing:
    """Draw how many rows of each class were given which answer."""
    del limits
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
    if len(names) > MOST_CLASSES:
        return Drawing(title, plotted, "")
    return Drawing(title, plotted, _matrix(names, counts), height=int(52 + _side(names) * len(names)))


def _side(names: Sequence[str]) -> float:
    return min(72.0, (HEIGHT - 70.0) / len(names))


def _matrix(names: list[str], counts: Mapping[tuple[str, str], int]) -> str:
    side = _side(names)
    left, top = 150.0, 44.0
    body = text(left, 14.0, "answer", tone="ink") + text(left - 8, top - 10, "true class", tone="ink", anchor="end")
    for row, true in enumerate(names):
        across = sum(counts.get((true, said), 0) for said in names) or 1
        middle = top + side * (row + 0.5) + 4
        body += text(left - 8, middle, shortened(true, 20), anchor="end")
        body += text(left + side * (row + 0.5), top - 10, shortened(true, max(int(side / 7), 1)), anchor="middle")
        for column, said in enumerate(names):
            count = counts.get((true, said), 0)
            x, y = left + side * column, top + side * row
            body += _shade(x, y, side, count / across)
            body += shape("rect", "", "line", x=x, y=y, width=side, height=side)
            body += text(x + side / 2, middle, f"{count:,}", tone="ink", anchor="middle", bold=row == column)
    for row in range(len(names)):
        corner = left + side * row, top + side * row
        body += shape("rect", "", "ink", x=corner[0], y=corner[1], width=side, height=side, stroke_width="1.5")
    return body
