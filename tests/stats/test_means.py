"""Intervals of means cover where values are skewed, rare or bounded, and none are given where rows can't carry them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t as student
from scipy.stats import ttest_ind

from govkit.stats import means


def holds(found, truth):
    return (found.low is None or found.low <= truth) and (found.high is None or truth <= found.high)


@given(st.lists(st.integers(-20, 20), min_size=12, max_size=40))
def test_symmetric_values_give_students_interval(half):
    values = np.array([*half, *(-one for one in half)], dtype=float)
    found = means.mean(values)
    if found.low is None:
        return
    low, high = student.interval(0.95, len(values) - 1, values.mean(), values.std(ddof=1) / np.sqrt(len(values)))
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-9)


def test_halls_limits_invert_his_transform():
    """Source: Hall (1992), section 2: T + a T²/3 + a² T³/27 + a/6, a the skewness over the root of n."""
    values = np.random.default_rng(0).exponential(1, 60)
    found, n, middle = means.mean(values), 60, values.mean()
    error = values.std(ddof=1) / np.sqrt(n)
    skew = ((values - middle) ** 3).sum() / (n * (n - 1)) ** 1.5 / error**3
    apart = (middle - found.high) / error
    moved = apart + skew * apart**2 / 3 + skew**2 * apart**3 / 27 + skew / 6
    assert moved == pytest.approx(student.ppf(0.025, n - 1), abs=1e-9)


DRAWS = {
    "exponential": (lambda rng, n: rng.exponential(1, n), means.UNBOUNDED, 1.0),
    "rare events": (lambda rng, n: (rng.random(n) < 0.03) * 1.0, (0.0, 1.0), 0.03),
    "small changes": (lambda rng, n: (rng.random(n) < 0.05) * rng.uniform(-0.1, 0.2, n), (-1.0, 1.0), 0.0025),
    "gaps of rare events": (lambda rng, n: gaps(rng, rng.beta(1, 20, n)), (-1.0, 1.0), 0.0),
}


def gaps(rng, probability):
    return (rng.random(len(probability)) < probability) - probability


@pytest.mark.parametrize("n", [20, 100])
@pytest.mark.parametrize("kind", DRAWS)
def test_means_cover(kind, n):
    draw, within, truth = DRAWS[kind]
    rng = np.random.default_rng(5)
    found = [means.mean(draw(rng, n), within=within) for _ in range(600)]
    assert np.mean([holds(one, truth) for one in found]) >= 0.93
    assert np.mean([one.high is None for one in found]) < 0.6


def test_rows_that_do_not_carry_a_mean_give_none_and_say_how_many_would():
    values = np.zeros(40)
    values[0] = 9.0
    found = means.mean(values, within=(0.0, np.inf))
    assert (found.low, found.high) == (0.0, None)
    assert "needs about 1" in found.method
    assert means.mean(np.ones(30)).high is None


def test_values_that_are_all_the_same_keep_an_interval_within_known_bounds():
    found = means.mean(np.zeros(1_000), within=(-1.0, 1.0))
    assert -0.01 < found.low < 0 < found.high < 0.01
    assert means.ratio(np.ones(50), np.ones(50), largest=1.0)[1].low < 0.96


def test_r_squared_covers():
    rng = np.random.default_rng(6)

    def one():
        feature = rng.normal(size=150)
        truth = feature + rng.normal(size=150)
        rows = np.column_stack([(truth - feature) ** 2, truth, truth**2])
        return means.of_means(rows, lambda m: 1 - m[..., 0] / (m[..., 2] - m[..., 1] ** 2), link="log-complement")

    assert np.mean([holds(one(), 0.5) for _ in range(1_000)]) >= 0.93


def test_the_test_of_two_means_is_welchs_unless_skewness_asks_for_more():
    rng = np.random.default_rng(7)
    first, second = rng.normal(0.5, 1, 40), rng.normal(0, 2, 60)
    plain = ttest_ind(first, second, equal_var=False, alternative="greater").pvalue
    both = np.concatenate([first, 2 * first.mean() - first]), np.concatenate([second, 2 * second.mean() - second])
    symmetric = ttest_ind(*both, equal_var=False, alternative="greater").pvalue
    assert means.exceeds(*both) == pytest.approx(symmetric, abs=1e-9)
    assert means.exceeds(first, second) >= plain - 1e-12
    assert means.exceeds(np.ones(30), np.zeros(30)) == 1
