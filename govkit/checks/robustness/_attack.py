"""A search for small admissible changes that turn a right answer wrong: ART's HopSkipJump on possible rows."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from govkit.checks.robustness._lockstep import Ask, Search, in_lockstep
from govkit.checks.robustness._space import Labels, Space

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

STARTS = 12
"""Rows of another class tried as starting points."""
BORROWED = 12
"""Directions found for other rows that are tried on a row."""
NUDGES = (0.0, 1e-6, 1e-4, 1e-3)
"""Stretches of a starting point, so that rounding to single precision does not put it back over the boundary."""
MOST_QUESTIONS = 400
TOGETHER = 250
"""Rows attacked in lockstep."""


@dataclass(frozen=True)
class Effort:
    """How hard the attack tries; see the check's work counts."""

    iterations: int
    evaluations: int
    noise: int


class Attack:
    """Rows under attack and, for each, the closest admissible row found with another label."""

    def __init__(self, labels: Labels, space: Space, rows: "pd.DataFrame", predicted: "NDArray[np.int64]") -> None:
        """Take rows that the model answers rightly, with its answers."""
        import numpy as np

        self._labels, self._space, self._rows, self._predicted = labels, space, rows, predicted
        self.original = space.values(rows)
        self.best = self.original.copy()
        self.reach = np.full(len(rows), np.inf)
        """Distance of the closest one in robust scales; infinite: none found."""

    def flips(self, moved: "NDArray[np.float64]", index: "NDArray[np.int64]") -> "NDArray[np.bool_]":
        """Ask whether changed rows get another label; the closest for each row are kept."""
        import numpy as np

        answered = self._labels(self._space.frame(self._rows.iloc[index], moved))
        changed: NDArray[np.bool_] = answered != self._predicted[index]
        far = self._space.distance(moved, self.original[index])
        for at in np.flatnonzero(changed & (far < self.reach[index])):
            if far[at] < self.reach[index[at]]:
                self.reach[index[at]] = far[at]
                self.best[index[at]] = moved[at]
        return changed

    def start(self, pool: "NDArray[np.float64]", pool_predicted: "NDArray[np.int64]") -> "NDArray[np.int64]":
        """Look for starting points among rows of other classes; give the rows that have one."""
        import numpy as np

        candidates, index = [], []
        for row, original in enumerate(self.original):
            others = pool[pool_predicted != self._predicted[row]]
            nearest = np.argsort(self._space.distance(others, original), kind="stable")[:STARTS]
            moved = np.where(np.isfinite(others[nearest]), others[nearest], original)
            candidates.append(self._space.admissible(moved, original))
            index.append(np.full(len(nearest), row))
        if candidates:
            self.flips(np.concatenate(candidates), np.concatenate(index))
        return np.flatnonzero(np.isfinite(self.reach) & (self.reach > 0))

    def hop_skip_jump(self, index: "NDArray[np.int64]", effort: Effort) -> None:
        """Move from the starting points towards the rows, all rows in lockstep."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of ART's own imports
            for start in range(0, len(index), TOGETHER):
                group = index[start : start + TOGETHER].tolist()
                searches = [self._search(row, effort) for row in group]
                in_lockstep(searches, partial(self._answer, group), limit=MOST_QUESTIONS)

    def boxes(self, eps: float, effort: Effort, rng: "np.random.Generator") -> "NDArray[np.bool_]":
        """Try the box of one size around every row not yet broken in it; say which rows random changes broke."""
        import numpy as np

        by_noise = np.zeros(len(self.original), dtype=bool)
        everyone = np.arange(len(self.original))
        half = effort.noise // 2
        width = self.original.shape[1]
        for share in (1.0, 0.0):
            draws = rng.uniform(-1, 1, (half, len(everyone), width))
            moves = np.where(share, np.sign(draws), draws)
            by_noise |= self._try(moves, everyone, eps).any(axis=0)
        left = np.flatnonzero(self.reach > eps)
        self._try(self._directions(left, rng), left, eps)
        return by_noise

    def verify(self) -> tuple[int, int]:
        """Test every change found once more; give how many answers varied and how many rows were impossible.

        What fails is forgotten.
        """
        import numpy as np

        index = np.flatnonzero(np.isfinite(self.reach))
        again = self._labels(self._space.frame(self._rows.iloc[index], self.best[index]))
        varied = again == self._predicted[index]
        impossible = self._space.violations(self.best[index], self.original[index], self.reach[index])
        self.reach[index[varied | impossible]] = np.inf
        return int(varied.sum()), int(impossible.sum())

    def _try(self, moves: "NDArray[np.float64]", index: "NDArray[np.int64]", eps: float) -> "NDArray[np.bool_]":
        """Try moves in units of the box, shape (moves, rows, columns); give flips, shape (moves, rows)."""
        import numpy as np

        count, rows, width = moves.shape
        every = np.tile(index, count)
        moved = self.original[every] + eps * self._space.scale * moves.reshape(-1, width)
        moved = self._space.admissible(moved, self.original[every], eps)
        return self.flips(moved, every).reshape(count, rows)

    def _directions(self, index: "NDArray[np.int64]", rng: "np.random.Generator") -> "NDArray[np.float64]":
        """Give corners worth trying: the row's own direction, its class's common one, and some found for other rows."""
        import numpy as np

        found = np.isfinite(self.reach)
        signs = np.nan_to_num(np.sign(self.best - self.original))
        steps = np.nan_to_num((self.best - self.original) / self._space.scale)
        largest = np.maximum(np.abs(steps).max(axis=1, initial=0.0), 1e-12)
        directions = [signs[index], (steps / largest[:, None])[index]]
        common = np.zeros_like(signs)
        for one in np.unique(self._predicted):
            same = self._predicted == one
            common[same] = np.sign(signs[same & found].sum(axis=0))
        directions.append(common[index])
        for _ in range(BORROWED):
            borrowed = signs.copy()
            for one in np.unique(self._predicted):
                same = self._predicted == one
                lenders = np.flatnonzero(same & found)
                if len(lenders):
                    borrowed[same] = signs[rng.choice(lenders, int(same.sum()))]
            directions.append(borrowed[index])
        return np.array(directions)

    def _search(self, row: int, effort: Effort) -> Search:
        """Prepare ART's attack on the free cells of one row, in robust scales around it."""
        import numpy as np

        free = np.flatnonzero(self._space.free(self.original[row]))
        scale, original = self._space.scale[free], self.original[row, free]
        start = (self.best[row, free] - original) / scale
        radius = self.reach[row] * (1 + 2 * max(NUDGES))
        low = np.maximum((np.minimum(self._space.low[free], original) - original) / scale, -radius)
        high = np.minimum((np.maximum(self._space.high[free], original) - original) / scale, radius)

        def search(ask: Ask) -> None:
            from art.attacks.evasion import HopSkipJump
            from art.estimators.classification import BlackBoxClassifier

            view = BlackBoxClassifier(ask, (len(free),), 2, clip_values=(low - 1e-6, high + 1e-6))
            attack = HopSkipJump(
                view,
                norm=np.inf,
                max_iter=effort.iterations,
                init_eval=effort.evaluations,
                max_eval=10 * effort.evaluations,
                init_size=1,
                batch_size=10 * effort.evaluations,
                verbose=False,
            )
            starts = np.array([start * (1 + nudge) for nudge in NUDGES], dtype=np.float32)
            works = np.flatnonzero(ask(starts)[:, 1])
            if len(works):  # else ART would draw starting points from a generator seeded by the operating system
                attack.generate(np.zeros((1, len(free)), dtype=np.float32), x_adv_init=starts[works[:1]])

        return search

    def _answer(
        self, group: list[int], waiting: "Sequence[tuple[int, NDArray[np.float32]]]"
    ) -> "list[NDArray[np.float32]]":
        """Answer every search in one call: column 0 for the row's own label, column 1 for any other."""
        import numpy as np

        asked = [(group[at], question) for at, question in waiting]
        index = np.concatenate([np.full(len(question), row) for row, question in asked])
        moved = self.original[index]
        at = 0
        for row, question in asked:
            free = np.flatnonzero(self._space.free(self.original[row]))
            cells = self.original[row, free] + question.astype(np.float64) * self._space.scale[free]
            moved[at : at + len(question), free] = cells
            at += len(question)
        changed = self.flips(self._space.admissible(moved, self.original[index]), index)
        both = np.stack([~changed, changed], axis=1).astype(np.float32)
        return np.split(both, np.cumsum([len(question) for _, question in asked])[:-1])
