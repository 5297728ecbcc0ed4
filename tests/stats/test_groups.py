"""Differences and ratios between groups equal reference implementations and their intervals cover."""

import numpy as np
import pytest
from scipy.stats import fisher_exact
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from govkit.stats import groups

CASES = [((0.3, 0.3), 50), ((0.1, 0.3), 60), ((0.05, 0.05, 0.05, 0.05), 100), ((0.2, 0.2, 0.3, 0.4), 200)]


def test_two_groups_give_newcombes_interval():
    low, high = confint_proportions_2indep(40, 100, 25, 90, compare="diff", method="newcomb")
    found = groups.largest_difference([40, 25], [100, 90])
    assert found.value == pytest.approx(40 / 100 - 25 / 90, abs=1e-12)
    assert (found.interval.low, found.interval.high) == pytest.approx((max(low, 0), high), abs=1e-9)
    assert (found.low_group, found.high_group) == (1, 0)


def test_wilson_equals_statsmodels():
    low, high = groups.wilson([0, 3, 10], [10, 10, 10])
    expected = proportion_confint(np.array([0, 3, 10]), 10, method="wilson")
    assert low == pytest.approx(expected[0], abs=1e-9)
    assert high == pytest.approx(expected[1], abs=1e-9)


def test_means_of_groups_cover_over_all_pairs():
    rng, hits = np.random.default_rng(0), 0
    for _ in range(200):
        found = groups.largest_mean_difference([rng.exponential(1, 40) + (place == 0) for place in range(4)])
        hits += found.interval.low <= 1 <= (np.inf if found.interval.high is None else found.interval.high)
        assert found.value > 0
    assert hits / 200 >= 0.93


def test_no_case_in_one_group_does_not_settle_the_ratio():
    """Of 20 rows with a share of 5 % a third of samples hold none; the ratio may still be a sixth."""
    found = groups.smallest_ratio([0, 60], [20, 200])
    assert found.interval.low == 0
    assert found.interval.high > 0.5


@pytest.mark.parametrize(("shares", "rows"), CASES)
def test_intervals_over_all_pairs_cover(shares, rows):
    rng, truth = np.random.default_rng(2), np.array(shares)
    hits = np.zeros(2)
    for _ in range(400):
        counts = rng.binomial(rows, truth)
        apart = groups.largest_difference(counts, np.full(len(truth), rows)).interval
        ratio = groups.smallest_ratio(counts, np.full(len(truth), rows)).interval
        hits += [apart.low <= np.ptp(truth) <= apart.high, ratio.low <= truth.min() / truth.max() <= ratio.high]
    assert (hits / 400 >= 0.93).all()


def test_groups_that_are_never_selected_have_no_ratio_to_speak_of():
    found = groups.smallest_ratio([0, 0], [50, 60])
    assert (found.value, found.interval.low, found.interval.high) == (1.0, 0.0, 1.0)
    found = groups.smallest_ratio([0, 30], [50, 60])
    assert found.value == 0
    assert found.interval.high < 0.8


def test_one_share_above_another_is_fishers_test():
    expected = fisher_exact([[9, 21], [30, 370]], alternative="greater").pvalue
    assert groups.exceeds((9, 30), (30, 400)) == pytest.approx(expected, abs=1e-9)
    assert groups.exceeds((0, 30), (30, 400)) == 1.0
