"""Membership inference: memorised rows found, models of other rows silent, and what could be mistaken for memory."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_classification
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from govkit.checks.privacy.membership_inference import MembershipInference, membership_inference, plan
from govkit.core.errors import ModelUnavailable
from govkit.core.evidence import Finding, Measurement, Table
from govkit.inputs.disclosure import Disclosure
from govkit.plugins.check import Attachment, NotPossible, Params, Sizes
from govkit.stats.differential_privacy import epsilon_of_auc
from tests.in_process_model import InProcessModel, inputs

pytestmark = pytest.mark.usefixtures("toolbox_here")


def run(case, *, rows=1_000, references=0, seed=3, anchored=0, nearby=4, suggest=False):
    return list(
        membership_inference(
            model=case.model,
            train=case.train,
            train_predictions=case.train_predictions,
            test=case.test,
            predictions=case.predictions,
            columns=case.columns,
            task=case.task,
            config=case.config,
            disclosure=Disclosure(case.config),
            params=MembershipInference(suggest=suggest),
            work={
                "rows": rows,
                "references": references,
                "anchored_references": anchored,
                "nearby": nearby,
                "fit_seconds": 60,
                "subgroups": int(references >= 8),
            },
            seed=seed,
        )
    )


def values(products, name):
    """Give measurements by attack; those that rest on Fisher's test apart."""
    found = [one for one in products if isinstance(one, Measurement) and one.name == name]
    return {one.group.get("attack", "") + one.group.get("test", ""): one for one in found}


def rules(products):
    return [one.rule for one in products if isinstance(one, Finding)]


def worst(products, name="worst_attack_auc"):
    return next(one for one in products if isinstance(one, Measurement) and one.name == name)


@pytest.fixture(scope="module")
def rows():
    x, y = make_classification(
        4_000, 12, n_informative=6, flip_y=0.15, class_sep=0.8, weights=[0.7], random_state=123, shuffle=True
    )
    frame = pd.DataFrame(x, columns=[f"f{index}" for index in range(12)])
    return frame.assign(target=np.where(y, "yes", "no"))


def fitted(estimator, frame):
    return estimator.fit(frame.drop(columns="target"), frame["target"])


def test_an_overfitted_forest_gives_its_rows_away(tmp_path, rows):
    model = fitted(RandomForestClassifier(60, bootstrap=False, random_state=0), rows[:1_000])
    found = run(inputs(tmp_path, model, rows[1_000:2_000], rows[:1_000]), references=4)
    assert worst(found).value > 0.99
    assert worst(found).interval.low > 0.98
    assert values(found, "attack_auc")["ART forest"].interval.low > 0.9
    tpr = values(found, "worst_tpr_at_1pct_fpr")
    assert tpr["metaFisher, Holm"].value > 0.9
    assert tpr["metaFisher, Holm"].interval is None
    assert {"MIA-004", "MIA-005"} <= set(rules(found))
    said = next(one for one in found if isinstance(one, Finding) and one.rule == "MIA-004")
    assert int(said.message.args["found"]) > 90
    assert values(found, "members")[""].value == 1_000


def test_the_curves_and_the_summary_of_attacks(tmp_path, rows):
    model = fitted(DecisionTreeClassifier(random_state=0), rows[:600])
    found = run(inputs(tmp_path, model, rows[1_000:1_600], rows[:600]), references=8)
    tables = {one.name: one for one in found if isinstance(one, Table)}
    summary, roc = tables["membership_attacks"], tables["membership_roc"]
    assert {row[0] for row in summary.rows} == set(values(found, "attack_auc")) >= {"meta", "RMIA", "LiRA"}
    assert len(roc.rows) <= 200
    for attack in {row[4] for row in roc.rows}:
        points = [row[:4] for row in roc.rows if row[4] == attack]
        assert points == sorted(points)
        assert points[-1][:2] == (1.0, 1.0)
        assert all(low <= true <= high for _, true, low, high in points)


@pytest.mark.parametrize("estimator", [RandomForestClassifier(60, random_state=0), LogisticRegression()])
def test_a_model_of_other_rows_is_silent(tmp_path, rows, estimator):
    found = run(inputs(tmp_path, fitted(estimator, rows[2_000:3_000]), rows[1_000:2_000], rows[:1_000]), references=4)
    for one in values(found, "attack_auc").values():
        assert one.interval.low < 0.5
    for one in values(found, "tpr_at_1pct_fpr").values():
        assert one.interval.low < 0.02
    assert values(found, "blind_auc")[""].interval.low < 0.5
    assert rules(found) == ["MIA-014"]  # what so few rows could have missed
    assert worst(found).interval.high < 0.6
    assert min(one.n for one in found if isinstance(one, Measurement)) > 0


