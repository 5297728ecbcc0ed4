"""Security checks on real estimators and on the facts of a scan."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

from govkit.checks.security.integrity import integrity
from govkit.checks.security.memorisation import memorisation
from govkit.checks.security.model_file import model_file
from govkit.config import Config, Provenance
from govkit.inputs.metadata import read_metadata
from govkit.inputs.model import Artifact, Described, ScanFinding
from govkit.plugins.check import NotDeclared, NotPossible
from tests.check_products import Products
from tests.in_process_model import InProcessModel

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


def pinned(folder, **digests):
    (folder / "data.csv").write_text("a\n1\n")
    config = Config(provenance=Provenance(digests={"model.pkl": text for text in digests.values()}))
    return read_metadata(folder / "data.csv", config, folder)


@pytest.mark.parametrize(("digest", "declared", "mismatch"), [("ab" * 32, 1, 0), ("cd" * 32, 1, 1)])
def test_a_pin(tmp_path, digest, declared, mismatch):
    found = Products("security.integrity", integrity(artifact=CLEAN, metadata=pinned(tmp_path, one=digest)))
    assert (found["digest_declared"], found["digest_mismatch"]) == (declared, mismatch)
    assert len(found.findings) == mismatch


def test_a_malformed_pin_pins_nothing(tmp_path):
    found = Products("security.integrity", integrity(artifact=CLEAN, metadata=pinned(tmp_path, one="latest")))
    assert found["digest_declared"] == 0
    assert "digest_mismatch" not in found.names


def test_no_pin_asks_for_the_line(tmp_path):
    with pytest.raises(NotDeclared) as said:
        list(integrity(artifact=CLEAN, metadata=pinned(tmp_path)))
    assert said.value.ask == "provenance: {digests: {model.pkl: SHA256-WHEN-IT-WAS-MADE}}"


class WithArrays(InProcessModel):
    """A model whose structure lists the fitted arrays, as the worker does."""

    def structure(self):
        return {name: value for name, value in vars(self.estimator).items() if isinstance(value, np.ndarray)}


def fitted(estimator):
    random = np.random.default_rng(0)
    rows = pd.DataFrame(random.normal(size=(60, 3)), columns=list("abc"))
    return WithArrays(estimator.fit(rows, (rows["a"] > 0).astype(int)))


@pytest.mark.parametrize("estimator", [KNeighborsClassifier(3), GaussianProcessRegressor()])
def test_models_that_keep_every_row(estimator):
    found = Products("security.memorisation", memorisation(model=fitted(estimator)))
    assert found["stores_training_rows"] == 60
    assert "60 training rows" in found.sentences[0]


def test_support_vectors_are_counted():
    model = fitted(SVC())
    found = Products("security.memorisation", memorisation(model=model))
    assert found["stores_training_rows"] == len(model.estimator.support_vectors_)


@pytest.mark.parametrize("estimator", [LogisticRegression(), RandomForestClassifier(5, random_state=0)])
def test_models_that_keep_none(estimator):
    found = Products("security.memorisation", memorisation(model=fitted(estimator)))
    assert found["stores_training_rows"] == 0
    assert found.findings == []


def test_a_model_without_arrays_still_says_that_it_keeps_rows():
    found = Products(
        "security.memorisation", memorisation(model=InProcessModel(fitted(KNeighborsClassifier()).estimator))
    )
    assert found["stores_training_rows"] == 1
    assert "holds training rows" in found.sentences[0]


def test_an_unknown_estimator_can_not_be_judged():
    model = fitted(LogisticRegression())
    model.described = Described("acme.Net", ("acme.Net",), "classifier", frozenset({"predict"}))
    model.structure = dict
    with pytest.raises(NotPossible):
        list(memorisation(model=model))
