"""Whether a feature identifies rows instead of describing them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from govkit.core.evidence import Finding, Measurement, Message, Severity
from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.naming import is_called_identifier
from govkit.inputs.rows import missing
from govkit.plugins.check import Emit, NotPossible, Product, check

if TYPE_CHECKING:
    import pyarrow as pa

FEWEST: Final = 50
"""Rows with a value below which nothing is concluded."""
VARIED: Final = 0.5
"""Share of different values from which a column with a telling name counts."""
COLLISIONS: Final = 20.0
"""Repeated values to expect of whole numbers drawn at random, from which their absence is no chance."""


@check(
    "quality.identifiers",
    title="Features that identify rows",
    emits=(Emit("identifier_features", "count", "features that look like the number or name of a row or a person"),),
    messages={
        "quality.identifiers.named": "{column} is called like an identifier, and {share} of its values differ. As a "
        "feature it lets the model learn rows by heart. Where it is a key, leave it out, or add the line: row_id: "
        "{column}",
        "quality.identifiers.running": "{column} looks like a running number: whole numbers that never repeat. As a "
        "feature it stands for the order of the rows. Where it is a key, leave it out, or add the line: row_id: "
        "{column}",
        "quality.identifiers.text": "{column} is text that differs in every row. As a feature it tells nothing about "
        "new rows. Where it is a key, leave it out, or add the line: row_id: {column}",
        "quality.identifiers.few": "{rows} rows are too few; {needed} are needed.",
    },
    libraries=("numpy", "pyarrow"),
)
def identifiers(test: Dataset, columns: Columns) -> Iterator[Product]:
    """Look for features that name a row, a case or a person.

    Why it matters: a model can learn identifiers by heart, or the order in which rows were taken down, and neither is
    of use for the next case; they also tie the answer to a person.

    Method: a column counts when it is called like an identifier and at least half of its values differ; when its whole
    numbers never repeat although so many, drawn at random from their range, would be expected to repeat at least 20
    times; and when it is text of which no value repeats. Numbers with decimals and dates don't count.

    Limits: names in other languages and identifiers with several rows each under a name that says nothing are missed
    (see `quality.split`). Ranks without ties look like running numbers.

    References: Kaufman et al. (2012), Leakage in data mining, ACM TKDD 6.
    """
    if test.rows < FEWEST:
        raise NotPossible("quality.identifiers.few", rows=test.rows, needed=FEWEST)
    found = [finding for name in columns.features if (finding := _identifier(test, name, columns.kinds.get(name, "")))]
    yield Measurement(name="identifier_features", value=len(found), unit="count", n=len(columns.features))
    yield from found


def _identifier(test: Dataset, name: str, kind: str) -> Finding | None:
    import pyarrow.compute as pc

    if kind in {"number", "boolean", "date", "text", "empty"}:
        return None
    strings = test.strings.column(name)
    present = strings.filter(pc.invert(missing(strings)))
    values = pc.unique(present)
    if len(present) < FEWEST:
        return None
    share = len(values) / len(present)
    if share >= VARIED and is_called_identifier(name):
        return _finding("named", name, share=f"{share:.0%}")
    if share < 1:
        return None
    numbers = _whole_numbers(values)
    if numbers is None:
        return _finding("text", name)
    return _finding("running", name) if _never_repeats(numbers) else None


def _whole_numbers(values: "pa.Array") -> tuple[int, int, int] | None:
    """Give count, smallest and largest of values that are all whole numbers; None where one isn't."""
    import pyarrow.compute as pc

    if not pc.all(pc.match_substring_regex(values, r"^[+-]?\d{1,18}$")).as_py():
        return None
    numbers = pc.cast(pc.replace_substring_regex(values, r"^\+", ""), "int64")
    return len(values), pc.min(numbers).as_py(), pc.max(numbers).as_py()


def _never_repeats(numbers: tuple[int, int, int]) -> bool:
    """Say whether so many different numbers from so small a range are no chance; even spread repeats least."""
    count, low, high = numbers
    return count * (count - 1) / 2 / (high - low + 1) >= COLLISIONS


def _finding(kind: str, column: str, /, **arguments: str) -> Finding:
    message = Message(id=f"quality.identifiers.{kind}", args={"column": column, **arguments})
    return Finding(rule="QUA-065", severity=Severity.MEDIUM, message=message, where=f"column {column}")
