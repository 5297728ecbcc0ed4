import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import small_project
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from govkit.core.errors import Exit


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """A project with a key and a signed pack of its audit."""

    project = small_project.write(tmp_path_factory.mktemp("verify") / "project")
    (project.folder / "README.md").write_text("---\nlicense: mit\n---\nRows of loans.\n")

    def run(*words):
        command = [sys.executable, "-m", "govkit", *map(str, words)]
        environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
        ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        return ended.returncode, ended.stdout + ended.stderr

    key = project.folder / "key"
    assert run("keygen", key)[0] == 0
    out = project.folder / "out"
    code, said = run(
        "audit", project.model, project.data, "-o", out, "--only", "provenance", "--budget", "quick",
        "--format", "json,html", "--sign", f"{key}.pem", "--jobs", "1",
    )  # fmt: skip
    assert code in {Exit.PASSED, Exit.FAILED, Exit.INCOMPLETE}, said
    assert "signed ed25519:" in said
    return project


def test_keygen_makes_a_pair_that_only_its_owner_reads_and_never_replaces_one(govkit, tmp_path):
    answer = govkit("keygen", tmp_path / "team")
    assert answer.code == 0
    assert stat.S_IMODE((tmp_path / "team.pem").stat().st_mode) == 0o600
    before = (tmp_path / "team.pem").read_bytes()
    again = govkit("keygen", tmp_path / "team")
    assert (again.code, "never replaced" in again.err) == (Exit.USAGE, True)
    assert (tmp_path / "team.pem").read_bytes() == before


def test_keygen_asks_for_a_password_only_where_one_can_be_given(govkit, tmp_path, monkeypatch):
    monkeypatch.delenv("GOVKIT_SIGNING_KEY_PASSWORD", raising=False)
    assert govkit("keygen", tmp_path / "k", "--password").code == Exit.USAGE
    monkeypatch.setenv("GOVKIT_SIGNING_KEY_PASSWORD", "correct horse")
    assert govkit("keygen", tmp_path / "k", "--password").code == 0
    assert b"ENCRYPTED" in (tmp_path / "k.pem").read_bytes()


def test_a_signed_pack_verifies_and_audits_again_to_the_same_result(govkit, packed):
    pack, folder = packed.folder / "out" / "evidence-pack.zip", packed.folder
    answer = govkit(
        "verify", pack, "--key", folder / "key.pub.pem", "--model", packed.model, "--data", packed.data, "--reproduce"
    )
    assert answer.code == 0, answer.out + answer.err
    assert "audited again, the same result" in answer.out
    assert "the key given" in answer.out.splitlines()[-1]


def test_other_data_and_another_configuration_are_named(govkit, packed, tmp_path):
    pack = packed.folder / "out" / "evidence-pack.zip"
    answer = govkit("verify", pack, "--data", packed.train)
    assert answer.code == Exit.INTEGRITY
    assert "it is not the hold-out data that was audited" in answer.out
    shutil.copytree(packed.folder, tmp_path / "moved")
    config = tmp_path / "moved" / "govkit.yaml"
    config.write_text(config.read_text().replace("name: Loans", "name: Other loans"))
    again = govkit(
        "verify", pack, "--model", tmp_path / "moved" / "model.pkl", "--data", tmp_path / "moved" / "data.csv",
        "--reproduce",
    )  # fmt: skip
    assert again.code == Exit.INTEGRITY
    assert "system: another result when audited again" in again.out


def test_a_changed_pack_ends_with_six_and_names_the_file(govkit, packed, tmp_path):
    content = (packed.folder / "out" / "evidence-pack.zip").read_bytes()
    place = content.index(b"<!DOCTYPE html>") + 300
    (tmp_path / "pack.zip").write_bytes(content[:place] + b"?" + content[place + 1 :])
    answer = govkit("verify", tmp_path / "pack.zip")
    assert answer.code == Exit.INTEGRITY
    assert "zip archive" in answer.err or "report.html" in answer.out


def test_nothing_of_the_rows_is_in_the_pack(packed):
    content = (packed.folder / "out" / "evidence-pack.zip").read_bytes()
    rows = packed.data.read_text().splitlines()[1:]
    assert packed.model.read_bytes() not in content
    assert not [row for row in rows if row.encode() in content]


def test_bad_words_are_answered_before_any_work(govkit, packed, tmp_path):
    assert govkit("verify", tmp_path / "none.zip").code == Exit.INPUT
    pack = packed.folder / "out" / "evidence-pack.zip"
    assert govkit("verify", pack, "--key", packed.folder / "key.pem").code == Exit.USAGE
    assert govkit("verify", pack, "--reproduce").code == Exit.USAGE
    answer = govkit("audit", packed.model, packed.data, "--sign", packed.model, "-o", tmp_path / "out")
    assert answer.code == Exit.USAGE
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


def test_the_key_of_a_models_signer_needs_the_model_and_a_signature_with_it(govkit, packed, tmp_path):
    pack, key = packed.folder / "out" / "evidence-pack.zip", tmp_path / "signer.pem"
    signer = ec.generate_private_key(ec.SECP256R1()).public_key()
    key.write_bytes(signer.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    answer = govkit("verify", pack, "--model-key", key)
    assert (answer.code, "--model MODEL" in answer.err) == (Exit.USAGE, True)
    answer = govkit("verify", pack, "--model", packed.model, "--model-key", key)
    assert (answer.code, "no model signature lies with it" in answer.out) == (Exit.INTEGRITY, True)
