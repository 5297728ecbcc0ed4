import io
import sys
import zipfile
from datetime import date, datetime

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from govkit.core.errors import InputProblem, MissingExtra, UsageProblem
from govkit.workbooks import MOST_LETTERS, Column, Sheet, read, unwritable, write

DAY = date(2026, 11, 21)
COLUMNS = (Column("text"), Column("day", dated=True))
TEXTS = st.text(max_size=60).filter(lambda text: not unwritable(text))
DAYS = st.dates(date(1901, 1, 1), date(2100, 1, 1))


def saved(folder, change):
    """Give a workbook that somebody worked in: one row, changed by `change(sheet)`."""
    path = folder / "book.xlsx"
    path.write_bytes(write([Sheet("Own", COLUMNS, (("a", DAY),))], DAY))
    book = openpyxl.load_workbook(path)
    change(book["Own"])
    book.save(path)
    return path


@given(rows=st.lists(st.tuples(TEXTS, st.one_of(DAYS, st.just(""))), max_size=5))
def test_what_is_written_is_read_again(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("book") / "book.xlsx"
    path.write_bytes(write([Sheet("Own", COLUMNS, tuple(rows))], DAY))
    found = [(row.cells.get("text", ""), row.cells.get("day", "")) for row in read(path)["Own"].rows]
    assert found == [row for row in rows if any(row)]


@pytest.mark.parametrize("text", ["=1+1", "=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "#REF!", "TRUE", "007", "9.10"])
def test_text_that_looks_like_something_else_stays_text_and_is_never_run(tmp_path, text):
    (tmp_path / "book.xlsx").write_bytes(write([Sheet("Own", COLUMNS, ((text, DAY),))], DAY))
    cell = openpyxl.load_workbook(tmp_path / "book.xlsx")["Own"]["A2"]
    assert (cell.value, cell.data_type, cell.number_format) == (text, "s", "@")
    assert cell.quotePrefix == text.startswith(("=", "+", "-", "@"))
    assert b"<f>" not in zipfile.ZipFile(tmp_path / "book.xlsx").read("xl/worksheets/sheet1.xml")


def test_the_same_table_gives_the_same_bytes_and_names_no_moment():
    first, second = (write([Sheet("Own", COLUMNS, (("a", DAY),))], DAY) for _ in range(2))
    assert first == second
    assert {part.date_time for part in zipfile.ZipFile(io.BytesIO(first)).infolist()} == {(1980, 1, 1, 0, 0, 0)}


@pytest.mark.parametrize("text", ["a" * (MOST_LETTERS + 1), "bell \x07", "_x0041_", "half \ud800", "line\r\nend"])
def test_what_a_cell_cannot_keep_is_said_beforehand(text):
    assert unwritable(text)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda sheet: sheet.__setitem__("A2", "=1+1"), "row 2, column 'text': the cell holds a formula"),
        (lambda sheet: sheet.__setitem__("A2", "#DIV/0!"), "row 2, column 'text': the cell holds an error"),
        (lambda sheet: sheet.__setitem__("A2", 9.1), "row 2, column 'text': a number"),
        (
            lambda sheet: sheet.__setitem__("B2", datetime.fromisoformat("2026-01-01T12:00")),
            "column 'day': a date with a time",
        ),
        (lambda sheet: sheet.__setitem__("B1", "text"), "row 1: the column 'text' stands twice"),
        (lambda sheet: sheet.__setitem__("A30000", "far"), "more than 20,000 rows"),
    ],
)
def test_a_cell_that_cannot_be_taken_as_it_is_is_named(tmp_path, change, said):
    with pytest.raises(UsageProblem) as caught:
        read(saved(tmp_path, change))
    assert caught.value.message.startswith("book.xlsx, sheet Own")
    assert said in caught.value.message
    assert caught.value.hint


def test_files_that_are_no_workbook_are_refused_without_quoting_them(tmp_path):
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * 200_000_001)
    for content, said in ((b"framework,control\n", "no Excel workbook"), (b"PK\x03\x04secret", "no Excel workbook"),
                          (b"", "no Excel workbook"), (bomb.getvalue(), "unpacks to more")):  # fmt: skip
        (tmp_path / "book.xlsx").write_bytes(content)
        with pytest.raises(InputProblem, match=said) as caught:
            read(tmp_path / "book.xlsx")
        assert "secret" not in caught.value.message
    for place in (tmp_path, tmp_path / "none.xlsx"):
        with pytest.raises(InputProblem, match="can't be read"):
            read(place)


def test_without_openpyxl_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(MissingExtra, match="isn't installed") as caught:
        write([], DAY)
    assert caught.value.hint == "pip install 'govkit[xlsx]'"
