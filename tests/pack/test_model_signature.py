"""Model signatures as OpenSSF's tool writes them; where it is installed, it makes them and agrees."""

import json
from base64 import b64encode
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from govkit.core.errors import InputProblem, UsageProblem
from govkit.pack.model_signature import faults, read_signature, signature_beside, signer_key
from govkit.pack.verify import check_model_signature

CURVES = {"P-256": (ec.SECP256R1, hashes.SHA256), "P-384": (ec.SECP384R1, hashes.SHA384)}
CURVES["P-521"] = (ec.SECP521R1, hashes.SHA512)


def public_file(folder, key):
    file = folder / "key.pub.pem"
    file.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return file


def signed(key, digest, files, *, material="publicKey", algorithm="sha256"):
    """Sign like the tool does: DSSE over a statement that lists every file."""
    resources = [
        {"name": name, "algorithm": algorithm, "digest": sha256(content).hexdigest()} for name, content in files
    ]
    root = sha256(b"".join(bytes.fromhex(one["digest"]) for one in resources)).hexdigest()
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "model", "digest": {"sha256": root}}],
        "predicateType": "https://model_signing/signature/v1.0",
        "predicate": {
            "resources": resources,
            "serialization": {"method": "files", "hash_type": "sha256", "ignore_paths": [".git", "model.sig"]},
        },
    }
    payload, kind = json.dumps(statement).encode(), "application/vnd.in-toto+json"
    encoded = b"DSSEv1 %d %b %d %b" % (len(kind), kind.encode(), len(payload), payload)
    signature = key.sign(encoded, ec.ECDSA(digest()))
    envelope = {"payload": b64encode(payload).decode(), "payloadType": kind}
    envelope["signatures"] = [{"sig": b64encode(signature).decode(), "keyid": ""}]
    bundle = {"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "verificationMaterial": {material: {}}}
    return json.dumps({**bundle, "dsseEnvelope": envelope}).encode()


@pytest.fixture
def model(tmp_path):
    key = ec.generate_private_key(ec.SECP256R1())
    (tmp_path / "model.pkl").write_bytes(b"weights")
    (tmp_path / "model.sig").write_bytes(signed(key, hashes.SHA256, [(".", b"weights")]))
    return tmp_path / "model.pkl", key


@pytest.mark.parametrize("curve", sorted(CURVES))
def test_a_signature_of_the_key_given_holds(tmp_path, curve):
    kind, digest = CURVES[curve]
    key = ec.generate_private_key(kind())
    (tmp_path / "m.onnx").write_bytes(b"weights")
    (tmp_path / "m.onnx.sig").write_bytes(signed(key, digest, [(".", b"weights")]))
    wrong, notes = check_model_signature(tmp_path / "m.onnx", signer_key(public_file(tmp_path, key)))
    assert wrong == []
    assert "the key given signed this model" in notes[0]


def test_another_key_a_changed_model_and_any_changed_byte_are_told(model, tmp_path):
    file, key = model
    public = signer_key(public_file(tmp_path, key))
    signature = tmp_path / "model.sig"
    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    assert "not made with the key" in next(faults(read_signature(signature), file, other))
    file.write_bytes(b"Weights")
    assert list(faults(read_signature(signature), file, public)) == ["the file is not the one that was signed"]
    file.write_bytes(b"weights")
    before = signature.read_bytes()
    envelope = json.loads(before)["dsseEnvelope"]
    for part in (envelope["payload"], envelope["signatures"][0]["sig"]):
        start = before.index(part.encode())
        for place in range(start, start + len(part) - 4, 7):
            swapped = b"B" if before[place : place + 1] == b"A" else b"A"
            signature.write_bytes(before[:place] + swapped + before[place + 1 :])
            try:
                found = list(faults(read_signature(signature), file, public))
            except InputProblem:
                continue
            assert found, place


def test_a_folder_is_held_file_by_file(tmp_path):
    key = ec.generate_private_key(ec.SECP256R1())
    folder = tmp_path / "model"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.bin").write_bytes(b"a")
    (folder / "sub" / "b.bin").write_bytes(b"b")
    (folder / "model.sig").write_bytes(signed(key, hashes.SHA256, [("a.bin", b"a"), ("sub/b.bin", b"b")]))
    public = signer_key(public_file(tmp_path, key))
    assert signature_beside(folder) == folder / "model.sig"
    assert check_model_signature(folder, public)[0] == []
    (folder / "c.bin").write_bytes(b"c")
    (folder / "a.bin").unlink()
    (folder / "sub" / "b.bin").write_bytes(b"B")
    because = [one.because for one in check_model_signature(folder, public)[0]]
    assert because == ["a.bin is signed and missing", "c.bin is not signed", "sub/b.bin is not the one that was signed"]


def test_nothing_is_concluded_without_a_key_or_from_a_certificate(model, tmp_path):
    file, key = model
    wrong, notes = check_model_signature(file, None)
    assert (wrong, "--model-key" in notes[0]) == ([], True)
    public = signer_key(public_file(tmp_path, key))
    (tmp_path / "model.sig").write_bytes(signed(key, hashes.SHA256, [(".", b"weights")], material="certificate"))
    assert "can't be verified offline" in check_model_signature(file, public)[0][0].because
    (tmp_path / "model.sig").unlink()
    assert check_model_signature(file, None) == ([], [])
    assert "no model signature" in check_model_signature(file, public)[0][0].because


def test_what_is_no_model_signature_and_no_such_key_are_said_to_be_none(model, tmp_path):
    _, key = model
    odd = signed(key, hashes.SHA256, [(".", b"weights")], algorithm="sha256-sharded")
    for content in (b"", b"\xff", b"[]", b"{}", b'{"dsseEnvelope": 1}', b"[" * 10_000, odd):
        (tmp_path / "model.sig").write_bytes(content)
        with pytest.raises(InputProblem, match="no model signature"):
            read_signature(tmp_path / "model.sig")
    file = tmp_path / "k.pem"
    ours = ed25519.Ed25519PrivateKey.generate().public_key()
    file.write_bytes(ours.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    with pytest.raises(UsageProblem, match="no key on the curve"):
        signer_key(file)
    file.write_bytes(b"secret words")
    with pytest.raises(UsageProblem, match="no public key in PEM"):
        signer_key(file)
    with pytest.raises(UsageProblem, match="can't be read"):
        signer_key(tmp_path / "none.pem")


def test_the_tool_itself_makes_what_is_verified(tmp_path):
    pytest.importorskip("OpenSSL", reason="model-signing needs pyOpenSSL and does not install it")
    signing = pytest.importorskip("model_signing.signing", reason="model-signing is not installed")
    key = ec.generate_private_key(ec.SECP256R1())
    (tmp_path / "k.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (tmp_path / "model.pkl").write_bytes(b"weights")
    signing.Config().use_elliptic_key_signer(private_key=tmp_path / "k.pem").sign(
        tmp_path / "model.pkl", tmp_path / "model.sig"
    )
    assert check_model_signature(tmp_path / "model.pkl", signer_key(public_file(tmp_path, key)))[0] == []
