"""What rows can reach in the trees of an ensemble, each within a size: leaves, and the values that cells take.

A place is a column that moves as a number, or a set of cells that is swapped together. What a leaf asks of a place is
an interval of the place's values; a leaf that asks for several intervals of categories is taken as several leaves.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from govkit.checks.robustness._forest import Forest
from govkit.checks.robustness._swaps import states_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Rows:
    """Rows whose class is held against a rival, all by row."""

    encoded: "NDArray[np.float64]"
    """Rows as the trees see them."""
    original: "NDArray[np.float64]"
    """Their cells in the space."""
    label: "NDArray[np.int64]"
    rival: "NDArray[np.int64]"
    reach: "NDArray[np.float64]"
    """Size of change within which to look, in robust scales."""


@dataclass(frozen=True)
class Reachable:
    """Leaves and values that rows can reach. Values stand by place, then by row, those of a number in ascending order.

    Shapes: a leaf's interval of values and a row's values by place are (places, leaves) and (places, rows).
    """

    row: "NDArray[np.int64]"
    """By leaf, ascending."""
    favours: "NDArray[np.float64]"
    """By leaf: how much it speaks for its row's own class."""
    low: "NDArray[np.int32]"
    high: "NDArray[np.int32]"
    constant: "NDArray[np.float64]"
    """By row: how much everything that no change alters speaks for its own class."""
    begin: "NDArray[np.int64]"
    end: "NDArray[np.int64]"
    start: "NDArray[np.int64]"
    """By place and row: the value that is there."""
    step: "NDArray[np.float64]"
    """By value: signed change in robust scales; 0 for swaps."""
    cell: "NDArray[np.float64]"
    """By value: a number, or the state of cells that are swapped, -1 for what they hold."""
    swap: "NDArray[np.bool_]"
    """By place."""
    swaps: int
    """Swaps that one change may consist of."""

    def within(self, rows: "NDArray[np.int64]", size: "NDArray[np.float64]") -> "tuple[Reachable, NDArray[np.int64]]":
        """Keep some rows, ascending, with what a size each leaves; say by place and row how far values moved up."""
        import numpy as np

        begin, end, start = self.begin[:, rows], self.end[:, rows], self.start[:, rows]
        sizes = (end - begin).ravel()
        at = spread(begin.ravel(), sizes)
        allowed = np.abs(self.step[at]) <= np.repeat(np.tile(size, len(begin)), sizes)
        starts = np.cumsum(sizes) - sizes
        kept = np.add.reduceat(allowed, starts, dtype=np.int64).reshape(begin.shape)  # what is there always is
        down = allowed & (at < np.repeat(start.ravel(), sizes))
        lowest = np.where(
            self.swap[:, None], begin, start - np.add.reduceat(down, starts, dtype=np.int64).reshape(begin.shape)
        )
        at = at[allowed]
        fresh = np.cumsum(kept).reshape(begin.shape) - kept
        number = np.full(len(self.constant), -1)
        number[rows] = np.arange(len(rows))
        row = number[self.row]
        leaves = np.flatnonzero(row >= 0)
        row = row[leaves]
        inside = np.ones(len(leaves), dtype=bool)
        low, high = np.empty((2, len(begin), len(leaves)), dtype=np.int32)
        bottom, shift = lowest.astype(np.int32), (fresh - lowest).astype(np.int32)
        top = (lowest + kept - 1).astype(np.int32)
        for place in range(len(begin)):
            moved = shift[place].take(row)
            np.maximum(self.low[place].take(leaves), bottom[place].take(row), out=low[place])
            np.minimum(self.high[place].take(leaves), top[place].take(row), out=high[place])
            inside &= low[place] <= high[place]
            low[place] += moved
            high[place] += moved
        left = np.flatnonzero(inside)
        part = replace(
            self,
            row=row[left],
            favours=self.favours[leaves[left]],
            low=low.take(left, axis=1),
            high=high.take(left, axis=1),
            constant=self.constant[rows],
            begin=fresh,
            end=fresh + kept,
            start=start - lowest + fresh,
            step=self.step[at],
            cell=self.cell[at],
        )
        return part, lowest - fresh

    def places(self, values: "NDArray[np.bool_]") -> "NDArray[np.int64]":
        """Count the values of every place and row that are marked, shape (places, rows)."""
        import numpy as np

        found: NDArray[np.int64] = np.add.reduceat(values, self.begin.ravel(), dtype=np.int64)
        return found.reshape(self.begin.shape)


@dataclass(frozen=True)
class Boxes:
    """What rows can reach, which rows these are, and which cells the places stand for."""

    given: Reachable
    rows: "NDArray[np.int64]"
    """Those of the given rows that may be turned at all; the others are proved to stay."""
    forest: Forest
    original: "NDArray[np.float64]"
    """Cells of these rows."""
    columns: tuple[int, ...]
    """By place: a column that moves as a number, or -1 less the number of a set of cells that is swapped."""
    visits: int

    def nearest(self, cells: "NDArray[np.float64]") -> "NDArray[np.int64]":
        """Give the values that changed cells stand for: for a number the last that the change passes."""
        import numpy as np

        given, now = self.given, np.empty(self.given.begin.shape)
        sizes = (given.end - given.begin).ravel()
        for place, column in enumerate(self.columns):
            now[place] = cells[:, column] if column >= 0 else states_of(self.forest.swaps[-1 - column], cells)[0]
        goal = np.repeat(now.ravel(), sizes)
        upto, below = given.places(given.cell <= goal), given.places(given.cell < goal)
        origin = given.cell[given.start]
        rising, falling = given.begin + upto - 1, given.begin + below
        found = np.where(now > origin, np.maximum(rising, given.start), given.start)
        found = np.where(now < origin, np.minimum(falling, given.start), found)
        swapped = np.where(upto > below, falling, given.start)
        return np.where(given.swap[:, None], swapped, found)

    def cells(self, values: "NDArray[np.int64]") -> "NDArray[np.float64]":
        """Give the rows with the values of all places."""
        import numpy as np

        found = self.original.copy()
        for place, column in enumerate(self.columns):
            cell = self.given.cell[values[place]]
            if column >= 0:
                found[:, column] = cell
                continue
            columns, categories, _ = self.forest.swaps[-1 - column]
            known = np.flatnonzero(cell >= 0)
            state = cell[known].astype(np.int64)
            contents = np.eye(len(columns))[state] if categories is None else state[:, None].astype(np.float64)
            found[known[:, None], np.array(columns)] = contents
        return found


def spread(begin: "NDArray[np.int64]", sizes: "NDArray[np.int64]") -> "NDArray[np.int64]":
    """Give the numbers of many ranges one behind the other."""
    import numpy as np

    starts = np.cumsum(sizes) - sizes
    found: NDArray[np.int64] = np.arange(int(sizes.sum())) + np.repeat(begin - starts, sizes)
    return found
