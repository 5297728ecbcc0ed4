import pytest
from hypothesis import given
from hypothesis import strategies as st

from govkit.assessment.criteria import MESSAGES, distance, judge, worst_value
from govkit.core.control import Condition, Criterion, Result
from govkit.core.evidence import Evidence, Interval, Measurement, Message, Outcome
from govkit.core.messages import sentence


def criterion(operator="<=", threshold=0.5, **more):
    return Criterion(
        id="privacy.attack.auc",
        title="Title",
        check="privacy.attack",
        measurement="auc",
        unit="auc",
        operator=operator,
        threshold=threshold,
        why="Why.",
        remedy="Remedy.",
        **more,
    )


def measured(value, low=None, high=None, *, name="auc", n=100, exact=False, **group):
    interval = None if exact else Interval(low=low, high=high, method="wilson")
    return Measurement(name=name, value=value, unit="auc", n=n, interval=interval, group=group)


def evidence(*measurements, **more):
    fields = {"check": "privacy.attack", "check_version": "1", "outcome": Outcome.MEASURED, **more}
    return {"privacy.attack": Evidence(measurements=measurements, **fields)}


@pytest.mark.parametrize(
    ("operator", "low", "high", "result"),
    [
        ("<=", 0.3, 0.5, Result.PASS),
        ("<=", 0.3, 0.51, Result.INCONCLUSIVE),
        ("<=", 0.51, 0.6, Result.FAIL),
        ("<", 0.3, 0.5, Result.INCONCLUSIVE),
        (">=", 0.5, 0.6, Result.PASS),
        (">=", 0.4, 0.6, Result.INCONCLUSIVE),
        (">=", 0.3, 0.49, Result.FAIL),
        (">", 0.5, 0.6, Result.INCONCLUSIVE),
        (">", 0.51, 0.6, Result.PASS),
        ("==", 0.4, 0.6, Result.INCONCLUSIVE),
        ("==", 0.51, 0.6, Result.FAIL),
        ("<=", None, 0.4, Result.PASS),
        ("<=", 0.3, None, Result.INCONCLUSIVE),
        (">=", 0.6, None, Result.PASS),
        (">=", None, None, Result.INCONCLUSIVE),
    ],
)
def test_the_whole_interval_is_held_against_the_threshold(operator, low, high, result):
    middle = (0.45 if low is None else low) / 2 + (0.55 if high is None else high) / 2
    found = judge(criterion(operator), evidence(measured(middle, low, high)))
    assert found.result is result
    assert found.observed[0].low == low


@pytest.mark.parametrize(("value", "result"), [(0.0, Result.PASS), (1.0, Result.FAIL)])
def test_an_exact_count_needs_no_interval(value, result):
    assert judge(criterion("<=", 0), evidence(measured(value, exact=True))).result is result


def test_the_worst_group_decides_and_stands_first():
    groups = [
        measured(0.2, 0.1, 0.3, attack="a"),
        measured(0.7, 0.6, 0.8, attack="b"),
        measured(0.5, 0.4, 0.6, attack="c"),
    ]
    found = judge(criterion(), evidence(*groups))
    assert found.result is Result.FAIL
    assert [seen.group["attack"] for seen in found.observed] == ["b", "c", "a"]
    assert "attack b" in sentence(found.because, MESSAGES)
    assert judge(criterion(), evidence(groups[0], groups[2])).result is Result.INCONCLUSIVE


def test_rounding_noise_does_not_decide():
    assert judge(criterion("<=", 0.3), evidence(measured(0.1 + 0.2, exact=True))).result is Result.PASS


def test_nothing_counted_decides_nothing():
    found = judge(criterion("<=", 0), evidence(measured(0, n=0, exact=True)))
    assert found.result is Result.INCONCLUSIVE
    assert "nothing was there to count" in sentence(found.because, MESSAGES)


@pytest.mark.parametrize(
    ("outcome", "accepted", "result"),
    [
        (Outcome.NOT_APPLICABLE, ("task.classification_only",), Result.NOT_APPLICABLE),
        (Outcome.NOT_APPLICABLE, (), Result.NOT_RUN),
        (Outcome.NOT_APPLICABLE, ("other.reason",), Result.NOT_RUN),
        (Outcome.NOT_DECLARED, ("task.classification_only",), Result.NOT_RUN),
        (Outcome.ERROR, ("task.classification_only",), Result.ERROR),
    ],
)
def test_only_an_accepted_reason_of_the_check_makes_it_not_applicable(outcome, accepted, result):
    reason = Message(id="task.classification_only")
    found = judge(criterion(not_applicable_when=accepted), evidence(outcome=outcome, reason=reason))
    assert found.result is result
    assert found.because == reason


def test_without_evidence_or_measurement_it_was_not_run():
    assert judge(criterion(), {}).result is Result.NOT_RUN
    assert judge(criterion(), evidence(measured(1.0, exact=True, name="other"))).result is Result.NOT_RUN


