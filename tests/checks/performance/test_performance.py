"""Performance checks: metrics equal scikit-learn's, undefined ones are left out, calibration is judged honestly."""

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_diabetes, load_iris, make_classification
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from govkit.checks.performance.baseline import baseline
from govkit.checks.performance.calibration import CalibrationParams, calibration
from govkit.checks.performance.holdout import holdout
from govkit.checks.performance.uncertainty import uncertainty
from govkit.core.evidence import Finding, Measurement, Table
from govkit.inputs.predictions import Predictions
from govkit.inputs.task import Task
from govkit.plugins.check import NotApplicable
from govkit.stats.calibration import equal_count_bins as bins
from govkit.stats.calibration import expected_calibration_error
from tests.in_process_model import inputs


def measured(products):
    return {product.name: product for product in products if isinstance(product, Measurement)}


def table(products, name):
    return next(product for product in products if isinstance(product, Table) and product.name == name)


def rules(products):
    return [product.rule for product in products if isinstance(product, Finding)]


def against(case):
    shared = {name: getattr(case, name) for name in ("predictions", "test", "task", "columns", "train")}
    return baseline(**shared, work={"rows": 500}, seed=0)


@pytest.fixture
def binary(tmp_path):
    x, y = make_classification(900, 6, weights=[0.7], flip_y=0.1, random_state=2)
    frame = pd.DataFrame(x, columns=list("abcdef")).assign(target=np.where(y, "yes", "no"))
    train, test = frame[:500], frame[500:]
    model = DecisionTreeClassifier(max_depth=3, random_state=0).fit(train.drop(columns="target"), train["target"])
    return inputs(tmp_path, model, test, train, class_names={"no": "refused", "yes": "granted"})


def test_binary_metrics_equal_scikit_learn(binary):
    answers, found = binary.predictions, list(holdout(binary.predictions, binary.task))
    truth, predicted, probability = answers.truth, answers.predicted, answers.probability
    expected = {
        "accuracy": metrics.accuracy_score(truth, predicted),
        "balanced_accuracy": metrics.balanced_accuracy_score(truth, predicted),
        "precision": metrics.precision_score(truth, predicted),
        "recall": metrics.recall_score(truth, predicted),
        "f1": metrics.f1_score(truth, predicted),
        "specificity": metrics.recall_score(truth, predicted, pos_label=0),
        "matthews_correlation": metrics.matthews_corrcoef(truth, predicted),
        "average_precision": metrics.average_precision_score(truth, probability[:, 1]),
        "roc_auc": metrics.roc_auc_score(truth, probability[:, 1]),
        "log_loss": metrics.log_loss(truth, probability),
    }
    values = measured(found)
    assert {name: one.value for name, one in values.items()} == pytest.approx(expected, abs=1e-9)
    surprised = values.pop("log_loss").interval
    assert surprised.high is None, "a few certain leaves that are wrong decide it"
    assert all(one.interval.low <= one.value <= one.interval.high for one in values.values())
    shown = {(true, called): n for true, called, n in table(found, "confusion_matrix").rows}
    counts = metrics.confusion_matrix(truth, predicted)
    names = ("refused", "granted")
    assert shown == {(names[i], names[j]): counts[i, j] for i in (0, 1) for j in (0, 1)}
    assert rules(found) == []


def test_the_declared_positive_label_counts(tmp_path, binary):
    frame = binary.test.frame
    turned = inputs(tmp_path, binary.model.estimator, frame, positive_label="no")
    found = measured(holdout(turned.predictions, turned.task))
    truth, predicted = turned.predictions.truth == 0, turned.predictions.predicted == 0
    assert found["recall"].value == pytest.approx(metrics.recall_score(truth, predicted), abs=1e-9)
    area = metrics.roc_auc_score(truth, turned.predictions.probability[:, 0])
    assert found["roc_auc"].value == pytest.approx(area, abs=1e-9)


