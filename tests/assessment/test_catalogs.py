from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from govkit.assessment import catalogs
from govkit.assessment.catalogs import framework_names, load, load_crosswalk, tighten
from govkit.assessment.criteria import MEASURED
from govkit.assessment.facts import FACTS
from govkit.assessment.profiles import load_profile, profile_names
from govkit.config import CriterionOverride
from govkit.core.errors import UsageProblem
from govkit.plugins.check import CHECKS
from govkit.strict_yaml import read

# Subcategories per category, as NIST AI 100-1 numbers them.
NIST = {
    "GOVERN": (7, 3, 2, 3, 2, 2),
    "MAP": (6, 3, 5, 2, 2),
    "MEASURE": (3, 13, 3, 3),
    "MANAGE": (4, 4, 2, 3),
}
ANNEX_A = """
    A.2.2 A.2.3 A.2.4 A.3.2 A.3.3 A.4.2 A.4.3 A.4.4 A.4.5 A.4.6 A.5.2 A.5.3 A.5.4 A.5.5
    A.6.1.2 A.6.1.3 A.6.2.2 A.6.2.3 A.6.2.4 A.6.2.5 A.6.2.6 A.6.2.7 A.6.2.8
    A.7.2 A.7.3 A.7.4 A.7.5 A.7.6 A.8.2 A.8.3 A.8.4 A.8.5 A.9.2 A.9.3 A.9.4 A.10.2 A.10.3 A.10.4
""".split()
CLAUSES = """
    4.1 4.2 4.3 4.4 5.1 5.2 5.3 6.1.1 6.1.2 6.1.3 6.1.4 6.2 6.3 7.1 7.2 7.3 7.4 7.5.1 7.5.2 7.5.3
    8.1 8.2 8.3 8.4 9.1 9.2.1 9.2.2 9.3.1 9.3.2 9.3.3 10.1 10.2
""".split()

# Articles, paragraphs and points of Regulation (EU) 2024/1689; the second duty of Art.15(4) is named apart.
EU_AI_ACT = """
    Art.4 Art.4a Art.9(1) Art.9(2) Art.9(5) Art.9(6) Art.9(8) Art.9(9) Art.10(2)(a) Art.10(2)(b) Art.10(2)(c)
    Art.10(2)(d) Art.10(2)(e) Art.10(2)(f) Art.10(2)(g) Art.10(2)(h) Art.10(3) Art.10(4) Art.11(1) AnnexIV(1)
    AnnexIV(2) AnnexIV(3) AnnexIV(4) AnnexIV(5) AnnexIV(6) AnnexIV(7) AnnexIV(8) AnnexIV(9) Art.12(1) Art.12(2)
    Art.13(1) Art.13(2) Art.13(3)(a) Art.13(3)(b) Art.13(3)(c) Art.13(3)(d) Art.13(3)(e) Art.13(3)(f) Art.14(1)
    Art.14(2) Art.14(3) Art.14(4) Art.15(1) Art.15(3) Art.15(4) Art.15(4)-feedback Art.15(5) Art.17(1)(a)
    Art.17(1)(b) Art.17(1)(c) Art.17(1)(d) Art.17(1)(e) Art.17(1)(f) Art.17(1)(g) Art.17(1)(h) Art.17(1)(i)
    Art.17(1)(j) Art.17(1)(k) Art.17(1)(l) Art.17(1)(m) Art.72(1) Art.72(2) Art.72(3)
""".split()
GENERATIVE_RISKS = """
    CBRN information or capabilities; Confabulation; Dangerous, violent or hateful content; Data privacy;
    Environmental impacts; Harmful bias or homogenization; Human-AI configuration; Information integrity;
    Information security; Intellectual property; Obscene, degrading or abusive content;
    Value chain and component integration
"""
EFFECTIVE_AFTER_AMENDMENT = {"Art.4": date(2026, 7, 27), "Art.4a": date(2026, 7, 27)}

CATALOG = load()
FRAMEWORKS = {framework.id: framework for framework in CATALOG.frameworks}
CONTROLS = [(framework.id, control) for framework in CATALOG.frameworks for control in framework.controls]
PROFILES = profile_names()


