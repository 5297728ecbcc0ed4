"""Whether groups have the share of DATA that they have in the population."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from govkit.config import Config, Label
from govkit.core.evidence import Column, Finding, Interval, Measurement, Message, Severity, Table
from govkit.inputs.dataset import Dataset
from govkit.inputs.disclosure import Disclosure
from govkit.inputs.task import same
from govkit.plugins.check import Emit, NotDeclared, NotPossible, Product, check
from govkit.stats.chi_square import fit
from govkit.stats.intervals import proportion
from govkit.stats.multiple import simultaneous

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Cell:
    """A group with its share in the population and its rows in the data."""

    attribute: str
    name: str
    expected: float
    rows: int
    of: int


@check(
    "quality.representativeness",
    title="Groups in the data and in the population",
    emits=(
        Emit("share_gap", "share", "a group's share of DATA less its share of the population; negative: too few rows"),
        Emit("largest_shortfall", "share", "by how much the most under-represented group falls short of its share"),
        Emit("mismatch", "cohen-w", "effect size of the difference over all groups of an attribute; 0.1 is small"),
        Emit("mismatch_p_value", "p", "chance of so large a difference, were DATA drawn from the population"),
    ),
    messages={
        "quality.representativeness.nothing": "The shares of groups in the population are not declared.",
        "quality.representativeness.column": "The population shares name {column}, which is no column of DATA.",
        "quality.representativeness.zero": "The population shares of {column} are all 0.",
        "quality.representativeness.short": "{group} has {share} of the rows and {expected} of the population.",
        "quality.representativeness.others": "{rows} rows have a value of {column} for which no share is declared.",
    },
    libraries=("numpy", "scipy"),
)
def representativeness(test: Dataset, config: Config, disclosure: Disclosure, seed: int) -> Iterator[Product]:
    """Compare the shares of groups and of their intersections in DATA with declared population shares.

    Why it matters: a model is judged on the people in the test data; groups that are hardly there are hardly judged.

    Method: each group's share has an exact interval, widened for the number of groups (Bonferroni). Over an attribute,
    Cohen's w is the root of the chi-squared statistic over the number of rows, with Pearson's goodness-of-fit test, by
    9,999 drawn samples where a group is expected to have fewer than five rows. Intersections are compared where their
    shares are declared.

    Limits: the declared shares are taken as true and exact. Rows with a value that has no declared share are left out
    and counted. A sample can have the right shares and still be wrong within the groups.

    References: Cohen (1988), Statistical Power Analysis, chapter 7; Clopper and Pearson (1934), Biometrika 26.
    """
    population = config.population
    if not population.shares and not population.cells:
        raise NotDeclared(
            "quality.representativeness.nothing", ask="population: {shares: {COLUMN: {VALUE: 0.5, OTHER: 0.5}}}"
        )
    cells: list[Cell] = []
    for column, shares in population.shares.items():
        codes = _codes(test, column, shares)
        others = int((codes < 0).sum())
        if others:
            yield _finding("others", Severity.LOW, column, rows=others, column=column)
        if not sum(shares.values()):
            raise NotPossible("quality.representativeness.zero", column=column)
        found = list(_cells(column, shares, codes, disclosure))
        yield from _mismatch(column, found, seed)
        cells += found
    for cell in population.cells:
        inside = _all_of(test, cell.when)
        cells.append(
            Cell(" and ".join(cell.when), _named(cell.when, disclosure, inside), cell.share, inside, test.rows)
        )
    yield from _gaps(cells)


def _codes(test: Dataset, column: str, shares: Mapping[Label, float]) -> "NDArray[np.int64]":
    """Give for each row the position of its value among the declared ones, -1 for any other."""
    import numpy as np

    if column not in test.columns:
        raise NotPossible("quality.representativeness.column", column=column)
    values = test.frame[column]
    places = {
        value: next((place for place, label in enumerate(shares) if same(label, value)), -1)
        for value in values.dropna().unique().tolist()
    }
    return np.asarray(values.map(places).fillna(-1), dtype=np.int64)


def _cells(
    column: str, shares: Mapping[Label, float], codes: "NDArray[np.int64]", disclosure: Disclosure
) -> Iterator[Cell]:
    import numpy as np

    known = codes[codes >= 0]
    counts = np.bincount(known, minlength=len(shares)).tolist()
    total = sum(shares.values())
    for place, (label, share) in enumerate(shares.items()):
        name = disclosure.value(column, label, position=place, rows=counts[place])
        yield Cell(column, f"{column} {name}", share / total, counts[place], len(known))


def _all_of(test: Dataset, when: Mapping[str, Label]) -> int:
    import numpy as np

    inside = np.ones(test.rows, dtype=bool)
    for column, label in when.items():
        inside &= _codes(test, column, {label: 1.0}) == 0
    return int(inside.sum())


def _named(when: Mapping[str, Label], disclosure: Disclosure, rows: int) -> str:
    return " and ".join(
        f"{column} {disclosure.value(column, label, position=0, rows=rows)}" for column, label in when.items()
    )


def _mismatch(column: str, cells: list[Cell], seed: int) -> Iterator[Measurement]:
    from math import sqrt

    n = cells[0].of
    used = [cell for cell in cells if cell.expected > 0]
    if not n or len(used) < 2:  # noqa: PLR2004 - one group can't be out of proportion
        return
    statistic, chance = fit([cell.rows for cell in used], [cell.expected for cell in used], seed=seed)
    group = {"attribute": column}
    yield Measurement(name="mismatch", value=sqrt(statistic / n), unit="cohen-w", n=n, group=group)
    yield Measurement(name="mismatch_p_value", value=chance, unit="p", n=n, group=group)


def _gaps(cells: list[Cell]) -> Iterator[Product]:
    cells = [cell for cell in cells if cell.of]
    level = simultaneous(0.95, len(cells)) if cells else 0.95
    rows = []
    for cell in cells:
        share = cell.rows / cell.of
        limits = proportion(cell.rows, cell.of, level=level)
        interval = _shifted(limits, cell.expected)
        group = {"group": cell.name}
        yield Measurement(
            name="share_gap", value=share - cell.expected, unit="share", n=cell.of, interval=interval, group=group
        )
        rows.append((cell.name, cell.expected, share, cell.rows))
        if (interval.high or 0.0) < 0:
            shown: dict[str, str | float] = {
                "group": cell.name,
                "share": round(share, 3),
                "expected": round(cell.expected, 3),
            }
            yield _finding("short", Severity.MEDIUM, cell.attribute, **shown)
    if cells:
        yield _shortfall(cells, level)
    yield Table(
        name="representation",
        title="Groups in the population and in DATA",
        columns=(
            Column(name="group"),
            Column(name="population", unit="share"),
            Column(name="DATA", unit="share"),
            Column(name="rows", unit="count"),
        ),
        rows=tuple(rows),
    )


def _shortfall(cells: list[Cell], level: float) -> Measurement:
    """Give the largest shortfall; its lower limit heeds the number of groups, its upper one is that of any group."""
    worst = max(cells, key=lambda cell: cell.expected - cell.rows / cell.of)
    low = max(cell.expected - (proportion(cell.rows, cell.of, level=level).high or 0.0) for cell in cells)
    high = max(cell.expected - (proportion(cell.rows, cell.of).low or 0.0) for cell in cells)
    method = "clopper-pearson, bonferroni inwards"
    interval = Interval(low=max(low, 0.0), high=max(high, 0.0), level=0.95, method=method)
    value = max(worst.expected - worst.rows / worst.of, 0.0)
    group = {"group": worst.name}
    return Measurement(name="largest_shortfall", value=value, unit="share", n=worst.of, interval=interval, group=group)


def _shifted(limits: Interval, expected: float) -> Interval:
    low, high = (limits.low or 0.0) - expected, (limits.high or 0.0) - expected
    return Interval(low=low, high=high, level=0.95, method="clopper-pearson, bonferroni")


def _finding(kind: str, severity: Severity, column: str, /, **arguments: str | float) -> Finding:
    message = Message(id=f"quality.representativeness.{kind}", args=dict(arguments))
    return Finding(rule="QUA-040", severity=severity, message=message, where=f"column {column}")
