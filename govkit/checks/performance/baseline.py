"""Whether the model beats a predictor that ignores the features, and models that anyone could fit."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from govkit.checks.performance import _metrics
from govkit.checks.performance._simple import answers_of_simple_models
from govkit.core.evidence import Measurement
from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.predictions import Predictions, encode
from govkit.inputs.task import Task
from govkit.plugins.check import Emit, NotPossible, Params, Product, Sizes, Work, check
from govkit.stats import intervals
from govkit.stats.means import of_means, ratio

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ROWS: Mapping[str, int] = {"quick": 5_000, "standard": 20_000, "thorough": 100_000}
"""Rows of TRAIN that the simple models are fitted on, by budget."""


def plan(sizes: Sizes, budget: str, params: Params) -> Work:
    """Fit the simple models on more rows with more budget."""
    del params
    rows = min(ROWS[budget], max(sizes.train_rows, 1))
    return Work({"rows": rows}, 1.0 + rows * sizes.features / 200_000)


@check(
    "performance.baseline",
    title="Gain over a trivial predictor",
    emits=(
        Emit("gain_over_baseline", "share", "accuracy, or R squared, above that of always predicting the same"),
        Emit("gain_over_simple_model", "difference", "accuracy, or R squared, above that of a simple model"),
        Emit("baseline_score", "share", "accuracy, or R squared, of always predicting the same"),
    ),
    messages={
        **_metrics.MESSAGES,
        "performance.no_variance": "The target is the same in every row, so nothing can be gained over a constant.",
    },
    libraries=("numpy", "scipy", "scikit-learn"),
    plan=plan,
)
def baseline(  # noqa: PLR0913 - each is an input of the check
    *,
    predictions: Predictions,
    test: Dataset,
    task: Task,
    columns: Columns,
    work: Mapping[str, int],
    seed: int,
    train: Dataset | None = None,
) -> Iterator[Product]:
    """Compare the model with always predicting the same, and with simple models fitted on TRAIN.

    Why it matters:
        An accuracy of 95% says nothing where 95% of the rows belong to one class, and a model that is hard to explain
        should do better than one that is not.
    Method:
        The constant comes from TRAIN, or from DATA where TRAIN is not given, which can only make it harder to beat.
        With TRAIN, a regularised linear model (strength by cross-validation) and boosted trees (number by early
        stopping) are fitted on it here. All predict the same rows: Bonett and Price's interval for paired shares,
        jackknife and delta method for R squared.
    Limits:
        A gain above zero shows that the features carry something, not that the model is good enough for its use.

    References:
        Bonett and Price (2012), Journal of Educational and Behavioral Statistics 37.
    """
    _metrics.enough_rows(predictions)
    known = _known(predictions, task, columns, train)
    yield from _classification(predictions, known) if task.is_classification else _regression(predictions, known)
    if train is None or columns.target not in train.columns:
        return
    others = answers_of_simple_models(train, test, predictions.rows, columns, task, most=work["rows"], seed=seed)
    for name, answered in others:
        yield _gain(predictions, answered, name, task)


def _gain(
    predictions: Predictions, others: "NDArray[np.int64] | NDArray[np.float64]", name: str, task: Task
) -> Measurement:
    """Give the gain over another model's answers on the same rows."""
    import numpy as np

    if task.is_classification:
        right, theirs = predictions.truth == predictions.predicted, predictions.truth == others
        gained, lost, n = int((right & ~theirs).sum()), int((theirs & ~right).sum()), len(right)
        value, interval = (gained - lost) / n, intervals.paired_difference(gained, lost, n)
    else:
        truth = np.asarray(predictions.truth, dtype=np.float64)
        squares = (truth - truth.mean()) ** 2
        saved = (truth - others) ** 2 - (truth - predictions.predicted) ** 2
        (value, interval), n = ratio(saved, squares), len(saved)
    return Measurement(
        name="gain_over_simple_model", value=value, unit="difference", n=n, interval=interval, group={"model": name}
    )


def _known(
    predictions: Predictions, task: Task, columns: Columns, train: Dataset | None
) -> "NDArray[np.int64] | NDArray[np.float64]":
    """Give the targets that the constant is taken from."""
    import numpy as np

    if train is None or columns.target is None or columns.target not in train.columns:
        return predictions.truth
    target = train.frame[columns.target]
    if task.is_classification:
        codes = encode(target, task)
        codes = codes[codes >= 0]
        return codes if len(codes) else predictions.truth
    values = np.asarray(target, dtype=np.float64)
    values = values[np.isfinite(values)]
    return values if len(values) else predictions.truth


def _classification(predictions: Predictions, known: "NDArray[np.int64] | NDArray[np.float64]") -> Iterator[Product]:
    import numpy as np

    constant = int(np.bincount(known.astype(np.int64)).argmax())
    n = len(predictions.truth)
    right, trivial = predictions.truth == predictions.predicted, predictions.truth == constant
    gained, lost = int((right & ~trivial).sum()), int((trivial & ~right).sum())
    interval = intervals.paired_difference(gained, lost, n)
    yield Measurement(name="gain_over_baseline", value=(gained - lost) / n, unit="share", n=n, interval=interval)
    yield _metrics.share("baseline_score", int(trivial.sum()), n)


def _regression(predictions: Predictions, known: "NDArray[np.int64] | NDArray[np.float64]") -> Iterator[Product]:
    import numpy as np

    centre = float(np.mean(predictions.truth))
    truth = np.asarray(predictions.truth, dtype=np.float64) - centre
    if not truth.any():
        raise NotPossible("performance.no_variance")
    constant = float(np.median(known)) - centre
    trivial = (truth - constant) ** 2
    rows = np.column_stack([trivial - (predictions.truth - predictions.predicted) ** 2, truth, truth**2, trivial])
    variance = float(rows[:, 2].mean())
    for name, column in (("gain_over_baseline", 0), ("baseline_score", 3)):
        yield _share_of_variance(name, rows[:, [column, 1, 2]], variance)


def _share_of_variance(name: str, rows: "NDArray[np.float64]", variance: float) -> Measurement:
    value = float(rows[:, 0].mean()) / variance
    flip = name == "baseline_score"

    def statistic(means: "NDArray[np.float64]") -> "NDArray[np.float64]":
        ratio = means[..., 0] / (means[..., 2] - means[..., 1] ** 2)
        return 1 - ratio if flip else ratio

    return Measurement(
        name=name,
        value=1 - value if flip else value,
        unit="share",
        n=len(rows),
        interval=of_means(rows, statistic),
    )
