"""Whether the answer to a row depends on anything but the row: on its neighbours, its place, its types."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING

from govkit.checks.robustness._answers import Compared, answers, compared, compared_at_once, drawn
from govkit.checks.robustness._pace import ration
from govkit.core.evidence import Finding, Measurement, Message, Severity
from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.model import Model
from govkit.inputs.task import Task
from govkit.plugins.check import Emit, Product, Sizes, Work, check
from govkit.stats import intervals

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

ROWS: Mapping[str, int] = {"quick": 300, "standard": 1_000, "thorough": 2_000}
FIRST = 10
"""Rows asked first; a case in which the model raises on all of these is left out."""
ALONE, CASES = 10, 6
"""Rows asked one at a time, and other forms of all rows."""
PART, LEAST_CALLS, SPARE = 0.35, 3, 2
"""Part of the budget for calls of a slow model, calls for two other forms, and calls for a form that is refused."""


def plan(sizes: Sizes, budget: str, params: object) -> Work:  # noqa: ARG001 - the signature of a plan
    """Take fewer rows of a slow model."""
    slow = max(sizes.predict_ms_per_1000_rows // 100, 1)
    rows = min(max(ROWS[budget] // slow, 250), max(sizes.test_rows, 1))
    counts, left_out = {"rows": rows, "cases": CASES, "alone": ALONE}, tuple[str, ...]()
    calls = ration(sizes, budget, PART, LEAST_CALLS)
    if calls:
        room = calls["calls"] - 1 - (SPARE if calls["calls"] > CASES else 0)
        counts.update(cases=min(CASES, room), alone=min(ALONE, max(room - CASES, 0)))
        left_out = ("some forms of the same rows",) if room < CASES + ALONE else ()
    seconds = 8 * rows * sizes.predict_ms_per_1000_rows * 0.1 / 1e6 + 0.2
    return Work(counts, seconds, left_out).within(calls, 1 + CASES + ALONE + SPARE)


@check(
    "robustness.contract",
    title="Same row, same answer",
    emits=(Emit("changed_answers", "share", "rows answered differently although the row is the same"),),
    messages={
        "robustness.contract_broken": "For {changed} of {rows} rows the answer changed with {case}, though the row did "
        "not.",
        "robustness.contract_left_out": "A call of the model takes about {seconds} s, so only {cases} of {all_cases} "
        "other forms of all rows were tried, and {alone} of {all_alone} rows one at a time.",
    },
    libraries=("numpy", "scipy"),
    plan=plan,
)
def contract(  # noqa: PLR0913 - each is an input of the check
    *, model: Model, test: Dataset, columns: Columns, task: Task, work: Mapping[str, int], seed: int
) -> Iterator[Product]:
    """Ask for the same rows in another form and compare the answers.

    Why it matters:
        An answer that depends on the rows around it, on the order of columns or on how a number is stored differs
        between test and use, and two people with the same data are treated differently.
    Method:
        The same rows are asked again: as they are, in another order, one at a time, with whole numbers stored as
        decimals, under another index, and with the columns in another order where the model knows their names. A case
        in which the model raises on the first ten rows is refused and no change. Share of rows with another answer,
        exact interval at 95%.
    Limits:
        Rows reach the model through govkit, which hands over fresh tables; how a service around the model reads its
        input is not tested.

    References:
        Chen et al. (2018), Metamorphic Testing; Clopper and Pearson (1934).
    """
    import numpy as np

    rng = np.random.default_rng(seed)
    rows = drawn(test, columns, work["rows"], rng)
    usual = answers(model, task, rows)
    cases, alone = work.get("cases", CASES), work.get("alone", ALONE)
    if cases < CASES or alone < ALONE:
        yield _left_out(work)
    for case, changed, expected in islice(_cases(rows, usual, model, rng), cases):
        found = _compared(model, task, changed, expected, 1 if "calls" in work else FIRST)
        if found is None:
            continue
        asked, differing = int((~found.raised).sum()), int(found.differing.sum())
        yield Measurement(
            name="changed_answers",
            value=differing / asked,
            unit="share",
            n=asked,
            interval=intervals.proportion(differing, asked),
            group={"case": case},
        )
        if differing:
            args: dict[str, str | int] = {"changed": differing, "rows": asked, "case": case}
            message = Message(id="robustness.contract_broken", args=args)
            yield Finding(rule="ROB-010", severity=Severity.HIGH, message=message, where="model")
    if alone:
        yield from _one_at_a_time(model, task, rows.iloc[:alone], usual)


def _left_out(work: Mapping[str, int]) -> Finding:
    args: dict[str, str | int] = {"cases": work["cases"], "all_cases": CASES, "alone": work["alone"]}
    args |= {"all_alone": ALONE, "seconds": f"{work['call_ms'] / 1000:g}"}
    message = Message(id="robustness.contract_left_out", args=args)
    return Finding(rule="ROB-023", severity=Severity.LOW, message=message, where="plan")


def _compared(
    model: Model, task: Task, changed: "pd.DataFrame", expected: "NDArray[np.float64]", first: int
) -> Compared | None:
    """Compare the answers; None where the model raises on all of so many first rows."""
    import numpy as np

    differing = compared_at_once(model, task, changed, expected)
    if differing is not None:
        return Compared(len(changed), differing, np.zeros(len(changed), dtype=bool))
    if compared(model, task, changed.iloc[:first], expected[:first]).raised.all():
        return None
    return compared(model, task, changed, expected)


def _one_at_a_time(
    model: Model, task: Task, rows: "pd.DataFrame", usual: "NDArray[np.float64]"
) -> Iterator[Measurement | Finding]:
    import numpy as np

    alone = np.concatenate([answers(model, task, rows.iloc[at : at + 1]) for at in range(len(rows))])
    differing = int((np.abs(alone - usual[: len(alone)]) > 1e-6 * (1 + np.abs(alone))).sum())
    yield Measurement(
        name="changed_answers",
        value=differing / len(alone),
        unit="share",
        n=len(alone),
        interval=None,
        group={"case": "one row at a time"},
    )
    if differing:
        args: dict[str, str | int] = {"changed": differing, "rows": len(alone), "case": "one row at a time"}
        message = Message(id="robustness.contract_broken", args=args)
        yield Finding(rule="ROB-010", severity=Severity.HIGH, message=message, where="model")


def _cases(
    rows: "pd.DataFrame", usual: "NDArray[np.float64]", model: Model, rng: "np.random.Generator"
) -> "Iterator[tuple[str, pd.DataFrame, NDArray[np.float64]]]":
    """Give a name, the rows in another form and the answers to expect."""
    yield "asking again", rows, usual
    order = rng.permutation(len(rows))
    yield "the order of rows", rows.iloc[order].reset_index(drop=True), usual[order]
    most = max(len(rows) * 4 // 5, 1)
    yield "the size of the batch", rows.iloc[:most], usual[:most]
    whole = [name for name in rows if rows[name].dtype.kind in "iu"]
    if whole:
        yield "the type of whole numbers", rows.astype(dict.fromkeys(whole, "float64")), usual
    yield "the index", rows.set_axis(range(len(rows), 0, -1), axis=0), usual
    if model.described.features and rows.shape[1] > 1:
        yield "the order of columns", rows[list(reversed(list(rows.columns)))], usual
