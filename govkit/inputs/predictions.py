"""The model's answers beside the truth, computed once and shared by every check that needs them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from govkit.core.errors import UsageProblem
from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.model import Answering, Model
from govkit.inputs.recorded import Recorded
from govkit.inputs.task import Task, same

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray


OUTLIER = -1
"""What scikit-learn's outlier detectors call an unusual row."""
MISSING, UNKNOWN = -1, -2
"""In place of a class position: there is no value, or none that the model knows."""


@dataclass(frozen=True)
class Predictions:
    """Answers on the rows whose target is known. Classes are given as positions in `task.classes`."""

    rows: "NDArray[np.int64]"
    """Positions in the data set, ascending."""
    truth: "NDArray[np.int64] | NDArray[np.float64]"
    """True class positions (classification; anomaly: 1 for unusual rows) or values (regression).

    Multilabel: 0 or 1, shape (rows, labels).
    """
    predicted: "NDArray[np.int64] | NDArray[np.float64]"
    """Predicted class positions or values, in the shape of `truth`; -1 where the model only gives a score."""
    probability: "NDArray[np.float64] | None"
    """Class probabilities (rows, classes); None where the model gives none. Multilabel: that each label is 1."""
    score: "NDArray[np.float64] | None"
    """Decision scores (rows,) or (rows, classes) where there are no probabilities. Anomaly: high for unusual rows."""
    unlabelled: int
    """Rows left out because their target is missing."""
    unknown: int
    """Rows left out because their target is no class of the model."""


@dataclass(frozen=True)
class _Truth:
    """Rows with a known target, and what was left out."""

    rows: "NDArray[np.int64]"
    values: "NDArray[np.int64] | NDArray[np.float64]"
    unlabelled: int
    unknown: int


def features_of(dataset: Dataset, columns: Columns) -> "pd.DataFrame":
    """Give the model's features in its order."""
    return dataset.frame[list(columns.features)]


def encode(values: "pd.Series[Any]", task: Task) -> "NDArray[np.int64]":
    """Give the class position of every value; `MISSING` or `UNKNOWN` where there is none."""
    import numpy as np

    position: dict[object, int] = {}
    for value in values.dropna().unique().tolist():
        found = (
            index
            for index, label in enumerate(task.classes)
            if same(label, value) or (task.names[index] == str(value) and not task.names[index].startswith("class "))
        )
        position[value] = next(found, UNKNOWN)
    return np.asarray(values.map(position).fillna(MISSING), dtype=np.int64)


def _truth(dataset: Dataset, columns: Columns, task: Task) -> _Truth:
    import numpy as np

    if task.name == "multilabel":
        return _true_labels(dataset, columns)
    if columns.target is None:
        raise UsageProblem("no target is known", hint="add the line to govkit.yaml: target: NAME")
    target = dataset.frame[columns.target]
    if task.name == "regression":
        if target.dtype.kind not in "biuf":
            raise UsageProblem(
                f"{columns.target!r} in {dataset.name} is to be predicted as a number and holds something else",
                hint="correct the cells, or add the line to govkit.yaml: task: binary, or multiclass",
            )
        values = np.asarray(target, dtype=np.float64)
        rows = np.flatnonzero(np.isfinite(values))
        return _Truth(rows, values[rows], len(values) - len(rows), 0)
    codes = encode(target, task)
    rows = np.flatnonzero(codes >= 0)
    if not len(rows):
        raise UsageProblem(
            f"no value of {columns.target!r} in {dataset.name} is a class of the model",
            hint="name them in govkit.yaml: class_names: {0: NAME, 1: NAME}",
        )
    return _Truth(rows, codes[rows], int((codes == MISSING).sum()), int((codes == UNKNOWN).sum()))


def _true_labels(dataset: Dataset, columns: Columns) -> _Truth:
    """Read 0 or 1 of each label's column; a row with another value in one of them is left out."""
    import numpy as np

    pair = Task("binary", (0, 1), ("0", "1"))
    codes = np.column_stack([encode(dataset.frame[name].replace({True: 1, False: 0}), pair) for name in columns.labels])
    rows = np.flatnonzero((codes >= 0).all(axis=1))
    if not len(rows):
        raise UsageProblem(
            f"no row of {dataset.name} has 0 or 1 in every label's column",
            hint="columns.labels names columns that hold 0 or 1",
        )
    unlabelled = (codes == MISSING).any(axis=1)
    return _Truth(rows, codes[rows], int(unlabelled.sum()), len(codes) - len(rows) - int(unlabelled.sum()))


