"""Whether the model gets worse over the time that DATA covers."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from govkit.core.evidence import Column, Finding, Interval, Measurement, Message, Severity, Table
from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.dates import dates_of, order_of
from govkit.inputs.matrix import as_numbers, is_number
from govkit.inputs.predictions import Predictions
from govkit.inputs.task import Task
from govkit.plugins.check import Emit, NotDeclared, NotPossible, Product, check
from govkit.stats.groups import difference, exceeds
from govkit.stats.intervals import proportion
from govkit.stats.means import mean, mean_difference

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PARTS = 6
SIGNIFICANT = 0.025
FEWEST = 90
"""Rows with a time below which nothing is compared."""


@check(
    "drift.concept",
    title="Performance over time",
    emits=(
        Emit("accuracy_loss", "difference", "accuracy in the first third of the time less that in the last"),
        Emit("error_rise", "target SD", "mean absolute error in the last third of the time less that in the first"),
        Emit("untimed_share", "share", "rows whose time is missing or can't be read"),
    ),
    messages={
        "drift.no_time": "No column is declared that says when a row was observed.",
        "drift.too_few_times": "Only {rows} rows have a time that can be read; {needed} are needed.",
        "drift.one_time": "All rows have the same time.",
        "drift.worse": "The model does worse on later rows than on earlier ones.",
        "drift.unread": "{rows} rows have no time or one that can't be read.",
    },
    libraries=("numpy", "pandas", "scipy"),
)
def concept(predictions: Predictions, test: Dataset, columns: Columns, task: Task) -> Iterator[Product]:
    """Follow the performance along the declared time column.

    Why it matters:
        When the world changes what the answer should be, inputs can look as ever while the model goes wrong.
    Method:
        Rows in the order of their time, whatever their order in the file; times with zones are compared as instants.
        The first third against the last: difference of accuracies (Newcombe's interval, and Fisher's
        exact test for the finding), or of mean absolute errors in
        standard deviations of the target (Student's and Hall's limits, by MOVER). Six parts of equal size are
        listed with their intervals. Rows of one moment stay in the part where the first of them falls.
    Limits:
        The time that DATA covers may be too short for the change, and a harder mix of cases looks the same.

    References:
        Gama et al. (2014), A survey on concept drift adaptation; Newcombe (1998); Hall (1992).
    """
    import numpy as np

    if columns.time is None:
        raise NotDeclared("drift.no_time", ask="columns: {time: NAME}")
    times = _times(test, columns.time)[predictions.rows]
    known = np.isfinite(times)
    unread, n = int((~known).sum()), len(known)
    if known.sum() < FEWEST:
        raise NotPossible("drift.too_few_times", rows=int(known.sum()), needed=FEWEST)
    if np.ptp(times[known]) == 0:
        raise NotPossible("drift.one_time")
    yield Measurement(name="untimed_share", value=unread / n, unit="share", n=n, interval=proportion(unread, n))
    if unread:
        message = Message(id="drift.unread", args={"rows": unread})
        yield Finding(rule="DRI-021", severity=Severity.LOW, message=message, where=f"column {columns.time}")
    place = _places(times[known])
    error = _errors(predictions, task)[known]
    first, last = error[place < 1 / 3], error[place >= 2 / 3]
    compared = _compared(first, last, task)
    yield compared
    if _worse(compared, first, last, task):
        message = Message(id="drift.worse")
        yield Finding(rule="DRI-020", severity=Severity.MEDIUM, message=message, where=f"column {columns.time}")
    yield _parts(error, place, task)


def _times(test: Dataset, name: str) -> "NDArray[np.float64]":
    """Give times as numbers; NaN where there is none."""
    import numpy as np

    column = test.frame[name]
    if is_number(column):
        return as_numbers(column)
    moments = dates_of(column, order_of([column]))
    seconds = moments.to_numpy(dtype="datetime64[us]").astype(np.int64) / 1e6
    return np.asarray(np.where(moments.isna().to_numpy(), np.nan, seconds))


def _places(times: "NDArray[np.float64]") -> "NDArray[np.float64]":
    """Give each row's place in the order of time, from 0 to below 1; equal times share the first one's place."""
    import numpy as np
    from scipy.stats import rankdata

    return np.asarray((rankdata(times, method="min") - 1) / len(times))


def _errors(predictions: Predictions, task: Task) -> "NDArray[np.float64]":
    import numpy as np

    if task.is_classification:
        return np.asarray(predictions.truth != predictions.predicted, dtype=np.float64)
    spread = float(predictions.truth.std()) or 1.0
    return np.asarray(np.abs(predictions.truth - predictions.predicted) / spread, dtype=np.float64)


def _compared(first: "NDArray[np.float64]", last: "NDArray[np.float64]", task: Task) -> Measurement:
    n = len(first) + len(last)
    if min(len(first), len(last)) < FEWEST // 6:
        raise NotPossible("drift.too_few_times", rows=min(len(first), len(last)), needed=FEWEST // 6)
    value = float(last.mean() - first.mean())
    if task.is_classification:
        interval = difference((int(last.sum()), len(last)), (int(first.sum()), len(first)))
        return Measurement(name="accuracy_loss", value=value, unit="difference", n=n, interval=interval)
    value, interval = mean_difference(last, first)
    return Measurement(name="error_rise", value=value, unit="target SD", n=n, interval=interval)


def _worse(compared: Measurement, first: "NDArray[np.float64]", last: "NDArray[np.float64]", task: Task) -> bool:
    """Say whether chance explains the rise; of shares by Fisher's test as well, since thirds may be of unlike size."""
    if compared.interval is None or (compared.interval.low or 0.0) <= 0:
        return False
    if not task.is_classification:
        return True
    return exceeds((int(last.sum()), len(last)), (int(first.sum()), len(first))) <= SIGNIFICANT


def _parts(error: "NDArray[np.float64]", place: "NDArray[np.float64]", task: Task) -> Table:
    rows: list[tuple[str, float, float | None, float | None, int]] = []
    for part in range(PARTS):
        here = error[(place * PARTS >= part) & (place * PARTS < part + 1)]
        if len(here) > 1:
            value, ends = _mean(here, task)
            rows.append((f"part {part + 1} of {PARTS}", value, ends.low, ends.high, len(here)))
    unit = "share" if task.is_classification else "target SD"
    return Table(
        name="forest.accuracy_over_time" if task.is_classification else "forest.error_over_time",
        title="Accuracy in the order of time" if task.is_classification else "Mean absolute error in the order of time",
        columns=(
            Column(name="label"),
            *(Column(name=name, unit=unit) for name in ("value", "low", "high")),
            Column(name="n", unit="count"),
        ),
        rows=tuple(rows),
    )


def _mean(error: "NDArray[np.float64]", task: Task) -> tuple[float, Interval]:
    n = len(error)
    if task.is_classification:
        right = n - int(error.sum())
        return right / n, proportion(right, n)
    return float(error.mean()), mean(error, within=(0.0, float("inf")))
