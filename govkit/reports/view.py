"""The report as a reader meets it: order, wording and rounding, decided once for every format."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from govkit.core.control import Blocker, DocumentState, Result, Status, Verdict
from govkit.core.evidence import AskKind, Message, Scalar, Severity
from govkit.core.messages import sentence
from govkit.core.record import AuditRecord, DataFacts, ModelFacts
from govkit.reports.applicability import Applicability, applicability
from govkit.reports.areas import Area, CriterionRow, FindingRow, Pair, areas, criterion_row, pairs
from govkit.reports.changes import Changes, changes
from govkit.reports.checklists import Checklist, checklists, named
from govkit.reports.gaps import Gaps, gaps
from govkit.reports.lookup import Lookup, Number
from govkit.reports.wording import RESULTS, STATUSES, VERDICTS, WAIVED, Mark, anchor, long_date, shortened, size, things

MOST_NAME, MOST_VERSION = 120, 40
FRONT_ROWS: Final = 5
"""Blockers on the first page; the others follow on the next."""

MESSAGES: Final[Mapping[str, str]] = {
    "passed": "{name} meets {all} gated by the profile {profile}.",
    "passed.waived": (
        "{name} may go ahead under the profile {profile} only because of a waiver: it misses {waived}, and a named "
        "person accepted that until the date stated below."
    ),
    "unvouched": "The model ran code of its own, confined; what it answered can't be vouched for, and nothing that "
    "rests on it counts as passed.",
    "reduced": "Isolation: reduced. Part of what confines the model's process does not hold: {lacking}.",
    "trusted": "Loaded with names that the user vouched for: {names}.",
    "passed.scope": "This says what was tested and how hard, not that nothing else can go wrong.",
    "failed": "{name} misses {failed} under the profile {profile} and should not be released as it is.",
    "failed.open": "{open} could not be decided either.",
    "incomplete": (
        "Nobody can say yet whether {name} may be released: {open} under the profile {profile} could not be decided."
    ),
    "incomplete.rest": "No gated criterion that could be decided failed.",
    "refused": "The model file was refused and never loaded: {reason}.",
    "refused.rest": "Everything that needs the model is therefore open; what needs only the data was measured.",
    "no.gate": "The profile {profile} gates nothing, so there was nothing to pass.",
    "control": "required control",
}


GLOSSARY: Final[tuple[Pair, ...]] = (
    ("Attestation", "A dated statement by a named, accountable person."),
    (
        "Calibration",
        "How well predicted probabilities come true: of the cases given 70 %, about 70 of 100 should occur.",
    ),
    ("Control", "One thing that a framework asks an organisation to have in place."),
    (
        "Criterion",
        "A limit that a measurement is held against. It passes only if the whole interval lies on the good side.",
    ),
    ("Evidence", "What a check measured, with everything needed to measure it again."),
    ("Gated", "Named by the profile as something a release must pass."),
    (
        "Inconclusive",
        "Measured, but the interval lies across the limit, or a condition for trusting the number did not hold.",
    ),
    ("Interval", "The range that holds the true value in 95 of 100 such measurements, unless another level is stated."),
    ("Membership inference", "Telling from a model's answers whether somebody's record was used to train it."),
    (
        "Robust accuracy",
        "The share of rows still answered rightly after somebody has changed the input a little to fool the model.",
    ),
    (
        "ROC curve",
        "True cases found for each share of false claims; the area under it is 0.5 for guessing and 1 for certainty.",
    ),
    ("Waiver", "A failure that a named person accepted until a date. The failure stays a failure."),
)


def _say(which: str, /, **args: Scalar) -> str:
    return sentence(Message(id=which, args=args), MESSAGES)


@dataclass(frozen=True)
class Blocking:
    """One thing between this model and a pass."""

    kind: str
    """`criterion` or `control`."""
    title: str
    link: str
    mark: Mark
    area: str
    measured: tuple[Number, ...]
    unshown: int
    limit: str
    because: str
    remedy: str
    ask: str
    notes: tuple[str, ...]
    ask_kind: AskKind = ""


@dataclass(frozen=True)
class WaiverRow:
    """An accepted failure."""

    id: str
    title: str
    link: str
    reason: str
    risk: str
    compensation: str
    ticket: str
    people: str
    expires_on: str


@dataclass(frozen=True)
class DocumentRow:
    """A document or an attestation as it was judged."""

    control: str
    link: str
    mark: Mark
    because: str
    by: str
    expires_on: str


@dataclass(frozen=True)
class InferredRow:
    """Something that was not declared."""

    field: str
    value: str
    basis: str


@dataclass(frozen=True)
class ReportView:
    """Everything a report says, in its order."""

    name: str
    version: str
    owner: str
    purpose: str
    day: str
    iso_day: str
    digest: str
    short_digest: str
    profile: str
    verdict: Mark
    sentences: tuple[str, ...]
    subject: tuple[Pair, ...]
    """What was audited: model and data sets."""
    blocking: tuple[Blocking, ...]
    waived: tuple[Blocking, ...]
    gated: tuple[CriterionRow, ...]
    """What the profile asks for and what was found; shown first where nothing blocks."""
    open_controls: tuple[tuple[str, str, str], ...]
    """Framework, how many of its controls nobody assessed, and the place of its checklist."""
    tally: tuple[tuple[Mark, int], ...]
    """Gated criteria by result."""
    gaps: Gaps
    areas: tuple[Area, ...]
    checklists: tuple[Checklist, ...]
    applicability: tuple[Applicability, ...]
    """The statement of applicability; empty without ISO/IEC 42001."""
    waivers: tuple[WaiverRow, ...]
    documents: tuple[DocumentRow, ...]
    ignored: tuple[FindingRow, ...]
    inferred: tuple[InferredRow, ...]
    suggestions: tuple[str, ...]
    notes: tuple[tuple[str, tuple[str, ...]], ...]
    """Data set to what had to be assumed to read it."""
    command: tuple[str, ...]
    """Words of the command, options with their values."""
    reproduction: tuple[Pair, ...]
    software: tuple[Pair, ...]
    isolation: tuple[Pair, ...]
    config: tuple[Pair, ...]
    columns: tuple[Pair, ...]
    """Role to the columns that have it, with their kinds."""
    more_columns: int
    warnings: tuple[str, ...]
    organisation: str
    classification: str
    logo: str
    """A PNG in base64; empty where there is none."""
    changes: Changes | None
    """What changed since the audit before; None where there was none."""
    glossary: tuple[Pair, ...] = GLOSSARY

    @property
    def front(self) -> tuple[Blocking, ...]:
        """Give the blockers of the first page."""
        return self.blocking[:FRONT_ROWS]

    @property
    def rest(self) -> tuple[Blocking, ...]:
        """Give the blockers that the first page has no room for."""
        return self.blocking[FRONT_ROWS:]


MOST_COLUMNS: Final = 40
_WEIGHT: Final = {Severity.HIGH: 0, Severity.MEDIUM: 1, Severity.LOW: 2, Severity.INFO: 3}


def _criterion_blocking(book: Lookup, blocker: Blocker, *, waived: bool) -> Blocking:
    criterion, result = book.criteria[blocker.id], book.results[blocker.id]
    row = criterion_row(book, criterion, result)
    evidence = book.evidence.get(criterion.check)
    measured = result.result in {Result.FAIL, Result.INCONCLUSIVE}
    ask = evidence.ask if evidence and not measured else ""
    return Blocking(
        kind=blocker.kind,
        title=row.title,
        link=row.link if blocker.id in book.linked else "",
        mark=WAIVED if waived else row.mark,
        area=row.area,
        measured=row.measured,
        unshown=row.unshown,
        limit=row.limit,
        because=row.because,
        remedy=row.remedy if measured or not ask else "",
        ask=ask,
        notes=tuple(note for note in (row.loosened, f"waiver {row.waiver}" if row.waiver else "") if note),
        ask_kind=evidence.ask_kind if evidence else "",
    )


def _control_blocking(book: Lookup, blocker: Blocker) -> Blocking:
    framework = next((one for one in book.record.result.frameworks if one.id == blocker.framework), None)
    controls = {control.id: control for control in framework.controls} if framework else {}
    control, result = controls.get(blocker.id), book.controls.get((blocker.framework, blocker.id))
    missing = tuple(named(book, item) for item in result.missing) if result else ()
    return Blocking(
        kind=blocker.kind,
        title=f"{blocker.id} {control.label}" if control else blocker.id,
        link=anchor("f", blocker.framework, blocker.id) if control else "",
        mark=STATUSES[Status(blocker.state)],
        area=framework.title if framework else _say("control"),
        measured=(),
        unshown=0,
        limit="",
        because=" ".join(book.say_all(result.because)) if result else "",
        remedy=control.remedy if control else "",
        ask="",
        notes=("Missing: " + "; ".join(missing),) if missing else (),
    )


def _blockers(book: Lookup, blockers: tuple[Blocker, ...], *, waived: bool = False) -> list[Blocking]:
    """Lay out blockers, criteria before controls, the severest first."""

    def weight(blocker: Blocker) -> tuple[bool, int]:
        criterion = book.criteria.get(blocker.id)
        return blocker.kind == "control", _WEIGHT[criterion.severity] if criterion else 0

    return [
        _criterion_blocking(book, blocker, waived=waived)
        if blocker.kind == "criterion" and blocker.id in book.results and blocker.id in book.criteria
        else _control_blocking(book, blocker)
        if blocker.kind == "control"
        else Blocking(blocker.kind, blocker.id, "", RESULTS[Result(blocker.state)], "", (), 0, "", "", "", "", ())
        for blocker in sorted(blockers, key=weight)
    ]


def _kinds(blockers: tuple[Blocker, ...], gate: int) -> str:
    criteria = sum(blocker.kind == "criterion" for blocker in blockers)
    controls = len(blockers) - criteria
    parts = [f"{criteria} of {things(gate, 'gated criterion', 'gated criteria')}"] if criteria else []
    return " and ".join([*parts, things(controls, "required control")] if controls else parts)


def _sentences(record: AuditRecord) -> tuple[str, ...]:
    return (*_decided(record), *_loaded(record))


def _loaded(record: AuditRecord) -> Iterator[str]:
    """Say what was out of the ordinary when the model was loaded."""
    model, layers = record.result.model, record.run.isolation
    if model is not None and model.trust == "sandbox-only" and not model.refused:
        yield _say("unvouched")
    if model is not None and model.trusted:
        yield _say("trusted", names=", ".join(shortened(name, MOST_NAME) for name in model.trusted))
    if layers.get("isolation") == "reduced":
        lacking = (f"{name}: {state}" for name, state in layers.items() if state not in {"held", "reduced"})
        yield _say("reduced", lacking=", ".join(lacking))


def _decided(record: AuditRecord) -> tuple[str, ...]:
    decision, gate = record.result.decision, len(record.result.profile.gate)
    name, profile = shortened(record.result.system.name, MOST_NAME), decision.profile
    unsettled = _kinds(decision.incomplete, gate)
    if decision.verdict is Verdict.REFUSED:
        model = record.result.model
        reason = (model.refused if model else "").rstrip(".") or "its content is not allowed"
        return _say("refused", reason=reason), _say("refused.rest")
    if decision.verdict is Verdict.FAILED:
        first = _say("failed", name=name, failed=_kinds(decision.failed, gate), profile=profile)
        return (first, _say("failed.open", open=unsettled)) if unsettled else (first,)
    if decision.verdict is Verdict.INCOMPLETE:
        if not unsettled:
            return (_say("no.gate", profile=profile),)
        return _say("incomplete", name=name, open=unsettled, profile=profile), _say("incomplete.rest")
    if decision.waived:
        waived = _kinds(decision.waived, gate)
        return _say("passed.waived", name=name, profile=profile, waived=waived), _say("passed.scope")
    return _say("passed", name=name, all=_applying(record), profile=profile), _say("passed.scope")


def _applying(record: AuditRecord) -> str:
    gated = set(record.result.profile.gate)
    idle = sum(
        found.criterion in gated and found.result is Result.NOT_APPLICABLE for found in record.result.criterion_results
    )
    applying = things(len(gated) - idle, "criterion", "criteria")
    if len(gated) - idle != 1:
        applying = f"all {applying}"
    return f"{applying} that apply to it, of {len(gated)}" if idle else applying


_ROLES: Final = {"test": "hold-out data", "train": "training data"}


def _data(facts: DataFacts) -> Pair:
    shape = f"{things(facts.rows, 'row')}, {things(len(facts.columns), 'column')}"
    return _ROLES.get(
        facts.role, f"{facts.role} data"
    ), f"{facts.name} · {shape} · {size(facts.size)} · sha256 {facts.sha256[:12]}"


def _model(facts: ModelFacts) -> Pair:
    steps = " → ".join(step.rsplit(".", 1)[-1] for step in facts.steps)
    estimator = facts.estimator.rsplit(".", 1)[-1]
    stored = size(facts.size) if facts.size else ""
    parts = (facts.name, steps or estimator, facts.format, stored, f"sha256 {facts.sha256[:12]}")
    return "model", " · ".join(part for part in parts if part)


def _subject(record: AuditRecord) -> tuple[Pair, ...]:
    result = record.result
    rows = [_model(result.model)] if result.model else [("model", "none given: only the data was audited")]
    rows += [_data(facts) for facts in result.data]
    if result.task:
        classes = f" with {things(len(result.classes), 'class', 'classes')}" if result.classes else ""
        rows.append(("task", f"{result.task}{classes}"))
    return tuple(rows)


def _tally(book: Lookup) -> tuple[tuple[Mark, int], ...]:
    """Count the gated criteria by result; one without a result counts as not run, a waived failure as waived."""
    found = [book.results.get(name) for name in book.record.result.profile.gate]
    marks = [
        RESULTS[Result.NOT_RUN] if result is None else WAIVED if result.waiver else RESULTS[result.result]
        for result in found
    ]
    order = [RESULTS[Result.PASS], WAIVED, *(RESULTS[result] for result in Result if result is not Result.PASS)]
    return tuple((mark, marks.count(mark)) for mark in order if mark in marks)


def _gated(book: Lookup) -> tuple[CriterionRow, ...]:
    names = [name for name in book.record.result.profile.gate if name in book.results and name in book.criteria]
    return tuple(criterion_row(book, book.criteria[name], book.results[name]) for name in names)


def _open_controls(lists: tuple[Checklist, ...]) -> tuple[tuple[str, str, str], ...]:
    counted = [(one, dict(one.counts)[STATUSES[Status.NOT_ASSESSED]]) for one in lists]
    return tuple((one.title, f"{count} of {things(one.total, 'control')}", one.link) for one, count in counted if count)


def _waivers(book: Lookup) -> tuple[WaiverRow, ...]:
    return tuple(
        WaiverRow(
            id=waiver.id,
            title=book.criteria[waiver.criterion].title if waiver.criterion in book.criteria else waiver.criterion,
            link=book.criterion_link(waiver.criterion),
            reason=waiver.reason,
            risk=waiver.risk,
            compensation=waiver.compensation,
            ticket=waiver.ticket,
            people=f"asked for by {waiver.requested_by}, approved by {waiver.approved_by} on {waiver.approved_on}",
            expires_on=waiver.expires_on.isoformat(),
        )
        for waiver in book.record.result.waivers
    )


_DOCUMENT_MARKS: Final = {
    DocumentState.VALID: Mark("valid", "✓", "good"),
    DocumentState.EXPIRED: Mark("expired", "▲", "unsure"),
    DocumentState.MISSING: Mark("missing", "○", "none"),
    DocumentState.REJECTED: Mark("rejected", "✗", "bad"),
}


def _documents(book: Lookup) -> tuple[DocumentRow, ...]:
    return tuple(
        DocumentRow(
            control=document.control,
            link=anchor("f", document.framework, document.control),
            mark=_DOCUMENT_MARKS[document.state],
            because=book.say(document.because),
            by=", ".join(part for part in (document.by, document.role) if part),
            expires_on=document.expires_on.isoformat() if document.expires_on else "",
        )
        for document in book.record.result.document_results
        if document.state is not DocumentState.MISSING
    )


def _command(record: AuditRecord) -> tuple[str, ...]:
    result = record.result
    by_role = {facts.role: facts.name for facts in result.data}
    words = ["govkit audit", result.model.name if result.model else "", by_role.get("test", "")]
    words += [f"--train {by_role['train']}"] if "train" in by_role else []
    words += [f"--profile {result.decision.profile}", f"--budget {result.plan.budget}", f"--seed {result.seed}"]
    return tuple(word for word in words if word)


def _reproduction(record: AuditRecord) -> tuple[Pair, ...]:
    result = record.result
    rows = [("govkit", result.govkit_version), ("date of the audit", result.as_of.isoformat())]
    rows += [("seed", str(result.seed)), ("budget", result.plan.budget), ("profile", result.decision.profile)]
    rows += [("record, sha256 of its result", record.result_sha256), ("configuration, sha256", result.config_sha256)]
    rows += [(f"model {result.model.name}, sha256", result.model.sha256)] if result.model else []
    rows += [(f"{_data(facts)[0]} {facts.name}, sha256", facts.sha256) for facts in result.data]
    return tuple(rows)


def _config(record: AuditRecord) -> tuple[Pair, ...]:
    """Give the resolved configuration without the model card, which has a document of its own."""
    return pairs({key: value for key, value in record.result.config.items() if key != "model_card"})


def _columns(record: AuditRecord) -> tuple[Pair, ...]:
    by_role: dict[str, list[str]] = {}
    for column in record.result.columns[:MOST_COLUMNS]:
        by_role.setdefault(column.role, []).append(f"{column.name} ({column.kind})")
    return tuple((role, ", ".join(names)) for role, names in by_role.items())


def _heading(record: AuditRecord, name: str) -> str:
    given = record.result.config.get("report")
    return shortened(str(given.get(name, "")), MOST_NAME) if isinstance(given, dict) else ""


def report_view(record: AuditRecord) -> ReportView:
    """Turn a record into everything the report says. A pure function of the record."""
    book, result = Lookup(record), record.result
    lists = checklists(book)
    blocking = _blockers(book, result.decision.failed) + _blockers(book, result.decision.incomplete)
    return ReportView(
        name=shortened(result.system.name, MOST_NAME),
        version=shortened(result.system.version, MOST_VERSION),
        owner=result.system.owner,
        purpose=result.system.purpose,
        day=long_date(result.as_of),
        iso_day=result.as_of.isoformat(),
        digest=record.result_sha256,
        short_digest=record.result_sha256[:12],
        profile=result.decision.profile,
        verdict=VERDICTS[result.decision.verdict],
        sentences=_sentences(record),
        subject=_subject(record),
        blocking=tuple(blocking),
        waived=tuple(_blockers(book, result.decision.waived, waived=True)),
        gated=_gated(book),
        open_controls=_open_controls(lists),
        tally=_tally(book),
        gaps=gaps(book),
        areas=areas(book),
        checklists=lists,
        applicability=applicability(book),
        waivers=_waivers(book),
        documents=_documents(book),
        ignored=tuple(
            FindingRow(one.rule, one.severity.value, one.where, book.say(one.message)) for one in result.ignored
        ),
        inferred=tuple(InferredRow(one.field, one.value, book.say(one.basis)) for one in result.inferred),
        suggestions=book.say_all(result.suggestions),
        notes=tuple(
            (one.name, book.say_all(one.notes)) for one in (result.model, *result.data) if one is not None and one.notes
        ),
        command=_command(record),
        reproduction=_reproduction(record),
        software=tuple(result.software.items()),
        isolation=tuple(record.run.isolation.items()),
        config=_config(record),
        columns=_columns(record),
        more_columns=max(len(result.columns) - MOST_COLUMNS, 0),
        warnings=record.run.warnings,
        organisation=_heading(record, "organisation"),
        classification=_heading(record, "classification"),
        logo=record.run.logo,
        changes=changes(book),
    )
