"""Areas under curves with each row's influence on them, so that their intervals need no resampling."""

from typing import TYPE_CHECKING, Literal

from govkit.core.evidence import Interval
from govkit.stats.intervals import LEVEL, proportion

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Curve = tuple[float, NDArray[np.float64]]

Link = Literal["identity", "logit"]


def interval(
    value: float, influences: "NDArray[np.float64]", *, smaller: int, level: float = LEVEL, link: Link = "logit"
) -> Interval:
    """Give the interval of a statistic from its rows' influences (infinitesimal jackknife).

    Args:
        value: the statistic.
        influences: how much the statistic moves per unit of weight on each row, shape (rows,).
        smaller: rows of the smaller class: they give the degrees of freedom of Student's t; and at 0 and 1, where the
            variance vanishes, the end is that of a share of them.
        level: the confidence level.
        link: `logit` for values between 0 and 1, `identity` else.

    Source: Efron (1982), The Jackknife, the Bootstrap and Other Resampling Plans, chapter 6.
    """
    import numpy as np
    from scipy.special import expit, logit, stdtrit

    width = float(stdtrit(max(smaller - 1, 1), 0.5 + level / 2)) * float(np.sqrt(np.sum(influences**2)))
    if link == "identity":
        return Interval(low=value - width, high=value + width, level=level, method="infinitesimal jackknife")
    if not 0 < value < 1:
        exact = proportion(round(value) * smaller, smaller, level=level, method="clopper-pearson")
        return exact.model_copy(update={"method": "infinitesimal jackknife, clopper-pearson at the bound"})
    step = width / (value * (1 - value))
    low, high = (float(expit(logit(value) + side * step)) for side in (-1, 1))
    return Interval(low=low, high=high, level=level, method="infinitesimal jackknife, logit")


def roc_auc(scores: "NDArray[np.float64]", positive: "NDArray[np.bool_]") -> "Curve":
    """Give the area under the ROC curve, ties counted half, and each row's influence on it.

    The sum of squares is DeLong's variance up to the factors n / (n - 1). DeLong et al. (1988), Biometrics 44.
    """
    import numpy as np
    from scipy.stats import rankdata

    ranks = rankdata(scores)
    within = np.empty(len(scores))
    within[positive], within[~positive] = rankdata(scores[positive]), rankdata(scores[~positive])
    many, few = int(positive.sum()), int((~positive).sum())
    share = np.where(positive, (ranks - within) / few, 1 - (ranks - within) / many)
    area = float(share[positive].mean())
    return area, (share - area) / np.where(positive, max(many - 1, 1), max(few - 1, 1))


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
