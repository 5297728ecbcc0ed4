"""Drift: planted shifts are found, equal tables are let be however large, profiles stand in for rows."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ks_2samp, wasserstein_distance
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

from govkit.checks.drift.concept import concept
from govkit.checks.drift.features import features
from govkit.checks.drift.prediction import prediction
from govkit.checks.drift.reference_recorded import reference_recorded
from govkit.inputs.dataset import read_dataset
from govkit.inputs.disclosure import Disclosure
from govkit.plugins.check import CHECKS, Attachment, NotDeclared, NotPossible
from tests.check_products import Products
from tests.in_process_model import inputs

CHECKED = {"features": features, "prediction": prediction, "concept": concept, "reference_recorded": reference_recorded}


def run(name, case):
    found = CHECKS.all()[f"drift.{name}"]
    given = {**vars(case), "disclosure": Disclosure(case.config), "params": found.params(), "seed": 1}
    given.setdefault("production", None)
    given["work"] = {"rows": 1_000}
    return Products(found.id, CHECKED[name](**{need: given[need] for need in found.needs}))


def draw(rows, seed, *, shift=0.0, rare=0.1, noise=0.8):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {"a": rng.normal(shift, 1, rows), "b": rng.exponential(1, rows), "c": rng.integers(0, 4, rows)}
    )
    frame["kind"] = rng.choice(["x", "y", "z"], rows, p=[0.9 - rare, rare, 0.1])
    frame["when"] = pd.date_range("2026-01-01", periods=rows, freq="h", tz="Europe/Berlin").astype(str)
    frame["target"] = np.where(frame["a"] + rng.normal(0, noise, rows) > 0, "yes", "no")
    return frame


def audited(folder, train, test, **columns):
    model = LogisticRegression().fit(train[["a", "b", "c"]], train["target"])
    model.feature_names_in_ = np.array(["a", "b", "c"], dtype=object)
    return inputs(folder, model, test, train, columns=columns)


def test_equal_tables_have_not_drifted_however_many_rows(tmp_path):
    for rows in (300, 20_000):
        found = run("features", audited(tmp_path, draw(rows, 0), draw(rows, 1)))
        assert found.findings == []
        assert all(one.interval.low < 0.02 for one in found.measurements if one.name == "stability_index")
        assert found.measurement("classifier_auc").interval.low < 0.53
    assert max(one.interval.high for one in found.measurements if one.name == "stability_index") < 0.02


def test_a_significant_but_tiny_difference_is_no_drift(tmp_path):
    train, test = draw(30_000, 0), draw(30_000, 1, shift=0.07)
    assert ks_2samp(train["a"], test["a"]).pvalue < 1e-4
    assert run("features", audited(tmp_path, train, test)).findings == []


def test_a_shift_is_found_in_its_column_and_its_statistics_equal_scipys(tmp_path):
    train, test = draw(2_000, 0), draw(1_500, 1, shift=0.8)
    found = run("features", audited(tmp_path, train, test))
    assert [one.where for one in found.findings] == ["column a"]
    assert found.measurement("stability_index", sample="DATA", column="a").interval.low > 0.25
    assert found.measurement("classifier_auc").interval.low > 0.6
    _, statistic, _, moved = next(row for row in found.tables[1].rows if row[0] == "a")[1:]
    assert statistic == pytest.approx(ks_2samp(train["a"], test["a"]).statistic, abs=1e-9)
    assert moved == pytest.approx(wasserstein_distance(train["a"], test["a"]) / train["a"].std(ddof=0), abs=1e-9)


def test_production_is_compared_too(tmp_path):
    case = audited(tmp_path, draw(1_000, 0), draw(1_000, 1))
    draw(1_000, 2, shift=1.0).to_csv(tmp_path / "production.csv", index=False)
    case.production = read_dataset(tmp_path / "production.csv", role="production")
    assert [one.message.args["sample"] for one in run("features", case).findings] == ["production"]
    found = run("prediction", case)
    assert found.measurement("prediction_index", sample="production").interval.low > 0.25
    assert found.measurement("prediction_index", sample="DATA").interval.high < 0.1


def test_label_shift_is_told_from_a_shift_of_the_answers(tmp_path):
    train, test = draw(1_500, 0), draw(1_500, 1)
    calm = run("prediction", audited(tmp_path, train, test))
    assert calm.findings == []
    rng = np.random.default_rng(0)
    test.loc[(test["target"] == "no") & (rng.random(1_500) < 0.7), "target"] = "yes"
    found = run("prediction", audited(tmp_path, train, test))
    assert [one.rule for one in found.findings] == ["DRI-011"]
    assert found.measurement("label_index").interval.low > 0.25
    factor = found.measurement("label_odds_factor")
    assert factor.interval.low > 1.5


def test_regression_answers_are_compared_in_tenths(tmp_path):
    train, test = draw(1_000, 0).assign(target=lambda rows: rows["a"] * 2.5), draw(1_000, 1, shift=1.0)
    test["target"] = test["a"] * 2.5
    model = LinearRegression().fit(train[["a", "b", "c"]], train["target"])
    found = run("prediction", inputs(tmp_path, model, test, train, columns={"ignore": ["kind", "when"]}))
    assert found.measurement("prediction_index").interval.low > 0.25


def worse_later(rows, seed):
    frame, rng = draw(rows, seed), np.random.default_rng(seed)
    wrong = (np.arange(rows) > rows / 2) & (rng.random(rows) < 0.3)
    frame.loc[wrong, "target"] = np.where(frame.loc[wrong, "target"] == "yes", "no", "yes")
    return frame


def test_a_model_that_gets_worse_is_found_whatever_the_order_of_the_rows(tmp_path):
    first, names = draw(500, 0), ["a", "b", "c"]
    model = LogisticRegression().fit(first[names], first["target"])
    for frame, worse in ((worse_later(2_000, 1), True), (draw(2_000, 1), False)):
        found = run("concept", audited(tmp_path, draw(500, 0), frame.sample(frac=1, random_state=0), time="when"))
        loss = found.measurement("accuracy_loss")
        assert (loss.interval.low > 0.05) == worse
        assert [one.rule for one in found.findings] == (["DRI-020"] if worse else [])
        wrong = (model.predict(frame[names]) != frame["target"]).to_numpy()
        expected = wrong[-667:].mean() - wrong[:667].mean()
        assert loss.value == pytest.approx(expected, abs=2e-3)


@pytest.mark.parametrize(
    "written",
    [
        lambda rows: pd.date_range("2026-01-01", periods=rows, freq="D").strftime("%d/%m/%Y"),
        lambda rows: np.arange(rows) * 10**15,
        lambda rows: [f"2026-03-{1 + place // 60:02}T10:00:{place % 60:02}+0{place % 3}:00" for place in range(rows)],
    ],
)
def test_times_are_read_as_they_are_written(tmp_path, written):
    frame = worse_later(900, 1).assign(when=written(900))
    found = run("concept", audited(tmp_path, draw(500, 0), frame, time="when"))
    assert found["untimed_share"] == 0
    assert found.measurement("accuracy_loss").interval.low > 0


def test_times_that_cannot_be_read_are_said(tmp_path):
    frame = draw(600, 1)
    frame.loc[:19, "when"] = "soon"
    assert run("concept", audited(tmp_path, draw(500, 0), frame, time="when")).findings[0].rule == "DRI-021"
    for content, reason in (("soon", "too_few_times"), ("2026-01-01", "one_time")):
        with pytest.raises(NotPossible, match=reason):
            run("concept", audited(tmp_path, draw(500, 0), frame.assign(when=content), time="when"))
    with pytest.raises(NotDeclared, match="no_time"):
        run("concept", audited(tmp_path, draw(500, 0), frame))


def test_the_profile_that_is_kept_shows_no_undeclared_value(tmp_path):
    train = draw(800, 0)
    columns = make_column_transformer((OrdinalEncoder(), ["kind"]), remainder="passthrough")
    model = make_pipeline(columns, LogisticRegression()).fit(train[["kind", "a", "b"]], train["target"])
    case = inputs(tmp_path, model, train, train, columns={"ignore": ["c", "when"]})
    products = run("reference_recorded", case)
    assert products["profiled_columns"] == 1
    (kept,) = [one for one in products.all if isinstance(one, Attachment)]
    profile = json.loads(kept.content)
    assert len(kept.content) < 4_000
    assert all(name.startswith("#") for name in profile["columns"]["kind"]["categories"])
    assert sum(profile["columns"]["kind"]["counts"]) == 800


def test_categories_that_hardly_repeat_have_not_drifted(tmp_path):
    train, test = draw(300, 0), draw(100, 1)
    for seed, rows in enumerate((train, test)):
        rows["place"] = np.char.add("p", np.random.default_rng(seed).integers(0, 40, len(rows)).astype(str))
    case = audited(tmp_path, train, test)
    case.columns = replace(case.columns, features=("a", "b", "c", "place"))
    found = run("features", case)
    assert found.findings == []
    assert found.measurement("stability_index", sample="DATA", column="place").interval.low == 0
    case.test.frame["place"] = "p1"
    assert [one.where for one in run("features", case).findings] == ["column place"]
