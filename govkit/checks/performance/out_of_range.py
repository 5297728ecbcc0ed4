"""Whether the model is asked about rows unlike those it was fitted on, and what it answers there."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from govkit.core.errors import ModelRaised
from govkit.core.evidence import Column, Finding, Measurement, Message, Severity, Table
from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.matrix import MOST_VALUES, as_numbers, as_words, is_number
from govkit.inputs.model import Model
from govkit.inputs.predictions import Predictions, features_of, scores
from govkit.inputs.task import Task
from govkit.plugins.check import Emit, Product, check
from govkit.stats.groups import difference
from govkit.stats.intervals import proportion

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

RATE = 0.01
"""False discoveries among the columns that are named."""
LEAST = 0.01
"""Share of rows outside below which a column is not named."""
FAR = 3.0
"""How far the rows of the experiment are moved, in widths of the training range."""
MOVED_ROWS = 200
FEWEST_OUTSIDE = 20
CERTAIN = 0.99
MOST_SHOWN = 40


@dataclass(frozen=True)
class Outside:
    """How many rows of a column lie outside what TRAIN holds."""

    column: str
    rows: "NDArray[np.bool_]"
    chance: float
    """Probability of as many if both tables are alike."""


@check(
    "performance.out_of_range",
    title="Inputs outside the range of training",
    emits=(
        Emit("outside_share", "share", "rows of DATA with a value that TRAIN's range or categories don't hold"),
        Emit("unexpected_columns", "count", "columns with more such rows than chance explains"),
        Emit("accuracy_drop", "difference", "accuracy on the other rows less that on such rows"),
        Emit("far_answered_share", "share", "rows moved far outside the range that the model answers all the same"),
        Emit("far_certain_share", "share", "of those, answers given with a probability of 0.99 or more"),
    ),
    messages={
        "performance.outside": "{rows} rows ({share}) of {column} lie outside what TRAIN holds.",
    },
    libraries=("numpy", "scipy"),
)
def out_of_range(  # noqa: PLR0913 - each is an input of the check
    *,
    test: Dataset,
    train: Dataset,
    columns: Columns,
    predictions: Predictions | None = None,
    model: Model | None = None,
    task: Task | None = None,
) -> Iterator[Product]:
    """Look for values that the model has never seen.

    Why it matters:
        Beyond the range of its training rows a model guesses, and seldom says so.
    Method:
        A number is outside beyond the extremes of TRAIN, a category when TRAIN lacks it. If both tables are drawn
        alike, the chance that so many of DATA exceed an extreme of TRAIN is known exactly; for categories it is bounded
        (Chernoff), each row being as likely to be in one table as in the other. Columns are named where that chance is
        small after Benjamini and Hochberg's correction and at least 1% of rows are concerned. Accuracy inside and
        outside is compared by Newcombe's interval. As an experiment, 200 rows have all their numbers moved three ranges
        away.
    Limits:
        A row can be new as a combination of values that are each inside.

    References:
        Joag-Dev and Proschan (1983); Benjamini and Hochberg (1995); Newcombe (1998).
    """
    import numpy as np
    from scipy.stats import false_discovery_control

    shared = [name for name in columns.features if name in train.columns]
    found = [one for name in shared if (one := _outside(name, train.frame[name], test.frame[name]))]
    anywhere = np.zeros(test.rows, dtype=bool)
    for one in found:
        anywhere |= one.rows
    hits, n = int(anywhere.sum()), test.rows
    yield Measurement(name="outside_share", value=hits / n, unit="share", n=n, interval=proportion(hits, n))
    adjusted = false_discovery_control([one.chance for one in found]) if found else np.array([])
    named = [one for one, chance in zip(found, adjusted, strict=True) if chance <= RATE and one.rows.mean() >= LEAST]
    yield Measurement(name="unexpected_columns", value=len(named), unit="count", n=len(shared))
    for one in sorted(named, key=lambda each: (-each.rows.sum(), each.column))[:MOST_SHOWN]:
        args = {"rows": int(one.rows.sum()), "share": f"{one.rows.mean():.1%}", "column": one.column}
        message = Message(id="performance.outside", args=args)
        yield Finding(rule="PERF-021", severity=Severity.MEDIUM, message=message, where=f"column {one.column}")
    yield _table(found)
    if predictions is not None and task is not None and task.is_classification:
        yield from _drop(predictions, anywhere)
    if model is not None:
        yield from _far(model, features_of(test, columns), train.frame)


def _outside(name: str, known: "pd.Series[Any]", seen: "pd.Series[Any]") -> Outside | None:
    """Judge one column; None where it is no number in one table only, or all text of its own."""
    import numpy as np

    if is_number(known) and is_number(seen):
        before, now = as_numbers(known), as_numbers(seen)
        before, present = before[np.isfinite(before)], np.isfinite(now)
        if not len(before) or not present.any():
            return None
        over, under = present & (now > before.max()), present & (now < before.min())
        chance = min(_extremes(int(side.sum()), len(before), int(present.sum())) for side in (over, under))
        return Outside(name, over | under, min(2 * chance, 1.0))
    words, seen_words = np.unique(as_words(known)), as_words(seen)
    if is_number(known) != is_number(seen) or len(words) > max(MOST_VALUES, len(known) // 20):
        return None
    new = ~np.isin(seen_words, np.append(words, ""))
    totals = np.unique(np.concatenate([as_words(known), seen_words[seen_words != ""]]), return_counts=True)[1]
    return Outside(name, new, _unseen(int(new.sum()), totals, len(known), int((seen_words != "").sum())))


def _extremes(beyond: int, before: int, now: int) -> float:
    """Give the chance that the `beyond` largest of both tables together all come from the later one."""
    import numpy as np

    if not beyond:
        return 1.0
    steps = np.arange(beyond)
    return float(np.exp(np.sum(np.log(now - steps) - np.log(before + now - steps))))


def _unseen(new: int, totals: "NDArray[np.int64]", before: int, now: int) -> float:
    """Bound the chance of so many rows with categories that the earlier table lacks, were both drawn alike.

    Then each row of both tables is as likely to be in one as in the other, so that all rows of a category lie in the
    later one with a known chance. Chernoff's bound of the sum over categories holds for such draws without replacement
    (Joag-Dev and Proschan, 1983, Annals of Statistics 11).

    Args:
        new: rows of the later table with a category that the earlier one lacks.
        totals: rows of each category in both tables.
        before: rows of the earlier table.
        now: rows of the later one.
    """
    import numpy as np
    from scipy.special import gammaln

    if not new:
        return 1.0
    able = totals[totals <= now].astype(np.float64)
    every = gammaln(now + 1) - gammaln(now - able + 1) - gammaln(before + now + 1) + gammaln(before + now - able + 1)
    steps = np.geomspace(1e-3, 30, 200)[:, None] / np.sqrt(max(new, 1))
    moments = np.logaddexp(np.log1p(-np.exp(np.minimum(every, -1e-12))), every + steps * able).sum(axis=1)
    return float(np.exp(min((moments - steps[:, 0] * new).min(), 0.0)))


def _table(found: list[Outside]) -> Table:
    order = sorted(found, key=lambda one: (-one.rows.sum(), one.column))
    rows = tuple((one.column, float(one.rows.mean())) for one in order if one.rows.any())
    return Table(
        name="bars.outside_share",
        title="Rows outside what TRAIN holds, by column",
        columns=(Column(name="label"), Column(name="value", unit="share")),
        rows=rows[:MOST_SHOWN],
        left_out=max(len(rows) - MOST_SHOWN, 0),
    )


def _drop(predictions: Predictions, anywhere: "NDArray[np.bool_]") -> Iterator[Measurement]:
    """Compare accuracies inside and outside, where enough rows lie outside."""
    outside = anywhere[predictions.rows]
    right = predictions.truth == predictions.predicted
    inner, outer = (int((~outside).sum()), int(outside.sum()))
    if min(inner, outer) < FEWEST_OUTSIDE:
        return
    hits = int(right[~outside].sum()), int(right[outside].sum())
    value, interval = hits[0] / inner - hits[1] / outer, difference((hits[0], inner), (hits[1], outer))
    yield Measurement(name="accuracy_drop", value=value, unit="difference", n=inner + outer, interval=interval)


def _far(model: Model, rows: "pd.DataFrame", known: "pd.DataFrame") -> Iterator[Measurement]:
    """Move all numbers of some rows three ranges beyond the training range, and ask."""
    import numpy as np

    moved = rows.iloc[:MOVED_ROWS].reset_index(drop=True)
    numbers = [name for name in moved.columns if is_number(moved[name]) and moved[name].dtype.kind != "b"]
    if not numbers:
        return
    for name in numbers:
        values = as_numbers(known[name]) if name in known.columns else as_numbers(rows[name])
        values = values[np.isfinite(values)]
        if len(values):
            far = float(values.max() + FAR * max(float(np.ptp(values)), 1.0))
            moved[name] = np.full(len(moved), round(far) if moved[name].dtype.kind in "iu" else far)
    n = len(moved)
    try:
        model.predict(moved)
        certain = _certain(model, moved)
    except ModelRaised:
        yield Measurement(name="far_answered_share", value=0.0, unit="share", n=n)
        return
    yield Measurement(name="far_answered_share", value=1.0, unit="share", n=n)
    if certain is not None:
        yield Measurement(name="far_certain_share", value=certain, unit="share", n=n)


def _certain(model: Model, rows: "pd.DataFrame") -> float | None:
    probability, _ = scores(model, rows)
    return None if probability is None else float((probability.max(axis=1) >= CERTAIN).mean())
