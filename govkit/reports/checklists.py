"""The control checklists: every control of every framework with its status, reason and what is missing."""

from collections import Counter
from dataclasses import dataclass
from typing import Final

from govkit.core.control import Control, ControlResult, DocumentState, Framework, Result, Status
from govkit.reports.charts.control_map import control_map
from govkit.reports.charts.status_bar import counts_bar
from govkit.reports.lookup import Lookup
from govkit.reports.wording import RESULTS, STATUSES, Mark, anchor

_PAPERS: Final = frozenset({"control.documents", "control.attestation"})


@dataclass(frozen=True)
class CriterionMention:
    """A criterion that a control rests on."""

    ref: str
    link: str


@dataclass(frozen=True)
class ControlRow:
    """A control with its status and why."""

    id: str
    link: str
    label: str
    mark: Mark
    required: bool
    because: tuple[str, ...]
    criteria: tuple[tuple[Mark, tuple[CriterionMention, ...]], ...]
    """By result; what is open is named by its title in the reasons."""
    documents: tuple[str, ...]
    """State of its documents and of its attestation, where there are any."""
    missing: tuple[str, ...]
    """What to bring beyond what the reasons already name."""
    facts: tuple[str, ...]
    waivers: tuple[str, ...]
    bring: tuple[str, ...]
    """What to bring, where papers are all that is missing; the reasons say the same at length."""


@dataclass(frozen=True)
class ControlGroup:
    """The controls of one group."""

    id: str
    label: str
    rows: tuple[ControlRow, ...]

    @property
    def found(self) -> tuple[ControlRow, ...]:
        """Give the controls that something is known of."""
        return tuple(row for row in self.rows if not row.bring)


@dataclass(frozen=True)
class Checklist:
    """A framework with every control."""

    id: str
    link: str
    title: str
    version: str
    reference: str
    as_of: str
    catalog_version: str
    wording: str
    counts: tuple[tuple[Mark, int], ...]
    total: int
    bar: str
    map: str
    """Groups by status as SVG; empty where a map would say no more than the bar."""
    groups: tuple[ControlGroup, ...]

    @property
    def waiting(self) -> tuple[ControlRow, ...]:
        """Give the controls that nobody assessed and that wait for papers alone."""
        return tuple(row for group in self.groups for row in group.rows if row.bring)


def named(book: Lookup, missing: str) -> str:
    """Name something missing in words where it is an id of this record."""
    if missing in book.criteria:
        return book.criteria[missing].title
    return book.check_title(missing)


def _documents(result: ControlResult) -> tuple[str, ...]:
    states = (("Documents", result.document), ("Attestation", result.attestation))
    return tuple(f"{kind}: {state.value}." for kind, state in states if state and state is not DocumentState.MISSING)


def _mentions(book: Lookup, result: ControlResult) -> tuple[tuple[Mark, tuple[CriterionMention, ...]], ...]:
    mentioned: dict[Mark, list[CriterionMention]] = {}
    for name, state in result.criteria.items():
        if state is Result.NOT_APPLICABLE:
            continue
        mention = CriterionMention(book.refs.get(name, name), book.criterion_link(name))
        mentioned.setdefault(RESULTS[state], []).append(mention)
    return tuple((mark, tuple(ones)) for mark, ones in mentioned.items())


def _papers(book: Lookup, found: ControlResult) -> tuple[str, ...]:
    """Name documents and the signature that a control waits for; empty where it waits for anything else."""
    if (
        found.status is not Status.NOT_ASSESSED
        or {one.id for one in found.because} - _PAPERS
        or found.waivers
        or found.criteria
    ):
        return ()
    return tuple(named(book, item) for item in found.missing)


def _row(book: Lookup, framework: Framework, control: Control) -> ControlRow:
    found = book.controls.get((framework.id, control.id))
    required = any(
        (reference.framework, reference.control) == (framework.id, control.id)
        for reference in book.record.result.profile.controls
    )
    facts = {fact.id: book.say(fact.message) for fact in book.record.result.facts if fact.holds is not None}
    status = found.status if found else Status.NOT_ASSESSED
    because = book.say_all(found.because) if found else ("This record holds no result for the control.",)
    return ControlRow(
        id=control.id,
        link=anchor("f", framework.id, control.id),
        label=control.label,
        mark=STATUSES[status],
        required=required,
        because=because,
        criteria=_mentions(book, found) if found else (),
        documents=_documents(found) if found else (),
        missing=_missing(book, found, because, control) if found else (),
        facts=tuple(facts[name] for name in control.facts if name in facts),
        waivers=found.waivers if found else (),
        bring=_papers(book, found) if found else (),
    )


def _missing(book: Lookup, found: ControlResult, because: tuple[str, ...], control: Control) -> tuple[str, ...]:
    """Name what the reasons don't; where they speak of what no check measures, it is in them by its title."""
    unmeasured = control.unmeasured if any(one.id == "control.unmeasured" for one in found.because) else ()
    said = " ".join(because)
    items = [item for item in found.missing if item not in found.criteria and item not in unmeasured]
    return tuple(named(book, item) for item in items if item.removeprefix("a ") not in said)


def _groups(framework: Framework, rows: dict[str, list[ControlRow]]) -> tuple[ControlGroup, ...]:
    labels = {group.id: group.label for group in framework.groups}
    order = [group.id for group in framework.groups] + sorted(set(rows) - set(labels))
    return tuple(ControlGroup(name, labels.get(name, ""), tuple(rows[name])) for name in order if rows.get(name))


def checklist(book: Lookup, framework: Framework) -> Checklist:
    """Lay out one framework; counts stand beside their denominator and are never made into one percentage."""
    rows: dict[str, list[ControlRow]] = {}
    for control in framework.controls:
        rows.setdefault(control.group, []).append(_row(book, framework, control))
    seen = Counter(row.mark for group in rows.values() for row in group)
    counts = tuple((STATUSES[status], seen[STATUSES[status]]) for status in Status)
    groups = _groups(framework, rows)
    return Checklist(
        id=framework.id,
        link=anchor("f", framework.id),
        title=framework.title,
        version=framework.version,
        reference=framework.reference,
        as_of=framework.as_of.isoformat(),
        catalog_version=framework.catalog_version,
        wording=framework.wording,
        counts=counts,
        total=len(framework.controls),
        bar=counts_bar(counts, f"Controls of {framework.title} by status"),
        map=control_map(
            [(f"{group.id} {group.label}", [row.mark for row in group.rows]) for group in groups],
            [mark for mark, count in counts if count],
            f"Controls of {framework.title}",
        ),
        groups=groups,
    )


def checklists(book: Lookup) -> tuple[Checklist, ...]:
    """Give the frameworks in the profile's order, then any others of the record."""
    order = {name: place for place, name in enumerate(book.record.result.profile.frameworks)}
    ranked = sorted(book.record.result.frameworks, key=lambda framework: order.get(framework.id, len(order)))
    return tuple(checklist(book, framework) for framework in ranked)