def test_multiclass_metrics_equal_scikit_learn(tmp_path):
    frame = load_iris(as_frame=True).frame.sample(frac=1, random_state=1)
    model = DecisionTreeClassifier(max_depth=2).fit(frame.iloc[:40].drop(columns="target"), frame["target"].iloc[:40])
    case = inputs(tmp_path, model, frame.iloc[40:])
    found = measured(holdout(case.predictions, case.task))
    truth, predicted = case.predictions.truth, case.predictions.predicted
    assert found["macro_f1"].value == pytest.approx(metrics.f1_score(truth, predicted, average="macro"), abs=1e-9)
    expected = metrics.balanced_accuracy_score(truth, predicted)
    assert found["balanced_accuracy"].value == pytest.approx(expected, abs=1e-9)
    loss = metrics.log_loss(truth, case.predictions.probability)
    assert found["log_loss"].value == pytest.approx(loss, abs=1e-9)
    area = metrics.roc_auc_score(truth, case.predictions.probability, multi_class="ovr")
    assert found["roc_auc"].value == pytest.approx(area, abs=1e-9)
    correlation = metrics.matthews_corrcoef(truth, predicted)
    assert found["matthews_correlation"].value == pytest.approx(correlation, abs=1e-9)
    products = list(calibration(case.predictions, case.task, CalibrationParams(), 0))
    brier = metrics.brier_score_loss(truth, case.predictions.probability, scale_by_half=True)
    assert measured(products)["brier_score"].value == pytest.approx(brier, abs=1e-9)


def test_regression_metrics_equal_scikit_learn(tmp_path):
    frame = load_diabetes(as_frame=True).frame.sample(frac=1, random_state=1)
    train, test = frame[:200], frame[200:]
    case = inputs(tmp_path, LinearRegression().fit(train.drop(columns="target"), train["target"]), test, train)
    found = measured(holdout(case.predictions, case.task))
    truth, predicted = case.predictions.truth, case.predictions.predicted
    expected = {
        "r2": metrics.r2_score(truth, predicted),
        "rmse": metrics.root_mean_squared_error(truth, predicted),
        "mae": metrics.mean_absolute_error(truth, predicted),
        "median_absolute_error": metrics.median_absolute_error(truth, predicted),
        "mean_error": np.mean(predicted - truth),
    }
    assert {name: one.value for name, one in found.items()} == pytest.approx(expected, abs=1e-9)
    assert all(one.interval.low < one.value < one.interval.high for one in found.values())
    gained = measured(against(case))
    trivial = metrics.r2_score(truth, np.full(len(truth), np.median(train["target"])))
    assert gained["gain_over_baseline"].value == pytest.approx(expected["r2"] - trivial, abs=1e-9)
    assert gained["baseline_score"].value == pytest.approx(trivial, abs=1e-9)
    width = measured(uncertainty(case.predictions, case.task))["interval_half_width"].value
    assert width == pytest.approx((found["r2"].interval.high - found["r2"].interval.low) / 2)
    with pytest.raises(NotApplicable, match=r"task\.classification_only"):
        list(calibration(case.predictions, case.task, CalibrationParams(), 0))


def test_constant_target_is_said(tmp_path):
    rng = np.random.default_rng(0)
    train = pd.DataFrame({"a": rng.normal(size=50)}).assign(target=lambda f: f["a"] * 2.5)
    model = RandomForestRegressor(5, random_state=0).fit(train[["a"]], train["target"])
    case = inputs(tmp_path, model, train.assign(target=1.5), task="regression")
    found = list(holdout(case.predictions, case.task))
    assert rules(found) == ["PERF-005"]
    assert "r2" not in measured(found)


def test_one_class_only_is_said(tmp_path, binary):
    only = binary.test.frame[binary.test.frame["target"] == "no"]
    case = inputs(tmp_path, binary.model.estimator, only)
    found = list(holdout(case.predictions, case.task))
    assert "PERF-003" in rules(found)
    assert "roc_auc" not in measured(found)
    assert "recall" not in measured(found)


