"""Cells that don't fit their column: text among numbers, stand-ins for missing, another unit."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from govkit.core.evidence import Finding, Measurement, Message, Severity
from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.naming import is_called_identifier, words
from govkit.inputs.rows import missing
from govkit.plugins.check import Emit, Product, check

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

SENTINELS: Final = (-1.0, -9.0, -99.0, -999.0, -9999.0, 999.0, 9999.0, 99999.0, 999999.0)
MARKS: Final = (
    "?",
    "??",
    "-",
    "--",
    "---",
    ".",
    "..",
    "*",
    "#",
    "n.a.",
    "N.A.",
    "missing",
    "Missing",
    "MISSING",
    "not available",
)
"""Texts that stand for missing and that no reader takes for it; `unknown` and `other` are categories of their own."""
FACTORS: Final = (10.0, 12.0, 60.0, 100.0, 1000.0, 2.54, 2.20462, 0.3048)
"""Ratios of units that are mixed up: decimal shifts, months and years, inch and pound."""
ALIKE: Final = 0.4
"""Least ratio of two spreads that may be one quantity in two units; the tail of a distribution is narrower."""
FEWEST: Final = 100
FEWEST_ZEROS: Final = 2
FEWEST_DIFFERENT: Final = 20
"""Different values besides zero; a few levels may lie anywhere."""
FAR_ABOVE: Final = 0.3
"""Share of the median above which nearly all values besides zero lie."""
ABOVE: Final = 0.05
"""The same where the column's name says that zero is impossible."""
MOST_ZEROS: Final = 0.8
MOST_MARKS: Final = 0.9
NEVER_ZERO: Final = frozenset(
    "albumin bmi bpm calcium chol cholesterol creatinine density glucose haemoglobin heartrate height hematocrit "
    "hemoglobin insulin platelets potassium pressure pulse rbc respiration respiratory saturation skinfold sodium "
    "thickness trestbps waist wbc weight".split()
)
"""Words of quantities that no living or solid thing has none of."""
MOST_LEVELS: Final = 100
LEVEL: Final = 0.001
"""How often a column without a second unit may seem to have one."""


@check(
    "quality.consistency",
    title="Cells that don't fit their column",
    emits=(
        Emit("mixed_type_columns", "count", "features in which up to a tenth of the cells is text among numbers"),
        Emit("stand_in_columns", "count", "features with -999, ? or the like in place of missing cells"),
        Emit("zero_stand_in_columns", "count", "features with zeros where every other value is far above zero"),
        Emit("impossible_zero_columns", "count", "of these, features whose name says that zero is impossible"),
        Emit("unit_slip_columns", "count", "features with a cluster of values that is a constant factor away"),
        Emit("wide_category_columns", "count", "category features in which most values are rare"),
        Emit("infinite_cells", "count", "cells of numeric features that are infinite"),
    ),
    messages={
        "quality.consistency.mixed": "{cells} cells of {column} are text; the others are numbers.",
        "quality.consistency.stand_in": "{cells} cells of {column} hold one far-off number that usually stands for "
        "missing.",
        "quality.consistency.mark": "{cells} cells of {column} hold a mark that usually stands for missing, such as ? "
        "or -. Leave the cells empty.",
        "quality.consistency.zero": "{cells} cells of {column} are 0 and all others far above it. Where 0 stands for "
        "missing, leave the cells empty.",
        "quality.consistency.impossible": "{cells} cells of {column} are 0, which a quantity of that name hardly "
        "ever is. Where 0 stands for missing, leave the cells empty.",
        "quality.consistency.unit": "{cells} cells of {column} lie about {factor} times away from the others: another "
        "unit?",
        "quality.consistency.wide": "{column} has {values} distinct values on {rows} rows: most are too rare to learn "
        "from.",
        "quality.consistency.infinite": "{cells} cells of {column} are infinite.",
    },
    libraries=("numpy", "pyarrow"),
)
def consistency(test: Dataset, columns: Columns, train: Dataset | None = None) -> Iterator[Product]:
    """Look for cells that were written in another type, another unit or in place of a missing value.

    Why it matters: such cells pass as data, and a model either learns from them or answers nonsense for them.

    Method: text is counted where at least nine cells in ten are numbers. A stand-in is a mark such as ? or -, alone
    in its cell, that fewer than nine in ten cells hold, or one repeated number out of a list (-999, 9999 and the
    like) that lies beyond all others by more than their whole range. Zeros stand apart where they are at most half
    of the cells, nothing is below, and 99 in 100 of the other values are at least three tenths of their median;
    zero can also mean "none", so they are pointed at and no criterion judges them. In columns named after a
    quantity that is never zero (glucose, pulse, weight) a twentieth of the median is enough, they may be most of
    the cells, and they count. Both are looked for in TRAIN too where DATA shows none. A unit slip is a cluster of
    0.2 to 20 % of the values that an empty gap separates from the rest and that falls onto the rest's middle when
    divided by a common ratio of units, whose spread on the log scale is like the rest's, and that the tail of the
    rest (Hill's estimator) would leave so far apart in one column of a thousand at most. Categories are wide when
    more than 100 values have fewer than five rows on average.

    Limits: signs to look at, not proofs; small clusters and unusual ratios are missed, and real outliers may look
    alike.

    References: ISO/IEC 25012, consistency and accuracy; Hill (1975).
    """
    counts = dict.fromkeys(("mixed", "mark", "stand_in", "zero", "impossible", "unit", "wide", "infinite"), 0)
    infinite = 0
    for name in columns.features:
        told = {_kind(finding): finding for finding in _of_column(test, name, columns.kinds.get(name, ""))}
        if train is not None and name in train.columns:
            told = {**{_kind(finding): finding for finding in _of_training(train, name)}, **told}
        for kind, finding in told.items():
            counts[kind] += 1
            infinite += int(finding.message.args["cells"]) if kind == "infinite" else 0
            yield finding
    n = len(columns.features)
    yield Measurement(name="mixed_type_columns", value=counts["mixed"], unit="count", n=n)
    yield Measurement(name="stand_in_columns", value=counts["stand_in"] + counts["mark"], unit="count", n=n)
    yield Measurement(name="zero_stand_in_columns", value=counts["zero"] + counts["impossible"], unit="count", n=n)
    yield Measurement(name="impossible_zero_columns", value=counts["impossible"], unit="count", n=n)
    yield Measurement(name="unit_slip_columns", value=counts["unit"], unit="count", n=n)
    yield Measurement(name="wide_category_columns", value=counts["wide"], unit="count", n=n)
    yield Measurement(name="infinite_cells", value=infinite, unit="count", n=n * test.rows)


