"""A data file, read once: every cell as the text that stands there, with a typed view for the model on top."""

import codecs
import csv
import io
import stat
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govkit.config import Csv
from govkit.core.digest import sha256
from govkit.core.errors import InputProblem, UsageProblem
from govkit.core.evidence import Message

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import pyarrow as pa
    from numpy.typing import NDArray

MAX_BYTES = 4 * 2**30
MAX_COLUMNS = 20_000
MAX_CELL = 16_384
"""Characters of a cell that are kept."""
MAX_HEADER = 2**24
"""Bytes within which the header has to end, and every other row."""
BLOCK = 2**22
"""Bytes that are read or checked at a time."""
MAX_EXPANSION = 200
"""Parquet: bytes in memory per byte on disk, from 64 MiB on."""
DELIMITERS = (",", ";", "\t", "|")
MISSING = frozenset(
    "|#N/A|#N/A N/A|#NA|-1.#IND|-1.#QNAN|-NaN|-nan|1.#IND|1.#QNAN|<NA>|N/A|NA|NULL|NaN|None|n/a|nan|null".split("|")
)
"""Cells that read as missing: the ones that `pandas.read_csv` takes, as the model was most likely trained with it."""

MESSAGES = {
    "data.encoding": "The file is not UTF-8 and was read as {encoding}. If that is wrong, add the line: "
    "csv: {encoding: ...}",
    "data.delimiter": "Cells are separated by {delimiter}, judged from the header.",
    "data.long_cells": "{cells} cells of {column} have more than {limit} characters and were cut there, for the model "
    "too.",
    "data.unnamed": "Column {position} has no name and was called {name}.",
}


@dataclass(frozen=True)
class Dataset:
    """Rows of a file. `strings` and `frame` hold the same cells in the same order."""

    role: str
    name: str
    path: Path
    sha256: str
    size: int
    format: str
    strings: "pa.Table" = field(repr=False)
    """Each cell as it stands in the file; null where there is none."""
    typed: "pa.Table | None" = field(default=None, repr=False)
    """Parquet: the table with its own types."""
    notes: tuple[Message, ...] = ()

    @property
    def rows(self) -> int:
        """Number of rows."""
        return int(self.strings.num_rows)

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Names in file order."""
        return tuple(self.strings.column_names)

    @cached_property
    def frame(self) -> "pd.DataFrame":
        """The typed view: integers, floats, booleans and text as `pandas.read_csv` would give them. Do not modify."""
        import pandas as pd

        if self.typed is not None:
            frame: pd.DataFrame = self.typed.to_pandas()
            return frame
        # without a copy the columns stay apart, which halves the memory
        return pd.DataFrame({name: _typed(self.strings.column(name)) for name in self.columns}, copy=False)

    def take(self, rows: "NDArray[np.bool_] | NDArray[np.int64]", *, role: str) -> "Dataset":
        """Give the rows of a mask or of positions as a data set of its own, with the file's digest."""
        import numpy as np
        import pyarrow as pa

        positions = pa.array(np.flatnonzero(rows) if rows.dtype == bool else rows)
        typed = None if self.typed is None else self.typed.take(positions)
        return replace(self, role=role, strings=self.strings.take(positions), typed=typed)


def read_dataset(path: Path, *, role: str, options: Csv | None = None) -> Dataset:
    """Read a CSV or Parquet file.

    Raises:
        UsageProblem: the path is a URL.
        InputProblem: there is no such file, or it can't be read as a table; the sentence never holds a cell.
    """
    _refuse_urls(str(path))
    content = _content(path)
    digest, size = sha256(content), len(content)
    typed: pa.Table | None = None
    notes: list[Message] = []
    is_parquet = content[:4] == b"PAR1"
    if is_parquet:
        strings, typed = _parquet(content, path)
        typed = _without_long_cells(typed, [])
    else:
        strings, notes = _csv(content, path, options or Csv())
    if strings.num_rows == 0:
        raise InputProblem(f"{path.name} has a header and no rows", hint="give a file with at least one row")
    strings = _without_long_cells(strings, notes)
    kind = "parquet" if is_parquet else "csv"
    return Dataset(role, path.name, path, digest, size, kind, strings, typed, tuple(notes))


