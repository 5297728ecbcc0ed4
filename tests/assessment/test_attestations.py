import hashlib
import json
from datetime import date

import pytest

from govkit.assessment.attestations import MESSAGES, Audited, judge_attestations
from govkit.assessment.catalogs import load
from govkit.config import Config
from govkit.core.control import DocumentState
from govkit.core.errors import UsageProblem
from govkit.core.messages import sentence
from govkit.strict_yaml import read

FRAMEWORKS = load().frameworks
MODEL = "1" * 64
PAPER = b"Training records 2026"
AS_OF = date(2026, 11, 21)
KEY = ("nist-ai-rmf", "GOVERN 2.2")


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    (folder / "docs").mkdir(parents=True)
    (folder / "docs" / "training.pdf").write_bytes(PAPER)
    (folder / "docs" / "empty.pdf").write_bytes(b"")
    (tmp_path / "secret.pdf").write_bytes(PAPER)
    (folder / "docs" / "link.pdf").symlink_to(tmp_path / "secret.pdf")
    return folder


def content(**changes):
    """One good attestation; `entry` changes its fields, `system` those of the system, `paper` those of its document."""
    paper = {"path": "docs/training.pdf", "sha256": hashlib.sha256(PAPER).hexdigest(), **changes.get("paper", {})}
    entry = {
        "framework": "nist-ai-rmf",
        "control": "GOVERN 2.2",
        "verdict": "met",
        "statement": "All four people who run this system finished the course in September.",
        "by": {"name": "A. Reviewer", "role": "Head of model risk"},
        "effective_on": "2026-09-30",
        "expires_on": "2027-09-30",
        "documents": [paper],
        **changes.get("entry", {}),
    }
    return {
        "govkit_attestations": "1",
        "system": {"id": "credit-triage", "version": "1.4.0", "model_sha256": MODEL, **changes.get("system", {})},
        "attestations": [{key: value for key, value in entry.items() if value is not None}],
    }


def judged(project, plain, *, as_of=AS_OF, config=None, model=MODEL, max_age_days=None):
    file = project / "attestations.yaml"
    file.write_text(json.dumps(plain, indent=1))
    declared = config or Config.model_validate({"system": {"id": "credit-triage", "version": "1.4.0"}})
    return judge_attestations(read(file), Audited(declared, model, project, as_of, max_age_days), FRAMEWORKS)


def test_a_good_statement_counts_until_its_last_day(project):
    for day in (AS_OF, date(2026, 9, 30), date(2027, 9, 30)):
        statements, findings = judged(project, content(), as_of=day)
        assert statements[KEY].result.state is DocumentState.VALID
        assert statements[KEY].result.by == "A. Reviewer"
        assert not statements[KEY].scoped_out
        assert findings == ()


def test_no_file_is_no_statement(project):
    audited = Audited(Config(), MODEL, project, AS_OF)
    assert judge_attestations(None, audited, FRAMEWORKS) == ({}, ())


FAULTS = {
    "expired": ({"entry": {"expires_on": "2026-11-20"}}, "expired on 2026-11-20"),
    "effective in the future": ({"entry": {"effective_on": "2026-11-22"}}, "effective_on lies after"),
    "recorded in the future": ({"entry": {"recorded_on": "2026-11-22"}}, "recorded_on lies after"),
    "reviewed in the future": ({"paper": {"reviewed_on": "2027-01-01"}}, "reviewed_on of docs/training.pdf"),
    "dates crossed": ({"entry": {"expires_on": "2026-09-30"}}, "no later than it takes effect"),
    "placeholder": (
        {"entry": {"statement": "TODO: describe the training that was held"}},
        "statement holds a placeholder",
    ),
    "template left": (
        {"entry": {"statement": "All <number> people finished the course"}},
        "statement holds a placeholder",
    ),
    "one letter": ({"entry": {"statement": "x" * 30}}, "statement holds a placeholder"),
    "placeholder person": ({"entry": {"by": {"name": "TBD", "role": "Head"}}}, "by.name holds a placeholder"),
    "no documents": ({"entry": {"documents": []}}, "lists no document"),
    "changed document": ({"paper": {"sha256": "2" * 64}}, "its digest differs"),
    "missing document": ({"paper": {"path": "docs/none.pdf"}}, "does not exist"),
    "a folder": ({"paper": {"path": "docs"}}, "does not exist"),
    "null byte": ({"paper": {"path": "docs/a\0b"}}, "does not exist"),
    "empty document": ({"paper": {"path": "docs/empty.pdf"}}, "is empty"),
    "outside": ({"paper": {"path": "../secret.pdf"}}, "outside the project"),
    "absolute": ({"paper": {"path": "/etc/hostname"}}, "outside the project"),
    "link out": ({"paper": {"path": "docs/link.pdf"}}, "outside the project"),
    "other system": ({"system": {"id": "pricing"}}, "about the system pricing, not about credit-triage"),
    "other version": ({"system": {"version": "1.3.0"}}, "about version 1.3.0"),
    "other model": ({"system": {"model_sha256": "3" * 64}}, "another model file"),
    "too short": ({"entry": {"statement": "Done."}}, "can't be read: attestations.yaml:"),
    "no date": ({"entry": {"expires_on": None}}, "expires_on is missing"),
    "wrong date": ({"entry": {"expires_on": "30.09.2027"}}, "expires_on must be a date"),
    "time zone": ({"entry": {"expires_on": "2027-09-30T00:00:01+02:00"}}, "expires_on must be a date"),
    "unknown key": ({"entry": {"aproved": True}}, "unknown key"),
    "bad digest": ({"paper": {"sha256": "abc"}}, "can't be read"),
    "unknown verdict": ({"entry": {"verdict": "fine"}}, "verdict must be"),
    "unquoted control": ({"entry": {"by": {"name": 12, "role": "Head"}}}, "by.name is read as a number"),
    "no role": ({"entry": {"by": {"name": "A. Reviewer"}}}, "by.role is missing"),
    "placeholder role": ({"entry": {"by": {"name": "A. Reviewer", "role": "???"}}}, "by.role holds a placeholder"),
    "home of a user": ({"paper": {"path": "~/training.pdf"}}, "does not exist"),
    "web address": ({"paper": {"path": "https://intranet.example/training.pdf"}}, "does not exist"),
    "no path": ({"paper": {"path": ""}}, "can't be read"),
    "date as a number": ({"entry": {"effective_on": 20260930}}, "effective_on must be a date"),
    "says not met": ({"entry": {"verdict": "not_met"}}, "states that this control is not met"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_statement_does_not_count_and_says_why(project, fault):
    changes, reason = FAULTS[fault]
    statements, findings = judged(project, content(**changes))
    state = statements[KEY].result.state
    assert state is (DocumentState.EXPIRED if fault == "expired" else DocumentState.REJECTED)
    (finding,) = findings
    assert reason in sentence(finding.message, MESSAGES)
    assert finding.where.startswith("attestations.yaml:")
    assert finding.message == statements[KEY].result.because


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"framework": "nist-rmf"}, "no framework nist-rmf"),
        ({"control": "GOVERN 2.9"}, "Did you mean GOVERN 2."),
        ({"framework": "iso-42001", "control": 9.1}, 'put it in quotes: "9.1"'),
    ],
)
def test_a_statement_about_nothing_known_is_listed(project, changes, reason):
    statements, findings = judged(project, content(entry=changes))
    assert statements == {}
    assert reason in sentence(findings[0].message, MESSAGES)


