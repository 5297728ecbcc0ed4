"""Criteria, frameworks, profiles and what they come to once there is evidence."""

from datetime import date
from enum import StrEnum
from typing import Final, Literal

from pydantic import Field

from govkit.core.errors import Exit
from govkit.core.evidence import Message, Scalar, Severity, Sha256
from govkit.core.frozen import Frozen, added

Operator = Literal["<=", ">=", "<", ">", "=="]
Need = Literal["checks", "documents", "attestation"]
EvidenceKind = Literal["automated", "document", "attestation"]
Automation = Literal["sufficient", "partial", "supporting", "none"]
Relation = Literal["equal-to", "equivalent-to", "subset-of", "superset-of", "intersects-with"]
"""How far two controls ask for the same, in the words of the OSCAL mapping model; only the first two say "the same"."""
BUDGETS: Final = ("quick", "standard", "thorough")
"""Budgets by name, the least work first."""


class Result(StrEnum):
    """What a criterion says about the evidence."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    ERROR = "error"
    NOT_RUN = "not_run"
    NOT_APPLICABLE = "not_applicable"
    """Only when the check itself says so with a reason that the criterion accepts."""


class Status(StrEnum):
    """What a control's evidence adds up to."""

    MET = "met"
    PARTIALLY_MET = "partially_met"
    NOT_MET = "not_met"
    INCONCLUSIVE = "inconclusive"
    NOT_ASSESSED = "not_assessed"
    NOT_APPLICABLE = "not_applicable"
    """By a signed scope entry, as in a statement of applicability, or because its whole framework does not apply."""


class DocumentState(StrEnum):
    """How a document or an attestation stands."""

    VALID = "valid"
    EXPIRED = "expired"
    MISSING = "missing"
    REJECTED = "rejected"


class Verdict(StrEnum):
    """The gate's decision."""

    PASSED = "passed"
    FAILED = "failed"
    INCOMPLETE = "incomplete"
    REFUSED = "refused"


class Condition(Frozen):
    """A comparison that must hold before a result counts, `power >= 0.8` for instance."""

    measurement: str = ""
    """A measurement of the same evidence; exactly one of `measurement`, `param` and `work` is given."""
    param: str = ""
    """A parameter of the check: a run with a weaker one caps the criterion at inconclusive."""
    work: str = ""
    """A work count of the plan."""
    counted: bool = False
    """The parameter is a list, and the number of its entries is compared."""
    operator: Operator
    threshold: Scalar


class Criterion(Frozen):
    """A threshold for a measurement. The only place where a number becomes a judgement."""

    id: str
    title: str
    check: str
    measurement: str
    unit: str
    operator: Operator
    threshold: float
    only_if: tuple[Condition, ...] = ()
    not_applicable_when: tuple[str, ...] = ()
    """Ids of the check's reasons that make the criterion not applicable; any other reason leaves it not run."""
    severity: Severity = Severity.MEDIUM
    why: str
    """Where the threshold comes from and what it means, in one or two sentences."""
    remedy: str
    """What to do when it fails, in one or two sentences."""
    expected: float | None = None
    """The value where nothing is wrong, 0.5 for an attack that guesses; rows needed are counted for it."""
    waivable: bool = added(default=True)
    """False: nobody can accept its failure."""
    loosened_by: str = ""
    """Owner of a threshold that govkit.yaml or a profile loosened; empty when as shipped or tighter."""
    loosened_because: str = ""
    """The owner's reason; shown wherever the criterion is."""


class Applies(Frozen):
    """From when a duty applies, and to what."""

    day: date
    to: str


class Control(Frozen):
    """One subcategory, Annex A control or clause of a framework, in our own words."""

    id: str
    token: str
    group: str
    label: str
    statement: str
    evidence_kind: EvidenceKind
    automation: Automation
    needs: tuple[Need, ...]
    criteria: tuple[str, ...] = ()
    unmeasured: tuple[str, ...] = ()
    """Check ids whose evidence the control calls for and that this version does not measure; they count as missing."""
    facts: tuple[str, ...] = ()
    """`report.*` facts shown beside the control; they never decide it."""
    documents: tuple[str, ...] = ()
    applies: tuple[Applies, ...] = ()
    """Dates of its own, where they differ from its framework's."""
    remedy: str


class Group(Frozen):
    """A function and category, an area or a clause that controls belong to."""

    id: str
    label: str
    parent: str = ""


