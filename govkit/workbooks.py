"""Excel workbooks as plain tables: text stays text, dates are dates, nothing in them is ever run."""

import io
import re
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Final

from govkit.core.errors import InputProblem, MissingExtra, UsageProblem

if TYPE_CHECKING:
    from openpyxl.cell.cell import Cell as ExcelCell
    from openpyxl.workbook.workbook import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

Value = str | date
MOST_LETTERS: Final = 32_767
"""Letters of a cell; Excel drops what is beyond."""
MOST_BYTES: Final = 20_000_000
MOST_UNPACKED: Final = 200_000_000
MOST_ROWS: Final = 20_000
FIRST_YEAR: Final = 1900
"""Excel counts days from here."""
_UNWRITABLE: Final = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff\ud800-\udfff]|_x[0-9A-Fa-f]{4}_")
"""Characters that XML has not, or that a spreadsheet turns into others."""
_SIGNS: Final = ("=", "+", "-", "@")
_EARLIEST: Final = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Column:
    """A column of a sheet."""

    title: str
    width: int = 20
    dated: bool = False
    """Whether its cells are dates; all others are formatted as text, so that 9.10 stays 9.10."""
    choices: tuple[str, ...] = ()
    """Values that the spreadsheet offers."""
    to_fill: bool = False
    """Whether it is for the reader to fill in; shown in another colour."""


@dataclass(frozen=True)
class Sheet:
    """A table to be written."""

    name: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Value, ...], ...]


@dataclass(frozen=True)
class Row:
    """A row that was read: its number in the sheet and its cells by column title."""

    sheet: str
    number: int
    cells: dict[str, Value]


@dataclass(frozen=True)
class Table:
    """A sheet that was read."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def unwritable(text: str) -> str:
    """Say why a cell can't hold a text as it is, or give an empty string."""
    if len(text) > MOST_LETTERS:
        return f"it is longer than the {MOST_LETTERS:,} letters of a cell"
    return "it holds a character that a workbook can't keep" if _UNWRITABLE.search(text) else ""


def write(sheets: Sequence[Sheet], day: date) -> bytes:
    """Write a workbook; the same tables and day give the same bytes.

    Text that looks like a formula is kept as text and marked so, so that no spreadsheet runs it. Each text must be
    one that `unwritable` has nothing to say about.

    Raises:
        MissingExtra: openpyxl is not installed.
    """
    _openpyxl()
    from openpyxl.workbook.workbook import Workbook
    from openpyxl.writer.excel import ExcelWriter

    book = Workbook()
    book.remove(book.active)
    for sheet in sheets:
        _lay_out(book.create_sheet(sheet.name), sheet)
    moment = datetime.combine(day, time())
    book.properties.creator, book.properties.created, book.properties.modified = "govkit", moment, moment
    draft = io.BytesIO()
    ExcelWriter(book, zipfile.ZipFile(draft, "w")).save()
    return _undated(draft.getvalue())


def read(path: Path) -> dict[str, Table]:
    """Read every sheet whose first row names columns, by the sheet's name.

    Raises:
        MissingExtra: openpyxl is not installed.
        InputProblem: the file can't be read as an Excel workbook or is too large.
        UsageProblem: a cell holds a formula, an error or a kind of value that no table here has.
    """
    _openpyxl()
    book = _opened(path)
    return {sheet.title: _table(path, sheet) for sheet in book.worksheets}


def _openpyxl() -> ModuleType:
    try:
        import openpyxl
    except ImportError as problem:
        message = "openpyxl, which reads and writes Excel workbooks, isn't installed"
        raise MissingExtra(message, hint="pip install 'govkit[xlsx]'") from problem
    module: ModuleType = openpyxl
    return module


def _lay_out(place: "Worksheet", sheet: Sheet) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    for number, column in enumerate(sheet.columns, 1):
        head = place.cell(1, number)
        _put(head, column.title)
        head.font = Font(bold=True)
        head.fill = PatternFill("solid", fgColor="FFF2CC" if column.to_fill else "E7E6E6")
        letter = get_column_letter(number)
        place.column_dimensions[letter].width = column.width
        # for the rows that are still to come
        place.column_dimensions[letter].number_format = "yyyy-mm-dd" if column.dated else "@"
        if column.choices:
            offered = DataValidation(type="list", formula1=f'"{",".join(column.choices)}"', allow_blank=True)
            offered.add(f"{letter}2:{letter}{MOST_ROWS}")
            place.add_data_validation(offered)
    wrapped = Alignment(wrap_text=True, vertical="top")
    for number, row in enumerate(sheet.rows, 2):
        for index, (column, value) in enumerate(zip(sheet.columns, row, strict=True), 1):
            cell = place.cell(number, index)
            _put(cell, value)
            cell.number_format = "yyyy-mm-dd" if column.dated else "@"
            cell.alignment = wrapped
    place.freeze_panes = "A2"


