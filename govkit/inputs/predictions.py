"""The model's answers beside the truth, computed once and shared by every check that needs them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from govkit.core.errors import UsageProblem
from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.model import Model
from govkit.inputs.task import Task, same

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Predictions:
    """Answers on the rows whose target is known. Classes are given as positions in `task.classes`."""

    rows: "NDArray[np.int64]"
    """Positions in the data set, ascending."""
    truth: "NDArray[np.int64] | NDArray[np.float64]"
    """True class positions (classification) or values (regression)."""
    predicted: "NDArray[np.int64] | NDArray[np.float64]"
    """Predicted class positions or values."""
    probability: "NDArray[np.float64] | None"
    """Class probabilities (rows, classes); None where the model gives none."""
    score: "NDArray[np.float64] | None"
    """Decision scores (rows,) or (rows, classes) where there are no probabilities."""
    unlabelled: int
    """Rows left out because their target is missing."""
    unknown: int
    """Rows left out because their target is no class of the model."""


def features_of(dataset: Dataset, columns: Columns) -> "pd.DataFrame":
    """Give the model's features in its order."""
    return dataset.frame[list(columns.features)]


def encode(values: "pd.Series[Any]", task: Task) -> "NDArray[np.int64]":
    """Give the class position of every value; -1 where it is missing, -2 where it is no class of the model."""
    import numpy as np

    position: dict[object, int] = {}
    for value in values.dropna().unique().tolist():
        found = (
            index
            for index, label in enumerate(task.classes)
            if same(label, value) or (task.names[index] == str(value) and not task.names[index].startswith("class "))
        )
        position[value] = next(found, -2)
    return np.asarray(values.map(position).fillna(-1), dtype=np.int64)


def answers(model: Model, dataset: Dataset, columns: Columns, task: Task) -> Predictions:
    """Ask the model about every row with a known target.

    Raises:
        UsageProblem: there is no target, or none of its values is a class of the model.
        ModelUnavailable: the model can't answer.
    """
    import numpy as np

    if columns.target is None:
        raise UsageProblem("no target is known", hint="add the line to govkit.yaml: target: NAME")
    target = dataset.frame[columns.target]
    if not task.is_classification:
        values = np.asarray(target, dtype=np.float64)
        rows = np.flatnonzero(np.isfinite(values))
        estimated = np.asarray(model.predict(features_of(dataset, columns).iloc[rows]), dtype=np.float64)
        return Predictions(rows, values[rows], estimated, None, None, len(values) - len(rows), 0)
    codes = encode(target, task)
    rows = np.flatnonzero(codes >= 0)
    if not len(rows):
        raise UsageProblem(
            f"no value of {columns.target!r} in {dataset.name} is a class of the model",
            hint="name them in govkit.yaml: class_names: {0: NAME, 1: NAME}",
        )
    asked = features_of(dataset, columns).iloc[rows]
    probability, score = scores(model, asked)
    predicted = decide(model, asked, probability, task)
    return Predictions(
        rows,
        codes[rows],
        predicted,
        probability,
        score,
        int((codes == -1).sum()),
        int((codes == -2).sum()),  # noqa: PLR2004
    )


def scores(model: Model, rows: "pd.DataFrame") -> "tuple[NDArray[np.float64] | None, NDArray[np.float64] | None]":
    """Give probabilities, else decision scores, else neither."""
    if "predict_proba" in model.described.methods:
        return model.predict_proba(rows), None
    if "decision_function" in model.described.methods:
        return None, model.decision_function(rows)
    return None, None


def decide(
    model: Model, rows: "pd.DataFrame", probability: "NDArray[np.float64] | None", task: Task
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
