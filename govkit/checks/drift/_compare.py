"""One column of two tables held against each other: a test, and effects that don't grow with the rows."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from govkit.core.evidence import Interval
from govkit.inputs.disclosure import MIN_ROWS
from govkit.inputs.matrix import as_numbers, is_number, word_counts
from govkit.inputs.reference import MOST_CATEGORIES, Profile, counts_of
from govkit.stats.chi_square import alike, alike_in_quantiles, alike_where_chosen
from govkit.stats.distances import cramers_v, jensen_shannon, stability_interval

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

FEWEST = 10
"""Cells with a value that a column needs in both tables."""


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

    None where either side has too few values, or where no category is common.
    """
    import numpy as np

    expected = profile.columns.get(name)
    if reference is not None and (expected is None or expected.kind == "category"):
        before, now = _counted(reference, current)
    elif expected is not None:
        before, now = np.array(expected.counts), counts_of(name, expected, current, profile.sha256)
    else:
        return None
    if min(before[:-1].sum(), now[:-1].sum()) < FEWEST or len(before) < 3:  # noqa: PLR2004 - others and missing cells
        return None
    kept = before + now > 0
    index, interval = stability_interval(before[kept], now[kept], seed=seed)
    distance = jensen_shannon(before[kept], now[kept])
    n = int(before.sum() + now.sum())
    if expected is None or expected.kind == "category":
        chance = _profiled(before, now) if reference is None else alike(before, now)
    elif reference is not None and is_number(reference) and is_number(current):
        chance, statistic, moved = _numbers(as_numbers(reference), as_numbers(current))
        return Shift(name, n, index, interval, chance, distance, statistic, moved)
    else:
        chance = alike_in_quantiles(before, now)
    return Shift(name, n, index, interval, chance, distance, cramers_v(np.stack([before, now])), None)


def _counted(before: "pd.Series[Any]", now: "pd.Series[Any]") -> "tuple[NDArray[np.int64], NDArray[np.int64]]":
    """Count the categories that are common in both columns together, then all others, then missing cells.

    Those common in the first column alone would be the ones that it has many of by chance.
    """
    import numpy as np

    first, second = word_counts(before), word_counts(now)
    both = {word: first.get(word, 0) + second.get(word, 0) for word in sorted({*first, *second} - {""})}
    named = sorted((word for word in both if both[word] >= MIN_ROWS), key=lambda word: -both[word])[:MOST_CATEGORIES]
    counts = [[words.get(word, 0) for word in named] for words in (first, second)]
    gaps = [words.get("", 0) for words in (first, second)]
    whole = (len(before), len(now))
    found = [[*own, rows - sum(own) - gap, gap] for own, rows, gap in zip(counts, whole, gaps, strict=True)]
    return np.array(found[0]), np.array(found[1])


def _profiled(before: "NDArray[np.int64]", now: "NDArray[np.int64]") -> float:
    """Give the p-value of a category's counts against a profile, whose categories were common in its own table."""
    import numpy as np

    if before[-2] + now[-2] == 0:
        return alike(before, now)
    least = np.full(len(before) - 1, MIN_ROWS if len(before) < MOST_CATEGORIES + 2 else int(before[:-2].min()))
    least[-1] = 0  # missing cells are always counted
    own = [np.delete(part, -2) for part in (before, now)]
    there = own[0] + own[1] > 0
    rest = int(before[-2]), int(now[-2])
    return alike_where_chosen(own[0][there], own[1][there], least=least[there], rest=rest)


def _numbers(before: "NDArray[np.float64]", now: "NDArray[np.float64]") -> tuple[float, float, float]:
    """Give Kolmogorov and Smirnov's p-value and distance, and Wasserstein's distance in standard deviations."""
    import numpy as np
    from scipy.stats import ks_2samp, wasserstein_distance

    before, now = before[np.isfinite(before)], now[np.isfinite(now)]
    found = ks_2samp(before, now, method="asymp")
    spread = float(before.std()) or 1.0
    return float(found.pvalue), float(found.statistic), float(wasserstein_distance(before, now)) / spread
