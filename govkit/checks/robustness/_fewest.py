"""How few features a change needs that turns a row, and what it costs: changes found are stripped down to that."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from govkit.checks.robustness._oracle import Asked

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from govkit.checks.robustness._campaign import Attacked

MOST_ROWS = 200
KEPT = (1, 2, 3, 5, 8, 13, 21)
"""Numbers of features that are kept, the most changed first."""
ROUNDS = 6
"""Times that one more feature is put back."""
TRIED = 12
"""Features that are put back one at a time in a round, the least changed first."""


@dataclass(frozen=True)
class Fewest:
    """What the turned rows needed, a value a row."""

    features: "NDArray[np.float64]"
    """Numbers and swaps changed."""
    total: "NDArray[np.float64]"
    """Sum of the changes of numbers in robust scales."""
    cost: "NDArray[np.float64]"


def fewest(found: "Attacked", size: float) -> Fewest | None:
    """Strip the changes of rows turned within a size of all features that they don't need; None without such rows.

    Numbers go to the end of the size first, so that few of them are enough. What is left is an upper bound.
    """
    import numpy as np

    rows = np.flatnonzero(found.turned(size))[:MOST_ROWS]
    if not len(rows):
        return None
    stripped = _Stripped(found.asked.afresh(), rows, found.original[rows], found.best[rows].copy(), size)
    stripped.largest_first()
    for _ in range(ROUNDS):
        if not stripped.one_less():
            break
    return Fewest(stripped.features(stripped.best), stripped.total(stripped.best), stripped.cost())


@dataclass
class _Stripped:
    """Turned rows, and the change with the fewest features that still turns each."""

    asked: Asked
    rows: "NDArray[np.int64]"
    original: "NDArray[np.float64]"
    best: "NDArray[np.float64]"
    size: float

    def largest_first(self) -> None:
        """Keep the most changed features alone, as they are and with numbers at the end of the size."""
        import numpy as np

        space = self.asked.space
        sign = np.sign(np.nan_to_num(self.best - self.original))
        full = np.where(space.number, self.original + sign * self.size * space.scale, self.best)
        tried = []
        for base in (self.best, full):
            rank = np.argsort(np.argsort(-self._amounts(base), axis=1, kind="stable"), axis=1, kind="stable")
            tried += [np.where(rank < kept, base, self.original) for kept in KEPT]
        self._keep(tried)

    def one_less(self) -> bool:
        """Put one more feature back in every row; say whether that worked in any."""
        import numpy as np

        amounts = self._amounts(self.best)
        order = np.argsort(np.where(amounts > 0, amounts, np.inf), axis=1, kind="stable")
        tried, at = [], np.arange(len(self.rows))
        for place in range(min(TRIED, order.shape[1])):
            less = self.best.copy()
            less[at, order[:, place]] = self.original[at, order[:, place]]
            tried.append(less)
        before = self.best.copy()
        self._keep(tried)
        return bool((np.nan_to_num(self.best) != np.nan_to_num(before)).any())

    def features(self, cells: "NDArray[np.float64]") -> "NDArray[np.float64]":
        """Count changed numbers and swaps."""
        import numpy as np

        moved = self.asked.space.number & np.isfinite(self.original) & (cells != self.original)
        count: NDArray[np.float64] = moved.sum(axis=1) + self.asked.space.swapped(cells, self.original).astype(
            np.float64
        )
        return count

    def total(self, cells: "NDArray[np.float64]") -> "NDArray[np.float64]":
        """Add up the changes of numbers, in robust scales."""
        import numpy as np

        far = np.where(self.asked.space.number, np.abs(cells - self.original) / self.asked.space.scale, 0.0)
        found: NDArray[np.float64] = np.nan_to_num(far).sum(axis=1)
        return found

    def cost(self) -> "NDArray[np.float64]":
        """Give the declared cost of what is left."""
        return self.asked.space.price(self.best, self.original)

    def _amounts(self, cells: "NDArray[np.float64]") -> "NDArray[np.float64]":
        """Give by how much each cell changed, a swap counting as much as the whole size."""
        import numpy as np

        space = self.asked.space
        changed = np.nan_to_num(cells) != np.nan_to_num(self.original)
        far = np.where(space.number, np.abs(cells - self.original) / space.scale, changed * self.size)
        return np.nan_to_num(far)

    def _keep(self, tried: "list[NDArray[np.float64]]") -> None:
        """Ask about other changes of all rows at once, and keep those that turn a row with less."""
        import numpy as np

        count = len(tried)
        every = np.tile(self.original, (count, 1))
        moved = self.asked.space.admissible(np.concatenate(tried), every, self.size)
        turned = (self.asked.margins(moved, np.tile(self.rows, count)) < 0).reshape(count, len(self.rows))
        for cells, works in zip(np.split(moved, count), turned, strict=True):
            now, then = self.features(cells), self.features(self.best)
            better = works & ((now < then) | ((now == then) & (self.total(cells) < self.total(self.best))))
            self.best[better] = cells[better]
