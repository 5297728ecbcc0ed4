"""Rows as tuples of small integers, so that equal rows are found exactly and fast."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from govkit.inputs.dataset import MISSING, Dataset

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Groups:
    """Distinct rows with how often each stands in each data set."""

    counts: "NDArray[np.int64]"
    """Shape (distinct rows, data sets)."""


def missing(column: "pa.ChunkedArray") -> "pa.ChunkedArray":
    """Give a mask of the cells that hold nothing, or a word that reads as nothing: `NA`, `null`."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.is_in(column, value_set=pa.array([*sorted(MISSING), None], pa.large_string()))


def group(datasets: Sequence[Dataset], columns: Sequence[str]) -> Groups:
    """Group equal rows over all data sets.

    Two cells are equal when both are missing, when both read as the same number, or when their texts are equal.
    """
    import numpy as np
    import pyarrow as pa

    names = [f"c{position}" for position in range(len(columns))]
    codes = [_codes([dataset.strings.column(name) for dataset in datasets]) for name in columns]
    origin = np.repeat(np.arange(len(datasets)), [dataset.rows for dataset in datasets])
    marks = {f"in{index}": (origin == index).astype(np.int64) for index in range(len(datasets))}
    table = pa.table({**dict(zip(names, codes, strict=True)), **marks})
    found = table.group_by(names, use_threads=False).aggregate([(mark, "sum") for mark in marks])
    return Groups(np.column_stack([found.column(f"{mark}_sum").to_numpy() for mark in marks]))


def _codes(parts: "list[pa.ChunkedArray]") -> "pa.Array":
    """Number the distinct values of a column; missing cells get -1."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column = pa.chunked_array([chunk for part in parts for chunk in part.chunks], pa.large_string())
    encoded = pc.if_else(missing(column), None, column).combine_chunks().dictionary_encode()
    values = encoded.dictionary
    for target in (pa.int64(), pa.float64()):
        try:
            numbered = values.cast(target).dictionary_encode().indices
        except pa.ArrowInvalid:
            continue
        return pc.fill_null(numbered.take(encoded.indices), -1)
    return pc.fill_null(encoded.indices, -1)
