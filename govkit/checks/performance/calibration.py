"""Whether predicted probabilities come true as often as they say."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from pydantic import Field

from govkit.checks.performance import _metrics
from govkit.core.evidence import Column, Measurement, Table
from govkit.inputs.predictions import Predictions
from govkit.inputs.task import Task
from govkit.plugins.check import Emit, NotApplicable, Params, Product, check
from govkit.stats import intervals
from govkit.stats.calibration import (
    Bin,
    brier_parts,
    equal_count_bins,
    equal_width_bins,
    expected_calibration_error,
    monotone_bins,
    recalibration,
)
from govkit.stats.means import mean

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TITLES: Mapping[bool, str] = {
    True: "Positive class: predicted probability and observed share",
    False: "Predicted class: predicted probability and observed share",
}

SHOWN_CLASSES = 30
"""Classes that are judged one by one."""
DRAWN_CLASSES = 6
"""Classes that get a diagram of their own."""


class CalibrationParams(Params):
    """How probabilities are put into bins."""

    bins: int = Field(default=10, ge=2, le=50)
    """Bins of about equally many rows."""


@check(
    "performance.calibration",
    title="Calibration of the probabilities",
    emits=(
        Emit("expected_calibration_error", "share", "mean distance of predicted probability and observed share"),
        Emit("equal_width_calibration_error", "share", "the same in bins of equal width, as it is often published"),
        Emit("adaptive_calibration_error", "share", "the same with as many bins as the data bear"),
        Emit("class_calibration_error", "share", "the same for one class's probability against the rest"),
        Emit("mean_gap", "share", "observed share less mean probability"),
        Emit("calibration_slope", "slope", "1 is right, below 1 the probabilities are too sure"),
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
def calibration(predictions: Predictions, task: Task, params: CalibrationParams, seed: int) -> Iterator[Product]:
    """Hold predicted probabilities against observed shares.

    Why it matters:
        A decision that weighs costs and benefits rests on the probability; one that is too sure misleads even where
        the predicted class is mostly right.
    Method:
        Bins of about equally many rows: of the positive class's probability for two classes, of the predicted class's
        for more. Small samples make the expected calibration error look larger than it is, so the expected excess of
        each bin (folded normal) is taken off. The 95% interval takes no excess off for its upper end and the largest
        possible excess for its lower end, so it covers at least 95%. The same with bins of equal width, with as many
        bins as keep the observed shares rising, and for each class. Slope of a logistic regression of what happened
        on the log-odds (Wald), mean gap (Student, Hall). Brier score by definition (halved for more than two classes)
        with the same interval; for two classes split into reliability, resolution and uncertainty, less their bias.
    Limits:
        Errors that cancel within a bin are not seen. Bins are taken as given, though the last kind is chosen on the
        same rows.

    References:
        Naeini et al. (2015); Kumar, Liang and Ma (2019); Roelofs et al. (2022); Cox (1958); Brier (1950); Murphy
        (1973); Ferro and Fricker (2012).
    """
    if not task.is_classification:
        raise NotApplicable("task.classification_only")
    if predictions.probability is None:
        raise NotApplicable("model.no_probabilities")
    n = _metrics.enough_rows(predictions)
    probability, happened = _asked(predictions, predictions.probability, task)
    bins = equal_count_bins(probability, happened, params.bins)
    yield _error("expected_calibration_error", bins, n)
    yield _error("equal_width_calibration_error", equal_width_bins(probability, happened, params.bins), n)
    yield _error("adaptive_calibration_error", monotone_bins(probability, happened), n)
    yield from _lines(probability, happened)
    brier = _brier(predictions, predictions.probability)
    yield brier
    yield _reliability(bins, "reliability", TITLES[task.name == "binary"])
    if task.name == "binary":
        yield _decomposition(bins, brier.value, seed)
    else:
        yield from _classes(predictions, predictions.probability, task, params.bins)


def _error(name: str, bins: list[Bin], n: int, group: dict[str, str] | None = None) -> Measurement:
    value, interval = expected_calibration_error(bins)
    return Measurement(name=name, value=value, unit="share", n=n, interval=interval, group=group or {})


def _lines(probability: "NDArray[np.float64]", happened: "NDArray[np.bool_]") -> Iterator[Measurement]:
    """Measure the gap on average and the slope."""
    gaps, n = happened - probability, len(happened)
    interval = mean(gaps, within=(-1.0, 1.0))
    yield Measurement(name="mean_gap", value=float(gaps.mean()), unit="share", n=n, interval=interval)
    if fitted := recalibration(probability, happened):
        interval = intervals.around(*fitted, freedom=float("inf"), method="wald")
        yield Measurement(name="calibration_slope", value=fitted[0], unit="slope", n=n, interval=interval)


def _classes(predictions: Predictions, probability: "NDArray[np.float64]", task: Task, count: int) -> Iterator[Product]:
    """Judge each class's probability; the diagram for the first few."""
    for index, name in enumerate(task.names[:SHOWN_CLASSES]):
        bins = equal_count_bins(probability[:, index], predictions.truth == index, count)
        yield _error("class_calibration_error", bins, len(probability), {"class": name})
        if index < DRAWN_CLASSES:
            title = f"{name}: predicted probability and observed share"
            yield _reliability(bins, f"reliability.class_{index + 1}", title)


def _decomposition(bins: list[Bin], brier: float, seed: int) -> Table:
    parts = brier_parts(bins, brier, seed=seed)
    return Table(
        name="brier_parts",
        title="What the Brier score is made of: reliability - resolution + uncertainty + within bins",
        columns=(Column(name="part"), *(Column(name=name, unit="share") for name in ("value", "low", "high"))),
        rows=tuple((name, value, found.low, found.high) for name, (value, found) in parts.items()),
    )


def _asked(
    predictions: Predictions, probability: "NDArray[np.float64]", task: Task
) -> "tuple[NDArray[np.float64], NDArray[np.bool_]]":
    import numpy as np

    if task.name == "binary":
        return probability[:, task.positive], predictions.truth == task.positive
    likeliest = probability.argmax(axis=1)
    return probability[np.arange(len(likeliest)), likeliest], predictions.truth == likeliest


def _brier(predictions: Predictions, probability: "NDArray[np.float64]") -> Measurement:
    import numpy as np

    happened = np.zeros_like(probability)
    happened[np.arange(len(probability)), predictions.truth.astype(np.int64)] = 1
    halves = ((probability - happened) ** 2).sum(axis=1) / 2
    interval = mean(halves, within=(0.0, 1.0))
    return Measurement(name="brier_score", value=float(halves.mean()), unit="share", n=len(halves), interval=interval)


def _reliability(bins: list[Bin], name: str, title: str) -> Table:
    rows = []
    for one in bins:
        seen = intervals.proportion(one.observed, one.n)
        rows.append((one.low, one.high, one.predicted, one.observed / one.n, seen.low, seen.high, one.n))
    names = ("bin_low", "bin_high", "predicted", "observed", "low", "high")
    columns = (*(Column(name=name, unit="share") for name in names), Column(name="n", unit="count"))
    return Table(name=name, title=title, columns=columns, rows=tuple(rows))
