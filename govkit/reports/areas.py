"""What was measured, by area: each check with its criteria, figures, findings, method and evidence."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from govkit.core.control import Criterion, CriterionResult, Result
from govkit.core.evidence import AskKind, Evidence, Finding, Severity
from govkit.core.record import CheckFacts
from govkit.plugins.chart import Limit
from govkit.reports.figures import Figure, charted, figure
from govkit.reports.lookup import Lookup, Number
from govkit.reports.wording import OUTCOMES, RESULTS, SIGNS, WAIVED, Mark, anchor, cell, limit, size

TITLES: Final = {
    "pii": "Personal data",
    "privacy": "Privacy of the training data",
    "robustness": "Robustness",
    "provenance": "Provenance",
    "quality": "Data quality",
    "performance": "Performance",
    "security": "Model file",
}
"""Families of checks in the order of the report; others follow in alphabetical order."""

MOST_OBSERVED: Final = 3
MOST_FINDINGS: Final = 4
MOST_NUMBERS: Final = 4
MOST_PICTURES: Final = 2
"""Pictures of one area; what the others would show is said in a line each, and the record holds their rows."""
_SEVERITIES: Final = list(Severity)
_EMPTY: Final[tuple[object, ...]] = (None, "", (), [], {})
Pair = tuple[str, str]


@dataclass(frozen=True)
class CriterionRow:
    """A criterion with what was measured against it."""

    id: str
    ref: str
    """Short name within one report, `C12`, by which the control checklists mention it."""
    link: str
    title: str
    area: str
    check: str
    mark: Mark
    gated: bool
    severity: str
    measured: tuple[Number, ...]
    unshown: int
    limit: str
    because: str
    why: str
    remedy: str
    conditions: tuple[str, ...]
    loosened: str
    waiver: str


@dataclass(frozen=True)
class MeasurementRow:
    """A measurement in the evidence appendix."""

    link: str
    meaning: str
    name: str
    number: Number
    method: str


@dataclass(frozen=True)
class EvidenceRow:
    """One measurement with its value for each group."""

    meaning: str
    method: str
    values: tuple[MeasurementRow, ...]


@dataclass(frozen=True)
class FindingRow:
    """A place a person should look at."""

    rule: str
    severity: str
    where: str
    text: str


@dataclass(frozen=True)
class CheckView:
    """A check with everything it left."""

    facts: CheckFacts
    link: str
    evidence_link: str
    mark: Mark
    reason: str
    ask: str
    ask_kind: AskKind
    criteria: tuple[CriterionRow, ...]
    counts: tuple[tuple[Mark, int], ...]
    """Criteria by result."""
    numbers: tuple[MeasurementRow, ...]
    """Measurements that no criterion judged and that aren't split by group."""
    figures: tuple[Figure, ...]
    unshown: tuple[Figure, ...]
    """Pictures that its area has no room for."""
    printed: tuple[Figure, ...]
    """Tables that stand beside the results."""
    findings: tuple[FindingRow, ...]
    more_findings: int
    measured: tuple[EvidenceRow, ...]
    more_measurements: int
    total_measurements: int
    tables: tuple[Figure, ...]
    settings: tuple[Pair, ...]
    """Parameters, work counts and files; seeds, inputs and versions stand in the record."""

    @property
    def undrawn(self) -> int:
        """Count the pictures that its area has no room for."""
        return len(self.unshown)

    @property
    def open(self) -> bool:
        """Tell whether it measured something that a reader has to act on, or that was accepted."""
        return any(row.mark.tone in {"bad", "unsure"} for row in self.criteria) and bool(self.measured)


