"""How many labels are likely wrong, and which rows to look at first."""

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from govkit.checks.quality._sample import drawn, labelled
from govkit.core.evidence import Column, Finding, Measurement, Message, Severity, Table
from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.space import numeric, points
from govkit.inputs.task import Task
from govkit.plugins.check import Emit, NotApplicable, NotDeclared, NotPossible, Product, Sizes, Work, check
from govkit.stats.label_noise import Noise, plateau

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ROWS: Final = {"quick": 5_000, "standard": 20_000, "thorough": 50_000}
FOLDS: Final = 5
FEWEST: Final = 300
FEWEST_OF_A_CLASS: Final = 20
LISTED: Final = 50
MOST_COLUMNS: Final = 200
"""Columns that the judging models are fitted to: those that tell the classes best among the rows fitted to."""


@check(
    "quality.label_errors",
    title="Wrong labels",
    emits=(
        Emit("label_noise", "share", "labels that are wrong at random, estimated"),
        Emit("suspicious_labels", "count", "rows that confident learning takes for mislabelled"),
    ),
    messages={
        "quality.label_errors.noise": "About {share} of the labels in {data} look swapped: even where the class is "
        "clear, the label often says something else.",
        "quality.label_errors.columns": "Of {columns} columns each judge saw the {kept} that tell the classes best.",
        "quality.label_errors.no_target": "The target stands in none of the files.",
        "quality.label_errors.regression": "Wrong target values of a regression are not estimated.",
        "quality.label_errors.nothing": "No feature is a number or a category, so nothing can judge the labels.",
        "quality.label_errors.few": "{rows} usable rows with {classes} usable classes are too few; {needed} rows and "
        "two classes of {of_a_class} rows are needed.",
    },
    libraries=("cleanlab", "numpy", "scikit-learn", "scipy"),
    plan=lambda sizes, budget, _: _plan(sizes, budget),
)
def label_errors(  # noqa: PLR0913, PLR0917 - each is an input
    test: Dataset, columns: Columns, task: Task, work: Mapping[str, int], seed: int, train: Dataset | None = None
) -> Iterator[Product]:
    """Estimate how many labels are wrong, and rank the rows whose label disagrees most with their features.

    Why it matters: a model learns wrong labels too, and wrong labels among the hold-out rows make every metric wrong.

    Method: a logistic and a gradient-boosted model are fitted in five folds to the features of TRAIN and DATA, of more
    than 200 to those whose class means differ most among the rows fitted to; the one of higher likelihood judges the
    rows that were not seen, all together and those of each file. Where classes only overlap, label and judgement agree
    ever more as the class gets clearer; where labels were swapped, agreement stops short of that. The shortfall, with
    its profile-likelihood interval, is the estimate. Suspicious rows are ranked by confident learning.

    Limits: labels that are wrong for a reason (always in the same region, or always from class to class) are found as
    far as other rows contradict them. Where features say little about the target, the interval is wide and the result
    undecided. It covers chance and not structure that the judging models miss, which can shift it by a point or two.
    The judging models are govkit's, not the audited one, and of very many columns those that only together tell a class
    are passed over. Row numbers are listed, never contents. A file of fewer than 300 usable rows is judged only
    together with the other one.

    References: Northcutt, Jiang and Chuang (2021), Confident learning, JAIR 70; Liu and Tao (2016), IEEE TPAMI 38.
    """
    target = columns.target
    files = [each for each in (train, test) if each is not None and target in each.columns]
    if target is None or not files:
        raise NotDeclared("quality.label_errors.no_target", ask="target: NAME")
    if not task.is_classification:
        raise NotApplicable("quality.label_errors.regression")
    seen = _usable(files, target, task, work, seed)
    judged, width = _judgement(files, columns, seen, seed)
    if width > MOST_COLUMNS:
        message = Message(id="quality.label_errors.columns", args={"columns": width, "kept": MOST_COLUMNS})
        yield Finding(rule="QUA-021", severity=Severity.INFO, message=message, where="features")
    for name, inside in seen.parts():
        found = _noise(judged[inside], seen.labels[inside], seen.classes)
        group = {"data": name} if name else {}
        n = int(inside.sum())
        yield Measurement(
            name="label_noise", value=found.share, unit="share", n=n, interval=found.interval, group=group
        )
        if (found.interval.low or 0.0) > 0:
            args = {"share": round(found.share, 3), "data": name or " and ".join(seen.names)}
            message = Message(id="quality.label_errors.noise", args=args)
            yield Finding(rule="QUA-020", severity=Severity.MEDIUM, message=message, where=f"column {target}")
    suspicious = _suspicious(judged, seen.labels)
    yield Measurement(name="suspicious_labels", value=len(suspicious), unit="count", n=len(seen.labels))
    yield Table(
        name="suspicious_labels",
        title="Rows to look at first, the header not counted",
        columns=(Column(name="data"), Column(name="row")),
        rows=tuple((seen.names[seen.file[index]], int(seen.rows[index]) + 1) for index in suspicious[:LISTED]),
        left_out=max(0, len(suspicious) - LISTED),
    )


