"""Redact files: scan, act on columns and on places inside text, write each whole, and scan the result as proof."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from govkit.config import Config
from govkit.core.errors import InputProblem, UsageProblem
from govkit.core.frozen import Frozen
from govkit.pii.declarations import passed_over
from govkit.pii.entities import CATEGORIES, family
from govkit.pii.gates import ENTITIES, candidates
from govkit.pii.models import LanguageModel, load_model
from govkit.pii.operators import DEFAULTS, Operator, operator
from govkit.pii.reading import Batch, TableFiles, batches, find_tables, units
from govkit.pii.scan import ScanReport, scan
from govkit.pii.spans import spans_in
from govkit.pii.writing import whole_or_absent, writer_for

if TYPE_CHECKING:
    import pyarrow as pa

REMOVED: Final = ("direct identifier", "secret")
"""Categories that are acted on where govkit.yaml says nothing."""
SHORTEST_KEY: Final = 16
PROSE: Final = ("LOCATION", "PERSON", "STREET_ADDRESS")
"""What else is acted on in columns of sentences."""
ON_REQUEST: Final = ("AGE", "DATE_TIME", "NATIONALITY")
"""The same, where govkit.yaml names an operator for it."""


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
    names_by: str
    """What found names and places in sentences: `word lists`, or the language model's name."""


@dataclass
class _Done:
    rows: int = 0
    odd: int = 0
    inside: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class _Recipe:
    """What is done to one table, whatever file of it is read."""

    actions: list[Action]
    whole: Mapping[str, Operator]
    """By column."""
    inside: Mapping[str, Operator]
    """By entity type inside text."""
    prose: frozenset[str]
    """Columns of sentences."""
    config: Config
    model: LanguageModel | None


def redact(path: Path, out: Path, config: Config, *, key: bytes | None = None) -> RedactionReport:
    """Write a redacted copy of a file.

    Args:
        path: CSV, TSV, JSON lines, Parquet, Feather or text.
        out: the copy; takes the place of what is there, once it is whole and the scan of it finds nothing.
        config: operators by column or entity type, what is passed over, and the language model.
        key: for hashes, at least 16 bytes; drawn anew where not given, so that hashes of two runs don't match.

    Raises:
        InputProblem: the file can't be read, the copy can't be written, or the scan of it still finds something.
    """
    if out.is_dir():
        raise UsageProblem(f"{out} is a folder", hint="name the file to write")
    if path.is_dir():
        raise InputProblem(f"{path} is a folder", hint="a folder is redacted into a folder")
    _check_key(key)
    _check_apart(path, out)
    recipe = _recipe(TableFiles(path.name, (path,)), config, key or os.urandom(32))
    return _copy(path, out, recipe)


def redact_all(
    paths: Sequence[Path], out: Path, config: Config, *, key: bytes | None = None
) -> Iterator[RedactionReport]:
    """Write redacted copies of files and folders into a folder; files of one table are treated alike.

    Each copy is whole or absent. Equal values have equal hashes in all copies.

    Args:
        paths: files, and folders whose files keep their places under `out`.
        out: a folder that lies outside the data; made where it is missing.
        config: as for `redact`.
        key: as for `redact`.

    Raises:
        UsageProblem: two copies would have the same name, or `out` lies in the data.
        InputProblem: as for `redact`; the copies written before stay.
    """
    _check_key(key)
    if out.exists() and not out.is_dir():
        raise UsageProblem(f"{out} is a file", hint="several files are redacted into a folder: name one with -o")
    places: dict[Path, Path] = {}
    tables = []
    for path in paths:
        base = path if path.is_dir() else path.parent
        found = find_tables([path])
        tables += found
        for file in (file for table in found for file in table.paths):
            place = out / file.relative_to(base)
            _check_apart(file, place)
            if path.is_dir() and out.resolve().is_relative_to(path.resolve()):
                raise UsageProblem(f"{out} lies inside {path}", hint="name a folder outside the data with -o")
            if place in places.values():
                raise UsageProblem(f"two files would be written to {place}", hint="redact them one by one")
            places[file] = place
    key = key or os.urandom(32)
    for table in tables:
        recipe = _recipe(table, config, key)
        for file in table.paths:
            _make_folder(places[file].parent)
            yield _copy(file, places[file], recipe)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputProblem(f"{folder} can't be made: {error.strerror}", hint="name another folder with -o") from None


def _recipe(table: TableFiles, config: Config, key: bytes) -> _Recipe:
    wanted = config.personal_data
    model = load_model(wanted.language_model) if wanted.language_model else None
    first = scan([table], options=config.csv, model=model)
    actions = plan(first, config)
    whole = {
        action.column: operator(action.operator, action.entity, key) for action in actions if action.operator != "drop"
    }
    looked_for = (*ENTITIES, *PROSE, *(entity for entity in ON_REQUEST if entity in wanted.redact))
    return _Recipe(
        actions=actions,
        whole=whole,
        inside={entity: _inside_operator(entity, config, key) for entity in looked_for},
        prose=frozenset(column.column for column in first.tables[0].columns if column.sentences),
        config=config,
        model=model,
    )


