"""Whether the model answers when a cell is missing, holds an unseen category or lies outside the range seen."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING

from govkit.checks.robustness._pace import answers_take, ration
from govkit.core.errors import ModelRaised, ModelUnavailable
from govkit.core.evidence import Finding, Measurement, Message, Severity
from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.model import Model
from govkit.inputs.predictions import features_of
from govkit.plugins.check import Emit, Product, Sizes, Work, check
from govkit.stats import intervals

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

UNSEEN = "a value that no row has"
UNFORESEEN = "missing value where none ever is"
FAR = 10
"""How many times the range seen an out-of-range value lies beyond it."""
ALONE = 10
"""Rows asked alone where the model raises; the rest are left out where it raises on all of these."""
CASES = 4
PART, LEAST_CALLS = 0.3, 3
"""Part of the budget for calls of a slow model, and the cases without which there is little to say."""
ROWS: Mapping[str, int] = {"quick": 40, "standard": 100, "thorough": 400}


def plan(sizes: Sizes, budget: str, params: object) -> Work:  # noqa: ARG001 - the signature of a plan
    """Take so many rows a case, fewer of a slow model; each may cost two calls where the model raises."""
    slow = max(sizes.predict_ms_per_1000_rows // 1_000, 1)
    rows = min(max(ROWS[budget] // slow, 2 * ALONE), max(sizes.test_rows, 1))
    calls = ration(sizes, budget, PART, LEAST_CALLS)
    counts = {"rows": rows, "cases": CASES, "alone": ALONE}
    if calls:
        cases = min(CASES, calls["calls"])
        counts.update(cases=cases, alone=max(min(ALONE, (calls["calls"] - cases - 1) // max(cases, 1)), 1))
    left_out = ("values out of range",) if counts["cases"] < CASES else ()
    seconds = 0.1 + 3 * ALONE * (0.005 + answers_take(sizes.predict_ms_per_1000_rows))
    return Work(counts, seconds, left_out).within(calls, CASES)


@check(
    "robustness.missing_inputs",
    title="Answers to incomplete input",
    emits=(
        Emit("answered_share", "share", "changed rows that the model answers without raising"),
        Emit("unforeseen_answered_share", "share", "rows answered with a blank cell in a column that never has one"),
    ),
    messages={
        "robustness.raises": "The model raised on {failed} of {rows} rows ({case}); whoever calls it must catch this.",
        "robustness.refuses_blanks": "The model raised on {failed} of {rows} rows with a blank cell in a column that "
        "is never blank in the data. That tells the caller, who must be ready for it.",
    },
    libraries=("numpy", "scipy"),
    plan=plan,
)
def missing_inputs(  # noqa: PLR0913 - each is an input of the check
    *,
    model: Model,
    test: Dataset,
    columns: Columns,
    work: Mapping[str, int],
    seed: int,
    train: Dataset | None = None,
) -> Iterator[Product]:
    """Ask for rows with a blank cell, an unseen category or a number far outside the range.

    Why it matters:
        Such input comes sooner or later. A model that raises stops the system around it unless somebody thought of it.
    Method:
        In each sampled row one feature, drawn at random, is changed: made blank, set to a category that neither TRAIN
        nor DATA holds, or set to ten times the range seen beyond its end. The share of rows answered with a value and
        without an exception, with an exact interval at 95%; where the model raises on each of the first ten rows, only
        these count. Columns in which no cell of TRAIN and DATA is blank are
        counted apart: to refuse what was never there is as good as to fill it in, so no criterion judges it.
    Limits:
        An answer is not a good answer: models that fill in or ignore such cells do so silently. One cell at a time.

    References:
        Clopper and Pearson (1934).
    """
    import numpy as np

    rng = np.random.default_rng(seed)
    rows = features_of(test, columns)
    rows = rows.iloc[np.sort(rng.permutation(len(rows))[: work["rows"]])].reset_index(drop=True)
    known = [held.frame for held in (test, train) if held is not None]
    blank = [str(name) for name in rows if any(name in frame and frame[name].isna().any() for frame in known)]
    answers_unchanged = cache(lambda: model.predict(rows))
    for case, changed in islice(_cases(rows, (train or test).frame, blank, rng), work.get("cases", CASES)):
        found = _asked(model, changed, rows, work.get("alone", ALONE), answers_unchanged)
        yield from _counted(case, int(found.sum()), len(found))


def _counted(case: str, answered: int, rows: int) -> Iterator[Product]:
    """Give the share of rows answered, and a finding where the model raised."""
    foreseen = case != UNFORESEEN
    yield Measurement(
        name="answered_share" if foreseen else "unforeseen_answered_share",
        value=answered / rows,
        unit="share",
        n=rows,
        interval=intervals.proportion(answered, rows),
        group={"case": case},
    )
    if answered < rows:
        args: dict[str, str | int] = {"failed": rows - answered, "rows": rows} | ({"case": case} if foreseen else {})
        message = Message(id="robustness.raises" if foreseen else "robustness.refuses_blanks", args=args)
        severity = Severity.MEDIUM if foreseen else Severity.LOW
        yield Finding(rule="ROB-005", severity=severity, message=message, where="model")


def _cases(
    rows: "pd.DataFrame", reference: "pd.DataFrame", blank: list[str], rng: "np.random.Generator"
) -> "Iterator[tuple[str, pd.DataFrame]]":
    """Give the changed rows by case; a case that no feature admits is left out.

    Args:
        rows: rows of DATA.
        reference: where ranges are taken from.
        blank: features that have blank cells of themselves.
        rng: source of randomness.
    """
    names = [str(name) for name in rows]
    numbers = [name for name in names if rows[name].dtype.kind in "iuf" and reference[name].dtype.kind in "iuf"]
    categories = [name for name in names if rows[name].dtype.kind not in "iufb"]
    if blank:
        yield "missing value", _changed(rows, dict.fromkeys(blank, None), rng)
    if never := [name for name in names if name not in blank]:
        yield UNFORESEEN, _changed(rows, dict.fromkeys(never, None), rng)
    if categories:
        yield "unseen category", _changed(rows, dict.fromkeys(categories, UNSEEN), rng)
    if numbers:
        far = {name: _beyond(reference[name]) for name in numbers}
        yield "out of range", _changed(rows, far, rng)


def _beyond(column: "pd.Series[float]") -> float:
    low, high = float(column.min()), float(column.max())
    return high + FAR * ((high - low) or 1.0)


def _changed(
    rows: "pd.DataFrame", values: Mapping[str, str | float | None], rng: "np.random.Generator"
) -> "pd.DataFrame":
    """Set one randomly drawn column of `values` in every row."""
    import numpy as np

    names = list(values)
    drawn = rng.integers(len(names), size=len(rows))
    changed = {}
    for index, name in enumerate(names):
        column, here, value = rows[name], drawn == index, values[name]
        if not here.any():
            continue
        if value is None:
            changed[name] = column.mask(here) if column.dtype.kind != "b" else column.astype(object).mask(here)
        elif isinstance(value, float) and column.dtype.kind in "iu":
            changed[name] = column.mask(here, np.int64(value))
        else:
            changed[name] = column.mask(here, value)
    return rows.assign(**changed)


def _asked(
    model: Model,
    changed: "pd.DataFrame",
    unchanged: "pd.DataFrame",
    first: int,
    answers_unchanged: "Callable[[], object]",
) -> "NDArray[np.bool_]":
    """Say which rows are answered: all, or the first alone where all of these raise.

    Raises:
        ModelUnavailable: the model does not answer the unchanged rows either.
    """
    import numpy as np
    import pandas as pd

    try:
        return np.asarray(pd.notna(model.predict(changed)), dtype=np.bool_)
    except ModelUnavailable:
        answers_unchanged()
        single = range(min(first, len(changed)))
        parts = [_answered(model, changed.iloc[[at]], unchanged.iloc[[at]]) for at in single]
    alone = np.concatenate(parts)
    if not alone.any() or len(alone) == len(changed):
        return alone
    return np.concatenate([alone, _answered(model, changed.iloc[first:], unchanged.iloc[first:])])


def _answered(model: Model, changed: "pd.DataFrame", unchanged: "pd.DataFrame") -> "NDArray[np.bool_]":
    """Say which rows are answered; a batch that raises is halved until the rows at fault are alone.

    Raises:
        ModelUnavailable: the model no longer answers the unchanged rows either, so that its process is at fault.
    """
    import numpy as np
    import pandas as pd

    try:
        return np.asarray(pd.notna(model.predict(changed)), dtype=np.bool_)
    except ModelUnavailable as problem:
        if not isinstance(problem, ModelRaised):
            model.predict(unchanged)
    if len(changed) == 1:
        return np.zeros(1, dtype=np.bool_)
    middle = len(changed) // 2
    halves = ((changed.iloc[:middle], unchanged.iloc[:middle]), (changed.iloc[middle:], unchanged.iloc[middle:]))
    return np.concatenate([_answered(model, *half) for half in halves])
