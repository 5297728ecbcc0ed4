"""Robustness through the command line, in one process and in two."""

import json
import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

RUNS = {
    "standard": ("evasion", "noise", "contract", "input_errors", "missing_inputs"),
    "quick": ("evasion", "trigger", "cross_check"),
}


@pytest.mark.parametrize("budget", RUNS)
def test_the_number_of_processes_changes_no_byte_and_global_random_numbers_stay(govkit, tmp_path, budget):
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"income": rng.normal(3, 1, 200), "age": rng.integers(18, 80, 200)})
    frame = frame.assign(work=rng.choice(["own", "public"], 200))
    frame["target"] = np.where(frame["income"] + frame["age"] / 30 + rng.normal(0, 0.4, 200) > 4.6, "yes", "no")
    encode = make_column_transformer((StandardScaler(), ["income", "age"]), (OneHotEncoder(), ["work"]))
    model = make_pipeline(encode, RandomForestClassifier(20 if budget == "standard" else 3, random_state=0))
    model.fit(frame[:140].drop(columns="target"), frame["target"][:140])
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(model))
    frame[140:].to_csv(tmp_path / "data.csv", index=False)
    (tmp_path / "govkit.yaml").write_text("target: target\n")
    only = ("--only", ",".join(f"robustness.{name}" for name in RUNS[budget]))
    np.random.seed(5)
    before, parts = np.random.get_state()[1].tolist(), []
    replayed = ("--plan", tmp_path / "out1" / "audit.json")  # a plan depends on how fast the model answered
    for jobs, plan in ((1, ()), (2, replayed)):
        out = tmp_path / f"out{jobs}"
        options = ("--budget", budget, "--format", "json", "--jobs", jobs, "--no-cache", "--out", out, *plan)
        govkit("audit", tmp_path / "model.pkl", tmp_path / "data.csv", *only, *options)
        parts.append(json.dumps(json.loads((out / "audit.json").read_text())["result"]["evidence"]))
    assert parts[0] == parts[1]
    assert {one["check"]: one["outcome"] for one in json.loads(parts[0])} == dict.fromkeys(
        sorted(f"robustness.{name}" for name in RUNS[budget]), "measured"
    )
    assert np.random.get_state()[1].tolist() == before
