"""The model in use: its answers on the same rows, in the same order of classes."""

from collections.abc import Mapping
from dataclasses import replace

from govkit.core.errors import InputProblem
from govkit.inputs.columns import Columns, spelt_as
from govkit.inputs.dataset import Dataset
from govkit.inputs.model import Model
from govkit.inputs.predictions import Predictions, answers
from govkit.inputs.task import Task, same

MESSAGES: Mapping[str, str] = {
    "input.no_champion": "No model in use was given to compare with (--champion).",
    "input.champion_refused": "The champion was refused or its process ended, so nothing could be asked of it.",
    "input.champion_classes": "The champion knows other classes than the model, so their answers can't be compared.",
    "input.no_regression_set": "No rows are declared that the model must not forget.",
}


def answers_in_order(model: Model, dataset: Dataset, columns: Columns, task: Task) -> Predictions | None:
    """Ask another model, and give its answers with the classes in the order of `task`; None where it knows others.

    Raises:
        InputProblem: it needs a column that the rows lack.
    """
    import numpy as np

    features = spelt_as(dataset.columns, model.described.features)
    missing = [name for name in features if name not in dataset.columns]
    if missing:
        raise InputProblem(
            f"the champion needs the column {missing[0]!r}, which {dataset.name} does not have",
            hint="give data with the columns of both models",
        )
    columns = replace(columns, features=features or columns.features)
    if not task.is_classification:
        return answers(model, dataset, columns, task)
    own = model.described.classes
    order = [next((place for place, label in enumerate(own) if same(label, wanted)), -1) for wanted in task.classes]
    if sorted(order) != list(range(len(own))):
        return None
    names = tuple(task.names[order.index(place)] for place in range(len(own)))
    found = answers(model, dataset, columns, replace(task, classes=own, names=names, positive=order[task.positive]))
    back = np.append(np.argsort(order), -1)
    score = found.score[:, order] if found.score is not None and found.score.ndim > 1 else found.score
    turned = score is not None and score.ndim == 1 and order != sorted(order)
    return replace(
        found,
        truth=back[found.truth.astype(np.int64)],
        predicted=back[np.maximum(found.predicted, -1).astype(np.int64)],
        probability=None if found.probability is None else found.probability[:, order],
        score=-score if turned and score is not None else score,
    )
