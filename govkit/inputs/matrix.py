"""Tables as plain numbers, for the small models that checks fit themselves."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

MOST_LEVELS = 20
"""Commonest values of a category that get a column of their own; the others share none."""
MOST_VALUES = 200
"""Distinct values of a category past which its codes would only memorise it."""


def is_number(column: "pd.Series[Any]") -> bool:
    """Say whether a column holds numbers or truth values."""
    return column.dtype.kind in "iufb"


def as_numbers(column: "pd.Series[Any]") -> "NDArray[np.float64]":
    """Give a numeric column with NaN where it is missing or infinite."""
    import numpy as np

    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan)


def as_words(column: "pd.Series[Any]") -> "NDArray[np.object_]":
    """Give any column as text; missing cells are empty."""
    import numpy as np

    return np.asarray(column.astype("str").where(column.notna(), ""), dtype=object)


def word_counts(column: "pd.Series[Any]") -> dict[str, int]:
    """Count a column's cells by their text, in the order of the words; missing cells are empty."""
    counts = column.value_counts(dropna=False, sort=False)
    words: dict[str, int] = {}
    for word, rows in zip(as_words(counts.index.to_series()).tolist(), counts.tolist(), strict=True):
        words[word] = words.get(word, 0) + rows  # a number and its text are one word
    return dict(sorted(words.items()))


@dataclass
class Matrix:
    """Turns rows into numbers in the way that fits one table of reference rows.

    With `spread`, categories become one column a common value, gaps are filled with the median and columns are scaled:
    for linear models. Without, categories become codes and gaps stay: for trees.
    """

    spread: bool
    names: list[str] = field(default_factory=list)
    """The source column of every column of the matrix."""
    _levels: dict[str, list[str]] = field(default_factory=dict)
    _scales: dict[str, tuple[float, float]] = field(default_factory=dict)

    def fit(self, rows: "pd.DataFrame") -> "Matrix":
        """Learn levels and scales from reference rows."""
        import numpy as np

        for name in rows.columns:
            column = rows[name]
            if is_number(column):
                values = as_numbers(column)
                known = values[np.isfinite(values)]
                middle = float(np.median(known)) if len(known) else 0.0
                width = float(np.std(known)) if len(known) else 0.0
                self._scales[name] = middle, width if np.isfinite(width) and width > 0 else 1.0
                self.names.append(name)
                continue
            words, counts = np.unique(as_words(column), return_counts=True)
            if len(words) > MOST_VALUES and len(words) > len(column) // 20:
                continue
            order = np.lexsort((words, -counts))
            self._levels[name] = [str(words[place]) for place in order[: MOST_LEVELS if self.spread else MOST_VALUES]]
            self.names += [name] * len(self._levels[name]) if self.spread else [name]
        return self

    def __call__(self, rows: "pd.DataFrame") -> "NDArray[np.float64]":
        """Give the rows as numbers, shape (rows, columns)."""
        import numpy as np

        parts: list[NDArray[np.float64]] = []
        for name in dict.fromkeys(self.names):
            if name in self._levels:
                parts += self._category(as_words(rows[name]), self._levels[name])
            else:
                middle, width = self._scales[name]
                values = _numbers_of(rows[name])
                parts.append((np.where(np.isnan(values), middle, values) - middle) / width if self.spread else values)
        return np.column_stack(parts) if parts else np.empty((len(rows), 0))

    def _category(self, words: "NDArray[np.object_]", levels: list[str]) -> "list[NDArray[np.float64]]":
        import numpy as np
        import pandas as pd

        codes = pd.Index(levels, dtype=object).get_indexer(pd.Index(words, dtype=object)).astype(np.float64)
        if self.spread:
            return [(codes == level).astype(np.float64) for level in range(len(levels))]
        return [np.where(codes < 0, np.nan, codes)]


def _numbers_of(column: "pd.Series[Any]") -> "NDArray[np.float64]":
    """Give numbers also where this table reads as text what the reference rows hold as numbers."""
    import pandas as pd

    return as_numbers(column if is_number(column) else pd.to_numeric(column, errors="coerce"))
