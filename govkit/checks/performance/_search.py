"""Search for slices of rows where something is higher than elsewhere: every value and every pair of values."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from govkit.inputs.columns import Columns
from govkit.inputs.disclosure import Disclosure
from govkit.inputs.groups import MISSING
from govkit.inputs.matrix import as_numbers, as_words, is_number

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

FIFTHS = ("lowest fifth", "second fifth", "middle fifth", "fourth fifth", "highest fifth")
MOST_LEVELS = 50
"""Values of a category, the most frequent ones; at most fifty can have the two rows in a hundred that a slice needs."""
MOST_VALUES = 160
"""Values whose pairs are tried; of more, those with the highest scores alone."""
SAME = 0.6
"""Share of common rows from which two slices count as one."""


@dataclass(frozen=True)
class Value:
    """A value of a column, or a fifth of its numbers, with the rows that have it."""

    column: str
    name: str
    """How it may be shown."""
    rows: "NDArray[np.bool_]"


@dataclass(frozen=True)
class Slice:
    """Rows that have one value, or two."""

    parts: tuple[int, ...]
    """Positions of the values that it combines."""
    rows: "NDArray[np.bool_]"
    score: float


def values_of(
    rows: "pd.DataFrame", learn: "NDArray[np.bool_]", columns: Columns, disclosure: Disclosure
) -> list[Value]:
    """Give the values to slice by; fifths are cut on the rows of `learn` alone. Columns of many words are left out."""
    found: list[Value] = []
    for name in rows.columns:
        column = rows[name]
        if is_number(column) and column.dtype.kind != "b" and column.nunique() > len(FIFTHS):
            found += _fifths(name, as_numbers(column), learn)
        elif columns.kinds.get(name) not in {"identifier", "text", "date"}:
            found += _levels(name, column, disclosure)
    return found


def _fifths(name: str, values: "NDArray[np.float64]", learn: "NDArray[np.bool_]") -> list[Value]:
    import numpy as np

    known = values[learn & np.isfinite(values)]
    if not len(known):
        return []
    edges = np.quantile(known, [0.2, 0.4, 0.6, 0.8])
    codes = np.where(np.isfinite(values), np.searchsorted(edges, values, side="left"), len(FIFTHS))
    names = (*FIFTHS, MISSING)
    return [Value(name, names[code], codes == code) for code in np.unique(codes)]


def _levels(name: str, column: "pd.Series[Any]", disclosure: Disclosure) -> list[Value]:
    import numpy as np

    words, codes, counts = np.unique(as_words(column), return_inverse=True, return_counts=True)
    common = np.sort(np.argsort(-counts, kind="stable")[:MOST_LEVELS])
    start = int(len(words) > 0 and words[0] == "")
    return [
        Value(
            name,
            MISSING
            if words[code] == ""
            else disclosure.value(name, words[code], position=int(code) - start, rows=int(counts[code])),
            codes.reshape(-1) == code,
        )
        for code in common
    ]


def search(values: Sequence[Value], excess: "NDArray[np.float64]", *, fewest: int, most: int) -> list[Slice]:
    """Give the slices where the mean of `excess` stands out most, the best first, none much like another.

    The score is the slice's mean less that of all rows in its standard errors. All values and all pairs of values of
    different columns are scored at once by products of their indicator columns, as SliceLine does with its own score.

    Args:
        values: what to slice by, with rows in the order of `excess`.
        excess: what is looked for, one number a row.
        fewest: rows that a slice must have.
        most: slices to give.

    Source: Sagadeeva and Boehm (2021), SliceLine, SIGMOD.
    """
    import numpy as np

    centred = (excess - excess.mean()) / (excess.std() or 1.0)
    marks = np.column_stack([value.rows for value in values]).astype(np.float32) if values else np.empty((0, 0))
    single = _scores(marks.sum(axis=0), centred @ marks, fewest) if values else np.array([])
    kept = np.argsort(-single, kind="stable")[:MOST_VALUES]
    kept = np.sort(kept[marks[:, kept].sum(axis=0) >= fewest]) if len(kept) else kept
    chosen = marks[:, kept]
    together = _scores(chosen.T @ chosen, (chosen * centred[:, None].astype(np.float32)).T @ chosen, fewest)
    owners = np.array([values[place].column for place in kept])
    first, second = np.triu_indices(len(kept), 1)
    apart = owners[first] != owners[second] if len(kept) else np.array([], dtype=bool)
    first, second = first[apart], second[apart]
    scores = np.concatenate([single[kept], together[first, second] if len(first) else np.array([])])
    best: list[Slice] = []
    for place in np.argsort(-scores, kind="stable"):
        if len(best) == most or scores[place] <= 0:
            break
        pair = (place,) if place < len(kept) else (first[place - len(kept)], second[place - len(kept)])
        parts = tuple(int(kept[one]) for one in pair)
        found = Slice(parts, rows_of(values, parts), float(scores[place]))
        if all(_common(found.rows, other.rows) < SAME for other in best):
            best.append(found)
    return best


def rows_of(values: Sequence[Value], parts: tuple[int, ...]) -> "NDArray[np.bool_]":
    """Give the rows that have all of some values."""
    rows = values[parts[0]].rows.copy()
    for part in parts[1:]:
        rows &= values[part].rows
    return rows


def _scores(
    rows: "NDArray[np.floating[Any]]", sums: "NDArray[np.floating[Any]]", fewest: int
) -> "NDArray[np.floating[Any]]":
    import numpy as np

    return np.where(rows >= fewest, sums / np.sqrt(np.maximum(rows, 1)), -np.inf)


def _common(one: "NDArray[np.bool_]", other: "NDArray[np.bool_]") -> float:
    return float((one & other).sum() / (one | other).sum())
