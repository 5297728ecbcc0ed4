"""Recalibration equals statsmodels' logistic regression; the parts of the Brier score add up."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.special import expit, logit

from govkit.stats import calibration


def drawn(rows, slope, seed=0):
    rng = np.random.default_rng(seed)
    probability = rng.beta(2, 3, rows)
    return probability, rng.random(rows) < expit(slope * logit(probability))


def test_the_slope_equals_statsmodels():
    probability, happened = drawn(500, 0.6)
    fitted = sm.Logit(happened.astype(float), sm.add_constant(logit(probability))).fit(disp=0, tol=1e-12)
    assert calibration.recalibration(probability, happened) == pytest.approx(
        (fitted.params[1], fitted.bse[1]), abs=1e-9
    )


@pytest.mark.parametrize("happened", [np.zeros(20, bool), np.arange(20) > 9])
def test_no_slope_without_both_outcomes_or_where_they_are_separated(happened):
    assert calibration.recalibration(np.linspace(0.1, 0.9, 20), happened) is None


def test_the_parts_add_up_to_the_score_and_cover():
    hits, low = 0, calibration.brier_parts
    for seed in range(200):
        probability, happened = drawn(400, 0.5, seed)
        bins = calibration.equal_count_bins(probability, happened, 10)
        brier = float(np.mean((probability - happened) ** 2))
        parts = low(bins, brier, seed=seed, draws=200)
        base = happened.mean()
        assert parts["uncertainty"][0] == pytest.approx(base * (1 - base) * 400 / 399, abs=1e-12)
        truth = np.average(
            [(one.predicted - expit(0.5 * logit(one.predicted))) ** 2 for one in bins], weights=[one.n for one in bins]
        )
        hits += parts["reliability"][1].low - 1e-4 <= truth <= parts["reliability"][1].high + 1e-4
    assert hits / 200 >= 0.93


def test_more_bins_are_taken_while_the_shares_rise():
    probability = np.repeat(np.arange(1, 10) / 10, 100)
    happened = np.concatenate([np.arange(100) < 10 * one for one in range(1, 10)])
    assert len(calibration.monotone_bins(probability, happened)) == 9
    assert len(calibration.monotone_bins(probability, happened[::-1])) == 2


def test_one_surprise_among_certain_answers_does_not_decide_the_slope():
    probability, happened = drawn(2_000, 1.0)
    slope, _ = calibration.recalibration(probability, happened)
    certain, surprised = np.append(probability, 1e-9), np.append(happened, True)
    assert calibration.recalibration(certain, surprised)[0] == pytest.approx(slope, abs=0.1)
