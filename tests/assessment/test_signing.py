import json
from datetime import date

import pytest

from govkit.assessment.attestations import Audited, judge_attestations
from govkit.assessment.catalogs import load
from govkit.assessment.signing import Project, Signature, attest, find_control
from govkit.config import Config
from govkit.core.control import DocumentState
from govkit.core.errors import UsageProblem
from govkit.strict_yaml import read

FRAMEWORKS = load().frameworks
ON = date(2026, 11, 21)
KEPT = """\
# Kept by the risk team.
govkit_attestations: "1"
system: {id: credit, version: "1.0"}
attestations: # newest last
  # about the policy
  - framework: iso-42001
    control: "A.2.2"
    verdict: met # by the board
    statement: >-
      The policy was approved
      by the board in June.
    by: {name: "B. Chair", role: "Board"}
    effective_on: 2026-06-30
    expires_on: 2027-06-30
    documents:
      - {path: policy.pdf, sha256: "DIGEST"}

  # about roles
  - control: "A.3.2"
    framework: iso-42001
    verdict: not_met
    statement: "Roles are not assigned yet, by decision."
    by: {name: "B. Chair", role: "Board"}
    effective_on: 2026-06-30
    expires_on: 2027-06-30
# the end
"""


@pytest.fixture
def project(tmp_path):
    (tmp_path / "policy.pdf").write_bytes(b"The policy.")
    (tmp_path / "roles.pdf").write_bytes(b"The roles.")
    return Project(tmp_path, Config.model_validate({"system": {"id": "credit", "version": "1.0"}}))


def signature(**changes):
    plain = {
        "verdict": "met",
        "statement": "The documents show that this control is in place.",
        "name": "A. Reviewer",
        "role": "Head of model risk",
        "contact": "",
        "on": ON,
        "expires_on": date(2027, 11, 21),
        "documents": ("roles.pdf",),
        **changes,
    }
    return Signature(**plain)


def sign(project, control, **changes):
    return attest(project, *find_control(control, FRAMEWORKS), signature(**changes))


def states(project):
    document = read(project.folder / "attestations.yaml")
    statements, _ = judge_attestations(document, Audited(project.config, "", project.folder, ON), FRAMEWORKS)
    return {control: statement.result.state for (_, control), statement in statements.items()}


def kept(project, text=KEPT):
    from govkit.core.digest import sha256_of_file

    file = project.folder / "attestations.yaml"
    file.write_bytes(text.replace("DIGEST", sha256_of_file(project.folder / "policy.pdf")).encode())
    return file


def test_a_first_statement_makes_the_file_and_counts(project):
    file = sign(project, "A.3.2", contact="risk@example.org")
    assert states(project) == {"A.3.2": DocumentState.VALID}
    assert read(file).data["system"] == {"id": "credit", "version": "1.0"}
    assert sorted(item.name for item in project.folder.iterdir()) == ["attestations.yaml", "policy.pdf", "roles.pdf"]


def test_another_statement_leaves_every_line_that_was_there(project):
    before = kept(project).read_text().splitlines()
    file = sign(project, "iso42001-a.4.2")
    after = file.read_text().splitlines()
    start = after.index('    control: "A.4.2"') - 1
    assert after[:start] + after[start + len(after) - len(before) :] == before
    assert after[-1] == "# the end"
    assert states(project)["A.4.2"] is DocumentState.VALID


@pytest.mark.parametrize(("control", "comments"), [("A.2.2", 5), ("A.3.2", 6)])
def test_a_new_statement_takes_the_place_of_the_earlier_one_alone(project, control, comments):
    before = read(kept(project)).data["attestations"]
    file = sign(project, control)
    after = read(file).data["attestations"]
    assert [entry["control"] for entry in after] == ["A.2.2", "A.3.2"]
    assert [entry for entry in after if entry["control"] != control] == [
        entry for entry in before if entry["control"] != control
    ]
    assert file.read_text().count("#") == comments
    assert states(project)[control] is DocumentState.VALID


