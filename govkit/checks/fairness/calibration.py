"""Whether a probability means the same for every group."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from govkit.checks.fairness import _groups
from govkit.checks.fairness._groups import GroupParams, Groups, comparable, contrast, forest, groups_of
from govkit.core.evidence import Column, Measurement, Table
from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.disclosure import Disclosure
from govkit.inputs.predictions import Predictions
from govkit.inputs.task import Task
from govkit.plugins.check import Emit, NotApplicable, Product, check
from govkit.stats.calibration import Bin, equal_count_bins, expected_calibration_error
from govkit.stats.groups import largest_mean_difference
from govkit.stats.intervals import share_limits
from govkit.stats.means import mean

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ROWS_A_BIN = 50
MOST_BINS = 10
DRAWN = 8
"""Groups that get a diagram of their own."""


@check(
    "fairness.calibration",
    title="Calibration by group",
    emits=(
        Emit("group_calibration_error", "share", "mean distance of probability and observed share within a group"),
        Emit("group_gap", "difference", "observed share less mean probability within a group"),
        Emit("calibration_gap_difference", "share", "largest difference of those gaps between groups"),
    ),
    messages={**_groups.MESSAGES, "model.no_probabilities": "The model gives no probabilities."},
    params=GroupParams,
    libraries=("numpy", "scipy"),
)
def calibration(  # noqa: PLR0913 - each is an input of the check
    *,
    predictions: Predictions,
    test: Dataset,
    task: Task,
    columns: Columns,
    disclosure: Disclosure,
    params: GroupParams,
) -> Iterator[Product]:
    """Hold probabilities against observed shares, group by group.

    Why it matters:
        If 30% means a fifth in one group and two fifths in another, one threshold treats them differently.
    Method:
        Within each group of a declared protected attribute: expected calibration error less its expected excess, with
        conservative limits, and observed share less mean probability (Student). Largest difference of these gaps
        between groups by MOVER at Bonferroni's level over all pairs. Of the positive class's probability
        for two classes, of the predicted class's for more.
    Limits:
        Groups can be calibrated alike and still differ in their error rates; where base rates differ, both can't be
        equal at once.

    References:
        Pleiss et al. (2017); Kleinberg, Mullainathan and Raghavan (2017).
    """
    import numpy as np

    if not task.is_classification:
        raise NotApplicable("task.classification_only")
    if predictions.probability is None:
        raise NotApplicable("model.no_probabilities")
    likeliest = predictions.probability.argmax(axis=1)
    asked = np.full(len(likeliest), task.positive) if task.name == "binary" else likeliest
    probability, happened = predictions.probability[np.arange(len(asked)), asked], predictions.truth == asked
    drawn = 0
    gaps: list[Measurement] = []
    for one in comparable(groups_of(test, predictions.rows, columns, disclosure, params)):
        if one.crossed:
            continue
        for position in one.judged.tolist():
            mask = one.grouping.codes == position
            count = min(max(int(mask.sum()) // ROWS_A_BIN, 2), MOST_BINS)
            bins = equal_count_bins(probability[mask], happened[mask], count)
            yield from _group(one.label(position), bins, gaps, happened[mask] - probability[mask])
            drawn += 1
            if drawn <= DRAWN:
                label = ": ".join(one.label(position).values())
                yield _diagram(bins, f"reliability.group_{drawn}", f"{label}: predicted probability and observed share")
        yield _difference(one, happened - probability)
    yield forest("group_gap", "Observed share less mean probability, by group", gaps, "")


def _group(
    label: dict[str, str], bins: list[Bin], gaps: list[Measurement], apart: "NDArray[np.float64]"
) -> Iterator[Measurement]:
    value, interval = expected_calibration_error(bins)
    n = len(apart)
    yield Measurement(name="group_calibration_error", value=value, unit="share", n=n, interval=interval, group=label)
    middle, ends = float(apart.mean()), mean(apart, within=(-1.0, 1.0))
    gap = Measurement(name="group_gap", value=middle, unit="difference", n=n, interval=ends, group=label)
    gaps.append(gap)
    yield gap


def _difference(groups: Groups, apart: "NDArray[np.float64]") -> Measurement:
    parts = [apart[groups.grouping.codes == position] for position in groups.judged]
    found = largest_mean_difference(parts, within=(-1.0, 1.0))
    n = sum(len(part) for part in parts)
    return contrast("calibration_gap_difference", found.value, found.interval, n, groups.attribute)


def _diagram(bins: list[Bin], name: str, title: str) -> Table:
    rows = tuple((one.predicted, one.observed / one.n, *share_limits(one.observed, one.n), one.n) for one in bins)
    columns = tuple(Column(name=part, unit="share") for part in ("predicted", "observed", "low", "high"))
    return Table(name=name, title=title, columns=(*columns, Column(name="n", unit="count")), rows=rows)
