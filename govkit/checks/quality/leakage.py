"""Whether a feature gives the answer away."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from govkit.checks.quality._sample import drawn, labelled
from govkit.checks.quality._single import Folds, bins, estimates, folds
from govkit.core.evidence import Cell, Column, Finding, Interval, Measurement, Message, Severity, Table
from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.naming import words
from govkit.inputs.space import numeric
from govkit.inputs.task import Task
from govkit.plugins.check import Emit, NotDeclared, NotPossible, Params, Product, Sizes, Work, check
from govkit.stats import influence
from govkit.stats.error_ratio import errors_ratio
from govkit.stats.intervals import difference, mean_of_parts
from govkit.stats.means import of_means
from govkit.stats.multiple import simultaneous

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

ROWS: Final = {"quick": 5_000, "standard": 20_000, "thorough": 50_000}
FEWEST: Final = 60
"""Rows below which nothing is concluded."""
MAX_CLASSES: Final = 10
LISTED: Final = 30
AFTERWARDS: Final = frozenset(
    "outcome result label target actual truth predicted prediction final closed settled paid refunded recovered "
    "charged chargeback collected cancelled canceled terminated churned discharged deceased resolved approved rejected "
    "decision verdict confirmed autopsy death died dead mortality postmortem postoperative relapse survival survived "
    "readmitted recoveries repaid writeoff chargeoff".split()
)
"""Words in a column's name that speak of what is known only afterwards."""
MAYBE_AFTERWARDS: Final = frozenset(
    "biopsy diagnosed diagnosis disposition discharge fine histology inspection intervention investigation lesion "
    "operated operation pathology penalty procedure repair surgery surgical therapy treated treatment".split()
)
"""Words that speak of findings and measures, which often come after the decision and sometimes before it."""
BEFORE: Final = frozenset("earlier former historic historical history past previous previously prior".split())
"""Words that say the opposite: `previous_outcome` is known in time."""


class Leakage(Params):
    """When a column is suspected."""

    strong: float = 0.85
    """AUC (or, in regressions, R squared) from which one column is held against all others together."""
    noticeable: float = 0.6
    """AUC from which a telling name counts."""


@dataclass(frozen=True)
class Alone:
    """One column by itself."""

    column: str
    value: float
    estimate: "NDArray[np.float64]"


