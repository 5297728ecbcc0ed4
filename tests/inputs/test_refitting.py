"""Models fitted anew in their own process: seeds, weights, early stopping, a declared function, and fits that break."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from govkit.core.errors import InputProblem, ModelRaised, ModelUnavailable, UsageProblem
from govkit.inputs.artifact import open_model
from govkit.inputs.refitting import refitted
from govkit.inputs.training import read_training

RANDOM = np.random.default_rng(0)
ROWS = pd.DataFrame(RANDOM.normal(size=(400, 3)), columns=["a", "b", "c"])
TARGET = np.where(ROWS["a"] + RANDOM.normal(size=400) > 0, "yes", "no").astype(object)
FUNCTION = """
import time
import numpy as np
from sklearn.tree import DecisionTreeClassifier

class Wrapped:
    def __init__(self, tree):
        self.tree, self.classes_ = tree, tree.classes_
    def predict(self, rows):
        return self.tree.predict(rows[["a", "b", "c"]])
    def predict_proba(self, rows):
        return self.tree.predict_proba(rows[["a", "b", "c"]])

def fit(rows, target, seed):
    if seed == 1:
        bytearray(100 * 2**30)
    if seed == 2:
        import no_such_package
    if seed == 3:
        open("PLACE", "w").write("x")
    while seed == 4:
        time.sleep(0.1)
    return Wrapped(DecisionTreeClassifier(random_state=seed).fit(rows, target))
"""


@pytest.fixture
def opened(tmp_path):
    models = []

    def open_(estimator, target=TARGET, **options):
        (tmp_path / "model.pkl").write_bytes(pickle.dumps(estimator.fit(ROWS, target)))
        models.append(open_model(tmp_path / "model.pkl", **options)[1])
        return models[-1]

    yield open_
    for model in models:
        model.release()


def test_seeds_and_weights_reach_every_step(opened):
    model = opened(make_pipeline(StandardScaler(), RandomForestClassifier(5)))
    one, same, other = (model.fit(ROWS, TARGET, seed=seed).predict_proba(ROWS) for seed in (4, 4, 2**32 - 1))
    assert (one == same).all()
    assert (one != other).any()
    lopsided = np.where(TARGET == "yes", 1.0, 1e-6)
    weighted = model.fit(ROWS, TARGET, seed=4, weight=lopsided)
    assert weighted.predict_proba(ROWS)[:, 1].mean() > one[:, 1].mean() + 0.1


def test_boosting_that_stops_early_is_given_rows_to_stop_on():
    from xgboost import XGBClassifier

    codes = (TARGET == "yes").astype(int)
    booster = XGBClassifier(n_estimators=40, early_stopping_rounds=3, n_jobs=1)
    fitted = refitted(booster, ROWS, codes, seed=1, weight=np.ones(400))
    assert fitted.best_iteration < 39


def test_boosters_are_fitted_anew_in_confinement(opened):
    from catboost import CatBoostClassifier
    from lightgbm import LGBMClassifier
    from xgboost import XGBClassifier

    quiet = CatBoostClassifier(iterations=20, verbose=0, thread_count=1, allow_writing_files=False)
    codes = (TARGET == "yes").astype(int)
    for booster in (LGBMClassifier(n_estimators=20, n_jobs=1, verbose=-1), XGBClassifier(n_estimators=20), quiet):
        model = opened(booster, codes)
        one, same, other = (model.fit(ROWS, codes, seed=seed).predict_proba(ROWS) for seed in (4, 4, 5))
        assert (one == same).all()
        if booster is quiet:  # the others draw nothing at random by default
            assert (one != other).any()


def test_catboost_writes_no_log(tmp_path, monkeypatch):
    from catboost import CatBoostClassifier

    monkeypatch.chdir(tmp_path)
    refitted(CatBoostClassifier(iterations=5, verbose=0, thread_count=1), ROWS, TARGET, seed=1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("declared", ["ours", "ours:fit()", "../ours:fit", "absent:fit"])
def test_a_wrong_declaration_is_said(declared, tmp_path):
    (tmp_path / "ours.py").write_text(FUNCTION)
    with pytest.raises(UsageProblem, match="training_function"):
        read_training(declared, tmp_path)


def test_a_declared_function_and_what_it_may_do_wrong(opened, tmp_path):
    (tmp_path / "ours.py").write_text(FUNCTION.replace("PLACE", str(tmp_path / "written")))
    training = read_training("ours:fit", tmp_path)
    model = opened(LogisticRegression(), training=training)
    before = model.predict_proba(ROWS)
    assert model.fit(ROWS, TARGET, seed=2**32 - 1).predict_proba(ROWS).max() == 1.0
    for seed, kind in ((1, "MemoryError"), (2, "ModuleNotFoundError"), (3, "PermissionError")):
        with pytest.raises(ModelRaised, match=kind):
            model.fit(ROWS, TARGET, seed=seed)
    assert not (tmp_path / "written").exists()
    with pytest.raises(ModelUnavailable, match="within 1 s"):
        model.fit(ROWS, TARGET, seed=4, seconds=1)
    assert (model.predict_proba(ROWS) == before).all()
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(LogisticRegression(C=2).fit(ROWS, TARGET)))
    with pytest.raises(InputProblem, match="has changed"):
        model.fit(ROWS, TARGET, seed=4, seconds=1)
