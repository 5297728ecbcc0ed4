"""Foreign text in Markdown as GitHub shows it: no markup, no links, nobody mentioned."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from govkit.reports.outcomes import one_line

_MARKS: Final = re.compile(r"([\\`*_\[\]|~$])")
_FIRST: Final = re.compile(r"^([-+#=])")
_NUMBERED: Final = re.compile(r"^(\d+)([.)])(?=\s|$)")
_SEEN_AS_LINK: Final = re.compile(r"(?i)(@|#(?=\d)|\bwww(?=\.)|\bmailto(?=:)|\bxmpp(?=:))")
_BREAK: Final = "\u200b"
"""A zero-width space: invisible, and no mention or link holds one."""


def literal(text: str, most: int = 600) -> str:
    """Show a text as it is, on one line and at most so many letters long."""
    text = one_line(text)
    text = text if len(text) <= most else f"{text[: most - 1]}…"
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = _NUMBERED.sub(r"\1\\\2", _FIRST.sub(r"\\\1", _MARKS.sub(r"\\\1", text)))
    return _SEEN_AS_LINK.sub(rf"\1{_BREAK}", text).replace("://", "&#58;//")


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Lay out a table; cells are shown literally."""
    lines = [f"| {' | '.join(header)} |", f"|{' --- |' * len(header)}"]
    return lines + [f"| {' | '.join(literal(cell) for cell in row)} |" for row in rows]
