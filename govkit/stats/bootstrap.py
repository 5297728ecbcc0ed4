"""Bias-corrected and accelerated bootstrap intervals of statistics of counts."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from govkit.core.evidence import Interval
from govkit.stats.intervals import LEVEL

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Statistic = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def of_counts(
    counts: "NDArray[np.int64]", statistic: "Statistic", *, seed: int, draws: int = 2_000, level: float = LEVEL
) -> tuple[float, Interval]:
    """Give a statistic of how many rows are of each kind, and its BCa interval.

    Rows of a kind are exchangeable, so that drawing rows anew is one multinomial draw of the counts. A statistic that
    does not vary gets an interval of no width.

    Args:
        counts: rows of each kind, shape (kinds,).
        statistic: takes counts, shape (..., kinds), to values, shape (...).
        seed: makes the draws repeatable.
        draws: bootstrap samples.
        level: the confidence level.

    Source: Efron (1987), Better bootstrap confidence intervals, JASA 82.
    """
    import numpy as np
    from scipy.special import ndtr, ndtri

    rows = counts.astype(np.float64)
    n, value = int(rows.sum()), float(statistic(rows))
    rng = np.random.default_rng(seed)
    again = statistic(rng.multinomial(n, rows / n, size=draws).astype(np.float64))
    again = again[np.isfinite(again)]
    below = (np.sum(again < value) + np.sum(again == value) / 2) / len(again)
    if np.ptp(again) == 0 or not 0 < below < 1:
        return value, Interval(low=float(again.min()), high=float(again.max()), level=level, method="bca bootstrap")
    present = np.flatnonzero(rows)
    left = statistic(rows - np.eye(len(rows))[present])
    weights = rows[present] / n
    apart = weights @ left - left
    scale = float((weights @ apart**2) ** 1.5) * n**0.5
    pull = float(weights @ apart**3) / (6 * scale) if scale else 0.0
    shift = float(ndtri(below))
    ends = []
    for side in (0.5 - level / 2, 0.5 + level / 2):
        moved = shift + float(ndtri(side))
        ends.append(float(ndtr(shift + moved / (1 - pull * moved))))
    low, high = np.quantile(again, ends)
    return value, Interval(low=float(low), high=float(high), level=level, method="bca bootstrap")
