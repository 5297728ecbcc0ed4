import json
import random
from functools import cache

import pytest
import report_records as records
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey

from govkit.core.digest import canonical, sha256, sha256_of
from govkit.core.errors import Exit, GovkitError, IntegrityProblem
from govkit.core.evidence import Artefact
from govkit.pack.archive import files_of, packed, unpacked
from govkit.pack.build import MANIFEST, PUBLIC_KEY, RECORD, evidence_pack
from govkit.pack.envelope import sealed, statement
from govkit.pack.keys import key_id, public_pem
from govkit.pack.verify import check_inputs, verified, verify
from govkit.plugins.report import FORMATS
from govkit.records import record_of
from govkit.reports.pages import templates_from

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
SCORES = b"row,score\n1,0.5\n"


@cache
def audit():
    """Give a record as its file holds it, with the one evidence file it names."""
    record = records.failing()
    evidence = tuple(
        one.model_copy(
            update={
                "artefacts": (Artefact(name="s.csv", media_type="text/csv", sha256=sha256(SCORES), size=len(SCORES)),)
                if one.check == "privacy.membership"
                else ()
            }
        )
        for one in record.result.evidence
    )
    result = record.result.model_copy(update={"evidence": evidence})
    record = record.model_copy(update={"result": result, "result_sha256": sha256_of(result)})
    return record_of(canonical(record), RECORD)


@cache
def small_reports():
    """Give every default report but the PDFs, which take longer to render than everything else together."""
    kept = [one for one in FORMATS.all().values() if one.default and not one.file.endswith(".pdf")]
    return {one.file: one.render(audit()) for one in kept}


@pytest.fixture
def pack():
    return evidence_pack(
        audit(), small_reports(), {"privacy.membership/s.csv": SCORES}, {"croissant.json": b'{"name": "x"}'}, KEY
    )


def looked_at(tmp_path, content, key=None):
    (tmp_path / "pack.zip").write_bytes(content)
    return verify(tmp_path / "pack.zip", key)


def test_a_pack_is_what_its_audit_wrote(tmp_path, pack):
    found = looked_at(tmp_path, pack, KEY.public_key())
    assert found.problems == ()
    assert found.signed_by == key_id(KEY.public_key())
    assert set(found.compared) == set(small_reports())
    assert found.record == audit()
    files = unpacked(tmp_path / "pack.zip")
    assert json.loads(files["configuration.json"]) == audit().result.config
    assert files["metadata/croissant.json"] == b'{"name": "x"}'


def test_the_same_audit_gives_the_same_pack(pack):
    again = evidence_pack(
        audit(), small_reports(), {"privacy.membership/s.csv": SCORES}, {"croissant.json": b'{"name": "x"}'}, KEY
    )
    assert again == pack


def caught(look):
    """Say whether a look at changed bytes ends with 6."""
    try:
        return bool(look().problems)
    except GovkitError as error:
        return error.exit_code is Exit.INTEGRITY


def flipped(content, place):
    return content[:place] + bytes([content[place] ^ 1 << place % 8]) + content[place + 1 :]


SMALL = 8 * 1024
"""Bytes of a file below which every one of them is changed in turn."""


def test_every_byte_of_small_files_and_many_of_large_ones_are_caught_when_changed(tmp_path, pack, monkeypatch):
    monkeypatch.setattr("govkit.pack.verify.record_of", cache(record_of))
    (tmp_path / "pack.zip").write_bytes(pack)
    files = unpacked(tmp_path / "pack.zip")
    large = {name: content for name, content in files.items() if len(content) > SMALL}
    assert len(files) - len(large) >= 6
    chance = random.Random(7)
    places = [(name, place) for name, content in files.items() if name not in large for place in range(len(content))]
    sizes = [len(content) for content in large.values()]
    places += [(name, chance.randrange(len(files[name]))) for name in chance.choices(list(large), sizes, k=1000)]
    for name, place in places:
        changed = {**files, name: flipped(files[name], place)}
        assert caught(lambda changed=changed: verified(changed, KEY.public_key())), (name, place)


def test_every_byte_of_the_archive_around_its_files_is_caught_when_changed(tmp_path):
    files = {"a/one.json": b"{}", "b.txt": b"two", MANIFEST: b""}
    whole = packed(files)
    for place in range(len(whole)):
        with pytest.raises(IntegrityProblem):
            files_of(flipped(whole, place), tmp_path)


def repacked(pack_path, change):
    files = unpacked(pack_path)
    change(files)
    return packed(files)


@pytest.mark.parametrize("name", ["report.html", RECORD, "evidence/privacy.membership/s.csv", "profile.json"])
def test_a_file_that_is_changed_taken_away_or_added_is_named(tmp_path, pack, name):
    path = tmp_path / "pack.zip"
    path.write_bytes(pack)
    changed = repacked(path, lambda files: files.update({name: files[name] + b" "}))
    assert ("changed", name) in {(one.what, one.name) for one in looked_at(tmp_path, changed).problems}
    path.write_bytes(pack)
    missing = repacked(path, lambda files: files.pop(name))
    assert ("missing", name) in {(one.what, one.name) for one in looked_at(tmp_path, missing).problems}
    path.write_bytes(pack)
    extra = repacked(path, lambda files: files.update({"more/" + name: b""}))
    assert ("extra", "more/" + name) in {(one.what, one.name) for one in looked_at(tmp_path, extra).problems}


