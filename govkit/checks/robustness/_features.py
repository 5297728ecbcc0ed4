"""What changing one feature alone does, over all that is possible for it, in its own unit."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from govkit.checks.robustness._oracle import Asked
from govkit.inputs.model import Model
from govkit.inputs.task import Task

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from govkit.checks.robustness._campaign import Attacked

MOST_ROWS = 200
MOST_FEATURES = 20
SHARES = (1.0, 0.5, 0.25, 0.125, 0.0625, 0.03125)
"""Parts of the way to the end of what is possible that are tried."""
HALVINGS = 4
FEWEST = 5
"""Turned rows from which their median change is told."""


@dataclass(frozen=True)
class Alone:
    """One feature's effect."""

    name: str
    rows: int
    turned: int
    change: float | None
    """Median of the smallest change among the turned rows, in the feature's own unit; None for swaps and few rows."""
    swap: bool = False


def alone(model: Model, task: Task, found: "Attacked") -> list[Alone]:
    """Give every feature's effect, the one that turns the most rows first.

    Of many features those are tried that the attack moved the most.
    """
    import numpy as np

    space, rows = found.space, np.arange(min(len(found.original), MOST_ROWS))
    original = found.original[rows]
    asked = Asked(model, task, space, found.sample.features, found.sample.goal)
    numbers = np.flatnonzero(space.number)
    moved = np.nan_to_num(np.abs(found.best - found.original) / space.scale).mean(axis=0)[numbers]
    numbers = np.sort(numbers[np.argsort(-moved, kind="stable")[:MOST_FEATURES]])
    results = [Alone(space.names[at], len(rows), *_smallest(asked, rows, original, int(at))) for at in numbers]
    for columns, contents in space.choices():
        turned = np.zeros(len(rows), dtype=bool)
        for cells in contents:
            swapped = original.copy()
            swapped[:, list(columns)] = cells
            turned |= asked.margins(space.admissible(swapped, original), rows) < 0
        results.append(Alone(space.names[columns[0]], len(rows), int(turned.sum()), None, swap=True))
    return sorted(results, key=lambda one: (-one.turned, one.name))


def _smallest(
    asked: Asked, rows: "NDArray[np.int64]", original: "NDArray[np.float64]", column: int
) -> tuple[int, float | None]:
    """Give how many rows one feature turns, and the median of the smallest change that does."""
    import numpy as np

    space = asked.space
    low, high = space.limits(original)
    ends = np.stack([low[:, column], high[:, column]]) - original[:, column]
    steps = np.array([share * end for share in SHARES for end in ends])
    best = _try(asked, rows, original, column, steps, np.full(len(rows), np.inf))
    turned = np.flatnonzero(np.isfinite(best))
    below = best / 2
    for _ in range(HALVINGS):
        if not len(turned):
            return 0, None
        middle = (np.abs(best) + np.abs(below))[turned] / 2 * np.sign(best[turned])
        nearer = _try(asked, turned, original[turned], column, middle[None], best[turned])
        failed = nearer == best[turned]
        below[turned[failed]] = middle[failed]
        best[turned] = nearer
    return len(turned), float(np.median(np.abs(best[turned]))) if len(turned) >= FEWEST else None


def _try(  # noqa: PLR0913, PLR0917 - rows, what is changed in them, and what is known
    asked: Asked,
    rows: "NDArray[np.int64]",
    original: "NDArray[np.float64]",
    column: int,
    steps: "NDArray[np.float64]",
    best: "NDArray[np.float64]",
) -> "NDArray[np.float64]":
    """Try steps of one column, shape (steps, rows); give the smallest that turns each row, with its sign."""
    import numpy as np

    count = len(steps)
    moved = np.tile(original, (count, 1))
    moved[:, column] += steps.reshape(-1)
    moved = asked.space.admissible(moved, np.tile(original, (count, 1)))
    turned = (asked.margins(moved, np.tile(rows, count)) < 0).reshape(count, len(rows))
    taken = (moved[:, column] - np.tile(original[:, column], count)).reshape(count, len(rows))
    size = np.where(turned, np.abs(taken), np.inf)
    first, at = size.argmin(axis=0), np.arange(len(rows))
    found: NDArray[np.float64] = np.where(size[first, at] < np.abs(best), taken[first, at], best)
    return found
