import csv
import io

import openpyxl
import pytest
import report_records as records
from integrity import repeated

from govkit.core.control import ControlResult, DocumentResult, DocumentState, Status
from govkit.core.evidence import Message
from govkit.core.record import AuditRecord
from govkit.reports.checklist import (
    APPLICABILITY,
    COLUMNS,
    checklist_csv,
    checklist_xlsx,
    statement_of_applicability,
    statement_of_applicability_xlsx,
)
from govkit.reports.web import web_report
from govkit.reports.wording import STATUSES


def rows(content):
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def faults(content, record):
    """Give what is wrong with a checklist, held against its record."""
    read = rows(content)
    there = [(row["framework"], row["control"]) for row in read]
    wanted = [(one.id, control.id) for one in record.result.frameworks for control in one.controls]
    found = [f"{name} is there twice" for name in repeated(there)]
    found += [f"{name} is left out or unknown" for name in sorted(set(there) ^ set(wanted))]
    status = {(one.framework, one.control): STATUSES[one.status].word for one in record.result.control_results}
    for row in read:
        if row["status"] != status.get((row["framework"], row["control"]), "not assessed"):
            found.append(f"{row['control']} has the wrong status")
        if not row["because"]:
            found.append(f"{row['control']} has no reason")
        if any((cell or "").startswith(("=", "+", "-", "@")) for cell in row.values()):
            found.append(f"{row['control']} has a cell that runs")
    return found


def cells(content):
    """Give a workbook's first sheet as a spreadsheet would show it, and the kinds of its cells."""
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    lines = [[cell.value or "" for cell in line] for line in sheet.iter_rows()]
    return lines, {cell.data_type for line in sheet.iter_rows() for cell in line if cell.value is not None}


@pytest.mark.parametrize("name", sorted(records.ALL))
def test_the_workbooks_hold_what_the_csv_files_hold(name):
    record = records.ALL[name]()
    for as_csv, as_xlsx in (
        (checklist_csv, checklist_xlsx),
        (statement_of_applicability, statement_of_applicability_xlsx),
    ):
        lines, kinds = cells(as_xlsx(record))
        written = list(csv.reader(io.StringIO(as_csv(record).decode("utf-8-sig"), newline="")))
        bare = [[cell.removeprefix("'") for cell in line] for line in written]
        assert [[cell.replace("_ x", "_x") for cell in line] for line in lines] == bare
        assert kinds == {"s"}
        assert as_xlsx(record) == as_xlsx(record)


@pytest.mark.parametrize("name", sorted(records.ALL))
def test_every_control_has_its_row(name):
    record = records.ALL[name]()
    assert faults(checklist_csv(record), record) == []
    assert checklist_csv(record).decode("utf-8-sig").splitlines()[0] == ",".join(COLUMNS)


@pytest.mark.parametrize(
    "plant",
    [
        lambda lines: [*lines, lines[1]],
        lambda lines: lines[:-1],
        lambda lines: [lines[0], *(line.replace(",not assessed,", ",met,") for line in lines[1:])],
        lambda lines: [lines[0], lines[1].replace("MEASURE 1.1", "=1+1", 1), *lines[2:]],
        lambda lines: [line.replace("Nothing was assessed: documents are missing.", "") for line in lines],
    ],
)
def test_a_planted_fault_is_found(plant):
    lines = checklist_csv(records.failing()).decode("utf-8-sig").splitlines()
    assert faults("\r\n".join(plant(lines)).encode(), records.failing()) != []


def test_a_control_is_outside_only_by_a_signed_statement():
    record = records.failing()
    result = record.result
    first = next(one for one in result.frameworks if one.id == "iso-42001").controls[0].id
    because = (Message(id="document.valid"),)
    signed = DocumentResult(
        control=first, framework="iso-42001", state=DocumentState.VALID, because=because[0], by="A. Weber", role="Head"
    )
    outside = ControlResult(framework="iso-42001", control=first, status=Status.NOT_APPLICABLE, because=because)
    others = [one for one in result.control_results if (one.framework, one.control) != ("iso-42001", first)]
    changed = {**dict(result), "control_results": (*others, outside), "document_results": (signed,)}
    changed["frameworks"] = tuple(
        one if one.id != "iso-42001" else {**one.model_dump(), "controls": [
            {**control.model_dump(), "id": control.id.replace("A 1", "A.1")} for control in one.controls
        ]} for one in result.frameworks
    )  # fmt: skip
    changed["control_results"] = tuple(
        {**one.model_dump(), "control": one.control.replace("A 1", "A.1")} for one in changed["control_results"]
    )
    changed["document_results"] = ({**signed.model_dump(), "control": first.replace("A 1", "A.1")},)
    scoped = AuditRecord.model_validate({**dict(record), "result": changed})
    page = web_report(scoped).decode()
    table = page[page.index('aria-label="Statement of applicability"') :].split("</table>")[0]
    assert "<b>no</b>" in table
    assert "A. Weber, Head" in table
    assert "Signed and in date." in table
    read = rows(statement_of_applicability(scoped))
    assert tuple(read[0]) == APPLICABILITY
    assert [row["applicable"] for row in read].count("no") == 1
    assert (read[0]["applicable"], read[0]["decided by"], read[0]["role"]) == ("no", "A. Weber", "Head")
    assert read[0]["reason"] == "Signed and in date."


def test_without_the_standard_there_is_only_the_header():
    record = records.empty()
    assert rows(statement_of_applicability(record)) == []
    assert b"Statement of applicability" not in web_report(record)
