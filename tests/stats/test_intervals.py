"""Intervals against exact values, independent formulas and their own promise: how often they hold the true value."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit
from scipy.stats import beta, binom, norm
from scipy.stats import t as student
from sklearn.metrics import roc_auc_score

from govkit.core.evidence import Interval
from govkit.stats import intervals


def covers(interval: Interval, truth: float) -> bool:
    return (interval.low is None or interval.low <= truth) and (interval.high is None or truth <= interval.high)


@given(st.integers(1, 400), st.data())
def test_clopper_pearson_is_the_beta_quantile(n, data):
    k = data.draw(st.integers(0, n))
    found = intervals.proportion(k, n)
    assert found.low == pytest.approx(beta.ppf(0.025, k, n - k + 1) if k else 0.0, abs=1e-9)
    assert found.high == pytest.approx(beta.ppf(0.975, k + 1, n - k) if k < n else 1.0, abs=1e-9)


def test_no_rows_is_an_error():
    with pytest.raises(ValueError):
        intervals.proportion(0, 0)


@given(st.lists(st.integers(0, 9), min_size=3, max_size=40), st.lists(st.integers(0, 9), min_size=3, max_size=40))
def test_delong_equals_the_comparison_of_every_pair(first, second):
    """Where rows of both classes differ: one comparison a pair, and each class's limits by their definition."""
    positive, negative = np.array(first, dtype=float), np.array(second, dtype=float)
    wins = (positive[:, None] > negative[None, :]) + 0.5 * (positive[:, None] == negative[None, :])
    area, interval = intervals.delong(positive, negative)
    assert area == pytest.approx(wins.mean(), abs=1e-12)
    assert area == pytest.approx(roc_auc_score([1] * len(first) + [0] * len(second), first + second), abs=1e-12)
    assert interval.low - 1e-12 <= area <= interval.high + 1e-12
    if "few" in interval.method:
        return
    up = 0.0
    for means in (wins.mean(axis=1), wins.mean(axis=0)):
        n = len(means)
        variance = ((means - area) ** 2).sum() / (n * (n - 1)) + area * (1 - area) / n**2
        reach = student.ppf(0.975, n - 1) * np.sqrt(variance) / (area * (1 - area))
        up += (expit(np.log(area / (1 - area)) + reach) - area) ** 2
    assert interval.high == pytest.approx(min(area + np.sqrt(up), 1.0), abs=1e-9)


@pytest.mark.parametrize("rows", [20, 60])
@pytest.mark.parametrize("tied", [0.0, 0.95, 1.0])
def test_delong_covers_where_most_scores_are_equal(rows, tied):
    """A tree's leaves say 1 of nearly every row; all equal is no certainty of one half."""
    rng = np.random.default_rng(4)

    def scores():
        return np.where(rng.random(rows) < tied, 1.0, rng.integers(0, 5, rows) / 5)

    found = [intervals.delong(scores(), scores())[1] for _ in range(400)]
    assert np.mean([covers(one, 0.5) for one in found]) >= 0.93
    assert min(one.high - one.low for one in found) > 0.5 / rows


def test_an_area_covers_where_the_few_positives_hardly_differ():
    """One positive in forty lies below all negatives: most samples hold none and look certain."""
    rng, hits = np.random.default_rng(3), 0
    for _ in range(300):
        positive = np.where(rng.random(50) < 0.023, 0.0, 1.0)
        hits += covers(intervals.delong(positive, np.where(rng.random(500) < 0.023, 1.0, 0.0))[1], 0.977)
    assert hits / 300 >= 0.93


@pytest.mark.parametrize(("positive", "area"), [([5, 6, 7, 8], 1.0), ([-5, -6, -7, -8], 0.0)])
def test_perfect_separation_of_few_rows_stays_uncertain(positive, area):
    found, interval = intervals.delong(positive, [1, 2, 3, 4, 5 - 1])
    assert found == area
    assert interval.high - interval.low == pytest.approx(1 - 0.025 ** (1 / 4))


