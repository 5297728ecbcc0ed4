"""Whether the model moves the way it was declared to when a single feature grows."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from govkit.checks.robustness._answers import drawn
from govkit.checks.robustness._pace import ration
from govkit.config import Config
from govkit.core.evidence import Finding, Measurement, Message, Severity
from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.model import Model
from govkit.inputs.predictions import scores
from govkit.inputs.task import Task
from govkit.plugins.check import Emit, NotApplicable, Product, Sizes, Work, check
from govkit.stats import intervals

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

WORK: Mapping[str, tuple[int, int]] = {"quick": (250, 8), "standard": (500, 15), "thorough": (1_000, 25)}
"""Rows and values by budget."""
PART, LEAST_CALLS = 0.3, 2
"""Part of the budget for calls of a slow model, and calls for one column."""
TOLERANCE = 0.001
"""A step the wrong way up to this part of the spread of all answers is none."""


def plan(sizes: Sizes, budget: str, params: object) -> Work:  # noqa: ARG001 - the signature of a plan
    """Take fewer rows of a slow model."""
    rows, values = WORK[budget]
    slow = max(sizes.predict_ms_per_1000_rows // 100, 1)
    calls = ration(sizes, budget, PART, LEAST_CALLS)
    return Work({"rows": max(rows // slow, 40), "values": values}, 0.2).within(calls, LEAST_CALLS)


@check(
    "robustness.monotonicity",
    title="Declared directions",
    emits=(Emit("violation_share", "share", "rows for which the answer moves against the declared direction"),),
    messages={
        "robustness.no_monotone": "No column is declared to move the answer in one direction.",
        "robustness.no_score": "The model gives neither probabilities nor values whose direction could be followed.",
        "robustness.not_monotone": "For {rows} of {asked} rows the answer moves against the declared direction as "
        "{column} grows, by up to {most} of the spread of all answers.",
    },
    libraries=("numpy", "scipy"),
    plan=plan,
)
def monotonicity(  # noqa: PLR0913 - each is an input of the check
    *,
    model: Model,
    test: Dataset,
    columns: Columns,
    task: Task,
    config: Config,
    work: Mapping[str, int],
    seed: int,
    train: Dataset | None = None,
) -> Iterator[Product]:
    """Let one feature grow over the range seen and follow the answer.

    Why it matters:
        A higher income that lowers a credit score can't be explained to anybody, and can be exploited by everybody.
    Method:
        For every column that `robustness: {monotone: ...}` names, each sampled row is asked with the column set to
        quantiles of TRAIN, or of DATA without TRAIN, in ascending order. A row counts as a violation when the positive
        label's probability, or the predicted value, once moves the wrong way by more than a thousandth of the spread
        of the answers. Share of rows with Clopper and Pearson's interval at 95%.
    Limits:
        Other columns stay as they are, so some of the rows asked could not exist. Between the values nothing is tested.

    References:
        Sill and Abu-Mostafa (1997), Monotonicity Hints; Clopper and Pearson (1934).
    """
    import numpy as np
    import pandas as pd

    declared = config.robustness.monotone
    if not declared:
        raise NotApplicable("robustness.no_monotone", ask="robustness: {monotone: {income: increasing}}")
    rows = drawn(test, columns, work["rows"], np.random.default_rng(seed))
    usual = _scores(model, task, rows)
    spread = float(np.quantile(usual, 0.95) - np.quantile(usual, 0.05)) or 1.0
    for name, way in declared.items():
        values = _values((train or test).frame[name], work["values"])
        every = pd.concat([_with(rows, name, value) for value in values], ignore_index=True)
        moved = _scores(model, task, every).reshape(len(values), len(rows))
        steps = np.diff(moved, axis=0) * (1 if way == "increasing" else -1)
        worst = (-steps).max(axis=0, initial=0.0) / spread
        wrong = int((worst > TOLERANCE).sum())
        yield Measurement(
            name="violation_share",
            value=wrong / len(rows),
            unit="share",
            n=len(rows),
            interval=intervals.proportion(wrong, len(rows)),
            group={"column": name},
        )
        if wrong:
            args = {"rows": wrong, "asked": len(rows), "column": name, "most": f"{float(worst.max()):.1%}"}
            message = Message(id="robustness.not_monotone", args=args)
            yield Finding(rule="ROB-011", severity=Severity.MEDIUM, message=message, where=name)


def _values(column: "pd.Series[float]", count: int) -> list[float]:
    import numpy as np

    cells = column.dropna().to_numpy(dtype=np.float64)
    found = np.quantile(cells, np.linspace(0, 1, count))
    return [float(value) for value in np.unique(np.rint(found) if (cells % 1 == 0).all() else found)]


def _with(rows: "pd.DataFrame", name: str, value: float) -> "pd.DataFrame":
    whole = rows[name].dtype.kind in "iu"
    return rows.assign(**{name: int(value) if whole else float(value)})


def _scores(model: Model, task: Task, rows: "pd.DataFrame") -> "NDArray[np.float64]":
    """Give what should move: the positive label's probability or score, or the predicted value."""
    import numpy as np

    if not task.is_classification:
        return np.asarray(model.predict(rows), dtype=np.float64)
    probability, score = scores(model, rows)
    if probability is not None:
        return probability[:, task.positive]
    if score is None or score.ndim > 1:
        raise NotApplicable("robustness.no_score")
    return score if task.positive == 1 else -score
