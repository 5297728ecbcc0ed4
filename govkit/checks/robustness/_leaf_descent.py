"""Shortens changes that turn an ensemble of trees: cells are put just past thresholds, by the trees' own numbers.

Coordinate descent over the leaves that rows can reach, in boxes that shrink, all rows at once; close to Zhang, Zhang
and Hsieh (2020), An Efficient Adversarial Attack for Tree Ensembles. Nothing is asked of the model meanwhile.
"""

from typing import TYPE_CHECKING

from govkit.checks.robustness._reachable import Reachable, spread

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SHRINK, DEEPER, SHALLOWER, LEAST = 0.25, 1.5, 0.25, 0.004
"""Share by which a box is smaller than the best change: at first, its factors after success and failure, the last."""
HALF = 0.5
PAIRS = 30
"""Moves that are tried together with every other one where no single move makes even the least smaller box do."""
STEPS = 40
BESIDES = 8
"""Work on a leaf apart from its places, in places."""
GAIN = 1e-9
EDGE = 1e-9
"""Relative part by which a box stays inside the change that is to be beaten."""


class Descent:
    """The way of many rows to ever smaller changes."""

    def __init__(self, given: Reachable, enough: "NDArray[np.float64]") -> None:
        """Take what rows can reach, and the margin below which each is turned."""
        self._given, self._enough = given, enough
        self.work = 0
        """Leaves looked at, times the places of each and `BESIDES`."""

    def shortened(
        self, now: "NDArray[np.int64]", reach: "NDArray[np.float64]"
    ) -> "tuple[NDArray[np.int64], NDArray[np.bool_]]":
        """Give the values of the smallest changes found, shape (places, rows), and which lie below `reach`.

        Args:
            now: values to begin with, of the same shape.
            reach: by row, distance of the change to be beaten.
        """
        import numpy as np

        now, reach = now.copy(), reach.copy()
        shorter, less = np.zeros(len(reach), dtype=bool), np.full(len(reach), SHRINK)
        rows = np.flatnonzero(reach > 0)
        while len(rows):
            found, values = self._within(rows, now[:, rows], reach[rows] * (1 - less[rows] - EDGE), less[rows])
            won, lost = rows[found], rows[~found]
            now[:, won] = values[:, found]
            shorter[won] = True
            reach[won] = np.abs(self._given.step[now[:, won]]).max(axis=0, initial=0.0)
            ended = np.append(lost[less[lost] == 0], won[reach[won] == 0])
            less[won] = np.where(less[won] > 0, np.minimum(less[won] * DEEPER, HALF), LEAST)
            less[lost] = np.where(less[lost] > LEAST, less[lost] * SHALLOWER, 0.0)
            rows = np.setdiff1d(rows, ended)
        return now, shorter

    def _within(
        self,
        rows: "NDArray[np.int64]",
        now: "NDArray[np.int64]",
        size: "NDArray[np.float64]",
        less: "NDArray[np.float64]",
    ) -> "tuple[NDArray[np.bool_], NDArray[np.int64]]":
        """Look for changes within a size each, from the present ones cut to it and from the unchanged rows."""
        import numpy as np

        part, moved = self._given.within(rows, size)
        enough = self._enough[rows]
        cut = np.where(part.swap[:, None], now - moved, np.clip(now - moved, part.begin, part.end - 1))
        values, margin = self._lowest(part, cut, enough)
        left = np.flatnonzero(margin >= enough)
        if len(left):
            again, there = self._lowest_of(part, left, part.start, enough)
            better = there < margin[left]
            values[:, left[better]], margin[left[better]] = again[:, better], there[better]
        left = np.flatnonzero((margin >= enough) & (less == 0))
        if len(left):
            again, there = self._in_pairs(part, left, values, enough)
            values[:, left], margin[left] = again, there
        return margin < enough, values + moved

    def _lowest_of(
        self, part: Reachable, rows: "NDArray[np.int64]", now: "NDArray[np.int64]", enough: "NDArray[np.float64]"
    ) -> "tuple[NDArray[np.int64], NDArray[np.float64]]":
        """Do the same for some of the rows."""
        import numpy as np

        own, moved = part.within(rows, np.full(len(rows), np.inf))
        values, margin = self._lowest(own, now[:, rows] - moved, enough[rows])
        return values + moved, margin

    def _lowest(
        self, part: Reachable, now: "NDArray[np.int64]", enough: "NDArray[np.float64]"
    ) -> "tuple[NDArray[np.int64], NDArray[np.float64]]":
        """Change the value that helps most, again and again, until the goal is reached or nothing helps."""
        import numpy as np

        values, margin = now.copy(), np.empty(now.shape[1])
        rows, moved, goal = np.arange(now.shape[1]), np.zeros_like(now), enough
        walk = _Walk(part, now)
        for _ in range(STEPS):
            here, best, first = walk.best()
            self._count(walk.part)
            values[:, rows], margin[rows] = walk.now + moved, here
            going = np.flatnonzero((here >= goal) & (best < here - GAIN))
            if not len(going):
                return values, margin
            if 2 * len(going) <= len(here):
                own, shift = walk.part.within(going, np.full(len(going), np.inf))
                at, (place, value) = np.arange(len(going)), (each[going] for each in first)
                walk = _Walk(own, walk.now[:, going] - shift)
                rows, moved, goal = rows[going], moved[:, going] + shift, goal[going]
                walk.move(at, place, value - shift[place, at])
            else:
                walk.move(going, first[0][going], first[1][going])
        here, _, _ = walk.best()
        values[:, rows], margin[rows] = walk.now + moved, here
        return values, margin

    def _in_pairs(
        self, part: Reachable, rows: "NDArray[np.int64]", values: "NDArray[np.int64]", enough: "NDArray[np.float64]"
    ) -> "tuple[NDArray[np.int64], NDArray[np.float64]]":
        """Try the most promising moves together with every other one, and go on from the best pairs."""
        import numpy as np

        own, moved = part.within(rows, np.full(len(rows), np.inf))
        now = values[:, rows] - moved
        walk = _Walk(own, now)
        found, (margin, _, _) = now.copy(), walk.best()
        least = margin - GAIN
        for place, first in walk.promising(PAIRS):
            on = np.flatnonzero(first >= 0)
            back = walk.now[place[on], on]
            walk.move(on, place[on], first[on])
            _, best, second = walk.best()
            self._count(own)
            better = on[best[on] < least[on]]
            least[better] = best[better]
            found[:, better] = walk.now[:, better]
            found[second[0][better], better] = second[1][better]
            walk.move(on, place[on], back)
        going = np.flatnonzero(least < margin - GAIN)
        if len(going):
            ahead, there = self._lowest_of(own, going, found, enough[rows])
            now[:, going], margin[going] = ahead, there
        return now + moved, margin

    def _count(self, part: Reachable) -> None:
        self.work += len(part.row) * (len(part.begin) + BESIDES)