@check(
    "quality.leakage",
    title="Features that give the answer away",
    params=Leakage,
    emits=(
        Emit("strongest_feature_auc", "auc", "AUC of the best single feature, mean over classes; 0.5 is chance"),
        Emit(
            "strongest_feature_r2",
            "r2",
            "regression: share of the variance of the target's ranks that the best feature explains",
        ),
        Emit("gain_over_the_others", "auc", "AUC of the best feature less that of all others; 0 unless it is strong"),
        Emit(
            "errors_beside_the_others", "ratio", "1 - AUC of the best feature over that of all others; 1 unless strong"
        ),
        Emit("lost_on_new_rows", "auc", "largest fall of one feature's AUC from TRAIN to DATA"),
        Emit("telling_names", "count", "features that predict the target and whose name speaks of its outcome"),
    ),
    messages={
        "quality.leakage.strong": "{column} alone predicts the target with {value}: ask whether it is known at the "
        "time of the decision.",
        "quality.leakage.name": "{column} predicts the target, and its name speaks of what is known only afterwards.",
        "quality.leakage.maybe": "{column} predicts the target, and its name speaks of a finding or a measure: ask "
        "whether it is filled in before the outcome is known.",
        "quality.leakage.lost": "{column} predicts the target far better in TRAIN than in DATA: it may have been made "
        "with the help of the target.",
        "quality.leakage.no_target": "The target stands in none of the files.",
        "quality.leakage.nothing": "No feature has more than one value.",
        "quality.leakage.few": "{rows} rows with a usable target are too few; {needed} are needed.",
    },
    libraries=("numpy", "pandas", "scikit-learn", "scipy"),
    plan=lambda sizes, budget, _: _plan(sizes, budget),
)
def leakage(  # noqa: PLR0913, PLR0917 - each is an input
    test: Dataset,
    columns: Columns,
    task: Task,
    params: Leakage,
    work: Mapping[str, int],
    seed: int,
    train: Dataset | None = None,
) -> Iterator[Product]:
    """Look for features that know the answer: too good alone, better than all others, or good in TRAIN only.

    Why it matters: a column that is filled in after the outcome makes every test result look right, and the model fails
    on the first new case.

    Method: each feature is cut into 32 quantile bins or its most frequent levels, and each row is estimated by the mean
    of its bin in the other four of five folds, so that a feature with many values gains nothing by memory. AUC (mean
    over classes, one against the rest, rows compared within their fold) has DeLong's interval, R squared (of ranks, so
    that no few rows decide it) the jackknife's, both widened for the number of features (Bonferroni). A feature of AUC
    0.85 or more is held, on the same rows, against a gradient-boosted model of all others: by the difference of the
    AUCs, and by the ratio of what they lack to 1, which doesn't shrink where all rank well. The fall from TRAIN to DATA
    has the interval of a difference of two independent AUCs (MOVER).

    Limits: a feature can be good because the world is so; whether it is known in time only people can say. Combinations
    that leak together are found only as far as one of them does alone. Text, dates and identifiers are not looked at.

    References: Kaufman et al. (2012), Leakage in data mining, ACM TKDD 6; Kapoor and Narayanan (2023), Patterns 4;
    DeLong, DeLong and Clarke-Pearson (1988), Biometrics 44.
    """
    target = columns.target
    data = next((each for each in (train, test) if each is not None and target in each.columns), None)
    if target is None or data is None:
        raise NotDeclared("quality.leakage.no_target", ask="target: NAME")
    frame, truth = _rows(data, target, task, work, seed)
    if len(truth) < FEWEST:
        raise NotPossible("quality.leakage.few", rows=len(truth), needed=FEWEST)
    usable = [name for name in columns.features if name in frame]
    indicators, split = _indicators(truth, task), folds(len(truth), seed)
    alone = [_alone(name, frame[name], indicators, split) for name in usable if len(frame[name].unique()) > 1]
    if not alone:
        raise NotPossible("quality.leakage.nothing")
    alone.sort(key=lambda found: (-found.value, found.column))
    yield from _strongest(alone, indicators, split, task, len(usable))
    if task.is_classification:
        yield from _beyond_the_others(alone[0], frame, columns, indicators, split, params)
        if data is train and target in test.columns:
            yield from _lost(alone, test, columns, task, work, seed, indicators)
    yield from _names(alone, target, params, task)
    yield _table(alone, task)


def _plan(sizes: Sizes, budget: str) -> Work:
    rows = min(max(sizes.test_rows, sizes.train_rows), ROWS[budget])
    return Work({"rows": rows}, seconds=0.5 + rows * sizes.features / 1e6)


def _rows(
    data: Dataset, target: str, task: Task, work: Mapping[str, int], seed: int
) -> "tuple[pd.DataFrame, NDArray[np.float64]]":
    import numpy as np

    usable, truth = labelled(data, target, task)
    taken = drawn(np.arange(len(usable)), work["rows"], seed)
    return data.frame.iloc[usable[taken]].reset_index(drop=True), truth[taken]


def _indicators(truth: "NDArray[np.float64]", task: Task) -> "NDArray[np.float64]":
    """Give one column per class that has at least two rows on either side; the values themselves in regressions."""
    import numpy as np

    if not task.is_classification:
        return truth[:, None]
    counts = np.bincount(truth.astype(np.int64), minlength=len(task.classes))
    kept = [label for label in np.argsort(-counts, kind="stable") if 1 < counts[label] < len(truth) - 1]
    if task.name == "binary":
        kept = [label for label in kept if label == task.positive]
    return np.asarray(truth[:, None] == np.array(kept[:MAX_CLASSES], dtype=np.float64), dtype=np.float64)


def _alone(name: str, column: "pd.Series[Any]", truth: "NDArray[np.float64]", split: Folds) -> Alone:
    found = estimates(bins(column), truth, split)
    return Alone(name, _quality(found, truth, split), found)


