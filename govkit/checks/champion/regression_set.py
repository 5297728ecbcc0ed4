"""Whether the model still answers declared rows rightly: what a fine-tuned model may have forgotten."""

from collections.abc import Iterator

from govkit.core.evidence import Finding, Measurement, Message, Severity
from govkit.inputs import champion as in_use
from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.model import Model
from govkit.inputs.predictions import Predictions, answers
from govkit.inputs.task import Task
from govkit.plugins.check import Emit, NotPossible, Product, check
from govkit.stats import intervals
from govkit.stats.means import mean


@check(
    "champion.regression_set",
    title="Rows that must not be forgotten",
    emits=(
        Emit("regression_accuracy", "share", "rows of the regression set that are answered rightly"),
        Emit("regression_error", "target SD", "mean absolute error on the regression set"),
        Emit("forgotten_share", "share", "of the rows that the champion answers rightly, those that the model doesn't"),
    ),
    messages={
        **in_use.MESSAGES,
        "champion.no_rows": "No row of the regression set has a known target.",
        "champion.forgot": "The model gets {rows} rows of the regression set wrong that the champion gets right.",
    },
    libraries=("numpy", "scipy"),
)
def regression_set(
    regression_set: Dataset, model: Model, columns: Columns, task: Task, champion: Model | None = None
) -> Iterator[Product]:
    """Ask about the rows of the declared regression set.

    Why it matters:
        Fine-tuning on new rows can undo what a model knew, and an average over new rows doesn't show it.
    Method:
        Share of right answers (exact interval), or mean absolute error in standard deviations of the target (Student's
        and Hall's). With a champion, the share of what it gets right and the model wrong: exact interval.
    Limits:
        The rows are as good as whoever chose them; intervals take them as a sample of like rows.

    References:
        Clopper and Pearson (1934); French (1999) on catastrophic forgetting.
    """
    found = answers(model, regression_set, columns, task)
    n = len(found.rows)
    if not n:
        raise NotPossible("champion.no_rows")
    if not task.is_classification:
        yield _error(found)
        return
    right = found.truth == found.predicted
    hits = int(right.sum())
    interval = intervals.proportion(hits, n)
    yield Measurement(name="regression_accuracy", value=hits / n, unit="share", n=n, interval=interval)
    old = in_use.answers_in_order(champion, regression_set, columns, task) if champion is not None else None
    if old is None:
        return
    before = old.truth == old.predicted
    if known := int(before.sum()):
        lost = int((before & ~right).sum())
        ends = intervals.proportion(lost, known)
        yield Measurement(name="forgotten_share", value=lost / known, unit="share", n=known, interval=ends)
        if lost:
            message = Message(id="champion.forgot", args={"rows": lost})
            yield Finding(rule="CHA-020", severity=Severity.MEDIUM, message=message, where="regression_set")


def _error(found: Predictions) -> Measurement:
    import numpy as np

    n, spread = len(found.rows), float(found.truth.std()) or 1.0
    each = np.abs(found.predicted - found.truth) / spread
    interval = mean(np.asarray(each, dtype=np.float64), within=(0.0, float("inf")))
    return Measurement(name="regression_error", value=float(each.mean()), unit="target SD", n=n, interval=interval)
