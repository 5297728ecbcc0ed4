"""Write a record's reports: rendered first, then put in place at once; the audit that was there moves to history."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from govkit.core.errors import MissingExtra, NothingToWrite, UsageProblem
from govkit.core.record import AuditRecord
from govkit.plugins.check import Attachment
from govkit.plugins.report import FORMATS, ReportFormat

HISTORY = "history"
JOURNAL = ".journal"
EVIDENCE = "evidence"


@dataclass(frozen=True)
class Delivered:
    """What was written, and what could not be."""

    files: tuple[Path, ...]
    notes: tuple[str, ...]


def formats_named(names: Sequence[str]) -> tuple[ReportFormat, ...]:
    """Give report formats by name, the defaults when none is named; the record itself always comes.

    Raises:
        UsageProblem: there is no such format.
    """
    known = FORMATS.all()
    unknown = [name for name in names if name not in known]
    if unknown:
        raise UsageProblem(f"there is no report format {unknown[0]!r}", hint=f"formats are: {', '.join(known)}")
    return tuple(found for name, found in known.items() if (name in names if names else found.default))


def check_writable(out: Path) -> None:
    """Make the output folder, before any work is done.

    Raises:
        UsageProblem: it can't be written to.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=out):
            pass
    except OSError as error:
        raise UsageProblem(
            f"the output folder {out} can't be written to: {error.strerror}", hint="name another one: --out DIR"
        ) from None


def deliver(
    record: AuditRecord,
    out: Path,
    formats: Sequence[ReportFormat],
    attachments: Mapping[str, Sequence[Attachment]] | None = None,
) -> Delivered:
    """Render every format and write it with the evidence files; nothing changes in `out` unless all is written.

    Raises:
        UsageProblem: the disk is full or the folder can't be written to.
    """
    check_writable(out)
    notes: list[str] = []
    with _staged(out) as draft:
        for report in formats:
            try:
                (draft / report.file).write_bytes(report.render(record))
            except (MissingExtra, NothingToWrite) as problem:
                notes.append(f"{report.file} was not written: {problem.message}; {problem.hint}")
        for check_id, files in (attachments or {}).items():
            folder = draft / EVIDENCE / check_id
            folder.mkdir(parents=True)
            for file in files:
                (folder / Path(file.name).name).write_bytes(file.content)
        _retire(out)
        for item in sorted(draft.iterdir()):
            item.replace(out / item.name)
    written = tuple(out / report.file for report in formats if (out / report.file).exists())
    return Delivered(written, tuple(notes))


def put(folder: Path, name: str, content: bytes) -> Path:
    """Write one file whole or not at all."""
    check_writable(folder)
    with _staged(folder) as draft:
        (draft / name).write_bytes(content)
        (draft / name).replace(folder / name)
    return folder / name


@contextmanager
def _staged(out: Path) -> Iterator[Path]:
    try:
        with tempfile.TemporaryDirectory(dir=out, prefix=".draft-") as draft:
            yield Path(draft)
    except OSError as error:
        raise UsageProblem(
            f"the reports can't be written to {out}: {error.strerror}", hint="free some space or name another folder"
        ) from None


def _retire(out: Path) -> None:
    """Move the audit that was there to the history, under the next free number."""
    names = [report.file for report in FORMATS.all().values()] + [EVIDENCE]
    there = [out / name for name in names if (out / name).exists()]
    if not there:
        return
    history = out / HISTORY
    history.mkdir(exist_ok=True)
    numbers = [int(folder.name) for folder in history.iterdir() if folder.name.isdigit()]
    place = history / f"{max(numbers, default=0) + 1:04d}"
    place.mkdir()
    for item in there:
        shutil.move(item, place / item.name)
