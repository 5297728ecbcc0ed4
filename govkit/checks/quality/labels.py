"""Whether the target can be used, and how rare its rarest class is."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from govkit.checks.quality._order import is_ordered
from govkit.core.evidence import Column, Finding, Measurement, Message, Severity, Table
from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.predictions import encode
from govkit.inputs.task import Task
from govkit.plugins.check import Emit, NotDeclared, Product, check
from govkit.stats.intervals import extreme_proportion

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RARE: Final = 0.05
"""Share of rows below which a class is pointed out."""


@check(
    "quality.labels",
    title="Labels",
    emits=(
        Emit("invalid_labels", "count", "rows whose target is missing, no class of the model, or no finite number"),
        Emit("smallest_class_share", "share", "rows of DATA in the rarest class, of those with a valid target"),
    ),
    messages={
        "quality.labels.invalid": "{rows} rows of {data} have a target that is missing or no class of the model.",
        "quality.labels.absent_class": "{label} is a class of the model, and no row of DATA has it.",
        "quality.labels.rare_class": "{rows} of {total} rows of DATA ({share}) are of {label}. A model that never "
        "gives this class is right in nearly all others, so accuracy says little: look at recall and precision.",
        "quality.labels.ordered": "The classes of {target} are steps of a scale. Accuracy takes an error of one step "
        "for as bad as the largest; ask how far off answers are, or predict the step as a number.",
        "quality.labels.no_target": "The target stands in none of the files.",
    },
    libraries=("scipy",),
)
def labels(test: Dataset, columns: Columns, task: Task, seed: int, train: Dataset | None = None) -> Iterator[Product]:
    """Count unusable labels in DATA and TRAIN, and the rows of the rarest class in DATA.

    Why it matters: rows without a valid label silently leave every metric, and a class with few rows has no reliable
    one.

    Method: for classification a label is valid when it is one of the model's classes, as value or by its declared name;
    for regression when it is a finite number. The rarest class's share has an exact interval, whose upper limit heeds
    the number of classes (Bonferroni); a class without any row counts with 0. Classes of less than 5 % are pointed out.
    Classes count as a scale when they are the words of a usual one, or at least five numbers whose neighbours are also
    alike in the numeric features: rank correlation of steps with distances between class means of 0.5 or more, which
    next to none of 999 random orders of the classes reaches.

    Limits: scales of three or four numbers can't be told from names. A valid label may still be wrong; label errors are
    not searched for. Without TRAIN only DATA is looked at.

    References: Clopper and Pearson (1934), Biometrika 26; Berger (1982), Technometrics 24.
    """
    target = columns.target
    present = [data for data in (test, train) if data is not None and target in data.columns]
    if target is None or not present:
        raise NotDeclared("quality.labels.no_target", ask="target: NAME")
    for data in present:
        codes = _codes(data, target, task)
        invalid = int((codes < 0).sum())
        name = "TRAIN" if data.role == "train" else "DATA"
        yield Measurement(name="invalid_labels", value=invalid, unit="count", n=data.rows, group={"data": name})
        if invalid:
            message = Message(id="quality.labels.invalid", args={"rows": invalid, "data": name})
            yield Finding(rule="QUA-001", severity=Severity.MEDIUM, message=message, where=f"column {target}")
        if data is test and task.is_classification:
            yield from _classes(codes, task, target)
            if is_ordered(task, data, columns.features, codes, seed):
                message = Message(id="quality.labels.ordered", args={"target": target})
                yield Finding(rule="QUA-006", severity=Severity.LOW, message=message, where=f"column {target}")


def _codes(data: Dataset, target: str, task: Task) -> "NDArray[np.int64]":
    """Give class positions, -1 and below where a label is invalid; 0 for every finite number of a regression."""
    import numpy as np
    import pandas as pd

    values = data.frame[target]
    if task.is_classification:
        return encode(values, task)
    return np.where(np.isfinite(pd.to_numeric(values, errors="coerce").astype(float)), 0, -1)


def _classes(codes: "NDArray[np.int64]", task: Task, target: str) -> Iterator[Product]:
    import numpy as np

    counts = np.bincount(codes[codes >= 0], minlength=len(task.classes)).tolist()
    valid = sum(counts)
    if valid:
        rarest = min(counts)
        yield Measurement(
            name="smallest_class_share",
            value=rarest / valid,
            unit="share",
            n=valid,
            # of two classes, one is what the other isn't
            interval=extreme_proportion(rarest, valid, among=max(len(counts) - 1, 1), largest=False),
            group={"class": task.names[counts.index(rarest)]},
        )
    for name, count in zip(task.names, counts, strict=True):
        if not count:
            message = Message(id="quality.labels.absent_class", args={"label": name})
            yield Finding(rule="QUA-002", severity=Severity.MEDIUM, message=message, where=f"column {target}")
        elif count < RARE * valid:
            args = {"rows": count, "total": valid, "share": f"{count / valid:.1%}", "label": name}
            message = Message(id="quality.labels.rare_class", args=args)
            yield Finding(rule="QUA-007", severity=Severity.LOW, message=message, where=f"column {target}")
    yield Table(
        name="classes",
        title="Rows of DATA by class",
        columns=(Column(name="class"), Column(name="rows", unit="count")),
        rows=tuple(zip(task.names, counts, strict=True)),
    )
