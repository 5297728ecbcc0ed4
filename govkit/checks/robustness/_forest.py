"""An ensemble as rows of a constraint space see it, and the leaves that rows can reach inside a box each."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from govkit.checks.robustness._encoding import Encoding
from govkit.checks.robustness._space import Space
from govkit.checks.robustness._swaps import state_cells, swappable
from govkit.inputs.tree_ensemble import ULPS, Trees

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from govkit.checks.robustness._swaps import Swappable


@dataclass(frozen=True)
class Forest:
    """Trees with every threshold as its rank among those of its encoded column, one column behind the other."""

    encoding: Encoding
    trees: Trees
    space: Space
    column: "NDArray[np.int64]"
    """By encoded column: its column of the space; -1: none."""
    first: "NDArray[np.int64]"
    """By encoded column: where its thresholds begin; one more for their end."""
    thresholds: "NDArray[np.float64]"
    rank: "NDArray[np.int64]"
    """By node."""
    swaps: "tuple[Swappable, ...]"

    @classmethod
    def of(cls, encoding: Encoding, trees: Trees, space: Space, names: list[str]) -> "Forest":
        """Take the trees of a model whose columns have these names."""
        import numpy as np

        at = {name: number for number, name in enumerate(space.names)}
        column = np.array([at.get(names[source], -1) for source in encoding.source.tolist()], dtype=np.int64)
        inner = np.flatnonzero(trees.feature >= 0)
        inner = inner[np.lexsort((trees.threshold[inner], trees.feature[inner]))]
        feature, threshold = trees.feature[inner], trees.threshold[inner]
        fresh = np.ones(len(inner), dtype=bool)
        fresh[1:] = (np.diff(feature) != 0) | (np.diff(threshold) != 0)
        first = np.searchsorted(feature[fresh], np.arange(len(column) + 1))
        rank = np.zeros(len(trees.feature), dtype=np.int64)
        rank[inner] = np.cumsum(fresh) - 1 - first[feature]
        return cls(encoding, trees, space, column, first, threshold[fresh], rank, tuple(swappable(space)))

    def passed(self, at: int, cells: "NDArray[np.float64]") -> "NDArray[np.int64]":
        """Give how many thresholds of an encoded column cells lie to the right of."""
        import numpy as np

        own = self.thresholds[self.first[at] : self.first[at + 1]]
        edges = np.where(np.isfinite(own), own + ULPS * np.abs(own), own)
        return np.searchsorted(edges, self.trees.rounded(cells), side="left")

    def moved(self, at: int, cells: "NDArray[np.float64]") -> "NDArray[np.int64]":
        """Give the same for cells of the space that an encoded column is worked out from."""
        return self.passed(at, self.encoding.slope[at] * cells + self.encoding.shift[at])

    def states(self, at: int, one: "Swappable") -> "NDArray[np.int64]":
        """Give the same for every state of a set of cells that is swapped together."""
        return self.passed(at, state_cells(one, self.encoding, at, int(self.column[at])))

    @property
    def used(self) -> "NDArray[np.int64]":
        """Encoded columns that a threshold divides."""
        import numpy as np

        return np.flatnonzero(np.diff(self.first) > 0)


@dataclass(frozen=True)
class Reached:
    """Leaves, in no order, each with the last of the splits above it that its row's box does not settle."""

    row: "NDArray[np.int64]"
    node: "NDArray[np.int64]"
    split: "NDArray[np.int64]"
    """-1: none."""
    above: "NDArray[np.int64]"
    """By split: the one before it; -1: none."""
    owner: "NDArray[np.int64]"
    """By split: row."""
    feature: "NDArray[np.int64]"
    """By split: encoded column."""
    rank: "NDArray[np.int64]"
    """By split."""
    left: "NDArray[np.bool_]"
    """By split: whether the leaf lies on its left."""
    visits: int
    """Nodes looked at."""


def reached(
    forest: Forest, ends: "tuple[NDArray[np.int64], NDArray[np.int64]]", gone: "NDArray[np.bool_]", most: int
) -> Reached | None:
    """Go down all trees for all rows at once.

    Args:
        forest: the trees.
        ends: least and most thresholds that each row can lie to the right of, shape (rows, encoded columns).
        gone: which encoded cells are missing, of the same shape.
        most: nodes looked at for one row and level on average, beyond which it is too much work.

    Returns:
        None where it is too much work.
    """
    import numpy as np

    trees, count = forest.trees, len(gone)
    row, node = np.repeat(np.arange(count), len(trees.root)), np.tile(trees.root, count)
    split = np.full(len(row), -1)
    leaves: list[tuple[NDArray[np.int64], ...]] = []
    splits: list[tuple[NDArray[np.int64], ...]] = []
    made = visits = 0
    while len(node):
        visits += len(node)
        if len(node) > most * count:
            return None
        feature = trees.feature[node]
        ended = feature < 0
        leaves.append((row[ended], node[ended], split[ended]))
        going = np.flatnonzero(~ended)
        row, node, split, feature = row[going], node[going], split[going], feature[going]
        left, right = _sides(forest, (node, row), ends, gone)
        both, one = np.flatnonzero(left & right), np.flatnonzero(left ^ right)
        new = made + np.arange(2 * len(both))
        made += len(new)
        splits += [
            (split[both], row[both], feature[both], forest.rank[node[both]], np.full(len(both), side))
            for side in (1, 0)
        ]
        kept = np.where(left[one], trees.left[node[one]], trees.right[node[one]])
        node = np.concatenate([kept, trees.left[node[both]], trees.right[node[both]]])
        row = np.concatenate([row[one], row[both], row[both]])
        split = np.concatenate([split[one], new])
    row, node, split = (np.concatenate(parts) for parts in zip(*leaves, strict=True))
    above, owner, feature, rank, left = (np.concatenate(parts) for parts in zip(*splits, strict=True))
    return Reached(row, node, split, above, owner, feature, rank, left > 0, visits)


def _sides(
    forest: Forest,
    at: "tuple[NDArray[np.int64], NDArray[np.int64]]",
    ends: "tuple[NDArray[np.int64], NDArray[np.int64]]",
    gone: "NDArray[np.bool_]",
) -> "tuple[NDArray[np.bool_], NDArray[np.bool_]]":
    """Say at which inner nodes their rows can go left, and at which right."""
    import numpy as np

    node, row = at
    cell, rank = row * gone.shape[1] + forest.trees.feature[node], forest.rank[node]
    left, right = ends[0].ravel()[cell] <= rank, ends[1].ravel()[cell] > rank
    if gone.any():
        missing, by_left = gone.ravel()[cell], forest.trees.missing_left[node] > 0
        left, right = np.where(missing, by_left, left), np.where(missing, ~by_left, right)
    return left, right
