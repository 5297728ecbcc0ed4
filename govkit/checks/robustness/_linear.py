"""The exact smallest change for linear models in a constraint space: a closed form, searched by halving."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from govkit.checks.robustness._space import Space

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

HALVINGS = 60
FARTHEST = 1e6
"""Robust scales; what is not reached within them is not reached at all."""


@dataclass(frozen=True)
class Linear:
    """A score: weights of the numeric cells, one weight for every category of a swapped column, a constant."""

    weights: "NDArray[np.float64]"
    categories: "tuple[NDArray[np.float64], ...]"
    """Weight by code of each of the space's categories."""
    groups: "tuple[NDArray[np.float64], ...]"
    """Weight of each column of the space's one-hot groups."""
    constant: float

    def scores(self, cells: "NDArray[np.float64]", space: Space) -> "NDArray[np.float64]":
        """Give the score of every row of cells; missing cells and unknown categories count nothing."""
        import numpy as np

        total: NDArray[np.float64] = np.nan_to_num(cells) @ self.weights + self.constant
        for one, weights in zip(space.categories, self.categories, strict=True):
            codes = cells[:, one.column].astype(np.int64)
            total += np.where(codes >= 0, weights[np.maximum(codes, 0)], 0.0)
        for group, weights in zip(space.groups, self.groups, strict=True):
            total += cells[:, list(group.columns)] @ weights
        return total


def smallest_changes(
    linear: Linear, space: Space, original: "NDArray[np.float64]", start: "NDArray[np.float64] | None" = None
) -> "NDArray[np.float64]":
    """Give each row's distance, in robust scales, to the nearest possible row on the other side of 0.

    In a box every free cell goes to the end that helps, and the best swaps are taken, so what can be gained within a
    size is known exactly and grows with it; the smallest size is found by halving. Relations between columns are
    left out, so with them the result is a lower bound.

    Args:
        linear: the score; its weight is 0 for cells that are swapped.
        space: the constraint space.
        original: cells, shape (rows, columns).
        start: the rows' own scores where cells outside the space count as well; else worked out from the cells.

    Returns:
        Distances; infinite where no size is enough, 0 where swaps are.
    """
    import numpy as np

    score = linear.scores(original, space) if start is None else start
    sign = np.where(score > 0, -1.0, 1.0)
    swapped = sign * score + _by_swaps(linear, space, original, sign)

    def reaches(size: "NDArray[np.float64]") -> "NDArray[np.bool_]":
        low, high = space.limits(original, size)
        gains = np.maximum(
            sign[:, None] * linear.weights * (high - original), sign[:, None] * linear.weights * (low - original)
        )
        total = np.nan_to_num(np.where(space.number, gains, 0.0)).sum(axis=1) + swapped
        # a score of 0 is the negative class
        return np.asarray(np.where(sign > 0, total > 0, total >= 0), dtype=np.bool_)

    lowest, highest = np.zeros(len(original)), np.full(len(original), FARTHEST)
    possible, at_once = reaches(highest), reaches(lowest)
    for _ in range(HALVINGS):
        middle = (lowest + highest) / 2
        there = reaches(middle)
        highest, lowest = np.where(there, middle, highest), np.where(there, lowest, middle)
    return np.where(at_once, 0.0, np.where(possible, highest, np.inf))


def _by_swaps(
    linear: Linear, space: Space, original: "NDArray[np.float64]", sign: "NDArray[np.float64]"
) -> "NDArray[np.float64]":
    """Give what the best swaps gain, so many as may happen at once."""
    import numpy as np

    gains = [np.zeros(len(original))]
    for one, weights in zip(space.categories, linear.categories, strict=True):
        codes = original[:, one.column].astype(np.int64)
        known = np.maximum(codes, 0)
        offered = np.where(one.allowed[known], sign[:, None] * (weights[None, :] - weights[known][:, None]), 0.0)
        gains.append(np.where(codes >= 0, offered.max(axis=1, initial=0.0), 0.0))
    for group, weights in zip(space.groups, linear.groups, strict=True):
        cells = original[:, list(group.columns)]
        sound = ((cells == 0) | (cells == 1)).all(axis=1) & (cells.sum(axis=1) == 1)
        known = np.nan_to_num(cells).argmax(axis=1)
        offered = np.where(group.allowed[known], sign[:, None] * (weights[None, :] - weights[known][:, None]), 0.0)
        gains.append(np.where(sound, offered.max(axis=1, initial=0.0), 0.0))
    best = -np.sort(-np.array(gains), axis=0)
    result: NDArray[np.float64] = np.maximum(best[: space.swaps], 0.0).sum(axis=0)
    return result