class Framework(Frozen):
    """A catalog of controls with where it comes from."""

    id: str
    title: str
    version: str
    reference: str
    as_of: date
    catalog_version: str
    wording: str
    """What our labels are and are not, printed wherever the framework is."""
    applies: tuple[Applies, ...] = ()
    """From when its duties apply; empty for a framework that nobody is bound to by date."""
    not_applicable_because: str = ""
    """Why no control of it arises for the models that this tool audits; then none of them can be required or met."""
    groups: tuple[Group, ...]
    controls: tuple[Control, ...]


class ControlRef(Frozen):
    """A control of a framework."""

    framework: str
    control: str


class Link(Frozen):
    """Two controls of different frameworks that touch each other. It never carries a status from one to the other."""

    source: ControlRef
    target: ControlRef
    relation: Relation
    basis: str
    """Key of the text that says who judged so."""


class Crosswalk(Frozen):
    """Links between frameworks with where they come from."""

    as_of: date
    bases: dict[str, str]
    links: tuple[Link, ...]


class Limit(Frozen):
    """A profile's own threshold for a criterion. A looser one needs a reason and an owner."""

    threshold: float
    reason: str = ""
    owner: str = ""


class Demand(Condition):
    """How strictly a check must have run before a pass of its criteria counts."""

    check: str


class Profile(Frozen):
    """What a release must show: criteria that gate, controls that are required, and how strictly it is measured."""

    id: str
    title: str
    description: str
    extends: str = ""
    """The profile that this one adds to; once read, what it asks for is part of this one."""
    needs_model: bool = True
    frameworks: tuple[str, ...] = ()
    """Frameworks shown in the report, in this order."""
    gate: tuple[str, ...] = ()
    """Ids of gated criteria."""
    controls: tuple[ControlRef, ...] = ()
    """Required controls."""
    limits: dict[str, Limit] = Field(default_factory=dict)
    """Thresholds by criterion id that differ from the shipped ones."""
    demands: tuple[Demand, ...] = ()
    """A run that was weaker caps the criteria of the check at inconclusive."""
    minimum_budget: Literal["quick", "standard", "thorough"] = "quick"
    """A run with a smaller budget caps each criterion whose check does planned work at inconclusive."""
    max_age_days: int | None = Field(default=None, gt=0)
    """Days after which a document, a statement or a record is too old to count; None leaves it to their own expiry."""


class Observed(Frozen):
    """The measurement that decided a criterion, or one of several."""

    value: float
    low: float | None = None
    high: float | None = None
    level: float | None = None
    n: int
    group: dict[str, str] = Field(default_factory=dict)
    result: Result
    rows_needed: int | None = None
    """Inconclusive: about how many rows would decide it at the value expected, else as it is; None where none would."""


class CriterionResult(Frozen):
    """A criterion held against the evidence."""

    criterion: str
    result: Result
    because: Message
    observed: tuple[Observed, ...] = ()
    """Worst first."""
    waiver: str = ""
    """Id of the valid waiver that covers this failure; the result stays what it is."""


class DocumentResult(Frozen):
    """The documents or the attestation of a control, judged."""

    control: str
    framework: str
    state: DocumentState
    because: Message
    by: str = ""
    role: str = ""
    dated_on: date | None = None
    """The day from which it grows old: when it took effect, or the earliest review of its documents."""
    expires_on: date | None = None


class ControlResult(Frozen):
    """A control's status with its reasons and with what is missing."""

    framework: str
    control: str
    status: Status
    because: tuple[Message, ...] = Field(min_length=1)
    criteria: dict[str, Result] = Field(default_factory=dict)
    document: DocumentState | None = None
    attestation: DocumentState | None = None
    missing: tuple[str, ...] = ()
    """What to bring: criteria not run, checks not measured, documents, an attestation."""
    waivers: tuple[str, ...] = ()


class Waiver(Frozen):
    """An accepted failure: an overlay on one criterion of one model, never a status."""

    id: str
    criterion: str
    system: str
    model_sha256: Sha256
    worst_value: float
    reason: str
    risk: str
    requested_by: str
    approved_by: str
    approved_on: date
    expires_on: date
    compensation: str = added("")
    """What keeps the risk small until then, in the requester's words."""
    ticket: str = added("")
    """Where it is followed up."""


class Blocker(Frozen):
    """One thing between this model and a pass."""

    kind: Literal["criterion", "control"]
    id: str
    framework: str = ""
    state: str
    """The result or status as it is."""


class Decision(Frozen):
    """The gate's answer, from a record and a profile alone."""

    profile: str
    verdict: Verdict
    exit_code: Exit
    failed: tuple[Blocker, ...] = ()
    incomplete: tuple[Blocker, ...] = ()
    waived: tuple[Blocker, ...] = ()
    as_of: date
