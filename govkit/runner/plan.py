"""What the budget comes to: integer work counts for every check, from sizes and one timed prediction."""

import time
from collections.abc import Mapping

from govkit.config import Budget
from govkit.core.errors import ModelUnavailable
from govkit.core.record import Plan
from govkit.inputs.predictions import features_of, fitting_rows
from govkit.inputs.subject import Subject
from govkit.plugins.check import ONE_ANSWER, Check, Params, Sizes

TIMED_ROWS = 1_000
TIMED_CALLS, TIMED_SECONDS = 3, 1.0
"""Calls that are timed, and seconds after which no further one is."""
FITTED_ROWS = 2_000
FIT_SECONDS = 60.0
"""How long the timed fit may take; a slower model counts as one that can't be fitted again."""


def sizes_of(subject: Subject, *, refits: bool = False) -> Sizes:
    """Measure what a plan may depend on.

    Args:
        subject: what is audited.
        refits: whether a check wants to know how long fitting the model anew takes.
    """
    return Sizes(
        test_rows=subject.test.rows,
        train_rows=subject.train.rows if subject.train else 0,
        features=len(subject.columns.features),
        classes=len(subject.task.classes) if subject.task else 0,
        predict_ms_per_1000_rows=_predict_ms(subject),
        fit_ms_per_1000_rows=_fit_ms(subject) if refits else 0,
    )


def make_plan(
    checks: Mapping[str, Check], params: Mapping[str, Params], sizes: Sizes, budget: Budget
) -> tuple[Plan, dict[str, float]]:
    """Resolve a budget to work counts and to estimated seconds by check."""
    work = {name: found.plan(sizes, budget, params[name]) for name, found in checks.items() if found.plan}
    plan = Plan(budget=budget, work={name: dict(resolved.counts) for name, resolved in work.items()})
    return plan, {name: resolved.seconds for name, resolved in work.items()}


def _predict_ms(subject: Subject) -> int:
    """Time predictions and round the fastest up to 100, 1,000, ... ms, so that reruns agree on the plan.

    A model that can't answer is no matter of the plan: each check that asks it will say so.
    """
    if subject.model is None:
        return 0
    rows = features_of(subject.test, subject.columns).iloc[:TIMED_ROWS]
    try:
        subject.model.predict(rows)
        began, spent = time.perf_counter(), list[float]()
        while not spent or (len(spent) < TIMED_CALLS and time.perf_counter() - began < TIMED_SECONDS):
            started = time.perf_counter()
            subject.model.predict(rows)
            spent.append(time.perf_counter() - started)
    except ModelUnavailable:
        return 0
    measured = min(spent) * 1000 * TIMED_ROWS / len(rows)
    step = 100
    while step < measured:
        step *= 10
    return step


def _fit_ms(subject: Subject) -> int:
    """Time one fit on some rows of TRAIN, in CPU time, and round up to 50, 100, 200, ... ms.

    Zero where the model can't be fitted again, or not in `FIT_SECONDS`; who needs it will say so.
    """
    import numpy as np

    if subject.model is None or subject.train is None or subject.task is None:
        return 0
    fits = "fit" in subject.model.described.methods and subject.task.name in ONE_ANSWER
    if not fits or not subject.train.rows:
        return 0
    rows = np.linspace(0, subject.train.rows - 1, min(FITTED_ROWS, subject.train.rows)).astype(np.int64)
    try:
        found = fitting_rows(subject.train.take(rows, role="train"), subject.columns, subject.task)
        fitted = subject.model.fit(found.features, found.target, seed=0, weight=found.weight, seconds=FIT_SECONDS)
        fitted.release()
    except ModelUnavailable:
        return 0
    measured, step = fitted.fit_ms * TIMED_ROWS / max(len(found.target), 1), 50
    while step < measured:
        step *= 2
    return step
