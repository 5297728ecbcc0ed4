"""Judge one criterion: hold a threshold against the whole interval of every group that was measured."""

import math
import operator
from collections.abc import Callable, Mapping
from typing import Final

from govkit.core.control import BUDGETS, Condition, Criterion, CriterionResult, Observed, Operator, Result
from govkit.core.digest import SIGNIFICANT_DIGITS
from govkit.core.evidence import Evidence, Measurement, Message, Outcome, Scalar

MESSAGES: Final[Mapping[str, str]] = {
    "criterion.pass": "{meaning} is {observed}, as required ({required}).",
    "criterion.fail": "{meaning} is {observed}; required is {required}.",
    "criterion.inconclusive": "{meaning} is {observed}; the data can't decide whether it is {required}.",
    "criterion.too_few": "{meaning} is {observed}; too few rows to decide whether it is {required}, "
    "about {rows} needed if it is really {supposed}.",
    "criterion.nothing_counted": "{meaning}: nothing was there to count (n = 0), so this decides nothing.",
    "criterion.no_evidence": "{check} did not run.",
    "criterion.no_measurement": "{check} ran and did not give {meaning}.",
    "criterion.no_measurement_yet": "{check} ran and did not give {meaning} with budget {budget}; a larger one may.",
    "criterion.not_applicable": "{check} found that {meaning} does not arise.",
    "criterion.check_stopped": "{check} broke off.",
    "criterion.untrusted": "{meaning} counts only while {condition}, which is not certain here ({found}).",
    "criterion.too_weak": "A pass counts only from a run where {condition}; this run had {found}.",
    "criterion.unvouched": "{meaning} rests on answers of a model that ran code of its own, which nobody can vouch "
    "for.",
    "criterion.small_budget": "A pass counts only from a run with budget {wanted} or more; this run had {budget}.",
}
ASKED: Final = frozenset({"model", "predictions", "train_predictions"})
"""Inputs of checks that hold what the model says."""
MEASURED: Final = "measured."
"""Prefix in `not_applicable_when`: another measurement of the same evidence shows that the question doesn't arise."""
OPERATORS: Final[Mapping[Operator, Callable[[float, float], bool]]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
    "==": operator.eq,
}
_WORDS: Final[Mapping[Operator, str]] = {"<=": "at most", ">=": "at least", "<": "below", ">": "above", "==": "exactly"}
_SCALARS: Final = bool | int | float | str
MAX_ROWS_NEEDED: Final = 10_000_000
"""Beyond, the value is so near the threshold that more rows are no advice."""
_WORST_FIRST: Final = (Result.FAIL, Result.INCONCLUSIVE, Result.PASS)


def judge(criterion: Criterion, evidence: Mapping[str, Evidence]) -> CriterionResult:
    """Judge a criterion on the evidence by check id.

    Deleting a check's evidence only ever leads to `not_run`, and a missing measurement likewise; neither is a pass.
    """
    found = evidence.get(criterion.check)
    if found is None:
        return _result(criterion, Result.NOT_RUN, _message("no_evidence", criterion, check=criterion.check))
    if absent := _absent(criterion, found):
        return absent
    observed = _worst_first(criterion, found)
    result, because = observed[0].result, _because(criterion, observed[0])
    for condition in criterion.only_if:
        holds, said = _condition(condition, found)
        # an untrusted result is worth nothing either way; a weak run that failed would fail a strong one too
        if not holds and (condition.measurement or result is Result.PASS):
            kind = "untrusted" if condition.measurement else "too_weak"
            return _result(
                criterion,
                Result.INCONCLUSIVE,
                _message(kind, criterion, condition=_text(condition), found=said),
                observed,
            )
    return _result(criterion, result, because, observed)


def with_budget(criterion: Criterion, result: CriterionResult, wanted: str, budget: str) -> CriterionResult:
    """Cap a pass of planned work on a smaller budget than is wanted, and say where a larger one may measure more."""
    if result.because.id == "criterion.no_measurement" and budget != BUDGETS[-1]:
        said = _message("no_measurement_yet", criterion, check=criterion.check, budget=budget)
        return _result(criterion, Result.NOT_RUN, said)
    if result.result is not Result.PASS or BUDGETS.index(budget) >= BUDGETS.index(wanted):
        return result
    because = _message("small_budget", criterion, wanted=wanted, budget=budget)
    return _result(criterion, Result.INCONCLUSIVE, because, list(result.observed))


