"""Standard metrics of classifiers and regressors with their intervals, each from its definition."""

from typing import TYPE_CHECKING

from govkit.core.evidence import Interval, Measurement
from govkit.inputs.predictions import Predictions
from govkit.plugins.check import NotPossible
from govkit.stats import intervals

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MESSAGES = {
    "performance.too_few_rows": "Only {rows} rows with a known target are left; nothing can be said from fewer than 2.",
}


def enough_rows(predictions: Predictions) -> int:
    """Give the number of rows.

    Raises:
        NotPossible: there are fewer than two.
    """
    rows = len(predictions.rows)
    if rows < 2:  # noqa: PLR2004 - one row has no spread
        raise NotPossible("performance.too_few_rows", rows=rows)
    return rows


def confusion(predictions: Predictions, classes: int) -> "NDArray[np.int64]":
    """Count rows by true class (rows) and predicted class (columns); predictions of no known class are dropped."""
    import numpy as np

    truth, predicted = predictions.truth.astype(np.int64), predictions.predicted.astype(np.int64)
    known = predicted >= 0
    pairs = truth[known] * classes + predicted[known]
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def share(name: str, successes: int, n: int) -> Measurement:
    """Give a share of rows with Wilson's interval."""
    return Measurement(name=name, value=successes / n, unit="share", n=n, interval=intervals.proportion(successes, n))


def accuracy(predictions: Predictions) -> Measurement:
    """Give the share of rows whose class is predicted right."""
    return share("accuracy", int((predictions.truth == predictions.predicted).sum()), enough_rows(predictions))


def f1(hits: int, errors: int) -> tuple[float, Interval]:
    """Give F1 and its interval from true positives and the sum of false positives and false negatives.

    F1 is 2J / (1 + J) of the share J of hits among all rows concerned, so that Wilson's limits for J carry over.
    """
    exact = intervals.proportion(hits, hits + errors)
    assert exact.low is not None
    assert exact.high is not None
    ends = (2 * end / (1 + end) for end in (exact.low, exact.high))
    value = 2 * hits / (2 * hits + errors)
    return value, Interval(low=next(ends), high=next(ends), level=exact.level, method="wilson")


def balanced_accuracy(table: "NDArray[np.int64]") -> Measurement:
    """Give the mean recall of the classes that occur; each class counts the same."""
    parts = []
    for index, row in enumerate(table):
        if n := int(row.sum()):
            found = intervals.proportion(int(row[index]), n)
            parts.append((row[index] / n, found.low or 0.0, found.high or 0.0))
    return Measurement(
        name="balanced_accuracy",
        value=sum(value for value, _, _ in parts) / len(parts),
        unit="share",
        n=int(table.sum()),
        interval=intervals.mean_of_shares(parts),
    )


def macro_f1(table: "NDArray[np.int64]") -> Measurement:
    """Give the mean F1 of the classes that occur or are predicted.

    An error touches two classes, so that the squared distances to the limits are doubled (by Cauchy-Schwarz).
    """
    parts = []
    for index in range(len(table)):
        hits = int(table[index, index])
        if concerned := int(table[index].sum() + table[:, index].sum()) - hits:
            value, found = f1(hits, concerned - hits)
            parts.append((value, found.low or 0.0, found.high or 0.0))
    return Measurement(
        name="macro_f1",
        value=sum(value for value, _, _ in parts) / len(parts),
        unit="share",
        n=int(table.sum()),
        interval=intervals.mean_of_shares(parts, shared=2.0),
    )


def r2(predictions: Predictions) -> Measurement | None:
    """Give the share of the target's variance that the model explains; None where the target does not vary."""
    import numpy as np

    truth = np.asarray(predictions.truth, dtype=np.float64)
    centred = truth - truth.mean()
    rows = np.column_stack([(truth - predictions.predicted) ** 2, centred, centred**2])
    if not centred.any():
        return None
    interval = intervals.of_means(
        rows, lambda means: 1 - means[..., 0] / (means[..., 2] - means[..., 1] ** 2), link="log-complement"
    )
    value = 1 - float(rows[:, 0].sum() / rows[:, 2].sum())
    return Measurement(name="r2", value=value, unit="share", n=enough_rows(predictions), interval=interval)
