"""How many of one score's errors another one leaves: the ratio of what two areas under the ROC curve lack to 1."""

from math import comb
from typing import TYPE_CHECKING

from govkit.core.evidence import Interval
from govkit.stats.groups import ratio_limits
from govkit.stats.influence import interval, roc_auc
from govkit.stats.intervals import LEVEL
from govkit.stats.means import CARRIERS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Values = NDArray[np.float64]

STEPS = 2_001
REACH = 1_000.0
"""Ratios up to so many times larger or smaller than the one found are tried."""


def errors_ratio(
    one: "Values",
    other: "Values",
    positive: "NDArray[np.bool_]",
    *,
    parts: "NDArray[np.int64] | None" = None,
    level: float = LEVEL,
) -> tuple[float, Interval]:
    """Give the ratio of what the AUCs of two scores of the same rows lack to 1, with its interval.

    A ratio is in the interval where what the first area lacks, less the ratio times what the second one lacks, may be 0
    by Student's or by Hall's test of the rows' parts in it (Fieller 1954). Where fewer than five rows carry the spread
    of that or of one of the areas, the areas' own limits take their place, as if the scores were independent (MOVER):
    wider, since two scores of the same rows mostly err together.

    Args:
        one: scores of the first, shape (n,).
        other: scores of the second on the same rows.
        positive: which rows are positive.
        parts: compare rows within these parts only, as in `roc_auc`.
        level: the confidence level.

    Source: Fieller (1954), Journal of the Royal Statistical Society B 16; Hall (1992), the same 54; Donner and Zou
    (2012), Statistical Methods in Medical Research 21.
    """
    import numpy as np

    least = 0.5 / float(positive.sum() * (~positive).sum())  # half a pair, where every pair is ranked right
    curves = [roc_auc(scores, positive, parts) for scores in (one, other)]
    lacks = [max(1 - area, least) for area, _ in curves]
    found = [interval(area, moved, positive, level=level) for area, moved in curves]
    ratio = lacks[0] / lacks[1]
    low, high = _apart(lacks, [(1 - (each.high or 0.0), 1 - (each.low or 0.0)) for each in found])
    method = "mover-ratio"
    paired = _together(lacks, [-moved for _, moved in curves], positive, level)
    if paired is not None:
        low, high, method = *paired, "infinitesimal jackknife, fieller, hall"
    ends = min(low, ratio), max(high, ratio)
    return ratio, Interval(low=ends[0], high=ends[1] if np.isfinite(ends[1]) else None, level=level, method=method)


def _apart(lacks: list[float], limits: list[tuple[float, float]]) -> tuple[float, float]:
    """Give the limits of the ratio from those of either side."""
    import numpy as np

    values = [np.array([each]) for each in lacks]
    ends = [(np.array([max(low, 0.0)]), np.array([high])) for low, high in limits]
    low, high = ratio_limits(values[0], ends[0], values[1], ends[1])
    return float(low[0]), float(high[0])


def _together(
    lacks: list[float], moved: "list[Values]", positive: "NDArray[np.bool_]", level: float
) -> tuple[float, float] | None:
    """Give the outermost ratios that are not rejected; None where too few rows carry what they are tested by.

    Sums of powers of the rows' parts, for all ratios at once, follow from those of the two areas.
    """
    import numpy as np
    from scipy.special import stdtrit

    first, second = moved
    tried = lacks[0] / lacks[1] * np.geomspace(1 / REACH, REACH, STEPS)

    def power(exponent: int, rows: "NDArray[np.bool_] | slice" = slice(None)) -> "Values":
        sums = [
            comb(exponent, place) * float((first[rows] ** (exponent - place) * second[rows] ** place).sum())
            for place in range(exponent + 1)
        ]
        summed = np.asarray(sum(each * (-tried) ** place for place, each in enumerate(sums)))
        return summed if exponent % 2 else np.maximum(summed, 1e-300)  # rounding must not make it negative

    squares, by_class = power(2), [power(2, positive), power(2, ~positive)]
    carriers = squares**2 / power(4)
    own = [float((part**2).sum()) ** 2 / max(float((part**4).sum()), 1e-300) for part in moved]
    if min(float(carriers[STEPS // 2]), *own) < CARRIERS:
        return None
    freedom = squares**2 / sum(
        part**2 / max(int(rows.sum()) - 1, 1) for part, rows in zip(by_class, (positive, ~positive), strict=True)
    )
    error = np.sqrt(squares)
    skew, apart = power(3) / error**3, (lacks[0] - tried * lacks[1]) / error
    hall = apart + skew * apart**2 / 3 + skew**2 * apart**3 / 27 + skew / 6
    rejected = np.minimum(apart * np.sign(apart), hall * np.sign(apart)) > stdtrit(freedom, 0.5 + level / 2)
    kept = np.flatnonzero(~rejected)
    ends = max(int(kept[0]) - 1, 0), min(int(kept[-1]) + 1, STEPS - 1)
    return (0.0 if not rejected[0] else float(tried[ends[0]])), (float(tried[ends[1]]) if rejected[-1] else np.inf)
