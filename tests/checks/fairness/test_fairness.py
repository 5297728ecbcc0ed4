"""Fairness checks: values equal fairlearn's, planted unfairness is found, equal treatment is not accused."""

import numpy as np
import pandas as pd
import pytest
from fairlearn import metrics
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from govkit.checks.fairness.calibration import calibration
from govkit.checks.fairness.counterfactual import counterfactual
from govkit.checks.fairness.error_rates import error_rates
from govkit.checks.fairness.group_sizes import group_sizes
from govkit.checks.fairness.proxy import proxy
from govkit.checks.fairness.residuals import residuals
from govkit.checks.fairness.selection_rate import selection_rate
from govkit.inputs.disclosure import Disclosure
from govkit.plugins.check import CHECKS, NotApplicable, NotDeclared
from tests.check_products import Products
from tests.in_process_model import inputs

CHECKED = {
    "fairness.group_sizes": group_sizes,
    "fairness.selection_rate": selection_rate,
    "fairness.error_rates": error_rates,
    "fairness.calibration": calibration,
    "fairness.residuals": residuals,
    "fairness.proxy": proxy,
    "fairness.counterfactual": counterfactual,
}


def run(name, case, work=4_000, **params):
    """Run a check with the inputs it asks for."""
    found = CHECKS.all()[name]
    given = {**vars(case), "disclosure": Disclosure(case.config), "params": found.params(**params), "seed": 3}
    given["work"] = {"rows": work}
    return Products(name, CHECKED[name](**{need: given[need] for need in found.needs}))