def test_rows_without_target_or_with_a_strange_one_are_said(tmp_path, binary):
    frame = binary.test.frame.copy()
    frame.loc[frame.index[:3], "target"] = None
    frame.loc[frame.index[3:5], "target"] = "perhaps"
    case = inputs(tmp_path, binary.model.estimator, frame)
    found = [one for one in holdout(case.predictions, case.task) if isinstance(one, Finding)]
    assert [(one.rule, one.message.args["rows"]) for one in found] == [("PERF-001", 3), ("PERF-002", 2)]


def test_a_model_that_ignores_its_input_gains_nothing(tmp_path):
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"a": rng.normal(size=400), "target": rng.choice(["x", "y"], 400, p=[0.9, 0.1])})
    model = LogisticRegression().fit(frame[["a"]], frame["target"])
    case = inputs(tmp_path, model, frame)
    found = measured(against(case))["gain_over_baseline"]
    assert found.value == 0
    assert found.interval.low < 0 < found.interval.high


def test_gain_counts_the_rows_that_differ(binary):
    found = measured(against(binary))
    truth = binary.predictions.truth
    expected = metrics.accuracy_score(truth, binary.predictions.predicted) - (truth == 0).mean()
    assert found["gain_over_baseline"].value == pytest.approx(expected, abs=1e-9)
    assert found["baseline_score"].value == pytest.approx((truth == 0).mean(), abs=1e-9)


def test_overconfidence_is_found_and_calibration_is_silent(tmp_path):
    rng = np.random.default_rng(1)
    feature = rng.normal(size=4_000)
    target = np.where(rng.random(4_000) < 1 / (1 + np.exp(-feature)), "yes", "no")
    frame = pd.DataFrame({"a": feature, "target": target})
    fair = LogisticRegression(C=1e6).fit(frame[["a"]][:2_000], target[:2_000])
    case = inputs(tmp_path, fair, frame[2_000:])
    calm = list(calibration(case.predictions, case.task, CalibrationParams(), 0))
    error = measured(calm)["expected_calibration_error"]
    assert error.interval.low == 0
    assert error.interval.high < 0.06
    parts = {name: value for name, value, _, _ in table(calm, "brier_parts").rows}
    total = parts["reliability"] - parts["resolution"] + parts["uncertainty"] + parts["within bins"]
    assert total == pytest.approx(measured(calm)["brier_score"].value, abs=1e-3)  # parts below zero are cut off
    assert measured(calm)["calibration_slope"].interval.low < 1 < measured(calm)["calibration_slope"].interval.high
    assert measured(calm)["equal_width_calibration_error"].interval.high < 0.08
    assert measured(calm)["adaptive_calibration_error"].interval.low < 0.01
    rows = table(calm, "reliability").rows
    assert sum(row[-1] for row in rows) == 2_000
    assert sum(row[4] <= row[2] <= row[5] for row in rows) >= 8
    brier = metrics.brier_score_loss(case.predictions.truth, case.predictions.probability[:, 1])
    assert measured(calm)["brier_score"].value == pytest.approx(brier, abs=1e-9)
    fair.coef_ *= 6
    case = inputs(tmp_path, fair, frame[2_000:])
    loud = measured(calibration(case.predictions, case.task, CalibrationParams(), 0))
    assert loud["expected_calibration_error"].interval.low > 0.1
    assert loud["adaptive_calibration_error"].interval.low > 0.1
    assert loud["calibration_slope"].interval.high < 0.5


def test_calibration_needs_probabilities(tmp_path, binary):
    frame = binary.train.frame
    case = inputs(tmp_path, LinearSVC().fit(frame.drop(columns="target"), frame["target"]), binary.test.frame)
    with pytest.raises(NotApplicable, match=r"model\.no_probabilities"):
        list(calibration(case.predictions, case.task, CalibrationParams(), 0))
    assert measured(holdout(case.predictions, case.task))["roc_auc"].value > 0.5


