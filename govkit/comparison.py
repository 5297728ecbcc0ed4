"""Compare two audits of one system: what changed by more than chance, which way, and what it did to controls."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import NormalDist
from typing import Final, Literal

from govkit.core.control import Criterion, CriterionResult, Result, Status, Verdict
from govkit.core.digest import SIGNIFICANT_DIGITS
from govkit.core.errors import InputProblem
from govkit.core.evidence import Evidence, Measurement
from govkit.core.messages import sentence
from govkit.core.record import AuditRecord

LEVEL: Final = 0.95
"""All differences called changed hold together at this level."""
Direction = Literal["better", "worse", "moved"]
Key = tuple[str, str, tuple[tuple[str, str], ...]]
_RANKS: Final[Mapping[Result, int]] = {
    Result.PASS: 0,
    Result.NOT_APPLICABLE: 0,
    Result.INCONCLUSIVE: 1,
    Result.NOT_RUN: 1,
    Result.ERROR: 1,
    Result.FAIL: 2,
}
STATUS_RANKS: Final[Mapping[Status, int]] = {
    Status.MET: 0,
    Status.NOT_APPLICABLE: 0,
    Status.PARTIALLY_MET: 1,
    Status.INCONCLUSIVE: 2,
    Status.NOT_ASSESSED: 2,
    Status.NOT_MET: 3,
}


@dataclass(frozen=True)
class Side:
    """One of the two audits."""

    as_of: date
    record_sha256: str
    model_sha256: str
    """Empty for an audit of data alone."""
    profile: str
    verdict: Verdict
    govkit_version: str


@dataclass(frozen=True)
class Reading:
    """A measured value on one side."""

    value: float
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True)
class MeasurementChange:
    """A measurement that differs by more than chance."""

    check: str
    name: str
    group: dict[str, str]
    unit: str
    old: Reading
    new: Reading
    difference: float
    low: float | None
    """Lower 95 % limit of the difference; None where unbounded or exact."""
    high: float | None
    p: float
    """Adjusted for all comparisons by Holm's method; 0 for exact values."""
    direction: Direction
    alike: bool
    """Whether both sides were measured by the same version of the check with the same parameters."""


@dataclass(frozen=True)
class CriterionChange:
    """A criterion whose result, limit or waiver differs."""

    criterion: str
    title: str
    gated: bool
    old: Result | None
    """None: the record doesn't hold the criterion."""
    new: Result | None
    direction: Direction
    beyond_chance: bool | None
    """Whether what it judges changed by more than chance that way; None where nothing can be compared."""
    limit_moved: bool
    waiver: str
    """Id of the waiver that covers the new failure."""
    waiver_lost: str = ""
    """Id of the waiver that covered the earlier failure and doesn't cover the new one."""
    waiver_lost_because: str = ""
    """Why, where the new record says so."""


@dataclass(frozen=True)
class ControlChange:
    """A control whose status differs."""

    framework: str
    control: str
    old: Status | None
    new: Status | None
    direction: Direction


@dataclass(frozen=True)
class Comparison:
    """What changed from one audit to the next."""

    system: str
    old: Side
    new: Side
    criteria: tuple[CriterionChange, ...]
    controls: tuple[ControlChange, ...]
    measurements: tuple[MeasurementChange, ...]
    within_chance: int
    """Measurements whose values differ by no more than chance."""
    equal: int
    """Measurements with the same value."""
    added: tuple[str, ...]
    """Measurements that only the new audit has, as `check name`."""
    removed: tuple[str, ...]


def check_same_system(old: AuditRecord, new: AuditRecord) -> None:
    """Refuse two records that are about different systems.

    Raises:
        InputProblem: their system ids differ.
    """
    if old.result.system.id != new.result.system.id:
        raise InputProblem(
            f"the records are about different systems: {old.result.system.id!r} and {new.result.system.id!r}",
            hint="give two audits of one system; `system: {id: ...}` in govkit.yaml names it",
        )


