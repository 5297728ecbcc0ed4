"""Two audits side by side: real differences found, noise left alone."""

import numpy as np
import pytest
import report_records as records
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from govkit.comparison import compare, difference, holm
from govkit.core.errors import InputProblem
from govkit.core.evidence import Interval, Measurement
from govkit.core.record import AuditRecord
from govkit.stats.intervals import proportion


def share(successes, n, name="accuracy", level=0.95):
    interval = proportion(successes, n, level=level)
    return Measurement(name=name, value=successes / n, unit="share", n=n, interval=interval)


def changed(record, **parts):
    return AuditRecord.model_validate({**dict(record), "result": {**dict(record.result), **parts}})


def with_measurements(*measurements):
    found = [one for one in records.good_evidence() if one.check != "performance.holdout"]
    return changed(records.passing(), evidence=(*found, records.evidence("performance.holdout", *measurements)))


def test_the_limits_are_newcombes():
    """56 of 70 against 48 of 80: method 10 of Newcombe (1998), Statistics in Medicine 17, table II."""
    sides = []
    for successes, n in ((48, 80), (56, 70)):
        low, high = proportion_confint(successes, n, method="wilson")
        interval = Interval(low=low, high=high, level=0.95, method="wilson")
        sides.append(Measurement(name="accuracy", value=successes / n, unit="share", n=n, interval=interval))
    low, high, p = difference(*sides)
    assert (round(low, 4), round(high, 4)) == (0.0524, 0.3339)
    assert p < 0.05


def test_intervals_at_other_levels_are_brought_to_one():
    usual, wide = (difference(share(480, 800, level=level), share(540, 800)) for level in (0.95, 0.999))
    assert wide == pytest.approx(usual, abs=2e-3)


@given(st.integers(0, 50), st.integers(0, 50), st.integers(1, 1000))
def test_the_difference_turns_round_with_the_sides(first, second, scale):
    old, new = share(first * scale, 50 * scale), share(second * scale, 50 * scale)
    low, high, p = difference(old, new)
    back = difference(new, old)
    assert (-back[1], -back[0], back[2]) == pytest.approx((low, high, p), abs=1e-9)
    assert low <= new.value - old.value <= high


def test_holm_gives_its_published_adjustment():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))
    assert holm([]) == ()


def test_noise_is_not_called_a_change():
    random, false = np.random.default_rng(1), 0
    for _ in range(200):
        old, new = random.binomial(500, 0.8, 12), random.binomial(500, 0.8, 12)
        sides = [
            with_measurements(*(share(int(hits), 500, name=f"m{place}") for place, hits in enumerate(side)))
            for side in (old, new)
        ]
        false += bool(compare(*sides).measurements)
    assert false <= 20


def test_a_real_change_among_much_noise_is_found_with_its_direction():
    old = with_measurements(share(900, 1000, "accuracy"), share(180, 1000, "lift"), share(50, 100, "other"))
    new = with_measurements(share(900, 1000, "accuracy"), share(60, 1000, "lift"), share(52, 100, "other"))
    found = compare(old, new)
    assert [(one.name, one.direction, one.alike) for one in found.measurements] == [("lift", "worse", True)]
    assert (found.within_chance, found.measurements[0].low < -0.12 < found.measurements[0].high) == (1, True)
    assert compare(new, old).measurements[0].direction == "better"


def test_exact_values_change_when_they_differ():
    found = compare(records.passing(), records.failing())
    exact = {one.name: one for one in found.measurements if one.check == "pii.columns"}
    assert (exact["cells_direct"].direction, exact["cells_direct"].low, exact["cells_direct"].p) == ("worse", None, 0)


def test_an_unbounded_interval_never_shows_a_change_on_its_open_side():
    open_above = Interval(low=0.1, high=None, method="test")
    old = Measurement(name="x", value=0.2, unit="share", n=9, interval=open_above)
    low, high, p = difference(old, share(90, 100))
    assert (low, p) == (None, 1.0)
    assert high is not None


def test_criteria_and_controls_turn():
    found = compare(records.passing(), records.failing())
    turned = {one.criterion: one for one in found.criteria}
    assert (turned["quality.overlap"].old, turned["quality.overlap"].new) == ("pass", "fail")
    assert (turned["quality.overlap"].direction, turned["quality.overlap"].beyond_chance) == ("worse", True)
    assert turned["provenance.fields"].beyond_chance is None
    assert found.removed == ("provenance.datasheet missing_fields",)
    assert {one.direction for one in found.controls} == {"worse"}


def test_a_pass_that_became_undecided_by_chance_says_so():
    criteria = (records.BY_ID["performance.lift"],)
    old, new = (
        records.build((records.evidence("performance.holdout", share(hits, 400, "lift")),), criteria=criteria)
        for hits in (18, 12)
    )
    (turned,) = compare(old, new).criteria
    assert (turned.old, turned.new, turned.beyond_chance) == ("pass", "inconclusive", False)


def test_a_moved_limit_is_named():
    moved = [
        {**one.model_dump(), "threshold": 0.5} if one.id == "performance.auc" else one.model_dump()
        for one in records.passing().result.criteria
    ]
    (found,) = compare(records.passing(), changed(records.passing(), criteria=moved)).criteria
    assert (found.criterion, found.limit_moved, found.direction) == ("performance.auc", True, "moved")


@pytest.mark.parametrize("name", sorted(records.ALL))
def test_an_audit_does_not_differ_from_itself(name):
    found = compare(records.ALL[name](), records.ALL[name]())
    assert (found.criteria, found.controls, found.measurements, found.added, found.removed) == ((), (), (), (), ())


def test_other_systems_are_refused():
    other = {**records.passing().result.system.model_dump(), "id": "another"}
    with pytest.raises(InputProblem, match="different systems"):
        compare(records.passing(), changed(records.passing(), system=other))