def _put(cell: "ExcelCell", value: Value) -> None:
    """Set a cell; a text is never taken for a formula, a number or an error."""
    if isinstance(value, date):
        cell.value = value
    elif value:
        cell.value, cell.data_type = value, "s"
        cell.quotePrefix = value.startswith(_SIGNS)


def _undated(content: bytes) -> bytes:
    """Pack a workbook's parts again without the time at which each was written."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as parts, zipfile.ZipFile(packed, "w") as archive:
        for name in parts.namelist():
            entry = zipfile.ZipInfo(name, _EARLIEST)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, parts.read(name))
    return packed.getvalue()


def _opened(path: Path) -> "Workbook":
    import openpyxl

    try:
        _must_be_small(path)
        with warnings.catch_warnings():
            # parts of a workbook that openpyxl passes over: drawings, extensions
            warnings.simplefilter("ignore")
            return openpyxl.load_workbook(path, keep_links=False)
    except InputProblem:
        raise
    except OSError as problem:
        message = f"{path} can't be read: {problem.strerror or type(problem).__name__}"
        raise InputProblem(message, hint="check the path") from None
    except Exception as problem:  # noqa: BLE001 - openpyxl raises anything on a damaged file, and quotes cells in it
        message = f"{path} is no Excel workbook ({type(problem).__name__})"
        raise InputProblem(message, hint="save it as an Excel workbook (.xlsx) without a password") from None


def _must_be_small(path: Path) -> None:
    hint = "keep to the sheets that were written"
    if path.stat().st_size > MOST_BYTES:
        raise InputProblem(f"{path} is larger than {MOST_BYTES:,} bytes", hint=hint)
    with zipfile.ZipFile(path) as parts:
        unpacked = sum(part.file_size for part in parts.infolist())
    if unpacked > MOST_UNPACKED:
        raise InputProblem(f"{path} unpacks to more than {MOST_UNPACKED:,} bytes", hint=hint)


def _table(path: Path, sheet: "Worksheet") -> Table:
    if sheet.max_row > MOST_ROWS:
        message = f"{path.name}, sheet {sheet.title}: more than {MOST_ROWS:,} rows"
        raise UsageProblem(message, hint="delete the empty rows below the table")
    lines = sheet.iter_rows()
    columns = tuple(_titles(path, next(lines, ())))
    rows = []
    for line in lines:
        cells = {
            title: _value(path, cell, title)
            for title, cell in zip(columns, line, strict=False)
            if cell.value is not None
        }
        if any(cells.values()):
            rows.append(Row(sheet.title, line[0].row, cells))
    return Table(sheet.title, tuple(title for title in columns if title), tuple(rows))


def _titles(path: Path, cells: Sequence["ExcelCell"]) -> Iterator[str]:
    seen: set[str] = set()
    for cell in cells:
        title = "" if cell.value is None else str(_value(path, cell, "")).strip()
        if title in seen and title:
            message = f"{path.name}, sheet {cell.parent.title}, row 1: the column {title!r} stands twice"
            raise UsageProblem(message, hint="keep one of them")
        seen.add(title)
        yield title


def _value(path: Path, cell: "ExcelCell", title: str) -> Value:
    """Give a cell's text or date; a number might have been another text, 9.1 for 9.10, so it is refused."""
    where = at(path, cell.parent.title, cell.row, title or cell.coordinate)
    if cell.data_type in {"f", "e"}:
        kind = "a formula" if cell.data_type == "f" else "an error"
        raise UsageProblem(f"{where}: the cell holds {kind}", hint="put its value there: copy, then paste values only")
    value = cell.value
    if isinstance(value, datetime):
        if value.time() != time():
            raise UsageProblem(f"{where}: a date with a time of day", hint="write the date alone, such as 2026-03-31")
        return value.date()
    if isinstance(value, str | date):
        return value
    raise UsageProblem(f"{where}: a number, and neither text nor a date", hint="format the cell as text, then type it")


def at(path: Path, sheet: str, row: int, column: str) -> str:
    """Name a cell for a message."""
    return f"{path.name}, sheet {sheet}, row {row}, column {column!r}"
