"""Whether the answer changes when nothing but the protected attribute does."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from govkit.checks.fairness import _groups
from govkit.checks.fairness._groups import GroupParams
from govkit.core.evidence import Measurement
from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.matrix import as_words, is_number
from govkit.inputs.model import Model
from govkit.inputs.predictions import Predictions, decide, features_of, scores
from govkit.inputs.task import Task
from govkit.plugins.check import Emit, NotApplicable, Params, Product, Sizes, Work, check
from govkit.stats.intervals import proportion
from govkit.stats.means import mean

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

ROWS: Mapping[str, int] = {"quick": 500, "standard": 2_000, "thorough": 10_000}
MOST_VALUES = 6
"""Other values that are tried in place of a row's own."""


def plan(sizes: Sizes, budget: str, params: Params) -> Work:
    """Take fewer rows of a slow model."""
    del params
    slow = max(sizes.predict_ms_per_1000_rows // 100, 1)
    rows = max(min(ROWS[budget], sizes.test_rows) // slow, 50)
    return Work({"rows": rows}, rows * MOST_VALUES * sizes.predict_ms_per_1000_rows / 1e6)


@check(
    "fairness.counterfactual",
    title="Answers with another protected attribute",
    emits=(
        Emit("flipped_share", "share", "rows whose class changes with the attribute alone"),
        Emit("mean_change", "difference", "mean of the largest change of probability, or of value in SD of the values"),
    ),
    messages={
        **_groups.MESSAGES,
        "fairness.not_a_feature": "The model doesn't take a protected attribute, so changing one changes no answer.",
    },
    params=GroupParams,
    libraries=("numpy",),
    plan=plan,
)
def counterfactual(  # noqa: PLR0913 - each is an input of the check
    *,
    model: Model,
    test: Dataset,
    predictions: Predictions,
    columns: Columns,
    task: Task,
    work: Mapping[str, int],
    seed: int,
) -> Iterator[Product]:
    """Ask the model again with another value of the protected attribute.

    Why it matters:
        An answer that turns with sex or age alone is unequal treatment on its face.
    Method:
        A sample of rows, each asked again with every other common value of the attribute (numbers: the values at six
        quantiles), all else as it is. A row counts as flipped when any of them changes its class. Exact
        interval; Student's and Hall's for the mean of each row's largest change.
    Limits:
        Columns that go along with the attribute stay as they are, so some rows become unlikely people; proxies are
        not seen here.

    References:
        Kusner et al. (2017) for what a full causal counterfactual would take.
    """
    import numpy as np

    taken = [name for name in columns.require_protected() if name in columns.features]
    if not taken:
        raise NotApplicable("fairness.not_a_feature")
    sample = np.sort(np.random.default_rng(seed).permutation(len(predictions.rows))[: work["rows"]])
    rows = features_of(test, columns).iloc[predictions.rows[sample]].reset_index(drop=True)
    for name in taken:
        yield from _changed(name, rows, _others(test.frame[name]), model, task)


def _others(column: "pd.Series[Any]") -> list[Any]:
    """Give common values; quantiles of numbers that take many."""
    import numpy as np

    known = column.dropna()
    common = known.value_counts(sort=True).index.tolist()
    if is_number(known) and known.dtype.kind != "b" and len(common) > MOST_VALUES:
        places = np.quantile(known.to_numpy(), np.linspace(0.05, 0.95, MOST_VALUES), method="inverted_cdf")
        return list(dict.fromkeys(places.tolist()))
    return sorted(common[:MOST_VALUES], key=lambda value: (-int((known == value).sum()), str(value)))


def _changed(name: str, rows: "pd.DataFrame", others: list[Any], model: Model, task: Task) -> Iterator[Measurement]:
    import numpy as np

    before, answered = _answers(rows, model, task)
    scale = 1.0 if task.is_classification else float(before.std()) or 1.0
    flipped, change = np.zeros(len(rows), dtype=bool), np.zeros(len(rows))
    for value in others:
        moved = rows.assign(**{name: value}).astype({name: rows[name].dtype})
        after, said = _answers(moved, model, task)
        own = as_words(rows[name]) == str(value)
        flipped |= (said != answered) & ~own
        change = np.maximum(change, np.where(own, 0.0, np.abs(after - before) / scale))
    group = {"attribute": name}
    n = len(rows)
    if task.is_classification:
        yes = int(flipped.sum())
        yield Measurement(
            name="flipped_share", value=yes / n, unit="share", n=n, interval=proportion(yes, n), group=group
        )
    middle = float(change.mean())
    interval = mean(change, within=(0.0, 1.0 if task.is_classification else float("inf")))
    yield Measurement(name="mean_change", value=middle, unit="difference", n=n, interval=interval, group=group)


def _answers(
    rows: "pd.DataFrame", model: Model, task: Task
) -> "tuple[NDArray[np.float64], NDArray[np.int64] | NDArray[np.float64]]":
    """Give what may change by degrees, a probability or the value, and the answer."""
    import numpy as np

    if not task.is_classification:
        values = np.asarray(model.predict(rows), dtype=np.float64)
        return values, values
    probability, _ = scores(model, rows)
    answered = decide(model, rows, probability, task)
    place = task.positive if task.name == "binary" else 0
    return (answered == place).astype(np.float64) if probability is None else probability[:, place], answered
