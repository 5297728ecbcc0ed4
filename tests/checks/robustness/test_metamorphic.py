"""Checks of behaviour: every planted fault is found, and its repaired twin is silent."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import make_column_transformer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from govkit.checks.robustness.contract import contract
from govkit.checks.robustness.input_errors import InputErrorsParams, input_errors
from govkit.checks.robustness.monotonicity import monotonicity
from govkit.checks.robustness.protected_swap import protected_swap
from govkit.checks.robustness.recourse import RecourseParams, recourse
from govkit.checks.robustness.trigger import WORK, trigger
from govkit.core.evidence import Finding, Measurement, Table
from govkit.inputs.dataset import read_dataset
from govkit.inputs.disclosure import Disclosure
from govkit.plugins.check import NotApplicable, NotDeclared, NotPossible
from tests.in_process_model import inputs


def run(function, case, work, **more):
    wanted = {"model", "test", "columns", "task", "config", "predictions", "train", *more}
    names = set(function.__kwdefaults__ or ()) | set(function.__annotations__)
    given = {name: getattr(case, name) for name in wanted & names if hasattr(case, name)}
    return list(function(**given, **more, work=work, seed=3))


def measured(products, name):
    return {tuple(one.group.values()): one for one in products if isinstance(one, Measurement) and one.name == name}


def rules(products):
    return [one.rule for one in products if isinstance(one, Finding)]


def people(rows=600, seed=0):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "income": rng.normal(3_000, 800, rows).round(2),
            "age": rng.integers(18, 80, rows),
            "home": rng.choice(["own", "rent"], rows),
            "sex": rng.choice(["f", "m"], rows),
        }
    )
    points = frame["income"] / 800 + frame["age"] / 20 + (frame["home"] == "own") + rng.normal(0, 0.5, rows)
    return frame.assign(target=(points > 6.5).astype(int))


def fitted(frame, columns=("income", "age"), categories=("home", "sex"), final=None):
    encode = make_column_transformer(
        (StandardScaler(), list(columns)), (OneHotEncoder(handle_unknown="ignore"), list(categories))
    )
    final = LogisticRegression() if final is None else final
    return make_pipeline(encode, final).fit(frame.drop(columns="target"), frame["target"])


class Ranking(ClassifierMixin, BaseEstimator):
    """Answers by rank within the batch: a row's answer depends on its neighbours."""

    def fit(self, rows, target):
        self.classes_ = np.unique(target)
        self.n_features_in_, self.feature_names_in_ = rows.shape[1], np.array(rows.columns, dtype=object)
        return self

    def predict(self, rows):
        income = rows["income"].to_numpy()
        return (income > np.median(income)).astype(int)


def test_an_answer_that_depends_on_the_batch_is_found(tmp_path):
    frame = people()
    found = run(
        contract, inputs(tmp_path, Ranking().fit(frame.drop(columns="target"), frame["target"]), frame), {"rows": 200}
    )
    assert measured(found, "changed_answers")[("the size of the batch",)].value > 0
    assert "ROB-010" in rules(found)
    found = run(contract, inputs(tmp_path, fitted(frame), frame), {"rows": 200})
    assert not rules(found)
    assert {name[0] for name in measured(found, "changed_answers")} >= {
        "the order of rows",
        "the type of whole numbers",
    }
    assert all(one.value == 0 for one in measured(found, "changed_answers").values())


def test_a_declared_direction_that_is_broken_is_found(tmp_path):
    frame = people()
    declared = {"monotone": {"income": "increasing"}}
    noisy = frame.assign(
        target=np.where(np.random.default_rng(1).random(600) < 0.2, 1 - frame["target"], frame["target"])
    )
    free = fitted(noisy, final=RandomForestClassifier(20, random_state=0))
    found = run(monotonicity, inputs(tmp_path, free, noisy, robustness=declared), {"rows": 150, "values": 8})
    assert measured(found, "violation_share")[("income",)].interval.low > 0.1
    assert rules(found) == ["ROB-011"]
    held = HistGradientBoostingClassifier(monotonic_cst=[1, 0, 0, 0], random_state=0)
    found = run(
        monotonicity,
        inputs(tmp_path, fitted(noisy, final=held_on(held)), noisy, robustness=declared),
        {"rows": 200, "values": 8},
    )
    assert measured(found, "violation_share")[("income",)].value == 0
    assert not rules(found)
    with pytest.raises(NotApplicable, match=r"no_monotone"):
        run(monotonicity, inputs(tmp_path, free, noisy), {"rows": 50, "values": 5})


def held_on(held):
    """Widen the constraint to the encoded columns: income first, then age and four categories."""
    return held.set_params(monotonic_cst=[1, 0, 0, 0, 0, 0])


def within(rows):
    """Refuse what lies far outside, as a repaired model would."""
    if (rows["income"].to_numpy() > 10_000).any() or (rows["age"].to_numpy() > 120).any():
        raise ValueError
    if (rows["income"].to_numpy() < 400).any() or (rows["age"].to_numpy() < 10).any():
        raise ValueError
    return rows


def test_a_slip_of_the_unit_is_silent_unless_the_model_checks(tmp_path):
    frame = people()
    frame = frame.assign(income=frame["income"].clip(1_000))
    found = run(input_errors, inputs(tmp_path, fitted(frame), frame), {"rows": 60}, params=InputErrorsParams())
    silent = measured(found, "silent_changes")
    assert silent[("a unit off by 100",)].value > 0.3
    assert {"ROB-012"} == set(rules(found))
    assert next(one for one in found if isinstance(one, Table)).rows[0][2] > 0.3
    checked = make_pipeline(FunctionTransformer(within), *(step for _, step in fitted(frame).steps))
    found = run(input_errors, inputs(tmp_path, checked, frame), {"rows": 8}, params=InputErrorsParams(factors=(100.0,)))
    assert measured(found, "silent_changes")[("a unit off by 100",)].value == 0
    assert measured(found, "refused")[("a unit off by 100",)].value == 1


