"""Another library's attacks beside our search: a weak search is found out, a sound one is not, and nothing leaks."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from govkit.checks.robustness import cross_check as module
from govkit.checks.robustness import evasion
from govkit.core.evidence import Evidence, Finding, Measurement, Message, Outcome, Table
from govkit.plugins.check import NotApplicable, NotDeclared, NotPossible, Sizes
from tests.in_process_model import inputs

SIZES = Sizes(300, 300, 30, 2, 100)
PARAMS = evasion.EvasionParams()
IDLE = {"floor": 0, "probes": 2, "sweeps": 0, "rounds": 0, "proposals": 0, "label_rows": 0}


def searched(params=PARAMS, **work):
    counts = {**evasion.plan(SIZES, "quick", params).counts, **work}
    return Evidence(
        check="robustness.evasion",
        check_version="1",
        outcome=Outcome.MEASURED,
        params=params.model_dump(mode="json"),
        work=counts,
        seed=5,
    )


def run(case, earlier=None, budget="quick", **work):
    return list(
        module.cross_check(
            model=case.model,
            test=case.test,
            predictions=case.predictions,
            columns=case.columns,
            task=case.task,
            config=case.config,
            evidence={"robustness.evasion": earlier or searched()},
            work={**module.plan(SIZES, budget, None).counts, **work},
            seed=7,
            train=case.train,
        )
    )


def values(products, name):
    return {one.group["eps"]: one for one in products if isinstance(one, Measurement) and one.name == name}


def turned(products):
    table = next(one for one in products if isinstance(one, Table))
    return {(row[0], row[1]): row[2:] for row in table.rows}


def rules(products):
    return [one.rule for one in products if isinstance(one, Finding)]


@pytest.fixture
def cancer():
    frame = load_breast_cancer(as_frame=True).frame.sample(frac=1, random_state=0)
    return frame[:285], frame[285:]


def credit(rows=500):
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        {
            "income": rng.normal(3_000, 800, rows).round(2),
            "amount": rng.gamma(2, 4_000, rows).round(0),
            "term": rng.integers(12, 84, rows),
            "housing": rng.choice(["owner", "tenant"], rows),
        }
    )
    points = frame["income"] / 800 - frame["amount"] / 9_000 + (frame["housing"] == "owner") + rng.normal(0, 0.3, rows)
    encode = make_column_transformer((StandardScaler(), ["income", "amount", "term"]), (OneHotEncoder(), ["housing"]))
    frame["target"] = np.where(points > points.median(), "repaid", "defaulted")
    return frame, make_pipeline(encode, LogisticRegression()).fit(frame.drop(columns="target"), frame["target"])


def test_a_sound_search_misses_nothing_on_a_linear_model(tmp_path):
    frame, model = credit()
    case = inputs(tmp_path, model, frame[250:], frame[:250])
    state = np.random.get_state()[1].copy()
    found = run(case, budget="standard", iterations=8)
    assert (np.random.get_state()[1] == state).all()
    for size in ("0.05", "0.1"):
        missed = values(found, "missed_by_search")[size]
        assert missed.value == 0
        assert missed.interval.high <= 0.05
        ours, theirs = (values(found, f"{name}_robust_accuracy")[size].value for name in ("search", "art"))
        assert ours == theirs < 1
    # numbers alone decide which rows of a linear model turn, so gradients find them all
    assert turned(found)["fast and projected gradient", 0.1] == turned(found)["search", 0.1]
    assert turned(found)["HopSkipJump", 0.1][1] >= 0.7 * turned(found)["search", 0.1][1] > 0
    assert not rules(found)
    assert found == run(case, budget="standard", iterations=8)


def test_a_search_that_hardly_tries_is_found_out(tmp_path, cancer):
    train, test = cancer
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(train.drop(columns="target"), train["target"])
    case = inputs(tmp_path, model, test, train)
    wide = evasion.EvasionParams(eps=(0.1, 0.5), curve=())
    weak = run(case, searched(wide, **IDLE), iterations=12)
    missed = values(weak, "missed_by_search")["0.5"]
    assert missed.interval.low > 0.05
    assert "ROB-015" in rules(weak)
    assert values(weak, "art_robust_accuracy")["0.5"].value < values(weak, "search_robust_accuracy")["0.5"].value
    strong = run(case, searched(wide), iterations=12)
    assert values(strong, "missed_by_search")["0.5"].value == 0
    assert not rules(strong)


def test_labels_alone_and_swaps_and_trees(tmp_path):
    frame, _ = credit()
    encode = make_column_transformer((OneHotEncoder(), ["housing"]), remainder="passthrough")
    model = make_pipeline(encode, HistGradientBoostingClassifier(max_iter=30, random_state=0))
    model.fit(frame.drop(columns="target"), frame["target"])
    case = inputs(tmp_path, model, frame[250:], robustness={"category_swaps": {"columns": {"housing": "any"}}})
    case.model.described = type(case.model.described)(
        **{**vars(case.model.described), "methods": frozenset({"predict"})}
    )
    found = run(case, searched(label_rounds=10), budget="standard", iterations=5, rows=90)
    assert values(found, "missed_by_search")["0.1"].value <= 0.05
    assert values(found, "art_robust_accuracy")["0.1"].value < 1
    assert rules(found)[-1] == "ROB-016"
    assert turned(found)["fast and projected gradient", 0.1] == (0, 0, 0)


def test_several_classes_and_a_harmful_one(tmp_path):
    frame = load_wine(as_frame=True).frame
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(frame.drop(columns="target"), frame["target"])
    wide = searched(evasion.EvasionParams(eps=(0.3, 0.6), curve=()))
    for declared in ({}, {"harmful_class": 1}):
        found = run(inputs(tmp_path, model, frame, robustness=declared), wide, budget="standard", iterations=6)
        assert values(found, "missed_by_search")["0.6"].value <= 0.03
        assert turned(found)["fast and projected gradient", 0.6][1] > 0


def test_a_regression_is_handled_where_harm_is_declared(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=200), "b": rng.normal(size=200)})
    frame["target"] = 10 * frame["a"] + rng.normal(size=200)
    model = LinearRegression().fit(frame[["a", "b"]], frame["target"])
    with pytest.raises(NotDeclared, match=r"robustness\.no_harmful_change"):
        run(inputs(tmp_path, model, frame))
    found = run(inputs(tmp_path, model, frame, robustness={"harmful_change": 3.0}))
    assert values(found, "missed_by_search")["0.1"].value == 0


def test_without_a_finished_search_there_is_nothing_to_check(tmp_path, cancer):
    train, test = cancer
    model = LogisticRegression(max_iter=5_000).fit(train.drop(columns="target"), train["target"])
    case = inputs(tmp_path, model, test)
    stopped = searched().model_copy(
        update={"outcome": Outcome.ERROR, "reason": Message(id="runner.stopped", args={"sentence": "x"})}
    )
    with pytest.raises(NotPossible, match=r"robustness\.no_search"):
        run(case, stopped)
    unasked = stopped.model_copy(
        update={"outcome": Outcome.NOT_APPLICABLE, "reason": Message(id="robustness.no_changeable_columns")}
    )
    with pytest.raises(NotApplicable, match=r"robustness\.no_changeable_columns"):
        run(case, unasked)