def test_another_measurement_can_show_that_the_question_does_not_arise():
    held = criterion(not_applicable_when=("measured.rmse",))
    assert judge(held, evidence(measured(1.0, exact=True, name="rmse"))).result is Result.NOT_APPLICABLE
    assert judge(held, evidence(measured(1.0, exact=True, name="other"))).result is Result.NOT_RUN
    assert (
        judge(held, evidence(measured(0.9, exact=True), measured(1.0, exact=True, name="rmse"))).result is Result.FAIL
    )


BLIND = Condition(measurement="blind", operator="<=", threshold=0.6)
EPS = Condition(param="eps", operator=">=", threshold=0.1)
ROWS = Condition(work="rows", operator=">=", threshold=100)


@pytest.mark.parametrize("good", [True, False])
def test_an_unmet_condition_on_a_measurement_makes_the_result_worthless(good):
    held, auc = criterion(only_if=(BLIND,)), measured(0.4 if good else 0.8, exact=True)
    fine = evidence(auc, measured(0.5, 0.45, 0.55, name="blind"))
    shaky = evidence(auc, measured(0.58, 0.5, 0.65, name="blind"))
    assert judge(held, fine).result is (Result.PASS if good else Result.FAIL)
    assert judge(held, shaky).result is Result.INCONCLUSIVE
    assert judge(held, evidence(auc)).result is Result.INCONCLUSIVE
    assert "blind is at most 0.6" in sentence(judge(held, shaky).because, MESSAGES)


@pytest.mark.parametrize(
    ("condition", "strong", "weak"),
    [
        (EPS, {"params": {"eps": (0.05, 0.1)}}, {"params": {"eps": (0.01,)}}),
        (EPS, {"params": {"eps": 0.1}}, {"params": {}}),
        (ROWS, {"work": {"rows": 100}}, {"work": {"rows": 99}}),
        (ROWS, {"work": {"rows": 100}}, {}),
        (
            Condition(param="kind", operator="==", threshold="full"),
            {"params": {"kind": "full"}},
            {"params": {"kind": "x"}},
        ),
        (Condition(param="kind", operator=">=", threshold="full"), None, {"params": {"kind": "full"}}),
    ],
)
def test_a_weaker_run_never_passes_but_may_fail(condition, strong, weak):
    held = criterion(only_if=(condition,))
    good, bad = measured(0.4, exact=True), measured(0.9, exact=True)
    if strong is not None:
        assert judge(held, evidence(good, **strong)).result is Result.PASS
    assert judge(held, evidence(good, **weak)).result is Result.INCONCLUSIVE
    assert judge(held, evidence(bad, **weak)).result is Result.FAIL


def test_the_worst_value_is_over_every_group_that_did_not_pass():
    groups = [
        measured(0.7, 0.6, 0.8, attack="a"),
        measured(0.9, 0.4, 1.0, attack="b"),
        measured(0.1, 0, 0.2, attack="c"),
    ]
    held = criterion()
    assert worst_value(held, judge(held, evidence(*groups))) == 0.9
    assert worst_value(held, judge(held, evidence(groups[2]))) is None
    assert distance(criterion(">=", 0.8), 0.6) == pytest.approx(0.2)
    assert distance(criterion("==", 0.8), 0.9) == pytest.approx(0.1)


numbers = st.floats(0, 1)


@given(
    st.lists(st.tuples(numbers, numbers, numbers), min_size=1, max_size=4),
    numbers,
    st.sampled_from(["<=", ">=", "<", ">"]),
)
def test_any_set_of_groups_passes_exactly_when_every_end_is_good(triples, threshold, operator):
    groups = [measured(sorted(triple)[1], min(triple), max(triple), at=str(at)) for at, triple in enumerate(triples)]
    found = judge(criterion(operator, threshold), evidence(*groups))
    alone = [judge(criterion(operator, threshold), evidence(group)).result for group in groups]
    expected = next(result for result in (Result.FAIL, Result.INCONCLUSIVE, Result.PASS) if result in alone)
    assert found.result is expected
    assert judge(criterion(operator, threshold), evidence(*reversed(groups))).observed == found.observed


def test_every_result_fills_its_sentence():
    for found in (
        judge(criterion(), {}),
        judge(criterion(), evidence(measured(1234.0, exact=True))),
        judge(criterion(), evidence(measured(0.4567, 0.4, None))),
        judge(criterion(), evidence(outcome=Outcome.ERROR)),
        judge(criterion(only_if=(EPS,)), evidence(measured(0.1, exact=True))),
        judge(criterion(only_if=(BLIND,)), evidence(measured(0.1, exact=True))),
    ):
        text = sentence(found.because, MESSAGES)
        assert "{" not in text
        assert found.because.id in MESSAGES
