"""Rows under attack: the smallest possible change found for each, and how more are tried, all rows in one call."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from govkit.checks.robustness._oracle import Oracle
from govkit.checks.robustness._space import Space

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NEAREST = 4
"""Rows with another answer tried as starting points."""
FLAT = 1e-12
FAR_ENDS = 24
SECTIONS = 16
"""Parts into which what may be left of a change is cut at once where calls are few; else it is halved."""
SAME = 1e-9
"""Relative difference below which two distances count as one."""
DOUBLINGS = 3
FAR = 2.0**DOUBLINGS
"""Sizes tried beyond the largest of interest, each double the one before."""


@dataclass(frozen=True)
class Effort:
    """How hard the search tries; integer work counts of the plan."""

    probes: int
    """Moves of a single feature tried on a row, at most."""
    sweeps: int
    rounds: int
    proposals: int
    """Changes tried on a row in each round."""


class Search:
    """Rows under attack and, for each, the smallest change found that reaches the goal."""

    def __init__(
        self,
        oracle: Oracle,
        space: Space,
        original: "NDArray[np.float64]",
        rng: "np.random.Generator",
        *,
        few_calls: bool = False,
    ) -> None:
        """Take rows whose goal is not reached as they are, and whether to ask rather about many rows than often.

        Cells are in the order of the space.
        """
        import numpy as np

        self.oracle, self.space, self.original, self.rng = oracle, space, original, rng
        self.best = original.copy()
        self.reach = np.full(len(original), np.inf)
        """Distance of the best change in robust scales; infinite: none found. 0: a swap is enough."""
        self.margin = np.full(len(original), np.inf)
        self.corner = np.zeros_like(original)
        """The way that leads nearer for each feature: -1, 0 or 1."""
        self.base = original.copy()
        """Rows with the swaps from which these ways lead on."""
        self.few_calls = few_calls

    def part(self, rows: "NDArray[np.int64]") -> "Search":
        """Give a search of some of the rows that goes on from what was found; `take` brings back what it finds."""
        some = _Some(self.oracle, rows, self.oracle.graded)
        found = Search(some, self.space, self.original[rows], self.rng, few_calls=self.few_calls)
        found.best, found.reach, found.margin = self.best[rows], self.reach[rows], self.margin[rows]
        return found

    def take(self, rows: "NDArray[np.int64]", found: "Search") -> None:
        """Keep what a search of some of the rows found."""
        self.best[rows], self.reach[rows], self.margin[rows] = found.best, found.reach, found.margin

    def offer(self, moved: "NDArray[np.float64]", index: "NDArray[np.int64]") -> "NDArray[np.float64]":
        """Ask about possible rows and keep the nearest that reach the goal; give the margins."""
        margins = self.oracle.margins(moved, index)
        self.keep(moved, index, margins)
        return margins

    def keep(self, moved: "NDArray[np.float64]", index: "NDArray[np.int64]", margins: "NDArray[np.float64]") -> None:
        """Keep the nearest of possible rows that reach the goal, by their margins."""
        import numpy as np

        far = self.space.distance(moved, self.original[index])
        nearer = far < self.reach[index] * (1 - SAME)
        clearer = (far <= self.reach[index]) & (margins < self.margin[index])
        better = np.flatnonzero((margins < 0) & (nearer | clearer))
        # the best is written last: the nearest, and of those as near the one with the clearest answer
        better = better[np.lexsort((-margins[better], -_coarse(far[better])))]
        self.reach[index[better]] = far[better]
        self.best[index[better]] = moved[better]
        self.margin[index[better]] = margins[better]

    def start(self, pool: "NDArray[np.float64]", other: "NDArray[np.bool_]") -> None:
        """Try the nearest rows that already have another answer, as far as they are possible changes.

        Args:
            pool: cells of known rows.
            other: which of them have an answer that is a goal, shape (attacked rows, pool).
        """
        import numpy as np

        moved, index = [], []
        for row, original in enumerate(self.original):
            known = pool[other[row]]
            nearest = np.argsort(self.space.distance(known, original), kind="stable")[:NEAREST]
            moved.append(known[nearest])
            index.append(np.full(len(nearest), row))
        every = np.concatenate(index)
        if len(every):
            cells = np.concatenate(moved)
            self.offer(self.space.admissible(cells, self.original[every]), every)

    def at_random(self, sizes: Sequence[float], draws: int) -> "NDArray[np.bool_]":
        """Try random possible changes within each size, half of them at the ends of the box, in one call.

        Returns:
            Which rows any of them turned, shape (sizes, rows).
        """
        import numpy as np

        rows, every = np.arange(len(self.original)), []
        for size in sizes:
            moves = self.rng.uniform(-1, 1, (draws, *self.original.shape))
            moves[::2] = np.sign(moves[::2])
            moved = np.where(self.space.number, self.original + moves * size * self.space.scale, self.original)
            if self.space.can_swap:
                self.swap_some(moved, rows)
            every.append(moved.reshape(-1, self.original.shape[1]))
        within, index = np.repeat(sizes, draws * len(rows)), np.tile(rows, draws * len(sizes))
        margins = self.try_each(np.concatenate(every), index, within)
        return np.asarray((margins < 0).reshape(len(sizes), draws, len(rows)).any(axis=1), dtype=np.bool_)

    def tighten(self, rows: "range | NDArray[np.int64]", steps: int) -> None:
        """Halve again and again the part of each change that is still needed, or cut it in more sections at once."""
        import numpy as np

        index = np.asarray(rows)
        index = index[np.isfinite(self.reach[index]) & (self.reach[index] > 0)]
        sections = SECTIONS if self.few_calls else 2
        low, parts = np.zeros(len(self.original)), np.arange(1, sections) / sections
        for _ in range(math.ceil(steps / math.log2(sections))):
            if not len(index):
                return
            before, middles = self.reach[index], parts[:, None] * self.reach[index] + (1 - parts[:, None]) * low[index]
            moved = [cells for middle in middles for cells in self._cut(index, middle / before, middle)]
            self.try_each(np.concatenate(moved), np.tile(index, len(moved)), np.repeat(middles, 3, axis=0).ravel())
            failed = np.where(middles < self.reach[index] * (1 - SAME), middles, 0.0).max(axis=0)
            low[index] = np.maximum(low[index], failed)
            index = index[(self.reach[index] > 0) & (low[index] < self.reach[index] * (1 - 1e-6))]

    def _cut(
        self, index: "NDArray[np.int64]", part: "NDArray[np.float64]", size: "NDArray[np.float64]"
    ) -> "tuple[NDArray[np.float64], ...]":
        """Give the best change to be cut to a size, a part of each of its steps, and that size along the best way."""
        import numpy as np

        change = self.best[index] - self.original[index]
        step = np.where(self.space.number, change * part[:, None], change)
        corner = self.base[index] + self.corner[index] * size[:, None] * self.space.scale
        return self.best[index], self.original[index] + step, corner

    def swap_some(self, moved: "NDArray[np.float64]", rows: "NDArray[np.int64]") -> None:
        """Swap one category, or take one back, in about a third of the proposals."""
        import numpy as np

        for columns, contents in self.space.choices():
            choices = np.array(contents).reshape(-1, len(columns))
            at = np.argwhere(self.rng.random(moved.shape[:2]) < 0.3 / (1 + len(self.space.categories)))
            if not len(choices) or not len(at):
                continue
            drawn = self.rng.integers(-1, len(choices), len(at))
            cells = np.where((drawn < 0)[:, None], self.original[rows[at[:, 1]]][:, list(columns)], choices[drawn])
            moved[at[:, :1], at[:, 1:], np.array(columns)] = cells

    def far_ends(self) -> None:
        """Try points at the ends of what is possible, for rows without a start."""
        import numpy as np

        rows = np.flatnonzero(~np.isfinite(self.reach))
        if not len(rows):
            return
        low, high = self.space.limits(self.original[rows])
        shape = (FAR_ENDS, len(rows), self.original.shape[1])
        ends = np.where(self.rng.random(shape) < 0.5, low, high)  # noqa: PLR2004 - heads or tails
        moved = np.where(self.rng.random(shape) < self.rng.random((FAR_ENDS, 1, 1)), ends, self.original[rows])
        if self.space.can_swap:
            self.swap_some(moved, rows)
        self.try_all(moved, rows, np.full(len(rows), np.inf))

    def admissible_all(
        self, moved: "NDArray[np.float64]", rows: "NDArray[np.int64]", within: "NDArray[np.float64]"
    ) -> "NDArray[np.float64]":
        import numpy as np

        count = len(moved)
        every = np.tile(rows, count)
        return self.space.admissible(moved.reshape(-1, moved.shape[2]), self.original[every], np.tile(within, count))

    def try_all(
        self, moved: "NDArray[np.float64]", rows: "NDArray[np.int64]", within: "NDArray[np.float64]"
    ) -> "NDArray[np.float64]":
        """Try moves, shape (moves, rows, columns); give margins, shape (moves, rows)."""
        import numpy as np

        flat = self.admissible_all(moved, rows, within)
        return self.offer(flat, np.tile(rows, len(moved))).reshape(len(moved), len(rows))

    def try_each(
        self, moved: "NDArray[np.float64]", index: "NDArray[np.int64]", within: "NDArray[np.float64]"
    ) -> "NDArray[np.float64]":
        return self.offer(self.space.admissible(moved, self.original[index], within), index)


@dataclass
class _Some:
    """A model, asked about some of the attacked rows."""

    whole: Oracle
    rows: "NDArray[np.int64]"

    graded: bool
    calls: int = 0
    queries: int = 0

    def margins(self, moved: "NDArray[np.float64]", index: "NDArray[np.int64]") -> "NDArray[np.float64]":
        """Ask the whole, which also counts."""
        return self.whole.margins(moved, self.rows[index])


def _coarse(far: "NDArray[np.float64]") -> "NDArray[np.float64]":
    """Make distances that differ by rounding equal."""
    import numpy as np

    scale = 10.0 ** (np.floor(np.log10(np.maximum(far, FLAT))) - 9)
    coarse: NDArray[np.float64] = np.round(far / scale) * scale
    return coarse