def compare(old: AuditRecord, new: AuditRecord) -> Comparison:
    """Compare two audits.

    A record holds no rows, so differences are judged as between independent samples; where both audits used the same
    rows that is cautious. The limits of a difference come from both intervals by MOVER (Zou and Donner 2008,
    Statistics in Medicine 27), and Holm's method keeps one of twenty comparisons from looking changed by chance.

    Raises:
        InputProblem: the records are about different systems.
    """
    check_same_system(old, new)
    before, after = _measurements(old), _measurements(new)
    shared = [key for key in after if key in before]
    changes = tuple(_changes(old, new, [(before[key], after[key], key) for key in shared]))
    equal = sum(_same(before[key].value, after[key].value) for key in shared)
    return Comparison(
        system=new.result.system.id,
        old=_side(old),
        new=_side(new),
        criteria=tuple(_criteria(old, new, changes)),
        controls=tuple(_controls(old, new)),
        measurements=changes,
        within_chance=len(shared) - equal - len(changes),
        equal=equal,
        added=tuple(dict.fromkeys(f"{key[0]} {key[1]}" for key in after if key not in before)),
        removed=tuple(dict.fromkeys(f"{key[0]} {key[1]}" for key in before if key not in after)),
    )


def _side(record: AuditRecord) -> Side:
    result = record.result
    return Side(
        as_of=result.as_of,
        record_sha256=record.result_sha256,
        model_sha256=result.model.sha256 if result.model else "",
        profile=result.decision.profile,
        verdict=result.decision.verdict,
        govkit_version=result.govkit_version,
    )


def _measurements(record: AuditRecord) -> dict[Key, Measurement]:
    return {
        (evidence.check, found.name, tuple(sorted(found.group.items()))): found
        for evidence in record.result.evidence
        for found in evidence.measurements
    }


def _same(old: float, new: float) -> bool:
    """Compare as the record writes numbers: the last bits depend on the machine."""
    return f"{old:.{SIGNIFICANT_DIGITS - 1}e}" == f"{new:.{SIGNIFICANT_DIGITS - 1}e}"


def _error(found: Measurement, *, upward: bool) -> float:
    """Give a value's standard error to one side, from its interval at whatever level that has; 0 for exact values."""
    if found.interval is None:
        return 0.0
    limit = found.interval.high if upward else found.interval.low
    if limit is None:
        return float("inf")
    distance = limit - found.value if upward else found.value - limit
    return max(distance, 0.0) / NormalDist().inv_cdf((1 + found.interval.level) / 2)


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Give p-values adjusted by Holm's method (1979, Scandinavian Journal of Statistics 6), in the order given."""
    adjusted, largest = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = largest
    return tuple(adjusted)


def difference(old: Measurement, new: Measurement) -> tuple[float | None, float | None, float]:
    """Give the 95 % limits of a difference, None where unbounded, and its two-sided p-value before adjustment.

    Args:
        old: the earlier measurement.
        new: the later one; the difference is new minus old.
    """
    change = new.value - old.value
    below = (_error(new, upward=False) ** 2 + _error(old, upward=True) ** 2) ** 0.5
    above = (_error(new, upward=True) ** 2 + _error(old, upward=False) ** 2) ** 0.5
    towards_zero = below if change > 0 else above
    normal = NormalDist()
    p = 2 * (1 - normal.cdf(abs(change) / towards_zero)) if towards_zero else float(change == 0)
    reach = normal.inv_cdf((1 + LEVEL) / 2)
    low = None if below == float("inf") else change - reach * below
    high = None if above == float("inf") else change + reach * above
    return low, high, p


def _changes(
    old: AuditRecord, new: AuditRecord, pairs: list[tuple[Measurement, Measurement, Key]]
) -> Iterator[MeasurementChange]:
    """Give the measurements that changed by more than chance; exact values change whenever they differ."""
    differing = [pair for pair in pairs if not _same(pair[0].value, pair[1].value)]
    limits = [difference(before, after) for before, after, _ in differing]
    exact = [before.interval is None and after.interval is None for before, after, _ in differing]
    adjusted = iter(holm([p for (_, _, p), counted in zip(limits, exact, strict=True) if not counted]))
    judges = {(one.check, one.measurement): one for one in (*old.result.criteria, *new.result.criteria)}
    alike = _alike(old, new)
    for (before, after, (check, name, _)), (low, high, _), counted in zip(differing, limits, exact, strict=True):
        p = 0.0 if counted else next(adjusted)
        if p > 1 - LEVEL:
            continue
        yield MeasurementChange(
            check=check,
            name=name,
            group=after.group,
            unit=after.unit,
            old=_reading(before),
            new=_reading(after),
            difference=after.value - before.value,
            low=None if counted else low,
            high=None if counted else high,
            p=p,
            direction=_direction(judges.get((check, name)), before.value, after.value),
            alike=check in alike,
        )


