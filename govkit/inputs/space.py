"""Rows as points: features as numbers on one scale, for checks that look for neighbours or fit a model of their own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

NUMBERS = frozenset(("number", "integer", "boolean"))
CATEGORIES = frozenset(("category", "boolean"))
MAX_LEVELS = 30
"""Levels of a category that get a coordinate of their own."""
MAX_WIDTH = 256
"""Coordinates beyond which points are projected at random (Johnson-Lindenstrauss)."""


@dataclass(frozen=True)
class Points:
    """Rows of one or several data sets as points."""

    coordinates: "NDArray[np.float32]"
    """Shape (rows, coordinates); numbers in units of their standard deviation, categories as 0 and 1."""
    origin: "NDArray[np.int64]"
    """Shape (rows,): which data set a row comes from."""


def points(datasets: Sequence[Dataset], columns: Columns, rows: Sequence["NDArray[np.int64]"]) -> Points:
    """Place the given rows of each data set in one space.

    Missing numbers lie at the median. Text, dates and identifiers have no place and are left out.

    Args:
        datasets: at least one; the scale is taken from all of them together.
        columns: which columns are features, and of what kind.
        rows: positions of the wanted rows, one array per data set.
    """
    import numpy as np
    import pandas as pd

    frames = [dataset.frame.iloc[wanted] for dataset, wanted in zip(datasets, rows, strict=True)]
    origin = np.repeat(np.arange(len(frames)), [len(frame) for frame in frames])
    parts: list[NDArray[np.float32]] = []
    for name in columns.features:
        if all(name in frame for frame in frames):
            column = pd.concat([frame[name] for frame in frames], ignore_index=True)
            parts += _coordinates(column, columns.kinds.get(name, ""))
    stacked = np.column_stack(parts) if parts else np.zeros((len(origin), 0), dtype=np.float32)
    return Points(_narrowed(stacked), origin)


def numeric(frame: "pd.DataFrame", columns: Columns) -> "pd.DataFrame":
    """Give the features a tree can split on: numbers as they are (NaN where missing), categories as their rank."""
    import pandas as pd

    found = {}
    for name in columns.features:
        kind = columns.kinds.get(name, "")
        if name not in frame or frame[name].isna().all():
            continue
        if pd.api.types.is_numeric_dtype(frame[name]) and kind != "identifier":
            found[name] = frame[name].astype("float64")
        elif kind in CATEGORIES:
            found[name] = pd.Series(pd.factorize(frame[name], sort=True)[0].astype("float64"), index=frame.index)
    return pd.DataFrame(found, index=frame.index)


def _coordinates(column: "pd.Series[Any]", kind: str) -> "list[NDArray[np.float32]]":
    import numpy as np
    import pandas as pd

    if kind in NUMBERS and pd.api.types.is_numeric_dtype(column):
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        values = np.where(np.isfinite(values), values, np.nan)
        present = values[~np.isnan(values)]
        spread = float(present.std()) if len(present) else 0.0
        if not spread:
            return []
        middle = float(np.median(present))
        return [((np.where(np.isnan(values), middle, values) - middle) / spread).astype(np.float32)]
    if kind not in CATEGORIES:
        return []
    codes, levels = pd.factorize(column, sort=True)
    most = np.argsort(-np.bincount(codes[codes >= 0], minlength=len(levels)), kind="stable")[:MAX_LEVELS]
    return [(codes == level).astype(np.float32) for level in sorted(most)]


def _narrowed(coordinates: "NDArray[np.float32]") -> "NDArray[np.float32]":
    if coordinates.shape[1] <= MAX_WIDTH:
        return coordinates
    import numpy as np
    from sklearn.random_projection import SparseRandomProjection

    projection = SparseRandomProjection(n_components=MAX_WIDTH, dense_output=True, random_state=0)
    return np.asarray(projection.fit_transform(coordinates), dtype=np.float32)