def test_reference_models_see_more_of_gradient_boosting_and_more_still_with_the_other_rows_known(tmp_path, rows):
    model = fitted(HistGradientBoostingClassifier(random_state=0), rows[:1_000])
    case = inputs(tmp_path, model, rows[1_000:2_000], rows[:1_000])
    found = values(run(case, references=4, anchored=4), "attack_auc")
    direct = max(found[name].value for name in ("confidence", "modified entropy", "supervised", "ART boosting"))
    assert found["meta"].value > direct + 0.05
    assert found["meta, other rows known"].value > direct + 0.05
    assert found["meta, other rows known"].n == 2 * 250


class Unwilling(InProcessModel):
    """A model that can be asked and not fitted."""

    def fit(self, *args, **options):
        raise ModelUnavailable("the model raised ValueError in fit", hint="")


def test_without_reference_models_nothing_found_is_no_pass(tmp_path, rows):
    for train, name in ((rows[:1_000], "leaky"), (rows[2_000:3_000], "clean")):
        model = fitted(HistGradientBoostingClassifier(random_state=0), train)
        case = inputs(tmp_path, model, rows[1_000:2_000], rows[:1_000])
        case.model = Unwilling(case.model.estimator)
        found = run(case, references=4)
        nothing = values(found, "worst_attack_auc")["none with reference models"]
        assert (nothing.n, nothing.interval.low, nothing.interval.high) == (0, 0.0, 1.0)
        assert "MIA-003" in rules(found)
        areas = values(found, "attack_auc")
        assert not any(one.startswith("meta") for one in areas)
        if name == "leaky":
            assert areas["LiRA, surrogates"].value > areas["confidence"].value + 0.03
        else:
            assert worst(found).interval.low < 0.55


def test_twins_are_left_out_on_both_sides(tmp_path, rows):
    train = pd.concat([rows[:400], rows[1_000:1_050], rows[:30]])
    near = rows[350:400].assign(f0=rows["f0"][350:400] + 1e-4)
    test = pd.concat([rows[1_000:1_400], near])
    model = fitted(RandomForestClassifier(30, random_state=0), train)
    found = run(inputs(tmp_path, model, test, train))
    assert values(found, "twins_dropped")[""].value == 100
    assert values(found, "near_twins_dropped")[""].value == 100
    assert values(found, "train_duplicates")[""].value == 60
    assert values(found, "members")[""].value == 350
    assert {"MIA-001", "MIA-007", "MIA-008"} <= set(rules(found))


def test_twins_are_seen_through_different_types(tmp_path):
    frame = pd.DataFrame({"a": [1, 2, 3, 4] * 40, "b": range(160), "target": ["x", "y"] * 80})
    train, test = frame[:100], frame[70:].astype({"a": float})
    test.loc[159, "a"] = np.nan
    model = HistGradientBoostingClassifier(min_samples_leaf=2).fit(train[["a", "b"]], train["target"])
    case = inputs(tmp_path, model, test, train)
    assert case.train.frame["a"].dtype != case.test.frame["a"].dtype
    assert values(run(case), "twins_dropped")[""].value == 60


