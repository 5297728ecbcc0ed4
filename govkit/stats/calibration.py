"""Calibration: how far predicted probabilities are from what happened, measured in bins."""

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from govkit.core.evidence import Interval

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Bin:
    """Rows with similar predicted probabilities."""

    low: float
    high: float
    predicted: float
    observed: int
    """How many of the rows came true."""
    n: int
    gap: float
    """Mean of observed minus predicted."""
    variance: float
    """Of the gap, as far as it comes from the sample."""


def expected_calibration_error(bins: list[Bin]) -> tuple[float, Interval]:
    """Give the estimate less its expected excess, and a conservative interval."""
    from math import sqrt

    import numpy as np
    from scipy.special import ndtri

    n = sum(one.n for one in bins)
    weights = np.array([one.n / n for one in bins])
    gaps = np.abs([one.gap for one in bins])
    spread = np.sqrt([one.variance for one in bins])
    plain = float(weights @ gaps)
    likely = np.sqrt(np.maximum(gaps**2 - spread**2, 0.0))
    width = float(ndtri(0.975) * np.sqrt((weights**2) @ (spread**2)))
    largest = float(weights @ spread) * sqrt(2 / np.pi)
    value = max(plain - float(weights @ (_folded_mean(likely, spread) - likely)), 0.0)
    low, high = max(plain - largest - width, 0.0), min(plain + width, 1.0)
    return value, Interval(low=low, high=high, method="folded-normal bounds")


def _folded_mean(mean: "NDArray[np.float64]", spread: "NDArray[np.float64]") -> "NDArray[np.float64]":
    """Give the mean distance from zero of a normal variable."""
    import numpy as np
    from scipy.special import ndtr

    safe = np.where(spread > 0, spread, 1.0)
    folded = safe * np.sqrt(2 / np.pi) * np.exp(-((mean / safe) ** 2) / 2) + mean * (1 - 2 * ndtr(-mean / safe))
    return np.where(spread > 0, folded, mean)


def equal_count_bins(probability: "NDArray[np.float64]", happened: "NDArray[np.bool_]", count: int) -> list[Bin]:
    """Cut at quantiles; equal probabilities stay together."""
    import numpy as np

    edges = np.unique(np.quantile(probability, np.linspace(0, 1, count + 1)[1:-1], method="inverted_cdf"))
    return _bins(probability, happened, np.searchsorted(edges, probability, side="left"))


def equal_width_bins(probability: "NDArray[np.float64]", happened: "NDArray[np.bool_]", count: int) -> list[Bin]:
    """Cut the range from 0 to 1 into parts of one width; empty ones are left out."""
    import numpy as np

    return _bins(probability, happened, np.clip(np.ceil(probability * count), 1, count))


def monotone_bins(probability: "NDArray[np.float64]", happened: "NDArray[np.bool_]", *, most: int = 50) -> list[Bin]:
    """Cut at quantiles into as many bins as keep the observed shares rising.

    Source: Roelofs, Cain, Shlens and Mozer (2022), AISTATS: the number of bins follows from the data.
    """
    best = equal_count_bins(probability, happened, 2)
    for count in range(3, most + 1):
        bins = equal_count_bins(probability, happened, count)
        shares = [one.observed / one.n for one in bins]
        if any(later < earlier for earlier, later in pairwise(shares)):
            break
        best = bins
    return best


