"""A search for the smallest possible change of every row that reaches a goal; all rows advance together."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from govkit.checks.robustness._oracle import Oracle
from govkit.checks.robustness._space import Space

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

HALVINGS = 7
"""Sizes tried along a direction, each half of the one before."""
LEADING = (1, 2, 3, 5, 8)
"""Numbers of features that are moved together, the most telling first."""
NEAREST = 4
"""Rows with another answer tried as starting points."""
PARTS = (1, 2, 4, 8)
FLAT = 1e-12
INNER = 1
"""Values tried between the middle and each end of a box, one drawn from each of so many equal parts."""
VALUES = 3 + 2 * INNER
SMALLER = (0.1, 0.1, 0.03, 0.03)
"""Shares by which a sweep's box is smaller than the best change, in turn."""
PROBES = 30
"""Points around the boundary that labels are asked for in a round."""
NEAR = 0.1
KEPT = 0.7
"""Weight of earlier rounds in the estimate of the way out."""
STEPS = (0.5, 0.7, 0.85, 0.95)
FAR_ENDS = 24
AT_ENDS, AS_OTHERS, BACK = 0.4, 0.2, 0.25
"""Shares of the random proposals that go to ends of the box or along other rows' changes, and of cells put back."""
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
        self, oracle: Oracle, space: Space, original: "NDArray[np.float64]", rng: "np.random.Generator"
    ) -> None:
        """Take rows whose goal is not reached as they are; cells in the order of the space."""
        import numpy as np

        self.oracle, self.space, self.original, self._rng = oracle, space, original, rng
        self.best = original.copy()
        self.reach = np.full(len(original), np.inf)
        """Distance of the best change in robust scales; infinite: none found. 0: a swap is enough."""
        self._margin = np.full(len(original), np.inf)
        self._corner = np.zeros_like(original)
        """The way that leads nearer for each feature: -1, 0 or 1."""
        self._base = original.copy()
        """Rows with the swaps from which these ways lead on."""

    def offer(self, moved: "NDArray[np.float64]", index: "NDArray[np.int64]") -> "NDArray[np.float64]":
        """Ask about possible rows and keep the nearest that reach the goal; give the margins."""
        import numpy as np

        margins = self.oracle.margins(moved, index)
        far = self.space.distance(moved, self.original[index])
        nearer = far < self.reach[index] * (1 - SAME)
        clearer = (far <= self.reach[index]) & (margins < self._margin[index])
        better = np.flatnonzero((margins < 0) & (nearer | clearer))
        # the best is written last: the nearest, and of those as near the one with the clearest answer
        better = better[np.lexsort((-margins[better], -_coarse(far[better])))]
        self.reach[index[better]] = far[better]
        self.best[index[better]] = moved[better]
        self._margin[index[better]] = margins[better]
        return margins

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

    def at_random(self, size: float, draws: int) -> "NDArray[np.bool_]":
        """Try random possible changes within a size, half at the ends of the box; say which rows any of them turned."""
        import numpy as np

        rows = np.arange(len(self.original))
        moves = self._rng.uniform(-1, 1, (draws, *self.original.shape))
        moves[::2] = np.sign(moves[::2])
        moved = np.where(self.space.number, self.original + moves * size * self.space.scale, self.original)
        if self.space.can_swap:
            self._swap_some(moved, rows)
        found: NDArray[np.bool_] = np.any(self._try_all(moved, rows, np.full(len(rows), size)) < 0, axis=0)
        return found

    def everything(self, size: float, effort: Effort) -> None:
        """Search with all means, first within `size`, then ever nearer."""
        self.far_ends()
        self.along_directions(size, effort)
        self.tighten(range(len(self.original)), steps=10)
        for number in range(effort.sweeps):
            self.sweep(size, SMALLER[number % len(SMALLER)], effort, anew=number % 2 == 0)
            self.tighten(range(len(self.original)), steps=4)
        self.wander(size, effort)
        self.tighten(range(len(self.original)), steps=8)

    # -- single features, then many at once

    def along_directions(self, size: float, effort: Effort) -> None:
        """Move features one at a time to learn which way leads nearer, then all that help along one line."""
        import numpy as np

        rows = np.arange(len(self.original))
        base = self._swapped_best(rows)
        directions = self._directions(base, rows, size, effort)
        tried = [directions]
        gains = np.abs(directions)
        rank = np.argsort(np.argsort(-gains, axis=1, kind="stable"), axis=1, kind="stable")
        tried += [np.where(rank < count, directions, 0.0) for count in LEADING if count < directions.shape[1]]
        strongest = gains.max(axis=1, keepdims=True, initial=0.0)
        tried.append(directions / np.maximum(strongest, FLAT))
        self._corner, self._base = np.sign(directions), base
        sizes = size * 2.0 ** (DOUBLINGS - np.arange(DOUBLINGS + HALVINGS))
        moved, index, within = [], [], []
        for number, line in enumerate(tried):
            unit = line if number == len(tried) - 1 else np.sign(line)
            for far in sizes:
                moved.append(base + far * unit * self.space.scale)
                index.append(rows)
                within.append(np.full(len(rows), far))
        self._try(np.concatenate(moved), np.concatenate(index), np.concatenate(within))

    def _swapped_best(self, rows: "NDArray[np.int64]") -> "NDArray[np.float64]":
        """Give each row with the swaps that lead nearest to the goal, one after the other."""
        import numpy as np

        base = self.original[rows].copy()
        if not self.space.can_swap or not len(rows):
            return base
        margin = self.oracle.margins(base, rows)
        for _ in range(min(self.space.swaps, len(self.space.categories) + len(self.space.groups))):
            moved = np.array(self._with_swaps(base))
            count = len(moved)
            flat = self.space.admissible(moved.reshape(-1, base.shape[1]), self.original[np.tile(rows, count)])
            asked = self.offer(flat, np.tile(rows, count)).reshape(count, len(rows))
            moved = flat.reshape(moved.shape)
            first = asked.argmin(axis=0)
            at = np.arange(len(rows))
            nearer = asked[first, at] < margin
            base[nearer] = moved[first, at][nearer]
            margin = np.minimum(margin, asked[first, at])
        return base

    def _with_swaps(self, base: "NDArray[np.float64]") -> "list[NDArray[np.float64]]":
        found = []
        for columns, contents in self.space.choices():
            for cells in contents:
                moved = base.copy()
                moved[:, list(columns)] = cells
                found.append(moved)
        return found or [base]

    def _directions(
        self, base: "NDArray[np.float64]", rows: "NDArray[np.int64]", size: float, effort: Effort
    ) -> "NDArray[np.float64]":
        """Give for every numeric feature how much nearer a step of `size` leads, with the sign of the step."""
        import numpy as np

        numbers = np.flatnonzero(self.space.number)
        if 2 * len(numbers) > effort.probes:
            return self._pooled_directions(base, rows, size, effort)
        here = self.oracle.margins(base, rows)
        moved = np.repeat(base[None], 2 * len(numbers), axis=0)
        for at, column in enumerate(numbers):
            moved[2 * at, :, column] += size * self.space.scale[column]
            moved[2 * at + 1, :, column] -= size * self.space.scale[column]
        margins = self._try_all(moved, rows, np.full(len(rows), size))
        gain = np.where(np.isfinite(margins), here - margins, 0.0).reshape(len(numbers), 2, len(rows))
        found = np.zeros_like(base)
        best = np.maximum(gain.max(axis=1), 0.0)
        found[:, numbers] = np.where(gain[:, 0] >= gain[:, 1], best, -best).T
        return found

    def _pooled_directions(
        self, base: "NDArray[np.float64]", rows: "NDArray[np.int64]", size: float, effort: Effort
    ) -> "NDArray[np.float64]":
        """Learn the same from random moves of all features at once, where there are too many to try each."""
        import numpy as np

        signs = self._rng.choice([-1.0, 1.0], (effort.probes // 2, len(rows), base.shape[1])) * self.space.number
        both = np.concatenate([signs, -signs])
        margins = self._try_all(base + size * self.space.scale * both, rows, np.full(len(rows), size))
        margins = np.where(np.isfinite(margins), margins, 0.0)
        found: NDArray[np.float64] = -(margins[:, :, None] * both).mean(axis=0)
        return found

    # -- nearer

    def tighten(self, rows: "range | NDArray[np.int64]", steps: int) -> None:
        """Halve again and again the part of each change that is still needed."""
        import numpy as np

        index = np.asarray(rows)
        index = index[np.isfinite(self.reach[index]) & (self.reach[index] > 0)]
        low = np.zeros(len(self.original))
        for _ in range(steps):
            if not len(index):
                return
            middle = (low[index] + self.reach[index]) / 2
            step = (self.best[index] - self.original[index]) * (middle / self.reach[index])[:, None]
            step = np.where(self.space.number, step, self.best[index] - self.original[index])
            corner = self._base[index] + self._corner[index] * middle[:, None] * self.space.scale
            moved = np.stack([self.best[index], self.original[index] + step, corner])
            before = self.reach[index]
            self._try_all(moved, index, middle)
            failed = self.reach[index] >= before
            low[index[failed]] = middle[failed]
            index = index[(self.reach[index] > 0) & (low[index] < self.reach[index] * (1 - 1e-6))]

    def sweep(self, size: float, less: float, effort: Effort, *, anew: bool) -> None:
        """In a box smaller than the best change, try each feature's ends and middle, then what helps together.

        Args:
            size: largest size of interest.
            less: share by which the box is smaller.
            effort: how many moves may be tried.
            anew: start from the unchanged rows, so as to find changes of another kind; else from the best change.
        """
        import numpy as np

        rows = np.flatnonzero(self.reach > 0)
        if not len(rows):
            return
        within = np.minimum(self.reach[rows] * (1 - less), FAR * size)
        here = self.space.admissible((self._base if anew else self.best)[rows], self.original[rows], within)
        margin = self.offer(here, rows)
        moves = self._single_moves(here, rows, within, effort)
        if moves:
            flat = self._admissible_all(np.array([cells for _, cells in moves]), rows, within)
            moved = flat.reshape(len(moves), len(rows), -1)
            margins = self.offer(flat, np.tile(rows, len(moves))).reshape(moved.shape[:2])
            self._together([columns for columns, _ in moves], moved, margins - margin, (here, rows, within))

    def _single_moves(
        self,
        here: "NDArray[np.float64]",
        rows: "NDArray[np.int64]",
        within: "NDArray[np.float64]",
        effort: Effort,
    ) -> "list[tuple[tuple[int, ...], NDArray[np.float64]]]":
        import numpy as np

        numbers = np.flatnonzero(self.space.number)
        if VALUES * len(numbers) > effort.probes:
            numbers = np.sort(self._rng.permutation(numbers)[: max(effort.probes // VALUES, 1)])
        found: list[tuple[tuple[int, ...], NDArray[np.float64]]] = []
        for column in numbers:
            within_thirds = (np.arange(-INNER, INNER)[:, None] + self._rng.random((2 * INNER, len(rows)))) / INNER
            for part in (np.ones(len(rows)), -np.ones(len(rows)), np.zeros(len(rows)), *within_thirds):
                moved = here.copy()
                moved[:, column] = self.original[rows, column] + part * within * self.space.scale[column]
                found.append(((int(column),), moved))
        for columns, contents in self.space.choices():
            for cells in (*contents, None):
                moved = here.copy()
                at = list(columns)
                moved[:, at] = self.original[rows][:, at] if cells is None else cells
                found.append((columns, moved))
        return found

    def _together(
        self,
        columns: list[tuple[int, ...]],
        moved: "NDArray[np.float64]",
        change: "NDArray[np.float64]",
        at: "tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]",
    ) -> None:
        """Combine the most helpful moves of single features."""
        import numpy as np

        here, rows, within = at
        change = np.where(np.isfinite(change), change, 0.0)
        order = np.argsort(change, axis=0, kind="stable")
        combined = []
        for count in (*PARTS, len(columns)):
            cells = here.copy()
            for place in range(min(count, len(columns)) - 1, -1, -1):  # the most helpful is written last
                chosen = order[place]
                for move in np.unique(chosen):
                    helped = np.flatnonzero((chosen == move) & (change[move] < 0))
                    for column in columns[move]:
                        cells[helped, column] = moved[move, helped, column]
            combined.append(cells)
        self._try_all(np.array(combined), rows, within)

    def wander(self, size: float, effort: Effort) -> None:
        """Search at random inside a box a little smaller than the best change, and move in whenever one is found."""
        import numpy as np

        count = len(self.original)
        less = np.full(count, 0.08)
        here, margin = self.best.copy(), np.full(count, np.inf)
        fresh = np.ones(count, dtype=bool)
        for number in range(effort.rounds):
            rows = np.flatnonzero(self.reach > 0)
            if not len(rows):
                return
            within = np.minimum(self.reach[rows] * (1 - less[rows]), FAR * size)
            here[rows[fresh[rows]]] = self.best[rows[fresh[rows]]]
            here[rows] = self.space.admissible(here[rows], self.original[rows], within)
            margin[fresh] = np.inf
            before = self.reach[rows].copy()
            moved = self._proposals(here[rows], rows, within, (number, effort))
            flat = self._admissible_all(moved, rows, within)
            margins = self.offer(flat, np.tile(rows, len(moved))).reshape(len(moved), len(rows))
            first, at = margins.argmin(axis=0), np.arange(len(rows))
            nearer = margins[first, at] <= margin[rows]
            here[rows[nearer]] = flat.reshape(moved.shape)[first, at][nearer]
            margin[rows[nearer]] = margins[first, at][nearer]
            found = self.reach[rows] < before
            fresh[:] = False
            fresh[rows[found]] = True
            less[rows] = np.where(found, np.minimum(less[rows] * 1.3, 0.25), np.maximum(less[rows] * 0.85, 0.01))

    def _proposals(
        self,
        here: "NDArray[np.float64]",
        rows: "NDArray[np.int64]",
        within: "NDArray[np.float64]",
        turn: tuple[int, Effort],
    ) -> "NDArray[np.float64]":
        """Change some cells of every row: to an end of the box, to anywhere in it, back, or as in another row."""
        import numpy as np

        number, effort = turn
        rng, (count, width) = self._rng, here.shape
        shape = (effort.proposals, count, width)
        often = max(0.4 * (1 - number / max(effort.rounds, 1)), 1.5 / max(width, 1))
        chosen = rng.random(shape) < often
        chosen[np.arange(shape[0])[:, None], np.arange(count)[None], rng.integers(width, size=shape[:2])] = True
        kind = rng.random((*shape[:2], 1))
        step = np.where(kind < AT_ENDS, rng.choice([-1.0, 1.0], shape), rng.uniform(-1, 1, shape))
        step = np.where(kind > 1 - AS_OTHERS, self._lent(shape), step)
        step = np.where(rng.random(shape) < BACK, 0.0, step)
        cells = self.original[rows] + step * within[:, None] * self.space.scale
        moved = np.where(chosen & self.space.number, cells, here)
        if number == 0:
            moved[0] = here
        if self.space.can_swap:
            self._swap_some(moved, rows)
        return moved

    def _lent(self, shape: tuple[int, int, int]) -> "NDArray[np.float64]":
        """Give directions, in units of the box, that were found for other rows."""
        import numpy as np

        lenders = np.flatnonzero(np.isfinite(self.reach) & (self.reach > 0))
        if not len(lenders):
            return np.zeros(shape)
        taken = self._rng.choice(lenders, shape[:2])
        step = (self.best[lenders] - self.original[lenders]) / self.space.scale / self.reach[lenders][:, None]
        every = np.zeros_like(self.original)
        every[lenders] = np.nan_to_num(step)
        found: NDArray[np.float64] = every[taken]
        return found

    def _swap_some(self, moved: "NDArray[np.float64]", rows: "NDArray[np.int64]") -> None:
        """Swap one category, or take one back, in about a third of the proposals."""
        import numpy as np

        for columns, contents in self.space.choices():
            choices = np.array(contents).reshape(-1, len(columns))
            at = np.argwhere(self._rng.random(moved.shape[:2]) < 0.3 / (1 + len(self.space.categories)))
            if not len(choices) or not len(at):
                continue
            drawn = self._rng.integers(-1, len(choices), len(at))
            cells = np.where((drawn < 0)[:, None], self.original[rows[at[:, 1]]][:, list(columns)], choices[drawn])
            moved[at[:, :1], at[:, 1:], np.array(columns)] = cells

    # -- labels only

    def walk(self, rounds: int, size: float) -> None:
        """Follow the boundary with labels alone: estimate which way leads out, step along it, halve, again.

        After HopSkipJump (Chen, Jordan and Wainwright 2020) with steps for the largest change. The estimates of
        earlier rounds count on, which a nearly straight boundary rewards.
        """
        import numpy as np

        self.far_ends()
        self.tighten(range(len(self.original)), steps=9)
        way = np.zeros_like(self.original)
        for _ in range(rounds):
            rows = np.flatnonzero(np.isfinite(self.reach) & (self.reach > 0))
            if not len(rows):
                return
            reach, best, original = self.reach[rows], self.best[rows], self.original[rows]
            signs = self._rng.choice([-1.0, 1.0], (PROBES, len(rows), best.shape[1])) * self.space.number
            near = best + signs * (NEAR * reach)[:, None] * self.space.scale
            margins = self._try_all(near, rows, reach * (1 + NEAR))
            out = np.where(margins < 0, 1.0, -1.0)
            seen = ((out - out.mean(axis=0))[:, :, None] * signs).mean(axis=0)
            way[rows] = KEPT * way[rows] + seen
            step = np.sign(way[rows]) * self.space.scale
            moved = [original + (part * reach)[:, None] * step for part in STEPS]
            moved += [best + (part * reach)[:, None] * step for part in (0.1, 0.3)]
            moved += [original + (part * reach)[:, None] * self._common(way[rows]) for part in STEPS]
            back = [np.where(self._rng.random(best.shape) < 0.15, original, best) for _ in range(4)]  # noqa: PLR2004
            kept = [np.where(self.space.number, cells, best) for cells in (*moved, *back)]
            self._try_all(np.array(kept), rows, reach)
            self._corner[rows], self._base[rows] = np.sign(way[rows]), np.where(self.space.number, original, best)
            self.tighten(rows, steps=4)
        self.wander(size, Effort(probes=0, sweeps=0, rounds=rounds // 2, proposals=6))
        self.tighten(range(len(self.original)), steps=6)

    def _common(self, way: "NDArray[np.float64]") -> "NDArray[np.float64]":
        """Give every row the way that most rows on its side of the boundary share, a robust scale a column."""
        import numpy as np

        middle = way.mean(axis=0)
        for _ in range(3):
            side = np.sign(way @ middle)[:, None]
            middle = (way * side).mean(axis=0)
        found: NDArray[np.float64] = np.sign(middle) * np.sign(way @ middle)[:, None] * self.space.scale
        return found

    def far_ends(self) -> None:
        """Try points at the ends of what is possible, for rows without a start."""
        import numpy as np

        rows = np.flatnonzero(~np.isfinite(self.reach))
        if not len(rows):
            return
        low, high = self.space.limits(self.original[rows])
        shape = (FAR_ENDS, len(rows), self.original.shape[1])
        ends = np.where(self._rng.random(shape) < 0.5, low, high)  # noqa: PLR2004 - heads or tails
        moved = np.where(self._rng.random(shape) < self._rng.random((FAR_ENDS, 1, 1)), ends, self.original[rows])
        if self.space.can_swap:
            self._swap_some(moved, rows)
        self._try_all(moved, rows, np.full(len(rows), np.inf))

    # -- asking

    def _admissible_all(
        self, moved: "NDArray[np.float64]", rows: "NDArray[np.int64]", within: "NDArray[np.float64]"
    ) -> "NDArray[np.float64]":
        import numpy as np

        count = len(moved)
        every = np.tile(rows, count)
        return self.space.admissible(moved.reshape(-1, moved.shape[2]), self.original[every], np.tile(within, count))

    def _try_all(
        self, moved: "NDArray[np.float64]", rows: "NDArray[np.int64]", within: "NDArray[np.float64]"
    ) -> "NDArray[np.float64]":
        """Try moves, shape (moves, rows, columns); give margins, shape (moves, rows)."""
        import numpy as np

        flat = self._admissible_all(moved, rows, within)
        return self.offer(flat, np.tile(rows, len(moved))).reshape(len(moved), len(rows))

    def _try(
        self, moved: "NDArray[np.float64]", index: "NDArray[np.int64]", within: "NDArray[np.float64]"
    ) -> "NDArray[np.float64]":
        return self.offer(self.space.admissible(moved, self.original[index], within), index)


def _coarse(far: "NDArray[np.float64]") -> "NDArray[np.float64]":
    """Make distances that differ by rounding equal."""
    import numpy as np

    scale = 10.0 ** (np.floor(np.log10(np.maximum(far, FLAT))) - 9)
    coarse: NDArray[np.float64] = np.round(far / scale) * scale
    return coarse
