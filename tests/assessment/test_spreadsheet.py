"""The checklist as a workbook and back: nothing is lost, and what is wrong is named by its cell."""

import hashlib
import json
import re
from datetime import date

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govkit.assessment.attestations import AttestationFile
from govkit.assessment.catalogs import load
from govkit.assessment.signing import Project
from govkit.assessment.spreadsheet import CHECKLIST, PAPERS, from_workbook, to_workbook
from govkit.config import Config, System
from govkit.core.errors import UsageProblem
from govkit.strict_yaml import read
from govkit.workbooks import unwritable

DAY = date(2026, 11, 21)
CONFIG = Config(system=System(id="loans"))
ISO = next(framework for framework in load().frameworks if framework.id == "iso-42001")
SMALL = (ISO.__class__.model_validate({**dict(ISO), "controls": ISO.controls[:6]}),)
NAMES = [control.id for control in SMALL[0].controls]
PAPER = b"the matrix of roles"
DIGEST = hashlib.sha256(PAPER).hexdigest()
WORDS = st.text(min_size=2, max_size=30).filter(lambda text: not unwritable(text))
DAYS = st.dates(date(1850, 1, 1), DAY).map(date.isoformat)
STATED = {
    "framework": "iso-42001",
    "control": NAMES[0],
    "verdict": "met",
    "statement": "Roles are assigned in the matrix.",
    "by": {"name": "A. Reviewer", "role": "Head of risk"},
    "effective_on": "2026-11-01",
    "recorded_on": "2026-11-02",
    "expires_on": "2027-11-01",
    "documents": [{"path": "raci.pdf", "sha256": DIGEST, "kind": "matrix", "reviewed_on": "2026-10-01"}],
}


@st.composite
def statements(draw):
    found = []
    for name in draw(st.lists(st.sampled_from([*NAMES, "Z.9.10"]), max_size=4, unique=True)):
        papers = st.fixed_dictionaries(
            {"path": WORDS, "sha256": st.just(DIGEST)}, optional={"kind": WORDS, "reviewed_on": DAYS}
        )
        entry = st.fixed_dictionaries(
            {
                "framework": st.just("iso-42001"),
                "control": st.just(name),
                "verdict": st.sampled_from(["met", "not_met", "not_applicable"]),
                "statement": st.one_of(
                    WORDS.map(lambda text: text + "." * 20), st.just("=HYPERLINK(1) " + "x" * 20_000)
                ),
                "by": st.fixed_dictionaries({"name": WORDS, "role": WORDS}, optional={"contact": WORDS}),
                "effective_on": DAYS,
                "expires_on": DAYS,
            },
            optional={"recorded_on": DAYS, "documents": st.lists(papers, min_size=1, max_size=3)},
        )
        found.append(draw(entry))
    return found


def escaped(entry):
    text = json.dumps(entry, ensure_ascii=False)
    return re.sub("[\x7f-\x9f\u2028\u2029\ufeff]", lambda sign: f"\\u{ord(sign[0]):04x}", text)


def project(folder, listed):
    folder.mkdir(exist_ok=True)
    (folder / "raci.pdf").write_bytes(PAPER)
    head = "# ours\ngovkit_attestations: '1'\nsystem: {id: loans}\nattestations:" + ("\n" if listed else " []\n")
    lines = [f"  # about {one['control']}\n  - {escaped(one)}\n" for one in listed]
    (folder / "attestations.yaml").write_text(head + "".join(lines))
    return Project(folder, CONFIG)


def entries_of(folder):
    return read(folder / "attestations.yaml").parse(AttestationFile).attestations


@settings(max_examples=25)
@given(listed=statements())
def test_a_workbook_that_nobody_changed_changes_nothing(tmp_path_factory, listed):
    """Expired statements, unknown controls and documents that are gone are kept as they are, and so is the text."""
    folder = tmp_path_factory.mktemp("same")
    ours = project(folder, listed)
    before = (folder / "attestations.yaml").read_bytes()
    (folder / "c.xlsx").write_bytes(to_workbook(ours, SMALL, DAY))
    taken = from_workbook(ours, SMALL, folder / "c.xlsx", DAY)
    assert taken.problems == ()
    assert (taken.written, taken.unchanged, taken.absent) == ((), len(listed), ())
    assert (folder / "attestations.yaml").read_bytes() == before


def filled(ours, change, frameworks=SMALL):
    """Write the workbook, change it as a person would, and give its path.

    `change` gets a function that sets a cell of the checklist, and the sheet of documents.
    """
    path = ours.folder / "c.xlsx"
    path.write_bytes(to_workbook(ours, frameworks, DAY))
    book = openpyxl.load_workbook(path)
    sheet = book[CHECKLIST]
    columns = {cell.value: cell.column for cell in sheet[1]}
    rows = {sheet.cell(number, columns["control"]).value: number for number in range(2, sheet.max_row + 1)}

    def put(control, /, **cells):
        for name, value in cells.items():
            sheet.cell(rows[control], columns[name.replace("_", " ")]).value = value

    change(put, book[PAPERS])
    book.save(path)
    return path


