"""Proved lower bounds on the smallest change, from the model's own numbers: linear models and trees."""

from typing import TYPE_CHECKING

from govkit.checks.robustness._encoding import Inside, Weights
from govkit.checks.robustness._linear import Linear, smallest_changes
from govkit.checks.robustness._opened import difference, leaves_for, names, opened, rivals, wins_ties
from govkit.checks.robustness._oracle import Asked
from govkit.checks.robustness._search import Search
from govkit.checks.robustness._space import Space
from govkit.checks.robustness._tree_search import Rival, nearest_leaves
from govkit.inputs.tree_ensemble import Trees

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_CLASSES = 20
SMALL = 2_000
"""Nodes in all up to which an ensemble is small, so that proofs are cheap."""
SHAVED = 1e-6
"""Relative part taken off every bound for what rounding may do."""


def prove(
    asked: Asked, search: Search, size: float, work: tuple[int, int], *, small_rows: int = 0
) -> "NDArray[np.float64]":
    """Work out lower bounds for attacked rows, and hand nearer changes that turn up to the search.

    Args:
        asked: the attacked model.
        search: what the attack found.
        size: largest size of interest; nothing beyond is proved for rows that were not turned.
        work: rows to work on where each takes a search of its own (linear models and single trees take all), and
            branches that such a search may take.
        small_rows: rows to work on instead where they are more and the ensemble is small.

    Returns:
        A bound a row; NaN where none was worked out.
    """
    import numpy as np

    rows, nodes = work
    bounds = np.full(len(search.original), np.nan)
    found = opened(asked) if len(asked.task.classes) <= MOST_CLASSES else None
    if found is None:
        return bounds
    inside, known = found
    if isinstance(inside.final, Weights):
        bounds[known] = _linear_bounds(inside, inside.final, asked, search)[known]
    else:
        index = np.flatnonzero(known)
        if len(inside.final.root) > 1:
            index = index[: max(rows, small_rows) if len(inside.final.left) <= SMALL else rows]
        bounds[index], nearer = _tree_bounds(inside, inside.final, asked, (search, index, size, nodes))
        turned = np.flatnonzero(~np.isnan(nearer).all(axis=1))
        if len(turned):
            cells = np.where(np.isnan(nearer[turned]), search.original[index[turned]], nearer[turned])
            search.offer(search.space.admissible(cells, search.original[index[turned]]), index[turned])
    return np.asarray(np.minimum(bounds * (1 - SHAVED), search.reach), dtype=np.float64)


def _linear_bounds(inside: Inside, final: Weights, asked: Asked, search: Search) -> "NDArray[np.float64]":
    import numpy as np

    labels = asked.goal.predicted.astype(np.int64)
    scores = inside.scores(asked.rows)
    bounds = np.full(len(labels), np.inf)
    for label in np.unique(labels).tolist():
        rows = np.flatnonzero(labels == label)
        for rival in rivals(asked, label, scores.shape[1]):
            weights = difference(final.coef.T, label, rival)
            linear = _in_cells(inside, weights, search.space, asked)
            start = difference(scores[rows], label, rival)
            found = smallest_changes(linear, search.space, search.original[rows], start)
            bounds[rows] = np.minimum(bounds[rows], found)
    return bounds


def _in_cells(inside: Inside, weights: "NDArray[np.float64]", space: Space, asked: Asked) -> Linear:
    """Turn weights of encoded columns into weights of the space's cells."""
    import numpy as np

    columns = names(asked)
    place = {columns.index(name): at for at, name in enumerate(space.names)}
    cells = np.zeros(len(space.names))
    categories = [np.zeros(len(one.values)) for one in space.categories]
    swapped = {one.column: number for number, one in enumerate(space.categories)}
    for at, source in enumerate(inside.encoding.source.tolist()):
        column = place.get(source)
        if column is None:
            continue
        if column in swapped:
            one = space.categories[swapped[column]]
            categories[swapped[column]] += weights[at] * np.array(
                [inside.encoding.value(at, value) for value in one.values]
            )
        else:
            cells[column] += weights[at] * inside.encoding.slope[at]
    groups = tuple(cells[list(group.columns)] for group in space.groups)
    return Linear(np.where(space.number, cells, 0.0), tuple(categories), groups, 0.0)


def _tree_bounds(
    inside: Inside,
    final: Trees,
    asked: Asked,
    how: "tuple[Search, NDArray[np.int64], float, int]",
) -> "tuple[NDArray[np.float64], NDArray[np.float64]]":
    """Give bounds for some rows and cells of nearer changes, NaN where there are none."""
    import numpy as np

    search, index, size, nodes = how
    bounds, nearer = np.full(len(index), np.nan), np.full((len(index), len(search.space.names)), np.nan)
    encoded = inside.encoding.encoded(asked.rows.iloc[index])
    for at, row in enumerate(index.tolist()):
        reach = search.reach[row] if np.isfinite(search.reach[row]) else size
        label = int(asked.goal.predicted[row])
        best = np.inf
        for number in rivals(asked, label, final.value.shape[1]):
            value = leaves_for(final.value, label, number, len(final.root))
            rival = Rival(inside.encoding, final, search.space, names(asked), value)
            constant = float(difference(final.base, label, number))
            if final.votes and not wins_ties(asked, label, number):
                constant += 1 / len(final.root)  # a whole vote more than a tie is needed
            bound, cells = nearest_leaves(rival, encoded[at], search.original[row], (constant, reach, nodes))
            if cells is not None and bound < best:
                nearer[at] = cells
            best = min(best, bound)
        bounds[at] = best
    return bounds, nearer