@pytest.mark.parametrize(
    ("change", "extended"),
    [
        (lambda text: text.replace("\n", "\r\n"), True),
        (lambda text: "\ufeff" + text, True),
        (lambda text: text + "\n\n", True),
        (lambda text: text.rstrip("\n"), True),
        (lambda text: text.replace("\n  ", "\n"), True),
        (lambda text: "\n".join(KEPT.splitlines()[:3]) + "\nattestations: []\n", True),
        (lambda text: 'attestations: []\nsystem: {id: credit, version: "1.0"}\ngovkit_attestations: "1"\n', True),
        (
            lambda text: json.dumps(
                {"govkit_attestations": "1", "system": {"id": "credit"}, "attestations": []}, indent=1
            ),
            False,
        ),
        (lambda text: json.dumps({"govkit_attestations": "1", "system": {"id": "credit"}, "attestations": []}), False),
    ],
)
def test_a_file_written_otherwise_gains_the_entry_or_stays_as_it_is(project, change, extended):
    file = kept(project, change(KEPT))
    before = file.read_bytes()
    data = read(file).data
    if not extended:
        with pytest.raises(UsageProblem, match="attestations"):
            sign(project, "A.4.2")
        assert file.read_bytes() == before
        return
    sign(project, "A.4.2")
    after = read(file).data
    assert after["attestations"][:-1] == data["attestations"]
    assert {**after, "attestations": 0} == {**data, "attestations": 0}
    assert file.read_bytes().startswith(b"\xef\xbb\xbf") == before.startswith(b"\xef\xbb\xbf")
    assert (b"\r\n" in before) == (b"\r\n" in file.read_bytes())


REFUSED = {
    "placeholder": ({"statement": "TODO: describe how roles were assigned"}, "holds a placeholder"),
    "too short": ({"statement": "Done."}, "can't be read"),
    "no document": ({"documents": ()}, "lists no document"),
    "missing document": ({"documents": ("none.pdf",)}, "can't be read"),
    "a folder": ({"documents": (".",)}, "can't be read"),
    "outside": ({"documents": ("../outside.pdf",)}, "outside the project"),
    "already expired": ({"expires_on": ON}, "no later than it takes effect"),
    "nobody": ({"name": ""}, "can't be read"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_would_not_count_is_not_written(project, case):
    changes, message = REFUSED[case]
    (project.folder.parent / "outside.pdf").write_bytes(b"x")
    before = kept(project).read_bytes()
    with pytest.raises(UsageProblem, match=message):
        sign(project, "A.3.2", **changes)
    assert (project.folder / "attestations.yaml").read_bytes() == before
    assert len(list(project.folder.iterdir())) == 3


def test_a_file_about_another_version_is_not_extended(project):
    kept(project, KEPT.replace('"1.0"', '"0.9"'))
    with pytest.raises(UsageProblem, match=r"about version 0.9, not about 1.0"):
        sign(project, "A.3.2")


def test_a_statement_may_say_that_a_control_is_not_met_or_out_of_scope(project):
    sign(project, "A.3.2", verdict="not_met", documents=())
    sign(project, "A.4.2", verdict="not_applicable", documents=())
    assert states(project) == {"A.3.2": DocumentState.REJECTED, "A.4.2": DocumentState.VALID}


@pytest.mark.parametrize(
    "statement",
    [
        'It says: "no #1", \\ and {braces} - or [lists], 100 % sure.',
        "Zeile eins\nund Zeile zwei,\tmit Umlauten: äöü und 漢字.",
        "yes: true, null, *alias &anchor !tag | > % @ ` '",
        "Two\u2028kinds\u0085of line breaks are made one blank.",
    ],
)
def test_any_sentence_reads_back_as_it_was_said(project, statement):
    file = sign(project, "A.3.2", statement=statement, name='O\'Neil "Max" #7', role="Head: risk")
    entry = read(file).data["attestations"][0]
    assert entry["statement"] == " ".join(statement.split())
    assert entry["by"] == {"name": 'O\'Neil "Max" #7', "role": "Head: risk"}


def test_a_control_is_found_by_id_or_token_once():
    assert find_control("A.2.2", FRAMEWORKS) == find_control("iso42001-a.2.2", FRAMEWORKS)
    with pytest.raises(UsageProblem) as caught:
        find_control("A.2.22", FRAMEWORKS)
    assert "did you mean" in caught.value.hint
    with pytest.raises(UsageProblem, match="does not apply"):
        find_control("Risk 2", FRAMEWORKS)
    twice = FRAMEWORKS[1].model_copy(update={"id": "own"})
    with pytest.raises(UsageProblem, match="several frameworks"):
        find_control("A.2.2", (*FRAMEWORKS, twice))
    assert find_control("A.2.2", (*FRAMEWORKS, twice), "own")[0].id == "own"
    with pytest.raises(UsageProblem, match="there is no control"):
        find_control("A.2.2", FRAMEWORKS, "nist-ai-rmf")


def test_a_project_without_a_system_id_has_nothing_to_sign_for(project):
    with pytest.raises(UsageProblem, match=r"declares no system\.id"):
        sign(Project(project.folder, Config()), "A.3.2")
