"""Confidence intervals: how far a measured value may be from the true one because only some rows were seen."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from govkit.core.evidence import Interval

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

LEVEL = 0.95
Parts = list[tuple[float, float, float]]


def proportion(
    successes: int, n: int, *, level: float = LEVEL, method: Literal["wilson", "clopper-pearson"] = "wilson"
) -> Interval:
    """Give the interval of a share of independent rows.

    Wilson (1927) covers the level on average and suits description; Clopper and Pearson (1934) never covers less.

    Raises:
        ValueError: `n` is 0 or `successes` is not between 0 and `n`.
    """
    if n < 1 or not 0 <= successes <= n:
        raise ValueError(f"{successes} of {n} is no share")
    low, high = (_wilson if method == "wilson" else _clopper_pearson)(successes, n, level)
    return Interval(low=low, high=high, level=level, method=method)


def _wilson(successes: int, n: int, level: float) -> tuple[float, float]:
    from math import sqrt

    from scipy.special import ndtri

    z, share = float(ndtri(0.5 + level / 2)), successes / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    reach = z / (1 + z * z / n) * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return (0.0 if successes == 0 else middle - reach), (1.0 if successes == n else middle + reach)


def _clopper_pearson(successes: int, n: int, level: float) -> tuple[float, float]:
    """Give the limits as quantiles of beta distributions, the closed form of the exact test's inversion."""
    from scipy.special import betaincinv

    tail = (1 - level) / 2
    low = 0.0 if successes == 0 else float(betaincinv(successes, n - successes + 1, tail))
    high = 1.0 if successes == n else float(betaincinv(successes + 1, n - successes, 1 - tail))
    return low, high


def median(values: "NDArray[np.float64]", *, level: float = LEVEL) -> Interval:
    """Give the interval of a median from order statistics; values may be infinite, then so may its ends be.

    David and Nagaraja (2003), Order Statistics, section 7.1; free of assumptions about the distribution.
    """
    import numpy as np
    from scipy.stats import binom

    ordered = np.sort(values)
    n = len(ordered)
    below = int(binom.ppf((1 - level) / 2, n, 0.5))
    ends = (float(ordered[max(below - 1, 0)]), float(ordered[min(n - below, n - 1)]))
    open_low = below < 1
    return Interval(
        low=None if open_low or not np.isfinite(ends[0]) else ends[0],
        high=None if open_low or not np.isfinite(ends[1]) else ends[1],
        level=level,
        method="order-statistics",
    )


def mean_of_shares(parts: Parts, *, level: float = LEVEL, shared: float = 1.0) -> Interval:
    """Give the interval of an unweighted mean of shares from each one's own limits.

    The squared distances to the limits add up as variances do: MOVER, Zou and Donner (2008), Statistics in Medicine 27.

    Args:
        parts: value, low and high of each share.
        level: the level that the limits were computed at.
        shared: factor on the sum of squares where the shares rest on common rows; 1 where they are independent.
    """
    from math import sqrt

    middle = sum(value for value, _, _ in parts) / len(parts)
    down = sqrt(shared * sum((value - low) ** 2 for value, low, _ in parts)) / len(parts)
    up = sqrt(shared * sum((high - value) ** 2 for value, _, high in parts)) / len(parts)
    return Interval(low=max(middle - down, 0.0), high=min(middle + up, 1.0), level=level, method="mover-wilson")


def paired_difference(gained: int, lost: int, n: int, *, level: float = LEVEL) -> Interval:
    """Give the interval of the difference of two shares on the same rows.

    Bonett and Price (2012), Journal of Educational and Behavioral Statistics 37: the Wald interval after one row is
    added to each of the two kinds of disagreement.

    Args:
        gained: rows where only the first is right.
        lost: rows where only the second is right.
        n: all rows.
        level: the confidence level.
    """
    from math import sqrt

    from scipy.special import ndtri

    first, second = (gained + 1) / (n + 2), (lost + 1) / (n + 2)
    width = float(ndtri(0.5 + level / 2)) * sqrt((first + second - (first - second) ** 2) / (n + 2))
    middle = first - second
    return Interval(low=max(middle - width, -1.0), high=min(middle + width, 1.0), level=level, method="bonett-price")


def of_means(
    rows: "NDArray[np.float64]",
    statistic: "Callable[[NDArray[np.float64]], NDArray[np.float64]]",
    *,
    level: float = LEVEL,
    link: Literal["identity", "log", "log-complement"] = "identity",
) -> Interval:
    """Give the jackknife interval of a smooth function of column means, on a scale where it is nearly symmetric.

    Args:
        rows: one row per observation, shape (n, k).
        statistic: takes means, shape (..., k), to values, shape (...).
        level: the confidence level.
        link: the scale; `log` for positive values, `log-complement` for values below 1, such as R squared.

    Source: Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapter 11.
    """
    import numpy as np
    from scipy.special import stdtrit

    n = len(rows)
    method = "jackknife" if link == "identity" else f"jackknife-{link}"
    if n < 2:  # noqa: PLR2004 - no spread in one row
        return Interval(low=None, high=None, level=level, method=method)
    forward, back = _links()[link]
    total = rows.sum(axis=0)
    value = statistic(total / n)
    left_out = statistic((total - rows) / (n - 1))
    if not (np.isfinite(forward(value)) and np.isfinite(forward(left_out)).all()):
        forward, back = _links()["identity"]
        method = "jackknife"
    spread = forward(left_out)
    error = np.sqrt((n - 1) / n * np.sum((spread - spread.mean()) ** 2))
    width = float(stdtrit(n - 1, 0.5 + level / 2)) * error
    ends = sorted((float(back(forward(value) - width)), float(back(forward(value) + width))))
    return Interval(low=ends[0], high=ends[1], level=level, method=method)


