"""How a model format is written: one decorated class in one file under `govkit/inputs/formats/`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from govkit.plugins.discovery import Registry


@dataclass
class Scanned:
    """What a static scan found; nothing is imported or called to fill it."""

    globals: list[str] = field(default_factory=list)
    findings: list[tuple[str, str, str]] = field(default_factory=list)
    """(code, sentence, subject) of what makes the file refused."""
    unreadable: str = ""
    """One sentence when the bytes are not a readable model of this format."""


class ModelFormat(Protocol):
    """A file format. `scan` and `load` run in the worker, on the same sealed bytes that were hashed."""

    name: str

    def recognises(self, head: bytes, path: Path) -> bool:
        """Say from the first bytes (up to 64) and the file's name whether this format should read it."""

    def scan(self, content: bytes) -> Scanned:
        """Look through the bytes without importing or calling anything they name."""

    def load(self, content: bytes) -> object:
        """Construct the model under the same policy; only called when `scan` found nothing."""


MODEL_FORMATS: Registry[ModelFormat] = Registry("govkit.inputs.formats")


def model_format(name: str) -> Callable[[type[ModelFormat]], type[ModelFormat]]:
    """Register a format class under a name."""

    def register(cls: type[ModelFormat]) -> type[ModelFormat]:
        MODEL_FORMATS.add(name, cls())
        return cls

    return register
