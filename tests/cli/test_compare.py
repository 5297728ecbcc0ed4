"""compare, gate --baseline and history, as they are typed."""

import os
import subprocess
import sys

import pytest
import report_records as records
from integrity import unsteered
from pydantic import TypeAdapter
from test_commands import HEAVY, loaded_by

from govkit.comparison import Comparison
from govkit.delivery import deliver, formats_named
from govkit.reports.record_json import record_json


@pytest.fixture
def pair(tmp_path):
    paths = tmp_path / "old.json", tmp_path / "new.json"
    for path, name in zip(paths, ("passing", "failing"), strict=True):
        path.write_bytes(record_json(records.ALL[name]()))
    return paths


@pytest.mark.parametrize("words", [("compare",), ("gate", "--new-only", "--baseline")])
def test_records_are_compared_without_anything_heavy(pair, words):
    code, modules, out = loaded_by(*words, *pair)
    assert code in (0, 1)
    assert out
    assert not modules & HEAVY


def test_the_table_names_what_turned(govkit, pair):
    out = govkit("compare", *pair).out
    assert out.startswith("credit-decision: PASSED on 2026-11-21, FAILED on 2026-11-21, the same model")
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert any(line.startswith("quality.overlap pass fail worse gated, beyond chance") for line in lines)
    assert any(line.startswith("old provenance.datasheet missing_fields") for line in lines)


def test_markdown_and_json(govkit, pair):
    text = govkit("compare", *pair, "--format", "md").out
    assert "### Measurements" in text
    assert "| quality.overlap | pass | fail | worse | gated, beyond chance |" in text
    found = TypeAdapter(Comparison).validate_json(govkit("compare", *pair, "--format", "json").out)
    assert found.new.verdict == "failed"


def test_an_audit_compared_with_itself_has_nothing_to_say(govkit, pair):
    lines = govkit("compare", pair[0], pair[0]).out.strip().splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("0 measurements changed")


@pytest.mark.parametrize(("old", "new", "code"), [(0, 1, 1), (1, 0, 0), (1, 1, 0)])
def test_the_gate_holds_a_record_to_its_baseline(govkit, pair, old, new, code):
    answer = govkit("gate", pair[new], "--baseline", pair[old], "--new-only", "--as-of", "2026-11-21")
    assert answer.code == code
    assert "for what got worse since the baseline" in answer.out
    assert answer.out.count("\nknown ") + answer.out.startswith("known ") == (8 if old == new else 0)


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("compare", "OLD", "NEW", "--format", "xml"), 2, "there is no format 'xml'"),
        (("compare", "OLD", "missing.json"), 3, "can't be read"),
        (("gate", "NEW", "--baseline", "OLD"), 2, "go together"),
        (("gate", "NEW", "--new-only"), 2, "go together"),
        (("history", "."), 3, "holds no audit"),
    ],
)
def test_wrong_calls(govkit, pair, words, code, sentence):
    there = {"OLD": pair[0], "NEW": pair[1], ".": pair[0].parent}
    answer = govkit(*(there.get(word, word) for word in words))
    assert (answer.code, sentence in answer.err) == (code, True)


def test_an_edited_baseline_is_an_integrity_problem(govkit, pair):
    pair[0].write_text(pair[0].read_text().replace('"seed":1234', '"seed":1235', 1))
    assert govkit("gate", pair[1], "--baseline", pair[0], "--new-only").code == 6


def test_the_history_of_a_folder(govkit, tmp_path):
    for name in ("passing", "failing", "waived"):
        deliver(records.ALL[name](), tmp_path, formats_named(["json"]))
    (tmp_path / "history" / "0003").mkdir()
    (tmp_path / "history" / "0003" / "audit.json").write_text("{}")
    answer = govkit("history", tmp_path)
    assert answer.code == 0
    assert "0003 is left out" in answer.err
    lines = [" ".join(line.split()) for line in answer.out.splitlines()]
    assert lines[1].startswith("0001 2026-11-21 9372c470 passed 13 0 0 0 0")
    assert lines[2].startswith("0002 2026-11-21 9372c470 failed 5 5 3 0 ")
    assert lines[3].startswith("now 2026-11-21 9372c470 passed 12 1 0 ")
    assert any(line.startswith("quality.overlap ✓✗✓ pass 0 %") for line in lines)


@pytest.mark.parametrize("words", [("gate", "NEW"), ("compare", "OLD", "NEW"), ("history", ".")])
def test_a_terminal_without_signs_gets_ascii(pair, words):
    there = {"OLD": pair[0], "NEW": pair[1], ".": pair[1].parent}
    deliver(records.failing(), pair[1].parent, formats_named(["json"]))
    done = subprocess.run(
        [sys.executable, "-m", "govkit", *(str(there.get(word, word)) for word in words)],
        env={**os.environ, "PYTHONIOENCODING": "ascii:strict"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    assert done.stdout.isascii()


def test_the_gate_says_number_limit_and_what_to_do(govkit, pair):
    lines = [" ".join(line.split()) for line in govkit("gate", pair[1], "--as-of", "2026-11-21").out.splitlines()]
    place = lines.index("failed criterion privacy.members-found: fail")
    assert lines[place + 1] == "Few members found: fail: 36.4 % [33.4, 39.4] (n 1,000); limit ≤ 3 %"
    assert lines[place + 2].startswith("to do: Regularise the model")


def test_a_hostile_record_can_not_steer_the_terminal(govkit, tmp_path):
    path = tmp_path / "audit.json"
    path.write_bytes(record_json(records.hostile()))
    for words in (("gate", path), ("compare", path, path), ("compare", path, path, "--format", "md")):
        assert unsteered(govkit(*words).out)
