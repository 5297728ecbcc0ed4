"""Scan tables of any size for personal data: parts read apart, sketches merged, verdicts at the end."""

import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

from govkit.config import Csv
from govkit.core.frozen import Frozen
from govkit.pii.bytes import changed
from govkit.pii.entities import CATEGORIES, family
from govkit.pii.exact import CellFinding, ExactColumn
from govkit.pii.models import LanguageModel
from govkit.pii.prose import places_in
from govkit.pii.reading import ODD, TableFiles, Unit, batches, find_tables, units
from govkit.pii.sketch import SAMPLE, Found, Sketch, masked, merge_all, pseudonym, read_batch
from govkit.pii.verdict import REASONS, Claim, Column, judge_table

if TYPE_CHECKING:
    import pyarrow as pa

VALUES_IN_MEMORY: Final = 2_000_000
"""Values that the samples of all columns of a table may hold together."""
FEWEST_KEPT: Final = 100
NUMBERED: Final = frozenset(
    ("BANK_ACCOUNT", "CREDIT_CARD", "DRIVER_LICENSE", "IP_ADDRESS", "LOCATION", "NATIONAL_ID", "PASSPORT")
)
"""In columns of these numbers nothing else is taken for a phone number."""
Told = Callable[[int, int], None]
"""Told how many bytes are done, of how many."""
Mapper = Callable[[int, Iterable["Job"]], Iterable["Part"]]
"""Runs so many jobs somewhere and gives their parts in any order; the first job takes a while to come."""


class Example(Frozen):
    """A value that was found, as far as it may be told."""

    shape: str
    """Letters as x, digits as 9."""
    digest: str
    """Keyed with a key that only this run had: equal values have equal digests."""


class Inside(Frozen):
    """An entity among other text in a column's cells."""

    entity: str
    category: str
    cells: int
    unread: int
    """Cells that could hold it too and were not confirmed."""
    examples: tuple[Example, ...]


class Prose(Frozen):
    """Names, places or addresses that are seen in sentences: an estimate about a column, never about a cell."""

    entity: str
    texts: int
    """Sampled texts that seem to hold one."""
    sampled: int


class ColumnReport(Frozen):
    """What a column holds."""

    column: str
    cells: int
    present: int
    distinct: int
    """An estimate above a thousand."""
    entity: str | None = None
    category: str | None = None
    likelihood: str | None = None
    share: float | None = None
    kind: str = ""
    reasons: tuple[str, ...] = ()
    inside: tuple[Inside, ...] = ()
    sentences: bool = False
    """Most of its sampled values are sentences."""
    prose: tuple[Prose, ...] = ()

    @property
    def found(self) -> bool:
        """Say whether the column counts as holding an entity as a whole."""
        return self.likelihood in ("likely", "very likely")


class TableReport(Frozen):
    """What a table holds."""

    table: str
    files: int
    bytes: int
    rows: int
    odd_rows: int
    """Rows with another number of cells than the header, scanned as plain text."""
    notes: tuple[str, ...]
    columns: tuple[ColumnReport, ...]


class ScanReport(Frozen):
    """What a scan found. Holds no value of the data."""

    tables: tuple[TableReport, ...]
    language_model: str | None = None
    """What found names and places in sentences; word lists where none is named."""


@dataclass(frozen=True)
class Job:
    """One part of one table, and what its columns are claimed for beforehand."""

    table: int
    unit: Unit
    claimed: Mapping[str, frozenset[str]] = field(repr=False)
    sample: int


@dataclass
class Part:
    """What one job gave."""

    table: int
    sketches: dict[str, Sketch] = field(repr=False)
    rows: int
    odd_rows: int
    bytes: int


