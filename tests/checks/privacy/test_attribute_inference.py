"""Protected values filled in by asking the model: planted memory found, a model of other rows silent."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from govkit.checks.privacy.attribute_inference import attribute_inference
from govkit.core.evidence import Finding, Measurement
from govkit.plugins.check import NotApplicable
from tests.in_process_model import inputs

RANDOM = np.random.default_rng(0)
FRAME = pd.DataFrame(RANDOM.normal(size=(1_600, 3)).round(3), columns=["a", "b", "c"]).assign(
    sex=RANDOM.choice(["f", "m"], 1_600), smoker=RANDOM.choice([0, 1, 2], 1_600)
)
FRAME["target"] = np.where(RANDOM.random(1_600) < 0.3 + 0.4 * (FRAME["sex"] == "m"), "yes", "no")


def run(folder, model, test, train, protected=("sex", "smoker")):
    case = inputs(folder, model, test, train, columns={"protected": protected})
    names = ("model", "train", "train_predictions", "test", "predictions", "columns", "task")
    return list(attribute_inference(**{name: getattr(case, name) for name in names}, work={"rows": 800}, seed=1))


def pipeline(estimator=None):
    encoded = make_column_transformer((OneHotEncoder(), ["sex"]), remainder="passthrough")
    return make_pipeline(
        encoded, RandomForestClassifier(60, bootstrap=False, random_state=0) if estimator is None else estimator
    )


def values(products, name):
    return {one.group["column"]: one for one in products if isinstance(one, Measurement) and one.name == name}


def fitted(rows):
    return pipeline().fit(rows.drop(columns="target"), rows["target"])


def test_a_forest_that_knows_its_rows_by_heart_fills_them_in(tmp_path):
    found = run(tmp_path, fitted(FRAME[:500]), FRAME[500:1_000], FRAME[:500])
    gap = values(found, "attribute_gap")
    assert gap["sex"].interval.low > 0.05
    assert values(found, "attribute_found")["sex"].value > values(found, "imputer_found")["sex"].value
    assert "ATT-001" in {one.rule for one in found if isinstance(one, Finding)}


def test_a_model_of_other_rows_has_no_gap(tmp_path):
    found = run(tmp_path, fitted(FRAME[1_000:]), FRAME[500:1_000], FRAME[:500])
    for one in values(found, "attribute_gap").values():
        assert one.interval.low < 0 < one.interval.high
    assert not [one for one in found if isinstance(one, Finding)]


def test_values_that_follow_from_the_others_are_no_leak(tmp_path):
    copied = FRAME.assign(smoker=(FRAME["sex"] == "m").astype(int))
    found = run(tmp_path, fitted(copied[:500]), copied[500:1_000], copied[:500], protected=("smoker",))
    assert values(found, "imputer_found")["smoker"].value == 1.0


def test_regression_and_nothing_to_try(tmp_path):
    numbers = FRAME.assign(target=FRAME["a"] + (FRAME["sex"] == "m") + RANDOM.normal(size=1_600))
    model = pipeline(RandomForestRegressor(30, random_state=0)).fit(
        numbers[:300].drop(columns="target"), numbers[:300]["target"]
    )
    found = run(tmp_path, model, numbers[500:800], numbers[:300], protected=("sex",))
    assert values(found, "attribute_gap")["sex"].value > 0
    with pytest.raises(NotApplicable, match=r"privacy\.no_attribute"):
        run(tmp_path, model, numbers[500:800], numbers[:300], protected=("a",))
