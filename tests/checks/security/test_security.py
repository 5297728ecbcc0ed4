"""Security checks on real estimators and on the facts of a scan."""

import os
import pickle

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from govkit.checks.security.integrity import integrity
from govkit.checks.security.memorisation import _leaves, _numbers, memorisation
from govkit.checks.security.model_file import model_file
from govkit.config import Config, Provenance
from govkit.inputs.artifact import open_model
from govkit.inputs.metadata import read_metadata
from govkit.inputs.model import Artifact, Described, ScanFinding
from govkit.inputs.worker import structure
from govkit.plugins.check import NotDeclared, NotPossible
from tests.check_products import Products

CLEAN = Artifact(name="model.pkl", sha256="ab" * 32, size=9, format="pickle", globals=("sklearn.x.Y", "numpy.dtype"))


def test_a_clean_file_is_silent():
    found = Products("security.model_file", model_file(artifact=CLEAN))
    assert found["disallowed_globals"] == found["unsafe_findings"] == 0
    assert found.findings == []


def test_refused_globals_are_counted_once_and_shown_harmlessly():
    artifact = Artifact(
        name="model.pkl",
        sha256="ab" * 32,
        size=9,
        format="pickle",
        globals=("os.system", "sklearn.x.Y", "a\x1b[2Jb"),
        findings=(
            ScanFinding("GK-M02", "not on the list:", "os.system"),
            ScanFinding("GK-M03", "called while loading:", "os.system"),
            ScanFinding("GK-M09", "bytes after the end"),
        ),
        refused="It names os.system.",
    )
    found = Products("security.model_file", model_file(artifact=artifact))
    assert found["disallowed_globals"] == 1
    assert found["unsafe_findings"] == 3
    assert len(found.findings) == 4
    assert "\x1b" not in found.text


class Harmful:
    def __reduce__(self):
        return os.system, ("true",)


def test_a_planted_call_is_reported_from_the_real_scan(tmp_path):
    (tmp_path / "model.pkl").write_bytes(pickle.dumps({"model": Harmful()}))
    artifact, model = open_model(tmp_path / "model.pkl")
    assert model is None
    found = Products("security.model_file", model_file(artifact=artifact))
    assert found["disallowed_globals"] == 1
    assert found["unsafe_findings"] >= 1


def pinned(folder, digest=None):
    (folder / "data.csv").write_text("a\n1\n")
    config = Config(provenance=Provenance(digests={"model.pkl": digest} if digest else {}))
    return read_metadata(folder / "data.csv", config, folder)


@pytest.mark.parametrize(("digest", "declared", "mismatch"), [("ab" * 32, 1, 0), ("cd" * 32, 1, 1)])
def test_a_pin(tmp_path, digest, declared, mismatch):
    found = Products("security.integrity", integrity(artifact=CLEAN, metadata=pinned(tmp_path, digest)))
    assert (found["digest_declared"], found["digest_mismatch"]) == (declared, mismatch)
    assert len(found.findings) == mismatch


def test_a_malformed_pin_pins_nothing(tmp_path):
    found = Products("security.integrity", integrity(artifact=CLEAN, metadata=pinned(tmp_path, "latest")))
    assert found["digest_declared"] == 0
    assert "digest_mismatch" not in found.names


def test_no_pin_asks_for_the_line(tmp_path):
    with pytest.raises(NotDeclared) as said:
        list(integrity(artifact=CLEAN, metadata=pinned(tmp_path)))
    assert said.value.ask == "provenance: {digests: {model.pkl: SHA256-WHEN-IT-WAS-MADE}}"


@pytest.fixture
def opened(tmp_path):
    """Save an estimator, scan it and load it into its own process, as an audit does."""
    models = []

    def open_(estimator):
        random = np.random.default_rng(0)
        rows = pd.DataFrame(random.normal(size=(60, 3)), columns=list("abc"))
        joblib.dump(estimator.fit(rows, (rows["a"] > 0).astype(int)), tmp_path / "model.joblib")
        artifact, model = open_model(tmp_path / "model.joblib")
        assert model is not None
        models.append(model)
        return {"artifact": artifact, "model": model}

    yield open_
    for model in models:
        model.release()


@pytest.mark.parametrize(
    "estimator", [KNeighborsClassifier(3), make_pipeline(StandardScaler(), KNeighborsClassifier(3))]
)
def test_models_that_keep_every_row(opened, estimator):
    found = Products("security.memorisation", memorisation(**opened(estimator)))
    assert found["stores_training_rows"] == 60
    assert "60 training rows" in found.sentences[0]


def test_support_vectors_are_counted(opened):
    estimator = SVC()
    found = Products("security.memorisation", memorisation(**opened(estimator)))
    assert found["stores_training_rows"] == len(estimator.support_vectors_)


@pytest.mark.parametrize("estimator", [LogisticRegression(), RandomForestClassifier(5, random_state=0)])
def test_models_that_keep_none(opened, estimator):
    found = Products("security.memorisation", memorisation(**opened(estimator)))
    assert found["stores_training_rows"] == 0
    assert "SEC-004" not in {one.rule for one in found.findings}


def test_an_estimator_inside_another_is_found(opened):
    inside = BaggingClassifier(KNeighborsClassifier(), n_estimators=2, random_state=0)
    found = Products("security.memorisation", memorisation(**opened(inside)))
    assert found["stores_training_rows"] == 1
    assert "KNeighborsClassifier holds training rows" in found.sentences[0]


def test_an_unknown_estimator_can_not_be_judged(opened):
    given = opened(LogisticRegression())
    given["model"].described = Described("acme.Net", ("acme.Net",), "classifier", frozenset({"predict"}))
    with pytest.raises(NotPossible):
        list(memorisation(**given))


def test_leaves_that_one_training_row_made():
    x, y = np.arange(20.0).reshape(-1, 1), np.array([0, 1] * 10)
    tree = DecisionTreeClassifier(random_state=0).fit(x, y)
    found = list(_leaves(structure(tree)))
    assert (found[0].value, found[0].n) == (1.0, 20)
    assert found[1].rule == "SEC-007"
    assert list(_leaves(structure(LogisticRegression().fit(x, y)))) == []


def test_more_fitted_numbers_than_training_rows():
    found = list(_numbers({"layer:0": np.zeros((10, 20)), "intercept": np.zeros(3)}, 100))
    assert found[0].value == 2.03
    assert found[1].rule == "SEC-008"
    assert len(list(_numbers({"coef": np.zeros((1, 9))}, 100))) == 1
    trees = {"tree:0:threshold": np.zeros(30), "tree:1:threshold": np.zeros(50), "trees:threshold": np.zeros(80)}
    assert next(iter(_numbers(trees, 100))).value == 0.8
