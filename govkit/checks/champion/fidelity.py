"""Whether the model answers as the champion does, and where it doesn't: for students, quantised and pruned models."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import Field

from govkit.checks.champion._pair import MESSAGES, require_pairs
from govkit.core.evidence import Column, Finding, Measurement, Message, Severity, Table
from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.disclosure import Disclosure
from govkit.inputs.groups import group_by
from govkit.inputs.predictions import Predictions
from govkit.inputs.task import Task
from govkit.plugins.check import Emit, Params, Product, check
from govkit.stats import intervals
from govkit.stats.means import mean
from govkit.stats.multiple import simultaneous

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_SHOWN = 60
CLIP = 1e-12
LOST = 0.2
"""Share of lost answers of a class or group from which it is named, if the interval lies wholly above it."""


class FidelityParams(Params):
    """What counts as the same answer, and where to look."""

    student: bool = False
    """Whether the model is meant to answer like the champion: distilled, quantised, pruned."""
    tolerance: float = Field(default=0.1, gt=0)
    """Regression: difference up to which two values are the same, in standard deviations of the target."""
    by: tuple[str, ...] = ()
    """Columns whose groups are listed beside the protected attributes."""
    min_rows: int = Field(default=20, ge=5)
    """Rows below which a class or group is listed and not judged."""


@check(
    "champion.fidelity",
    title="Answers like the champion's",
    emits=(
        Emit("agreement", "share", "rows that both models answer alike"),
        Emit("class_agreement", "share", "rows of one class of the champion's answers that the model keeps"),
        Emit("group_agreement", "share", "rows of one group that both models answer alike"),
        Emit("overall_fidelity", "share", "`agreement` of a model that is declared as the champion's student"),
        Emit("part_fidelity", "share", "agreement of a student in one class of the champion's answers or one group"),
        Emit("worsened_share", "share", "rows that the champion answers rightly and the model wrongly"),
        Emit("improved_share", "share", "rows that the model answers rightly and the champion wrongly"),
        Emit("divergence", "nats", "mean relative entropy of the champion's probabilities to the model's"),
    ),
    messages={
        **MESSAGES,
        "champion.lost_class": "Of {rows} rows that the champion calls {name}, the model keeps {kept}.",
        "champion.lost_group": "Of {rows} rows of {name}, {kept} are answered as by the champion.",
    },
    params=FidelityParams,
    libraries=("numpy", "scipy"),
)
def fidelity(  # noqa: PLR0913 - each is an input of the check
    *,
    predictions: Predictions,
    champion_predictions: Predictions,
    test: Dataset,
    task: Task,
    columns: Columns,
    disclosure: Disclosure,
    params: FidelityParams,
) -> Iterator[Product]:
    """Count where the two models answer differently.

    Why it matters:
        A smaller copy of a model can keep its accuracy on average and lose a rare class or a group altogether.
    Method:
        Share of rows with the same class (regression: with values nearer than the declared tolerance), of all rows, of
        each class that the champion predicts and of each group of the protected and other named columns: exact
        interval, at Bonferroni's level over classes and over groups. Rows made worse and better by the change. Mean
        relative entropy of the probabilities with Student's and Hall's interval.
    Limits:
        Agreement is no merit where the champion is wrong, so it is only judged of a model that is declared as its
        student: `checks: {champion.fidelity: {student: true}}`.

    References:
        Clopper and Pearson (1934); Stanton et al. (2021), Does knowledge distillation really work?
    """
    n = require_pairs(predictions, champion_predictions)
    same = _same(predictions, champion_predictions, task, params.tolerance)
    yield _share("agreement", same, 0.95)
    if params.student:
        yield _share("overall_fidelity", same, 0.95)
    if task.is_classification:
        right = predictions.truth == predictions.predicted
        before = champion_predictions.truth == champion_predictions.predicted
        yield _share("worsened_share", before & ~right, 0.95)
        yield _share("improved_share", right & ~before, 0.95)
        yield from _by_class(champion_predictions, same, task, params)
    if predictions.probability is not None and champion_predictions.probability is not None:
        yield _divergence(predictions.probability, champion_predictions.probability, n)
    groups = {
        f"{grouping.attribute} {name}": grouping.codes == position
        for column in dict.fromkeys((*columns.protected, *params.by))
        if column in test.columns
        for grouping in [group_by(column, test, predictions.rows, columns, disclosure)]
        for position, name in enumerate(grouping.names)
    }
    yield from _parts("group_agreement", "champion.lost_group", groups, same, params)


def _same(new: Predictions, old: Predictions, task: Task, tolerance: float) -> "NDArray[np.bool_]":
    import numpy as np

    if task.is_classification:
        return np.asarray(new.predicted == old.predicted)
    spread = float(new.truth.std()) or 1.0
    return np.asarray(np.abs(new.predicted - old.predicted) <= tolerance * spread)


def _share(name: str, hits: "NDArray[np.bool_]", level: float, group: dict[str, str] | None = None) -> Measurement:
    count, n = int(hits.sum()), len(hits)
    interval = intervals.proportion(count, n, level=level).model_copy(update={"level": 0.95})
    return Measurement(name=name, value=count / n, unit="share", n=n, interval=interval, group=group or {})


def _by_class(old: Predictions, same: "NDArray[np.bool_]", task: Task, params: FidelityParams) -> Iterator[Product]:
    classes = {name: old.predicted == index for index, name in enumerate(task.names)}
    yield from _parts("class_agreement", "champion.lost_class", classes, same, params)


def _parts(
    measurement: str,
    said: str,
    masks: "dict[str, NDArray[np.bool_]]",
    same: "NDArray[np.bool_]",
    params: FidelityParams,
) -> Iterator[Product]:
    """Judge each class or group that has enough rows, and list all of them, the worst first."""
    sizes = {name: int(mask.sum()) for name, mask in masks.items()}
    level = simultaneous(0.95, max(sum(size >= params.min_rows for size in sizes.values()), 1))
    kind = "class" if measurement == "class_agreement" else "group"
    found: list[Measurement] = []
    for name, mask in masks.items():
        if not sizes[name]:
            continue
        one = _share(measurement, same[mask], level, {kind: name})
        found.append(one)
        if sizes[name] >= params.min_rows:
            yield one
            if params.student:
                yield one.model_copy(update={"name": "part_fidelity"})
            if one.interval and (one.interval.high or 0.0) < 1 - LOST:
                args: dict[str, str | int] = {"rows": one.n, "name": name, "kept": f"{one.value:.0%}"}
                message = Message(id=said, args=args)
                yield Finding(rule="CHA-010", severity=Severity.HIGH, message=message, where=f"{kind} {name}")
    found.sort(key=lambda one: (one.value, one.group[kind]))
    if found:
        yield _forest(measurement, kind, found)


def _forest(measurement: str, kind: str, found: list[Measurement]) -> Table:
    return Table(
        name=f"forest.{measurement}",
        title=f"Agreement with the champion by {kind}",
        columns=(
            Column(name="label"),
            *(Column(name=name, unit="share") for name in ("value", "low", "high")),
            Column(name="n", unit="count"),
        ),
        rows=tuple(
            (
                one.group[kind],
                one.value,
                one.interval.low if one.interval else None,
                one.interval.high if one.interval else None,
                one.n,
            )
            for one in found[:MOST_SHOWN]
        ),
        left_out=max(len(found) - MOST_SHOWN, 0),
    )


def _divergence(new: "NDArray[np.float64]", old: "NDArray[np.float64]", n: int) -> Measurement:
    import numpy as np
    from scipy.special import rel_entr

    safe = np.clip(new, CLIP, 1.0)
    each = np.maximum(rel_entr(old, safe / safe.sum(axis=1, keepdims=True)).sum(axis=1), 0.0)
    interval = mean(each, within=(0.0, float("inf")))
    return Measurement(name="divergence", value=float(each.mean()), unit="nats", n=n, interval=interval)