SAID = {
    "verdict": "Not applicable", "statement": "This control is out of our scope.", "name": "B. Owner", "role": "COO",
    "expires_on": date(2027, 6, 30),
}  # fmt: skip


def test_new_and_changed_statements_are_taken_over_beside_the_others(tmp_path):
    listed = [{**STATED, "control": name} for name in NAMES[:3]]
    ours = project(tmp_path / "own", listed)

    def change(put, papers):
        put(NAMES[4], **SAID)
        put(NAMES[1], statement="Roles were assigned anew this autumn.", recorded_on=None)
        papers["D2"].value = None

    taken = from_workbook(ours, SMALL, filled(ours, change), DAY)
    assert taken.problems == ()
    assert set(taken.written) == {("iso-42001", NAMES[1]), ("iso-42001", NAMES[4])}
    found = {entry["control"]: entry for entry in entries_of(ours.folder)}
    assert found[NAMES[0]] == listed[0]
    assert found[NAMES[2]] == listed[2]
    assert found[NAMES[1]] == {
        **listed[1],
        "statement": "Roles were assigned anew this autumn.",
        "recorded_on": "2026-11-21",
    }
    assert (found[NAMES[4]]["verdict"], found[NAMES[4]]["statement"]) == ("not_applicable", SAID["statement"])
    assert found[NAMES[4]]["effective_on"] == found[NAMES[4]]["recorded_on"] == "2026-11-21"
    assert f"  # about {NAMES[2]}\n" in (ours.folder / "attestations.yaml").read_text()


def test_a_whole_framework_can_be_taken_over_at_once(tmp_path):
    ours = project(tmp_path / "own", [])

    def change(put, papers):
        for control in ISO.controls:
            put(control.id, **{**SAID, "verdict": "met"})
            papers.append(["iso-42001", control.id, "raci.pdf"])

    taken = from_workbook(ours, (ISO,), filled(ours, change, (ISO,)), DAY)
    assert (taken.problems, len(taken.written)) == ((), len(ISO.controls))
    assert [entry["control"] for entry in entries_of(ours.folder)] == [control.id for control in ISO.controls]
    assert sorted(item.name for item in ours.folder.iterdir()) == ["attestations.yaml", "c.xlsx", "raci.pdf"]


def test_own_columns_are_named_and_missing_rows_stay(tmp_path):
    ours = project(tmp_path / "own", [STATED])
    path = filled(ours, lambda put, papers: put(NAMES[1], **SAID))
    book = openpyxl.load_workbook(path)
    book[CHECKLIST]["Z1"] = "our notes"
    book[CHECKLIST].delete_rows(2)
    book[PAPERS].delete_rows(2)
    book.save(path)
    taken = from_workbook(ours, SMALL, path, DAY)
    assert (taken.problems, taken.passed_over) == ((), ("Checklist: our notes",))
    assert taken.absent == (("iso-42001", NAMES[0]),)
    assert [entry["control"] for entry in entries_of(ours.folder)] == NAMES[:2]


def paper(**cells):
    """Give a change that adds a document to the second control."""

    def change(put, papers):
        put(NAMES[1], **{**SAID, "verdict": "met"})
        given = {"A": "iso-42001", "B": NAMES[1], "C": "raci.pdf", "D": None, "E": None, "F": None} | cells
        for column, value in given.items():
            papers[f"{column}3"].value = value

    return change