class _Walk:
    """Rows at values of their own, and what every single move from there would lead to."""

    def __init__(self, part: Reachable, now: "NDArray[np.int64]") -> None:
        import numpy as np

        self.part, self.now = part, now.copy()
        self._sizes = (part.end - part.begin).ravel()
        self._first = np.searchsorted(part.row, np.arange(len(part.constant) + 1))
        self._misses = np.empty(part.low.shape, dtype=bool)
        self._count = np.zeros(len(part.row), dtype=np.int32)
        self._which = np.zeros(len(part.row), dtype=np.int32)
        for place, value in enumerate(now.astype(np.int32)):
            here = value[part.row]
            self._misses[place] = (here < part.low[place]) | (here > part.high[place])
            self._count += self._misses[place]
            self._which += np.int32(place) * self._misses[place]

    def move(self, rows: "NDArray[np.int64]", place: "NDArray[np.int64]", value: "NDArray[np.int64]") -> None:
        """Put one place of each of some rows at a value."""
        import numpy as np

        self.now[place, rows] = value
        sizes = self._first[rows + 1] - self._first[rows]
        leaf, place, value = spread(self._first[rows], sizes), np.repeat(place, sizes), np.repeat(value, sizes)
        at = place * len(self.part.row) + leaf
        misses = (value < self.part.low.take(at)) | (value > self.part.high.take(at))
        change = misses.astype(np.int32) - self._misses.take(at)
        self._misses.put(at, misses)
        self._count[leaf] += change
        self._which[leaf] += place * change

    def margins(self) -> "tuple[NDArray[np.float64], NDArray[np.float64]]":
        """Give the present margin of every row, and that after every single move, by value."""
        import numpy as np

        part, width = self.part, len(self.part.step)
        reached, near = np.flatnonzero(self._count == 0), np.flatnonzero(self._count == 1)
        place, own = self._which[near], part.favours[near]
        here = np.bincount(part.row[reached], part.favours[reached], len(part.constant))
        at = place * len(part.row) + near
        low, high = (
            np.concatenate([each.take(at), each.take(reached, axis=1).ravel()]) for each in (part.low, part.high)
        )
        weights = np.concatenate([own, np.tile(part.favours[reached], len(part.low))])
        change = np.bincount(low, weights, width + 1)
        change -= np.bincount(high + 1, weights, width + 1)
        after = np.cumsum(change[:-1]) + np.repeat(np.tile(part.constant, len(part.low)), self._sizes)
        return np.asarray(here + part.constant, dtype=np.float64), np.asarray(after, dtype=np.float64)

    def best(
        self,
    ) -> "tuple[NDArray[np.float64], NDArray[np.float64], tuple[NDArray[np.int64], NDArray[np.int64]]]":
        """Give every row's present margin, the least after an allowed move, and that move's place and value."""
        import numpy as np

        here, after = self.margins()
        rows = np.arange(len(here))
        least = np.minimum.reduceat(after, self.part.begin.ravel()).reshape(self.now.shape)
        lowest = np.where(self._barred(), np.inf, least)
        place = lowest.argmin(axis=0)
        hits = np.flatnonzero(after == np.repeat(least.ravel(), self._sizes))[::-1]
        first = np.empty(least.size, dtype=np.int64)
        first[self._owner[hits]] = hits  # written last: the first
        return here, lowest[place, rows], (place, first.reshape(least.shape)[place, rows])

    @property
    def _owner(self) -> "NDArray[np.int64]":
        import numpy as np

        return np.repeat(np.arange(len(self._sizes)), self._sizes)

    def _barred(self) -> "NDArray[np.bool_]":
        """Say which places may not change because so many swaps as may happen did."""
        part = self.part
        swapped = (self.now != part.start) & part.swap[:, None]
        full = swapped.sum(axis=0) >= part.swaps
        barred: NDArray[np.bool_] = part.swap[:, None] & ~swapped & full
        return barred

    def promising(self, count: int) -> "list[tuple[NDArray[np.int64], NDArray[np.int64]]]":
        """Give place and value of every row's best moves, the best first; value -1 where there are no more."""
        import numpy as np

        _, after = self.margins()
        after[self.now.ravel()] = np.inf
        after[np.repeat(self._barred().ravel(), self._sizes)] = np.inf
        row = self._owner % len(self.part.constant)
        order = np.lexsort((after, row))
        order = order[np.isfinite(after[order])]
        first = np.searchsorted(row[order], np.arange(len(self.part.constant) + 1))
        found = []
        for number in range(count):
            at = first[:-1] + number
            there = at < first[1:]
            value = np.where(there, order[np.where(there, at, 0)] if len(order) else -1, -1)
            found.append((self._owner[value] // len(self.part.constant), value))
        return found
