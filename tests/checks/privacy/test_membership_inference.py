"""Membership inference: memorised rows found, models of other rows silent, twins and shifted files said."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_classification
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from govkit.checks.privacy.membership_inference import _smallest_detectable, membership_inference
from govkit.core.evidence import Finding, Measurement, Table
from govkit.plugins.check import NotPossible
from tests.in_process_model import inputs


def run(case, rows=1_000, pairs=0, seed=3):
    return list(
        membership_inference(
            model=case.model,
            train=case.train,
            train_predictions=case.train_predictions,
            test=case.test,
            predictions=case.predictions,
            columns=case.columns,
            task=case.task,
            work={"rows": rows, "reference_pairs": pairs},
            seed=seed,
        )
    )


def values(products, name):
    return {one.group.get("attack", ""): one for one in products if isinstance(one, Measurement) and one.name == name}


def rules(products):
    return [one.rule for one in products if isinstance(one, Finding)]


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
    found = run(inputs(tmp_path, model, rows[1_000:2_000], rows[:1_000]))
    assert next(iter(values(found, "worst_attack_auc").values())).value > 0.98
    assert values(found, "attack_auc")["confidence"].interval.low > 0.97
    assert values(found, "attack_auc")["ART black box"].interval.low > 0.9
    assert max(one.interval.low for one in values(found, "tpr_at_1pct_fpr").values()) > 0.2
    assert values(found, "members")[""].value == 1_000
    roc = next(one for one in found if isinstance(one, Table))
    assert len(roc.rows) <= 200
    assert {row[2] for row in roc.rows} == set(values(found, "attack_auc"))
    for attack in values(found, "attack_auc"):
        points = [row[:2] for row in roc.rows if row[2] == attack]
        assert points == sorted(points)
        assert points[-1] == (1.0, 1.0)


@pytest.mark.parametrize("estimator", [RandomForestClassifier(60, random_state=0), LogisticRegression()])
def test_a_model_of_other_rows_is_silent(tmp_path, rows, estimator):
    found = run(inputs(tmp_path, fitted(estimator, rows[2_000:3_000]), rows[1_000:2_000], rows[:1_000]), pairs=1)
    for one in values(found, "attack_auc").values():
        assert one.interval.low < 0.5
    for one in values(found, "tpr_at_1pct_fpr").values():
        assert one.interval.low < 0.02
    assert values(found, "blind_auc")[""].interval.low < 0.5
    assert rules(found) == []


def test_reference_models_see_more_of_gradient_boosting(tmp_path, rows):
    model = fitted(HistGradientBoostingClassifier(random_state=0), rows[:1_000])
    found = values(run(inputs(tmp_path, model, rows[1_000:2_000], rows[:1_000]), pairs=1), "attack_auc")
    direct = max(one.value for name, one in found.items() if name != "reference models")
    assert found["reference models"].value > direct


def test_twins_are_left_out_on_both_sides(tmp_path, rows):
    train = pd.concat([rows[:400], rows[1_000:1_050]])
    model = fitted(RandomForestClassifier(30, random_state=0), train)
    found = run(inputs(tmp_path, model, rows[1_000:1_400], train))
    assert values(found, "twins_dropped")[""].value == 100
    assert values(found, "members")[""].value == 350
    assert rules(found) == ["MIA-001"]


def test_twins_are_seen_through_different_types(tmp_path):
    frame = pd.DataFrame({"a": [1, 2, 3, 4] * 40, "b": range(160), "target": ["x", "y"] * 80})
    train, test = frame[:100], frame[70:].astype({"a": float})
    test.loc[159, "a"] = np.nan
    model = HistGradientBoostingClassifier(min_samples_leaf=2).fit(train[["a", "b"]], train["target"])
    case = inputs(tmp_path, model, test, train)
    assert case.train.frame["a"].dtype != case.test.frame["a"].dtype
    assert values(run(case), "twins_dropped")[""].value == 60


def test_a_shift_between_the_files_is_said(tmp_path, rows):
    moved = rows[1_000:2_000].copy()
    moved["f0"] += 1.5
    model = fitted(LogisticRegression(), rows[2_000:3_000])
    found = run(inputs(tmp_path, model, moved, rows[:1_000]))
    assert values(found, "blind_auc")[""].interval.low > 0.7
    assert rules(found) == ["MIA-002"]


def test_models_without_probabilities_and_regressors(tmp_path, rows):
    found = run(inputs(tmp_path, fitted(LinearSVC(), rows[:500]), rows[1_000:1_500], rows[:500]), pairs=1)
    assert set(values(found, "attack_auc")) == {"label gap", "confidence", "supervised"}
    numbers = rows.assign(target=rows["f0"] + np.random.default_rng(0).normal(size=len(rows)))
    model = fitted(RandomForestRegressor(30, random_state=0), numbers[:500])
    found = run(inputs(tmp_path, model, numbers[500:1_000], numbers[:500]))
    assert values(found, "attack_auc")["residual"].interval.low > 0.7


def test_too_few_rows_are_said_and_few_are_never_certain(tmp_path, rows):
    model = fitted(LogisticRegression(), rows[:100])
    with pytest.raises(NotPossible, match=r"privacy\.too_few_rows"):
        run(inputs(tmp_path, model, rows[1_000:1_010], rows[:100]))
    found = run(inputs(tmp_path, model, rows[1_000:1_060], rows[:60]))
    for one in values(found, "tpr_at_1pct_fpr").values():
        assert (one.interval.low, one.interval.high) == (0.0, 1.0)


def test_reruns_agree(tmp_path, rows):
    model = fitted(RandomForestClassifier(30, random_state=0), rows[:500])
    case = inputs(tmp_path, model, rows[1_000:1_500], rows[:500])
    first = run(case, pairs=1)
    np.random.seed(99)
    assert first == run(case, pairs=1)


def test_the_smallest_detectable_auc_is_detected_four_times_in_five():
    """One-sided detection by a 95% interval, scores of two normals whose AUC is the claimed one."""
    from scipy.stats import norm

    from govkit.stats.intervals import delong

    rng = np.random.default_rng(0)
    claimed = _smallest_detectable(300, 0.95)
    shift = np.sqrt(2) * norm.ppf(claimed)
    hits = [delong(rng.normal(shift, 1, 300), rng.normal(0, 1, 300))[1].low > 0.5 for _ in range(600)]
    assert np.mean(hits) == pytest.approx(0.8, abs=0.05)
