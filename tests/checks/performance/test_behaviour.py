"""Costs, ranges, importance and reproducibility: known answers, planted faults found, sound models left alone."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import hypergeom
from sklearn.datasets import make_classification
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from govkit.checks.performance.error_cost import CostParams, error_cost
from govkit.checks.performance.importance import importance
from govkit.checks.performance.out_of_range import _extremes, out_of_range
from govkit.checks.performance.reproducibility import reproducibility
from govkit.inputs.disclosure import Disclosure
from govkit.plugins.check import CHECKS, NotDeclared, NotPossible
from tests.check_products import Products
from tests.in_process_model import inputs

WORK = {"rows": 400, "shuffles": 3, "features": 10, "alone": 5}
CHECKED = {"importance": importance, "out_of_range": out_of_range, "reproducibility": reproducibility}


def run(name, case):
    found = CHECKS.all()[f"performance.{name}"]
    given = {**vars(case), "disclosure": Disclosure(case.config), "work": WORK, "seed": 1}
    return Products(found.id, CHECKED[name](**{need: given[need] for need in found.needs}))


def priced(case, **costs):
    yielded = error_cost(case.predictions, case.task, CostParams(**costs), 1)
    return Products("performance.error_cost", yielded)


@pytest.fixture
def case(tmp_path):
    x, y = make_classification(3_000, 5, n_informative=2, n_redundant=0, flip_y=0.1, shuffle=False, random_state=2)
    frame = pd.DataFrame(x, columns=list("abcde")).assign(target=np.where(y, "yes", "no"))
    train, test = frame[::2], frame[1::2]
    model = LogisticRegression().fit(train.drop(columns="target"), train["target"])
    return inputs(tmp_path, model, test, train, class_names={"no": "no", "yes": "yes"})


def test_cost_is_the_mean_over_the_table(case):
    truth, said = case.predictions.truth, case.predictions.predicted
    found = priced(case, false_positive=1, false_negative=8)
    expected = np.mean((said > truth) * 1.0 + (said < truth) * 8.0)
    assert found["cost_per_row"] == pytest.approx(expected, abs=1e-9)
    assert found["cost_of_constant"] == pytest.approx(min((truth == 0).mean(), 8 * (truth == 1).mean()), abs=1e-9)
    assert found.measurement("avoidable_share").interval.low > 0.1
    even = priced(case, false_positive=1, false_negative=1)
    assert even.measurement("avoidable_share").interval.low < 0.02
    assert even.measurement("cost_over_constant").interval.high < 0


def test_costs_have_to_be_declared_and_to_differ(case):
    with pytest.raises(NotDeclared, match="no_costs"):
        priced(case)
    with pytest.raises(NotPossible, match="no_cost_at_all"):
        priced(case, false_positive=0, false_negative=0)


def test_what_matters_is_found_and_noise_is_not(case):
    found = run("importance", case)
    values = {one.group["feature"]: one for one in found.measurements if one.name == "importance"}
    assert sum(one.interval.low > 0.01 for one in values.values()) in (1, 2)
    assert all(values[noise].interval.low < 0.01 for noise in "cde")
    assert {table.name.split(".")[0] for table in found.tables} == {"bars", "forest"}
    dependence = next(
        table for table in found.tables if table.name == f"forest.dependence.{found.tables[0].rows[0][0]}"
    )
    assert abs(dependence.rows[0][1] - dependence.rows[-1][1]) > 0.3


def test_importance_of_a_line_is_its_coefficient_squared(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(2_000, 3)), columns=list("abc"))
    frame["target"] = 3 * frame["a"] + frame["b"]
    case = inputs(tmp_path, LinearRegression().fit(frame[list("abc")], frame["target"]), frame, task="regression")
    found = run("importance", case)
    values = {one.group["feature"]: one for one in found.measurements if one.name == "importance"}
    variance = frame["target"].var()
    assert values["a"].interval.low < 2 * 9 * frame["a"].var() / variance < values["a"].interval.high
    assert values["c"].value == pytest.approx(0, abs=1e-9)
    assert found["largest_share"] == pytest.approx(0.9, abs=0.03)


def test_one_feature_that_carries_everything_is_seen(case, tmp_path):
    frame = case.train.frame.assign(leak=lambda rows: (rows["target"] == "yes") * 1.0)
    test = case.test.frame.assign(leak=lambda rows: (rows["target"] == "yes") * 1.0)
    model = DecisionTreeClassifier(max_depth=3).fit(frame.drop(columns="target"), frame["target"])
    found = run("importance", inputs(tmp_path, model, test, frame))
    assert found.measurement("largest_share").interval.low > 0.9


def test_rows_of_the_same_draw_are_inside(case):
    found = run("out_of_range", case)
    assert found["unexpected_columns"] == 0
    assert found["outside_share"] < 0.02
    assert found["far_answered_share"] == 1
    assert found.findings == []


def test_a_unit_slip_and_a_new_category_are_named(tmp_path, case):
    test = case.test.frame.assign(kind=np.where(np.arange(1_500) % 10 == 0, "new", "old"))
    train = case.train.frame.assign(kind="old")
    test.loc[:99, "a"] *= 1_000
    columns = {"ignore": ["kind"]}
    found = run("out_of_range", inputs(tmp_path, case.model.estimator, test, train, columns=columns))
    assert found["unexpected_columns"] == 1
    assert found.findings[0].where == "column a"
    assert found.measurement("accuracy_drop").n == 1_500


def test_the_chance_of_new_extremes_is_counted_exactly():
    # all of the 3 largest of 10 + 6 values come from the second table
    assert _extremes(3, 10, 6) == pytest.approx(hypergeom(16, 6, 3).pmf(3), abs=1e-12)


def test_new_extremes_alarm_as_rarely_as_said():
    rng, alarms = np.random.default_rng(3), 0
    for _ in range(500):
        before, now = rng.normal(size=200), rng.normal(size=300)
        over = int((now > before.max()).sum())
        alarms += _extremes(over, 200, 300) <= 0.05
    assert alarms / 500 <= 0.07


class Fickle(LogisticRegression):
    """Answers with a little chance."""

    chance = np.random.default_rng(0)

    def predict(self, X):
        return super().predict(X + self.chance.normal(0, 0.5, X.shape))


def test_steady_answers_pass_and_fickle_ones_are_found(case, tmp_path):
    found = run("reproducibility", case)
    assert found["changed_answers"] == 0
    assert found["largest_difference"] < 1e-9
    frame = case.train.frame
    model = Fickle().fit(frame.drop(columns="target"), frame["target"])
    fickle = inputs(tmp_path, model, case.test.frame, frame)
    found = run("reproducibility", fickle)
    assert found["changed_answers"] > 0
    assert found.findings[0].rule == "PERF-020"
