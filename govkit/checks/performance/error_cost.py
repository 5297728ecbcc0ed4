"""What the model's errors cost by a declared table, and whether another threshold would cost less."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import Field

from govkit.checks.performance import _metrics
from govkit.core.evidence import Column, Interval, Measurement, Table
from govkit.inputs.predictions import Predictions
from govkit.inputs.task import Task
from govkit.plugins.check import Emit, NotApplicable, NotDeclared, NotPossible, Params, Product, check
from govkit.stats.association import halves
from govkit.stats.intervals import weighted_shares

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

THRESHOLDS = 101
"""Thresholds that are tried, at the quantiles of the scores."""
SHOWN = 21


class CostParams(Params):
    """Cost of each kind of answer, in any unit; a gain is a negative cost."""

    false_positive: float | None = None
    """Two classes: cost of calling a row positive that isn't."""
    false_negative: float | None = None
    """Two classes: cost of missing a positive row."""
    true_positive: float = 0.0
    true_negative: float = 0.0
    table: dict[str, dict[str, float]] = Field(default_factory=dict)
    """More classes: cost by true class and answer, both by the names shown; what is left out costs nothing."""


@check(
    "performance.error_cost",
    title="Cost of the errors",
    emits=(
        Emit("cost_per_row", "cost", "mean cost of the model's answers"),
        Emit("cost_of_constant", "cost", "mean cost of the cheapest answer that is the same for all"),
        Emit("cost_over_constant", "cost", "cost of the model less that of the cheapest constant answer"),
        Emit("avoidable_share", "share", "share of the cost that another threshold would save, judged on other rows"),
    ),
    messages={
        **_metrics.MESSAGES,
        "task.classification_only": "This is measured for classifiers only.",
        "performance.no_costs": "The costs of wrong answers are not declared.",
        "performance.no_cost_at_all": "By the declared table every answer costs the same.",
    },
    params=CostParams,
    libraries=("numpy", "scipy"),
)
def error_cost(predictions: Predictions, task: Task, params: CostParams, seed: int) -> Iterator[Product]:
    """Price the answers.

    Why it matters:
        A missed fraud and a false alarm are both one error to accuracy and cost different sums; the best threshold
        follows from the costs.
    Method:
        Mean of the declared costs over the rows, the paired difference to the cheapest constant answer, and for two
        classes a threshold that is chosen for its cost on one half of the rows and judged on the other, both ways: the
        share of the cost it saves. Intervals from exact ones of the share of each cost, seen or not (MOVER).
    Limits:
        Costs are taken as declared and as the same for every row. A small gain of the chosen threshold can be chance.

    References:
        Elkan (2001), The foundations of cost-sensitive learning; Zou and Donner (2008) on MOVER.
    """
    import numpy as np

    if not task.is_classification:
        raise NotApplicable("task.classification_only")
    costs = _costs(task, params)
    n = _metrics.enough_rows(predictions)
    truth = predictions.truth.astype(np.int64)
    said = np.where(predictions.predicted >= 0, predictions.predicted, truth.max()).astype(np.int64)
    paid, constant = costs[truth, said], costs[truth]
    cheapest = int(constant.mean(axis=0).argmin())
    cells = np.bincount(truth * len(costs) + said, minlength=costs.size)
    against = np.repeat(costs[:, [cheapest]], len(costs), axis=1)
    yield _mean("cost_per_row", cells, costs)
    yield _mean("cost_of_constant", cells, against)
    yield _mean("cost_over_constant", cells, costs - against)
    if task.name == "binary" and predictions.probability is not None:
        score, order = predictions.probability[:, task.positive], [1 - task.positive, task.positive]
        by_answer = constant[:, order]
        if paid.mean() > 0 and n >= 2 * _metrics.FEWEST_A_CLASS:
            answered = truth == task.positive, said == task.positive
            yield _avoidable(score, costs[np.ix_(order, order)], answered, halves(n, seed))
        yield _table(score, by_answer)


