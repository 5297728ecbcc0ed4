"""Read an audit record back, refusing one that was edited, cut short or written by a newer govkit."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from govkit import __version__
from govkit.core.digest import sha256_of
from govkit.core.errors import InputProblem, IntegrityProblem
from govkit.core.record import SCHEMA_VERSION, AuditRecord

MAX_BYTES = 256 * 2**20
MIGRATIONS: Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""Each earlier schema version to the function that turns a record of it, as plain JSON, into the next version."""


def read_record(path: Path) -> AuditRecord:
    """Read and check an audit.json.

    Raises:
        InputProblem: it can't be read, is no record, or has a newer schema.
        IntegrityProblem: its result part is not what its digest says.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputProblem(f"{path} is larger than {MAX_BYTES:,} bytes", hint="give an audit.json")
        content = path.read_bytes()
    except OSError as error:
        raise InputProblem(f"{path} can't be read: {error.strerror}", hint="give the path of an audit.json") from None
    return record_of(content, str(path))


def record_of(content: bytes, place: str) -> AuditRecord:
    """Read a record from its bytes; one of an earlier version is brought up to date and keeps its digest.

    Args:
        content: the bytes of an audit.json.
        place: where they come from, for errors.

    Raises:
        InputProblem: they are no record, or one with a newer schema.
        IntegrityProblem: the result part is not what its digest says.
    """
    try:
        plain = json.loads(content)
    except (ValueError, RecursionError):
        raise InputProblem(
            f"{place} is not complete JSON", hint="give an audit.json as `govkit audit` wrote it"
        ) from None
    version = plain.get("schema_version") if isinstance(plain, dict) else None
    if version is None:
        raise InputProblem(f"{place} is no audit record", hint="give an audit.json as `govkit audit` wrote it")
    if version != SCHEMA_VERSION and version not in MIGRATIONS:
        raise InputProblem(
            f"{place} has record version {version!r}; this govkit reads version {SCHEMA_VERSION!r}",
            hint="read it with the govkit that wrote it, or a newer one",
        )
    if sha256_of(plain.get("result") or {}) != plain.get("result_sha256"):
        raise IntegrityProblem(
            f"{place} was changed after it was written: its digest does not match", hint="audit again"
        )
    while plain["schema_version"] in MIGRATIONS:
        plain = MIGRATIONS[plain["schema_version"]](plain)
    try:
        return AuditRecord.model_validate_json(json.dumps(plain))
    except ValidationError as error:
        raise _misfit(place, error, plain["result"].get("govkit_version")) from None


def _misfit(path: str, error: ValidationError, writer: object) -> InputProblem:
    """Say where a record differs; a field that this version lacks was added by a newer one."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    if first["type"] != "extra_forbidden":
        return InputProblem(f"{path} is no audit record: {where} is not as it should be", hint="audit again")
    message = f"{path} has {where}, which this govkit ({__version__}) doesn't know"
    return InputProblem(message, hint=f"read it with govkit {writer}, which wrote it, or a newer one")
