"""Signs that training rows were planted: copies with another label, outliers together, values that fix the class."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from govkit.core.evidence import Column, Finding, Measurement, Message, Severity, Table
from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.neighbours import near
from govkit.inputs.predictions import encode
from govkit.inputs.space import points
from govkit.inputs.task import Task
from govkit.plugins.check import Emit, NotApplicable, NotPossible, Product, Sizes, Work, check
from govkit.stats.intervals import beyond_chance, proportion

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

ROWS: Final = {"quick": 4_000, "standard": 10_000, "thorough": 30_000}
FEWEST: Final = 100
FEWEST_OF_A_CLASS: Final = 50
LISTED: Final = 50
STANDS_OUT: Final = 6.0
"""Robust standard deviations of the spectral score from which a row stands out."""
HEAP: Final = 3.0
"""Width of a heap of rows, in robust standard deviations: planted rows differ among each other as all rows do."""
FEWEST_OF_A_VALUE: Final = 20
MANY_VALUES: Final = 50
"""Different values that a numeric column has at least for one exact value to be remarkable."""
NEAREST: Final = 100
"""Rows with the nearest other values, at most; farther ones may differ for honest reasons."""
PURE: Final = 0.99
USUAL: Final = 0.9
"""Share of all rows above which a class needs no value to explain it."""
SOME: Final = 0.1
"""Share of other classes among the rows nearest to an exact value."""
SIGNIFICANT: Final = 0.001


@check(
    "security.poisoning",
    title="Signs of planted training rows",
    emits=(
        Emit("conflicting_copies_share", "share", "training rows whose near copy has another label, beyond chance"),
        Emit("spectral_outlier_share", "share", "training rows that stand out of their class in one common direction"),
        Emit("fixed_value_share", "share", "training rows with an exact number that goes with one class alone"),
    ),
    messages={
        "security.poisoning.copies": "{rows} of {asked} training rows have a near copy with another label; about "
        "{chance} would be by chance.",
        "security.poisoning.spectral": "{rows} of {asked} training rows of {label} stand out together.",
        "security.poisoning.value": "{rows} training rows share one exact value of {column} and are all, or nearly "
        "all, {label}; rows with values next to it are not.",
        "security.poisoning.no_train": "TRAIN holds no usable labels.",
        "security.poisoning.regression": "Only training rows with classes are screened.",
        "security.poisoning.few": "{rows} training rows with a usable label are too few; {needed} are needed.",
    },
    libraries=("numpy", "scikit-learn", "scipy"),
    plan=lambda sizes, budget, _: _plan(sizes, budget),
)
def poisoning(train: Dataset, columns: Columns, task: Task, work: Mapping[str, int], seed: int) -> Iterator[Product]:
    """Screen training rows for three traces that planted rows often leave.

    Why it matters: a few planted rows can teach a model a hidden trigger, or spoil it for one class.

    Method: rows are points, numbers in units of their standard deviation and categories as 0 and 1. A row is a copy
    when it is closer to another one than a twentieth of the usual distance; copies that differ in their label are
    counted, less the part of all copies that is expected by chance (as in `quality.near_duplicates`). Within each
    class, the spectral signature of a row is its squared projection on the direction of largest variance of the centred
    rows; rows beyond six robust standard deviations of its root stand out together where significantly more lie within
    three of them than within the three nearer the middle (0.001, corrected for the places tried): a heavy tail thins
    out, planted rows heap up. A number that at least 20 rows share, in a column of many values, is held against rows
    with the nearest other values: it counts where 99 in 100 of its rows are of one class and 10 in 100 of the nearest
    are not, with a difference that Fisher's exact test finds at 0.001, corrected for the values tried; a class of nine
    rows in ten is let be. Shares have exact intervals.

    Limits: this is screening. Honest data can show each trace, and planted rows that look like others show none. It
    says nothing about poisoning of a base model. Searching the model for a trigger is another check's work.

    References: Tran, Li and Madry (2018), Spectral signatures in backdoor attacks, NeurIPS; MITRE ATLAS AML.T0020.
    """
    import numpy as np

    if not task.is_classification:
        raise NotApplicable("security.poisoning.regression")
    if columns.target not in train.columns or any(name not in train.columns for name in columns.features):
        raise NotPossible("security.poisoning.no_train")
    codes = encode(train.frame[str(columns.target)], task)
    usable = np.flatnonzero(codes >= 0)
    if len(usable) < FEWEST:
        raise NotPossible("security.poisoning.few", rows=len(usable), needed=FEWEST)
    usable = np.sort(np.random.default_rng(seed).permutation(usable)[: work["rows"]])
    place, labels = points([train], columns, [usable]).coordinates, codes[usable]
    names = task.names
    suspicious: set[int] = set()
    yield from _copies(place, labels, suspicious)
    yield from _outliers(place, labels, names, suspicious)
    yield from _fixed_values(
        {name: train.frame[name].iloc[usable] for name in columns.features}, labels, names, suspicious
    )
    rows = sorted(int(usable[index]) + 1 for index in suspicious)
    yield Table(
        name="suspicious_rows",
        title="Rows of TRAIN to look at, the header not counted",
        columns=(Column(name="row"),),
        rows=tuple((row,) for row in rows[:LISTED]),
        left_out=max(0, len(rows) - LISTED),
    )


def _copies(place: "NDArray[np.float32]", labels: "NDArray[np.int64]", suspicious: set[int]) -> Iterator[Product]:
    twins = near(place, place)
    if twins is None:
        return
    copies = [int(row) for row in twins.rows if labels[twins.place[row]] != labels[row]]
    suspicious.update(copies)
    expected = len(copies) * min(twins.by_chance * twins.judged / max(len(twins.rows), 1), 1.0)
    share, interval = beyond_chance(len(copies), twins.judged, expected)
    yield Measurement(name="conflicting_copies_share", value=share, unit="share", n=twins.judged, interval=interval)
    if copies:
        yield _finding("copies", "SEC-020", rows=len(copies), asked=twins.judged, chance=round(expected))


def _outliers(
    place: "NDArray[np.float32]", labels: "NDArray[np.int64]", names: Sequence[str], suspicious: set[int]
) -> Iterator[Product]:
    standing_out = {label: _standing_out(place, labels, label) for label in range(len(names))}
    for label, outliers in standing_out.items():
        suspicious.update(outliers)
        if outliers:
            asked = int((labels == label).sum())
            yield _finding("spectral", "SEC-021", rows=len(outliers), asked=asked, label=names[label])
    yield _share("spectral_outlier_share", sum(map(len, standing_out.values())), len(labels))


def _fixed_values(
    features: "Mapping[str, pd.Series[float]]", labels: "NDArray[np.int64]", names: Sequence[str], suspicious: set[int]
) -> Iterator[Product]:
    fixed: set[int] = set()
    for name, column in features.items():
        for rows, label in _fixing(column, labels):
            fixed.update(rows)
            yield _finding("value", "SEC-022", rows=len(rows), column=name, label=names[label])
    suspicious.update(fixed)
    yield _share("fixed_value_share", len(fixed), len(labels))


def _plan(sizes: Sizes, budget: str) -> Work:
    rows = min(sizes.train_rows, ROWS[budget])
    return Work({"rows": rows}, seconds=0.2 + rows**2 * max(sizes.features, 10) / 2e9)


def _standing_out(place: "NDArray[np.float32]", labels: "NDArray[np.int64]", label: int) -> list[int]:
    """Give the rows of a class that stand out of it; none of a class with too few rows to tell."""
    import numpy as np

    inside = np.flatnonzero(labels == label)
    return [int(row) for row in inside[_spectral(place[inside])]] if len(inside) >= FEWEST_OF_A_CLASS else []


def _spectral(rows: "NDArray[np.float32]") -> "NDArray[np.int64]":
    """Give the rows that stand out together along the direction of largest variance."""
    import numpy as np
    from scipy.stats import median_abs_deviation

    centred = rows - rows.mean(axis=0)
    if not centred.shape[1] or not centred.any():
        return np.zeros(0, dtype=np.int64)
    _, directions = np.linalg.eigh(centred.T.astype(np.float64) @ centred)
    along = centred @ directions[:, -1]
    spread = float(median_abs_deviation(along, scale="normal"))
    if not spread:
        return np.zeros(0, dtype=np.int64)
    score = (along - np.median(along)) / spread
    return np.flatnonzero(_heaped(score) | _heaped(-score))


def _heaped(score: "NDArray[np.float64]") -> "NDArray[np.bool_]":
    """Tell the rows far out that lie in a heap of their own: in a tail, however heavy, fewer lie farther out."""
    import numpy as np
    from scipy.stats import binom

    order = np.sort(score)
    starts = order[order > STANDS_OUT]
    outside = np.searchsorted(order, starts + HEAP) - np.searchsorted(order, starts)
    inside = np.searchsorted(order, starts) - np.searchsorted(order, starts - HEAP)
    heaps = starts[binom.sf(outside - 1, outside + inside, 0.5) * len(starts) < SIGNIFICANT]
    found = np.zeros(len(score), dtype=np.bool_)
    for start in heaps:
        found |= (score >= start) & (score < start + HEAP)
    return found


def _fixing(column: "pd.Series[float]", labels: "NDArray[np.int64]") -> Iterator[tuple[list[int], int]]:
    """Give the rows of each exact number that goes with one class alone, unlike the numbers next to it."""
    import numpy as np
    from scipy.stats import fisher_exact

    if column.dtype.kind not in "iuf":
        return
    numbers = column.to_numpy(np.float64)
    values, counts = np.unique(numbers[np.isfinite(numbers)], return_counts=True)
    if len(values) < MANY_VALUES:
        return
    shared = values[counts >= FEWEST_OF_A_VALUE]
    for value in shared:
        inside = np.flatnonzero(numbers == value)
        seen = np.bincount(labels[inside])
        label = int(seen.argmax())
        if seen[label] < PURE * len(inside) or (labels == label).mean() > USUAL:
            continue
        distance = np.where(np.isfinite(numbers) & (numbers != value), np.abs(numbers - value), np.inf)
        beside = np.argsort(distance, kind="stable")[: min(len(inside), NEAREST, int(np.isfinite(distance).sum()))]
        other = [int((labels[rows] != label).sum()) for rows in (beside, inside)]
        chance = fisher_exact([other, [len(beside) - other[0], len(inside) - other[1]]]).pvalue
        if other[0] >= SOME * len(beside) and chance <= SIGNIFICANT / len(shared):
            yield inside.tolist(), label


def _share(name: str, found: int, n: int) -> Measurement:
    return Measurement(name=name, value=found / n, unit="share", n=n, interval=proportion(found, n))


def _finding(kind: str, rule: str, /, **arguments: str | float) -> Finding:
    message = Message(id=f"security.poisoning.{kind}", args=dict(arguments))
    return Finding(rule=rule, severity=Severity.MEDIUM, message=message, where="rows of TRAIN")
