"""The three examples audited whole: their verdicts, every planted fault found, and silence where it is left out."""

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from govkit import audit
from govkit.core.control import Result, Verdict
from govkit.core.evidence import Outcome

EXAMPLES = Path(__file__).parents[2] / "examples"
AS_OF = date(2026, 11, 21)
FAULTS = {
    "personal-data": "pii.declared.undeclared_direct_columns",
    "overfit": "privacy.membership_inference.attack_auc",
    "overlap": "quality.train_test_overlap.excess_overlap_share",
    "digests": "provenance.hash_match.mismatched_digests",
}
"""Planted fault and the gated criterion that it makes fail."""
ALSO = {"performance.calibration.expected_calibration_error", "robustness.evasion.robust_accuracy"}
"""What an overfitted model is weak in besides."""


def quick(folder, **options):
    """Audit a case with the small budget and give the record's result."""
    (model,) = folder.glob("model.*")
    return audit(model, folder / "data.csv", budget="quick", as_of=AS_OF, **options).result


def results(result):
    """Give what each criterion came to."""
    return {found.criterion: found.result for found in result.criterion_results}


def blockers(result):
    """Give what stands between the case and a pass."""
    return {blocker.id for blocker in (*result.decision.failed, *result.decision.incomplete)}


def test_the_sound_model_passes():
    result = quick(EXAMPLES / "credit")
    assert not blockers(result)
    assert result.decision.verdict is Verdict.PASSED
    assert [name for name, found in results(result).items() if found is Result.FAIL] == []
    assert [found.check for found in result.evidence if found.outcome is Outcome.ERROR] == []


def test_too_few_rows_are_inconclusive_on_membership():
    result = quick(EXAMPLES / "breast-cancer")
    assert result.decision.verdict is Verdict.INCOMPLETE
    undecided = {"privacy.membership_inference.attack_auc", "quality.leakage.strongest_feature_auc"}
    assert blockers(result) == undecided
    assert {results(result)[name] for name in undecided} == {Result.INCONCLUSIVE}
    assert results(result)["performance.baseline.gain_over_baseline"] is Result.PASS


def test_the_flawed_model_fails_for_each_planted_fault():
    result = quick(EXAMPLES / "credit-flawed")
    assert result.decision.verdict is Verdict.FAILED
    failed = {blocker.id for blocker in result.decision.failed}
    assert set(FAULTS.values()) <= failed
    assert failed - set(FAULTS.values()) <= ALSO


@pytest.mark.parametrize("fault", FAULTS)
def test_without_a_fault_its_criterion_passes_and_the_others_fail(fault, tmp_path):
    script = EXAMPLES / "credit-flawed" / "train.py"
    subprocess.run([sys.executable, "-B", script, "--out", tmp_path, "--without", fault], check=True)
    found = results(quick(tmp_path, only=tuple({name.split(".", 1)[0] for name in FAULTS.values()})))
    for name, criterion in FAULTS.items():
        assert found[criterion] is (Result.PASS if name == fault else Result.FAIL)


def test_a_case_without_any_fault_passes(tmp_path):
    script = EXAMPLES / "credit-flawed" / "train.py"
    left_out = [word for fault in FAULTS for word in ("--without", fault)]
    subprocess.run([sys.executable, "-B", script, "--out", tmp_path, *left_out], check=True)
    assert quick(tmp_path).decision.verdict is Verdict.PASSED
