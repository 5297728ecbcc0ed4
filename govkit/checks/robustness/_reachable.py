"""The leaves of an ensemble that a row can reach within a size of change, and the values that tell them apart."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from govkit.checks.robustness._encoding import Encoding
from govkit.checks.robustness._leaf_descent import Reachable
from govkit.checks.robustness._space import Space
from govkit.checks.robustness._swaps import Swap, swap_of, swappable
from govkit.inputs.tree_ensemble import ULPS, Trees

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SINGLE, DOUBLE = 5e-7, 1e-12
"""Relative steps past a threshold that outlast rounding to single and to double precision."""
MOST = 3_000_000
"""Leaves times values beyond which a row is too much work."""


@dataclass(frozen=True)
class Paths:
    """The splits above every leaf, one behind the other; trees of a single leaf are left out."""

    leaf: "NDArray[np.int64]"
    """Number of the leaf, ascending."""
    node: "NDArray[np.int64]"
    goes_left: "NDArray[np.bool_]"
    ends: "NDArray[np.int64]"
    """Node of each leaf."""

    @classmethod
    def of(cls, trees: Trees) -> "Paths":
        """Climb from all leaves to their roots at once."""
        import numpy as np

        inner = np.flatnonzero(trees.feature >= 0)
        parent = np.full(len(trees.feature), -1)
        parent[trees.left[inner]] = inner
        parent[trees.right[inner]] = inner
        ends = np.flatnonzero((trees.feature < 0) & (parent >= 0))
        number, here = np.arange(len(ends)), ends
        parts: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]] = []
        while len(here):
            above = parent[here]
            parts.append((number, above, trees.left[above] == here))
            going = parent[above] >= 0
            number, here = number[going], above[going]
        leaf, node = (np.concatenate([part[at] for part in parts]) for at in (0, 1))
        order = np.argsort(leaf, kind="stable")
        return cls(leaf[order], node[order], np.concatenate([part[2] for part in parts])[order], ends)


@dataclass(frozen=True)
class Forest:
    """An ensemble as rows of a space see it."""

    encoding: Encoding
    trees: Trees
    paths: Paths
    space: Space
    column: "NDArray[np.int64]"
    """By encoded column: its column of the space; -1: none."""

    @classmethod
    def of(cls, encoding: Encoding, trees: Trees, space: Space, names: list[str]) -> "Forest":
        """Take the trees of a model whose columns have these names."""
        import numpy as np

        at = {name: number for number, name in enumerate(space.names)}
        column = np.array([at.get(names[source], -1) for source in encoding.source.tolist()], dtype=np.int64)
        return cls(encoding, trees, Paths.of(trees), space, column)


@dataclass(frozen=True)
class Box:
    """What a row can reach, and which cells its values stand for."""

    given: Reachable
    columns: tuple[tuple[int, ...], ...]
    """By place: columns of the space."""
    contents: tuple[tuple[float, ...], ...]
    """By value: what these columns hold."""

    def nearest(self, cells: "NDArray[np.float64]") -> "NDArray[np.int64]":
        """Give the values that changed cells stand for: for a number the last that the change passes."""
        import numpy as np

        found = self.given.start.copy()
        for place, columns in enumerate(self.columns):
            own = np.flatnonzero(self.given.place == place)
            now = tuple(cells[list(columns)].tolist())
            if self.given.swap[place]:
                found[place] = next((at for at in own.tolist() if self.contents[at] == now), found[place])
                continue
            values = np.array([self.contents[at][0] for at in own.tolist()])
            origin = self.contents[found[place]][0]
            passed = (values <= now[0]) if now[0] >= origin else (values >= now[0])
            beyond = own[passed & ((values >= origin) if now[0] >= origin else (values <= origin))]
            if len(beyond):
                found[place] = beyond[-1] if now[0] >= origin else beyond[0]
        return found

    def cells(self, original: "NDArray[np.float64]", values: "NDArray[np.int64]") -> "NDArray[np.float64]":
        """Give the row with the values of all places."""
        found = original.copy()
        for columns, value in zip(self.columns, values.tolist(), strict=True):
            found[list(columns)] = self.contents[value]
        return found


def box_of(
    forest: Forest,
    row: "tuple[NDArray[np.float64], NDArray[np.float64]]",
    favours: "tuple[NDArray[np.float64], float]",
    reach: float,
) -> Box | None:
    """Give what a row can reach.

    Args:
        forest: the trees.
        row: the row as the trees see it, and its cells in the space.
        favours: by node, how much a leaf speaks for the row's own class; and the same of the ensemble's constant.
        reach: size of change, in robust scales.

    Returns:
        None where it is too much work.
    """
    return _Box(forest, row, favours, reach).box()


class _Box:
    def __init__(
        self,
        forest: Forest,
        row: "tuple[NDArray[np.float64], NDArray[np.float64]]",
        favours: "tuple[NDArray[np.float64], float]",
        reach: float,
    ) -> None:
        self._forest, self._favours = forest, favours
        self._encoded, self._original = forest.trees.rounded(row[0]), row[1]
        low, high = forest.space.limits(row[1][None], reach)
        self._low, self._high = low[0], high[0]
        self._swaps = [swap_of(one, row[1]) for one in swappable(forest.space)]
        self._choice = {column: one for one in self._swaps for column in one.columns}

    def box(self) -> Box | None:
        """Leave out what is settled, then say which values each leaf allows."""
        import numpy as np

        forest, paths = self._forest, self._forest.paths
        feature = forest.trees.feature[paths.node]
        possible, settled = self._sides(feature)
        begins = np.flatnonzero(np.diff(paths.leaf, prepend=-1))
        alive = np.logical_and.reduceat(possible, begins) if len(begins) else np.empty(0, dtype=bool)
        kept = np.flatnonzero(alive[paths.leaf] & ~settled)
        leaves, leaf = np.unique(paths.leaf[kept], return_inverse=True)
        own, constant = self._favours
        decided = alive.copy()
        decided[leaves] = False
        single = forest.trees.root[forest.trees.feature[forest.trees.root] < 0]
        constant += float(own[paths.ends[decided]].sum() + own[single].sum())
        places = list(self._places(feature[kept], forest.trees.threshold[paths.node[kept]]))
        width = sum(len(values) for _, values, _ in places)
        if not width or width * len(leaves) > MOST:
            return None
        fits = np.ones((len(leaves), width), dtype=bool)
        at = 0
        for columns, values, _ in places:
            for one in np.flatnonzero(np.isin(forest.column, columns)).tolist():
                edges = kept[feature[kept] == one]
                self._allow(fits[:, at : at + len(values)], one, (columns, values), (edges, leaf[feature[kept] == one]))
            at += len(values)
        return self._packed(places, fits, (own[paths.ends[leaves]], constant))

    def _sides(self, feature: "NDArray[np.int64]") -> "tuple[NDArray[np.bool_], NDArray[np.bool_]]":
        """Say of every split above a leaf whether its side can be reached, and whether nothing else can."""
        import numpy as np

        forest, paths = self._forest, self._forest.paths
        threshold = forest.trees.threshold[paths.node]
        lowest, highest = self._ends()
        room = ULPS * np.abs(threshold)
        left, right = lowest[feature] - threshold <= room, highest[feature] - threshold > room
        missing = np.isnan(self._encoded)[feature]
        gone = forest.trees.missing_left[paths.node] > 0
        left, right = np.where(missing, gone, left), np.where(missing, ~gone, right)
        possible: NDArray[np.bool_] = np.where(paths.goes_left, left, right)
        return possible, left ^ right

    def _ends(self) -> "tuple[NDArray[np.float64], NDArray[np.float64]]":
        """Give the lowest and highest that each encoded column can become."""
        import numpy as np

        encoding, trees = self._forest.encoding, self._forest.trees
        lowest, highest = self._encoded.copy(), self._encoded.copy()
        for at, column in enumerate(self._forest.column.tolist()):
            if column in self._choice:
                values = [self._encoded_state(at, column, cells) for cells in self._choice[column].contents.values()]
                lowest[at], highest[at] = min(values), max(values)
            elif column >= 0 and encoding.tables[at] is None and self._low[column] < self._high[column]:
                ends = np.array([self._low[column], self._high[column]])
                lowest[at], highest[at] = trees.rounded(encoding.slope[at] * ends + encoding.shift[at])
        return lowest, highest

    def _encoded_state(self, at: int, column: int, cells: tuple[float, ...]) -> float:
        import numpy as np

        found = self._choice[column].encoded(self._forest.encoding, at, column, (cells, float(self._encoded[at])))
        return float(self._forest.trees.rounded(np.array([found]))[0])

    def _places(
        self, feature: "NDArray[np.int64]", threshold: "NDArray[np.float64]"
    ) -> "Iterator[tuple[tuple[int, ...], list[tuple[float, ...]], Swap | None]]":
        """Give every place that the splits left depend on, with its values and what they are."""
        import numpy as np

        used = np.unique(feature).tolist()
        asked = [self._forest.column[one] for one in used]
        for one in self._swaps:
            if set(one.columns) & set(asked):
                yield one.columns, list(one.contents.values()), one
        for column in sorted({int(at) for at in asked} - set(self._choice)):
            own = [at for at in used if self._forest.column[at] == column]
            values = np.unique(
                np.concatenate([self._crossings(at, column, np.unique(threshold[feature == at])) for at in own])
            )
            yield (column,), [(float(value),) for value in values], None

    def _crossings(self, at: int, column: int, thresholds: "NDArray[np.float64]") -> "NDArray[np.float64]":
        """Give the cell as it is and the values just past each threshold, as near as they can be."""
        import numpy as np

        encoding, cell = self._forest.encoding, self._original[column]
        cut = (thresholds - encoding.shift[at]) / encoding.slope[at]
        room = (np.abs(cut) + abs(encoding.shift[at] / encoding.slope[at])) * (
            SINGLE if self._forest.trees.single else DOUBLE
        )
        if self._forest.space.integer[column]:
            below = cell + np.floor(cut - cell)
            passed = np.where(cut >= cell, below + 1, below)
        else:
            passed = np.where(cut >= cell, cut + room, cut - room)
        near = np.abs(cut - cell) <= room  # rounding may put the threshold on the other side
        unit = 1.0 if self._forest.space.integer[column] else room[near]
        passed = np.concatenate([passed, cell - unit * np.ones(near.sum()), cell + unit * np.ones(near.sum())])
        inside = passed[(passed >= self._low[column]) & (passed <= self._high[column])]
        ends = [value for value in (self._low[column], self._high[column]) if value != cell]
        return np.concatenate([[cell], inside, ends])

    def _allow(
        self,
        fits: "NDArray[np.bool_]",
        at: int,
        place: "tuple[tuple[int, ...], list[tuple[float, ...]]]",
        edges: "tuple[NDArray[np.int64], NDArray[np.int64]]",
    ) -> None:
        """Take away the values that the splits of one encoded column forbid."""
        import numpy as np

        splits, leaf = edges
        if not len(splits):
            return
        forest, paths = self._forest, self._forest.paths
        columns, values = place
        column = int(forest.column[at])
        if column in self._choice:
            cells = np.array([self._encoded_state(at, column, one) for one in values])
        else:
            plain = np.array([one[columns.index(column)] for one in values])
            cells = forest.trees.rounded(forest.encoding.slope[at] * plain + forest.encoding.shift[at])
        threshold = forest.trees.threshold[paths.node[splits]]
        below = cells[None] - threshold[:, None] <= ULPS * np.abs(threshold)[:, None]
        allowed = below == paths.goes_left[splits][:, None]
        begins = np.flatnonzero(np.diff(leaf, prepend=-1))
        fits[leaf[begins]] &= np.logical_and.reduceat(allowed, begins, axis=0)

    def _packed(
        self,
        places: "list[tuple[tuple[int, ...], list[tuple[float, ...]], Swap | None]]",
        fits: "NDArray[np.bool_]",
        favours: "tuple[NDArray[np.float64], float]",
    ) -> Box:
        import numpy as np

        space = self._forest.space
        sizes = [len(values) for _, values, _ in places]
        begin = np.cumsum([0, *sizes[:-1]])
        start, step = begin.copy(), np.zeros(sum(sizes))
        for number, (columns, values, swap) in enumerate(places):
            if swap is None:
                cells = np.array([one[0] for one in values])
                cell = self._original[columns[0]]
                start[number] += int(np.flatnonzero(cells == cell)[0])
                step[begin[number] : begin[number] + len(values)] = (cells - cell) / space.scale[columns[0]]
            else:
                start[number] += list(swap.contents).index(swap.now)
        given = Reachable(
            fits=fits,
            favours=favours[0],
            constant=favours[1],
            place=np.repeat(np.arange(len(places)), sizes),
            step=step,
            start=start,
            swap=np.array([swap is not None for _, _, swap in places]),
            swaps=space.swaps,
        )
        return Box(
            given,
            tuple(columns for columns, _, _ in places),
            tuple(value for _, values, _ in places for value in values),
        )
