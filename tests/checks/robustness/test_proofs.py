"""Proved bounds against optima worked out in another way, and never above a change that was found."""

import itertools

import numpy as np
import pandas as pd
import pytest
from catboost import CatBoostClassifier
from lightgbm import LGBMClassifier
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier
from xgboost import XGBClassifier

from govkit.checks.robustness._bounds import prove
from govkit.checks.robustness._encoding import agreeing, inside_of
from govkit.checks.robustness._inference import space_of
from govkit.checks.robustness._oracle import Asked, Goal
from govkit.checks.robustness._own_trees import descend, shown
from govkit.checks.robustness._score_search import everything
from govkit.checks.robustness._search import Effort, Search
from govkit.config import Robustness
from govkit.inputs.structure import describe
from tests.in_process_model import inputs

EFFORT = Effort(96, 1, 6, 6)


def proved(folder, model, frame, *, rows=30, declared=None, size=1.0, by_trees=False, nodes=5_000):
    """Attack rows, or lead far points nearer by the trees alone; prove bounds; give what was found and proved."""
    case = inputs(folder, model, frame)
    space = space_of(frame[list(case.columns.features)], case.columns, declared)
    right = np.flatnonzero(case.predictions.truth == case.predictions.predicted)[:rows]
    features = case.test.frame[list(case.columns.features)].iloc[right].reset_index(drop=True)
    asked = Asked(case.model, case.task, space, features, Goal(case.predictions.predicted[right]))
    search = Search(asked, space, space.values(features), np.random.default_rng(0))
    if by_trees:
        search.far_ends()
        descend(asked, search, [size / 10, size], 10**9, shown(asked))
    else:
        everything(search, size, EFFORT)
    found = search.reach.copy()
    bounds = prove(asked, search, size, (rows, nodes))
    return space, features, search, found, bounds


def two_features(rows=500):
    rng = np.random.default_rng(4)
    frame = pd.DataFrame({"a": rng.normal(size=rows), "b": rng.normal(size=rows)})
    return frame.assign(target=(np.sin(2 * frame["a"]) + frame["b"] ** 2 > 0.8).astype(int))


def by_cells(model, space, cells, thresholds):
    """Give the exact distance in two dimensions: try a point in every cell between thresholds."""
    was = model.predict(pd.DataFrame([cells], columns=list(space.names)))[0]
    sides = []
    for at, cuts in enumerate(thresholds):
        edges = [space.low[at], *sorted({cut for cut in cuts if space.low[at] < cut < space.high[at]}), space.high[at]]
        sides.append(list(itertools.pairwise(edges)))
    boxes = list(itertools.product(*sides))
    middles = pd.DataFrame([[(low + high) / 2 for low, high in box] for box in boxes], columns=list(space.names))
    other = model.predict(middles) != was
    far = [
        max(
            max(low - cell, cell - high, 0.0) / scale
            for (low, high), cell, scale in zip(box, cells, space.scale, strict=True)
        )
        for box, taken in zip(boxes, other, strict=True)
        if taken
    ]
    return min(far)


def thresholds_of(model):
    if hasattr(model, "_predictors"):
        nodes = np.concatenate([stage[0].nodes for stage in model._predictors])
        inner = nodes[nodes["is_leaf"] == 0]
        return [inner["num_threshold"][inner["feature_idx"] == at] for at in range(2)]
    if not hasattr(model, "tree_") and not hasattr(model, "estimators_"):
        shown = describe(model)
        return [shown["trees:threshold"][shown["trees:feature"] == at] for at in range(2)]
    trees = [one.tree_ for one in np.ravel(getattr(model, "estimators_", model))]
    return [np.concatenate([tree.threshold[tree.feature == at] for tree in trees]) for at in range(2)]


