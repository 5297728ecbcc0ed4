"""Find the shipped templates and controls, from a wheel or from a checkout."""

from contextvars import ContextVar
from functools import cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

OWN_TEMPLATES: Final[ContextVar[Path | None]] = ContextVar("own templates", default=None)
"""Folder of the templates that take the place of shipped ones while reports are rendered."""


def shipped(kind: str) -> Traversable:
    """Give the folder `templates` or `controls` as installed, or as it stands beside the package in a checkout."""
    installed = files("govkit") / "_data" / kind
    return installed if installed.is_dir() else Path(__file__).parent.parent / kind


@cache
def package_digest() -> str:
    """Give the SHA-256 of govkit's own code and data: evidence that other code made is not taken from a journal."""
    found = sha256()
    root = Path(__file__).parent
    for path in sorted(path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
        found.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return found.hexdigest()


def rendering_digest() -> str:
    """Give the SHA-256 of all that lays out reports: their code, the shipped templates and those of one's own."""
    found = sha256()
    code = Path(__file__).parent / "reports"
    own = OWN_TEMPLATES.get()
    parts: list[tuple[str, Traversable]] = [(path.relative_to(code).as_posix(), path) for path in code.rglob("*.py")]
    parts += [(f"shipped/{item.name}", item) for item in shipped("templates").iterdir() if item.is_file()]
    parts += [(f"own/{path.name}", path) for path in own.glob("*.j2")] if own else []
    for name, item in sorted(parts, key=lambda part: part[0]):
        found.update(name.encode("utf-8", "replace") + b"\0" + item.read_bytes() + b"\0")
    return found.hexdigest()
