"""What an ROC curve says of a test at a fixed rate of false alarms, with ties counted against the test."""

from typing import TYPE_CHECKING

from govkit.core.evidence import Interval
from govkit.stats.intervals import LEVEL, proportion

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Scores = NDArray[np.float64]

POWER = 0.8


def threshold(others: "Scores", rate: float) -> float:
    """Give the value that at most a share `rate` of the other rows exceeds; rows that tie with it are not called."""
    import numpy as np

    ordered = np.sort(others)[::-1]
    return float(ordered[min(int(rate * len(ordered) + 1e-9), len(ordered) - 1)])


def found_at(members: "Scores", others: "Scores", rate: float, *, level: float = LEVEL) -> tuple[float, Interval]:
    """Give the share of members found at a rate of false alarms, with an interval that never covers less than it says.

    The threshold is a quantile of the other rows. Two of their order statistics enclose it (Wilks 1941, binomial), and
    the shares of members above these two have Clopper-Pearson limits; each of the two steps uses half of the error.
    Where there are too few other rows for an order statistic, that end is 0 or 1.

    Args:
        members: scores of the rows to be found, higher is more suspect.
        others: scores of the rows that are falsely called.
        rate: share of the other rows that may be called.
        level: the confidence level.
    """
    import numpy as np
    from scipy.stats import binom

    n, tail = len(others), (1 - level) / 4
    ordered = np.sort(others)[::-1]
    strict, loose = int(binom.ppf(tail, n, rate)) - 1, int(binom.isf(tail, n, rate))
    value = float((members > threshold(others, rate)).mean())
    low, high = 0.0, 1.0
    if strict >= 0:
        above = int((members > ordered[strict]).sum())
        low = proportion(above, len(members), level=1 - 2 * tail).low or 0.0
    if loose < n:
        above = int((members > ordered[loose]).sum())
        high = proportion(above, len(members), level=1 - 2 * tail).high or 1.0
    method = "order statistics, clopper-pearson"
    return value, Interval(low=min(low, value), high=max(high, value), level=level, method=method)


def beats_false_alarms(members: "Scores", others: "Scores", rate: float, seed: int) -> float:
    """Give the p-value of finding more members than other rows, at a threshold from a separate half of the others.

    Fisher's exact test, one-sided. With the threshold from the same rows it would be too small by a factor.
    """
    import numpy as np
    from scipy.stats import hypergeom

    shuffled = np.random.default_rng(seed).permutation(others)
    chosen, judged = shuffled[: len(others) // 2], shuffled[len(others) // 2 :]
    limit = threshold(chosen, rate)
    right, wrong = int((members > limit).sum()), int((judged > limit).sum())
    return float(hypergeom.sf(right - 1, len(members) + len(judged), right + wrong, len(members)))


def smallest_detectable_auc(n: int, level: float, null: float = 0.5) -> float:
    """Give the AUC whose lower limit exceeds `null` in 80 % of such samples, n rows a side.

    Under equality the variance is that of the Mann-Whitney statistic, (2n + 1) / 12n².
    """
    from math import sqrt

    from scipy.special import ndtri

    reach = float(ndtri(0.5 + level / 2) + ndtri(POWER))
    return min(null + reach * sqrt((2 * n + 1) / (12 * n * n)), 1.0)
