"""How many rows would decide an undecided criterion."""

import pytest

from govkit.assessment.criteria import judge
from govkit.core.control import Criterion, Result
from govkit.core.evidence import Evidence, Measurement
from govkit.stats.intervals import proportion


def judged(hits, n, threshold, operator="<=", expected=None):
    criterion = Criterion(
        id="a.b.c",
        title="T",
        check="a.b",
        measurement="c",
        unit="share",
        operator=operator,
        threshold=threshold,
        expected=expected,
        why="W",
        remedy="R",
    )
    measured = Measurement(name="c", value=hits / n, unit="share", n=n, interval=proportion(hits, n))
    evidence = Evidence(check="a.b", check_version="1", outcome="measured", measurements=(measured,))
    return judge(criterion, {"a.b": evidence})


@pytest.mark.parametrize(("share", "threshold"), [(0.45, 0.5), (0.52, 0.5), (0.03, 0.05), (0.97, 0.95)])
def test_as_many_rows_as_it_says_decide_and_half_as_many_do_not(share, threshold):
    n = 100 if 0.1 < share < 0.9 else 200
    undecided = judged(round(share * n), n, threshold)
    assert undecided.result is Result.INCONCLUSIVE
    needed = undecided.observed[0].rows_needed
    value = undecided.observed[0].value
    assert judged(round(value * needed * 1.1), round(needed * 1.1), threshold).result is not Result.INCONCLUSIVE
    assert judged(round(value * needed / 2), needed // 2, threshold).result is Result.INCONCLUSIVE


def test_the_sentence_names_the_rows():
    undecided = judged(12, 30, 0.5)
    assert undecided.because.id == "criterion.too_few"
    assert undecided.because.args["rows"] == undecided.observed[0].rows_needed


def test_a_value_on_the_threshold_is_no_matter_of_rows():
    undecided = judged(15, 30, 0.5)
    assert undecided.result is Result.INCONCLUSIVE
    assert undecided.observed[0].rows_needed is None
    assert undecided.because.id == "criterion.inconclusive"


@pytest.mark.parametrize("hits", [0, 30])
def test_what_is_decided_needs_no_more_rows(hits):
    decided = judged(hits, 30, 0.5)
    assert decided.result is not Result.INCONCLUSIVE
    assert decided.observed[0].rows_needed is None


def test_rows_are_counted_for_the_value_expected_where_there_is_one():
    near = judged(54, 100, 0.55)
    expected = judged(54, 100, 0.55, expected=0.5)
    assert expected.observed[0].rows_needed < near.observed[0].rows_needed
    needed = expected.observed[0].rows_needed
    assert judged(round(needed * 0.5 * 1.1), round(needed * 1.1), 0.55).result is Result.PASS
    assert "0.5" in expected.because.args["supposed"]


def test_an_expected_value_of_zero_is_a_value():
    supposed_nothing = judged(9, 100, 0.1, expected=0.0).observed[0].rows_needed
    supposed_as_measured = judged(9, 100, 0.1).observed[0].rows_needed
    assert supposed_nothing < supposed_as_measured / 50
    assert judged(9, 100, 0.1, expected=0.0).because.args["supposed"] == "0"
