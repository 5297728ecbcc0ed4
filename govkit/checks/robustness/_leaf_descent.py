"""Shortens changes that turn an ensemble of trees: cells are put just past thresholds, by the trees' own numbers.

Coordinate descent over the leaves that a row can reach, in boxes that shrink; close to Zhang, Zhang and Hsieh (2020),
An Efficient Adversarial Attack for Tree Ensembles. Nothing is asked of the model meanwhile.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SHRINK, DEEPER, SHALLOWER, LEAST = 0.25, 1.5, 0.25, 0.004
"""Share by which a box is smaller than the best change: at first, its factors after success and failure, the last."""
HALF = 0.5
PAIRS = 10
"""Moves that are tried together with every other one where no single move helps."""
PAIRS_FROM = 0.02
"""Share by which a box is smaller below which pairs are tried."""
STEPS = 40
GAIN = 1e-12
EDGE = 1e-9
"""Relative part by which a box stays inside the change that is to be beaten."""


@dataclass(frozen=True)
class Reachable:
    """What is left of the trees inside a box around one row: leaves, and values that cells may take on.

    A place is a column that moves as a number, or a set of cells that is swapped together. The values of a place stand
    side by side, those of a number in ascending order.
    """

    fits: "NDArray[np.bool_]"
    """Shape (leaves, values): whether a leaf allows a value of its place."""
    favours: "NDArray[np.float64]"
    """By leaf: how much it speaks for the row's own class."""
    constant: float
    """The same from what no change inside the box alters."""
    place: "NDArray[np.int64]"
    """By value."""
    step: "NDArray[np.float64]"
    """By value: signed change in robust scales; 0 for swaps."""
    start: "NDArray[np.int64]"
    """By place: the value that is there."""
    swap: "NDArray[np.bool_]"
    """By place."""
    swaps: int
    """Swaps that one change may consist of."""


class Descent:
    """One row's way to ever smaller changes."""

    def __init__(self, given: Reachable) -> None:
        """Take what the row can reach."""
        self._given = given
        self.work = given.fits.size
        """Leaves times values looked at."""

    def shortened(self, now: "NDArray[np.int64]", reach: float) -> "NDArray[np.int64] | None":
        """Give the values of the smallest change found below `reach`; None without one.

        Args:
            now: values to begin with, by place.
            reach: distance of the change to be beaten.
        """
        import numpy as np

        best, less = None, SHRINK
        while reach > 0:
            found = self._within(now, reach * (1 - less - EDGE), pairs=less < PAIRS_FROM)
            if found is not None:
                best = now = found
                reach = float(np.abs(self._given.step[found]).max(initial=0.0))
                less = min(less * DEEPER, HALF) if less else LEAST
            elif not less:
                break
            else:
                less = less * SHALLOWER if less > LEAST else 0.0
        return best

    def _within(self, now: "NDArray[np.int64]", size: float, *, pairs: bool) -> "NDArray[np.int64] | None":
        """Look for a change within a size, from the present one cut to it and from the unchanged row."""
        import numpy as np

        allowed = np.abs(self._given.step) <= size
        stuck = []
        for start in (self._cut(now, allowed), self._given.start.copy()):
            found, margin = self._lowest(start, allowed)
            if margin < -GAIN:
                return found
            stuck.append((margin, found))
        margin, found = min(stuck, key=lambda one: one[0])
        if pairs:
            found, margin = self._in_pairs(found, margin, allowed)
        return found if margin < -GAIN else None

    def _cut(self, now: "NDArray[np.int64]", allowed: "NDArray[np.bool_]") -> "NDArray[np.int64]":
        """Put values outside a box at the farthest inside, on the same side."""
        import numpy as np

        given, places = self._given, len(self._given.start)
        above = np.bincount(given.place, weights=allowed & (given.step > 0), minlength=places).astype(np.int64)
        below = np.bincount(given.place, weights=allowed & (given.step < 0), minlength=places).astype(np.int64)
        return np.where(given.swap, now, np.clip(now, given.start - below, given.start + above))

    def _lowest(self, now: "NDArray[np.int64]", allowed: "NDArray[np.bool_]") -> "tuple[NDArray[np.int64], float]":
        """Change the value that helps most, again and again, until the goal is reached or nothing helps."""
        for _ in range(STEPS):
            margins, here = self._margins(now, allowed)
            first = int(margins.argmin())
            if here < -GAIN or margins[first] >= here - GAIN:
                return now, here
            now[self._given.place[first]] = first
        return now, self._margins(now, allowed)[1]

    def _margins(self, now: "NDArray[np.int64]", allowed: "NDArray[np.bool_]") -> "tuple[NDArray[np.float64], float]":
        """Give the margin after every single move, infinite where it is not allowed, and the present one."""
        import numpy as np

        given = self._given
        misses = ~given.fits[:, now]
        count = misses.sum(axis=1)
        near = np.flatnonzero(count <= 1)  # others stay out of reach of a single move
        few, misses, reached = given.fits[near], misses[near], count[near] == 0
        alone = (misses | reached[:, None]) * given.favours[near, None]
        margins = np.einsum("lv,lv->v", alone[:, given.place], few) + given.constant
        here = float(given.favours[near[reached]].sum()) + given.constant
        self.work += given.fits.shape[0] * len(now) + few.size
        swapped = (now != given.start) & given.swap
        if swapped.sum() >= given.swaps:
            allowed = allowed & ~(given.swap & ~swapped)[given.place]
        return np.where(allowed, margins, np.inf), here

    def _in_pairs(
        self, now: "NDArray[np.int64]", margin: float, allowed: "NDArray[np.bool_]"
    ) -> "tuple[NDArray[np.int64], float]":
        """Try the most promising moves together with every other one, and go on from the best pair."""
        import numpy as np

        margins, _ = self._margins(now, allowed)
        margins[now] = np.inf
        best, found = margin - GAIN, None
        for first in np.argsort(margins, kind="stable")[:PAIRS].tolist():
            if not np.isfinite(margins[first]):
                break
            moved = now.copy()
            moved[self._given.place[first]] = first
            after, _ = self._margins(moved, allowed)
            second = int(after.argmin())
            if after[second] < best:
                moved[self._given.place[second]] = second
                best, found = float(after[second]), moved
        return (now, margin) if found is None else self._lowest(found, allowed)