def answers(model: "Model | Recorded", dataset: Dataset, columns: Columns, task: Task) -> Predictions:
    """Ask the model about every row with a known target.

    Raises:
        UsageProblem: there is no target, or none of its values is a class of the model.
        ModelUnavailable: the model can't answer.
    """
    truth = _truth(dataset, columns, task)
    answering = model.replayed(dataset, truth.rows) if isinstance(model, Recorded) else model
    asked = features_of(dataset, columns).iloc[truth.rows]
    probability, score = (None, None) if task.name == "regression" else scores(answering, asked)
    if task.name == "anomaly" and score is not None:
        score = -score
    predicted = _predicted(answering, asked, probability, task)
    return Predictions(truth.rows, truth.values, predicted, probability, score, truth.unlabelled, truth.unknown)


def scores(model: Answering, rows: "pd.DataFrame") -> "tuple[NDArray[np.float64] | None, NDArray[np.float64] | None]":
    """Give probabilities, else decision scores, else neither."""
    if "predict_proba" in model.described.methods:
        return model.predict_proba(rows), None
    if "decision_function" in model.described.methods:
        return None, model.decision_function(rows)
    return None, None


def _predicted(
    model: Answering, rows: "pd.DataFrame", probability: "NDArray[np.float64] | None", task: Task
) -> "NDArray[np.int64] | NDArray[np.float64]":
    """Give what is predicted, in the form that the task asks for."""
    import numpy as np

    if task.is_classification:
        return decide(model, rows, probability, task)
    if task.name == "anomaly":
        told = "predict" in model.described.methods
        return np.asarray(model.predict(rows) == OUTLIER if told else np.full(len(rows), -1), dtype=np.int64)
    given = model.predict(rows)
    return np.asarray(given, dtype=np.float64) if task.name == "regression" else np.asarray(given, dtype=np.int64)


def decide(
    model: Answering, rows: "pd.DataFrame", probability: "NDArray[np.float64] | None", task: Task
) -> "NDArray[np.int64]":
    """Give predicted class positions: by the declared threshold where there is one, else as the model says."""
    import numpy as np
    import pandas as pd

    if probability is not None and task.threshold is not None:
        positive = probability[:, task.positive] >= task.threshold
        return np.where(positive, task.positive, 1 - task.positive).astype(np.int64)
    return encode(pd.Series(model.predict(rows)), task)


@dataclass(frozen=True)
class FittingRows:
    """Rows to fit a model on, as its training had them."""

    features: "pd.DataFrame"
    target: "NDArray[np.generic]"
    """Labels as the model knows them, or values."""
    weight: "NDArray[np.float64] | None"
    """Sample weights where a column is declared to hold them."""


def fitting_rows(dataset: Dataset, columns: Columns, task: Task) -> FittingRows:
    """Give the rows whose target is known, to fit a model on."""
    import numpy as np

    assert columns.target is not None
    given = dataset.frame[columns.target]
    values = encode(given, task) if task.is_classification else np.asarray(given, dtype=np.float64)
    rows = np.flatnonzero(values >= 0 if task.is_classification else np.isfinite(values))
    target = labels(values[rows], task) if task.is_classification else values[rows]
    return FittingRows(features_of(dataset, columns).iloc[rows], target, weights(dataset, columns, rows))


def labels(codes: "NDArray[np.generic]", task: Task) -> "NDArray[np.generic]":
    """Give the label of each class position, in the type that the model knows them in."""
    import numpy as np

    known = np.array(task.classes, dtype=object if isinstance(task.classes[0], str) else None)
    return known[codes.astype(np.int64)]


def weights(dataset: Dataset, columns: Columns, rows: "NDArray[np.int64]") -> "NDArray[np.float64] | None":
    """Give the sample weights of some rows; None where none are declared, or one is missing or no number."""
    import numpy as np
    import pandas as pd

    if columns.weight is None or columns.weight not in dataset.columns:
        return None
    found = pd.to_numeric(dataset.frame[columns.weight].iloc[rows], errors="coerce").to_numpy(dtype=np.float64)
    return found if np.isfinite(found).all() else None
