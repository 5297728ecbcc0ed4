"""Areas under curves equal scikit-learn's, influences are derivatives, and intervals cover as often as they say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from sklearn.metrics import average_precision_score, roc_auc_score

from govkit.stats import influence

CURVES = {
    "roc": (influence.roc_auc, roc_auc_score),
    "precision": (influence.average_precision, average_precision_score),
}


@pytest.mark.parametrize("curve", CURVES)
@given(st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=4, max_size=60))
def test_values_equal_scikit_learn(curve, rows):
    positive = np.array([True, False, *(hit for _, hit in rows)])
    scores = np.array([3.0, 2.0, *(score for score, _ in rows)])
    own, reference = CURVES[curve]
    assert own(scores, positive)[0] == pytest.approx(reference(positive, scores), abs=1e-9)


def test_influences_are_derivatives_by_the_weight_of_a_row():
    rng = np.random.default_rng(0)
    positive = rng.random(40) < 0.4
    scores = np.round(rng.normal(size=40) + positive, 1)
    value, moved = influence.average_precision(scores, positive)
    for row in range(40):
        weights = np.ones(40)
        weights[row] += 1e-6
        heavier = average_precision_score(positive, scores, sample_weight=weights)
        assert (heavier - value) / 1e-6 == pytest.approx(moved[row], abs=1e-6)


@pytest.mark.parametrize(("share", "shift", "rows"), [(0.3, 1.0, 100), (0.1, 1.0, 300), (0.5, 2.0, 200)])
def test_the_interval_of_the_area_covers(share, shift, rows):
    rng, truth, hits = np.random.default_rng(1), norm.cdf(shift / 2**0.5), 0
    for _ in range(300):
        positive = rng.random(rows) < share
        value, moved = influence.roc_auc(rng.normal(size=rows) + shift * positive, positive)
        found = influence.interval(value, moved, positive)
        hits += found.low <= truth <= found.high
    assert hits / 300 >= 0.93


def test_a_perfect_order_keeps_an_open_end():
    positive = np.arange(40) < 20
    value, moved = influence.roc_auc(-np.arange(40.0), positive)
    found = influence.interval(value, moved, positive)
    assert value == found.high == 1
    assert found.low == pytest.approx(0.8316, abs=1e-3)


def test_gains_of_areas_cover_where_few_rows_change():
    rng, hits, own = np.random.default_rng(3), 0, np.arange(220) < 20

    def gain(yes):
        scores = rng.normal(size=len(yes)) + 2.5 * yes
        moved = scores + (rng.random(len(yes)) < 0.2) * rng.normal(size=len(yes))
        return influence.paired_areas(scores, moved, yes)

    truth = gain(np.arange(400_000) < 200_000)[0]
    for _ in range(300):
        found = gain(own)[1]
        hits += found.low <= truth <= found.high
    assert hits / 300 >= 0.93


def test_equal_scores_have_no_gain_and_a_narrow_interval():
    scores, positive = np.arange(400.0), np.arange(400) % 2 == 0
    gain, found = influence.paired_areas(scores, scores, positive)
    assert gain == 0
    assert -0.05 < found.low < 0 < found.high < 0.05


def test_rows_are_compared_within_their_parts():
    rng = np.random.default_rng(1)
    positive, parts = rng.random(300) < 0.3, rng.integers(0, 3, 300)
    scores = np.round(rng.normal(size=300) + positive, 1)
    areas, pairs = [], []
    for part in range(3):
        rows = parts == part
        areas.append(roc_auc_score(positive[rows], scores[rows]))
        pairs.append(positive[rows].sum() * (~positive[rows]).sum())
    area, moved = influence.roc_auc(scores, positive, parts)
    assert area == pytest.approx(np.average(areas, weights=pairs), abs=1e-9)
    assert moved.sum() == pytest.approx(0, abs=1e-9)
    shifted, _ = influence.paired_areas(scores, scores + 10 * parts, positive, parts=parts)
    assert shifted == pytest.approx(0, abs=1e-9)


def test_an_order_that_was_learnt_wrongly_leaves_one_half_open():
    rng = np.random.default_rng(1)
    positive = np.arange(400) < 100
    area, moved = influence.roc_auc(rng.normal(size=400) - 0.5 * positive, positive)
    plain, learnt = (influence.interval(area, moved, positive, learnt=each) for each in (False, True))
    assert plain.high < 0.5 <= learnt.high
    assert plain.low == learnt.low
