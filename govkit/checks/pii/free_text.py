"""Personal data inside longer text: one number in row 900,000 of a notes column is found."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from govkit.core.evidence import Column, Evidence, Finding, Measurement, Message, Severity, Table
from govkit.inputs.columns import kind_of
from govkit.inputs.dataset import Dataset
from govkit.pii.entities import family
from govkit.pii.recognisers import Detector, detectors, gate
from govkit.plugins.check import Emit, NotApplicable, Params, Product, Sizes, Work, check

if TYPE_CHECKING:
    import pyarrow as pa

ENTITIES: Final = (
    "EMAIL_ADDRESS",
    "PHONE_NUMBER",
    "CREDIT_CARD",
    "IBAN",
    "US_SSN",
    "IP_ADDRESS",
    "URL_WITH_USER",
    "SECRET",
)
CANDIDATES_PER_COLUMN: Final = {"quick": 20_000, "standard": 100_000, "thorough": 1_000_000}
NUMBERED: Final = frozenset(
    (
        "BANK_ACCOUNT",
        "CREDIT_CARD",
        "DRIVER_LICENSE",
        "IP_ADDRESS",
        "LOCATION",
        "NATIONAL_ID",
        "PASSPORT",
    )
)
_WORD: Final = re.compile(r"[^\W\d_]{2}")
NO_TEXT: Final = frozenset(("boolean", "date", "empty", "integer", "number"))


@dataclass(frozen=True)
class Hits:
    """Cells of one column that hold one entity type."""

    column: str
    role: str
    entity: str
    cells: int
    unconfirmed: int
    """Cells that passed the gate and were not read any more."""


def plan(sizes: Sizes, budget: str, params: Params) -> Work:
    """Resolve the budget to the number of different texts that are confirmed, per column and entity type."""
    del params
    most = CANDIDATES_PER_COLUMN[budget]
    rows = sizes.test_rows + sizes.train_rows
    return Work({"candidates_per_column": most}, seconds=1 + rows * 2e-6 * sizes.features)


@check(
    "pii.free_text",
    title="Personal data in free text",
    requires=("pii.columns",),
    emits=(
        Emit("free_text_hits", "count", "cells that hold an entity among other text, per entity type, summed"),
        Emit("free_text_columns_with_hits", "count", "text columns with at least one such cell"),
    ),
    messages={
        "pii.free_text.hit": "{cells} cells of {column} ({data}) hold {entity} among other text.",
        "pii.free_text.unconfirmed": "{cells} more cells of {column} ({data}) could hold {entity}; the budget ended "
        "before they were read.",
        "pii.free_text.no_text": "No column of DATA or TRAIN holds text.",
    },
    libraries=("presidio-analyzer", "phonenumbers", "tldextract"),
    plan=plan,
)
def free_text(
    test: Dataset, evidence: Mapping[str, Evidence], work: Mapping[str, int], train: Dataset | None = None
) -> Iterator[Product]:
    """Look in every cell of the text columns for e-mail addresses, phone numbers, cards, accounts and the like.

    Why it matters: comments and notes are where personal data enters a data set unseen, and models learn it by heart.

    Method: every cell goes through one vectorised pattern an entity type; what remains is confirmed by Presidio's
    recogniser with its checksum (Luhn for cards, mod 97 for IBANs). Columns that pii.columns already claims for an
    entity are not counted for it again. Counted are cells, per entity type and column.

    Limits: names, places and anything else that only a language model would see in a sentence are not looked for. Bare
    digits count as a phone number only after a word like `call`, and a cell of digits alone only with a leading +.
    Past `candidates_per_column` different texts a column,
    the rest is reported as not read, and the count is a lower bound.

    References: Presidio analyzer; ISO/IEC 7812 (Luhn), ISO 13616 (IBAN).
    """
    claimed = _claimed(evidence)
    found: list[Hits] = []
    scanned = cells = 0
    for dataset in (test, train):
        for name in dataset.columns if dataset else ():
            assert dataset is not None
            column = dataset.strings.column(name)
            if kind_of(column) in NO_TEXT:
                continue
            scanned += 1
            cells += dataset.rows
            kinds = _open_questions(claimed.get(name, frozenset()))
            found.extend(_scan(column, name, dataset.role, kinds, work["candidates_per_column"]))
    if not scanned:
        raise NotApplicable("pii.free_text.no_text")
    hits = [item for item in found if item.cells]
    yield Measurement(name="free_text_hits", value=sum(item.cells for item in hits), unit="count", n=cells)
    names = {item.column for item in hits}
    yield Measurement(name="free_text_columns_with_hits", value=len(names), unit="count", n=scanned)
    yield from _findings(found)
    yield Table(
        name="free_text_found",
        title="Personal data in free text",
        columns=(Column(name="column"), Column(name="data"), Column(name="entity"), Column(name="cells", unit="count")),
        rows=tuple((item.column, item.role, item.entity, item.cells) for item in hits),
    )


def _claimed(evidence: Mapping[str, Evidence]) -> dict[str, frozenset[str]]:
    """Give the entity types that pii.columns found in each column."""
    columns = evidence.get("pii.columns")
    found: dict[str, frozenset[str]] = {}
    for table in columns.tables if columns else ():
        for row in table.rows:
            found[str(row[0])] = found.get(str(row[0]), frozenset()) | {str(row[2])}
    return found


def _open_questions(claimed: frozenset[str]) -> list[str]:
    """Leave out what a column is claimed for; in columns of other numbers nothing is taken for a phone number."""
    settled = claimed | ({"PHONE_NUMBER"} if claimed & NUMBERED else set())
    return [entity for entity in ENTITIES if family(entity) not in settled]


def _scan(column: "pa.ChunkedArray", name: str, role: str, entities: list[str], most: int) -> Iterator[Hits]:
    import pyarrow.compute as pc

    known = detectors()
    for entity in entities:
        candidates = column.filter(gate(column, known[entity]))
        if not len(candidates):
            continue
        counted = pc.value_counts(candidates)
        texts, times = counted.field("values"), counted.field("counts").to_pylist()
        confirmed = _confirmed(texts[:most], known[entity])
        cells = sum(count for count, holds in zip(times, confirmed, strict=False) if holds)
        yield Hits(name, role, entity, cells, sum(times[most:]))


def _confirmed(texts: "pa.Array", detector: Detector) -> list[bool]:
    """Confirm each text; a cell of digits alone is no text, so only a leading + makes it a phone number."""
    if detector.entity != "PHONE_NUMBER":
        return [detector.finds(text) for text in texts.to_pylist()]
    return [
        (text.lstrip().startswith("+") or _WORD.search(text) is not None) and detector.finds(text)
        for text in texts.to_pylist()
    ]


def _findings(found: list[Hits]) -> Iterator[Finding]:
    for item in found:
        data = "TRAIN" if item.role == "train" else "DATA"
        where = f"column {item.column}"
        shared = {"column": item.column, "data": data, "entity": item.entity}
        if item.cells:
            message = Message(id="pii.free_text.hit", args={**shared, "cells": item.cells})
            yield Finding(rule="PII-004", severity=Severity.HIGH, message=message, where=where)
        if item.unconfirmed:
            message = Message(id="pii.free_text.unconfirmed", args={**shared, "cells": item.unconfirmed})
            yield Finding(rule="PII-005", severity=Severity.INFO, message=message, where=where)
