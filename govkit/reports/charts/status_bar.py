"""Counts by status as one bar: solid for settled, hatched for unsure, outlined for missing."""

from collections.abc import Sequence

from govkit.reports.drawing import hatched, shape, svg, text
from govkit.reports.wording import Mark


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
    return svg(f"{subject}: {said} of {total}", body, width=width, height=height)


def _label(x: float, words: str, tone: str) -> str:
    box = 9.0 * len(words)
    behind = "" if tone == "paper" else shape("rect", "paper", x=x - box / 2, y=5.0, width=box, height=16)
    return behind + text(x, 17.5, words, tone=tone, anchor="middle", bold=True)


def _segment(tone: str, x: float, wide: float, height: float) -> str:
    inner = max(wide - 2, 1.0)
    if tone in {"good", "bad", "waived"}:
        return shape("rect", tone, x=x, y=0.5, width=inner, height=height - 1)
    dashes = {"stroke_dasharray": "4 3"} if tone == "none" else {}
    outline = shape("rect", "", tone, x=x, y=0.5, width=inner, height=height - 1, **dashes)
    return outline + (hatched(tone, x, 0.0, (inner, height)) if tone == "unsure" else "")
