"""What may be changed in a row and how far: the rows that could exist around a row that does."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from govkit.core.errors import UsageProblem
from govkit.inputs.columns import Columns
from govkit.inputs.model import Model
from govkit.inputs.predictions import decide, scores
from govkit.inputs.task import Task

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

NORMAL_IQR = 1.349
"""Interquartile range of a standard normal variable."""
NORMAL_90 = 3.290
"""Its range from the 5% to the 95% quantile."""
BATCH = 20_000
"""Rows asked for in one call."""
HELD_SHARE = 0.5
"""Share of a column's most frequent value from which that value means `nothing there` and is left alone."""


@dataclass(frozen=True)
class Space:
    """The numeric columns that may change, with scale, range and integrality from the reference rows."""

    names: tuple[str, ...]
    scale: "NDArray[np.float64]"
    low: "NDArray[np.float64]"
    high: "NDArray[np.float64]"
    integer: "NDArray[np.bool_]"
    held: "NDArray[np.float64]"
    """A value that stays as it is wherever it stands; NaN: none."""

    def values(self, rows: "pd.DataFrame") -> "NDArray[np.float64]":
        """Give the changeable cells, shape (rows, columns); NaN where a cell is missing."""
        return rows[list(self.names)].to_numpy(dtype="float64", na_value=float("nan"))

    def free(self, original: "NDArray[np.float64]") -> "NDArray[np.bool_]":
        """Say which cells may change: those present and not held."""
        import numpy as np

        free: NDArray[np.bool_] = np.isfinite(original) & (original != self.held)
        return free

    def admissible(
        self, moved: "NDArray[np.float64]", original: "NDArray[np.float64]", eps: float = float("inf")
    ) -> "NDArray[np.float64]":
        """Give possible rows near `moved`: within eps robust scales and the seen range, whole numbers kept whole.

        A cell that lies outside the range from the start may stay where it is. Whole numbers are rounded towards the
        original, so that rounding never leaves the box.
        """
        import numpy as np

        low = np.minimum(np.maximum(self.low, original - eps * self.scale), original)
        high = np.maximum(np.minimum(self.high, original + eps * self.scale), original)
        step = np.clip(moved, low, high) - original
        whole = np.where(np.abs(step - np.rint(step)) < 1e-7, np.rint(step), np.trunc(step))  # noqa: PLR2004
        found = original + np.where(self.integer, whole, step)
        return np.where(self.free(original), np.clip(found, low, high), original)

    def violations(
        self, emitted: "NDArray[np.float64]", original: "NDArray[np.float64]", eps: "NDArray[np.float64]"
    ) -> "NDArray[np.bool_]":
        """Say which emitted rows are not possible ones; shares no code with `admissible`."""
        import numpy as np

        changed = ~((emitted == original) | (np.isnan(emitted) & np.isnan(original)))
        too_far = np.abs(emitted - original) > eps[:, None] * self.scale * (1 + 1e-9)
        outside = (emitted < np.fmin(self.low, original)) | (emitted > np.fmax(self.high, original))
        broken = self.integer & (np.abs(emitted - original - np.round(emitted - original)) > 1e-6)  # noqa: PLR2004
        forbidden = np.isnan(original) | np.isnan(emitted) | (original == self.held)
        wrong: NDArray[np.bool_] = (changed & (too_far | outside | broken | forbidden)).any(axis=1)
        return wrong

    def distance(self, moved: "NDArray[np.float64]", original: "NDArray[np.float64]") -> "NDArray[np.float64]":
        """Give the largest change of a row in robust scales."""
        import numpy as np

        far: NDArray[np.float64] = np.nan_to_num(np.abs(moved - original) / self.scale).max(axis=1, initial=0.0)
        return far

    def frame(self, source: "pd.DataFrame", moved: "NDArray[np.float64]") -> "pd.DataFrame":
        """Give the source rows with the changed cells in place; untouched columns keep their types."""
        changed = {}
        for index, name in enumerate(self.names):
            dtype = source[name].to_numpy().dtype
            changed[name] = moved[:, index].round().astype(dtype) if dtype.kind in "iu" else moved[:, index]
        return source.assign(**changed)


def space_of(reference: "pd.DataFrame", columns: Columns, frozen: Iterable[str]) -> Space:
    """Infer the space from reference rows: TRAIN where there is one.

    The scale is the interquartile range over 1.349, else the 5% to 95% range over 3.29, else the standard deviation.

    Raises:
        UsageProblem: a frozen column is not in the data.
    """
    import numpy as np

    names, facts = [], []
    stays = set(frozen)
    for name in sorted(stays - set(columns.kinds)):
        raise UsageProblem(f"`frozen` names the column {name!r}, which the data does not have", hint="correct the line")
    for name in columns.features:
        column = reference[name]
        if columns.kinds.get(name) not in {"number", "integer"} or name in stays or column.dtype.kind not in "iuf":
            continue
        cells = column.to_numpy(dtype="float64", na_value=float("nan"))
        cells = cells[np.isfinite(cells)]
        if len(cells) and cells.min() < cells.max():
            names.append(name)
            facts.append(_facts(cells))
    scale, low, high, integer, held = (
        (np.array(part) for part in zip(*facts, strict=True)) if facts else [np.empty(0)] * 5
    )
    return Space(tuple(names), scale, low, high, integer.astype(bool), held)


def _facts(cells: "NDArray[np.float64]") -> tuple[float, float, float, bool, float]:
    import numpy as np

    q05, q25, q75, q95 = np.quantile(cells, [0.05, 0.25, 0.75, 0.95])
    scale = float((q75 - q25) / NORMAL_IQR or (q95 - q05) / NORMAL_90 or cells.std())
    seen, counts = np.unique(cells, return_counts=True)
    mode = counts.argmax()
    held = float(seen[mode]) if counts[mode] >= HELD_SHARE * len(cells) else float("nan")
    return scale, float(cells.min()), float(cells.max()), bool((cells % 1 == 0).all()), held


@dataclass
class Labels:
    """Asks the model for class positions and counts what it cost."""

    model: Model
    task: Task
    queries: int = 0

    def __call__(self, rows: "pd.DataFrame") -> "NDArray[np.int64]":
        """Give the predicted class position of each row; -2 where the model says what is none of its classes."""
        import numpy as np

        if not len(rows):
            return np.empty(0, dtype=np.int64)
        self.queries += len(rows)
        parts = [rows.iloc[start : start + BATCH] for start in range(0, len(rows), BATCH)]
        return np.concatenate([self._asked(part) for part in parts])

    def _asked(self, rows: "pd.DataFrame") -> "NDArray[np.int64]":
        probability = scores(self.model, rows)[0] if self.task.threshold is not None else None
        return decide(self.model, rows, probability, self.task)
