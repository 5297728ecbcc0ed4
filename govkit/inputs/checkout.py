"""Where the audited files lie in their repository, for tools that show results beside files."""

from collections.abc import Iterator
from pathlib import Path

from govkit.core.record import Checkout
from govkit.inputs.subject import Subject
from govkit.strict_yaml import Document

SECTIONS = ("checks", "criteria", "personal_data", "provenance", "system")
"""Sections of govkit.yaml whose keys have lines of their own worth pointing at."""


def checkout(subject: Subject, config: Path | None, document: Document | None) -> Checkout | None:
    """Give the paths of an audit's files from the top of their repository; None outside of one."""
    request = subject.request
    root = _top((config or request.data).resolve().parent)
    if root is None:
        return None
    beside = [
        folder / source.name
        for source in subject.metadata.sources
        for folder in (request.data.resolve().parent, request.root.resolve())
        if config is None or source.name != config.name
    ]
    data = {"test": request.data} | ({"train": subject.train.path} if subject.train else {})
    inside = {role: _within(root, path) for role, path in data.items()}
    return Checkout(
        config=_within(root, config),
        config_lines=dict(_lines(document)) if document else {},
        model=_within(root, Path(request.model) if request.model else None),
        data={role: path for role, path in inside.items() if path},
        metadata=tuple(dict.fromkeys(path for path in (_within(root, place) for place in beside) if path)),
    )


def _top(folder: Path) -> Path | None:
    """Find the repository that a folder is in."""
    return next((one for one in (folder, *folder.parents) if (one / ".git").exists()), None)


def _within(root: Path, path: Path | None) -> str:
    """Give a file's path from the top; empty for one that isn't there or lies outside."""
    if path is None or not path.is_file():
        return ""
    place = path.resolve()
    return place.relative_to(root.resolve()).as_posix() if place.is_relative_to(root.resolve()) else ""


def _lines(document: Document) -> Iterator[tuple[str, int]]:
    """Give the line of each key of the file and of its main sections."""
    members = document.root.members if document.root else {}
    for key, (line, node) in members.items():
        yield str(key), line
        if key in SECTIONS:
            yield from ((f"{key}.{inner}", at) for inner, (at, _) in node.members.items())
        if key == "personal_data" and "declared" in node.members:
            declared = node.members["declared"][1].members
            yield from ((f"personal_data.declared.{column}", at) for column, (at, _) in declared.items())
