"""What may be changed in a row and how far: the rows that could exist around a row that does."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from govkit.checks.robustness._linked import Links

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

NEAR_WHOLE = 1e-7
"""How near a step must be to a whole number to be taken for one."""


@dataclass(frozen=True)
class Categories:
    """A column whose values may be swapped: its known values and which may become which."""

    column: int
    values: tuple[object, ...]
    allowed: "NDArray[np.bool_]"
    """Shape (from, to)."""


@dataclass(frozen=True)
class Group:
    """A one-hot group: the positions of its columns and which may become which."""

    columns: tuple[int, ...]
    allowed: "NDArray[np.bool_]"


@dataclass(frozen=True)
class Space:
    """The cells that may change. All arrays are by column of `names`; a row is a row of floats, categories by code."""

    names: tuple[str, ...]
    """Every column that may change or that another one is worked out from."""
    number: "NDArray[np.bool_]"
    """Columns that move as numbers; the others are swapped, follow from others, or stay."""
    integer: "NDArray[np.bool_]"
    scale: "NDArray[np.float64]"
    low: "NDArray[np.float64]"
    high: "NDArray[np.float64]"
    rises: "NDArray[np.bool_]"
    falls: "NDArray[np.bool_]"
    most: "NDArray[np.float64]"
    """Largest change in the column's own unit."""
    held: "NDArray[np.float64]"
    """A value that stays as it is wherever it stands; NaN: none."""
    cost: "NDArray[np.float64]"
    categories: tuple[Categories, ...] = ()
    groups: tuple[Group, ...] = ()
    links: Links = field(default_factory=Links)
    swaps: int = 1
    """Swaps that one change may consist of."""

    @cached_property
    def can_swap(self) -> bool:
        """Whether any category may change."""
        return bool(self.categories or self.groups)

    @cached_property
    def changeable(self) -> tuple[str, ...]:
        """Names of the columns that may be chosen freely."""
        swapped = {found.column for found in self.categories} | {at for group in self.groups for at in group.columns}
        return tuple(name for at, name in enumerate(self.names) if self.number[at] or at in swapped)

    def values(self, rows: "pd.DataFrame") -> "NDArray[np.float64]":
        """Give the cells, shape (rows, columns); NaN where a number is missing, -1 where a category is unknown."""
        import numpy as np
        import pandas as pd

        found = np.empty((len(rows), len(self.names)))
        coded = {one.column: one for one in self.categories}
        for at, name in enumerate(self.names):
            if at in coded:
                found[:, at] = pd.Index(coded[at].values, dtype=object).get_indexer(pd.Index(rows[name], dtype=object))
            else:
                found[:, at] = rows[name].to_numpy(dtype="float64", na_value=float("nan"))
        return found

    def frame(self, source: "pd.DataFrame", moved: "NDArray[np.float64]") -> "pd.DataFrame":
        """Give the source rows with the changed cells in place; columns keep their types."""
        import numpy as np
        import pandas as pd

        changed: dict[str, Any] = {}
        coded = {one.column: one for one in self.categories}
        for at, name in enumerate(self.names):
            column, cells = source[name], moved[:, at]
            if at in coded:
                codes = cells.astype(np.int64)
                known = pd.Series(list(coded[at].values), dtype=column.dtype).take(np.maximum(codes, 0)).array
                changed[name] = known if (codes >= 0).all() else column.where(codes < 0, known).array
            else:
                dtype = column.to_numpy().dtype
                changed[name] = np.rint(cells).astype(dtype) if dtype.kind in "iu" else cells
        return source.assign(**changed)

    def free(self, original: "NDArray[np.float64]") -> "NDArray[np.bool_]":
        """Say which numeric cells may be chosen: those present and not held."""
        import numpy as np

        free: NDArray[np.bool_] = self.number & np.isfinite(original) & (original != self.held)
        return free

    def limits(
        self, original: "NDArray[np.float64]", eps: "float | NDArray[np.float64]" = float("inf")
    ) -> "tuple[NDArray[np.float64], NDArray[np.float64]]":
        """Give each cell's lowest and highest value within eps robust scales, whole numbers kept whole.

        A cell outside the range from the start may stay where it is. Cells that follow from others have the limits
        that they must end up in, without eps.
        """
        import numpy as np

        reach = np.asarray(eps, dtype=np.float64).reshape(-1, 1) * self.scale
        reach = np.where(self.links.dependent(len(self.names)), np.inf, reach)
        reach = np.minimum(reach, self.most)
        low = np.where(self.falls, np.maximum(self.low, original - reach), original)
        high = np.where(self.rises, np.minimum(self.high, original + reach), original)
        loose = self.free(original) | (self.links.dependent(len(self.names)) & np.isfinite(original))
        down, up = np.fmax(original - low, 0.0), np.fmax(high - original, 0.0)
        down = np.where(self.integer, np.floor(down * (1 + 1e-12)), down)
        up = np.where(self.integer, np.floor(up * (1 + 1e-12)), up)
        low = np.where(down > 0, np.where(self.integer, original - down, low), original)
        high = np.where(up > 0, np.where(self.integer, original + up, high), original)
        return np.where(loose, low, original), np.where(loose, high, original)

    def admissible(
        self,
        moved: "NDArray[np.float64]",
        original: "NDArray[np.float64]",
        eps: "float | NDArray[np.float64]" = float("inf"),
    ) -> "NDArray[np.float64]":
        """Give possible rows near `moved`; whole numbers are cut towards the original, so they never leave the box."""
        import numpy as np

        low, high = self.limits(original, eps)
        found = self._numbers(np.where(np.isfinite(moved), moved, original), original, low, high)
        if self.can_swap:
            self._swapped(found, moved, original)
        if not self.links.any:
            return found
        return self.links.repaired(found, original, (low, high), (self.number, self.integer))

    def _numbers(
        self,
        moved: "NDArray[np.float64]",
        original: "NDArray[np.float64]",
        low: "NDArray[np.float64]",
        high: "NDArray[np.float64]",
    ) -> "NDArray[np.float64]":
        import numpy as np

        found = np.clip(moved, low, high)
        if self.integer.any():
            step = found - original
            near = np.abs(step - np.rint(step)) < NEAR_WHOLE
            found = np.where(self.integer, original + np.where(near, np.rint(step), np.trunc(step)), found)
        return np.where(self.number, found, original)

    def _swapped(
        self, found: "NDArray[np.float64]", moved: "NDArray[np.float64]", original: "NDArray[np.float64]"
    ) -> None:
        """Write allowed swaps into `found`, so many at most as may happen at once; which ones goes round by row."""
        import numpy as np

        wanted: list[tuple[tuple[int, ...], NDArray[np.float64], NDArray[np.bool_]]] = []
        for one in self.categories:
            old, new = original[:, one.column].astype(np.int64), moved[:, one.column].astype(np.int64)
            inside = (old >= 0) & (new >= 0) & (new < len(one.values)) & (old != new)
            fits = inside & one.allowed[np.where(inside, old, 0), np.where(inside, new, 0)]
            wanted.append(((one.column,), new[:, None].astype(np.float64), fits))
        for group in self.groups:
            at = list(group.columns)
            old_cells, new_cells = original[:, at], np.nan_to_num(moved[:, at])
            old, new = old_cells.argmax(axis=1), new_cells.argmax(axis=1)
            sound = ((old_cells == 0) | (old_cells == 1)).all(axis=1) & (old_cells.sum(axis=1) == 1)
            fits = sound & (old != new) & group.allowed[old, new]
            wanted.append((group.columns, np.eye(len(at))[new], fits))
        fits = np.array([each[2] for each in wanted])
        if len(wanted) > self.swaps:
            turn = (np.arange(len(wanted))[:, None] + np.arange(len(found))) % len(wanted)
            rank = np.where(fits, turn, len(wanted)).argsort(axis=0, kind="stable").argsort(axis=0, kind="stable")
            fits &= rank < self.swaps
        for (columns, cells, _), taken in zip(wanted, fits, strict=True):
            found[np.ix_(taken, list(columns))] = cells[taken]

    def swapped(self, moved: "NDArray[np.float64]", original: "NDArray[np.float64]") -> "NDArray[np.int64]":
        """Count the swaps of every row."""
        import numpy as np

        count = np.zeros(len(moved), dtype=np.int64)
        for one in self.categories:
            count += moved[:, one.column] != original[:, one.column]
        for group in self.groups:
            at = list(group.columns)
            count += (moved[:, at] != original[:, at]).any(axis=1)
        return count

    def distance(self, moved: "NDArray[np.float64]", original: "NDArray[np.float64]") -> "NDArray[np.float64]":
        """Give the largest change of a number in robust scales; swaps and what follows from others count nothing."""
        import numpy as np

        far = np.where(self.number, np.abs(moved - original) / self.scale, 0.0)
        largest: NDArray[np.float64] = np.nan_to_num(far, nan=0.0).max(axis=-1, initial=0.0)
        return largest

    def price(self, moved: "NDArray[np.float64]", original: "NDArray[np.float64]") -> "NDArray[np.float64]":
        """Give the declared cost of a change: robust scales of every number and 1 for a swap, each times its cost."""
        import numpy as np

        paid = np.where(self.number, np.abs(moved - original) / self.scale * self.cost, 0.0)
        total: NDArray[np.float64] = np.nan_to_num(paid, nan=0.0).sum(axis=-1)
        for one in self.categories:
            total += self.cost[one.column] * (moved[:, one.column] != original[:, one.column])
        for group in self.groups:
            at = list(group.columns)
            total += self.cost[at[0]] * (moved[:, at] != original[:, at]).any(axis=1)
        return total

    def choices(self) -> "Iterator[tuple[tuple[int, ...], tuple[tuple[float, ...], ...]]]":
        """Give every set of cells that is swapped together, with the contents it may take on."""
        import numpy as np

        for one in self.categories:
            yield (one.column,), tuple((float(code),) for code in np.flatnonzero(one.allowed.any(axis=0)))
        for group in self.groups:
            cells = np.eye(len(group.columns))
            yield group.columns, tuple(tuple(cells[code]) for code in np.flatnonzero(group.allowed.any(axis=0)))
