"""One column of two tables held against each other: a test, and effects that don't grow with the rows."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from govkit.core.evidence import Interval
from govkit.inputs.matrix import as_numbers, is_number
from govkit.inputs.reference import Profile, counts_of
from govkit.stats.distances import cramers_v, jensen_shannon, stability_interval

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

FEWEST = 10
"""Cells with a value that a column needs in both tables."""
EXPECTED = 5.0
"""Rows expected in a cell of a chi-square test; rarer categories are taken together."""


@dataclass(frozen=True)
class Shift:
    """How far a column has moved."""

    column: str
    n: int
    index: float
    """Population stability index."""
    interval: Interval
    chance: float
    """Probability of as large a difference if nothing has changed."""
    distance: float
    """Jensen-Shannon distance of the binned values."""
    statistic: float
    """Kolmogorov-Smirnov distance (numbers), Cramér's V (categories)."""
    moved: float | None
    """Numbers: Wasserstein distance in standard deviations of the reference."""


def shift_of(
    name: str, profile: Profile, current: "pd.Series[Any]", *, seed: int, reference: "pd.Series[Any] | None" = None
) -> Shift | None:
    """Compare a column with its profile, and with the rows themselves where they are there.

    None where either side has too few values.
    """
    import numpy as np

    expected = profile.columns[name]
    before, now = np.array(expected.counts), counts_of(name, expected, current, profile.sha256)
    if min(before[:-1].sum(), now[:-1].sum()) < FEWEST:
        return None
    kept = before + now > 0
    before, now = before[kept], now[kept]
    index, interval = stability_interval(before, now, seed=seed)
    distance = jensen_shannon(before, now)
    n = int(before.sum() + now.sum())
    if expected.kind == "number" and reference is not None and is_number(reference) and is_number(current):
        chance, statistic, moved = _numbers(as_numbers(reference), as_numbers(current))
        return Shift(name, n, index, interval, chance, distance, statistic, moved)
    chance = chi_square(before, now)
    return Shift(name, n, index, interval, chance, distance, cramers_v(np.stack([before, now])), None)


def chi_square(before: "NDArray[np.int64]", now: "NDArray[np.int64]") -> float:
    """Give the p-value of two lists of counts being alike; rare ones are taken together first."""
    import numpy as np
    from scipy.stats import chi2_contingency

    both = np.stack([before, now])
    least = both.sum(axis=0) * min(before.sum(), now.sum()) / both.sum()
    rare = least < EXPECTED
    table = np.column_stack([both[:, ~rare], both[:, rare].sum(axis=1)]) if rare.any() else both
    table = table[:, table.sum(axis=0) > 0]
    if table.shape[1] < 2:  # noqa: PLR2004 - one category is the same in both
        return 1.0
    return float(chi2_contingency(table, correction=False).pvalue)


def _numbers(before: "NDArray[np.float64]", now: "NDArray[np.float64]") -> tuple[float, float, float]:
    """Give Kolmogorov and Smirnov's p-value and distance, and Wasserstein's distance in standard deviations."""
    import numpy as np
    from scipy.stats import ks_2samp, wasserstein_distance

    before, now = before[np.isfinite(before)], now[np.isfinite(now)]
    found = ks_2samp(before, now, method="asymp")
    spread = float(before.std()) or 1.0
    return float(found.pvalue), float(found.statistic), float(wasserstein_distance(before, now)) / spread
