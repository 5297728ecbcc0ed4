"""Slices: a planted wrong slice is found and confirmed on other rows, sound models are let be, names are kept."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.svm import LinearSVC

from govkit.checks.performance._search import Coding, Slice, search
from govkit.checks.performance.slices import SliceParams, slices
from govkit.inputs.disclosure import Disclosure
from tests.check_products import Products
from tests.in_process_model import inputs

CATEGORIES = {"region": ["north", "south", "east", "west"]}


def draw(rows, seed, *, wrong=False):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(rows, 3)), columns=list("abc"))
    frame["region"] = rng.choice(CATEGORIES["region"], rows)
    target = frame["a"] + 0.5 * frame["b"] + rng.normal(0, 1.0, rows) > 0
    hit = (frame["region"] == "north") & (frame["c"] > 0.6)
    frame["target"] = np.where(target ^ (hit & wrong), "yes", "no")
    return frame


def audited(folder, frame, estimator=None, **config):
    train = draw(3_000, 0)
    model = (estimator or LogisticRegression()).fit(train[list("abc")], train["target"])
    columns = {"protected": ["region"], "categories": CATEGORIES}
    return inputs(folder, model, frame, train, columns=columns, **config)


def run(case, seed=1, **params):
    disclosure = Disclosure(case.config)
    yielded = slices(
        predictions=case.predictions,
        test=case.test,
        task=case.task,
        columns=case.columns,
        disclosure=disclosure,
        params=SliceParams(**params),
        work={"rows": 5_000},
        seed=seed,
    )
    return Products("performance.slices", yielded)


def test_a_wrong_slice_of_six_per_cent_is_found(tmp_path):
    found = run(audited(tmp_path, draw(3_000, 1, wrong=True)))
    assert found["confirmed_slices"] >= 1
    worst = max((one for one in found.measurements if one.name == "unexpected_error"), key=lambda one: one.value)
    assert worst.interval.low > 0.1
    assert "region north" in worst.group["slice"]
    assert "c highest fifth" in worst.group["slice"]


def test_hard_cases_that_the_model_knows_of_are_no_finding(tmp_path):
    case = audited(tmp_path, draw(3_000, 1))
    assert np.mean(case.predictions.truth == case.predictions.predicted) < 0.8
    found = run(case)
    assert found["confirmed_slices"] == 0
    assert all(one.interval.low < 0.05 for one in found.measurements if one.name == "unexpected_error")


def test_a_model_that_is_too_modest_elsewhere_has_no_weak_slice(tmp_path):
    case = audited(tmp_path, draw(4_000, 1))
    north = (case.test.frame["region"] == "north").to_numpy()
    chance = case.predictions.probability[:, case.task.positive]
    drawn = np.random.default_rng(2).random(len(north)) < np.where(north, chance, chance > 0.5)
    truth = np.where(drawn, case.task.positive, 1 - case.task.positive)
    case.predictions = type(case.predictions)(**{**vars(case.predictions), "truth": truth})
    assert (truth == case.predictions.predicted)[~north].all()
    found = run(case)
    assert found["confirmed_slices"] == 0
    assert all(one.value < 0.1 for one in found.measurements if one.name == "unexpected_error")


def test_under_the_null_slices_are_rarely_confirmed(tmp_path):
    case = audited(tmp_path, draw(1_000, 1))
    rng, confirmed = np.random.default_rng(0), 0
    positive = case.predictions.probability[:, case.task.positive]
    for seed in range(60):
        truth = np.where(rng.random(1_000) < positive, case.task.positive, 1 - case.task.positive)
        case.predictions = type(case.predictions)(**{**vars(case.predictions), "truth": truth})
        confirmed += run(case, seed)["confirmed_slices"] > 0
    assert confirmed / 60 <= 0.1


def test_declared_slices_are_measured_as_they_are(tmp_path):
    case = audited(tmp_path, draw(2_000, 1))
    found = run(case, by=["region", ("region", "a"), "nowhere"], search=False)
    right = case.predictions.truth == case.predictions.predicted
    north = (case.test.frame["region"] == "north").to_numpy()
    measured = found.measurement("slice_accuracy", slice="region north")
    assert measured.value == pytest.approx(right[north].mean(), abs=1e-9)
    gap = found.measurement("declared_gap", slice="region north")
    assert gap.value == pytest.approx(right[~north].mean() - right[north].mean(), abs=1e-9)
    assert len([one for one in found.measurements if one.name == "slice_accuracy"]) == 12
    assert [one.rule for one in found.findings] == ["PERF-033"]


def test_values_that_are_not_declared_stay_unnamed(tmp_path):
    case = audited(tmp_path, draw(2_000, 1, wrong=True))
    case.config = case.config.model_copy(update={"columns": case.config.columns.model_copy(update={"categories": {}})})
    text = run(case, by=["region"]).text
    assert "region value 2" in text
    assert not any(f"region {name}" in text for name in CATEGORIES["region"])


def test_a_biased_slice_of_a_regression_is_found(tmp_path):
    frame = draw(3_000, 1).assign(target=lambda rows: rows["a"] + np.random.default_rng(1).normal(0, 0.5, len(rows)))
    model = LinearRegression().fit(frame[list("abc")], frame["target"])
    columns = {"protected": ["region"], "categories": CATEGORIES}
    assert run(inputs(tmp_path, model, frame, columns=columns))["confirmed_slices"] == 0
    frame.loc[frame["region"] == "west", "target"] += 1.5
    found = run(inputs(tmp_path, model, frame, columns=columns))
    assert any("region west" in said for said in found.sentences)
    assert max(one.interval.low for one in found.measurements if one.name == "unexpected_bias") > 0.25


def test_without_probabilities_nothing_is_searched(tmp_path):
    found = run(audited(tmp_path, draw(500, 1), LinearSVC()))
    assert [one.rule for one in found.findings] == ["PERF-032"]
    assert found.measurements == []


@pytest.mark.parametrize("conditions", [1, 2])
def test_the_search_finds_what_was_planted_among_many_columns(conditions):
    rng = np.random.default_rng(conditions)
    codings = [Coding(str(place), tuple("abcd"), rng.integers(-1, 4, 6_000)) for place in range(12)]
    planted = Slice(tuple((place, 2) for place in range(12 - conditions, 12)))
    excess = rng.normal(size=6_000) + 1.5 * planted.rows(codings)
    found = search(codings, excess, fewest=40, most=3)
    assert found[0] == planted
    assert all(code >= 0 for one in found for _, code in one.parts)
    assert search(codings, -np.ones(6_000), fewest=40, most=3) == []


def test_the_rarest_of_many_values_is_searched_too(tmp_path):
    frame = draw(3_000, 1)
    shares = np.repeat([0.05, 0.95 / 17], [1, 17])
    frame["region"] = np.random.default_rng(5).choice([f"r{number}" for number in range(18)], len(frame), p=shares)
    rarest = frame["region"] == "r0"
    frame.loc[rarest, "target"] = frame.loc[rarest, "target"].map({"yes": "no", "no": "yes"})
    found = run(audited(tmp_path, frame))
    assert any("region" in one.group["slice"] for one in found.measurements if one.name == "unexpected_error")
    assert found["confirmed_slices"] == 1
