import pytest
from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from govkit.core.errors import UsageProblem
from govkit.pack.keys import (
    KEY_VARIABLE,
    PASSWORD_VARIABLE,
    key_id,
    new_pair,
    private_key,
    public_key,
    public_key_of,
    public_pem,
    signing_key,
)

WRONG = ec.generate_private_key(ec.SECP256R1())


def private_pem(key):
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.fixture(autouse=True)
def no_environment(monkeypatch):
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    monkeypatch.delenv(PASSWORD_VARIABLE, raising=False)


def test_a_pair_belongs_together():
    private, public = new_pair(None)
    assert public_pem(private_key(private, "here", None).public_key()) == public
    assert len(key_id(public_key(public, "here"))) == 64


def test_a_password_protects_the_key(tmp_path, monkeypatch):
    private, _ = new_pair(b"correct horse")
    (tmp_path / "k.pem").write_bytes(private)
    with pytest.raises(UsageProblem, match="protected by a password") as caught:
        signing_key(tmp_path / "k.pem")
    assert PASSWORD_VARIABLE in caught.value.hint
    monkeypatch.setenv(PASSWORD_VARIABLE, "wrong")
    with pytest.raises(UsageProblem, match="can't be opened with the password given"):
        signing_key(tmp_path / "k.pem")
    monkeypatch.setenv(PASSWORD_VARIABLE, "correct horse")
    assert signing_key(tmp_path / "k.pem") is not None


def test_the_environment_holds_a_key_where_no_file_does(monkeypatch):
    assert signing_key(None) is None
    monkeypatch.setenv(KEY_VARIABLE, new_pair(None)[0].decode())
    assert signing_key(None) is not None
    monkeypatch.setenv(KEY_VARIABLE, "secret words")
    with pytest.raises(UsageProblem, match=KEY_VARIABLE) as caught:
        signing_key(None)
    assert "secret words" not in caught.value.message + caught.value.hint


@pytest.mark.parametrize("key", [WRONG, x25519.X25519PrivateKey.generate()])
def test_a_key_of_another_type_is_named_as_such(key):
    with pytest.raises(UsageProblem, match="another type than Ed25519"):
        private_key(private_pem(key), "k.pem", None)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    with pytest.raises(UsageProblem, match="another type than Ed25519"):
        public_key(public, "k.pub.pem")


def test_a_private_key_is_not_taken_where_a_public_one_belongs(tmp_path):
    with pytest.raises(UsageProblem, match="holds a private key"):
        public_key(new_pair(None)[0], "k.pem")
    for content in (b"", b"\xff\xfe", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"):
        with pytest.raises(UsageProblem, match="no public key in PEM"):
            public_key(content, "k.pub.pem")
    with pytest.raises(UsageProblem, match="can't be read"):
        public_key_of(tmp_path / "none.pem")
