import hashlib
import json
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from govkit.assessment import assess as assessing
from govkit.assessment import attestations, criteria, facts, waivers
from govkit.assessment.assess import assess, load_policy
from govkit.config import Config
from govkit.core.control import DocumentState, Result, Status, Verdict
from govkit.core.errors import UsageProblem
from govkit.core.evidence import Evidence, Interval, Measurement, Message, Outcome
from govkit.core.messages import sentence
from govkit.gate import decide
from govkit.strict_yaml import read

AS_OF = date(2026, 11, 21)
MODEL = "1" * 64
TEMPLATES = {
    "x": "The check broke off.",
    **assessing.MESSAGES,
    **attestations.MESSAGES,
    **criteria.MESSAGES,
    **facts.MESSAGES,
    **waivers.MESSAGES,
}
PAPER = b"A document."
STRICT = Config.model_validate({"profile": "strict", "system": {"id": "credit"}})
REGRESSION_ONLY = {"performance.holdout.r2"}


def measurement(criterion, quality):
    """Measure a criterion's quantity well, badly or with an interval across its threshold."""
    step = {"good": -0.2, "bad": 0.2, "open": 0.0}[quality] * (-1 if criterion.operator in {">=", ">"} else 1)
    if criterion.unit in {"count", "days"}:
        step *= 1e4
    value = criterion.threshold + step
    interval = Interval(low=value - 0.1, high=value + 0.1, method="wilson")
    return Measurement(name=criterion.measurement, value=value, unit=criterion.unit, n=1_000, interval=interval)


def evidence(policy, qualities, default="good"):
    """Give evidence for every check, of one quality per check; None leaves the check out."""
    by_check = {}
    for criterion in policy.criteria:
        if criterion.id not in REGRESSION_ONLY:
            by_check.setdefault(criterion.check, []).append(criterion)
    return [
        found
        for check, needed in by_check.items()
        if (found := _evidence(check, needed, qualities.get(check, default))) is not None
    ]


def _evidence(check, needed, quality):
    common = {"check": check, "check_version": "1"}
    if quality in {"error", "not_declared", "not_applicable"}:
        return Evidence(**common, outcome=Outcome(quality), reason=Message(id="x"))
    if quality == "absent":
        return None
    measured = [measurement(criterion, quality) for criterion in needed]
    measured.append(Measurement(name="blind_auc_judged", value=0.5, unit="auc", n=10))
    measured.append(Measurement(name="accuracy", value=0.9, unit="share", n=10))
    measured.append(Measurement(name="declared_quasi_identifiers", value=1, unit="count", n=10))
    measured += [Measurement(name=name, value=0, unit="share", n=10) for name in ("selftest_gap", "unanswered_share")]
    conditions = [condition for criterion in needed for condition in criterion.only_if]
    work = {condition.work: int(condition.threshold) for condition in conditions if condition.work}
    params = {"eps": (0.05, 0.1)}
    return Evidence(**common, outcome=Outcome.MEASURED, measurements=tuple(measured), work=work, params=params)


def with_statements(project, controls, **changes):
    (project / "paper.pdf").write_bytes(PAPER)
    digest = hashlib.sha256(PAPER).hexdigest()
    plain = {
        "govkit_attestations": "1",
        "system": {"id": "credit"},
        "attestations": [
            {
                "framework": framework,
                "control": control,
                "verdict": "met",
                "statement": "The documents show that this control is in place.",
                "by": {"name": "A. Reviewer", "role": "Head of model risk"},
                "effective_on": "2026-09-30",
                "expires_on": "2027-09-30",
                "documents": [{"path": "paper.pdf", "sha256": digest}],
                **changes,
            }
            for framework, control in controls
        ],
    }
    (project / "attestations.yaml").write_text(json.dumps(plain))


def attested(policy, project, controls, **changes):
    """Give the policy with other statements, without reading the catalogs again."""
    with_statements(project, controls, **changes)
    return replace(policy, attestations=read(project / "attestations.yaml"))


