"""How easily a row is singled out: groups of equal quasi-identifiers, and what such a group gives away."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Codes = NDArray[np.int64]

SMALL: Final = 5
"""A group of fewer rows counts as small; the value that agencies publish by most often."""
MOST_COLUMNS: Final = 12
LARGEST_SET: Final = 4
MOST_ROWS: Final = 50_000
"""Rows that the search for column sets reads."""


@dataclass(frozen=True)
class Groups:
    """Rows grouped by equal quasi-identifiers."""

    k: int
    """Rows of the smallest group."""
    groups: int
    unique: float
    """Share of rows that are alone in their group."""
    small: float
    """Share of rows in groups of fewer than `SMALL`."""


@dataclass(frozen=True)
class Diversity:
    """What knowing someone's group tells of a sensitive column."""

    column: str
    distinct: int
    """l: the fewest different values in any group."""
    distance: float
    """t: the largest total variation distance between a group's values and all rows', from 0 to 1."""


def groups_of(columns: "Sequence[Codes]") -> "Codes":
    """Give each row's group.

    Args:
        columns: of codes from 0 on, one for each quasi-identifier.
    """
    import numpy as np

    group = columns[0]
    for codes in columns[1:]:
        _, group = np.unique(group * (int(codes.max()) + 1) + codes, return_inverse=True)
    _, group = np.unique(group, return_inverse=True)
    return group.astype(np.int64)


def group_risk(group: "Codes") -> Groups:
    """Measure how many rows share their group (Sweeney 2002, k-anonymity)."""
    import numpy as np

    sizes = np.bincount(group)
    rows = len(group)
    small = int(sizes[sizes < SMALL].sum())
    return Groups(int(sizes.min()), len(sizes), int((sizes == 1).sum()) / rows, small / rows)


def diversity(column: str, group: "Codes", sensitive: "Codes") -> Diversity:
    """Measure l (Machanavajjhala et al. 2007) and t with equal distances between values (Li et al. 2007)."""
    import numpy as np

    size = int(sensitive.max()) + 1
    pairs, counts = np.unique(group * size + sensitive, return_counts=True)
    owner, value = pairs // size, pairs % size
    distinct = np.bincount(owner)
    overall = np.bincount(sensitive, minlength=size) / len(sensitive)
    share = counts / np.bincount(group)[owner]
    over = np.bincount(owner, weights=np.maximum(share - overall[value], 0))
    return Diversity(column, int(distinct.min()), float(over.max()))


def telling_sets(columns: "Mapping[str, Codes]", share: float = 0.5) -> Iterator[tuple[tuple[str, ...], float]]:
    """Give the smallest sets of columns that make at least this share of rows unique; no set holds another.

    Args:
        columns: codes by name; the first `MOST_COLUMNS` with most values are tried, in sets of up to `LARGEST_SET`.
        share: of rows.
    """
    import numpy as np

    some = {name: codes[:: -(-len(codes) // MOST_ROWS)] for name, codes in columns.items()}
    varied = sorted(some, key=lambda name: (-len(np.unique(some[name])), name))[:MOST_COLUMNS]
    found: list[frozenset[str]] = []
    for size in range(1, LARGEST_SET + 1):
        for names in combinations(sorted(varied), size):
            if any(held <= set(names) for held in found):
                continue
            unique = group_risk(groups_of([some[name] for name in names])).unique
            if unique >= share:
                found.append(frozenset(names))
                yield names, unique