def test_rows_of_a_group_on_both_sides_are_left_out(tmp_path, rows):
    frame = rows.assign(household=np.arange(len(rows)) // 2)
    model = LogisticRegression().fit(frame.filter(like="f"), frame["target"])
    case = inputs(tmp_path, model, frame[199:400], frame[:200], columns={"group": "household"})
    found = run(case)
    assert "MIA-009" in rules(found)
    assert values(found, "members")[""].value == 198


def test_a_shift_between_the_files_is_not_taken_for_memory(tmp_path, rows):
    """Without matching, attacks that learn would see the shift in the answers of a model of other rows."""
    order = rows["f0"] + 1.5 * np.random.default_rng(0).normal(size=len(rows))
    low, high = rows[order < order.median()], rows[order >= order.median()]
    model = fitted(RandomForestClassifier(40, min_samples_leaf=3, random_state=0), low[1_000:])
    found = run(inputs(tmp_path, model, high, low[:1_000]), references=4)
    assert values(found, "blind_auc")[""].interval.low > 0.6
    assert values(found, "blind_auc_judged")[""].interval.low < 0.55
    assert values(found, "members")[""].value < 900
    assert {"MIA-002", "MIA-006"} <= set(rules(found))
    assert worst(found).interval.low < 0.55
    assert "MIA-004" not in rules(found)


def test_files_that_have_nothing_in_common_decide_nothing(tmp_path, rows):
    model = fitted(LogisticRegression(), rows[2_000:3_000])
    found = run(inputs(tmp_path, model, rows[:200].assign(f0=9.0), rows[200:400]))
    assert values(found, "blind_auc_judged")[""].value > 0.99
    assert "MIA-013" in rules(found)
    assert not {"MIA-004", "MIA-005"} & set(rules(found))


def test_a_file_that_the_model_was_not_fitted_on_is_doubted(tmp_path, rows):
    model = fitted(RandomForestClassifier(30, random_state=0), rows[1_000:2_000])
    case = inputs(tmp_path, model, rows[1_000:2_000], rows[:1_000], provenance={"digests": {"train.csv": "0" * 64}})
    found = run(case, references=4)
    assert {"MIA-010", "MIA-011"} <= set(rules(found))
    assert values(found, "worst_attack_auc")["none with reference models"].n == 0


def test_models_without_probabilities_and_regressors(tmp_path, rows):
    case = inputs(tmp_path, fitted(LinearSVC(), rows[:500]), rows[1_000:1_500], rows[:500])
    assert set(values(run(case, references=4), "attack_auc")) == {
        "label gap",
        "confidence",
        "supervised",
        "meta",
        "RMIA",
    }
    numbers = rows.assign(target=rows["f0"] + np.random.default_rng(0).normal(size=len(rows)))
    model = fitted(RandomForestRegressor(30, random_state=0), numbers[:500])
    found = values(run(inputs(tmp_path, model, numbers[500:1_000], numbers[:500]), references=4), "attack_auc")
    assert found["residual"].interval.low > 0.65
    assert found["meta"].value > found["residual"].value + 0.03


class Lookup:
    """Answers rightly on what it was fitted on and wrongly elsewhere."""

    def fit(self, rows, target):
        self.known = {tuple(row): label for row, label in zip(rows.to_numpy(), target, strict=True)}
        self.classes_ = np.unique(target)
        self.feature_names_in_ = np.array(rows.columns)
        return self

    def predict(self, rows):
        return np.array([self.known.get(tuple(row), "neither") for row in rows.to_numpy()], dtype=object)

    def get_params(self, **options):
        return {}


def test_labels_alone_reach_certainty_on_a_lookup_table_and_claim_nothing_at_few_false_alarms(tmp_path, rows):
    train = rows[:400]
    model = Lookup().fit(train.drop(columns="target"), train["target"])
    model.classes_ = np.array(["no", "yes", "neither"], dtype=object)
    found = run(inputs(tmp_path, model, rows[1_000:1_400], train))
    assert values(found, "attack_auc")["label gap"].value == 1.0
    assert values(found, "worst_attack_auc")["label gap"].interval.low > 0.98
    assert values(found, "tpr_at_1pct_fpr") == {}


def test_one_file_given_twice_and_too_few_rows_are_said(tmp_path, rows):
    model = fitted(LogisticRegression(), rows[:100])
    for test, said in ((rows[1_000:1_010], "too_few_rows"), (rows[:100], "same_rows")):
        with pytest.raises(NotPossible, match=rf"privacy\.{said}"):
            run(inputs(tmp_path, model, test, rows[:100]))
    found = run(inputs(tmp_path, model, rows[1_000:1_060], rows[:60]))
    assert values(found, "worst_attack_auc")["none with reference models"].n == 0
    for one in values(found, "attack_auc").values():
        assert one.interval.high > 0.55


def test_answers_that_are_all_equal_are_no_certainty(tmp_path, rows):
    from sklearn.dummy import DummyClassifier

    found = run(inputs(tmp_path, fitted(DummyClassifier(), rows[:300]), rows[1_000:1_300], rows[:300]), references=4)
    for one in values(found, "attack_auc").values():
        assert one.interval.low < 0.5 < one.interval.high


def test_many_classes(tmp_path):
    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.normal(size=(2_400, 3)), columns=["a", "b", "c"])
    frame["target"] = np.resize(np.arange(300), 2_400)
    model = DecisionTreeClassifier(random_state=0).fit(frame[["a", "b", "c"]][:1_200], frame["target"][:1_200])
    found = run(inputs(tmp_path, model, frame[1_200:], frame[:1_200]), references=4)
    assert worst(found).value > 0.95


def test_reruns_agree_and_leave_the_global_generator_alone(tmp_path, rows):
    model = fitted(RandomForestClassifier(30, random_state=0), rows[:500])
    case = inputs(tmp_path, model, rows[1_000:1_500], rows[:500])
    first = run(case, references=4)
    np.random.seed(99)
    assert first == run(case, references=4)


def test_the_plan_has_as_many_reference_models_as_there_is_time_for():
    def references(budget, milliseconds):
        sizes = Sizes(4_000, 4_000, 10, 2, 100, fit_ms_per_1000_rows=milliseconds)
        counts = plan(sizes, budget, Params()).counts
        return counts["references"], counts["anchored_references"]

    assert references("quick", 50) == (4, 0)
    assert references("quick", 1_250) == (4, 0)
    assert references("quick", 1_600) == (0, 0)
    assert references("quick", 0) == (0, 0)
    assert references("standard", 3_200) == (8, 0)
    assert references("standard", 12_800) == (4, 0)
    assert [references("thorough", step)[0] for step in (50, 12_800, 25_600, 51_200, 102_400)] == [64, 32, 16, 8, 4]
    assert references("thorough", 50) == (64, 8)