@pytest.mark.parametrize(
    "model",
    [
        DecisionTreeClassifier(max_depth=6, random_state=0),
        GradientBoostingClassifier(n_estimators=15, random_state=0),
        RandomForestClassifier(12, max_depth=4, random_state=0),
        RandomForestClassifier(10, random_state=0),
        HistGradientBoostingClassifier(max_iter=12, random_state=0),
        XGBClassifier(n_estimators=12, max_depth=4, n_jobs=1),
        LGBMClassifier(n_estimators=12, n_jobs=1, verbose=-1),
        CatBoostClassifier(iterations=12, depth=4, thread_count=1, verbose=0, allow_writing_files=False),
    ],
    ids=lambda model: type(model).__name__,
)
@pytest.mark.filterwarnings("ignore")
def test_the_bound_of_trees_is_their_optimum(tmp_path, model):
    frame = two_features()
    model.fit(frame[["a", "b"]], frame["target"])
    space, features, search, found, bounds = proved(tmp_path, model, frame, rows=15, size=4.0)
    thresholds = thresholds_of(model)
    exact = np.array([by_cells(model, space, cells, thresholds) for cells in features.to_numpy()])
    np.testing.assert_allclose(bounds, exact, rtol=1e-3, atol=1e-5)
    assert (bounds <= found * (1 + 1e-9)).all()
    np.testing.assert_allclose(search.reach, exact, rtol=1e-3, atol=1e-5)
    _, _, _, found, _ = proved(tmp_path, model, frame, rows=15, size=4.0, by_trees=True)
    np.testing.assert_allclose(found, exact, rtol=1e-3, atol=1e-5)


CATEGORIES = {"x": 1.4, "y": -1.1, "z": 0.2}


def mixed(rows=600):
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "income": rng.normal(3_000, 800, rows).round(2),
            "age": rng.integers(18, 80, rows),
            "kind": rng.choice(list(CATEGORIES), rows),
            "gap": np.where(rng.random(rows) < 0.2, np.nan, rng.normal(size=rows)),
        }
    )
    points = frame["income"] / 800 + frame["age"] / 30 + frame["kind"].map(CATEGORIES)
    return frame.assign(target=np.where(points > 5.4, "good", "bad"))


def pipeline(final, encoder):
    number = make_pipeline(SimpleImputer(), MinMaxScaler(), StandardScaler())
    return make_pipeline(make_column_transformer((encoder, ["kind"]), (number, ["gap", "age", "income"])), final)


@pytest.mark.parametrize(
    "encoder",
    [
        make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder()),
        make_pipeline(SimpleImputer(strategy="constant", fill_value="none"), OrdinalEncoder()),
        OneHotEncoder(drop="first"),
        OrdinalEncoder(encoded_missing_value=-1),
    ],
    ids=["frequent", "constant", "own category", "own code"],
)
@pytest.mark.parametrize(
    "final", [LogisticRegression(), RandomForestClassifier(5, random_state=0)], ids=["linear", "trees"]
)
def test_a_missing_category_is_what_the_pipeline_makes_of_it(tmp_path, final, encoder):
    frame = mixed()
    frame.loc[::3, "kind"] = None
    model = pipeline(final, encoder).fit(frame.drop(columns="target"), frame["target"])
    case = inputs(tmp_path, model, frame)
    rows = case.test.frame[list(case.columns.features)]
    inside = inside_of(case.model)
    assert agreeing(inside, rows, case.model, case.predictions.predicted).all()
    missing = rows[rows["kind"].isna()]
    assert len({model.predict_proba(missing.assign(kind=one)).tobytes() for one in CATEGORIES}) > 1  # it matters


@pytest.mark.parametrize("encoder", [OneHotEncoder(drop="first"), OrdinalEncoder()], ids=lambda one: type(one).__name__)
@pytest.mark.parametrize(
    "final",
    [
        LogisticRegression(),
        DecisionTreeClassifier(max_depth=7, random_state=0),
        GradientBoostingClassifier(n_estimators=20, random_state=0),
        ExtraTreesClassifier(15, max_depth=6, random_state=0),
        HistGradientBoostingClassifier(max_iter=20, random_state=0),
    ],
    ids=lambda final: type(final).__name__,
)
def test_a_pipeline_is_seen_through_and_no_change_lies_below_its_bound(tmp_path, final, encoder):
    frame = mixed()
    model = pipeline(final, encoder).fit(frame.drop(columns="target"), frame["target"])
    swaps = {"columns": {"kind": (("x", "y"), ("y", "z"), ("z", "x"))}, "support": 5}
    declared = Robustness(category_swaps=swaps, direction={"age": "increase"})
    _, features, search, found, bounds = proved(tmp_path, model, frame, rows=25, declared=declared)
    known = ~np.isnan(bounds)
    assert known.mean() > 0.9
    assert (bounds[known] <= found[known] * (1 + 1e-9)).all()
    both = known & np.isfinite(search.reach) & (search.reach > 0)
    assert np.median(search.reach[both] / bounds[both]) <= 1.01
    turned = np.isfinite(search.reach)
    moved = search.space.frame(features[turned], search.best[turned])
    assert (model.predict(moved) != model.predict(features[turned])).all()
    if isinstance(final, LogisticRegression):
        return
    _, _, search, alone, bounds = proved(tmp_path, model, frame, rows=25, declared=declared, by_trees=True)
    known = ~np.isnan(bounds)
    assert (bounds[known] <= alone[known] * (1 + 1e-9)).all()
    assert (alone[bounds == 0] == 0).all()
    near = known & np.isfinite(search.reach) & (bounds > 0)
    assert np.quantile(alone[near] / search.reach[near], 0.9) <= 1.03  # the programs found next to nothing nearer


