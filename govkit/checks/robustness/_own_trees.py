"""Goes on from the search with the audited model's own trees, for as many rows as the work allows."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from govkit.checks.robustness._encoding import Inside
from govkit.checks.robustness._leaf_descent import Descent
from govkit.checks.robustness._opened import difference, leaves_for, names, opened, rivals
from govkit.checks.robustness._oracle import Asked
from govkit.checks.robustness._reachable import Forest, box_of
from govkit.checks.robustness._search import Search
from govkit.inputs.tree_ensemble import Trees

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_RIVALS = 3
"""Classes that are tried in place of a row's own, the nearest first."""


def descend(asked: Asked, search: Search, sizes: Sequence[float], work: int) -> None:
    """Shorten the changes found, and look for changes where there are none, without asking the model meanwhile.

    Args:
        asked: the attacked model.
        search: what was found, and where what is found is kept.
        sizes: sizes of interest, ascending; rows that were not turned are tried up to the largest.
        work: leaves times values that may be looked at, over all rows. Rows that a smaller change would tell apart
            come first; those beyond stay as they are.
    """
    import numpy as np

    found = opened(asked) if work else None
    trees = found[0].final if found else None
    if found is None or not isinstance(trees, Trees):
        return
    inside, known = found
    rows = np.flatnonzero(known & (search.reach > 0))
    if not len(rows) or (trees.feature < 0).all():
        return
    way = _Way(inside, trees, asked, search, rows)
    moved, index = [], []
    reach = np.minimum(search.reach[rows], sizes[-1])
    for at in np.lexsort((reach, reach <= sizes[0])).tolist():
        if way.work >= work:
            break
        row = int(rows[at])
        shorter = way.shorter(at, row, float(search.reach[row] if np.isfinite(search.reach[row]) else sizes[-1]))
        moved += shorter
        index += [row] * len(shorter)
    if moved:
        at_rows = np.array(index)
        search.offer(search.space.admissible(np.array(moved), search.original[at_rows]), at_rows)


class _Way:
    """The trees, and the work done with them so far."""

    def __init__(self, inside: Inside, trees: Trees, asked: Asked, search: Search, rows: "NDArray[np.int64]") -> None:
        self._trees, self._asked, self._search = trees, asked, search
        self._forest = Forest.of(inside.encoding, trees, search.space, names(asked))
        self._encoded = inside.encoding.encoded(asked.rows.iloc[rows])
        self._scores = trees.scores(self._encoded)
        self.work = 0

    def shorter(self, at: int, row: int, reach: float) -> "list[NDArray[np.float64]]":
        """Give changed cells of a row, one for every rival for which a change below `reach` was found."""
        label, outputs = int(self._asked.goal.predicted[row]), self._trees.value.shape[1]
        original, now = self._search.original[row], self._search.best[row]
        others = rivals(self._asked, label, outputs)
        others.sort(key=lambda rival: float(difference(self._scores[at], label, rival)))
        found = []
        for rival in others[:MOST_RIVALS]:
            favours = leaves_for(self._trees.value, label, rival, len(self._trees.root))
            # what the library rounds away is not to be lost to a tie
            base = float(difference(self._trees.base, label, rival)) + self._trees.slack
            box = box_of(self._forest, (self._encoded[at], original), (favours, base), reach)
            self.work += len(self._forest.paths.leaf)
            if box is None:
                continue
            descent = Descent(box.given)
            values = descent.shortened(box.nearest(now), reach)
            self.work += descent.work
            if values is not None:
                found.append(box.cells(original, values))
        return found
