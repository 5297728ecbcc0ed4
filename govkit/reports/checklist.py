"""The control checklist as CSV for people who work in spreadsheets, and ISO/IEC 42001's statement of applicability."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from govkit.core.control import Control, ControlResult, DocumentResult, Framework, Status
from govkit.core.evidence import Message
from govkit.core.record import AuditRecord
from govkit.plugins.report import report_format
from govkit.reports.lookup import Lookup
from govkit.reports.outcomes import one_line
from govkit.reports.wording import RESULTS, STATUSES

FORMULA: Final = ("=", "+", "-", "@")
"""A cell that begins with one of these would be run by a spreadsheet."""
COLUMNS: Final = (
    "framework",
    "version",
    "control",
    "group",
    "label",
    "statement",
    "evidence",
    "checks suffice",
    "required",
    "status",
    "because",
    "criteria",
    "documents",
    "attestation",
    "by",
    "role",
    "expires on",
    "missing",
    "waivers",
    "remedy",
)
ISO_42001: Final = "iso-42001"
ANNEX: Final = "A."
APPLICABILITY: Final = ("control", "label", "applicable", "reason", "decided by", "role", "until", "status", "evidence")


def _cell(text: str) -> str:
    text = one_line(text)
    return f"'{text}" if text.startswith(FORMULA) else text


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Write CSV with a byte-order mark, which spreadsheets need to read UTF-8."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([_cell(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig", "replace")


def _document(record: AuditRecord, framework: Framework, control: Control) -> DocumentResult | None:
    return next(
        (
            found
            for found in record.result.document_results
            if (found.framework, found.control) == (framework.id, control.id)
        ),
        None,
    )


def _signed(found: DocumentResult | None) -> tuple[str, str, str]:
    if found is None:
        return "", "", ""
    return found.by, found.role, found.expires_on.isoformat() if found.expires_on else ""


def _bare(framework: Framework, control: Control) -> ControlResult:
    """Stand in for a control that the record holds no result of."""
    because = (Message(id="The record holds no result for the control."),)
    return ControlResult(framework=framework.id, control=control.id, status=Status.NOT_ASSESSED, because=because)


def _row(book: Lookup, framework: Framework, control: Control) -> tuple[str, ...]:
    result = book.controls.get((framework.id, control.id)) or _bare(framework, control)
    required = {(one.framework, one.control) for one in book.record.result.profile.controls}
    return (
        framework.id,
        framework.version,
        control.id,
        control.group,
        control.label,
        control.statement,
        control.evidence_kind,
        control.automation,
        "yes" if (framework.id, control.id) in required else "no",
        STATUSES[result.status].word,
        " ".join(book.say_all(result.because)),
        "; ".join(f"{name}: {RESULTS[state].word}" for name, state in result.criteria.items()),
        result.document.value if result.document else "",
        result.attestation.value if result.attestation else "",
        *_signed(_document(book.record, framework, control)),
        "; ".join(result.missing),
        "; ".join(result.waivers),
        control.remedy,
    )


@report_format("checklist-csv", file="checklist.csv")
def checklist_csv(record: AuditRecord) -> bytes:
    """Write every control of every framework with its status, reasons and what is missing as CSV."""
    book = Lookup(record)
    return _table(
        COLUMNS,
        (_row(book, framework, control) for framework in record.result.frameworks for control in framework.controls),
    )


def _applicability(book: Lookup, framework: Framework) -> Iterator[tuple[str, ...]]:
    """Say of each Annex A control whether it applies; only a signed statement takes one out of scope."""
    for control in framework.controls:
        if not control.id.startswith(ANNEX):
            continue
        result = book.controls.get((framework.id, control.id)) or _bare(framework, control)
        outside = result.status is Status.NOT_APPLICABLE
        because = " ".join(book.say_all(result.because))
        yield (
            control.id,
            control.label,
            "no" if outside else "yes",
            because if outside else "No signed statement takes it out of scope.",
            *_signed(_document(book.record, framework, control)),
            STATUSES[result.status].word,
            "" if outside else because,
        )


@report_format("soa-csv", file="soa.csv")
def statement_of_applicability(record: AuditRecord) -> bytes:
    """Write which Annex A controls of ISO/IEC 42001 apply, with reason and person, as CSV."""
    book = Lookup(record)
    frameworks = [framework for framework in record.result.frameworks if framework.id == ISO_42001]
    return _table(APPLICABILITY, (row for framework in frameworks for row in _applicability(book, framework)))
