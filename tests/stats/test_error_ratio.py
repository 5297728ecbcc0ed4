"""The ratio of two scores' errors: its interval covers where few rows err, and sees a leak where rows suffice."""

import numpy as np
import pytest

from govkit.stats.error_ratio import errors_ratio
from govkit.stats.influence import roc_auc


def scores(rng, positive, shift, noise):
    first = rng.normal(size=len(positive)) + shift * positive
    return first, first + (rng.random(len(positive)) < noise) * rng.normal(size=len(positive))


@pytest.mark.parametrize(("few", "many", "noise"), [(10, 200, 0.2), (100, 100, 1.0), (200, 800, 1.0)])
def test_the_interval_covers(few, many, noise):
    shift, rng = 2.5, np.random.default_rng(1)
    yes = np.arange(100_000) < 50_000
    truth = np.divide(*(1 - roc_auc(each, yes)[0] for each in scores(rng, yes, shift, noise)))
    own = np.arange(few + many) < few
    found = [errors_ratio(*scores(rng, own, shift, noise), own)[1] for _ in range(250)]
    assert np.mean([one.low <= truth and (one.high is None or truth <= one.high) for one in found]) >= 0.92


def test_a_score_that_leaves_a_tenth_of_the_errors_is_told_from_one_that_leaves_them_all():
    rng, own = np.random.default_rng(1), np.arange(1_000) < 300
    weak = rng.normal(size=1_000) + own
    ratio, found = errors_ratio(weak + 3 * own, weak, own)
    assert ratio < 0.2
    assert found.high < 0.3
    ratio, found = errors_ratio(weak, weak, own)
    assert (ratio, found.low <= 1 <= found.high) == (1.0, True)
    ratio, found = errors_ratio(own * 1.0, weak, own)  # every pair is right
    assert found.low == 0
    assert found.high < 0.2
    assert errors_ratio(weak, own * 1.0, own)[1].high is None
