"""Standard metrics of classifiers and regressors with their intervals, each from its definition."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from govkit.core.evidence import Interval, Measurement
from govkit.inputs.predictions import Predictions
from govkit.plugins.check import NotPossible
from govkit.stats import influence, intervals, means

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MESSAGES = {
    "performance.too_few_rows": "Only {rows} rows with a known target are left; nothing can be said from fewer than 2.",
}
FEWEST_A_CLASS = 10
"""Rows a class below which areas under curves have no honest interval."""


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
    """Give a share of rows with its exact interval."""
    return Measurement(name=name, value=successes / n, unit="share", n=n, interval=intervals.proportion(successes, n))


def accuracy(predictions: Predictions) -> Measurement:
    """Give the share of rows whose class is predicted right."""
    return share("accuracy", int((predictions.truth == predictions.predicted).sum()), enough_rows(predictions))


def f1(hits: int, errors: int) -> tuple[float, Interval]:
    """Give F1 and its interval from true positives and the sum of false positives and false negatives.

    F1 is 2J / (1 + J) of the share J of hits among all rows concerned, so that exact limits for J carry over.
    """
    exact = intervals.proportion(hits, hits + errors)
    assert exact.low is not None
    assert exact.high is not None
    ends = (2 * end / (1 + end) for end in (exact.low, exact.high))
    value = 2 * hits / (2 * hits + errors)
    return value, Interval(low=next(ends), high=next(ends), level=exact.level, method=exact.method)


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
        interval=intervals.mean_of_parts(parts),
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
        interval=intervals.mean_of_parts(parts, shared=2.0),
    )


def r2(predictions: Predictions) -> Measurement | None:
    """Give the share of the target's variance that the model explains; None where the target does not vary."""
    import numpy as np

    truth = np.asarray(predictions.truth, dtype=np.float64)
    centred = truth - truth.mean()
    rows = np.column_stack([(truth - predictions.predicted) ** 2, centred, centred**2])
    if not centred.any():
        return None
    interval = means.of_means(
        rows, lambda part: 1 - part[..., 0] / (part[..., 2] - part[..., 1] ** 2), link="log-complement"
    )
    value = 1 - float(rows[:, 0].sum() / rows[:, 2].sum())
    return Measurement(name="r2", value=value, unit="share", n=enough_rows(predictions), interval=interval)


def matthews(predictions: Predictions, classes: int) -> Measurement | None:
    """Give the Matthews correlation; None where one class alone is true or predicted.

    Gorodkin (2004), Computational Biology and Chemistry 28, for more than two classes.
    """
    import numpy as np

    table = confusion(predictions, classes).astype(np.float64)
    n = float(table.sum())
    if n == 0 or min((table.sum(axis=0) > 0).sum(), (table.sum(axis=1) > 0).sum()) < 2:  # noqa: PLR2004
        return None
    right, true, said = float(np.trace(table)), table.sum(axis=1), table.sum(axis=0)

    def correlation(
        hits: "NDArray[np.float64]", true_said: "NDArray[np.float64]", squares: "NDArray[np.float64]", rows: float
    ) -> "NDArray[np.float64]":
        spread = np.maximum(rows**2 - squares[..., 0], 0) * np.maximum(rows**2 - squares[..., 1], 0)
        return np.asarray(np.where(spread > 0, (hits * rows - true_said) / np.sqrt(np.maximum(spread, 1e-300)), 0.0))

    squares = np.array([said @ said, true @ true])
    value = float(correlation(np.array(right), np.array(true @ said), squares, n))
    # without one row of cell (i, j): its true and its predicted class each have one row fewer
    places = np.arange(classes)
    left_products = true @ said - said[:, None] - true[None, :] + (places[:, None] == places[None, :])
    left_squares = np.stack(
        np.broadcast_arrays((said @ said - 2 * said + 1)[None, :], (true @ true - 2 * true + 1)[:, None]), axis=-1
    )
    left = correlation(right - np.eye(classes), left_products, left_squares, n - 1)
    middle = float((table * left).sum() / n)
    error = float(np.sqrt((n - 1) / n * (table * (left - middle) ** 2).sum()))
    interval = _correlation_limits(value, error, int(min(true[true > 0].min(), said[said > 0].min())), n)
    return Measurement(name="matthews_correlation", value=value, unit="correlation", n=int(n), interval=interval)


def _correlation_limits(value: float, error: float, smallest: int, n: float) -> Interval:
    """Give limits on Fisher's scale; where nothing varied, those of a share of the smallest class."""
    from math import atanh, tanh

    if abs(value) >= 1 or not error:
        low = 2 * (intervals.proportion(smallest, smallest).low or 0.0) - 1
        ends = sorted((value, value * low if value else -1.0))
        return Interval(low=ends[0], high=ends[1] if value else 1.0, method="jackknife, clopper-pearson at the bound")
    found = intervals.around(atanh(value), error / (1 - value**2), freedom=n - 1, method="jackknife, fisher")
    assert found.low is not None
    assert found.high is not None
    return found.model_copy(update={"low": tanh(found.low), "high": tanh(found.high)})


def average_precision(scores: "NDArray[np.float64]", positive: "NDArray[np.bool_]") -> Measurement:
    """Give the mean precision at the positives."""
    value, moved = influence.average_precision(scores, positive)
    interval = influence.interval(value, moved, positive)
    return Measurement(name="average_precision", value=value, unit="share", n=len(scores), interval=interval)


def macro_roc_auc(predictions: Predictions, classes: int) -> Iterator[Measurement]:
    """Give the mean over classes of the area under the ROC curve of each class against the rest."""
    import numpy as np

    sizes = np.bincount(predictions.truth.astype(np.int64), minlength=classes)
    if predictions.probability is None or sizes.min() < FEWEST_A_CLASS:
        return
    curves = [influence.roc_auc(predictions.probability[:, one], predictions.truth == one) for one in range(classes)]
    value = float(np.mean([area for area, _ in curves]))
    moved = np.mean([moved for _, moved in curves], axis=0)
    interval = influence.interval(value, moved, predictions.truth)
    yield Measurement(name="roc_auc", value=value, unit="auc", n=len(predictions.truth), interval=interval)


def median_error(errors: "NDArray[np.float64]") -> Measurement:
    """Give the median with its interval from order statistics, which assumes nothing about the errors."""
    import numpy as np

    found, n, value = intervals.median(errors), len(errors), float(np.median(errors))
    interval = found.model_copy(update={"low": found.low or 0.0})
    return Measurement(name="median_absolute_error", value=value, unit="target units", n=n, interval=interval)


def mean_error(errors: "NDArray[np.float64]") -> Measurement:
    """Give the mean of predicted minus true value with its interval."""
    n, interval = len(errors), means.mean(errors)
    return Measurement(name="mean_error", value=float(errors.mean()), unit="target units", n=n, interval=interval)
