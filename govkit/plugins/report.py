"""How a report format is written: one decorated function in one file under `govkit/reports/`."""

from collections.abc import Callable
from dataclasses import dataclass

from govkit.core.record import AuditRecord
from govkit.plugins.discovery import Registry


@dataclass(frozen=True)
class ReportFormat:
    """A registered report format."""

    name: str
    file: str
    """The file it is written to, `report.html`."""
    render: Callable[[AuditRecord], bytes]
    about: str
    default: bool
    """Written by `govkit audit` without `--format`."""


FORMATS: Registry[ReportFormat] = Registry("govkit.reports")


def report_format(
    name: str, *, file: str, default: bool = False
) -> Callable[[Callable[[AuditRecord], bytes]], Callable[[AuditRecord], bytes]]:
    """Register `render(record) -> bytes` as a format; it must be a pure function of the record."""

    def register(function: Callable[[AuditRecord], bytes]) -> Callable[[AuditRecord], bytes]:
        about = (function.__doc__ or "").strip().splitlines()[0]
        FORMATS.add(name, ReportFormat(name=name, file=file, render=function, about=about, default=default))
        return function

    return register
