"""Ed25519 keys: made, read from a file or the environment, and named by their digest."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from govkit.core.digest import sha256
from govkit.core.errors import UsageProblem

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

KEY_VARIABLE: Final = "GOVKIT_SIGNING_KEY"
"""Holds a private key in PEM, for build machines that keep secrets in the environment."""
PASSWORD_VARIABLE: Final = "GOVKIT_SIGNING_KEY_PASSWORD"  # noqa: S105 - the name of a variable
MOST_BYTES: Final = 64 * 2**10
_MAKE_ONE: Final = "`govkit keygen` makes a pair of Ed25519 keys"


def new_pair(password: bytes | None) -> tuple[bytes, bytes]:
    """Make a key pair; give the private key, encrypted where there is a password, and the public one, both in PEM."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import (
        BestAvailableEncryption,
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    private = Ed25519PrivateKey.generate()
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption), public_pem(private.public_key())


def public_pem(key: "Ed25519PublicKey") -> bytes:
    """Give a public key in PEM."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def key_id(key: "Ed25519PublicKey") -> str:
    """Name a key by the SHA-256 of its 32 bytes."""
    return sha256(key.public_bytes_raw())


def signing_key(file: Path | None) -> "Ed25519PrivateKey | None":
    """Read the private key from a file, else from the environment; None where neither is given.

    Raises:
        UsageProblem: it can't be read, is no Ed25519 key, or its password is missing or wrong.
    """
    given = os.environ.get(KEY_VARIABLE, "")
    if file is None and not given:
        return None
    place = str(file) if file is not None else f"the environment variable {KEY_VARIABLE}"
    content = _read(file) if file is not None else given.encode()
    return private_key(content, place, os.environ.get(PASSWORD_VARIABLE, "").encode() or None)


def private_key(content: bytes, place: str, password: bytes | None) -> "Ed25519PrivateKey":
    """Read a private key in PEM.

    Args:
        content: the PEM text.
        place: where it comes from, for the error.
        password: what it is encrypted with, if anything.

    Raises:
        UsageProblem: it is no Ed25519 key, or the password is missing or wrong.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    locked = b"ENCRYPTED" in content
    try:
        key = load_pem_private_key(content, password if locked else None)
    except TypeError:
        raise UsageProblem(
            f"the key in {place} is protected by a password", hint=f"set {PASSWORD_VARIABLE} in the environment"
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        problem = "can't be opened with the password given" if locked and password else "is no private key in PEM"
        raise UsageProblem(f"the key in {place} {problem}", hint=_MAKE_ONE) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageProblem(f"the key in {place} is of another type than Ed25519", hint=_MAKE_ONE)
    return key


def public_key(content: bytes, place: str) -> "Ed25519PublicKey":
    """Read a public key in PEM.

    Raises:
        UsageProblem: it is no Ed25519 public key.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    if b"PRIVATE KEY" in content:
        raise UsageProblem(f"{place} holds a private key", hint="give the public one, and keep the private one secret")
    try:
        key = load_pem_public_key(content)
    except (ValueError, UnsupportedAlgorithm):
        raise UsageProblem(f"{place} is no public key in PEM", hint=_MAKE_ONE) from None
    if not isinstance(key, Ed25519PublicKey):
        raise UsageProblem(f"{place} is a key of another type than Ed25519", hint=_MAKE_ONE)
    return key


def public_key_of(file: Path) -> "Ed25519PublicKey":
    """Read a public key from a file.

    Raises:
        UsageProblem: it can't be read or is no Ed25519 public key.
    """
    return public_key(_read(file), str(file))


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(MOST_BYTES)
    except OSError as error:
        raise UsageProblem(f"the key {file} can't be read: {error.strerror}", hint=_MAKE_ONE) from None
