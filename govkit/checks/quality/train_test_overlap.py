"""Whether rows that the model was fitted on also stand in DATA."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from govkit.core.evidence import Finding, Interval, Measurement, Message, Severity
from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.rows import group, missing
from govkit.plugins.check import Emit, NotPossible, Product, check
from govkit.stats.intervals import difference, proportion
from govkit.stats.means import of_sum

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@check(
    "quality.train_test_overlap",
    title="Overlap of training and test rows",
    emits=(
        Emit("overlap_share", "share", "rows of DATA that also stand in TRAIN, equal in every feature and the target"),
        Emit("chance_overlap_share", "share", "rows of TRAIN that have an equal row in TRAIN: the overlap to expect"),
        Emit("excess_overlap_share", "share", "overlap beyond what equal-looking rows explain; 0 where there is none"),
        Emit("keyed_overlap_share", "share", "rows of DATA whose row id also stands in TRAIN"),
    ),
    messages={
        "quality.train_test_overlap.rows": "{rows} of the {total} rows of DATA stand in TRAIN exactly; about "
        "{expected} would look alike by chance.",
        "quality.train_test_overlap.keys": "{rows} rows of DATA have a row id that also stands in TRAIN.",
        "quality.train_test_overlap.columns": "TRAIN lacks the column {column}, so rows can't be compared.",
    },
    libraries=("pyarrow", "scipy"),
)
def train_test_overlap(test: Dataset, train: Dataset, columns: Columns) -> Iterator[Product]:
    """Count the rows of DATA that the model has already seen in TRAIN.

    Why it matters: a model is right about rows it was fitted on, so overlap makes every test result too good.

    Method: rows are compared exactly over features and target, numbers by value; shares have exact intervals. Were
    DATA and TRAIN independent draws, a row of DATA would find its like in TRAIN about as often as a row of TRAIN finds
    one among the others; the excess is the overlap minus this share. Equal rows come and go together, so that its
    interval counts each set of them as one part of the sum (Hall's); where few sets carry it, it is Newcombe's hybrid
    interval for a difference.
    Where a row id is declared, ids are compared too.

    Limits: in tables of few distinct values the plain overlap is high without any leak: then believe the excess. Where
    the same case was recorded several times before the split, its copies raise both shares and the excess hides them:
    then believe the plain overlap. Nearly equal rows and rows of the same person aren't found.

    References: Newcombe (1998), Statistics in Medicine 17, method 10; Hall (1992), JRSS B 54;
    Kapoor and Narayanan (2023), Patterns 4.
    """
    compared = [name for name in (*columns.features, columns.target) if name]
    absent = next((name for name in compared if name not in train.columns), None)
    if absent:
        raise NotPossible("quality.train_test_overlap.columns", column=absent)
    in_test, in_train = group([test, train], compared).counts.T
    shared = int(in_test[in_train > 0].sum())
    twins = int(in_train[in_train > 1].sum())
    overlap, chance = proportion(shared, test.rows), proportion(twins, train.rows)
    yield _share("overlap_share", shared / test.rows, test.rows, overlap)
    yield _share("chance_overlap_share", twins / train.rows, train.rows, chance)
    excess = shared / test.rows - twins / train.rows
    interval = _excess(in_test, in_train, overlap, chance)
    yield _share("excess_overlap_share", max(0.0, excess), test.rows, interval)
    if shared:
        expected = round(twins / train.rows * test.rows)
        arguments = {"rows": shared, "total": test.rows, "expected": expected}
        yield _finding("rows", "QUA-003", "DATA and TRAIN", arguments)
    if columns.row_id and columns.row_id in train.columns and columns.row_id in test.columns:
        yield from _keys(test, train, columns.row_id)


def _keys(test: Dataset, train: Dataset, row_id: str) -> Iterator[Product]:
    import pyarrow.compute as pc

    given = test.strings.column(row_id)
    known = pc.unique(train.strings.column(row_id))
    held = pc.and_(pc.is_in(given, value_set=known), pc.invert(missing(given)))
    repeated = int(pc.sum(held).as_py() or 0)
    yield _share("keyed_overlap_share", repeated / test.rows, test.rows, proportion(repeated, test.rows))
    if repeated:
        yield _finding("keys", "QUA-004", f"column {row_id}", {"rows": repeated})


def _share(name: str, value: float, n: int, interval: Interval) -> Measurement:
    return Measurement(name=name, value=value, unit="share", n=n, interval=interval)


def _excess(
    in_test: "NDArray[np.int64]", in_train: "NDArray[np.int64]", overlap: Interval, chance: Interval
) -> Interval:
    """Give the interval of the overlap less what chance makes, cut off at 0.

    Args:
        in_test: rows of DATA of each set of equal rows, shape (sets,).
        in_train: the same of TRAIN.
        overlap: interval of the share of DATA that stands in TRAIN.
        chance: interval of the share of TRAIN that stands in it twice.
    """
    test, train = int(in_test.sum()), int(in_train.sum())
    shared, twins = in_test * (in_train > 0) / test, in_train * (in_train > 1) / train
    one, other = float(shared.sum()), float(twins.sum())
    found = of_sum(shared - twins, known=one**2 / test)
    found = found or difference((one, overlap), (other, chance))
    return found.model_copy(update={"low": max(0.0, found.low or 0.0), "high": max(0.0, found.high or 0.0)})


def _finding(kind: str, rule: str, where: str, arguments: dict[str, int]) -> Finding:
    message = Message(id=f"quality.train_test_overlap.{kind}", args=dict(arguments))
    return Finding(rule=rule, severity=Severity.MEDIUM, message=message, where=where)