def ids(framework):
    return [control.id for control in FRAMEWORKS[framework].controls]


def test_nist_has_its_72_subcategories_in_order():
    expected = [
        f"{function} {category}.{number}"
        for function, counts in NIST.items()
        for category, count in enumerate(counts, 1)
        for number in range(1, count + 1)
    ]
    assert ids("nist-ai-rmf") == expected
    assert len(expected) == 72
    assert len([group for group in FRAMEWORKS["nist-ai-rmf"].groups if group.parent]) == 19


def test_iso_has_its_38_controls_and_32_clauses_in_order():
    assert (len(ANNEX_A), len(CLAUSES)) == (38, 32)
    assert ids("iso-42001") == ANNEX_A + CLAUSES


def test_the_eu_ai_act_has_its_63_duties_with_the_dates_that_apply():
    assert len(EU_AI_ACT) == 63
    assert ids("eu-ai-act") == EU_AI_ACT
    act = FRAMEWORKS["eu-ai-act"]
    assert [found.day for found in act.applies] == [date(2027, 12, 2), date(2028, 8, 2)]
    own = {control.id: control.applies[0].day for control in act.controls if control.applies}
    assert own == EFFECTIVE_AFTER_AMENDMENT


def test_the_12_risks_of_generative_ai_do_not_apply_and_say_why():
    framework = FRAMEWORKS["nist-ai-600-1"]
    names = [name.strip() for name in " ".join(GENERATIVE_RISKS.split()).split(";")]
    assert [control.label for control in framework.controls] == names
    assert len(names) == 12
    assert "generate no content" in framework.not_applicable_because
    assert [one.id for one in CATALOG.frameworks if one.not_applicable_because] == ["nist-ai-600-1"]


def test_a_framework_file_is_named_by_its_id():
    assert framework_names() == tuple(sorted(FRAMEWORKS))


def test_links_join_two_frameworks_and_say_how_strong_they_are_and_who_says_so():
    crosswalk = load_crosswalk(CATALOG)
    pairs = [(link.source, link.target, link.basis) for link in crosswalk.links]
    assert len(pairs) == len(set(pairs))
    # no pair of controls of different frameworks asks for the same
    assert {link.relation for link in crosswalk.links} == {"intersects-with"}
    assert {link.basis for link in crosswalk.links} == set(crosswalk.bases)
    between = Counter((link.source.framework, link.target.framework) for link in crosswalk.links)
    assert between == {
        ("nist-ai-rmf", "iso-42001"): 188,
        ("nist-ai-rmf", "eu-ai-act"): 103,
        ("iso-42001", "eu-ai-act"): 44,
    }
    assert {link.source.control for link in crosswalk.links if link.source.framework == "nist-ai-rmf"} == set(
        ids("nist-ai-rmf")
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("target: iso-42001", "target: iso-42002", "unknown framework 'iso-42002'"),
        ("target: iso-42001", "target: nist-ai-rmf", "unknown framework 'nist-ai-rmf'"),
        ('"A.2.2"', '"A.2.99"', "unknown control 'A.2.99'"),
        ('"GOVERN 1.1":', '"GOVERN 9.1":', "unknown control 'GOVERN 9.1'"),
        ("basis: ours", "basis: theirs", "unknown basis 'theirs'"),
        ("intersects-with", "same-as", "relation must be"),
    ],
)
def test_a_link_that_leads_nowhere_is_refused(tmp_path, monkeypatch, old, new, message):
    text = (
        "as_of: 2026-11-21\nbases: {ours: Our judgement.}\nlinks:\n  - source: nist-ai-rmf\n    controls:\n"
        '      "GOVERN 1.1":\n        - target: iso-42001\n          relation: intersects-with\n          basis: ours\n'
        '          controls: ["A.2.2"]\n'
    )
    monkeypatch.setattr(catalogs, "shipped", lambda kind: tmp_path)
    (tmp_path / "crosswalk.yaml").write_text(text)
    assert len(load_crosswalk(CATALOG).links) == 1
    assert old in text
    (tmp_path / "crosswalk.yaml").write_text(text.replace(old, new))
    with pytest.raises(UsageProblem, match=r"crosswalk.yaml:\d+: ") as caught:
        load_crosswalk(CATALOG)
    assert message in caught.value.message


