"""Sweeps over single features in a box smaller than the best change, and what helps together."""

from typing import TYPE_CHECKING

from govkit.checks.robustness._search import FAR, Effort, Search

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PARTS = (1, 2, 4, 8)
"""Numbers of moves that are made together, the most helpful first."""
INNER = 1
"""Values tried between the middle and each end of a box, one drawn from each of so many equal parts."""
VALUES = 3 + 2 * INNER


def sweep(search: Search, size: float, less: float, effort: Effort, *, anew: bool) -> None:
    """In a box smaller than the best change, try each feature's ends and middle, then what helps together.

    Args:
        search: rows under attack.
        size: largest size of interest.
        less: share by which the box is smaller.
        effort: how many moves may be tried.
        anew: start from the unchanged rows, so as to find changes of another kind; else from the best change.
    """
    import numpy as np

    rows = np.flatnonzero(search.reach > 0)
    if not len(rows):
        return
    within = np.minimum(search.reach[rows] * (1 - less), FAR * size)
    here = search.space.admissible((search.base if anew else search.best)[rows], search.original[rows], within)
    margin = search.offer(here, rows)
    moves = _single_moves(search, here, rows, within, effort)
    if moves:
        flat = search.admissible_all(np.array([cells for _, cells in moves]), rows, within)
        moved = flat.reshape(len(moves), len(rows), -1)
        margins = search.offer(flat, np.tile(rows, len(moves))).reshape(moved.shape[:2])
        with np.errstate(invalid="ignore"):  # where nothing was answered
            change = margins - margin
        _together(search, [columns for columns, _ in moves], moved, change, (here, rows, within))


def _single_moves(
    search: Search,
    here: "NDArray[np.float64]",
    rows: "NDArray[np.int64]",
    within: "NDArray[np.float64]",
    effort: Effort,
) -> "list[tuple[tuple[int, ...], NDArray[np.float64]]]":
    import numpy as np

    numbers = np.flatnonzero(search.space.number)
    if VALUES * len(numbers) > effort.probes:
        numbers = np.sort(search.rng.permutation(numbers)[: max(effort.probes // VALUES, 1)])
    found: list[tuple[tuple[int, ...], NDArray[np.float64]]] = []
    for column in numbers:
        within_thirds = (np.arange(-INNER, INNER)[:, None] + search.rng.random((2 * INNER, len(rows)))) / INNER
        for part in (np.ones(len(rows)), -np.ones(len(rows)), np.zeros(len(rows)), *within_thirds):
            moved = here.copy()
            moved[:, column] = search.original[rows, column] + part * within * search.space.scale[column]
            found.append(((int(column),), moved))
    for columns, contents in search.space.choices():
        for cells in (*contents, None):
            moved = here.copy()
            at = list(columns)
            moved[:, at] = search.original[rows][:, at] if cells is None else cells
            found.append((columns, moved))
    return found


def _together(
    search: Search,
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
    search.try_all(np.array(combined), rows, within)
