"""Find the shipped templates and controls, from a wheel or from a checkout."""

from functools import cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path


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