def test_every_control_stands_for_itself():
    remedies = [control.remedy for _, control in CONTROLS]
    statements = [control.statement for _, control in CONTROLS]
    assert len(set(remedies)) == len(remedies)
    assert len(set(statements)) == len(statements)
    for _, control in CONTROLS:
        assert len(control.remedy) > 40
        assert control.label
        assert control.statement.endswith(".")
        assert control.remedy.endswith(".")


def test_groups_lead_up_to_a_root():
    for framework in CATALOG.frameworks:
        parents = {group.id: group.parent for group in framework.groups}
        for control in framework.controls:
            group = control.group
            while group:
                group = parents[group]


def test_criteria_name_what_the_checks_emit():
    checks = CHECKS.all()
    load(checks=checks)
    for criterion in CATALOG.criteria:
        assert criterion.id.startswith(f"{criterion.check}.")
        assert criterion.why
        assert criterion.remedy


def test_every_criterion_is_used_by_a_control_or_a_profile():
    used = {name for _, control in CONTROLS for name in control.criteria}
    used |= {name for profile in PROFILES for name in load_profile(profile, CATALOG).gate}
    assert {criterion.id for criterion in CATALOG.criteria} == used


def test_what_is_called_unmeasured_is_measured_nowhere_and_named_somewhere():
    assert not set(CATALOG.unmeasured) & set(CHECKS.all())
    assert set(CATALOG.unmeasured) == {name for _, control in CONTROLS for name in control.unmeasured}
    assert set(FACTS) >= {name for _, control in CONTROLS for name in control.facts}


def test_what_can_not_be_waived_exists():
    assert {criterion.id for criterion in CATALOG.criteria if not criterion.waivable} >= {
        "pii.declared.undeclared_special_columns",
        "provenance.hash_match.mismatched_digests",
        "security.integrity.digest_mismatch",
        "security.model_file.disallowed_globals",
        "security.model_file.unsafe_findings",
    }


@pytest.mark.parametrize("name", PROFILES)
def test_a_shipped_profile_asks_for_nothing_that_can_not_be_shown(name):
    profile = load_profile(name, CATALOG)
    assert profile.id == name
    assert len(set(profile.gate)) == len(profile.gate)
    required = {(ref.framework, ref.control) for ref in profile.controls}
    for framework, control in CONTROLS:
        if (framework, control.id) in required:
            assert not control.unmeasured


def test_data_only_needs_no_model():
    checks = CHECKS.all()
    known = {criterion.id: criterion for criterion in CATALOG.criteria}
    profile = load_profile("data-only", CATALOG)
    assert not profile.needs_model
    needing = {"model", "artifact", "predictions", "train_predictions"}
    for name in profile.gate:
        check = checks[known[name].check]
        assert not needing & (set(check.needs) - check.optional)


def test_release_is_no_stricter_than_strict():
    assert set(load_profile("release", CATALOG).gate) <= set(load_profile("strict", CATALOG).gate)


FRAMEWORK = """\
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
  - id: "H.1"
    token: house-1
    group: "H"
    label: Digests
    statement: Files are recorded.
    evidence_kind: automated
    automation: partial
    needs: [checks, documents]
    criteria: [provenance.hash_match.mismatched_digests]
    unmeasured: [security.dependencies]
    facts: [report.gate]
    documents: [release note]
    remedy: Record the digests.
"""


def test_adding_a_catalog_is_one_file(tmp_path):
    (tmp_path / "house.yaml").write_text(FRAMEWORK)
    for path in (tmp_path, tmp_path / "house.yaml"):
        found = load([path])
        assert found.frameworks[-1].id == "house-rules"
        assert found.own == {"house-rules"}


