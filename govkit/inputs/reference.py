"""A reference profile: what training rows looked like, column by column, small enough to keep."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, ValidationError

from govkit.core.digest import sha256
from govkit.core.errors import InputProblem
from govkit.core.frozen import Frozen
from govkit.inputs.dataset import Dataset
from govkit.inputs.disclosure import MIN_ROWS, Disclosure
from govkit.inputs.matrix import as_numbers, is_number, word_counts

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

BINS = 10
MOST_CATEGORIES = 50
DIGITS = 4
"""Significant digits of bin edges, so that none is a cell's value by more than accident."""
OTHER, MISSING = "other", "missing"


class ColumnProfile(Frozen):
    """How one column's values were distributed."""

    kind: Literal["number", "category"]
    edges: tuple[float, ...] = ()
    """Numbers: inner edges of the bins; a value on an edge belongs to the bin below."""
    categories: tuple[str, ...] = ()
    """Categories: a key for each, its name where it may be shown, else a digest of it."""
    counts: tuple[int, ...]
    """Rows of each bin or category, then of all others (categories), then of missing cells."""
    mean: float | None = None
    spread: float | None = None
    """Numbers: standard deviation."""


class Profile(Frozen):
    """The profile of a table."""

    govkit_profile: Literal["1"] = "1"
    rows: int = Field(ge=1)
    sha256: str
    """Digest of the file that it was made from; it also salts the keys of categories."""
    columns: dict[str, ColumnProfile]


def profile_of(dataset: Dataset, disclosure: Disclosure, names: tuple[str, ...] = ()) -> Profile:
    """Make the profile of a table's columns; columns whose values hardly repeat are left out."""
    columns = {}
    for name in names or dataset.columns:
        found = _column(name, dataset.frame[name], dataset.sha256, disclosure)
        if found is not None:
            columns[name] = found
    return Profile(rows=dataset.rows, sha256=dataset.sha256, columns=columns)


def counts_of(name: str, profile: ColumnProfile, column: "pd.Series[Any]", salt: str) -> "NDArray[np.int64]":
    """Count a column's cells into the bins or categories of a profile, in the order of its counts."""
    import numpy as np
    import pandas as pd

    if profile.kind == "number":
        numbers = column if is_number(column) else pd.to_numeric(column, errors="coerce")
        values = as_numbers(numbers)
        codes = np.searchsorted(profile.edges, values, side="left")
        return np.bincount(
            np.where(np.isfinite(values), codes, len(profile.edges) + 1), minlength=len(profile.edges) + 2
        )
    places = {key: place for place, key in enumerate(profile.categories)}
    counts = np.zeros(len(places) + 2, dtype=np.int64)
    for word, count in word_counts(column).items():
        named = places.get(word, places.get(_key(name, word, salt), len(places)))
        counts[len(places) + 1 if word == "" else named] += count
    return counts


def read_profile(path: Path) -> Profile:
    """Read a profile.

    Raises:
        InputProblem: there is no such file, or it is no profile.
    """
    try:
        return Profile.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise InputProblem(f"{path} can't be read: {error.strerror}", hint="check the path") from None
    except (ValueError, ValidationError, RecursionError):
        raise InputProblem(
            f"{path.name} is no reference profile", hint="make one: govkit drift profile TRAIN --out profile.json"
        ) from None


def _column(name: str, column: "pd.Series[Any]", salt: str, disclosure: Disclosure) -> ColumnProfile | None:
    import numpy as np

    if is_number(column) and column.dtype.kind != "b":
        values = as_numbers(column)
        known = values[np.isfinite(values)]
        if not len(known):
            return None
        cuts = np.quantile(known, np.arange(1, BINS) / BINS, method="inverted_cdf").tolist()
        edges = tuple(sorted({float(f"{cut:.{DIGITS}g}") for cut in cuts}))
        draft = ColumnProfile(kind="number", edges=edges, counts=())
        counts = tuple(counts_of(name, draft, column, salt).tolist())
        middle, spread = (float(f"{part:.{DIGITS}g}") for part in (known.mean(), known.std()))
        return draft.model_copy(update={"counts": counts, "mean": middle, "spread": spread})
    common = [(word, count) for word, count in word_counts(column).items() if word and count >= MIN_ROWS]
    if not common:
        return None
    common = sorted(sorted(common, key=lambda one: (-one[1], one[0]))[:MOST_CATEGORIES])
    keys = []
    for word, count in common:
        shown = disclosure.value(name, word, position=-1, rows=count)
        keys.append(word if shown == word else _key(name, word, salt))
    draft = ColumnProfile(kind="category", categories=tuple(keys), counts=())
    return draft.model_copy(update={"counts": tuple(counts_of(name, draft, column, salt).tolist())})


def _key(name: str, word: str, salt: str) -> str:
    """Stand for a category that may not be shown; whoever knows the category can find it again."""
    return f"#{sha256(f'{salt}/{name}/{word}'.encode())[:16]}"
