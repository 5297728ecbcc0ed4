"""What an audit is held against: the audit before it, and the system's history in the same folder."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from govkit.comparison import compare
from govkit.core.errors import GovkitError, InputProblem
from govkit.core.record import AuditRecord, Change, Earlier, PastAudit, Run, in_a_line
from govkit.delivery import HISTORY
from govkit.records import read_record

RECORD: Final = "audit.json"
MOST_PAST: Final = 20
"""Audits of the history that a report shows, the latest ones."""


@dataclass(frozen=True)
class Past:
    """The audits before a new one, the oldest first."""

    records: tuple[AuditRecord, ...] = ()

    def told(self, new: AuditRecord) -> AuditRecord:
        """Give the new record with what changed since the latest of them; as it is where there is none."""
        if not self.records:
            return new
        run = Run.model_validate({**dict(new.run), "earlier": _earlier(self.records[-1], new)})
        return AuditRecord(result_sha256=new.result_sha256, result=new.result, run=run)

    @property
    def course(self) -> tuple[PastAudit, ...]:
        """Give each audit in a line."""
        return tuple(in_a_line(record) for record in self.records)


def past_audits(out: Path | None, named: str | Path | None, system: str) -> Past:
    """Read the audits of the same system before this one; call it before the new one is written.

    Args:
        out: the output folder with the last audit and its history; an unreadable record in it is passed over.
        named: a record that the user named; it counts as the latest.
        system: the system's id.

    Raises:
        InputProblem: the named record can't be read or is about another system.
    """
    found = [record for record in _of_folder(out) if record.result.system.id == system] if out else []
    if named is not None:
        record = read_record(Path(named))
        if record.result.system.id != system:
            raise InputProblem(
                f"{named} is about another system: {record.result.system.id!r}",
                hint=f"name an earlier audit of {system!r}",
            )
        found = [one for one in found if one.result_sha256 != record.result_sha256] + [record]
    return Past(tuple(found[-MOST_PAST:]))


def _of_folder(out: Path) -> list[AuditRecord]:
    history = out / HISTORY
    numbered = sorted(folder for folder in history.iterdir() if folder.name.isdigit()) if history.is_dir() else []
    records = []
    for path in [folder / RECORD for folder in numbered[-MOST_PAST:]] + [out / RECORD]:
        if path.is_file():
            try:
                records.append(read_record(path))
            except GovkitError:
                continue
    return records


def _earlier(old: AuditRecord, new: AuditRecord) -> Earlier:
    found = compare(old, new)
    criteria = [
        Change(
            kind="criterion",
            id=one.criterion,
            old=one.old.value if one.old else "",
            new=one.new.value if one.new else "",
            direction=one.direction,
            gated=one.gated,
            beyond_chance=one.beyond_chance,
            limit_moved=one.limit_moved,
        )
        for one in found.criteria
    ]
    controls = [
        Change(
            kind="control",
            id=one.control,
            framework=one.framework,
            old=one.old.value if one.old else "",
            new=one.new.value if one.new else "",
            direction=one.direction,
        )
        for one in found.controls
    ]
    return Earlier(
        as_of=found.old.as_of,
        record_sha256=found.old.record_sha256,
        model_sha256=found.old.model_sha256,
        verdict=old.result.decision.verdict,
        changes=(*criteria, *controls),
        moved=len(found.measurements),
        within_chance=found.within_chance,
        equal=found.equal,
    )
