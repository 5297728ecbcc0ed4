"""The audit as a whole: the same bytes for the same work, whatever runs it, and a clean end when it is stopped."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest
import small_project

import govkit
from govkit.core.digest import canonical
from govkit.core.errors import UsageProblem
from govkit.core.record import AuditRecord

ROOT = Path(govkit.__file__).parent.parent


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return small_project.write(tmp_path_factory.mktemp("flow"), count=400)


def command(project, out, *options, hash_seed="0"):
    words = ["audit", project.model, project.data, "--out", out, "--budget", "quick", "--format", "json", "--no-cache"]
    return subprocess.Popen(
        [sys.executable, "-m", "govkit", *map(str, words), *map(str, options)],
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT), "CI": "true"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_the_result_is_the_same_whatever_runs_it(project, tmp_path):
    command(project, tmp_path / "one", "--jobs", 1, hash_seed="1").communicate(timeout=300)
    plan = tmp_path / "one" / "audit.json"
    command(project, tmp_path / "two", "--jobs", 2, "--plan", plan, hash_seed="2").communicate(timeout=300)
    first, second = (json.loads((tmp_path / name / "audit.json").read_text()) for name in ("one", "two"))
    assert canonical(first["result"]) == canonical(second["result"])
    assert first["result_sha256"] == second["result_sha256"]
    assert first["run"]["jobs"] != second["run"]["jobs"]


def test_the_library_gives_the_record_and_writes_only_when_asked(project, tmp_path):
    options = {"budget": "quick", "only": ("quality",), "as_of": date(2026, 11, 21)}
    before = sorted(project.folder.rglob("*"))
    record = govkit.audit(project.model, project.data, train=project.train, **options)
    assert isinstance(record, AuditRecord)
    assert sorted(project.folder.rglob("*")) == before
    speed = record.run.speed
    assert speed is not None
    assert speed.file_bytes == project.model.stat().st_size
    assert 0 < speed.row_ms[0] <= speed.row_ms[1]
    assert 0 < speed.batch_ms[0] <= speed.batch_ms[1]
    assert speed.peak_bytes > 10e6
    assert {evidence.check.split(".")[0] for evidence in record.result.evidence} == {"quality"}
    govkit.audit(str(project.model), str(project.data), out=tmp_path / "out", formats=("junit",), **options)
    # the record comes along whatever is asked for
    assert {item.name for item in (tmp_path / "out").iterdir() if item.name[0] != "."} == {"audit.json", "junit.xml"}


def test_every_sentence_of_a_record_has_its_template(project):
    record = govkit.audit(
        project.model, project.data, budget="quick", only=("quality", "pii", "provenance", "security")
    )
    plain = record.result.model_dump(mode="json")

    def ids(item):
        if isinstance(item, dict):
            if item.keys() == {"id", "args"}:
                yield item["id"]
            for value in item.values():
                yield from ids(value)
        elif isinstance(item, list):
            for value in item:
                yield from ids(value)

    assert set(ids(plain)) == set(record.result.messages)


def test_a_rerun_takes_over_what_is_equal(project, tmp_path):
    options = {
        "budget": "quick",
        "only": ("quality", "performance.holdout"),
        "out": tmp_path / "out",
        "formats": ("json",),
    }
    first = govkit.audit(project.model, project.data, **options)
    again = govkit.audit(project.model, project.data, **options)
    assert set(again.run.from_journal) == {evidence.check for evidence in first.result.evidence}
    assert canonical(again.result) == canonical(first.result)
    other = govkit.audit(project.model, project.data, **options, seed=5)
    assert other.run.from_journal == ()


def test_data_only_needs_no_model(project):
    record = govkit.audit(None, project.data, profile="data-only", budget="quick", only=("quality", "performance"))
    assert record.result.model is None
    assert record.run.speed is None
    with pytest.raises(UsageProblem, match="needs a model"):
        govkit.audit(None, project.data)


def test_training_rows_may_be_a_column_of_the_data(project, tmp_path):
    import pandas as pd

    both = pd.concat([pd.read_csv(project.train).assign(split="train"), pd.read_csv(project.data).assign(split="test")])
    both.to_csv(tmp_path / "both.csv", index=False)
    (tmp_path / "govkit.yaml").write_text("target: repaid\ntrain: {column: split, value: train}\n")
    record = govkit.audit(project.model, tmp_path / "both.csv", budget="quick", only=("quality",))
    assert {data.role: data.rows for data in record.result.data} == {"test": 400, "train": 400}


def test_an_interrupted_audit_leaves_no_process_and_no_report(project, tmp_path):
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # an ignored one would be inherited
    started = command(project, tmp_path / "out", "--jobs", 2)
    signal.signal(signal.SIGINT, before)
    for line in started.stderr:
        if "✓" in line or "○" in line:
            break
    group = os.getpgid(started.pid)
    os.killpg(group, signal.SIGINT)
    out, err = started.communicate(timeout=30)
    assert started.returncode == 130
    assert "interrupted" in err
    assert out == ""
    assert [item.name for item in (tmp_path / "out").iterdir() if item.name != ".journal"] == []
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    pytest.fail("a process of the audit is still there")
