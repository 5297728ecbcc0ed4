"""Holds the declared limits of change in govkit.yaml against each other and against the data, place by place."""

from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from govkit.config import Robustness
from govkit.inputs.columns import Columns
from govkit.inputs.formula import Formula, parse
from govkit.inputs.task import Task, same
from govkit.strict_yaml import did_you_mean

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

LOOKED_AT = 10_000
"""Rows that a declaration is held against."""
HOLDS = 0.95
"""Share of rows in which a formula must give the column that it derives."""
MOST_DECIMALS = 6
NUMBERS = frozenset({"number", "integer"})


@dataclass(frozen=True)
class Problem:
    """A declaration that can't be followed, with its place in govkit.yaml."""

    path: tuple[str | int, ...]
    message: str
    hint: str


def problem_of(declared: Robustness, columns: Columns, rows: "pd.DataFrame", task: Task | None) -> Problem | None:
    """Give the first problem of the section `robustness`; None where there is none.

    Args:
        declared: the section.
        columns: roles and kinds.
        rows: TRAIN, or DATA without it.
        task: classes, for the harmful one.
    """
    sample = rows.iloc[:LOOKED_AT]
    steps = (
        _unknown(declared, columns),
        _not_numbers(declared, columns, sample),
        _contradictory(declared),
        _unreadable(declared, columns),
        _goals(declared, task),
        _held_by_no_row(declared, sample),
        _one_hot(declared, sample),
        _derived(declared, sample),
    )
    return next((problem for step in steps for problem in step), None)


