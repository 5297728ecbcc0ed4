"""Lays out what rows can reach in an ensemble of trees: the leaves' boxes as intervals of values that cells take."""

from typing import TYPE_CHECKING

from govkit.checks.robustness._forest import Forest, Reached, reached
from govkit.checks.robustness._reachable import Boxes, Reachable, Rows
from govkit.checks.robustness._swaps import states_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SINGLE, DOUBLE = 5e-7, 1e-12
"""Relative steps past a threshold that outlast rounding to single and to double precision."""
MOST_VISITS = 400_000
"""Nodes of one level of the trees, a row, beyond which a row is too much work."""
TIE = 1e-9


def boxes_of(forest: Forest, rows: Rows) -> Boxes | None:
    """Give what rows can reach, without those that no leaf within reach can turn; None where it is too much work."""
    return _Packing(forest, rows).boxes()


class _Packing:
    def __init__(self, forest: Forest, rows: Rows) -> None:
        self._forest, self._rows = forest, rows
        self._low, self._high = forest.space.limits(rows.original, rows.reach)
        self._swap = {column: number for number, one in enumerate(forest.swaps) for column in one[0]}

    def boxes(self) -> Boxes | None:
        """Go down the trees, leave out what is settled, then say which values each leaf allows."""
        import numpy as np

        forest, rows = self._forest, self._rows
        gone = np.isnan(rows.encoded)
        found = reached(forest, self._ends(), gone, MOST_VISITS)
        if found is None:
            return None
        favours = self._favours(found.node, found.row)
        settled, least = self._by_tree(found, favours)
        base = forest.trees.base[None]
        # what the library rounds away is not to be lost to a tie
        constant = forest.trees.slack + self._of_class(
            base, np.zeros(len(rows.label), dtype=np.int64), np.arange(len(rows.label))
        )
        hopeful = np.flatnonzero(least + constant <= TIE)
        constant += np.bincount(found.row[settled], favours[settled], len(constant))
        number = np.full(len(constant), -1)
        number[hopeful] = np.arange(len(hopeful))
        leaves = np.flatnonzero(~settled & (number[found.row] >= 0))
        leaves = leaves[np.argsort(found.row[leaves], kind="stable")]
        given, columns = _Layout(self, found, (hopeful, number, leaves)).packed(favours, constant[hopeful])
        return Boxes(given, hopeful, forest, rows.original[hopeful], columns, found.visits)

    def _ends(self) -> "tuple[NDArray[np.int64], NDArray[np.int64]]":
        """Give the least and most thresholds of each encoded column that each row can lie to the right of."""
        import numpy as np

        forest, rows = self._forest, self._rows
        least, most = np.zeros((2, *rows.encoded.shape), dtype=np.int64)
        states = [states_of(one, rows.original) for one in forest.swaps]
        for at in forest.used.tolist():
            least[:, at] = most[:, at] = forest.passed(at, rows.encoded[:, at])
            column = int(forest.column[at])
            if column in self._swap:
                now, choice = states[self._swap[column]]
                own = np.where(choice, forest.states(at, forest.swaps[self._swap[column]]), -1)
                free = now >= 0
                most[free, at] = own[free].max(axis=1)
                least[free, at] = np.where(own[free] < 0, np.iinfo(np.int64).max, own[free]).min(axis=1)
            elif self.moves(at):
                free = self._low[:, column] < self._high[:, column]
                least[free, at] = forest.moved(at, self._low[free, column])
                most[free, at] = forest.moved(at, self._high[free, column])
        return least, most

    def moves(self, at: int) -> bool:
        """Say whether an encoded column follows a number of the space, upwards."""
        encoding = self._forest.encoding
        return bool(self._forest.column[at] >= 0 and encoding.tables[at] is None and encoding.slope[at] > 0)

    def _favours(self, node: "NDArray[np.int64]", row: "NDArray[np.int64]") -> "NDArray[np.float64]":
        """Give how much leaves speak for the class of their row; of a single tree only the side."""
        import numpy as np

        value = self._of_class(self._forest.trees.value, node, row)
        if len(self._forest.trees.root) > 1:
            return value
        first = self._rows.label[row] < self._rows.rival[row]  # ties go to the first class
        return np.where((value > 0) | ((value == 0) & first), 1.0, -1.0)

    def _of_class(
        self, value: "NDArray[np.float64]", node: "NDArray[np.int64]", row: "NDArray[np.int64]"
    ) -> "NDArray[np.float64]":
        import numpy as np

        label, rival = self._rows.label[row], self._rows.rival[row]
        if value.shape[1] == 1:
            return np.asarray(np.where(label == 1, value[node, 0], -value[node, 0]), dtype=np.float64)
        found: NDArray[np.float64] = value[node, label] - value[node, rival]
        return found

    def _by_tree(
        self, found: Reached, favours: "NDArray[np.float64]"
    ) -> "tuple[NDArray[np.bool_], NDArray[np.float64]]":
        """Say which leaves are the only one of their tree that a row reaches, and sum up each row's least leaves."""
        import numpy as np

        roots = self._forest.trees.root
        key = found.row * len(roots) + np.searchsorted(roots, found.node, side="right") - 1
        order = np.argsort(key, kind="stable")
        begins = np.flatnonzero(np.diff(key[order], prepend=-1))
        least = np.minimum.reduceat(favours[order], begins)
        settled = np.zeros(len(key), dtype=bool)
        settled[order] = np.repeat(np.diff(begins, append=len(key)) == 1, np.diff(begins, append=len(key)))
        total = np.bincount(found.row[order[begins]], least, len(self._rows.label))
        return settled, np.asarray(total, dtype=np.float64)

    def values(
        self, column: int, cuts: "list[tuple[int, NDArray[np.int64], NDArray[np.int64]]]", chosen: "NDArray[np.int64]"
    ) -> "tuple[NDArray[np.int64], NDArray[np.float64]]":
        """Give the values worth trying of a number: as it is, just past each threshold, and the ends of its box.

        Args:
            column: of the space.
            cuts: encoded columns, each with rows and the rank of a threshold that divides the row's box.
            chosen: rows, numbered anew in this order.

        Returns:
            Rows by their new number, ascending, and cells, ascending within a row.
        """
        import numpy as np

        original = self._rows.original[chosen, column]
        low, high = self._low[chosen, column], self._high[chosen, column]
        owners, cells = [np.arange(len(chosen))], [original]
        for at, row, rank in cuts:
            for passed in self._past(at, column, chosen[row], rank):
                inside = (passed >= low[row]) & (passed <= high[row])
                owners.append(row[inside])
                cells.append(passed[inside])
        divided = np.unique(np.concatenate([row for _, row, _ in cuts]))
        owner = np.concatenate([*owners, divided, divided])
        cell = np.concatenate([*cells, low[divided], high[divided]])
        order = np.lexsort((cell, owner))
        owner, cell = owner[order], cell[order]
        fresh = np.ones(len(owner), dtype=bool)
        fresh[1:] = (np.diff(owner) != 0) | (np.diff(cell) != 0)
        return owner[fresh], cell[fresh]

    def _past(
        self, at: int, column: int, row: "NDArray[np.int64]", rank: "NDArray[np.int64]"
    ) -> "list[NDArray[np.float64]]":
        """Give the cells just past thresholds; beside the cell itself where rounding may put one on its other side."""
        import numpy as np

        forest, cell = self._forest, self._rows.original[row, column]
        slope, shift = forest.encoding.slope[at], forest.encoding.shift[at]
        cut = (forest.thresholds[forest.first[at] + rank] - shift) / slope
        room = (np.abs(cut) + abs(shift / slope)) * (SINGLE if forest.trees.single else DOUBLE)
        if forest.space.integer[column]:
            below = cell + np.floor(cut - cell)
            passed, unit = np.where(cut >= cell, below + 1, below), np.ones(len(cell))
        else:
            passed, unit = np.where(cut >= cell, cut + room, cut - room), room
        near = np.where(np.abs(cut - cell) <= room, 1.0, np.nan)
        return [passed, cell - unit * near, cell + unit * near]