@pytest.mark.parametrize("shift", [0.0, 1.0, 2.5])
def test_delong_covers(shift):
    rng = np.random.default_rng(4)
    truth = norm.cdf(shift / np.sqrt(2))
    hits = [covers(intervals.delong(rng.normal(shift, 1, 60), rng.normal(0, 1, 60))[1], truth) for _ in range(1_000)]
    assert np.mean(hits) >= 0.93


@pytest.mark.parametrize(("gained", "lost"), [(0.05, 0.01), (0.3, 0.1), (0.02, 0.02)])
def test_paired_differences_cover(gained, lost):
    rng = np.random.default_rng(7)
    draws = rng.multinomial(200, [gained, lost, 1 - gained - lost], size=2_000)
    hits = [covers(intervals.paired_difference(int(a), int(b), 200), gained - lost) for a, b, _ in draws]
    assert np.mean(hits) >= 0.93


def test_means_of_shares_cover():
    rng = np.random.default_rng(8)

    def one() -> Interval:
        parts = []
        for n, share in ((40, 0.95), (200, 0.7)):
            k = int(rng.binomial(n, share))
            found = intervals.proportion(k, n)
            parts.append((k / n, found.low, found.high))
        return intervals.mean_of_parts(parts)

    assert np.mean([covers(one(), 0.825) for _ in range(2_000)]) >= 0.93


@pytest.mark.parametrize("share", [0.02, 0.05, 0.1, 0.3])
def test_shares_of_few_rows_cover_for_each_share(share):
    hits = [covers(intervals.proportion(k, 20), share) for k in range(21)]
    assert binom.pmf(np.arange(21), 20, share) @ hits >= 0.95


def test_costs_that_no_row_has_are_heeded():
    rng, hits = np.random.default_rng(9), 0
    for _ in range(400):
        found = intervals.weighted_shares(rng.multinomial(50, [0.88, 0.1, 0.02]), np.array([0.0, 1.0, 50.0]))[1]
        hits += covers(found, 1.1)
    assert hits / 400 >= 0.93


def test_a_mean_of_costs_is_their_mean():
    counts, costs = np.array([5, 0, 3, 2]), np.array([1.0, -4.0, 1.0, 10.0])
    value, found = intervals.weighted_shares(counts, costs)
    assert value == pytest.approx(np.repeat(costs, counts).mean(), abs=1e-12)
    assert -4 <= found.low < value < found.high <= 10


@given(st.integers(1, 50), st.integers(1, 50), st.data())
def test_differences_are_newcombes_with_the_given_limits(n, other, data):
    pairs = [(data.draw(st.integers(0, size)), size) for size in (n, other)]
    shares = [(k / size, intervals.proportion(k, size)) for k, size in pairs]
    found = intervals.difference(*shares)
    (one, first), (two, second) = shares
    assert found.low == pytest.approx(one - two - np.hypot(one - first.low, second.high - two), abs=1e-12)
    assert found.high == pytest.approx(one - two + np.hypot(first.high - one, two - second.low), abs=1e-12)


@pytest.mark.parametrize("shares", [(0.02,) * 50, (0.3, 0.3, 0.4), (0.96, 0.02, 0.02)])
def test_the_most_extreme_of_several_shares_covers(shares):
    rng, n, covered = np.random.default_rng(1), 300, []
    for _ in range(1_000):
        least, most = int(rng.multinomial(n, shares).min()), int(rng.binomial(n, shares).max())
        smallest = intervals.extreme_proportion(least, n, among=len(shares) - 1, largest=False)
        largest = intervals.extreme_proportion(most, n, among=len(shares), largest=True)
        assert smallest.low <= least / n <= smallest.high
        assert largest.low <= most / n <= largest.high
        covered.append((covers(smallest, min(shares)), covers(largest, max(shares))))
    assert np.mean(covered, axis=0).min() > 0.94
    one, plain = intervals.extreme_proportion(7, n, among=1, largest=True), intervals.proportion(7, n)
    assert (one.low, one.high) == (plain.low, plain.high)
