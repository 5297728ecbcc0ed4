import io
import json
import sys
from datetime import date

import pytest
import small_project

from govkit import audit
from govkit.core.control import Result, Verdict
from govkit.strict_yaml import read

AS_OF = date(2026, 11, 21)
OVERLAP = "quality.train_test_overlap.excess_overlap_share"
ATTEST = (
    "--statement", "All four people finished the course.", "--name", "A. Reviewer", "--role", "Head of risk",
    "--on", "2026-11-21", "--expires-on", "2027-11-21",
)  # fmt: skip
COMPENSATION = "Rows are compared with the log each night."
WAIVE = (
    "--reason", "Attackers can't reach the scoring input.", "--risk", "A compromised upstream system could.",
    "--requested-by", "M. Builder", "--approved-by", "C. Officer", "--role", "CISO",
    "--on", "2026-11-21", "--expires-on", "2027-02-18", "--compensation", COMPENSATION, "--ticket", "RISK-118",
)  # fmt: skip


@pytest.fixture(scope="module")
def failing(tmp_path_factory):
    """A project that is audited on the rows it was fitted on."""
    project = small_project.write(tmp_path_factory.mktemp("sign") / "project")
    out = project.folder / "out"
    record = audit(project.model, project.train, as_of=AS_OF, out=out, only=("quality",))
    assert {blocker.id for blocker in record.result.decision.failed} == {OVERLAP}
    return project


def test_attest_writes_a_statement_that_the_next_audit_counts(govkit, failing, monkeypatch):
    (failing.folder / "course.pdf").write_bytes(b"course")
    monkeypatch.chdir(failing.folder)
    answer = govkit("attest", "GOVERN 2.2", *ATTEST, "--document", "course.pdf")
    assert answer.code == 0, answer.err
    assert "is stated as met until 2027-11-21" in answer.out
    entry = read(failing.folder / "attestations.yaml").data["attestations"][0]
    assert (entry["control"], entry["documents"][0]["path"]) == ("GOVERN 2.2", "course.pdf")


def test_attest_names_the_option_that_is_missing(govkit, failing, monkeypatch):
    monkeypatch.chdir(failing.folder)
    answer = govkit("attest", "GOVERN 2.2", *ATTEST[2:])
    assert answer.code == 2
    assert "--statement is missing" in answer.err
    assert govkit("attest", "GOVERN 2.2", *ATTEST, "--verdict", "fine").code == 2
    assert govkit("attest", "GOVERN 2.2", *ATTEST, "--config", failing.folder / "none.yaml").code == 2


def test_attest_asks_on_a_terminal(govkit, tmp_path, monkeypatch):
    (tmp_path / "govkit.yaml").write_text("system: {id: loans}\n")
    (tmp_path / "raci.pdf").write_bytes(b"raci")
    monkeypatch.chdir(tmp_path)
    answers = "Roles are assigned in the matrix.\nA. Reviewer\nHead of risk\n2027-06-30\nraci.pdf\n\n"
    typed = io.StringIO(answers)
    typed.isatty = lambda: True
    monkeypatch.setattr(sys, "stdin", typed)
    answer = govkit("attest", "A.3.2", "--on", "2026-11-21")
    assert answer.code == 0, answer.err
    assert "RACI or role description" in answer.err
    entry = read(tmp_path / "attestations.yaml").data["attestations"][0]
    assert entry["statement"] == "Roles are assigned in the matrix."
    assert entry["expires_on"] == "2027-06-30"


def test_a_waived_failure_no_longer_blocks_and_stays_a_failure(govkit, failing, monkeypatch):
    monkeypatch.chdir(failing.folder)
    record = failing.folder / "out" / "audit.json"
    answer = govkit("waive", OVERLAP, "--record", record, *WAIVE)
    assert answer.code == 0, answer.err
    assert "WVR-2026-001 covers" in answer.out
    assert govkit("waive", OVERLAP, "--record", record, *WAIVE).out.count("WVR-2026-002") == 1
    waived = audit(failing.model, failing.train, as_of=AS_OF, only=("quality",)).result
    assert waived.decision.verdict is Verdict.INCOMPLETE
    assert waived.decision.failed == ()
    assert [blocker.id for blocker in waived.decision.waived] == [OVERLAP]
    (found,) = [result for result in waived.criterion_results if result.criterion == OVERLAP]
    assert found.result is Result.FAIL
    assert found.waiver.startswith("WVR-2026-")
    assert {(waiver.compensation, waiver.ticket) for waiver in waived.waivers} == {(COMPENSATION, "RISK-118")}
    assert {result.status.value for result in waived.control_results if result.waivers} == {"not_met"}


@pytest.mark.parametrize(
    "case",
    [
        ("performance.baseline.gain_over_baseline", {}, "does not fail in this record: not run"),
        ("performance.baseline.gain", {}, "has no criterion"),
        (OVERLAP, {"--approved-by": "M.  builder"}, "both requested and approved"),
        (OVERLAP, {"--expires-on": "2027-06-30"}, "the most is 180"),
        (OVERLAP, {"--reason": "TBD, to be written later on"}, "holds a placeholder"),
        (OVERLAP, {"--compensation": "TBD"}, "compensation holds a placeholder"),
        (OVERLAP, {"--expires-on": "18.2.2027"}, "is no date"),
        (OVERLAP, {"--worst-value": "0.9"}, "which is worse"),
    ],
)
def test_a_waiver_that_would_not_count_is_not_written(govkit, failing, monkeypatch, case):
    criterion, changed, message = case
    monkeypatch.chdir(failing.folder)
    file = failing.folder / "waivers.yaml"
    before = file.read_bytes() if file.exists() else None
    options = dict(zip(WAIVE[::2], WAIVE[1::2], strict=True)) | changed
    words = [word for pair in options.items() for word in pair]
    answer = govkit("waive", criterion, "--record", failing.folder / "out" / "audit.json", *words)
    assert answer.code == 2
    assert message in " ".join(answer.err.split())
    assert (file.read_bytes() if file.exists() else None) == before


def test_profiles_can_be_compared_and_folders_validated(govkit, tmp_path):
    answer = govkit("controls", "diff", "strict", "financial-credit")
    assert answer.code == 0
    assert "<= 0.54" in answer.out
    assert "ask for the same" in govkit("controls", "diff", "strict", "strict").out
    assert govkit("controls", "diff", "strict", "strickt").code == 2
    (tmp_path / "own.yaml").write_text(json.dumps({"id": "own"}))
    answer = govkit("controls", "validate", tmp_path)
    assert answer.code == 2
    assert "own.yaml:1: " in answer.err
    assert "1 problem" in answer.out
    assert govkit("controls", "validate", tmp_path / "none").code == 2


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Art.4a", "Applies from 2026-07-27"),
        ("Art.15(1)", "Applies from 2027-12-02"),
        ("MEASURE 2.7", "eu-ai-act"),
        ("A.7.4", "no status"),
        ("Risk 4", "generate no content"),
        ("nist-ai-600-1", "Shown by: financial-credit"),
        ("financial-credit", "number of frozen <= 4"),
    ],
)
def test_explain_gives_dates_links_and_demands(govkit, name, said):
    answer = govkit("explain", name)
    assert answer.code == 0, answer.err
    assert said in " ".join(answer.out.split())