def _kind(finding: Finding) -> str:
    return finding.message.id.rsplit(".", 1)[-1]


def _of_training(train: Dataset, name: str) -> Iterator[Finding]:
    """Look for numbers that stand for missing in a column of TRAIN."""
    import numpy as np
    import pandas as pd

    column = train.frame[name]
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        for finding in _numbers(values[np.isfinite(values)], name):
            if _kind(finding) != "unit":
                yield finding.model_copy(update={"where": f"column {name} of TRAIN"})


def _of_column(test: Dataset, name: str, kind: str) -> Iterator[Finding]:
    import numpy as np
    import pandas as pd
    import pyarrow as pa
    import pyarrow.compute as pc

    column = test.frame[name]
    if pd.api.types.is_bool_dtype(column):
        return
    if pd.api.types.is_numeric_dtype(column):
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        infinite = int(np.isinf(values).sum())
        if infinite:
            yield _finding("infinite", "QUA-054", name, cells=infinite)
        yield from _numbers(values[np.isfinite(values)], name)
        return
    strings = test.strings.column(name)
    present = strings.filter(pc.invert(missing(strings)))
    marked = pc.is_in(present, value_set=pa.array(MARKS, pa.large_string()))
    marks = int(pc.sum(marked).as_py() or 0)
    if 0 < marks < MOST_MARKS * len(present):
        yield _finding("mark", "QUA-056", name, cells=marks)
        present = present.filter(pc.invert(marked))
    texts = _texts(present)
    if 0 < texts <= 0.1 * len(present):
        yield _finding("mixed", "QUA-050", name, cells=texts)
    elif kind == "category":
        distinct = len(pc.unique(present))
        if distinct > MOST_LEVELS and len(present) / distinct < 5:  # noqa: PLR2004 - rows a value
            yield _finding("wide", "QUA-053", name, values=distinct, rows=len(present))


def _texts(present: "pa.ChunkedArray") -> int:
    """Count the cells that are no number."""
    import pyarrow.compute as pc

    number = r"^\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*$"
    return int(pc.sum(pc.invert(pc.match_substring_regex(present, number))).as_py() or 0)


