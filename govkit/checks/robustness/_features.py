"""What changing one feature alone does, over all that is possible for it, in its own unit."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from govkit.checks.robustness._oracle import Asked

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from govkit.checks.robustness._campaign import Attacked

MOST_ROWS = 200
MOST_FEATURES = 20
CELLS = 4_000_000
"""Cells asked about at once where many features go together."""
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


def alone(found: "Attacked", *, few_calls: bool = False) -> list[Alone]:
    """Give every feature's effect, the one that turns the most rows first; none where the model's calls are used up.

    Of many features those are tried that the attack moved the most.

    Args:
        found: what the attack found.
        few_calls: whether to ask about many features in one call.
    """
    import numpy as np

    space, rows = found.space, np.arange(min(len(found.original), MOST_ROWS))
    original = found.original[rows]
    asked = found.asked.afresh()
    numbers = np.flatnonzero(space.number)
    moved = np.nan_to_num(np.abs(found.best - found.original) / space.scale).mean(axis=0)[numbers]
    numbers = np.sort(numbers[np.argsort(-moved, kind="stable")[:MOST_FEATURES]])
    together = max(CELLS // (2 * len(SHARES) * original.size), 1) if few_calls else 1
    results = []
    for at in range(0, len(numbers), together):
        some = numbers[at : at + together]
        told = zip(some.tolist(), _smallest(asked, original, some), strict=True)
        results += [Alone(space.names[column], len(rows), *effect) for column, effect in told]
    for columns, contents in space.choices():
        turned = np.zeros(len(rows), dtype=bool)
        for cells in contents:
            swapped = original.copy()
            swapped[:, list(columns)] = cells
            turned |= asked.margins(space.admissible(swapped, original), rows) < 0
        results.append(Alone(space.names[columns[0]], len(rows), int(turned.sum()), None, swap=True))
    return [] if asked.left_out else sorted(results, key=lambda one: (-one.turned, one.name))


def _smallest(
    asked: Asked, original: "NDArray[np.float64]", columns: "NDArray[np.int64]"
) -> list[tuple[int, float | None]]:
    """Give for each feature how many rows it turns alone, and the median of the smallest change that does."""
    import numpy as np

    count = len(original)
    every = _Places(np.tile(np.arange(count), len(columns)), np.repeat(columns, count))
    low, high = (np.asarray(end) for end in asked.space.limits(original))
    now = original[every.row, every.column]
    ends = [end[every.row, every.column] - now for end in (low, high)]
    steps = np.array([share * end for share in SHARES for end in ends])
    best = _try(asked, original, every, steps, np.full(len(now), np.inf))
    turned, below = np.flatnonzero(np.isfinite(best)), best / 2
    for _ in range(HALVINGS):
        if len(turned):
            middle = (np.abs(best) + np.abs(below))[turned] / 2 * np.sign(best[turned])
            some = _Places(every.row[turned], every.column[turned])
            nearer = _try(asked, original, some, middle[None], best[turned])
            failed = nearer == best[turned]
            below[turned[failed]] = middle[failed]
            best[turned] = nearer
    return [_told(best[every.column == column]) for column in columns.tolist()]


def _told(best: "NDArray[np.float64]") -> tuple[int, float | None]:
    import numpy as np

    turned = best[np.isfinite(best)]
    return len(turned), float(np.median(np.abs(turned))) if len(turned) >= FEWEST else None


@dataclass(frozen=True)
class _Places:
    """Cells that are changed: row and column of each."""

    row: "NDArray[np.int64]"
    column: "NDArray[np.int64]"


def _try(
    asked: Asked,
    original: "NDArray[np.float64]",
    places: _Places,
    steps: "NDArray[np.float64]",
    best: "NDArray[np.float64]",
) -> "NDArray[np.float64]":
    """Try steps of one cell of its row, shape (steps, places); give the smallest that turns each row, with its sign."""
    import numpy as np

    count, rows = len(steps), np.tile(places.row, len(steps))
    at = (np.arange(len(rows)), np.tile(places.column, count))
    moved = original[rows]
    moved[at] += steps.reshape(-1)
    moved = asked.space.admissible(moved, original[rows])
    turned = (asked.margins(moved, rows) < 0).reshape(count, len(places.row))
    taken = (moved[at] - original[rows, at[1]]).reshape(count, len(places.row))
    size = np.where(turned, np.abs(taken), np.inf)
    first, place = size.argmin(axis=0), np.arange(len(places.row))
    found: NDArray[np.float64] = np.where(size[first, place] < np.abs(best), taken[first, place], best)
    return found
