"""Champion and challenger: paired figures equal references, a worse or unlike model is found, an equal one let be."""

import pickle
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import entropy
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import balanced_accuracy_score, roc_auc_score
from sklearn.tree import DecisionTreeClassifier
from statsmodels.stats.contingency_tables import mcnemar

from govkit import audit
from govkit.checks.champion.fidelity import fidelity
from govkit.checks.champion.paired import paired
from govkit.checks.champion.regression_set import regression_set
from govkit.core.errors import InputProblem
from govkit.inputs.champion import answers_in_order
from govkit.inputs.disclosure import Disclosure
from govkit.plugins.check import CHECKS
from tests.check_products import Products
from tests.in_process_model import InProcessModel, inputs

CHECKED = {"paired": paired, "fidelity": fidelity, "regression_set": regression_set}
NAMES = list("abc")


def draw(rows, seed):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(rows, 3)), columns=NAMES).assign(sex=rng.choice(["f", "m"], rows))
    frame["target"] = np.where(frame["a"] + 0.7 * frame["b"] + rng.normal(0, 0.7, rows) > 0, "yes", "no")
    return frame


def versus(folder, new, old, test, **config):
    case = inputs(folder, new, test, columns={"protected": ["sex"]}, **config)
    case.champion = InProcessModel(old)
    case.champion_predictions = answers_in_order(case.champion, case.test, case.columns, case.task)
    case.artifact, case.champion_artifact = (SimpleNamespace(size=len(pickle.dumps(one))) for one in (new, old))
    return case


def run(name, case, **params):
    found = CHECKS.all()[f"champion.{name}"]
    given = {**vars(case), "disclosure": Disclosure(case.config), "params": found.params(**params), "seed": 1}
    return Products(found.id, CHECKED[name](**{need: given[need] for need in found.needs if need in given}))


@pytest.fixture
def pair(tmp_path):
    train = draw(1_000, 0)
    good = LogisticRegression().fit(train[NAMES], train["target"])
    poor = DecisionTreeClassifier(max_depth=1).fit(train[NAMES], train["target"])
    return versus(tmp_path, poor, good, draw(1_500, 1))


def test_paired_figures_equal_the_references(pair):
    found, new, old = run("paired", pair), pair.predictions, pair.champion_predictions
    truth = new.truth
    right, before = truth == new.predicted, truth == old.predicted
    assert found["accuracy_gain"] == pytest.approx(right.mean() - before.mean(), abs=1e-9)
    table = [[(right & before).sum(), (right & ~before).sum()], [(~right & before).sum(), (~right & ~before).sum()]]
    assert found["mcnemar_p"] == pytest.approx(mcnemar(table, exact=True).pvalue, abs=1e-9)
    area = roc_auc_score(truth, new.probability[:, 1]) - roc_auc_score(truth, old.probability[:, 1])
    assert found["roc_auc_gain"] == pytest.approx(area, abs=1e-9)
    balanced = balanced_accuracy_score(truth, new.predicted) - balanced_accuracy_score(truth, old.predicted)
    assert found["balanced_accuracy_gain"] == pytest.approx(balanced, abs=1e-9)
    divergence = run("fidelity", pair)["divergence"]
    assert divergence == pytest.approx(np.mean(entropy(old.probability.T, new.probability.T)), abs=1e-9)
    assert found["size_ratio"] == pair.artifact.size / pair.champion_artifact.size


def test_a_worse_model_is_found_and_an_equal_one_is_let_be(pair, tmp_path):
    found = run("paired", pair)
    assert found.measurement("accuracy_gain").interval.high < -0.02
    assert found.measurement("roc_auc_gain").interval.high < 0
    assert found.measurement("log_loss_change").interval.low > 0
    assert [one.rule for one in found.findings] == ["CHA-001"]
    again = draw(1_000, 5)
    new = LogisticRegression().fit(again[NAMES], again["target"])
    calm = run("paired", versus(tmp_path, new, pair.champion.estimator, draw(3_000, 1)))
    assert calm.findings == []
    assert calm.measurement("accuracy_gain").interval.low > -0.02


