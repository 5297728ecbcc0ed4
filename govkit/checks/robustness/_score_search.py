"""Searches by scores: features one at a time, those that help together, then ever smaller boxes."""

from typing import TYPE_CHECKING

from govkit.checks.robustness._search import DOUBLINGS, FLAT, Effort, Search
from govkit.checks.robustness._sweeps import sweep
from govkit.checks.robustness._wandering import wander

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

HALVINGS = 7
"""Sizes tried along a direction, each half of the one before."""
LEADING = (1, 2, 3, 5, 8)
"""Numbers of features that are moved together, the most telling first."""
SMALLER = (0.1, 0.1, 0.03, 0.03)
"""Shares by which a sweep's box is smaller than the best change, in turn."""
NEAR = 0.1
"""Steps around the boundary, in parts of the best change."""


def everything(search: Search, size: float, effort: Effort) -> None:
    """Search with all means, first within `size`, then ever nearer."""
    search.far_ends()
    along_directions(search, size, effort)
    search.tighten(range(len(search.original)), steps=10)
    for number in range(effort.sweeps):
        along_boundary(search, effort)
        sweep(search, size, SMALLER[number % len(SMALLER)], effort, anew=number % 2 == 0)
        search.tighten(range(len(search.original)), steps=4)
    wander(search, size, effort)
    search.tighten(range(len(search.original)), steps=8)


def along_directions(search: Search, size: float, effort: Effort) -> None:
    """Move features one at a time to learn which way leads nearer, then all that help along one line."""
    import numpy as np

    rows = np.arange(len(search.original))
    base = _swapped_best(search, rows)
    directions = _directions(search, base, rows, (np.full(len(rows), size), np.full(len(rows), size)), effort)
    tried = [directions]
    gains = np.abs(directions)
    rank = np.argsort(np.argsort(-gains, axis=1, kind="stable"), axis=1, kind="stable")
    tried += [np.where(rank < count, directions, 0.0) for count in LEADING if count < directions.shape[1]]
    strongest = gains.max(axis=1, keepdims=True, initial=0.0)
    tried.append(directions / np.maximum(strongest, FLAT))
    search.corner, search.base = np.sign(directions), base
    sizes = size * 2.0 ** (DOUBLINGS - np.arange(DOUBLINGS + HALVINGS))
    moved, index, within = [], [], []
    for number, line in enumerate(tried):
        unit = line if number == len(tried) - 1 else np.sign(line)
        for far in sizes:
            moved.append(base + far * unit * search.space.scale)
            index.append(rows)
            within.append(np.full(len(rows), far))
    search.try_each(np.concatenate(moved), np.concatenate(index), np.concatenate(within))


def _swapped_best(search: Search, rows: "NDArray[np.int64]") -> "NDArray[np.float64]":
    """Give each row with the swaps that lead nearest to the goal, one after the other."""
    import numpy as np

    base = search.original[rows].copy()
    if not search.space.can_swap or not len(rows):
        return base
    margin = search.oracle.margins(base, rows)
    for _ in range(min(search.space.swaps, len(search.space.categories) + len(search.space.groups))):
        moved = np.array(_with_swaps(search, base))
        count = len(moved)
        flat = search.space.admissible(moved.reshape(-1, base.shape[1]), search.original[np.tile(rows, count)])
        asked = search.offer(flat, np.tile(rows, count)).reshape(count, len(rows))
        moved = flat.reshape(moved.shape)
        first = asked.argmin(axis=0)
        at = np.arange(len(rows))
        nearer = asked[first, at] < margin
        base[nearer] = moved[first, at][nearer]
        margin = np.minimum(margin, asked[first, at])
    return base


def _with_swaps(search: Search, base: "NDArray[np.float64]") -> "list[NDArray[np.float64]]":
    found = []
    for columns, contents in search.space.choices():
        for cells in contents:
            moved = base.copy()
            moved[:, list(columns)] = cells
            found.append(moved)
    return found or [base]


def _directions(
    search: Search,
    base: "NDArray[np.float64]",
    rows: "NDArray[np.int64]",
    box: "tuple[NDArray[np.float64], NDArray[np.float64]]",
    effort: Effort,
) -> "NDArray[np.float64]":
    """Give for every numeric feature how much nearer a step leads, with the sign of the step.

    Args:
        search: rows under attack.
        base: cells from which the steps go out.
        rows: which attacked rows they belong to.
        box: by row, the step and the largest change from the original, both in robust scales.
        effort: how many moves may be tried.
    """
    import numpy as np

    step, within = box
    numbers = np.flatnonzero(search.space.number)
    if 2 * len(numbers) > effort.probes:
        return _pooled_directions(search, base, rows, box, effort)
    here = search.oracle.margins(base, rows)
    moved = np.repeat(base[None], 2 * len(numbers), axis=0)
    for at, column in enumerate(numbers):
        moved[2 * at, :, column] += step * search.space.scale[column]
        moved[2 * at + 1, :, column] -= step * search.space.scale[column]
    margins = search.try_all(moved, rows, within)
    with np.errstate(invalid="ignore"):  # where nothing was answered
        gain = np.where(np.isfinite(margins), here - margins, 0.0).reshape(len(numbers), 2, len(rows))
    found = np.zeros_like(base)
    best = np.maximum(gain.max(axis=1), 0.0)
    found[:, numbers] = np.where(gain[:, 0] >= gain[:, 1], best, -best).T
    return found


def _pooled_directions(
    search: Search,
    base: "NDArray[np.float64]",
    rows: "NDArray[np.int64]",
    box: "tuple[NDArray[np.float64], NDArray[np.float64]]",
    effort: Effort,
) -> "NDArray[np.float64]":
    """Learn the same from random moves of all features at once, where there are too many to try each."""
    import numpy as np

    step, within = box
    signs = search.rng.choice([-1.0, 1.0], (effort.probes // 2, len(rows), base.shape[1])) * search.space.number
    both = np.concatenate([signs, -signs])
    margins = search.try_all(base + step[:, None] * search.space.scale * both, rows, within)
    margins = np.where(np.isfinite(margins), margins, 0.0)
    found: NDArray[np.float64] = -(margins[:, :, None] * both).mean(axis=0)
    return found


def along_boundary(search: Search, effort: Effort) -> None:
    """Learn the ways that lead nearer again where the best change meets the boundary, and follow them."""
    import numpy as np

    rows = np.flatnonzero(np.isfinite(search.reach) & (search.reach > 0))
    if not len(rows):
        return
    reach = search.reach[rows]
    ways = np.sign(_directions(search, search.best[rows], rows, (NEAR * reach, reach * (1 + NEAR)), effort))
    search.corner[rows] = np.where(ways == 0, search.corner[rows], ways)
    search.base[rows] = np.where(search.space.number, search.original[rows], search.best[rows])
    search.tighten(rows, steps=5)
