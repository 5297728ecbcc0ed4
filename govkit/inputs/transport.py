"""Rows on their way to the model's process: numbers as blocks, texts as one Arrow batch, anything else as a stream."""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from govkit.core.errors import InputProblem

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

Buffer = bytes | bytearray | memoryview
Facts = dict[str, Any]
_NUMBERS = "iufb"


def packed(rows: "pd.DataFrame") -> tuple[Facts, list[Buffer]]:
    """Lay rows out for another process: what is where, and the buffers one behind the other.

    Columns go by position, so that no name can get in the way; their types come back as they were.

    Raises:
        InputProblem: a column holds values of several kinds.
    """
    import numpy as np

    each: Callable[[], Iterable[Any]] = getattr(rows, "_iter_column_arrays")  # noqa: B009 - no part of the stubs
    columns = list(each())  # a column at a time through iloc would take most of a call
    groups: dict[str, list[int]] = {}
    texts: list[int] = []
    for position, column in enumerate(columns):
        if isinstance(column, np.ndarray) and column.dtype.kind in _NUMBERS:
            groups.setdefault(column.dtype.str, []).append(position)
        elif column.dtype == _text_type() and hasattr(column, "_pa_array"):
            texts.append(position)
        else:
            return {"stream": True}, [_stream(rows)]
    buffers: list[Buffer] = []
    for positions in groups.values():
        whole = len(positions) == len(columns)
        block = np.ascontiguousarray(rows.to_numpy().T if whole else [columns[position] for position in positions])
        buffers.append(block.data.cast("B") if block.size else b"")
    if texts:
        buffers.append(_batch([columns[position]._pa_array.combine_chunks() for position in texts]))  # noqa: SLF001
    sizes = [len(buffer) for buffer in buffers]
    return {"rows": len(rows), "groups": list(groups.items()), "texts": texts, "sizes": sizes}, buffers


def unpacked(facts: Facts, payload: bytearray, names: Sequence[str] | None = None) -> "pd.DataFrame":
    """Put rows together again; blocks of one type are not copied.

    Args:
        facts: what `packed` said.
        payload: its buffers.
        names: of the columns; their positions when None.
    """
    import numpy as np
    import pandas as pd

    if "stream" in facts:
        frame = _read_stream(payload)
        return frame if names is None else frame.set_axis(list(names), axis=1)
    sizes, count, start = facts["sizes"], facts["rows"], 0
    columns: dict[int, Any] = {}
    for (kind, positions), size in zip(facts["groups"], sizes, strict=False):
        shape = (len(positions), count)
        block = np.ndarray(shape, kind, payload, start) if size else np.empty(shape, kind)
        if len(facts["groups"]) == 1 and not facts["texts"]:
            return pd.DataFrame(block.T, columns=None if names is None else pd.Index(names), copy=False)
        columns |= dict(zip(positions, block, strict=True))
        start += size
    if facts["texts"]:
        columns |= dict(zip(facts["texts"], _texts(payload, start, len(facts["texts"])), strict=True))
    frame = pd.DataFrame({position: columns[position] for position in range(len(columns))})
    if names is not None:
        frame.columns = pd.Index(names)
    return frame


@cache
def _text_type() -> Any:  # noqa: ANN401 - pandas' own type of types
    """Give the type that pandas reads text as."""
    import numpy as np
    import pandas as pd

    return pd.StringDtype("pyarrow", na_value=np.nan)


def _batch(columns: "Sequence[pa.Array]") -> memoryview:
    import pyarrow as pa

    arrays = [column if column.type == pa.large_string() else column.cast(pa.large_string()) for column in columns]
    return memoryview(pa.RecordBatch.from_arrays(arrays, schema=_schema(len(arrays))).serialize())


@cache
def _schema(width: int) -> "pa.Schema":
    import pyarrow as pa

    return pa.schema([(str(number), pa.large_string()) for number in range(width)])


def _texts(payload: bytearray, start: int, width: int) -> list[Any]:
    import pandas as pd
    import pyarrow as pa

    made: Any = pd.arrays.ArrowStringArray
    batch = pa.ipc.read_record_batch(pa.py_buffer(memoryview(payload)[start:]), _schema(width))
    return [made(pa.chunked_array([column]), dtype=_text_type()) for column in batch.columns]


def _stream(rows: "pd.DataFrame") -> memoryview:
    """Write rows as an Arrow stream, which keeps dates, categories and missing whole numbers."""
    import pyarrow as pa

    frame = rows.set_axis([f"c{index}" for index in range(rows.shape[1])], axis=1)
    try:
        table = pa.Table.from_pandas(frame, preserve_index=False)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        # the message would quote cells
        raise InputProblem(
            "a column holds values of several kinds and can't be given to the model",
            hint="make every column all numbers, all text or all dates",
        ) from None
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return memoryview(sink.getvalue())


def _read_stream(payload: bytearray) -> "pd.DataFrame":
    import pyarrow as pa

    with pa.ipc.open_stream(pa.py_buffer(payload)) as stream:
        frame: pd.DataFrame = stream.read_pandas()
    return frame
