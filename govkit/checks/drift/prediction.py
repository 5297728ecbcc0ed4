"""Whether the answers, and the truth where it is known, have shifted against the training rows."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from govkit.core.evidence import Column, Finding, Interval, Measurement, Message, Severity, Table
from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.model import Model
from govkit.inputs.predictions import Predictions, decide, features_of, scores
from govkit.inputs.task import Task
from govkit.plugins.check import Emit, Product, check
from govkit.stats.association import bins_of
from govkit.stats.chi_square import alike, alike_in_quantiles
from govkit.stats.distances import stability_interval

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64] | NDArray[np.float64]

MOST_CLASSES = 30
SIGNIFICANT = 0.01
NOTABLE = 0.1


@check(
    "drift.prediction",
    title="Shift of answers and labels",
    emits=(
        Emit("prediction_index", "index", "population stability index of the answers, less what chance adds"),
        Emit("label_index", "index", "population stability index of the true target, less what chance adds"),
        Emit("label_odds_factor", "ratio", "largest factor between the odds of a class in TRAIN and in DATA"),
    ),
    messages={
        "drift.answers": "Answers on {sample} are spread differently from those on TRAIN (stability index {index}).",
        "drift.labels": "The target in {sample} is spread differently from that in TRAIN (stability index {index}).",
    },
    libraries=("numpy", "scipy"),
)
def prediction(  # noqa: PLR0913 - each is an input of the check
    *,
    predictions: Predictions,
    train_predictions: Predictions,
    task: Task,
    columns: Columns,
    seed: int,
    model: Model | None = None,
    production: Dataset | None = None,
) -> Iterator[Product]:
    """Compare the spread of answers and of labels with that on TRAIN.

    Why it matters:
        In production the truth comes late or never; a change of the answers is what can be watched meanwhile. A change
        of the true shares makes probabilities and thresholds wrong.
    Method:
        Counts of predicted classes and of true classes (regression: of tenths of TRAIN's values) on DATA, and of the
        answers on the declared sample from production, against TRAIN: population stability index less its expected
        excess with a bootstrap interval that leans to the wide side, and a chi-square test. For classes also the
        factor between the odds of each true class before and now, whichever way it has moved; the largest is given,
        its limits are the largest of all classes' limits (Woolf's, corrected for the number of classes).
    Limits:
        A model answers its own training rows more surely; only classes are compared, not probabilities.

    References:
        Siddiqi (2006) on the index; Lipton, Wang and Smola (2018) on label shift; Woolf (1955), Haldane (1956).
    """
    before, known = train_predictions.predicted, train_predictions.truth
    lines = list(_compared("prediction_index", "DATA", (before, predictions.predicted), task, seed))
    lines += _compared("label_index", "DATA", (known, predictions.truth), task, seed)
    if task.is_classification:
        lines.append(odds_factor(known, predictions.truth))
    if model is not None and production is not None:
        lines += _compared(
            "prediction_index", "production", (before, _answers(model, production, columns, task)), task, seed
        )
    yield from lines


def _answers(model: Model, rows: Dataset, columns: Columns, task: Task) -> "Numbers":
    import numpy as np

    asked = features_of(rows, columns)
    if not task.is_classification:
        return np.asarray(model.predict(asked), dtype=np.float64)
    probability, _ = scores(model, asked)
    return decide(model, asked, probability, task)


def odds_factor(before: "Numbers", now: "Numbers") -> Measurement:
    """Give the largest factor between the odds of a class in both, with half a row added to every count."""
    import numpy as np
    from scipy.special import ndtri

    classes = np.union1d(before, now)
    counts = np.array([[(part == one).sum() for one in classes] for part in (before, now)]) + 0.5
    others = np.array([[len(before)], [len(now)]]) + 1 - counts
    moved = np.abs(np.diff(np.log(counts / others), axis=0)[0])
    comparisons = max(len(classes) - 1, 1)  # of two classes, the odds of one are those of the other
    reach = -float(ndtri(0.025 / comparisons)) * np.sqrt((1 / counts + 1 / others).sum(axis=0))
    value, high = float(np.exp(moved.max())), float(np.exp((moved + reach).max()))
    low = float(np.exp(max((moved - reach).max(), 0.0)))
    interval = Interval(low=low, high=high, level=0.95, method="woolf, simultaneous")
    n = len(before) + len(now)
    return Measurement(
        name="label_odds_factor", value=value, unit="ratio", n=n, interval=interval, group={"sample": "DATA"}
    )


def _compared(name: str, sample: str, both: "tuple[Numbers, Numbers]", task: Task, seed: int) -> Iterator[Product]:
    import numpy as np

    if task.is_classification:
        names = [*task.names[:MOST_CLASSES], "any other"]
        codes = [np.where((part < 0) | (part >= MOST_CLASSES), MOST_CLASSES, part) for part in both]
        codes = [np.minimum(part, len(names) - 1).astype(np.int64) for part in codes]
    else:
        # the second is sorted into the bins of the first
        joint = bins_of(np.asarray(both[0], dtype=np.float64))
        edges = [float(both[0][joint == code].max()) for code in np.unique(joint)[:-1]]
        codes = [joint, np.searchsorted(edges, both[1], side="left")]
        names = [f"tenth {place + 1}" for place in range(len(edges) + 1)]
    counts = [np.bincount(part, minlength=len(names)) for part in codes]
    kept = counts[0] + counts[1] > 0
    before, now = counts[0][kept], counts[1][kept]
    index, interval = stability_interval(before, now, seed=seed)
    n, group = int(before.sum() + now.sum()), {"sample": sample}
    yield Measurement(name=name, value=index, unit="index", n=n, interval=interval, group=group)
    chance = (alike if task.is_classification else alike_in_quantiles)(before, now)
    if chance <= SIGNIFICANT and index >= NOTABLE:
        said = "drift.answers" if name == "prediction_index" else "drift.labels"
        message = Message(id=said, args={"sample": sample, "index": round(index, 3)})
        rule = "DRI-010" if name == "prediction_index" else "DRI-011"
        yield Finding(rule=rule, severity=Severity.MEDIUM, message=message, where=sample)
    yield Table(
        name=f"shares.{name}.{sample}",
        title=f"{'Answers' if name == 'prediction_index' else 'Target'}: shares in TRAIN and in {sample}",
        columns=(Column(name="class"), Column(name="train", unit="share"), Column(name="now", unit="share")),
        rows=tuple(
            (word, float(first / before.sum()), float(second / now.sum()))
            for word, first, second in zip(np.array(names)[kept].tolist(), before, now, strict=True)
        ),
    )