def _numbers(values: "NDArray[np.float64]", name: str) -> Iterator[Finding]:
    import numpy as np

    if len(values) < FEWEST:
        return
    rest = values[~np.isin(values, SENTINELS)]
    for sentinel in SENTINELS:
        cells = int((values == sentinel).sum())
        if cells > 1 and len(np.unique(rest)) > 1 and _far(sentinel, rest):
            yield _finding("stand_in", "QUA-051", name, cells=cells)
    named = bool(words(name) & NEVER_ZERO)
    if _zeros_stand_apart(rest, named=named):
        yield _finding("impossible" if named else "zero", "QUA-055", name, cells=int((rest == 0).sum()))
        rest = rest[rest != 0]
    slip = None if is_called_identifier(name) else _slip(rest)
    if slip:
        cells, factor = slip
        yield _finding("unit", "QUA-052", name, cells=cells, factor=factor)


def _far(sentinel: float, rest: "NDArray[np.float64]") -> bool:
    """Say whether a value lies beyond all others by more than their whole range."""
    low, high = float(rest.min()), float(rest.max())
    return sentinel < low - (high - low) or sentinel > high + (high - low)


def _zeros_stand_apart(values: "NDArray[np.float64]", *, named: bool) -> bool:
    """Say whether some values are zero and all others so far above it that zero is none of their kind.

    Args:
        values: finite values.
        named: whether the column is called after a quantity that is never zero.
    """
    import numpy as np

    positive = values[values > 0]
    zeros = len(values) - len(positive)
    few, most, far = (1, MOST_ZEROS, ABOVE) if named else (FEWEST_ZEROS, 0.5, FAR_ABOVE)
    if (values < 0).any() or not few <= zeros <= most * len(values) or len(np.unique(positive)) < FEWEST_DIFFERENT:
        return False
    middle = float(np.median(positive))
    return bool(np.quantile(positive, 0.01) >= far * middle and positive.min() >= far / 3 * middle)


def _slip(values: "NDArray[np.float64]") -> tuple[int, float] | None:
    """Find a small cluster that the largest gap on the log scale cuts off and a factor brings back."""
    import numpy as np

    positive = np.sort(values[values > 0])
    if len(positive) < 0.95 * len(values) or len(np.unique(positive)) < 50:  # noqa: PLR2004 - counts have gaps anyway
        return None
    logs = np.log(positive)
    gaps = np.diff(logs)
    place = int(gaps.argmax()) + 1
    groups = sorted((logs[:place], logs[place:]), key=len)
    few, most = groups
    if not 0.002 <= len(few) / len(logs) <= 0.2 or len(few) < 5 or gaps.max() < 3 * _usual(most):  # noqa: PLR2004
        return None
    if _tail_reaches(few, most, float(gaps.max())):
        return None
    if not ALIKE <= few.std() / most.std() <= 1 / ALIKE:
        return None
    shift = float(np.median(few) - np.median(most))
    width = float(np.quantile(most, 0.95) - np.quantile(most, 0.05))
    for factor in FACTORS:
        near = abs(abs(shift) - np.log(factor)) < max(0.25 * width, 0.05)
        if near and abs(shift) > width:
            return len(few), factor
    return None


def _tail_reaches(few: "NDArray[np.float64]", most: "NDArray[np.float64]", gap: float) -> bool:
    """Say whether the tail of a distribution may leave such a gap before its last values.

    Both are sorted logs. Where a tail is a power of the value, as that of a uniform distribution is near zero, gaps
    before the last k values are exponential with k times the tail's rate (Rényi), which Hill's estimator gives from the
    tenth of `most` that lies next to the gap. All places for a gap count as looked at (Bonferroni).
    """
    import numpy as np

    distances = np.sort(most - most[0] if few[0] < most[0] else most[-1] - most)
    near = max(len(distances) // 10, 20)
    rate = 1 / max(float(distances[near] - distances[:near].mean()), 1e-12)
    return float(np.exp(-len(few) * rate * gap)) > LEVEL / (len(few) + len(most))


def _usual(logs: "NDArray[np.float64]") -> float:
    """Give the largest gap within the bulk of sorted values."""
    import numpy as np

    inner = logs[int(0.02 * len(logs)) : int(0.98 * len(logs)) + 1]
    return float(np.diff(inner).max()) if len(inner) > 1 else 0.0


def _finding(kind: str, rule: str, column: str, /, **arguments: float) -> Finding:
    message = Message(id=f"quality.consistency.{kind}", args={"column": column, **arguments})
    return Finding(rule=rule, severity=Severity.LOW, message=message, where=f"column {column}")
