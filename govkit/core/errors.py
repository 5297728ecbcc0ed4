"""Errors a user can act on. Each carries its advice and the exit code that the command line ends with."""

from enum import IntEnum
from typing import ClassVar


class Exit(IntEnum):
    """What the process's exit code says; one meaning each."""

    PASSED = 0
    FAILED = 1
    USAGE = 2
    INPUT = 3
    REFUSED = 4
    INCOMPLETE = 5
    INTEGRITY = 6
    INTERNAL = 70
    INTERRUPTED = 130


class GovkitError(Exception):
    """Something the user can put right: `message` says what and where, `hint` what to do."""

    exit_code: ClassVar[Exit] = Exit.INTERNAL

    def __init__(self, message: str, *, hint: str = "") -> None:
        """Keep the sentence and the advice apart, so that each surface can lay them out."""
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageProblem(GovkitError):
    """The command line or the configuration can't be followed."""

    exit_code = Exit.USAGE


class InputProblem(GovkitError):
    """An input can't be read, isn't supported, or is over a limit."""

    exit_code = Exit.INPUT


class ModelUnavailable(GovkitError):
    """The model's process died, timed out or answered nonsense; what needs no model can still be audited."""

    exit_code = Exit.INCOMPLETE


class ModelUnreachable(ModelUnavailable):
    """A service did not answer for a reason that may pass."""


class ModelRaised(ModelUnavailable):
    """The model raised an exception on these rows, or answered with NaN; it can be asked about others."""


class IntegrityProblem(GovkitError):
    """A digest or a signature doesn't match what it should."""

    exit_code = Exit.INTEGRITY


class NothingToWrite(InputProblem):
    """A record holds nothing that a report format could be about."""


class MissingExtra(InputProblem):
    """An optional package is needed and not installed."""
