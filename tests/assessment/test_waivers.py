import json
from datetime import date
from pathlib import Path

import pytest

from govkit.assessment.attestations import Audited
from govkit.assessment.catalogs import load
from govkit.assessment.waivers import MESSAGES, judge_waivers
from govkit.config import Config
from govkit.core.control import CriterionResult, Observed, Result
from govkit.core.errors import UsageProblem
from govkit.core.evidence import Message
from govkit.core.messages import sentence
from govkit.strict_yaml import read

CRITERIA = load().criteria
MODEL = "1" * 64
AS_OF = date(2026, 11, 21)
ROBUST = "robustness.evasion.robust_accuracy"


def entry(**changes):
    scope = {"criterion": ROBUST, "system": "credit-triage", "model_sha256": MODEL, **changes.pop("scope", {})}
    plain = {
        "id": "WVR-2026-001",
        "scope": scope,
        "worst_value": 0.4,
        "reason": "Attackers can't reach the scoring input in this release.",
        "risk": "A compromised upstream system could craft inputs.",
        "requested_by": "M. Builder",
        "approved_by": {"name": "C. Officer", "role": "CISO"},
        "approved_on": "2026-11-20",
        "expires_on": "2027-02-18",
        **changes,
    }
    return {key: value for key, value in plain.items() if value is not None}


def failed(*values, criterion=ROBUST, result=Result.FAIL):
    observed = tuple(Observed(value=value, n=100, result=result) for value in values)
    return [CriterionResult(criterion=criterion, result=result, because=Message(id="x"), observed=observed)]


def judged(tmp_path: Path, *entries, results=None, as_of=AS_OF, model=MODEL, system="credit-triage"):
    file = tmp_path / "waivers.yaml"
    file.write_text(json.dumps({"govkit_waivers": "1", "waivers": list(entries)}, indent=1))
    config = Config.model_validate({"system": {"id": system}})
    return judge_waivers(read(file), Audited(config, model, tmp_path, as_of), CRITERIA, results or failed(0.45))


def test_a_good_waiver_covers_the_failure_until_its_last_day(tmp_path):
    for day in (AS_OF, date(2026, 11, 20), date(2027, 2, 18)):
        found = judged(tmp_path, entry(), as_of=day)
        assert found.covers == {ROBUST: "WVR-2026-001"}
        assert found.ignored == ()
        assert found.valid[0].approved_by == "C. Officer (CISO)"


def test_no_file_is_no_waiver(tmp_path):
    audited = Audited(Config(), MODEL, tmp_path, AS_OF)
    assert judge_waivers(None, audited, CRITERIA, failed(0.4)).covers == {}


def test_only_a_failure_can_be_waived(tmp_path):
    for result in set(Result) - {Result.FAIL}:
        found = judged(tmp_path, entry(), results=failed(0.45, result=result))
        assert found.covers == {}
        assert len(found.valid) == 1


FAULTS = {
    "expired": (entry(expires_on="2026-11-20", approved_on="2026-11-01"), "expired on 2026-11-20"),
    "approved tomorrow": (entry(approved_on="2026-11-22"), "approved after the date of this audit"),
    "too long": (entry(approved_on="2026-11-20", expires_on="2027-05-20"), "lasts 181 days; the most is 180"),
    "dates crossed": (entry(approved_on="2026-11-20", expires_on="2026-11-01"), "expires before it was approved"),
    "same person": (entry(requested_by="c.  officer"), "both requested and approved"),
    "other system": (entry(scope={"system": "pricing"}), "for the system pricing, not for credit-triage"),
    "other model": (entry(scope={"model_sha256": "2" * 64}), "for another model file"),
    "wildcard": (entry(scope={"criterion": "robustness.*"}), "is a pattern"),
    "unknown criterion": (entry(scope={"criterion": "robustness.evasion.robust_accuracys"}), f"Did you mean {ROBUST}?"),
    "never": (entry(scope={"criterion": "security.model_file.disallowed_globals"}), "can't be waived"),
    "worse now": (entry(worst_value=0.5), "is now 0.45, which is worse"),
    "placeholder": (entry(reason="TBD, will be filled in later on"), "reason holds a placeholder"),
    "placeholder approver": (entry(approved_by={"name": "to be defined", "role": "CISO"}), "approved_by holds"),
    "short reason": (entry(reason="Fine."), "can't be read"),
    "no risk": (entry(risk=None), "risk is missing"),
    "no approver": (entry(approved_by=None), "approved_by is missing"),
    "no expiry": (entry(expires_on=None), "expires_on is missing"),
    "wrong id": (entry(id="waiver 1"), "can't be read"),
    "slice": (entry(scope={"slice": "age"}), "unknown key 'slice'"),
    "no digest": (entry(scope={"model_sha256": ""}), "can't be read"),
    "short approver": (entry(approved_by={"name": "C", "role": "CISO"}), "can't be read"),
    "no role": (entry(approved_by={"name": "C. Officer"}), "role is missing"),
    "placeholder risk": (entry(risk="<describe what may happen here>"), "risk holds a placeholder"),
    "own status": (entry(status="approved"), "unknown key 'status'"),
    "wrong date": (entry(expires_on="18.02.2027"), "expires_on must be a date"),
    "date with a time": (entry(approved_on="2026-11-20T10:00:00Z"), "approved_on must be a date"),
    "no system": (entry(scope={"system": ""}), "can't be read"),
    "two criteria": (entry(scope={"criterion": [ROBUST]}), "criterion must be text"),
    "never, a digest": (entry(scope={"criterion": "security.integrity.digest_mismatch"}), "can't be waived"),
    "never, special data": (entry(scope={"criterion": "pii.declared.undeclared_special_columns"}), "can't be waived"),
    "not a number": (entry(worst_value="half"), "worst_value must be a number"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_waiver_does_not_count_and_says_why(tmp_path, fault):
    plain, reason = FAULTS[fault]
    found = judged(tmp_path, plain)
    assert (found.covers, found.valid) == ({}, ())
    assert reason in sentence(found.ignored[0].message, MESSAGES)
    assert found.ignored[0].where == "waivers.yaml:4"


def test_the_worst_group_must_be_tolerated(tmp_path):
    assert judged(tmp_path, entry(), results=failed(0.45, 0.4)).covers
    assert not judged(tmp_path, entry(), results=failed(0.45, 0.39)).covers


def test_a_limit_from_above_is_compared_the_other_way(tmp_path):
    auc = "privacy.membership_inference.attack_auc"
    plain = entry(scope={"criterion": auc}, worst_value=0.65)
    assert judged(tmp_path, plain, results=failed(0.64, criterion=auc)).covers
    assert not judged(tmp_path, plain, results=failed(0.66, criterion=auc)).covers


def test_one_malformed_waiver_does_not_hide_a_good_one(tmp_path):
    found = judged(tmp_path, entry(id="WVR-1", risk=None), entry())
    assert found.covers == {ROBUST: "WVR-2026-001"}
    assert len(found.ignored) == 1


def test_the_same_id_twice_is_refused(tmp_path):
    with pytest.raises(UsageProblem, match="stands twice"):
        judged(tmp_path, entry(), entry(worst_value=0.1))


def test_without_system_id_or_model_no_waiver_counts(tmp_path):
    assert judged(tmp_path, entry(), system="").ignored[0].message.id == "waiver.no_system"
    assert judged(tmp_path, entry(), model="").ignored[0].message.id == "waiver.other_model"
