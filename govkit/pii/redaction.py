"""Redact a file: scan, act on columns and on places inside text, write it whole, and scan the result as proof."""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from govkit.config import Config
from govkit.core.errors import InputProblem, UsageProblem
from govkit.core.frozen import Frozen
from govkit.pii.declarations import passed_over
from govkit.pii.entities import CATEGORIES, family
from govkit.pii.gates import ENTITIES, NEED_MORE_THAN_DIGITS, candidates, stands_alone
from govkit.pii.operators import DEFAULTS, Operator, operator
from govkit.pii.prose import places_in
from govkit.pii.reading import Batch, batches, units
from govkit.pii.recognisers import detectors
from govkit.pii.scan import ScanReport, scan
from govkit.pii.writing import whole_or_absent, writer_for

if TYPE_CHECKING:
    import pyarrow as pa

REMOVED: Final = ("direct identifier", "secret")
"""Categories that are acted on where govkit.yaml says nothing."""
SHORTEST_KEY: Final = 16


class Action(Frozen):
    """What is done to a column as a whole."""

    column: str
    entity: str
    operator: str


class Remaining(Frozen):
    """Something that the scan of the result still finds."""

    column: str
    entity: str
    cells: int


class RedactionReport(Frozen):
    """What was done to a file. Holds no value of the data."""

    source: str
    rows: int
    columns: tuple[Action, ...]
    inside: dict[str, int]
    """Places in text by entity type."""
    rows_left_out: int
    """Rows with another number of cells than the header."""
    remaining: tuple[Remaining, ...]
    """What a scan of the result finds among direct identifiers and secrets: nothing, or nothing was written."""


@dataclass
class _Done:
    rows: int = 0
    odd: int = 0
    inside: Counter[str] = field(default_factory=Counter)
    prose: frozenset[str] = frozenset()
    """Columns of sentences in which word lists see names or places."""


def redact(path: Path, out: Path, config: Config, *, key: bytes | None = None) -> RedactionReport:
    """Write a redacted copy of a file.

    Args:
        path: CSV, TSV, JSON lines, Parquet, Feather or text.
        out: the copy; takes the place of what is there, once it is whole and the scan of it finds nothing.
        config: operators by column or entity type, and what is passed over.
        key: for hashes, at least 16 bytes; drawn anew where not given, so that hashes of two runs don't match.

    Raises:
        InputProblem: the file can't be read, the copy can't be written, or the scan of it still finds something.
    """
    _check(path, out, key)
    key = key or os.urandom(32)
    first = scan([path], options=config.csv)
    actions = plan(first, config)
    done = _Done(prose=frozenset(column.column for column in first.tables[0].columns if column.prose))
    with whole_or_absent(out) as draft:
        _write(path, draft, actions, config, (key, done))
        kept = {action.column for action in actions if action.operator == "keep"}
        remaining = tuple(item for item in _remaining(draft, actions, config) if item.column not in kept)
        if remaining:
            columns = ", ".join(dict.fromkeys(f"{item.column} ({item.entity})" for item in remaining))
            raise InputProblem(
                f"a scan of the redacted copy still finds personal data in {columns}; nothing was written",
                hint=f"say what to do with the column: personal_data: {{redact: {{{remaining[0].column}: drop}}}}",
            )
    return RedactionReport(
        source=path.name,
        rows=done.rows,
        columns=tuple(actions),
        inside=dict(sorted(done.inside.items())),
        rows_left_out=done.odd,
        remaining=(),
    )


def plan(report: ScanReport, config: Config) -> list[Action]:
    """Decide what is done to each column that is claimed as a whole."""
    chosen: list[Action] = []
    passed = passed_over(config)
    wanted = {
        **{name.upper(): what for name, what in config.personal_data.redact.items()},
        **config.personal_data.redact,
    }
    for column in report.tables[0].columns:
        entity = column.entity
        named = config.personal_data.redact.get(column.column)
        if entity is None or (column.column, entity) in passed:
            if named:
                chosen.append(Action(column=column.column, entity=entity or "VALUE", operator=named))
            continue
        usual = DEFAULTS.get(entity, "replace") if CATEGORIES[entity] in REMOVED else None
        what = named or wanted.get(entity) or usual
        if what is not None:
            chosen.append(Action(column=column.column, entity=entity, operator=what))
    return chosen


def _check(path: Path, out: Path, key: bytes | None) -> None:
    if path.is_dir():
        raise InputProblem(f"{path} is a folder", hint="redact one file at a time")
    if out.is_dir():
        raise UsageProblem(f"{out} is a folder", hint="name the file to write")
    if out.exists() and path.exists() and out.samefile(path):
        raise UsageProblem("the copy would take the place of the data", hint="name another file with -o")
    if key is not None and len(key) < SHORTEST_KEY:
        raise UsageProblem(
            f"the key has {len(key)} bytes; it needs {SHORTEST_KEY}", hint="head -c 32 /dev/urandom > key"
        )


