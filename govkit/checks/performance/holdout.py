"""How well the model predicts the hold-out rows, by the task's standard metrics."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from govkit.checks.performance import _metrics
from govkit.checks.performance._labels import multilabel
from govkit.core.evidence import Column, Finding, Measurement, Message, Severity, Table
from govkit.inputs.predictions import Predictions
from govkit.inputs.task import Task
from govkit.plugins.check import EVERY_TASK, Emit, Product, check
from govkit.stats import intervals
from govkit.stats.means import mean

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
        Emit("subset_accuracy", "share", "rows with all labels right"),
        Emit("hamming_loss", "share", "labels that are wrong"),
        Emit("micro_f1", "share", "F1 of all labels together"),
        Emit("precision", "share", "rows of the positive class among those predicted positive"),
        Emit("recall", "share", "rows predicted positive among those of the positive class"),
        Emit("f1", "share", "harmonic mean of precision and recall"),
        Emit("specificity", "share", "rows predicted negative among those of the negative class"),
        Emit("matthews_correlation", "correlation", "correlation of true and predicted class, -1 to 1"),
        Emit("roc_auc", "auc", "chance that a positive row is scored above a negative one; mean over classes for more"),
        Emit("average_precision", "share", "mean precision at the positives in order of their scores"),
        Emit("log_loss", "nats", "mean surprise at the true class, given the probabilities"),
        Emit("r2", "share", "share of the target's variance that the model explains"),
        Emit("rmse", "target units", "root of the mean squared error"),
        Emit("mae", "target units", "mean absolute error"),
        Emit("median_absolute_error", "target units", "error that half of the rows stay below"),
        Emit("mean_error", "target units", "mean of predicted minus true value"),
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
    tasks=EVERY_TASK,
)
def holdout(predictions: Predictions, task: Task) -> Iterator[Product]:
    """Measure the model on rows that it was not trained on.

    Why it matters:
        How well a model works is only known from rows it has not seen; on its own training rows every model flatters.
    Method:
        Metrics by definition. Intervals at 95%: Clopper-Pearson for shares of rows and for F1 (through the share of
        hits among the rows concerned), MOVER of such limits for means over classes, DeLong by class on the logit scale
        for ROC AUC, infinitesimal jackknife for its mean over classes (each against the rest) and for average
        precision, jackknife for the Matthews correlation, order statistics for the median error. Log loss and errors:
        Student's t corrected for skewness by Hall, and no limits where fewer than five rows carry the spread. Several
        labels a row: whole rows (Clopper-Pearson), single labels (Student, Hall) and F1 (jackknife). Unusual rows: as
        two classes, with the model's score as evidence. Probabilities are clipped at the smallest step of a double, as
        scikit-learn does.
    Limits:
        The rows are taken as independent and as typical of later use; repeated or related rows make the intervals
        too narrow. With errors so heavy-tailed that their squares have no variance the intervals of RMSE cover less
        than stated. Areas under curves other than ROC are left out where a class has fewer than 10 rows.

    References:
        Clopper and Pearson (1934); DeLong et al. (1988); Hall (1992); Zou and Donner (2008); Efron
        (1982), chapter 6; Efron and Tibshirani (1993), chapter 11; Hand and Till (2001); Tsoumakas
        and Katakis (2007); Saito and Rehmsmeier (2015).
    """
    _metrics.enough_rows(predictions)
    yield from _left_out(predictions)
    if task.is_classification:
        yield from _classification(predictions, task)
    elif task.name == "multilabel":
        yield from multilabel(predictions, task)
    elif task.name == "anomaly":
        yield from _anomaly(predictions, task)
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
        yield from _metrics.macro_roc_auc(predictions, len(task.classes))
        yield _by_class(table, task)
    if correlated := _metrics.matthews(predictions, len(task.classes)):
        yield correlated
    if predictions.probability is not None:
        yield _log_loss(predictions, predictions.probability)
    yield _matrix(table, task)


def _anomaly(predictions: Predictions, task: Task) -> Iterator[Product]:
    """Measure how unusual rows are told from usual ones: by label where the model gives one, and by its scores."""
    table = _metrics.confusion(predictions, len(task.classes))
    if (predictions.predicted >= 0).all():
        yield _metrics.accuracy(predictions)
        yield _metrics.balanced_accuracy(table)
        yield from _binary(predictions, task, table)
        yield _matrix(table, task)
    else:
        unusual = int((predictions.truth == task.positive).sum())
        yield from _ranked(predictions, task.positive, smallest=min(unusual, len(predictions.truth) - unusual))


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
    if refused := int(table[negative].sum()):
        yield _metrics.share("specificity", int(table[negative, negative]), refused)
    if actual + called:
        value, interval = _metrics.f1(hits, actual + called - 2 * hits)
        yield Measurement(name="f1", value=value, unit="share", n=actual + called - hits, interval=interval)
    yield from _ranked(predictions, positive, smallest=int(min(table.sum(axis=1))))


def _ranked(predictions: Predictions, positive: int, *, smallest: int) -> Iterator[Product]:
    """Measure how well the scores order the rows."""
    scores = _score(predictions, positive)
    if scores is None:
        return
    yes = predictions.truth == positive
    if smallest > 1:
        area, interval = intervals.delong(scores[yes], scores[~yes])
        yield Measurement(name="roc_auc", value=area, unit="auc", n=len(scores), interval=interval)
    if smallest >= _metrics.FEWEST_A_CLASS:
        yield _metrics.average_precision(scores, yes)
        yield _thresholds(scores, yes, probability=predictions.probability is not None)


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
    interval = mean(values, within=(0.0, float("inf")))
    return Measurement(name=name, value=float(values.mean()), unit=unit, n=len(values), interval=interval)


def _regression(predictions: Predictions) -> Iterator[Product]:
    import numpy as np

    explained = _metrics.r2(predictions)
    if explained is None:
        yield _finding("PERF-005", Severity.MEDIUM, "performance.constant_target")
    else:
        yield explained
    errors = np.abs(predictions.truth - predictions.predicted)
    found = mean(errors**2, within=(0.0, float("inf")))
    high = None if found.high is None else float(np.sqrt(found.high))
    interval = found.model_copy(update={"low": float(np.sqrt(found.low or 0.0)), "high": high})
    value = float(np.sqrt((errors**2).mean()))
    yield Measurement(name="rmse", value=value, unit="target units", n=len(errors), interval=interval)
    yield _positive_mean("mae", "target units", errors)
    yield _metrics.median_error(errors)
    yield _metrics.mean_error(np.asarray(predictions.predicted - predictions.truth, dtype=np.float64))


def _by_class(table: "NDArray[np.int64]", task: Task) -> Table:
    """Lay out each class's recall and precision with their intervals, rarest class first."""
    order = sorted(range(len(table)), key=lambda index: (int(table[index].sum()), index))
    rows = []
    for index in order[:SHOWN_CLASSES]:
        hits = int(table[index, index])
        cells: list[float | None] = []
        for n in (int(table[index].sum()), int(table[:, index].sum())):
            found = intervals.proportion(hits, n) if n else None
            cells += [hits / n if n else None, found.low if found else None, found.high if found else None]
        rows.append((task.names[index], *cells, int(table[index].sum())))
    names = ("recall", "recall_low", "recall_high", "precision", "precision_low", "precision_high")
    return Table(
        name="classes",
        title="Recall and precision by class, rarest first",
        columns=(Column(name="class"), *(Column(name=name, unit="share") for name in names), Column(name="n")),
        rows=tuple(rows),
        left_out=max(len(table) - SHOWN_CLASSES, 0),
    )


def _thresholds(scores: "NDArray[np.float64]", positive: "NDArray[np.bool_]", *, probability: bool) -> Table:
    """Lay out what each decision threshold would give: 19 probabilities, or 19 quantiles of the score."""
    import numpy as np

    steps = np.arange(1, 20) / 20
    cuts = steps if probability else np.quantile(scores, steps)
    rows: list[tuple[float | None, ...]] = []
    for cut in cuts:
        called = scores >= cut
        hits, many = int((called & positive).sum()), int(called.sum())
        alarms = (many - hits) / int((~positive).sum())
        rows.append((float(cut), many / len(scores), hits / int(positive.sum()), hits / many if many else None, alarms))
    names = ("threshold", "selected", "recall", "precision", "false_positive_rate")
    return Table(
        name="thresholds",
        title="What each decision threshold would give",
        columns=tuple(Column(name=name, unit="share" if name != "threshold" or probability else "") for name in names),
        rows=tuple(rows),
    )


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