def _costs(task: Task, params: CostParams) -> "NDArray[np.float64]":
    """Give the costs by true class and answer.

    Raises:
        NotDeclared: they are not declared.
    """
    import numpy as np

    costs = np.zeros((len(task.classes), len(task.classes)))
    if task.name == "binary" and params.false_positive is not None and params.false_negative is not None:
        yes, no = task.positive, 1 - task.positive
        costs[yes, yes], costs[no, no] = params.true_positive, params.true_negative
        costs[no, yes], costs[yes, no] = params.false_positive, params.false_negative
    elif params.table:
        for true, row in params.table.items():
            for answer, cost in row.items():
                if true in task.names and answer in task.names:
                    costs[task.names.index(true), task.names.index(answer)] = cost
    else:
        lines = "{false_positive: 1, false_negative: 5}" if task.name == "binary" else "{table: {A: {B: 1}, B: {A: 5}}}"
        raise NotDeclared("performance.no_costs", ask=f"checks: {{performance.error_cost: {lines}}}")
    if (costs == costs[:, :1]).all():
        raise NotPossible("performance.no_cost_at_all")
    return costs


def _mean(name: str, cells: "NDArray[np.int64]", costs: "NDArray[np.float64]") -> Measurement:
    """Give the mean cost of rows counted by true class and answer."""
    value, interval = weighted_shares(cells, costs.reshape(-1))
    return Measurement(name=name, value=value, unit="cost", n=int(cells.sum()), interval=interval)


def _cuts(score: "NDArray[np.float64]", count: int) -> "NDArray[np.float64]":
    """Give thresholds from calling every row positive to calling none."""
    import numpy as np

    return np.append(np.unique(np.quantile(score, np.linspace(0, 1, count), method="inverted_cdf")), np.inf)


def _avoidable(
    score: "NDArray[np.float64]",
    prices: "NDArray[np.float64]",
    rows: "tuple[NDArray[np.bool_], NDArray[np.bool_]]",
    half: "NDArray[np.bool_]",
) -> Measurement:
    """Give the share of the cost that a threshold chosen on the other half of the rows would save.

    Args:
        score: probability of the positive class, shape (rows,).
        prices: cost by true class and answer, shape (2, 2), the negative class first.
        rows: whether each row is positive, and whether the model says so.
        half: which rows the threshold is first chosen on.
    """
    import numpy as np

    happened, said = (part.astype(np.int64) for part in rows)
    chosen = np.zeros(len(said), dtype=np.int64)
    for learn, judge in ((half, ~half), (~half, half)):
        cuts = _cuts(score[learn], THRESHOLDS)
        called = score[learn][:, None] >= cuts[None, :]
        spent = np.where(called, prices[happened[learn], 1][:, None], prices[happened[learn], 0][:, None]).mean(axis=0)
        chosen[judge] = score[judge] >= cuts[int(spent.argmin())]
    true, answer, other = np.indices((2, 2, 2)).reshape(3, -1)
    saved, paid = prices[true, answer] - prices[true, other], prices[true, answer]
    cells = np.bincount(happened * 4 + said * 2 + chosen, minlength=8)
    total = float(cells @ paid)
    value = float(cells @ saved) / total
    n, (_, found) = len(said), weighted_shares(cells, saved - value * paid)
    assert found.low is not None
    assert found.high is not None
    ends = (value + end * n / total for end in (found.low, found.high))
    interval = Interval(low=next(ends), high=next(ends), level=found.level, method=f"{found.method}, delta")
    return Measurement(name="avoidable_share", value=value, unit="share", n=n, interval=interval)


def _table(score: "NDArray[np.float64]", by_answer: "NDArray[np.float64]") -> Table:
    import numpy as np

    rows = []
    for cut in np.linspace(0, 1, SHOWN):
        called = score >= cut
        rows.append(
            (float(cut), float(called.mean()), float(np.where(called, by_answer[:, 1], by_answer[:, 0]).mean()))
        )
    columns = (Column(name="threshold"), Column(name="selected", unit="share"), Column(name="cost", unit="cost"))
    return Table(name="threshold_costs", title="Mean cost by decision threshold", columns=columns, rows=tuple(rows))
