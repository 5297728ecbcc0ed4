"""Kinds of personal data and the category of each: what names a person, what singles one out, what law protects."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Final, Literal

Category = Literal["direct identifier", "quasi-identifier", "special category", "secret"]

_ENTITIES: Final[Mapping[Category, str]] = {
    "direct identifier": "BANK_ACCOUNT CREDIT_CARD CRYPTO_ADDRESS DATE_OF_BIRTH DRIVER_LICENSE EMAIL_ADDRESS "
    "IP_ADDRESS MAC_ADDRESS MEDICAL_LICENSE NATIONAL_ID PASSPORT PASSWORD PERSON PHONE_NUMBER STREET_ADDRESS "
    "URL_WITH_USER USERNAME",
    "quasi-identifier": "AGE COORDINATES DATE_TIME GENDER LOCATION MARITAL_STATUS NATIONALITY",
    "special category": "BIOMETRIC_OR_GENETIC ETHNICITY HEALTH POLITICAL_OPINION RELIGION SEXUAL_ORIENTATION "
    "UNION_MEMBERSHIP",
    "secret": "SECRET",
}
CATEGORIES: Final[Mapping[str, Category]] = {
    entity: category for category, entities in _ENTITIES.items() for entity in entities.split()
}
"""Every entity type with its category; special categories are those of GDPR article 9."""

_SPECIAL_CASES: Final = {
    "US_SSN": "NATIONAL_ID",
    "IBAN": "BANK_ACCOUNT",
    "IBAN_CODE": "BANK_ACCOUNT",
    "RACE": "ETHNICITY",
}


def family(entity: str) -> str:
    """Give the entity type that a narrower one belongs to: `US_SSN` is a `NATIONAL_ID`."""
    name = entity.strip().upper().replace(" ", "_")
    return _SPECIAL_CASES.get(name, name)


class Likelihood(IntEnum):
    """How surely a column holds an entity, on five levels; from `LIKELY` on it counts as found."""

    VERY_UNLIKELY = 1
    UNLIKELY = 2
    POSSIBLE = 3
    LIKELY = 4
    VERY_LIKELY = 5

    @property
    def words(self) -> str:
        """The level as words: `very likely`."""
        return self.name.lower().replace("_", " ")
