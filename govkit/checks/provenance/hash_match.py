"""Whether the audited files are the ones that the metadata describes."""

import re
from collections.abc import Iterator
from typing import Final

from govkit.core.evidence import Column, Finding, Measurement, Message, Severity, Table
from govkit.inputs.dataset import Dataset
from govkit.inputs.metadata import Metadata
from govkit.inputs.model import Artifact
from govkit.plugins.check import Emit, NotDeclared, Product, check

SHA256: Final = re.compile(r"[0-9a-f]{64}")


@check(
    "provenance.hash_match",
    title="Digests of model and data",
    emits=(
        Emit("mismatched_digests", "count", "audited files whose SHA-256 differs from a declared one"),
        Emit("undeclared_digests", "count", "audited files without a declared SHA-256"),
    ),
    messages={
        "provenance.hash_match.nothing": "No digest of any audited file is declared.",
        "provenance.hash_match.mismatch": "{file} has another SHA-256 than {source} declares: it is not the file that "
        "was described.",
        "provenance.hash_match.malformed": "{source} declares for {file} something that is no SHA-256 of 64 "
        "hexadecimal digits.",
        "provenance.hash_match.undeclared": "No SHA-256 of {file} is declared. Add the line: provenance: {digests: "
        "{{file}: ...}} with the digest recorded when the file was made.",
    },
)
def hash_match(
    test: Dataset, metadata: Metadata, train: Dataset | None = None, artifact: Artifact | None = None
) -> Iterator[Product]:
    """Compare the SHA-256 of model, DATA and TRAIN with the digests that are declared for them.

    Why it matters: every other statement about a file only holds for the file it was made about.

    Method: files are matched by name; each source that declares a digest is compared, and one that differs counts.

    Limits: a digest shows that a file is unchanged, not that it is genuine; whoever can change the file may be able to
    change the metadata beside it too. A file that was renamed counts as undeclared. MD5 is not taken.

    References: FIPS 180-4 (SHA-256); Croissant 1.1, FileObject.sha256; PRV-003.
    """
    audited = sorted({(item.name, item.sha256) for item in (test, train, artifact) if item is not None})
    declared = {name: metadata.declared_digests(name) for name, _ in audited}
    if not any(declared.values()):
        raise NotDeclared(
            "provenance.hash_match.nothing", ask=f"provenance: {{digests: {{{test.name}: SHA256-WHEN-IT-WAS-MADE}}}}"
        )
    states = []
    for name, digest in audited:
        usable = [item for item in declared[name] if SHA256.fullmatch(item.sha256)]
        wrong = [item for item in usable if (name, item.sha256) not in audited]
        agrees = any(item.sha256 == digest for item in usable)
        states.append("differs" if wrong else "agrees" if agrees else "not declared")
        for item in wrong:
            yield _finding("mismatch", Severity.HIGH, name, item.source, item.pointer)
        for item in declared[name]:
            if item not in usable:
                yield _finding("malformed", Severity.MEDIUM, name, item.source, item.pointer)
        if not declared[name]:
            yield _finding("undeclared", Severity.MEDIUM, name, "", "")
    if set(states) != {"not declared"}:
        yield Measurement(name="mismatched_digests", value=states.count("differs"), unit="count", n=len(audited))
    yield Measurement(name="undeclared_digests", value=states.count("not declared"), unit="count", n=len(audited))
    yield Table(
        name="digests",
        title="Digests",
        columns=(Column(name="file"), Column(name="SHA-256 of the audited file"), Column(name="declared")),
        rows=tuple((name, digest, state) for (name, digest), state in zip(audited, states, strict=True)),
    )


def _finding(kind: str, severity: Severity, file: str, source: str, pointer: str) -> Finding:
    return Finding(
        rule="PRV-003",
        severity=severity,
        message=Message(id=f"provenance.hash_match.{kind}", args={"file": file, "source": source}),
        where=f"{source} {pointer}".strip() or file,
    )
