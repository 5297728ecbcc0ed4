"""The model's own process: confines itself, scans the file, loads it, and answers until its parent is gone.

It never writes evidence; it can lie in its predictions, not in its audit.
"""

import contextlib
import json
import mmap
import os
import signal
import socket
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from govkit.inputs import boosters, refitting, sandbox, transport, wire
from govkit.inputs.model import MULTILABEL, OUTLIER_DETECTOR
from govkit.inputs.native import MAX_CLASSES, NativeModel, Unsupported, with_categories
from govkit.inputs.structure import describe as describe_inside

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

MAX_PARAMETER = 80
"""Characters shown of a hyperparameter."""
METHODS = ("predict", "predict_proba", "decision_function", "fit")
STORED_ROWS = ("_fit_X", "X_train_", "support_vectors_", "X_fit_", "shape_fit_", "X_")
"""Fitted attributes that hold rows of the training data as they are."""
_PLAIN = (str, int, float, bool, type(None))

Reply = tuple[dict[str, Any], list[bytes]]


def main() -> None:
    """Run as `worker(socket fd, file fd, settings)`; the settings are JSON on the command line."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears Ctrl-C and ends this process
    connection = socket.socket(fileno=int(sys.argv[1]))
    settings = json.loads(sys.argv[3])
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    os.close(null)
    limits = sandbox.Limits(**settings["limits"])
    layers = sandbox.enter(limits, sandbox.system_paths())
    file = int(sys.argv[2])
    with mmap.mmap(file, 0, access=mmap.ACCESS_READ) as shared:
        content = bytes(shared)
    os.close(file)
    try:
        model = _opened(connection, settings, content, layers)
        if model is not None:
            del content
            Server(model).serve(connection)
    except wire.Closed:
        return


def _opened(connection: socket.socket, settings: dict[str, Any], content: bytes, layers: dict[str, str]) -> object:
    """Scan, report, and load when the scan found nothing; None ends the process."""
    from govkit.inputs.allowlist import policy
    from govkit.plugins.model_format import MODEL_FORMATS

    reader = MODEL_FORMATS.all()[settings["format"]]
    scanned = reader.scan(content, policy(tuple(settings["trusted"])))
    if layers.get("landlock") != sandbox.HELD and not scanned.findings:
        warm_up(scanned.globals)
        layers[sandbox.CLOSED] = sandbox.close_files()
    report = {
        "isolation": layers,
        "globals": sorted(scanned.globals),
        "findings": scanned.findings,
        "unreadable": scanned.unreadable,
    }
    wire.send(connection, report)
    everything = settings["trust"] == "sandbox-only" and sandbox.is_full(layers)
    if (scanned.findings and not everything) or scanned.unreadable:
        return None
    allowed = policy(tuple(settings["trusted"]), everything=everything)
    try:
        model, notes = _loaded(lambda: _the_estimator(reader.load(content, allowed)))
        wire.send(connection, {"described": describe(model, notes)})
    except Unsupported as problem:
        wire.send(connection, {"unsupported": str(problem)})
        return None
    except Exception as error:  # noqa: BLE001
        # the process boundary: whatever a model does while loading becomes one word
        wire.send(connection, {"problem": type(error).__name__, "module": _missing_module(error)})
        return None
    return model


def warm_up(names: Iterable[str]) -> None:
    """Import what a model of these names may need, as nothing can be opened afterwards; all of them are allowlisted."""
    import importlib

    import pandas as pd
    import sklearn.utils.parallel
    from sklearn.compose import make_column_transformer
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    modules = {name.rpartition(".")[0] for name in names}
    for module in sorted(modules | set(ALWAYS_NEEDED)):
        with contextlib.suppress(ImportError):
            importlib.import_module(module)
    sklearn.utils.parallel._get_threadpool_controller()  # noqa: SLF001 - reads which libraries are loaded
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"], "c": pd.Categorical(["x", "y"])})
    for columns in (["a", "b"], ["a", "b", "c"]):
        facts, buffers = transport.packed(frame[columns])
        transport.unpacked(facts, bytearray(b"".join(buffers)), columns)
    pd.factorize(frame["b"].to_numpy())
    # libraries import parts of themselves when they are first asked; this is what most models ask of them
    columns = make_column_transformer((StandardScaler(), ["a"]), (OneHotEncoder(sparse_output=False), ["b", "c"]))
    for final in (KNeighborsClassifier(1, algorithm="brute"), HistGradientBoostingClassifier(max_iter=1)):
        make_pipeline(columns, final).fit(frame, ["x", "y"]).predict_proba(frame)


def _loaded(load: Callable[[], object]) -> tuple[object, dict[str, str]]:
    """Load and note the library version that the artefact was made with, where it differs."""
    from sklearn.exceptions import InconsistentVersionWarning

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = load()
    versions = {
        str(warning.message.original_sklearn_version)
        for warning in caught
        if isinstance(warning.message, InconsistentVersionWarning)
    }
    return model, {"scikit-learn": min(versions)} if versions else {}


def _the_estimator(loaded: object) -> object:
    """Take the estimator out of a dictionary that holds one next to plain values, a frequent way to save models."""
    if isinstance(loaded, dict):
        found = [value for value in loaded.values() if hasattr(value, "fit") or hasattr(value, "predict")]
        if len(found) != 1:
            raise Unsupported("holds several estimators" if found else "holds a dictionary and no estimator")
        loaded = found[0]
    if _path(loaded) in NATIVE:
        return NATIVE[_path(loaded)](loaded)
    if not hasattr(loaded, "predict"):
        raise Unsupported(f"holds a {_path(loaded)}, which can't predict")
    return loaded


ALWAYS_NEEDED = (
    *("joblib.numpy_pickle", "numpy.random._pickle", "pandas.core.arrays.string_arrow", "pyarrow.pandas_compat"),
    *("scipy.sparse", "scipy.special", "scipy.spatial.distance", "sklearn.base", "sklearn.exceptions"),
    *("sklearn.metrics", "sklearn.pipeline", "sklearn.preprocessing", "sklearn.utils.validation"),
)
"""Modules that loading and asking import on the way."""
NATIVE: Mapping[str, Callable[[Any], NativeModel]] = {
    "xgboost.core.Booster": boosters.from_xgboost,
    "lightgbm.basic.Booster": boosters.from_lightgbm,
}
"""Classes of models without scikit-learn's manners."""


