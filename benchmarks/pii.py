"""Measure the scan for personal data: speed beside Presidio's, columns and spans against marked ones.

    python benchmarks/pii.py speed [--cells 1000000] [--sample 6000]
    python benchmarks/pii.py stream [--megabytes 500]
    python benchmarks/pii.py columns FOLDER          # tables/*.csv and truth.json
    python benchmarks/pii.py spans FILE              # presidio-research's synth_dataset_v2.json
    python benchmarks/pii.py all FOLDER FILE

Seconds are CPU seconds of one core. presidio-structured and presidio-research are measured with where installed.
"""

import argparse
import csv
import importlib.util
import json
import logging
import random
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pyarrow as pa
from faker import Faker

from govkit.pii.exact import THRESHOLD, CellFinding, ExactColumn, offline_engine
from govkit.pii.prose import RECALL, Place
from govkit.pii.recognisers import detectors
from govkit.pii.scan import scan
from govkit.pii.spans import spans_in
from govkit.pii.verdict import Claim, Column, Thresholds, judge_table

DIRECT = frozenset(
    "PERSON EMAIL_ADDRESS PHONE_NUMBER STREET_ADDRESS DATE_OF_BIRTH NATIONAL_ID CREDIT_CARD BANK_ACCOUNT IP_ADDRESS "
    "USERNAME PASSWORD".split()
)
AS_MARKED = {"PASSPORT": "NATIONAL_ID", "DRIVER_LICENSE": "NATIONAL_ID"}
FOLDS = 5
HIDDEN = tuple(product((0.55, 0.6, 0.65, 0.7), (0.4, 0.45, 0.5)))
"""Scores of names without a header that are tried: several words, one word."""
NAMED = (0.3, 0.35, 0.4)
"""Scores of names under a vague header that are tried."""
CUSTOMERS = 5_000
HALF = 0.5


def main() -> None:
    """Run one part, or all, and print it."""
    logging.disable(logging.CRITICAL)
    parser = argparse.ArgumentParser()
    parts = parser.add_subparsers(required=True)
    speed_part = parts.add_parser("speed")
    speed_part.add_argument("--cells", type=int, default=1_000_000)
    speed_part.add_argument("--sample", type=int, default=6_000)
    speed_part.set_defaults(run=lambda given: speed(given.cells, given.sample))
    stream_part = parts.add_parser("stream")
    stream_part.add_argument("--megabytes", type=int, default=500)
    stream_part.add_argument("--file", type=Path)
    stream_part.set_defaults(run=lambda given: stream(given.megabytes, given.file))
    columns_part = parts.add_parser("columns")
    columns_part.add_argument("folder", type=Path)
    columns_part.set_defaults(run=lambda given: columns(given.folder))
    spans_part = parts.add_parser("spans")
    spans_part.add_argument("file", type=Path)
    spans_part.set_defaults(run=lambda given: spans(given.file))
    all_part = parts.add_parser("all")
    all_part.add_argument("folder", type=Path)
    all_part.add_argument("file", type=Path)
    all_part.set_defaults(run=lambda given: everything(given.folder, given.file))
    given = parser.parse_args()
    given.run(given)


def everything(folder: Path, file: Path) -> None:
    """Print every part with its usual sizes."""
    speed(1_000_000, 6_000)
    stream(500, None)
    columns(folder)
    spans(file)


