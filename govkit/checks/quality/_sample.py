"""Rows that a check looks at, drawn with its seed and in file order."""

from typing import TYPE_CHECKING

from govkit.inputs.dataset import Dataset
from govkit.inputs.predictions import encode
from govkit.inputs.task import Task

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def drawn(usable: "NDArray[np.int64]", most: int, seed: int) -> "NDArray[np.int64]":
    """Give at most so many of the usable row positions, ascending."""
    import numpy as np

    if len(usable) <= most:
        return usable
    return np.sort(np.random.default_rng(seed).choice(usable, size=most, replace=False))


def labelled(data: Dataset, target: str, task: Task) -> "tuple[NDArray[np.int64], NDArray[np.float64]]":
    """Give the positions of rows with a usable target, and their class positions or values."""
    import numpy as np
    import pandas as pd

    values = data.frame[target]
    if task.is_classification:
        codes = encode(values, task).astype(np.float64)
        usable = np.flatnonzero(codes >= 0)
        return usable, codes[usable]
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    usable = np.flatnonzero(np.isfinite(numbers))
    return usable, numbers[usable]
