"""Whether the model runs here with the library versions that it was trained with."""

from collections.abc import Iterator

from govkit.config import Config
from govkit.core.evidence import Column, Finding, Measurement, Message, Severity, Table
from govkit.inputs.environment import Environment, installed
from govkit.inputs.metadata import Metadata
from govkit.inputs.model import Model
from govkit.plugins.check import EVERY_TASK, Emit, NotDeclared, Product, check

LONGEST = 60
"""Characters shown of a name or version that comes from the model."""


@check(
    "provenance.environment",
    title="Library versions at training and now",
    emits=(
        Emit("version_mismatches", "count", "libraries whose version at training is not the installed one"),
        Emit("versions_declared", "count", "libraries whose version at training is known"),
    ),
    messages={
        "provenance.environment.nothing": "No library version at training is known: the model stores none and none is "
        "declared.",
        "provenance.environment.mismatch": "The model was trained with {library} {then}; {now} is installed here.",
        "provenance.environment.absent": "The model was trained with {library} {then}, which is not installed here.",
        "provenance.environment.contradiction": "The model stores {library} {stored}; govkit.yaml declares {declared}.",
    },
    libraries=("packaging",),
    tasks=EVERY_TASK,
)
def environment_match(
    environment: Environment, config: Config, metadata: Metadata, model: Model | None = None
) -> Iterator[Product]:
    """Compare the library versions of the training environment with the installed ones.

    Why it matters: scikit-learn promises nothing about models of another version; they may answer differently.

    Method: versions stored in the artefact and those declared in govkit.yaml are compared with the installed
    distributions by PEP 440, so that 1.9 equals 1.9.0.

    Limits: only libraries that are stored or declared are compared; operating system and hardware aren't.

    References: scikit-learn user guide, model persistence; PEP 440.
    """
    stored = model.described.fitted_with if model else {}
    declared = {**metadata.environment, **config.provenance.environment}
    known = {name[:LONGEST]: version[:LONGEST] for name, version in {**declared, **stored}.items()}
    if not known:
        raise NotDeclared(
            "provenance.environment.nothing", ask="provenance: {environment: {scikit-learn: VERSION-AT-TRAINING}}"
        )
    rows = []
    for library, then in sorted(known.items()):
        now = (
            environment.python
            if library.lower() == "python"
            else environment.packages.get(library) or installed(library)
        )
        rows.append((library, then, now or "", bool(now) and _same(then, now or "")))
        if library in stored and library in declared and not _same(stored[library], declared[library]):
            arguments = {"library": library, "stored": then, "declared": declared[library]}
            yield _finding("contradiction", Severity.MEDIUM, library, arguments)
    different = [row for row in rows if not row[3]]
    yield Measurement(name="version_mismatches", value=len(different), unit="count", n=len(rows))
    yield Measurement(name="versions_declared", value=len(rows), unit="count", n=len(rows))
    for library, then, now, _ in different:
        kind = "mismatch" if now else "absent"
        yield _finding(kind, Severity.MEDIUM, library, {"library": library, "then": then, "now": now})
    yield Table(
        name="versions",
        title="Library versions",
        columns=(Column(name="library"), Column(name="at training"), Column(name="installed"), Column(name="same")),
        rows=tuple(rows),
    )


def _finding(kind: str, severity: Severity, library: str, arguments: dict[str, str]) -> Finding:
    message = Message(id=f"provenance.environment.{kind}", args=dict(arguments))
    return Finding(rule="PRV-023", severity=severity, message=message, where=f"library {library}")


def _same(one: str, other: str) -> bool:
    from packaging.version import InvalidVersion, Version

    try:
        return Version(one) == Version(other)
    except InvalidVersion:
        return one.strip() == other.strip()
