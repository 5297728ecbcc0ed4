"""Whether the data's licence is known and allows the declared use."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from govkit.config import Config
from govkit.core.evidence import Finding, Measurement, Message, Severity
from govkit.inputs.metadata import Metadata
from govkit.plugins.check import Emit, NotDeclared, Product, check

ADDRESSES: Final = (
    (re.compile(r"https?://(?:www\.)?creativecommons\.org/licenses/([a-z-]+)/(\d\.\d)(?:/.*)?"), "cc-{0}-{1}"),
    (re.compile(r"https?://(?:www\.)?creativecommons\.org/publicdomain/zero/(\d\.\d)(?:/.*)?"), "cc0-{0}"),
    (re.compile(r"https?://(?:www\.)?spdx\.org/licenses/([A-Za-z0-9.+-]+?)(?:\.html|\.json)?/?"), "{0}"),
    (re.compile(r"https?://(?:www\.)?choosealicense\.com/licenses/([a-z0-9.-]+)/?"), "{0}"),
    (re.compile(r"https?://(?:www\.)?opensource\.org/licenses?/([A-Za-z0-9.-]+)/?"), "{0}"),
)
"""Web addresses that stand for a licence, with its SPDX identifier; they are compared, never opened."""
NON_COMMERCIAL: Final = re.compile(r"(?i)(^|-)nc(-|$)|noncommercial|research-only")
NO_DERIVATIVES: Final = re.compile(r"(?i)^cc-.*-nd(-|$)")


@check(
    "provenance.license",
    title="Licence of the data",
    emits=(
        Emit("license_recognised", "share", "stated licences that are an SPDX expression or a text beside the data"),
        Emit("license_conflicts", "count", "stated licences that forbid the declared use"),
    ),
    messages={
        "provenance.license.nothing": "No licence of the data is stated.",
        "provenance.license.unknown": "The licence stated in {file} is no SPDX identifier; a licence of one's own is "
        "written `LicenseRef-NAME`, with its text in a file LICENSE beside the data.",
        "provenance.license.conflict": "{license}, stated in {file}, doesn't allow the declared use ({use}): {why}.",
        "provenance.license.no_use": "Whether the licence allows the use can't be said. Add the line: "
        "system: {use: commercial}",
    },
    libraries=("packaging",),
)
def data_license(metadata: Metadata, config: Config) -> Iterator[Product]:
    """Hold the data's licence against the list of SPDX identifiers and against the declared use.

    Why it matters: a model trained on data whose licence forbids it may have to be withdrawn.

    Method: each stated licence is read as an SPDX expression, case ignored; well-known web addresses stand for their
    identifier. Non-commercial and no-derivatives terms conflict with a commercial use; of alternatives joined by OR one
    without a conflict is enough.

    Limits: no legal advice. Licences of single rows, of parents and of base models aren't looked at, and terms of use
    outside the licence aren't read.

    References: SPDX License List and SPDX specification 2.3, annex D; PRV-007, PRV-008.
    """
    stated = [field for field in metadata.stated if field.name == "license" and not field.is_placeholder]
    if not stated:
        raise NotDeclared("provenance.license.nothing", ask="provenance: {license: CC-BY-4.0}")
    read = [(field, _spdx(value, metadata)) for field in stated for value in field.values]
    known = [(field, expression) for field, expression in read if expression]
    yield Measurement(name="license_recognised", value=len(known) / len(read), unit="share", n=len(read))
    for field, expression in read:
        if not expression:
            yield _finding("unknown", "PRV-007", Severity.MEDIUM, f"{field.source} {field.pointer}", file=field.source)
    if not config.system.use:
        yield _finding("no_use", "PRV-008", Severity.INFO, "govkit.yaml system.use")
        return
    conflicts = [(field, text, why) for field, text in known if (why := _conflict(text, config.system.use))]
    yield Measurement(name="license_conflicts", value=len(conflicts), unit="count", n=len(known))
    for field, text, why in conflicts:
        where = f"{field.source} {field.pointer}"
        given = {"license": text, "file": field.source, "use": config.system.use, "why": why}
        yield _finding("conflict", "PRV-008", Severity.HIGH, where, **given)


def _finding(kind: str, rule: str, severity: Severity, where: str, **arguments: str) -> Finding:
    message = Message(id=f"provenance.license.{kind}", args=arguments)
    return Finding(rule=rule, severity=severity, message=message, where=where)


def _spdx(text: str, metadata: Metadata) -> str:
    """Give the canonical SPDX expression of a stated licence; empty where it is none."""
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    for address, identifier in ADDRESSES:
        matched = address.fullmatch(text.strip())
        if matched:
            text = identifier.format(*matched.groups())
    try:
        expression = str(canonicalize_license_expression(text))
    except InvalidLicenseExpression:
        return ""
    return "" if "LicenseRef-" in expression and not metadata.license_files else expression


def _conflict(expression: str, use: str) -> str:
    """Say why an expression forbids the use; empty where it doesn't."""
    if use != "commercial":
        return ""
    alternatives = [
        [word.strip("()") for word in part.split() if word not in {"AND", "WITH"}] for part in expression.split(" OR ")
    ]
    reasons = [next((why for name in names if (why := _forbids(name))), "") for names in alternatives]
    return reasons[0] if all(reasons) else ""


def _forbids(identifier: str) -> str:
    reasons: Mapping[str, re.Pattern[str]] = {
        "it is for non-commercial use only": NON_COMMERCIAL,
        "it allows no derived works": NO_DERIVATIVES,
    }
    return next((why for why, pattern in reasons.items() if pattern.search(identifier)), "")