def _named(declared: Robustness) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Give every column name with its place."""
    for section in ("direction", "bounds", "max_change", "derived", "cost", "monotone"):
        yield from (((section, name), name) for name in getattr(declared, section))
    lists: list[tuple[tuple[str | int, ...], tuple[str, ...]]] = [
        (("immutable",), declared.immutable),
        (("hold_zero",), declared.hold_zero or ()),
    ]
    for section in ("less_equal", "one_hot"):
        lists += [((section, index), group) for index, group in enumerate(getattr(declared, section))]
    for index, added in enumerate(declared.sums):
        lists.append((("sums", index, "parts"), added.parts))
        if added.total is not None:
            yield ("sums", index, "total"), added.total
    yield from (((*path, place), name) for path, names in lists for place, name in enumerate(names))
    yield from ((("category_swaps", "columns", name), name) for name in declared.category_swaps.columns)


def _unknown(declared: Robustness, columns: Columns) -> Iterator[Problem]:
    for path, name in _named(declared):
        if name not in columns.kinds:
            hint = did_you_mean(name, columns.kinds, f"columns are: {', '.join(list(columns.kinds)[:12])}")
            yield _problem(path, f"names the column {name!r}, which the data does not have", hint)
        elif name not in columns.features:
            yield _problem(path, f"names {name!r}, which the model does not take", "remove it from this section")


def _not_numbers(declared: Robustness, columns: Columns, rows: "pd.DataFrame") -> Iterator[Problem]:
    for path, name in _named(declared):
        number = columns.kinds[name] in NUMBERS and rows[name].dtype.kind in "iuf"
        if path[0] not in {"immutable", "category_swaps", "cost"} and not number:
            yield _problem(path, f"is for numbers, and {name!r} is a {columns.kinds[name]}", "remove it here")


def _contradictory(declared: Robustness) -> Iterator[Problem]:
    for name, (low, high) in declared.bounds.items():
        if low is not None and high is not None and low > high:
            message = f"holds contradictory bounds for {name!r}: {low:g} is above {high:g}"
            yield _problem(("bounds", name), message, "write [lowest, highest]")
    for section in ("direction", "max_change"):
        for name in sorted(set(declared.immutable) & set(getattr(declared, section))):
            yield _problem((section, name), f"names {name!r}, which is immutable", "remove one of the two lines")
    pairs = list(declared.less_equal)
    for index, (one, other) in enumerate(pairs):
        if one == other or (other, one) in pairs[:index]:
            yield _problem(("less_equal", index), f"orders {one!r} and {other!r} both ways", "keep one of the two")
    yield from _twice(declared)


def _twice(declared: Robustness) -> Iterator[Problem]:
    """Find columns that two declarations each work out, or that two one-hot groups hold."""
    taken: set[str] = set()
    worked_out = [(("sums", index, "total"), added.total) for index, added in enumerate(declared.sums) if added.total]
    for path, name in [*worked_out, *((("derived", name), name) for name in declared.derived)]:
        if name in taken:
            yield _problem(path, f"works {name!r} out a second time", "keep one of the two")
        taken.add(name)
    grouped: set[str] = set()
    for index, group in enumerate(declared.one_hot):
        for name in group:
            if name in grouped:
                yield _problem(("one_hot", index), f"holds {name!r} a second time", "keep it in one group")
            grouped.add(name)


def _unreadable(declared: Robustness, columns: Columns) -> Iterator[Problem]:
    needs: dict[str, tuple[str, ...]] = {}
    for name, text in declared.derived.items():
        try:
            needs[name] = parse(text).columns
        except ValueError as error:
            hint = "use columns, numbers, + - * / and brackets; put names with spaces in backticks"
            yield _problem(("derived", name), f"has a formula that {error}", hint)
            continue
        for read in needs[name]:
            if columns.kinds.get(read) not in NUMBERS or read not in columns.features:
                hint = did_you_mean(read, columns.features, "name numeric columns that the model takes")
                yield _problem(("derived", name), f"reads {read!r}, which is no number that the model takes", hint)
    totals = {added.total: added.parts for added in declared.sums if added.total}
    try:
        TopologicalSorter({**needs, **totals}).prepare()
    except CycleError:
        yield _problem(("derived",), "goes round in circles", "derive columns from others only")


def _goals(declared: Robustness, task: Task | None) -> Iterator[Problem]:
    if task is None:
        return
    wanted = declared.harmful_class
    if wanted is not None and not any(same(label, wanted) for label in task.classes):
        yield _problem(("harmful_class",), "names no class of the model", "name one of its classes, or remove the line")
    if declared.harmful_change is not None and task.is_classification:
        hint = "name a harmful_class instead, or remove the line"
        yield _problem(("harmful_change",), "is for models that predict a number", hint)
    for name in declared.monotone if task.name == "multiclass" else ():
        hint = "remove the line"
        yield _problem(("monotone", name), "is for models with two classes, or that predict a number", hint)


def _held_by_no_row(declared: Robustness, rows: "pd.DataFrame") -> Iterator[Problem]:
    for name, (low, high) in declared.bounds.items():
        column = _cells(rows, name)
        inside = (column >= (low if low is not None else -float("inf"))) & (
            column <= (high if high is not None else float("inf"))
        )
        if not inside.any():
            yield _problem(("bounds", name), f"leaves out every row's {name!r}", "correct the bounds or their unit")
    for index, (one, other) in enumerate(declared.less_equal):
        if not (_cells(rows, one) <= _cells(rows, other)).any():
            yield _problem(("less_equal", index), f"holds in no row: {one!r} <= {other!r}", "swap the two names")
    for index, added in enumerate(declared.sums):
        if added.total is not None:
            parts = rows[list(added.parts)].to_numpy(dtype="float64", na_value=float("nan")).sum(axis=1)
            if not _agree(_cells(rows, added.total), parts).any():
                yield _problem(("sums", index), f"holds in no row: the parts of {added.total!r}", "name all its parts")


def _one_hot(declared: Robustness, rows: "pd.DataFrame") -> Iterator[Problem]:
    for index, group in enumerate(declared.one_hot):
        total = sum(_cells(rows, name) == 1 for name in group)
        others = sum((_cells(rows, name) != 1) & (_cells(rows, name) != 0) for name in group)
        if not ((total == 1) & (others == 0)).any():
            yield _problem(("one_hot", index), "holds in no row: exactly one 1", "name all columns of the group")


def _derived(declared: Robustness, rows: "pd.DataFrame") -> Iterator[Problem]:
    for name, text in declared.derived.items():
        formula = parse(text)
        holds = _agree(_cells(rows, name), formula({read: _cells(rows, read) for read in formula.columns}))
        if holds.mean() < HOLDS:
            message = f"gives {name!r} in {int(holds.sum()):,} of {len(rows):,} rows only"
            yield _problem(("derived", name), message, "correct the formula")


def _agree(column: "NDArray[np.float64]", worked_out: "NDArray[np.float64]") -> "NDArray[np.bool_]":
    """Say where a column is what was worked out, up to the decimals it is written with; blanks agree."""
    import numpy as np

    places = decimals_of(column)
    slack = 0.5 * 10.0**-places if places is not None else 0.0
    with np.errstate(invalid="ignore"):
        near = np.abs(column - worked_out) <= slack * (1 + 1e-6) + 1e-9 * np.abs(column)
    return near | np.isnan(column) | np.isnan(worked_out)


def decimals_of(column: "NDArray[np.float64]") -> int | None:
    """Give the number of decimals a column is written with; None where it is more than six."""
    import numpy as np

    cells = column[np.isfinite(column)]
    fits = (places for places in range(MOST_DECIMALS + 1) if np.allclose(cells, np.round(cells, places), 1e-12, 1e-9))
    return next(fits, None)


def formulas_of(declared: Robustness) -> "dict[str, Formula]":
    """Give the formula of every derived column and total, so that none comes before one that it reads."""
    found = {name: parse(text) for name, text in declared.derived.items()}
    for added in declared.sums:
        if added.total is not None:
            found[added.total] = parse(" + ".join(f"`{name}`" for name in added.parts))
    order = TopologicalSorter({name: formula.columns for name, formula in found.items()}).static_order()
    return {name: found[name] for name in order if name in found}


def _cells(rows: "pd.DataFrame", name: str) -> "NDArray[np.float64]":
    cells: NDArray[np.float64] = rows[name].to_numpy(dtype="float64", na_value=float("nan"))
    return cells


def _problem(path: tuple[str | int, ...], sentence: str, hint: str) -> Problem:
    place = ".".join(str(part) for part in path if not isinstance(part, int))
    return Problem(("robustness", *path), f"robustness.{place} {sentence}", hint)
