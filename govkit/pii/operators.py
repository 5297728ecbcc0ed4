"""What redaction does to a value: presidio-anonymizer's operators, and coarser dates, ages, postcodes and places."""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final

Operator = Callable[[str], str]

DEFAULTS: Final[Mapping[str, str]] = {"DATE_OF_BIRTH": "generalise"}
"""What is done by entity type where govkit.yaml says nothing; other direct identifiers and secrets are replaced."""
KEPT: Final = 3
"""Characters of a postcode or a masked value that stay."""
BAND: Final = 10
"""Years of an age band."""
_YEAR: Final = re.compile(r"(?<!\d)(1[89]\d\d|20\d\d)(?!\d)|(?<=\D)(\d\d)$")
_COMPACT_DATE: Final = re.compile(r"((?:19|20)\d\d)\d{4}")


def operator(name: str, entity: str, key: bytes) -> Operator:
    """Give an operator.

    Args:
        name: `replace`, `mask`, `hash`, `generalise` or `keep`.
        entity: the entity type, which replacement and generalising go by.
        key: at least 16 bytes; equal values give equal hashes under one key.
    """
    if name == "generalise":
        return _GENERALISED.get(entity, _replaced(entity))
    made: dict[str, Callable[[], Operator]] = {
        "replace": lambda: _replaced(entity),
        "mask": _mask,
        "hash": lambda: _presidio("hash", {"hash_type": "sha256", "salt": key}),
        "keep": lambda: _presidio("keep", {}),
    }
    return made[name]()


def _presidio(name: str, parameters: dict[str, object]) -> Operator:
    from presidio_anonymizer.operators import OperatorsFactory, OperatorType

    made = OperatorsFactory().create_operator_class(name, OperatorType.Anonymize)

    @lru_cache(maxsize=10_000)
    def operate(value: str) -> str:
        return str(made.operate(value, parameters))

    return operate


def _replaced(entity: str) -> Operator:
    return _presidio("replace", {"new_value": f"<{entity}>"})


def _mask() -> Operator:
    from presidio_anonymizer.operators import OperatorsFactory, OperatorType

    made = OperatorsFactory().create_operator_class("mask", OperatorType.Anonymize)

    def operate(value: str) -> str:
        hidden = len(value) - min(KEPT, len(value) // 3)
        return str(made.operate(value, {"masking_char": "*", "chars_to_mask": hidden, "from_end": False}))

    return operate


def _year(value: str) -> str:
    """Give a date's year, or nothing: what can't be read must not stay."""
    compact = _COMPACT_DATE.fullmatch(value.strip())
    if compact:
        return compact[1]
    found = _YEAR.search(value.strip())
    return found[0] if found else "<DATE_OF_BIRTH>"


def _age_band(value: str) -> str:
    found = re.search(r"\d+", value)
    if found is None:
        return "<AGE>"
    start = int(found[0]) // BAND * BAND
    return "90+" if start >= 90 else f"{start}-{start + BAND - 1}"  # noqa: PLR2004 - few people are older


def _area(value: str) -> str:
    """Give the beginning of a postcode; a place's name is replaced."""
    plain = value.strip()
    return plain[:KEPT] + "*" * (len(plain) - KEPT) if re.search(r"\d", plain) and len(plain) > KEPT else "<LOCATION>"


def _degree(value: str) -> str:
    """Give a coordinate to a tenth of a degree, about 11 km."""
    try:
        return f"{float(value):.1f}"
    except ValueError:
        return "<COORDINATES>"


_GENERALISED: Final[Mapping[str, Operator]] = {
    "DATE_OF_BIRTH": _year,
    "AGE": _age_band,
    "LOCATION": _area,
    "COORDINATES": _degree,
}
