"""How many labels are wrong, judged from rows whose class is clear."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from govkit.core.evidence import Interval

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_NOISE = 0.45


@dataclass(frozen=True)
class Noise:
    """An estimated share of wrong labels."""

    share: float
    interval: Interval


def plateau(margin: "NDArray[np.float64]", agrees: "NDArray[np.bool_]", classes: int, *, level: float = 0.95) -> Noise:
    """Estimate the share of labels that are wrong at random from how agreement levels off as the class gets clearer.

    Where classes merely overlap, the label agrees with a cross-fitted model ever more surely as the model's margin
    grows. Where a share e of the labels was swapped, agreement stops at 1 - e. The share is the upper asymptote's
    distance from 1 in a logistic curve with a free asymptote, by maximum likelihood; its interval is that of the
    profile likelihood.

    Args:
        margin: log-probability of the first class less that of the second, shape (rows,), from a model that has not
            seen the row; at least 0.
        agrees: whether the row's label is the first class.
        classes: number of classes; a wrong label is taken to be any other with equal probability.
        level: the confidence level.

    Source: the asymptote is the anchor-point idea of Liu and Tao (2016), IEEE TPAMI 38; the curve is the four-parameter
    logistic of item response theory, Barton and Lord (1981), ETS Research Report 81-20.
    """
    import numpy as np
    from scipy.special import expit
    from scipy.stats import chi2

    shares = np.concatenate([[0.0], np.linspace(0.002, MAX_NOISE, 225)])
    steepness = np.exp(np.linspace(-2.5, 2.0, 60))
    counts, middle, agreeing = _cells(margin, agrees)
    rising = expit(np.outer(steepness, middle))
    likelihood = np.empty(len(shares))
    for index, share in enumerate(shares):
        floor = share / (classes - 1)
        right = np.clip(floor + (1 - share - floor) * rising, 1e-9, 1 - 1e-9)
        likelihood[index] = (np.log(right) @ agreeing + np.log(1 - right) @ (counts - agreeing)).max()
    inside = shares[likelihood >= likelihood.max() - chi2.ppf(level, 1) / 2]
    interval = Interval(low=float(inside[0]), high=float(inside[-1]), level=level, method="profile-likelihood")
    return Noise(float(shares[int(likelihood.argmax())]), interval)


def _cells(
    margin: "NDArray[np.float64]", agrees: "NDArray[np.bool_]", most: int = 400
) -> "tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]":
    """Group rows of nearly equal margin: rows, mean margin and agreeing rows of each cell."""
    import numpy as np

    order = np.argsort(margin, kind="stable")
    parts = [part for part in np.array_split(order, min(most, len(order))) if len(part)]
    counts = np.array([len(part) for part in parts], dtype=np.float64)
    middle = np.array([margin[part].mean() for part in parts])
    return counts, middle, np.array([agrees[part].sum() for part in parts], dtype=np.float64)
