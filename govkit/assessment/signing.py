"""Write a statement or a waiver for a person, only if the next audit would accept it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from govkit.assessment import attestations, waivers
from govkit.assessment.attestations import AttestationFile, Audited, judge_attestations
from govkit.assessment.catalogs import load
from govkit.assessment.criteria import worst_value
from govkit.assessment.entry_writing import Place, checked, drafted, put
from govkit.assessment.waivers import WaiverFile, judge_waivers
from govkit.config import Config, System
from govkit.core.control import Control, Criterion, DocumentState, Framework, Result
from govkit.core.digest import sha256_of_file
from govkit.core.errors import UsageProblem
from govkit.core.evidence import Message
from govkit.core.messages import sentence
from govkit.core.record import AuditRecord
from govkit.strict_yaml import did_you_mean, read

MESSAGES: Final[Mapping[str, str]] = {**attestations.MESSAGES, **waivers.MESSAGES}


@dataclass(frozen=True)
class Project:
    """Where statements and waivers are kept."""

    folder: Path
    config: Config


@dataclass(frozen=True)
class Signature:
    """Who states what, from when until when."""

    verdict: str
    """`met`, `not_met` or `not_applicable`."""
    statement: str
    name: str
    role: str
    contact: str
    on: date
    expires_on: date
    documents: tuple[str, ...]
    """Paths from the project's folder; their digests are taken now."""


@dataclass(frozen=True)
class Acceptance:
    """Who accepts which failure, why, and until when."""

    reason: str
    risk: str
    requested_by: str
    approved_by: str
    role: str
    on: date
    expires_on: date
    worst_value: float | None = None
    """None: the worst value that was measured."""
    compensation: str = ""
    ticket: str = ""


def find_control(name: str, frameworks: Sequence[Framework], framework: str = "") -> tuple[Framework, Control]:
    """Find a control by id or token.

    Raises:
        UsageProblem: there is none, several frameworks have one, or its framework does not apply.
    """
    wanted = [found for found in frameworks if framework in {"", found.id}]
    found = [(one, control) for one in wanted for control in one.controls if name in {control.id, control.token}]
    if not found:
        ids = [control.id for one in wanted for control in one.controls]
        hint = did_you_mean(name, ids, "`govkit controls list` names them")
        raise UsageProblem(f"there is no control {name!r}", hint=hint)
    if len(found) > 1:
        choices = ", ".join(one.id for one, _ in found)
        raise UsageProblem(f"several frameworks have a control {name!r}", hint=f"add --framework: {choices}")
    if found[0][0].not_applicable_because:
        message = f"{found[0][0].title} does not apply to the models that govkit audits"
        raise UsageProblem(message, hint="there is nothing to attest; `govkit explain` gives the reason")
    return found[0]


def attest(project: Project, framework: Framework, control: Control, signed: Signature) -> Path:
    """Write a statement about a control, in place of an earlier one about it.

    Gives the file. Other entries, comments and the order of lines stay.

    Raises:
        UsageProblem: the statement would not count in an audit, or the file can't be extended.
        InputProblem: the file can't be written.
    """
    system = _declared(project)
    about = {"id": system.id, "version": system.version} if system.version else {"id": system.id}
    head = {"govkit_attestations": "1", "system": about}
    place = Place(project.folder / project.config.attestations, "attestations", head)
    existing = read(place.path).parse(AttestationFile) if place.path.exists() else None
    at = _earlier(existing, framework.id, control.id)
    entry = _statement(project, framework.id, control.id, signed)
    draft = checked(place, drafted(place, entry, at), entry, at)
    try:
        model = existing.system.model_sha256 if existing else None
        audited = Audited(project.config, model or "", project.folder, signed.on)
        statements, _ = judge_attestations(read(draft), audited, [framework])
        result = statements[framework.id, control.id].result
        if result.state is not DocumentState.VALID and result.because.id != "attestation.not_met":
            raise _refused(result.because, place)
        put(draft, place)
    finally:
        draft.unlink(missing_ok=True)
    return place.path


