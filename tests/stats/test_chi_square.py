"""Chi-square tests equal SciPy's, hold their level where cells are rare or chosen, and still see what differs."""

import numpy as np
import pytest
from scipy.stats import binomtest, chi2_contingency, chisquare

from govkit.stats.chi_square import alike, alike_in_quantiles, alike_where_chosen, fit

SAMPLES = 1_000
MOST = 0.069
"""Of 1,000 samples at a rate of 5 %, more than this share come up once in 200."""


def test_rare_categories_are_taken_together_before_they_are_tested():
    before, now = np.array([500, 300, 3, 3]), np.array([510, 280, 2, 4])
    expected = chi2_contingency([[500, 300, 6], [510, 280, 6]], correction=False).pvalue
    assert alike(before, now) == pytest.approx(expected, abs=1e-9)
    expected = chi2_contingency([[500, 301], [510, 281]], correction=False).pvalue
    assert alike([500, 300, 1], [510, 280, 1]) == pytest.approx(expected, abs=1e-9)
    assert alike([500, 1], [510, 2]) == 1.0


def test_shares_are_held_against_what_is_declared():
    statistic, chance = fit([30, 50, 20], [0.2, 0.6, 0.2], seed=1)
    assert (statistic, chance) == pytest.approx(tuple(chisquare([30, 50, 20], [20, 60, 20])), abs=1e-9)
    _, chance = fit([28, 2], [0.99, 0.01], seed=1)  # 0.3 rows are expected
    assert chance == pytest.approx(binomtest(2, 30, 0.01).pvalue, abs=0.01)


def chosen(before, now, least=10):
    kept = before >= least
    rest = int(before[~kept].sum()), int(now[~kept].sum())
    return alike_where_chosen(before[kept], now[kept], least=least, rest=rest)


@pytest.mark.parametrize(("rows", "now"), [(300, 100), (600, 600), (100, 2_000)])
@pytest.mark.parametrize("shares", [np.ones(40), 0.88 ** np.arange(40), 1 / np.arange(1, 100)])
def test_categories_that_were_chosen_by_their_counts_hold_the_level(rows, now, shares):
    rng, shares = np.random.default_rng(1), shares / shares.sum()
    found = [chosen(rng.multinomial(rows, shares), rng.multinomial(now, shares)) for _ in range(SAMPLES)]
    assert np.mean(np.array(found) <= 0.05) <= MOST


def test_new_categories_and_other_shares_are_seen_in_chosen_ones():
    rng, even = np.random.default_rng(1), np.append(np.ones(8) / 8, 0)
    for other in (np.append(even[:8] * 0.9, 0.1), np.append([0.3, *np.ones(7) * 0.1], 0)):
        found = [chosen(rng.multinomial(1_000, even), rng.multinomial(500, other)) for _ in range(50)]
        assert np.mean(np.array(found) <= 0.001) > 0.9


@pytest.mark.parametrize(("rows", "now"), [(50, 50), (100, 2_000), (1_000, 50)])
@pytest.mark.parametrize("kind", ["normal", "tied"])
def test_bins_cut_at_quantiles_hold_the_level(rows, now, kind):
    rng = np.random.default_rng(1)

    def draw(count, shift=0.0):
        return rng.normal(shift, 1, count) if kind == "normal" else rng.poisson(0.7 + 2 * shift, count) * 1.0

    def chance(before, after):
        edges = np.unique(np.quantile(before, np.arange(1, 10) / 10, method="inverted_cdf"))
        return alike_in_quantiles(
            *(np.bincount(np.searchsorted(edges, part), minlength=len(edges) + 1) for part in (before, after))
        )

    found = [chance(draw(rows), draw(now)) for _ in range(SAMPLES)]
    assert np.mean(np.array(found) <= 0.05) <= MOST
    assert np.mean([chance(draw(rows), draw(now, 1.0)) <= 0.05 for _ in range(50)]) > 0.6
