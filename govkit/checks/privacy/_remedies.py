"""Stronger regularisation, measured: the pipeline fitted anew with it, attacked, and held against what it costs."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from govkit.checks.privacy import _measures
from govkit.checks.privacy._reference_attacks import FEWEST, meta
from govkit.checks.privacy._references import Refit, audited_around, fitted, halves, yardstick
from govkit.checks.privacy._sample import Sample
from govkit.core.errors import ModelUnavailable
from govkit.core.evidence import Column, Finding, Interval, Measurement, Message, Scalar, Severity, Table
from govkit.inputs.model import Model
from govkit.inputs.predictions import decide, labels, scores
from govkit.inputs.task import Task
from govkit.stats import intervals

Change = Mapping[str, Scalar]
_TREES: Final[tuple[Change, ...]] = (
    {"min_samples_leaf": 5},
    {"min_samples_leaf": 20},
    {"min_samples_leaf": 60},
    {"max_depth": 4},
)
_STRENGTHS: Final[tuple[Change, ...]] = ({"C": 0.1}, {"C": 0.01}, {"C": 0.001})
_PENALTIES: Final[tuple[Change, ...]] = ({"alpha": 1.0}, {"alpha": 10.0}, {"alpha": 100.0})
_NEIGHBOURS: Final[tuple[Change, ...]] = ({"n_neighbors": 15}, {"n_neighbors": 45}, {"n_neighbors": 101})
_HISTOGRAMS: Final[tuple[Change, ...]] = (
    {"early_stopping": True},
    {"max_iter": 30},
    {"max_iter": 30, "min_samples_leaf": 100},
    {"max_iter": 30, "max_depth": 3},
)
_BOOSTING: Final[tuple[Change, ...]] = ({"n_estimators": 30}, {"n_estimators": 30, "max_depth": 2})
REMEDIES: Final[Mapping[str, tuple[Change, ...]]] = {
    "DecisionTree": _TREES,
    "ExtraTree": _TREES,
    "RandomForest": _TREES,
    "HistGradientBoosting": _HISTOGRAMS,
    "GradientBoosting": (*_BOOSTING, {"min_samples_leaf": 50}),
    "XGB": _BOOSTING,
    "LGBM": _BOOSTING,
    "LogisticRegression": _STRENGTHS,
    "LinearSV": _STRENGTHS,
    "SVC": _STRENGTHS,
    "SVR": _STRENGTHS,
    "Ridge": _PENALTIES,
    "MLP": ({"early_stopping": True}, {"alpha": 1.0}, {"alpha": 10.0}),
    "KNeighbors": _NEIGHBOURS,
}
"""First part of an estimator's name to the changes that are tried."""
AS_IT_IS = "as it is"


def remedies(refit: Refit, sample: Sample, estimator: str) -> Iterator[Measurement | Finding | Table]:
    """Fit the pipeline on the sample's training rows as it is and with each change; attack each, and judge it.

    Args:
        refit: the model and how it is fitted.
        sample: the rows; every variant is fitted on its members and judged on the others.
        estimator: class path of the final estimator.
    """
    name = estimator.rsplit(".", 1)[-1]
    tried = next((changes for start, changes in REMEDIES.items() if name.startswith(start)), ())
    if not tried:
        yield Finding(rule="MIA-012", severity=Severity.INFO, message=Message(id="privacy.no_remedy"), where="model")
        return
    rows: list[tuple[str, float, float | None, float | None, float, float]] = []
    for change in ({}, *tried):
        words = ", ".join(f"{key} {value}" for key, value in change.items()) or AS_IT_IS
        try:
            variant, attack = _attacked(refit, sample, change)
        except ModelUnavailable:
            continue
        area, interval = intervals.delong(attack.members, attack.others)
        right = _judged(variant, refit.task)
        lost = rows[0][4] - right if rows else 0.0
        rows.append((words, area, interval.low, interval.high, right, lost))
        group, n = {"change": words}, len(attack.others)
        yield Measurement(name="remedied_auc", value=area, unit="auc", n=attack.rows, interval=interval, group=group)
        yield Measurement(
            name="remedied_right", value=right, unit="share", n=n, interval=_spread(variant, refit.task), group=group
        )
    columns = (
        Column(name="change"),
        *(Column(name=one, unit="auc") for one in ("auc", "low", "high")),
        *(Column(name=one, unit="share") for one in ("right", "lost")),
    )
    yield Table(
        name="membership_remedies",
        title="What stronger regularisation gains and costs",
        columns=columns,
        rows=tuple(rows),
    )


def _attacked(refit: Refit, sample: Sample, change: Change) -> tuple[Sample, _measures.Attack]:
    """Fit one variant with its own reference models, and run the meta attack on it."""
    import numpy as np

    task, members = refit.task, sample.member
    target = labels(sample.truth, task) if task.is_classification else sample.truth
    weight = None if sample.weight is None else sample.weight[members]
    changed = replace(refit, change=change)
    clone = refit.model.fit(
        sample.rows[members], target[members], seed=refit.seed, weight=weight, seconds=refit.seconds, change=change
    )
    try:
        variant = _asked(clone, sample, task)
        yard = yardstick(variant, task)
        told = audited_around(clone, variant, yard, task)
    finally:
        clone.release()
    everything = np.ones(len(members), dtype=bool)
    masks = halves(sample.truth, everything, FEWEST // 2, refit.seed, stratify=task.is_classification)
    found = fitted(changed, variant, yard, masks)
    return variant, _measures.judged("meta", meta(told, found, sample.truth, refit.seed), variant)


def _asked(clone: Model, sample: Sample, task: Task) -> Sample:
    """Give the sample with a variant's answers."""
    import numpy as np

    if not task.is_classification:
        return replace(sample, predicted=np.asarray(clone.predict(sample.rows), dtype=np.float64))
    if tuple(clone.described.classes) != tuple(task.classes):
        raise ModelUnavailable("a variant knows other classes", hint="give more rows of every class")
    probability, score = scores(clone, sample.rows)
    predicted = decide(clone, sample.rows, probability, task)
    return replace(sample, predicted=predicted, probability=probability, score=score)


def _spread(variant: Sample, task: Task) -> Interval | None:
    """Give the interval of the share that is right; none for regression, where the value describes these rows."""
    if not task.is_classification:
        return None
    right = (variant.truth == variant.predicted)[~variant.member]
    return intervals.proportion(int(right.sum()), len(right))


def _judged(variant: Sample, task: Task) -> float:
    """Give the share of other rows that it has right; for regression the share of variance it explains."""
    import numpy as np

    truth, predicted = (values[~variant.member] for values in (variant.truth, variant.predicted))
    if task.is_classification:
        return float((truth == predicted).mean())
    left = np.asarray(truth - predicted, dtype=np.float64)
    return float(1 - (left**2).mean() / (np.var(truth) or 1.0))