@dataclass(frozen=True)
class Area:
    """A family of checks."""

    id: str
    title: str
    link: str
    counts: tuple[tuple[Mark, int], ...]
    checks: tuple[CheckView, ...]

    @property
    def open(self) -> tuple[CheckView, ...]:
        """Give the checks that are laid out in full: something failed, was not decided or was accepted."""
        return tuple(check for check in self.checks if check.open)

    @property
    def good(self) -> tuple[CheckView, ...]:
        """Give the checks that measured something and missed no limit."""
        return tuple(check for check in self.checks if check.measured and not check.open)

    @property
    def unmeasured(self) -> tuple[CheckView, ...]:
        """Give the checks without a measurement."""
        return tuple(check for check in self.checks if not check.measured)


def criterion_row(book: Lookup, criterion: Criterion, result: CriterionResult) -> CriterionRow:
    """Lay out a criterion with its worst observations."""
    family = criterion.check.split(".", 1)[0]
    loosened = f"Loosened by {criterion.loosened_by}: {criterion.loosened_because}" if criterion.loosened_by else ""
    return CriterionRow(
        id=criterion.id,
        ref=book.refs[criterion.id],
        link=book.criterion_link(criterion.id),
        title=criterion.title,
        area=TITLES.get(family, family),
        check=criterion.check,
        mark=RESULTS[result.result],
        gated=criterion.id in book.gated,
        severity=criterion.severity.value,
        measured=tuple(book.observation(criterion, seen) for seen in result.observed[:MOST_OBSERVED]),
        unshown=max(len(result.observed) - MOST_OBSERVED, 0),
        limit=limit(criterion.operator, criterion.threshold, criterion.unit),
        because=book.say(result.because),
        why=criterion.why,
        remedy=criterion.remedy,
        conditions=tuple(
            f"{book.condition(criterion.check, needed)} {SIGNS[needed.operator]} {cell(needed.threshold, '')}"
            for needed in criterion.only_if
        ),
        loosened=loosened,
        waiver=result.waiver,
    )


def _measurements(book: Lookup, evidence: Evidence) -> tuple[MeasurementRow, ...]:
    return tuple(
        MeasurementRow(
            link=book.measurement_link(evidence.check, place),
            meaning=book.meaning(evidence.check, found.name),
            name=found.name,
            number=book.number(evidence.check, found),
            method=found.interval.method if found.interval else "exact",
        )
        for place, found in enumerate(book.shown(evidence.check))
    )


def _by_meaning(rows: tuple[MeasurementRow, ...]) -> tuple[EvidenceRow, ...]:
    together: dict[tuple[str, str], list[MeasurementRow]] = {}
    for row in rows:
        together.setdefault((row.meaning, row.method), []).append(row)
    return tuple(EvidenceRow(meaning, method, tuple(found)) for (meaning, method), found in together.items())


def _findings(book: Lookup, findings: tuple[Finding, ...]) -> tuple[FindingRow, ...]:
    ranked = sorted(findings, key=lambda finding: _SEVERITIES.index(finding.severity))
    return tuple(
        FindingRow(finding.rule, finding.severity.value, finding.where, book.say(finding.message))
        for finding in ranked[:MOST_FINDINGS]
    )


def _plain(value: object) -> str:
    """Lay out a value; what is empty inside a list or a mapping was not given and is left out."""
    if isinstance(value, str | int | float | bool) or value is None:
        return cell(value, "") if not isinstance(value, float) else repr(value)
    if isinstance(value, list | tuple):
        return ", ".join(laid for item in value if item not in _EMPTY and (laid := _plain(item)))
    if isinstance(value, dict):
        return ", ".join(f"{key}: {laid}" for key, laid in pairs(value))
    return str(value)


def pairs(values: Mapping[str, object]) -> tuple[Pair, ...]:
    """Lay out a mapping as name and value, without what is empty."""
    return tuple((name, laid) for name, value in values.items() if value not in _EMPTY and (laid := _plain(value)))


def _settings(evidence: Evidence) -> tuple[tuple[str, str], ...]:
    lists = (
        ("Parameters", pairs(evidence.params)),
        ("Work", pairs(dict(evidence.work))),
        ("Files", tuple((file.name, f"{size(file.size)}, sha256 {file.sha256}") for file in evidence.artefacts)),
    )
    return tuple(
        (title, ", ".join(f"{name} {value}".rstrip() for name, value in rows)) for title, rows in lists if rows
    )


