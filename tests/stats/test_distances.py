"""Distances equal SciPy's and their definitions; their intervals cover and equal samples have none."""

import numpy as np
import pytest
from scipy.stats import contingency, entropy

from govkit.stats import distances


def test_the_index_is_both_relative_entropies():
    before, now = np.array([30, 50, 20]), np.array([10, 60, 40])
    one, other = (before + 0.5) / 101.5, (now + 0.5) / 111.5
    assert float(distances.stability_index(before, now)) == pytest.approx(
        entropy(one, other) + entropy(other, one), abs=1e-9
    )


def test_association_equals_scipys_less_its_bias():
    rng = np.random.default_rng(0)
    assert distances.cramers_v(np.array([[30, 10], [10, 30]])) == pytest.approx(
        contingency.association(np.array([[30, 10], [10, 30]])), abs=0.02
    )
    plain = [distances.cramers_v(rng.multinomial(100, np.ones(12) / 12).reshape(2, 6)) for _ in range(200)]
    assert np.median(plain) == 0


@pytest.mark.parametrize(("shift", "rows"), [(0.0, 200), (0.0, 2_000), (0.3, 500), (1.0, 500)])
def test_the_interval_of_the_index_covers(shift, rows):
    rng, share = np.random.default_rng(1), np.ones(10) / 10
    moved = share * np.exp(shift * np.linspace(-1, 1, 10))
    moved /= moved.sum()
    truth, hits = float(np.sum((moved - share) * np.log(moved / share))), 0
    for seed in range(200):
        before, now = rng.multinomial(rows, share), rng.multinomial(rows, moved)
        _, found = distances.stability_interval(before, now, seed=seed, draws=200)
        hits += found.low <= truth + 1e-9 and truth <= found.high + 1e-9
    assert hits / 200 >= 0.93
