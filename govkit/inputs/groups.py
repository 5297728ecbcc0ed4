"""Rows sorted into groups: by the values of a column, by ranges of its numbers, or by several columns at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.disclosure import Disclosure
from govkit.inputs.matrix import as_numbers, as_words, is_number

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

MOST_NUMBERS = 10
"""Distinct numbers up to which each is a group of its own."""
MISSING = "missing"


@dataclass(frozen=True)
class Grouping:
    """The groups of one attribute, or of several together."""

    attribute: str
    """The column's name; several are joined by ` x `."""
    names: tuple[str, ...]
    """How each group may be shown."""
    codes: "NDArray[np.int64]"
    """Position in `names` for every row."""

    def sizes(self) -> "NDArray[np.int64]":
        """Count the rows of each group."""
        import numpy as np

        return np.bincount(self.codes, minlength=len(self.names))


def group_by(
    name: str, dataset: Dataset, rows: "NDArray[np.int64]", columns: Columns, disclosure: Disclosure
) -> Grouping:
    """Sort rows by one column.

    Numbers with more than a few distinct values are cut where `columns.cuts` says, else at their median. Rows without a
    value are a group of their own. Only declared categories are named.

    Args:
        name: the column.
        dataset: the table.
        rows: positions of the rows to sort.
        columns: roles, kinds and declared cuts.
        disclosure: decides which values may be shown.
    """
    column = dataset.frame[name].iloc[rows]
    cuts = dict(columns.cuts).get(name)
    if is_number(column) and column.dtype.kind != "b" and (cuts or column.nunique() > MOST_NUMBERS):
        return _ranges(name, column, cuts)
    return _values(name, column, disclosure)


def together(groupings: Sequence[Grouping]) -> Grouping:
    """Cross several groupings; combinations that no row has are left out."""
    import numpy as np

    stacked = np.column_stack([grouping.codes for grouping in groupings])
    combinations, codes = np.unique(stacked, axis=0, return_inverse=True)
    names = tuple(
        ", ".join(grouping.names[code] for grouping, code in zip(groupings, combination, strict=True))
        for combination in combinations
    )
    attribute = " x ".join(grouping.attribute for grouping in groupings)
    return Grouping(attribute, names, codes.reshape(-1).astype(np.int64))


def _ranges(name: str, column: "pd.Series[Any]", cuts: tuple[float, ...] | None) -> Grouping:
    import numpy as np

    values = as_numbers(column)
    known = values[np.isfinite(values)]
    edges = cuts or (float(np.median(known)),)
    names = list(_range_names(edges)) if cuts else ["lower half", "upper half"]
    # half of the rows lie at or below the median, so it belongs to the lower half; a declared cut begins a group
    codes = np.searchsorted(edges, values, side="right" if cuts else "left")
    if len(known) < len(values):
        codes = np.where(np.isfinite(values), codes, len(names))
        names.append(MISSING)
    present, again = np.unique(codes, return_inverse=True)
    return Grouping(name, tuple(names[code] for code in present), again.astype(np.int64))


def _range_names(edges: tuple[float, ...]) -> Sequence[str]:
    inner = [f"{low:g} to below {high:g}" for low, high in pairwise(edges)]
    return [f"below {edges[0]:g}", *inner, f"{edges[-1]:g} or more"]


def _values(name: str, column: "pd.Series[Any]", disclosure: Disclosure) -> Grouping:
    import numpy as np

    words, first, codes, counts = np.unique(
        as_words(column), return_index=True, return_inverse=True, return_counts=True
    )
    raw = column.to_numpy(dtype=object)[first]
    start = int(len(words) > 0 and words[0] == "")
    names = [
        MISSING if word == "" else disclosure.value(name, _plain(value), position=position - start, rows=int(count))
        for position, (word, value, count) in enumerate(zip(words, raw, counts, strict=True))
    ]
    return Grouping(name, tuple(names), codes.reshape(-1).astype(np.int64))


def _plain(value: Any) -> object:  # noqa: ANN401 - a cell of any type
    return value.item() if hasattr(value, "item") else value
