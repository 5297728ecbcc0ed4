"""The smallest change that turns an ensemble of trees, as a mixed-integer program over leaves and thresholds.

After Kantchelian, Tygar and Joseph (2016), Evasion and Hardening of Tree Ensemble Classifiers.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from govkit.checks.robustness._encoding import Encoding
from govkit.checks.robustness._space import Space
from govkit.checks.robustness._swaps import swap_of, swappable
from govkit.inputs.tree_ensemble import ULPS, Trees

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SINGLE = 2.5e-7
"""Relative room left around a threshold for rounding to single precision."""
EVEN = 1e-7
"""Scores this near are taken for a tie, which only lowers the bound."""
GAP = 1e-4
"""Relative gap between bound and solution at which a search ends."""
OPTIMAL, INFEASIBLE = 0, 2
ENTRIES = 25
"""Entries that a program may have for each branch that its search may take; beyond, a smaller box is looked at."""
SMALLER, STEPS = 0.7, 12

Cut = tuple[int, float]
"""A cell of the space and the value up to which a split goes left."""
Choice = tuple[int, frozenset[int]]
"""A set of cells that is swapped together and the contents for which a split goes left."""


@dataclass(frozen=True)
class Rival:
    """Trees in which one class is held against another."""

    encoding: Encoding
    trees: Trees
    space: Space
    names: list[str]
    """Names of the model's columns in order."""
    value: "NDArray[np.float64]"
    """By node: how much a leaf favours the row's own class."""


@dataclass
class _Program:
    """Rows and columns of a program under construction; column 0 is the size of the change."""

    entries: list[tuple[int, int, float]] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    whole: list[int] = field(default_factory=lambda: [0])
    """Whether a column is binary."""

    def column(self, *, whole: bool) -> int:
        self.whole.append(int(whole))
        return len(self.whole) - 1

    def row(self, parts: list[tuple[int, float]], low: float, high: float) -> None:
        at = len(self.low)
        self.entries += [(at, column, weight) for column, weight in parts]
        self.low.append(low)
        self.high.append(high)


def nearest_leaves(
    rival: Rival, encoded: "NDArray[np.float64]", original: "NDArray[np.float64]", how: tuple[float, float, int]
) -> "tuple[float, NDArray[np.float64] | None]":
    """Find the smallest size within which leaves can be reached that turn the row.

    Relations between columns are left out, so with them the bound may be too low, never too high.

    Args:
        rival: the trees.
        encoded: the row as the trees see it.
        original: the row's cells in the space.
        how: the constant that the sum of leaves starts from, the size within which to look, and branches allowed.

    Returns:
        A lower bound, the size looked within where nothing is nearer, a smaller one where the program would grow too
        large; and cells that a solution asks for, NaN where
        they stay, None without a solution.
    """
    constant, reach, nodes = how
    for _ in range(STEPS):
        row = _Row(rival, encoded, original, reach)
        row.build(constant)
        if row.size <= nodes * ENTRIES:
            return row.solved(nodes)
        reach *= SMALLER  # a smaller box has a smaller program, and what it proves holds all the same
    return 0.0, None


