"""OpenSSF model signatures beside a model: verified with the signer's public key, offline.

The file is a Sigstore bundle as OpenSSF Model Signing 1.0 writes it: a DSSE envelope over an in-toto statement whose
predicate lists each file of the model with its SHA-256. Signatures by certificate or identity need a trust root and
services that govkit doesn't ask; they are named and not verified.
"""

import json
from base64 import b64decode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from govkit.core.digest import sha256, sha256_of_file
from govkit.core.errors import InputProblem, UsageProblem
from govkit.pack.envelope import PAYLOAD_TYPE, STATEMENT, authenticated

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

PREDICATE: Final = "https://model_signing/signature/v1.0"
NAME: Final = "model.sig"
"""What the signing tool calls its file unless told otherwise."""
MOST_BYTES: Final = 16 * 2**20
_BITS: Final = {256: "SHA256", 384: "SHA384", 521: "SHA512"}
"""Size of a curve in bits to the digest that goes with it."""


@dataclass(frozen=True)
class Signed:
    """What a signature states, not yet believed."""

    payload: bytes
    signature: bytes
    subject: str
    """The model's name when it was signed."""
    root: str
    """SHA-256 over the digests of all files."""
    files: Mapping[str, str]
    """SHA-256 by path inside the model; a model of one file is `.`."""
    ignored: frozenset[str]
    by_key: bool
    """False where a certificate or an identity stands behind it."""


def signature_beside(model: Path) -> Path | None:
    """Give the signature that lies with a model: inside its folder, or beside its file."""
    if model.is_dir():
        places = [model / NAME, model.with_name(f"{model.name}.sig")]
    else:
        places = [model.with_name(f"{model.name}.sig"), model.with_suffix(".sig"), model.with_name(NAME)]
    return next((place for place in places if place != model and place.is_file()), None)


def signer_key(file: Path) -> "EllipticCurvePublicKey":
    """Read the public key of a model's signer.

    Raises:
        UsageProblem: it can't be read, or is no key on one of the three NIST curves that model signatures use.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(_bytes_of(file))
    except (ValueError, UnsupportedAlgorithm):
        raise UsageProblem(f"{file} is no public key in PEM", hint="give the public key of who signed it") from None
    except OSError as error:
        raise UsageProblem(
            f"the key {file} can't be read: {error.strerror}", hint="give the public key of who signed it"
        ) from None
    if not isinstance(key, EllipticCurvePublicKey) or key.curve.key_size not in _BITS:
        raise UsageProblem(
            f"{file} is no key on the curve P-256, P-384 or P-521", hint="model signatures are made with such keys"
        )
    return key


def _bytes_of(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(MOST_BYTES)


def read_signature(file: Path) -> Signed:
    """Read a model signature without believing it.

    Raises:
        InputProblem: it can't be read or is no model signature.
    """
    try:
        bundle = json.loads(_bytes_of(file))
        envelope = bundle["dsseEnvelope"]
        payload = b64decode(envelope["payload"], validate=True)
        (signed,) = envelope["signatures"]
        stated = json.loads(payload)
        predicate = stated["predicate"]
        (subject,) = stated["subject"]
        known = (envelope["payloadType"], stated["_type"], stated["predicateType"])
        found = Signed(
            payload=payload,
            signature=b64decode(signed["sig"], validate=True),
            subject=str(subject["name"]),
            root=str(subject["digest"]["sha256"]),
            files={str(one["name"]): _sha256_in(one) for one in predicate["resources"]},
            ignored=frozenset(str(path) for path in predicate["serialization"].get("ignore_paths") or ()),
            by_key="publicKey" in bundle["verificationMaterial"],
        )
    except OSError as error:
        raise InputProblem(f"{file} can't be read: {error.strerror}", hint="name a file that can be read") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        known, found = ("", "", ""), None
    if found is None or known != (PAYLOAD_TYPE, STATEMENT, PREDICATE):
        raise InputProblem(
            f"{file} is no model signature that govkit reads",
            hint="OpenSSF Model Signing 1.0 over whole files with SHA-256 is read; take other files away",
        )
    return found


def _sha256_in(resource: Mapping[str, object]) -> str:
    """Give the digest of a signed file.

    Raises:
        ValueError: it is of another kind than a SHA-256 of the whole file.
    """
    if resource["algorithm"] != "sha256":
        raise ValueError
    return str(resource["digest"])


def faults(signed: Signed, model: Path, key: "EllipticCurvePublicKey") -> Iterator[str]:
    """Say what a signature does not hold for: the key, or files that were changed, taken away or added.

    Raises:
        InputProblem: a file of the model can't be read.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA

    digest: hashes.HashAlgorithm = getattr(hashes, _BITS[key.curve.key_size])()
    try:
        key.verify(signed.signature, authenticated(signed.payload), ECDSA(digest))
    except InvalidSignature:
        yield "its signature was not made with the key given, or was changed"
        return
    if sha256(b"".join(bytes.fromhex(one) for one in signed.files.values())) != signed.root:
        yield "its signature contradicts itself"
    there = _digests(model, signed.ignored)
    for name in sorted(signed.files.keys() | there.keys()):
        what = "the file" if name == "." else name
        if name not in there:
            yield f"{what} is signed and missing"
        elif name not in signed.files:
            yield f"{what} is not signed"
        elif signed.files[name] != there[name]:
            yield f"{what} is not the one that was signed"


def _digests(model: Path, ignored: frozenset[str]) -> dict[str, str]:
    try:
        if not model.is_dir():
            return {".": sha256_of_file(model)}
        files = {path.relative_to(model): path for path in sorted(model.rglob("*")) if not path.is_dir()}
        return {
            name.as_posix(): sha256_of_file(path)
            for name, path in files.items()
            if not any(str(part) in ignored for part in (name, *name.parents))
        }
    except OSError as error:
        raise InputProblem(f"{model} can't be read: {error.strerror}", hint="name the model that was audited") from None
