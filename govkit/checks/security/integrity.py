"""Whether the model file is the one whose digest was pinned."""

import re
from collections.abc import Iterator
from typing import Final

from govkit.core.evidence import Finding, Measurement, Message, Severity
from govkit.inputs.metadata import Metadata
from govkit.inputs.model import Artifact
from govkit.plugins.check import Emit, NotDeclared, Product, check

SHA256: Final = re.compile(r"[0-9a-f]{64}")


@check(
    "security.integrity",
    title="Pinned digest of the model",
    emits=(
        Emit("digest_declared", "share", "1 where a usable SHA-256 of the model file is pinned, else 0"),
        Emit("digest_mismatch", "count", "pinned digests that the model file doesn't have"),
    ),
    messages={
        "security.integrity.nothing": "No digest of the model file is pinned.",
        "security.integrity.mismatch": "{file} was changed or exchanged: its SHA-256 is not the one that {source} "
        "pins.",
        "security.integrity.malformed": "What {source} pins for {file} is no SHA-256 of 64 hexadecimal digits.",
    },
)
def integrity(artifact: Artifact, metadata: Metadata) -> Iterator[Product]:
    """Compare the SHA-256 of the model file with the pinned one.

    Why it matters: a model that was exchanged on its way from training to release is the simplest attack there is.

    Method: the audited bytes, the same that are scanned and loaded, are hashed once and compared with every digest that
    govkit.yaml or a metadata file gives for a file of that name.

    Limits: a pin protects as well as the place where it is kept; no signature is verified here.

    References: FIPS 180-4; NIST AI RMF MANAGE 3.1; SLSA.
    """
    pinned = metadata.declared_digests(artifact.name)
    if not pinned:
        ask = f"provenance: {{digests: {{{artifact.name}: SHA256-WHEN-IT-WAS-MADE}}}}"
        raise NotDeclared("security.integrity.nothing", ask=ask)
    usable = [item for item in pinned if SHA256.fullmatch(item.sha256)]
    yield Measurement(name="digest_declared", value=float(bool(usable)), unit="share", n=1)
    if usable:
        wrong = [item for item in usable if item.sha256 != artifact.sha256]
        yield Measurement(name="digest_mismatch", value=len(wrong), unit="count", n=len(usable))
    for item in pinned:
        if item.sha256 != artifact.sha256:
            kind, severity = ("mismatch", Severity.HIGH) if item in usable else ("malformed", Severity.MEDIUM)
            message = Message(id=f"security.integrity.{kind}", args={"file": artifact.name, "source": item.source})
            where = f"{item.source} {item.pointer}"
            yield Finding(rule="SEC-003", severity=severity, message=message, where=where)
