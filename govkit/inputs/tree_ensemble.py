"""Trees of an ensemble as plain numbers: laid one behind the other, answered as their library answers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_NUMBERS = 20_000_000
"""Leaf values, over all trees and outputs."""
MOST_SETS = 5_000
"""Different sets of categories that splits may ask for."""
MOST_REGROWN = 500_000
"""Nodes of trees in which 0 is told apart."""
ULPS = 1e-15
"""Relative room for a cell to equal a threshold that it was worked out to in another order."""
WHOLE = 1e-9
"""How near to whole numbers the leaves' values, times the trees, must be to be votes."""
Arrays = dict[str, "NDArray[np.generic]"]
Member = tuple["NDArray[Any]", ...]
"""One tree: left, right, feature (-1: leaf), threshold, missing_left and value (nodes, outputs) by node."""


REASONS = (
    "it has no trees, or more than can be looked into",
    "it holds splits of another kind",
    "it is made of something else than trees",
    "it takes 0 for a missing value",
    "it takes a scaled column for categories",
    "it takes categories from a sparse matrix",
    "it works with categories, texts or embeddings by statistics of its own",
    "its leaves hold linear models",
    "its leaves hold several values",
    "its objective is not one of those known",
    "its objective or its way of boosting is not one of those known",
    "its scores are of another form than its trees",
    "its splits on categories are too many",
    "its trees as read do not give its scores",
    "its trees take 0 for a missing value in too many places",
    "something else than the larger score decides",
    "the borders of its splits are too close to be told apart",
)
"""Why trees are not read, as the end of a sentence; of what the model's process says, no other text is believed."""


class NotDescribed(Exception):
    """There are no numbers for a part of the model; carries one of `REASONS` where it can be told why."""


@dataclass(frozen=True)
class Trees:
    """Trees of an ensemble, one behind the other; a leaf has feature -1, a cell up to the threshold goes left."""

    left: "NDArray[np.int64]"
    right: "NDArray[np.int64]"
    feature: "NDArray[np.int64]"
    threshold: "NDArray[np.float64]"
    missing_left: "NDArray[np.int64]"
    value: "NDArray[np.float64]"
    """Shape (nodes, outputs)."""
    root: "NDArray[np.int64]"
    base: "NDArray[np.float64]"
    """By output: what the sum of the leaves starts from."""
    single: bool = False
    """Whether cells are rounded to single precision before they are compared."""
    logistic: bool = False
    """Whether the library's probabilities are the scores' logistic function, of several outputs their softmax."""
    slack: float = 0.0
    """How far a score may be from the library's own, which adds up in single precision."""

    @classmethod
    def laid_out(
        cls, members: Sequence[Member], base: "NDArray[np.float64]", *, single: bool = False, logistic: bool = False
    ) -> "Trees":
        """Lay trees one behind the other; of a single tree, what it starts from goes into its leaves.

        Args:
            members: the trees.
            base: shape (outputs,).
            single: whether cells are rounded to single precision.
            logistic: whether probabilities are the logistic function of scores.

        Raises:
            NotDescribed: they hold more numbers than are worth sending.
        """
        import numpy as np

        if not members or sum(member[5].size for member in members) > MOST_NUMBERS:
            raise NotDescribed("it has no trees, or more than can be looked into")
        roots = np.cumsum([0, *(len(member[0]) for member in members)])
        left, right = (  # children are positions, which move along
            np.concatenate([member[at] + root for member, root in zip(members, roots, strict=False)]) for at in (0, 1)
        )
        feature, threshold, missing, value = (np.concatenate([member[at] for member in members]) for at in range(2, 6))
        if len(members) == 1:
            value, base = value + base, np.zeros(len(base))
        return cls(left, right, feature, threshold, missing, value, roots[:-1], base, single=single, logistic=logistic)

    @classmethod
    def of(cls, arrays: "Mapping[str, NDArray[Any]]") -> "Trees":
        """Read the trees back from `arrays`."""
        parts = {one.name: arrays[f"trees:{one.name}"] for one in fields(cls)}
        single, logistic, slack = (parts.pop(name)[0] for name in ("single", "logistic", "slack"))
        return cls(**parts, single=bool(single), logistic=bool(logistic), slack=float(slack))

    def arrays(self) -> Arrays:
        """Give every field as an array `trees:<field>`."""
        import numpy as np

        return {f"trees:{one.name}": np.atleast_1d(getattr(self, one.name)) for one in fields(self)}

    def scores(self, encoded: "NDArray[np.float64]") -> "NDArray[np.float64]":
        """Give the sum of the leaves' values, shape (rows, outputs)."""
        import numpy as np

        cells = self.rounded(encoded)
        total = np.tile(self.base, (len(cells), 1))
        rows = np.arange(len(cells))
        for root in self.root.tolist():
            node = np.full(len(cells), root)
            inner = self.feature[node] >= 0
            while inner.any():
                at = node[inner]
                cell = cells[rows[inner], self.feature[at]]
                below = cell - self.threshold[at] <= ULPS * np.abs(self.threshold[at])
                goes_left = np.where(np.isnan(cell), self.missing_left[at] > 0, below)
                node[inner] = np.where(goes_left, self.left[at], self.right[at])
                inner = self.feature[node] >= 0
            total += self.value[node]
        return total

    @cached_property
    def votes(self) -> bool:
        """Whether every tree gives its whole vote to one class, so that sums are exact and ties real."""
        import numpy as np

        parts = self.value[self.feature < 0] * len(self.root)
        return self.value.shape[1] > 1 and not self.slack and bool((np.abs(parts - np.rint(parts)) < WHOLE).all())

    def rounded(self, cells: "NDArray[np.float64]") -> "NDArray[np.float64]":
        """Give cells as they are compared with thresholds."""
        import numpy as np

        return cells.astype(np.float32).astype(np.float64) if self.single else cells

    def with_zeros_missing(self, below: Sequence[float | None]) -> "Trees":
        """Give trees that send a cell of 0 the way of a missing one.

        Args:
            below: by column, the largest number that counts as less than 0; None for a column of 0 and 1 alone.

        Raises:
            NotDescribed: they grow too large.
        """
        grown = _Regrown(self, below)
        return grown.trees()

    def probabilities(self, scores: "NDArray[np.float64]") -> "NDArray[np.float64]":
        """Give class probabilities, shape (rows, classes), for scores of shape (rows, outputs)."""
        import numpy as np

        if not self.logistic:
            return scores
        both = np.hstack([np.zeros_like(scores), scores]) if scores.shape[1] == 1 else scores
        risen = np.exp(both - both.max(axis=1, keepdims=True))
        shares: NDArray[np.float64] = risen / risen.sum(axis=1, keepdims=True)
        return shares


