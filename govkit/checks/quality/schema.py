"""Whether DATA has the columns, kinds and categories that TRAIN and the declarations promise."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from govkit.config import Config
from govkit.core.evidence import Finding, Measurement, Message, Severity
from govkit.inputs.columns import MAX_CATEGORIES, Columns, kind_of
from govkit.inputs.dataset import Dataset
from govkit.inputs.rows import missing
from govkit.plugins.check import Emit, Product, check
from govkit.stats.unseen import chance_of_unseen

if TYPE_CHECKING:
    import pyarrow as pa

CODED: Final = frozenset(("category", "boolean"))
SAME: Final = ({"integer", "number"}, {"category", "boolean", "text"})
"""Kinds that one column can show in two samples without a change of meaning."""
SIGNIFICANT: Final = 0.01
RARE: Final = "quality.schema.rare"


@check(
    "quality.schema",
    title="Columns and kinds",
    emits=(
        Emit(
            "schema_violations",
            "count",
            "columns of DATA that are missing, changed or hold categories that TRAIN lacks beyond chance",
        ),
        Emit("constant_columns", "count", "features with a single value in every row of DATA"),
    ),
    messages={
        "quality.schema.missing": "{column} is in TRAIN and not in DATA.",
        "quality.schema.untrained": "{column} is a feature and not in TRAIN.",
        "quality.schema.kind": "{column} is {kind} in DATA and {other} in TRAIN.",
        "quality.schema.unseen": "{rows} rows of DATA have one of {values} values of {column} that TRAIN doesn't have.",
        "quality.schema.rare": "{rows} rows of DATA have one of {values} values of {column} that TRAIN doesn't "
        "have, as rare values do by chance.",
        "quality.schema.declared": "{cells} cells of {column} in {data} are no {kind}, as columns.kinds declares.",
        "quality.schema.constant": "{column} has the same value in every row of DATA.",
    },
    libraries=("numpy", "pyarrow", "scipy"),
)
def schema(test: Dataset, columns: Columns, config: Config, train: Dataset | None = None) -> Iterator[Product]:
    """Compare columns, kinds and categories of DATA with TRAIN and with the declared kinds.

    Why it matters: a column that changed its meaning between training and test makes every result meaningless.

    Method: features and target of DATA are compared with TRAIN by name, by kind (judged from distinct values) and, up
    to 50 categories, by the set of categories; numbers, dates and truth values that are declared must read as such in
    every cell. Unseen categories count where a random split would leave as many rows of one, or as many of them, out of
    TRAIN in less than 1 of 100 tables (hypergeometric, corrected for the columns); rarer ones are named only. Each
    column counts once. Features with one value in all rows are counted by themselves.

    Limits: kinds are judged, not known; ranges and units aren't compared. Without TRAIN and without declared kinds
    there is nothing to compare, and only constants are counted.

    References: ISO/IEC 25012, consistency.
    """
    compared = [name for name in (*columns.features, columns.target) if name and name in test.columns]
    violations = {finding.where: finding for finding in _declared(test, train, config)}
    found = list(_against(test, train, columns, compared)) if train is not None else []
    rare = [finding for finding in found if finding.message.id == RARE]
    for finding in found:
        if finding not in rare:
            violations.setdefault(finding.where, finding)
    if train is not None or config.columns.kinds:
        n = len(compared) if train is not None else len(config.columns.kinds)
        yield Measurement(name="schema_violations", value=len(violations), unit="count", n=n)
    yield from (*violations.values(), *rare)
    constant = [name for name in columns.features if _is_constant(test.strings.column(name))]
    yield Measurement(name="constant_columns", value=len(constant), unit="count", n=len(columns.features))
    for name in constant:
        yield _finding("constant", Severity.LOW, name)


def _against(test: Dataset, train: Dataset, columns: Columns, compared: list[str]) -> Iterator[Finding]:
    for name in compared:
        if name not in train.columns:
            if name != columns.target:
                yield _finding("untrained", Severity.HIGH, name)
            continue
        kind = _nature(test.strings.column(name), columns.kinds[name])
        other = _nature(train.strings.column(name), kind_of(train.strings.column(name)))
        if kind in CODED and (unseen := _unseen(test, train, name)):
            rows, values, chance = unseen
            rare = chance > SIGNIFICANT / len(compared)
            severity = Severity.INFO if rare else Severity.MEDIUM
            yield _finding("rare" if rare else "unseen", severity, name, rows=rows, values=values)
        elif not _alike(kind, other):
            yield _finding("kind", Severity.HIGH, name, kind=kind, other=other)
    for name in columns.features:
        if name in train.columns and name not in test.columns:
            yield _finding("missing", Severity.HIGH, name)


def _alike(kind: str, other: str) -> bool:
    together = {kind, other}
    return len(together) == 1 or "empty" in together or any(together <= kinds for kinds in SAME)


def _nature(column: "pa.ChunkedArray", kind: str) -> str:
    """Take identifiers for what they are written as: whole numbers or text."""
    return ("text" if _unreadable(column, "integer") else "integer") if kind == "identifier" else kind


def _unseen(test: Dataset, train: Dataset, name: str) -> tuple[int, int, float] | None:
    """Count rows and distinct values of DATA that TRAIN lacks, with the chance of that; None where there are none."""
    import numpy as np

    asked, known = _counted(test, name), _counted(train, name)
    new = sorted(asked.keys() - known.keys())
    if not new or len(known) > MAX_CATEGORIES or _same_numbers(new, sorted(known)):
        return None
    totals = np.array([asked.get(value, 0) + known.get(value, 0) for value in (*new, *known)])
    chance = chance_of_unseen(totals, np.arange(len(totals)) < len(new), sum(asked.values()))
    return sum(asked[value] for value in new), len(new), chance


def _counted(data: Dataset, name: str) -> dict[str, int]:
    """Count the rows of each value that a column has."""
    import pyarrow.compute as pc

    column = data.strings.column(name)
    values, counts = pc.value_counts(column.filter(pc.invert(missing(column)))).flatten()
    return dict(zip(values.to_pylist(), counts.to_pylist(), strict=True))


def _same_numbers(new: list[str], known: list[str]) -> bool:
    """Say whether all new texts are numbers that TRAIN writes differently: 1 and 1.0."""
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        numbers = [pa.array(values, pa.string()).cast(pa.float64()) for values in (new, known)]
        return bool(pc.all(pc.is_in(numbers[0], value_set=numbers[1])).as_py())
    except pa.ArrowInvalid:
        return False


def _declared(test: Dataset, train: Dataset | None, config: Config) -> Iterator[Finding]:
    for name, kind in config.columns.kinds.items():
        for data in (test, train):
            if data is None or name not in data.columns:
                continue
            cells = _unreadable(data.strings.column(name), kind)
            if cells:
                label = "TRAIN" if data.role == "train" else "DATA"
                yield _finding("declared", Severity.HIGH, name, cells=cells, data=label, kind=kind)
                break


_PATTERNS: Final = {
    "integer": r"^\s*[+-]?\d+(\.0+)?\s*$",
    "number": r"(?i)^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$|^\s*[+-]?inf(inity)?\s*$",
    "boolean": r"(?i)^\s*(true|false|0|1|yes|no)\s*$",
    "date": r"^\s*(\d{4}-\d{2}-\d{2}([T ].*)?|\d{1,2}[/.]\d{1,2}[/.]\d{2,4}( .*)?)\s*$",
}


def _unreadable(column: "pa.ChunkedArray", kind: str) -> int:
    import pyarrow.compute as pc

    pattern = _PATTERNS.get(kind)
    if pattern is None:
        return 0
    present = column.filter(pc.invert(missing(column)))
    return int(pc.sum(pc.invert(pc.match_substring_regex(present, pattern))).as_py() or 0)


def _is_constant(column: "pa.ChunkedArray") -> bool:
    import pyarrow.compute as pc

    return len(column) > 1 and len(pc.unique(column)) == 1


def _finding(kind: str, severity: Severity, column: str, /, **arguments: str | int) -> Finding:
    message = Message(id=f"quality.schema.{kind}", args={"column": column, **arguments})
    return Finding(rule="QUA-005", severity=severity, message=message, where=f"column {column}")
