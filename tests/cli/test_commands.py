"""The smaller commands: what they print, how they end, and what they leave unloaded."""

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from govkit.config import Config
from govkit.plugins.check import CHECKS

ROOT = Path(__file__).parent.parent.parent
HEAVY = {"numpy", "pandas", "scipy", "sklearn", "art", "presidio_analyzer", "weasyprint", "jinja2", "pyarrow", "spacy"}


def loaded_by(*words):
    """Run a command in a process of its own and give the modules that it loaded."""
    program = (
        "import sys, json\n"
        f"sys.argv = ['govkit', *{list(map(str, words))!r}]\n"
        "from govkit.__main__ import main\n"
        "try:\n    main()\nexcept SystemExit as ended:\n    code = ended.code\n"
        "print(json.dumps([code, sorted(sys.modules)]), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    code, modules = json.loads(done.stderr.splitlines()[-1])
    return code, set(modules), done.stdout


def test_help_loads_nothing_heavy():
    code, modules, out = loaded_by("--help")
    assert code == 0
    assert "audit" in out
    assert not modules & (HEAVY | {"pydantic", "rich", "yaml"})


@pytest.mark.parametrize(
    "words", [("checks", "list"), ("controls", "list"), ("explain", "pii.columns"), ("schema", "config")]
)
def test_what_only_reads_catalogs_loads_nothing_heavy(words):
    code, modules, _ = loaded_by(*words)
    assert code == 0
    assert not modules & HEAVY


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    import small_project

    project = small_project.write(tmp_path_factory.mktemp("record"))
    out = project.folder / "out"
    words = [
        "audit",
        project.model,
        project.data,
        "--out",
        out,
        "--budget",
        "quick",
        "--only",
        "quality,pii,performance",
    ]
    code, _, _ = loaded_by(*words, "--format", "json")
    assert code == 5
    return out / "audit.json"


def test_the_gate_decides_again_without_anything_heavy(record):
    code, modules, out = loaded_by("gate", record)
    assert code == 5
    assert not modules & HEAVY
    assert "INCOMPLETE by profile release" in out
    code, _, out = loaded_by("gate", record, "--profile", "data-only")
    assert "by profile data-only" in out


def test_explaining_a_check_imports_no_other_check():
    code, modules, out = loaded_by("explain", "quality.size")
    assert (code, "Judged by:" in out) == (0, True)
    loaded = {name for name in modules if name.startswith("govkit.checks.") and name.count(".") == 3}
    assert loaded == {"govkit.checks.quality.size"}


@pytest.mark.parametrize(
    "words",
    [
        ("gate", "RECORD", "--profile", "strict"),
        ("controls", "list", "--record", "RECORD"),
        ("explain", "MEASURE 2.7", "--record", "RECORD"),
        ("compare", "RECORD", "RECORD"),
        ("history", "FOLDER"),
    ],
)
def test_what_reads_a_record_loads_nothing_heavy(record, words):
    there = {"RECORD": record, "FOLDER": record.parent}
    _, modules, out = loaded_by(*(there.get(word, word) for word in words))
    assert out
    assert not modules & (HEAVY | {"openpyxl"})


def test_an_edited_record_is_an_integrity_problem(govkit, record, tmp_path):
    edited = tmp_path / "audit.json"
    edited.write_text(record.read_text().replace('"seed":20261', '"seed":20262', 1))
    answer = govkit("gate", edited)
    assert answer.code == 6
    assert "changed after it was written" in answer.err


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda text: text[:-50], "not complete JSON"),
        (lambda text: text.replace('"schema_version":"1"', '"schema_version":"9"'), "record version '9'"),
        (lambda _: "[]", "is no audit record"),
        (lambda _: "{}", "is no audit record"),
    ],
)
def test_unreadable_records(govkit, record, tmp_path, change, sentence):
    broken = tmp_path / "audit.json"
    broken.write_text(change(record.read_text()))
    answer = govkit("report", broken)
    assert answer.code == 3
    assert sentence in answer.err
    assert list(tmp_path.iterdir()) == [broken]


def test_reports_are_rendered_again_from_the_record(govkit, record, tmp_path):
    answer = govkit("report", record, "--format", "html,card-md", "--out", tmp_path / "again")
    assert answer.code == 0, answer.err
    assert {item.name for item in (tmp_path / "again").iterdir()} == {"report.html", "model_card.md"}
    answer = govkit("card", record, "--format", "md", "--out", tmp_path / "card")
    assert answer.code == 0, answer.err
    assert (tmp_path / "card" / "model_card.md").read_bytes() == (tmp_path / "again" / "model_card.md").read_bytes()


def test_every_check_criterion_and_control_can_be_explained(govkit):
    for check in CHECKS.all().values():
        answer = govkit("explain", check.id)
        assert answer.code == 0
        assert "Method:" in answer.out
        for emit in check.emits:
            assert emit.name in answer.out
    for name in ("MEASURE 2.7", "iso42001-a.7.4", "release", "privacy.membership_inference.attack_auc"):
        assert govkit("explain", name).code == 0


def test_explain_says_what_an_id_came_to_in_a_record(govkit, record):
    answer = govkit("explain", "quality.labels.invalid_labels", "--record", record)
    assert "In this record: pass" in answer.out


def test_an_unknown_id_names_the_nearest(govkit):
    answer = govkit("explain", "pii.colums")
    assert answer.code == 2
    assert "pii.columns" in answer.err


def test_controls_can_be_listed_by_status(govkit, record):
    assert len(govkit("controls", "list", "--framework", "nist-ai-rmf").out.splitlines()) > 72
    answer = govkit("controls", "list", "--record", record, "--status", "not_assessed")
    assert "not_assessed" in answer.out
    assert govkit("controls", "list", "--status", "met").code == 2
    assert govkit("controls", "list", "--framework", "nist").code == 2


def test_the_schema_of_the_configuration_takes_what_the_configuration_takes(govkit, project):
    import yaml

    schema = json.loads(govkit("schema", "config").out)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    assert not list(validator.iter_errors(yaml.safe_load(project.config.read_text())))
    assert list(validator.iter_errors({"profil": "release"}))
    assert list(validator.iter_errors({"checks": {"pii.columns": {"unknown": 1}}}))
    assert set(schema["properties"]) == set(Config.model_fields)


def test_doctor_finds_this_installation_complete(govkit):
    answer = govkit("doctor")
    assert answer.code == 0, answer.out
    assert "WeasyPrint" in answer.out
    assert "isolation" in answer.out


def test_stages_can_be_run_alone(govkit, project):
    answer = govkit("scan-pii", project.data)
    assert answer.code == 0
    assert "rows" in answer.out
    answer = govkit("provenance", project.data, "--json")
    assert answer.code == 5
    assert {item["outcome"] for item in json.loads(answer.out)} <= {"measured", "not_declared", "not_applicable"}


def test_the_help_in_the_readme_is_the_real_one():
    done = subprocess.run(
        [sys.executable, "-c", "import sys; sys.argv = ['govkit', '--help']; from govkit.__main__ import main; main()"],
        env={**os.environ, "COLUMNS": "80", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    indented = "\n".join(f"    {line}".rstrip() for line in done.stdout.rstrip().splitlines())
    assert indented in (ROOT / "README.md").read_text()
    assert "..." not in done.stdout.replace("[ARGS]...", "")
