"""Write a record's reports: rendered first, then put in place at once; the audit that was there moves to history."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from govkit.core.digest import canonical
from govkit.core.errors import MissingExtra, NothingToWrite, UsageProblem
from govkit.core.record import AuditRecord
from govkit.kept_notes import with_notes
from govkit.pack import build
from govkit.plugins.check import Attachment
from govkit.plugins.report import FORMATS, ReportFormat
from govkit.records import record_of

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

HISTORY = "history"
JOURNAL = ".journal"
EVIDENCE = "evidence"


@dataclass(frozen=True)
class Packing:
    """What an evidence pack takes beside the record, its reports and its evidence files."""

    key: "Ed25519PrivateKey | None"
    """Signs the pack; None leaves it unsigned."""
    metadata: Mapping[str, bytes]
    """Metadata files as they were read, by name."""


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


def check_writable(out: Path) -> Path:
    """Make the output folder, before any work is done, and give it.

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
    return out


def deliver(
    record: AuditRecord,
    out: Path,
    formats: Sequence[ReportFormat],
    attachments: Mapping[str, Sequence[Attachment]] | None = None,
    packing: Packing | None = None,
) -> Delivered:
    """Render every format and write it with the evidence files; nothing changes in `out` unless all is written.

    With `packing`, an evidence pack of all of them is written too.

    Raises:
        UsageProblem: the disk is full or the folder can't be written to.
    """
    check_writable(out)
    # As it reads in its file: reports made now and reports made from the file later are the same to the byte.
    record = record_of(canonical(record), build.RECORD)
    notes: list[str] = []
    reports: dict[str, bytes] = {}
    for report in formats:
        try:
            reports[report.file] = report.render(record)
        except (MissingExtra, NothingToWrite) as problem:
            notes.append(f"{report.file} was not written: {problem.message}; {problem.hint}")
    evidence = {
        f"{check_id}/{Path(file.name).name}": file.content
        for check_id, files in (attachments or {}).items()
        for file in files
    }
    shown = {name: _annotated(out, name, content) for name, content in reports.items()}
    written = {**shown, **{f"{EVIDENCE}/{name}": content for name, content in evidence.items()}}
    if packing is not None:
        written[build.FILE] = build.evidence_pack(record, reports, evidence, packing.metadata, packing.key)
    with _staged(out) as draft:
        for name, content in written.items():
            (draft / name).parent.mkdir(parents=True, exist_ok=True)
            (draft / name).write_bytes(content)
        _retire(out)
        for item in sorted(draft.iterdir()):
            item.replace(out / item.name)
    return Delivered(tuple(out / name for name in reports), tuple(notes))


def put(folder: Path, name: str, content: bytes) -> Path:
    """Write one file whole or not at all."""
    check_writable(folder)
    with _staged(folder) as draft:
        (draft / name).write_bytes(_annotated(folder, name, content))
        (draft / name).replace(folder / name)
    return folder / name


def _annotated(folder: Path, name: str, content: bytes) -> bytes:
    """Carry over what people wrote into the Markdown document that stands in this one's place."""
    there = folder / name
    return with_notes(content, there.read_bytes()) if name.endswith(".md") and there.is_file() else content


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
    names = [report.file for report in FORMATS.all().values()] + [EVIDENCE, build.FILE]
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
