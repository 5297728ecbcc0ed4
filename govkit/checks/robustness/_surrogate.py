"""Attacks a stand-in for a model that shows nothing: trees fitted to its answers, and asks it where they are low.

After Papernot et al. (2017), Practical Black-Box Attacks against Machine Learning; boosted trees take networks' place.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from govkit.checks.robustness._oracle import Asked
from govkit.checks.robustness._search import Search

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SMALLER = (0.95, 0.85, 0.7, 0.5)
"""Sizes of the boxes in which the stand-in is led as low as it goes, in parts of the best change."""
ROUND_ROWS = 20
"""Rows asked about for each attacked row and round, for the stand-in to learn from."""
ASIDE = 0.3
"""Spread of these around the best changes, in parts of their size."""
LEADING = (1, 2, 3, 5, 8, 13)
"""Numbers of features that are moved together, the most telling first."""
TRIALS = 60
"""Random moves in a box, of about two features each."""
HALVINGS = 6
LEAST = 1e-12


@dataclass(frozen=True)
class Transferred:
    """What came of the stand-in."""

    rows: int
    """Attacked rows for which it was tried."""
    nearer: int
    """Those among them for which it led to a nearer change."""
    queries: int


def transfer(
    asked: Asked, search: Search, size: float, work: tuple[int, int], rng: "np.random.Generator"
) -> Transferred | None:
    """Fit the stand-in, ask the model about its lowest points in ever smaller boxes, and learn from the answers.

    Args:
        asked: the attacked classifier.
        search: what was found, and where what is found is kept.
        size: largest size of interest.
        work: rounds, and attacked rows that take part, the first ones.
        rng: of the rows that are asked about and the moves in a box.

    Returns:
        None where nothing was tried.
    """
    import numpy as np

    rounds, rows = work[0], np.arange(min(work[1], len(search.original)))
    if not rounds or not len(rows) or not asked.task.is_classification:
        return None
    queries, before = asked.queries, search.reach[rows].copy()
    seen = _Seen(asked, search, rows, rng)
    for _ in range(rounds):
        seen.look_around(size)
        stand_in = seen.fitted()
        if stand_in is None:
            break
        for part in SMALLER:
            seen.ask_lowest(stand_in, size, part)
        search.tighten(rows, steps=HALVINGS)
    nearer = int((search.reach[rows] < before * (1 - 1e-6)).sum())
    return Transferred(len(rows), nearer, asked.queries - queries)


class _Seen:
    """Rows that the model was asked about, with its answers."""

    def __init__(self, asked: Asked, search: Search, rows: "NDArray[np.int64]", rng: "np.random.Generator") -> None:
        import numpy as np

        self._asked, self._search, self._rows, self._rng = asked, search, rows, rng
        self._fixed = _coded(asked)
        every = np.arange(len(search.original))
        self._known = [(self._cells(search.original, every), asked.goal.predicted.astype(np.int64))]

    def look_around(self, size: float) -> None:
        """Ask about rows on the way to the best changes and beside them."""
        import numpy as np

        search, rows = self._search, self._rows
        shape = (ROUND_ROWS, len(rows), search.original.shape[1])
        found = np.isfinite(search.reach[rows])
        reach = np.where(found, search.reach[rows], size)
        original = search.original[rows]
        best = np.where(found[:, None], search.best[rows], original)
        part = self._rng.uniform(0.5, 1.1, (ROUND_ROWS, len(rows), 1))
        aside = self._rng.normal(0, ASIDE, shape) * reach[:, None] * search.space.scale
        aside *= self._rng.random(shape) < self._rng.random((ROUND_ROWS, len(rows), 1))
        moved = np.where(search.space.number, original + part * (best - original) + aside, best)
        self._ask(moved.reshape(-1, shape[2]), np.tile(rows, ROUND_ROWS), np.tile(1.5 * reach, ROUND_ROWS))

    def ask_lowest(self, stand_in: Any, size: float, part: float) -> None:  # noqa: ANN401 - a fitted classifier
        """Ask about the point where the stand-in is lowest in a box around each row that is not turned for nothing."""
        import numpy as np

        open_to = self._rows[self._search.reach[self._rows] > 0]
        within = part * np.minimum(self._search.reach[open_to], 2 * size)
        self._ask(self._lowest(stand_in, open_to, within), open_to, within)

    def fitted(self) -> Any:  # noqa: ANN401 - a fitted classifier
        """Fit trees to all answers; None where the model gave one alone."""
        import numpy as np
        from sklearn.ensemble import HistGradientBoostingClassifier

        cells, answer = (np.concatenate(parts) for parts in zip(*self._known, strict=True))
        if len(np.unique(answer)) < 2:  # noqa: PLR2004 - nothing to tell apart
            return None
        return HistGradientBoostingClassifier(min_samples_leaf=3, early_stopping=False, random_state=0).fit(
            cells, answer
        )

    def _ask(self, moved: "NDArray[np.float64]", index: "NDArray[np.int64]", within: "NDArray[np.float64]") -> None:
        """Ask about changed rows, made possible ones; keep the answers, and what is nearer."""
        import numpy as np

        flat = self._search.space.admissible(moved, self._search.original[index], within)
        answer = self._asked.classes(flat, index)
        self._search.keep(flat, index, np.where(self._asked.turned(answer, index), -LEAST, 1.0))
        told = answer >= 0
        self._known.append((self._cells(flat[told], index[told]), answer[told]))

    def _cells(self, moved: "NDArray[np.float64]", index: "NDArray[np.int64]") -> "NDArray[np.float64]":
        """Give changed rows as the stand-in sees them: the cells that may change, then all others."""
        import numpy as np

        return np.hstack([moved, self._fixed[index]])

    def _lowest(
        self,
        stand_in: Any,  # noqa: ANN401 - a fitted classifier
        index: "NDArray[np.int64]",
        within: "NDArray[np.float64]",
    ) -> "NDArray[np.float64]":
        """Move the features that help in a box, then a few at random again and again, as the stand-in says."""
        import numpy as np

        space, original = self._search.space, self._search.original[index]
        best, low = original.copy(), self._margins(stand_in, original, index)
        step, gain = within[:, None] * space.scale, np.zeros_like(original)
        here = low.copy()

        def tried(moved: "NDArray[np.float64]") -> "NDArray[np.float64]":
            flat = space.admissible(moved, original, within)
            margin = self._margins(stand_in, flat, index)
            lower = margin < low
            best[lower], low[lower] = flat[lower], margin[lower]
            return margin

        for column in np.flatnonzero(space.number).tolist():
            unit = np.eye(len(space.names))[column]
            up, down = (here - tried(original + way * step * unit) for way in (1, -1))
            gain[:, column] = np.where(up >= down, np.maximum(up, 0.0), -np.maximum(down, 0.0))
        rank = np.argsort(np.argsort(-np.abs(gain), axis=1, kind="stable"), axis=1, kind="stable")
        for count in LEADING:
            tried(original + np.where(rank < count, np.sign(gain), 0.0) * step)
        share = min(0.3, 2 / max(int(space.number.sum()), 1))
        for _ in range(TRIALS):
            way = self._rng.uniform(-1, 1, original.shape)
            way = np.where(self._rng.random(original.shape) < 0.5, np.sign(way), way)  # noqa: PLR2004 - heads or tails
            chosen = (self._rng.random(original.shape) < share) & space.number
            tried(np.where(chosen, original + way * step, best))
        return best

    def _margins(
        self,
        stand_in: Any,  # noqa: ANN401 - a fitted classifier
        moved: "NDArray[np.float64]",
        index: "NDArray[np.int64]",
    ) -> "NDArray[np.float64]":
        """Give by how much the stand-in prefers what a row gets to what the attacker wants."""
        import numpy as np

        goal, classes = self._asked.goal, stand_in.classes_
        shares = np.zeros((len(moved), int(max(classes.max(), goal.predicted.max())) + 1))
        shares[:, classes] = stand_in.predict_proba(self._cells(moved, index))
        at, was = np.arange(len(moved)), goal.predicted[index].astype(np.int64)
        if goal.harmful is None:
            own = shares[at, was]
            shares[at, was] = -1.0
            return np.asarray(own - shares.max(axis=1), dtype=np.float64)
        wanted = shares[:, goal.harmful].copy() if goal.harmful < shares.shape[1] else np.zeros(len(moved))
        shares[:, min(goal.harmful, shares.shape[1] - 1)] = -1.0
        return np.asarray(shares.max(axis=1) - wanted, dtype=np.float64)


def _coded(asked: Asked) -> "NDArray[np.float64]":
    """Give the cells that can't change as numbers, categories by their place in the order."""
    import numpy as np
    import pandas as pd

    others = [name for name in asked.rows.columns if name not in asked.space.names]
    parts = [
        asked.rows[name].to_numpy(dtype="float64", na_value=float("nan"))
        if asked.rows[name].dtype.kind in "iufb"
        else pd.factorize(asked.rows[name], sort=True)[0].astype(np.float64)
        for name in others
    ]
    return np.column_stack(parts) if parts else np.empty((len(asked.rows), 0))