def without_vouching(criterion: Criterion, result: CriterionResult, evidence: Evidence) -> CriterionResult:
    """Cap what rests on the answers of a model that ran code of its own, and so could make them what it liked."""
    if result.result not in {Result.PASS, Result.NOT_APPLICABLE}:
        return result
    if evidence.inputs and not ASKED & set(evidence.inputs):
        return result
    return _result(criterion, Result.INCONCLUSIVE, _message("unvouched", criterion), list(result.observed))


def worst_value(criterion: Criterion, result: CriterionResult) -> float | None:
    """Give the worst measured value of a criterion that didn't pass, without its interval."""
    values = [seen.value for seen in result.observed if seen.result is not Result.PASS]
    return max(values, key=lambda value: distance(criterion, value)) if values else None


def distance(criterion: Criterion, value: float) -> float:
    """Measure how far a value lies on the bad side of the threshold; negative on the good side."""
    away = value - criterion.threshold
    if criterion.operator == "==":
        return abs(away)
    return away if criterion.operator in {"<=", "<"} else -away


def _absent(criterion: Criterion, found: Evidence) -> CriterionResult | None:
    """Judge a criterion whose measurement isn't there; None when it is."""
    reason = found.reason
    if found.outcome is Outcome.ERROR:
        return _result(criterion, Result.ERROR, reason or _message("check_stopped", criterion, check=criterion.check))
    accepted = set(criterion.not_applicable_when)
    if found.outcome is not Outcome.MEASURED:
        because = reason or _message("no_evidence", criterion, check=criterion.check)
        accepts = found.outcome is Outcome.NOT_APPLICABLE and because.id in accepted
        return _result(criterion, Result.NOT_APPLICABLE if accepts else Result.NOT_RUN, because)
    names = {measurement.name for measurement in found.measurements}
    if criterion.measurement in names:
        return None
    if accepted & {f"{MEASURED}{name}" for name in names}:
        said = _message("not_applicable", criterion, check=criterion.check)
        return _result(criterion, Result.NOT_APPLICABLE, said)
    return _result(criterion, Result.NOT_RUN, _message("no_measurement", criterion, check=criterion.check))


def _worst_first(criterion: Criterion, found: Evidence) -> list[Observed]:
    observed = [_observed(criterion, seen) for seen in found.measurements if seen.name == criterion.measurement]
    return sorted(
        observed,
        key=lambda seen: (
            _WORST_FIRST.index(seen.result),
            -distance(criterion, seen.value),
            sorted(seen.group.items()),
        ),
    )


def _observed(criterion: Criterion, measurement: Measurement) -> Observed:
    interval = measurement.interval
    result = _held_against(measurement, criterion.operator, criterion.threshold)
    return Observed(
        value=measurement.value,
        low=interval.low if interval else None,
        high=interval.high if interval else None,
        level=interval.level if interval else None,
        n=measurement.n,
        group=measurement.group,
        result=result,
        rows_needed=_rows_needed(measurement, criterion) if result is Result.INCONCLUSIVE else None,
    )


def _rows_needed(measurement: Measurement, criterion: Criterion) -> int | None:
    """Estimate how many rows would narrow the interval to one side of the threshold.

    The value is taken to be the one expected where nothing is wrong, else to stay as it is. An interval narrows with
    the square root of the rows, so their number grows with the square of what is missing.
    """
    threshold = criterion.threshold
    interval, away = measurement.interval, abs(_supposed(criterion, measurement.value) - threshold)
    if interval is None or interval.low is None or interval.high is None or not away:
        return None
    reach = interval.high - measurement.value if measurement.value < threshold else measurement.value - interval.low
    if reach / away > MAX_ROWS_NEEDED:  # before it is squared, which may be more than a float holds
        return None
    needed = measurement.n * (reach / away) ** 2
    if needed > MAX_ROWS_NEEDED:
        return None
    step: int = 10 ** max(int(math.log10(max(needed, 1))) - 1, 0)
    return math.ceil(needed / step) * step


def _supposed(criterion: Criterion, value: float) -> float:
    """Give the value that rows are counted for: the one expected where nothing is wrong, else the measured one."""
    return value if criterion.expected is None else criterion.expected


