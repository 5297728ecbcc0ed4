"""Whether personal data has a stated reason, and is protected as declared."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from govkit.config import Config
from govkit.core.evidence import Evidence, Finding, Measurement, Message, Outcome, Severity
from govkit.inputs.metadata import Metadata
from govkit.plugins.check import Emit, NotApplicable, NotDeclared, NotPossible, Product, check

BASIS: Final = re.compile(
    r"(?i)\bart(?:icle|\.)?\s*6\s*\(?1\)?\s*\(?[a-f]\)?|\bconsent|\bcontract|\blegal obligation|\bvital interest"
    r"|\bpublic (?:task|interest)|\blegitimate interest|\b(?:ccpa|hipaa|glba|lgpd|pipl|popia|appi|dpa)\b"
    r"|\bart(?:icle|\.)?\s*9\b"
    r"|\bnone needed"
)
"""Bases of GDPR article 6, other laws by their usual names, or the statement that none is needed."""
NO_NAMES: Final = re.compile(r"(?i)pseudonymi[sz]|anonymi[sz]|de-?identif|synthetic|aggregat|k-anonym")
"""Techniques after which no column should name people."""
NO_PEOPLE: Final = re.compile(r"(?i)(?<!pseud)anonymi[sz]|aggregat|k-anonym")
"""Techniques after which rows should not single people out either."""


@check(
    "provenance.lawful_basis",
    title="Reason and protection of personal data",
    requires=("pii.columns", "pii.free_text"),
    emits=(
        Emit("basis_stated", "share", "1: a known basis or a document that is there; 0.5: another text; 0: nothing"),
        Emit("technique_contradictions", "count", "declared privacy techniques that are contradicted"),
        Emit("retention_and_contact", "share", "of an end of retention and a contact, those that are stated"),
    ),
    messages={
        "provenance.lawful_basis.none_found": "No personal data was found or declared.",
        "provenance.lawful_basis.no_scan": "The scan for personal data gave no result.",
        "provenance.lawful_basis.nothing": "There is personal data, and no lawful basis is stated.",
        "provenance.lawful_basis.unknown": "The lawful basis stated in {file} is neither a basis of GDPR article 6 nor "
        "another law nor a document that is there.",
        "provenance.lawful_basis.contradiction": "{file} declares that the data was {technique}, and {columns} columns "
        "{hold}.",
        "provenance.lawful_basis.missing": "{field} is not stated. Add the line: provenance: {{field}: ...}",
    },
)
def lawful_basis(evidence: Mapping[str, Evidence], metadata: Metadata, config: Config) -> Iterator[Product]:
    """Check that personal data has a lawful basis, an end of retention and a contact, and is protected as declared.

    Why it matters: personal data without a reason may not be used, and a protection that isn't there protects nobody.

    Method: the question arises when pii.columns or pii.free_text found personal data or govkit.yaml declares
    some. A basis counts when it names one of GDPR article 6 or another law, or a file below the audit's folder.
    `Pseudonymised`, `synthetic` and the like contradict columns that name people; `anonymised` also contradicts columns
    that help to single them out.

    Limits: whether the basis holds is a legal question; consent itself isn't looked at. As good as the scans.

    References: GDPR articles 4(5), 5(1)(e), 6 and 9; PRV-015, PRV-017, PRV-019.
    """
    found, text = evidence.get("pii.columns"), evidence.get("pii.free_text")
    if found is None or found.outcome is not Outcome.MEASURED:
        raise NotPossible("provenance.lawful_basis.no_scan")
    if text is None or text.outcome not in {Outcome.MEASURED, Outcome.NOT_APPLICABLE}:
        raise NotPossible("provenance.lawful_basis.no_scan")
    counts = {item.name: int(item.value) for item in (*found.measurements, *text.measurements)}
    personal = counts.get("personal_columns") or counts.get("free_text_columns_with_hits")
    if not personal and not config.personal_data.declared:
        raise NotApplicable("provenance.lawful_basis.none_found")
    basis = metadata.get("lawful_basis")
    if not basis:
        raise NotDeclared("provenance.lawful_basis.nothing", ask="provenance: {lawful_basis: GDPR article 6(1)(b)}")
    known = bool(BASIS.search(basis)) or metadata.local(basis) is not None
    yield Measurement(name="basis_stated", value=1.0 if known else 0.5, unit="share", n=1)
    if not known:
        yield _finding("unknown", "PRV-015", metadata, "lawful_basis", file=metadata.fields["lawful_basis"].source)
    yield from _techniques(counts, metadata)
    stated = [name for name in ("retention_until", "contact") if metadata.get(name)]
    yield Measurement(name="retention_and_contact", value=len(stated) / 2, unit="share", n=2)
    for name in ("retention_until", "contact"):
        if name not in stated:
            yield _finding("missing", "PRV-019", metadata, name, field=name)


def _techniques(counts: Mapping[str, int], metadata: Metadata) -> Iterator[Product]:
    techniques = metadata.values("privacy_techniques")
    if not techniques:
        return
    named, personal = counts.get("direct_identifier_columns", 0), counts.get("personal_columns", 0)
    against: list[tuple[str, int, str]] = []
    for technique in techniques:
        if NO_PEOPLE.search(technique) and personal:
            against.append((technique, personal, "hold personal data"))
        elif NO_NAMES.search(technique) and named:
            against.append((technique, named, "name people"))
    yield Measurement(name="technique_contradictions", value=len(against), unit="count", n=len(techniques))
    file = metadata.fields["privacy_techniques"].source
    for technique, columns, hold in against:
        arguments: dict[str, str | int] = {"file": file, "technique": technique[:60], "columns": columns, "hold": hold}
        yield _finding("contradiction", "PRV-017", metadata, "privacy_techniques", **arguments)


def _finding(kind: str, rule: str, metadata: Metadata, name: str, /, **arguments: str | int) -> Finding:
    field = metadata.fields.get(name)
    where = f"{field.source} {field.pointer}" if field else f"govkit.yaml provenance.{name}"
    message = Message(id=f"provenance.lawful_basis.{kind}", args=dict(arguments))
    return Finding(rule=rule, severity=Severity.MEDIUM, message=message, where=where)
