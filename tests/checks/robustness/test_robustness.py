"""Robustness checks: the attack against exact optima, possible rows only, fragility found, robust twins silent."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from govkit.checks.robustness._attack import Attack, Effort
from govkit.checks.robustness._lockstep import in_lockstep
from govkit.checks.robustness._space import Labels, space_of
from govkit.checks.robustness.evasion import EvasionParams, evasion, plan
from govkit.checks.robustness.missing_inputs import missing_inputs
from govkit.checks.robustness.noise import NoiseParams, noise
from govkit.core.errors import UsageProblem
from govkit.core.evidence import Finding, Measurement, Table
from govkit.plugins.check import NotApplicable, Sizes
from tests.in_process_model import inputs

QUICK = plan(Sizes(300, 300, 30, 2, 100), "quick", EvasionParams()).counts


def run_evasion(case, params=None, seed=5):
    np.random.seed(1)
    return list(
        evasion(
            model=case.model,
            test=case.test,
            predictions=case.predictions,
            columns=case.columns,
            task=case.task,
            params=params or EvasionParams(),
            work=QUICK,
            seed=seed,
            train=case.train,
        )
    )


def run_noise(case, params=None):
    return list(
        noise(
            model=case.model,
            test=case.test,
            predictions=case.predictions,
            columns=case.columns,
            task=case.task,
            params=params or NoiseParams(),
            work={"rows": 1_000, "draws": 3},
            seed=5,
            train=case.train,
        )
    )


def values(products, name):
    return {
        next(iter(one.group.values()), ""): one for one in products if isinstance(one, Measurement) and one.name == name
    }


def curve(products):
    return {row[0]: row for row in next(one for one in products if isinstance(one, Table)).rows}


@pytest.fixture
def cancer():
    frame = load_breast_cancer(as_frame=True).frame.sample(frac=1, random_state=0)
    return frame[:285], frame[285:]


def exact_robust_accuracy(case, eps, seed):
    """Move every free cell of a row to the worse end of its box; no attack on a linear model can do more."""
    scaler, linear = case.model.estimator
    weights = linear.coef_[0] / scaler.scale_
    constant = linear.intercept_[0] - scaler.mean_ @ weights
    space = space_of(case.train.frame, case.columns, ())
    cells = case.test.frame[list(space.names)].to_numpy()
    decision = cells @ weights + constant
    low = np.minimum(np.maximum(space.low, cells - eps * space.scale), cells)
    high = np.maximum(np.minimum(space.high, cells + eps * space.scale), cells)
    worst = np.where(np.where(decision > 0, -1, 1)[:, None] * weights > 0, high, low) @ weights + constant
    robust = (case.predictions.truth == case.predictions.predicted) & (np.sign(worst) == np.sign(decision))
    sample = np.random.default_rng(seed).permutation(len(robust))[: QUICK["rows"]]
    return robust[sample].mean()


def test_a_linear_model_is_broken_almost_to_its_exact_optimum(tmp_path, cancer):
    train, test = cancer
    model = make_pipeline(StandardScaler(), LogisticRegression())
    case = inputs(tmp_path, model.fit(train.drop(columns="target"), train["target"]), test, train)
    found = run_evasion(case)
    rows = curve(found)
    for eps in (0.05, 0.1, 0.2, 0.3, 0.5):
        exact = exact_robust_accuracy(case, eps, 5)
        assert exact - 1e-9 <= rows[eps][1] <= exact + 0.02
    accuracy = values(found, "robust_accuracy")
    assert set(accuracy) == {"0.05", "0.1"}
    assert accuracy["0.1"].value == rows[0.1][1]
    assert accuracy["0.1"].interval.method == "clopper-pearson"
    assert rows[0.0][1] == values(found, "clean_accuracy")[""].value
    for _, robust, low, high, by_noise in rows.values():
        assert low <= robust <= high
        assert robust <= by_noise
    share, success = values(found, "robust_share")["0.1"], values(found, "attack_success")["0.1"]
    assert share.value + success.value == pytest.approx(1)


def test_the_same_seed_gives_the_same_bytes_and_few_calls(tmp_path, cancer):
    train, test = cancer
    model = RandomForestClassifier(20, random_state=0).fit(train.drop(columns="target"), train["target"])
    case = inputs(tmp_path, model, test, train)
    case.model.calls = 0
    first = run_evasion(case)
    assert case.model.calls < 150
    assert first == run_evasion(case)


def test_nothing_is_drawn_from_the_operating_system(tmp_path, cancer, monkeypatch):
    """ART seeds a generator of its own there when a starting point fails it."""

    class Watched(np.random.RandomState):
        def uniform(self, *args, **kwargs):
            raise AssertionError

    train, test = cancer
    model = HistGradientBoostingClassifier(max_iter=40, random_state=0)
    case = inputs(tmp_path, model.fit(train.drop(columns="target"), train["target"]), test, train)
    monkeypatch.setattr(np.random, "RandomState", Watched)
    assert values(run_evasion(case), "attack_rows")[""].value > 100


def test_a_wide_margin_withstands_and_a_thin_one_does_not(tmp_path):
    rng = np.random.default_rng(0)
    side = rng.choice([-1, 1], 600)
    frame = pd.DataFrame({"a": side * rng.uniform(3, 5, 600), "b": rng.normal(size=600), "target": side})
    robust = DecisionTreeClassifier(max_depth=1).fit(frame[["a", "b"]], side)
    found = run_evasion(inputs(tmp_path, robust, frame[300:], frame[:300]))
    assert values(found, "robust_accuracy")["0.1"].value == values(found, "clean_accuracy")[""].value == 1
    kept = values(run_noise(inputs(tmp_path, robust, frame[300:], frame[:300])), "noise_accuracy_ratio")
    assert kept["0.2"].interval.low > 0.98

    stripes = np.where((frame["b"] // 0.1) % 2 == 0, -1, 1)
    fragile = frame.assign(target=stripes)
    tree = DecisionTreeClassifier(random_state=0).fit(fragile[["a", "b"]], stripes)
    case = inputs(tmp_path, tree, fragile[300:], fragile)
    found = run_evasion(case)
    assert values(found, "robust_share")["0.1"].value < 0.2
    assert "ROB-004" in [one.rule for one in found if isinstance(one, Finding)]
    assert values(run_noise(case), "noise_accuracy_ratio")["0.2"].interval.high < 0.8


def test_every_emitted_row_is_possible(tmp_path):
    """Checked here from the frames alone, by code that shares nothing with the search."""
    rng = np.random.default_rng(2)
    n = 400
    frame = pd.DataFrame(
        {
            "income": rng.normal(3_000, 800, n).round(2),
            "age": rng.integers(18, 80, n),
            "debt": np.where(rng.random(n) < 0.6, 0.0, rng.gamma(2, 500, n)),
            "score": np.where(rng.random(n) < 0.1, np.nan, rng.normal(size=n)),
            "home": rng.choice(["own", "rent"], n),
            "fixed": rng.normal(size=n),
        }
    )
    frame["target"] = (frame["income"] / 800 + frame["age"] / 20 - frame["debt"] / 500 + frame["fixed"] > 6).astype(int)
    numbers = ["income", "age", "debt", "score", "fixed"]
    encode = make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), numbers), (OneHotEncoder(), ["home"])
    )
    model = make_pipeline(encode, LogisticRegression()).fit(frame.drop(columns="target"), frame["target"])
    case = inputs(tmp_path, model, frame)
    space = space_of(case.test.frame, case.columns, ["fixed"])
    assert space.names == ("income", "age", "debt", "score")
    rows = case.test.frame[list(case.columns.features)]
    np.random.seed(0)
    attack = Attack(Labels(case.model, case.task), space, rows, case.predictions.predicted)
    effort = Effort(2, 40, 20)
    attack.hop_skip_jump(attack.start(space.values(rows), case.predictions.predicted)[:60], effort)
    attack.boxes(0.5, effort, np.random.default_rng(0))
    assert attack.verify() == (0, 0)
    broken = np.flatnonzero(np.isfinite(attack.reach))
    emitted = space.frame(rows.iloc[broken], attack.best[broken])
    source = rows.iloc[broken]
    assert len(broken) > 100
    assert (emitted.dtypes == source.dtypes).all()
    assert emitted["fixed"].equals(source["fixed"])
    assert emitted["home"].equals(source["home"])
    assert (emitted["debt"][source["debt"] == 0] == 0).all()
    assert (emitted["score"].isna() == source["score"].isna()).all()
    for name in space.names:
        assert emitted[name].min() >= rows[name].min()
        assert emitted[name].max() <= rows[name].max()
    assert (case.model.estimator.predict(emitted) != case.model.estimator.predict(source)).all()


def test_violations_are_seen(tmp_path, cancer):
    train, test = cancer
    model = DecisionTreeClassifier(max_depth=2, random_state=0).fit(train.drop(columns="target"), train["target"])
    case = inputs(tmp_path, model, test, train)
    space = space_of(case.train.frame, case.columns, ())
    original = space.values(case.test.frame)[:4]
    emitted = original.copy()
    emitted[1, 0] += 0.2 * space.scale[0]
    emitted[2, 0] = space.high[0] + 1
    emitted[3, 0] = np.nan
    assert space.violations(emitted, original, np.full(4, 0.1)).tolist() == [False, True, True, True]


def test_a_model_that_answers_at_random_is_said(tmp_path, cancer):
    train, test = cancer
    model = DecisionTreeClassifier(max_depth=3, random_state=0).fit(train.drop(columns="target"), train["target"])
    case = inputs(tmp_path, model, test, train)
    steady, rng = case.model.estimator.predict, np.random.default_rng(0)

    def wavering(rows):
        return np.where(rng.random(len(rows)) < 0.3, 1 - steady(rows), steady(rows))

    case.model.estimator.predict = wavering
    assert "ROB-001" in [one.rule for one in run_evasion(case) if isinstance(one, Finding)]


def test_regression_and_purely_categorical_models_are_not_attacked(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=60), "target": rng.normal(size=60)})
    case = inputs(tmp_path, LinearRegression().fit(frame[["a"]], frame["target"]), frame)
    for run in (run_evasion, run_noise):
        with pytest.raises(NotApplicable, match=r"task\.classification_only"):
            run(case)
    frame = pd.DataFrame({"a": rng.choice(["x", "y"], 60), "target": rng.choice([0, 1], 60)})
    model = make_pipeline(OneHotEncoder(), LogisticRegression()).fit(frame[["a"]], frame["target"])
    with pytest.raises(NotApplicable, match=r"robustness\.no_numeric_columns"):
        run_evasion(inputs(tmp_path, model, frame))


def answered(case):
    products = list(
        missing_inputs(
            model=case.model, test=case.test, columns=case.columns, work={"rows": 40}, seed=3, train=case.train
        )
    )
    return {name: one.value for name, one in values(products, "answered_share").items()}, products


def test_what_a_model_raises_on_is_counted_by_row(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=200), "b": rng.choice(["x", "y"], 200)})
    frame["target"] = (frame["a"] > 0).astype(int)
    strict = make_column_transformer((StandardScaler(), ["a"]), (OneHotEncoder(), ["b"]))
    case = inputs(tmp_path, make_pipeline(strict, LogisticRegression()).fit(frame[["a", "b"]], frame["target"]), frame)
    found, products = answered(case)
    assert found == {"missing value": 0.0, "unseen category": 0.0, "out of range": 1.0}
    assert [one.rule for one in products if isinstance(one, Finding)] == ["ROB-005", "ROB-005"]
    lenient = make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), ["a"]), (OneHotEncoder(handle_unknown="ignore"), ["b"])
    )
    case = inputs(tmp_path, make_pipeline(lenient, LogisticRegression()).fit(frame[["a", "b"]], frame["target"]), frame)
    found, products = answered(case)
    assert set(found.values()) == {1.0}
    assert not [one for one in products if isinstance(one, Finding)]


def test_a_model_that_raises_on_one_column_only(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=200), "b": rng.normal(size=200)})
    frame["target"] = (frame["a"] > 0).astype(int)
    half = make_column_transformer((SimpleImputer(), ["a"]), (StandardScaler(), ["b"]))
    case = inputs(tmp_path, make_pipeline(half, LogisticRegression()).fit(frame[["a", "b"]], frame["target"]), frame)
    found, _ = answered(case)
    assert 0.2 < found["missing value"] < 0.8


def test_lockstep_answers_all_searches_together_and_ends_the_endless():
    batches, seen = [], {}

    def counting(name, steps):
        def search(ask):
            seen[name] = [float(ask(np.full((1, 1), step, dtype=np.float32))[0, 0]) for step in range(steps)]

        return search

    def endless(ask):
        while True:
            ask(np.zeros((1, 1), dtype=np.float32))

    def answer(asked):
        batches.append([index for index, _ in asked])
        return [question * 2 for _, question in asked]

    in_lockstep([counting("a", 3), counting("b", 1), endless], answer, limit=5)
    assert seen == {"a": [0, 2, 4], "b": [0]}
    assert batches == [[0, 1, 2], [0, 2], [0, 2], [2], [2]]


def test_lockstep_hands_on_what_goes_wrong():
    def failing(ask):
        ask(np.zeros((1, 1), dtype=np.float32))
        raise KeyError

    def waiting(ask):
        for _ in range(3):
            ask(np.zeros((1, 1), dtype=np.float32))

    with pytest.raises(KeyError):
        in_lockstep([waiting, failing, waiting], lambda asked: [question for _, question in asked], limit=9)


def test_a_frozen_column_that_is_not_there_is_an_error(tmp_path, cancer):
    train, test = cancer
    model = DecisionTreeClassifier(max_depth=2, random_state=0).fit(train.drop(columns="target"), train["target"])
    with pytest.raises(UsageProblem, match="mean radios"):
        run_evasion(inputs(tmp_path, model, test), EvasionParams(frozen=("mean radios",)))
