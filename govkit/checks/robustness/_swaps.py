"""Sets of cells that are swapped together in one row: what they hold, what they may hold, what trees see of it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from govkit.checks.robustness._encoding import Encoding
from govkit.checks.robustness._space import Space

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Swappable = tuple[tuple[int, ...], tuple[object, ...] | None, NDArray[np.bool_]]
    """Columns, categories by code (None for a one-hot group), and which may become which."""


@dataclass(frozen=True)
class Swap:
    """Cells that are swapped together, with what they hold and may hold."""

    columns: tuple[int, ...]
    values: tuple[object, ...] | None
    """Categories by code; None for a one-hot group."""
    contents: dict[int, tuple[float, ...]]
    """Cells by state."""
    now: int

    def encoded(self, encoding: Encoding, at: int, column: int, cells: tuple[tuple[float, ...], float]) -> float:
        """Give what an encoded column becomes.

        Args:
            encoding: how the model's columns are encoded.
            at: the encoded column.
            column: its column of the space.
            cells: one of the contents, and the encoded cell as it is, which an unknown category keeps.
        """
        content, usual = cells
        if self.values is None:
            cell = content[self.columns.index(column)]
            return float(encoding.slope[at] * cell + encoding.shift[at])
        return usual if content[0] < 0 else encoding.value(at, self.values[int(content[0])])


def swappable(space: Space) -> "list[Swappable]":
    """Give every set of cells that may be swapped."""
    found: list[Swappable] = [((one.column,), one.values, one.allowed) for one in space.categories]
    return found + [(group.columns, None, group.allowed) for group in space.groups]


def swap_of(one: "Swappable", original: "NDArray[np.float64]") -> Swap:
    """Give what a set of cells holds in a row and may become."""
    import numpy as np

    columns, values, allowed = one
    if values is not None:
        now = int(original[columns[0]])
        states = [now, *(np.flatnonzero(allowed[now]).tolist() if now >= 0 else [])]
        return Swap(columns, values, {state: (float(state),) for state in states}, now)
    cells = np.nan_to_num(original[list(columns)])
    now = int(cells.argmax())
    sound = set(cells.tolist()) <= {0.0, 1.0} and cells.sum() == 1
    states = [now, *(np.flatnonzero(allowed[now]).tolist() if sound else [])]
    unit = np.eye(len(columns))
    contents = {state: tuple(unit[state].tolist()) for state in states} if sound else {now: tuple(cells.tolist())}
    return Swap(columns, None, contents, now)


def state_cells(one: "Swappable", encoding: Encoding, at: int, column: int) -> "NDArray[np.float64]":
    """Give what an encoded column becomes for every state of a set of cells."""
    import numpy as np

    columns, values, _ = one
    if values is not None:
        return np.array([encoding.value(at, value) for value in values])
    found: NDArray[np.float64] = (
        encoding.slope[at] * np.eye(len(columns))[:, columns.index(column)] + encoding.shift[at]
    )
    return found


def states_of(one: "Swappable", original: "NDArray[np.float64]") -> "tuple[NDArray[np.int64], NDArray[np.bool_]]":
    """Give for many rows the state of a set of cells, -1 where it can't be swapped, and which states it may have."""
    import numpy as np

    columns, values, allowed = one
    if values is not None:
        now = original[:, columns[0]].astype(np.int64)
        sound = now >= 0
    else:
        cells = np.nan_to_num(original[:, list(columns)])
        now = cells.argmax(axis=1)
        sound = ((cells == 0) | (cells == 1)).all(axis=1) & (cells.sum(axis=1) == 1)
    choice = (allowed | np.eye(len(allowed), dtype=bool))[np.maximum(now, 0)] & sound[:, None]
    return np.where(sound, now, -1), choice
