"""The model card as a reader meets it: the sections of six standards, measured where possible, declared where not."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from govkit.core.control import Result
from govkit.core.record import AuditRecord
from govkit.reports.areas import Area, CheckView, CriterionRow, MeasurementRow, Pair
from govkit.reports.card_plan import ALIASES, SECTIONS, SHEET, Declaration, Fill, Plan
from govkit.reports.figures import Figure
from govkit.reports.lookup import Lookup
from govkit.reports.view import ReportView, report_view
from govkit.reports.wording import anchor, things


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
    fill: Fill
    told: tuple[Told, ...]
    pairs: tuple[Pair, ...]
    criteria: tuple[CriterionRow, ...]
    numbers: tuple[MeasurementRow, ...]
    figures: tuple[Figure, ...]
    points: tuple[str, ...]


@dataclass(frozen=True)
class CardView:
    """Everything a model card or a data sheet says, in its order."""

    kind: Literal["Model card", "Data sheet"]
    block: Literal["model_card", "provenance"]
    """The block of govkit.yaml that its declarations stand in."""
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
                found[ALIASES.get(str(key), str(key))] = paragraphs
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


def _identity(view: ReportView) -> tuple[Pair, ...]:
    rows = [("name", view.name), ("version", view.version), ("purpose", view.purpose), ("audited on", view.day)]
    return tuple((name, value) for name, value in (*rows, ("record", view.digest)) if value)


def _subject(record: AuditRecord, role: str) -> tuple[Pair, ...]:
    view = report_view(record)
    return tuple(pair for pair in view.subject if pair[0] == role)


def _results(record: AuditRecord) -> tuple[Pair, ...]:
    """Give the ungrouped performance numbers, those that the model index of a hub holds."""
    book = Lookup(record)
    kept = {name for name, _, _ in metrics(record)}
    return tuple(
        (book.meaning(one.check, found.name), " ".join(part for part in (number.text, number.interval) if part))
        for one in record.result.evidence
        if one.check.startswith("performance.")
        for found in one.measurements
        if found.name in kept and not found.group
        for number in (book.number(one.check, found),)
    )


def _inputs(record: AuditRecord) -> tuple[Pair, ...]:
    return tuple(pair for pair in _model(record) if pair[0] in {"inputs", "classes", "task"})


def _composition(view: ReportView) -> tuple[Pair, ...]:
    return (*view.subject[1:], *((f"columns: {role}", names) for role, names in view.columns))


def _pairs(title: str, record: AuditRecord, view: ReportView) -> tuple[Pair, ...]:
    """Give what the record itself says in a section."""
    own: dict[str, Callable[[], tuple[Pair, ...]]] = {
        "Identity": lambda: _identity(view),
        "Model": lambda: _model(record),
        "Software": lambda: tuple(record.result.software.items()),
        "Instructions for use": lambda: _inputs(record),
        "Training data": lambda: _subject(record, "training data"),
        "Evaluation": lambda: _subject(record, "hold-out data"),
        "Results": lambda: _results(record),
        "Composition": lambda: _composition(view),
    }
    return own[title]() if title in own else ()


def _section(plan: Plan, given: Mapping[str, tuple[str, ...]], view: ReportView, record: AuditRecord) -> Section:
    checks = _checks(view.areas, plan.families)
    points = {"Limitations": _limitations(view), "Risk management": _controls(view)}.get(plan.title, ())
    return Section(
        title=plan.title,
        link=anchor("s", plan.title),
        fill=plan.fill,
        told=tuple(Told(one.title, given[one.key]) for one in plan.declared if one.key in given),
        pairs=_pairs(plan.title, record, view),
        criteria=tuple(row for check in checks for row in check.criteria),
        # all of the evaluation's numbers are its results, a section of their own
        numbers=() if plan.title == "Evaluation" else tuple(row for check in checks for row in check.numbers),
        figures=tuple(figure for check in checks for figure in check.figures),
        points=points,
    )


def _filled(section: Section) -> bool:
    return any((section.told, section.pairs, section.criteria, section.numbers, section.figures, section.points))


def card_view(record: AuditRecord) -> CardView:
    """Turn a record into everything its model card says. A pure function of the record."""
    given = declarations(record)
    known = {one.key for plan in SECTIONS for one in plan.declared}
    other = tuple(Told(key.replace("_", " "), text) for key, text in given.items() if key not in known)
    more = (
        (Section("Other declarations", anchor("s", "other"), "declared", other, (), (), (), (), ()),) if other else ()
    )
    return _card("Model card", "model_card", SECTIONS, given, record, more)


def sheet_view(record: AuditRecord) -> CardView:
    """Turn a record into everything the data sheet of its data says. A pure function of the record."""
    block = record.result.config.get("provenance")
    given = {
        str(key): paragraphs
        for key, value in (block.items() if isinstance(block, dict) else ())
        if (paragraphs := _paragraphs(_plain(value)))
    }
    return _card("Data sheet", "provenance", SHEET, given, record, ())


def _plain(value: object) -> object:
    """Lay out a list of named things as their names; nothing declared is nothing said."""
    if isinstance(value, list | tuple):
        return [item.get("name", "") if isinstance(item, dict) else item for item in value]
    return "" if value is None or isinstance(value, dict) else value


def _card(  # noqa: PLR0913, PLR0917 - what differs between the two documents
    kind: Literal["Model card", "Data sheet"],
    block: Literal["model_card", "provenance"],
    plans: tuple[Plan, ...],
    given: Mapping[str, tuple[str, ...]],
    record: AuditRecord,
    more: tuple[Section, ...],
) -> CardView:
    view = report_view(record)
    sections = (*(_section(plan, given, view, record) for plan in plans), *more)
    return CardView(
        kind=kind,
        block=block,
        report=view,
        iso_day=view.iso_day,
        sections=tuple(section for section in sections if _filled(section)),
        lacking=tuple(one for plan in plans for one in plan.declared if one.key not in given),
        licence=given.get("licence", given.get("license", ("",)))[0],
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