def _missing_module(error: Exception) -> str:
    return (error.name or "") if isinstance(error, ImportError) else ""


def describe(model: Any, versions: Mapping[str, str]) -> dict[str, Any]:  # noqa: ANN401 - any estimator
    """Give the facts of `inputs.model.Described` as plain data."""
    if isinstance(model, NativeModel):
        return _native_facts(model)
    import sklearn

    _expect_fitted(model)
    steps = [step for _, step in model.steps] if hasattr(model, "steps") else [model]
    final = steps[-1]
    kind = _kind(model, final)
    return {
        "estimator": _path(final),
        "steps": [_path(step) for step in steps],
        "kind": kind,
        "methods": [name for name in METHODS if hasattr(model, name)],
        "classes": _classes(model, kind),
        "features": _features(model),
        "n_features": int(getattr(model, "n_features_in_", 0)),
        "parameters": _parameters(final),
        "fitted_with": {"scikit-learn": sklearn.__version__, **versions},
        "warnings": ["version_mismatch"] if versions else [],
        "stored_rows": [name for name in STORED_ROWS if getattr(getattr(final, name, None), "ndim", 0) > 1],
    }


def _native_facts(model: NativeModel) -> dict[str, Any]:
    return {
        "estimator": model.estimator,
        "steps": [model.estimator],
        "kind": model.kind,
        "methods": [name for name in METHODS if hasattr(model, name)],
        "classes": [_scalar(label) for label in model.classes_],
        "features": [str(name) for name in model.feature_names_in_],
        "n_features": model.n_features_in_,
        "parameters": model.parameters,
        "fitted_with": model.versions,
        "warnings": [],
        "stored_rows": [],
    }


def _features(model: Any) -> list[str]:  # noqa: ANN401 - any estimator
    """Give the names of the columns that a model was fitted on; CatBoost calls unnamed ones 0, 1, ..."""
    if hasattr(model, "feature_names_in_"):
        return [str(name) for name in model.feature_names_in_]
    names = [str(name) for name in getattr(model, "feature_names_", None) or ()]
    return [] if names == [str(index) for index in range(len(names))] else names


def _path(estimator: object) -> str:
    return f"{type(estimator).__module__}.{type(estimator).__qualname__}"


def _expect_fitted(model: Any) -> None:  # noqa: ANN401 - any estimator
    from sklearn.base import BaseEstimator
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    if isinstance(model, BaseEstimator):
        try:
            check_is_fitted(model)
        except NotFittedError:
            raise Unsupported("holds an estimator that was not fitted") from None


def _kind(model: Any, final: Any) -> str:  # noqa: ANN401 - any estimator
    from sklearn.base import is_classifier, is_outlier_detector, is_regressor

    if is_outlier_detector(final):
        return OUTLIER_DETECTOR
    if is_classifier(model):
        binarizer = getattr(final, "_label_binarizer", None)
        of_labels = getattr(binarizer, "y_type_", "") == "multilabel-indicator" or getattr(final, "multilabel_", False)
        return MULTILABEL if of_labels or isinstance(getattr(model, "classes_", None), list) else "classifier"
    return "regressor" if is_regressor(model) else "other"