def _quality(estimate: "NDArray[np.float64]", truth: "NDArray[np.float64]", split: Folds) -> float:
    """Give the mean AUC over class indicators, or R squared of the ranks of values, which no single row decides.

    Rows are compared within their fold: a fold's own positives lower what the other folds say of it, so that across
    folds the estimates run against the truth.
    """
    import numpy as np
    from scipy.stats import rankdata

    if truth.shape[1] and set(np.unique(truth)) <= {0.0, 1.0}:
        rows = np.bincount(split.of_row, minlength=split.count)
        before = np.cumsum(rows) - rows
        areas = []
        for scores, happened in zip(estimate.T, truth.T, strict=True):
            # estimates lie between 0 and 1: one ranking sorts all folds, one after the other
            ranks = rankdata(scores + 2.0 * split.of_row) - before[split.of_row]
            hits = np.bincount(split.of_row, happened, split.count)
            above = np.bincount(split.of_row, ranks * happened, split.count) - hits * (hits + 1) / 2
            areas.append(above.sum() / (hits * (rows - hits)).sum())
        return float(np.mean(areas))
    if truth.shape[1] == 0 or not estimate.std():
        return 0.0
    return float(np.corrcoef(rankdata(estimate[:, 0]), rankdata(truth[:, 0]))[0, 1]) ** 2


def _interval(estimate: "NDArray[np.float64]", truth: "NDArray[np.float64]", split: Folds, level: float) -> Interval:
    parts = []
    for scores, happened in zip(estimate.T, truth.T, strict=True):
        area, moved = influence.roc_auc(scores, happened > 0, split.of_row)
        found = influence.interval(area, moved, happened, level=level, learnt=True)
        parts.append((area, found.low or 0.0, 1.0 if found.high is None else found.high))
    if len(parts) == 1:
        return Interval(low=parts[0][1], high=parts[0][2], level=0.95, method="delong, logit, bonferroni")
    spread = mean_of_parts(parts, level=0.95, shared=float(len(parts)))
    return spread.model_copy(update={"method": "delong, logit, bonferroni, mover"})


def _of_r2(estimate: "NDArray[np.float64]", truth: "NDArray[np.float64]", level: float) -> Interval:
    """Give the interval of the squared correlation of ranks."""
    import numpy as np
    from scipy.stats import rankdata

    def squared(part: "NDArray[np.float64]") -> "NDArray[np.float64]":
        spread = (part[..., 2] - part[..., 0] ** 2) * (part[..., 3] - part[..., 1] ** 2)
        return np.asarray((part[..., 4] - part[..., 0] * part[..., 1]) ** 2 / np.where(spread > 0, spread, 1.0))

    ranks = [rankdata(each[:, 0]) for each in (estimate, truth)]
    one, other = ((each - each.mean()) / (each.std() or 1.0) for each in ranks)
    rows = np.column_stack([one, other, one**2, other**2, one * other])
    found = of_means(rows, squared, level=level, link="log-complement", within=(0.0, 1.0))
    return found.model_copy(update={"level": 0.95, "method": f"{found.method}, bonferroni"})


def _strongest(
    alone: list[Alone], truth: "NDArray[np.float64]", split: Folds, task: Task, columns: int
) -> Iterator[Product]:
    best, rows, level = alone[0], len(truth), simultaneous(0.95, columns)
    name, unit = ("strongest_feature_auc", "auc") if task.is_classification else ("strongest_feature_r2", "r2")
    interval = (
        _interval(best.estimate, truth, split, level) if task.is_classification else _of_r2(best.estimate, truth, level)
    )
    group = {"column": best.column}
    yield Measurement(name=name, value=best.value, unit=unit, n=rows, interval=interval, group=group)
    if best.value >= 0.95:  # noqa: PLR2004 - the finding is a hint; the criterion decides
        shown = f"{'AUC' if task.is_classification else 'R squared'} {best.value:.3f}"
        yield _finding("strong", "QUA-010", Severity.HIGH, best.column, value=shown)


