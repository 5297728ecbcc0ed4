"""What the terminal shows: progress on standard error, tables on standard output, plain when nobody watches."""

import os
import shutil
import sys
import threading
from collections.abc import Sequence
from typing import TextIO

WIDTH = 80


def can_show(stream: TextIO, text: str = "✓✗▲○→") -> bool:
    """Say whether a stream's encoding has the marks."""
    try:
        text.encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def colour(stream: TextIO) -> bool:
    """Say whether to colour: on a terminal, unless NO_COLOR or CI asks for plain text."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and not os.environ.get("CI")


def width() -> int:
    """Give the terminal's width, 80 where there is none."""
    return min(shutil.get_terminal_size((WIDTH, 24)).columns, 120)


class Console:
    """Progress for people: on a terminal one moving line, elsewhere one line a stage."""

    def __init__(self, *, quiet: bool = False) -> None:
        """Write to standard error unless quiet."""
        self._quiet = quiet
        self._moving = colour(sys.stderr)
        self._marks = "✓○" if can_show(sys.stderr) else "*-"
        self._running: list[str] = []
        self._lock = threading.Lock()

    def start(self, stage: str) -> None:
        """Show a stage as running."""
        with self._lock:
            self._running.append(stage)
            self._show_running()

    def done(self, stage: str, detail: str, seconds: float, *, measured: bool = True) -> None:
        """Write a finished stage's line."""
        with self._lock:
            if stage in self._running:
                self._running.remove(stage)
            mark = self._marks[0 if measured else 1]
            self._line(f"  {mark} {stage:<32}{seconds:6.1f} s  {detail}")
            self._show_running()

    def note(self, text: str) -> None:
        """Write a line, folded at the terminal's width."""
        with self._lock:
            self._line(wrapped(text))

    def finish(self) -> None:
        """Clear the moving line."""
        with self._lock:
            self._running.clear()
            self._clear()

    def _line(self, text: str) -> None:
        if self._quiet:
            return
        self._clear()
        print(text, file=sys.stderr, flush=True)

    def _clear(self) -> None:
        if self._moving and not self._quiet:
            sys.stderr.write("\r\x1b[K")

    def _show_running(self) -> None:
        if self._moving and not self._quiet and self._running:
            sys.stderr.write(f"\r\x1b[K  … {', '.join(self._running)}"[: width()])
            sys.stderr.flush()


def wrapped(text: str) -> str:
    """Fold lines at the terminal's width, keeping their indent."""
    import textwrap

    folded = []
    for line in text.splitlines():
        indent = " " * (len(line) - len(line.lstrip()) + (2 if line.startswith(" ") else 0))
        lines = textwrap.wrap(line, width(), subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
        folded.append("\n".join(lines))
    return "\n".join(folded)


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lay out columns as wide as their widest cell, the last one wrapped at the terminal's width."""
    import textwrap

    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header) - 1)]
    indent = sum(widths) + 2 * len(widths)
    lines = []
    for row in (header, *rows):
        start = "".join(cell.ljust(size) + "  " for cell, size in zip(row, widths, strict=False))
        wrapped = textwrap.wrap(row[-1], max(width() - indent, 20)) or [""]
        lines.append((start + wrapped[0]).rstrip())
        lines.extend(" " * indent + more for more in wrapped[1:])
    return "\n".join(lines)
