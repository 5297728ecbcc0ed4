"""Whether the model gives the favourable answer to all groups about equally often."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from govkit.checks.fairness import _groups
from govkit.checks.fairness._groups import GroupParams, Groups, comparable, contrast, forest, groups_of, share
from govkit.config import Config
from govkit.core.evidence import Finding, Measurement, Message, Severity
from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.disclosure import Disclosure
from govkit.inputs.predictions import Predictions
from govkit.inputs.task import Task, same
from govkit.plugins.check import Emit, NotApplicable, Product, check
from govkit.stats.groups import largest_difference, smallest_ratio
from govkit.stats.multiple import simultaneous

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@check(
    "fairness.selection_rate",
    title="Selection rates by group",
    emits=(
        Emit("selection_rate", "share", "rows of a group that get the favourable answer"),
        Emit("demographic_parity_difference", "share", "largest difference of selection rates between groups"),
        Emit("demographic_parity_ratio", "share", "smallest ratio of selection rates between groups"),
        Emit("crossed_parity_difference", "share", "largest difference between combinations of the attributes"),
        Emit("crossed_parity_ratio", "share", "smallest ratio between combinations of the attributes"),
    ),
    messages={
        **_groups.MESSAGES,
        "fairness.lowest_rate": "{low} get {answer} least often, {high} most often.",
        "fairness.answer_assumed": "{answer} was taken as the favourable answer. If that is wrong, add the line: "
        "favourable_label: NAME",
    },
    params=GroupParams,
    libraries=("numpy", "scipy"),
)
def selection_rate(  # noqa: PLR0913 - each is an input of the check
    *,
    predictions: Predictions,
    test: Dataset,
    task: Task,
    columns: Columns,
    disclosure: Disclosure,
    config: Config,
    params: GroupParams,
) -> Iterator[Product]:
    """Compare how often groups get the favourable answer.

    Why it matters:
        Where one group is selected far less often than another, the model may discriminate, whatever its accuracy; in
        hiring, US agencies look closer below four fifths of the highest rate.
    Method:
        Share of rows with the favourable answer by group, for each declared protected
        attribute and for their combinations. Largest difference and smallest ratio of two groups with Newcombe's and
        ratio limits from Wilson's at Bonferroni's level over all pairs, so that they hold at 95% together.
    Limits:
        Groups may differ in what justly decides the answer; this doesn't look at the truth. Groups with too few rows
        are listed and not compared.

    References:
        29 CFR 1607.4(D); Newcombe (1998); Donner and Zou (2012); Weerts et al. (2023), fairlearn.
    """
    if not task.is_classification:
        raise NotApplicable("task.classification_only")
    groups = groups_of(test, predictions.rows, columns, disclosure, params)
    favourable = _favourable(task, config)
    if task.name == "binary" and config.favourable_label is None:
        args = {"answer": task.names[favourable[0]]}
        message = Message(id="fairness.answer_assumed", args=args)
        yield Finding(rule="FAIR-010", severity=Severity.INFO, message=message, where="favourable_label")
    compared = comparable(groups)
    for answer in favourable:
        selected = predictions.predicted == answer
        more = {} if task.name == "binary" else {"answer": task.names[answer]}
        rates: list[Measurement] = []
        for one in groups:
            found = _rates(one, selected, more)
            rates += found
            yield from () if one.crossed else found
        yield forest(
            "selection_rate" if len(favourable) == 1 else f"selection_rate.class_{answer + 1}",
            f"Rows answered {task.names[answer]}, by group",
            rates,
        )
        for one in compared:
            yield from _compared(one, selected, task.names[answer], more, len(favourable))


def _favourable(task: Task, config: Config) -> list[int]:
    """Give the answers that are compared: the favourable one, else the positive one, else all."""
    for index, label in enumerate(task.classes):
        if config.favourable_label is not None and config.favourable_label in (label, task.names[index]):
            return [index]
        if config.favourable_label is not None and same(label, config.favourable_label):
            return [index]
    return [task.positive] if task.name == "binary" else list(range(len(task.classes)))


def _rates(groups: Groups, selected: "NDArray[np.bool_]", more: dict[str, str]) -> list[Measurement]:
    import numpy as np

    sizes = groups.grouping.sizes().tolist()
    hits = np.bincount(groups.grouping.codes[selected], minlength=len(sizes)).tolist()
    return [
        share("selection_rate", chosen, rows, {**groups.label(position), **more})
        for position, (chosen, rows) in enumerate(zip(hits, sizes, strict=True))
    ]


def _compared(
    groups: Groups, selected: "NDArray[np.bool_]", answer: str, more: dict[str, str], answers: int
) -> Iterator[Product]:
    import numpy as np

    names, sizes = groups.grouping.names, groups.grouping.sizes()
    hits = np.bincount(groups.grouping.codes[selected], minlength=len(sizes))
    level = simultaneous(0.95, answers)
    apart = largest_difference(hits[groups.judged], sizes[groups.judged], level=level)
    ratio = smallest_ratio(hits[groups.judged], sizes[groups.judged], level=level)
    n = int(sizes[groups.judged].sum())
    kind = "crossed" if groups.crossed else "demographic"
    for name, found in (("difference", apart), ("ratio", ratio)):
        yield contrast(f"{kind}_parity_{name}", found.value, found.interval, n, groups.attribute, **more)
    if apart.interval.low:
        low, high = (names[groups.judged[place]] for place in (apart.low_group, apart.high_group))
        args = {"low": f"{groups.attribute} {low}", "high": high, "answer": answer}
        message = Message(id="fairness.lowest_rate", args=args)
        yield Finding(rule="FAIR-011", severity=Severity.LOW, message=message, where=f"column {groups.attribute}")
