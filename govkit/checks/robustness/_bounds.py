"""Proved lower bounds on the smallest change, from the model's own numbers: linear models and trees."""

from typing import TYPE_CHECKING

from govkit.checks.robustness._encoding import Inside, Trees, Weights, agreeing, inside_of
from govkit.checks.robustness._linear import Linear, smallest_changes
from govkit.checks.robustness._oracle import Asked
from govkit.checks.robustness._search import Search
from govkit.checks.robustness._space import Space
from govkit.checks.robustness._tree_search import Rival, nearest_leaves

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_CLASSES = 20
EVEN_ODDS = 0.5
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
    plain = asked.task.is_classification and asked.task.threshold in (None, EVEN_ODDS)
    if not plain or len(asked.task.classes) > MOST_CLASSES:
        return bounds
    inside = inside_of(asked.model)
    if inside is None:
        return bounds
    known = agreeing(inside, asked.rows, asked.model, [int(label) for label in asked.goal.predicted])
    if isinstance(inside.final, Weights):
        found = _linear_bounds(inside, inside.final, asked, search)
        bounds[known] = found[known]
    else:
        index = np.flatnonzero(known)
        if len(inside.final.root) > 1:
            index = index[: max(rows, small_rows) if len(inside.final.left) <= SMALL else rows]
        found, nearer = _tree_bounds(inside, inside.final, asked, (search, index, size, nodes))
        bounds[index] = found
        turned = np.flatnonzero(~np.isnan(nearer).all(axis=1))
        if len(turned):
            cells = np.where(np.isnan(nearer[turned]), search.original[index[turned]], nearer[turned])
            search.offer(search.space.admissible(cells, search.original[index[turned]]), index[turned])
    return np.asarray(np.minimum(bounds * (1 - SHAVED), search.reach), dtype=np.float64)


def _rivals(asked: Asked, label: int, outputs: int) -> list[int]:
    """Give the classes that would do for an attacker in place of a row's own."""
    if asked.goal.harmful is not None:
        return [asked.goal.harmful]
    return [one for one in range(max(outputs, 2)) if one != label]


def _difference(values: "NDArray[np.float64]", label: int, rival: int) -> "NDArray[np.float64]":
    """Give by how much the last axis favours a label over a rival; with a single output its sign decides."""
    if values.shape[-1] == 1:
        own: NDArray[np.float64] = values[..., 0] if label == 1 else -values[..., 0]
        return own
    result: NDArray[np.float64] = values[..., label] - values[..., rival]
    return result


def _linear_bounds(inside: Inside, final: Weights, asked: Asked, search: Search) -> "NDArray[np.float64]":
    import numpy as np

    labels = asked.goal.predicted.astype(np.int64)
    scores = inside.scores(asked.rows)
    bounds = np.full(len(labels), np.inf)
    for label in np.unique(labels).tolist():
        rows = np.flatnonzero(labels == label)
        for rival in _rivals(asked, label, scores.shape[1]):
            weights = _difference(final.coef.T, label, rival)
            linear = _in_cells(inside, weights, search.space, asked)
            start = _difference(scores[rows], label, rival)
            found = smallest_changes(linear, search.space, search.original[rows], start)
            bounds[rows] = np.minimum(bounds[rows], found)
    return bounds


def _in_cells(inside: Inside, weights: "NDArray[np.float64]", space: Space, asked: Asked) -> Linear:
    """Turn weights of encoded columns into weights of the space's cells."""
    import numpy as np

    names = [str(name) for name in asked.rows.columns]
    place = {names.index(name): at for at, name in enumerate(space.names)}
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
        for number in _rivals(asked, label, final.value.shape[1]):
            value = _difference(final.value, label, number)
            if len(final.root) == 1:  # one leaf decides, so only its side counts, and ties go to the first class
                value = np.where((value > 0) | ((value == 0) & (label < number)), 1.0, -1.0)
            rival = Rival(inside.encoding, final, search.space, _names(asked), value)
            constant = float(_difference(final.base, label, number))
            bound, cells = nearest_leaves(rival, encoded[at], search.original[row], (constant, reach, nodes))
            if cells is not None and bound < best:
                nearer[at] = cells
            best = min(best, bound)
        bounds[at] = best
    return bounds, nearer


def _names(asked: Asked) -> list[str]:
    return [str(name) for name in asked.rows.columns]
