"""Bytes of text files as clean UTF-8, in parts: broken encodings mended, NUL bytes dropped, cut at ends of rows."""

import codecs
import io
import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final

from govkit.core.errors import InputProblem, UsageProblem

HEAD: Final = 4 * 2**20
CHUNK: Final = 2**20
DELIMITERS: Final = (",", ";", "\t", "|")
PROBE: Final = 65_536
"""First bytes by which text is told from other things."""
MOST_CONTROL: Final = 0.05
"""Share of control characters that text may have."""
_TEXT: Final = bytes({*range(256)} - {*range(32)} | {*b"\t\n\r\f\v"})
_BOMS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class CleanBytes(io.RawIOBase):
    """A range of a file as UTF-8; a line that is no UTF-8 is read as Windows-1252, whatever stands around it.

    Reads no further than `stop`, so that a file that grows meanwhile has an end.
    """

    def __init__(self, path: Path, start: int, stop: int, encoding: str | None = None) -> None:
        """Open the file at `start`."""
        super().__init__()
        self._file = path.open("rb")
        self._file.seek(start)
        self._left = stop - start
        self._decoder = codecs.getincrementaldecoder(encoding)("replace") if encoding else None
        self._tail = b""
        self._ready = memoryview(b"")
        self._skip_bom = start == 0 and encoding is None

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]  # typeshed names a wider type
        """Fill a buffer as far as the file goes."""
        filled = 0
        while filled < len(buffer):
            if not self._ready:
                content = self._next()
                if content is None:
                    break
                self._ready = memoryview(content)
            size = min(len(buffer) - filled, len(self._ready))
            buffer[filled : filled + size] = self._ready[:size]
            self._ready = self._ready[size:]
            filled += size
        return filled

    def _next(self) -> bytes | None:
        read = self._file.read(min(CHUNK, self._left)) if self._left > 0 else b""
        self._left = self._left - len(read) if read else 0
        if not read and not self._tail:
            return None
        if self._decoder is not None:
            return self._decoder.decode(read, final=not read).encode().replace(b"\x00", b"") or (
                None if not read else b""
            )
        whole, self._tail = _to_last_line(self._tail + read) if read else (self._tail, b"")
        if self._skip_bom and whole:
            whole, self._skip_bom = whole.removeprefix(codecs.BOM_UTF8), False
        return _mended(whole)


def _to_last_line(content: bytes) -> tuple[bytes, bytes]:
    """Part at the last newline; a line longer than a chunk is parted where a character begins."""
    end = content.rfind(b"\n") + 1
    if end == 0 and len(content) >= CHUNK:
        end = len(content)
        while end > len(content) - 4 and content[end - 1] & 0xC0 == 0x80:  # noqa: PLR2004 - a character goes on
            end -= 1
        end -= content[end - 1] >= 0xC0  # noqa: PLR2004 - one begins
    return content[:end], content[end:]


def _mended(content: bytes) -> bytes:
    if b"\x00" in content:
        content = content.replace(b"\x00", b"")
    try:
        content.decode()
    except UnicodeDecodeError:
        return b"".join(_mended_line(line) for line in content.splitlines(keepends=True))
    return content


def _mended_line(line: bytes) -> bytes:
    try:
        line.decode()
    except UnicodeDecodeError:
        return line.decode("cp1252", "replace").encode()
    return line


def head_of(path: Path, encoding: str | None) -> tuple[str, str | None]:
    """Give the first megabytes as text, and the encoding where it is not UTF-8 or a mixture with it.

    Raises:
        UsageProblem: the encoding is unknown.
    """
    with path.open("rb") as file:
        start = file.read(4)
    named = encoding or next((name for mark, name in _BOMS if start.startswith(mark)), None)
    try:
        codecs.lookup(named or "utf-8")
    except LookupError:
        raise UsageProblem(f"csv.encoding {encoding!r} is unknown", hint="utf-8 or cp1252 for instance") from None
    stop = min(HEAD, path.stat().st_size)
    with io.BufferedReader(CleanBytes(path, 0, stop, named)) as source:
        content = source.read()
    probe = content[:PROBE]
    if len(probe.translate(None, _TEXT)) > MOST_CONTROL * len(probe):
        raise InputProblem(f"{path.name} holds no text", hint="give CSV, JSON lines, Parquet, Feather or plain text")
    if not content.strip():
        raise InputProblem(f"{path.name} is empty", hint="give a file with a header and rows")
    return content.decode("utf-8", "replace").removeprefix("\ufeff"), named


def delimiter_of(text: str) -> str:
    """Judge the delimiter from the header: the one that stands there most often outside quotes."""
    header = "".join(text[:65_536].split('"')[::2]).partition("\n")[0]
    return max(DELIMITERS, key=header.count)


def cuts(path: Path, size: int, unit: int, *, quotes: bool = False) -> list[tuple[int, int]]:
    """Cut a file into ranges of at least `unit` bytes that end where a line does.

    Args:
        path: the file.
        size: bytes to cut; what is appended later is not looked at.
        unit: least bytes of a range.
        quotes: a newline inside double quotes ends no line.
    """
    if size <= unit + unit // 2:
        return [(0, size)]
    places = [0, *_line_ends(path, size, unit, quotes=quotes), size]
    return [(start, stop) for start, stop in pairwise(places) if stop > start]


def _line_ends(path: Path, size: int, unit: int, *, quotes: bool) -> Iterator[int]:
    target, position, inside = unit, 0, 0
    with path.open("rb") as file:
        while position < size and target < size - unit // 2:
            if not quotes and target > position:
                position = file.seek(target)
            content = file.read(min(CHUNK, size - position))
            if not content:
                return
            end: int | None = 0
            while end is not None and target < size - unit // 2:
                end = _line_end(content, max(target - position, 0), inside if quotes else None)
                if end is not None:
                    yield position + end
                    target = position + end + unit
            inside ^= content.count(b'"') & 1
            position += len(content)


def _line_end(content: bytes, start: int, inside: int | None) -> int | None:
    """Give the place after the first newline from `start` on that stands outside quotes."""
    if start >= len(content):
        return None
    quoted = 0 if inside is None else inside ^ content.count(b'"', 0, start) & 1
    while (end := content.find(b"\n", start)) >= 0:
        if inside is not None:
            quoted ^= content.count(b'"', start, end) & 1
        if not quoted:
            return end + 1
        start = end + 1
    return None


def changed(path: Path, before: os.stat_result) -> bool:
    """Say whether a file was written to since."""
    now = path.stat()
    return (now.st_size, now.st_mtime_ns) != (before.st_size, before.st_mtime_ns)