@dataclass(frozen=True)
class _Seen:
    """The rows whose labels are judged, those of each file together."""

    names: tuple[str, ...]
    """What the files are called."""
    file: "NDArray[np.int64]"
    """Place of each row's file, shape (rows,)."""
    rows: "NDArray[np.int64]"
    """Positions in the files, shape (rows,)."""
    labels: "NDArray[np.int64]"
    """Classes, numbered from 0 without gaps, shape (rows,)."""

    @property
    def classes(self) -> int:
        """Count the classes."""
        return int(self.labels.max()) + 1

    def parts(self) -> "Iterator[tuple[str, NDArray[np.bool_]]]":
        """Give all rows, and the rows of each of several files that has enough of them to judge."""
        yield "", self.file >= 0
        if len(self.names) > 1:
            for place, name in enumerate(self.names):
                if (self.file == place).sum() >= FEWEST:
                    yield name, self.file == place


def _plan(sizes: Sizes, budget: str) -> Work:
    rows = min(max(sizes.test_rows, sizes.train_rows), ROWS[budget])
    judged = rows * (2 if sizes.train_rows else 1)
    cells = judged * min(max(sizes.features, 5), MOST_COLUMNS) * max(sizes.classes, 2)
    return Work({"rows": rows}, seconds=0.5 + cells / 4e5)


def _usable(files: list[Dataset], target: str, task: Task, work: Mapping[str, int], seed: int) -> _Seen:
    """Draw rows with a label, of classes that have enough of them."""
    import numpy as np

    file, rows, codes = [], [], []
    for place, data in enumerate(files):
        usable, truth = labelled(data, target, task)
        taken = drawn(np.arange(len(usable)), work["rows"], seed)
        file.append(np.full(len(taken), place))
        rows.append(usable[taken])
        codes.append(truth[taken].astype(np.int64))
    every = np.concatenate(codes)
    counts = np.bincount(every, minlength=len(task.classes))
    kept = np.isin(every, np.flatnonzero(counts >= FEWEST_OF_A_CLASS))
    levels, labels = np.unique(every[kept], return_inverse=True)
    if len(labels) < FEWEST or len(levels) < 2:  # noqa: PLR2004 - two classes to swap
        raise NotPossible(
            "quality.label_errors.few",
            rows=len(labels),
            classes=len(levels),
            needed=FEWEST,
            of_a_class=FEWEST_OF_A_CLASS,
        )
    names = tuple("TRAIN" if data.role == "train" else "DATA" for data in files)
    return _Seen(names, np.concatenate(file)[kept], np.concatenate(rows)[kept], labels.astype(np.int64))


def _judgement(files: list[Dataset], columns: Columns, seen: _Seen, seed: int) -> "tuple[NDArray[np.float64], int]":
    """Give class probabilities of each row by a model that has not seen it, of two kinds the likelier one's.

    And how many columns there were to fit to.
    """
    import numpy as np
    import pandas as pd
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold

    labels = seen.labels
    chosen = [seen.rows[seen.file == place] for place in range(len(files))]
    places = points(files, columns, chosen).coordinates
    frames = [data.frame.iloc[rows] for data, rows in zip(files, chosen, strict=True)]
    plain = numeric(pd.concat(frames, ignore_index=True), columns).to_numpy()
    if not places.shape[1] or not plain.shape[1]:
        raise NotPossible("quality.label_errors.nothing")
    kinds = (
        (places, LogisticRegression(max_iter=300)),
        (plain, HistGradientBoostingClassifier(max_iter=60, max_leaf_nodes=15, random_state=0)),
    )
    found = []
    for table, model in kinds:
        judged = np.empty((len(labels), seen.classes))
        for fitted, held in StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(table, labels):
            kept = _telling(table[fitted], labels[fitted])
            with warnings.catch_warnings():
                # where columns are many next to rows, a fit may stop early: a worse judge, never a surer one
                warnings.simplefilter("ignore", ConvergenceWarning)
                model.fit(table[fitted][:, kept], labels[fitted])
            judged[held] = model.predict_proba(table[held][:, kept])
        found.append(judged)
    line = np.arange(len(labels))
    best = max(found, key=lambda judged: float(np.log(np.clip(judged[line, labels], 1e-9, 1.0)).sum()))
    return best, plain.shape[1]


def _telling(table: "NDArray[np.float64]", labels: "NDArray[np.int64]") -> "NDArray[np.int64]":
    """Give the columns whose class means lie farthest apart against the spread (analysis of variance), in order."""
    import numpy as np

    if table.shape[1] <= MOST_COLUMNS:
        return np.arange(table.shape[1])
    seen = np.isfinite(table)
    count = np.maximum(seen.sum(axis=0), 1)
    centred = np.where(seen, table, 0.0)
    centred = np.where(seen, centred - centred.sum(axis=0) / count, 0.0)
    total, between = (centred**2).sum(axis=0), np.zeros(table.shape[1])
    for one in np.unique(labels):
        inside = labels == one
        between += centred[inside].sum(axis=0) ** 2 / np.maximum(seen[inside].sum(axis=0), 1)
    told = np.divide(between, total, out=np.zeros_like(total), where=total > 0)
    return np.sort(np.argsort(-told, kind="stable")[:MOST_COLUMNS])


def _noise(judged: "NDArray[np.float64]", labels: "NDArray[np.int64]", classes: int) -> Noise:
    import numpy as np

    ordered = np.sort(np.log(np.clip(judged, 1e-12, 1.0)), axis=1)
    return plateau(ordered[:, -1] - ordered[:, -2], judged.argmax(axis=1) == labels, classes)


def _suspicious(judged: "NDArray[np.float64]", labels: "NDArray[np.int64]") -> "NDArray[np.int64]":
    from cleanlab.filter import find_label_issues

    found: NDArray[np.int64] = find_label_issues(
        labels, judged, return_indices_ranked_by="self_confidence", n_jobs=1, verbose=False
    )
    return found