@pytest.mark.parametrize(("n", "shift"), [(200, 0.0), (200, 0.1), (1_000, 0.0), (1_000, 0.05)])
def test_calibration_error_covers_and_is_nearly_unbiased(n, shift):
    rng = np.random.default_rng(2)
    many = rng.beta(2, 2, 200_000)
    edges = np.quantile(many, np.linspace(0, 1, 11)[1:-1])
    place = np.searchsorted(edges, many)
    moved = np.clip(many + shift * np.sign(0.5 - many), 0, 1)
    truth = np.mean([abs((moved - many)[place == one].mean()) for one in range(10)])
    hits, values = [], []
    for _ in range(200):
        probability = rng.beta(2, 2, n)
        happened = rng.random(n) < np.clip(probability + shift * np.sign(0.5 - probability), 0, 1)
        value, interval = expected_calibration_error(bins(probability, happened, 10))
        hits.append(interval.low <= truth <= interval.high)
        values.append(value)
    assert np.mean(hits) >= 0.93
    assert abs(np.mean(values) - truth) < 0.04


def test_simple_models_are_held_against_the_model(tmp_path):
    rng = np.random.default_rng(4)
    frame = pd.DataFrame(rng.normal(size=(1_200, 3)), columns=list("abc")).assign(kind=rng.choice(["x", "y"], 1_200))
    frame["target"] = np.where((frame["a"] * frame["b"] > 0) ^ (frame["kind"] == "x"), "yes", "no")
    train, test = frame[:600], frame[600:]
    columns = make_column_transformer((OrdinalEncoder(), ["kind"]), remainder="passthrough")
    model = make_pipeline(columns, DecisionTreeClassifier(max_depth=1))
    model.fit(train.drop(columns="target"), train["target"])
    found = against(inputs(tmp_path, model, test, train))
    gains = {one.group["model"]: one for one in found if one.name == "gain_over_simple_model"}
    assert gains["boosted trees"].interval.high < -0.2
    assert gains["regularised linear model"].interval.low < 0 < gains["regularised linear model"].interval.high


def test_several_labels_equal_scikit_learn():
    rng = np.random.default_rng(0)
    truth = (rng.random((400, 3)) < [0.5, 0.3, 0.2]).astype(int)
    probability = np.clip(truth * 0.4 + rng.random((400, 3)) * 0.6, 0, 1)
    answers = Predictions(np.arange(400), truth, (probability > 0.5).astype(int), probability, None, 0, 0)
    found = measured(holdout(answers, Task("multilabel", ("a", "b", "c"), ("a", "b", "c"))))
    expected = {
        "subset_accuracy": metrics.accuracy_score(truth, answers.predicted),
        "hamming_loss": metrics.hamming_loss(truth, answers.predicted),
        "micro_f1": metrics.f1_score(truth, answers.predicted, average="micro"),
        "macro_f1": metrics.f1_score(truth, answers.predicted, average="macro"),
        "roc_auc": metrics.roc_auc_score(truth, probability),
    }
    assert {name: one.value for name, one in found.items()} == pytest.approx(expected, abs=1e-9)
    assert all(one.interval.low < one.value < one.interval.high for one in found.values())


def test_unusual_rows_equal_scikit_learn():
    rng = np.random.default_rng(0)
    truth = (rng.random(500) < 0.1).astype(int)
    score = rng.normal(size=500) + 2 * truth
    task = Task("anomaly", (0, 1), ("usual", "unusual"))
    for predicted in ((score > 1.5).astype(int), np.full(500, -1)):
        found = measured(holdout(Predictions(np.arange(500), truth, predicted, None, score, 0, 0), task))
        assert found["roc_auc"].value == pytest.approx(metrics.roc_auc_score(truth, score), abs=1e-9)
        precision = metrics.average_precision_score(truth, score)
        assert found["average_precision"].value == pytest.approx(precision, abs=1e-9)
        assert ("recall" in found) == (predicted[0] >= 0)
    recall = metrics.recall_score(truth, score > 1.5)
    labelled = Predictions(np.arange(500), truth, (score > 1.5).astype(int), None, score, 0, 0)
    assert measured(holdout(labelled, task))["recall"].value == pytest.approx(recall, abs=1e-9)
