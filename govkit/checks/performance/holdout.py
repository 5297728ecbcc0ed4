"""How well the model predicts the hold-out rows, by the task's standard metrics."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from govkit.checks.performance import _metrics
from govkit.core.evidence import Column, Finding, Measurement, Message, Severity, Table
from govkit.inputs.predictions import Predictions
from govkit.inputs.task import Task
from govkit.plugins.check import Emit, Product, check
from govkit.stats import intervals

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SHOWN_CLASSES = 30
"""Classes up to which the confusion matrix is shown in full."""


@check(
    "performance.holdout",
    title="Performance on hold-out rows",
    emits=(
        Emit("accuracy", "share", "rows whose class is predicted right"),
        Emit("balanced_accuracy", "share", "mean of the classes' recalls, each class counting the same"),
        Emit("macro_f1", "share", "mean of the classes' F1"),
        Emit("precision", "share", "rows of the positive class among those predicted positive"),
        Emit("recall", "share", "rows predicted positive among those of the positive class"),
        Emit("f1", "share", "harmonic mean of precision and recall"),
        Emit("roc_auc", "auc", "chance that a positive row is scored above a negative one"),
        Emit("log_loss", "nats", "mean surprise at the true class, given the probabilities"),
        Emit("r2", "share", "share of the target's variance that the model explains"),
        Emit("rmse", "target units", "root of the mean squared error"),
        Emit("mae", "target units", "mean absolute error"),
    ),
    messages={
        **_metrics.MESSAGES,
        "performance.unlabelled": "{rows} rows have no target and were left out.",
        "performance.unknown_class": "{rows} rows have a target that is none of the model's classes and were left out.",
        "performance.class_absent": "No row belongs to {name}, so what needs both classes was not measured.",
        "performance.never_predicted": "The model never predicts {name}, so its precision was not measured.",
        "performance.constant_target": "The target is the same in every row, so R squared was not measured.",
    },
    libraries=("numpy", "scipy"),
)
def holdout(predictions: Predictions, task: Task) -> Iterator[Product]:
    """Measure the model on rows that it was not trained on.

    Why it matters:
        How well a model works is only known from rows it has not seen; on its own training rows every model flatters.
    Method:
        Metrics by definition. Intervals at 95%: Wilson for shares of rows and for F1 (through the share of hits among
        the rows concerned), MOVER of Wilson limits for means over classes, DeLong on the logit scale for ROC AUC,
        jackknife on a logarithmic scale for log loss and errors. Probabilities are clipped at the smallest step of a
        double, as scikit-learn does.
    Limits:
        The rows are taken as independent and as typical of later use; repeated or related rows make the intervals
        too narrow. With very heavy-tailed errors the intervals of RMSE cover less than stated.

    References:
        Wilson (1927); DeLong et al. (1988); Zou and Donner (2008); Efron and Tibshirani (1993), chapter 11.
    """
    _metrics.enough_rows(predictions)
    yield from _left_out(predictions)
    if task.is_classification:
        yield from _classification(predictions, task)
    else:
        yield from _regression(predictions)


def _finding(rule: str, severity: Severity, message: str, **args: str | int) -> Finding:
    return Finding(rule=rule, severity=severity, message=Message(id=message, args=dict(args)), where="target")


def _left_out(predictions: Predictions) -> Iterator[Product]:
    if predictions.unlabelled:
        yield _finding("PERF-001", Severity.LOW, "performance.unlabelled", rows=predictions.unlabelled)
    if predictions.unknown:
        yield _finding("PERF-002", Severity.MEDIUM, "performance.unknown_class", rows=predictions.unknown)


def _classification(predictions: Predictions, task: Task) -> Iterator[Product]:
    table = _metrics.confusion(predictions, len(task.classes))
    yield _metrics.accuracy(predictions)
    yield _metrics.balanced_accuracy(table)
    if task.name == "binary":
        yield from _binary(predictions, task, table)
    else:
        yield _metrics.macro_f1(table)
    if predictions.probability is not None:
        yield _log_loss(predictions, predictions.probability)
    yield _matrix(table, task)


def _binary(predictions: Predictions, task: Task, table: "NDArray[np.int64]") -> Iterator[Product]:
    positive, negative = task.positive, 1 - task.positive
    hits = int(table[positive, positive])
    actual, called = int(table[positive].sum()), int(table[:, positive].sum())
    for index in (positive, negative):
        if not table[index].sum():
            yield _finding("PERF-003", Severity.MEDIUM, "performance.class_absent", name=task.names[index])
    if not called:
        yield _finding("PERF-004", Severity.MEDIUM, "performance.never_predicted", name=task.names[positive])
    else:
        yield _metrics.share("precision", hits, called)
    if actual:
        yield _metrics.share("recall", hits, actual)
    if actual + called:
        value, interval = _metrics.f1(hits, actual + called - 2 * hits)
        yield Measurement(name="f1", value=value, unit="share", n=actual + called - hits, interval=interval)
    scores = _score(predictions, positive)
    if scores is not None and min(table.sum(axis=1)) > 1:
        yes = predictions.truth == positive
        area, interval = intervals.delong(scores[yes], scores[~yes])
        yield Measurement(name="roc_auc", value=area, unit="auc", n=len(scores), interval=interval)


def _score(predictions: Predictions, positive: int) -> "NDArray[np.float64] | None":
    """Give what rises with the belief in the positive class."""
    if predictions.probability is not None:
        return predictions.probability[:, positive]
    if predictions.score is None:
        return None
    if predictions.score.ndim > 1:
        return predictions.score[:, positive]
    return predictions.score if positive == 1 else -predictions.score


def _log_loss(predictions: Predictions, probability: "NDArray[np.float64]") -> Measurement:
    import numpy as np

    step = np.finfo(np.float64).eps
    of_truth = probability[np.arange(len(probability)), predictions.truth.astype(np.int64)]
    losses = -np.log(np.clip(of_truth, step, 1 - step))
    return _positive_mean("log_loss", "nats", losses)


def _positive_mean(name: str, unit: str, values: "NDArray[np.float64]") -> Measurement:
    interval = intervals.of_means(values.reshape(-1, 1), lambda means: means[..., 0], link="log")
    return Measurement(name=name, value=float(values.mean()), unit=unit, n=len(values), interval=interval)


def _regression(predictions: Predictions) -> Iterator[Product]:
    import numpy as np

    explained = _metrics.r2(predictions)
    if explained is None:
        yield _finding("PERF-005", Severity.MEDIUM, "performance.constant_target")
    else:
        yield explained
    errors = np.abs(predictions.truth - predictions.predicted)
    squared = (errors**2).reshape(-1, 1)
    interval = intervals.of_means(squared, lambda means: np.sqrt(means[..., 0]), link="log")
    value = float(np.sqrt(squared.mean()))
    yield Measurement(name="rmse", value=value, unit="target units", n=len(errors), interval=interval)
    yield _positive_mean("mae", "target units", errors)


def _matrix(table: "NDArray[np.int64]", task: Task) -> Table:
    shown = min(len(task.names), SHOWN_CLASSES)
    return Table(
        name="confusion_matrix",
        title="Rows by true and predicted class",
        columns=(Column(name="true"), Column(name="predicted"), Column(name="n", unit="count")),
        rows=tuple(
            (task.names[true], task.names[predicted], int(table[true, predicted]))
            for true in range(shown)
            for predicted in range(shown)
        ),
        left_out=len(task.names) ** 2 - shown**2,
    )
