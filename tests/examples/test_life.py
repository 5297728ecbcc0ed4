"""The life of a model: failed, waived, passed, trained anew, failed again, as the script in examples/ plays it."""

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from govkit.comparison import compare
from govkit.core.control import Result, Status, Verdict
from govkit.records import read_record
from govkit.reports.web import web_report

EXAMPLES = Path(__file__).parents[2] / "examples"
CALIBRATION = "performance.calibration.expected_calibration_error"


@pytest.fixture(scope="module")
def life(tmp_path_factory):
    folder = tmp_path_factory.mktemp("life") / "model"
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / "credit-flawed" / "life.py"), str(folder)],
        env={**os.environ, "PYTHONPATH": str(EXAMPLES.parent)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "govkit-out", done.stdout


def test_the_three_audits_of_a_life(life):
    out, _ = life
    first, waived, again = (
        read_record(path / "audit.json") for path in (out / "history/0001", out / "history/0002", out)
    )
    assert [one.result.decision.verdict for one in (first, waived, again)] == [
        Verdict.FAILED, Verdict.PASSED, Verdict.FAILED,
    ]  # fmt: skip
    assert {one.id for one in first.result.decision.incomplete} == {"A.3.2"}
    assert [one.id for one in waived.result.decision.waived] == [CALIBRATION]
    states = {found.criterion: found for found in waived.result.criterion_results}
    assert (states[CALIBRATION].result, states[CALIBRATION].waiver) == (Result.FAIL, waived.result.waivers[0].id)
    assert all(found.status is Status.NOT_MET for found in waived.result.control_results if found.waivers)
    assert again.result.waivers == ()
    assert [one.message.id for one in again.result.ignored] == ["waiver.other_model"]
    assert again.result.model.sha256 != waived.result.model.sha256 == first.result.model.sha256
    assert [one.id for one in again.result.decision.failed] == [CALIBRATION]
    assert again.result.decision.incomplete == ()


def test_everything_that_reads_the_records_shows_the_waiver(life):
    out, said = life
    waived, again = read_record(out / "history/0002/audit.json"), read_record(out / "audit.json")
    name = waived.result.waivers[0].id
    (change,) = compare(waived, again).criteria
    assert (change.criterion, change.old, change.new) == (CALIBRATION, Result.FAIL, Result.FAIL)
    assert change.waiver_lost == name
    assert change.waiver_lost_because == f"{name} is for another model file: the digest differs."
    assert json.dumps(asdict(change), default=str)
    plain = " ".join(said.split())
    assert f"by C. Officer (Chief risk officer): {name}" in plain
    assert f"not counted waivers.yaml:3: {name} is for another model file" in plain
    assert f"no longer waived: {name}" in plain
    page = web_report(waived).decode()
    assert "Failed and accepted by a waiver" in page
    assert 'href="#waivers">why</a>' in web_report(again).decode()
    assert "waived" in (out / "history.html").read_text()
