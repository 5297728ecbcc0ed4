"""The audit record: the one file that every report, the gate and every later comparison is made from."""

from datetime import date
from typing import Final, Literal

from pydantic import Field

from govkit.core.control import (
    ControlResult,
    Criterion,
    CriterionResult,
    Crosswalk,
    Decision,
    DocumentResult,
    Framework,
    Profile,
    Verdict,
    Waiver,
)
from govkit.core.control import Result as CriterionState
from govkit.core.evidence import Evidence, Finding, Message, Sha256
from govkit.core.frozen import Frozen, added

SCHEMA_VERSION: Final = "1"
Kind = Literal["number", "integer", "boolean", "category", "text", "identifier", "date", "empty"]
TaskName = Literal["binary", "multiclass", "multilabel", "regression", "anomaly"]


class DataFacts(Frozen):
    """A data set as it was read."""

    role: str
    name: str
    """The file's name without its folder."""
    sha256: Sha256
    size: int
    format: str
    rows: int
    columns: tuple[str, ...]
    notes: tuple[Message, ...] = ()
    """What had to be assumed to read it: encoding, delimiter, cut cells."""


class ModelFacts(Frozen):
    """The audited model as far as it could be looked at."""

    name: str
    sha256: Sha256
    size: int
    format: str
    estimator: str = ""
    """Class path of the estimator; empty when it was never loaded."""
    steps: tuple[str, ...] = ()
    parameters: dict[str, str] = Field(default_factory=dict)
    """Hyperparameters as text, shortened."""
    fitted_with: dict[str, str] = Field(default_factory=dict)
    """Library versions stored in the artefact."""
    refused: str = ""
    """Why it was not loaded."""
    source: Literal["file", "predictions", "function", "service"] = added("file")
    """What stands behind MODEL."""
    notes: tuple[Message, ...] = added(())
    """What a reader has to know about where the answers come from."""
    trust: Literal["allowlist", "sandbox-only"] = added("allowlist")
    """sandbox-only: it ran code of its own, so its answers can't be vouched for."""
    trusted: tuple[str, ...] = added(())
    """Names that the user let it use beyond the allowlist."""


class ColumnFacts(Frozen):
    """A column's role and kind."""

    name: str
    role: str
    kind: Kind


class Inference(Frozen):
    """Something that was inferred rather than declared."""

    field: str
    """The line of govkit.yaml that would declare it."""
    value: str
    basis: Message


class SystemFacts(Frozen):
    """What is audited, as declared."""

    id: str
    name: str
    version: str = ""
    owner: str = ""
    purpose: str = ""


class CheckFacts(Frozen):
    """What a check is, so that a record reads the same without the code that made it."""

    id: str
    title: str
    summary: str
    why: str
    method: str
    limits: str
    references: str
    emits: dict[str, tuple[str, str]]
    """Measurement name to unit and meaning."""


class Plan(Frozen):
    """How much work the budget came to; replaying it gives the same bytes."""

    budget: Literal["quick", "standard", "thorough"]
    work: dict[str, dict[str, int]]
    """Check id to its integer work counts."""


class ReportFact(Frozen):
    """A `report.*` fact, computed after the assessment; supporting, never a criterion."""

    id: str
    holds: bool | None
    """None: not computed in this version."""
    message: Message


