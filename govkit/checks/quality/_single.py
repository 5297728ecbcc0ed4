"""How well one column by itself predicts the target, each row judged by the other folds."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

BINS: Final = 32
"""Quantile bins of a number; the most frequent levels of anything else."""
PRIOR: Final = 2.0
"""Rows at the overall mean that are added to every bin, so that small bins claim little."""


@dataclass(frozen=True)
class Folds:
    """Which fold judges which row; the same for every column."""

    of_row: "NDArray[np.int64]"
    count: int


def bins(column: "pd.Series[Any]") -> "NDArray[np.int64]":
    """Give every cell's bin: quantiles of numbers, levels of the rest, missing cells in one of their own."""
    import numpy as np
    import pandas as pd

    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        levels = np.unique(values[np.isfinite(values)])
        if len(levels) > BINS:
            levels = np.unique(np.quantile(values[np.isfinite(values)], np.linspace(0, 1, BINS + 1)[1:]))
        found = np.searchsorted(levels, values, side="left")
        return np.where(np.isnan(values), len(levels) + 1, found).astype(np.int64)
    codes, names = pd.factorize(column, sort=True)
    counts = np.bincount(codes[codes >= 0], minlength=len(names))
    place = np.full(len(names) + 1, BINS, dtype=np.int64)
    place[np.argsort(-counts, kind="stable")[:BINS]] = np.arange(min(BINS, len(names)))
    place[-1] = BINS + 1
    return place[codes]


def folds(rows: int, seed: int, count: int = 5) -> Folds:
    """Spread rows evenly over folds at random."""
    import numpy as np

    return Folds(np.random.default_rng(seed).permutation(np.arange(rows) % count), count)


def estimates(binned: "NDArray[np.int64]", truth: "NDArray[np.float64]", split: Folds) -> "NDArray[np.float64]":
    """Give each row the mean truth of its bin in the other folds.

    Args:
        binned: bins of one column, shape (rows,).
        truth: values or class indicators, shape (rows, k).
        split: the folds.
    """
    import numpy as np

    width = int(binned.max()) + 1
    cell = split.of_row * width + binned
    size = split.count * width
    counts = np.bincount(cell, minlength=size).reshape(split.count, width)
    others = counts.sum(axis=0) - counts
    found = np.empty_like(truth)
    for column, values in enumerate(truth.T):
        sums = np.bincount(cell, weights=values, minlength=size).reshape(split.count, width)
        rest = sums.sum(axis=0) - sums
        mean = rest.sum(axis=1, keepdims=True) / np.maximum(others.sum(axis=1, keepdims=True), 1)
        found[:, column] = ((rest + PRIOR * mean) / (others + PRIOR)).reshape(-1)[cell]
    return found