CategorySet = tuple[int, frozenset[int]]
"""A column, and the codes for which a split goes right."""


@dataclass(frozen=True)
class Decoded:
    """Trees, and the columns that splits on categories were turned into: 1 for a code of the set, else 0."""

    trees: Trees
    sets: tuple[CategorySet, ...] = ()
    """By added column, in order behind the model's own."""
    categories: Mapping[int, Sequence[Any]] = field(default_factory=dict)
    """By column: what its codes stand for; columns that are not here hold codes themselves."""
    sparse_zero_is_missing: bool = False
    """Whether a 0 that a sparse matrix leaves out counts as a missing cell."""


@dataclass(frozen=True)
class Read:
    """Trees as read, and how to try them."""

    decoded: Decoded
    width: int
    """Columns that the model takes."""
    ask: "Callable[[NDArray[np.float64]], NDArray[Any]]"
    """Gives the library's scores before any link, shape (rows,) or (rows, outputs)."""


class CategorySets:
    """Turns splits on categories into splits on added columns."""

    def __init__(self, width: int) -> None:
        """Take the number of columns that the model takes."""
        self._width, self.found = width, dict[CategorySet, int]()

    def column(self, source: int, codes: frozenset[int]) -> int:
        """Give the added column that is 1 where the code of a column is one of these.

        Raises:
            NotDescribed: there are too many.
        """
        if len(self.found) >= MOST_SETS:
            raise NotDescribed("its splits on categories are too many")
        return self._width + self.found.setdefault((source, codes), len(self.found))


class _Regrown:
    """Trees in the making, in which splits that send 0 another way than missing cells are told apart at 0."""

    def __init__(self, trees: Trees, below: Sequence[float | None]) -> None:
        self._old, self._below = trees, below
        self._nodes: list[list[float]] = []
        """Left, right, feature, threshold, missing_left, and the node that a leaf's value comes from."""

    def trees(self) -> Trees:
        """Grow all trees anew."""
        import numpy as np

        roots = [self._grown(root, {}) for root in self._old.root.tolist()]
        nodes = np.array(self._nodes)
        left, right, feature, missing, source = nodes[:, [0, 1, 2, 4, 5]].T.astype(np.int64)
        return replace(
            self._old,
            left=left,
            right=right,
            feature=feature,
            threshold=nodes[:, 3],
            missing_left=missing,
            value=self._old.value[source],
            root=np.array(roots),
        )

    def _grown(self, node: int, sides: Mapping[int, int]) -> int:
        """Grow a node where some columns are known to lie below 0, at it, or above: -1, 0 or 1."""
        old, feature = self._old, int(self._old.feature[node])
        if feature < 0:
            return self._node([-1, -1, -1, 0.0, 0, node])
        threshold, missing_left = float(old.threshold[node]), bool(old.missing_left[node])
        ways, side = (int(old.right[node]), int(old.left[node])), sides.get(feature)
        if side is not None:
            settled = missing_left if side == 0 else (threshold >= 0) if (threshold >= 0) == (side < 0) else None
            if settled is not None:
                return self._grown(ways[settled], sides)
        elif (threshold >= 0) != missing_left:
            return self._told_apart(node, sides)
        return self._split(feature, threshold, (ways[1], ways[0]), sides, missing_left=missing_left)

    def _told_apart(self, node: int, sides: Mapping[int, int]) -> int:
        old, feature = self._old, int(self._old.feature[node])
        ways, missing_left = (int(old.right[node]), int(old.left[node])), bool(old.missing_left[node])
        below = self._below[feature]
        if below is None:
            one_left = float(old.threshold[node]) >= 1
            if one_left == missing_left:
                return self._grown(ways[missing_left], sides)
            return self._split(feature, 0.5, (ways[missing_left], ways[one_left]), sides, missing_left=True)
        place, upper = self._node([0, 0, feature, below, 0, node]), self._node([0, 0, feature, 0.0, 1, node])
        self._nodes[place][:2] = [self._grown(node, {**sides, feature: -1}), upper]
        self._nodes[upper][:2] = [self._grown(node, {**sides, feature: way}) for way in (0, 1)]
        return place

    def _split(
        self, feature: int, threshold: float, ways: tuple[int, int], sides: Mapping[int, int], *, missing_left: bool
    ) -> int:
        place = self._node([0, 0, feature, threshold, int(missing_left), ways[0]])
        self._nodes[place][:2] = [self._grown(way, sides) for way in ways]
        return place

    def _node(self, fields_of: list[float]) -> int:
        if len(self._nodes) >= MOST_REGROWN:
            raise NotDescribed("its trees take 0 for a missing value in too many places")
        self._nodes.append(fields_of)
        return len(self._nodes) - 1