@pytest.mark.parametrize(
    ("change", "place", "said"),
    [
        (lambda put, _: put(NAMES[1], **{**SAID, "verdict": "fine"}), "row 3, column 'verdict'", "a verdict is one of"),
        (lambda put, _: put(NAMES[1], **{**SAID, "verdict": None}), "row 3, column 'verdict'", "empty"),
        (lambda put, _: put(NAMES[1], **{**SAID, "statement": "ok"}), "row 3, column 'statement'", "20 characters"),
        (lambda put, _: put(NAMES[1], **{**SAID, "statement": "TBD, later in the year"}), "'statement'", "placeholder"),
        (lambda put, _: put(NAMES[1], **{**SAID, "name": "TODO"}), "row 3, column 'name'", "placeholder"),
        (lambda put, _: put(NAMES[1], **{**SAID, "role": None}), "row 3, column 'role'", "empty"),
        (lambda put, _: put(NAMES[1], **{**SAID, "expires_on": None}), "row 3, column 'expires on'", "empty"),
        (lambda put, _: put(NAMES[1], **{**SAID, "expires_on": "30.6.2027"}), "column 'expires on'", "is no date"),
        (lambda put, _: put(NAMES[1], **{**SAID, "expires_on": "2026-11-20"}), "column 'expires on'", "expire"),
        (lambda put, _: put(NAMES[1], **SAID, effective_on=date(2027, 1, 1)), "column 'effective on'", "lies after"),
        (lambda put, _: put(NAMES[1], **{**SAID, "verdict": "met"}), "column 'verdict'", "lists no document"),
        (lambda put, _: put(NAMES[1], control=NAMES[0], **SAID), "row 3, column 'control'", "stands twice"),
        (lambda put, _: put(NAMES[1], control="A.2.22", **SAID), "row 3, column 'control'", "no control 'A.2.22'"),
        (lambda put, _: put(NAMES[1], framework="iso42001", **SAID), "column 'framework'", "no framework"),
        (paper(C="none.pdf"), "sheet Documents, row 3, column 'path'", "can't be read"),
        (paper(C="../raci.pdf", D=DIGEST), "sheet Documents, row 3, column 'path'", "outside"),
        (paper(D="0" * 64), "sheet Documents, row 3, column 'sha256'", "its digest differs"),
        (paper(D="abc"), "sheet Documents, row 3, column 'sha256'", "pattern"),
        (paper(F=date(2027, 1, 1)), "sheet Documents, row 3, column 'reviewed on'", "lies after"),
        (paper(B=NAMES[2]), "sheet Documents, row 3, column 'control'", "nothing is stated"),
    ],
)  # fmt: skip
def test_each_cell_that_would_not_count_is_named_and_nothing_is_written(tmp_path, change, place, said):
    ours = project(tmp_path / "own", [STATED])
    (tmp_path / "raci.pdf").write_bytes(PAPER)
    before = (ours.folder / "attestations.yaml").read_bytes()
    taken = from_workbook(ours, SMALL, filled(ours, change), DAY)
    assert any(place in one.message and said in one.message for one in taken.problems), taken.problems
    assert all(one.message.startswith("c.xlsx, sheet ") and one.hint for one in taken.problems)
    assert (ours.folder / "attestations.yaml").read_bytes() == before
    assert sorted(item.name for item in ours.folder.iterdir()) == ["attestations.yaml", "c.xlsx", "raci.pdf"]


def test_a_workbook_of_another_system_or_without_its_sheets_is_refused(tmp_path):
    ours = project(tmp_path / "own", [STATED])
    path = filled(ours, lambda put, papers: None)
    other = Project(ours.folder, Config(system=System(id="cards")))
    with pytest.raises(UsageProblem, match="sheet About, row 2, column 'value': the workbook is about 'loans'"):
        from_workbook(other, SMALL, path, DAY)
    book = openpyxl.load_workbook(path)
    book[CHECKLIST]["G1"] = "verdikt"
    book.save(path)
    with pytest.raises(UsageProblem, match="row 1: there is no column 'verdict'"):
        from_workbook(ours, SMALL, path, DAY)
    del book[CHECKLIST]
    book.save(path)
    with pytest.raises(UsageProblem, match="has no sheet Checklist"):
        from_workbook(ours, SMALL, path, DAY)


def test_what_a_cell_cannot_hold_is_refused_with_its_line(tmp_path):
    ours = project(tmp_path / "own", [{**STATED, "statement": "a" * 40_000}])
    with pytest.raises(UsageProblem, match=r"attestations.yaml:\d+: .*longer than the 32,767 letters"):
        to_workbook(ours, SMALL, DAY)


def test_the_command_writes_reads_and_never_overwrites(govkit, tmp_path, monkeypatch):
    ours = project(tmp_path / "own", [STATED])
    (ours.folder / "govkit.yaml").write_text("system: {id: loans}\n")
    monkeypatch.chdir(ours.folder)
    answer = govkit("attest", "--to-xlsx", "all.xlsx", "--on", "2026-11-21")
    assert answer.code == 0, answer.err
    again = govkit("attest", "--to-xlsx", "all.xlsx")
    assert (again.code, "is there already" in again.err) == (2, True)
    answer = govkit("attest", "--from-xlsx", "all.xlsx", "--on", "2026-11-21")
    assert "0 statements written, 1 as they were" in answer.out
    book = openpyxl.load_workbook("all.xlsx")
    book[PAPERS]["D2"] = "=A1"
    book.save("all.xlsx")
    answer = govkit("attest", "--from-xlsx", "all.xlsx")
    assert answer.code == 2
    assert "sheet Documents, row 2, column 'sha256': the cell holds a formula" in answer.err
    assert govkit("attest", "--from-xlsx", "none.xlsx").code == 3
    assert govkit("attest", "A.3.2", "--to-xlsx", "b.xlsx").code == govkit("attest").code == 2
