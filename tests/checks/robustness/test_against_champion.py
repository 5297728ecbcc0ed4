"""The model beside the one in use: a fragile successor is found out, an equal one is not."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from govkit.checks.robustness.against_champion import against_champion, plan
from govkit.checks.robustness.evasion import EvasionParams
from govkit.checks.robustness.evasion import plan as search_plan
from govkit.core.evidence import Evidence, Finding, Measurement, Outcome
from govkit.inputs.champion import answers_in_order
from govkit.plugins.check import NotPossible, Sizes
from tests.in_process_model import InProcessModel, inputs

SIZES = Sizes(300, 300, 2, 2, 100)


def run(case, rival):
    params = EvasionParams()
    earlier = Evidence(
        check="robustness.evasion",
        check_version="1",
        outcome=Outcome.MEASURED,
        params=params.model_dump(mode="json"),
        work=search_plan(SIZES, "quick", params).counts,
        seed=5,
    )
    champion = InProcessModel(rival)
    found = against_champion(
        model=case.model,
        champion=champion,
        test=case.test,
        predictions=case.predictions,
        champion_predictions=answers_in_order(champion, case.test, case.columns, case.task),
        columns=case.columns,
        task=case.task,
        config=case.config,
        evidence={"robustness.evasion": earlier},
        work=plan(SIZES, "quick", None).counts,
        train=case.train,
    )
    return list(found)


def gains(products):
    return {one.group["eps"]: one for one in products if getattr(one, "name", "") == "robust_accuracy_gain"}


@pytest.fixture
def stripes():
    """A wide step in `a`, and stripes in `b` that say the same on these rows."""
    rng = np.random.default_rng(0)
    side = rng.choice([-1, 1], 600)
    thin = np.where(side > 0, 0.02, 0.0) + rng.integers(-20, 20, 600) * 0.04 + rng.uniform(0, 0.01, 600)
    frame = pd.DataFrame({"a": side * rng.uniform(3, 5, 600), "b": thin, "target": side})
    wide = DecisionTreeClassifier(max_depth=1).fit(frame[["a", "b"]], side)
    narrow = DecisionTreeClassifier(random_state=0).fit(frame[["a", "b"]].assign(a=0.0), side)
    return frame, wide, narrow


def test_a_successor_that_is_easier_to_turn_is_found_out(tmp_path, stripes):
    frame, wide, narrow = stripes
    found = run(inputs(tmp_path, narrow, frame), wide)
    assert gains(found)["0.1"].value < -0.9
    assert gains(found)["0.1"].interval.high < -0.05
    assert [one.rule for one in found if isinstance(one, Finding)] == ["ROB-019", "ROB-019"]
    found = run(inputs(tmp_path, wide, frame), narrow)
    assert gains(found)["0.1"].value > 0.9
    assert not [one for one in found if isinstance(one, Finding)]


def test_the_same_model_gains_and_loses_nothing(tmp_path, stripes):
    frame, wide, _ = stripes
    found = run(inputs(tmp_path, wide, frame), wide)
    assert [one.value for one in found if isinstance(one, Measurement)] == [0.0] * 6


def test_other_columns_or_classes_cannot_be_compared(tmp_path, stripes):
    frame, wide, _ = stripes
    other = LogisticRegression().fit(frame[["a"]], frame["target"])
    with pytest.raises(NotPossible, match=r"robustness\.champion_differs"):
        run(inputs(tmp_path, wide, frame), other)
