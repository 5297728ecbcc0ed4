"""Tells rows apart by a protected column, with names that may be shown."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from govkit.inputs.dataset import Dataset
from govkit.inputs.disclosure import Disclosure

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SMALL_GROUP = 10
"""Fewest rows of a group that are told apart."""
FEW_VALUES = 12


def groups(
    test: Dataset, name: str, rows: "NDArray[np.int64]", disclosure: Disclosure
) -> "Iterator[tuple[str, NDArray[np.bool_]]]":
    """Tell rows apart by a protected column: its values where they are few, else below and above the median."""
    column = test.frame[name].iloc[rows].reset_index(drop=True)
    counts = test.frame[name].value_counts().sort_index(key=lambda index: index.astype(str))
    if len(counts) <= FEW_VALUES:
        for position, value in enumerate(counts.index):
            label = disclosure.value(name, value, position=position, rows=int(counts[value]))
            yield label, (column == value).to_numpy(dtype=bool, na_value=False)
    elif column.dtype.kind in "iuf":
        middle = test.frame[name].median()
        yield "up to the median", (column <= middle).to_numpy(dtype=bool, na_value=False)
        yield "above the median", (column > middle).to_numpy(dtype=bool, na_value=False)
