"""How the library tells what it is doing, without knowing who listens."""

from typing import Protocol


class Progress(Protocol):
    """Told when a stage starts and ends; the command line shows it, the library stays silent."""

    def start(self, stage: str) -> None:
        """Hear that a stage, `performance.holdout` for instance, begins."""

    def done(self, stage: str, detail: str, seconds: float, *, measured: bool = True) -> None:
        """Hear that a stage ended, with one short fact about it, and whether it has something to show."""

    def note(self, text: str) -> None:
        """Hear one line the user should read."""


class Silent:
    """The default: says nothing."""

    def start(self, stage: str) -> None:
        """Say nothing."""

    def done(self, stage: str, detail: str, seconds: float, *, measured: bool = True) -> None:
        """Say nothing."""

    def note(self, text: str) -> None:
        """Say nothing."""