def _classes(model: Any, kind: str) -> list[str | int | float | bool]:  # noqa: ANN401 - any estimator
    """Give a classifier's classes; of several labels with 0 or 1 each, their numbers."""
    import numpy as np

    if kind == MULTILABEL:
        if isinstance(model.classes_, list) and not all(set(each.tolist()) <= {0, 1} for each in model.classes_):
            raise Unsupported("gives several answers a row")
        return list(range(len(model.classes_)))
    if kind != "classifier":
        return []
    classes = np.asarray(model.classes_)
    if classes.ndim != 1:
        raise Unsupported("gives several answers a row")
    if len(classes) > MAX_CLASSES:
        raise Unsupported(f"has more than {MAX_CLASSES:,} classes")
    return [_scalar(label) for label in classes.tolist()]


def _parameters(estimator: Any) -> dict[str, str]:  # noqa: ANN401 - any estimator
    if not hasattr(estimator, "get_params"):
        return {}
    found = {}
    for name, value in sorted(estimator.get_params(deep=False).items()):
        text = _setting(value)
        found[name] = text if len(text) <= MAX_PARAMETER else f"{text[: MAX_PARAMETER - 1]}…"
    return found


def _setting(value: object) -> str:
    """Lay a hyperparameter out; arrays, frames and the like could hold rows, so only their type is told."""
    if isinstance(value, list | tuple | dict):
        items = [*value, *value.values()] if isinstance(value, dict) else list(value)
        return repr(value) if all(isinstance(item, _PLAIN) for item in items) else f"a {type(value).__name__}"
    if isinstance(value, _PLAIN):
        return repr(value)
    return getattr(value, "__name__", type(value).__name__)


