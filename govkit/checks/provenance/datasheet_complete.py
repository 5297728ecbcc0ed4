"""Whether the data sheet answers what a data sheet has to answer."""

from collections.abc import Iterator
from typing import Final

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
        Emit("placeholder_fields", "count", "fields that hold `TBD`, `N/A` or the like instead of an answer"),
        Emit("conflicting_fields", "count", "fields that two sources state differently"),
    ),
    messages={
        "provenance.datasheet_complete.nothing": "Nothing is declared about the data: no metadata file stands beside "
        "it and govkit.yaml has no provenance block.",
        "provenance.datasheet_complete.missing": "{field} is not stated. Add the line: provenance: {{field}: ...}",
        "provenance.datasheet_complete.placeholder": "{field} holds a placeholder in {file}.",
        "provenance.datasheet_complete.conflict": "{field} is stated differently in {first} and {second}.",
        **NOTES,
    },
)
def datasheet_complete(metadata: Metadata) -> Iterator[Product]:
    """Count which required fields of the data sheet are stated, and which hold a placeholder or contradict each other.

    Why it matters: without source, period, licence and a contact nobody can judge later whether the data may be used or
    what it stands for.

    Method: fields are read from govkit.yaml, Croissant, Data Provenance Standards, data packages and data set cards, in
    this order of precedence; texts such as `TBD` or `[More Information Needed]` don't count.

    Limits: a field that is filled is a declaration; nobody has verified that it is true.

    References: Datasheets for Datasets (Gebru et al., 2021); MLCommons Croissant 1.1; Data & Trust Alliance Data
    Provenance Standards 1.0.0.
    """
    if not metadata.sources:
        raise NotDeclared("provenance.datasheet_complete.nothing", ask="provenance: {source: NAME, license: SPDX-ID}")
    filled = [name for name in REQUIRED if metadata.get(name)]
    placeholders = [field for field in metadata.stated if field.is_placeholder]
    share = len(filled) / len(REQUIRED)
    yield Measurement(name="required_fields_filled", value=share, unit="share", n=len(REQUIRED))
    yield Measurement(name="placeholder_fields", value=len(placeholders), unit="count", n=len(metadata.stated))
    yield Measurement(name="conflicting_fields", value=len(metadata.conflicts), unit="count", n=len(metadata.fields))
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
    for note in metadata.notes:
        where = str(note.args.get("file", "metadata files"))
        yield Finding(rule="PRV-001", severity=Severity.MEDIUM, message=note, where=where)
    yield _table(metadata)


RULES: Final = {"missing": "PRV-002", "placeholder": "PRV-006", "conflict": "PRV-020"}


def _finding(kind: str, severity: Severity, where: str, **arguments: str) -> Finding:
    message = Message(id=f"provenance.datasheet_complete.{kind}", args=arguments)
    return Finding(rule=RULES[kind], severity=severity, message=message, where=where)


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
