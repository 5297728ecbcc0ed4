"""Intervals against exact values, independent formulas and their own promise: how often they hold the true value."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit
from scipy.stats import beta, norm
from scipy.stats import t as student
from sklearn.metrics import roc_auc_score

from govkit.core.evidence import Interval
from govkit.stats import intervals


def covers(interval: Interval, truth: float) -> bool:
    return (interval.low is None or interval.low <= truth) and (interval.high is None or truth <= interval.high)


@given(st.integers(1, 400), st.data(), st.sampled_from([0.9, 0.95, 0.99]))
def test_wilson_is_its_closed_form(n, data, level):
    k = data.draw(st.integers(0, n))
    z = norm.ppf(0.5 + level / 2)
    middle = (k + z**2 / 2) / (n + z**2)
    width = z / (n + z**2) * np.sqrt(k * (n - k) / n + z**2 / 4)
    found = intervals.proportion(k, n, level=level)
    assert (found.low, found.high) == pytest.approx((max(middle - width, 0), min(middle + width, 1)), abs=1e-9)


@given(st.integers(1, 400), st.data())
def test_clopper_pearson_is_the_beta_quantile(n, data):
    k = data.draw(st.integers(0, n))
    found = intervals.proportion(k, n, method="clopper-pearson")
    assert found.low == pytest.approx(beta.ppf(0.025, k, n - k + 1) if k else 0.0, abs=1e-9)
    assert found.high == pytest.approx(beta.ppf(0.975, k + 1, n - k) if k < n else 1.0, abs=1e-9)


def test_no_rows_is_an_error():
    with pytest.raises(ValueError):
        intervals.proportion(0, 0)


def brute_force_delong(positive, negative):
    """The definition: one comparison per pair, and the variance of the row and column means.

    One row more on each side is a win as often as the area says.
    """
    wins = (positive[:, None] > negative[None, :]) + 0.5 * (positive[:, None] == negative[None, :])
    area = wins.mean()
    variances = []
    for means in (wins.mean(axis=1), wins.mean(axis=0)):
        squares = ((means - area) ** 2).sum() + area * (1 - area)
        variances.append(squares / (len(means) - 1) / len(means))
    counts = len(positive), len(negative)
    parts = sum(one**2 / (count - 1) for one, count in zip(variances, counts, strict=True))
    return area, np.sqrt(sum(variances)), sum(variances) ** 2 / parts if parts else np.inf


@given(st.lists(st.integers(0, 9), min_size=3, max_size=40), st.lists(st.integers(0, 9), min_size=3, max_size=40))
def test_delong_equals_the_comparison_of_every_pair(first, second):
    positive, negative = np.array(first, dtype=float), np.array(second, dtype=float)
    area, interval = intervals.delong(positive, negative)
    expected, error, welch = brute_force_delong(positive, negative)
    assert area == pytest.approx(expected, abs=1e-12)
    assert area == pytest.approx(roc_auc_score([1] * len(first) + [0] * len(second), first + second), abs=1e-12)
    assert interval.low <= area <= interval.high
    if 1e-9 < area < 1 - 1e-9:
        width = student.ppf(0.975, welch) * error / (area * (1 - area))
        assert interval.high == pytest.approx(expit(np.log(area / (1 - area)) + width), abs=1e-9)


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


@pytest.mark.parametrize(
    ("link", "draw", "truth"),
    [
        ("identity", lambda rng: rng.normal(2, 1, 80), 2.0),
        ("log", lambda rng: rng.exponential(1, 80), 1.0),
    ],
)
def test_means_cover(link, draw, truth):
    rng = np.random.default_rng(5)
    hits = [
        covers(intervals.of_means(draw(rng)[:, None], lambda means: means[..., 0], link=link), truth)
        for _ in range(1_000)
    ]
    assert np.mean(hits) >= 0.93


def test_r_squared_covers():
    rng = np.random.default_rng(6)

    def one() -> Interval:
        feature = rng.normal(size=150)
        truth = feature + rng.normal(size=150)
        rows = np.column_stack([(truth - feature) ** 2, truth, truth**2])
        return intervals.of_means(rows, lambda m: 1 - m[..., 0] / (m[..., 2] - m[..., 1] ** 2), link="log-complement")

    assert np.mean([covers(one(), 0.5) for _ in range(1_000)]) >= 0.93


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
        return intervals.mean_of_shares(parts)

    assert np.mean([covers(one(), 0.825) for _ in range(2_000)]) >= 0.93
