import pytest

from govkit.assessment.assess import judge_all
from govkit.assessment.catalogs import load
from govkit.assessment.criteria import MESSAGES
from govkit.assessment.profiles import criteria_for, differences, load_profile, profile_names
from govkit.assessment.validation import validated
from govkit.config import CriterionOverride
from govkit.core.control import Profile, Result
from govkit.core.errors import UsageProblem
from govkit.core.evidence import Evidence, Measurement, Outcome
from govkit.core.messages import sentence
from govkit.plugins.check import CHECKS, Sizes

CATALOG = load()
ROBUST = "robustness.evasion.robust_accuracy"
AUC = "privacy.membership_inference.attack_auc"
BASE = """\
id: base
title: Base
description: Ours.
frameworks: [iso-42001]
gate: [performance.holdout.r2]
"""


def written(folder, name, text):
    (folder / name).write_text(text)
    return name


def loaded(folder, **files):
    """Write profiles and load the last one."""
    for name, text in files.items():
        written(folder, f"{name}.yaml", text)
    return load_profile(f"{name}.yaml", CATALOG, folder, checks=CHECKS.all())


def extension(**more):
    lines = [
        f"{key}: {value}" for key, value in {"id": "more", "title": "More", "description": "Ours.", **more}.items()
    ]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("name", profile_names())
def test_a_shipped_profile_can_be_held_against_the_checks(name):
    checks = CHECKS.all()
    profile = load_profile(name, CATALOG, checks=checks)
    for demand in profile.demands:
        if demand.work:
            found = checks[demand.check]
            sizes = Sizes(test_rows=1_000, train_rows=1_000, features=5, classes=2, predict_ms_per_1000_rows=100)
            work = found.plan(sizes, profile.minimum_budget, found.params()).counts
            assert work[demand.work] >= demand.threshold
    assert profile.title
    assert all(limit.reason for limit in profile.limits.values())


def test_an_extension_adds_to_what_it_extends(tmp_path):
    profile = loaded(
        tmp_path,
        base=BASE + "max_age_days: 100\nminimum_budget: standard\n"
        f"limits: {{{ROBUST}: {{threshold: 0.9}}}}\ncontrols: [{{framework: iso-42001, control: 'A.2.2'}}]\n",
        more=extension(
            extends="base.yaml",
            frameworks="[eu-ai-act]",
            gate="[performance.holdout.r2, quality.size.test_rows]",
            limits=f"{{{AUC}: {{threshold: 0.53}}}}",
            max_age_days=200,
            demands="[{check: robustness.evasion, param: eps, operator: '>=', threshold: 0.2}]",
        ),
    )
    assert (profile.id, profile.extends) == ("more", "base.yaml")
    assert profile.gate == ("performance.holdout.r2", "quality.size.test_rows")
    assert profile.frameworks == ("eu-ai-act", "iso-42001")
    assert [ref.control for ref in profile.controls] == ["A.2.2"]
    assert (profile.max_age_days, profile.minimum_budget) == (100, "standard")
    found = {one.id: one for one in criteria_for(CATALOG, profile, {})}
    assert (found[ROBUST].threshold, found[AUC].threshold) == (0.9, 0.53)
    assert [condition.threshold for condition in found[ROBUST].only_if if condition.param] == [0.1, 0.2]


