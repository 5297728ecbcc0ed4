"""Metrics where a row can have several labels, or is to be told from the usual ones."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from govkit.checks.performance import _metrics
from govkit.core.evidence import Column, Measurement, Table
from govkit.inputs.predictions import Predictions
from govkit.inputs.task import Task
from govkit.plugins.check import Product
from govkit.stats import influence, intervals, means

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SHOWN_LABELS = 30
FEWEST_CONCERNED = 20
"""Rows that have a label or are given it, for each label, that the jackknife needs."""


def multilabel(predictions: Predictions, task: Task) -> Iterator[Product]:
    """Measure whole rows, single labels, and F1 over all labels and per label."""
    import numpy as np

    truth, said = predictions.truth == 1, predictions.predicted == 1
    n = len(truth)
    yield _metrics.share("subset_accuracy", int((truth == said).all(axis=1).sum()), n)
    wrong = (truth != said).mean(axis=1)
    interval = means.mean(wrong, within=(0.0, 1.0))
    yield Measurement(name="hamming_loss", value=float(wrong.mean()), unit="share", n=n, interval=interval)
    hits, errors = (truth & said).astype(np.float64), (truth != said).astype(np.float64)
    if not (hits.any() or errors.any()):
        return
    yield _f1("micro_f1", np.column_stack([hits.sum(axis=1), errors.sum(axis=1)]))
    concerned = (hits + errors).any(axis=0)
    yield _f1("macro_f1", np.hstack([hits[:, concerned], errors[:, concerned]]))
    yield from _areas(predictions, truth)
    yield _table(hits, truth, said, task)


def _f1(name: str, rows: "NDArray[np.float64]") -> Measurement:
    """Give the mean F1 over labels from each row's hits and errors, all labels' hits first.

    Where a label concerns few rows, the labels' own limits, added up as if the labels erred together (MOVER), take the
    place of the jackknife's.
    """
    import numpy as np

    labels = rows.shape[1] // 2

    def statistic(means: "NDArray[np.float64]") -> "NDArray[np.float64]":
        hits, errors = means[..., :labels], means[..., labels:]
        under = 2 * hits + errors
        return np.asarray(np.divide(2 * hits, under, out=np.zeros_like(under), where=under > 0).mean(axis=-1))

    concerned = rows.sum(axis=0).reshape(2, labels)
    if labels > 1 and concerned.sum(axis=0).min() < FEWEST_CONCERNED:
        each = [_metrics.f1(int(hits), int(errors)) for hits, errors in concerned.T]
        parts = [(value, found.low or 0.0, 1.0 if found.high is None else found.high) for value, found in each]
        interval = intervals.mean_of_parts(parts, shared=float(labels))
    else:
        interval = means.of_means(rows, statistic, within=(0.0, 1.0))
    value = float(statistic(rows.mean(axis=0)))
    return Measurement(name=name, value=value, unit="share", n=len(rows), interval=interval)


def _areas(predictions: Predictions, truth: "NDArray[np.bool_]") -> Iterator[Measurement]:
    """Give the mean area under the ROC curve over the labels that have enough rows of both kinds."""
    import numpy as np

    scores = predictions.probability if predictions.probability is not None else predictions.score
    smallest = np.minimum(truth.sum(axis=0), (~truth).sum(axis=0))
    if scores is None or scores.shape != truth.shape or smallest.min() < _metrics.FEWEST_A_CLASS:
        return
    curves = [influence.roc_auc(scores[:, label], truth[:, label]) for label in range(truth.shape[1])]
    value = float(np.mean([area for area, _ in curves]))
    moved = np.mean([moved for _, moved in curves], axis=0)
    interval = influence.interval(value, moved, truth[:, int(smallest.argmin())])
    yield Measurement(name="roc_auc", value=value, unit="auc", n=len(truth), interval=interval)


def _table(hits: "NDArray[np.float64]", truth: "NDArray[np.bool_]", said: "NDArray[np.bool_]", task: Task) -> Table:
    rows = []
    for label, name in enumerate(task.names[:SHOWN_LABELS]):
        right, actual, called = (int(part[:, label].sum()) for part in (hits, truth, said))
        rows.append((name, right / actual if actual else None, right / called if called else None, actual))
    return Table(
        name="labels",
        title="Recall and precision by label",
        columns=(
            Column(name="label"),
            Column(name="recall", unit="share"),
            Column(name="precision", unit="share"),
            Column(name="n", unit="count"),
        ),
        rows=tuple(rows),
        left_out=max(len(task.names) - SHOWN_LABELS, 0),
    )
