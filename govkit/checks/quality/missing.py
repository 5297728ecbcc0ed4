"""How much of each column is missing."""

from collections.abc import Iterator

from govkit.core.evidence import Column, Measurement, Table
from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.rows import missing
from govkit.plugins.check import Emit, Product, check
from govkit.stats.intervals import extreme_proportion, proportion

MOST_ROWS = 200
"""Most columns listed in the table."""


@check(
    "quality.missing",
    title="Missing values",
    emits=(
        Emit("missing_share", "share", "rows of DATA in which a column is missing, for each feature and the target"),
        Emit("worst_missing_share", "share", "the largest of these shares"),
        Emit("missing_cells", "share", "cells of all features and the target that are missing"),
        Emit("rows_with_gaps", "share", "rows of DATA in which at least one of them is missing"),
    ),
    libraries=("numpy", "pyarrow", "scipy"),
)
def missing_values(test: Dataset, columns: Columns) -> Iterator[Product]:
    """Count the missing cells of every feature and of the target.

    Why it matters: where values are missing, the model guesses from what was put in their place.

    Method: a cell is missing when it is empty or one of the words that pandas reads as missing (`NA`, `null`, `NaN`);
    the share of rows has an exact interval (Clopper-Pearson). Of the worst share the lower limit heeds the number of
    columns (Bonferroni).

    Missing cells tend to come in the same rows, so the share of all cells has no interval.

    Limits: numbers that stand for missing (0, -999) are not recognised, nor whether values are missing at random.

    References: Clopper and Pearson (1934), Biometrika 26; Berger (1982), Technometrics 24.
    """
    import numpy as np

    shares: list[tuple[str, int, float]] = []
    with_gaps = np.zeros(test.rows, dtype=np.bool_)
    for name in _looked_at(test, columns):
        gaps = missing(test.strings.column(name)).to_numpy()
        absent = int(gaps.sum())
        with_gaps |= gaps
        shares.append((name, absent, absent / test.rows))
        yield _measurement("missing_share", absent, test.rows, {"column": name})
    worst, absent, _ = max(shares, key=lambda found: found[2])
    found = _measurement("worst_missing_share", absent, test.rows, {"column": worst})
    interval = extreme_proportion(absent, test.rows, among=len(shares), largest=True)
    yield found.model_copy(update={"interval": interval})
    cells = test.rows * len(shares)
    value = sum(absent for _, absent, _ in shares) / cells
    yield Measurement(name="missing_cells", value=value, unit="share", n=cells)
    yield _measurement("rows_with_gaps", int(with_gaps.sum()), test.rows, {})
    listed = sorted((found for found in shares if found[1]), key=lambda found: (-found[1], found[0]))
    yield Table(
        name="missing",
        title="Columns with missing values",
        columns=(Column(name="column"), Column(name="cells", unit="count"), Column(name="share", unit="share")),
        rows=tuple(listed[:MOST_ROWS]),
        left_out=max(0, len(listed) - MOST_ROWS),
    )


def _looked_at(test: Dataset, columns: Columns) -> tuple[str, ...]:
    target = (columns.target,) if columns.target else ()
    return tuple(dict.fromkeys((*columns.features, *target))) or test.columns


def _measurement(name: str, absent: int, rows: int, group: dict[str, str]) -> Measurement:
    return Measurement(
        name=name, value=absent / rows, unit="share", n=rows, interval=proportion(absent, rows), group=group
    )
