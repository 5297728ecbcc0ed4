"""What ordinary mistakes in the input do to the answer: wrong units, misspelt categories, gaps, wild values."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from govkit.checks.robustness._answers import answers, compared, drawn
from govkit.core.evidence import Column, Finding, Measurement, Message, Severity, Table
from govkit.inputs.columns import Columns
from govkit.inputs.constraints import NUMBERS
from govkit.inputs.dataset import Dataset
from govkit.inputs.model import Model
from govkit.inputs.task import Task
from govkit.plugins.check import Emit, Params, Product, Sizes, Work, check
from govkit.stats import intervals

if TYPE_CHECKING:
    import pandas as pd

ROWS: Mapping[str, int] = {"quick": 60, "standard": 300, "thorough": 1_000}
UNSEEN = "a value that no row has"
FAR = 10
"""How many times the range seen an out-of-range value lies beyond it."""
NOTICED = 0.05
"""Share of silently changed answers from which a column is named."""
MOST_COLUMNS = 30


class InputErrorsParams(Params):
    """Which mistakes are tried."""

    factors: tuple[float, ...] = (10.0, 100.0, 0.1)
    """Factors of slips of the unit."""


def plan(sizes: Sizes, budget: str, params: Params) -> Work:
    """Ask for each row with each column changed in each way."""
    assert isinstance(params, InputErrorsParams)
    slow = max(sizes.predict_ms_per_1000_rows // 100, 1)
    rows = min(max(ROWS[budget] // slow, 20), max(sizes.test_rows, 1))
    asked = rows * min(sizes.features, MOST_COLUMNS) * (3 + len(params.factors))
    return Work({"rows": rows}, 0.2 + asked * sizes.predict_ms_per_1000_rows * 0.1 / 1e6)


@check(
    "robustness.input_errors",
    title="Ordinary mistakes in the input",
    emits=(
        Emit("silent_changes", "share", "answers that a mistake changed without the model noticing"),
        Emit("refused", "share", "mistakes on which the model raised"),
    ),
    messages={
        "robustness.unit_slip": "With {column} in a unit {factor} times too small or large, {share} of the answers "
        "change and nothing is raised.",
        "robustness.category_slip": "With {case} in {column}, {share} of the answers change and nothing is raised.",
    },
    params=InputErrorsParams,
    libraries=("numpy", "scipy"),
    plan=plan,
)
def input_errors(  # noqa: PLR0913 - each is an input of the check
    *,
    model: Model,
    test: Dataset,
    columns: Columns,
    task: Task,
    params: InputErrorsParams,
    work: Mapping[str, int],
    seed: int,
    train: Dataset | None = None,
) -> Iterator[Product]:
    """Make one ordinary mistake in one column of every row and compare the answers.

    Why it matters:
        Somebody will enter euros for cents or misspell a category. A model that answers as if nothing had happened
        passes the mistake on as a decision.
    Method:
        Every column in turn, the same mistake in every sampled row: numbers times the given factors and far outside
        the range seen; categories in other case, with a letter doubled, with a blank behind, and unseen; any column
        blank. Counted are answers that changed although the model raised nothing, and rows on which it raised; shares
        over all columns and rows by kind of mistake, with Wilson's interval at 95%. Each column's share is in the
        table.
    Limits:
        That an answer changes is not always wrong. The interval takes columns of one row as independent, which they
        are not. What a service checks before it calls the model is not seen.

    References:
        Breck et al. (2019), Data Validation for Machine Learning; Wilson (1927).
    """
    import numpy as np

    rows = drawn(test, columns, work["rows"], np.random.default_rng(seed))
    reference = (train or test).frame
    usual = answers(model, task, rows)
    told: list[tuple[str, str, float, float]] = []
    counts: dict[str, list[int]] = {}
    for name in list(rows.columns)[:MOST_COLUMNS]:
        for case, changed in _mistakes(rows, reference[name], str(name), columns, params.factors):
            found = compared(model, task, changed, usual)
            silent, raised = int(found.differing.sum()), int(found.raised.sum())
            so_far = counts.setdefault(case, [0, 0, 0])
            counts[case] = [so_far[0] + silent, so_far[1] + raised, so_far[2] + len(rows)]
            told.append((str(name), case, silent / len(rows), raised / len(rows)))
    for case, (silent, raised, asked) in counts.items():
        for measured, count in (("silent_changes", silent), ("refused", raised)):
            interval = intervals.proportion(count, asked)
            share = count / asked
            yield Measurement(
                name=measured, value=share, unit="share", n=asked, interval=interval, group={"case": case}
            )
    yield from _findings(told, len(rows))
    yield Table(
        name="input_errors",
        title="Answers changed by a mistake in one column",
        columns=(
            Column(name="column"),
            Column(name="mistake"),
            Column(name="changed silently", unit="share"),
            Column(name="refused", unit="share"),
        ),
        rows=tuple(sorted(told, key=lambda one: (-one[2], one[0], one[1]))),
    )


def _findings(told: list[tuple[str, str, float, float]], rows: int) -> Iterator[Finding]:
    """Name, for each column, the slip that changes the most answers, where that is surely more than a few."""
    worst: dict[str, tuple[float, str]] = {}
    for name, case, silent, _ in told:
        if case not in {"a blank cell", "an unseen category", "a value out of range"}:
            worst[name] = max(worst.get(name, (0.0, "")), (silent, case))
    for name, (silent, case) in worst.items():
        low = intervals.proportion(round(silent * rows), rows).low
        if low is None or low <= NOTICED:
            continue
        args = {"column": name, "share": f"{silent:.0%}"}
        if case.startswith("a unit"):
            message = Message(id="robustness.unit_slip", args={**args, "factor": case.rsplit(" ", 1)[-1]})
        else:
            message = Message(id="robustness.category_slip", args={**args, "case": case})
        yield Finding(rule="ROB-012", severity=Severity.INFO, message=message, where=name)


def _mistakes(
    rows: "pd.DataFrame", reference: "pd.Series[Any]", name: str, columns: Columns, factors: tuple[float, ...]
) -> "Iterator[tuple[str, pd.DataFrame]]":
    """Give the ways to get one column wrong."""
    column = rows[name]
    if columns.kinds[name] in NUMBERS and column.dtype.kind in "iuf":
        numbers = column.astype("float64")
        for factor in factors:
            yield f"a unit off by {factor:g}", rows.assign(**{name: numbers * factor})
        low, high = float(reference.min()), float(reference.max())
        yield "a value out of range", rows.assign(**{name: high + FAR * ((high - low) or 1.0)})
    elif column.dtype.kind not in "iufb":
        text = column.where(column.isna(), column.astype(str))
        yield "other case", rows.assign(**{name: text.str.swapcase()})
        yield "a doubled letter", rows.assign(**{name: text.str[:1] + text})
        yield "a blank behind", rows.assign(**{name: text + " "})
        yield "an unseen category", rows.assign(**{name: UNSEEN})
    yield "a blank cell", rows.assign(**{name: float("nan") if column.dtype.kind in "iuf" else None})