class _Row:
    """One row's program: what a small change can reach, and only that."""

    def __init__(
        self, rival: Rival, encoded: "NDArray[np.float64]", original: "NDArray[np.float64]", reach: float
    ) -> None:
        self._rival, self._space, self._original, self._reach = rival, rival.space, original, reach
        self._encoded = encoded
        low, high = self._space.limits(original[None], reach)
        self._low, self._high = low[0], high[0]
        source = {name: at for at, name in enumerate(self._space.names)}
        self._place = [source.get(rival.names[at], -1) for at in rival.encoding.source.tolist()]
        self._single = rival.trees.single
        self._choices = [swap_of(one, original) for one in swappable(self._space)]
        self._chooser = {column: at for at, one in enumerate(self._choices) for column in one.columns}
        self._program = _Program()
        self._cuts: dict[Cut, int] = {}
        self._states: dict[tuple[int, int], int] = {}
        self._total: list[tuple[int, float]] = []
        self._constant = 0.0

    @property
    def size(self) -> int:
        """Entries of the program."""
        return len(self._program.entries)

    def build(self, constant: float) -> None:
        """Put the program together."""
        self._constant = constant
        for root in self._rival.trees.root.tolist():
            self._tree(root)
        self._swaps()
        self._thresholds()
        program = self._program
        program.row(self._total, -float("inf"), max(EVEN, self._rival.trees.slack) - self._constant)

    # -- one tree

    def _tree(self, root: int) -> None:
        leaves: list[int] = []
        constant = self._branch(root, leaves)
        if constant is not None:
            self._constant += constant
        else:
            self._program.row([(leaf, 1.0) for leaf in leaves], 1.0, 1.0)

    def _branch(self, root: int, leaves: list[int]) -> float | None:
        """Add a tree's reachable leaves; give its value instead where only one can be reached."""
        reachable = self._walk(root)
        if isinstance(reachable, float):
            return reachable
        self._add(reachable, leaves)
        return None

    def _walk(self, node: int) -> "float | tuple[Cut | Choice, object, object]":
        """Give a subtree without the splits that are settled: a leaf's value, or split, left and right."""
        trees = self._rival.trees
        while trees.feature[node] >= 0:
            split = self._split(int(trees.feature[node]), float(trees.threshold[node]), int(trees.missing_left[node]))
            if isinstance(split, bool):
                node = int(trees.left[node] if split else trees.right[node])
                continue
            left, right = self._walk(int(trees.left[node])), self._walk(int(trees.right[node]))
            return left if isinstance(left, float) and left == right else (split, left, right)
        return float(self._rival.value[node])

    def _split(self, feature: int, threshold: float, missing_left: int) -> "bool | Cut | Choice":
        """Say which way a split goes for every reachable change, or what decides it."""
        here = float(self._rival.trees.rounded(self._encoded[feature : feature + 1])[0])
        stays = bool(missing_left) if here != here else here - threshold <= ULPS * abs(threshold)  # noqa: PLR0124 - NaN
        place = self._place[feature]
        if place in self._chooser:
            return self._chosen(feature, place, threshold)
        return stays if place < 0 else self._moving(feature, place, threshold, stays=stays)

    def _moving(self, feature: int, place: int, threshold: float, *, stays: bool) -> bool | Cut:
        """Say the same of a cell that moves as a number."""
        encoding = self._rival.encoding
        slope, shift = float(encoding.slope[feature]), float(encoding.shift[feature])
        fixed = self._low[place] == self._high[place]
        if fixed or encoding.tables[feature] is not None or slope <= 0:
            return stays
        cut = (threshold - shift) / slope
        room = self._room(cut, slope, shift)
        if self._high[place] < cut - room:
            return True
        return False if self._low[place] > cut + room else (place, cut)

    def _room(self, cut: float, slope: float, shift: float) -> float:
        return SINGLE * (abs(cut) + abs(shift / slope)) if self._single else 1e-12 * (abs(cut) + abs(shift / slope))

    def _chosen(self, feature: int, place: int, threshold: float) -> "bool | Choice":
        number = self._chooser[place]
        one = self._choices[number]
        left = frozenset(
            state
            for state, cells in one.contents.items()
            if one.encoded(self._rival.encoding, feature, place, (cells, float(self._encoded[feature]))) <= threshold
        )
        if len(left) in {0, len(one.contents)}:
            return bool(left)
        return number, left

    def _add(self, subtree: object, leaves: list[int]) -> list[int]:
        """Add a subtree's leaves and splits; give the columns of its leaves."""
        if isinstance(subtree, float):
            leaf = self._program.column(whole=False)
            self._total.append((leaf, subtree))
            leaves.append(leaf)
            return [leaf]
        assert isinstance(subtree, tuple)
        split, left, right = subtree
        on_left, on_right = self._add(left, leaves), self._add(right, leaves)
        for goes_left, own in ((True, on_left), (False, on_right)):
            parts, limit = self._condition(split, goes_left=goes_left)
            self._program.row([*((leaf, 1.0) for leaf in own), *parts], -float("inf"), limit)
        return on_left + on_right

    def _condition(self, split: "Cut | Choice", *, goes_left: bool) -> tuple[list[tuple[int, float]], float]:
        """Give what bounds the leaves on one side of a split from above: terms and a limit."""
        if isinstance(split[1], frozenset):
            states = [
                self._state(split[0], state)
                for state in self._choices[split[0]].contents
                if (state in split[1]) is goes_left
            ]
            return [(column, -1.0) for column in states], 0.0
        column = self._cut((split[0], split[1]))
        return [(column, -1.0 if goes_left else 1.0)], 0.0 if goes_left else 1.0

    # -- thresholds and swaps

    def _cut(self, cut: Cut) -> int:
        if cut not in self._cuts:
            self._cuts[cut] = self._program.column(whole=True)
        return self._cuts[cut]

    def _state(self, number: int, state: int) -> int:
        key = (number, state)
        if key not in self._states:
            self._states[key] = self._program.column(whole=True)
        return self._states[key]

    def _thresholds(self) -> None:
        """Tie every threshold to the size that crossing it takes, and thresholds of one column to each other."""
        before: tuple[Cut, int] | None = None
        for cut, column in sorted(self._cuts.items()):
            self._crossing(cut, column)
            if before is not None and before[0][0] == cut[0]:
                self._program.row([(before[1], 1.0), (column, -1.0)], -float("inf"), 0.0)
            before = cut, column

    def _crossing(self, cut: Cut, column: int) -> None:
        place, value = cut
        cell, scale = float(self._original[place]), float(self._space.scale[place])
        lower, upper = self._ends(cut)
        if cell <= value:
            size = max(upper - cell, 0.0) / scale  # the column is 1 while the cell stays below
            if upper > self._high[place] + 1e-9 * abs(upper):
                self._program.row([(column, 1.0)], 1.0, 1.0)
            self._program.row([(0, 1.0), (column, size)], size, float("inf"))
        else:
            size = max(cell - lower, 0.0) / scale
            if lower < self._low[place] - 1e-9 * abs(lower):
                self._program.row([(column, 1.0)], 0.0, 0.0)
            self._program.row([(0, 1.0), (column, -size)], 0.0, float("inf"))

    def _ends(self, cut: Cut) -> tuple[float, float]:
        """Give the highest value that may count as below a threshold, and the lowest that may count as above."""
        import math

        place, value = cut
        room = SINGLE * abs(value) if self._single else 0.0
        if self._space.integer[place]:
            cell = float(self._original[place])
            lower = cell + math.floor(value + room - cell)
            return lower, cell + math.floor(value - room - cell) + 1
        return value + room, value - room

    def _swaps(self) -> None:
        """Let every set of cells be one thing, and so many change as may."""
        staying = []
        for number, one in enumerate(self._choices):
            if not any(key[0] == number for key in self._states):
                continue
            columns = [(self._state(number, state), 1.0) for state in one.contents]
            self._program.row(columns, 1.0, 1.0)
            staying.append((self._state(number, one.now), 1.0))
        if staying:
            self._program.row(staying, float(len(staying) - self._space.swaps), float("inf"))

    # -- solving

    def solved(self, nodes: int) -> "tuple[float, NDArray[np.float64] | None]":
        """Solve the program with so many branches at most."""
        import numpy as np
        from scipy.optimize import Bounds, LinearConstraint, milp
        from scipy.sparse import csr_array

        program, width = self._program, len(self._program.whole)
        if not self._total:
            return (0.0 if self._constant <= max(EVEN, self._rival.trees.slack) else self._reach), None
        rows, columns, weights = zip(*program.entries, strict=True)
        matrix = csr_array((weights, (rows, columns)), shape=(len(program.low), width))
        upper = np.ones(width)
        upper[0] = self._reach
        cost = np.zeros(width)
        cost[0] = 1.0
        found = milp(
            cost,
            constraints=LinearConstraint(matrix, program.low, program.high),
            integrality=np.array(program.whole),
            bounds=Bounds(np.zeros(width), upper),
            options={"node_limit": nodes, "mip_rel_gap": GAP},
        )
        if found.status == INFEASIBLE:
            return self._reach, None
        bound = 0.0 if found.mip_dual_bound is None else max(float(found.mip_dual_bound), 0.0)
        bound = min(bound, self._reach)
        return bound, None if found.x is None else self._cells(found.x)

    def _cells(self, solution: "NDArray[np.float64]") -> "NDArray[np.float64]":
        """Give the cells that a solution asks for, a little beyond the thresholds."""
        import numpy as np

        cells = np.full(len(self._original), np.nan)
        for (place, value), column in sorted(self._cuts.items()):
            below = solution[column] > 0.5  # noqa: PLR2004 - a binary within the solver's tolerance
            now = float(self._original[place]) if np.isnan(cells[place]) else float(cells[place])
            step = 4 * SINGLE * max(abs(value), 1e-30)
            if below and now > value:
                cells[place] = np.floor(value) if self._space.integer[place] else value - step
            elif not below and now <= value:
                cells[place] = np.floor(value) + 1 if self._space.integer[place] else value + step
        for (number, state), column in self._states.items():
            if solution[column] > 0.5 and state != self._choices[number].now:  # noqa: PLR2004
                cells[list(self._choices[number].columns)] = self._choices[number].contents[state]
        return cells
