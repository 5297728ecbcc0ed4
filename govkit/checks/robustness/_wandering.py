"""A random search in boxes a little smaller than the best change."""

from typing import TYPE_CHECKING

from govkit.checks.robustness._search import FAR, Effort, Search

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

AT_ENDS, AS_OTHERS, BACK = 0.4, 0.2, 0.25
"""Shares of the random proposals that go to ends of the box or along other rows' changes, and of cells put back."""


def wander(search: Search, size: float, effort: Effort) -> None:
    """Search at random inside a box a little smaller than the best change, and move in whenever one is found."""
    import numpy as np

    count = len(search.original)
    less = np.full(count, 0.08)
    here, margin = search.best.copy(), np.full(count, np.inf)
    fresh = np.ones(count, dtype=bool)
    for number in range(effort.rounds):
        rows = np.flatnonzero(search.reach > 0)
        if not len(rows):
            return
        within = np.minimum(search.reach[rows] * (1 - less[rows]), FAR * size)
        here[rows[fresh[rows]]] = search.best[rows[fresh[rows]]]
        here[rows] = search.space.admissible(here[rows], search.original[rows], within)
        margin[fresh] = np.inf
        before = search.reach[rows].copy()
        moved = _proposals(search, here[rows], rows, within, (number, effort))
        flat = search.admissible_all(moved, rows, within)
        margins = search.offer(flat, np.tile(rows, len(moved))).reshape(len(moved), len(rows))
        first, at = margins.argmin(axis=0), np.arange(len(rows))
        nearer = margins[first, at] <= margin[rows]
        here[rows[nearer]] = flat.reshape(moved.shape)[first, at][nearer]
        margin[rows[nearer]] = margins[first, at][nearer]
        found = search.reach[rows] < before
        fresh[:] = False
        fresh[rows[found]] = True
        less[rows] = np.where(found, np.minimum(less[rows] * 1.3, 0.25), np.maximum(less[rows] * 0.85, 0.01))


def _proposals(
    search: Search,
    here: "NDArray[np.float64]",
    rows: "NDArray[np.int64]",
    within: "NDArray[np.float64]",
    turn: tuple[int, Effort],
) -> "NDArray[np.float64]":
    """Change some cells of every row: to an end of the box, to anywhere in it, back, or as in another row."""
    import numpy as np

    number, effort = turn
    rng, (count, width) = search.rng, here.shape
    shape = (effort.proposals, count, width)
    often = max(0.4 * (1 - number / max(effort.rounds, 1)), 1.5 / max(width, 1))
    chosen = rng.random(shape) < often
    chosen[np.arange(shape[0])[:, None], np.arange(count)[None], rng.integers(width, size=shape[:2])] = True
    kind = rng.random((*shape[:2], 1))
    step = np.where(kind < AT_ENDS, rng.choice([-1.0, 1.0], shape), rng.uniform(-1, 1, shape))
    step = np.where(kind > 1 - AS_OTHERS, _lent(search, shape), step)
    step = np.where(rng.random(shape) < BACK, 0.0, step)
    cells = search.original[rows] + step * within[:, None] * search.space.scale
    moved = np.where(chosen & search.space.number, cells, here)
    if number == 0:
        moved[0] = here
    if search.space.can_swap:
        search.swap_some(moved, rows)
    return moved


def _lent(search: Search, shape: tuple[int, int, int]) -> "NDArray[np.float64]":
    """Give directions, in units of the box, that were found for other rows."""
    import numpy as np

    lenders = np.flatnonzero(np.isfinite(search.reach) & (search.reach > 0))
    if not len(lenders):
        return np.zeros(shape)
    taken = search.rng.choice(lenders, shape[:2])
    step = (search.best[lenders] - search.original[lenders]) / search.space.scale / search.reach[lenders][:, None]
    every = np.zeros_like(search.original)
    every[lenders] = np.nan_to_num(step)
    found: NDArray[np.float64] = every[taken]
    return found