def people(rows, seed, *, unfair=0.0, base=0.0):
    """Draw people: `unfair` hides the merit of one sex from the features, `base` makes outcomes differ."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"sex": rng.choice(["f", "m"], rows), "age": rng.integers(18, 80, rows)})
    merit = rng.normal(size=rows)
    female = frame["sex"] == "f"
    frame["merit"] = np.where(female & (rng.random(rows) < unfair), rng.normal(size=rows), merit)
    frame["other"] = rng.normal(size=rows)
    frame["target"] = np.where(merit - base * female + rng.normal(0, 0.6, rows) > 0, "yes", "no")
    return frame


def audited(folder, train, test, *, drop=("sex", "age"), protected=("sex", "age"), **config):
    features = [name for name in train.columns if name not in (*drop, "target")]
    model = LogisticRegression().fit(pd.get_dummies(train[features]), train["target"])
    columns = {"protected": protected, "categories": {"sex": ["f", "m"]}, **config.pop("columns", {})}
    return inputs(folder, model, test, train, columns=columns, **config)


@pytest.fixture
def fair(tmp_path):
    return audited(tmp_path, people(2_000, 0), people(4_000, 1))


@pytest.fixture
def unfair(tmp_path):
    return audited(tmp_path, people(2_000, 0, unfair=0.9), people(4_000, 1, unfair=0.9))


def test_rates_equal_fairlearn(unfair):
    answers, sex = unfair.predictions, unfair.test.frame["sex"]
    truth, predicted = answers.truth, answers.predicted
    chosen, errors = run("fairness.selection_rate", unfair), run("fairness.error_rates", unfair)
    of = {"attribute": "sex"}
    asked = {
        (chosen, "demographic_parity_difference"): metrics.demographic_parity_difference,
        (chosen, "demographic_parity_ratio"): metrics.demographic_parity_ratio,
        (errors, "equalized_odds_difference"): metrics.equalized_odds_difference,
        (errors, "equalized_odds_ratio"): metrics.equalized_odds_ratio,
    }
    for (products, name), reference in asked.items():
        found = products.measurement(name, **of)
        assert found.value == pytest.approx(reference(truth, predicted, sensitive_features=sex), abs=1e-9)
        assert found.interval.low <= found.value <= found.interval.high
    for products, names in ((chosen, ["selection_rate"]), (errors, ["true_positive_rate", "false_positive_rate"])):
        for name in names:
            frame = metrics.MetricFrame(
                metrics=getattr(metrics, name), y_true=truth, y_pred=predicted, sensitive_features=sex
            )
            for group, value in frame.by_group.items():
                found = products.measurement(name, attribute="sex", group=group)
                assert found.value == pytest.approx(value, abs=1e-9)
    age = unfair.test.frame["age"]
    both = pd.DataFrame({"sex": sex, "age": np.where(age > age.median(), "old", "young")})
    frame = metrics.MetricFrame(metrics=metrics.selection_rate, y_true=truth, y_pred=predicted, sensitive_features=both)
    crossed = chosen.measurement("crossed_parity_difference")
    assert crossed.value == pytest.approx(frame.difference(), abs=1e-9)


def test_a_group_that_the_model_knows_less_of_is_found(unfair):
    found = run("fairness.error_rates", unfair)
    assert found.measurement("equalized_odds_difference", attribute="sex").interval.low > 0.1
    assert found.measurement("equalized_odds_difference", attribute="age").interval.low < 0.05
    assert any("sex f" in said for said in found.sentences)
    assert not any("age upper" in said for said in found.sentences)


def test_equal_treatment_is_not_accused(fair):
    assert (
        run("fairness.error_rates", fair).measurement("equalized_odds_difference", attribute="sex").interval.high < 0.1
    )
    chosen = run("fairness.selection_rate", fair)
    assert chosen.measurement("demographic_parity_ratio", attribute="sex").interval.low > 0.8
    assert [found.rule for found in chosen.findings] == ["FAIR-010"]
    gap = run("fairness.calibration", fair).measurement("calibration_gap_difference", attribute="sex")
    assert gap.interval.low == 0
    assert gap.interval.high < 0.1
    assert run("fairness.proxy", fair).measurement("joint_auc", attribute="sex").interval.high < 0.6
    assert run("fairness.group_sizes", fair).findings == []
    with pytest.raises(NotApplicable, match="not_a_feature"):
        run("fairness.counterfactual", fair)


def test_the_favourable_answer_is_the_declared_one(tmp_path):
    rows = people(2_000, 1, base=1.5)
    rows["merit"] += 2.0 * (rows["sex"] == "m")
    case = audited(tmp_path, rows, rows, favourable_label="no")
    found = run("fairness.selection_rate", case)
    rates = case.predictions.predicted[case.test.frame["sex"] == "f"]
    assert found.measurement("selection_rate", attribute="sex", group="f").value == pytest.approx((rates == 0).mean())
    assert "FAIR-010" not in [one.rule for one in found.findings]
    assert found.measurement("demographic_parity_ratio", attribute="sex").interval.high < 0.8


def test_probabilities_that_mean_different_things_are_found(tmp_path):
    case = audited(tmp_path, people(2_000, 0), people(3_000, 1, base=1.0))
    found = run("fairness.calibration", case)
    assert found.measurement("calibration_gap_difference", attribute="sex").interval.low > 0.1
    assert {table.name for table in found.tables} >= {"reliability.group_1", "reliability.group_2", "forest.group_gap"}


def test_small_groups_are_named_and_never_dropped(tmp_path):
    rows = people(600, 1)
    rows.loc[:11, "sex"] = "x"
    case = audited(tmp_path, people(500, 0), rows, columns={"categories": {"sex": ["f", "m", "x"]}})
    sizes = run("fairness.group_sizes", case)
    assert sizes.measurement("smallest_group", attribute="sex").value == 12
    assert any("sex x has 12 rows" in said for said in sizes.sentences)
    chosen = run("fairness.selection_rate", case)
    assert chosen.measurement("selection_rate", attribute="sex", group="x").n == 12
    assert chosen.measurement("demographic_parity_ratio", attribute="sex").n == 588
    assert "sex: x" in {row[0] for row in chosen.tables[0].rows}


def test_an_attribute_with_five_hundred_values_is_counted(tmp_path):
    rows = people(1_500, 1).assign(tribe=[f"tribe-{place % 500}" for place in range(1_500)])
    case = audited(tmp_path, people(500, 0).assign(tribe="a"), rows, drop=("sex", "age", "tribe"), protected=("tribe",))
    sizes = run("fairness.group_sizes", case)
    assert len(sizes.findings) == 21
    assert "tribe-" not in sizes.text
    for name in ("fairness.selection_rate", "fairness.error_rates", "fairness.proxy"):
        with pytest.raises(NotApplicable, match="one_group"):
            run(name, case)


def test_declared_cuts_make_the_groups(tmp_path):
    case = audited(tmp_path, people(500, 0), people(900, 1), columns={"cuts": {"age": (40, 65)}})
    names = {
        found.group["group"] for found in run("fairness.selection_rate", case).measurements if "group" in found.group
    }
    assert {"below 40", "40 to below 65", "65 or more"} <= names


def test_a_proxy_is_found_and_named(tmp_path):
    def with_proxy(rows, seed):
        frame = people(rows, seed)
        return frame.assign(
            height=np.where(frame["sex"] == "f", 0.0, 2.0) + np.random.default_rng(seed).normal(size=rows)
        )

    found = run("fairness.proxy", audited(tmp_path, with_proxy(500, 0), with_proxy(2_000, 1)))
    assert found.measurement("joint_auc", attribute="sex").interval.low > 0.8
    assert [said for said in found.sentences if "height" in said and "sex" in said]
    assert found.measurement("feature_auc", attribute="sex", feature="other").interval.low < 0.5
    assert found.measurement("joint_auc", attribute="age").interval.low < 0.55


def test_answers_that_turn_with_the_attribute_are_counted(tmp_path):
    train = people(2_000, 0, base=2.0).assign(male=lambda rows: (rows["sex"] == "m").astype(int))
    model = DecisionTreeClassifier(max_depth=4, random_state=0).fit(train[["merit", "male"]], train["target"])
    test = people(800, 1, base=2.0).assign(male=lambda rows: (rows["sex"] == "m").astype(int))
    case = inputs(tmp_path, model, test, columns={"protected": ["male"]})
    found = run("fairness.counterfactual", case, work=400).measurement("flipped_share", attribute="male")
    assert found.interval.low > 0.2
    assert found.n == 400


def test_regression_errors_equal_their_definition_and_a_shift_is_found(tmp_path):
    def paid(rows, seed, shift):
        frame = people(rows, seed)
        return frame.assign(target=frame["merit"] * 3 + shift * (frame["sex"] == "f") + frame["other"])

    train = paid(500, 0, 0.0)
    model = LinearRegression().fit(train[["merit"]], train["target"])
    for shift in (0.0, 2.0):
        case = inputs(tmp_path, model, paid(2_000, 1, shift), columns={"protected": ["sex"]})
        found = run("fairness.residuals", case)
        error = case.predictions.predicted - case.predictions.truth
        means = pd.Series(error).groupby(case.test.frame["sex"]).mean() / case.predictions.truth.std()
        difference = found.measurement("mean_error_difference")
        assert difference.value == pytest.approx(abs(means["f"] - means["m"]), abs=1e-9)
        assert (difference.interval.low > 0.25) == (shift > 0)
        distances = [one for one in found.measurements if one.name == "residual_distance"]
        assert all((one.interval.low > 0.25) == (shift > 0) for one in distances)
        assert all((one.interval.low == 0) == (shift == 0) for one in distances)


def test_many_classes_are_compared_one_by_one(tmp_path):
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"x": rng.normal(size=3_000), "sex": rng.choice(["f", "m"], 3_000)})
    frame["target"] = pd.cut(frame["x"] + rng.normal(0, 0.4, 3_000), [-9, -0.5, 0.5, 9], labels=["a", "b", "c"]).astype(
        str
    )
    spoilt = frame.assign(x=np.where(frame["sex"] == "f", frame["x"] + 1.0, frame["x"]))
    model = LogisticRegression().fit(frame[["x"]], frame["target"])
    case = inputs(tmp_path, model, spoilt, columns={"protected": ["sex"]}, class_names={"a": "a", "b": "b", "c": "c"})
    found = run("fairness.error_rates", case)
    assert found.measurement("equalized_odds_difference").interval.low > 0.1
    assert "equalized_odds_ratio" not in found.names
    assert len([one for one in run("fairness.selection_rate", case).measurements if "answer" in one.group]) >= 9


@pytest.mark.parametrize("name", [name for name in CHECKED if name != "fairness.residuals"])
def test_only_a_declaration_that_nothing_is_protected_makes_the_question_not_arise(name, tmp_path):
    silent = audited(tmp_path, people(100, 0), people(60, 1), protected=None, columns={"ignore": ["sex", "age"]})
    with pytest.raises(NotDeclared, match="protected_undeclared"):
        run(name, silent)
    case = audited(tmp_path, people(100, 0), people(60, 1), protected=(), columns={"ignore": ["sex", "age"]})
    with pytest.raises(NotApplicable, match="no_protected"):
        run(name, case)


def test_accusations_of_equal_groups_are_rare():
    from govkit.stats.groups import largest_difference

    rng = np.random.default_rng(7)
    accused = [largest_difference(rng.binomial(200, [0.3, 0.3, 0.3]), [200] * 3).interval.low > 0 for _ in range(400)]
    assert np.mean(accused) <= 0.06
