"""What the model was made from: from scratch, or from a base model in a certain revision."""

import re
from collections.abc import Iterator
from typing import Final

from govkit.core.evidence import Finding, Measurement, Message, Severity
from govkit.inputs.metadata import Metadata
from govkit.plugins.check import Emit, NotDeclared, Product, check

FROM_SCRATCH: Final = re.compile(r"(?i)\b(from scratch|no (base|pre-?trained) model|not pre-?trained)\b")
REVISION: Final = re.compile(r"(?i)@\S+|\b[0-9a-f]{7,64}\b|\bv?\d+\.\d+|\b(revision|version|commit|tag)\b\W*\w+")


@check(
    "provenance.model_origin",
    title="Origin of the model",
    emits=(Emit("origin_declared", "share", "1: source and revision are stated; 0.5: only the source"),),
    messages={
        "provenance.model_origin.nothing": "It is not stated what the model was made from.",
        "provenance.model_origin.no_revision": "A base model is named without its revision. Write NAME@REVISION.",
    },
)
def model_origin(metadata: Metadata) -> Iterator[Product]:
    """Read whether the model was trained from scratch, or from which base model in which revision.

    Why it matters: a base model brings its own data, licence and faults along.

    Method: `trained from scratch` answers the question in full; so does a base model's name with a revision, a version
    or a digest. A name alone answers half of it.

    Limits: a declaration; the artefact is not compared with the base model.

    References: NIST AI RMF MAP 4.1; PRV-010.
    """
    origin = metadata.get("model_origin")
    if not origin:
        raise NotDeclared("provenance.model_origin.nothing", ask="provenance: {model_origin: trained from scratch}")
    complete = bool(FROM_SCRATCH.search(origin) or REVISION.search(origin))
    yield Measurement(name="origin_declared", value=1.0 if complete else 0.5, unit="share", n=2)
    if not complete:
        field = metadata.fields["model_origin"]
        yield Finding(
            rule="PRV-021",
            severity=Severity.MEDIUM,
            message=Message(id="provenance.model_origin.no_revision"),
            where=f"{field.source} {field.pointer}",
        )
