"""The model's answers on changed rows beside those on unchanged ones: what is the same, what differs, what raises."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from govkit.checks.robustness._oracle import labels
from govkit.config import Config
from govkit.core.errors import ModelRaised, ModelUnavailable
from govkit.core.evidence import Measurement
from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.model import Model
from govkit.inputs.predictions import features_of
from govkit.inputs.task import Task
from govkit.plugins.check import NotDeclared
from govkit.stats import intervals

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

SAME = 1e-6
"""Relative difference up to which two predicted values are one."""


@dataclass(frozen=True)
class Compared:
    """Changed rows against their unchanged ones."""

    rows: int
    differing: "NDArray[np.bool_]"
    """Answered, and differently; for predicted numbers, by more than the tolerance."""
    raised: "NDArray[np.bool_]"


def share(name: str, successes: int, n: int, group: dict[str, str] | None = None) -> Measurement:
    """Give a share of rows with its exact interval (Clopper and Pearson 1934, 95%)."""
    interval = intervals.proportion(successes, n)
    return Measurement(name=name, value=successes / n, unit="share", n=n, interval=interval, group=group or {})


def require_harm(task: Task, config: Config) -> None:
    """See to it that for predicted numbers somebody said which change does harm.

    Raises:
        NotDeclared: nobody did.
    """
    if not task.is_classification and config.robustness.harmful_change is None:
        raise NotDeclared("robustness.no_harmful_change", ask="robustness: {harmful_change: NUMBER}")


def drawn(test: Dataset, columns: Columns, rows: int, rng: "np.random.Generator") -> "pd.DataFrame":
    """Draw rows of the features, in file order."""
    import numpy as np

    found = features_of(test, columns)
    return found.iloc[np.sort(rng.permutation(len(found))[:rows])].reset_index(drop=True)


def answers(model: Model, task: Task, rows: "pd.DataFrame") -> "NDArray[np.float64]":
    """Give class positions or values."""
    import numpy as np

    if task.is_classification:
        return labels(model, task, rows).astype(np.float64)
    return np.asarray(model.predict(rows), dtype=np.float64)


def compared(
    model: Model, task: Task, changed: "pd.DataFrame", usual: "NDArray[np.float64]", tolerance: float = SAME
) -> Compared:
    """Ask about changed rows; a batch that raises is halved down to the rows at fault.

    Args:
        model: the model.
        task: its task.
        changed: changed rows.
        usual: the answers on the unchanged rows.
        tolerance: for predicted numbers, the difference that counts, relative to the size of the values.
    """
    given, raised = _answered(model, task, changed)
    return Compared(len(changed), ~raised & _differing(task, given, usual, tolerance), raised)


def compared_at_once(
    model: Model, task: Task, changed: "pd.DataFrame", usual: "NDArray[np.float64]"
) -> "NDArray[np.bool_] | None":
    """Say which changed rows are answered differently; None where the model does not answer them all."""
    try:
        given = answers(model, task, changed)
    except ModelUnavailable:
        return None
    return _differing(task, given, usual, SAME)


def _differing(
    task: Task, given: "NDArray[np.float64]", usual: "NDArray[np.float64]", tolerance: float
) -> "NDArray[np.bool_]":
    import numpy as np

    size = tolerance * (1 + np.abs(usual)) if not task.is_classification else 0.0
    differing: NDArray[np.bool_] = np.abs(given - usual) > size
    return differing


def _answered(model: Model, task: Task, changed: "pd.DataFrame") -> "tuple[NDArray[np.float64], NDArray[np.bool_]]":
    import numpy as np

    try:
        return answers(model, task, changed), np.zeros(len(changed), dtype=bool)
    except ModelUnavailable as problem:
        if not isinstance(problem, ModelRaised) and len(changed) == 1:
            raise
        if len(changed) == 1:
            return np.full(1, np.nan), np.ones(1, dtype=bool)
    middle = len(changed) // 2
    first, second = (_answered(model, task, half) for half in (changed.iloc[:middle], changed.iloc[middle:]))
    return np.concatenate([first[0], second[0]]), np.concatenate([first[1], second[1]])