def test_classes_in_another_order_are_matched(pair, tmp_path):
    train = draw(1_000, 0)
    turned = LogisticRegression().fit(train[NAMES], train["target"])
    turned.classes_, turned.coef_, turned.intercept_ = turned.classes_[::-1], -turned.coef_, -turned.intercept_
    case = versus(tmp_path, pair.champion.estimator, turned, draw(500, 1))
    assert run("fidelity", case)["agreement"] == 1
    assert run("fidelity", case)["divergence"] < 1e-9
    assert run("paired", case)["mcnemar_p"] == 1
    other = LogisticRegression().fit(train[NAMES], np.where(train["a"] > 0, "x", "y"))
    assert answers_in_order(InProcessModel(other), case.test, case.columns, case.task) is None


def test_a_student_that_gives_up_a_rare_class_is_found(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(4_000, 3)), columns=NAMES).assign(sex=rng.choice(["f", "m"], 4_000))
    frame["target"] = np.where(frame["a"] > 1.8, "rare", np.where(frame["b"] > 0, "one", "two"))
    teacher = DecisionTreeClassifier(max_depth=4).fit(frame[NAMES], frame["target"])
    student = DecisionTreeClassifier(max_depth=1).fit(frame[NAMES], frame["target"])
    names = {"rare": "rare", "one": "one", "two": "two"}
    case = versus(tmp_path, student, teacher, frame, class_names=names)
    found = run("fidelity", case, student=True)
    lost = found.measurement("part_fidelity", **{"class": "rare"})
    assert lost.value == 0
    assert found["overall_fidelity"] > 0.95
    assert [one.where for one in found.findings] == ["class rare"]
    assert "part_fidelity" not in run("fidelity", case).names
    assert run("fidelity", versus(tmp_path, teacher, teacher, frame, class_names=names), student=True).findings == []


def test_a_model_that_finds_no_rare_positive_is_as_accurate_and_ranks_worse(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(4_000, 3)), columns=NAMES).assign(sex=rng.choice(["f", "m"], 4_000))
    chance = 1 / (1 + np.exp(4.2 - 1.6 * frame["a"]))
    frame["target"] = (rng.random(4_000) < chance).astype(int)
    old = LogisticRegression().fit(frame[NAMES], frame["target"])
    found = run("paired", versus(tmp_path, DummyClassifier().fit(frame[NAMES], frame["target"]), old, frame))
    assert found.measurement("accuracy_gain").interval.low > -0.02
    assert found.measurement("roc_auc_gain").interval.high < -0.03
    calm = run("paired", versus(tmp_path, old, old, frame))
    assert calm.measurement("roc_auc_gain").interval.low > -0.03


def test_regression_answers_within_the_tolerance_are_alike(tmp_path):
    frame = draw(800, 0).assign(target=lambda rows: rows["a"] * 2 + rows["b"])
    good = LinearRegression().fit(frame[NAMES], frame["target"])
    poor = LinearRegression().fit(frame[["a"]].assign(b=0.0, c=0.0), frame["target"])
    case = versus(tmp_path, poor, good, frame, task="regression")
    found = run("paired", case)
    assert found.measurement("error_change").interval.low > 0.05
    near = np.abs(case.predictions.predicted - case.champion_predictions.predicted) <= 0.1 * frame["target"].std(ddof=0)
    assert run("fidelity", case)["agreement"] == pytest.approx(near.mean(), abs=1e-9)


def test_forgotten_rows_are_counted(pair):
    pair.regression_set = pair.test.take(np.arange(60), role="regression")
    found = run("regression_set", pair)
    right = (pair.predictions.truth == pair.predictions.predicted)[:60]
    before = (pair.champion_predictions.truth == pair.champion_predictions.predicted)[:60]
    assert found["regression_accuracy"] == pytest.approx(right.mean(), abs=1e-9)
    assert found["forgotten_share"] == pytest.approx((before & ~right).sum() / before.sum(), abs=1e-9)
    assert found.findings[0].rule == "CHA-020"


def test_an_audit_against_the_model_in_use(project):
    champion = project.folder / "old.pkl"
    champion.write_bytes(project.model.read_bytes())
    record = audit(project.model, project.data, champion=champion, only=("champion",))
    assert {found.check: found.outcome for found in record.result.evidence} == {
        "champion.fidelity": "measured",
        "champion.paired": "measured",
        "champion.regression_set": "not_applicable",
    }
    for wrong in (project.folder / "none.pkl", project.data):
        with pytest.raises(InputProblem):
            audit(project.model, project.data, champion=wrong, only=("champion",))
