"""What a GitHub workflow sees: annotations, the summary page, the composite action and the pre-commit hook."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import report_records as records
import small_project
import yaml

from govkit.cli.github import CUT, MOST_ERRORS, MOST_SUMMARY, annotations, shortened
from govkit.reports.outcomes import outcomes
from govkit.reports.record_json import record_json

ROOT = Path(__file__).parents[2]
COMMAND = re.compile(r"::error (file=[^\s:,]+,line=1,)?title=[^:,\r\n]*::[^\r\n]+")


@pytest.mark.parametrize("name", sorted(records.ALL))
def test_annotations_are_one_command_each_and_few(name):
    record = records.ALL[name]()
    lines = list(annotations(record, "govkit.yaml"))
    blocking = [one for one in outcomes(record) if one.standing in {"failed", "incomplete"}]
    assert len(lines) == min(len(blocking), MOST_ERRORS + 1)
    assert all(COMMAND.fullmatch(line) for line in lines)


def test_what_does_not_fit_is_counted():
    record = records.build(records.bad_evidence(), required=tuple(
        records.ControlRef(framework="nist-ai-rmf", control=f"MEASURE 1.{place}") for place in (1, 2, 6, 7)
    ))  # fmt: skip
    lines = list(annotations(record))
    assert lines[-1] == "::error title=govkit::3 more are in the report"
    assert "fail: 1,912 (n 28,000)" in lines[0]


def test_text_can_not_start_a_command():
    lines = list(annotations(records.hostile(), "a,b:c%.yaml"))
    assert lines[0].startswith("::error file=a%2Cb%3Ac%25.yaml,line=1,title=")
    assert all(line.count("\n") == 0 and line.startswith("::error ") for line in lines)


def test_a_summary_is_cut_at_a_line():
    assert shortened(b"short\n") == b"short\n"
    cut = shortened("é line\n".encode() * 200_000)
    assert len(cut) <= MOST_SUMMARY
    assert cut.endswith(b"line" + CUT)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    project = small_project.write(tmp_path_factory.mktemp("github") / "repo")
    spiteful = project.folder / "a $(touch owned) `touch owned` ;.pkl"
    spiteful.write_bytes(project.model.read_bytes())
    tools = project.folder.parent / "bin"
    tools.mkdir()
    command = tools / "govkit"
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m govkit "$@"\n')
    command.chmod(0o755)
    return project.folder


def environment(workspace, **more):
    """Give what a runner sets, and nothing else of this process but what Python needs."""
    keep = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR") if name in os.environ}
    path = f"{workspace.parent / 'bin'}:{os.environ['PATH']}"
    files = {name: str(workspace.parent / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    for file in files.values():
        Path(file).unlink(missing_ok=True)
    own = {"PATH": path, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "CI": "true", "GITHUB_ACTIONS": "true"}
    return {**keep, **own, **files, "GITHUB_WORKSPACE": str(workspace), **more}


def action():
    return yaml.safe_load((ROOT / ".github/actions/audit/action.yml").read_text())


def run_audit_step(workspace, **given):
    """Run the action's step as a runner does: its inputs as the environment that the step names."""
    step = next(step for step in action()["runs"]["steps"] if step.get("id") == "audit")
    inputs = {name: str(found.get("default", "")) for name, found in action()["inputs"].items()} | given
    named = {
        name: re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda found: inputs[found[1]], text)
        for name, text in step["env"].items()
    }
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]],
        cwd=workspace, env=environment(workspace, **named), capture_output=True, text=True, timeout=250, check=False,
    )  # fmt: skip
    outputs = (workspace.parent / "GITHUB_OUTPUT").read_text()
    return done, dict(line.split("=", 1) for line in outputs.splitlines())


def test_no_input_is_pasted_into_a_script():
    for step in action()["runs"]["steps"]:
        assert "${{" not in step["run"]
        assert step["shell"] == "bash"


def test_the_action_audits_and_tells(workspace):
    arguments = "--budget\nquick\n--only\nquality,performance,security"
    model = "a $(touch owned) `touch owned` ;.pkl"
    done, outputs = run_audit_step(workspace, model=model, data="data.csv", arguments=arguments)
    assert (done.returncode, outputs["exit-code"]) == (5, "5"), done.stderr
    assert not (workspace / "owned").exists()
    assert (workspace / outputs["record"]).is_file()
    assert (workspace / outputs["sarif"]).is_file()
    errors = [line for line in done.stdout.splitlines() if line.startswith("::error ")]
    assert 0 < len(errors) <= MOST_ERRORS + 1
    assert errors[0].startswith("::error file=govkit.yaml,line=6,title=govkit%3A Columns with direct identifiers")
    assert done.stdout.startswith("::stop-commands::")
    assert (workspace.parent / "GITHUB_STEP_SUMMARY").read_text().startswith("## ▲ INCOMPLETE: Loans")
    baseline = str(workspace / "baseline.json")
    (workspace / outputs["record"]).rename(baseline)
    done, outputs = run_audit_step(workspace, model=model, data="data.csv", arguments=arguments, baseline=baseline)
    assert (done.returncode, outputs["exit-code"]) == (0, "0"), done.stdout


def test_the_action_passes_a_wrong_call_on(workspace):
    done, outputs = run_audit_step(workspace, model="model.pkl", data="missing.csv", out="elsewhere")
    assert (done.returncode, outputs) == (3, {"exit-code": "3"})


def test_a_summary_that_can_not_be_written_is_not_fatal(workspace, govkit, monkeypatch):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(workspace))
    answer = govkit(
        "audit", workspace / "data.csv", "--profile", "data-only", "--only", "quality", "--out", workspace / "o"
    )
    assert answer.code == 5
    assert "the step summary was not written: Is a directory" in answer.err


@pytest.mark.parametrize(("names", "code"), [(["passing"], 0), (["passing", "failing"], 1), (["refused"], 4)])
def test_the_pre_commit_hook_stops_what_the_gate_stops(workspace, tmp_path, names, code):
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    files = []
    for name in names:
        files.append(tmp_path / name / "audit.json")
        files[-1].parent.mkdir()
        files[-1].write_bytes(record_json(records.ALL[name]()))
        assert re.search(hook["files"], files[-1].as_posix())
    words = [*shlex.split(hook["entry"]), *map(str, files)]
    done = subprocess.run(words, env=environment(workspace), capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
