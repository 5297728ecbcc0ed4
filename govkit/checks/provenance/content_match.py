"""Whether the files have the size, rows and columns that the metadata gives them."""

import hashlib
from collections.abc import Iterator
from typing import Final

from govkit.core.evidence import Finding, Measurement, Message, Severity
from govkit.inputs.columns import kind_of
from govkit.inputs.dataset import Dataset
from govkit.inputs.metadata import Metadata
from govkit.inputs.metadata_formats.statement import DeclaredFile, DeclaredTable
from govkit.plugins.check import Emit, NotDeclared, Product, check

FITS: Final = {
    "integer": frozenset(("integer", "identifier", "boolean", "empty")),
    "number": frozenset(("number", "integer", "identifier", "boolean", "empty")),
    "boolean": frozenset(("boolean", "integer", "category", "empty")),
    "date": frozenset(("date", "integer", "identifier", "text", "category", "empty")),
}
"""Kinds that a column of a declared type may show; text fits everything."""
MOST_LISTED: Final = 200


@check(
    "provenance.content_match",
    title="Size, rows and columns as declared",
    emits=(
        Emit("size_mismatches", "count", "files with another number of bytes or rows, or another MD5, than declared"),
        Emit("schema_mismatches", "count", "columns that are missing, extra, or of another type than declared"),
    ),
    messages={
        "provenance.content_match.nothing": "No source declares size, rows or columns of an audited file.",
        "provenance.content_match.size": "{file} has {actual} bytes; {source} declares {declared}.",
        "provenance.content_match.rows": "{file} has {actual} rows; {source} declares {declared}.",
        "provenance.content_match.md5": "{file} has another MD5 than {source} declares.",
        "provenance.content_match.missing": "{column} is declared in {source} and not in {file}.",
        "provenance.content_match.extra": "{column} of {file} is not declared in {source}.",
        "provenance.content_match.type": "{column} of {file} is declared as {declared} in {source} and reads as "
        "{actual}.",
    },
    libraries=("pyarrow",),
)
def content_match(test: Dataset, metadata: Metadata, train: Dataset | None = None) -> Iterator[Product]:
    """Compare bytes, rows, columns and column types of DATA and TRAIN with what the metadata declares.

    Why it matters: a description of other columns is the description of another data set.

    Method: files are matched by name. Sizes come from Croissant, data packages and DVC, columns from Croissant record
    sets, data package schemas and data set cards. A column's type is judged from its distinct values; text fits all.

    Limits: constraints of a schema (ranges, patterns, keys) aren't checked. A data set card names no file, so its
    columns are held against DATA. An MD5 shows accidental changes only; for all else there is provenance.hash_match.

    References: Croissant 1.1, RecordSet and contentSize; Frictionless Table Schema; PRV-004, PRV-005.
    """
    parts = [data for data in (test, train) if data is not None]
    rows = {name: sum(data.rows for data in parts if data.name == name) for name in {data.name for data in parts}}
    audited = parts[:1] if len(rows) == 1 else parts  # DATA and TRAIN may be parts of one file
    sized = [
        (data, item)
        for data in audited
        for item in metadata.files
        if item.name == data.name and (item.size is not None or item.md5)
    ]
    tables = [
        (data, item)
        for data in audited
        for item in metadata.tables
        if item.file == data.name or (not item.file and data is test)
    ]
    if not sized and not tables:
        raise NotDeclared("provenance.content_match.nothing", command=f"govkit provenance init {test.name}")
    sizes = [finding for data, item in sized for finding in _size(data, item)]
    sizes += [finding for data, item in tables for finding in _rows(data.name, rows[data.name], item)]
    schema = [finding for data, item in tables for finding in _schema(data, item)]
    counted = len(sized) + sum(item.rows is not None for _, item in tables)
    if counted:
        yield Measurement(name="size_mismatches", value=len(sizes), unit="count", n=counted)
    if tables:
        columns = sum(len(item.columns) for _, item in tables)
        yield Measurement(name="schema_mismatches", value=len(schema), unit="count", n=columns)
    yield from (*sizes, *schema[:MOST_LISTED])


def _size(data: Dataset, declared: DeclaredFile) -> Iterator[Finding]:
    where = f"{declared.source} {declared.pointer}"
    if declared.size is not None and declared.size != data.size:
        given: dict[str, str | int] = {
            "file": data.name,
            "actual": data.size,
            "declared": declared.size,
            "source": declared.source,
        }
        yield _finding("size", "PRV-004", where, **given)
    if declared.md5 and declared.md5 != _md5(data):
        yield _finding("md5", "PRV-004", where, file=data.name, source=declared.source)


def _md5(data: Dataset) -> str:
    with data.path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _rows(file: str, rows: int, declared: DeclaredTable) -> Iterator[Finding]:
    if declared.rows is not None and declared.rows != rows:
        given: dict[str, str | int] = {
            "file": file,
            "actual": rows,
            "declared": declared.rows,
            "source": declared.source,
        }
        yield _finding("rows", "PRV-004", f"{declared.source} {declared.pointer}", **given)


def _schema(data: Dataset, declared: DeclaredTable) -> Iterator[Finding]:
    where, types = f"{declared.source} {declared.pointer}", dict(declared.columns)
    given = {"file": data.name, "source": declared.source}
    for name, kind in types.items():
        if name not in data.columns:
            yield _finding("missing", "PRV-005", where, column=name, **given)
        elif kind in FITS and (actual := kind_of(data.strings.column(name))) not in FITS[kind]:
            yield _finding("type", "PRV-005", where, column=name, declared=kind, actual=actual, **given)
    for name in data.columns:
        if name not in types:
            yield _finding("extra", "PRV-005", where, column=name, **given)


def _finding(kind: str, rule: str, where: str, /, **arguments: str | int) -> Finding:
    message = Message(id=f"provenance.content_match.{kind}", args=dict(arguments))
    return Finding(rule=rule, severity=Severity.MEDIUM, message=message, where=where)