def waive(project: Project, criterion: str, record: AuditRecord, accepted: Acceptance) -> tuple[Path, str]:
    """Write a waiver for a criterion that fails in a record; gives the file and the waiver's id.

    Raises:
        UsageProblem: the criterion does not fail there, the waiver would not count, or the file can't be extended.
        InputProblem: the file can't be written.
    """
    system = _declared(project)
    place = Place(project.folder / project.config.waivers, "waivers", {"govkit_waivers": "1"})
    existing = read(place.path).parse(WaiverFile).waivers if place.path.exists() else ()
    name = _next_id([str(entry.get("id")) for entry in existing], accepted.on.year)
    model = record.result.model.sha256 if record.result.model else ""
    entry: dict[str, object] = {
        "id": name,
        "scope": {"criterion": criterion, "system": system.id, "model_sha256": model},
        "worst_value": _tolerated(criterion, record, accepted),
        "reason": accepted.reason,
        "risk": accepted.risk,
        **{name: text for name in ("compensation", "ticket") if (text := getattr(accepted, name))},
        "requested_by": accepted.requested_by,
        "approved_by": {"name": accepted.approved_by, "role": accepted.role},
        "approved_on": accepted.on.isoformat(),
        "expires_on": accepted.expires_on.isoformat(),
    }
    draft = checked(place, drafted(place, entry, None), entry, None)
    try:
        audited = Audited(project.config, model, project.folder, accepted.on)
        found = judge_waivers(read(draft), audited, _waivable_now(record), record.result.criterion_results)
        if name not in {waiver.id for waiver in found.valid}:
            raise _refused(found.ignored[-1].message, place)
        put(draft, place)
    finally:
        draft.unlink(missing_ok=True)
    return place.path, name


def _declared(project: Project) -> System:
    if not project.config.system.id:
        hint = "add `system: {id: ...}` to govkit.yaml"
        raise UsageProblem("govkit.yaml declares no system.id that a statement could be about", hint=hint)
    return project.config.system


def _earlier(existing: AttestationFile | None, framework: str, control: str) -> int | None:
    """Find the statement about a control that a new one replaces."""
    keys = [(entry.get("framework"), entry.get("control")) for entry in (existing.attestations if existing else ())]
    return keys.index((framework, control)) if (framework, control) in keys else None


def _statement(project: Project, framework: str, control: str, signed: Signature) -> dict[str, object]:
    by = {"name": signed.name, "role": signed.role, "contact": signed.contact}
    entry: dict[str, object] = {
        "framework": framework,
        "control": control,
        "verdict": signed.verdict,
        "statement": " ".join(signed.statement.split()),
        "by": {key: value for key, value in by.items() if value},
        "effective_on": signed.on.isoformat(),
        "recorded_on": signed.on.isoformat(),
        "expires_on": signed.expires_on.isoformat(),
    }
    if signed.documents:
        entry["documents"] = [{"path": path, "sha256": _digest(project.folder, path)} for path in signed.documents]
    return entry


def _digest(folder: Path, path: str) -> str:
    """Hash a document; what else may be wrong with it is for the judge to say."""
    try:
        return sha256_of_file(folder / path)
    except (OSError, ValueError):
        hint = f"documents lie in {folder}; give their paths from there"
        raise UsageProblem(f"the document {path!r} can't be read", hint=hint) from None


def _next_id(ids: Sequence[str], year: int) -> str:
    """Number waivers within the year."""
    number = 1
    while (name := f"WVR-{year}-{number:03}") in ids:
        number += 1
    return name


def _tolerated(criterion: str, record: AuditRecord, accepted: Acceptance) -> float:
    """Give the worst value to tolerate: as given, else the worst that the record measured."""
    rules = {rule.id: rule for rule in record.result.criteria}
    results = {result.criterion: result for result in record.result.criterion_results}
    if criterion not in rules or criterion not in results:
        hint = did_you_mean(criterion, rules, "`govkit gate` lists what fails in a record")
        raise UsageProblem(f"the record has no criterion {criterion!r}", hint=hint)
    if results[criterion].result is not Result.FAIL:
        state = results[criterion].result.value.replace("_", " ")
        raise UsageProblem(f"{criterion} does not fail in this record: {state}", hint="only a failure can be waived")
    measured = worst_value(rules[criterion], results[criterion])
    value = measured if accepted.worst_value is None else accepted.worst_value
    assert value is not None, "a failure has a measured value"
    return value


def _waivable_now(record: AuditRecord) -> tuple[Criterion, ...]:
    """Give the record's criteria, with what can't be waived as the next audit will see it."""
    firm = {criterion.id for criterion in load().criteria if not criterion.waivable}
    return tuple(
        Criterion.model_validate({**dict(one), "waivable": False}) if one.id in firm else one
        for one in record.result.criteria
    )


def _refused(because: Message, place: Place) -> UsageProblem:
    message = f"{place.path.name} was not changed, because this would not count: {sentence(because, MESSAGES)}"
    return UsageProblem(message, hint="correct what it names and try again")
