"""Read attestations.yaml: who stands for which control, with documents that are hashed again on every run."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final, Literal, TypeVar

from pydantic import BaseModel, Field

from govkit.config import Config
from govkit.core.control import DocumentResult, DocumentState, Framework
from govkit.core.digest import sha256_of_file
from govkit.core.errors import UsageProblem
from govkit.core.evidence import Finding, Message, Scalar, Severity, Sha256
from govkit.core.frozen import Frozen
from govkit.strict_yaml import Document, nearest

MESSAGES: Final[Mapping[str, str]] = {
    "attestation.valid": "{by} ({role}) states that this control is met; {documents} documents match their digests.",
    "attestation.scoped_out": "{by} ({role}) states that this control does not apply: {statement}",
    "attestation.not_met": "{by} ({role}) states that this control is not met: {statement}",
    "attestation.expired": "The statement expired on {date}.",
    "attestation.too_old": "{field} is {date}; the profile lets it count for {days} days.",
    "attestation.future": "{field} lies after the date of this audit: {date}.",
    "attestation.dates_crossed": "It expires on {expires}, no later than it takes effect ({effective}).",
    "attestation.placeholder": "{field} holds a placeholder instead of a statement of fact.",
    "attestation.no_documents": "It says that the control is met and lists no document.",
    "attestation.outside": "The document {path} is outside the project's folder.",
    "attestation.no_file": "The document {path} does not exist.",
    "attestation.empty_file": "The document {path} is empty.",
    "attestation.changed": "The document {path} is not the one that was attested: its digest differs.",
    "attestation.malformed": "It can't be read: {problem} ({advice}).",
    "attestation.unknown_framework": "There is no framework {name} in this audit.{advice}",
    "attestation.unknown_control": "{framework} has no control {name}.{advice}",
    "attestation.no_system": "govkit.yaml declares no system.id to hold it against.",
    "attestation.other_system": "It is about the system {named}, not about {audited}.",
    "attestation.other_version": "It is about version {named}, not about {audited}.",
    "attestation.other_model": "It is about another model file: the digest differs.",
}
PLACEHOLDER: Final = re.compile(
    r"\b(todo|tbd|tba|fixme|xxx+|lorem ipsum|placeholder|fill (this )?in|to be (done|defined|determined|confirmed))\b"
    r"|<[^<>]*>|\[[^\[\]]*\.\.\.[^\[\]]*\]|^[\W_]*$|^(?P<same>.)(?P=same)+$",
    re.IGNORECASE,
)
Entry = TypeVar("Entry", bound=BaseModel)


class Person(Frozen):
    """Who makes a statement."""

    name: str = Field(min_length=2)
    role: str = Field(min_length=2)
    contact: str = ""


class Paper(Frozen):
    """A document that backs a statement."""

    path: str = Field(min_length=1)
    """Relative to the project's folder."""
    sha256: Sha256
    kind: str = ""
    reviewed_on: date | None = None


class Attestation(Frozen):
    """A dated statement about one control by a named person."""

    framework: str
    control: str = Field(min_length=1)
    verdict: Literal["met", "not_met", "not_applicable"]
    statement: str = Field(min_length=20)
    by: Person
    effective_on: date
    recorded_on: date | None = None
    expires_on: date
    documents: tuple[Paper, ...] = ()


class AttestedSystem(Frozen):
    """The system that all statements of a file are about."""

    id: str = Field(min_length=1)
    version: str = ""
    model_sha256: Sha256 | None = None


class AttestationFile(Frozen):
    """The frame of attestations.yaml; its entries are read one by one."""

    govkit_attestations: Literal["1"]
    system: AttestedSystem
    attestations: tuple[dict[str, object], ...]


@dataclass(frozen=True)
class Statement:
    """An attestation that was judged."""

    result: DocumentResult
    verdict: Literal["met", "not_met", "not_applicable"] | None
    """None: the entry can't be read beyond its control."""

    @property
    def scoped_out(self) -> bool:
        """Say whether it validly takes the control out of scope."""
        return self.verdict == "not_applicable" and self.result.state is DocumentState.VALID


@dataclass(frozen=True)
class Audited:
    """What statements and waivers are held against."""

    config: Config
    model_sha256: str
    """Empty without a model."""
    project: Path
    """Documents must lie in this folder."""
    as_of: date
    max_age_days: int | None = None
    """Days after which the profile counts neither a statement nor a document."""


