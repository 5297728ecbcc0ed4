"""Whether every group is large enough for a statement about it."""

from collections.abc import Iterator

from pydantic import Field

from govkit.checks.fairness import _groups
from govkit.checks.fairness._groups import GroupParams, groups_of
from govkit.core.evidence import Column, Finding, Measurement, Message, Severity, Table
from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.disclosure import Disclosure
from govkit.inputs.predictions import encode
from govkit.inputs.task import Task
from govkit.plugins.check import Emit, Product, check

MOST_NAMED = 20
"""Small groups that get a finding of their own; the others are counted."""


class SizeParams(GroupParams):
    """From how many rows and cases a group can be judged."""

    min_cases: int = Field(default=20, ge=2)
    """Rows of each class below which a group's error rates are not compared."""


@check(
    "fairness.group_sizes",
    title="Sizes of the groups",
    emits=(
        Emit("smallest_group", "count", "rows of the attribute's smallest group"),
        Emit("smallest_cases", "count", "fewest rows of one class in one of the attribute's groups"),
    ),
    messages={
        **_groups.MESSAGES,
        "fairness.small_group": "{group} has {rows} rows, too few to be compared; {needed} are needed.",
        "fairness.few_cases": "{group} has {rows} rows of {name}, too few for its error rates; {needed} are needed.",
        "fairness.more_small": "{groups} more groups are too small to be compared. Fewer and coarser values (for "
        "numbers, columns.cuts) make groups that can be.",
    },
    params=SizeParams,
    libraries=("numpy",),
)
def group_sizes(
    test: Dataset, columns: Columns, disclosure: Disclosure, params: SizeParams, task: Task | None = None
) -> Iterator[Product]:
    """Count the rows of each group of the declared protected attributes.

    Why it matters:
        A difference between groups can only be seen, or ruled out, where each of them has enough rows. A group that is
        too small to be judged is not a group that is treated well.
    Method:
        Rows of DATA by group and by class. Numbers are cut where `columns: {cuts: ...}` says, else at their median;
        rows without a value are a group of their own. Counts are exact.
    Limits:
        Groups that aren't in the data aren't counted.
    """
    import numpy as np

    classes = encode(test.frame[columns.target], task) if task and task.is_classification and columns.target else None
    small: list[Finding] = []
    rows: list[tuple[str, str, int]] = []
    for groups in groups_of(test, np.arange(test.rows), columns, disclosure, params):
        sizes = groups.grouping.sizes()
        if not groups.crossed:
            yield _count("smallest_group", int(sizes.min()), test.rows, groups.attribute)
        for position, size in enumerate(sizes.tolist()):
            rows.append((groups.attribute, groups.grouping.names[position], size))
            if size < params.min_rows:
                small.append(_small(groups.label(position), size, params.min_rows))
        if classes is not None and task is not None and not groups.crossed:
            table = np.zeros((len(sizes), len(task.classes)), dtype=np.int64)
            known = classes >= 0
            np.add.at(table, (groups.grouping.codes[known], classes[known]), 1)
            yield _count("smallest_cases", int(table.min()), test.rows, groups.attribute)
            places = np.argwhere((table < params.min_cases) & (sizes >= params.min_rows)[:, None]).tolist()
            small += [
                _few(groups.label(row), task.names[column], int(table[row, column]), params) for row, column in places
            ]
    yield from small[:MOST_NAMED]
    if len(small) > MOST_NAMED:
        yield _finding("FAIR-003", Severity.MEDIUM, "fairness.more_small", "groups", groups=len(small) - MOST_NAMED)
    yield Table(
        name="group_sizes",
        title="Rows by group",
        columns=(Column(name="attribute"), Column(name="group"), Column(name="rows", unit="count")),
        rows=tuple(rows[: _groups.MOST_SHOWN]),
        left_out=max(len(rows) - _groups.MOST_SHOWN, 0),
    )


def _count(name: str, value: int, n: int, attribute: str) -> Measurement:
    return Measurement(name=name, value=value, unit="count", n=n, group={"attribute": attribute})


def _small(label: dict[str, str], rows: int, needed: int) -> Finding:
    where = f"column {label['attribute']}"
    group = f"{label['attribute']} {label['group']}"
    return _finding("FAIR-001", Severity.MEDIUM, "fairness.small_group", where, group=group, rows=rows, needed=needed)


def _few(label: dict[str, str], name: str, rows: int, params: SizeParams) -> Finding:
    where = f"column {label['attribute']}"
    group = f"{label['attribute']} {label['group']}"
    args: dict[str, str | int] = {"group": group, "rows": rows, "name": name, "needed": params.min_cases}
    return _finding("FAIR-002", Severity.LOW, "fairness.few_cases", where, **args)


def _finding(rule: str, severity: Severity, message: str, where: str, **args: str | int) -> Finding:
    return Finding(rule=rule, severity=severity, message=Message(id=message, args=dict(args)), where=where)
