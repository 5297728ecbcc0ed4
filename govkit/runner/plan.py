"""What the budget comes to: integer work counts for every check, from sizes and a few timed predictions."""

import time
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from govkit.config import Budget
from govkit.core.errors import ModelUnavailable, ModelUnreachable
from govkit.core.record import Plan
from govkit.inputs.model import Model
from govkit.inputs.predictions import features_of, fitting_rows
from govkit.inputs.subject import Subject
from govkit.plugins.check import ONE_ANSWER, Check, Params, Sizes, Work

if TYPE_CHECKING:
    import pandas as pd

TIMED_ROWS = 1_000
TIMED_CALLS, TIMED_REQUESTS, TIMED_SECONDS = 3, 10, 1.0
"""Calls that are timed, of one row and of many each, the same for a service, and seconds after which none is."""
FEWEST_TIMED = 200
"""Rows of the larger calls at least; fewer are repeated, so that a small table doesn't look slow."""
LEAST_CALL_MS = 125
SQRT2 = 2**0.5
FITTED_ROWS = 2_000
FIT_SECONDS = 60.0
"""How long the timed fit may take; a slower model counts as one that can't be fitted again."""


def sizes_of(subject: Subject, *, refits: bool = False) -> Sizes:
    """Measure what a plan may depend on.

    Args:
        subject: what is audited.
        refits: whether a check wants to know how long fitting the model anew takes.
    """
    call_ms, predict_ms = _answer_ms(subject)
    return Sizes(
        test_rows=subject.test.rows,
        train_rows=subject.train.rows if subject.train else 0,
        features=len(subject.columns.features),
        classes=len(subject.task.classes) if subject.task else 0,
        predict_ms_per_1000_rows=predict_ms,
        fit_ms_per_1000_rows=_fit_ms(subject) if refits else 0,
        call_ms=call_ms,
    )


def make_plan(
    checks: Mapping[str, Check], params: Mapping[str, Params], sizes: Sizes, budget: Budget
) -> tuple[Plan, dict[str, Work]]:
    """Resolve a budget to work counts, and to the work with its estimate by check."""
    work = {name: found.plan(sizes, budget, params[name]) for name, found in checks.items() if found.plan}
    plan = Plan(budget=budget, work={name: dict(resolved.counts) for name, resolved in work.items()})
    return plan, work


def _answer_ms(subject: Subject) -> tuple[int, int]:
    """Time calls; give what one takes however few its rows, and what 1,000 rows take on top, both in coarse steps.

    The first is rounded to 125, 250, 500, ... ms, below which it counts as 0, the second up to 100, 1,000, ... ms, so
    that reruns agree on the plan. A model that can't answer is no matter of the plan: each check that asks it will
    say so.
    """
    import numpy as np

    if subject.model is None or not subject.test.rows:
        return 0, 0
    rows = features_of(subject.test, subject.columns).iloc[:TIMED_ROWS]
    rows = rows.iloc[np.arange(max(len(rows), FEWEST_TIMED)) % len(rows)].reset_index(drop=True)
    try:
        with suppress(ModelUnreachable):
            subject.model.predict(rows.iloc[:1])  # the first call may load what later ones don't
        service = subject.artifact is not None and subject.artifact.source == "service"
        call, every = (_spent(subject.model, part, service=service) for part in (rows.iloc[:1], rows))
    except ModelUnavailable:
        return 0, 0
    # a service is sent many rows in many requests
    measured = (every if service else max(every - call, 0.0)) * TIMED_ROWS / len(rows)
    step, fixed = 100, LEAST_CALL_MS
    while step < measured:
        step *= 10
    while fixed * SQRT2 < call:
        fixed *= 2
    return fixed if call * SQRT2 > LEAST_CALL_MS else 0, step


def _spent(model: Model, rows: "pd.DataFrame", *, service: bool) -> float:
    """Give the milliseconds of the fastest of a few calls; of a service the mean of more, since some may fail."""
    began, spent = time.perf_counter(), list[float]()
    calls = TIMED_REQUESTS if service else TIMED_CALLS
    while not spent or (len(spent) < calls and time.perf_counter() - began < TIMED_SECONDS):
        started = time.perf_counter()
        with suppress(ModelUnreachable):
            model.predict(rows)
        spent.append(time.perf_counter() - started)
    return (sum(spent) / len(spent) if service else min(spent)) * 1000


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