def _held_against(measurement: Measurement, relation: Operator, threshold: float) -> Result:
    """Pass when value and both ends of the interval are good, fail when none is, else inconclusive."""
    if measurement.n == 0:
        return Result.INCONCLUSIVE
    ends = [measurement.value]
    if measurement.interval is not None:
        low, high = measurement.interval.low, measurement.interval.high
        ends += [-math.inf if low is None else low, math.inf if high is None else high]
    good = {OPERATORS[relation](_settled(end), _settled(threshold)) for end in ends}
    if relation == "==" and good == {False} and min(ends) < threshold < max(ends):
        return Result.INCONCLUSIVE
    return Result.INCONCLUSIVE if len(good) > 1 else Result.PASS if True in good else Result.FAIL


def _settled(value: float) -> float:
    """Round as the record does, so that a decision made again from the record is the same."""
    return float(f"{value:.{SIGNIFICANT_DIGITS}g}")


def _condition(condition: Condition, found: Evidence) -> tuple[bool, str]:
    """Say whether a condition holds and what was found; what is missing never holds.

    A parameter that lists several values holds when one of them is strict enough, since each of them is measured.
    """
    if condition.measurement:
        seen = [measurement for measurement in found.measurements if measurement.name == condition.measurement]
        if not seen or not isinstance(condition.threshold, int | float):
            return False, "not measured"
        threshold = float(condition.threshold)
        holds = all(_held_against(each, condition.operator, threshold) is Result.PASS for each in seen)
        worst = max(seen, key=lambda each: each.value if condition.operator in {"<", "<="} else -each.value)
        ends = (worst.interval.low, worst.interval.high) if worst.interval else None
        return holds, f"it is {_value(worst.value, ends)}"
    given = found.params.get(condition.param) if condition.param else found.work.get(condition.work)
    if condition.counted:
        given = len(given) if isinstance(given, list | tuple) else None
    tried = [each for each in (given if isinstance(given, list | tuple) else [given]) if isinstance(each, _SCALARS)]
    holds = any(_compares(each, condition.operator, condition.threshold) for each in tried)
    return holds, ", ".join(str(each) for each in tried) or "none recorded"


def _compares(given: Scalar, relation: Operator, threshold: Scalar) -> bool:
    if relation == "==":
        return given == threshold
    if isinstance(given, str) or isinstance(threshold, str):
        return False
    return OPERATORS[relation](given, threshold)


def _text(condition: Condition) -> str:
    """Name a condition in words."""
    name = condition.measurement or condition.param or condition.work
    threshold = condition.threshold
    limit = f"{threshold:g}" if isinstance(threshold, float) else str(threshold)
    counted = "the number of " if condition.counted else ""
    return f"{counted}{name.replace('_', ' ')} is {_WORDS[condition.operator]} {limit}"


def _because(criterion: Criterion, seen: Observed) -> Message:
    if seen.n == 0:
        return _message("nothing_counted", criterion)
    shown = _value(seen.value, (seen.low, seen.high) if seen.level is not None else None)
    place = "".join(f", {key} {value}" for key, value in sorted(seen.group.items()))
    kind = "too_few" if seen.rows_needed else str(seen.result)
    supposed = _value(_supposed(criterion, seen.value), None)
    more: dict[str, Scalar] = {"rows": seen.rows_needed, "supposed": supposed} if seen.rows_needed else {}
    return _message(
        kind,
        criterion,
        observed=f"{shown} (n = {seen.n:,}{place})",
        required=f"{_WORDS[criterion.operator]} {_value(criterion.threshold, None)}",
        **more,
    )


def _value(value: float, interval: tuple[float | None, float | None] | None) -> str:
    def number(end: float | None, unbounded: str) -> str:
        return unbounded if end is None else f"{end:,.0f}" if end == int(end) else f"{end:.3g}"

    if interval is None:
        return number(value, "")
    return f"{number(value, '')} [{number(interval[0], 'unbounded')}, {number(interval[1], 'unbounded')}]"


def _message(kind: str, criterion: Criterion, **args: Scalar) -> Message:
    """Make a sentence about a criterion; a measurement is called by its name in words."""
    if "{meaning}" in MESSAGES[f"criterion.{kind}"]:
        args = {"meaning": criterion.measurement.replace("_", " "), **args}
    return Message(id=f"criterion.{kind}", args=args)


def _result(
    criterion: Criterion, result: Result, because: Message, observed: list[Observed] | None = None
) -> CriterionResult:
    return CriterionResult(criterion=criterion.id, result=result, because=because, observed=tuple(observed or ()))
