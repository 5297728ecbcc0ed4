"""What the gate says of each blocker: number, limit, owner, and what would unblock it."""

import pytest
import report_records as records
import small_project

from govkit import audit
from govkit.core.control import Criterion
from govkit.core.record import AuditRecord
from govkit.reports.lookup import Lookup
from govkit.reports.record_json import record_json
from govkit.reports.unblocking import unblocking

HOUSE = """\
id: house-rules
title: House rules
version: "1"
reference: intranet
as_of: 2026-01-01
catalog_version: "1"
wording: Ours.
groups:
  - {id: "H", label: House}
controls:
  - id: "H 1"
    token: house-1
    group: "H"
    label: Sizes
    statement: The data is large enough.
    evidence_kind: document
    automation: supporting
    needs: [checks, documents, attestation]
    criteria: [quality.size.test_rows, privacy.membership_inference.attack_auc]
    documents: [release note]
    remedy: Bring the note.
"""
PROFILE = """\
id: house
title: House
description: Ours.
needs_model: false
frameworks: [house-rules]
gate: [quality.size.test_rows, provenance.license.license_recognised, privacy.membership_inference.attack_auc]
controls: [{framework: house-rules, control: "H 1"}]
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """A record with a framework of its own, and the folder of its profile."""
    project = small_project.write(tmp_path_factory.mktemp("told") / "project", count=600)
    (project.folder / "house.yaml").write_text(HOUSE)
    (project.folder / "profile.yaml").write_text(PROFILE)
    with project.config.open("a") as stream:
        stream.write("frameworks: [house.yaml]\n")
    out = project.folder / "out"
    audit(
        None,
        project.data,
        config=project.config,
        profile="data-only",
        only=("quality", "provenance"),
        out=out,
        formats=("json",),
    )
    return out / "audit.json"


def test_the_gate_applies_a_profile_with_the_users_own_framework(govkit, told, monkeypatch):
    monkeypatch.chdir(told.parent.parent)
    answer = govkit("gate", told, "--profile", "profile.yaml")
    assert answer.code == 5, answer.err
    said = " ".join(answer.out.split())
    assert "control house-rules H 1: " in said
    assert 'missing: release note; then sign it: govkit attest "H 1" --document FILE' in said
    assert "missing: privacy.membership_inference did not run; audit without --only" in said
    assert "add to govkit.yaml: provenance: {license: CC-BY-4.0}" in said
    assert "To act: nobody is named; add to govkit.yaml: system: {owner: NAME}" in said
    assert all(len(line) <= 80 for line in answer.out.splitlines())


@pytest.mark.parametrize("name", sorted(set(records.ALL) - {"refused", "empty"}))
def test_each_blocker_has_something_that_would_unblock_it(name):
    record = records.ALL[name]()
    book = Lookup(record)
    decision = record.result.decision
    for blocker in (*decision.failed, *decision.incomplete):
        found = unblocking(book, blocker)
        assert found or blocker.id not in book.criteria or book.evidence[book.criteria[blocker.id].check].ask == ""
        assert all("\n" not in line for line in found)


def test_what_nobody_can_accept_is_not_offered_for_a_waiver(govkit, tmp_path):
    record = records.failing()
    firm = tuple(Criterion.model_validate({**dict(one), "waivable": False}) for one in record.result.criteria)
    changed = AuditRecord.model_validate({**dict(record), "result": {**dict(record.result), "criteria": firm}})
    for one, offered in ((record, True), (changed, False)):
        lines = [line for blocker in one.result.decision.failed for line in unblocking(Lookup(one), blocker)]
        assert any("govkit waive" in line for line in lines) == offered
        assert any("can't be waived" in line for line in lines) != offered
    (tmp_path / "audit.json").write_bytes(record_json(record))
    assert "To act: " in govkit("gate", tmp_path / "audit.json", "--as-of", "2026-11-21").out


def test_a_framework_of_ones_own_is_known_wherever_its_record_is_read(govkit, told):
    answer = govkit("explain", "H 1", "--record", told)
    assert answer.code == 0, answer.err
    assert "Criteria: quality.size.test_rows" in answer.out
    assert "In this record: not assessed" in answer.out or "In this record: partially met" in answer.out
    answer = govkit("controls", "list", "--record", told, "--framework", "house-rules")
    assert answer.out.splitlines()[1].startswith("house-rules  H 1  ")
    assert govkit("explain", "H 1").code == 2


def test_explaining_a_check_goes_all_the_way_to_controls_and_profiles(govkit, told):
    said = " ".join(govkit("explain", "quality.size", "--record", told).out.split())
    for part in ("Judged by: quality.size.test_rows: test_rows >= ", "Controls: ", "house-rules H 1", "Gated by: ",
                 "In this record: pass.", "Evidence in this record: measured", "test_rows 600"):  # fmt: skip
        assert part in said
