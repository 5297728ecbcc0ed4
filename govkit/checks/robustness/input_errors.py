"""What ordinary mistakes in the input do to the answer: wrong units, misspelt categories, gaps, wild values."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from govkit.checks.robustness._answers import answers, compared, compared_at_once, drawn
from govkit.checks.robustness._pace import ration
from govkit.core.evidence import Column, Finding, Measurement, Message, Severity, Table
from govkit.inputs.columns import Columns
from govkit.inputs.constraints import NUMBERS
from govkit.inputs.dataset import Dataset
from govkit.inputs.model import Model
from govkit.inputs.task import Task
from govkit.plugins.check import Emit, Params, Product, Sizes, Work, check
from govkit.stats import intervals

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

ROWS: Mapping[str, int] = {"quick": 60, "standard": 300, "thorough": 1_000}
UNSEEN = "a value that no row has"
BLANK, UNSEEN_CATEGORY, OUT_OF_RANGE = "a blank cell", "an unseen category", "a value out of range"
ALONE = 10
"""Rows asked again where the model raises."""
FAR = 10
"""How many times the range seen an out-of-range value lies beyond it."""
NOTICED = 0.05
"""Share of silently changed answers from which a column is named."""
MOST_COLUMNS, WIDE = 30, 500
"""Columns that are tried, and features from which each row takes longer too."""
PART, LEAST_CALLS = 0.2, 3
"""Part of the budget for calls of a slow model, and calls that everything takes where nothing is raised."""


class InputErrorsParams(Params):
    """Which mistakes are tried."""

    factors: tuple[float, ...] = (10.0, 100.0, 0.1)
    """Factors of slips of the unit."""


def plan(sizes: Sizes, budget: str, params: Params) -> Work:
    """Ask for each row with each column changed in each way."""
    assert isinstance(params, InputErrorsParams)
    slow = max(sizes.predict_ms_per_1000_rows // 100, 1)
    wide = max(sizes.features // WIDE, 1)
    rows = min(max(ROWS[budget] // (slow * wide), 20), max(sizes.test_rows, 1))
    asked = rows * min(sizes.features, MOST_COLUMNS) * (3 + len(params.factors))
    calls = ration(sizes, budget, PART, LEAST_CALLS)
    counts = {"rows": min(rows, ROWS["quick"]), "together": MOST_COLUMNS} if calls else {"rows": rows, "together": 1}
    seconds = 0.2 + asked * sizes.predict_ms_per_1000_rows * 0.1 / 1e6
    return Work(counts, seconds).within(calls, LEAST_CALLS)


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
        "robustness.mistakes_left_out": "The model raised on one of these mistakes at least: {kinds}. A call takes "
        "about {seconds} s, so they were not tried one by one.",
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
        blank. Counted are answers that changed although the model raised nothing, and rows on which it raised; where it
        raises, only the first ten rows are asked again and count. Shares over all columns and rows asked by
        kind of mistake, with Clopper and Pearson's interval at 95%. Each column's share is in the
        table.
    Limits:
        That an answer changes is not always wrong. The interval takes columns of one row as independent, which they
        are not. What a service checks before it calls the model is not seen.

    References:
        Breck et al. (2019), Data Validation for Machine Learning; Clopper and Pearson (1934).
    """
    import numpy as np

    rows = drawn(test, columns, work["rows"], np.random.default_rng(seed))
    reference = (train or test).frame
    usual = answers(model, task, rows)
    told: list[_Told] = []
    names = [str(name) for name in list(rows.columns)[:MOST_COLUMNS]]
    together = work.get("together", 1)
    for at in range(0, len(names), together):
        mistakes = {
            (name, case): changed
            for name in names[at : at + together]
            for case, changed in _mistakes(rows, reference[name], name, columns, params.factors)
        }
        others, blanks = ([one for one in mistakes if (one[1] == BLANK) is blank] for blank in (False, True))
        for cases in filter(None, (others, blanks)):  # blanks are the most likely to raise
            changed = [mistakes[case] for case in cases]
            found = _asked(model, task, changed, usual, at_once="calls" in work)
            told += [_Told(*case, *counts) for case, counts in zip(cases, found, strict=False)]
            if not found:
                yield _left_out(cases, work)
    yield from _measured(told)
    yield from _findings(told)
    yield _table(told)