def _without_long_cells(table: "pa.Table", notes: list[Message]) -> "pa.Table":
    """Cut cells that no check needs whole, and say so."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for index, declared in enumerate(table.schema):
        if not (pa.types.is_string(declared.type) or pa.types.is_large_string(declared.type)):
            continue
        column = table.column(index)
        if (pc.max(pc.binary_length(column)).as_py() or 0) <= MAX_CELL:
            continue
        long = pc.sum(pc.greater(pc.utf8_length(column), MAX_CELL)).as_py()
        if long:
            table = table.set_column(index, declared, pc.utf8_slice_codeunits(column, 0, MAX_CELL))
            notes.append(
                Message(id="data.long_cells", args={"cells": long, "column": declared.name, "limit": MAX_CELL})
            )
    return table


def _refuse_urls(text: str) -> None:
    scheme, separator, _ = text.replace(":/", "://", 1).replace(":///", "://").partition("://")
    if separator and scheme.isalnum() and len(scheme) > 1:
        raise UsageProblem(
            "data is given as a URL; govkit opens no network", hint="download the file and name its path"
        )


def _content(path: Path) -> bytes:
    try:
        facts = path.stat()
    except OSError as error:
        raise InputProblem(f"{path} can't be opened: {error.strerror}", hint="check the path") from None
    if not stat.S_ISREG(facts.st_mode):
        raise InputProblem(f"{path} is not a file", hint="give one CSV or Parquet file")
    if facts.st_size > MAX_BYTES:
        raise InputProblem(
            f"{path.name} has {facts.st_size:,} bytes; the limit is {MAX_BYTES:,}", hint="audit a sample of the rows"
        )
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputProblem(f"{path} can't be read: {error.strerror}", hint="check its permissions") from None
    if not content.strip():
        raise InputProblem(f"{path.name} is empty", hint="give a file with a header and rows")
    if content[:2] in (b"\x1f\x8b", b"PK", b"BZ") or content[:6] == b"\xfd7zXZ\x00":
        raise InputProblem(f"{path.name} is compressed or a spreadsheet", hint="save it as plain CSV or as Parquet")
    return content


def _parquet(content: bytes, path: Path) -> "tuple[pa.Table, pa.Table]":
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        plain = pq.ParquetFile(pa.BufferReader(content)).schema_arrow
        words = [one.name for one in plain if pa.types.is_string(one.type) or pa.types.is_large_string(one.type)]
        # a text that stands there often is read once, so that its size can be known before it is spread
        file = pq.ParquetFile(pa.BufferReader(content), read_dictionary=words)
        _check_expansion(file.metadata, len(content), path)
        table = file.read()
        _check_words(table, len(content), path)
        for name in dict.fromkeys(words):
            index = table.schema.get_field_index(name)
            if index >= 0:
                table = table.set_column(index, plain.field(name), table.column(index).cast(plain.field(name).type))
    except (pa.ArrowException, OSError) as error:
        raise InputProblem(
            f"{path.name} is a damaged Parquet file ({type(error).__name__})", hint="write the file again"
        ) from None
    _check_names(list(table.column_names), path)
    nested = [
        column.name for column in table.schema if pa.types.is_nested(column.type) or pa.types.is_binary(column.type)
    ]
    if nested:
        raise InputProblem(
            f"column {nested[0]!r} of {path.name} holds lists, structures or bytes", hint="give flat columns only"
        )
    strings = [column.cast(pa.large_string()) for column in table.columns]
    return pa.table(dict(zip(table.column_names, strings, strict=True))), table


def _check_expansion(facts: Any, size: int, path: Path) -> None:  # noqa: ANN401 - pyarrow.parquet.FileMetaData
    """Refuse a small file that becomes a huge table.

    Raises:
        InputProblem: it is one.
    """
    unpacked = sum(facts.row_group(index).total_byte_size for index in range(facts.num_row_groups))
    cells = 8 * facts.num_rows * facts.num_columns
    if unpacked > max(64 * 2**20, MAX_EXPANSION * size) or cells > max(2**30, 5 * MAX_EXPANSION * size):
        raise _expands(path)


def _check_words(table: "pa.Table", size: int, path: Path) -> None:
    """Refuse texts that take far more room in each row than in the file.

    Raises:
        InputProblem: they would.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    total = 0
    for column in table.columns:
        kind = column.type.value_type if pa.types.is_dictionary(column.type) else None
        if kind is None or not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
            continue
        for chunk in column.chunks:
            lengths = pc.binary_length(chunk.dictionary).cast(pa.int64())
            total += pc.sum(lengths.take(chunk.indices)).as_py() or 0
    if total > max(2**30, MAX_EXPANSION * size):
        raise _expands(path)