def _beyond_the_others(  # noqa: PLR0913, PLR0917 - one step of the check
    best: Alone, frame: "pd.DataFrame", columns: Columns, truth: "NDArray[np.float64]", split: Folds, params: Leakage
) -> Iterator[Measurement]:
    """Hold the best feature against a model of all others, on the class that it tells best."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    group = {"column": best.column}
    rest = numeric(frame, columns).drop(columns=best.column, errors="ignore")
    areas = [_quality(best.estimate[:, [index]], truth[:, [index]], split) for index in range(truth.shape[1])]
    told = max(range(len(areas)), key=lambda index: areas[index])
    if best.value < params.strong or not rest.shape[1]:
        for name, unit, value in (("gain_over_the_others", "auc", 0.0), ("errors_beside_the_others", "ratio", 1.0)):
            sure = Interval(low=value, high=value, level=0.95, method="not strong enough to be suspected")
            yield Measurement(name=name, value=value, unit=unit, n=len(truth), interval=sure, group=group)
        return
    happened = truth[:, told]
    others = best.estimate[:, told].copy()
    for fold in range(split.count):
        held = split.of_row == fold
        model = HistGradientBoostingClassifier(max_iter=60, max_leaf_nodes=15, random_state=0)
        model.fit(rest[~held].to_numpy(), happened[~held])
        others[held] = model.predict_proba(rest[held].to_numpy())[:, 1]
    gain, interval = influence.paired_areas(best.estimate[:, told], others, happened > 0, parts=split.of_row)
    ends = (max(interval.low or 0.0, 0.0), max(interval.high or 0.0, 0.0))
    interval = Interval(low=ends[0], high=ends[1], level=interval.level, method=interval.method)
    value = max(gain, 0.0)
    yield Measurement(
        name="gain_over_the_others", value=value, unit="auc", n=len(truth), interval=interval, group=group
    )
    ratio, interval = errors_ratio(best.estimate[:, told], others, happened > 0, parts=split.of_row)
    yield Measurement(
        name="errors_beside_the_others", value=ratio, unit="ratio", n=len(truth), interval=interval, group=group
    )


def _lost(  # noqa: PLR0913, PLR0917 - one step of the check
    alone: list[Alone],
    test: Dataset,
    columns: Columns,
    task: Task,
    work: Mapping[str, int],
    seed: int,
    truth: "NDArray[np.float64]",
) -> Iterator[Product]:
    """Compare each feature's AUC in TRAIN with its AUC in DATA; give the largest fall."""
    frame, labels = _rows(test, str(columns.target), task, work, seed)
    held = _indicators(labels, task)
    if len(labels) < FEWEST or held.shape[1] != truth.shape[1]:
        return
    split, known = folds(len(labels), seed), folds(len(truth), seed)
    falls = [(found.value - _alone(found.column, frame[found.column], held, split).value, found) for found in alone]
    fall, found = max(falls, key=lambda pair: (pair[0], pair[1].column))
    here = _alone(found.column, frame[found.column], held, split)
    level = simultaneous(0.95, len(alone))
    there = _interval(found.estimate, truth, known, level)
    now = _interval(here.estimate, held, split, level)
    interval = difference((found.value, there), (here.value, now))
    group = {"column": found.column}
    yield Measurement(
        name="lost_on_new_rows", value=fall, unit="auc", n=len(truth) + len(labels), interval=interval, group=group
    )
    if (interval.low or 0.0) > 0.1:  # noqa: PLR2004 - the finding is a hint; the criterion decides
        yield _finding("lost", "QUA-011", Severity.HIGH, found.column)


def _names(alone: list[Alone], target: str, params: Leakage, task: Task) -> Iterator[Product]:
    suspicious = AFTERWARDS | {word for word in words(target) if len(word) > 3}  # noqa: PLR2004 - not `is`, `the`
    least = params.noticeable if task.is_classification else (2 * params.noticeable - 1) ** 2
    strong = [found.column for found in alone if found.value >= least and not words(found.column) & BEFORE]
    told = [name for name in strong if words(name) & suspicious]
    yield Measurement(name="telling_names", value=len(told), unit="count", n=len(alone))
    for name in told:
        yield _finding("name", "QUA-012", Severity.MEDIUM, name)
    for name in strong:
        if name not in told and words(name) & MAYBE_AFTERWARDS:
            yield _finding("maybe", "QUA-013", Severity.LOW, name)


def _finding(kind: str, rule: str, severity: Severity, column: str, /, **arguments: str) -> Finding:
    message = Message(id=f"quality.leakage.{kind}", args={"column": column, **arguments})
    return Finding(rule=rule, severity=severity, message=message, where=f"column {column}")


def _table(alone: list[Alone], task: Task) -> Table:
    rows: list[tuple[Cell, ...]] = [(found.column, found.value) for found in alone[:LISTED]]
    unit = "auc" if task.is_classification else "r2"
    return Table(
        name="single_features",
        title="How well each feature alone predicts the target",
        columns=(Column(name="feature"), Column(name="AUC" if unit == "auc" else "R squared", unit=unit)),
        rows=tuple(rows),
        left_out=max(0, len(alone) - LISTED),
    )
