"""Read waivers.yaml and say which failures it covers; a waiver is an overlay for the gate and changes no result."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from pydantic import Field

from govkit.assessment.attestations import Audited, entries, placeholder_in
from govkit.assessment.criteria import distance, worst_value
from govkit.core.control import Criterion, CriterionResult, Result, Waiver
from govkit.core.errors import UsageProblem
from govkit.core.evidence import Finding, Message, Scalar, Severity, Sha256
from govkit.core.frozen import Frozen
from govkit.strict_yaml import Document, nearest

MAX_DAYS: Final = 180
MESSAGES: Final[Mapping[str, str]] = {
    "waiver.malformed": "The waiver can't be read: {problem} ({advice}).",
    "waiver.wildcard": "{id}: a waiver covers one criterion; {criterion} is a pattern.",
    "waiver.unknown_criterion": "{id}: there is no criterion {criterion}.{advice}",
    "waiver.never": "{id}: a failure of {criterion} can't be waived.",
    "waiver.no_system": "{id}: govkit.yaml declares no system.id to hold it against.",
    "waiver.other_system": "{id} is for the system {named}, not for {audited}.",
    "waiver.other_model": "{id} is for another model file: the digest differs.",
    "waiver.same_person": "{id}: {person} both requested and approved it.",
    "waiver.future": "{id} was approved after the date of this audit: {date}.",
    "waiver.expired": "{id} expired on {date}.",
    "waiver.dates_crossed": "{id} expires before it was approved.",
    "waiver.too_long": "{id} lasts {days} days; the most is {most}.",
    "waiver.placeholder": "{id}: {field} holds a placeholder instead of a reason.",
    "waiver.worse": "{id} tolerates {tolerated}; {criterion} is now {measured}, which is worse.",
}


class Scope(Frozen):
    """The one failure that a waiver is for."""

    criterion: str
    system: str = Field(min_length=1)
    model_sha256: Sha256


class Approver(Frozen):
    """Who accepts the risk."""

    name: str = Field(min_length=2)
    role: str = Field(min_length=2)


class WaiverEntry(Frozen):
    """A waiver as it stands in waivers.yaml."""

    id: str = Field(pattern=r"^WVR-[0-9A-Za-z-]+$")
    scope: Scope
    worst_value: float
    reason: str = Field(min_length=20)
    risk: str = Field(min_length=20)
    compensation: str = ""
    ticket: str = ""
    requested_by: str = Field(min_length=2)
    approved_by: Approver
    approved_on: date
    expires_on: date


class WaiverFile(Frozen):
    """The frame of waivers.yaml; its entries are read one by one."""

    govkit_waivers: Literal["1"]
    waivers: tuple[dict[str, object], ...]


@dataclass(frozen=True)
class Waived:
    """What waivers.yaml comes to."""

    valid: tuple[Waiver, ...]
    covers: Mapping[str, str]
    """Id of a failed criterion to the id of the waiver that covers it."""
    ignored: tuple[Finding, ...]


def judge_waivers(
    document: Document | None,
    audited: Audited,
    criteria: Sequence[Criterion],
    results: Sequence[CriterionResult],
) -> Waived:
    """Judge every waiver.

    Raises:
        UsageProblem: the file isn't a waiver file, or has an id twice.
    """
    if document is None:
        return Waived((), {}, ())
    file = document.parse(WaiverFile)
    known = {criterion.id: criterion for criterion in criteria}
    outcome = {result.criterion: result for result in results}
    valid: dict[str, Waiver] = {}
    ignored: list[Finding] = []
    lines: dict[str, int] = {}
    for at, (raw, entry) in enumerate(entries(document, "waivers", file.waivers, WaiverEntry)):
        line = document.line(("waivers", at))
        name = str(raw.get("id", ""))
        if name in lines:
            raise UsageProblem(
                f"{document.name}:{line}: the waiver {name!r} stands twice",
                hint=f"the first is on line {lines[name]}: keep one",
            )
        lines[name] = line
        if isinstance(entry, UsageProblem):
            problem: Message | None = _message("malformed", problem=entry.message, advice=entry.hint)
        else:
            problem = _problem(entry, audited, known) or _worse(entry, known, outcome)
        if problem is not None:
            where = f"{document.name}:{line}"
            ignored.append(Finding(rule="WVR-001", severity=Severity.HIGH, message=problem, where=where))
        elif isinstance(entry, WaiverEntry):
            valid[entry.id] = _waiver(entry)
    covers = {
        waiver.criterion: waiver.id
        for waiver in valid.values()
        if waiver.criterion in outcome and outcome[waiver.criterion].result is Result.FAIL
    }
    return Waived(tuple(valid.values()), covers, tuple(ignored))


def _problem(entry: WaiverEntry, audited: Audited, known: Mapping[str, Criterion]) -> Message | None:
    return _scope_problem(entry, audited, known) or _approval_problem(entry, audited)


def _scope_problem(entry: WaiverEntry, audited: Audited, known: Mapping[str, Criterion]) -> Message | None:
    criterion = entry.scope.criterion
    if any(sign in criterion for sign in "*?[]"):
        return _message("wildcard", entry, criterion=criterion)
    if criterion not in known:
        close = nearest(criterion, known)
        advice = f" Did you mean {close}?" if close else ""
        return _message("unknown_criterion", entry, criterion=criterion, advice=advice)
    if not known[criterion].waivable:
        return _message("never", entry, criterion=criterion)
    return _subject_problem(entry, audited)


def _subject_problem(entry: WaiverEntry, audited: Audited) -> Message | None:
    system = audited.config.system.id
    if not system:
        return _message("no_system", entry)
    if entry.scope.system != system:
        return _message("other_system", entry, named=entry.scope.system, audited=system)
    return None if entry.scope.model_sha256 == audited.model_sha256 else _message("other_model", entry)


def _approval_problem(entry: WaiverEntry, audited: Audited) -> Message | None:
    days = (entry.expires_on - entry.approved_on).days
    texts = {
        "reason": entry.reason,
        "risk": entry.risk,
        **({"compensation": entry.compensation} if entry.compensation else {}),
        "requested_by": entry.requested_by,
        "approved_by": entry.approved_by.name,
    }
    held = placeholder_in(texts)
    problems: tuple[tuple[bool, str, dict[str, Scalar]], ...] = (
        (_person(entry.requested_by) == _person(entry.approved_by.name), "same_person", {"person": entry.requested_by}),
        (entry.approved_on > audited.as_of, "future", {"date": entry.approved_on.isoformat()}),
        (days < 0, "dates_crossed", {}),
        (entry.expires_on < audited.as_of, "expired", {"date": entry.expires_on.isoformat()}),
        (days > MAX_DAYS, "too_long", {"days": days, "most": MAX_DAYS}),
        (bool(held), "placeholder", {"field": held}),
    )
    return next((_message(kind, entry, **args) for found, kind, args in problems if found), None)


def _worse(
    entry: WaiverEntry, known: Mapping[str, Criterion], outcome: Mapping[str, CriterionResult]
) -> Message | None:
    """Compare the worst measured value with the worst that the waiver tolerates."""
    criterion = known[entry.scope.criterion]
    result = outcome.get(criterion.id)
    if result is None or result.result is not Result.FAIL:
        return None
    measured = worst_value(criterion, result)
    if measured is None or distance(criterion, measured) <= distance(criterion, entry.worst_value):
        return None
    return _message("worse", entry, criterion=criterion.id, tolerated=entry.worst_value, measured=measured)


def _person(name: str) -> str:
    return " ".join(name.split()).casefold()


def _waiver(entry: WaiverEntry) -> Waiver:
    return Waiver(
        id=entry.id,
        criterion=entry.scope.criterion,
        system=entry.scope.system,
        model_sha256=entry.scope.model_sha256,
        worst_value=entry.worst_value,
        reason=entry.reason,
        risk=entry.risk,
        requested_by=entry.requested_by,
        approved_by=f"{entry.approved_by.name} ({entry.approved_by.role})",
        approved_on=entry.approved_on,
        expires_on=entry.expires_on,
        compensation=entry.compensation,
        ticket=entry.ticket,
    )


def _message(kind: str, entry: WaiverEntry | None = None, **args: Scalar) -> Message:
    named: dict[str, Scalar] = {"id": entry.id} if entry is not None else {}
    return Message(id=f"waiver.{kind}", args={**named, **args})
