"""Read tables of any size as batches of text, in parts: CSV, TSV, JSON lines, Parquet, Feather and plain text."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from govkit.config import Csv
from govkit.core.errors import InputProblem
from govkit.pii.bytes import CleanBytes, cuts, delimiter_of, head_of

if TYPE_CHECKING:
    import pyarrow as pa

FORMATS: Final = {
    ".csv": "csv",
    ".tsv": "csv",
    ".tab": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".feather": "arrow",
    ".arrow": "arrow",
    ".txt": "text",
    ".text": "text",
    ".md": "text",
    ".log": "text",
}
"""What a file is, by its suffix; anything else is read as CSV."""
UNIT_BYTES: Final = 32 * 2**20
"""Bytes of a part that one process reads; parts don't depend on how many processes there are."""
BLOCK_BYTES: Final = 8 * 2**20
ROWS: Final = 32_768
"""Rows of a batch where the format doesn't come in blocks of bytes."""
MAX_COLUMNS: Final = 20_000
ODD: Final = "(rows of another width)"
"""Name under which rows are scanned that have more or fewer cells than the header."""


@dataclass(frozen=True)
class Unit:
    """A part of a file."""

    path: Path
    format: str
    start: int
    """First byte, or first row group."""
    stop: int
    delimiter: str = ","
    encoding: str | None = None
    names: tuple[str, ...] = ()
    """CSV: the header's cells, made unique."""


@dataclass(frozen=True)
class Batch:
    """Some rows: columns of text by name, nulls where there is no cell, and rows that fit no column."""

    columns: "dict[str, pa.Array]"
    rows: int
    odd: tuple[str, ...] = field(default=(), repr=False)
    typed: "pa.RecordBatch | None" = field(default=None, repr=False)
    """The rows with their own types, where the format has any and every column is flat."""


@dataclass(frozen=True)
class TableFiles:
    """Files that are parts of one table."""

    name: str
    paths: tuple[Path, ...]

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(path.stat().st_size for path in self.paths)


def find_tables(paths: Sequence[Path]) -> list[TableFiles]:
    """Give the tables among files and folders; files of one folder with the same columns are one table.

    Raises:
        InputProblem: there is no such file, it can't be read, or a folder holds nothing that can.
    """
    tables: list[TableFiles] = []
    for path in paths:
        if not path.is_dir():
            _check_file(path)
            tables.append(TableFiles(path.name, (path,)))
            continue
        inside = sorted(item for item in path.rglob("*") if item.is_file() and item.suffix.lower() in FORMATS)
        inside = [item for item in inside if item.stat().st_size]
        if not inside:
            raise InputProblem(f"{path} holds no data file", hint=f"files end in {', '.join(FORMATS)}")
        groups: dict[tuple[str, ...], list[Path]] = {}
        for item in inside:
            groups.setdefault((format_of(item), *columns_of(item)), []).append(item)
        tables += [TableFiles(str(group[0].relative_to(path.parent)), tuple(group)) for group in groups.values()]
    return tables


def _check_file(path: Path) -> None:
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(6)
    except OSError as error:
        raise InputProblem(f"{path} can't be opened: {error.strerror}", hint="check the path") from None
    if size == 0:
        raise InputProblem(f"{path.name} is empty", hint="give a file with a header and rows")
    if start[:2] in (b"\x1f\x8b", b"PK", b"BZ") or start == b"\xfd7zXZ\x00":
        raise InputProblem(f"{path.name} is compressed or a spreadsheet", hint="save it as plain CSV or as Parquet")


def format_of(path: Path) -> str:
    """Tell a file's format: Parquet and Arrow by their first bytes, others by suffix."""
    with path.open("rb") as file:
        start = file.read(6)
    if start[:4] == b"PAR1":
        return "parquet"
    if start in (b"ARROW1", b"FEA1\x00\x00"):
        return "arrow"
    found = FORMATS.get(path.suffix.lower(), "csv")
    if found in ("parquet", "arrow"):
        raise InputProblem(f"{path.name} is no {found} file inside", hint="write the file again")
    return found


def columns_of(path: Path, options: Csv | None = None) -> tuple[str, ...]:
    """Give a file's column names without reading its rows; JSON lines give none."""
    found = format_of(path)
    if found == "csv":
        return _header(path, options or Csv())[0]
    if found == "parquet":
        return tuple(_parquet(path).schema_arrow.names)
    return ()


