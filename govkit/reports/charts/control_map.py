"""Controls of a framework by group and status: one cell a count, the darker the larger its share of the group."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from govkit.reports.drawing import WIDTH, shape, svg, text
from govkit.reports.wording import Mark, shortened

LEFT, TOP, TALL = 190.0, 34.0, 22.0
MOST_GROUPS: Final = 40


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
    body = "".join(
        text(LEFT + wide * (place + 0.5), 14.0, mark.sign, tone=mark.tone, anchor="middle", bold=True)
        + text(LEFT + wide * (place + 0.5), 28.0, shortened(mark.word, 12), anchor="middle")
        for place, mark in enumerate(marks)
    )
    for row, (name, states) in enumerate(groups):
        top = TOP + TALL * row
        body += text(LEFT - 8, top + 15, shortened(name, 28), tone="ink", anchor="end")
        counts = Counter(states)
        for place, mark in enumerate(marks):
            body += _cell(counts[mark], len(states), LEFT + wide * place, top, wide) if counts[mark] else ""
    rules = "".join(f"M0 {TOP + TALL * row:.0f}H{WIDTH}" for row in range(len(groups)))
    body = shape("path", "", "line", d=rules) + body
    said = "; ".join(f"{name}: {_listed(states)}" for name, states in groups)
    return svg(f"{subject} by group and status. {said}", body, height=int(TOP + TALL * len(groups) + 2))


def _cell(count: int, total: int, left: float, top: float, wide: float) -> str:
    share = f"{0.08 + 0.3 * count / total:.2f}"
    body = shape("rect", "accent", x=left, y=top, width=wide, height=TALL, fill_opacity=share)
    return body + text(left + wide / 2, top + 15, str(count), tone="ink", anchor="middle", bold=True)


def _listed(states: Sequence[Mark]) -> str:
    return ", ".join(f"{count} {mark.word}" for mark, count in Counter(states).items())
