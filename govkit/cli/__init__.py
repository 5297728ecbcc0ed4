"""The command line: one file a command; options in, one library call, text out."""

from govkit.cli import (
    audit,
    checks,
    compare,
    controls,
    doctor,
    drift,
    explain,
    gate,
    history,
    init,
    probe,
    provenance,
    redact,
    report,
    scan_pii,
    schema,
    sign,
)
from govkit.cli.app import app

__all__ = [
    "app",
    "audit",
    "checks",
    "compare",
    "controls",
    "doctor",
    "drift",
    "explain",
    "gate",
    "history",
    "init",
    "probe",
    "provenance",
    "redact",
    "report",
    "scan_pii",
    "schema",
    "sign",
]
