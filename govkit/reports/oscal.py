"""What the OSCAL 1.2.1 documents have in common: tokens, identifiers, properties and metadata."""

import json
import re
from collections.abc import Mapping
from datetime import date
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from govkit.core.control import Control
from govkit.core.digest import sha256
from govkit.core.record import AuditRecord
from govkit.reports.markdown import literal
from govkit.reports.outcomes import one_line

OSCAL: Final = "1.2.1"
NAMESPACE: Final = "urn:govkit:oscal"
MOST_LETTERS: Final = 5_000
RECORD_FILE: Final = "audit.json"
CATALOG_FILE: Final = "oscal-catalog.json"
_TOKEN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9._-]*")
_NOT_IN_TOKENS: Final = re.compile(r"[^A-Za-z0-9._-]")
Json = dict[str, object]


def token(text: str) -> str:
    """Give an OSCAL token for an id: itself, or else one like it that a digest keeps apart from all others."""
    if _TOKEN.fullmatch(text):
        return text
    start = "" if _TOKEN.match(text) else "_"
    return f"{start}{_NOT_IN_TOKENS.sub('-', text)[:60]}-{sha256(text.encode('utf-8', 'replace'))[:8]}"


def identifier(*parts: str) -> str:
    """Give a UUID that depends on nothing but these parts."""
    return str(uuid5(NAMESPACE_URL, "\n".join((NAMESPACE, *parts)).encode("utf-8", "replace").decode()))


def line(text: str) -> str:
    """Write a text as one line of literal Markdown."""
    return literal(text, MOST_LETTERS) or "-"


def props(**values: object) -> Json:
    """Lay out properties; those without a value are left out."""
    found = [
        {"name": name.replace("_", "-"), "ns": NAMESPACE, "value": one_line(str(value))}
        for name, value in values.items()
        if value is not None and one_line(str(value))
    ]
    return {"props": found} if found else {}


def moment(day: date) -> str:
    """Write the first moment of a day."""
    return f"{day.isoformat()}T00:00:00Z"


def metadata(record: AuditRecord, title: str) -> Json:
    """Write the metadata that every document begins with."""
    return {
        "title": line(title),
        "last-modified": moment(record.result.as_of),
        "version": one_line(record.result.system.version) or record.result_sha256[:12],
        "oscal-version": OSCAL,
        **props(govkit_version=record.result.govkit_version, record_sha256=record.result_sha256),
    }


def written(root: str, document: Mapping[str, object]) -> bytes:
    """Write a document under its root."""
    return json.dumps({root: document}, indent=1).encode()


def control_id(control: Control) -> str:
    """Give a control's id in the catalog."""
    return token(control.token)


def resource(name: str, title: str, href: str) -> Json:
    """Name a file that a document refers to."""
    return {"uuid": name, "title": line(title), "rlinks": [{"href": href, "media-type": "application/json"}]}


class Identifiers:
    """Identifiers of one record's parts, the same however often it is written."""

    def __init__(self, record: AuditRecord) -> None:
        """Derive them from the record's digest."""
        self._record = record.result_sha256

    def __call__(self, *parts: str) -> str:
        """Identify a part by what names it."""
        return identifier(self._record, *parts)

    def criterion(self, name: str) -> str:
        """Identify the observation of a criterion."""
        return self("criterion", name)

    def document(self, place: int) -> str:
        """Identify the observation of a document or an attestation."""
        return self("document", str(place))

    def waiver(self, name: str) -> str:
        """Identify the risk that a waiver accepts."""
        return self("waiver", name)