@pytest.mark.parametrize(
    ("changes", "field"),
    [({}, "effective_on"), ({"paper": {"reviewed_on": "2026-08-01"}}, "reviewed_on of docs/training.pdf")],
)
def test_what_is_older_than_the_profile_allows_has_expired(project, changes, field):
    statements, findings = judged(project, content(**changes), max_age_days=51)
    assert statements[KEY].result.state is DocumentState.EXPIRED
    assert f"{field} is 2026-" in sentence(findings[0].message, MESSAGES)
    statements, findings = judged(project, content(**changes), max_age_days=112)
    assert (statements[KEY].result.state, findings) == (DocumentState.VALID, ())


def test_a_system_without_id_or_model_accepts_no_statement(project):
    statements, _ = judged(project, content(), config=Config())
    assert statements[KEY].result.because.id == "attestation.no_system"
    statements, _ = judged(project, content(), model="")
    assert statements[KEY].result.because.id == "attestation.other_model"


def test_a_scope_entry_needs_no_document(project):
    entry = {"verdict": "not_applicable", "documents": None, "statement": "No people were studied for this system."}
    statements, findings = judged(project, content(entry=entry))
    assert statements[KEY].scoped_out
    assert findings == ()
    statements, _ = judged(project, content(entry={**entry, "expires_on": "2026-10-01"}))
    assert not statements[KEY].scoped_out


def test_one_malformed_entry_does_not_hide_the_others(project):
    plain = content()
    plain["attestations"] += [{**plain["attestations"][0], "control": "GOVERN 2.3", "by": "me"}]
    statements, findings = judged(project, plain)
    assert [statement.result.state for statement in statements.values()] == ["valid", "rejected"]
    assert len(findings) == 1


def test_two_statements_about_one_control_are_refused(project):
    plain = content()
    plain["attestations"] *= 2
    with pytest.raises(UsageProblem, match="has two statements"):
        judged(project, plain)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"govkit_attestations": "2"}, "govkit_attestations must be '1'"),
        ({"govkit_attestations": 1}, "govkit_attestations"),
        ({"attestation": []}, "unknown key 'attestation'"),
        ({"system": {}}, "system.id is missing"),
    ],
)
def test_another_kind_of_file_is_refused(project, change, message):
    with pytest.raises(UsageProblem, match=message):
        judged(project, {**content(), **change})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace("met", "&a met", 1), "anchors"),
        (lambda text: text.replace("verdict: met", "verdict: *a"), "anchors"),
        (lambda text: text.replace("verdict:", "verdict: met\n    verdict:"), "stands twice"),
        (lambda text: text.replace("    verdict", "\tverdict"), "can't be read as YAML"),
        (lambda text: text + "#" * 2_000_001, "larger than"),
        (lambda text: text.replace("verdict: met", "verdict: !!str met"), "tags"),
        (lambda text: text.encode("utf-16"), "not UTF-8"),
    ],
)
def test_a_file_with_tricks_is_refused(project, change, message):
    text = (
        "govkit_attestations: '1'\nsystem: {id: credit-triage}\nattestations:\n  - framework: nist-ai-rmf\n"
        "    control: 'GOVERN 2.2'\n    verdict: met\n"
    )
    changed = change(text)
    file = project / "attestations.yaml"
    file.write_bytes(changed if isinstance(changed, bytes) else changed.encode())
    with pytest.raises(UsageProblem, match=message):
        read(file)


def test_a_byte_order_mark_is_no_fault(project):
    file = project / "attestations.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + json.dumps(content()).encode())
    declared = Config.model_validate({"system": {"id": "credit-triage", "version": "1.4.0"}})
    statements, _ = judge_attestations(read(file), Audited(declared, MODEL, project, AS_OF), FRAMEWORKS)
    assert statements[KEY].result.state is DocumentState.VALID
