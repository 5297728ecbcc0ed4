"""The audits of one folder in order: the ones that were moved to its history, then the current one."""

from dataclasses import dataclass
from pathlib import Path

from govkit.comparison import compare
from govkit.core.control import Result, Verdict
from govkit.core.errors import GovkitError, InputProblem
from govkit.core.record import AuditRecord
from govkit.delivery import HISTORY
from govkit.records import read_record

RECORD = "audit.json"


@dataclass(frozen=True)
class Entry:
    """One audit of the history."""

    name: str
    """Number of the audit in the history; `now` for the current one."""
    record: AuditRecord | None
    problem: str = ""
    """Why the record can't be read."""


@dataclass(frozen=True)
class Step:
    """One audit beside the one before it."""

    name: str
    as_of: str
    model: str
    """First letters of the model's digest."""
    verdict: Verdict
    counts: tuple[int, int, int]
    """Gated criteria that pass, that fail, and that are open."""
    better: int
    worse: int


@dataclass(frozen=True)
class Course:
    """How one gated criterion went."""

    criterion: str
    title: str
    results: tuple[Result | None, ...]
    values: tuple[float | None, ...]
    """Worst observed value of each audit."""
    unit: str


def entries(folder: Path) -> tuple[Entry, ...]:
    """Read every audit of an output folder, the oldest first; an unreadable one is kept with its reason.

    Raises:
        InputProblem: there is no audit.
    """
    history = folder / HISTORY
    numbered = sorted(history.iterdir(), key=lambda item: item.name) if history.is_dir() else []
    places = [(item.name, item / RECORD) for item in numbered if item.name.isdigit()] + [("now", folder / RECORD)]
    found = [_entry(name, path) for name, path in places if path.is_file()]
    if not found:
        raise InputProblem(f"{folder} holds no audit", hint="give the folder that `govkit audit --out` wrote to")
    return tuple(found)


def _entry(name: str, path: Path) -> Entry:
    try:
        return Entry(name, read_record(path))
    except GovkitError as error:
        return Entry(name, None, error.message)


def steps(records: tuple[tuple[str, AuditRecord], ...]) -> tuple[Step, ...]:
    """Give each audit with what got better and worse since the one before, by more than chance."""
    listed = []
    for place, (name, record) in enumerate(records):
        before = records[place - 1][1] if place else None
        same = before is not None and before.result.system.id == record.result.system.id
        changes = compare(before, record).measurements if before is not None and same else ()
        result = record.result
        states = [one.result for one in result.criterion_results if one.criterion in result.profile.gate]
        passed = sum(state in {Result.PASS, Result.NOT_APPLICABLE} for state in states)
        failed = states.count(Result.FAIL)
        listed.append(
            Step(
                name=name,
                as_of=result.as_of.isoformat(),
                model=result.model.sha256[:8] if result.model else "",
                verdict=result.decision.verdict,
                counts=(passed, failed, len(states) - passed - failed),
                better=sum(one.direction == "better" for one in changes),
                worse=sum(one.direction == "worse" for one in changes),
            )
        )
    return tuple(listed)


def page(found: tuple[Entry, ...]) -> bytes:
    """Write the audits as one web page that needs nothing else.

    Raises:
        InputProblem: none of the records can be read.
    """
    from govkit.reports.trend import Audit, history_page

    readable = tuple((entry.name, entry.record) for entry in found if entry.record is not None)
    if not readable:
        raise InputProblem("none of the audits can be read", hint="`govkit history DIR` says why")
    counted = {step.name: step for step in steps(readable)}
    audits = tuple(Audit(name, record, counted[name].better, counted[name].worse) for name, record in readable)
    return history_page(audits, tuple((entry.name, entry.problem) for entry in found if entry.record is None))


def courses(records: tuple[AuditRecord, ...]) -> tuple[Course, ...]:
    """Give how each criterion went that the latest audit gates."""
    latest = records[-1].result
    by_id = [{one.criterion: one for one in record.result.criterion_results} for record in records]
    rules = {one.id: one for one in latest.criteria}
    return tuple(
        Course(
            criterion=name,
            title=rules[name].title,
            results=tuple(found[name].result if name in found else None for found in by_id),
            values=tuple(
                found[name].observed[0].value if name in found and found[name].observed else None for found in by_id
            ),
            unit=rules[name].unit,
        )
        for name in latest.profile.gate
        if name in rules
    )