def recalibration(probability: "NDArray[np.float64]", happened: "NDArray[np.bool_]") -> "tuple[float, float] | None":
    """Give the slope of a logistic regression of what happened on the probabilities' log-odds, and its standard error.

    1 is right, below 1 the probabilities are too sure. Probabilities beyond one in a thousand count as that, since one
    surprise among answers that claim certainty would decide the slope alone. None where one outcome is missing, the
    probabilities are all the same, or they separate the outcomes. Cox (1958), Biometrika 45.
    """
    import numpy as np
    from scipy.special import expit, logit

    odds = logit(np.clip(probability, 1e-3, 1 - 1e-3))
    design = np.column_stack([np.ones(len(odds)), odds])
    weights = np.zeros(2)
    if happened.all() or not happened.any() or np.ptp(odds) == 0:
        return None
    for _ in range(50):
        fitted = expit(design @ weights)
        information = (design * (fitted * (1 - fitted))[:, None]).T @ design
        if np.linalg.cond(information) > 1e12:  # noqa: PLR2004 - separated: the slope runs away
            return None
        step = np.linalg.solve(information, design.T @ (happened - fitted))
        weights += step
        if np.abs(step).max() < 1e-10:  # noqa: PLR2004 - converged
            return float(weights[1]), float(np.sqrt(np.linalg.inv(information)[1, 1]))
    return None


def brier_parts(bins: list[Bin], brier: float, *, seed: int, draws: int = 1_000) -> "dict[str, tuple[float, Interval]]":
    """Split a binary Brier score into reliability, resolution and uncertainty, and what the bins hide.

    Reliability - resolution + uncertainty + within bins is the score. Murphy (1973); less their bias by Ferro and
    Fricker (2012), Quarterly Journal of the Royal Meteorological Society 138. Intervals from a bootstrap of the bins'
    counts, shifted to the estimate, as far to either side as to the wider one.
    """
    import numpy as np

    n = np.array([one.n for one in bins], dtype=np.float64)
    hits = np.array([one.observed for one in bins], dtype=np.float64)
    said = np.array([one.predicted for one in bins])
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(int(n.sum()), n / n.sum(), size=draws)
    parts = _murphy(n, hits, said)
    again = _murphy(drawn.astype(np.float64), rng.binomial(drawn, hits / n).astype(np.float64), said)
    found = {}
    for name, value, values in zip(("reliability", "resolution", "uncertainty"), parts, again, strict=True):
        low, high = np.quantile(values - values.mean(), [0.025, 0.975])
        reach = max(-float(low), float(high))
        ends = Interval(
            low=max(float(value) - reach, 0.0),
            high=max(float(value) + reach, 0.0),
            method="bootstrap of bins, wide side",
        )
        found[name] = (max(float(value), 0.0), ends)
    rest = brier - float(parts[0] - parts[1] + parts[2])
    found["within bins"] = (rest, Interval(low=rest, high=rest, method="remainder"))
    return found


def _murphy(
    n: "NDArray[np.float64]", hits: "NDArray[np.float64]", said: "NDArray[np.float64]"
) -> "tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]":
    """Give the three parts over the last axis, less their bias."""
    import numpy as np

    total = n.sum(axis=-1, keepdims=True)
    share = np.divide(hits, n, out=np.zeros_like(n), where=n > 0)
    base = hits.sum(axis=-1, keepdims=True) / total
    excess = np.sum(n / total * share * (1 - share) / np.maximum(n - 1, 1), axis=-1)
    own = (base * (1 - base) / (total - 1))[..., 0]
    reliability = np.sum(n / total * (said - share) ** 2, axis=-1) - excess
    resolution = np.sum(n / total * (share - base) ** 2, axis=-1) - excess + own
    return reliability, resolution, (base * (1 - base))[..., 0] + own


def _bins(
    probability: "NDArray[np.float64]", happened: "NDArray[np.bool_]", index: "NDArray[np.int64] | NDArray[np.float64]"
) -> list[Bin]:
    import numpy as np

    bins = []
    for one in np.unique(index):
        here, true = probability[index == one], happened[index == one]
        rate = (true.sum() + 0.5) / (len(true) + 1)
        bins.append(
            Bin(
                low=float(here.min()),
                high=float(here.max()),
                predicted=float(here.mean()),
                observed=int(true.sum()),
                n=len(here),
                gap=float(true.mean() - here.mean()),
                variance=float(rate * (1 - rate) / len(here)),
            )
        )
    return bins
