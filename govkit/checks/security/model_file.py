"""What the static scan of the model file found."""

from collections.abc import Iterator

from govkit.core.evidence import Column, Finding, Measurement, Message, Severity, Table
from govkit.inputs.model import Artifact
from govkit.plugins.check import Emit, Product, check

LONGEST = 120
"""Characters shown of a name that comes from the model file."""


@check(
    "security.model_file",
    title="Content of the model file",
    emits=(
        Emit("disallowed_globals", "count", "classes and functions in the file that the loading policy refuses"),
        Emit("unsafe_findings", "count", "everything the static scan objects to"),
    ),
    messages={
        "security.model_file.finding": "{code}: {what} {subject}",
        "security.model_file.refused": "The model was not loaded. {reason}",
    },
)
def model_file(artifact: Artifact) -> Iterator[Product]:
    """Report what a static scan of the model file objects to.

    Why it matters: a pickle is a program; loading one from elsewhere can run anything its author wanted.

    Method: before anything is loaded, the bytes are read as instructions without carrying them out; every class and
    function that they name is held against a list of what estimators need.

    Limits: a file without objections is not thereby harmless: the list can only know names, and a model can also
    mislead by its answers.

    References: Python documentation, pickle; MITRE ATLAS AML.T0010 and AML.T0011.
    """
    refused = {finding.subject for finding in artifact.findings if finding.subject in artifact.globals}
    yield Measurement(name="disallowed_globals", value=len(refused), unit="count", n=len(artifact.globals))
    yield Measurement(name="unsafe_findings", value=len(artifact.findings), unit="count", n=len(artifact.globals))
    for found in artifact.findings:
        arguments = {"code": found.code, "what": found.what, "subject": _shown(found.subject)}
        message = Message(id="security.model_file.finding", args=arguments)
        yield Finding(rule="SEC-001", severity=Severity.HIGH, message=message, where=artifact.name)
    if artifact.refused:
        message = Message(id="security.model_file.refused", args={"reason": artifact.refused})
        yield Finding(rule="SEC-002", severity=Severity.HIGH, message=message, where=artifact.name)
    yield Table(
        name="globals",
        title="Classes and functions named in the model file",
        columns=(Column(name="name"), Column(name="refused")),
        rows=tuple((_shown(name), name in refused) for name in artifact.globals),
    )


def _shown(text: str) -> str:
    """Shorten, and make what can't be printed visible."""
    return ascii(text)[1:-1][:LONGEST]
