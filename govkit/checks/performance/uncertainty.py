"""Whether there are enough hold-out rows for the main figure to mean something."""

from collections.abc import Iterator

from govkit.checks.performance import _metrics
from govkit.core.evidence import Measurement
from govkit.inputs.predictions import Predictions
from govkit.inputs.task import Task
from govkit.plugins.check import Emit, NotPossible, Product, check


@check(
    "performance.uncertainty",
    title="Width of the performance interval",
    emits=(Emit("interval_half_width", "share", "half the width of the 95% interval of accuracy, or of R squared"),),
    messages={
        **_metrics.MESSAGES,
        "performance.uncertainty_without_variance": "The target is the same in every row, so R squared has no "
        "interval.",
    },
    libraries=("scipy",),
)
def uncertainty(predictions: Predictions, task: Task) -> Iterator[Product]:
    """Measure how far the accuracy, or R squared, may be off because only so many rows were seen.

    Why it matters:
        With few rows a good and a bad model look the same; the figure alone does not show it.
    Method:
        Half the width of the 95% interval: Clopper and Pearson's for accuracy, the jackknife's for R squared.
    Limits:
        It holds for rows drawn as these were; it says nothing about how later rows differ.

    References:
        Clopper and Pearson (1934); Efron and Tibshirani (1993), chapter 11.
    """
    found = _metrics.accuracy(predictions) if task.is_classification else _metrics.r2(predictions)
    if found is None:
        raise NotPossible("performance.uncertainty_without_variance")
    interval = found.interval
    assert interval is not None
    if interval.low is None or interval.high is None:
        raise NotPossible("performance.too_few_rows", rows=found.n)
    yield Measurement(name="interval_half_width", value=(interval.high - interval.low) / 2, unit="share", n=found.n)
