"""Every metric equals a reference implementation to nine digits, on drawn inputs with ties and rare classes."""

import numpy as np
import pytest
from fairlearn import metrics as fair
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import jensenshannon
from sklearn import metrics
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.gof import chisquare_effectsize
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from govkit.checks.drift._compare import _numbers
from govkit.checks.performance import _metrics
from govkit.checks.performance.calibration import _brier
from govkit.checks.performance.holdout import holdout
from govkit.core.evidence import Measurement
from govkit.inputs.predictions import Predictions
from govkit.inputs.task import Task
from govkit.stats import calibration, distances, groups, influence, intervals, multiple
from govkit.stats.chi_square import alike

CLOSE = 1e-9


def drawn(classes, least=1):
    """Draw true and predicted classes of which some are rare, and tied probabilities."""
    weights = st.lists(st.sampled_from([1, 1, 5, 40]), min_size=classes, max_size=classes)

    @st.composite
    def rows(draw):
        rng = np.random.default_rng(draw(st.integers(0, 2**32)))
        share = np.array(draw(weights), dtype=float)
        truth = rng.choice(classes, draw(st.integers(12, 120)), p=share / share.sum())
        assume(np.bincount(truth, minlength=classes).min() >= least)
        steps = draw(st.sampled_from([2, 5, 1_000]))
        raw = np.round(rng.dirichlet(np.ones(classes), len(truth)) * steps) + 0.01 * (
            np.arange(classes) == truth[:, None]
        )
        raw += 1e-3 * (steps > 5)
        probability = (raw + 1e-9) / (raw + 1e-9).sum(axis=1, keepdims=True)
        return truth, probability.argmax(axis=1), probability

    return rows()


def measured(products):
    return {one.name: one.value for one in products if isinstance(one, Measurement)}


def answers(truth, predicted, probability=None):
    return Predictions(np.arange(len(truth)), truth, predicted, probability, None, 0, 0)


def task(name, classes):
    names = tuple(f"class {place + 1}" for place in range(classes))
    return Task(name=name, classes=tuple(range(classes)), names=names)


BINARY = {
    "accuracy": lambda t, p, s: metrics.accuracy_score(t, p),
    "balanced_accuracy": lambda t, p, s: metrics.balanced_accuracy_score(t, p),
    "precision": lambda t, p, s: metrics.precision_score(t, p),
    "recall": lambda t, p, s: metrics.recall_score(t, p),
    "specificity": lambda t, p, s: metrics.recall_score(t, p, pos_label=0),
    "f1": lambda t, p, s: metrics.f1_score(t, p),
    "matthews_correlation": lambda t, p, s: metrics.matthews_corrcoef(t, p),
    "roc_auc": lambda t, p, s: metrics.roc_auc_score(t, s[:, 1]),
    "average_precision": lambda t, p, s: metrics.average_precision_score(t, s[:, 1]),
    "log_loss": lambda t, p, s: metrics.log_loss(t, s),
}
SEVERAL = {
    "accuracy": BINARY["accuracy"],
    "balanced_accuracy": BINARY["balanced_accuracy"],
    "macro_f1": lambda t, p, s: metrics.f1_score(t, p, average="macro"),
    "matthews_correlation": BINARY["matthews_correlation"],
    "roc_auc": lambda t, p, s: metrics.roc_auc_score(t, s, multi_class="ovr"),
    "log_loss": BINARY["log_loss"],
}
ERRORS = {
    "r2": metrics.r2_score,
    "rmse": metrics.root_mean_squared_error,
    "mae": metrics.mean_absolute_error,
    "median_absolute_error": metrics.median_absolute_error,
    "mean_error": lambda t, p: np.mean(p - t),
}


@settings(max_examples=30)
@given(drawn(2, least=2))
def test_binary(rows):
    truth, predicted, probability = rows
    found = measured(holdout(answers(*rows), task("binary", 2)))
    assert set(found) <= set(BINARY)
    assert set(BINARY) - set(found) <= {"precision", "f1", "matthews_correlation", "average_precision"}
    for name, value in found.items():
        assert value == pytest.approx(BINARY[name](truth, predicted, probability), abs=CLOSE), name
    brier = metrics.brier_score_loss(truth, probability[:, 1])
    assert _brier(answers(*rows), probability).value == pytest.approx(brier, abs=CLOSE)


@settings(max_examples=20)
@given(drawn(4))
def test_several_classes(rows):
    truth, _, probability = rows
    found = measured(holdout(answers(*rows), task("multiclass", 4)))
    for name, value in found.items():
        assert value == pytest.approx(SEVERAL[name](*rows), abs=CLOSE), name
    brier = metrics.brier_score_loss(truth, probability, scale_by_half=True)
    assert _brier(answers(*rows), probability).value == pytest.approx(brier, abs=CLOSE)


@settings(max_examples=20)
@given(st.integers(0, 2**32), st.integers(3, 80), st.sampled_from([1e-3, 1.0, 1e6]), st.booleans())
def test_regression(seed, n, scale, tied):
    rng = np.random.default_rng(seed)
    truth, predicted = (scale * (np.round(part) if tied else part) for part in rng.standard_t(3, (2, n)))
    assume(np.ptp(truth) > 0)
    found = measured(holdout(answers(truth, predicted), Task(name="regression")))
    assert set(found) == set(ERRORS)
    for name, reference in ERRORS.items():
        assert found[name] == pytest.approx(reference(truth, predicted), rel=CLOSE, abs=CLOSE * scale), name