def audit(policy, found, **more):
    assessed = assess(found, policy, as_of=AS_OF, model_sha256=MODEL)
    return assessed, decide(policy.profile, assessed.criterion_results, assessed.control_results, as_of=AS_OF, **more)


def statuses(assessed):
    return {(result.framework, result.control): result.status for result in assessed.control_results}


def every_control(policy):
    return [(framework.id, control.id) for framework in policy.frameworks for control in framework.controls]


def test_without_evidence_nothing_is_assessed_and_everything_says_what_is_missing(tmp_path):
    policy = load_policy(Config(), tmp_path)
    assessed, decision = audit(policy, [])
    assert len(assessed.control_results) == 72 + 38 + 32
    assert set(statuses(assessed).values()) == {Status.NOT_ASSESSED}
    assert all(result.missing for result in assessed.control_results)
    assert {result.result for result in assessed.criterion_results} == {Result.NOT_RUN}
    assert (decision.verdict, decision.exit_code) == (Verdict.INCOMPLETE, 5)
    assert {blocker.id for blocker in decision.incomplete} == set(policy.profile.gate)


@pytest.mark.parametrize("profile", ["release", "data-only"])
def test_good_evidence_passes_release_and_data_only(tmp_path, profile):
    policy = load_policy(Config(profile=profile), tmp_path)
    assessed, decision = audit(policy, evidence(policy, {}))
    assert (decision.verdict, decision.exit_code) == (Verdict.PASSED, 0)
    assert statuses(assessed)["nist-ai-rmf", "MEASURE 2.1"] is Status.MET
    assert statuses(assessed)["nist-ai-rmf", "MEASURE 2.7"] is Status.PARTIALLY_MET


def test_strict_passes_only_with_the_statements_that_it_requires(tmp_path):
    _, decision = audit(policy := load_policy(STRICT, tmp_path), evidence(policy, {}))
    assert decision.exit_code == 5
    assert {blocker.kind for blocker in decision.incomplete} == {"control"}
    with_statements(tmp_path, [(ref.framework, ref.control) for ref in policy.profile.controls])
    assessed, decision = audit(policy := load_policy(STRICT, tmp_path), evidence(policy, {}))
    assert decision.exit_code == 0
    assert {result.state for result in assessed.document_results} == {DocumentState.VALID}
    _, decision = audit(policy, evidence(policy, {"provenance.license": "bad"}))
    assert decision.exit_code == 1


def test_with_every_statement_what_is_unmeasured_still_keeps_a_control_from_being_met(tmp_path):
    policy = load_policy(STRICT, tmp_path)
    with_statements(tmp_path, every_control(policy))
    policy = load_policy(STRICT, tmp_path)
    assessed, _ = audit(policy, evidence(policy, {}))
    for framework in policy.frameworks:
        for control in framework.controls:
            expected = Status.PARTIALLY_MET if control.unmeasured else Status.MET
            assert statuses(assessed)[framework.id, control.id] is expected, control.id


def test_a_failure_makes_each_control_that_names_it_not_met(tmp_path):
    policy = load_policy(Config(), tmp_path)
    assessed, decision = audit(policy, evidence(policy, {"privacy.membership_inference": "bad"}))
    named = {
        (framework.id, control.id)
        for framework in policy.frameworks
        for control in framework.controls
        if any(name.startswith("privacy.membership") for name in control.criteria)
    }
    assert {key for key, status in statuses(assessed).items() if status is Status.NOT_MET} == named
    assert [blocker.id for blocker in decision.failed] == ["privacy.membership_inference.attack_auc"]
    assert decision.exit_code == 1