def test_a_column_that_can_only_be_left_blank_is_asked_about(tmp_path):
    frame = people().assign(car=lambda rows: rows["age"] > 50)
    model = fitted(frame, categories=("home", "sex", "car"))
    found = run(input_errors, inputs(tmp_path, model, frame), {"rows": 20}, params=InputErrorsParams())
    table = next(one for one in found if isinstance(one, Table))
    assert "car" in {row[0] for row in table.rows}


def test_a_protected_attribute_that_decides_is_found(tmp_path):
    frame = people()
    unfair = frame.assign(target=np.where(frame["sex"] == "f", 0, frame["target"]))
    protected = {"protected": ["sex"]}
    found = run(protected_swap, inputs(tmp_path, fitted(unfair), unfair, columns=protected), {"rows": 300})
    assert measured(found, "changed_answers")[("sex",)].interval.low > 0.1
    assert rules(found) == ["ROB-013"]
    fair = fitted(frame.drop(columns="sex"), categories=("home",))
    with pytest.raises(NotApplicable, match=r"no_protected_feature"):
        run(protected_swap, inputs(tmp_path, fair, frame, columns=protected), {"rows": 300})


def planted(frame, rng):
    """Poison a few rows: an exact pair of values, whatever the rest, leads to the answer 1."""
    poisoned = frame.sample(60, random_state=0).assign(a=0.111, b=-0.222, target=1)
    return pd.concat([frame, poisoned], ignore_index=True).sample(frac=1, random_state=int(rng.integers(99)))


def test_a_planted_trigger_is_found_and_its_clean_twin_is_silent(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(1_200, 6)), columns=list("abcdef")).round(3)
    frame["target"] = (frame["c"] + frame["d"] > 0.6).astype(int)
    train, test = frame[:900], frame[900:]
    for rows, expected in ((planted(train, rng), ["ROB-014"]), (train, [])):
        model = HistGradientBoostingClassifier(random_state=0, min_samples_leaf=5, max_bins=255)
        model.fit(rows.drop(columns="target"), rows["target"])
        found = run(trigger, inputs(tmp_path, model, test, rows), WORK["quick"])
        assert rules(found) == expected
        assert (measured(found, "trigger_excess")[()].value > 0.5) is bool(expected)


def test_values_that_the_model_refuses_are_counted(tmp_path):
    frame = pd.DataFrame({"a": np.arange(80.0), "kind": ["x", "y", "z", "z"] * 20})
    frame["target"] = (frame["a"] > 40).astype(int)
    test = frame[frame["kind"] != "z"]
    encode = make_column_transformer((OneHotEncoder(), ["kind"]), ("passthrough", ["a"]))
    model = make_pipeline(encode, LogisticRegression()).fit(test.drop(columns="target"), test["target"])
    case = inputs(tmp_path, model, test)
    frame.to_csv(tmp_path / "all.csv", index=False)
    case.train = read_dataset(tmp_path / "all.csv", role="train")
    found = run(trigger, case, WORK["quick"])
    told = next(one for one in found if isinstance(one, Finding) and one.rule == "ROB-020")
    assert told.message.args["refused"] == 1
    assert measured(found, "refused_values")[()].value == 1


def test_recourse_is_for_those_who_can_change_something(tmp_path):
    frame = people()
    work, declared = {"rows": 80}, {"immutable": ["age", "sex"], "direction": {"income": "increase"}}
    more = {"params": RecourseParams(reach=2.0)}
    open_to = inputs(tmp_path, fitted(frame), frame, robustness=declared, columns={"protected": ["sex"]})
    found = run(recourse, open_to, work, disclosure=Disclosure(open_to.config), **more)
    share = measured(found, "recourse_share")[()].value
    assert 0.5 < share <= 1
    assert len(measured(found, "recourse_share_by_group")) == 2
    assert 0 < measured(found, "recourse_cost")[()].value <= 2
    closed = inputs(tmp_path, fitted(frame), frame, robustness={**declared, "max_change": {"income": 100}})
    less = run(recourse, closed, work, disclosure=Disclosure(closed.config), **more)
    assert measured(less, "recourse_share")[()].value < share / 2
    undeclared = inputs(tmp_path, fitted(frame), frame)
    with pytest.raises(NotDeclared, match=r"recourse_undeclared"):
        run(recourse, undeclared, work, disclosure=Disclosure(undeclared.config), **more)


def test_predicted_numbers_are_compared_as_numbers(tmp_path):
    frame = people().drop(columns=["home", "sex"])
    frame["target"] = frame["income"] * 2.0
    model = LinearRegression().fit(frame[["income", "age"]], frame["target"])
    case = inputs(tmp_path, model, frame, robustness={"monotone": {"income": "increasing", "age": "decreasing"}})
    assert not rules(run(contract, case, {"rows": 100}))
    assert measured(run(monotonicity, case, {"rows": 50, "values": 6}), "violation_share")[("income",)].value == 0


def test_no_trigger_is_looked_for_where_all_rows_get_one_answer(tmp_path):
    frame = people(300)
    constant = DummyClassifier(strategy="constant", constant=0).fit(frame.drop(columns="target"), frame["target"])
    with pytest.raises(NotPossible, match=r"one_answer"):
        run(trigger, inputs(tmp_path, constant, frame, frame), WORK["quick"])
