"""Rows that are copies of others but for small changes."""

from collections.abc import Iterator, Mapping
from typing import Final

from govkit.checks.quality._sample import drawn
from govkit.core.evidence import Column, Finding, Measurement, Message, Severity, Table
from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.neighbours import Near, near
from govkit.inputs.space import points
from govkit.plugins.check import Emit, NotApplicable, Product, Sizes, Work, check
from govkit.stats.intervals import beyond_chance

ASKED: Final = {"quick": 2_000, "standard": 5_000, "thorough": 20_000}
KNOWN: Final = {"quick": 10_000, "standard": 20_000, "thorough": 50_000}
LISTED: Final = 50


@check(
    "quality.near_duplicates",
    title="Nearly equal rows",
    emits=(
        Emit("near_duplicate_share", "share", "rows of DATA nearly, not exactly, equal to another, beyond chance"),
        Emit("near_overlap_share", "share", "rows of DATA nearly, not exactly, equal to one of TRAIN, beyond chance"),
    ),
    messages={
        "quality.near_duplicates.within": "{rows} of {asked} rows of DATA are nearly equal to another one; about "
        "{chance} would be by chance.",
        "quality.near_duplicates.across": "{rows} of {asked} rows of DATA are nearly equal to a row of TRAIN; about "
        "{chance} would be by chance.",
        "quality.near_duplicates.flat": "In the few features that are numbers or categories rows lie close together "
        "by chance, or are too few.",
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
    equal when they are closer than a twentieth of the usual distance to the nearest rows. How many would be by chance
    is estimated from the eight nearest rows around each, which tell in how many dimensions the data vary there, and
    taken off the share; the exact interval reaches from the lower limit less that to the upper limit as it is, so that
    the estimate can't make a result better. Exactly equal rows are left to the checks for them.

    Limits: rows that repeat with large changes, and texts, are not found. Where chance alone would bring more than a
    tenth of all rows near to another, nothing is concluded. A sample of rows is asked; it is compared with a sample of
    at most so many rows as the plan says.

    References: Levina and Bickel (2004), NIPS 17, on the dimension; Barz and Denzler (2020), Journal of Imaging 6, on
    near-duplicates between training and test data.
    """
    import numpy as np

    asked_rows = drawn(np.arange(test.rows), work["asked"], seed)
    known_rows = np.union1d(asked_rows, drawn(np.arange(test.rows), work["known"], seed))
    place = points([test], columns, [known_rows]).coordinates
    within = near(place[np.searchsorted(known_rows, asked_rows)], place)
    if within is None:
        raise NotApplicable("quality.near_duplicates.flat")
    yield from _told("near_duplicate_share", "within", within)
    rows = set(asked_rows[within.rows].tolist())
    if train is not None and all(name in train.columns for name in columns.features):
        others = drawn(np.arange(train.rows), work["known"], seed)
        both = points([test, train], columns, [asked_rows, others])
        across = near(both.coordinates[both.origin == 0], both.coordinates[both.origin == 1])
        if across is not None:
            yield from _told("near_overlap_share", "across", across)
            rows.update(asked_rows[across.rows].tolist())
    yield Table(
        name="near_duplicates",
        title="Rows of DATA that are nearly equal to another, the header not counted",
        columns=(Column(name="row"),),
        rows=tuple((row + 1,) for row in sorted(rows)[:LISTED]),
        left_out=max(0, len(rows) - LISTED),
    )


def _plan(sizes: Sizes, budget: str) -> Work:
    asked = min(sizes.test_rows, ASKED[budget])
    known = min(max(sizes.test_rows, sizes.train_rows), KNOWN[budget])
    return Work({"asked": asked, "known": known}, seconds=0.2 + asked * known * max(sizes.features, 10) / 2e9)


def _told(name: str, kind: str, found: Near) -> Iterator[Product]:
    share, interval = beyond_chance(len(found.rows), found.judged, found.by_chance * found.judged)
    yield Measurement(name=name, value=share, unit="share", n=found.judged, interval=interval)
    if len(found.rows):
        args = {"rows": len(found.rows), "asked": found.judged, "chance": round(found.by_chance * found.judged)}
        message = Message(id=f"quality.near_duplicates.{kind}", args=dict(args))
        yield Finding(rule="QUA-025", severity=Severity.MEDIUM, message=message, where="rows of DATA")