def _copy(path: Path, out: Path, recipe: _Recipe) -> RedactionReport:
    done = _Done()
    with whole_or_absent(out) as draft:
        _write(path, draft, recipe, done)
        kept = {action.column for action in recipe.actions if action.operator == "keep"}
        remaining = tuple(item for item in _remaining(draft, recipe.actions, recipe.config) if item.column not in kept)
        if remaining:
            columns = ", ".join(dict.fromkeys(f"{item.column} ({item.entity})" for item in remaining))
            raise InputProblem(
                f"a scan of the redacted copy of {path.name} still finds personal data in {columns}; it wasn't written",
                hint=f"say what to do with the column: personal_data: {{redact: {{{remaining[0].column}: drop}}}}",
            )
    return RedactionReport(
        source=path.name,
        rows=done.rows,
        columns=tuple(recipe.actions),
        inside=dict(sorted(done.inside.items())),
        rows_left_out=done.odd,
        remaining=(),
        names_by=recipe.model.name if recipe.model else "word lists",
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


def _check_apart(path: Path, out: Path) -> None:
    if out.exists() and path.exists() and out.samefile(path):
        raise UsageProblem("the copy would take the place of the data", hint="name another file with -o")


def _check_key(key: bytes | None) -> None:
    if key is not None and len(key) < SHORTEST_KEY:
        raise UsageProblem(
            f"the key has {len(key)} bytes; it needs {SHORTEST_KEY}", hint="head -c 32 /dev/urandom > key"
        )


def _write(path: Path, draft: Path, recipe: _Recipe, done: _Done) -> None:
    parts = units(path, recipe.config.csv)
    writer = writer_for(draft, parts[0].format, parts[0].delimiter)
    try:
        for batch in (batch for unit in parts for batch in batches(unit)):
            done.rows += batch.rows
            done.odd += len(batch.odd)
            if batch.rows:
                writer.write(_redacted(batch, recipe, done))
    finally:
        writer.close()


def _inside_operator(entity: str, config: Config, key: bytes) -> Operator:
    wanted = config.personal_data.redact
    name = wanted.get(entity) or wanted.get(family(entity)) or "replace"
    return operator("replace" if name == "drop" else name, family(entity), key)


def _redacted(batch: Batch, recipe: _Recipe, done: _Done) -> "pa.RecordBatch":
    import pyarrow as pa

    dropped = {action.column for action in recipe.actions if action.operator == "drop"}
    columns: dict[str, pa.Array] = {}
    for position, (name, cells) in enumerate(batch.columns.items()):
        if name in dropped:
            continue
        made = _each(cells, recipe.whole[name]) if name in recipe.whole else _texts(name, cells, recipe, done)
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


def _texts(name: str, cells: "pa.Array", recipe: _Recipe, done: _Done) -> "pa.Array":
    """Operate on what stands inside cells; the same array where nothing does."""
    import pyarrow as pa
    import pyarrow.compute as pc

    coded = cells.dictionary_encode()
    prose = name in recipe.prose
    (mask,) = candidates([coded.dictionary])
    places = range(len(mask)) if prose else pc.indices_nonzero(pc.fill_null(mask, fill_value=False)).to_pylist()
    passed = passed_over(recipe.config)
    wanted = {entity: operate for entity, operate in recipe.inside.items() if (name, family(entity)) not in passed}
    changed: dict[int, tuple[str, list[str]]] = {}
    for place in places:
        before = coded.dictionary[place].as_py()
        if before is None:
            continue
        after, found = _text(before, wanted, prose=prose, model=recipe.model)
        if after != before:
            changed[place] = after, found
    if not changed:
        return cells
    counts = Counter(
        coded.indices.filter(pc.is_in(coded.indices, pa.array(list(changed), coded.indices.type))).to_pylist()
    )
    values = coded.dictionary.to_pylist()
    for place, (after, found) in changed.items():
        done.inside.update(dict.fromkeys(found, counts[place]))
        values[place] = after
    return pc.take(pa.array(values, pa.large_string()), coded.indices)


def _text(
    text: str, wanted: Mapping[str, Operator], *, prose: bool, model: LanguageModel | None
) -> tuple[str, list[str]]:
    """Redact one text from its end, and give the entity types that stood in it."""
    recognised = [entity for entity in ENTITIES if entity in wanted]
    found = [item for item in spans_in(text, recognised, prose=prose, model=model) if item.entity in wanted]
    for item in reversed(found):
        text = text[: item.start] + wanted[item.entity](text[item.start : item.end]) + text[item.end :]
    return text, sorted({family(item.entity) for item in found})


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
