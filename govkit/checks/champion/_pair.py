"""Both models' answers on the same rows."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from govkit.inputs import champion
from govkit.inputs.predictions import Predictions
from govkit.inputs.task import Task
from govkit.plugins.check import NotPossible

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MESSAGES: Mapping[str, str] = {
    **champion.MESSAGES,
    "champion.other_rows": "The two models could not be asked about the same rows.",
    "champion.too_few_rows": "Only {rows} rows have a known target; {needed} are needed.",
}
FEWEST = 10


def require_pairs(new: Predictions, old: Predictions) -> int:
    """Give the number of rows.

    Raises:
        NotPossible: the rows differ, or there are too few.
    """
    import numpy as np

    if not np.array_equal(new.rows, old.rows):
        raise NotPossible("champion.other_rows")
    if len(new.rows) < FEWEST:
        raise NotPossible("champion.too_few_rows", rows=len(new.rows), needed=FEWEST)
    return len(new.rows)


def score_of(predictions: Predictions, task: Task) -> "NDArray[np.float64] | None":
    """Give what rises with the belief in the positive class of two."""
    if predictions.probability is not None:
        return predictions.probability[:, task.positive]
    if predictions.score is None:
        return None
    if predictions.score.ndim > 1:
        return predictions.score[:, task.positive]
    return predictions.score if task.positive == 1 else -predictions.score
