"""Whether the data sheet answers what a data sheet has to answer."""

import re
from collections.abc import Iterator
from typing import Final

from govkit.config import Config
from govkit.core.evidence import Cell, Column, Finding, Measurement, Message, Severity, Table
from govkit.inputs.metadata import MESSAGES as NOTES
from govkit.inputs.metadata import Metadata
from govkit.plugins.check import Emit, NotDeclared, Product, check

REQUIRED: Final = (
    "source",
    "license",
    "version",
    "collected_from",
    "collected_to",
    "geography",
    "contact",
    "intended_use",
    "processing",
)
"""Fields that the four standards and the Datasheets questions have in common, whatever the data is about."""


@check(
    "provenance.datasheet_complete",
    title="Data sheet complete",
    emits=(
        Emit("required_fields_filled", "share", "required fields with an answer, of all required fields"),
        Emit("unreadable_files", "count", "metadata files that no reader could take, and were left out"),
        Emit("standard_gaps", "count", "fields that a metadata file lacks although its own standard requires them"),
        Emit("placeholder_fields", "count", "fields that hold `TBD`, `N/A` or the like instead of an answer"),
        Emit("conflicting_fields", "count", "fields that two sources state differently"),
    ),
    messages={
        "provenance.datasheet_complete.nothing": "Nothing is declared about the data: no metadata file stands beside "
        "it and govkit.yaml has no provenance block.",
        "provenance.datasheet_complete.missing": "{field} is not stated. Add the line: provenance: {{field}: ...}",
        "provenance.datasheet_complete.standard": "{file} lacks {place}, which {standard} requires.",
        "provenance.datasheet_complete.placeholder": "{field} holds a placeholder in {file}.",
        "provenance.datasheet_complete.conflict": "{field} is stated differently in {first} and {second}.",
        "provenance.datasheet_complete.purpose": "The data's intended use and the system's purpose have no word "
        "in common: have somebody compare them.",
        **NOTES,
    },
)
def datasheet_complete(metadata: Metadata, config: Config) -> Iterator[Product]:
    """Count which required fields of the data sheet are stated, and which hold a placeholder or contradict each other.

    Why it matters: without source, period, licence and a contact nobody can judge later whether the data may be used or
    what it stands for.

    Method: fields are read from govkit.yaml, Croissant, Data Provenance Standards, data packages and data set cards, in
    this order of precedence; texts such as `TBD` or `[More Information Needed]` don't count. What the specification of
    Croissant, Data Provenance Standards or Data Package calls required is looked for in each such file. An intended use
    of the data that shares no word with the system's purpose, endings apart, is pointed at.

    Limits: a field that is filled is a declaration; nobody has verified that it is true. Whether an intended use covers
    the purpose is for a person to judge.

    References: Datasheets for Datasets (Gebru et al., 2021); MLCommons Croissant 1.1; Data & Trust Alliance Data
    Provenance Standards 1.0.0.
    """
    if not metadata.sources and not metadata.notes:
        raise NotDeclared("provenance.datasheet_complete.nothing", ask="provenance: {source: NAME, license: SPDX-ID}")
    filled = [name for name in REQUIRED if metadata.get(name)]
    placeholders = [field for field in metadata.stated if field.is_placeholder]
    share = len(filled) / len(REQUIRED)
    yield Measurement(name="required_fields_filled", value=share, unit="share", n=len(REQUIRED))
    yield Measurement(name="placeholder_fields", value=len(placeholders), unit="count", n=len(metadata.stated))
    yield Measurement(name="conflicting_fields", value=len(metadata.conflicts), unit="count", n=len(metadata.fields))
    files = len(metadata.sources) + len(metadata.notes)
    yield Measurement(name="unreadable_files", value=len(metadata.notes), unit="count", n=files)
    yield from _standards(metadata)
    for name in REQUIRED:
        if name not in metadata.fields:
            yield _finding("missing", Severity.LOW, name, field=name)
    for field in placeholders:
        yield _finding(
            "placeholder", Severity.MEDIUM, f"{field.source} {field.pointer}", field=field.name, file=field.source
        )
    for first, second, *_ in metadata.conflicts:
        where = f"{second.source} {second.pointer}"
        yield _finding("conflict", Severity.MEDIUM, where, field=first.name, first=first.source, second=second.source)
    intended, purpose = _stems(metadata.get("intended_use")), _stems(config.system.purpose)
    if intended and purpose and not intended & purpose:
        yield _finding("purpose", Severity.LOW, "intended_use")
    for note in metadata.notes:
        where = str(note.args.get("file", "metadata files"))
        yield Finding(rule="PRV-001", severity=Severity.MEDIUM, message=note, where=where)
    yield _table(metadata)


def _stems(text: str) -> set[str]:
    """Give the longer words of a text without their endings."""
    return {word[:STEM] for word in re.findall(r"\w+", text.casefold()) if len(word) >= STEM}


def _standards(metadata: Metadata) -> Iterator[Product]:
    """Count what metadata files lack by their own standards."""
    standards = [source for source in metadata.sources if source.format in WITH_REQUIREMENTS]
    if standards:
        yield Measurement(name="standard_gaps", value=len(metadata.lacks), unit="count", n=len(standards))
    for lack in metadata.lacks:
        where = f"{lack.source} {lack.pointer}"
        yield _finding("standard", Severity.LOW, where, file=lack.source, place=lack.pointer, standard=lack.standard)


STEM: Final = 5
"""Letters of a word that are compared."""
WITH_REQUIREMENTS: Final = frozenset(("Croissant", "Data Provenance Standards", "data package"))
"""Standards that call fields required; govkit.yaml, data set cards and DVC files don't."""
OF_A_FIELD: Final = {
    "source": "PRV-006",
    "license": "PRV-007",
    "processing": "PRV-011",
    "collected_from": "PRV-012",
    "collected_to": "PRV-012",
    "geography": "PRV-014",
    "intended_use": "PRV-018",
    "contact": "PRV-019",
}
"""The check that a required field belongs to."""
RULES: Final = {
    "standard": "PRV-002",
    "missing": "PRV-002",
    "placeholder": "PRV-006",
    "conflict": "PRV-020",
    "purpose": "PRV-018",
}


def _finding(kind: str, severity: Severity, where: str, **arguments: str) -> Finding:
    message = Message(id=f"provenance.datasheet_complete.{kind}", args=arguments)
    rule = OF_A_FIELD.get(arguments["field"], RULES[kind]) if kind == "missing" else RULES[kind]
    return Finding(rule=rule, severity=severity, message=message, where=where)


def _table(metadata: Metadata) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for name in dict.fromkeys((*REQUIRED, *metadata.fields)):
        field = metadata.fields.get(name)
        state = "not stated" if field is None else "placeholder" if field.is_placeholder else "stated"
        rows.append((name, state, field.source if field else "", field.pointer if field else ""))
    return Table(
        name="fields",
        title="Fields of the data sheet",
        columns=(Column(name="field"), Column(name="state"), Column(name="file"), Column(name="where")),
        rows=tuple(rows),
    )
