"""Whether a regression model errs in the same direction and to the same extent for all groups."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from govkit.checks.fairness import _groups
from govkit.checks.fairness._groups import GroupParams, Groups, comparable, contrast, forest, groups_of
from govkit.core.evidence import Interval, Measurement
from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.disclosure import Disclosure
from govkit.inputs.predictions import Predictions
from govkit.inputs.task import Task
from govkit.plugins.check import Emit, NotApplicable, NotPossible, Product, check
from govkit.stats.groups import largest_mean_difference
from govkit.stats.means import mean

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DRAWS = 200
MOST_ROWS = 2_000
"""Rows a side that the distance of distributions is measured on."""


@check(
    "fairness.residuals",
    title="Errors of the regression by group",
    emits=(
        Emit("group_mean_error", "target SD", "mean of predicted minus true value within a group"),
        Emit("mean_error_difference", "target SD", "largest difference of those means between groups"),
        Emit("residual_distance", "target SD", "Wasserstein distance of a group's errors from the others'"),
        Emit("absolute_error_difference", "target SD", "largest difference of mean absolute errors between groups"),
    ),
    messages={**_groups.MESSAGES, "fairness.no_variance": "The target is the same in every row."},
    params=GroupParams,
    libraries=("numpy", "scipy"),
)
def residuals(  # noqa: PLR0913 - each is an input of the check
    *,
    predictions: Predictions,
    test: Dataset,
    task: Task,
    columns: Columns,
    disclosure: Disclosure,
    params: GroupParams,
    seed: int,
) -> Iterator[Product]:
    """Compare a regression's errors between groups.

    Why it matters:
        A price or a need that is put too high for one group and too low for another is unfair however small the error
        is on average.
    Method:
        Predicted minus true value in standard deviations of the target, for each group of a declared protected
        attribute. Largest difference of group means, and of mean absolute errors, by MOVER at Bonferroni's
        level over all pairs. Wasserstein distance of each group's errors from those of all others, as far
        up and down as both samples may lie from what they were drawn from (triangle inequality, bootstrap).
    Limits:
        A difference of means can hide one that depends on the value. Distances of small samples are never quite zero.

    References:
        Hall (1992); Zou and Donner (2008); Bickel and Freedman (1981) on the bootstrap.
    """
    if task.is_classification:
        raise NotApplicable("task.regression_only")
    spread = float(predictions.truth.std()) if len(predictions.truth) > 1 else 0.0
    groups = [
        one for one in comparable(groups_of(test, predictions.rows, columns, disclosure, params)) if not one.crossed
    ]
    if not spread:
        raise NotPossible("fairness.no_variance")
    errors = (predictions.predicted - predictions.truth) / spread
    means: list[Measurement] = []
    for one in groups:
        means += [_mean(one, position, errors) for position in one.judged.tolist()]
        for name, values in (("mean_error_difference", errors), ("absolute_error_difference", abs(errors))):
            yield _difference(name, one, values)
        for position in one.judged.tolist():
            yield _distance(one, position, errors, seed)
    yield from means
    yield forest("group_mean_error", "Mean error by group, in standard deviations of the target", means, "target SD")


def _mean(groups: Groups, position: int, errors: "NDArray[np.float64]") -> Measurement:
    here = errors[groups.grouping.codes == position]
    value, n, interval = float(here.mean()), len(here), mean(here)
    return Measurement(
        name="group_mean_error", value=value, unit="target SD", n=n, interval=interval, group=groups.label(position)
    )


def _difference(name: str, groups: Groups, values: "NDArray[np.float64]") -> Measurement:
    parts = [values[groups.grouping.codes == position] for position in groups.judged]
    found = largest_mean_difference(parts)
    n = sum(len(part) for part in parts)
    return contrast(name, found.value, found.interval, n, groups.attribute, unit="target SD")


def _distance(groups: Groups, position: int, errors: "NDArray[np.float64]", seed: int) -> Measurement:
    import numpy as np
    from scipy.stats import wasserstein_distance

    rng = np.random.default_rng(seed)
    mask = groups.grouping.codes == position
    one, other = (rng.permutation(part)[:MOST_ROWS] for part in (errors[mask], errors[~mask]))
    value = float(wasserstein_distance(one, other))
    reach = float(np.quantile(_sampling_error(one, rng) + _sampling_error(other, rng), 0.95))
    interval = Interval(low=max(value - reach, 0.0), high=value + reach, method="triangle inequality, bootstrap")
    return Measurement(
        name="residual_distance",
        value=value,
        unit="target SD",
        n=len(one) + len(other),
        interval=interval,
        group=groups.label(position),
    )


def _sampling_error(values: "NDArray[np.float64]", rng: "np.random.Generator") -> "NDArray[np.float64]":
    """Draw how far samples lie from what they were drawn from, by Wasserstein's distance."""
    import numpy as np

    again = np.sort(rng.choice(values, (DRAWS, len(values))), axis=1)
    return np.asarray(np.abs(again - np.sort(values)).mean(axis=1))