def test_an_interval_across_the_threshold_is_incomplete(tmp_path):
    policy = load_policy(Config(), tmp_path)
    _, decision = audit(policy, evidence(policy, {"privacy.membership_inference": "open"}))
    assert [(blocker.id, blocker.state) for blocker in decision.incomplete] == [
        ("privacy.membership_inference.attack_auc", "inconclusive")
    ]
    assert decision.exit_code == 5


def test_a_scope_entry_takes_a_control_out_and_still_shows_what_fails(tmp_path):
    with_statements(tmp_path, [("nist-ai-rmf", "MEASURE 2.7")], verdict="not_applicable")
    policy = load_policy(STRICT, tmp_path)
    assessed, _ = audit(policy, evidence(policy, {"robustness.evasion": "bad"}))
    result = next(found for found in assessed.control_results if found.control == "MEASURE 2.7")
    assert result.status is Status.NOT_APPLICABLE
    assert [message.id for message in result.because] == ["attestation.scoped_out", "control.fails_out_of_scope"]
    assert result.missing == ()


def test_a_waiver_shows_on_the_control_and_changes_no_result(tmp_path):
    waiver = {
        "id": "WVR-1",
        "scope": {"criterion": "robustness.evasion.robust_accuracy", "system": "credit", "model_sha256": MODEL},
        "worst_value": 0.5,
        "reason": "Inputs come from the core system only.",
        "risk": "A compromised upstream system could craft inputs.",
        "requested_by": "M. Builder",
        "approved_by": {"name": "C. Officer", "role": "CISO"},
        "approved_on": "2026-11-20",
        "expires_on": "2027-02-18",
    }
    config = Config.model_validate({"system": {"id": "credit"}})
    (tmp_path / "waivers.yaml").write_text(json.dumps({"govkit_waivers": "1", "waivers": [waiver]}))
    policy = load_policy(config, tmp_path)
    assessed, decision = audit(policy, evidence(policy, {"robustness.evasion": "bad"}))
    result = next(found for found in assessed.control_results if found.control == "MEASURE 2.7")
    assert result.status is Status.NOT_MET
    assert result.waivers == ("WVR-1",)
    assert decision.exit_code == 0
    assert [blocker.id for blocker in decision.waived] == ["robustness.evasion.robust_accuracy"]
    waiver["worst_value"] = 0.7
    (tmp_path / "waivers.yaml").write_text(json.dumps({"govkit_waivers": "1", "waivers": [waiver]}))
    assessed, decision = audit(policy := load_policy(config, tmp_path), evidence(policy, {"robustness.evasion": "bad"}))
    assert decision.exit_code == 1
    assert assessed.ignored[0].rule == "WVR-001"
    assert next(fact for fact in assessed.facts if fact.id == "report.waivers").holds is False


def test_a_file_that_is_named_and_missing_is_a_problem(tmp_path):
    with pytest.raises(UsageProblem, match="does not exist"):
        load_policy(Config(attestations="signed.yaml"), tmp_path)


def test_a_users_framework_is_shown_after_those_of_the_profile(tmp_path):
    (tmp_path / "house.yaml").write_text(
        "id: house\ntitle: House\nversion: '1'\nreference: x\nas_of: 2026-01-01\ncatalog_version: '1'\nwording: Ours.\n"
        "groups: []\ncontrols: []\n"
    )
    policy = load_policy(Config(frameworks=("house.yaml",)), tmp_path)
    assert [framework.id for framework in policy.frameworks] == ["nist-ai-rmf", "iso-42001", "house"]


def test_every_sentence_has_its_template_and_no_open_slot(tmp_path):
    policy = load_policy(STRICT, tmp_path)
    with_statements(
        tmp_path, [("nist-ai-rmf", "GOVERN 2.3"), ("nist-ai-rmf", "MEASURE 2.7")], effective_on="2027-01-01"
    )
    policy = load_policy(STRICT, tmp_path)
    qualities = {"privacy.membership_inference": "open", "robustness.evasion": "bad", "quality.labels": "error"}
    assessed, _ = audit(policy, evidence(policy, qualities))
    said = [message for result in assessed.control_results for message in result.because]
    said += [result.because for result in (*assessed.criterion_results, *assessed.document_results)]
    said += [finding.message for finding in assessed.ignored] + [fact.message for fact in assessed.facts]
    for message in said:
        assert message.id in TEMPLATES
        assert "{" not in sentence(message, TEMPLATES)


