"""Reads the trees of XGBoost, LightGBM and CatBoost from what the libraries tell of them, and tries them on rows.

Runs in the model's own process. Nothing is taken on trust: rows at, just below and just above the thresholds must get
the library's own scores from the trees as read, else they are not described.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from govkit.inputs.catboost_trees import catboost_trees
from govkit.inputs.lightgbm_trees import lightgbm_trees
from govkit.inputs.tree_ensemble import CategorySet, Decoded, NotDescribed, Read
from govkit.inputs.xgboost_trees import asked_rounds, xgboost_trees

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TRIED = 256
"""Rows on which the trees as read are held against the library."""
NEAR = 1e-5
"""How far a score may be from the library's, times 1 plus its size."""
SURE = 4.0
"""By how much the deviation to be reckoned with is larger than the largest seen."""
LEAST_SLACK = 1e-6
"""What rounding probabilities to single precision may do to a tie."""
MISSING_SHARE = 0.1
LEAST_CELL = 1e-30
"""LightGBM takes smaller numbers for 0, up to a limit that differs by rounding; splits on what is missing are huge."""


def decoded(final: Any) -> Decoded | None:  # noqa: ANN401 - any estimator
    """Read the trees of a classifier of one of the three libraries, wrapped as for scikit-learn or not.

    None for anything else.

    Raises:
        NotDescribed: it holds something that can't be put as trees with thresholds, or the trees as read don't give
            the library's scores.
    """
    inner = getattr(final, "inside", None) or final
    library = type(inner).__module__.partition(".")[0]
    if library not in {"xgboost", "lightgbm", "catboost"}:
        return None
    if len(getattr(final, "classes_", ())) < 2:  # noqa: PLR2004 - a number is predicted
        raise NotDescribed
    if library == "xgboost":
        return _tried(xgboost_trees(asked_rounds(inner.get_booster()) if hasattr(inner, "get_booster") else inner))
    if library == "lightgbm":
        return _tried(lightgbm_trees(inner.booster_ if hasattr(inner, "booster_") else inner))
    return _tried(catboost_trees(inner))


def _tried(read: Read) -> Decoded:
    """Hold the trees against the library on rows at and beside their thresholds.

    What the scores start from is taken from there too, as the libraries write it each in their way.

    Raises:
        NotDescribed: the scores differ.
    """
    import numpy as np

    found = read.decoded
    rows = _rows_at_thresholds(found, read.width)
    theirs = np.asarray(read.ask(rows), dtype=np.float64).reshape(len(rows), -1)
    own = found.trees.scores(_with_sets(rows, found.sets))
    if theirs.shape != own.shape:
        raise NotDescribed("its scores are of another form than its trees")
    start = np.median(theirs - own, axis=0)
    away = np.abs(theirs - own - start)
    if not (away <= NEAR * (1 + np.abs(theirs))).all():
        raise NotDescribed("its trees as read do not give its scores")
    slack = max(float(away.max()) * SURE, LEAST_SLACK)
    trees = found.trees
    if len(trees.root) == 1:
        trees = replace(trees, value=trees.value + start)
    else:
        trees = replace(trees, base=trees.base + start)
    return replace(found, trees=replace(trees, slack=slack))


def _rows_at_thresholds(found: Decoded, width: int) -> "NDArray[np.float64]":
    """Draw cells from each column's thresholds and the numbers beside them, and some that are missing."""
    import numpy as np

    rng = np.random.default_rng(0)
    rows = np.zeros((TRIED, width))
    trees = found.trees
    codes = {
        column: sorted({code for at, own in found.sets if at == column for code in own}) for column, _ in found.sets
    }
    for column in range(width):
        own = np.unique(trees.threshold[trees.feature == column])
        own = own if trees.single else own[(np.abs(own) > LEAST_CELL) & (np.abs(own) < 1 / LEAST_CELL)]
        beside = [_beside(own, way, single=trees.single) for way in (-1.0, 1.0)]
        values = np.concatenate([own, *beside]) if column not in codes else np.array(sorted(codes[column]))
        rows[:, column] = rng.choice(values, TRIED) if len(values) else rng.normal(size=TRIED)
    rows[rng.random(rows.shape) < MISSING_SHARE] = np.nan
    return rows


def _beside(cells: "NDArray[np.float64]", way: float, *, single: bool) -> "NDArray[np.float64]":
    """Give the nearest numbers that the trees as read tell apart from these."""
    import numpy as np

    if single:
        return np.nextafter(cells.astype(np.float32), np.float32(way * np.inf)).astype(np.float64)
    return cells + way * 1e-14 * np.abs(cells)


def _with_sets(rows: "NDArray[np.float64]", sets: Sequence[CategorySet]) -> "NDArray[np.float64]":
    """Add the columns that say whether a code is one of a set."""
    import numpy as np

    added = [
        np.where(np.isnan(rows[:, source]), np.nan, np.isin(rows[:, source], list(codes))) for source, codes in sets
    ]
    return np.column_stack([rows, *added])
