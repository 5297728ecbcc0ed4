"""The record itself as one canonical JSON file, from which every other report can be made again."""

from govkit.core.digest import canonical
from govkit.core.record import AuditRecord
from govkit.plugins.report import report_format


@report_format("json", file="audit.json", default=True)
def record_json(record: AuditRecord) -> bytes:
    """Write the complete record as canonical JSON (RFC 8785)."""
    return canonical(record)