def orders(rows: int) -> dict[str, list[str]]:
    """Make a table of orders: ten columns, customers that come back, one note in 200 with personal data in it."""
    fake = Faker("en_US")
    fake.seed_instance(20261)
    drawn = random.Random(20261)  # noqa: S311 - a table, no secret
    customers = [(fake.name(), fake.email(), fake.phone_number(), fake.ipv4(), fake.city()) for _ in range(CUSTOMERS)]
    notes = [fake.sentence() for _ in range(2_000)]
    notes += [f"call {customer[2]} or write to {customer[1]}" for customer in customers[:10]]
    days = [fake.date_between("-3y").isoformat() for _ in range(900)]
    bought = [drawn.choice(customers) for _ in range(rows)]
    return {
        "order": [f"{100_000_000 + n}" for n in range(rows)],
        "date": [drawn.choice(days) for _ in range(rows)],
        "name": [customer[0] for customer in bought],
        "email": [customer[1] for customer in bought],
        "phone": [customer[2] for customer in bought],
        "client_ip": [customer[3] for customer in bought],
        "city": [customer[4] for customer in bought],
        "amount": [f"{drawn.random() * 500:.2f}" for _ in range(rows)],
        "quantity": [str(drawn.randint(1, 20)) for _ in range(rows)],
        "notes": [drawn.choice(notes) for _ in range(rows)],
    }