def _expands(path: Path) -> InputProblem:
    return InputProblem(f"{path.name} expands to more than {MAX_EXPANSION} times its size", hint="rewrite the file")


def _csv(content: bytes, path: Path, options: Csv) -> "tuple[pa.Table, list[Message]]":
    text, notes = _utf8(content, path, options)
    if b"\x00" in text:
        raise InputProblem(f"{path.name} holds NUL bytes and is no CSV text", hint="export it again as CSV or Parquet")
    beginning = text[:MAX_HEADER].decode(errors="replace")
    delimiter = options.delimiter or _delimiter(beginning)
    if delimiter != "," and options.delimiter is None:
        notes.append(Message(id="data.delimiter", args={"delimiter": {"\t": "tabs"}.get(delimiter, delimiter)}))
    names = _header(beginning, delimiter, path)
    for position, name in enumerate(names):
        if not name.strip():
            names[position] = f"Unnamed: {position}"
            notes.append(Message(id="data.unnamed", args={"position": position + 1, "name": names[position]}))
    _check_names(names, path)
    return _cells(text, names, delimiter, path), notes


def _header(beginning: str, delimiter: str, path: Path) -> list[str]:
    """Read the names.

    Raises:
        InputProblem: there is no header.
    """
    try:
        return _first_line(beginning, delimiter)
    except csv.Error:
        raise InputProblem(f"{path.name} has no header that can be read", hint="check quotes and line ends") from None


def _first_line(text: str, delimiter: str) -> list[str]:
    """Read the fields of the first line; one may hold line ends in quotes, and be as long as a header may be."""
    former = csv.field_size_limit(MAX_HEADER)
    try:
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
    finally:
        csv.field_size_limit(former)


def _utf8(content: bytes, path: Path, options: Csv) -> tuple[bytes, list[Message]]:
    """Give the text as UTF-8 without a mark at its beginning; nothing is copied where it is that already."""
    if options.encoding is None and _is_utf8(content):
        return content.removeprefix(codecs.BOM_UTF8), []
    text, notes = _decoded(content, path, options)
    return text.encode(), notes


