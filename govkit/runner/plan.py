"""What the budget comes to: integer work counts for every check, from sizes and one timed prediction."""

import time
from collections.abc import Mapping

from govkit.config import Budget
from govkit.core.errors import ModelUnavailable
from govkit.core.record import Plan
from govkit.inputs.predictions import features_of
from govkit.inputs.subject import Subject
from govkit.plugins.check import Check, Params, Sizes

TIMED_ROWS = 1_000


def sizes_of(subject: Subject) -> Sizes:
    """Measure what a plan may depend on."""
    return Sizes(
        test_rows=subject.test.rows,
        train_rows=subject.train.rows if subject.train else 0,
        features=len(subject.columns.features),
        classes=len(subject.task.classes) if subject.task else 0,
        predict_ms_per_1000_rows=_predict_ms(subject),
    )


def make_plan(
    checks: Mapping[str, Check], params: Mapping[str, Params], sizes: Sizes, budget: Budget
) -> tuple[Plan, dict[str, float]]:
    """Resolve a budget to work counts and to estimated seconds by check."""
    work = {name: found.plan(sizes, budget, params[name]) for name, found in checks.items() if found.plan}
    plan = Plan(budget=budget, work={name: dict(resolved.counts) for name, resolved in work.items()})
    return plan, {name: resolved.seconds for name, resolved in work.items()}


def _predict_ms(subject: Subject) -> int:
    """Time one prediction and round up to 100, 1,000, ... ms, so that reruns agree on the plan.

    A model that can't answer is no matter of the plan: each check that asks it will say so.
    """
    if subject.model is None:
        return 0
    rows = features_of(subject.test, subject.columns).iloc[:TIMED_ROWS]
    try:
        subject.model.predict(rows)
        started = time.perf_counter()
        subject.model.predict(rows)
    except ModelUnavailable:
        return 0
    measured = (time.perf_counter() - started) * 1000 * TIMED_ROWS / len(rows)
    step = 100
    while step < measured:
        step *= 10
    return step