def speed(cells: int, sample: int) -> None:
    """Give cells a second of exact mode, of Presidio's batch engine and of presidio-structured, on one table."""
    from presidio_analyzer import BatchAnalyzerEngine

    table = orders(cells // 10)
    engine = offline_engine()
    head = {name: values[: sample // 10] for name, values in table.items()}
    BatchAnalyzerEngine(engine).analyze_dict({"x": ["warm 212-555-0123 a@b.com"]}, language="en")
    seconds, answers = timed(
        lambda: list(BatchAnalyzerEngine(engine).analyze_dict(head, language="en", score_threshold=THRESHOLD))
    )
    presidio = sample / seconds
    print(f"BatchAnalyzerEngine     {presidio:12,.0f} cells/s  (first {sample:,} cells)")
    arrays = {name: pa.array(values, pa.large_string()) for name, values in table.items()}
    seconds, found = timed(
        lambda: {name: list(ExactColumn(name, THRESHOLD).read(cells_of)) for name, cells_of in arrays.items()}
    )
    ours = cells / seconds
    print(f"govkit --exact          {ours:12,.0f} cells/s  ({cells:,} cells, {ours / presidio:,.0f} times)")
    differing = sum(
        {(item.entity_type, item.start, item.end, round(item.score, 9)) for item in results} != expected
        for answer in answers
        for results, expected in zip(answer.recognizer_results, by_row(found[answer.key], sample // 10), strict=True)
    )
    print(f"cells that differ       {differing:12,} of {sample:,}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "orders.csv"
        write(path, table)
        seconds, report = timed(lambda: scan([path]))
    print(f"govkit verdicts         {cells / seconds:12,.0f} cells/s  ({cells / seconds / presidio:,.0f} times)")
    print("                        " + ", ".join(f"{c.column} {c.entity}" for c in report.tables[0].columns if c.found))
    structured(head, sample)


def by_row(found: list[CellFinding], rows: int) -> list[set[tuple[str, int, int, float]]]:
    """Give the findings of each of the first rows."""
    made: list[set[tuple[str, int, int, float]]] = [set() for _ in range(rows)]
    for row, finding in found:
        if row < rows:
            made[row].add((finding.entity, finding.start, finding.end, round(finding.score, 9)))
    return made


def structured(head: dict[str, list[str]], sample: int) -> None:
    """Give presidio-structured's cells a second, where it is installed."""
    if importlib.util.find_spec("presidio_structured") is None:
        print("presidio-structured     not installed")
        return
    import pandas as pd
    from presidio_structured import PandasAnalysisBuilder

    builder = PandasAnalysisBuilder(analyzer=offline_engine())
    seconds, _ = timed(lambda: builder.generate_analysis(pd.DataFrame(head)))
    print(f"presidio-structured     {sample / seconds:12,.0f} cells/s  (first {sample:,} cells)")


def stream(megabytes: int, file: Path | None) -> None:
    """Give megabytes a second, peak memory and the gain of a second process on one CSV file."""
    with tempfile.TemporaryDirectory() as folder:
        path = file or Path(folder) / "big.csv"
        if file is None:
            grow(path, megabytes)
        size = path.stat().st_size / 1e6
        walls = {}
        for jobs in (1, 2):
            since = time.perf_counter()
            done = subprocess.run(  # noqa: S603 - this interpreter
                [sys.executable, "-m", "govkit", "scan-pii", path, "-q", "--jobs", str(jobs)],
                check=True,
                capture_output=True,
            )
            walls[jobs] = time.perf_counter() - since
            used = resource.getrusage(resource.RUSAGE_CHILDREN)
            if jobs == 1:
                cpu = used.ru_utime + used.ru_stime
                print(f"{size:,.0f} MB: {size / cpu:.1f} MB/s a core, peak memory {used.ru_maxrss / 1024:,.0f} MB")
                print(done.stdout.decode().splitlines()[0])
        print(f"wall: {walls[1]:.1f} s with one process, {walls[2]:.1f} s with two ({walls[1] / walls[2]:.2f} times)")


def grow(path: Path, megabytes: int) -> None:
    """Write the orders again and again, numbered on, until the file is large enough."""
    table = orders(20_000)
    rows = list(zip(*table.values(), strict=True))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(table)
        number = 0
        while file.tell() < megabytes * 1e6:
            for row in rows:
                number += 1
                writer.writerow((number, *row[1:]))


def columns(folder: Path) -> None:
    """Score claims about marked columns with and without names, as shipped and with thresholds from other tables."""
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    tables = {name: read(folder / "tables" / f"{name}.csv") for name in truth}
    opened = refuse_sockets()
    for hidden in (False, True):
        claims = {name: judge_table(found, hide_names=hidden) for name, found in tables.items()}
        told(
            "names hidden" if hidden else "with names  ",
            "as shipped     ",
            [(truth[n], tables[n], claims[n]) for n in tables],
        )
        told(
            "names hidden" if hidden else "with names  ",
            "cross-validated",
            list(validated(truth, tables, hidden=hidden)),
        )
    print(f"sockets opened: {len(opened)}")


def validated(
    truth: dict[str, dict[str, str]], tables: dict[str, list[Column]], *, hidden: bool
) -> Iterator[tuple[dict[str, str], list[Column], dict[str, Claim]]]:
    """Choose thresholds on four fifths of the tables and judge the rest by them."""
    tried = (
        [replace(Thresholds(), person=several, person_one_word=one) for several, one in HIDDEN]
        if hidden
        else [replace(Thresholds(), person_vague=vague) for vague in NAMED]
    )
    names = sorted(tables)
    claims = {lines: {name: judge_table(tables[name], lines, hide_names=hidden) for name in names} for lines in tried}
    for fold in range(FOLDS):
        rest = [name for position, name in enumerate(names) if position % FOLDS != fold]
        best = max(claims, key=lambda lines: score([(truth[n], tables[n], claims[lines][n]) for n in rest])[2])
        yield from ((truth[name], tables[name], claims[best][name]) for name in names if name not in rest)


def score(judged: list[tuple[dict[str, str], list[Column], dict[str, Claim]]]) -> tuple[float, float, float, int, int]:
    """Give precision, recall and F1 over direct identifiers, columns wrongly claimed, and all columns."""
    right = claimed = marked = wrong = count = 0
    for truth, found, claims in judged:
        for column in found:
            count += 1
            expected = truth.get(column.name, "-")
            if expected == "~":
                continue
            claim = claims.get(column.name)
            entity = AS_MARKED.get(claim.entity, claim.entity) if claim and claim.found else "-"
            right += entity in DIRECT and entity == expected
            claimed += entity in DIRECT
            marked += expected in DIRECT
            wrong += entity in DIRECT and expected not in DIRECT
    precision, recall = right / max(claimed, 1), right / max(marked, 1)
    return precision, recall, 2 * precision * recall / max(precision + recall, 1e-9), wrong, count


def told(names: str, how: str, judged: list[tuple[dict[str, str], list[Column], dict[str, Claim]]]) -> None:
    """Print one line of scores."""
    precision, recall, both, wrong, count = score(judged)
    print(
        f"{names}  {how}  precision {precision:.3f}  recall {recall:.3f}  F1 {both:.3f}  "
        f"false direct columns {wrong} of {count:,} ({1000 * wrong / count:.1f} per 1,000)"
    )


def spans(file: Path) -> None:
    """Score places in text on the half of the templates that nothing was chosen on, and on all of them."""
    texts = json.loads(file.read_text(encoding="utf-8"))
    engine = offline_engine()
    without_model = [
        [Place(found.entity_type, found.start, found.end) for found in engine.analyze(item["full_text"], **PUBLISHED)]
        for item in texts
    ]
    ours = [spans_in(item["full_text"]) for item in texts]
    unseen = [index for index, item in enumerate(texts) if item["template_id"] % 2]
    for half, chosen in (("unseen half", unseen), ("all        ", range(len(texts)))):
        marked = [texts[index] for index in chosen]
        gold = [[(s["start_position"], s["end_position"]) for s in item["spans"]] for item in marked]
        for name, places in (("Presidio without a model", without_model), ("govkit, word lists      ", ours)):
            found = [[(place.start, place.end) for place in places[index]] for index in chosen]
            print(
                f"{half}  {name}  F2 by characters {by_characters(gold, found):.3f}, "
                f"by spans {by_spans(gold, found):.3f}, presidio-research "
                + published(marked, [places[index] for index in chosen])
            )
    recalls([texts[index] for index in unseen], [ours[index] for index in unseen])
    cards(texts)


PUBLISHED: dict[str, Any] = {"language": "en", "score_threshold": 0.4}
"""As presidio-research's notebooks call Presidio."""
AS_PRESIDIO = {
    "DOMAIN_NAME": "URL",
    "GPE": "LOCATION",
    "IBAN": "IBAN_CODE",
    "NATIONALITY": "NRP",
    "STREET_ADDRESS": "LOCATION",
    "URL_WITH_USER": "URL",
}


def published(marked: list[dict[str, Any]], found: list[list[Place]]) -> str:
    """Give precision, recall and F2 of presidio-research's own SpanEvaluator (IoU 0.9, every marked type), if there."""
    try:
        from presidio_evaluator.evaluation import SpanEvaluator
    except ImportError:
        return "not installed"
    import pandas as pd
    import spacy

    words = spacy.blank("en")
    rows = []
    for index, (item, places) in enumerate(zip(marked, found, strict=True)):
        gold = [Place(s["entity_type"], s["start_position"], s["end_position"]) for s in item["spans"]]
        for token in words(item["full_text"]):
            kinds = [kind_at(spans, token.idx, token.idx + len(token)) for spans in (gold, places)]
            rows.append((index, token.text, token.idx, *kinds))
    table = pd.DataFrame(rows, columns=["sentence_id", "token", "start_indices", "annotation", "prediction"])
    answer = SpanEvaluator().calculate_score_on_df(table)
    return f"{answer.pii_precision:.3f} {answer.pii_recall:.3f} F2 {answer.pii_f:.3f}"


def kind_at(places: list[Place], start: int, end: int) -> str:
    """Give the type of the first place that a token touches, as Presidio calls it."""
    kinds = (place.entity for place in places if place.start < end and start < place.end)
    kind = next(kinds, "O")
    return AS_PRESIDIO.get(kind, kind)


def recalls(marked: list[dict[str, Any]], found: list[list[Place]]) -> None:
    """Print the shares of marked names and places of which at least half is covered; `prose.RECALL` states them."""
    for entity, kind in (("PERSON", "PERSON"), ("LOCATION", "GPE")):
        there = hit = 0
        for item, places in zip(marked, found, strict=True):
            for span in (span for span in item["spans"] if span["entity_type"] == kind):
                start, end = span["start_position"], span["end_position"]
                covered = sum(max(0, min(end, place.end) - max(start, place.start)) for place in places)
                there, hit = there + 1, hit + (2 * covered >= end - start)
        print(f"recall {entity:<10} {hit / there:.2f}  (shipped: {RECALL[entity]:.2f})")


def cards(texts: list[dict[str, Any]]) -> None:
    """Print the share of marked card numbers that are found."""
    there = hit = 0
    for item in texts:
        places = detectors()["CREDIT_CARD"].spans(item["full_text"])
        for span in (span for span in item["spans"] if span["entity_type"] == "CREDIT_CARD"):
            there += 1
            hit += any(start <= span["start_position"] and span["end_position"] <= end for start, end in places)
    print(f"recall CREDIT_CARD {hit / there:.3f}  ({there} marked)")


def by_characters(gold: list[list[tuple[int, int]]], found: list[list[tuple[int, int]]]) -> float:
    """Give F2 over characters that belong to any place."""
    right = claimed = marked = 0
    for places, guesses in zip(gold, found, strict=True):
        held = {at for start, end in places for at in range(start, end)}
        said = {at for start, end in guesses for at in range(start, end)}
        right, claimed, marked = right + len(held & said), claimed + len(said), marked + len(held)
    return f2(right / max(claimed, 1), right / max(marked, 1))


def by_spans(gold: list[list[tuple[int, int]]], found: list[list[tuple[int, int]]]) -> float:
    """Give F2 over places, matched once each where they overlap by half."""
    right = claimed = marked = 0
    for places, guesses in zip(gold, found, strict=True):
        open_guesses = joined(guesses)
        claimed, marked = claimed + len(open_guesses), marked + len(places)
        for place in places:
            match = next((guess for guess in open_guesses if overlap(place, guess) >= HALF), None)
            if match is not None:
                open_guesses.remove(match)
                right += 1
    return f2(right / max(claimed, 1), right / max(marked, 1))


def joined(places: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join places that overlap."""
    made: list[tuple[int, int]] = []
    for start, end in sorted(places):
        if made and start < made[-1][1]:
            made[-1] = (made[-1][0], max(made[-1][1], end))
        else:
            made.append((start, end))
    return made


def overlap(one: tuple[int, int], other: tuple[int, int]) -> float:
    """Give intersection over union."""
    shared = max(0, min(one[1], other[1]) - max(one[0], other[0]))
    return shared / (one[1] - one[0] + other[1] - other[0] - shared)


def f2(precision: float, recall: float) -> float:
    """Weigh recall twice as much as precision."""
    return 5 * precision * recall / (4 * precision + recall) if precision + recall else 0.0


def timed(run: Callable[[], Any]) -> tuple[float, Any]:
    """Give the CPU seconds of a call and what it returned."""
    since = time.process_time()
    made = run()
    return time.process_time() - since, made


def write(path: Path, table: dict[str, list[str]]) -> None:
    """Write a table as CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(table)
        writer.writerows(zip(*table.values(), strict=True))


def read(path: Path) -> list[Column]:
    """Read a marked table's columns: up to 500 distinct values of each."""
    csv.field_size_limit(10**9)
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    made = []
    for position, name in enumerate(header):
        cells = (row[position].strip() for row in rows if len(row) > position)
        values = list(dict.fromkeys(cell for cell in cells if cell))
        made.append(Column(name, tuple(values[:500]), len(values)))
    return made


def refuse_sockets() -> list[str]:
    """Count sockets from here on."""
    opened: list[str] = []
    kept = socket.socket.connect

    def connect(self: socket.socket, address: object) -> None:
        opened.append("socket")
        kept(self, address)  # type: ignore[arg-type]

    socket.socket.connect = connect  # type: ignore[method-assign]
    return opened


if __name__ == "__main__":
    main()