@pytest.mark.parametrize(
    ("old", "new", "message", "hint"),
    [
        ("hash_match.mismatched_digests", "hash_match.mismatched", ":19: unknown criterion", "mismatched_digests"),
        (
            "security.dependencies",
            "security.dependency",
            ":20: unknown unmeasured check",
            "did you mean 'security.dep",
        ),
        ("report.gate", "report.gates", ":21: unknown report fact", "did you mean 'report.gate'?"),
        ('group: "H"', 'group: "J"', ":13: unknown group 'J'", "add it"),
        ('{id: "H", label: House}', '{id: "H", label: House, parent: "K"}', ":9: unknown group 'K'", "add it"),
        ('id: "H.1"', "id: 4.10", ":11: controls.0.id is read as a number", 'put it in quotes: "4.10"'),
        ("remedy: Record the digests.", "remdy: x", ":23: unknown key 'remdy'", "did you mean 'remedy'?"),
        ("remedy: Record the digests.", "remedy: ' '", "its remedy is empty", "complete"),
        ("needs: [checks, documents]", "needs: []", "needs is empty", "complete"),
        ("documents: [release note]", "documents: []", "needs documents and names none", "complete"),
        ("automation: partial", "automation: none", "automation is none", "complete"),
        ("automation: partial", "automation: sufficient", "sufficient", "complete"),
        ("id: house-rules", "id: iso-42001", ":1: a framework 'iso-42001' exists already", "another id"),
        ("as_of: 2026-01-01", "as_of: last year", "as_of must be a date", "correct"),
    ],
)
def test_a_framework_that_does_not_fit_is_refused_with_its_line(tmp_path, old, new, message, hint):
    assert old in FRAMEWORK
    (tmp_path / "house.yaml").write_text(FRAMEWORK.replace(old, new))
    with pytest.raises(UsageProblem) as caught:
        load([tmp_path])
    assert message in caught.value.message
    assert "house.yaml:" in caught.value.message
    assert hint in caught.value.hint


def test_the_same_control_twice_is_refused(tmp_path):
    body = FRAMEWORK[FRAMEWORK.index("  - id: ") :]
    (tmp_path / "house.yaml").write_text(FRAMEWORK + body)
    with pytest.raises(UsageProblem, match=r"house.yaml:24: 'H.1' stands twice"):
        load([tmp_path])
    (tmp_path / "house.yaml").write_text(FRAMEWORK + body.replace('"H.1"', '"H.2"'))
    with pytest.raises(UsageProblem, match=r"house.yaml:25: 'house-1' stands twice"):
        load([tmp_path])


CRITERION = """\
criteria:
  - id: provenance.hash_match.mismatched_digests
    title: Digests match
    check: provenance.hash_match
    measurement: mismatched_digests
    unit: count
    operator: "<="
    threshold: 0
    only_if: [{measurement: undeclared_digests, operator: "<=", threshold: 0}]
    not_applicable_when: [measured.undeclared_digests]
    why: Because.
    remedy: Correct it.
"""


@pytest.fixture
def controls(tmp_path, monkeypatch):
    monkeypatch.setattr(catalogs, "shipped", lambda kind: tmp_path)
    return tmp_path / "criteria.yaml"


@pytest.mark.parametrize(
    ("old", "new", "message", "hint"),
    [
        ("check: provenance.hash_match", "check: provenance.hashmatch", ":4: unknown check", "provenance.hash_match"),
        ("measurement: mismatched_digests", "measurement: zzz", ":5: provenance.hash_match has no", "it has"),
        ("unit: count", "unit: share", ":6: mismatched_digests is emitted in count", "write `unit: count`"),
        (
            "{measurement: undeclared_digests",
            "{measurement: undeclared",
            ":9: provenance.hash_match has no",
            "undeclared",
        ),
        ("{measurement: undeclared_digests", "{param: eps", ":9: provenance.hash_match has no parameter", "it has"),
        ("measured.undeclared_digests", "measured.nothing", ":10: provenance.hash_match has no reason", "measured."),
        ("measured.undeclared_digests", "provenance.none", ":10: provenance.hash_match has no reason", "hash_match."),
    ],
)
def test_a_criterion_that_no_check_can_serve_is_refused(controls, old, new, message, hint):
    controls.write_text(CRITERION)
    assert len(load(checks=CHECKS.all()).criteria) == 1
    controls.write_text(CRITERION.replace(old, new))
    with pytest.raises(UsageProblem) as caught:
        load(checks=CHECKS.all())
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_a_criterion_stands_once(controls):
    controls.write_text(CRITERION + CRITERION.removeprefix("criteria:\n"))
    with pytest.raises(UsageProblem, match=r"criteria.yaml:13: .* stands twice"):
        load()