def scan(  # noqa: PLR0913 - each is one option of a scan
    paths: Sequence[Path | TableFiles],
    *,
    options: Csv | None = None,
    countries: Sequence[str] = (),
    key: bytes | None = None,
    run: Mapper | None = None,
    told: Told | None = None,
    unnamed: frozenset[str] = frozenset(),
    model: LanguageModel | None = None,
) -> ScanReport:
    """Scan files and folders.

    Args:
        paths: data files, or folders of them; or tables that were found among them.
        options: how CSV files are written.
        countries: declared ISO 3166 codes in small letters.
        key: for the digests; drawn anew for every run where not given.
        run: runs the jobs; in this process where not given.
        told: hears of progress.
        unnamed: columns that are judged by their values alone.
        model: finds names and places in sentences; word lists where none is given.

    Raises:
        InputProblem: a file can't be read.
    """
    tables = [table for item in paths for table in ([item] if isinstance(item, TableFiles) else find_tables([item]))]
    before = {path: path.stat() for table in tables for path in table.paths}
    cut = [[unit for path in table.paths for unit in units(path, options)] for table in tables]
    jobs = (job for index, parts in enumerate(cut) for job in _jobs(index, parts))
    total = sum(table.size for table in tables)
    done = 0
    parts: list[list[Part]] = [[] for _ in tables]
    for part in (run or in_this_process)(sum(map(len, cut)), jobs):
        parts[part.table].append(part)
        done += part.bytes
        if told:
            told(done, total)
    key = key or os.urandom(16)
    reports = []
    for table, found in zip(tables, parts, strict=True):
        grown = [path for path in table.paths if changed(path, before[path])]
        notes = ("the file was written to while it was read; what came later is not in here",) if grown else ()
        claims, sketches = _verdicts(found, countries, unnamed)
        reports.append(_report(table, found, sketches, claims, (key, notes, model)))
    return ScanReport(tables=tuple(reports), language_model=model.name if model else None)


def in_this_process(_: int, jobs: Iterable[Job]) -> Iterator[Part]:
    """Run jobs one after the other."""
    return map(run_job, jobs)


def in_processes(count: int) -> Mapper:
    """Run jobs in so many processes."""

    def run(number: int, jobs: Iterable[Job]) -> Iterable[Part]:
        import multiprocessing

        several = min(count, number)
        if several < 2:  # noqa: PLR2004
            yield from in_this_process(number, jobs)
            return
        with ProcessPoolExecutor(several, multiprocessing.get_context("spawn")) as pool:
            for _ in range(several):
                pool.submit(_get_ready)
            yield from pool.map(run_job, jobs)

    return run


def _get_ready() -> None:
    """Import what reading takes, while the columns are judged by their first rows elsewhere."""
    import_module("presidio_analyzer")
    import_module("pyarrow.csv")


def run_job(job: Job) -> Part:
    """Read one part and sketch its columns."""
    part = Part(job.table, {}, 0, 0, 0)
    for batch in batches(job.unit):
        part.rows += batch.rows
        read_batch(part.sketches, batch.columns, job.claimed, job.sample)
        if batch.odd:
            part.odd_rows += len(batch.odd)
            read_batch(part.sketches, {ODD: _texts(batch.odd)}, {}, job.sample)
    whole = job.unit.format not in ("parquet", "arrow")
    part.bytes = job.unit.stop - job.unit.start if whole else job.unit.path.stat().st_size
    return part


def _texts(rows: Sequence[str]) -> "pa.Array":
    import pyarrow as pa

    return pa.array(rows, pa.large_string())


