"""Which data sets the data was derived from, and whether they can be found again."""

import re
from collections.abc import Iterator
from typing import Final

from govkit.core.digest import sha256_of_file
from govkit.core.evidence import Column, Finding, Measurement, Message, Severity, Table
from govkit.inputs.metadata import Metadata
from govkit.inputs.metadata_formats.statement import DeclaredParent
from govkit.plugins.check import Emit, NotDeclared, Product, check

SHA256: Final = re.compile(r"[0-9a-f]{64}")
STATES: Final = {
    "by digest": "identified by its digest",
    "verified": "there, with the declared digest",
    "differs": "there, with another digest than declared",
    "no digest": "named without a digest",
}


@check(
    "provenance.lineage",
    title="Lineage of the data",
    emits=(
        Emit("lineage_declared", "share", "of the two questions, ancestry and processing, those that are answered"),
        Emit("parents_unresolved", "count", "parents without a digest, or whose file has another one"),
    ),
    messages={
        "provenance.lineage.nothing": "Neither the data's parents nor its processing are stated.",
        "provenance.lineage.no_ancestry": "It is not stated whether the data was derived from other data sets. Add the "
        "line: provenance: {original: true}, or name its parents.",
        "provenance.lineage.no_processing": "Cleaning and labelling steps are not stated. Add the line: provenance: "
        "{processing: ...}",
        "provenance.lineage.differs": "The parent {parent} has another SHA-256 than {file} declares.",
        "provenance.lineage.no_digest": "The parent {parent} is named without a SHA-256, so it can't be told from a "
        "later version.",
        "provenance.lineage.contradiction": "The data is called original, yet parents are named.",
    },
)
def lineage(metadata: Metadata) -> Iterator[Product]:
    """Look up the declared parents of the data and the processing between them and it.

    Why it matters: faults and rights of a parent data set pass on to everything made from it.

    Method: a parent counts as resolved when a SHA-256 is declared for it and, where its file lies below the audit's
    folder, that file has this digest. Ancestry counts as stated when parents are named or `original: true` is declared,
    which is one statement without a parent to resolve.

    Limits: parents of parents aren't followed, and nothing is fetched: a parent elsewhere is identified, not verified.

    References: W3C PROV-O, wasDerivedFrom; Croissant 1.1; PRV-009 to PRV-011.
    """
    original = metadata.get("original") == "true"
    ancestry = original or bool(metadata.parents)
    processing = bool(metadata.get("processing"))
    if not ancestry and not processing:
        raise NotDeclared("provenance.lineage.nothing", ask="provenance: {original: true, processing: STEPS}")
    yield Measurement(name="lineage_declared", value=(ancestry + processing) / 2, unit="share", n=2)
    if not ancestry:
        yield _finding("no_ancestry", "PRV-009", Severity.MEDIUM, "govkit.yaml provenance.parents")
    if not processing:
        yield _finding("no_processing", "PRV-011", Severity.LOW, "govkit.yaml provenance.processing")
    if original and metadata.parents:
        yield _finding("contradiction", "PRV-009", Severity.MEDIUM, f"{metadata.parents[0].source}")
    if not ancestry:
        return
    states = [(parent, _state(parent, metadata)) for parent in metadata.parents]
    unresolved = [(parent, state) for parent, state in states if state in {"differs", "no digest"}]
    yield Measurement(name="parents_unresolved", value=len(unresolved), unit="count", n=len(states) + original)
    for parent, state in unresolved:
        severity = Severity.HIGH if state == "differs" else Severity.MEDIUM
        where = f"{parent.source} {parent.pointer}"
        yield _finding(
            state.replace(" ", "_"), "PRV-010", severity, where, parent=parent.name[:120], file=parent.source
        )
    yield Table(
        name="parents",
        title="Parents of the data",
        columns=(Column(name="parent"), Column(name="state"), Column(name="file"), Column(name="where")),
        rows=tuple((parent.name[:120], STATES[state], parent.source, parent.pointer) for parent, state in states),
    )


def _finding(kind: str, rule: str, severity: Severity, where: str, **arguments: str) -> Finding:
    message = Message(id=f"provenance.lineage.{kind}", args=arguments)
    return Finding(rule=rule, severity=severity, message=message, where=where)


def _state(parent: DeclaredParent, metadata: Metadata) -> str:
    if not SHA256.fullmatch(parent.sha256):
        return "no digest"
    file = metadata.local(parent.name)
    if file is None:
        return "by digest"
    return "verified" if sha256_of_file(file) == parent.sha256 else "differs"
