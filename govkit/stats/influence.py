"""Areas under curves with each row's influence on them, so that their intervals need no resampling."""

from typing import TYPE_CHECKING

from govkit.core.evidence import Interval
from govkit.stats.intervals import LEVEL, area
from govkit.stats.means import mean

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Curve = tuple[float, NDArray[np.float64]]


def interval(
    value: float,
    influences: "NDArray[np.float64]",
    classes: "NDArray[np.generic]",
    *,
    learnt: bool = False,
    level: float = LEVEL,
) -> Interval:
    """Give the interval of an area from its rows' influences (infinitesimal jackknife).

    Args:
        value: the area, 0 to 1.
        influences: how much the area moves per unit of weight on each row, shape (rows,).
        classes: the class of each row, shape (rows,).
        learnt: whether other rows have told which way to rank these. They may have told it wrongly, which only lowers
            the area: the upper limit lies 1.4 times as far off, as if the errors of learning and judging added up, and
            is one half at least.
        level: the confidence level.

    Source: Efron (1982), The Jackknife, the Bootstrap and Other Resampling Plans, chapter 6.
    """
    import numpy as np

    strata = [influences[classes == one] for one in np.unique(classes)]
    found = area(value, strata, level=level)
    if not learnt:
        return found
    wide = area(value, [part * 2**0.5 for part in strata], level=level).high or 0.0
    return found.model_copy(update={"high": max(wide, found.high or 0.0, 0.5)})


def paired_areas(
    one: "NDArray[np.float64]",
    other: "NDArray[np.float64]",
    positive: "NDArray[np.bool_]",
    *,
    parts: "NDArray[np.int64] | None" = None,
    level: float = LEVEL,
) -> tuple[float, Interval]:
    """Give the difference of two areas under the ROC curve on the same rows, with its interval.

    The rows' differences of placements, by class, have the limits of a mean of values between -1 and 1; the two
    classes' limits add up as variances do (MOVER). DeLong, DeLong and Clarke-Pearson (1988), Biometrics 44.

    Args:
        one: scores of the first, shape (n,).
        other: scores of the second on the same rows.
        positive: which rows are positive; at least two are, and two are not.
        parts: compare rows within these parts only, as in `roc_auc`.
        level: the confidence level.
    """
    (first, first_moved), (second, second_moved) = (roc_auc(scores, positive, parts) for scores in (one, other))
    gap, moved = first - second, first_moved - second_moved
    down = up = 0.0
    for side in (positive, ~positive):
        found = mean(gap + moved[side] * max(int(side.sum()) - 1, 1), level=level, within=(-1.0, 1.0))
        assert found.low is not None
        assert found.high is not None
        down, up = down + (gap - found.low) ** 2, up + (found.high - gap) ** 2
    low, high = max(gap - down**0.5, -1.0), min(gap + up**0.5, 1.0)
    return gap, Interval(low=low, high=high, level=level, method="delong, paired, hall")


def roc_auc(
    scores: "NDArray[np.float64]", positive: "NDArray[np.bool_]", parts: "NDArray[np.int64] | None" = None
) -> "Curve":
    """Give the area under the ROC curve, ties counted half, and each row's influence on it.

    The sum of squares is DeLong's variance up to the factors n / (n - 1). DeLong et al. (1988), Biometrics 44.

    Args:
        scores: shape (rows,).
        positive: shape (rows,).
        parts: compare rows within these parts only, such as the folds that another model scored each, shape (rows,).
            The area is the mean over all pairs.
    """
    import numpy as np
    from scipy.stats import rankdata

    if parts is not None:
        inside = [parts == one for one in np.unique(parts)]
        pairs = np.array([float(positive[rows].sum()) * float((~positive[rows]).sum()) for rows in inside])
        area, moved = 0.0, np.zeros(len(scores))
        for rows, weight in zip(inside, pairs / pairs.sum(), strict=True):
            if weight:
                found, moves = roc_auc(scores[rows], positive[rows])
                area, moved[rows] = area + weight * found, weight * moves
        return area, moved
    ranks = rankdata(scores)
    within = np.empty(len(scores))
    within[positive], within[~positive] = rankdata(scores[positive]), rankdata(scores[~positive])
    many, few = int(positive.sum()), int((~positive).sum())
    share = np.where(positive, (ranks - within) / few, 1 - (ranks - within) / many)
    value = float(share[positive].mean())
    return value, (share - value) / np.where(positive, max(many - 1, 1), max(few - 1, 1))


def average_precision(scores: "NDArray[np.float64]", positive: "NDArray[np.bool_]") -> "Curve":
    """Give the mean precision at the positives, tied scores taken together, and each row's influence on it."""
    import numpy as np

    order = np.argsort(-scores, kind="stable")
    ranked, hit = scores[order], positive[order].astype(np.float64)
    last = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], [True]))
    block = np.searchsorted(last, np.arange(len(ranked)))
    called, hits = last + 1.0, np.cumsum(hit)[last]
    precision, total = hits / called, hits[-1]
    new_hits = np.diff(hits, prepend=0.0)
    value = float(np.sum(new_hits * precision) / total)
    # a row moves the precision of every threshold at or below its own score, and carries its own if it is a positive
    below = np.cumsum((new_hits / called)[::-1])[::-1][block]
    drag = np.cumsum((new_hits * precision / called)[::-1])[::-1][block]
    moved = (hit * (precision[block] - value) + hit * below - drag) / total
    influences = np.empty(len(scores))
    influences[order] = moved
    return value, influences
