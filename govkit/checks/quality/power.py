"""How small an effect this audit could have seen."""

from collections.abc import Iterator
from math import sqrt
from typing import TYPE_CHECKING, Final

from govkit.core.evidence import Cell, Column, Measurement, Table
from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.predictions import encode
from govkit.inputs.task import Task
from govkit.plugins.check import Emit, NotDeclared, Product, check

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LEVEL: Final = 0.05
POWER: Final = 0.8


@check(
    "quality.power",
    title="Smallest effect that could be seen",
    emits=(
        Emit("detectable_accuracy_difference", "share", "smallest difference of two accuracies on DATA that is seen"),
        Emit("detectable_auc", "auc", "smallest AUC above 0.5 that is told from chance"),
        Emit("detectable_group_difference", "share", "smallest difference of a rate between the two smallest groups"),
        Emit("detectable_correlation", "correlation", "regression: smallest correlation that is told from none"),
    ),
    messages={"quality.power.nothing": "There is no target, so no effect to see."},
    libraries=("scipy",),
)
def power(test: Dataset, columns: Columns, task: Task) -> Iterator[Product]:
    """Work out the smallest effects that DATA of this size shows with a probability of 0.8.

    Why it matters: that nothing was found means something only for effects that could have been found.

    Method: the normal approximation at a two-sided level of 0.05 and a power of 0.8. Accuracies are compared on the
    same rows at the worst case of a tenth of rows on which two models disagree; rates of groups as independent shares
    around one half; AUC with the Hanley-McNeil variance at 0.5; correlations by Fisher's z.

    Limits: worst cases and approximations, for planning. Rows that depend on each other are worth less than their
    number.

    References: Hanley and McNeil (1982), Radiology 143; Cohen (1988), Statistical Power Analysis.
    """
    if columns.target is None or columns.target not in test.columns:
        raise NotDeclared("quality.power.nothing", ask="target: NAME")
    rows: list[tuple[Cell, ...]] = []
    for found, meaning in _effects(test, columns, task):
        rows.append((meaning, found.n, found.value))
        yield found
    yield Table(
        name="detectable",
        title="Smallest effects that this many rows show",
        columns=(Column(name="effect"), Column(name="rows", unit="count"), Column(name="smallest effect")),
        rows=tuple(rows),
    )


def _effects(test: Dataset, columns: Columns, task: Task) -> Iterator[tuple[Measurement, str]]:
    from math import tanh

    both = _quantiles()
    target = str(columns.target)
    if not task.is_classification:
        n = int(test.frame[target].notna().sum())
        if n > 3:  # noqa: PLR2004 - Fisher's z needs four rows
            value = tanh(both / sqrt(n - 3))
            yield _measured("detectable_correlation", value, "correlation", n), "correlation"
        return
    codes = encode(test.frame[target], task)
    codes = codes[codes >= 0]
    if len(codes):
        value = min(both * sqrt(0.1 / len(codes)), 1.0)
        yield _measured("detectable_accuracy_difference", value, "share", len(codes)), "difference of two accuracies"
    yield from _area(codes, task, both)
    yield from _groups(test, columns, both)


def _area(codes: "NDArray[np.int64]", task: Task, both: float) -> Iterator[tuple[Measurement, str]]:
    if task.name != "binary":
        return
    positive = int((codes == task.positive).sum())
    negative = len(codes) - positive
    if min(positive, negative) > 1:
        error = sqrt((0.25 + (positive + negative - 2) / 12) / (positive * negative))
        value = min(0.5 + both * error, 1.0)
        yield _measured("detectable_auc", value, "auc", len(codes)), "AUC above 0.5"


def _groups(test: Dataset, columns: Columns, both: float) -> Iterator[tuple[Measurement, str]]:
    for name in columns.protected:
        if name not in test.columns or columns.kinds.get(name) not in {"category", "boolean"}:
            continue
        smallest = sorted(int(count) for count in test.frame[name].value_counts())[:2]
        if len(smallest) == 2 and smallest[0] > 1:  # noqa: PLR2004 - a difference takes two groups
            value = min(both * sqrt(0.25 / smallest[0] + 0.25 / smallest[1]), 1.0)
            found = _measured("detectable_group_difference", value, "share", sum(smallest), attribute=name)
            yield found, f"difference of a rate between the smallest groups of {name}"


def _measured(name: str, value: float, unit: str, n: int, /, **group: str) -> Measurement:
    return Measurement(name=name, value=value, unit=unit, n=n, group=group)


def _quantiles() -> float:
    """Give the sum of the normal quantiles of level and power."""
    from scipy.special import ndtri

    return float(ndtri(1 - LEVEL / 2) + ndtri(POWER))
