"""Every scikit-learn estimator passes the scan as pickle and joblib write it; typical ones answer as they do here."""

import io
import pickle
import warnings

import joblib
import numpy as np
import pandas as pd
import pytest
import xgboost
from imblearn.ensemble import BalancedRandomForestClassifier
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import (
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    IsolationForest,
    RandomForestClassifier,
    StackingClassifier,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import all_estimators
from sklearn.utils._test_common.instance_generator import _construct_instances
from sklearn.utils.estimator_checks import _enforce_estimator_tags_X, _enforce_estimator_tags_y

from govkit.inputs.allowlist import policy
from govkit.inputs.artifact import open_model
from govkit.inputs.formats.joblib import JoblibFormat
from govkit.inputs.formats.pickle import PickleFormat
from govkit.inputs.pickle_loader import load_pickle


def fitted():
    """Fit one instance of every estimator that fits on a small table."""
    random = np.random.default_rng(0)
    rows = np.abs(random.normal(size=(30, 4)))
    target = (rows[:, 0] > np.median(rows[:, 0])).astype(int)
    for name, kind in all_estimators():
        try:
            estimator = next(iter(_construct_instances(kind)))
            own = _enforce_estimator_tags_X(estimator, rows)
            estimator.fit(own, _enforce_estimator_tags_y(estimator, target))
        except Exception:  # noqa: BLE001 - some take text, dictionaries or sparse tables only; those are few
            continue
        yield name, estimator


def dumped(estimator):
    for protocol in (0, 2, 5):
        yield f"pickle {protocol}", PickleFormat(), pickle.dumps(estimator, protocol)
    for compression in (0, 3, ("gzip", 3), ("bz2", 3), ("xz", 1), ("lzma", 1)):
        stream = io.BytesIO()
        joblib.dump(estimator, stream, compress=compression)
        yield f"joblib {compression}", JoblibFormat() if compression else PickleFormat(), stream.getvalue()


def test_every_estimator_passes_the_scan():
    allowed, refused, files, estimators = policy(), [], 0, 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, estimator in fitted():
            estimators += 1
            for how, reader, content in dumped(estimator):
                scanned = reader.scan(content, allowed)
                files += 1
                if scanned.findings or scanned.unreadable:
                    refused.append((name, how, scanned.findings[:2], scanned.unreadable))
    assert estimators >= 190
    assert files >= 60
    assert refused == []


def table(count=120):
    random = np.random.default_rng(3)
    return pd.DataFrame(
        {
            "age": random.integers(18, 80, count),
            "income": np.where(random.random(count) < 0.1, np.nan, random.normal(3, 1, count)),
            "region": random.choice(["north", "south", "east"], count),
            "since": pd.Categorical(random.choice(["a", "b"], count)),
        }
    )


def mixed(final):
    return make_pipeline(
        make_column_transformer(
            (make_pipeline(SimpleImputer(), StandardScaler()), ["age", "income"]),
            (OneHotEncoder(handle_unknown="ignore"), ["region", "since"]),
        ),
        final,
    )


ROWS = table()
NUMBERS = ROWS[["age", "income"]].fillna(0.0)
LABEL = np.where(ROWS["age"] > 50, "yes", "no")
NUMBER = ROWS["age"] / 3.0
MODELS = {
    "mixed logistic": (mixed(LogisticRegression()), ROWS, LABEL),
    "mixed search": (GridSearchCV(mixed(SVC()), {"svc__C": [0.1, 1.0]}, cv=2), ROWS, LABEL),
    "mixed stack": (
        mixed(StackingClassifier([("tree", DecisionTreeClassifier(random_state=0))], LogisticRegression(), cv=2)),
        ROWS,
        LABEL,
    ),
    "forest on names": (RandomForestClassifier(20, random_state=0, n_jobs=2), NUMBERS, LABEL == "yes"),
    "forest on arrays": (RandomForestClassifier(20, random_state=0), NUMBERS.to_numpy(), LABEL),
    "boosting": (HistGradientBoostingClassifier(max_iter=10, random_state=0), NUMBERS, LABEL),
    "gradient regression": (GradientBoostingRegressor(random_state=0), NUMBERS, NUMBER),
    "neighbours": (make_pipeline(StandardScaler(), KNeighborsClassifier(5)), NUMBERS, (LABEL == "yes").astype(int)),
    "one column": (SGDClassifier(loss="log_loss", random_state=0), NUMBERS[["age"]], LABEL),
    "function": (make_pipeline(FunctionTransformer(np.log1p), LogisticRegression()), NUMBERS.abs(), LABEL),
    "columns by kind": (
        make_pipeline(
            make_column_transformer(
                (SimpleImputer(), make_column_selector(dtype_include="number")),
                (OneHotEncoder(), pd.Index(["region"])),
            ),
            LogisticRegression(),
        ),
        ROWS,
        LABEL,
    ),
    "boosting on categories": (HistGradientBoostingClassifier(max_iter=5), ROWS[["age", "since"]], LABEL),
    "brute neighbours": (KNeighborsClassifier(5, algorithm="brute"), NUMBERS, LABEL),
    "balanced forest": (BalancedRandomForestClassifier(5, random_state=0), NUMBERS, LABEL),
    "xgboost": (
        mixed(xgboost.XGBClassifier(n_estimators=5)),
        ROWS,
        (LABEL == "yes").astype(int),
    ),
    "anomalies": (IsolationForest(n_estimators=20, random_state=0), NUMBERS, None),
    "text": (
        make_pipeline(make_column_transformer((TfidfVectorizer(), "region")), LogisticRegression()),
        ROWS[["region"]],
        LABEL,
    ),
}


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
@pytest.mark.parametrize("case", MODELS)
def test_the_process_answers_as_the_estimator_does(tmp_path, case):
    estimator, rows, target = MODELS[case]
    estimator.fit(rows, target)
    frame = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(rows)
    path = tmp_path / "model.joblib"
    if len(case) % 2:
        path.write_bytes(pickle.dumps(estimator))
    else:
        joblib.dump({"model": estimator, "threshold": 0.5, "columns": list(frame.columns)}, path, compress=3)
    artifact, model = open_model(path)
    assert not artifact.refused
    assert set(artifact.isolation.values()) == {"held"}
    try:
        for method in model.described.methods - {"fit"}:
            given = getattr(model, method)(frame)
            expected = getattr(estimator, method)(rows)
            assert given.shape == expected.shape
            assert (given == expected).all(), method
        assert list(model.described.classes) == list(getattr(estimator, "classes_", []))
        assert model.structure() is not None
    finally:
        model.release()


@pytest.mark.parametrize("protocol", range(6))
def test_arrays_keep_their_types(protocol):
    rows = {
        "model": LogisticRegression(),
        "arrays": [
            np.arange(6).reshape(2, 3),
            np.asfortranarray(np.eye(3)),
            np.array(["a", "bcd"]),
            np.array([b"a", b"bcd"]),
            np.array(["a", None, 3], dtype=object),
            np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]),
            np.array(["2024-01-01"], dtype="datetime64[D]"),
            np.float32(3),
            np.ma.array([1, 2], mask=[True, False]),
        ],
    }
    for content in (pickle.dumps(rows, protocol), joblib_bytes(rows, protocol)):
        scanned = PickleFormat().scan(content, policy())
        assert (scanned.findings, scanned.unreadable) == ([], "")
        loaded = load_pickle(content, policy())
        for given, expected in zip(loaded["arrays"], rows["arrays"], strict=True):
            assert given.dtype == expected.dtype
            assert (given == expected).all()


def joblib_bytes(value, protocol):
    stream = io.BytesIO()
    joblib.dump(value, stream, protocol=protocol)
    return stream.getvalue()


def test_a_clone_is_fitted_in_the_process_and_forgotten(tmp_path):
    estimator = make_pipeline(
        StandardScaler(), RandomForestClassifier(5, random_state=0), memory=str(tmp_path / "cache")
    )
    estimator.fit(NUMBERS, LABEL)
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(estimator))
    _, model = open_model(tmp_path / "model.pkl")
    clone = model.fit(NUMBERS[:60], LABEL[:60], seed=5)
    again = model.fit(NUMBERS[:60], LABEL[:60], seed=5)
    assert (clone.predict_proba(NUMBERS) == again.predict_proba(NUMBERS)).all()
    assert (clone.predict_proba(NUMBERS) != model.predict_proba(NUMBERS)).any()
    one = model.fit(NUMBERS[LABEL == "no"], LABEL[LABEL == "no"], seed=5)
    assert one.described.classes == ("no",)
    clone.release()
    model.release()