@pytest.mark.parametrize(
    ("files", "message", "hint"),
    [
        (
            {"a": extension(extends="b.yaml"), "b": extension(extends="a.yaml")},
            "a.yaml:4: the profile extends itself: b.yaml -> a.yaml -> b.yaml",
            "remove one",
        ),
        ({"a": extension(extends="a.yaml")}, "a.yaml:4: the profile extends itself: a.yaml -> a.yaml", "remove one"),
        ({"a": extension(extends="relaese")}, "a.yaml:4: there is no profile 'relaese'", "did you mean 'release'?"),
        ({"a": extension(extends="none.yaml")}, "none.yaml can't be read", "check the path"),
        ({"a": extension(extend="release")}, "a.yaml:4: unknown key 'extend'", "did you mean 'extends'?"),
        ({"a": BASE.replace("id: base", "id: strict")}, "a.yaml:1: 'strict' is the name of a shipped", "of its own"),
        ({"a": extension()}, "profile more requires nothing", "list criteria"),
        (
            {"a": extension(extends="strict", limits=f"{{{ROBUST}: {{threshold: 0.7}}}}")},
            f"a.yaml:5: {ROBUST} is loosened from >= 0.8 to 0.7",
            "owner",
        ),
        (
            {"a": extension(extends="financial-credit", limits=f"{{{AUC}: {{threshold: 0.545}}}}")},
            f"{AUC} is loosened from <= 0.54 to 0.545",
            "owner",
        ),
        ({"a": extension(extends="strict", limits=f"{{{ROBUST}: {{threshold: 85}}}}")}, "outside 0 to 1", "0.85"),
        (
            {"a": extension(extends="strict", limits="{quality.size.test_rows: {threshold: -1}}")},
            "number of count below zero",
            "from 0 on",
        ),
        ({"a": extension(extends="strict", limits="{robustness.x: {threshold: 1}}")}, "unknown criterion", "see"),
        (
            {"a": extension(extends="strict", demands="[{check: robustness.evasion, operator: '<', threshold: 1}]")},
            "a.yaml:5: this demand names nothing",
            "`param` or `work`",
        ),
        (
            {
                "a": extension(
                    extends="strict",
                    demands="[{check: robustness.evasion, param: epsilon, operator: '<', threshold: 1}]",
                )
            },
            "unknown parameter 'epsilon'",
            "did you mean 'eps'?",
        ),
        (
            {"a": extension(extends="strict", demands="[{check: robustness, param: a, operator: '<', threshold: 1}]")},
            "unknown check 'robustness'",
            "",
        ),
        ({"a": extension(extends="strict", minimum_budget="huge")}, "minimum_budget must be", "one of these words"),
        ({"a": extension(extends="strict", max_age_days=0)}, "max_age_days", "correct"),
        (
            {"a": extension(extends="strict", controls="[{framework: nist-ai-600-1, control: 'Risk 2'}]")},
            "a.yaml:5: nist-ai-600-1 does not apply",
            "remove it",
        ),
    ],
)
def test_a_profile_that_does_not_fit_is_refused_with_its_line(tmp_path, files, message, hint):
    with pytest.raises(UsageProblem) as caught:
        loaded(tmp_path, **files)
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_a_loosened_limit_keeps_its_reason_through_an_extension(tmp_path):
    profile = loaded(
        tmp_path,
        base=BASE + f"limits: {{{ROBUST}: {{threshold: 0.6, reason: internal use, owner: Risk}}}}\n",
        more=extension(extends="base.yaml", limits=f"{{{ROBUST}: {{threshold: 0.7}}}}"),
    )
    found = {one.id: one for one in criteria_for(CATALOG, profile, {})}[ROBUST]
    assert (found.threshold, found.loosened_by, found.loosened_because) == (0.7, "Risk", "internal use")


def test_a_threshold_of_govkit_yaml_is_held_against_the_profile():
    profile = load_profile("financial-credit", CATALOG)
    with pytest.raises(UsageProblem, match=r"loosened from <= 0.54 to 0.55"):
        criteria_for(CATALOG, profile, {AUC: CriterionOverride(threshold=0.55)})
    tighter = criteria_for(CATALOG, profile, {AUC: CriterionOverride(threshold=0.52)})
    assert next(one for one in tighter if one.id == AUC).threshold == 0.52


def test_the_reason_of_a_limit_is_part_of_why():
    found = {one.id: one for one in criteria_for(CATALOG, load_profile("financial-credit", CATALOG), {})}[AUC]
    assert "The profile asks for 0.54: having applied for credit" in found.why


TRUSTED = tuple(Measurement(name=name, value=0, unit="share", n=200) for name in ("selftest_gap", "unanswered_share"))
STRONG = {"params": {"eps": (0.05, 0.1), "frozen": ()}, "work": {"rows": 200}}


def evasion(value=0.95, **changes):
    measured = Measurement(name="robust_accuracy", value=value, unit="share", n=200)
    return Evidence(
        check="robustness.evasion",
        check_version="1",
        outcome=Outcome.MEASURED,
        **{"measurements": (measured, *TRUSTED), **STRONG, **changes},
    )


def judged(evidence, profile="financial-credit", budget="standard"):
    policy = load_profile(profile, CATALOG)
    criteria = criteria_for(CATALOG, policy, {})
    results = judge_all(criteria, {evidence.check: evidence}, policy, budget)
    return next(result for result in results if result.criterion == ROBUST)


