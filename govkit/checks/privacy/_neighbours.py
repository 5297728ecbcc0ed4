"""Rows near each row: a model that has memorised a row answers otherwise beside it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable

    import numpy as np
    import pandas as pd

SCALES = (0.05, 0.5, 0.1, 0.2)
"""How far away, in standard deviations of a column; for categories the chance that another row's value is taken."""
FEW_VALUES = 12
"""Different numbers up to which a column counts as categories."""


def nearby(rows: "pd.DataFrame", count: int, seed: int) -> "tuple[pd.DataFrame, ...]":
    """Move every row a little, `count` times, through the scales in turn; column types and value ranges stay.

    Numbers get normal noise, whole numbers are rounded, and neither leaves the range of its column. Other columns take
    the value of a row drawn at random. Missing cells stay missing.

    Source: Carlini et al. (2022), section VI-C, and Choquette-Choo et al. (2021) ask about a row's surroundings.
    """
    import numpy as np
    import pandas as pd

    rng, moved = np.random.default_rng(seed), []
    for turn in range(count):
        scale = SCALES[turn % len(SCALES)]
        changed: dict[Hashable, object] = {}
        for name in rows:
            column = rows[name]
            noisy = column.dtype.kind in "iuf" and column.nunique() > FEW_VALUES
            changed[name] = _shifted(column, scale, rng) if noisy else _swapped(column, scale, rng)
        moved.append(pd.DataFrame(changed, index=rows.index))
    return tuple(moved)


def _shifted(column: "pd.Series[float]", scale: float, rng: "np.random.Generator") -> "pd.Series[float]":
    import numpy as np

    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    there = np.isfinite(values)
    known = values[there]
    moved = np.clip(known + scale * known.std() * rng.normal(size=len(known)), known.min(), known.max())
    kept = column.copy()
    kept[there] = (np.round(moved) if column.dtype.kind in "iu" else moved).astype(column.dtype.type)
    return kept


def _swapped(column: "pd.Series[float]", scale: float, rng: "np.random.Generator") -> "pd.Series[float]":
    other = column.iloc[rng.integers(len(column), size=len(column))].set_axis(column.index)
    swap = (rng.random(len(column)) < scale) & column.notna().to_numpy() & other.notna().to_numpy()
    return column.where(~swap, other)