def around(  # noqa: PLR0913 - each end and the freedom are separate facts
    value: float,
    error: float,
    *,
    freedom: float,
    low: float = float("-inf"),
    high: float = float("inf"),
    level: float = LEVEL,
    method: str,
) -> Interval:
    """Give Student's interval around a value from its standard error, kept within `low` and `high`."""
    from scipy.special import stdtrit

    width = float(stdtrit(freedom, 0.5 + level / 2)) * error
    return Interval(low=max(value - width, low), high=min(value + width, high), level=level, method=method)


def _links() -> "dict[str, tuple[Callable[..., NDArray[np.float64]], Callable[..., NDArray[np.float64]]]]":
    import numpy as np

    def log(value: "NDArray[np.float64]") -> "NDArray[np.float64]":
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.log(value)

    return {
        "identity": (lambda value: value, lambda value: value),
        "log": (log, np.exp),
        "log-complement": (lambda value: log(1 - value), lambda value: 1 - np.exp(value)),
    }


def delong(
    positive_scores: "ArrayLike", negative_scores: "ArrayLike", *, level: float = LEVEL
) -> tuple[float, Interval]:
    """Give the area under the ROC curve, ties counted half, with its interval.

    DeLong, DeLong and Clarke-Pearson (1988), Biometrics 44, on the logit scale, with two changes for few rows: each
    side is given one row more, a win as often as the area says, so that ties are not taken for certainty (all scores
    equal, for instance), and the limits are Student's with Welch's degrees of freedom. At 0 and 1 the end is that of a
    share of the smaller side (Clopper-Pearson). By simulation it covers its level less at most 2 points from 10 rows a
    side, ties included.

    Raises:
        ValueError: one side has fewer than two scores.
    """
    import numpy as np
    from scipy.special import expit, logit, stdtrit

    sides = tuple(np.asarray(scores, dtype=np.float64) for scores in (positive_scores, negative_scores))
    smaller = min(map(len, sides))
    if smaller < 2:  # noqa: PLR2004 - a variance takes two
        message = "each side needs at least two scores"
        raise ValueError(message)
    placed = _placements(*sides)
    area = float(placed[0].mean())
    if area in (0.0, 1.0):
        exact = proportion(int(area) * smaller, smaller, level=level, method="clopper-pearson")
        return area, exact.model_copy(update={"method": "delong, clopper-pearson at the bound"})
    added = area * (1 - area)
    squares = [((one - area) ** 2).sum() + added for one in placed]
    parts = [float(total / (len(one) * (len(one) - 1))) for total, one in zip(squares, placed, strict=True)]
    freedom = sum(parts) ** 2 / sum(part**2 / (len(one) - 1) for part, one in zip(parts, placed, strict=True))
    width = float(stdtrit(freedom, 0.5 + level / 2)) * sum(parts) ** 0.5 / (area * (1 - area))
    low, high = (float(expit(logit(area) + side * width)) for side in (-1, 1))
    return area, Interval(low=low, high=high, level=level, method="delong-logit")


def paired_areas(
    one: "ArrayLike", other: "ArrayLike", positive: "NDArray[np.bool_]", *, level: float = LEVEL
) -> tuple[float, Interval]:
    """Give the difference of two areas under the ROC curve on the same rows, with its interval.

    DeLong, DeLong and Clarke-Pearson (1988), Biometrics 44: the covariance of the two areas is that of the placements
    of each row under both scores.

    Args:
        one: scores of the first, shape (n,).
        other: scores of the second on the same rows.
        positive: which rows are positive.
        level: the confidence level.

    Raises:
        ValueError: one side has fewer than two rows.
    """
    import numpy as np
    from scipy.special import ndtri

    if min(int(positive.sum()), int((~positive).sum())) < 2:  # noqa: PLR2004 - a variance takes two
        message = "each side needs at least two scores"
        raise ValueError(message)
    scores = [np.asarray(values, dtype=np.float64) for values in (one, other)]
    placed = [_placements(values[positive], values[~positive]) for values in scores]
    above, below = (placed[0][side] - placed[1][side] for side in (0, 1))
    difference = float(above.mean())
    error = float(np.sqrt(above.var(ddof=1) / len(above) + below.var(ddof=1) / len(below)))
    width = float(ndtri(0.5 + level / 2)) * error
    low, high = max(difference - width, -1.0), min(difference + width, 1.0)
    return difference, Interval(low=low, high=high, level=level, method="delong-paired")


def _placements(
    positive: "NDArray[np.float64]", negative: "NDArray[np.float64]"
) -> "tuple[NDArray[np.float64], NDArray[np.float64]]":
    """Give for each score the share of the other side that it is on the right side of, ties counted half."""
    import numpy as np
    from scipy.stats import rankdata

    ranks = rankdata(np.concatenate([positive, negative]))
    above = (ranks[: len(positive)] - rankdata(positive)) / len(negative)
    below = 1 - (ranks[len(positive) :] - rankdata(negative)) / len(positive)
    return above, below
