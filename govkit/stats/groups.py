"""Largest differences and smallest ratios between groups, with intervals that hold for all pairs at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from govkit.core.evidence import Interval
from govkit.stats.intervals import LEVEL
from govkit.stats.means import UNBOUNDED, Bounds, mean
from govkit.stats.multiple import simultaneous

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    Limits = tuple[NDArray[np.float64], NDArray[np.float64]]


@dataclass(frozen=True)
class Contrast:
    """The pair of groups that lie farthest apart."""

    value: float
    interval: Interval
    low_group: int
    """Position of the group with the smallest value."""
    high_group: int


def wilson(successes: "ArrayLike", n: "ArrayLike", level: float = LEVEL) -> "Limits":
    """Give Wilson's limits of many shares at once; every `n` is at least 1."""
    import numpy as np
    from scipy.special import ndtri

    hits, rows = np.asarray(successes, dtype=np.float64), np.asarray(n, dtype=np.float64)
    z = float(ndtri(0.5 + level / 2))
    middle = (hits + z**2 / 2) / (rows + z**2)
    width = z / (rows + z**2) * np.sqrt(hits * (rows - hits) / rows + z**2 / 4)
    # rounding must not leave a limit beside the bound that it reaches
    return np.where(hits > 0, middle - width, 0.0), np.where(hits < rows, middle + width, 1.0)


def difference(first: tuple[int, int], second: tuple[int, int], *, level: float = LEVEL) -> Interval:
    """Give the interval of the difference of two independent shares, each as hits and rows.

    Newcombe's hybrid score limits (1998), Statistics in Medicine 17.
    """
    from math import sqrt

    shares = [hits / rows for hits, rows in (first, second)]
    lows, highs = wilson([first[0], second[0]], [first[1], second[1]], level)
    down = sqrt((shares[0] - lows[0]) ** 2 + (highs[1] - shares[1]) ** 2)
    up = sqrt((highs[0] - shares[0]) ** 2 + (shares[1] - lows[1]) ** 2)
    gap = shares[0] - shares[1]
    return Interval(low=max(gap - down, -1.0), high=min(gap + up, 1.0), level=level, method="newcombe")


def exceeds(first: tuple[int, int], second: tuple[int, int]) -> float:
    """Give the p-value of the first share, as hits and rows, lying above the second: Fisher's exact test, one-sided."""
    from scipy.stats import hypergeom

    return float(hypergeom.sf(first[0] - 1, first[1] + second[1], first[0] + second[0], first[1]))


def largest_difference(successes: "ArrayLike", n: "ArrayLike", *, level: float = LEVEL) -> Contrast:
    """Give the largest difference of two groups' shares.

    Newcombe's hybrid score limits of every pair at Bonferroni's level: they hold together, so the largest difference
    lies between the largest lower and the largest upper limit. Newcombe (1998), Statistics in Medicine 17.

    Args:
        successes: count of each group, shape (groups,), at least two.
        n: rows of each group, all at least 1.
        level: the confidence level.
    """
    import numpy as np

    hits, rows = np.asarray(successes, dtype=np.float64), np.asarray(n, dtype=np.float64)
    share = hits / rows
    low, high = wilson(hits, rows, _per_pair(level, len(rows)))
    ends = _furthest(share, low, high)
    interval = Interval(low=ends[0], high=min(ends[1], 1.0), level=level, method="newcombe")
    return _contrast(share, float(np.ptp(share)), interval)


def smallest_ratio(successes: "ArrayLike", n: "ArrayLike", *, level: float = LEVEL) -> Contrast:
    """Give the smallest ratio of two groups' shares, at most 1; 1 where no group has any.

    Ratio limits by the method of variance estimates recovery from Wilson's limits, for every pair at Bonferroni's
    level. Donner and Zou (2012), Statistical Methods in Medical Research 21.
    """
    import numpy as np

    hits, rows = np.asarray(successes, dtype=np.float64), np.asarray(n, dtype=np.float64)
    share = hits / rows
    low, high = wilson(hits, rows, _per_pair(level, len(rows)))
    one, other = np.meshgrid(np.arange(len(rows)), np.arange(len(rows)), indexing="ij")
    apart = one != other
    first, second = one[apart], other[apart]
    lows, highs = ratio_limits(share[first], (low[first], high[first]), share[second], (low[second], high[second]))
    value = float(share.min() / share.max()) if share.max() > 0 else 1.0
    ends = min(float(lows.min()), value), max(min(float(highs.min()), 1.0), value)
    return _contrast(share, value, Interval(low=ends[0], high=ends[1], level=level, method="mover-ratio"))


def largest_mean_difference(
    samples: "Sequence[NDArray[np.float64]]", *, level: float = LEVEL, within: Bounds = UNBOUNDED
) -> Contrast:
    """Give the largest difference of two groups' means.

    The limits of each group's mean at Bonferroni's level add up as variances do (MOVER, Zou and Donner 2008), for every
    pair. Where a group's mean has no limits, the difference has none above.

    Args:
        samples: each group's values, at least two groups.
        level: the confidence level.
        within: bounds that no value can exceed.
    """
    import numpy as np

    middle = np.array([sample.mean() for sample in samples])
    found = [mean(sample, level=_per_pair(level, len(samples)), within=within) for sample in samples]
    low = np.array([-np.inf if one.low is None else one.low for one in found])
    high = np.array([np.inf if one.high is None else one.high for one in found])
    ends = _furthest(middle, low, high)
    interval = Interval(
        low=ends[0], high=ends[1] if np.isfinite(ends[1]) else None, level=level, method=f"mover, {found[0].method}"
    )
    return _contrast(middle, float(np.ptp(middle)), interval)


def _furthest(
    values: "NDArray[np.float64]", low: "NDArray[np.float64]", high: "NDArray[np.float64]"
) -> tuple[float, float]:
    """Give the largest lower and the largest upper limit of the differences of all pairs."""
    import numpy as np

    gap = values[:, None] - values[None, :]
    down = np.sqrt((values - low)[:, None] ** 2 + (high - values)[None, :] ** 2)
    up = np.sqrt((high - values)[:, None] ** 2 + (values - low)[None, :] ** 2)
    return max(float((gap - down).max()), 0.0), float((gap + up).max())


def _per_pair(level: float, groups: int) -> float:
    return simultaneous(level, groups * (groups - 1) // 2)


def _contrast(values: "NDArray[np.float64]", value: float, found: Interval) -> Contrast:
    return Contrast(value, found, int(values.argmin()), int(values.argmax()))


def ratio_limits(
    first: "NDArray[np.float64]", first_limits: "Limits", second: "NDArray[np.float64]", second_limits: "Limits"
) -> "Limits":
    """Give the limits of the ratios of independent values from the limits of either side; infinite where 0 may be.

    Donner and Zou (2012), Statistical Methods in Medical Research 21.
    """
    import numpy as np

    (low_1, high_1), (low_2, high_2) = first_limits, second_limits
    product = first * second

    def limit(own: "NDArray[np.float64]", theirs: "NDArray[np.float64]", side: int) -> "NDArray[np.float64]":
        inside = np.maximum(product**2 - own * theirs * (2 * first - own) * (2 * second - theirs), 0.0)
        under = theirs * (2 * second - theirs)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray((product + side * np.sqrt(inside)) / under)

    lows, highs = limit(low_1, high_2, -1), limit(high_1, low_2, 1)
    return np.nan_to_num(np.maximum(lows, 0.0), nan=0.0), np.where(low_2 > 0, highs, np.inf)
