from datetime import date
from pathlib import Path

import pytest
import small_project

from govkit import audit
from govkit.assessment.again import judged_again
from govkit.assessment.catalogs import load
from govkit.assessment.profiles import load_profile
from govkit.core.control import ControlResult, DocumentResult, DocumentState, Result, Status, Verdict, Waiver
from govkit.core.evidence import Message
from govkit.gate import redecide

AS_OF = date(2026, 11, 21)
CATALOG = load()
ROBUST = "robustness.evasion.robust_accuracy"


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    project = small_project.write(tmp_path_factory.mktemp("again") / "project")
    return audit(project.model, project.data, budget="quick", as_of=AS_OF)


def results(record):
    return {found.criterion: found for found in record.result.criterion_results}


def test_the_profile_of_the_record_changes_nothing(record):
    again = judged_again(record, load_profile("release", CATALOG), CATALOG)
    assert again.result.criterion_results == record.result.criterion_results
    for found, before in zip(again.result.control_results, record.result.control_results, strict=True):
        assert (found.status, found.criteria, found.missing) == (before.status, before.criteria, before.missing)


def test_what_was_measured_too_weakly_for_another_profile_is_inconclusive(record):
    profile = load_profile("financial-credit", CATALOG)
    before, after = results(record), results(judged_again(record, profile, CATALOG))
    assert before[ROBUST].result is Result.PASS
    assert after[ROBUST].result is Result.INCONCLUSIVE
    assert not any(
        found.result is Result.PASS and before[name].result is not Result.PASS for name, found in after.items()
    )


def test_a_tighter_limit_is_held_against_the_same_measurement(record, tmp_path):
    name = "performance.baseline.gain_over_baseline"
    seen = results(record)[name].observed[0]
    for threshold, expected in ((seen.low / 2, Result.PASS), (seen.value, Result.INCONCLUSIVE), (0.99, Result.FAIL)):
        (tmp_path / "own.yaml").write_text(
            f"id: own\ntitle: O\ndescription: d\nextends: release\nlimits: {{{name}: {{threshold: {threshold}}}}}\n"
        )
        profile = load_profile("own.yaml", CATALOG, tmp_path)
        again = judged_again(record, profile, CATALOG)
        assert results(again)[name].result is expected
        assert redecide(again, profile, AS_OF).profile == "own"


def test_a_waiver_counts_only_for_what_it_tolerates(record, tmp_path):
    (tmp_path / "own.yaml").write_text(
        "id: own\ntitle: O\ndescription: d\nextends: release\nlimits: {performance.calibration."
        "expected_calibration_error: {threshold: 0}}\n"
    )
    profile = load_profile("own.yaml", CATALOG, tmp_path)
    name = "performance.calibration.expected_calibration_error"
    measured = results(record)[name].observed[0].value
    for worst, waiver in ((measured + 0.01, "WVR-1"), (measured - 0.01, "")):
        entry = Waiver(
            id="WVR-1", criterion=name, system="loans", model_sha256="1" * 64, worst_value=worst, reason="r", risk="k",
            requested_by="A", approved_by="B", approved_on=AS_OF, expires_on=AS_OF,
        )  # fmt: skip
        held = record.model_copy(update={"result": record.result.model_copy(update={"waivers": (entry,)})})
        found = results(judged_again(held, profile, CATALOG))[name]
        assert found.result in {Result.FAIL, Result.INCONCLUSIVE}
        assert found.waiver == (waiver if found.result is Result.FAIL else "")


def test_a_record_older_than_the_profile_allows_is_incomplete(record):
    profile = load_profile("eu-ai-act-high-risk", CATALOG)
    own = record.result.profile.model_copy(update={"max_age_days": 30})
    assert redecide(record, own, date(2026, 12, 21)).verdict is redecide(record, None, AS_OF).verdict
    late = redecide(record, own, date(2026, 12, 22))
    assert late.verdict in {Verdict.INCOMPLETE, Verdict.FAILED}
    assert ("release", "too_old") in [(found.id, found.state) for found in late.incomplete]
    assert redecide(judged_again(record, profile, CATALOG), profile, AS_OF).verdict is not Verdict.PASSED


@pytest.mark.parametrize(
    ("dated_on", "day", "counts"),
    [
        (date(2026, 1, 1), AS_OF, True),
        (date(2026, 1, 1), date(2027, 1, 1), True),
        (date(2026, 1, 1), date(2027, 1, 2), False),
        (date(2025, 11, 20), AS_OF, False),
        (None, AS_OF, False),
    ],
)
def test_a_statement_too_old_for_the_other_profile_meets_nothing(record, dated_on, day, counts):
    control = ControlResult(
        framework="iso-42001", control="A.3.2", status=Status.MET, because=(Message(id="x"),),
        document=DocumentState.VALID, attestation=DocumentState.VALID,
    )  # fmt: skip
    paper = DocumentResult(
        framework="iso-42001", control="A.3.2", state=DocumentState.VALID, because=Message(id="x"), dated_on=dated_on,
        expires_on=date(2030, 1, 1),
    )  # fmt: skip
    changed = record.result.model_copy(update={"control_results": (control,), "document_results": (paper,)})
    profile = load_profile("financial-credit", CATALOG)
    again = judged_again(record.model_copy(update={"result": changed}), profile, CATALOG)
    open_controls = {blocker.id for blocker in redecide(again, profile, day).incomplete if blocker.kind == "control"}
    assert ("A.3.2" not in open_controls) is counts


def test_the_command_judges_again(record, govkit, tmp_path: Path):
    from govkit.core.digest import canonical

    (tmp_path / "audit.json").write_bytes(canonical(record))
    answer = govkit("gate", tmp_path / "audit.json", "--profile", "financial-credit", "--as-of", "2026-11-21")
    assert answer.code in {1, 5}
    assert f"criterion {ROBUST}: inconclusive" in answer.out