def test_a_report_that_says_something_else_is_caught_even_when_signed(tmp_path, pack):
    path = tmp_path / "pack.zip"
    path.write_bytes(pack)
    files = unpacked(path)
    del files[MANIFEST]
    files["report.html"] = files["report.html"].replace(b"FAILED", b"PASSED")
    forged = packed({**files, MANIFEST: sealed(statement(files, audit()), KEY)})
    found = looked_at(tmp_path, forged, KEY.public_key())
    assert [(one.what, one.name) for one in found.problems] == [("changed", "report.html")]


def test_a_statement_that_says_something_else_than_the_record_is_caught(tmp_path, pack):
    path = tmp_path / "pack.zip"
    path.write_bytes(pack)
    files = unpacked(path)
    del files[MANIFEST]
    said = statement(files, audit()).replace(b'"result":"FAILED"', b'"result":"PASSED"')
    found = looked_at(tmp_path, packed({**files, MANIFEST: sealed(said, KEY)}), KEY.public_key())
    assert [(one.what, one.name) for one in found.problems] == [("changed", MANIFEST)]


def test_another_key_no_signature_and_a_signature_taken_away_are_told_apart(tmp_path, pack):
    assert "not by" in looked_at(tmp_path, pack, OTHER.public_key()).problems[0].because
    files = unpacked(tmp_path / "pack.zip")
    del files[MANIFEST]
    bare = packed({**files, MANIFEST: sealed(statement(files, audit()), None)})
    assert looked_at(tmp_path, bare).problems[0].because == "its signature was taken away"
    del files[PUBLIC_KEY]
    unsigned = packed({**files, MANIFEST: sealed(statement(files, audit()), None)})
    found = looked_at(tmp_path, unsigned)
    assert (found.problems, found.signed_by) == ((), "")
    assert looked_at(tmp_path, unsigned, KEY.public_key()).problems[0].because == "nobody signed it"
    files[PUBLIC_KEY] = public_pem(KEY.public_key())
    wrong = sealed(statement(files, audit()), OTHER).replace(
        key_id(OTHER.public_key()).encode(), key_id(KEY.public_key()).encode()
    )
    assert "does not fit" in looked_at(tmp_path, packed({**files, MANIFEST: wrong})).problems[0].because


def test_what_is_no_pack_is_said_to_be_none(tmp_path):
    with pytest.raises(IntegrityProblem, match="no evidence pack"):
        looked_at(tmp_path, packed({"a": b""}))
    for envelope in (b"", b"{}", b"[]", b'{"payload":1,"payloadType":"x","signatures":[]}'):
        with pytest.raises(IntegrityProblem, match="signed statement"):
            looked_at(tmp_path, packed({MANIFEST: envelope}))


def test_the_model_and_the_data_are_held_against_the_record(tmp_path):
    (tmp_path / "model.pkl").write_bytes(b"model")
    (tmp_path / "data.csv").write_bytes(b"other")
    found = list(check_inputs(audit(), tmp_path / "model.pkl", tmp_path / "data.csv"))
    assert [(one.what, one.because) for one in found] == [("input", "it is not the hold-out data that was audited")]


def test_securesystemslib_verifies_the_signature_by_itself(tmp_path, pack):
    (tmp_path / "pack.zip").write_bytes(pack)
    envelope = unpacked(tmp_path / "pack.zip")[MANIFEST]
    trusted = SSlibKey.from_crypto(KEY.public_key(), keyid=key_id(KEY.public_key()))
    Envelope.from_dict(json.loads(envelope)).verify([trusted], 1)
    other = SSlibKey.from_crypto(OTHER.public_key(), keyid=key_id(KEY.public_key()))
    with pytest.raises(VerificationError):
        Envelope.from_dict(json.loads(envelope)).verify([other], 1)


def test_in_toto_reads_the_statement(pack, tmp_path):
    from google.protobuf.json_format import ParseDict
    from in_toto_attestation.v1 import statement_pb2
    from in_toto_attestation.v1.statement import Statement

    (tmp_path / "pack.zip").write_bytes(pack)
    files = unpacked(tmp_path / "pack.zip")
    del files[MANIFEST]
    plain = json.loads(statement(files, audit()))
    Statement.copy_from_pb(ParseDict(plain, statement_pb2.Statement())).validate()
    assert {one["name"] for one in plain["subject"]} >= set(files)


def test_reports_of_other_templates_are_not_called_changed_and_verify_with_them(tmp_path):
    house = tmp_path / "house"
    house.mkdir()
    (house / "report.html.j2").write_text(
        '{% extends "shipped/report.html.j2" %}{% block glossary %}{% endblock %}', encoding="utf-8"
    )
    with templates_from(house):
        reports = {"report.html": FORMATS.all()["html"].render(audit())}
        made = evidence_pack(audit(), reports, {"privacy.membership/s.csv": SCORES}, {}, KEY)
        (tmp_path / "pack.zip").write_bytes(made)
        assert "report.html" in verify(tmp_path / "pack.zip", KEY.public_key()).compared
    found = verify(tmp_path / "pack.zip", KEY.public_key())
    assert (found.problems, found.compared) == ((), ())
    assert "--template" in found.notes[0]
