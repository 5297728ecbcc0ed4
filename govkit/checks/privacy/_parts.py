"""What the primary attack finds for parts of the rows: classes, protected groups, and single training rows."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from govkit.checks.privacy._sample import Sample, Sides
from govkit.core.evidence import Column, Measurement, Table
from govkit.inputs.columns import Columns
from govkit.inputs.disclosure import Disclosure
from govkit.inputs.task import Task
from govkit.plugins.check import Attachment
from govkit.stats import intervals, roc
from govkit.stats.differential_privacy import guesses
from govkit.stats.multiple import simultaneous

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Scores = NDArray[np.float64]
    Part = tuple[dict[str, str], NDArray[np.bool_]]

SMALLEST = 50
"""Judged rows a side below which a part is left out."""
MOST_VALUES = 12
"""Classes, and values of a protected column, up to which they are looked at."""
BANDS = (("high", 0.01), ("medium", 0.1), ("low", 1.0))
"""Band and the share of other rows that stand at least as high."""
CALLS = (0.01, 0.05, 0.2)
"""Shares of the rows that are called members, and as many not, to bound epsilon."""


def subgroups(sample: Sample, scores: "Scores", parts: "list[Part]") -> Iterator[Measurement]:
    """Give the AUC of the primary attack within each part that has enough rows, with simultaneous intervals."""
    judged = []
    for group, rows in parts:
        members, others = (scores[rows & sample.judged & side] for side in (sample.member, ~sample.member))
        if min(len(members), len(others)) >= SMALLEST:
            judged.append((group, members, others))
    level = simultaneous(intervals.LEVEL, max(len(judged), 1))
    for group, members, others in judged:
        area, interval = intervals.delong(members, others, level=level)
        n = len(members) + len(others)
        yield Measurement(name="subgroup_auc", value=area, unit="auc", n=n, interval=interval, group=group)


def parts_of(sample: Sample, sides: Sides, columns: Columns, task: Task, disclosure: Disclosure) -> "list[Part]":
    """Name the rows of each class and of each value of a protected column; values are shown as far as they may be."""
    import numpy as np
    import pandas as pd

    found: list[Part] = []
    if task.is_classification and len(task.classes) <= MOST_VALUES:
        found += [({"class": name}, sample.truth == code) for code, name in enumerate(task.names)]
    for column in columns.protected:
        if not all(column in data.columns for data, _ in sides):
            continue
        places = np.split(sample.places, [int(sample.member.sum())])
        values = pd.concat(
            [data.frame[column].iloc[rows] for (data, _), rows in zip(sides, places, strict=True)], ignore_index=True
        )
        known = sorted(values.dropna().unique().tolist(), key=str)
        if len(known) > MOST_VALUES:
            continue
        for position, value in enumerate(known):
            rows = (values == value).to_numpy(dtype=bool)
            shown = disclosure.value(column, value, position=position, rows=int(rows.sum()))
            found.append(({"column": column, "value": shown}, rows))
    return found


def bands(sample: Sample, scores: "Scores") -> Iterator[Table | Attachment]:
    """Sort training rows into bands of risk: by row numbers of TRAIN, and how many there are of each.

    A band says how many of the other rows score as high. Ranks within a band mean nothing.
    """
    import numpy as np

    judged = np.flatnonzero(sample.member & sample.judged)
    others = scores[~sample.member & sample.judged]
    band = np.full(len(judged), BANDS[-1][0], dtype=object)
    for name, share in reversed(BANDS[:-1]):
        band[scores[judged] > roc.threshold(others, share)] = name
    lines = [f"{row + 1},{name}" for row, name in zip(sample.places[judged].tolist(), band, strict=True)]
    yield Attachment("membership_records.csv", "text/csv", ("train_row,band\n" + "\n".join(lines) + "\n").encode())
    rows, before = [], 0.0
    for name, share in BANDS:
        rows.append((name, int((band == name).sum()), (share - before) * len(judged)))
        before = share
    columns = (Column(name="band"), Column(name="training_rows", unit="count"), Column(name="expected_by_chance"))
    yield Table(
        name="membership_bands", title="Training rows by how much they stand out", columns=columns, rows=tuple(rows)
    )


def calls(sample: Sample, scores: "Scores", attack: str) -> Table:
    """Count right calls of the most and the least suspect rows, which bound epsilon where it is claimed."""
    there = sample.judged
    rows = tuple((attack, *guesses(scores[there], sample.member[there], share), int(there.sum())) for share in CALLS)
    columns = (Column(name="attack"), *(Column(name=name, unit="count") for name in ("calls", "right", "rows")))
    return Table(name="membership_calls", title="Right calls of the rows that stand out", columns=columns, rows=rows)