def judge_attestations(
    document: Document | None, audited: Audited, frameworks: Sequence[Framework]
) -> tuple[dict[tuple[str, str], Statement], tuple[Finding, ...]]:
    """Judge every attestation.

    Args:
        document: attestations.yaml; None when there is none.
        audited: the system, the model and the date they are held against.
        frameworks: those of this audit.

    Returns:
        Statements by framework and control, and findings about the entries that don't count.

    Raises:
        UsageProblem: the file isn't an attestation file, or has two entries for one control.
    """
    if document is None:
        return {}, ()
    file = document.parse(AttestationFile)
    statements: dict[tuple[str, str], Statement] = {}
    findings: list[Finding] = []
    controls = {framework.id: {control.id for control in framework.controls} for framework in frameworks}
    lines: dict[tuple[str, str], int] = {}
    for at, (raw, entry) in enumerate(entries(document, "attestations", file.attestations, Attestation)):
        where = f"{document.name}:{document.line(('attestations', at))}"
        key = (_text(raw, "framework"), _text(raw, "control"))
        unknown = _unknown(key, controls)
        if unknown is not None:
            findings.append(_ignored(_malformed(entry) if isinstance(entry, UsageProblem) else unknown, where))
            continue
        if key in lines:
            message = f"{where}: {key[0]} {key[1]} has two statements"
            raise UsageProblem(message, hint=f"the first is on line {lines[key]}: keep one")
        lines[key] = document.line(("attestations", at))
        statements[key] = statement = _judged(key, entry, _about_another(file.system, audited), audited)
        if statement.result.state is not DocumentState.VALID:
            findings.append(_ignored(statement.result.because, where))
    return statements, tuple(findings)


def entries(
    document: Document, section: str, raw: Sequence[dict[str, object]], model: type[Entry]
) -> Iterator[tuple[dict[str, object], Entry | UsageProblem]]:
    """Read the entries of a section one by one, so that a malformed one doesn't hide the others."""
    for at, entry in enumerate(raw):
        part = Document(document.name, entry, document.node((section, at)))
        try:
            yield entry, part.parse(model)
        except UsageProblem as problem:
            yield entry, problem


def placeholder_in(fields: Mapping[str, str]) -> str:
    """Name the first field that holds a placeholder, or give an empty string."""
    return next((name for name, value in fields.items() if PLACEHOLDER.search(value.strip())), "")


def _text(raw: Mapping[str, object], field: str) -> str:
    """Give a field that is text; a number would name another control (9.10 reads as 9.1)."""
    value = raw.get(field)
    return value if isinstance(value, str) else ""


def _malformed(problem: UsageProblem) -> Message:
    return _message("malformed", problem=problem.message, advice=problem.hint)


def _unknown(key: tuple[str, str], controls: Mapping[str, set[str]]) -> Message | None:
    framework, control = key
    if framework not in controls:
        return _message("unknown_framework", name=framework, advice=_did_you_mean(framework, set(controls)))
    if control not in controls[framework]:
        advice = _did_you_mean(control, controls[framework])
        return _message("unknown_control", framework=framework, name=control, advice=advice)
    return None


def _did_you_mean(word: str, known: set[str]) -> str:
    close = nearest(word, known)
    return f" Did you mean {close}?" if close else ""


def _about_another(system: AttestedSystem, audited: Audited) -> Message | None:
    declared = audited.config.system
    if not declared.id:
        return _message("no_system")
    if system.id != declared.id:
        return _message("other_system", named=system.id, audited=declared.id)
    if system.version and system.version != declared.version:
        return _message("other_version", named=system.version, audited=declared.version or "an undeclared version")
    if system.model_sha256 is not None and system.model_sha256 != audited.model_sha256:
        return _message("other_model")
    return None


