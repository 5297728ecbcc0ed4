"""Membership through the command line: in processes of its own, and on recorded predictions."""

import json
import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_classification
from sklearn.ensemble import HistGradientBoostingClassifier

ONLY = ("--only", "privacy.membership_inference", "--budget", "quick", "--format", "json")


@pytest.fixture
def leaky(tmp_path):
    """A model that knows half of its training rows by heart, with the files that it is audited on."""
    x, y = make_classification(600, 6, n_informative=4, flip_y=0.2, class_sep=0.6, random_state=3)
    frame = pd.DataFrame(x, columns=[f"f{index}" for index in range(6)])
    frame = frame.assign(id=[f"r{index:04}" for index in range(600)], target=np.where(y, "yes", "no"))
    frame[:300].to_csv(tmp_path / "train.csv", index=False)
    frame[300:].to_csv(tmp_path / "data.csv", index=False)
    (tmp_path / "govkit.yaml").write_text("target: target\nrow_id: id\ntrain: train.csv\n")
    features = frame.filter(like="f")
    model = HistGradientBoostingClassifier(max_iter=40, random_state=0).fit(features[:300], frame["target"][:300])
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(model))
    told = pd.DataFrame(model.predict_proba(features), columns=["probability_no", "probability_yes"])
    told.assign(id=frame["id"]).to_csv(tmp_path / "told.csv", index=False)
    return tmp_path


def record(folder):
    return json.loads((folder / "audit.json").read_text())["result"]


def test_the_number_of_processes_changes_no_byte(govkit, leaky):
    parts = []
    for jobs in (1, 2):
        out = leaky / f"out{jobs}"
        govkit("audit", leaky / "model.pkl", leaky / "data.csv", *ONLY, "--jobs", jobs, "--no-cache", "--out", out)
        parts.append(json.dumps(record(out)["evidence"]).encode())
    assert parts[0] == parts[1]
    found = json.loads(parts[0])[0]
    assert found["outcome"] == "measured"
    assert "meta" in {one["group"].get("attack") for one in found["measurements"]}


def test_recorded_predictions_of_train_are_attacked_and_finding_nothing_is_no_pass(govkit, leaky):
    out = leaky / "out"
    govkit("audit", leaky / "told.csv", leaky / "data.csv", *ONLY, "--jobs", 1, "--out", out)
    (found,) = record(out)["evidence"]
    attacks = {one["group"].get("attack") for one in found["measurements"] if one["name"] == "attack_auc"}
    assert found["outcome"] == "measured"
    assert {"confidence", "supervised", "RMIA, surrogates"} <= attacks
    assert "meta" not in attacks
    nothing = [one for one in found["measurements"] if one["group"].get("attack") == "none with reference models"]
    assert [one["n"] for one in nothing] == [0, 0]
    states = {one["criterion"]: one["result"] for one in record(out)["criterion_results"]}
    assert states["privacy.membership_inference.attack_auc"] in {"fail", "inconclusive"}
