"""The groups of the declared protected attributes, alone and crossed, and which of them are large enough to judge."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import Field

from govkit.core.evidence import Column, Interval, Measurement, Table
from govkit.inputs.columns import NO_GROUPS, Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.disclosure import Disclosure
from govkit.inputs.groups import Grouping, group_by, together
from govkit.plugins.check import NotApplicable, Params
from govkit.stats.intervals import proportion

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MESSAGES: Mapping[str, str] = {
    **NO_GROUPS,
    "fairness.one_group": "No declared attribute has two groups with enough rows to compare.",
    "task.classification_only": "This is measured for classifiers only.",
    "task.regression_only": "This is measured for regression only.",
}
MOST_SHOWN = 60
"""Groups that a table lists."""
MOST_CROSSED = 4
"""Attributes that are crossed at once."""


class GroupParams(Params):
    """From how many rows a group is judged."""

    min_rows: int = Field(default=30, ge=5)
    """Rows below which a group is listed and not compared."""
    crossed: bool = True
    """Whether combinations of the protected attributes are compared too."""


@dataclass(frozen=True)
class Groups:
    """One attribute's groups, or their combinations."""

    grouping: Grouping
    crossed: bool
    """Whether it combines several attributes."""
    judged: "NDArray[np.int64]"
    """Positions of the groups with enough rows."""

    @property
    def attribute(self) -> str:
        """The attribute's name."""
        return self.grouping.attribute

    def label(self, position: int) -> dict[str, str]:
        """Name a group for a measurement."""
        return {"attribute": self.attribute, "group": self.grouping.names[position]}


def groups_of(
    dataset: Dataset, rows: "NDArray[np.int64]", columns: Columns, disclosure: Disclosure, params: GroupParams
) -> list[Groups]:
    """Give the groups of each protected attribute, and of their combination where there are several.

    Raises:
        NotDeclared: nobody declared which attributes are protected.
        NotApplicable: it is declared that none is.
    """
    import numpy as np

    protected = columns.require_protected()
    single = [group_by(name, dataset, rows, columns, disclosure) for name in protected]
    found = [(grouping, False) for grouping in single]
    if params.crossed and 1 < len(single) <= MOST_CROSSED:
        found.append((together(single), True))
    return [
        Groups(grouping, crossed, np.flatnonzero(grouping.sizes() >= params.min_rows)) for grouping, crossed in found
    ]


def comparable(groups: Iterable[Groups]) -> list[Groups]:
    """Give those with at least two groups to compare.

    Raises:
        NotApplicable: there are none.
    """
    found = [one for one in groups if len(one.judged) > 1]
    if not found:
        raise NotApplicable("fairness.one_group")
    return found


def share(name: str, successes: int, n: int, group: dict[str, str]) -> Measurement:
    """Give a group's share with its exact interval."""
    interval = proportion(successes, n)
    return Measurement(name=name, value=successes / n, unit="share", n=n, interval=interval, group=group)


def contrast(  # noqa: PLR0913 - the parts of a measurement
    name: str, value: float, interval: Interval, n: int, attribute: str, *, unit: str = "share", **more: str
) -> Measurement:
    """Give what compares an attribute's groups."""
    group = {"attribute": attribute, **more}
    return Measurement(name=name, value=value, unit=unit, n=n, interval=interval, group=group)


def forest(name: str, title: str, rows: list[Measurement], unit: str = "share") -> Table:
    """Lay out groups with their values and intervals, as they are drawn."""
    return Table(
        name=f"forest.{name}",
        title=title,
        columns=(
            Column(name="label"),
            *(Column(name=column, unit=unit) for column in ("value", "low", "high")),
            Column(name="n", unit="count"),
        ),
        rows=tuple(
            (
                ": ".join(one.group.values()),
                one.value,
                one.interval.low if one.interval else None,
                one.interval.high if one.interval else None,
                one.n,
            )
            for one in rows[:MOST_SHOWN]
        ),
        left_out=max(len(rows) - MOST_SHOWN, 0),
    )
