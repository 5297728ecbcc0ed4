"""Whether asking the model fills in a protected attribute better for training rows than for others."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from govkit.checks.privacy._references import audited, yardstick
from govkit.checks.privacy._sample import TOO_FEW, Sample, draw
from govkit.core.evidence import Finding, Interval, Measurement, Message, Severity
from govkit.inputs.columns import NO_GROUPS, Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.model import Model
from govkit.inputs.predictions import Predictions, decide, scores
from govkit.inputs.task import Task
from govkit.plugins.check import Emit, NotApplicable, Params, Product, Sizes, Work, check
from govkit.stats import intervals
from govkit.stats.multiple import simultaneous

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Hits = NDArray[np.bool_]

ROWS: Mapping[str, int] = {"quick": 500, "standard": 4_000, "thorough": 8_000}
"""Rows a side by budget."""
MOST_VALUES = 12
"""Values of an attribute that are tried."""


def plan(sizes: Sizes, budget: str, params: Params) -> Work:  # noqa: ARG001 - the signature of a plan
    """Take as many rows a side as there are, up to the budget's number."""
    rows = min(ROWS[budget], max(sizes.train_rows, 1), max(sizes.test_rows, 1))
    return Work({"rows": rows}, 1 + rows * sizes.predict_ms_per_1000_rows * 4 / 1e6)


@check(
    "privacy.attribute_inference",
    title="Attribute inference",
    emits=(
        Emit("attribute_gap", "share", "protected values that the model fills in for training rows more than others"),
        Emit("attribute_found", "share", "training rows whose protected value the model fills in"),
        Emit("imputer_found", "share", "training rows whose value a model of the other columns fills in"),
    ),
    messages={
        **NO_GROUPS,
        "privacy.no_attribute": "No protected column with 2 to {most} values is a feature of the model.",
        "privacy.attribute": "Asking the model fills in {column} for {gap} more of the training rows than of others.",
        **TOO_FEW,
    },
    libraries=("numpy", "scikit-learn", "scipy"),
    plan=plan,
)
def attribute_inference(  # noqa: PLR0913 - each is an input of the check
    *,
    model: Model,
    train: Dataset,
    train_predictions: Predictions,
    test: Dataset,
    predictions: Predictions,
    columns: Columns,
    task: Task,
    work: Mapping[str, int],
    seed: int,
) -> Iterator[Product]:
    """Fill in a protected column by asking the model, and compare training rows with others.

    Why it matters:
        Someone who knows the rest of a person's row could learn a protected value from the model because that person
        was in the training data. What holds for everyone alike is statistics; the difference is the leak.
    Method:
        Each value of the column is put into each row, and the value under which the model believes most in the true
        outcome is taken; between equals, the more frequent one. The gap is the share of right values among training
        rows less that among hold-out rows; equal and nearly equal rows are left out. Beside it stands what a gradient
        boosting of the other columns and the outcome fills in, fitted on half of the hold-out rows.
        Intervals hold for all columns together (Newcombe's hybrid of exact intervals, 95%).
    Limits:
        Columns with many values are not tried. A difference between the two files looks like a gap.

    References:
        Fredrikson et al. (2014); Mehnaz et al. (2022); Newcombe (1998).
    """
    protected = columns.require_protected()
    sample = draw(((train, train_predictions), (test, predictions)), columns, work["rows"], seed)
    wanted = [name for name in protected if name in columns.features and _tried(sample, name)]
    if not wanted:
        raise NotApplicable("privacy.no_attribute", most=MOST_VALUES)
    level = simultaneous(intervals.LEVEL, len(wanted))
    for name in wanted:
        right = _filled_in(model, sample, task, name)
        members, others = right[sample.member], right[~sample.member]
        gap, interval = difference(members, others, level)
        group = {"column": name}
        found = {"attribute_gap": (gap, interval, len(right))}
        for what, hits in (("attribute_found", members), ("imputer_found", _imputed(sample, name, seed))):
            found[what] = (float(hits.mean()), intervals.proportion(int(hits.sum()), len(hits)), len(hits))
        for what, (value, ends, n) in found.items():
            yield Measurement(name=what, value=value, unit="share", n=n, interval=ends, group=group)
        if (interval.low or 0.0) > 0:
            message = Message(id="privacy.attribute", args={"column": name, "gap": gap})
            yield Finding(rule="ATT-001", severity=Severity.MEDIUM, message=message, where=f"column {name}")


def _tried(sample: Sample, name: str) -> list[object]:
    """Give the values that are tried, the most frequent first; none where there are too many or one."""
    counts = sample.rows[name].value_counts()
    values = sorted(counts.index.tolist(), key=lambda value: (-int(counts[value]), str(value)))
    return values if 1 < len(values) <= MOST_VALUES else []


def _filled_in(model: Model, sample: Sample, task: Task, name: str) -> "Hits":
    """Tell for each row whether the value that the model likes best is the row's own."""
    import numpy as np
    import pandas as pd

    values, yard = _tried(sample, name), yardstick(sample, task)
    liking = np.empty((len(values), len(sample.truth)))
    for position, value in enumerate(values):
        changed = sample.rows.copy()
        changed[name] = pd.Series([value] * len(changed), dtype=sample.rows[name].dtype)
        if task.is_classification:
            probability, score = scores(model, changed)
            predicted = decide(model, changed, probability, task)
            asked = replace(sample, rows=changed, predicted=predicted, probability=probability, score=score)
        else:
            told = np.asarray(model.predict(changed), dtype=np.float64)
            asked = replace(sample, rows=changed, predicted=told)
        liking[position] = audited(asked, yard).strength
    best = np.array(values, dtype=object)[liking.argmax(axis=0)]
    return np.asarray(best == sample.rows[name].to_numpy(dtype=object), dtype=bool)


def _imputed(sample: Sample, name: str, seed: int) -> "Hits":
    """Tell for each training row whether the other columns and the outcome give its value away without the model."""
    import numpy as np
    from sklearn.ensemble import HistGradientBoostingClassifier

    place = list(sample.rows.columns).index(name)
    view = np.column_stack([np.delete(sample.view, place, axis=1), np.asarray(sample.truth, dtype=np.float64)])
    codes = np.nan_to_num(sample.view[:, place], nan=-1.0)
    known = ~sample.member & sample.attack_half
    if len(np.unique(codes[known])) == 1:
        return np.asarray(codes[sample.member] == codes[known][0])
    learner = HistGradientBoostingClassifier(max_iter=60, early_stopping=False, random_state=seed % 2**31)
    told = learner.fit(view[known], codes[known].astype(str)).predict(view[sample.member])
    return np.asarray(told == codes[sample.member].astype(str))


def difference(members: "Hits", others: "Hits", level: float) -> tuple[float, Interval]:
    """Give the difference of two independent shares with Newcombe's (1998) hybrid of exact intervals."""
    first, second = (
        (float(hits.mean()), intervals.proportion(int(hits.sum()), len(hits), level=level))
        for hits in (members, others)
    )
    return first[0] - second[0], intervals.difference(first, second)
