"""Every command that reads a record, given one that is damaged, edited, newer, of another system or none at all."""

import json

import pytest
import report_records as records

from govkit.core.digest import sha256_of
from govkit.reports.record_json import record_json

GOOD = record_json(records.failing())


def changed(**parts):
    """Give the record with other parts, its digest made to fit."""
    plain = json.loads(GOOD)
    plain["result"] |= parts
    plain["result_sha256"] = sha256_of(plain["result"])
    return json.dumps(plain).encode()


BAD = {
    "cut short": (GOOD[:5_000], 3, "is not complete JSON"),
    "empty": (b"", 3, "is not complete JSON"),
    "not text": (b"\xff\xfe\x00", 3, "is not complete JSON"),
    "nested without end": (b'{"schema_version": "1", "result": ' + b"[" * 200_000, 3, "is not complete JSON"),
    "a list": (b"[1, 2]", 3, "is no audit record"),
    "another kind of file": (b'{"bomFormat": "CycloneDX"}', 3, "is no audit record"),
    "a newer schema": (GOOD.replace(b'"schema_version":"1"', b'"schema_version":"2"'), 3, "has record version '2'"),
    "a schema that is no text": (
        GOOD.replace(b'"schema_version":"1"', b'"schema_version":1'),
        3,
        "has record version 1",
    ),
    "edited by hand": (GOOD.replace(b'"seed":', b'"seed":1', 1), 6, "its digest does not match"),
    "a verdict put right": (GOOD.replace(b'"verdict":"failed"', b'"verdict":"passed"'), 6, "its digest does not match"),
    "no result": (b'{"schema_version": "1"}', 6, "its digest does not match"),
    "a newer field": (changed(weather="fine"), 3, "has result.weather, which this govkit"),
    "a missing field": (changed(decision=None), 3, "result.decision is not as it should be"),
    "an unknown verdict": (changed(decision={"verdict": "green"}), 3, "is not as it should be"),
    "not a number": (changed(seed="many"), 3, "result.seed is not as it should be"),
}
WAIVE = ("--reason", "r" * 30, "--risk", "r" * 30, "--requested-by", "A. B", "--approved-by", "C. D", "--role", "CRO",
         "--expires-on", "2027-01-01", "--on", "2026-11-21")  # fmt: skip
COMMANDS = {
    "gate": ("gate", "BAD"),
    "gate by a profile": ("gate", "BAD", "--profile", "strict"),
    "gate against it": ("gate", "GOOD", "--baseline", "BAD", "--new-only"),
    "compare it": ("compare", "BAD", "GOOD"),
    "compare with it": ("compare", "GOOD", "BAD", "--format", "json"),
    "explain": ("explain", "MEASURE 2.7", "--record", "BAD"),
    "controls": ("controls", "list", "--record", "BAD"),
    "report": ("report", "BAD", "--format", "junit"),
    "waive": ("waive", "quality.overlap", "--record", "BAD", *WAIVE),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bad")
    (folder / "good.json").write_bytes(GOOD)
    (folder / "govkit.yaml").write_text("system: {id: loans}\n")
    return folder


@pytest.mark.parametrize("command", COMMANDS)
def test_a_bad_record_is_one_clear_error_in_every_command(govkit, folder, monkeypatch, command):
    monkeypatch.chdir(folder)
    for content, code, said in BAD.values():
        (folder / "bad.json").write_bytes(content)
        answer = govkit(*({"BAD": "bad.json", "GOOD": "good.json"}.get(word, word) for word in COMMANDS[command]))
        assert (answer.code, answer.out) == (code, ""), answer
        error, advice = answer.err.splitlines()
        assert error.startswith("error: bad.json ")
        assert said in error
        assert advice.startswith("  → ")
    assert sorted(path.name for path in folder.iterdir()) == ["bad.json", "good.json", "govkit.yaml"]


def test_a_history_keeps_the_audits_that_can_be_read(govkit, tmp_path):
    for number, (content, _, _) in enumerate(BAD.values(), 1):
        (tmp_path / "history" / f"{number:04}").mkdir(parents=True)
        (tmp_path / "history" / f"{number:04}" / "audit.json").write_bytes(content)
    assert govkit("history", tmp_path).code == 3
    (tmp_path / "audit.json").write_bytes(GOOD)
    answer = govkit("history", tmp_path)
    assert answer.code == 0
    assert answer.err.count("is left out: ") == len(BAD)
    assert answer.out.splitlines()[1].startswith("now ")


def test_a_record_of_another_system_is_not_compared(govkit, folder, tmp_path):
    other = tmp_path / "other.json"
    other.write_bytes(changed(system={"id": "another", "name": "Another"}))
    for words in (("compare", folder / "good.json", other),
                  ("gate", other, "--baseline", folder / "good.json", "--new-only")):  # fmt: skip
        answer = govkit(*words)
        assert (answer.code, "different systems" in answer.err) == (3, True)


def test_what_can_not_be_waived_is_not_written_from_an_earlier_record_either(govkit, tmp_path, monkeypatch):
    name = "provenance.hash_match.mismatched_digests"
    old = json.loads(GOOD.replace(b"quality.overlap", name.encode()))
    old["result_sha256"] = sha256_of(old["result"])
    (tmp_path / "audit.json").write_text(json.dumps(old))
    (tmp_path / "govkit.yaml").write_text(f"system: {{id: {old['result']['system']['id']}}}\n")
    monkeypatch.chdir(tmp_path)
    answer = govkit("waive", name, "--record", "audit.json", *WAIVE)
    assert (answer.code, "can't be waived" in answer.err) == (2, True), answer
    assert not (tmp_path / "waivers.yaml").exists()
