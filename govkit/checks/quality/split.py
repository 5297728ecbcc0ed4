"""Whether the split keeps together what belongs together, and the past before the future."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from govkit.core.evidence import Finding, Measurement, Message, Severity
from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.dates import Order, dates_of, order_of
from govkit.inputs.naming import words
from govkit.inputs.rows import missing
from govkit.plugins.check import Emit, NotApplicable, Product, check
from govkit.stats.intervals import proportion

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

KEYS: Final = frozenset(
    "account borrower client customer device employee family household patient person store student subject user "
    "vehicle".split()
)
"""Words of columns that name something which several rows can share."""
FEWEST_DISTINCT: Final = 20
LATEST_YEAR: Final = 10_000
"""Numbers below it are years, others seconds since 1970."""


@check(
    "quality.split",
    title="Groups and time in the split",
    emits=(
        Emit("group_overlap_share", "share", "rows of DATA whose group also has rows in TRAIN"),
        Emit("undeclared_group_columns", "count", "columns that look like a group, are not declared, and are shared"),
        Emit("future_training_share", "share", "rows of TRAIN that are later than the first row of DATA"),
    ),
    messages={
        "quality.split.group": "{rows} of {total} rows of DATA belong to a group that is in TRAIN too.",
        "quality.split.undeclared": "{column} looks like a key that several rows share, and {share} of its values in "
        "DATA are in TRAIN too. If such rows belong together, add the line: columns: {{group: {column}}}",
        "quality.split.time": "{rows} of {total} rows of TRAIN are later than the first row of DATA.",
        "quality.split.unreadable": "{cells} cells of {column} are no date and were left out.",
        "quality.split.order": "Whether days or months come first in {column} can't be told; {first} were taken to. "
        "Write dates as 2026-03-31.",
        "quality.split.nothing": "No column is declared as group or time, and none looks like a key.",
    },
    libraries=("pandas", "pyarrow", "scipy"),
)
def split(test: Dataset, train: Dataset, columns: Columns) -> Iterator[Product]:
    """Compare groups and times of TRAIN and DATA.

    Why it matters: when rows of one person are on both sides, or training saw the future, a test says how well the
    model remembers and not how well it will do.

    Method: the values of the declared group column are compared exactly; the declared time column is read as dates,
    with time zones brought to UTC and one order of day and month for both files. Columns that are named like a key,
    whose values repeat, and of which DATA shares at least a fifth with TRAIN, are pointed out. Shares have exact
    intervals.

    Limits: a split by time need not be wrong where nothing changes with time. Keys are guessed by name and repetition;
    a key that is not in the files can't be found.

    References: Kapoor and Narayanan (2023), Patterns 4; Roberts et al. (2017), Ecography 40, on structured splits.
    """
    yielded = [*_group(test, train, columns), *_undeclared(test, train, columns), *_time(test, train, columns)]
    if not yielded:
        raise NotApplicable("quality.split.nothing")
    yield from yielded


def _group(test: Dataset, train: Dataset, columns: Columns) -> Iterator[Product]:
    name = columns.group
    if not name or name not in test.columns or name not in train.columns:
        return
    shared = _shared(test.strings.column(name), train.strings.column(name))
    interval = proportion(shared, test.rows)
    yield Measurement(
        name="group_overlap_share", value=shared / test.rows, unit="share", n=test.rows, interval=interval
    )
    if shared:
        arguments = {"rows": shared, "total": test.rows}
        yield _finding("group", "QUA-030", name, **arguments)


def _undeclared(test: Dataset, train: Dataset, columns: Columns) -> Iterator[Product]:
    candidates = [
        name
        for name in test.columns
        if name in train.columns
        and name not in {columns.group, columns.target, columns.row_id, columns.time}
        and _is_key(test, train, name)
    ]
    found = []
    for name in candidates:
        share = _shared(test.strings.column(name), train.strings.column(name)) / test.rows
        if share >= 0.2:  # noqa: PLR2004 - a few shared keys are no pattern
            found.append((name, share))
    if candidates:
        yield Measurement(name="undeclared_group_columns", value=len(found), unit="count", n=len(candidates))
    for name, share in found:
        yield _finding("undeclared", "QUA-031", name, column=name, share=round(share, 2))


def _is_key(test: Dataset, train: Dataset, name: str) -> bool:
    """Say whether a column is called like a key and has many values, most of them on several rows of both files."""
    import pyarrow as pa
    import pyarrow.compute as pc

    called = words(name)
    if not (called & KEYS and (called & {"id", "no", "number", "key", "code", "uuid", "nr"} or len(called) == 1)):
        return False
    both = pa.chunked_array([*test.strings.column(name).chunks, *train.strings.column(name).chunks], pa.large_string())
    distinct = len(pc.unique(both))
    return FEWEST_DISTINCT <= distinct <= 0.8 * len(both)


def _shared(asked: "pa.ChunkedArray", known: "pa.ChunkedArray") -> int:
    import pyarrow.compute as pc

    held = pc.and_(pc.is_in(asked, value_set=pc.unique(known)), pc.invert(missing(asked)))
    return int(pc.sum(held).as_py() or 0)


def _time(test: Dataset, train: Dataset, columns: Columns) -> Iterator[Product]:
    name = columns.time
    if not name or name not in test.columns or name not in train.columns:
        return
    order = order_of([test.frame[name], train.frame[name]])
    if not order.certain:
        first = "days" if order.day_first else "months"
        yield _finding("order", "QUA-034", name, column=name, first=first)
    held, fitted = _dates(test, name, order), _dates(train, name, order)
    for data, dates in ((test, held), (train, fitted)):
        unreadable = int(dates.isna().sum())
        if unreadable:
            yield _finding("unreadable", "QUA-033", name, cells=unreadable, column=f"{name} in {data.name}")
    known = fitted.dropna()
    if not len(known) or not held.notna().any():
        return
    later = int((known > held.min()).sum())
    yield Measurement(
        name="future_training_share",
        value=later / len(known),
        unit="share",
        n=len(known),
        interval=proportion(later, len(known)),
    )
    if later:
        yield _finding("time", "QUA-032", name, rows=later, total=len(known))


def _dates(data: Dataset, name: str, order: Order) -> "pd.Series[pd.Timestamp]":
    import pandas as pd

    column = data.frame[name]
    if not pd.api.types.is_numeric_dtype(column):
        return dates_of(column, order)
    if column.max() < LATEST_YEAR:
        return _years(column)
    return pd.to_datetime(column, unit="s", errors="coerce", utc=True)


def _years(column: "pd.Series[int]") -> "pd.Series[pd.Timestamp]":
    import pandas as pd

    return pd.to_datetime(column.astype("Int64").astype("string"), format="%Y", errors="coerce", utc=True)


def _finding(kind: str, rule: str, where: str, /, **arguments: str | float) -> Finding:
    message = Message(id=f"quality.split.{kind}", args=dict(arguments))
    return Finding(rule=rule, severity=Severity.MEDIUM, message=message, where=f"column {where}")
