"""One canonical JSON and one digest for everything that is compared, cached or signed."""

import hashlib
from pathlib import Path
from typing import Any

import rfc8785
from pydantic import BaseModel

SIGNIFICANT_DIGITS = 12
MAX_SAFE_INTEGER = 2**53 - 1
"""JSON numbers beyond are read differently by different programs; they are written as floats."""


def _settled(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Round floats so that the last bits, which depend on the machine, never reach the bytes."""
    if isinstance(value, int) and abs(value) > MAX_SAFE_INTEGER:
        value = float(value)
    if isinstance(value, float):
        rounded = float(f"{value:.{SIGNIFICANT_DIGITS}g}")
        return 0.0 if rounded == 0 else rounded
    if isinstance(value, dict):
        return {key: _settled(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_settled(item) for item in value]
    return value


def canonical(value: BaseModel | dict[str, Any] | list[Any]) -> bytes:
    """Give the RFC 8785 bytes of a model or of plain JSON data, floats at 12 significant digits."""
    plain = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
    return rfc8785.dumps(_settled(plain))


def sha256(content: bytes) -> str:
    """Give the hex SHA-256 of bytes."""
    return hashlib.sha256(content).hexdigest()


def sha256_of(value: BaseModel | dict[str, Any] | list[Any]) -> str:
    """Give the hex SHA-256 of the canonical JSON of a value."""
    return sha256(canonical(value))


def sha256_of_file(path: Path) -> str:
    """Give the hex SHA-256 of a file, read in blocks."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
