"""Controls of a framework by group and status: one cell a count, the darker the larger its share of the group."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from govkit.reports.drawing import WIDTH, group, plain, shape, svg, text
from govkit.reports.wording import Mark, shortened

LEFT, TOP, TALL = 264.0, 34.0, 22.0
MOST_GROUPS: Final = 40
MOST_LETTERS: Final = 38
"""Of a group's name; capitals included, so many fit beside the cells."""


def control_map(groups: Sequence[tuple[str, Sequence[Mark]]], marks: Sequence[Mark], subject: str) -> str:
    """Draw how many controls of each group have which status; nothing where there are too few or too many groups.

    Args:
        groups: each group's name with the status of each of its controls.
        marks: every status, in the order of the columns.
        subject: what the controls are of, for the text alternative.
    """
    if not 1 < len(groups) <= MOST_GROUPS:
        return ""
    wide = (WIDTH - LEFT) / len(marks)
    heads = "".join(
        text(LEFT + wide * (place + 0.5), 14.0, mark.sign, tone=mark.tone) for place, mark in enumerate(marks)
    )
    words = "".join(
        text(LEFT + wide * (place + 0.5), 28.0, shortened(mark.word, 14)) for place, mark in enumerate(marks)
    )
    names, cells, counts = "", "", ""
    for row, (name, states) in enumerate(groups):
        top = TOP + TALL * row
        names += text(0.0, top + 15, shortened(name, MOST_LETTERS))
        counted = Counter(states)
        for place, mark in enumerate(marks):
            if counted[mark]:
                share = f"{0.08 + 0.3 * counted[mark] / len(states):.2f}"
                cells += plain("rect", x=LEFT + wide * place, y=top, width=wide, height=TALL, fill_opacity=share)
                counts += text(LEFT + wide * (place + 0.5), top + 15, str(counted[mark]))
    rules = "".join(f"M0 {TOP + TALL * row:.0f}H{WIDTH}" for row in range(len(groups)))
    body = (
        shape("path", "", "line", d=rules)
        + group(heads, text_anchor="middle", font_weight=600)
        + group(words, text_anchor="middle")
        + group(names, "ink")
        + group(cells, "accent")
        + group(counts, "ink", text_anchor="middle", font_weight=600)
    )
    said = "; ".join(f"{name}: {_listed(states)}" for name, states in groups)
    return svg(f"{subject} by group and status. {said}", body, height=int(TOP + TALL * len(groups) + 2))


def _listed(states: Sequence[Mark]) -> str:
    return ", ".join(f"{count} {mark.word}" for mark, count in Counter(states).items())