def test_rows_nearby_are_asked_about_while_that_fits_the_budget():
    def near(budget, fit, answer):
        sizes = Sizes(4_000, 4_000, 10, 2, predict_ms_per_1000_rows=answer, fit_ms_per_1000_rows=fit)
        return plan(sizes, budget, Params()).counts["nearby"]

    assert [near("quick", *times) for times in ((800, 100), (1_250, 100), (200, 1_000))] == [4, 2, 0]
    assert [near(budget, 200, 100) for budget in ("standard", "thorough")] == [4, 12]
    assert near("quick", 0, 100) == 0


def test_a_model_that_answers_differently_beside_its_rows_gives_itself_away(tmp_path, rows):
    """One nearest neighbour knows its rows by heart, as reference models know theirs: only the surroundings tell."""
    train, test = rows[:600], rows[1_000:1_600]
    case = inputs(tmp_path, fitted(KNeighborsClassifier(1), train), test, train)
    without, asked = (values(run(case, references=4, nearby=count), "attack_auc")["meta"] for count in (0, 8))
    assert asked.value > without.value + 0.03


def test_classes_groups_and_bands_of_single_rows(tmp_path, rows):
    frame = rows.assign(sex=np.where(np.random.default_rng(0).random(len(rows)) < 0.5, "f", "m"))
    model = fitted(DecisionTreeClassifier(random_state=0), frame[:800].drop(columns="sex"))
    options = {"columns": {"protected": ["sex"], "categories": {"sex": ["f"]}}}
    case = inputs(tmp_path, model, frame[1_000:1_800], frame[:800], **options)
    found = run(case, references=16)
    groups = [one.group for one in found if isinstance(one, Measurement) and one.name == "subgroup_auc"]
    assert groups == [
        {"class": "class 1"},
        {"class": "class 2"},
        {"column": "sex", "value": "f"},
        {"column": "sex", "value": "value 2"},
    ]
    kept = next(one for one in found if isinstance(one, Attachment))
    lines = kept.content.decode().splitlines()
    assert lines[0] == "train_row,band"
    assert [int(line.split(",")[0]) for line in lines[1:]] == list(range(1, 801))
    counts = next(one for one in found if isinstance(one, Table) and one.name == "membership_bands")
    assert sum(row[1] for row in counts.rows) == 800
    assert counts.rows[1][1] > 1.5 * counts.rows[1][2]


def test_a_private_model_stays_below_the_bound_of_its_epsilon(tmp_path, rows):
    """Logistic regression of bounded rows with noise on its weights: ε-private (Chaudhuri and Monteleoni 2008)."""
    random, epsilon, strength = np.random.default_rng(0), 0.2, 0.05
    features = rows.drop(columns="target")
    unit = features.div(np.sqrt((features**2).sum(axis=1)), axis=0)
    frame = unit.assign(target=rows["target"])
    train = frame[:1_000]
    model = LogisticRegression(C=1 / (strength * 1_000), fit_intercept=False, tol=1e-8).fit(
        unit[:1_000], train["target"]
    )
    direction = random.normal(size=12)
    length = random.gamma(12, 2 / (1_000 * strength * epsilon))
    model.coef_ += direction / np.linalg.norm(direction) * length
    found = run(inputs(tmp_path, model, frame[1_000:2_000], train), references=4)
    assert epsilon_of_auc(worst(found).interval.low) < epsilon
    assert epsilon_of_auc(worst(found).value - 0.02) < epsilon


def test_stronger_regularisation_is_measured_with_what_it_costs(tmp_path, rows):
    model = fitted(DecisionTreeClassifier(random_state=0), rows[:600])
    found = run(inputs(tmp_path, model, rows[1_000:1_600], rows[:600]), references=4, suggest=True)
    table = next(one for one in found if isinstance(one, Table) and one.name == "membership_remedies")
    areas = {row[0]: row[1] for row in table.rows}
    assert areas["as it is"] > 0.6 > areas["min_samples_leaf 60"]
    lost = {row[0]: row[5] for row in table.rows}
    assert lost["as it is"] == 0
    assert lost["min_samples_leaf 20"] < 0


def test_a_column_without_a_single_number(tmp_path, rows):
    frame = rows.assign(f3=np.nan, f4=[np.nan] * 3_999 + [1.0])
    model = fitted(HistGradientBoostingClassifier(random_state=0), rows[:300])
    found = run(inputs(tmp_path, model, frame[300:600], frame[:300]), references=0)
    assert values(found, "members")[""].value == 300
