"""Read an audit record back, refusing one that was edited, cut short or written by a newer govkit."""

import json
from pathlib import Path

from pydantic import ValidationError

from govkit import __version__
from govkit.core.digest import sha256_of
from govkit.core.errors import InputProblem, IntegrityProblem
from govkit.core.record import SCHEMA_VERSION, AuditRecord

MAX_BYTES = 256 * 2**20


def read_record(path: Path) -> AuditRecord:
    """Read and check an audit.json.

    Raises:
        InputProblem: it can't be read, is no record, or has a newer schema.
        IntegrityProblem: its result part is not what its digest says.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputProblem(f"{path} is larger than {MAX_BYTES:,} bytes", hint="give an audit.json")
        plain = json.loads(path.read_bytes())
    except OSError as error:
        raise InputProblem(f"{path} can't be read: {error.strerror}", hint="give the path of an audit.json") from None
    except (ValueError, RecursionError):
        raise InputProblem(
            f"{path} is not complete JSON", hint="give an audit.json as `govkit audit` wrote it"
        ) from None
    version = plain.get("schema_version") if isinstance(plain, dict) else None
    if version is None:
        raise InputProblem(f"{path} is no audit record", hint="give an audit.json as `govkit audit` wrote it")
    if version != SCHEMA_VERSION:
        raise InputProblem(
            f"{path} has record version {version!r}; this govkit reads version {SCHEMA_VERSION!r}",
            hint="read it with the govkit that wrote it, or a newer one",
        )
    if sha256_of(plain.get("result") or {}) != plain.get("result_sha256"):
        raise IntegrityProblem(
            f"{path} was changed after it was written: its digest does not match", hint="audit again"
        )
    try:
        return AuditRecord.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise _misfit(path, error, plain["result"].get("govkit_version")) from None


def _misfit(path: Path, error: ValidationError, writer: object) -> InputProblem:
    """Say where a record differs; a field that this version lacks was added by a newer one."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    if first["type"] != "extra_forbidden":
        return InputProblem(f"{path} is no audit record: {where} is not as it should be", hint="audit again")
    message = f"{path} has {where}, which this govkit ({__version__}) doesn't know"
    return InputProblem(message, hint=f"read it with govkit {writer}, which wrote it, or a newer one")