def _reading(found: Measurement) -> Reading:
    interval = found.interval
    return Reading(
        value=found.value, low=interval.low if interval else None, high=interval.high if interval else None, n=found.n
    )


def _alike(old: AuditRecord, new: AuditRecord) -> frozenset[str]:
    """Name the checks that measured in the same way on both sides."""

    def way(evidence: Evidence) -> tuple[str, dict[str, object]]:
        return evidence.check_version, evidence.params

    ways = {evidence.check: way(evidence) for evidence in old.result.evidence}
    return frozenset(one.check for one in new.result.evidence if ways.get(one.check) == way(one))


def _direction(judge: Criterion | None, old: float, new: float) -> Direction:
    """Say which way a value moved, as seen by the criterion that judges it."""
    if judge is None:
        return "moved"
    if judge.operator == "==":
        apart = abs(new - judge.threshold) - abs(old - judge.threshold)
        return "worse" if apart > 0 else "better" if apart < 0 else "moved"
    good = new > old if judge.operator in {">=", ">"} else new < old
    return "better" if good else "worse"


def _turned(old: int | None, new: int | None) -> Direction:
    if old is None or new is None or old == new:
        return "moved"
    return "worse" if new > old else "better"


def _criteria(old: AuditRecord, new: AuditRecord, changes: tuple[MeasurementChange, ...]) -> Iterator[CriterionChange]:
    before = {one.criterion: one for one in old.result.criterion_results}
    after = {one.criterion: one for one in new.result.criterion_results}
    rules, old_rules = ({one.id: one for one in record.result.criteria} for record in (new, old))
    gated = {*new.result.profile.gate, *old.result.profile.gate}
    for name in dict.fromkeys((*after, *before)):
        rule, then, now = rules.get(name) or old_rules.get(name), before.get(name), after.get(name)
        moved = name in rules and name in old_rules and _limit(rules[name]) != _limit(old_rules[name])
        if not moved and _standing(then) == _standing(now):
            continue
        direction = _turned(_rank(then), _rank(now))
        yield CriterionChange(
            criterion=name,
            title=rule.title if rule else name,
            gated=name in gated,
            old=then.result if then else None,
            new=now.result if now else None,
            direction=direction,
            beyond_chance=_beyond(rule, then, now, direction, changes),
            limit_moved=moved,
            waiver=now.waiver if now else "",
            waiver_lost=then.waiver if then and now and now.result is Result.FAIL and not now.waiver else "",
            waiver_lost_because=_why_lost(new, then.waiver) if then and then.waiver else "",
        )


def _why_lost(new: AuditRecord, waiver: str) -> str:
    """Give the new record's reason for not counting a waiver."""
    said = (one.message for one in new.result.ignored if one.message.args.get("id") == waiver)
    return next((sentence(message, new.result.messages) for message in said), "")


def _limit(criterion: Criterion) -> tuple[str, float]:
    return criterion.operator, criterion.threshold


def _standing(result: CriterionResult | None) -> tuple[Result, bool] | None:
    return (result.result, bool(result.waiver)) if result else None


def _rank(result: CriterionResult | None) -> int | None:
    return _RANKS[result.result] if result else None


def _beyond(
    rule: Criterion | None,
    then: CriterionResult | None,
    now: CriterionResult | None,
    direction: Direction,
    changes: tuple[MeasurementChange, ...],
) -> bool | None:
    """Say whether a measurement moved the way that the result turned."""
    if rule is None or not (then and now and then.observed and now.observed):
        return None
    return any((one.check, one.name, one.direction) == (rule.check, rule.measurement, direction) for one in changes)


def _controls(old: AuditRecord, new: AuditRecord) -> Iterator[ControlChange]:
    before = {(one.framework, one.control): one.status for one in old.result.control_results}
    after = {(one.framework, one.control): one.status for one in new.result.control_results}
    for key in dict.fromkeys((*after, *before)):
        then, now = before.get(key), after.get(key)
        if then is now:
            continue
        ranks = [None if status is None else STATUS_RANKS[status] for status in (then, now)]
        yield ControlChange(framework=key[0], control=key[1], old=then, new=now, direction=_turned(*ranks))
