"""Whether the model is better than the one in use, on the same rows."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from govkit.checks.champion._pair import MESSAGES, require_pairs, score_of
from govkit.core.evidence import Column, Finding, Measurement, Message, Severity, Table
from govkit.inputs.model import Artifact
from govkit.inputs.predictions import Predictions
from govkit.inputs.task import Task
from govkit.plugins.check import Emit, Product, check
from govkit.stats import intervals
from govkit.stats.calibration import equal_count_bins, expected_calibration_error
from govkit.stats.influence import paired_areas
from govkit.stats.means import UNBOUNDED, Bounds, mean

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_CLASSES = 30
SIGNIFICANT = 0.05


@check(
    "champion.paired",
    title="Better or worse than the champion",
    emits=(
        Emit("accuracy_gain", "difference", "accuracy of the model less that of the champion"),
        Emit("balanced_accuracy_gain", "difference", "balanced accuracy of the model less that of the champion"),
        Emit("roc_auc_gain", "difference", "area under the ROC curve of the model less that of the champion"),
        Emit("log_loss_change", "nats", "log loss of the model less that of the champion"),
        Emit("brier_change", "difference", "Brier score of the model less that of the champion"),
        Emit("error_change", "target SD", "mean absolute error of the model less that of the champion"),
        Emit("mcnemar_p", "probability", "chance of as uneven a split of disagreements between equal models"),
        Emit("size_ratio", "ratio", "size of the model file over that of the champion's"),
    ),
    messages={
        **MESSAGES,
        "champion.worse": "The model is right less often than the champion: it loses {lost} rows and gains {gained}.",
    },
    libraries=("numpy", "scipy"),
)
def paired(
    *,
    predictions: Predictions,
    champion_predictions: Predictions,
    task: Task,
    artifact: Artifact,
    champion_artifact: Artifact,
) -> Iterator[Product]:
    """Compare the model with the one in use, row by row.

    Why it matters:
        A new model is only worth a release if it is not worse than what it replaces; on the same rows a small
        difference shows that two separate figures would hide.
    Method:
        Accuracy: McNemar's exact test and Bonett and Price's interval of the paired difference. Balanced accuracy: the
        same by class, added up by MOVER. ROC AUC: paired DeLong. Log loss, Brier score and mean absolute error: the
        mean difference with Student's interval, corrected for skewness by Hall. Sizes of the files are exact.
    Limits:
        Differences that the rows are too few to see are not shown to be absent.

    References:
        McNemar (1947); Bonett and Price (2012); Zou and Donner (2008); DeLong et al. (1988); Hall (1992).
    """
    n = require_pairs(predictions, champion_predictions)
    ratio = artifact.size / champion_artifact.size
    yield Measurement(name="size_ratio", value=ratio, unit="ratio", n=1)
    if task.is_classification:
        yield from _classes(predictions, champion_predictions, task)
    else:
        yield _errors(predictions, champion_predictions, n)


def _classes(new: Predictions, old: Predictions, task: Task) -> Iterator[Product]:
    from scipy.stats import binomtest

    n = len(new.rows)
    right, before = new.truth == new.predicted, old.truth == old.predicted
    gained, lost = int((right & ~before).sum()), int((before & ~right).sum())
    value, interval = (gained - lost) / n, intervals.paired_difference(gained, lost, n)
    yield Measurement(name="accuracy_gain", value=value, unit="difference", n=n, interval=interval)
    chance = float(binomtest(gained, gained + lost).pvalue) if gained + lost else 1.0
    yield Measurement(name="mcnemar_p", value=chance, unit="probability", n=gained + lost)
    if chance <= SIGNIFICANT and lost > gained:
        message = Message(id="champion.worse", args={"lost": lost, "gained": gained})
        yield Finding(rule="CHA-001", severity=Severity.HIGH, message=message, where="model")
    if len(task.classes) <= MOST_CLASSES:
        yield balanced(new.truth, right, before)
    if task.name == "binary":
        yield from _areas(new, old, task)
    if new.probability is not None and old.probability is not None:
        yield from _probabilities(new, old, task)


def balanced(
    classes: "NDArray[np.int64] | NDArray[np.float64]", right: "NDArray[np.bool_]", before: "NDArray[np.bool_]"
) -> Measurement:
    """Compare the mean recall over classes, each class by Bonett and Price's interval."""
    import numpy as np

    parts = []
    for one in np.unique(classes):
        inside = classes == one
        gained, lost, n = int((right & ~before)[inside].sum()), int((before & ~right)[inside].sum()), int(inside.sum())
        found = intervals.paired_difference(gained, lost, n)
        parts.append(((gained - lost) / n, -1.0 if found.low is None else found.low, found.high or 0.0))
    value, interval = sum(part[0] for part in parts) / len(parts), intervals.mean_of_parts(parts, within=(-1.0, 1.0))
    interval = interval.model_copy(update={"method": "mover, bonett-price"})
    n = len(right)
    return Measurement(name="balanced_accuracy_gain", value=value, unit="difference", n=n, interval=interval)


def _areas(new: Predictions, old: Predictions, task: Task) -> Iterator[Measurement]:
    """Compare the areas under the ROC curve by DeLong's paired variance."""
    scores = score_of(new, task), score_of(old, task)
    positive = new.truth == task.positive
    smaller = int(min(positive.sum(), (~positive).sum()))
    if scores[0] is None or scores[1] is None or smaller < 2:  # noqa: PLR2004 - a variance takes two
        return
    gain, interval = paired_areas(scores[0], scores[1], positive)
    yield Measurement(name="roc_auc_gain", value=gain, unit="difference", n=len(positive), interval=interval)


def _probabilities(new: Predictions, old: Predictions, task: Task) -> Iterator[Product]:
    import numpy as np

    assert new.probability is not None
    assert old.probability is not None
    truth, rows = new.truth.astype(np.int64), np.arange(len(new.truth))
    happened = np.zeros_like(new.probability)
    happened[rows, truth] = 1
    step = np.finfo(np.float64).eps
    losses = [-np.log(np.clip(part[rows, truth], step, 1 - step)) for part in (new.probability, old.probability)]
    squares = [((part - happened) ** 2).sum(axis=1) / 2 for part in (new.probability, old.probability)]
    yield _mean("log_loss_change", "nats", losses[0] - losses[1])
    yield _mean("brier_change", "difference", squares[0] - squares[1], within=(-1.0, 1.0))
    lines = []
    for name, part in (("model", new.probability), ("champion", old.probability)):
        asked = np.full(len(truth), task.positive) if task.name == "binary" else part.argmax(axis=1)
        error, ends = expected_calibration_error(equal_count_bins(part[rows, asked], truth == asked, 10))
        lines.append((name, error, ends.low, ends.high))
    yield Table(
        name="forest.calibration",
        title="Expected calibration error of the model and of the champion",
        columns=(Column(name="label"), *(Column(name=name, unit="share") for name in ("value", "low", "high"))),
        rows=tuple(lines),
    )


def _errors(new: Predictions, old: Predictions, n: int) -> Measurement:
    import numpy as np

    spread = float(new.truth.std()) or 1.0
    apart = (np.abs(new.predicted - new.truth) - np.abs(old.predicted - old.truth)) / spread
    found = _mean("error_change", "target SD", np.asarray(apart, dtype=np.float64))
    return found.model_copy(update={"n": n})


def _mean(name: str, unit: str, values: "NDArray[np.float64]", within: Bounds = UNBOUNDED) -> Measurement:
    n, middle, interval = len(values), float(values.mean()), mean(values, within=within)
    return Measurement(name=name, value=middle, unit=unit, n=n, interval=interval)
