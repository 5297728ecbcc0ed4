"""Trees as read from XGBoost, LightGBM and CatBoost give the libraries' own scores, or are declined with a reason."""

import numpy as np
import pandas as pd
import pytest
from catboost import CatBoostClassifier
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.compose import make_column_transformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, OrdinalEncoder, StandardScaler
from xgboost import XGBClassifier, XGBRFClassifier

from govkit.checks.robustness._encoding import agreeing, inside_of
from govkit.inputs import boosters, lightgbm_trees, structure
from govkit.inputs.artifact import open_model
from govkit.inputs.columns import spelt_as
from tests.in_process_model import InProcessModel

QUIET = {"iterations": 8, "thread_count": 1, "verbose": 0, "allow_writing_files": False}
LGB = {"n_estimators": 12, "n_jobs": 1, "verbose": -1, "min_child_samples": 5}
CODES = {"min_data_per_group": 2, "cat_smooth": 0.1, "max_cat_to_onehot": 1}
DRAWN = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {
        "wage": DRAWN.normal(3_000, 800, 400).round(2),
        "age": DRAWN.integers(18, 80, 400),
        "debt": np.where(DRAWN.random(400) < 0.5, 0.0, DRAWN.gamma(2, 500, 400).round(2)),
        "kind": DRAWN.choice(list("uvwxyz"), 400),
    }
)
POINTS = FRAME["wage"] / 800 + FRAME["age"] / 30 - FRAME["debt"] / 700 + FRAME["kind"].isin(["u", "x"]) * 1.5
TWO = (POINTS.median() < POINTS).astype(int)
THREE = pd.Series(np.digitize(POINTS, POINTS.quantile([0.33, 0.66])))
NUMBERS = FRAME[["wage", "age", "debt"]].mask(DRAWN.random((400, 3)) < 0.1)
KINDS = FRAME.assign(kind=FRAME["kind"].astype("category"))


def models():
    """Give names, models, and the rows that they take."""
    stopped = XGBClassifier(n_jobs=1, n_estimators=60, early_stopping_rounds=1, max_depth=3)
    yield "stopped", stopped.fit(NUMBERS, TWO, eval_set=[(NUMBERS, 1 - TWO)], verbose=False), NUMBERS
    for target in (TWO, THREE):
        yield "xgboost", XGBClassifier(n_jobs=1, n_estimators=12, max_depth=4).fit(NUMBERS, target), NUMBERS
        yield "lightgbm", LGBMClassifier(**LGB).fit(NUMBERS, target), NUMBERS
        yield "catboost", CatBoostClassifier(**QUIET).fit(NUMBERS, target), NUMBERS
    yield "one tree", XGBClassifier(n_jobs=1, n_estimators=1, base_score=0.3).fit(NUMBERS, TWO), NUMBERS
    yield "forest", XGBRFClassifier(n_jobs=1, n_estimators=5).fit(NUMBERS, TWO), NUMBERS
    yield (
        "dropped trees",
        XGBClassifier(n_jobs=1, n_estimators=8, booster="dart", rate_drop=0.5).fit(NUMBERS, TWO),
        NUMBERS,
    )
    yield "steep", LGBMClassifier(**LGB, sigmoid=2.0).fit(NUMBERS, TWO), NUMBERS
    for policy in ("Depthwise", "Lossguide"):
        yield policy, CatBoostClassifier(**QUIET, grow_policy=policy).fit(NUMBERS, THREE), NUMBERS


def scores_of(model, rows):
    """Give the library's own scores."""
    if isinstance(model, CatBoostClassifier):
        return model.predict(rows, prediction_type="RawFormulaVal")
    if isinstance(model, LGBMClassifier):
        return model.predict(rows, raw_score=True) * model.get_params().get("sigmoid", 1.0)
    return model.predict(rows, output_margin=True)


@pytest.mark.filterwarnings("ignore")
def test_scores_are_those_of_the_library_wrapped_or_not():
    for name, model, rows in models():
        found = inside_of(InProcessModel(model))
        assert found is not None, name
        wanted = np.asarray(scores_of(model, rows)).reshape(len(rows), -1)
        np.testing.assert_allclose(found.scores(rows), wanted, rtol=1e-5, atol=1e-5, err_msg=name)
        assert found.final.slack <= 1e-4
        bare = native(model) if name not in {"stopped", "forest"} else None  # a bare booster asks all trees
        if bare is not None:
            np.testing.assert_array_equal(structure.describe(bare)["trees:value"], found.final.value, err_msg=name)


def native(model):
    """Give the model as its library's own file holds it."""
    if isinstance(model, CatBoostClassifier):
        return boosters.from_catboost(model)
    if isinstance(model, LGBMClassifier):
        return boosters.from_lightgbm(model.booster_)
    return boosters.from_xgboost(model.get_booster())


