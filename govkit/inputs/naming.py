"""What the name of a column tells about it."""

import re
from typing import Final

PROTECTED: Final = frozenset(
    "age aged ancestry birth birthdate caste citizen citizenship disability disabled dob ethnic ethnicity female "
    "foreign foreigner gender geschlecht hispanic immigrant immigration indigenous latino male marital marriage "
    "migrant minority nationality native pregnancies pregnancy pregnant race racial religion religious sex sexual "
    "tribe veteran".split()
)
"""Words of protected attributes."""
PEOPLE: Final = frozenset("asian black caucasian white".split())
SHARES: Final = frozenset("frac fraction pct percent percentage population prop proportion rate ratio share".split())
"""Words that make a word of `PEOPLE` a share of them: `pct_black`, and not `black_box`."""
PERSONS: Final = frozenset("citizens inhabitants men people persons population residents women".split())
DESCRIBED: Final = PROTECTED - frozenset("age aged birth citizen female foreign male native".split())
"""Words that hardly mean anything else in running text; the age of a house and native code are left out."""
ENDINGS: Final = frozenset("id ids identifier uuid guid key nbr no nr num number hash token".split())
"""Last words of names such as `patient_id` and `hospital_number`."""
ALONE: Final = frozenset("id uuid guid index key ticket invoice transaction serial passport rownum unnamed".split())
"""Identifiers' names of one word."""
JOINED: Final = re.compile(
    r"(account|case|client|customer|device|employee|encounter|file|invoice|member|order|patient|person|policy|record|row"
    r"|sample|student|subject|ticket|transaction|user)(id|no|nr|nbr|num|number)"
)
"""Both words in one: `customerid`."""


def words(name: str) -> frozenset[str]:
    """Split a column name at case changes, digits and punctuation: `dateOfBirth` to date, of, birth."""
    return frozenset(_spelt(name))


def sounds_protected(name: str) -> bool:
    """Say whether a name speaks of a protected attribute, or of the share of a group that has one."""
    spelt = words(name)
    return bool(spelt & PROTECTED or (spelt & PEOPLE and (spelt & SHARES or len(spelt) == 1)))


def protected_word(text: str) -> str:
    """Give the word of a description that speaks of a protected attribute, nothing where none does.

    Words that speak of people's groups only beside a share or a person count there alone: `proportion of blacks`, and
    not `black car`.
    """
    spelt = [word.removesuffix("s") if word.rstrip("s") in PEOPLE else word for word in _spelt(text)]
    found = [word for word in spelt if word in DESCRIBED]
    if not found and set(spelt) & (SHARES | PERSONS):
        found = [word for word in spelt if word in PEOPLE]
    return found[0] if found else ""


def is_called_identifier(name: str) -> bool:
    """Say whether a name ends like an identifier's: `patient_id`, `Hospital Number`, `customerID`; not `id_age`."""
    spelt = _spelt(name)
    if len(spelt) > 1 and spelt[-1] in ENDINGS:
        return True
    last = "".join(spelt[-2:])
    return last in ALONE or JOINED.fullmatch(last) is not None


def _spelt(name: str) -> list[str]:
    return [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)]
