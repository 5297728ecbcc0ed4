"""Rows come out on the other side as they went in, whatever their types, order and number."""

import numpy as np
import pandas as pd
import pytest

from govkit.core.errors import InputProblem
from govkit.inputs.transport import packed, unpacked

RANDOM = np.random.default_rng(0)
NUMBERS = pd.DataFrame(RANDOM.normal(size=(50, 3)), columns=list("abc"))
MIXED = pd.DataFrame(
    {
        "text": RANDOM.choice(["x", "längst", ""], 50),
        "a": NUMBERS["a"],
        "whole": np.arange(50),
        "truth": NUMBERS["b"] > 0,
        "small": NUMBERS["c"].astype("float32"),
        "other": ["y", None] * 25,
        "b": NUMBERS["b"],
    }
)
STREAMED = MIXED.assign(
    kind=MIXED["text"].astype("category"),
    day=pd.date_range("2026-01-01", periods=50),
    missing=pd.array([1, None] * 25, dtype="Int64"),
)
CASES = {
    "numbers": NUMBERS,
    "whole numbers": NUMBERS.astype("int32"),
    "mixed": MIXED,
    "text": MIXED[["text", "other"]],
    "streamed": STREAMED,
    "every second row": MIXED[::2],
    "one row": MIXED[7:8],
    "no rows": MIXED[:0],
    "no rows of numbers": NUMBERS[:0],
    "two columns of one name": MIXED[["a", "a", "text"]],
}


@pytest.mark.parametrize("case", CASES)
def test_rows_come_out_as_they_went_in(case):
    rows = CASES[case]
    facts, buffers = packed(rows)
    again = unpacked(facts, bytearray(b"".join(buffers)), list(rows.columns))
    pd.testing.assert_frame_equal(again, rows.reset_index(drop=True), check_freq=False)


def test_a_slice_sends_its_own_texts_only():
    long = pd.DataFrame({"text": ["x" * 1_000] * 1_000})
    assert sum(map(len, packed(long[3:4])[1])) < 3_000


def test_values_of_several_kinds_are_not_sent():
    with pytest.raises(InputProblem, match="values of several kinds"):
        packed(pd.DataFrame({"a": [1, "Miller", object()]}))