def test_the_trees_of_a_large_ensemble_lead_near_its_optimum_and_work_is_bounded(tmp_path):
    frame = load_breast_cancer(as_frame=True).frame.sample(frac=1, random_state=0)
    model = GradientBoostingClassifier(n_estimators=60, random_state=0)
    model.fit(frame.drop(columns="target"), frame["target"])
    *_, found, bounds = proved(tmp_path, model, frame, rows=12, by_trees=True)
    assert (bounds <= found * (1 + 1e-9)).all()
    assert np.quantile(found / bounds, 0.9) <= 1.03
    case = inputs(tmp_path, model, frame)
    rows = case.test.frame[list(case.columns.features)].head(20)
    space = space_of(rows, case.columns)
    asked = Asked(case.model, case.task, space, rows, Goal(case.predictions.predicted[:20]))
    search = Search(asked, space, space.values(rows), np.random.default_rng(0))
    descend(asked, search, [0.1, 1.0], 1, shown(asked))
    assert np.isfinite(search.reach).sum() == 1


def test_several_classes(tmp_path):
    frame = load_wine(as_frame=True).frame
    for model in (LogisticRegression(max_iter=5_000), GradientBoostingClassifier(n_estimators=8, random_state=0)):
        model.fit(frame.drop(columns="target"), frame["target"])
        _, _, search, found, bounds = proved(tmp_path, model, frame, rows=12)
        assert (bounds <= found * (1 + 1e-9)).all()
        assert (search.reach[bounds < 1] <= bounds[bounds < 1] * 1.05).mean() > 0.8


def test_marks_that_move_as_numbers_are_not_proved(tmp_path):
    frame = mixed().drop(columns="gap")
    marks = (OneHotEncoder(handle_unknown="ignore"), ["age", "kind"])
    encode = make_column_transformer(marks, ("passthrough", ["income"]))
    model = make_pipeline(encode, LogisticRegression(max_iter=2_000)).fit(frame.drop(columns="target"), frame["target"])
    *_, bounds = proved(tmp_path, model, frame, rows=5)
    assert np.isnan(bounds).all()


def test_a_program_that_grows_too_large_proves_a_smaller_box(tmp_path):
    frame = load_breast_cancer(as_frame=True).frame.sample(frac=1, random_state=0)
    model = GradientBoostingClassifier(n_estimators=60, random_state=0)
    model.fit(frame.drop(columns="target"), frame["target"])
    *_, full = proved(tmp_path, model, frame, rows=8, by_trees=True)
    *_, small = proved(tmp_path, model, frame, rows=8, by_trees=True, nodes=20)
    assert (small <= full * (1 + 1e-9)).all()
    assert (small < full * 0.9).any()
    assert (small > full * 0.2).mean() > 0.7


def test_nothing_is_proved_of_a_model_that_is_not_understood(tmp_path):
    frame = load_breast_cancer(as_frame=True).frame.iloc[:, [0, 1, 2, 30]]
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(frame.iloc[:, :3], frame["target"])
    case = inputs(tmp_path, model, frame)
    case.model.estimator.steps.insert(0, ("odd", SimpleImputer(add_indicator=True)))
    assert inside_of(case.model) is None
    del case.model.estimator.steps[0]
    assert inside_of(case.model) is not None
    lying = case.model.estimator.steps[-1][1]
    lying.coef_ = lying.coef_ * -1
    steady = case.model.structure()
    lying.coef_ = lying.coef_ * -1
    case.model.structure = lambda: steady
    rows = case.test.frame[list(case.columns.features)].head(20)
    space = space_of(rows, case.columns)
    asked = Asked(case.model, case.task, space, rows, Goal(case.predictions.predicted[:20]))
    search = Search(asked, space, space.values(rows), np.random.default_rng(0))
    assert np.isnan(prove(asked, search, 1.0, (20, 100))).all()
