"""Whether the model does as well in every part of the data: in declared ones and in ones that a search turns up."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import Field

from govkit.checks.performance import _metrics
from govkit.checks.performance._search import codings_of, search
from govkit.core.evidence import Column, Finding, Measurement, Message, Severity, Table
from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.disclosure import Disclosure
from govkit.inputs.groups import Grouping, group_by, together
from govkit.inputs.predictions import Predictions
from govkit.inputs.task import Task
from govkit.plugins.check import Emit, Params, Product, Sizes, Work, check
from govkit.stats.association import halves
from govkit.stats.groups import difference
from govkit.stats.intervals import proportion
from govkit.stats.means import UNBOUNDED, exceeds, mean, mean_difference
from govkit.stats.multiple import holm, simultaneous

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ROWS: Mapping[str, int] = {"quick": 10_000, "standard": 50_000, "thorough": 200_000}
TRIED = 5
"""Slices that the search hands to the other half."""
FEWEST = 50
SHARE = 0.02
"""Share of rows that a searched slice must have."""
MOST_SHOWN = 60
SIGNIFICANT = 0.05
CONFIGURED = "checks.performance.slices.by"
Line = tuple[str, float, float | None, float | None, int]
"""Label, value, its limits and its rows, as they are drawn."""


class SliceParams(Params):
    """Which slices are looked at."""

    by: tuple[str | tuple[str, ...], ...] = ()
    """Columns whose values are slices, or several columns together: `[region, [region, age]]`."""
    search: bool = True
    """Whether slices are searched for too."""
    min_rows: int = Field(default=30, ge=10)
    """Rows below which a declared slice is listed and not compared."""


@dataclass(frozen=True)
class Tested:
    """A slice that was found on one half, measured on the other."""

    name: str
    inside: "NDArray[np.float64]"
    outside: "NDArray[np.float64]"
    """Errors beyond what was to be expected, of the held-out rows in the slice and of the others."""


@dataclass(frozen=True)
class Rows:
    """What slices are cut from."""

    predictions: Predictions
    test: Dataset
    task: Task
    columns: Columns
    disclosure: Disclosure


def plan(sizes: Sizes, budget: str, params: Params) -> Work:
    """Search more rows with more budget."""
    del params
    rows = min(ROWS[budget], max(sizes.test_rows, 1))
    return Work({"rows": rows}, 0.5 + rows * min(sizes.features, 30) / 100_000)


@check(
    "performance.slices",
    title="Performance in parts of the data",
    emits=(
        Emit("slice_accuracy", "share", "right answers in a declared slice"),
        Emit("slice_error", "target units", "mean absolute error in a declared slice"),
        Emit("declared_gap", "difference", "accuracy on all other rows less that in the declared slice"),
        Emit("unexpected_error", "difference", "errors in a searched slice beyond what the model's confidence says"),
        Emit("unexpected_bias", "target SD", "mean error in a searched slice beyond that of all rows"),
        Emit("confirmed_slices", "count", "searched slices that the other half of the rows confirms"),
    ),
    messages={
        **_metrics.MESSAGES,
        "performance.weak_slice": "Where {slice}, errors are {excess} more frequent than the model's confidence says "
        "({rows} held-out rows).",
        "performance.biased_slice": "Where {slice}, the mean error is off by {excess} SD of the target ({rows} "
        "held-out rows).",
        "performance.small_slice": "{slice} has {rows} rows, too few to be compared; {needed} are needed.",
        "performance.no_search": "Slices were not searched for, because the model gives no probabilities.",
        "performance.unknown_column": "{column} is not a column of DATA, so nothing was sliced by it.",
    },
    params=SliceParams,
    libraries=("numpy", "scipy", "sliceline"),
    plan=plan,
)
def slices(  # noqa: PLR0913 - each is an input of the check
    *,
    predictions: Predictions,
    test: Dataset,
    task: Task,
    columns: Columns,
    disclosure: Disclosure,
    params: SliceParams,
    work: Mapping[str, int],
    seed: int,
) -> Iterator[Product]:
    """Measure declared slices, and search for slices that do worse than they should.

    Why it matters:
        A good average can hide a part of the data where the model is wrong, which users of that part meet every time.
    Method:
        Declared slices: accuracy (Clopper-Pearson) or mean absolute error, and the gap to all other rows (Newcombe at
        Bonferroni's level). Search: SliceLine on one half of the rows, over values and fifths of numbers, alone and two
        together, by how far the errors exceed what the model's own probabilities promise (regression: by the error), so
        that hard cases that the model knows to be hard don't count; nor does it where the model is less sure than it
        could be elsewhere. The five best that differ are measured on the other
        half with Student's and Hall's intervals at Bonferroni's level and one-sided tests with Holm's correction.
    Limits:
        Slices of three and more conditions, of less than 2% of the rows or 50 held-out rows are not seen, nor, where
        columns have more than 160 values in all, pairs of those that are inconspicuous alone. Five candidates are
        tested, so a weaker sixth is not.

    References:
        Sagadeeva and Boehm (2021), SliceLine; Chung et al. (2019), Slice Finder; Hall (1992) on skewed values;
        Holm (1979).
    """
    _metrics.enough_rows(predictions)
    rows = Rows(predictions, test, task, columns, disclosure)
    yield from _declared(rows, params)
    if task.is_classification and predictions.probability is None:
        yield _finding("PERF-032", Severity.INFO, "performance.no_search", "model")
    elif params.search:
        yield from _searched(rows, work["rows"], seed)


def _declared(rows: Rows, params: SliceParams) -> Iterator[Product]:
    """Measure the declared slices."""
    groupings: list[Grouping] = []
    for entry in params.by:
        names = (entry,) if isinstance(entry, str) else entry
        missing = [name for name in names if name not in rows.test.columns]
        for name in missing:
            yield _finding("PERF-033", Severity.MEDIUM, "performance.unknown_column", CONFIGURED, column=name)
        if not missing:
            parts = [group_by(name, rows.test, rows.predictions.rows, rows.columns, rows.disclosure) for name in names]
            groupings.append(parts[0] if len(parts) == 1 else together(parts))
    level = simultaneous(0.95, max(sum(len(one.names) for one in groupings), 1))
    lines: list[Line] = []
    for grouping in groupings:
        for position, size in enumerate(grouping.sizes().tolist()):
            name = f"{grouping.attribute} {grouping.names[position]}"
            if size < params.min_rows:
                args: dict[str, str | int] = {"slice": name, "rows": size, "needed": params.min_rows}
                yield _finding("PERF-031", Severity.LOW, "performance.small_slice", CONFIGURED, **args)
            else:
                yield from _measured(rows, name, grouping.codes == position, level, lines)
    if lines:
        name = "slice_accuracy" if rows.task.is_classification else "slice_error"
        yield _forest(lines, name, "share" if rows.task.is_classification else "target units")


def _finding(rule: str, severity: Severity, message: str, where: str, **args: str | int) -> Finding:
    return Finding(rule=rule, severity=severity, message=Message(id=message, args=dict(args)), where=where)


def _measured(
    rows: Rows, name: str, mask: "NDArray[np.bool_]", level: float, lines: list[Line]
) -> Iterator[Measurement]:
    """Measure one declared slice, and its gap to all other rows."""
    import numpy as np

    right = rows.predictions.truth == rows.predictions.predicted
    if not rows.task.is_classification:
        found = _slice(name, np.abs(rows.predictions.truth - rows.predictions.predicted)[mask], rows.task)
    else:
        found = _slice(name, right[mask].astype(np.float64), rows.task)
    yield found
    assert found.interval is not None
    lines.append((name, found.value, found.interval.low, found.interval.high, found.n))
    if rows.task.is_classification and not mask.all():
        yield _gap(name, right, mask, level)


def _slice(name: str, values: "NDArray[np.float64]", task: Task) -> Measurement:
    n = len(values)
    group = {"slice": name}
    if task.is_classification:
        hits = int(values.sum())
        interval = proportion(hits, n)
        return Measurement(name="slice_accuracy", value=hits / n, unit="share", n=n, interval=interval, group=group)
    middle, interval = float(values.mean()), mean(values, within=(0.0, float("inf")))
    return Measurement(name="slice_error", value=middle, unit="target units", n=n, interval=interval, group=group)


def _gap(name: str, right: "NDArray[np.bool_]", mask: "NDArray[np.bool_]", level: float) -> Measurement:
    inside, outside = right[mask], right[~mask]
    pairs = (int(outside.sum()), len(outside)), (int(inside.sum()), len(inside))
    return Measurement(
        name="declared_gap",
        value=float(outside.mean() - inside.mean()),
        unit="difference",
        n=len(inside),
        interval=difference(*pairs, level=level),
        group={"slice": name},
    )


def _searched(rows: Rows, most: int, seed: int) -> Iterator[Product]:
    """Search on one half of the rows, test on the other."""
    import numpy as np

    predictions, columns = rows.predictions, rows.columns
    sample = np.sort(np.random.default_rng(seed).permutation(len(predictions.rows))[:most])
    excess = _excess(predictions, rows.task)[sample]
    learn = halves(len(sample), seed)
    others = {columns.target, columns.row_id, columns.time, columns.weight}
    wanted = {*columns.features, *columns.protected, columns.group} - others
    cells = rows.test.frame[[name for name in rows.test.columns if name in wanted]].iloc[predictions.rows[sample]]
    codings = codings_of(cells, learn, columns, rows.disclosure)
    inner = [coding.of(learn) for coding in codings]
    fewest = max(FEWEST, int(SHARE * learn.sum()))
    tested: list[Tested] = []
    for sign in (1.0,) if rows.task.is_classification else (1.0, -1.0):
        for found in search(inner, sign * excess[learn], fewest=fewest, most=TRIED):
            mask = found.rows(codings)
            if one := _test(found.name(codings), sign * excess[~learn], mask[~learn], rows.task):
                tested.append(one)
    yield from _confirmed(tested, rows.task)


def _excess(predictions: Predictions, task: Task) -> "NDArray[np.float64]":
    """Give each row's error beyond what was to be expected."""
    import numpy as np

    if not task.is_classification:
        errors = np.asarray(predictions.predicted - predictions.truth, dtype=np.float64)
        return errors / (float(predictions.truth.std()) or 1.0)
    assert predictions.probability is not None
    known = np.maximum(predictions.predicted, 0).astype(np.int64)
    sure = predictions.probability[np.arange(len(known)), known]
    return np.asarray((predictions.truth != predictions.predicted) - (1 - sure))


def _test(name: str, excess: "NDArray[np.float64]", mask: "NDArray[np.bool_]", task: Task) -> Tested | None:
    """Give the held-out rows of a slice and the others; None where there are too few of either."""
    inside, outside = excess[mask], excess[~mask]
    if min(len(inside), len(outside)) < FEWEST // 2:
        return None
    if task.is_classification:  # a model that is less sure than it could be elsewhere doesn't make the slice wrong
        outside = outside - min(float(outside.mean()), 0.0)
    return Tested(name, inside, outside)


def _confirmed(tested: list[Tested], task: Task) -> Iterator[Product]:
    """Give every tested slice with an interval that holds for all of them, and name those that are confirmed."""
    name, unit = ("unexpected_error", "difference") if task.is_classification else ("unexpected_bias", "target SD")
    level = simultaneous(0.95, max(len(tested), 1))
    adjusted = holm([exceeds(one.inside, one.outside) for one in tested])
    within = (-1.0, 1.0) if task.is_classification else UNBOUNDED
    yield Measurement(
        name="confirmed_slices", value=sum(each <= SIGNIFICANT for each in adjusted), unit="count", n=len(tested)
    )
    lines: list[Line] = []
    for one, chance in zip(tested, adjusted, strict=True):
        value, found = mean_difference(one.inside, one.outside, level=level, within=within)
        interval, n = found.model_copy(update={"level": 0.95, "method": f"{found.method}, bonferroni"}), len(one.inside)
        yield Measurement(name=name, value=value, unit=unit, n=n, interval=interval, group={"slice": one.name})
        lines.append((one.name, value, interval.low, interval.high, n))
        if chance <= SIGNIFICANT:
            said = "weak_slice" if task.is_classification else "biased_slice"
            excess = f"{value:.1%}" if task.is_classification else f"{value:.2f}"
            args: dict[str, str | int] = {"slice": one.name, "excess": excess, "rows": n}
            yield _finding("PERF-030", Severity.MEDIUM, f"performance.{said}", one.name, **args)
    if lines:
        yield _forest(lines, name, unit)


def _forest(lines: list[Line], name: str, unit: str) -> Table:
    titles = {
        "slice_accuracy": "Accuracy in declared slices",
        "slice_error": "Mean absolute error in declared slices",
        "unexpected_error": "Errors beyond the model's confidence in searched slices, on held-out rows",
        "unexpected_bias": "Mean error in searched slices beyond that of all rows, on held-out rows",
    }
    return Table(
        name=f"forest.{name}",
        title=titles[name],
        columns=(
            Column(name="label"),
            *(Column(name=part, unit=unit) for part in ("value", "low", "high")),
            Column(name="n", unit="count"),
        ),
        rows=tuple(lines[:MOST_SHOWN]),
        left_out=max(len(lines) - MOST_SHOWN, 0),
    )
