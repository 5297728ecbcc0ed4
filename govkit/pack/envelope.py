"""The statement over a pack's files: in-toto Statement v1 in a DSSE envelope, signed with Ed25519 or not at all."""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from govkit.core.digest import canonical, sha256
from govkit.core.errors import IntegrityProblem
from govkit.core.record import AuditRecord
from govkit.pack.keys import key_id
from govkit.plugins.report import FORMATS

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

STATEMENT: Final = "https://in-toto.io/Statement/v1"
PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
Json = dict[str, object]


def statement(files: Mapping[str, bytes], record: AuditRecord) -> bytes:
    """State the digest of every file, and of model and data, beside the audit's result.

    The predicate is the one of the format `in-toto`: a test result, which tools that admit releases understand.
    """
    result = record.result
    outside = [(f"model: {result.model.name}", result.model.sha256)] if result.model else []
    outside += [(f"{data.role} data: {data.name}", data.sha256) for data in result.data]
    subjects = [(name, sha256(content)) for name, content in sorted(files.items())] + outside
    said = json.loads(FORMATS.all()["in-toto"].render(record))
    return canonical(
        {
            "_type": STATEMENT,
            "subject": [{"name": name, "digest": {"sha256": digest}} for name, digest in subjects],
            "predicateType": said["predicateType"],
            "predicate": said["predicate"],
        }
    )


def authenticated(payload: bytes) -> bytes:
    """Give the bytes that are signed: DSSE's encoding before authentication."""
    kind = PAYLOAD_TYPE.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def sealed(payload: bytes, key: "Ed25519PrivateKey | None") -> bytes:
    """Put a statement into an envelope, with one signature or without any."""
    signatures = []
    if key is not None:
        signature = key.sign(authenticated(payload))
        signatures.append({"keyid": key_id(key.public_key()), "sig": b64encode(signature).decode()})
    return canonical({"payload": b64encode(payload).decode(), "payloadType": PAYLOAD_TYPE, "signatures": signatures})


def opened(envelope: bytes) -> tuple[bytes, str, bytes]:
    """Give an envelope's payload, the id of the key that signed it and the signature, both empty where nobody signed.

    Raises:
        IntegrityProblem: it is no envelope as govkit writes it.
    """
    try:
        plain = json.loads(envelope)
        payload = b64decode(plain["payload"], validate=True)
        signatures = plain["signatures"]
        (signed,) = signatures or [{"keyid": "", "sig": ""}]
        name, signature = str(signed["keyid"]), b64decode(signed["sig"], validate=True)
        same = canonical(plain) == envelope and b64encode(payload).decode() == plain["payload"]
        whole = same and plain["payloadType"] == PAYLOAD_TYPE and b64encode(signature).decode() == signed["sig"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        whole, payload, name, signature = False, b"", "", b""
    if not whole:
        raise IntegrityProblem("the signed statement of the pack was changed", hint="get the pack again")
    return payload, name, signature


def holds(payload: bytes, signature: bytes, key: "Ed25519PublicKey") -> bool:
    """Tell whether a signature over a payload is the key's."""
    from cryptography.exceptions import InvalidSignature

    try:
        key.verify(signature, authenticated(payload))
    except InvalidSignature:
        return False
    return True