def agreed(model, frame, target):
    """Give the share of rows for which the numbers lead to the model's answers."""
    shown = InProcessModel(model)
    found = inside_of(shown)
    assert found is not None
    return agreeing(found, frame, shown, np.asarray(model.predict(frame)).ravel().astype(int).tolist()).mean()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("scaler", [MinMaxScaler(), "passthrough"], ids=["scaled to 0", "with zeros"])
def test_what_a_sparse_matrix_leaves_out_is_missing_to_xgboost_alone(scaler):
    frame = FRAME.assign(street=DRAWN.choice([f"s{at}" for at in range(40)], 400))
    for final in (
        XGBClassifier(n_jobs=1, n_estimators=15),
        LGBMClassifier(**LGB),
        CatBoostClassifier(**QUIET),
    ):
        encode = make_column_transformer((OneHotEncoder(), ["kind", "street"]), (scaler, ["wage", "age", "debt"]))
        model = make_pipeline(encode, final).fit(frame, TWO)
        assert model[0].sparse_output_
        assert agreed(model, frame, TWO) == 1.0, type(final).__name__
    dense = structure.describe(XGBClassifier(n_jobs=1, n_estimators=15).fit(model[0].transform(frame).toarray(), TWO))
    sparse = structure.describe(make_pipeline(encode, XGBClassifier(n_jobs=1, n_estimators=15)).fit(frame, TWO))
    assert len(sparse["trees:left"]) > len(dense["trees:left"])  # 0 is told apart


@pytest.mark.filterwarnings("ignore")
def test_splits_on_categories_become_columns_in_the_models_own_process_too(tmp_path):
    codes = make_column_transformer((OrdinalEncoder(), ["kind"]), (StandardScaler(), ["wage", "age", "debt"]))
    coded = make_pipeline(codes, LGBMClassifier(**LGB, **CODES))
    assert agreed(coded.fit(FRAME, TWO, lgbmclassifier__categorical_feature=[0]), FRAME, TWO) == 1.0
    blanks = FRAME.rename(columns={"wage": "wage a month"})
    spelt = KINDS.rename(columns={"wage": "wage a month"})
    lightgbm = LGBMClassifier(**LGB, **CODES).fit(spelt, TWO).booster_
    xgboost = XGBClassifier(n_jobs=1, n_estimators=12, enable_categorical=True, max_cat_to_onehot=1).fit(KINDS, TWO)
    for name, booster, rows in (("lgb.txt", lightgbm, blanks), ("xgb.ubj", xgboost, FRAME)):
        booster.save_model(tmp_path / name)
        _, model = open_model(tmp_path / name)
        assert spelt_as(rows.columns, model.described.features) == tuple(rows.columns)  # LightGBM: wage_a_month
        found = inside_of(model)
        assert found is not None
        assert len(found.encoding.source) > rows.shape[1]
        assert agreeing(found, rows, model, model.predict(rows).tolist()).all(), name
        model.release()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (XGBClassifier(n_jobs=1, n_estimators=3, booster="gblinear"), "it is made of something else than trees"),
        (XGBClassifier(n_jobs=1, n_estimators=3, objective="binary:hinge"), "its objective is not one of those known"),
        (LGBMClassifier(**LGB, linear_tree=True), "its leaves hold linear models"),
        (LGBMClassifier(**LGB, zero_as_missing=True), "it takes 0 for a missing value"),
        (CatBoostClassifier(**QUIET, loss_function="MultiClassOneVsAll"), "its objective is not one of those known"),
        (LGBMRegressor(**LGB), ""),
    ],
)
def test_what_cannot_be_put_as_thresholds_is_declined(model, reason):
    found = structure.describe(model.fit(NUMBERS.fillna(0), TWO))
    assert "trees:root" not in found
    assert bytes(found.get("declined", np.empty(0, dtype=np.uint8))).decode() == reason
    assert structure.declined(found) == reason
    assert not structure.declined({"declined": np.frombuffer(b"whatever a model says", dtype=np.uint8)})


def test_borders_too_close_and_columns_of_categories_are_declined_for_catboost():
    late = pd.DataFrame({"second": 1.6e9 + DRAWN.integers(0, 900, 400)})
    found = structure.describe(CatBoostClassifier(**QUIET).fit(late, late["second"] % 2))
    assert bytes(found["declined"]).decode() == "the borders of its splits are too close to be told apart"
    kinds = CatBoostClassifier(**QUIET, cat_features=["kind"]).fit(FRAME, TWO)
    assert "statistics of its own" in bytes(structure.describe(kinds)["declined"]).decode()


def test_trees_that_do_not_give_the_librarys_scores_are_not_believed(monkeypatch):
    model = LGBMClassifier(**LGB).fit(NUMBERS, TWO)
    assert "trees:root" in structure.describe(model)
    monkeypatch.setattr(lightgbm_trees, "_NAN", 0)  # as if the ways of missing cells were misread
    found = structure.describe(model)
    assert bytes(found["declined"]).decode() == "its trees as read do not give its scores"
