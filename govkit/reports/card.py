"""The model card as a reader meets it: the sections of six standards, measured where possible, declared where not."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from govkit.core.control import Result
from govkit.core.record import AuditRecord
from govkit.reports.areas import Area, CheckView, CriterionRow, MeasurementRow, Pair
from govkit.reports.figures import Figure
from govkit.reports.lookup import Lookup
from govkit.reports.view import ReportView, report_view
from govkit.reports.wording import anchor, things


@dataclass(frozen=True)
class Declaration:
    """One thing that only people can say, with the question it answers."""

    key: str
    title: str
    question: str


@dataclass(frozen=True)
class _Plan:
    """A section: what is declared in it, and which families of checks fill it."""

    title: str
    declared: tuple[Declaration, ...] = ()
    families: tuple[str, ...] = ()


SECTIONS: Final = (
    _Plan(
        "Who stands behind it",
        (
            Declaration("owners", "Owners", "Who answers for this model?"),
            Declaration("developers", "Developers", "Who built it?"),
            Declaration("contact", "Contact", "Where do questions go?"),
            Declaration("licence", "Licence", "Under which terms may it be used? An SPDX id where there is one."),
            Declaration("references", "References", "Which papers or documents describe it?"),
            Declaration("citation", "Citation", "How should it be cited?"),
        ),
    ),
    _Plan(
        "Use",
        (
            Declaration("intended_use", "Intended use", "What is it for, and for whom?"),
            Declaration("users", "Users", "Who works with its answers?"),
            Declaration("downstream_use", "Downstream use", "What may be built on it?"),
            Declaration("out_of_scope", "Out of scope", "What must it not be used for?"),
            Declaration("instructions", "Instructions for use", "How is it called, and how are its answers read?"),
        ),
    ),
    _Plan("Model"),
    _Plan(
        "Data",
        (
            Declaration("training_data", "Training data", "Where do the rows come from, and what do they stand for?"),
            Declaration("preprocessing", "Preparation", "How were rows cleaned, labelled and transformed?"),
            Declaration("sensitive_data", "Sensitive data", "Which personal or special categories does it hold?"),
        ),
        ("quality", "provenance"),
    ),
    _Plan(
        "Evaluation",
        (Declaration("metrics_rationale", "Why these metrics", "Why do these metrics fit the use?"),),
        ("performance",),
    ),
    _Plan("Robustness", (), ("robustness",)),
    _Plan(
        "Privacy",
        (
            Declaration("retention", "Retention", "How long are training rows kept?"),
            Declaration(
                "data_subject_requests", "Requests of people concerned", "How can a person ask about their record?"
            ),
        ),
        ("privacy", "pii"),
    ),
    _Plan("Security of the model file", (), ("security",)),
    _Plan(
        "Fairness",
        (Declaration("fairness", "Groups and mitigation", "Which groups could be harmed, and what was done?"),),
        ("fairness",),
    ),
    _Plan("Explainability", (Declaration("explainability", "Explanations", "How can one answer be explained?"),)),
    _Plan(
        "Limitations",
        (Declaration("limitations", "Declared by the owners", "Where does it work badly or not at all?"),),
    ),
    _Plan(
        "Ethical considerations",
        (Declaration("ethical", "Considerations", "Who could be harmed, and what was done about it?"),),
    ),
    _Plan("Human oversight", (Declaration("oversight", "Oversight", "Who may overrule it, and how?"),)),
    _Plan(
        "Risk management and standards",
        (
            Declaration("risk_management", "Risk management", "Which risks are known, and who decided about them?"),
            Declaration("standards", "Standards applied", "Which standards were followed?"),
            Declaration("conformity", "Declaration of conformity", "Which declaration was signed, and where is it?"),
        ),
    ),
    _Plan(
        "Monitoring",
        (Declaration("monitoring", "After release", "What is watched in use, by whom, and when is it withdrawn?"),),
    ),
    _Plan("Environment", (Declaration("environment", "Energy and emissions", "What did training and use consume?"),)),
)
_ALIASES: Final = {
    "license": "licence",
    "owner": "owners",
    "authors": "developers",
    "ethics": "ethical",
    "ethical_considerations": "ethical",
    "human_oversight": "oversight",
    "energy": "environment",
}


@dataclass(frozen=True)
class Told:
    """A declaration as made."""

    title: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True)
class Section:
    """A section with something in it."""

    title: str
    link: str
    told: tuple[Told, ...]
    pairs: tuple[Pair, ...]
    criteria: tuple[CriterionRow, ...]
    numbers: tuple[MeasurementRow, ...]
    figures: tuple[Figure, ...]
    points: tuple[str, ...]


@dataclass(frozen=True)
class CardView:
    """Everything a model card says, in its order."""

    report: ReportView
    iso_day: str
    sections: tuple[Section, ...]
    lacking: tuple[Declaration, ...]
    licence: str


def _paragraphs(value: object) -> tuple[str, ...]:
    items = value if isinstance(value, list | tuple) else [value]
    return tuple(part.strip() for item in items for part in str(item).split("\n") if part.strip())


def declarations(record: AuditRecord) -> Mapping[str, tuple[str, ...]]:
    """Give what the `model_card` block declares, by key, empty entries left out."""
    given = record.result.config.get("model_card")
    found: dict[str, tuple[str, ...]] = {}
    if isinstance(given, dict):
        for key, value in given.items():
            paragraphs = _paragraphs(value)
            if paragraphs:
                found[_ALIASES.get(str(key), str(key))] = paragraphs
    if record.result.system.owner:
        found.setdefault("owners", (record.result.system.owner,))
    return found


def _model(record: AuditRecord) -> tuple[Pair, ...]:
    result, model = record.result, record.result.model
    if model is None:
        return (("model", "none given: only the data was audited"),)
    rows = [("file", model.name), ("format", model.format), ("sha256", model.sha256)]
    rows += [("not loaded", model.refused)] if model.refused else []
    rows += [("type", model.estimator), ("steps", " → ".join(model.steps)), ("task", result.task or "")]
    rows += [("classes", ", ".join(result.classes))]
    inputs = [f"{column.name} ({column.kind})" for column in result.columns if column.role == "feature"]
    shown = ", ".join(inputs[:_MOST_INPUTS]) + (
        f" and {len(inputs) - _MOST_INPUTS} more" if len(inputs) > _MOST_INPUTS else ""
    )
    rows += [("inputs", shown)]
    rows += [("parameters", ", ".join(f"{name} {value}" for name, value in model.parameters.items()))]
    rows += [("fitted with", ", ".join(f"{name} {value}" for name, value in model.fitted_with.items()))]
    rows += [("audited with", ", ".join(f"{name} {value}" for name, value in result.software.items()))]
    return tuple((name, value) for name, value in rows if value)


_MOST_INPUTS: Final = 40


def _limitations(view: ReportView) -> tuple[str, ...]:
    """Write limitations from what failed, what was accepted, what is undecided and what was not measured."""
    rows = [row for area in view.areas for check in area.checks for row in check.criteria]
    found = []
    for row in rows:
        first = row.measured[0] if row.measured else None
        number = f" ({first.text}{' ' + first.interval if first.interval else ''}, limit {row.limit})" if first else ""
        if row.mark.word == Result.FAIL.value:
            accepted = f" Accepted by waiver {row.waiver}." if row.waiver else ""
            found.append(f"Does not hold: {row.title}{number}.{accepted}")
        elif row.mark.word == Result.INCONCLUSIVE.value:
            found.append(f"Not decided: {row.title}{number}.")
    found += [f"Not measured: {', '.join(item.title for item in gap.items)}." for gap in view.gaps.missing]
    return tuple(found)


def _controls(view: ReportView) -> tuple[str, ...]:
    return tuple(
        f"{checklist.title}: of {things(checklist.total, 'control')} "
        + ", ".join(f"{count} {mark.word}" for mark, count in checklist.counts if count)
        for checklist in view.checklists
        if checklist.total
    )


def _checks(areas: tuple[Area, ...], families: tuple[str, ...]) -> list[CheckView]:
    return [check for area in areas if area.id in families for check in area.checks]


def _section(plan: _Plan, given: Mapping[str, tuple[str, ...]], view: ReportView, record: AuditRecord) -> Section:
    checks = _checks(view.areas, plan.families)
    told = tuple(Told(one.title, given[one.key]) for one in plan.declared if one.key in given)
    pairs = {
        "Who stands behind it": tuple((one.title, "; ".join(one.paragraphs)) for one in told),
        "Model": _model(record),
        "Data": tuple(view.subject[1:]),
    }.get(plan.title, ())
    points = {"Limitations": _limitations(view), "Risk management and standards": _controls(view)}.get(plan.title, ())
    return Section(
        title=plan.title,
        link=anchor("s", plan.title),
        told=() if plan.title == "Who stands behind it" else told,
        pairs=pairs,
        criteria=tuple(row for check in checks for row in check.criteria),
        numbers=tuple(row for check in checks for row in check.numbers),
        figures=tuple(figure for check in checks for figure in check.figures),
        points=points,
    )


def _filled(section: Section) -> bool:
    return any((section.told, section.pairs, section.criteria, section.numbers, section.figures, section.points))


def card_view(record: AuditRecord) -> CardView:
    """Turn a record into everything its model card says. A pure function of the record."""
    view, given = report_view(record), declarations(record)
    known = {one.key for plan in SECTIONS for one in plan.declared}
    other = tuple(Told(key.replace("_", " "), text) for key, text in given.items() if key not in known)
    sections = [_section(plan, given, view, record) for plan in SECTIONS]
    if other:
        sections.append(Section("Other declarations", anchor("s", "other"), other, (), (), (), (), ()))
    return CardView(
        report=view,
        iso_day=view.iso_day,
        sections=tuple(section for section in sections if _filled(section)),
        lacking=tuple(one for plan in SECTIONS for one in plan.declared if one.key not in given),
        licence=given.get("licence", ("",))[0],
    )


def metrics(record: AuditRecord) -> list[tuple[str, str, float]]:
    """Give type, name and value of each ungrouped performance measurement, for machine-readable cards."""
    book = Lookup(record)
    found = [
        (measurement.name, book.meaning(evidence.check, measurement.name), measurement.value)
        for evidence in record.result.evidence
        if evidence.check.startswith("performance.")
        for measurement in evidence.measurements
        if not measurement.group
    ]
    counted = Counter(name for name, _, _ in found)
    return [one for one in found if counted[one[0]] == 1]
