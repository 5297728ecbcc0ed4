"""Whether predicted probabilities come true as often as they say."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import Field

from govkit.checks.performance import _metrics
from govkit.core.evidence import Column, Interval, Measurement, Table
from govkit.inputs.predictions import Predictions
from govkit.inputs.task import Task
from govkit.plugins.check import Emit, NotApplicable, Params, Product, check
from govkit.stats import intervals

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TITLES: Mapping[bool, str] = {
    True: "Positive class: predicted probability and observed share",
    False: "Predicted class: predicted probability and observed share",
}


class CalibrationParams(Params):
    """How probabilities are put into bins."""

    bins: int = Field(default=10, ge=2, le=50)
    """Bins of about equally many rows."""


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


@check(
    "performance.calibration",
    title="Calibration of the probabilities",
    emits=(
        Emit("expected_calibration_error", "share", "mean distance of predicted probability and observed share"),
        Emit("brier_score", "share", "mean squared distance of the probabilities and what happened"),
    ),
    messages={
        **_metrics.MESSAGES,
        "task.classification_only": "This is measured for classifiers only.",
        "model.no_probabilities": "The model gives no probabilities.",
    },
    params=CalibrationParams,
    libraries=("numpy", "scipy"),
)
def calibration(predictions: Predictions, task: Task, params: CalibrationParams) -> Iterator[Product]:
    """Hold predicted probabilities against observed shares.

    Why it matters:
        A decision that weighs costs and benefits rests on the probability; one that is too sure misleads even where
        the predicted class is mostly right.
    Method:
        Bins of about equally many rows: of the positive class's probability for two classes, of the predicted class's
        for more. Small samples make the expected calibration error look larger than it is, so the expected excess of
        each bin (folded normal) is taken off. The 95% interval takes no excess off for its upper end and the largest
        possible excess for its lower end, so it covers at least 95%. Brier score by definition (halved for more than
        two classes) with a jackknife interval.
    Limits:
        Errors that cancel within a bin are not seen. For more than two classes only the predicted class is judged.

    References:
        Naeini et al. (2015); Kumar, Liang and Ma (2019); Brier (1950).
    """
    if not task.is_classification:
        raise NotApplicable("task.classification_only")
    if predictions.probability is None:
        raise NotApplicable("model.no_probabilities")
    n = _metrics.enough_rows(predictions)
    probability, happened = _asked(predictions, predictions.probability, task)
    bins = _bins(probability, happened, params.bins)
    value, interval = expected_calibration_error(bins)
    yield Measurement(name="expected_calibration_error", value=value, unit="share", n=n, interval=interval)
    yield _brier(predictions, predictions.probability)
    yield _reliability(bins, positive_class=task.name == "binary")


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


def _asked(
    predictions: Predictions, probability: "NDArray[np.float64]", task: Task
) -> "tuple[NDArray[np.float64], NDArray[np.bool_]]":
    import numpy as np

    if task.name == "binary":
        return probability[:, task.positive], predictions.truth == task.positive
    likeliest = probability.argmax(axis=1)
    return probability[np.arange(len(likeliest)), likeliest], predictions.truth == likeliest


def _bins(probability: "NDArray[np.float64]", happened: "NDArray[np.bool_]", count: int) -> list[Bin]:
    """Cut at quantiles; equal probabilities stay together."""
    import numpy as np

    edges = np.unique(np.quantile(probability, np.linspace(0, 1, count + 1)[1:-1], method="inverted_cdf"))
    index = np.searchsorted(edges, probability, side="left")
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


def _brier(predictions: Predictions, probability: "NDArray[np.float64]") -> Measurement:
    import numpy as np

    happened = np.zeros_like(probability)
    happened[np.arange(len(probability)), predictions.truth.astype(np.int64)] = 1
    halves = ((probability - happened) ** 2).sum(axis=1) / 2
    interval = intervals.of_means(halves.reshape(-1, 1), lambda means: means[..., 0], link="log")
    return Measurement(name="brier_score", value=float(halves.mean()), unit="share", n=len(halves), interval=interval)


def _reliability(bins: list[Bin], *, positive_class: bool) -> Table:
    rows = []
    for one in bins:
        seen = intervals.proportion(one.observed, one.n)
        rows.append((one.low, one.high, one.predicted, one.observed / one.n, seen.low, seen.high, one.n))
    names = ("bin_low", "bin_high", "predicted", "observed", "low", "high")
    columns = (*(Column(name=name, unit="share") for name in names), Column(name="n", unit="count"))
    return Table(name="reliability", title=TITLES[positive_class], columns=columns, rows=tuple(rows))
