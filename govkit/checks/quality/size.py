"""How many rows there are to measure on."""

from collections.abc import Iterator

from govkit.core.evidence import Finding, Measurement, Message, Severity
from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.predictions import encode
from govkit.inputs.task import Task
from govkit.plugins.check import Emit, Product, check


@check(
    "quality.size",
    title="Number of rows",
    emits=(
        Emit("test_rows", "count", "rows of DATA"),
        Emit("train_rows", "count", "rows of TRAIN, where it is given"),
        Emit("smallest_class_rows", "count", "rows of DATA in the rarest class; classification only"),
    ),
    messages={
        "quality.size.weights": "{column} holds weights. They are used where the model is fitted again; in all figures "
        "each row counts the same.",
        "quality.size.unusable_weights": "{rows} rows of {data} have a weight in {column} that is missing, no number, "
        "negative or infinite.",
    },
)
def size(test: Dataset, columns: Columns, train: Dataset | None = None, task: Task | None = None) -> Iterator[Product]:
    """Count the rows of DATA and TRAIN and those of the rarest class.

    Why it matters: the number of rows decides how small a fault an audit could see at all.

    Method: plain counts; a class of the model that has no row in DATA counts with 0.

    Limits: declared weights are left out of all figures, which is said. Rows that depend on each other, several of one
    person for instance, are worth less than their number.

    References: none needed for a count.
    """
    yield Measurement(name="test_rows", value=test.rows, unit="count", n=test.rows)
    if train is not None:
        yield Measurement(name="train_rows", value=train.rows, unit="count", n=train.rows)
    if columns.weight is not None:
        message = Message(id="quality.size.weights", args={"column": columns.weight})
        yield Finding(rule="QUA-062", severity=Severity.LOW, message=message, where=f"column {columns.weight}")
        yield from _unusable(test, train, columns.weight)
    if task is not None and task.is_classification and columns.target in test.columns:
        yield _smallest_class(test, str(columns.target), task)


def _unusable(test: Dataset, train: Dataset | None, weight: str) -> Iterator[Finding]:
    """Point at weights that no fit can use."""
    import numpy as np
    import pandas as pd

    for data, name in ((test, "DATA"), (train, "TRAIN")):
        if data is None or weight not in data.columns:
            continue
        values = pd.to_numeric(data.frame[weight], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
        rows = int((~(np.isfinite(values) & (values >= 0))).sum())
        if rows:
            args: dict[str, str | int] = {"rows": rows, "data": name, "column": weight}
            message = Message(id="quality.size.unusable_weights", args=dict(args))
            yield Finding(rule="QUA-063", severity=Severity.MEDIUM, message=message, where=f"column {weight}")


def _smallest_class(test: Dataset, target: str, task: Task) -> Measurement:
    import numpy as np

    codes = encode(test.frame[target], task)
    counts = np.bincount(codes[codes >= 0], minlength=len(task.classes)).tolist()
    rarest = min(counts)
    group = {"class": task.names[counts.index(rarest)]}
    return Measurement(name="smallest_class_rows", value=rarest, unit="count", n=sum(counts), group=group)