def units(path: Path, options: Csv | None = None) -> list[Unit]:
    """Cut a file into parts that can be read apart, at ends of rows."""
    found = format_of(path)
    if found == "parquet":
        return [Unit(path, found, start, stop) for start, stop in _groups(path)]
    size = path.stat().st_size
    if found == "arrow":
        return [Unit(path, found, 0, size)]
    options = options or Csv()
    if found != "csv":
        return [
            Unit(path, found, start, stop, encoding=options.encoding) for start, stop in cuts(path, size, UNIT_BYTES)
        ]
    names, delimiter, encoding = _header(path, options)
    whole = encoding is not None and encoding.lower().startswith(("utf-16", "utf-32", "utf_16", "utf_32"))
    parts = [(0, size)] if whole else cuts(path, size, UNIT_BYTES, quotes=True)
    return [Unit(path, found, start, stop, delimiter, encoding, names) for start, stop in parts]


def batches(unit: Unit) -> Iterator[Batch]:
    """Read a part.

    Raises:
        InputProblem: it can't be read; the sentence never holds a cell.
    """
    reader = {"csv": _read_csv, "jsonl": _read_json, "text": _read_text, "parquet": _read_parquet, "arrow": _read_arrow}
    yield from reader[unit.format](unit)


def _header(path: Path, options: Csv) -> tuple[tuple[str, ...], str, str | None]:
    """Give column names, delimiter and encoding."""
    text, encoding = head_of(path, options.encoding)
    preset = "\t" if path.suffix.lower() in (".tsv", ".tab") else None
    delimiter = options.delimiter or preset or delimiter_of(text)
    try:
        names = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
    except csv.Error:
        raise InputProblem(f"the header of {path.name} can't be read", hint="check its quotes") from None
    if len(names) > MAX_COLUMNS:
        raise InputProblem(
            f"{path.name} has {len(names):,} columns; the limit is {MAX_COLUMNS:,}", hint="cut it in two"
        )
    return _unique(names), delimiter, encoding


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    """Name what has no name, and number names that come twice."""
    seen: dict[str, int] = {}
    made = []
    for position, name in enumerate(names):
        plain = name.strip() or f"Unnamed: {position}"
        seen[plain] = seen.get(plain, 0) + 1
        made.append(plain if seen[plain] == 1 else f"{plain}.{seen[plain]}")
    return tuple(made)


def _read_csv(unit: Unit) -> Iterator[Batch]:
    import pyarrow as pa
    from pyarrow import csv as arrow

    odd: list[str] = []

    def keep(row: "arrow.InvalidRow") -> str:
        odd.append(row.text or "")
        return "skip"

    names = [f"f{position}" for position in range(len(unit.names))]
    source = pa.PythonFile(CleanBytes(unit.path, unit.start, unit.stop, unit.encoding), mode="r")
    try:
        reader = arrow.open_csv(
            source,
            arrow.ReadOptions(
                use_threads=False,
                block_size=min(BLOCK_BYTES, max(unit.stop - unit.start, 1) + 1),
                column_names=names,
                skip_rows_after_names=int(unit.start == 0),
            ),
            arrow.ParseOptions(delimiter=unit.delimiter, newlines_in_values=True, invalid_row_handler=keep),
            arrow.ConvertOptions(
                column_types=dict.fromkeys(names, pa.large_string()), strings_can_be_null=False, check_utf8=False
            ),
        )
        for batch in reader:
            columns = dict(zip(unit.names, batch.columns, strict=True))
            yield Batch(columns, batch.num_rows, tuple(odd))
            odd.clear()
    except pa.ArrowInvalid as error:
        if not str(error).startswith("Empty CSV file"):
            raise InputProblem(
                f"{unit.path.name} can't be read as CSV near byte {unit.start:,}",
                hint=f"check its quotes; a row may have {BLOCK_BYTES:,} bytes",
            ) from None
    if odd:
        yield Batch({}, 0, tuple(odd))


def _read_text(unit: Unit) -> Iterator[Batch]:
    for lines in _lines(unit):
        yield from _batch_of({"text": lines}, len(lines))


def _lines(unit: Unit) -> Iterator[list[str]]:
    source = io.TextIOWrapper(
        io.BufferedReader(CleanBytes(unit.path, unit.start, unit.stop, unit.encoding), BLOCK_BYTES), "utf-8"
    )
    while lines := source.readlines(BLOCK_BYTES):
        yield [line.rstrip("\r\n") for line in lines]


