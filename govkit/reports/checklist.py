"""The control checklist and the statement of applicability as CSV and Excel, for people who work in spreadsheets."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final

from govkit.core.control import Control, ControlResult, DocumentResult, Framework, Status
from govkit.core.evidence import Message
from govkit.core.record import AuditRecord
from govkit.plugins.report import report_format
from govkit.reports.applicability import NO_RESULT, applicability, signed
from govkit.reports.lookup import Lookup
from govkit.reports.outcomes import one_line
from govkit.reports.wording import RESULTS, STATUSES
from govkit.workbooks import MOST_LETTERS, Column, Sheet, unwritable, write

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
APPLICABILITY: Final = ("control", "label", "applicable", "reason", "decided by", "role", "until", "status", "evidence")
_WIDE: Final = frozenset({"label", "statement", "because", "criteria", "missing", "remedy", "reason", "evidence"})
Rows = list[tuple[str, ...]]


def _cell(text: str) -> str:
    text = one_line(text)
    return f"'{text}" if text.startswith(FORMULA) else text


def _csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Write CSV with a byte-order mark, which spreadsheets need to read UTF-8."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([_cell(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig", "replace")


def _kept(text: str) -> str:
    """Give a text as a cell of a workbook can hold it; the record has all of it."""
    text = one_line(text)[:MOST_LETTERS]
    return text.replace("_x", "_ x") if unwritable(text) else text


def _xlsx(record: AuditRecord, name: str, header: Sequence[str], rows: Rows) -> bytes:
    columns = tuple(Column(title, width=48 if title in _WIDE else 16) for title in header)
    kept = tuple(tuple(_kept(cell) for cell in row) for row in rows)
    return write([Sheet(name, columns, kept)], record.result.as_of)


def _signed(found: DocumentResult | None) -> tuple[str, str, str]:
    if found is None:
        return "", "", ""
    return found.by, found.role, found.expires_on.isoformat() if found.expires_on else ""


def _bare(framework: Framework, control: Control) -> ControlResult:
    """Stand in for a control that the record holds no result of."""
    because = (Message(id=NO_RESULT),)
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
        *_signed(signed(book, framework, control)),
        "; ".join(result.missing),
        "; ".join(result.waivers),
        control.remedy,
    )


def _checklist(record: AuditRecord) -> Rows:
    book = Lookup(record)
    return [_row(book, framework, control) for framework in record.result.frameworks for control in framework.controls]


def _applicability(record: AuditRecord) -> Rows:
    return [
        (
            one.id,
            one.label,
            "yes" if one.applies else "no",
            one.reason,
            one.by,
            one.role,
            one.until,
            one.status.word,
            one.evidence,
        )
        for one in applicability(Lookup(record))
    ]


@report_format("checklist-csv", file="checklist.csv")
def checklist_csv(record: AuditRecord) -> bytes:
    """Write every control of every framework with its status, reasons and what is missing as CSV."""
    return _csv(COLUMNS, _checklist(record))


@report_format("checklist-xlsx", file="checklist.xlsx")
def checklist_xlsx(record: AuditRecord) -> bytes:
    """Write every control of every framework with its status, reasons and what is missing as an Excel workbook."""
    return _xlsx(record, "Checklist", COLUMNS, _checklist(record))


@report_format("soa-csv", file="soa.csv")
def statement_of_applicability(record: AuditRecord) -> bytes:
    """Write which Annex A controls of ISO/IEC 42001 apply, with reason and person, as CSV."""
    return _csv(APPLICABILITY, _applicability(record))


@report_format("soa-xlsx", file="soa.xlsx")
def statement_of_applicability_xlsx(record: AuditRecord) -> bytes:
    """Write which Annex A controls of ISO/IEC 42001 apply, with reason and person, as an Excel workbook."""
    return _xlsx(record, "Statement of applicability", APPLICABILITY, _applicability(record))
