"""Rows that are copies of others but for small changes."""

from collections.abc import Iterator, Mapping
from typing import Final

from govkit.checks.quality._sample import drawn
from govkit.core.evidence import Column, Finding, Measurement, Message, Severity, Table
from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.neighbours import near
from govkit.inputs.space import points
from govkit.plugins.check import Emit, NotApplicable, Product, Sizes, Work, check
from govkit.stats.intervals import proportion

ASKED: Final = {"quick": 2_000, "standard": 5_000, "thorough": 20_000}
KNOWN: Final = {"quick": 10_000, "standard": 20_000, "thorough": 50_000}
LISTED: Final = 50


@check(
    "quality.near_duplicates",
    title="Nearly equal rows",
    emits=(
        Emit("near_duplicate_share", "share", "rows of DATA that are nearly, not exactly, equal to another row of it"),
        Emit("near_overlap_share", "share", "rows of DATA that are nearly, not exactly, equal to a row of TRAIN"),
    ),
    messages={
        "quality.near_duplicates.within": "{rows} of {asked} rows of DATA are nearly equal to another one.",
        "quality.near_duplicates.across": "{rows} of {asked} rows of DATA are nearly equal to a row of TRAIN.",
        "quality.near_duplicates.flat": "With so few features that are numbers or categories, rows lie close together "
        "by chance.",
    },
    libraries=("numpy", "scikit-learn", "scipy"),
    plan=lambda sizes, budget, _: _plan(sizes, budget),
)
def near_duplicates(
    test: Dataset, columns: Columns, work: Mapping[str, int], seed: int, train: Dataset | None = None
) -> Iterator[Product]:
    """Look for rows that differ from another row by next to nothing.

    Why it matters: copies with small changes pass an exact comparison, and they make test results too good all the
    same.

    Method: numbers in units of their standard deviation and categories as 0 and 1 place each row; two rows are nearly
    equal when they are closer than a twentieth of the usual distance to the nearest row. Independent rows come that
    close with a probability of about 0.05 to the power of the number of dimensions, so below four nothing is concluded.
    Exactly equal rows are left to the checks for them. Shares have exact intervals.

    Limits: rows that repeat with large changes, and texts, are not found. Coarse columns make nearly equal rows
    natural. A sample of rows is asked; it is compared with a sample of at most so many rows as the plan says.

    References: Barz and Denzler (2020), Journal of Imaging 6, on near-duplicates between training and test data.
    """
    import numpy as np

    asked_rows = drawn(np.arange(test.rows), work["asked"], seed)
    known_rows = np.union1d(asked_rows, drawn(np.arange(test.rows), work["known"], seed))
    place = points([test], columns, [known_rows]).coordinates
    within = near(place[np.searchsorted(known_rows, asked_rows)], place)
    if within is None:
        raise NotApplicable("quality.near_duplicates.flat")
    rows = asked_rows[within >= 0].tolist()
    yield _share("near_duplicate_share", len(rows), len(asked_rows))
    if rows:
        yield _finding("within", len(rows), len(asked_rows))
    if train is not None and all(name in train.columns for name in columns.features):
        others = drawn(np.arange(train.rows), work["known"], seed)
        both = points([test, train], columns, [asked_rows, others])
        across = near(both.coordinates[both.origin == 0], both.coordinates[both.origin == 1])
        if across is not None:
            copies = asked_rows[across >= 0].tolist()
            yield _share("near_overlap_share", len(copies), len(asked_rows))
            if copies:
                yield _finding("across", len(copies), len(asked_rows))
            rows = sorted({*rows, *copies})
    yield Table(
        name="near_duplicates",
        title="Rows of DATA that are nearly equal to another, the header not counted",
        columns=(Column(name="row"),),
        rows=tuple((row + 1,) for row in rows[:LISTED]),
        left_out=max(0, len(rows) - LISTED),
    )


def _plan(sizes: Sizes, budget: str) -> Work:
    asked = min(sizes.test_rows, ASKED[budget])
    known = min(max(sizes.test_rows, sizes.train_rows), KNOWN[budget])
    return Work({"asked": asked, "known": known}, seconds=0.2 + asked * known * max(sizes.features, 10) / 2e9)


def _share(name: str, found: int, n: int) -> Measurement:
    return Measurement(name=name, value=found / n, unit="share", n=n, interval=proportion(found, n))


def _finding(kind: str, rows: int, asked: int) -> Finding:
    message = Message(id=f"quality.near_duplicates.{kind}", args={"rows": rows, "asked": asked})
    return Finding(rule="QUA-025", severity=Severity.MEDIUM, message=message, where="rows of DATA")