def test_facts_say_what_was_and_what_was_not_computed(tmp_path):
    def found(config):
        policy = load_policy(config, tmp_path)
        return {fact.id: fact.holds for fact in audit(policy, [])[0].facts}

    plain = found(Config())
    assert set(plain) == set(facts.FACTS)
    assert (plain["report.limitations"], plain["report.model_card_complete"]) == (False, False)
    assert (plain["report.waivers"], plain["report.signoff"]) == (None, None)
    full = found(
        Config.model_validate(
            {
                "system": {"id": "c", "name": "Credit", "version": "1", "owner": "Risk", "purpose": "Decides."},
                "model_card": {"intended_use": "a", "out_of_scope": "b", "limitations": ("c",)},
                "criteria": {
                    name: {"threshold": policy_criterion.threshold, "reason": "ours", "owner": "Risk"}
                    for name, policy_criterion in ((item.id, item) for item in load_policy(Config(), tmp_path).criteria)
                },
            }
        )
    )
    names = ("report.limitations", "report.model_card_complete", "report.thresholds_declared")
    assert all(full[name] for name in names)


@pytest.fixture
def strict(tmp_path):
    return load_policy(STRICT, tmp_path)


QUALITIES = ["good", "good", "good", "bad", "open", "error", "not_declared", "not_applicable", "absent"]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_deleting_a_checks_evidence_never_helps(tmp_path, strict, data):
    policy = strict
    some = data.draw(st.lists(st.sampled_from(every_control(policy)), max_size=40, unique=True))
    some += [(ref.framework, ref.control) for ref in policy.profile.controls]
    policy = attested(policy, tmp_path, dict.fromkeys(some))
    checks = sorted({criterion.check for criterion in policy.criteria})
    few = data.draw(st.dictionaries(st.sampled_from(checks), st.sampled_from(QUALITIES), max_size=4))
    found = evidence(policy, few)
    before, decided = audit(policy, found)
    gone = data.draw(st.sampled_from(found)) if found else None
    after, decided_again = audit(policy, [item for item in found if item is not gone])
    old, new = statuses(before), statuses(after)
    assert [key for key in old if new[key] is Status.MET and old[key] is not Status.MET] == []
    if decided.verdict is not Verdict.PASSED:
        assert decided_again.verdict is not Verdict.PASSED


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_deleting_a_statement_never_helps(tmp_path, strict, data):
    policy = strict
    required = [(ref.framework, ref.control) for ref in policy.profile.controls]
    needs = {(found.id, control.id): control.needs for found in policy.frameworks for control in found.controls}
    dropped = data.draw(st.sampled_from([key for key in required if needs[key] != ("checks",)]))
    kept = [key for key in required if key != dropped]
    found = evidence(policy, {})
    late = data.draw(st.sampled_from([{}, {"expires_on": "2026-10-01"}, {"documents": []}, {"verdict": "not_met"}]))
    before, decided = audit(attested(policy, tmp_path, required, **late), found)
    after, decided_again = audit(attested(policy, tmp_path, kept, **late), found)
    old, new = statuses(before), statuses(after)
    assert [key for key in old if new[key] is Status.MET and old[key] is not Status.MET] == []
    assert decided_again.verdict is not Verdict.PASSED
    assert (decided.verdict is Verdict.PASSED) == (late == {})


def test_the_order_of_evidence_does_not_matter(tmp_path):
    policy = load_policy(STRICT, tmp_path)
    found = evidence(policy, {"privacy.membership_inference": "bad", "quality.labels": "open"})
    assert audit(policy, found) == audit(policy, found[::-1])


