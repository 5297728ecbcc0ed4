"""How many rows of DATA stand there more than once."""

from collections.abc import Iterator

from govkit.core.evidence import Measurement
from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.rows import group
from govkit.plugins.check import Emit, Product, check
from govkit.stats.intervals import proportion


@check(
    "quality.duplicates",
    title="Repeated rows",
    emits=(
        Emit("duplicate_share", "share", "rows of DATA that repeat an earlier row exactly"),
        Emit("duplicate_rows", "count", "the same as a number of rows"),
    ),
    libraries=("pyarrow", "scipy"),
)
def duplicates(test: Dataset, columns: Columns) -> Iterator[Product]:
    """Count the rows of DATA that repeat an earlier one in every feature and in the target.

    Why it matters: repeated rows count twice in every metric and make intervals narrower than they are.

    Method: rows are compared exactly, numbers by value and the rest as text; of equal rows all but the first count. The
    share has an exact interval (Clopper-Pearson).

    Limits: where columns have few distinct values, different cases look alike by chance; nearly equal rows aren't
    counted. The row id and unused columns are left out of the comparison.

    References: Clopper and Pearson (1934), Biometrika 26.
    """
    compared = [name for name in (*columns.features, columns.target) if name] or list(test.columns)
    repeated = test.rows - len(group([test], compared).counts)
    yield Measurement(
        name="duplicate_share",
        value=repeated / test.rows,
        unit="share",
        n=test.rows,
        interval=proportion(repeated, test.rows),
    )
    yield Measurement(name="duplicate_rows", value=repeated, unit="count", n=test.rows)