def _read_json(unit: Unit) -> Iterator[Batch]:
    for lines in _lines(unit):
        columns: dict[str, list[str | None]] = {}
        odd, rows = [], 0
        for line in lines:
            if not line.strip():
                continue
            try:
                found = json.loads(line)
            except (ValueError, RecursionError):
                odd.append(line)
                continue
            for name, cell in _flat(found, "").items():
                column = columns.setdefault(name, [])
                column.extend([None] * (rows - len(column)))
                column.append(cell)
            rows += 1
        for column in columns.values():
            column.extend([None] * (rows - len(column)))
        yield from _batch_of(columns, rows, tuple(odd))


def _flat(value: object, prefix: str) -> dict[str, str | None]:
    """Give the cells of a JSON value: `{"a": {"b": 1}}` has a cell `a.b`."""
    if isinstance(value, dict):
        cells: dict[str, str | None] = {}
        for name, inner in value.items():
            cells |= _flat(inner, f"{prefix}.{name}" if prefix else str(name))
        return cells
    name = prefix or "value"
    if value is None:
        return {name: None}
    return {name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}


def _batch_of(
    columns: "dict[str, list[str | None]] | dict[str, list[str]]", rows: int, odd: tuple[str, ...] = ()
) -> Iterator[Batch]:
    import pyarrow as pa

    yield Batch({name: pa.array(cells, pa.large_string()) for name, cells in columns.items()}, rows, odd)


def _parquet(path: Path) -> "pa.parquet.ParquetFile":
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(path, memory_map=False)
    except (pa.ArrowException, OSError) as error:
        raise InputProblem(
            f"{path.name} is a damaged Parquet file ({type(error).__name__})", hint="write the file again"
        ) from None


def _groups(path: Path) -> Iterator[tuple[int, int]]:
    """Give runs of row groups of at least `UNIT_BYTES`."""
    facts = _parquet(path).metadata
    start = held = 0
    for index in range(facts.num_row_groups):
        held += facts.row_group(index).total_byte_size
        if held >= UNIT_BYTES:
            yield start, index + 1
            start, held = index + 1, 0
    if start < facts.num_row_groups:
        yield start, facts.num_row_groups


def _read_parquet(unit: Unit) -> Iterator[Batch]:
    import pyarrow as pa

    try:
        groups = list(range(unit.start, unit.stop))
        for batch in _parquet(unit.path).iter_batches(batch_size=ROWS, row_groups=groups, use_threads=False):
            yield _as_text(batch)
    except (pa.ArrowException, OSError) as error:
        raise InputProblem(
            f"{unit.path.name} is a damaged Parquet file ({type(error).__name__})", hint="write the file again"
        ) from None


def _read_arrow(unit: Unit) -> Iterator[Batch]:
    import pyarrow as pa
    from pyarrow import feather, ipc

    try:
        with pa.memory_map(str(unit.path)) as source:
            if source.read(6) == b"ARROW1":
                source.seek(0)
                file = ipc.open_file(source)
                found = (file.get_batch(index) for index in range(file.num_record_batches))
            else:
                found = iter(feather.read_table(unit.path).to_batches(max_chunksize=ROWS))
            for batch in found:
                yield from (_as_text(batch.slice(start, ROWS)) for start in range(0, batch.num_rows, ROWS))
    except (pa.ArrowException, OSError) as error:
        raise InputProblem(
            f"{unit.path.name} is a damaged Arrow file ({type(error).__name__})", hint="write the file again"
        ) from None


def _as_text(batch: "pa.RecordBatch") -> Batch:
    columns: dict[str, pa.Array] = {}
    names = _unique(batch.schema.names)
    for name, column in zip(names, batch.columns, strict=True):
        columns |= _texts(name, column)
    return Batch(columns, batch.num_rows, typed=batch if tuple(columns) == tuple(batch.schema.names) else None)


def _texts(name: str, column: "pa.Array") -> "dict[str, pa.Array]":
    """Give a column's cells as text; structures become a column for each field."""
    import pyarrow as pa

    if pa.types.is_struct(column.type):
        columns: dict[str, pa.Array] = {}
        for index, inner in enumerate(column.type):
            columns |= _texts(f"{name}.{inner.name}", column.field(index))
        return columns
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    try:
        return {name: column.cast(pa.large_string())}
    except pa.ArrowException:
        cells = [None if cell is None else str(cell) for cell in column.to_pylist()]
        return {name: pa.array(cells, pa.large_string())}