def test_profiles_are_found_by_name_or_path(tmp_path):
    with pytest.raises(UsageProblem) as caught:
        load_profile("realease", CATALOG)
    assert caught.value.hint == "did you mean 'release'?"
    own = "id: own\ntitle: Own\ndescription: Mine.\nframeworks: []\ngate: [performance.holdout.r2]\n"
    (tmp_path / "own.yaml").write_text(own)
    assert load_profile("own.yaml", CATALOG, tmp_path).gate == ("performance.holdout.r2",)
    for old, new, message in (
        ("performance.holdout.r2", "performance.holdout.r", r"own.yaml:5: unknown criterion"),
        ("[performance.holdout.r2]", "[]", "profile own requires nothing"),
        ("frameworks: []", "frameworks: [iso-42002]", r"own.yaml:4: unknown framework"),
        (
            "frameworks: []",
            "frameworks: []\ncontrols: [{framework: iso-42001, control: 'A.99'}]",
            "unknown control 'A.99'",
        ),
    ):
        (tmp_path / "own.yaml").write_text(own.replace(old, new))
        with pytest.raises(UsageProblem, match=message):
            load_profile("own.yaml", CATALOG, tmp_path)
    with pytest.raises(UsageProblem, match=r"none.yaml can't be read"):
        load_profile("none.yaml", CATALOG, tmp_path)


def threshold(name, criteria):
    return next(criterion for criterion in criteria if criterion.id == name)


def test_a_tighter_threshold_is_free():
    for name, value in (("privacy.membership_inference.attack_auc", 0.52), ("robustness.evasion.robust_accuracy", 0.9)):
        found = threshold(name, tighten(CATALOG.criteria, {name: CriterionOverride(threshold=value)}))
        assert (found.threshold, found.loosened_by) == (value, "")


def test_a_looser_threshold_needs_a_reason_and_an_owner():
    for name, value in (("privacy.membership_inference.attack_auc", 0.6), ("robustness.evasion.robust_accuracy", 0.7)):
        for given in ({}, {"reason": "internal use"}, {"owner": "Risk"}, {"reason": " ", "owner": "Risk"}):
            with pytest.raises(UsageProblem) as caught:
                tighten(CATALOG.criteria, {name: CriterionOverride(threshold=value, **given)})
            assert name in caught.value.message
            assert "owner" in caught.value.hint
        both = CriterionOverride(threshold=value, reason="internal use", owner="Risk")
        found = threshold(name, tighten(CATALOG.criteria, {name: both}))
        assert (found.threshold, found.loosened_by, found.loosened_because) == (value, "Risk", "internal use")


def test_a_threshold_problem_names_the_line_of_govkit_yaml(tmp_path):
    file = tmp_path / "govkit.yaml"
    file.write_text("criteria:\n  robustness.evasion.robust_accuracy:\n    threshold: 85\n")
    given = {"robustness.evasion.robust_accuracy": CriterionOverride(threshold=85)}
    with pytest.raises(UsageProblem, match=r"govkit.yaml:3: .* outside 0 to 1"):
        tighten(CATALOG.criteria, given, read(file))
    with pytest.raises(UsageProblem) as caught:
        tighten(CATALOG.criteria, {"robustness.evasion.robust_shar": CriterionOverride(threshold=0.9)})
    assert caught.value.hint == "did you mean 'robustness.evasion.robust_accuracy'?"


def test_conditions_and_reasons_of_shipped_criteria_use_the_shared_prefix():
    reasons = [reason for criterion in CATALOG.criteria for reason in criterion.not_applicable_when]
    assert any(reason.startswith(MEASURED) for reason in reasons)
    assert Path(str(catalogs.shipped("controls"))).name == "controls"
