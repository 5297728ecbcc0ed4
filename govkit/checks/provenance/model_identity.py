"""Whether the audited file is the model that was declared."""

from collections.abc import Iterator

from govkit.config import Config
from govkit.core.evidence import Finding, Measurement, Message, Severity
from govkit.inputs.metadata import Metadata
from govkit.inputs.metadata_formats.statement import is_placeholder
from govkit.inputs.model import Artifact
from govkit.plugins.check import Emit, NotDeclared, Product, check


@check(
    "provenance.model_identity",
    title="Identity of the model",
    emits=(
        Emit("identity_fields_declared", "share", "of name, version and digest of the model, those that are declared"),
        Emit("identity_mismatches", "count", "declared digests of the model that the file doesn't have"),
    ),
    messages={
        "provenance.model_identity.nothing": "Neither name nor version nor digest of the model is declared.",
        "provenance.model_identity.missing": "{field} of the model is not declared. Add the line: {line}",
        "provenance.model_identity.mismatch": "{file} has another SHA-256 than {source} declares: it is another model.",
    },
)
def model_identity(artifact: Artifact, config: Config, metadata: Metadata) -> Iterator[Product]:
    """Compare the declared name, version and digest of the model with the audited file.

    Why it matters: an audit, a model card and an approval speak of one certain file and of no other.

    Method: the SHA-256 of the audited bytes is compared with every digest declared for a file of that name; name and
    version are those of `system` in govkit.yaml.

    Limits: name and version can't be read off the file, they are taken as declared.

    References: ISO/IEC 42001 A.6.2.3; NIST AI RMF GOVERN 1.6.
    """
    digests = metadata.declared_digests(artifact.name)
    declared = {
        "name": not is_placeholder(config.system.name),
        "version": not is_placeholder(config.system.version),
        "digest": bool(digests),
    }
    lines = {
        "name": "system: {name: NAME}",
        "version": "system: {version: '1.0'}",
        "digest": f"provenance: {{digests: {{{artifact.name}: SHA256-WHEN-IT-WAS-MADE}}}}",
    }
    if not any(declared.values()):
        raise NotDeclared("provenance.model_identity.nothing", ask="system: {name: NAME, version: '1.0'}")
    share = sum(declared.values()) / len(declared)
    yield Measurement(name="identity_fields_declared", value=share, unit="share", n=len(declared))
    for field, line in lines.items():
        if not declared[field]:
            message = Message(id="provenance.model_identity.missing", args={"field": field, "line": line})
            yield Finding(rule="PRV-022", severity=Severity.LOW, message=message, where="govkit.yaml")
    if not digests:
        return
    wrong = [item for item in digests if item.sha256 != artifact.sha256]
    yield Measurement(name="identity_mismatches", value=len(wrong), unit="count", n=len(digests))
    for item in wrong:
        message = Message(id="provenance.model_identity.mismatch", args={"file": artifact.name, "source": item.source})
        where = f"{item.source} {item.pointer}"
        yield Finding(rule="PRV-022", severity=Severity.HIGH, message=message, where=where)