def _write(path: Path, draft: Path, actions: list[Action], config: Config, state: tuple[bytes, _Done]) -> None:
    key, done = state
    parts = units(path, config.csv)
    whole = {
        action.column: operator(action.operator, action.entity, key) for action in actions if action.operator != "drop"
    }
    dropped = frozenset(action.column for action in actions if action.operator == "drop")
    inside = {entity: _inside_operator(entity, config, key) for entity in ENTITIES}
    passed = passed_over(config)
    writer = writer_for(draft, parts[0].format, parts[0].delimiter)
    try:
        for batch in (batch for unit in parts for batch in batches(unit)):
            done.rows += batch.rows
            done.odd += len(batch.odd)
            if batch.rows:
                writer.write(
                    _redacted(batch, whole, dropped, lambda name, cells: _texts(name, cells, inside, passed, done))
                )
    finally:
        writer.close()


def _inside_operator(entity: str, config: Config, key: bytes) -> Operator:
    wanted = config.personal_data.redact
    name = wanted.get(entity) or wanted.get(family(entity)) or "replace"
    return operator("replace" if name == "drop" else name, family(entity), key)


def _redacted(
    batch: Batch,
    whole: Mapping[str, Operator],
    dropped: frozenset[str],
    text: "Callable[[str, pa.Array], pa.Array]",
) -> "pa.RecordBatch":
    import pyarrow as pa

    columns: dict[str, pa.Array] = {}
    for position, (name, cells) in enumerate(batch.columns.items()):
        if name in dropped:
            continue
        made = _each(cells, whole[name]) if name in whole else text(name, cells)
        untouched = made is cells and batch.typed is not None
        columns[name] = batch.typed.column(position) if untouched and batch.typed is not None else made
    return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))


def _each(cells: "pa.Array", operate: Operator) -> "pa.Array":
    """Operate on every distinct value that is not blank."""
    import pyarrow as pa
    import pyarrow.compute as pc

    coded = cells.dictionary_encode()
    made = [
        None if value is None else operate(value) if value.strip() else value for value in coded.dictionary.to_pylist()
    ]
    return pc.take(pa.array(made, pa.large_string()), coded.indices)


def _texts(
    name: str,
    cells: "pa.Array",
    inside: Mapping[str, Operator],
    passed: frozenset[tuple[str, str]],
    done: _Done,
) -> "pa.Array":
    """Operate on what stands inside cells; the same array where nothing does."""
    import pyarrow as pa
    import pyarrow.compute as pc

    coded = cells.dictionary_encode()
    prose = name in done.prose
    (mask,) = candidates([coded.dictionary])
    places = range(len(mask)) if prose else pc.indices_nonzero(pc.fill_null(mask, fill_value=False)).to_pylist()
    wanted = {entity: operate for entity, operate in inside.items() if (name, family(entity)) not in passed}
    changed: dict[int, tuple[str, list[str]]] = {}
    for place in places:
        before = coded.dictionary[place].as_py()
        if before is None:
            continue
        after, found = _text(before, wanted, prose=prose)
        if after != before:
            changed[place] = after, found
    if not changed:
        return cells
    counts = Counter(
        coded.indices.filter(pc.is_in(coded.indices, pa.array(list(changed), coded.indices.type))).to_pylist()
    )
    for place, (_, found) in changed.items():
        done.inside.update(dict.fromkeys(found, counts[place]))
    values = coded.dictionary.to_pylist()
    for place, (after, _) in changed.items():
        values[place] = after
    return pc.take(pa.array(values, pa.large_string()), coded.indices)


def _text(text: str, wanted: Mapping[str, Operator], *, prose: bool) -> tuple[str, list[str]]:
    """Redact one text; where two findings overlap, the one found first stands: cards before phone numbers."""
    spans: list[tuple[int, int, str]] = []
    alone = stands_alone(text)
    for entity in wanted:
        if alone and entity in NEED_MORE_THAN_DIGITS:
            continue
        for start, end in detectors()[entity].spans(text):
            if _free(spans, start, end):
                spans.append((start, end, entity))
    for item in places_in(text) if prose else ():
        if item.entity != "AGE" and _free(spans, item.start, item.end):
            spans.append((item.start, item.end, item.entity))
    for start, end, entity in sorted(spans, reverse=True):
        made = wanted[entity](text[start:end]) if entity in wanted else f"<{entity}>"
        text = text[:start] + made + text[end:]
    return text, sorted({family(entity) for _, _, entity in spans})


def _free(spans: list[tuple[int, int, str]], start: int, end: int) -> bool:
    return not any(start < taken_end and taken_start < end for taken_start, taken_end, _ in spans)


def _remaining(draft: Path, actions: list[Action], config: Config) -> Iterator[Remaining]:
    """Scan the result: columns that were acted on by their values alone, all others as ever."""
    treated = {action.column for action in actions}
    passed = passed_over(config)
    for column in scan([draft], options=config.csv, unnamed=frozenset(treated)).tables[0].columns:
        found = [(item.entity, item.cells) for item in column.inside if item.cells]
        if column.found and column.entity:
            found.append((column.entity, column.present))
        for entity, cells in found:
            if CATEGORIES[entity] in REMOVED and (column.column, entity) not in passed:
                yield Remaining(column=column.column, entity=entity, cells=cells)