def _limits(book: Lookup, check: str) -> tuple[Limit, ...]:
    return tuple(
        Limit(
            measurement=criterion.measurement,
            threshold=criterion.threshold,
            words=f"limit {limit(criterion.operator, criterion.threshold, criterion.unit)}",
            operator=criterion.operator,
            groups=tuple(seen.group for seen in book.results[criterion.id].observed),
        )
        for criterion in book.criteria.values()
        if criterion.check == check and criterion.id in book.results
    )


def check_view(book: Lookup, check: str) -> CheckView:
    """Lay out one check."""
    evidence = book.evidence[check]
    rows = tuple(
        criterion_row(book, criterion, book.results[criterion.id])
        for criterion in book.record.result.criteria
        if criterion.check == check and criterion.id in book.results
    )
    judged = {criterion.measurement for criterion in book.criteria.values() if criterion.check == check}
    measurements = _measurements(book, evidence)
    limits = _limits(book, check)
    drawn = [(charted(table), table.printed, figure(table, limits)) for table in evidence.tables]
    return CheckView(
        facts=book.checks[check],
        link=book.check_link(check),
        evidence_link=book.evidence_link(check),
        mark=OUTCOMES[evidence.outcome],
        reason=book.say(evidence.reason),
        ask=evidence.ask,
        ask_kind=evidence.ask_kind,
        criteria=rows,
        counts=_counts(rows),
        numbers=tuple(row for row in measurements if row.name not in judged and not row.number.about)[:MOST_NUMBERS],
        figures=tuple(shown for chart, _, shown in drawn if chart),
        unshown=(),
        printed=tuple(shown for chart, printed, shown in drawn if printed and not chart),
        findings=_findings(book, evidence.findings),
        more_findings=max(len(evidence.findings) - MOST_FINDINGS, 0),
        measured=_by_meaning(measurements),
        more_measurements=len(evidence.measurements) - len(measurements),
        total_measurements=len(evidence.measurements),
        tables=tuple(shown for chart, printed, shown in drawn if not chart and not printed),
        settings=_settings(evidence),
    )


def _counts(rows: tuple[CriterionRow, ...]) -> tuple[tuple[Mark, int], ...]:
    seen = Counter(WAIVED if row.waiver else row.mark for row in rows)
    order = [RESULTS[result] for result in Result]
    return tuple((mark, seen[mark]) for mark in (order[0], WAIVED, *order[1:]) if seen[mark])


def _illustrated(checks: tuple[CheckView, ...]) -> tuple[CheckView, ...]:
    """Leave an area a few pictures: one of each check before a second, gated checks first; where none is open, one."""
    places = [
        (not check.open, place, not any(row.gated for row in check.criteria), at)
        for at, check in enumerate(checks)
        for place in range(len(check.figures))
    ]
    ranked = sorted(places)
    kept = Counter(at for rank, (good, _, _, at) in enumerate(ranked[:MOST_PICTURES]) if not good or rank == 0)
    return tuple(
        replace(check, figures=check.figures[: kept[at]], unshown=check.figures[kept[at] :])
        for at, check in enumerate(checks)
    )


def areas(book: Lookup) -> tuple[Area, ...]:
    """Give every family that left evidence, in the report's order."""
    families: dict[str, list[str]] = {family: [] for family in TITLES}
    for check in sorted(book.evidence):
        families.setdefault(check.split(".", 1)[0], []).append(check)
    found = []
    for family, names in families.items():
        checks = _illustrated(tuple(check_view(book, name) for name in names))
        title = TITLES.get(family, family.replace("_", " ").capitalize())
        rows = tuple(row for check in checks for row in check.criteria)
        found.append(Area(family, title, anchor("a", family), _counts(rows), checks))
    return tuple(area for area in found if area.checks)