@dataclass(frozen=True)
class _Told:
    """What one mistake in one column did."""

    column: str
    case: str
    silent: int
    raised: int
    rows: int


def _asked(
    model: Model, task: Task, mistaken: "list[pd.DataFrame]", usual: "NDArray[np.float64]", *, at_once: bool
) -> list[tuple[int, int, int]]:
    """Ask about several mistakes in one call; give for each the silent changes, the refusals and the rows asked.

    Where that raises, each mistake is asked about in a call of its own, and where it raises again, its first rows are;
    nothing comes of it where all must be asked `at_once`.
    """
    import numpy as np
    import pandas as pd

    together = compared_at_once(model, task, pd.concat(mistaken, ignore_index=True), np.tile(usual, len(mistaken)))
    if together is not None:
        return [(int(own.sum()), 0, len(usual)) for own in np.split(together, len(mistaken))]
    if at_once:
        return []
    if len(mistaken) > 1:
        return [found for one in mistaken for found in _asked(model, task, [one], usual, at_once=False)]
    alone = compared(model, task, mistaken[0].iloc[:ALONE], usual[:ALONE])
    return [(int(alone.differing.sum()), int(alone.raised.sum()), alone.rows)]


def _left_out(cases: list[tuple[str, str]], work: Mapping[str, int]) -> Finding:
    kinds = "; ".join(dict.fromkeys(case for _, case in cases))
    args = {"kinds": kinds, "seconds": f"{work['call_ms'] / 1000:g}"}
    message = Message(id="robustness.mistakes_left_out", args=args)
    return Finding(rule="ROB-024", severity=Severity.INFO, message=message, where="model")


def _measured(told: list[_Told]) -> Iterator[Measurement]:
    for case in dict.fromkeys(one.case for one in told):
        own = [one for one in told if one.case == case]
        asked = sum(one.rows for one in own)
        for name, count in (
            ("silent_changes", sum(one.silent for one in own)),
            ("refused", sum(one.raised for one in own)),
        ):
            interval = intervals.proportion(count, asked)
            yield Measurement(
                name=name, value=count / asked, unit="share", n=asked, interval=interval, group={"case": case}
            )


def _table(told: list[_Told]) -> Table:
    rows = [(one.column, one.case, one.silent / one.rows, one.raised / one.rows) for one in told]
    return Table(
        name="input_errors",
        title="Answers changed by a mistake in one column",
        columns=(
            Column(name="column"),
            Column(name="mistake"),
            Column(name="changed silently", unit="share"),
            Column(name="refused", unit="share"),
        ),
        rows=tuple(sorted(rows, key=lambda one: (-one[2], one[0], one[1]))),
    )


def _findings(told: list[_Told]) -> Iterator[Finding]:
    """Name, for each column, the slip that changes the most answers, where that is surely more than a few."""
    worst: dict[str, _Told] = {}
    for one in told:
        before = worst.get(one.column, one)
        if one.case not in {BLANK, UNSEEN_CATEGORY, OUT_OF_RANGE}:
            worst[one.column] = max(before, one, key=lambda each: (each.silent / each.rows, each.case))
    for name, one in worst.items():
        low = intervals.proportion(one.silent, one.rows).low
        if low is None or low <= NOTICED:
            continue
        silent, case = one.silent / one.rows, one.case
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
        yield OUT_OF_RANGE, rows.assign(**{name: high + FAR * ((high - low) or 1.0)})
    elif column.dtype.kind not in "iufb":
        text = column.where(column.isna(), column.astype(str))
        yield "other case", rows.assign(**{name: text.str.swapcase()})
        yield "a doubled letter", rows.assign(**{name: text.str[:1] + text})
        yield "a blank behind", rows.assign(**{name: text + " "})
        yield UNSEEN_CATEGORY, rows.assign(**{name: UNSEEN})
    yield BLANK, rows.assign(**{name: float("nan") if column.dtype.kind in "iuf" else None})
