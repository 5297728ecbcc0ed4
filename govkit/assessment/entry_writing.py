"""Put one entry into attestations.yaml or waivers.yaml, leaving every other line and comment as it is."""

import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from govkit.core.errors import InputProblem, UsageProblem
from govkit.strict_yaml import Document, read

PLAIN: Final = re.compile(r"\d{4}-\d{2}-\d{2}|[a-z][a-z0-9_-]*(\.[a-z0-9_]+)*")
"""Text that reads the same without quotes: dates, verdicts, ids of frameworks and criteria."""
RESERVED: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})


@dataclass(frozen=True)
class Place:
    """A list in a file that an entry goes into."""

    path: Path
    section: str
    head: Mapping[str, object]
    """What a file that doesn't exist yet starts with."""


def drafted(place: Place, entry: Mapping[str, object], at: int | None) -> str:
    """Give the file's text with an entry added, or put in place of the one at an index.

    Raises:
        UsageProblem: the file is written in a way that can't be extended line by line.
    """
    block = [f"  {line}" for line in _listed(entry)]
    if not place.path.exists():
        return "\n".join([*_members(place.head), f"{place.section}:", *block]) + "\n"
    text = place.path.read_bytes().decode("utf-8")
    ending = "\r\n" if "\r\n" in text else "\n"
    lines = text.split(ending)
    document = read(place.path)
    start, end, indent = _span(document, place.section, lines, at)
    moved = [f"{' ' * indent}{line[2:]}" for line in block]
    return ending.join([*lines[:start], *moved, *lines[end:]])


def checked(place: Place, text: str, entry: Mapping[str, object], at: int | None) -> Path:
    """Write a draft beside the file and make sure that it holds the entry and everything that was there.

    The caller moves the draft into place, or deletes it.

    Raises:
        InputProblem: the folder can't be written to.
        UsageProblem: the draft doesn't read back as it should.
    """
    before: dict[str, Any] = read(place.path).data if place.path.exists() else {**place.head, place.section: []}
    items: list[object] = list(before.get(place.section) or [])
    items[len(items) if at is None else at : len(items) if at is None else at + 1] = [_plain(entry)]
    try:
        handle, name = tempfile.mkstemp(prefix=f".{place.path.name}.", dir=place.path.resolve().parent)
        with os.fdopen(handle, "wb") as stream:
            stream.write(text.encode("utf-8"))
    except OSError as error:
        message = f"{place.path} can't be written: {error.strerror}"
        raise InputProblem(message, hint="check the folder and its permissions") from None
    draft = Path(name)
    try:
        same = read(draft).data == {**before, place.section: items}
    except UsageProblem:
        same = False
    if same:
        return draft
    draft.unlink()
    message = f"{place.path.name} can't be extended without changing something else in it"
    raise UsageProblem(message, hint=f"write `{place.section}:` as a list with one `- ` a line, one entry each")


def put(draft: Path, place: Place) -> None:
    """Replace the file by its draft in one step, keeping its permissions."""
    target = place.path.resolve()
    mode = target.stat().st_mode & 0o777 if target.exists() else 0o644
    draft.chmod(mode)
    draft.replace(target)


def _plain(value: object) -> object:
    """Give an entry as it will be read back."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _span(document: Document, section: str, lines: list[str], at: int | None) -> tuple[int, int, int]:
    """Give the first line of a replaced entry, the line after it (counted from 0), and the list's indent."""
    root = document.root
    if root is None or section not in root.members:
        raise UsageProblem(f"{document.name} has no list {section}", hint=f"add a line `{section}:`")
    key_line, node = root.members[section]
    after = [line for line, _ in root.members.values() if line > key_line]
    stop = min(after, default=len(lines) + 1) - 1
    starts = [item.line - 1 for item in node.items]
    if any(not lines[start].lstrip().startswith("- ") for start in starts):
        message = f"{document.name}:{key_line}: {section} is not written as one `- ` a line"
        raise UsageProblem(message, hint="write each entry as a block that starts with `- `")
    if not starts:
        return _emptied(lines, key_line - 1, section)
    indent = len(lines[starts[0]]) - len(lines[starts[0]].lstrip())
    if at is None:
        return (end := _content_end(lines, starts[-1], stop)), end, indent
    return starts[at], _content_end(lines, starts[at], (*starts, stop)[at + 1]), indent


def _emptied(lines: list[str], at: int, section: str) -> tuple[int, int, int]:
    """Open an empty list, `attestations: []` for instance."""
    lines[at] = re.sub(rf"^{section}:\s*(\[\s*\])?", f"{section}:", lines[at])
    return at + 1, at + 1, 2


def _content_end(lines: list[str], start: int, stop: int) -> int:
    """Give the line after an entry; blank lines and comments behind it belong to what follows."""
    while stop > start + 1 and lines[stop - 1].strip()[:1] in {"", "#"}:
        stop -= 1
    return stop


def _listed(entry: Mapping[str, object]) -> Iterator[str]:
    for number, line in enumerate(_members(entry)):
        yield f"{'- ' if number == 0 else '  '}{line}"


def _members(entry: Mapping[str, object]) -> Iterator[str]:
    for key, value in entry.items():
        if isinstance(value, list):
            yield f"{key}:"
            yield from (f"  - {_written(item)}" for item in value)
        else:
            yield f"{key}: {_written(value)}"


def _written(value: object) -> str:
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key}: {_written(item)}' for key, item in value.items())}}}"
    if isinstance(value, str):
        plain = PLAIN.fullmatch(value) is not None and value not in RESERVED
        return value if plain else json.dumps(value, ensure_ascii=False)
    return json.dumps(value)
