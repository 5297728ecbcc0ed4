"""Values that one sample lacks, against what random splits show."""

import numpy as np
import pytest
from scipy.stats import hypergeom

from govkit.stats.unseen import chance_of_unseen


def test_one_value_on_one_side_has_the_chance_of_the_hypergeometric():
    for rows, asked, total in ((100, 50, 6), (40, 10, 3), (1_000, 900, 30)):
        totals, unseen = np.array([total, rows - total]), np.array([True, False])
        alone = hypergeom(rows, total, asked).pmf(total)
        assert chance_of_unseen(totals, unseen, asked) == pytest.approx(min(2 * alone, 1), rel=1e-9)


def test_many_single_values_on_one_side_are_no_chance_and_none_is_certain():
    totals = np.array([1] * 30 + [970])
    assert chance_of_unseen(totals, totals == 1, 500) < 1e-7
    assert chance_of_unseen(totals, totals == 0, 500) == 1
    assert chance_of_unseen(np.array([6, 4]), np.array([True, False]), 5) == 0


def test_random_splits_are_rarely_taken_for_more():
    random, wrong = np.random.default_rng(0), 0
    for _ in range(2_000):
        values = np.minimum(random.geometric(0.1, 200), 60)
        asked = values[:100]
        found, totals = np.unique(values, return_counts=True)
        wrong += chance_of_unseen(totals, ~np.isin(found, values[100:]), len(asked)) < 0.05
    assert wrong <= 2_000 * 0.05
