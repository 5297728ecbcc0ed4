"""Write batches in the format that they came in; the file appears whole under its name, or not at all."""

import csv
import errno
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from govkit.core.errors import InputProblem

if TYPE_CHECKING:
    import pyarrow as pa


class Writer(Protocol):
    """Takes batches one after the other."""

    def write(self, batch: "pa.RecordBatch") -> None:
        """Write a batch."""

    def close(self) -> None:
        """Write what is left."""


class _Csv:
    def __init__(self, path: Path, delimiter: str) -> None:
        self._file = path.open("w", encoding="utf-8", newline="")
        self._rows = csv.writer(self._file, delimiter=delimiter, lineterminator="\n")
        self._begun = False

    def write(self, batch: "pa.RecordBatch") -> None:
        if not self._begun:
            self._rows.writerow(batch.schema.names)
            self._begun = True
        self._rows.writerows(zip(*(column.to_pylist() for column in batch.columns), strict=True))

    def close(self) -> None:
        self._file.close()


class _Lines:
    """JSON lines, or plain text where the only column is `text`."""

    def __init__(self, path: Path, *, plain: bool) -> None:
        self._file = path.open("w", encoding="utf-8", newline="")
        self._plain = plain

    def write(self, batch: "pa.RecordBatch") -> None:
        for row in batch.to_pylist():
            held = {name: cell for name, cell in row.items() if cell is not None}
            line = held.get("text", "") if self._plain else json.dumps(held, ensure_ascii=False)
            self._file.write(f"{line}\n")

    def close(self) -> None:
        self._file.close()


class _Columns:
    """Parquet or Arrow, begun with the first batch's types."""

    def __init__(self, path: Path, *, parquet: bool) -> None:
        self._path = path
        self._parquet = parquet
        self._writer: Writer | None = None

    def write(self, batch: "pa.RecordBatch") -> None:
        if self._writer is None:
            self._writer = _parquet(self._path, batch.schema) if self._parquet else _arrow(self._path, batch.schema)
        self._writer.write(batch)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()


def _parquet(path: Path, schema: "pa.Schema") -> Writer:
    import pyarrow.parquet as pq

    class Parquet:
        def __init__(self) -> None:
            self._inner = pq.ParquetWriter(path, schema)

        def write(self, batch: "pa.RecordBatch") -> None:
            self._inner.write_batch(batch)

        def close(self) -> None:
            self._inner.close()

    return Parquet()


def _arrow(path: Path, schema: "pa.Schema") -> Writer:
    from pyarrow import ipc

    made: Writer = ipc.new_file(str(path), schema)
    return made


def writer_for(path: Path, kind: str, delimiter: str) -> Writer:
    """Open a writer for a format of `govkit.pii.reading`."""
    if kind == "csv":
        return _Csv(path, delimiter)
    if kind in ("jsonl", "text"):
        return _Lines(path, plain=kind == "text")
    return _Columns(path, parquet=kind == "parquet")


@contextmanager
def whole_or_absent(out: Path) -> Iterator[Path]:
    """Give a draft beside `out` that takes its place when the block ends well, and is removed when it doesn't.

    Raises:
        InputProblem: the disk is full, or the folder can't be written to.
    """
    draft: Path | None = None
    try:
        handle, name = tempfile.mkstemp(prefix=".govkit-", suffix=out.suffix, dir=out.parent)
        os.close(handle)
        draft = Path(name)
        yield draft
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        draft.replace(out)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        said = "the disk is full" if full else f"{out} can't be written: {error.strerror or type(error).__name__}"
        raise InputProblem(said, hint="nothing was left behind; free space or name another place") from None
    finally:
        if draft is not None:
            draft.unlink(missing_ok=True)
