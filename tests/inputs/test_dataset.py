"""Data files: what can be read, what it becomes, and how the rest is refused."""

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from govkit.config import Csv
from govkit.core.errors import InputProblem, UsageProblem
from govkit.inputs.dataset import read_dataset


def written(folder: Path, text: str | bytes, name: str = "data.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_text_is_kept_and_types_are_a_view(tmp_path):
    data = read_dataset(written(tmp_path, "zip,age,paid,name\n01234,31,True,Ann\n00012,,False,\n"), role="test")
    assert data.strings.column("zip").to_pylist() == ["01234", "00012"]
    assert data.strings.column("age").to_pylist() == ["31", None]
    assert data.frame["zip"].tolist() == [1234, 12]
    assert data.frame["age"].dtype == np.float64
    assert data.frame["paid"].dtype == bool


cells = st.one_of(
    st.integers(-(2**40), 2**40).map(str),
    st.floats(allow_nan=False, allow_infinity=False, width=32).map(str),
    st.sampled_from(["", "NA", "True", "False", "x", "a b", "1e5", "007", "null", "é", 'q"q', "a,b", "l1\nl2"]),
)


@given(columns=st.lists(st.lists(cells, min_size=3, max_size=3), min_size=1, max_size=4))
@example(columns=[["0", "0", "0"], ["", "x", "True"], ["", "", "True"]])
def test_the_typed_view_is_what_pandas_reads(tmp_path_factory, columns):
    frame = pd.DataFrame({f"c{index}": values for index, values in enumerate(columns)})
    if (frame == "").all(axis=1).any():
        return
    path = tmp_path_factory.mktemp("csv") / "data.csv"
    frame.to_csv(path, index=False)
    pd.testing.assert_frame_equal(read_dataset(path, role="test").frame, pd.read_csv(path))


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_the_delimiter_is_judged_from_the_header_and_said(tmp_path, delimiter):
    text = "a,b\n1,2\n".replace(",", delimiter)
    data = read_dataset(written(tmp_path, text), role="test")
    assert data.columns == ("a", "b")
    assert [note.id for note in data.notes] == ["data.delimiter"]


def test_an_encoding_other_than_utf8_is_said(tmp_path):
    data = read_dataset(written(tmp_path, "name\nMüller\n".encode("cp1252")), role="test")
    assert data.strings.column("name").to_pylist() == ["Müller"]
    assert [note.id for note in data.notes] == ["data.encoding"]
    declared = read_dataset(tmp_path / "data.csv", role="test", options=Csv(encoding="cp1252"))
    assert declared.notes == ()


def test_utf16_and_byte_order_marks_are_read(tmp_path):
    for encoding in ("utf-8-sig", "utf-16"):
        data = read_dataset(written(tmp_path, "näme,b\nx,1\n".encode(encoding)), role="test")
        assert data.columns == ("näme", "b")


def test_parquet_gives_the_same_rows(tmp_path):
    frame = pd.DataFrame({"a": [1, 2, 3], "b": ["x", None, "z"], "c": [0.5, 1.5, np.nan]})
    frame.to_parquet(tmp_path / "data.parquet")
    data = read_dataset(tmp_path / "data.parquet", role="test")
    assert data.format == "parquet"
    assert data.strings.column("b").to_pylist() == ["x", None, "z"]
    pd.testing.assert_frame_equal(data.frame, pd.read_parquet(tmp_path / "data.parquet"))


def test_taking_rows_keeps_both_views_in_step(tmp_path):
    data = read_dataset(written(tmp_path, "a,b\n1,x\n2,y\n3,z\n"), role="test")
    part = data.take(np.array([False, True, True]), role="train")
    assert part.frame["a"].tolist() == [2, 3]
    assert part.strings.column("b").to_pylist() == ["y", "z"]
    assert (part.role, part.sha256) == ("train", data.sha256)


REFUSED = {
    "empty": (b"", "is empty"),
    "blank": (b"\n\n", "is empty"),
    "header only": (b"a,b\n", "no rows"),
    "ragged": (b"a,b\n1,2\n1,2,3\n", "row 3 has 3 cells, the header has 2"),
    "short row": (b"a,b\n1\n", "row 2 has 1 cells"),
    "duplicate header": (b"a,b,a\n1,2,3\n", "'a' stands twice"),
    "nul": (b"a,b\n1,\x002\n", "NUL"),
    "compressed": (gzip.compress(b"a,b\n1,2\n"), "compressed"),
    "spreadsheet": (b"PK\x03\x04rest", "compressed or a spreadsheet"),
    "parquet stub": (b"PAR1rest", "damaged Parquet"),
    "too many columns": (b"a," * 20_001 + b"b\n", "the limit is 20,000"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_files_get_one_clear_sentence(tmp_path, case):
    content, sentence = REFUSED[case]
    with pytest.raises(InputProblem, match=sentence) as refused:
        read_dataset(written(tmp_path, content), role="test")
    assert "data.csv" in refused.value.message
    assert refused.value.hint


def test_a_ragged_row_is_never_quoted(tmp_path):
    with pytest.raises(InputProblem) as refused:
        read_dataset(written(tmp_path, "a,b\n1,2\ncanary@example.org,2,3\n"), role="test")
    assert "canary" not in refused.value.message + refused.value.hint


@pytest.mark.parametrize(
    "url", ["https://example.org/d.csv", "http:/example.org/d.csv", "s3://bucket/key", "file:///d.csv"]
)
def test_urls_are_a_usage_problem(url):
    with pytest.raises(UsageProblem, match="URL"):
        read_dataset(Path(url), role="test")


def test_folders_and_absent_files_are_refused(tmp_path):
    with pytest.raises(InputProblem, match="not a file"):
        read_dataset(tmp_path, role="test")
    with pytest.raises(InputProblem, match="can't be opened"):
        read_dataset(tmp_path / "absent.csv", role="test")