class Server:
    """Answers operations on the audited model (handle 0) and on clones fitted for the audit."""

    def __init__(self, model: object) -> None:
        """Hold the audited model."""
        self._models: dict[int, Any] = {0: model}
        self._categories: dict[int, Mapping[str, Sequence[Any] | None]] = {}
        self._operations: dict[str, Callable[[dict[str, Any], bytearray], Reply]] = {
            "predict": self._ask,
            "predict_proba": self._ask,
            "decision_function": self._ask,
            "structure": self._structure,
            "fit": self._fit,
            "release": self._release,
        }

    def serve(self, connection: socket.socket) -> None:
        """Answer until the parent is gone; one thread, so that sums come out the same every time."""
        from joblib import parallel_config

        with parallel_config(backend="sequential"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            while True:
                header, payload = wire.receive(connection)
                try:
                    answer, content = self._operations[header["operation"]](header, payload)
                except Exception as error:  # noqa: BLE001
                    # the process boundary: a message could quote cells, so only its type goes back
                    answer, content = {"raised": type(error).__name__}, []
                wire.send(connection, answer, content)

    def _ask(self, header: dict[str, Any], payload: bytearray) -> Reply:
        import numpy as np

        model = self._models[header["handle"]]
        frame = transport.unpacked(header["rows"], payload, header["names"])
        rows = _named(model, frame, self._known(header["handle"]))
        given = getattr(model, header["operation"])(rows)
        answer = _of_labels(model, given) if isinstance(given, list) else np.asarray(given)
        if header["operation"] == "predict" and answer.ndim == 2 and answer.shape[1] == 1:  # noqa: PLR2004 - a column
            answer = answer.reshape(-1)
        return _labelled(answer) if answer.dtype.kind in "OUS" else _packed({"answer": answer})

    def _known(self, handle: int) -> "Mapping[str, Sequence[Any] | None]":
        """Give the columns that a model takes as categories; looked up once."""
        if handle not in self._categories:
            self._categories[handle] = _categories(self._models[handle])
        return self._categories[handle]

    def _structure(self, header: dict[str, Any], payload: bytearray) -> Reply:
        del payload
        model = self._models[header["handle"]]
        return _packed({**structure(_final(model)), **describe_inside(model)})

    def _fit(self, header: dict[str, Any], payload: bytearray) -> Reply:
        model = self._models[header["handle"]]
        frame = transport.unpacked(header["rows"], payload)
        extra = frame.iloc[:, len(header["names"]) :]
        frame = frame.iloc[:, : len(header["names"])].set_axis(header["names"], axis=1)
        target = extra.iloc[:, 0].to_numpy()
        weight = extra.iloc[:, 1].to_numpy() if extra.shape[1] > 1 else None
        started = time.process_time()
        if "training" in header:
            fresh = refitting.by_function(header["training"], frame, target, header["seed"])
        else:
            rows = _named(model, frame, self._known(header["handle"]))
            fresh = refitting.refitted(model, rows, target, seed=header["seed"], weight=weight, change=header["change"])
        milliseconds = int((time.process_time() - started) * 1000)
        handle = max(self._models) + 1
        self._models[handle] = fresh
        classes = _classes(fresh, "classifier") if hasattr(fresh, "classes_") else []
        return {"handle": handle, "classes": classes, "cpu_ms": milliseconds}, []

    def _release(self, header: dict[str, Any], payload: bytearray) -> Reply:
        del payload
        self._models.pop(header["handle"], None)
        self._categories.pop(header["handle"], None)
        return {}, []


def _final(model: Any) -> Any:  # noqa: ANN401 - any estimator
    return model.steps[-1][1] if hasattr(model, "steps") else model


def _of_labels(model: Any, answer: "list[NDArray[np.generic]]") -> "NDArray[np.generic]":  # noqa: ANN401
    """Put together what a model answers label by label: the probability of 1, shape (rows, labels)."""
    import numpy as np

    parts = []
    for classes, part in zip(getattr(model, "classes_", [[]] * len(answer)), answer, strict=True):
        place = list(classes).index(1) if 1 in classes else None
        parts.append(np.zeros(len(part)) if place is None else np.asarray(part)[:, place])
    return np.column_stack(parts)


def structure(estimator: Any) -> "dict[str, NDArray[np.generic]]":  # noqa: ANN401 - any estimator
    """Give an estimator's fitted numbers by name.

    `coef`, `intercept`; `layer:<n>` for weights of networks; `rows:<attribute>` for stored training rows;
    `tree:<n>:<field>` for the trees of ensembles.
    """
    import numpy as np

    found = {
        name.rstrip("_"): np.asarray(getattr(estimator, name))
        for name in ("coef_", "intercept_")
        if isinstance(getattr(estimator, name, None), np.ndarray | float)
    }
    layers = getattr(estimator, "coefs_", None)
    found |= {
        f"layer:{number}": np.asarray(one) for number, one in enumerate(layers if isinstance(layers, list) else [])
    }
    for name in STORED_ROWS:
        value = getattr(estimator, name, None)
        if isinstance(value, np.ndarray) and value.ndim > 1:
            found[f"rows:{name}"] = value
    trees = np.ravel(getattr(estimator, "estimators_", [])) if not hasattr(estimator, "tree_") else [estimator]
    for number, member in enumerate(trees):
        tree = getattr(member, "tree_", None)
        if tree is not None:
            for field in ("children_left", "children_right", "feature", "threshold", "value", "n_node_samples"):
                found[f"tree:{number}:{field}"] = np.asarray(getattr(tree, field))
    return {name: array for name, array in found.items() if array.dtype.kind in "biuf"}


def _scalar(value: object) -> str | int | float | bool:
    return value if isinstance(value, str | int | float | bool) else str(value)


def _labelled(answer: "NDArray[np.generic]") -> Reply:
    """Send each label once, and its number for each row."""
    import pandas as pd

    codes, labels = pd.factorize(answer.ravel(), use_na_sentinel=False)
    if len(labels) > MAX_CLASSES:
        raise ValueError
    header, content = _packed({"codes": codes.reshape(answer.shape)})
    known = [None if pd.isna(value) else _scalar(value) for value in labels.tolist()]
    return {**header, "labels": known}, content


def _packed(arrays: "Mapping[str, NDArray[np.generic]]") -> Reply:
    """Lay arrays of numbers one behind the other.

    Raises:
        TypeError: one holds something else.
    """
    import numpy as np

    whole = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    if not all(array.dtype.kind in "biuf" for array in whole.values()):
        raise TypeError
    header = {name: {"dtype": array.dtype.str, "shape": array.shape} for name, array in whole.items()}
    return {"arrays": header}, [array.tobytes() for array in whole.values()]


def _categories(model: Any) -> "Mapping[str, Sequence[Any] | None]":  # noqa: ANN401 - any estimator
    """Give the columns that a booster wants as categories, which a CSV file can't say, with the values it knows."""
    if hasattr(model, "booster_"):
        return boosters.lightgbm_categories(model.booster_)
    if hasattr(model, "get_booster"):
        return boosters.xgboost_categories(model.get_booster())
    mask = getattr(model, "is_categorical_", None)
    if mask is None or getattr(model, "categorical_features", None) != "from_dtype":
        return {}
    return dict.fromkeys(str(name) for name, chosen in zip(_features(model), mask, strict=False) if chosen)


def _named(
    model: Any,  # noqa: ANN401 - any estimator
    frame: "pd.DataFrame",
    categories: "Mapping[str, Sequence[Any] | None]",
) -> Any:  # noqa: ANN401 - frame or array
    """Give rows as the model was fitted: a frame where it knows names, else a bare array."""
    if not hasattr(model, "feature_names_in_") and not _features(model):
        return frame.to_numpy()
    known = _features(model)
    if known != list(frame.columns) and known == [name.replace(" ", "_") for name in frame.columns]:
        frame = frame.set_axis(known, axis=1)  # as LightGBM spells them
    return with_categories(frame, categories)
