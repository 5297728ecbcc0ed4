"""Statistics of ROC curves against analytic answers and by simulation, ties included."""

import numpy as np
import pytest
from scipy.stats import norm

from govkit.stats import roc
from govkit.stats.intervals import delong
from govkit.stats.multiple import holm

RANDOM = np.random.default_rng


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("n", [60, 400])
def test_the_share_found_is_covered(n, ties):
    """Scores of two normals; with ties, rounded to whole numbers of a half."""
    random, shift, rate, hits = RANDOM(n + ties), 1.0, 0.05, 0
    true = norm.sf(norm.isf(rate) - shift)
    if ties:
        cut = np.ceil(2 * norm.isf(rate) - 0.5) + 0.5
        true = norm.sf(cut / 2 - shift)
    for _ in range(400):
        members, others = random.normal(shift, 1, n), random.normal(0, 1, n)
        if ties:
            members, others = np.round(2 * members), np.round(2 * others)
        _, interval = roc.found_at(members, others, rate, level=0.9)
        hits += interval.low <= true <= interval.high
    assert hits / 400 > 0.88


def test_ties_count_against_the_attack():
    members, others = np.array([1.0] * 50 + [0.0] * 50), np.array([1.0] * 2 + [0.0] * 98)
    value, interval = roc.found_at(members, others, 0.01)
    assert value == 0.0
    assert interval.low == 0.0


def test_too_few_rows_leave_everything_open():
    value, interval = roc.found_at(np.arange(20.0) + 20, np.arange(20.0), 0.01)
    assert (value, interval.low, interval.high) == (1.0, 0.0, 1.0)


def test_the_test_of_rows_found_rarely_alarms_and_finds_a_few_exposed_rows():
    random = RANDOM(0)
    alarms = [roc.beats_false_alarms(random.random(400), random.random(400), 0.01, s) < 0.05 for s in range(600)]
    assert np.mean(alarms) <= 0.05
    exposed = np.concatenate([random.random(380), np.full(20, 2.0)])
    assert roc.beats_false_alarms(exposed, random.random(400), 0.01, 1) < 0.05


def test_holm_against_a_worked_example():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_the_smallest_detectable_auc_is_detected_four_times_in_five():
    """One-sided detection by a 95% interval, scores of two normals whose AUC is the claimed one."""
    random = RANDOM(0)
    claimed = roc.smallest_detectable_auc(300, 0.95)
    shift = np.sqrt(2) * norm.ppf(claimed)
    hits = [delong(random.normal(shift, 1, 300), random.normal(0, 1, 300))[1].low > 0.5 for _ in range(600)]
    assert np.mean(hits) == pytest.approx(0.8, abs=0.05)