@settings(max_examples=20)
@given(drawn(2, least=2), st.integers(2, 6))
def test_groups(rows, many):
    truth, predicted, _ = rows
    rng = np.random.default_rng(len(truth))
    group = rng.integers(0, many, len(truth))
    codes = np.unique(group, return_inverse=True)[1]
    n = np.bincount(codes)
    assume(len(n) > 1)
    hits = np.bincount(codes[predicted == 1], minlength=len(n))
    difference = fair.demographic_parity_difference(truth, predicted, sensitive_features=group)
    ratio = fair.demographic_parity_ratio(truth, predicted, sensitive_features=group)
    assert groups.largest_difference(hits, n).value == pytest.approx(difference, abs=CLOSE)
    if hits.any():
        assert groups.smallest_ratio(hits, n).value == pytest.approx(ratio, abs=CLOSE)
    right = np.bincount(codes[truth == predicted], minlength=len(n))
    frame = fair.MetricFrame(metrics=metrics.accuracy_score, y_true=truth, y_pred=predicted, sensitive_features=group)
    assert groups.largest_difference(right, n).value == pytest.approx(frame.difference(), abs=CLOSE)


@settings(max_examples=20)
@given(st.integers(0, 2**32), st.integers(2, 8), st.sampled_from([1, 6, 60]), st.booleans())
def test_distances(seed, bins, rows, tied):
    rng = np.random.default_rng(seed)
    before, now = (rng.multinomial(rows * bins, rng.dirichlet(np.ones(bins))) for _ in range(2))
    expected = jensenshannon(before / before.sum(), now / now.sum(), base=2)
    assert distances.jensen_shannon(before, now) == pytest.approx(expected, abs=CLOSE)
    one, other = ((part + 0.5) / (part + 0.5).sum() for part in (before, now))
    expected = stats.entropy(one, other) + stats.entropy(other, one)
    assert distances.stability_index(before, now) == pytest.approx(expected, abs=CLOSE)
    first, second = rng.exponential(1, rows + 4), rng.exponential(2, rows + 9)
    first, second = (np.round(part) for part in (first, second)) if tied else (first, second)
    chance, statistic, moved = _numbers(first, second)
    reference = stats.ks_2samp(first, second, method="asymp")
    assert (chance, statistic) == pytest.approx((reference.pvalue, reference.statistic), abs=CLOSE)
    spread = first.std() or 1.0
    assert moved == pytest.approx(stats.wasserstein_distance(first, second) / spread, abs=CLOSE)
    full = rng.integers(30, 60, (2, bins))
    reference = stats.chi2_contingency(full, correction=False)
    assert alike(*full) == pytest.approx(reference.pvalue, abs=CLOSE)
    n = full.sum()  # Bergsma (2013): both numbers of categories and phi squared less their expected excess
    excess = max(reference.statistic / n - (bins - 1) / (n - 1), 0.0)
    sides = min(2 - 1 / (n - 1), bins - (bins - 1) ** 2 / (n - 1)) - 1
    assert distances.cramers_v(full) == pytest.approx(np.sqrt(excess / sides), abs=CLOSE)


@settings(max_examples=20)
@given(st.integers(0, 2**32), st.integers(8, 80), st.booleans())
def test_two_models(seed, n, tied):
    rng = np.random.default_rng(seed)
    positive = rng.random(n) < 0.3
    assume(1 < positive.sum() < n - 1)
    one, other = (np.round(part) if tied else part for part in rng.normal(size=(2, n)) + positive)
    gain = metrics.roc_auc_score(positive, one) - metrics.roc_auc_score(positive, other)
    assert influence.paired_areas(one, other, positive)[0] == pytest.approx(gain, abs=CLOSE)
    gained, lost = rng.integers(0, 12, 2)
    if gained + lost:
        expected = mcnemar([[5, gained], [lost, 5]], exact=True).pvalue
        assert stats.binomtest(gained, gained + lost).pvalue == pytest.approx(expected, abs=CLOSE)
    expected = _metrics.matthews(answers(positive * 1, (one > 0.5) * 1), 2)
    if expected is not None:
        reference = metrics.matthews_corrcoef(positive, one > 0.5)
        assert expected.value == pytest.approx(reference, abs=CLOSE)


@settings(max_examples=20)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.integers(1, 300), st.data())
def test_what_decides(p_values, n, data):
    assert multiple.holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1], abs=CLOSE)
    k = data.draw(st.integers(0, n))
    expected = proportion_confint(k, n, method="beta")
    low, high = intervals.share_limits(k, n)
    assert (low, high) == pytest.approx((0.0 if k == 0 else expected[0], 1.0 if k == n else expected[1]), abs=CLOSE)


@settings(max_examples=20)
@given(st.integers(0, 2**32), st.sampled_from([40, 400]), st.sampled_from([5, 1_000]))
def test_calibration(seed, n, steps):
    """Against the definition: no library gives the debiased error, but the gaps of the bins are plain."""
    rng = np.random.default_rng(seed)
    probability = np.round(rng.random(n) * steps) / steps
    happened = rng.random(n) < probability
    bins = calibration.equal_width_bins(probability, happened, 10)
    place = np.clip(np.ceil(probability * 10), 1, 10)
    gaps = [abs(happened[place == one].mean() - probability[place == one].mean()) for one in np.unique(place)]
    assert [abs(one.gap) for one in bins] == pytest.approx(gaps, abs=CLOSE)
    assert calibration.expected_calibration_error(bins)[0] <= np.average(gaps, weights=[one.n for one in bins]) + CLOSE
    counts, shares = np.array([30, 50, 20]), np.array([0.2, 0.5, 0.3])
    w = np.sqrt(stats.chisquare(counts, shares * 100).statistic / 100)
    assert chisquare_effectsize(shares, counts / 100) == pytest.approx(w, abs=CLOSE)
