"""What a column's name announces: whole words, split at case changes and underscores, in eight languages and more."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from govkit.pii.words import FOLDER, plain

LONGEST_RUN: Final = 4
"""Most neighbouring words that are read as one: date, of, birth."""
LONGEST_ROLE: Final = 3
"""Most words of a header that is read as a role: `lead actor actress`."""
_PIECES: Final = re.compile(r"[^\W\d_]+")
_CASE_CHANGE: Final = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NAME_WORDS: Final = frozenset("name names naam nome nom nm navn namn ad".split())
_THINGS: Final = frozenset(
    "product company file city country state team item brand store column model school category species "
    "event organisation organization org business firm host domain field table class group project region "
    "county street district department dept job title album track song movie film book game server device "
    "package feature variable process plan campaign station airport hotel restaurant drug test vendor merchant "
    "bank label tag common agency scientific program programme number no count type status code date flag "
    "amount rate score length site park venue stadium tournament league club univ university college hospital "
    "clinic facility office branch building show role id ids key uuid guid url link service dish recipe "
    "ingredient food plant animal pet dog breed river mountain lake parameter metric sensor machine ship "
    "vessel aircraft car vehicle make engine party position course subject_area language currency sector "
    "industry artist band genre studio network channel publisher journal conference paper dataset source".split()
)
_ROLES: Final = frozenset(
    "person people customer client employee patient contact author coauthor player guest student "
    "applicant borrower owner member passenger candidate director actor actress performer judge president "
    "subject spouse mother father scorer inventor teacher doctor physician witness kunde mitarbeiter auteur "
    "autor autore cliente attorney lawyer plaintiff defendant victim suspect officer manager supervisor agent "
    "nominee winner laureate athlete coach pilot driver captain singer writer composer speaker host reviewer "
    "sender recipient buyer seller tenant landlord nurse parent child husband wife sponsor donor senator "
    "representative politician leader ceo founder recruiter interviewer assignee reporter researcher "
    "instructor professor tutor beneficiary policyholder cardholder insured signatory appointee referee umpire "
    "jockey rider boxer wrestler goalkeeper goalscorer pitcher batter".split()
)
_DIGITS: Final = re.compile(r"\d+")
_BARE_PARTS: Final = frozenset((("first",), ("last",), ("given",), ("family",), ("middle",), ("maiden",)))
_BARE_BIRTHS: Final = frozenset((("birth",), ("born",), ("geboren",), ("geburt",), ("naissance",), ("nacimiento",)))
"""Words that mean a date of birth where they stand alone: `birth_city` doesn't."""
_SHORTEST_GLUED: Final = 3


@dataclass(frozen=True)
class Header:
    """A column's name, read."""

    words: tuple[str, ...]
    """Its words in small letters without accents: `dateOfBirth` gives date, of, birth."""
    entities: frozenset[str]
    """Entity types that it announces; several where it is ambiguous."""
    vague: bool
    """It speaks of a name or a role without saying that it is a person's name."""
    thing: bool
    """It speaks of something that is no person: a product, a company."""
    kind: str = ""
    """`US_SSN` or `IBAN` where it names just that."""


NO_HEADER: Final = Header((), frozenset(), vague=False, thing=False)
"""What a column says that has no name, or one that is hidden."""


def read_header(name: str) -> Header:
    """Read a column's name."""
    words = header_words(name)
    runs = _runs(words)
    found = {entity for run in runs for entity in _dictionary().get(run, ())}
    thing = bool(set(words) & _THINGS)
    if words in _BARE_BIRTHS:
        found.add("DATE_OF_BIRTH")
    named = "PERSON" in found or words in _BARE_PARTS
    found.discard("PERSON")
    if found & {"EMAIL_ADDRESS", "IP_ADDRESS", "MAC_ADDRESS", "CRYPTO_ADDRESS"}:
        found -= {"STREET_ADDRESS"}
    if found - {"LOCATION"} and "name" not in words:
        named = named and not found & {"USERNAME", "LOCATION"}
    vague = not named and not thing and (bool(set(words) & _NAME_WORDS) or names_a_role(words))
    if (named and not thing) or (vague and not found):
        found.add("PERSON")
    return Header(words, frozenset(found), vague=vague, thing=thing, kind=_kind(runs))


def header_words(name: str) -> tuple[str, ...]:
    """Split a column name into plain words; runs of known words without a gap are split too: `custemail`."""
    pieces = [plain(piece) for piece in _PIECES.findall(_CASE_CHANGE.sub(" ", name))]
    return tuple(word for piece in pieces for word in _unglued(piece))


def announced(name: str) -> frozenset[str]:
    """Give the entity types that a column's name announces."""
    return read_header(name).entities


def names_a_role(words: tuple[str, ...]) -> bool:
    """Say whether a header's words call a role that a person has: `lead actor`, `judge 2`."""
    spoken = [_singular(word) for word in words]
    return 0 < len(spoken) <= LONGEST_ROLE and bool(set(spoken) & _ROLES)


def _singular(word: str) -> str:
    return word.removesuffix("s") if word not in _ROLES else word


def _kind(runs: frozenset[str]) -> str:
    if runs & {"ssn", "socialsecurity", "socialsecuritynumber"}:
        return "US_SSN"
    return "IBAN" if "iban" in runs else ""


def _runs(words: tuple[str, ...]) -> frozenset[str]:
    """Join up to four neighbouring words: date, of, birth also gives `dateofbirth`."""
    return frozenset(
        "".join(words[start:stop])
        for start in range(len(words))
        for stop in range(start + 1, min(start + LONGEST_RUN, len(words)) + 1)
    )


def _unglued(word: str) -> tuple[str, ...]:
    """Split `custemail` into cust, email: a known prefix before a word of the dictionary."""
    if word in _dictionary() or not word.isascii():
        return (word,)
    for size in range(_SHORTEST_GLUED, len(word) - 1):
        if word[:size] in _PREFIXES and (word[size:] in _dictionary() or word[size:] in _NAME_WORDS):
            return word[:size], word[size:]
    return (word,)


@cache
def _dictionary() -> Mapping[str, frozenset[str]]:
    """Give entity types by word, with umlauts written in both ways."""
    text = (files("govkit.pii") / FOLDER / "headers.json").read_text(encoding="utf-8")
    found: dict[str, set[str]] = {}
    for entity, languages in json.loads(text).items():
        for word in " ".join(languages.values()).split():
            for spelled in {plain(word), plain(word.translate(_UMLAUTS))}:
                found.setdefault(spelled, set()).add(entity)
    return {word: frozenset(entities) for word, entities in found.items()}


_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_PREFIXES: Final = frozenset(
    "cust customer client emp employee user usr contact home work office business personal primary "
    "secondary alt alternate billing bill shipping ship mailing mail sender receiver recipient buyer seller "
    "owner patient student member guest applicant father mother spouse parent emergency your own first last "
    "full middle sur fore nick author agent person phys physician provider account acct holder mobile cell day "
    "evening src dst source dest client remote local login".split()
)
