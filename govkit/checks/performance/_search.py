"""Search for slices of rows where something is higher than elsewhere: values of columns and their combinations."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
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
"""Values that are combined; of more, the columns with the most conspicuous single values."""
SAME = 0.6
"""Share of common rows from which two slices count as one."""
WEIGHT_OF_ERROR = 0.998
"""SliceLine's alpha. Errors are counted from the least one, so that means differ by little of themselves; at 0.99 the
size of a slice outweighs that."""
CONDITIONS = 2
"""Columns that a slice may combine; with three, a search takes half a minute."""
SPARE = 8
"""How many times the slices that are wanted are asked for, because many are much like another."""


@dataclass(frozen=True)
class Coding:
    """A column as the positions of its values or fifths."""

    column: str
    names: tuple[str, ...]
    """How the values may be shown."""
    codes: "NDArray[np.intp]"
    """A row's position in `names`; -1 for a value that is too rare to be looked at."""

    def of(self, rows: "NDArray[np.bool_]") -> "Coding":
        """Give some of the rows."""
        return replace(self, codes=self.codes[rows])


@dataclass(frozen=True)
class Slice:
    """Rows that have some values together."""

    parts: tuple[tuple[int, int], ...]
    """Position of each column, and of its value."""

    def rows(self, codings: Sequence[Coding]) -> "NDArray[np.bool_]":
        """Say which rows have all its values."""
        import numpy as np

        marks: NDArray[np.bool_] = np.logical_and.reduce([codings[place].codes == code for place, code in self.parts])
        return marks

    def name(self, codings: Sequence[Coding]) -> str:
        """Give its conditions as they may be shown."""
        return " and ".join(f"{codings[place].column} {codings[place].names[code]}" for place, code in self.parts)


def codings_of(
    rows: "pd.DataFrame", learn: "NDArray[np.bool_]", columns: Columns, disclosure: Disclosure
) -> list[Coding]:
    """Give the columns to slice by; fifths are cut on the rows of `learn` alone. Columns of many words are left out."""
    found: list[Coding] = []
    for name in rows.columns:
        column = rows[name]
        if is_number(column) and column.dtype.kind != "b" and column.nunique() > len(FIFTHS):
            found += _fifths(name, as_numbers(column), learn)
        elif columns.kinds.get(name) not in {"identifier", "text", "date"}:
            found.append(_levels(name, column, disclosure))
    return found


def _fifths(name: str, values: "NDArray[np.float64]", learn: "NDArray[np.bool_]") -> list[Coding]:
    import numpy as np

    known = values[learn & np.isfinite(values)]
    if not len(known):
        return []
    edges = np.quantile(known, [0.2, 0.4, 0.6, 0.8])
    codes = np.where(np.isfinite(values), np.searchsorted(edges, values, side="left"), len(FIFTHS))
    return [Coding(name, (*FIFTHS, MISSING), codes)]


def _levels(name: str, column: "pd.Series[Any]", disclosure: Disclosure) -> Coding:
    import numpy as np

    words, codes, counts = np.unique(as_words(column), return_inverse=True, return_counts=True)
    common = np.sort(np.argsort(-counts, kind="stable")[:MOST_LEVELS])
    start = int(len(words) > 0 and words[0] == "")
    names = tuple(
        MISSING
        if words[code] == ""
        else disclosure.value(name, words[code], position=int(code) - start, rows=int(counts[code]))
        for code in common
    )
    places = np.full(len(words), -1)
    places[common] = np.arange(len(common))
    return Coding(name, names, places[codes.reshape(-1)])


def search(codings: Sequence[Coding], excess: "NDArray[np.float64]", *, fewest: int, most: int) -> list[Slice]:
    """Give the slices where the mean of `excess` stands out most, the best first, none much like another.

    Args:
        codings: the columns to slice by, with rows in the order of `excess`.
        excess: what is looked for, one number a row.
        fewest: rows that a slice must have.
        most: slices to give.

    Source: Sagadeeva and Boehm (2021), SliceLine, SIGMOD; by the package `sliceline`.
    """
    import numpy as np
    from sliceline.slicefinder import Slicefinder

    places = _most_conspicuous(codings, excess, fewest)
    errors = excess - excess.min()
    if not places or not errors.any():
        return []
    table = np.column_stack([codings[place].codes for place in places])
    finder = Slicefinder(
        alpha=WEIGHT_OF_ERROR, k=SPARE * most, max_l=CONDITIONS, min_sup=max(fewest, 1), verbose=False
    ).fit(table + 1, errors)
    best: list[Slice] = []
    for line in finder.top_slices_:
        parts = tuple((places[at], int(code) - 1) for at, code in enumerate(line) if code is not None)
        found = Slice(parts)
        if len(best) < most and all(code >= 0 for _, code in parts) and _is_new(found, best, codings):
            best.append(found)
    return best


def _is_new(found: Slice, known: Sequence[Slice], codings: Sequence[Coding]) -> bool:
    rows = found.rows(codings)
    return all(_common(rows, other.rows(codings)) < SAME for other in known)


def _most_conspicuous(codings: Sequence[Coding], excess: "NDArray[np.float64]", fewest: int) -> list[int]:
    """Give the columns that are combined: those in which a value's mean lies most standard errors above all rows'."""
    import numpy as np

    centred = excess - excess.mean()
    scores = []
    for coding in codings:
        rows = np.bincount(coding.codes + 1, minlength=len(coding.names) + 1)[1:]
        sums = np.bincount(coding.codes + 1, centred, minlength=len(coding.names) + 1)[1:]
        scores.append(np.max(np.where(rows >= fewest, sums / np.sqrt(np.maximum(rows, 1)), -np.inf), initial=-np.inf))
    kept: list[int] = []
    room = MOST_VALUES
    for place in np.argsort(-np.array(scores), kind="stable").tolist():
        room -= len(codings[place].names)
        if room >= 0:
            kept.append(place)
    return sorted(kept)


def _common(one: "NDArray[np.bool_]", other: "NDArray[np.bool_]") -> float:
    return float((one & other).sum() / (one | other).sum())