class Result(Frozen):
    """The part of the record that is the same for the same inputs, plan, seed and versions."""

    govkit_version: str
    as_of: date
    seed: int
    system: SystemFacts
    model: ModelFacts | None
    data: tuple[DataFacts, ...]
    task: TaskName | None
    classes: tuple[str, ...] = ()
    """Labels as they may be shown."""
    columns: tuple[ColumnFacts, ...]
    inferred: tuple[Inference, ...] = ()
    suggestions: tuple[Message, ...] = ()
    """Likely protected attributes and the like: suggestions, not used."""
    config: dict[str, object]
    config_sha256: Sha256
    software: dict[str, str]
    plan: Plan
    checks: tuple[CheckFacts, ...]
    evidence: tuple[Evidence, ...]
    criteria: tuple[Criterion, ...]
    frameworks: tuple[Framework, ...]
    profile: Profile
    criterion_results: tuple[CriterionResult, ...]
    control_results: tuple[ControlResult, ...]
    document_results: tuple[DocumentResult, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    crosswalk: Crosswalk | None = None
    """Links between the frameworks of this record; no status follows them. None in records of earlier versions."""
    ignored: tuple[Finding, ...] = ()
    """Attestations and waivers that do not count, with why."""
    facts: tuple[ReportFact, ...] = ()
    decision: Decision
    messages: dict[str, str]
    """Template of every message id used in this record."""


class Checkout(Frozen):
    """Where the audited files lie, as paths from the top of their repository; empty where they lie outside."""

    config: str = ""
    """govkit.yaml."""
    config_lines: dict[str, int] = Field(default_factory=dict)
    """Key of govkit.yaml, `provenance.license` for instance, to its line."""
    model: str = ""
    data: dict[str, str] = Field(default_factory=dict)
    """Role to path."""
    metadata: tuple[str, ...] = ()
    """Metadata files beside the data."""


class Change(Frozen):
    """A criterion or a control that came out differently than in the audit before."""

    kind: Literal["criterion", "control"]
    id: str
    framework: str = ""
    old: str
    """Result or status then; empty where that record lacks it."""
    new: str
    direction: Literal["better", "worse", "moved"]
    gated: bool = False
    beyond_chance: bool | None = None
    """Whether what it judges moved by more than chance; None where nothing can be compared."""
    limit_moved: bool = False


class Earlier(Frozen):
    """The audit before this one, as far as this one says what changed."""

    as_of: date
    record_sha256: Sha256
    model_sha256: str
    """Empty for an audit of data alone."""
    verdict: Verdict
    changes: tuple[Change, ...]
    moved: int
    """Measurements that differ by more than chance."""
    within_chance: int
    equal: int


class PastAudit(Frozen):
    """One audit of the system's history."""

    as_of: date
    record_sha256: Sha256
    verdict: Verdict
    passed: int
    """Gated criteria that pass, fail and are open."""
    failed: int
    open: int


class Speed(Frozen):
    """How fast a model answered on the machine of the audit, the way to its process and back included."""

    row_ms: tuple[float, float]
    """Median and 95th percentile of a call with one row, in milliseconds."""
    batch_rows: int
    batch_ms: tuple[float, float]
    """The same of a call with that many rows."""
    peak_bytes: int
    """The most memory that its process held, libraries included; 0 where the system doesn't say."""
    file_bytes: int
    """Size of the model file."""


class Run(Frozen):
    """The part that varies between runs."""

    started_at: str
    seconds: float
    check_seconds: dict[str, float] = Field(default_factory=dict)
    from_journal: tuple[str, ...] = ()
    """Checks whose evidence was taken over from an earlier run with the same key."""
    jobs: int
    platform: str
    model_path: str = ""
    data_paths: dict[str, str] = Field(default_factory=dict)
    config_path: str = ""
    isolation: dict[str, str] = Field(default_factory=dict)
    """Layers around the model's process and whether each holds."""
    warnings: tuple[str, ...] = ()
    checkout: Checkout | None = added(None)
    """None outside a repository."""
    earlier: Earlier | None = added(None)
    """What changed since the audit before, where there was one of the same system."""
    past: tuple[PastAudit, ...] = added(())
    """Audits of the same system before this one, the oldest first."""
    speed: Speed | None = added(None)
    """How fast the model answered; None where it can't be asked, or is a service."""
    champion_speed: Speed | None = added(None)
    """The same of the model in use."""
    logo: str = added("")
    """The organisation's logo for the reports: a PNG in base64."""


class AuditRecord(Frozen):
    """Everything an audit found out."""

    schema_version: Literal["1"] = SCHEMA_VERSION
    result_sha256: Sha256
    """Of the canonical bytes of `result`; a record whose digest differs was edited."""
    result: Result
    run: Run


def in_a_line(record: AuditRecord) -> PastAudit:
    """Give what an audit came to, counted over its gated criteria."""
    result = record.result
    states = [one.result for one in result.criterion_results if one.criterion in result.profile.gate]
    passed = sum(state in {CriterionState.PASS, CriterionState.NOT_APPLICABLE} for state in states)
    failed = states.count(CriterionState.FAIL)
    return PastAudit(
        as_of=result.as_of,
        record_sha256=record.result_sha256,
        verdict=result.decision.verdict,
        passed=passed,
        failed=failed,
        open=len(states) - passed - failed,
    )
