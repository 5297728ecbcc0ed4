"""The training scripts of the examples: they write what is committed, and each planted fault can be left out alone."""

import hashlib
import pickle
import subprocess
import sys
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
import yaml

EXAMPLES = Path(__file__).parents[2] / "examples"


def train(case: str, out: Path, *arguments: str) -> Path:
    """Run a case's training script into a folder."""
    script = EXAMPLES / case / "train.py"
    subprocess.run([sys.executable, "-B", script, "--out", out, *arguments], check=True)
    return out


def answers(model: object, data: pd.DataFrame) -> np.ndarray:
    """Give a model's probabilities on the features of a table."""
    return model.predict_proba(data[list(model.feature_names_in_)])


@pytest.mark.parametrize("case", ["credit", "credit-flawed", "breast-cancer"])
def test_a_training_script_writes_what_is_committed(case, tmp_path):
    made = train(case, tmp_path)
    for name in ("data.csv", "train.csv"):
        assert (made / name).read_bytes() == (EXAMPLES / case / name).read_bytes()
    (committed,) = (EXAMPLES / case).glob("model.*")
    data = pd.read_csv(made / "data.csv")
    np.testing.assert_allclose(
        answers(joblib.load(made / committed.name), data), answers(joblib.load(committed), data), atol=1e-9
    )


@pytest.mark.parametrize("case", ["credit", "breast-cancer"])
def test_the_recorded_digests_are_those_of_the_committed_files(case):
    declared = yaml.safe_load((EXAMPLES / case / "govkit.yaml").read_text())["provenance"]["digests"]
    assert len(declared) == 3
    for name, digest in declared.items():
        assert hashlib.sha256((EXAMPLES / case / name).read_bytes()).hexdigest() == digest


def test_the_credit_model_is_close_to_the_best_there_is_and_does_not_overfit():
    model = pickle.loads((EXAMPLES / "credit" / "model.pkl").read_bytes())
    held_out, seen = (pd.read_csv(EXAMPLES / "credit" / name) for name in ("data.csv", "train.csv"))
    accuracy = [np.mean(model.predict(rows[model.feature_names_in_]) == rows["outcome"]) for rows in (held_out, seen)]
    assert min(accuracy) > 0.81
    assert abs(accuracy[0] - accuracy[1]) < 0.02
    assert not {"age", "sex", "application_id"} & set(model.feature_names_in_)


class TestPlantedFaults:
    """Each fault is there in the committed case, and absent where it is left out, with nothing else changed."""

    def test_personal_data(self, tmp_path):
        repaired = pd.read_csv(train("credit-flawed", tmp_path, "--without", "personal-data") / "data.csv")
        flawed = pd.read_csv(EXAMPLES / "credit-flawed" / "data.csv")
        pattern = r"@|\d"
        assert flawed["note"].str.contains(pattern, na=False).sum() > 100
        assert not repaired["note"].str.contains(pattern, na=False).any()
        pd.testing.assert_frame_equal(flawed.drop(columns="note"), repaired.drop(columns="note"))

    def test_overlap(self, tmp_path):
        made = train("credit-flawed", tmp_path, "--without", "overlap")
        flawed, repaired = (pd.read_csv(folder / "data.csv") for folder in (EXAMPLES / "credit-flawed", made))
        seen = set(pd.read_csv(made / "train.csv")["application_id"])
        assert flawed["application_id"].isin(seen).sum() == 800
        assert not repaired["application_id"].isin(seen).any()
        pd.testing.assert_frame_equal(flawed[800:], repaired[800:])

    def test_overfit(self, tmp_path):
        made = train("credit-flawed", tmp_path, "--without", "overfit")
        seen = pd.read_csv(made / "train.csv")
        for folder, highest in ((EXAMPLES / "credit-flawed", 1.0), (made, 0.85)):
            model = pickle.loads((folder / "model.pkl").read_bytes())
            assert np.mean(model.predict(seen[model.feature_names_in_]) == seen["outcome"]) == pytest.approx(
                highest, abs=0.04
            )

    def test_digests(self, tmp_path):
        made = train("credit-flawed", tmp_path, "--without", "digests")
        for folder, wrong in ((EXAMPLES / "credit-flawed", {"data.csv", "train.csv"}), (made, set())):
            declared = yaml.safe_load((folder / "govkit.yaml").read_text())["provenance"]["digests"]
            actual = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in declared}
            assert {name for name in declared if declared[name] != actual[name]} == wrong