def _is_utf8(content: bytes) -> bool:
    """Say whether bytes are UTF-8, a block at a time, so that the text is never in memory as a whole."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    view = memoryview(content)
    try:
        for start in range(0, len(content), BLOCK):
            decoder.decode(view[start : start + BLOCK])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _decoded(content: bytes, path: Path, options: Csv) -> tuple[str, list[Message]]:
    guesses = ["cp1252"]
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        guesses = ["utf-16"]
    if options.encoding:
        guesses = [options.encoding]
    for encoding in guesses:
        try:
            text = content.decode(encoding)
        except (UnicodeDecodeError, UnicodeError):
            continue
        except LookupError:
            raise UsageProblem(f"csv.encoding: {encoding!r} is no known encoding", hint="try utf-8 or cp1252") from None
        guessed = encoding == "cp1252" and not options.encoding
        return text, [Message(id="data.encoding", args={"encoding": "Windows-1252"})] if guessed else []
    raise InputProblem(
        f"{path.name} is not {' or '.join(['utf-8', *guesses] if not options.encoding else guesses)} text",
        hint="add the line to govkit.yaml: csv: {encoding: ...}",
    )


def _delimiter(text: str) -> str:
    header = text.lstrip("\r\n").split("\n", 1)[0][: 2**20]
    counts = {mark: len(_first_line(header, mark)) for mark in DELIMITERS}
    return max(DELIMITERS, key=lambda mark: counts[mark])


def _check_names(names: list[str], path: Path) -> None:
    if len(names) > MAX_COLUMNS:
        raise InputProblem(f"{path.name} has {len(names):,} columns; the limit is {MAX_COLUMNS:,}", hint="drop columns")
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise InputProblem(
                f"column {name[:60]!r} stands twice in the header of {path.name}", hint="give every column its own name"
            )
        seen.add(name)


def _cells(content: bytes, names: list[str], delimiter: str, path: Path) -> "pa.Table":
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    ragged: list[Any] = []
    quoted = b'"' in content

    def keep(row: Any) -> str:  # noqa: ANN401 - pyarrow.csv.InvalidRow
        ragged.append(row)
        return "skip"

    def read(*, threads: bool) -> "pa.Table":
        ragged.clear()
        return arrow_csv.read_csv(
            pa.BufferReader(content),
            read_options=arrow_csv.ReadOptions(
                column_names=names, skip_rows_after_names=1, use_threads=threads, block_size=MAX_HEADER
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=quoted, invalid_row_handler=keep, ignore_empty_lines=True
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.large_string()),
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
                null_values=[""],
            ),
        )

    try:
        table = read(threads=True)
        if ragged:
            read(threads=False)
    except pa.ArrowException as error:
        raise InputProblem(
            f"{path.name} can't be read as CSV ({type(error).__name__})", hint="check quotes and line ends"
        ) from None
    if quoted and content.count(b'"') % 2 and _ends_in_a_quote(table):
        raise InputProblem(f"{path.name} holds a quote that is never closed", hint="close it, or double it in its cell")
    if ragged:
        first = ragged[0]
        where = f"row {first.number}" if first.number else "a row"
        raise InputProblem(
            f"{path.name}: {where} has {first.actual_columns} cells, the header has {first.expected_columns}"
            + (f" ({len(ragged):,} such rows)" if len(ragged) > 1 else ""),
            hint="put cells that hold the separator in quotes, or name it: csv: {delimiter: ...}",
        )
    return table


def _ends_in_a_quote(table: "pa.Table") -> bool:
    """Say whether the last row swallowed line ends, as it does where a quote stays open."""
    last = table.slice(max(table.num_rows - 1, 0)).to_pylist()
    return any("\n" in (cell or "") for row in last for cell in row.values())


def _typed(column: "pa.ChunkedArray") -> "pd.Series[Any]":
    import pandas as pd
    import pyarrow as pa
    import pyarrow.compute as pc

    numbers = _as_numbers(column)
    if numbers is not None:
        return numbers
    column = pc.if_else(pc.is_in(column, value_set=pa.array(sorted(MISSING), pa.large_string())), None, column)
    if column.null_count == len(column):
        return pd.Series([float("nan")] * len(column), dtype="float64")
    numbers = _as_numbers(column)
    if numbers is not None:
        return numbers
    return _as_words(column)


def _as_numbers(column: "pa.ChunkedArray") -> "pd.Series[Any] | None":
    """Give whole or decimal numbers; None where Arrow reads something else in a cell, or there is none."""
    import pandas as pd
    import pyarrow as pa

    if column.null_count == len(column):
        return None
    for target in (pa.int64(), pa.float64()):
        try:
            return pd.Series(column.cast(target).to_pandas())
        except pa.ArrowInvalid:
            continue
    return None


BOOLEANS = frozenset({"True", "False", "TRUE", "FALSE", "true", "false"})
LOOKED_AT = 1_000
"""Cells after which a column of words needs no further look."""


def _as_words(column: "pa.ChunkedArray") -> "pd.Series[Any]":
    """Give truth values or text, or numbers that only pandas can read."""
    import pandas as pd

    first = column.slice(0, LOOKED_AT).drop_null().to_pandas()
    if len(first) and not set(first) <= BOOLEANS and pd.to_numeric(first, errors="coerce").isna().any():
        return pd.Series(column.to_pandas())
    distinct = column.dictionary_encode().combine_chunks()
    values = distinct.dictionary.to_pandas()
    numbers = pd.to_numeric(values, errors="coerce")
    if not numbers.isna().any():
        return _spread(distinct, numbers)
    if set(values) <= BOOLEANS:
        return _spread(distinct, values.str.lower() == "true")
    return pd.Series(column.to_pandas())


def _spread(encoded: "pa.DictionaryArray", values: "pd.Series[Any]") -> "pd.Series[Any]":
    """Give every cell its distinct value's meaning; missing cells become NaN."""
    import pandas as pd

    codes = encoded.indices.to_pandas()
    return pd.Series(codes.map(values.to_dict()))