def test_a_framework_that_does_not_apply_says_why_at_each_control_and_meets_nothing(tmp_path):
    policy = load_policy(Config(frameworks=("nist-ai-600-1",)), tmp_path)
    assert [framework.id for framework in policy.frameworks] == ["nist-ai-rmf", "iso-42001", "nist-ai-600-1"]
    for found in (evidence(policy, {}), []):
        assessed, _ = audit(policy, found)
        (coverage,) = (fact.message.args for fact in assessed.facts if fact.id == "report.coverage")
        assert (coverage["controls"], coverage["outside"]) == (72 + 38 + 32, 12)
        assert (coverage["assessed"] == 0) == (not found)
        generative = [one for one in assessed.control_results if one.framework == "nist-ai-600-1"]
        assert {result.status for result in generative} == {Status.NOT_APPLICABLE}
        assert "generate no content" in sentence(generative[0].because[0], TEMPLATES)


def test_links_come_with_both_of_their_frameworks_and_carry_no_status(tmp_path):
    release = load_policy(Config(), tmp_path)
    assert len(release.crosswalk.links) == 188
    policy = load_policy(STRICT.model_copy(update={"frameworks": ("eu-ai-act",)}), tmp_path)
    assert len(policy.crosswalk.links) == 188 + 103 + 44
    with_statements(tmp_path, [("iso-42001", "A.2.2")])
    assessed, _ = audit(replace(policy, attestations=read(tmp_path / "attestations.yaml")), [])
    met = {key for key, status in statuses(assessed).items() if status is Status.MET}
    assert met == {("iso-42001", "A.2.2")}
    assert any(link.target.control == "A.2.2" for link in policy.crosswalk.links)


def test_a_weaker_run_never_meets_a_control(tmp_path):
    policy = load_policy(Config(profile="eu-ai-act-high-risk", system={"id": "credit"}), tmp_path)
    with_statements(tmp_path, every_control(policy), effective_on="2026-11-01")
    policy = load_policy(policy.config, tmp_path)
    strong = {"eps": (0.1,), "frozen": ()}
    for params, work, budget, good in (
        (strong, {"rows": 200}, "standard", True),
        (strong, {"rows": 200}, "quick", False),
        (strong, {"rows": 100}, "standard", False),
        ({**strong, "eps": (0.01,)}, {"rows": 200}, "standard", False),
        ({**strong, "frozen": tuple("abcde")}, {"rows": 200}, "standard", False),
    ):
        found = [Evidence.model_validate({**dict(one), "params": params, "work": work}) for one in evidence(policy, {})]
        assessed = assess(found, policy, as_of=AS_OF, model_sha256=MODEL, budget=budget)
        resting = {
            result.control: result.status
            for result in assessed.control_results
            if "robustness.evasion.robust_accuracy" in result.criteria
        }
        assert resting["Art.15(1)"] is (Status.MET if good else Status.INCONCLUSIVE)
        assert (Status.INCONCLUSIVE in resting.values()) is not good


def test_a_statement_older_than_the_profile_allows_no_longer_counts(tmp_path):
    config = Config(profile="financial-credit", system={"id": "credit"})
    with_statements(tmp_path, [("nist-ai-rmf", "GOVERN 1.2")], effective_on="2025-11-20", expires_on="2028-01-01")
    for profile, state in (("financial-credit", DocumentState.EXPIRED), ("strict", DocumentState.VALID)):
        policy = load_policy(config.model_copy(update={"profile": profile}), tmp_path)
        assessed, _ = audit(policy, [])
        assert assessed.document_results[0].state is state
    policy = load_policy(config, tmp_path)
    assessed = assess([], policy, as_of=date(2026, 11, 20), model_sha256=MODEL)
    assert assessed.document_results[0].state is DocumentState.VALID
    assert assessed.document_results[0].expires_on == date(2026, 11, 20)
