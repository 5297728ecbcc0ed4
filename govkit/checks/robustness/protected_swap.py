"""Whether the answer changes when nothing but a protected attribute does."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from govkit.checks.robustness._answers import answers, compared, compared_at_once, drawn
from govkit.checks.robustness._pace import ration
from govkit.core.evidence import Finding, Measurement, Message, Severity
from govkit.inputs.columns import NO_GROUPS, Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.model import Model
from govkit.inputs.task import Task
from govkit.plugins.check import Emit, NotApplicable, Product, Sizes, Work, check
from govkit.stats import intervals

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

ROWS: Mapping[str, int] = {"quick": 300, "standard": 1_000, "thorough": 5_000}
MOST_VALUES = 12
PART, LEAST_CALLS = 0.3, 2
"""Part of the budget for calls of a slow model, and calls for one attribute."""


def plan(sizes: Sizes, budget: str, params: object) -> Work:  # noqa: ARG001 - the signature of a plan
    """Take fewer rows of a slow model."""
    slow = max(sizes.predict_ms_per_1000_rows // 100, 1)
    calls = ration(sizes, budget, PART, LEAST_CALLS)
    return Work({"rows": max(ROWS[budget] // slow, 40)}, 0.2).within(calls, LEAST_CALLS)


@check(
    "robustness.protected_swap",
    title="Answers with a protected attribute exchanged",
    emits=(Emit("changed_answers", "share", "rows answered differently with another value of the attribute"),),
    messages={
        **NO_GROUPS,
        "robustness.no_protected_feature": "The model takes no column that is declared protected.",
        "robustness.protected_flips": "With another value of {column}, and nothing else changed, {changed} of {rows} "
        "rows are answered differently.",
    },
    libraries=("numpy", "scipy"),
    plan=plan,
)
def protected_swap(  # noqa: PLR0913 - each is an input of the check
    *, model: Model, test: Dataset, columns: Columns, task: Task, work: Mapping[str, int], seed: int
) -> Iterator[Product]:
    """Exchange a protected attribute for each of its other values.

    Why it matters:
        An answer that hangs on the attribute alone is direct discrimination in most fields where it is protected.
    Method:
        For every protected column that the model takes, each sampled row is asked with every other value that the
        column has, with its quartiles where these are more than a dozen numbers. A row counts when any of them changes
        the answer. Share of rows with Clopper and Pearson's interval at 95%.
    Limits:
        Other columns may stand in for the attribute; this says nothing about them.

    References:
        Kusner et al. (2017), Counterfactual Fairness; Galhotra et al. (2017), Fairness Testing; Clopper and
        Pearson (1934).
    """
    import numpy as np

    own = [name for name in columns.require_protected() if name in columns.features]
    if not own:
        raise NotApplicable("robustness.no_protected_feature")
    rows = drawn(test, columns, work["rows"], np.random.default_rng(seed))
    usual = answers(model, task, rows)
    for name in own:
        values = _values(test, name)
        count = int(_changed(model, task, [rows.assign(**{name: value}) for value in values], usual).sum())
        yield Measurement(
            name="changed_answers",
            value=count / len(rows),
            unit="share",
            n=len(rows),
            interval=intervals.proportion(count, len(rows)),
            group={"column": name},
        )
        if count:
            args = {"column": name, "changed": count, "rows": len(rows)}
            message = Message(id="robustness.protected_flips", args=args)
            yield Finding(rule="ROB-013", severity=Severity.MEDIUM, message=message, where=name)


def _changed(
    model: Model, task: Task, others: "list[pd.DataFrame]", usual: "NDArray[np.float64]"
) -> "NDArray[np.bool_]":
    """Say for which rows one of other values changes the answer; all are asked about in one call where none raises."""
    import numpy as np
    import pandas as pd

    if not others:
        return np.zeros(len(usual), dtype=bool)
    together = pd.concat(others, ignore_index=True)
    differing = compared_at_once(model, task, together, np.tile(usual, len(others)))
    if differing is None:
        differing = np.concatenate([compared(model, task, one, usual).differing for one in others])
    return np.asarray(differing.reshape(len(others), -1).any(axis=0), dtype=np.bool_)


def _values(test: Dataset, name: str) -> list[Any]:
    """Give the column's values, or its quartiles where it has many."""
    column = test.frame[name].dropna()
    found = sorted(column.unique().tolist(), key=str)
    if len(found) <= MOST_VALUES or column.dtype.kind not in "iuf":
        return found[:MOST_VALUES]
    quartiles = column.quantile([0, 0.25, 0.5, 0.75, 1], interpolation="nearest")
    return list(dict.fromkeys(quartiles.tolist()))