WEAKER = {
    "smaller changes": ({"params": {"eps": (0.05,), "frozen": ()}}, "eps is at least 0.1; this run had 0.05"),
    "frozen columns": (
        {"params": {"eps": (0.1,), "frozen": tuple("abcde")}},
        "the number of frozen is at most 4; this run had 5",
    ),
    "frozen not recorded": ({"params": {"eps": (0.1,)}}, "none recorded"),
    "fewer rows": ({"work": {"rows": 199}}, "rows is at least 200; this run had 199"),
    "rows not recorded": ({"work": {"iterations": 3}}, "none recorded"),
}


@pytest.mark.parametrize("case", WEAKER)
def test_a_pass_of_a_weaker_run_is_inconclusive_and_says_so(case):
    changes, said = WEAKER[case]
    assert judged(evasion()).result is Result.PASS
    result = judged(evasion(**changes))
    assert result.result is Result.INCONCLUSIVE
    assert said in sentence(result.because, MESSAGES)
    assert judged(evasion(value=0.5, **changes)).result is Result.FAIL


def test_a_pass_on_a_smaller_budget_is_inconclusive_where_work_was_planned():
    assert judged(evasion(), budget="quick").because.id == "criterion.small_budget"
    assert judged(evasion(), budget="thorough").result is Result.PASS
    assert judged(evasion(value=0.5), budget="quick").result is Result.FAIL
    unplanned = evasion(work={})
    assert judged(unplanned, profile="gdpr-dpia-support", budget="quick").result is Result.PASS


def test_what_a_larger_budget_may_measure_is_said():
    silent = evasion(measurements=TRUSTED)
    for budget, hint in (("quick", True), ("thorough", False)):
        result = judged(silent, budget=budget)
        assert result.result is Result.NOT_RUN
        assert ("a larger one may" in sentence(result.because, MESSAGES)) is hint


def test_profiles_are_compared_rule_by_rule(tmp_path):
    strict, credit = (load_profile(name, CATALOG) for name in ("strict", "financial-credit"))
    rows = list(differences(strict, credit, CATALOG))
    assert ("limit", AUC, "<= 0.55", "<= 0.54") in rows
    assert ("demand", "robustness.evasion: number of frozen <= 4", "no", "yes") in rows
    assert ("budget", "", "quick", "standard") in rows
    assert ("age", "", "any", "at most 365 days") in rows
    assert {kind for kind, *_ in rows} == {"gate", "control", "framework", "limit", "demand", "budget", "age"}
    back = list(differences(credit, strict, CATALOG))
    assert sorted((kind, name, theirs, mine) for kind, name, mine, theirs in rows) == sorted(back)
    assert list(differences(strict, strict, CATALOG)) == []


def test_a_folder_is_validated_file_by_file(tmp_path):
    (tmp_path / "profiles").mkdir()
    framework = (
        "id: {id}\ntitle: T\nversion: '1'\nreference: r\nas_of: 2026-01-01\ncatalog_version: '1'\nwording: w\n"
        "groups: [{{id: g, label: G}}]\ncontrols:\n  - id: '1'\n    token: t\n    group: g\n    label: l\n"
        "    statement: s.\n    evidence_kind: document\n    automation: none\n    needs: [documents]\n"
        "    documents: [{documents}]\n    remedy: Bring it.\n"
    )
    written(tmp_path, "a.yaml", framework.format(id="a", documents=""))
    written(tmp_path, "b.yaml", framework.format(id="b", documents="paper"))
    written(tmp_path, "c.yaml", framework.format(id="b", documents="paper"))
    control = "[{framework: b, control: '1'}]"
    written(tmp_path / "profiles", "good.yaml", extension(extends="release", controls=control))
    written(tmp_path / "profiles", "bad.yaml", extension(extends="release", controls="[{framework: b, control: '2'}]"))
    found = validated(tmp_path)
    assert (found.frameworks, found.controls, found.profiles) == (3, 1, 2)
    assert [problem.message.split(":")[0] for problem in found.problems] == ["a.yaml", "c.yaml", "bad.yaml"]
    with pytest.raises(UsageProblem, match="holds neither frameworks nor profiles"):
        validated(tmp_path / "none")


def test_a_folder_without_a_framework_is_an_error(tmp_path):
    with pytest.raises(UsageProblem, match="holds no framework"):
        load([tmp_path])


def test_an_earlier_record_of_a_profile_still_reads():
    plain = {"id": "p", "title": "P", "description": "d", "frameworks": ["f"], "gate": ["c"], "controls": []}
    profile = Profile.model_validate(plain)
    assert (profile.limits, profile.demands, profile.minimum_budget, profile.max_age_days) == ({}, (), "quick", None)