def _judged(
    key: tuple[str, str], entry: Attestation | UsageProblem, other: Message | None, audited: Audited
) -> Statement:
    framework, control = key
    if isinstance(entry, UsageProblem):
        unread = {"control": control, "framework": framework, "state": DocumentState.REJECTED}
        return Statement(DocumentResult(**unread, because=_malformed(entry)), None)
    state, because = DocumentState.REJECTED, other or _problem(entry, audited)
    if because is None:
        outdated = _outdated(entry, audited)
        state, because = (DocumentState.EXPIRED, outdated) if outdated else _verdict(entry)
    result = DocumentResult(
        control=control,
        framework=framework,
        state=state,
        because=because,
        by=entry.by.name,
        role=entry.by.role,
        dated_on=min(_ageing(entry).values()),
        expires_on=_last_day(entry, audited.max_age_days),
    )
    return Statement(result, entry.verdict)


def _outdated(entry: Attestation, audited: Audited) -> Message | None:
    """Say by which date an entry has expired or become too old; None when it has not."""
    if entry.expires_on < audited.as_of:
        return _message("expired", date=entry.expires_on.isoformat())
    if audited.max_age_days is None or _last_day(entry, audited.max_age_days) >= audited.as_of:
        return None
    name, day = min(_ageing(entry).items(), key=lambda item: item[1])
    return _message("too_old", field=name, date=day.isoformat(), days=audited.max_age_days)


def _last_day(entry: Attestation, max_age_days: int | None) -> date:
    """Give the last day on which an entry counts, by its own expiry and by the age of all that it rests on."""
    if max_age_days is None:
        return entry.expires_on
    return min(entry.expires_on, min(_ageing(entry).values()) + timedelta(days=max_age_days))


def _ageing(entry: Attestation) -> dict[str, date]:
    """Give the dates from which the statement and its documents grow old."""
    reviewed = {f"reviewed_on of {paper.path}": paper.reviewed_on for paper in entry.documents}
    return {"effective_on": entry.effective_on, **{name: day for name, day in reviewed.items() if day is not None}}


def _verdict(entry: Attestation) -> tuple[DocumentState, Message]:
    said = {"by": entry.by.name, "role": entry.by.role}
    if entry.verdict == "met":
        return DocumentState.VALID, _message("valid", documents=len(entry.documents), **said)
    if entry.verdict == "not_applicable":
        return DocumentState.VALID, _message("scoped_out", statement=entry.statement, **said)
    return DocumentState.REJECTED, _message("not_met", statement=entry.statement, **said)


def _problem(entry: Attestation, audited: Audited) -> Message | None:
    """Give the first reason why an entry can't count at all."""
    dates = {"effective_on": entry.effective_on, "recorded_on": entry.recorded_on}
    dates |= {f"reviewed_on of {paper.path}": paper.reviewed_on for paper in entry.documents}
    for name, day in dates.items():
        if day is not None and day > audited.as_of:
            return _message("future", field=name, date=day.isoformat())
    if entry.expires_on <= entry.effective_on:
        crossed = {"expires": entry.expires_on.isoformat(), "effective": entry.effective_on.isoformat()}
        return _message("dates_crossed", **crossed)
    held = placeholder_in({"statement": entry.statement, "by.name": entry.by.name, "by.role": entry.by.role})
    if held:
        return _message("placeholder", field=held)
    if entry.verdict == "met" and not entry.documents:
        return _message("no_documents")
    problems = (_paper_problem(paper, audited.project) for paper in entry.documents)
    return next((problem for problem in problems if problem is not None), None)


def _paper_problem(paper: Paper, project: Path) -> Message | None:
    """Check that a document lies in the project, also after following links, and is what was attested."""
    root = project.resolve()
    try:
        place = (root / paper.path).resolve()
        if Path(paper.path).is_absolute() or not place.is_relative_to(root):
            return _message("outside", path=paper.path)
        if not place.is_file():
            return _message("no_file", path=paper.path)
        if place.stat().st_size == 0:
            return _message("empty_file", path=paper.path)
        same = sha256_of_file(place) == paper.sha256
    except (OSError, RuntimeError, ValueError):
        # unreadable, a loop of links, or a name that no file can have
        return _message("no_file", path=paper.path)
    return None if same else _message("changed", path=paper.path)


def _ignored(because: Message, where: str) -> Finding:
    severity = Severity.INFO if because.id == "attestation.not_met" else Severity.MEDIUM
    return Finding(rule="ATT-001", severity=severity, message=because, where=where)


def _message(kind: str, **args: Scalar) -> Message:
    return Message(id=f"attestation.{kind}", args=args)