class _Layout:
    """The places of a table of rows, one behind the other."""

    def __init__(
        self,
        packing: _Packing,
        found: Reached,
        chosen: "tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]",
    ) -> None:
        """Take what was reached; rows kept, each row's new number, -1 for others, and leaves kept."""
        import numpy as np

        self._packing, self._forest, self._found = packing, packing._forest, found  # noqa: SLF001
        self._original = packing._rows.original[chosen[0]]  # noqa: SLF001
        self._chosen, self._number, self._leaves = chosen
        self._row = self._number[found.row[self._leaves]]
        live = self._number[found.owner] >= 0
        self._used = np.unique(found.feature[live]).tolist()
        self._live = np.flatnonzero(live)
        self._least, self._most = self._intervals()
        self._low: list[NDArray[np.int64]] = []
        self._high: list[NDArray[np.int64]] = []
        self._tables: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]] = []
        self._cells: list[NDArray[np.float64]] = []
        self._steps: list[NDArray[np.float64]] = []
        self._count = 0

    def packed(
        self, favours: "NDArray[np.float64]", constant: "NDArray[np.float64]"
    ) -> "tuple[Reachable, tuple[int, ...]]":
        """Give the layout, and the column of every place, -1 less its number for a set that is swapped."""
        import numpy as np

        forest = self._forest
        columns = [int(forest.column[at]) for at in self._used]
        own = favours[self._leaves]
        places = []
        for number, (group, _, _) in enumerate(forest.swaps):
            if set(group) & set(columns):
                own = own[self._swapped(number)]
                places.append(-1 - number)
        for column in sorted({at for at in columns if at not in self._packing._swap}):  # noqa: SLF001
            self._moving(column)
            places.append(column)
        shape = (len(places), len(self._chosen))
        begin, end, start = (np.array([one[at] for one in self._tables]).reshape(shape) for at in range(3))
        given = Reachable(
            row=self._row,
            favours=own,
            low=np.array(self._low, dtype=np.int32).reshape(len(places), len(self._row)),
            high=np.array(self._high, dtype=np.int32).reshape(len(places), len(self._row)),
            constant=constant,
            begin=begin,
            end=end,
            start=start,
            step=np.concatenate([np.empty(0), *self._steps]),
            cell=np.concatenate([np.empty(0), *self._cells]),
            swap=np.array([column < 0 for column in places], dtype=bool),
            swaps=forest.space.swaps,
        )
        return given, tuple(places)

    def _intervals(self) -> "tuple[NDArray[np.int64], NDArray[np.int64]]":
        """Give for every leaf kept the ranks of each used encoded column that it allows, shape (used, leaves)."""
        import numpy as np

        found, place = self._found, np.full(len(self._forest.column), -1)
        place[self._used] = np.arange(len(self._used))
        least = np.zeros((len(self._used), len(self._leaves)), dtype=np.int64)
        most = np.full_like(least, np.iinfo(np.int64).max)
        index, split = np.arange(len(self._leaves)), found.split[self._leaves]
        while True:
            on = np.flatnonzero(split >= 0)
            if not len(on):
                return least, most
            index, split = index[on], split[on]
            feature, rank, left = place[found.feature[split]], found.rank[split], found.left[split]
            for side, table, limit in ((left, most, rank), (~left, least, rank + 1)):
                at = (feature[side], index[side])
                table[at] = np.minimum(table[at], limit[side]) if table is most else np.maximum(table[at], limit[side])
            split = found.above[split]

    def _add(
        self,
        owner: "NDArray[np.int64]",
        cell: "NDArray[np.float64]",
        step: "NDArray[np.float64]",
        start: "NDArray[np.int64]",
    ) -> None:
        """Add the values of a place, and which of them are there."""
        import numpy as np

        rows = np.arange(len(self._chosen))
        begin = self._count + np.searchsorted(owner, rows)
        end = self._count + np.searchsorted(owner, rows, side="right")
        self._tables.append((begin, end, self._count + start))
        self._cells.append(cell)
        self._steps.append(step)
        self._count += len(owner)

    def _moving(self, column: int) -> None:
        """Add a column that moves as a number."""
        import numpy as np

        forest, found = self._forest, self._found
        own = [at for at in self._used if forest.column[at] == column]
        cuts = []
        for at in own:
            mine = self._live[found.feature[self._live] == at]
            width = forest.first[at + 1] - forest.first[at]
            key = np.unique(self._number[found.owner[mine]] * width + found.rank[mine])
            cuts.append((at, key // width, key % width))
        owner, cell = self._packing.values(column, cuts, self._chosen)
        usual = self._original[owner, column]
        start = np.flatnonzero((cell == usual) | np.isnan(usual))
        before = self._count
        self._add(owner, cell, np.nan_to_num((cell - usual) / forest.space.scale[column]), start)
        begin, end, _ = self._tables[-1]
        low, high = begin[self._row], end[self._row] - 1
        for at in own:
            width = forest.first[at + 1] - forest.first[at] + 2
            key = owner * width + np.where(np.isnan(cell), 0, forest.moved(at, cell))
            least, most = self._least[self._used.index(at)], self._most[self._used.index(at)]
            on = np.flatnonzero(least > 0)
            low[on] = np.maximum(low[on], before + np.searchsorted(key, self._row[on] * width + least[on]))
            on = np.flatnonzero(most < width)
            past = np.searchsorted(key, self._row[on] * width + most[on], side="right")
            high[on] = np.minimum(high[on], before + past - 1)
        self._low.append(low)
        self._high.append(high)

    def _swapped(self, number: int) -> "NDArray[np.int64]":
        """Add a set of cells that is swapped; give the leaf that each leaf is now a part of."""
        import numpy as np

        forest, one = self._forest, self._forest.swaps[number]
        now, choice = states_of(one, self._original)
        owner, cell = np.nonzero(choice)
        place = np.where(choice, np.cumsum(choice, axis=1) - 1, 0)
        stays = now < 0
        owner, cell = np.concatenate([owner, np.flatnonzero(stays)]), np.concatenate([cell, np.full(stays.sum(), -1)])
        order = np.argsort(owner, kind="stable")
        owner, cell = owner[order], cell[order]
        fits = choice[self._row]
        for at in self._used:
            if forest.column[at] in one[0]:
                states, line = forest.states(at, one), self._used.index(at)
                fits &= (states >= self._least[line][:, None]) & (states <= self._most[line][:, None])
        allowed = np.zeros((len(fits), choice.shape[1] + 2), dtype=bool)
        leaf, state = np.nonzero(fits)
        allowed[leaf, place[self._row[leaf], state] + 1] = True
        allowed[stays[self._row], 1] = True
        leaf, first = np.nonzero(allowed[:, 1:-1] & ~allowed[:, :-2])
        _, last = np.nonzero(allowed[:, 1:-1] & ~allowed[:, 2:])
        self._row = self._row[leaf]
        self._least, self._most = self._least[:, leaf], self._most[:, leaf]
        self._low = [each[leaf] for each in self._low]
        self._high = [each[leaf] for each in self._high]
        self._add(owner, cell.astype(np.float64), np.zeros(len(cell)), np.flatnonzero(cell == now[owner]))
        begin = self._tables[-1][0][self._row]
        self._low.append(begin + first)
        self._high.append(begin + last)
        return leaf
