"""Which features the answers hang on, and how the answer moves with the most important ones."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from govkit.checks.performance import _metrics
from govkit.core.evidence import Column, Finding, Measurement, Message, Severity, Table
from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.disclosure import Disclosure
from govkit.inputs.matrix import as_numbers, as_words, is_number
from govkit.inputs.model import Model
from govkit.inputs.predictions import Predictions, decide, features_of, scores
from govkit.inputs.task import Task
from govkit.plugins.check import Emit, Params, Product, Sizes, Work, check
from govkit.stats.association import bins_of
from govkit.stats.means import mean, ratio

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

WORK: Mapping[str, tuple[int, int, int]] = {
    "quick": (1_000, 2, 60),
    "standard": (2_000, 5, 200),
    "thorough": (10_000, 10, 1_000),
}
"""Rows, shuffles and features by budget."""
TOGETHER, CELLS = 25_000, 3_000_000
"""Rows and cells asked about in one call, at most."""
PROFILED = 5
"""Features whose partial dependence is worked out."""
PROFILED_ROWS = 200
STEPS = 10
MOST_SHOWN = 24
FEWEST_FEATURES = 3
"""Below, one of them has to carry most of the answer."""


def plan(sizes: Sizes, budget: str, params: Params) -> Work:
    """Take fewer rows of a slow model."""
    del params
    rows, shuffles, features = WORK[budget]
    slow = max(sizes.predict_ms_per_1000_rows // 100, 1)
    rows, features = max(min(rows, sizes.test_rows) // slow, 50), min(features, max(sizes.features, 1))
    asked = rows * shuffles * features + PROFILED * STEPS * PROFILED_ROWS
    return Work(
        {"rows": rows, "shuffles": shuffles, "features": features}, asked * sizes.predict_ms_per_1000_rows / 1e6
    )


@check(
    "performance.importance",
    title="Importance of the features",
    emits=(
        Emit("importance", "loss", "rise of the loss when the feature is shuffled"),
        Emit("largest_share", "share", "share of the most important feature in the sum of all"),
    ),
    messages={
        **_metrics.MESSAGES,
        "performance.few_features": "The model takes only {features} features.",
        "performance.features_left_out": "{features} features that go along least with the answers were left out.",
        "performance.nothing_matters": "Shuffling any feature changes next to nothing.",
    },
    libraries=("numpy", "scipy"),
    plan=plan,
)
def importance(  # noqa: PLR0913 - each is an input of the check
    *,
    model: Model,
    test: Dataset,
    predictions: Predictions,
    columns: Columns,
    task: Task,
    disclosure: Disclosure,
    work: Mapping[str, int],
    seed: int,
) -> Iterator[Product]:
    """Shuffle one feature at a time and see how much worse the answers get.

    Why it matters:
        Whoever answers for a model has to know what it goes by; one feature that carries everything is often a leak.
    Method:
        Permutation importance on hold-out rows: rise of the log loss (of the share of errors where there are no
        probabilities, of the squared error by the target's variance in regression) when a feature is shuffled, mean
        over shuffles, Student's and Hall's interval over rows. Share of the largest in the sum: the same. Partial
        dependence of the first five: mean answer when the feature is set to steps of its range or to its common values
        for all rows.
    Limits:
        Features that go along with each other share their importance, and shuffling makes unlikely rows. What a
        feature does for a model is not what it causes in the world.

    References:
        Breiman (2001); Fisher, Rudin and Dominici (2019); Friedman (2001) on partial dependence.
    """
    import numpy as np

    rng = np.random.default_rng(seed)
    sample = np.sort(rng.permutation(len(predictions.rows))[: work["rows"]])
    rows = features_of(test, columns).iloc[predictions.rows[sample]].reset_index(drop=True)
    ask = _Loss(model, task, predictions.truth[sample])
    plain, answers = ask(rows)
    names = _most_associated(rows, answers, work["features"])
    if len(names) < rows.shape[1]:
        args = {"features": rows.shape[1] - len(names)}
        message = Message(id="performance.features_left_out", args=args)
        yield Finding(rule="PERF-022", severity=Severity.INFO, message=message, where="features")
    shuffled = (_shuffled(rows, name, rng) for name in names for _ in range(work["shuffles"]))
    risen = np.zeros((len(rows), len(names)))
    for number, loss in enumerate(_losses(ask, shuffled, rows)):
        risen[:, number // work["shuffles"]] += (loss - plain) / work["shuffles"]
    order = np.argsort(-risen.mean(axis=0), kind="stable")
    measured = [_importance(names[place], risen[:, place]) for place in order]
    yield from measured[:MOST_SHOWN]
    yield _bars(measured)
    yield from _share(risen[:, order])
    for place in order[:PROFILED]:
        yield _dependence(names[place], rows.iloc[:PROFILED_ROWS], ask, disclosure)


def _shuffled(rows: "pd.DataFrame", name: str, rng: "np.random.Generator") -> "pd.DataFrame":
    order = rng.permutation(len(rows))
    return rows.assign(**{name: rows[name].to_numpy()[order]}).astype({name: rows[name].dtype})


def _losses(ask: "_Loss", changed: "Iterator[pd.DataFrame]", rows: "pd.DataFrame") -> "Iterator[NDArray[np.float64]]":
    """Give the losses on each changed copy of the rows; as many copies go into a call as it holds."""
    import pandas as pd

    most = max(min(TOGETHER // len(rows), CELLS // max(rows.size, 1)), 1)
    while some := list(islice(changed, most)):
        yield from ask(pd.concat(some, ignore_index=True))[0].reshape(len(some), len(rows))


class _Loss:
    """Asks the model and gives each row's loss and answer."""

    def __init__(self, model: Model, task: Task, truth: "NDArray[np.int64] | NDArray[np.float64]") -> None:
        self._model, self._task, self._truth = model, task, truth
        self._variance = 1.0 if task.is_classification else float(truth.var()) or 1.0

    def __call__(self, rows: "pd.DataFrame") -> "tuple[NDArray[np.float64], NDArray[np.float64]]":
        """Give losses of all sampled rows, or of several copies of them, in their order, and the answers as numbers."""
        import numpy as np

        answers, probability = self.answers(rows)
        known = np.tile(np.asarray(self._truth, dtype=np.float64), len(rows) // len(self._truth))
        if not self._task.is_classification:
            return (answers - known) ** 2 / self._variance, answers
        truth = known.astype(np.int64)
        if probability is None:
            return (answers != truth).astype(np.float64), answers
        chance = np.clip(probability[np.arange(len(truth)), truth], 1e-15, 1.0)
        return -np.log(chance), answers

    def answers(self, rows: "pd.DataFrame") -> "tuple[NDArray[np.float64], NDArray[np.float64] | None]":
        """Give what stands for the answer: a probability, a value or a class; and all probabilities."""
        import numpy as np

        if not self._task.is_classification:
            return np.asarray(self._model.predict(rows), dtype=np.float64), None
        probability, _ = scores(self._model, rows)
        if probability is not None:
            return probability[:, self._task.positive if self._task.name == "binary" else 0], probability
        return decide(self._model, rows, None, self._task).astype(np.float64), None


def _most_associated(rows: "pd.DataFrame", answers: "NDArray[np.float64]", most: int) -> list[str]:
    """Give the features that explain most of the answers by themselves, in column order."""
    import numpy as np

    if rows.shape[1] <= most:
        return list(rows.columns)
    explained = []
    for name in rows.columns:
        column = rows[name]
        codes = (
            bins_of(as_numbers(column)) if is_number(column) else np.unique(as_words(column), return_inverse=True)[1]
        )
        counts = np.bincount(codes)
        means = np.bincount(codes, answers) / np.maximum(counts, 1)
        explained.append(float(np.sum(counts * (means - answers.mean()) ** 2)))
    kept = np.sort(np.argsort(-np.array(explained), kind="stable")[:most])
    return [rows.columns[place] for place in kept]


def _importance(name: str, risen: "NDArray[np.float64]") -> Measurement:
    n, value, interval = len(risen), float(risen.mean()), mean(risen)
    return Measurement(name="importance", value=value, unit="loss", n=n, interval=interval, group={"feature": name})


def _share(risen: "NDArray[np.float64]") -> Iterator[Product]:
    """Give the share of the first column in the sum of those that matter."""
    if risen.shape[1] < FEWEST_FEATURES:
        message = Message(id="performance.few_features", args={"features": risen.shape[1]})
        yield Finding(rule="PERF-023", severity=Severity.INFO, message=message, where="features")
        return
    matters = risen[:, risen.mean(axis=0) > 0]
    if not matters.size or matters.mean() * matters.shape[1] < 1e-9:  # noqa: PLR2004 - nothing to share
        message = Message(id="performance.nothing_matters")
        yield Finding(rule="PERF-024", severity=Severity.MEDIUM, message=message, where="features")
        return
    together = matters.sum(axis=1)
    value, interval = ratio(matters[:, 0], together, largest=float(abs(together).max()))
    yield Measurement(name="largest_share", value=value, unit="share", n=len(matters), interval=interval)


def _bars(measured: list[Measurement]) -> Table:
    rows = tuple(
        (
            one.group["feature"],
            one.value,
            one.interval.low if one.interval else None,
            one.interval.high if one.interval else None,
        )
        for one in measured
    )
    return Table(
        name="bars.importance",
        title="Rise of the loss when a feature is shuffled",
        columns=(Column(name="label"), *(Column(name=name, unit="loss") for name in ("value", "low", "high"))),
        rows=rows[:MOST_SHOWN],
        left_out=max(len(rows) - MOST_SHOWN, 0),
    )


def _dependence(name: str, rows: "pd.DataFrame", ask: _Loss, disclosure: Disclosure) -> Table:
    """Set the feature to each of its steps for all rows and give the mean answer."""
    import pandas as pd

    column, lines = rows[name], []
    steps = _steps(name, column, disclosure)
    moved = [rows.assign(**{name: value}) for _, value in steps]
    if column.dtype.kind not in "iu":
        moved = [one.astype({name: column.dtype}) for one in moved]
    if moved:
        answers, _ = ask.answers(pd.concat(moved, ignore_index=True))
        for (label, _), told in zip(steps, answers.reshape(len(steps), len(rows)), strict=True):
            interval = mean(told)
            lines.append((label, float(told.mean()), interval.low, interval.high))
    return Table(
        name=f"forest.dependence.{name}",
        title=f"Mean answer when {name} is set for all rows",
        columns=(Column(name="label"), *(Column(name=part) for part in ("value", "low", "high"))),
        rows=tuple(lines),
    )


def _steps(name: str, column: "pd.Series[Any]", disclosure: Disclosure) -> list[tuple[str, Any]]:
    """Give steps of a number's range, rounded so that none is a cell's value; common categories else."""
    import numpy as np

    if is_number(column) and column.dtype.kind != "b":
        values = as_numbers(column)
        values = values[np.isfinite(values)]
        if not len(values) or float(np.ptp(values)) == 0:
            return []
        low, high = np.quantile(values, [0.05, 0.95])
        steps = dict.fromkeys(float(f"{step:.2g}") for step in np.linspace(low, high, STEPS))
        whole = column.dtype.kind in "iu"
        return [(f"{step:g}", round(step) if whole else step) for step in steps]
    counts = column.dropna().value_counts()
    common = sorted(counts.index[:STEPS], key=str)
    return [
        (disclosure.value(name, value, position=place, rows=int(counts[value])), value)
        for place, value in enumerate(common)
    ]
