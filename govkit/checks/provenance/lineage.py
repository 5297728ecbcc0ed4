"""Which data sets the data was derived from, and whether they can be found again."""

import json
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from govkit.config import Config
from govkit.core.digest import sha256_of_file
from govkit.core.evidence import Column, Finding, Measurement, Message, Severity, Table
from govkit.inputs.dataset import Dataset
from govkit.inputs.metadata import Metadata, read_metadata
from govkit.inputs.metadata_formats.statement import DeclaredParent
from govkit.plugins.check import Attachment, Emit, NotDeclared, Product, check

SHA256: Final = re.compile(r"[0-9a-f]{64}")
STATES: Final = {
    "by digest": "identified by its digest",
    "verified": "there, with the declared digest",
    "differs": "there, with another digest than declared",
    "no digest": "named without a digest",
}


GENERATIONS: Final = 10
MOST_STEPS: Final = 200
LONGEST: Final = 120
"""Characters shown of a name."""


class Step(NamedTuple):
    """One data set made from another."""

    parent: str
    child: str
    sha256: str
    """The parent's declared digest; empty where there is none."""


@check(
    "provenance.lineage",
    title="Lineage of the data",
    emits=(
        Emit("lineage_declared", "share", "of the two questions, ancestry and processing, those that are answered"),
        Emit("parents_unresolved", "count", "parents without a digest, or whose file has another one"),
        Emit("lineage_cycles", "count", "data sets that, by the metadata, were derived from themselves"),
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
        "provenance.lineage.cycle": "By the metadata, {name} was derived from itself.",
        "provenance.lineage.contradiction": "The data is called original, yet parents are named.",
    },
)
def lineage(metadata: Metadata, test: Dataset | None = None) -> Iterator[Product]:
    """Look up the declared parents of the data and the processing between them and it.

    Why it matters: faults and rights of a parent data set pass on to everything made from it.

    Method: a parent counts as resolved when a SHA-256 is declared for it and, where its file lies below the audit's
    folder, that file has this digest. Ancestry counts as stated when parents are named or `original: true` is declared,
    which is one statement without a parent to resolve. Where a parent's file lies below the audit's folder, the
    metadata beside it is read for parents of its own, up to ten generations; the whole is kept as W3C PROV-JSON.

    Limits: nothing is fetched: a parent elsewhere is identified, not verified, and its parents aren't known.

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
            state.replace(" ", "_"), "PRV-010", severity, where, parent=_shortened(parent.name), file=parent.source
        )
    yield Table(
        name="parents",
        title="Parents of the data",
        columns=(Column(name="parent"), Column(name="state"), Column(name="file"), Column(name="where")),
        rows=tuple((_shortened(parent.name), STATES[state], parent.source, parent.pointer) for parent, state in states),
    )
    yield from _graph(_steps(metadata, test))


def _steps(metadata: Metadata, test: Dataset | None) -> list[Step]:
    """Give every step from parent to child, nearest first; parents in folders of their own bring their own metadata."""
    found: list[Step] = []
    name = test.name if test else "DATA"
    waiting, seen = [(name, metadata)], {metadata.root.resolve()}
    if test:
        seen.add(test.path.resolve().parent)
    for _ in range(GENERATIONS):
        further = []
        for child, told in waiting:
            for parent in told.parents:
                step = Step(_shortened(parent.name), _shortened(child), parent.sha256)
                if step not in found:
                    found.append(step)
                file = metadata.local(parent.name)
                if file is not None and file.parent not in seen:
                    seen.add(file.parent)
                    further.append((parent.name, read_metadata(file, Config(), file.parent)))
        waiting = further[:MOST_STEPS]
    return found[:MOST_STEPS]


def _graph(steps: list[Step]) -> Iterator[Product]:
    circles = _circles(steps)
    yield Measurement(name="lineage_cycles", value=len(circles), unit="count", n=len(steps) + 1)
    for name in circles:
        yield _finding("cycle", "PRV-010", Severity.MEDIUM, name, name=name)
    if steps:
        yield _drawn(steps)
        yield Attachment("lineage.prov.json", "application/json", _prov(steps))


def _circles(steps: list[Step]) -> list[str]:
    """Give the data sets from which a way leads back to them."""
    parents: dict[str, set[str]] = {}
    for step in steps:
        parents.setdefault(step.child, set()).add(step.parent)

    def reached(start: str) -> set[str]:
        found: set[str] = set()
        waiting = list(parents.get(start, ()))
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting.extend(parents.get(name, ()))
        return found

    return sorted(name for name in parents if name in reached(name))


def _drawn(steps: list[Step]) -> Table:
    return Table(
        name="lineage",
        title="Lineage of the data",
        columns=(Column(name="from"), Column(name="to"), Column(name="how")),
        rows=tuple((step.parent, step.child, "") for step in steps),
    )


def _prov(steps: list[Step]) -> bytes:
    """Write the steps as W3C PROV-JSON."""
    names = sorted({name for step in steps for name in (step.parent, step.child)})
    ids = {name: f"data:e{index}" for index, name in enumerate(names)}
    digests = {step.parent: step.sha256 for step in steps if SHA256.fullmatch(step.sha256)}
    document = {
        "prefix": {"data": "urn:govkit:lineage:", "govkit": "urn:govkit:terms:"},
        "entity": {
            ids[name]: {"prov:label": name, **({"govkit:sha256": digests[name]} if name in digests else {})}
            for name in names
        },
        "wasDerivedFrom": {
            f"_:d{index}": {"prov:generatedEntity": ids[step.child], "prov:usedEntity": ids[step.parent]}
            for index, step in enumerate(steps)
        },
    }
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False).encode() + b"\n"


def _shortened(name: str) -> str:
    """Give a name as far as it is shown."""
    return name[:LONGEST]


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
