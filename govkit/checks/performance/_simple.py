"""Simple models fitted on TRAIN, to hold the audited one against: a regularised line and boosted trees."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.matrix import Matrix
from govkit.inputs.predictions import encode, features_of
from govkit.inputs.task import Task

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from sklearn.base import BaseEstimator

    Numbers = NDArray[np.int64] | NDArray[np.float64]

LINE = "regularised linear model"
TREES = "boosted trees"
STRENGTHS = (0.01, 0.1, 1.0, 10.0)
"""Inverse strengths of regularisation that are tried."""
FEWEST = 30
MOST_CLASSES = 50
FOLDS = 3


def answers_of_simple_models(  # noqa: PLR0913 - two tables and how to read them
    train: Dataset, test: Dataset, rows: "NDArray[np.int64]", columns: Columns, task: Task, *, most: int, seed: int
) -> "Iterator[tuple[str, Numbers]]":
    """Fit both models on at most `most` rows of TRAIN and give their answers on the given rows of DATA.

    Both are tuned on TRAIN alone: the line's strength by three-fold cross-validation, the trees' number by early
    stopping on a tenth of the rows. Nothing is given where TRAIN has fewer than two classes or 30 rows with a target.
    """
    import numpy as np

    target = _target(train, columns, task)
    known = np.flatnonzero(target >= 0) if task.is_classification else np.flatnonzero(np.isfinite(target))
    known = np.sort(np.random.default_rng(seed).permutation(known)[:most])
    values, counts = np.unique(target[known], return_counts=True)
    crowded = task.is_classification and (len(values) > MOST_CLASSES or counts.max() < FOLDS)
    if len(known) < FEWEST or len(values) < 2 or crowded:  # noqa: PLR2004 - one class
        return
    given, asked = features_of(train, columns).iloc[known], features_of(test, columns).iloc[rows]
    for name, spread in ((LINE, True), (TREES, False)):
        matrix = Matrix(spread).fit(given)
        if matrix.names:
            model = _line(task) if spread else _trees(task, len(given), seed)
            yield name, _fitted(model, matrix(given), target[known], matrix(asked))


def _target(train: Dataset, columns: Columns, task: Task) -> "Numbers":
    import numpy as np

    assert columns.target is not None
    values = train.frame[columns.target]
    return encode(values, task) if task.is_classification else np.asarray(values, dtype=np.float64)


def _fitted(
    model: "BaseEstimator", given: "NDArray[np.float64]", target: "Numbers", asked: "NDArray[np.float64]"
) -> "Numbers":
    import warnings

    import numpy as np

    # a fit that has not fully settled still is a baseline
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(given, target)
        return np.asarray(model.predict(asked))


def _line(task: Task) -> "BaseEstimator":
    from sklearn.linear_model import LogisticRegression, RidgeCV
    from sklearn.model_selection import GridSearchCV

    if not task.is_classification:
        return RidgeCV(alphas=[1 / strength for strength in STRENGTHS])
    return GridSearchCV(LogisticRegression(max_iter=200), {"C": STRENGTHS}, cv=FOLDS)


def _trees(task: Task, rows: int, seed: int) -> "BaseEstimator":
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    kind = HistGradientBoostingClassifier if task.is_classification else HistGradientBoostingRegressor
    return kind(max_leaf_nodes=15, max_iter=150, early_stopping=rows >= 500, random_state=seed)  # noqa: PLR2004
