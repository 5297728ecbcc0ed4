"""Incomplete input and noise: what raises is counted, what is robust stays silent."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from govkit.checks.robustness.missing_inputs import missing_inputs
from govkit.checks.robustness.noise import NoiseParams, noise
from govkit.core.evidence import Finding, Measurement
from govkit.plugins.check import NotApplicable
from tests.in_process_model import inputs


def values(products, name):
    return {
        next(iter(one.group.values()), ""): one for one in products if isinstance(one, Measurement) and one.name == name
    }


def run_noise(case):
    return list(
        noise(
            model=case.model,
            test=case.test,
            predictions=case.predictions,
            columns=case.columns,
            task=case.task,
            params=NoiseParams(),
            work={"rows": 1_000, "draws": 3},
            seed=5,
            train=case.train,
        )
    )


def test_noise_costs_a_thin_margin_its_accuracy_and_a_wide_one_nothing(tmp_path):
    rng = np.random.default_rng(0)
    side = rng.choice([-1, 1], 600)
    frame = pd.DataFrame({"a": side * rng.uniform(3, 5, 600), "b": rng.normal(size=600), "target": side})
    robust = DecisionTreeClassifier(max_depth=1).fit(frame[["a", "b"]], side)
    kept = values(run_noise(inputs(tmp_path, robust, frame[300:], frame[:300])), "noise_accuracy_ratio")
    assert kept["0.2"].interval.low > 0.98
    stripes = np.where((frame["b"] // 0.1) % 2 == 0, -1, 1)
    tree = DecisionTreeClassifier(random_state=0).fit(frame[["a", "b"]], stripes)
    case = inputs(tmp_path, tree, frame.assign(target=stripes)[300:], frame.assign(target=stripes))
    assert values(run_noise(case), "noise_accuracy_ratio")["0.2"].interval.high < 0.8


def test_noise_is_for_classifiers_with_numbers(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=60), "target": rng.normal(size=60)})
    with pytest.raises(NotApplicable, match=r"task\.classification_only"):
        run_noise(inputs(tmp_path, LinearRegression().fit(frame[["a"]], frame["target"]), frame))
    frame = pd.DataFrame({"a": rng.choice(["x", "y"], 60), "target": rng.choice([0, 1], 60)})
    model = make_pipeline(OneHotEncoder(), LogisticRegression()).fit(frame[["a"]], frame["target"])
    with pytest.raises(NotApplicable, match=r"robustness\.no_numeric_columns"):
        run_noise(inputs(tmp_path, model, frame))


def answered(case):
    products = list(
        missing_inputs(
            model=case.model, test=case.test, columns=case.columns, work={"rows": 40}, seed=3, train=case.train
        )
    )
    return {name: one.value for name, one in values(products, "answered_share").items()}, products


def unforeseen(products):
    return [one.value for one in values(products, "unforeseen_answered_share").values()]


def test_what_a_model_raises_on_is_counted_by_row(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=200), "b": rng.choice(["x", "y"], 200)})
    frame["target"] = (frame["a"] > 0).astype(int)
    strict = make_column_transformer((StandardScaler(), ["a"]), (OneHotEncoder(), ["b"]))
    case = inputs(tmp_path, make_pipeline(strict, LogisticRegression()).fit(frame[["a", "b"]], frame["target"]), frame)
    found, products = answered(case)
    assert found == {"unseen category": 0.0, "out of range": 1.0}
    assert unforeseen(products) == [0.0]
    assert case.model.calls < 40  # of rows that all raise, only the first are asked
    told = [one.message.id for one in products if isinstance(one, Finding)]
    assert told == ["robustness.refuses_blanks", "robustness.raises"]
    lenient = make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), ["a"]), (OneHotEncoder(handle_unknown="ignore"), ["b"])
    )
    case = inputs(tmp_path, make_pipeline(lenient, LogisticRegression()).fit(frame[["a", "b"]], frame["target"]), frame)
    found, products = answered(case)
    assert set(found.values()) == {1.0}
    assert unforeseen(products) == [1.0]
    assert not [one for one in products if isinstance(one, Finding)]


def test_a_model_that_raises_on_one_column_only(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=200), "b": rng.normal(size=200)})
    frame["target"] = (frame["a"] > 0).astype(int)
    half = make_column_transformer((SimpleImputer(), ["a"]), (StandardScaler(), ["b"]))
    case = inputs(tmp_path, make_pipeline(half, LogisticRegression()).fit(frame[["a", "b"]], frame["target"]), frame)
    _, products = answered(case)
    assert 0.2 < unforeseen(products)[0] < 0.8
    filled = make_pipeline(SimpleImputer(), LogisticRegression()).fit(frame[["a", "b"]], frame["target"])
    case.train = inputs(tmp_path, filled, frame.assign(b=frame["b"].mask(frame.index == 7))).test
    found, products = answered(case)
    assert (found["missing value"], unforeseen(products)) == (0.0, [1.0])


def test_answers_change_more_with_stronger_corruption_and_kinds_that_raise_are_left_out(tmp_path):
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"a": rng.normal(size=600), "home": rng.choice(["own", "rent"], 600)})
    frame["target"] = np.where(frame["a"] + 2 * (frame["home"] == "own") > 1, "yes", "no")
    encode = make_column_transformer((StandardScaler(), ["a"]), (OneHotEncoder(), ["home"]))
    model = make_pipeline(encode, LogisticRegression()).fit(frame[["a", "home"]], frame["target"])
    found = [one for one in run_noise(inputs(tmp_path, model, frame)) if getattr(one, "name", "") == "changed_answers"]
    shares = {}
    for one in found:
        shares.setdefault(one.group["kind"], []).append(one.value)
        assert one.interval.low <= one.value <= one.interval.high
    assert set(shares) == {"noise", "wrong categories"}
    assert shares["noise"] == sorted(shares["noise"])
    assert shares["noise"][0] < 0.05
    assert shares["noise"][-1] > 0.1
    assert 0 <= shares["wrong categories"][0] < shares["wrong categories"][-1] < 0.2
