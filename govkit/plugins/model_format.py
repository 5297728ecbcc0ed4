"""How a model format is written: one decorated class in one file under `govkit/inputs/formats/`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from govkit.plugins.discovery import Registry

Global = tuple[str, str]
"""Module and name."""
Role = Literal["construct", "call", "value"]


_OTHER_FILES = {
    b"PK\x03\x04": "a zip archive",
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"%PDF": "a PDF document",
    b"\x93NUMPY": "a NumPy array",
    b"\x89HDF": "an HDF5 file",
    b"PAR1": "a Parquet table",
    b"\x7fELF": "a program",
}
"""First bytes of files that are often taken for a model."""


def taken_for_a_model(head: bytes) -> str:
    """Say from its first bytes what a file is that is no model at all; empty when they don't tell."""
    return next((kind for start, kind in _OTHER_FILES.items() if head.startswith(start)), "")


@dataclass(frozen=True)
class Policy:
    """What a model file may refer to: exact globals by role. Whatever isn't named is refused."""

    roles: Mapping[Global, Role]
    """construct: instances may be made; call: it may be called while loading; value: it may be referred to."""
    everything: bool = False
    """Load whatever the file names, as the user asked for: only inside full isolation, and never while scanning."""

    def allows(self, name: Global) -> bool:
        """Say whether a global may be referred to at all."""
        return name in self.roles

    def may_construct(self, name: Global) -> bool:
        """Say whether instances may be made, by whatever means."""
        return self.roles.get(name) in ("construct", "call")

    def may_call(self, name: Global) -> bool:
        """Say whether it may be called while loading."""
        return self.roles.get(name) == "call"


@dataclass
class Scanned:
    """What a static scan found; nothing is imported or called to fill it."""

    globals: set[str] = field(default_factory=set)
    """Every global that the file refers to, `module.name`."""
    findings: list[tuple[str, str, str]] = field(default_factory=list)
    """(code, sentence, subject) of what makes the file refused."""
    unreadable: str = ""
    """The end of a sentence on why the bytes are no model of this format: "its bytes are ..."."""


REFUSED_ALWAYS = frozenset({"GK-M06"})
"""Findings that no trust overrides: the file would have to reach other files, or isn't what its format allows."""


class ModelFormat(Protocol):
    """A file format. `scan` and `load` run in the worker, on the same sealed bytes that were hashed."""

    def recognises(self, head: bytes, path: Path) -> bool:
        """Say from the first bytes (up to 64) and the file's name whether this format should read it."""

    def scan(self, content: bytes, policy: Policy) -> Scanned:
        """Look through the bytes without importing or calling anything they name."""

    def load(self, content: bytes, policy: Policy) -> object:
        """Construct the model under the same policy; only called when `scan` found nothing."""


@dataclass(frozen=True)
class Need:
    """A package that a format can't do without, and govkit's extra that brings it."""

    package: str
    extra: str


NEEDS: dict[str, Need] = {}
"""By format; those that need nothing beyond govkit's own packages are not there."""
MODEL_FORMATS: Registry[ModelFormat] = Registry("govkit.inputs.formats")


def model_format(name: str, *, needs: str = "", extra: str = "") -> Callable[[type[ModelFormat]], type[ModelFormat]]:
    """Register a format class under a name.

    Args:
        name: as records and reports show it.
        needs: package that it can't do without; a file is refused in one line where it isn't installed.
        extra: what to install for it, where that is not called like the package.
    """

    def register(cls: type[ModelFormat]) -> type[ModelFormat]:
        MODEL_FORMATS.add(name, cls())
        if needs:
            NEEDS[name] = Need(needs, extra or needs)
        return cls

    return register
