"""Which data, code and environment the model came from, as recorded when it was trained."""

from collections.abc import Iterator

from govkit.core.evidence import Finding, Measurement, Message, Severity
from govkit.inputs.dataset import Dataset
from govkit.inputs.metadata import Metadata
from govkit.inputs.model import Artifact
from govkit.plugins.check import Emit, NotDeclared, Product, check

FORMAT = "training record"


@check(
    "provenance.training_record",
    title="Record of the training",
    emits=(
        Emit(
            "linked_inputs", "share", "of model, TRAIN, code revision and environment, those that the record identifies"
        ),
        Emit("record_mismatches", "count", "audited files with another digest than the record gives them"),
    ),
    messages={
        "provenance.training_record.nothing": "No record was written when the model was trained.",
        "provenance.training_record.mismatch": "{file} has another SHA-256 than the record of the training gives it: "
        "the record is about another file.",
        "provenance.training_record.missing": "The record of the training doesn't identify {part}.",
    },
)
def training_record(metadata: Metadata, artifact: Artifact, train: Dataset | None = None) -> Iterator[Product]:
    """Follow the model back to its data, code and environment by the record that was written at training.

    Why it matters: without a link from the model to its data, an audit of the data says nothing about the model.

    Method: the record is an in-toto statement with SLSA provenance beside the model (`*.training.json`), as `govkit
    provenance record` writes it. Digests of model and TRAIN are compared with the audited files, by name.

    Limits: the record is as honest as who wrote it; it is not signed, and the training isn't repeated.

    References: in-toto Attestation Framework, Statement v1; SLSA 1.0 provenance; NIST AI RMF MAP 4.1.
    """
    records = {source.name for source in metadata.sources if source.format == FORMAT}
    if not records:
        command = f"govkit provenance record --model {artifact.name} --data train.csv"
        raise NotDeclared("provenance.training_record.nothing", command=command)
    declared = [item for item in metadata.files if item.source in records]
    audited = {"the model": (artifact.name, artifact.sha256)}
    if train is not None:
        audited["TRAIN"] = (train.name, train.sha256)
    names = {item.name for item in declared}
    told = {
        **{part: name in names for part, (name, _) in audited.items()},
        "the revision of the code": bool(metadata.get("code_revision")),
        "the environment": bool(metadata.environment),
    }
    yield Measurement(name="linked_inputs", value=sum(told.values()) / len(told), unit="share", n=len(told))
    for part, there in told.items():
        if not there:
            yield _finding("missing", Severity.LOW, ", ".join(sorted(records)), part=part)
    wrong = [
        (item, name)
        for name, digest in audited.values()
        for item in declared
        if item.name == name and item.sha256 != digest
    ]
    yield Measurement(name="record_mismatches", value=len(wrong), unit="count", n=len(declared))
    for item, name in wrong:
        yield _finding("mismatch", Severity.HIGH, f"{item.source} {item.pointer}", file=name)


def _finding(kind: str, severity: Severity, where: str, /, **arguments: str) -> Finding:
    message = Message(id=f"provenance.training_record.{kind}", args=dict(arguments))
    return Finding(rule="PRV-024", severity=severity, message=message, where=where)