def _jobs(index: int, parts: Sequence[Unit]) -> Iterator[Job]:
    claimed, columns = _ahead(parts[0])
    sample = max(FEWEST_KEPT, min(SAMPLE, VALUES_IN_MEMORY // max(columns, 1)))
    yield from (Job(index, unit, claimed, sample) for unit in parts)


def _ahead(unit: Unit) -> tuple[dict[str, frozenset[str]], int]:
    """Judge columns by the first batch, so that a whole column of addresses isn't confirmed address by address."""
    first = next(batches(unit), None)
    if first is None:
        return {}, 0
    sketches = {name: Sketch() for name in first.columns}
    for name, cells in first.columns.items():
        sketches[name].add(cells.slice(0, SAMPLE))
    claims = judge_table([Column(name, sketch.values, sketch.distinct) for name, sketch in sketches.items()])
    return {name: frozenset({claim.entity}) for name, claim in claims.items() if claim.found}, len(sketches)


def _verdicts(
    parts: Sequence[Part], countries: Sequence[str], unnamed: frozenset[str]
) -> tuple[dict[str, Claim], dict[str, Sketch]]:
    sketches = merge_all(part.sketches for part in parts)
    columns = [
        Column(name, sketch.values, sketch.distinct, name not in unnamed)
        for name, sketch in sketches.items()
        if name != ODD and sketch.sample
    ]
    return judge_table(columns, countries=countries), sketches


def _report(
    table: TableFiles,
    parts: Sequence[Part],
    sketches: Mapping[str, Sketch],
    claims: Mapping[str, Claim],
    told: tuple[bytes, tuple[str, ...], LanguageModel | None],
) -> TableReport:
    key, notes, model = told
    return TableReport(
        table=table.name,
        files=len(table.paths),
        bytes=table.size,
        rows=sum(part.rows for part in parts),
        odd_rows=sum(part.odd_rows for part in parts),
        notes=notes,
        columns=tuple(_column(name, sketch, claims.get(name), key, model) for name, sketch in sketches.items()),
    )


def _column(name: str, sketch: Sketch, claim: Claim | None, key: bytes, model: LanguageModel | None) -> ColumnReport:
    whole = {claim.entity} if claim is not None and claim.found else set()
    settled = whole | ({"PHONE_NUMBER"} if whole & NUMBERED else set())
    inside = tuple(
        _inside(entity, found, key) for entity, found in sorted(sketch.found.items()) if family(entity) not in settled
    )
    shared = {"column": name, "cells": sketch.cells, "present": sketch.present, "distinct": sketch.distinct}
    if claim is None:
        sentences = _sentences(sketch)
        return ColumnReport(**shared, inside=inside, sentences=bool(sentences), prose=_prose(sentences, model))
    return ColumnReport(
        **shared,
        entity=claim.entity,
        category=claim.category,
        likelihood=claim.likelihood.words,
        share=round(claim.share, 6),
        kind=claim.kind,
        reasons=tuple(REASONS[reason] for reason in claim.reasons),
        inside=inside,
    )


def _sentences(sketch: Sketch) -> list[str]:
    """Give sampled values that are sentences, none where most aren't."""
    read = [value for value in sketch.values if len(value.split()) >= WORDS_OF_PROSE][:MOST_TEXTS]
    return read if read and 2 * len(read) >= min(len(sketch.values), MOST_TEXTS) else []


def _prose(read: Sequence[str], model: LanguageModel | None) -> tuple[Prose, ...]:
    found: Counter[str] = Counter()
    for value in read:
        found.update({item.entity for item in places_in(value, model.find if model else None)})
    return tuple(
        Prose(entity=entity, texts=texts, sampled=len(read))
        for entity, texts in sorted(found.items())
        if entity in TOLD_OF_PROSE and texts >= FEWEST_TEXTS
    )


TOLD_OF_PROSE: Final = frozenset(("LOCATION", "PERSON", "STREET_ADDRESS"))
"""What is told of sentences by estimate; phone numbers are counted cell by cell, ages and nationalities are common."""


WORDS_OF_PROSE: Final = 5
MOST_TEXTS: Final = 300
FEWEST_TEXTS: Final = 2


def _inside(entity: str, found: Found, key: bytes) -> Inside:
    shapes = tuple(Example(shape=masked(value), digest=pseudonym(value, key)) for _, value in found.examples)
    return Inside(
        entity=family(entity),
        category=CATEGORIES[family(entity)],
        cells=found.cells,
        unread=found.unread,
        examples=shapes,
    )


class ExactColumnReport(Frozen):
    """Presidio's findings in one column."""

    table: str
    column: str
    cells: int
    findings: dict[str, int]
    """Findings by Presidio's entity type."""


def scan_exact(
    paths: Sequence[Path],
    threshold: float,
    *,
    options: Csv | None = None,
    listed: Callable[[str, str, CellFinding], None] | None = None,
) -> list[ExactColumnReport]:
    """Give Presidio's own findings, counted by column.

    Args:
        paths: data files, or folders of them.
        threshold: lowest score.
        options: how CSV files are written.
        listed: hears table, column and each finding with its row.
    """
    reports = []
    for table in find_tables(paths):
        readers: dict[str, ExactColumn] = {}
        counted: dict[str, Counter[str]] = {}
        cells: Counter[str] = Counter()
        first = 0
        for batch in (batch for path in table.paths for unit in units(path, options) for batch in batches(unit)):
            for name, column in batch.columns.items():
                cells[name] += len(column)
                for found in readers.setdefault(name, ExactColumn(name, threshold)).read(column):
                    counted.setdefault(name, Counter())[found.finding.entity] += 1
                    if listed:
                        listed(table.name, name, found._replace(row=first + found.row))
            first += batch.rows
        reports += [
            ExactColumnReport(
                table=table.name, column=name, cells=count, findings=dict(sorted(counted.get(name, Counter()).items()))
            )
            for name, count in cells.items()
        ]
    return reports


def rate(done: int, total: int, since: float) -> str:
    """Say how fast a scan is and how long it will still take."""
    seconds = max(time.monotonic() - since, 1e-9)
    speed = done / seconds
    left = (total - done) / speed if speed else 0
    return f"{done / 1e6:,.0f} of {total / 1e6:,.0f} MB, {speed / 1e6:,.0f} MB/s, {left:,.0f} s left"
