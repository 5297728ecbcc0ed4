"""Goes on from the search with the audited model's own trees, for as many rows as the work allows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from govkit.checks.robustness._forest import Forest
from govkit.checks.robustness._leaf_descent import GAIN, Descent
from govkit.checks.robustness._opened import names, opened, wins_ties
from govkit.checks.robustness._oracle import Asked
from govkit.checks.robustness._packing import boxes_of
from govkit.checks.robustness._reachable import Rows
from govkit.checks.robustness._search import Search
from govkit.inputs.tree_ensemble import Trees

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_RIVALS = 3
"""Classes that are tried in place of a row's own, the nearest first."""
BEYOND = (2, 8)
"""Sizes beyond, in largest sizes of interest, up to which rows that were not turned are tried."""
FOR_FAR = 8
"""Part of the work that may go into each of these."""
CHUNK = 512
"""Rows that go on together, at most."""
VISITS = 4_000_000
"""Nodes that are looked at for them, about."""
GUESS = 40
"""Nodes of a tree that are looked at for a row, before any row has been."""


def shown(asked: Asked) -> "tuple[Forest, NDArray[np.bool_]] | None":
    """Give the model's trees, and for which attacked rows they lead to its answers; None where it shows none."""
    found = opened(asked)
    if found is None or not isinstance(found[0].final, Trees) or (found[0].final.feature < 0).all():
        return None
    return Forest.of(found[0].encoding, found[0].final, asked.space, names(asked)), found[1]


def descend(
    asked: Asked, search: Search, sizes: Sequence[float], work: int, trees: "tuple[Forest, NDArray[np.bool_]]"
) -> "NDArray[np.bool_]":
    """Shorten the changes found, and look for changes where there are none, without asking the model meanwhile.

    Args:
        asked: the attacked model.
        search: what was found, and where what is found is kept.
        sizes: sizes of interest, ascending. All rows are tried up to the largest, and with a part of the work those
            that stayed beyond, in ever larger boxes.
        work: leaves that may be looked at, each times its places and some, over all rows. Rows that a smaller change
            would tell apart come first; those beyond stay as they are.
        trees: what the model shows.

    Returns:
        Which rows were worked on.
    """
    import numpy as np

    forest, known = trees
    done, way = np.zeros(len(search.original), dtype=bool), _Way(forest, asked, search)
    limit, inner = work, 0.0
    for size in (sizes[-1], *(times * sizes[-1] for times in BEYOND)):
        rows = np.flatnonzero(known & (search.reach > inner))
        reach = search.reach[rows]
        order = rows[np.lexsort((reach, reach <= sizes[0]))]
        while len(order) and way.work < limit:
            count = way.rows_at_once(limit)
            way.shorten(order[:count], size)
            done[order[:count]] = True
            order = order[count:]
        way.done = way.visits = way.spent = 0  # rows of another size reach other leaves
        limit, inner = min(limit, way.work + work // FOR_FAR), size
    return done


@dataclass
class _Way:
    """The trees, and the work done with them so far."""

    forest: Forest
    asked: Asked
    search: Search
    work: int = 0
    done: int = 0
    """Rows looked at with this size of change, and nodes for them."""
    visits: int = 0
    spent: int = 0
    """Work on these rows."""

    def rows_at_once(self, work: int) -> int:
        """Give so many rows as go on together, judged by those before."""
        first = not self.done
        usual = GUESS * len(self.forest.trees.root) if first else self.visits // self.done
        left = (work - self.work) // (usual if first else max(self.spent // self.done, 1))
        return max(min(CHUNK, left, VISITS // max(usual, 1)), 1)

    def shorten(self, rows: "NDArray[np.int64]", size: float) -> None:
        """Try to turn rows towards each of their nearest rivals, and offer what is found."""
        import numpy as np

        before, encoded = self.work, self.forest.encoding.encoded(self.asked.rows.iloc[rows])
        scores = self.forest.trees.scores(encoded)
        moved, index = [], []
        for rival in self._rivals(rows, scores):
            for cells, own in self._towards(rows, encoded, rival, size):
                moved.append(cells)
                index.append(own)
        self.done += len(rows)
        self.spent += self.work - before
        if moved:
            every = np.concatenate(index)
            self.search.offer(self.search.space.admissible(np.concatenate(moved), self.search.original[every]), every)

    def _rivals(self, rows: "NDArray[np.int64]", scores: "NDArray[np.float64]") -> "Iterator[NDArray[np.int64]]":
        """Give classes held against the rows' own, by row, the nearest first."""
        import numpy as np

        goal, every = self.asked.goal, np.arange(len(rows))
        label = goal.predicted[rows].astype(np.int64)
        if goal.harmful is not None or scores.shape[1] == 1:
            yield 1 - label if goal.harmful is None else np.full(len(rows), goal.harmful)
            return
        others = scores.copy()
        others[every, label] = -np.inf
        order = np.argsort(-others, axis=1, kind="stable")
        for number in range(min(MOST_RIVALS, scores.shape[1] - 1)):
            yield order[:, number]

    def _towards(
        self,
        rows: "NDArray[np.int64]",
        encoded: "NDArray[np.float64]",
        rival: "NDArray[np.int64]",
        size: float,
    ) -> "Iterator[tuple[NDArray[np.float64], NDArray[np.int64]]]":
        """Give changed cells of rows for which a smaller change was found, and which rows these are."""
        import numpy as np

        search = self.search
        label = self.asked.goal.predicted[rows].astype(np.int64)
        reach = np.minimum(search.reach[rows], size)
        boxes = boxes_of(self.forest, Rows(encoded, search.original[rows], label, rival, reach))
        if boxes is None:
            if len(rows) > 1:
                for half in np.array_split(np.arange(len(rows)), 2):
                    yield from self._towards(rows[half], encoded[half], rival[half], size)
            return
        self.work += boxes.visits
        self.visits += boxes.visits
        rows, label, rival = (each[boxes.rows] for each in (rows, label, rival))
        if not len(boxes.columns) or not len(rows):
            return
        votes = self.forest.trees.votes
        ties = [votes and wins_ties(self.asked, *both) for both in zip(label.tolist(), rival.tolist(), strict=True)]
        descent = Descent(boxes.given, np.where(ties, GAIN, -GAIN))
        values, shorter = descent.shortened(boxes.nearest(search.best[rows]), reach[boxes.rows])
        self.work += descent.work
        if shorter.any():
            yield boxes.cells(values)[shorter], rows[shorter]
