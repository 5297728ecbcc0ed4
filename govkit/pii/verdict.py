"""What a column holds, judged from its values, its name and the columns beside it: entity, likelihood and reasons."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from govkit.pii import national_ids
from govkit.pii.entities import CATEGORIES, Category, Likelihood, family
from govkit.pii.gates import candidates
from govkit.pii.headers import NO_HEADER, Header, names_a_role, read_header
from govkit.pii.profile import LONGEST_CELL, Profile, profile
from govkit.pii.recognisers import Detector, detectors, gate
from govkit.pii.vocabularies import vocabulary_of

FEW: Final = 60
"""Most distinct values of a column that is read as codes of a category."""


@dataclass(frozen=True)
class Thresholds:
    """Where the lines are; chosen by cross-validation over whole tables (benchmarks/pii.py)."""

    share: float = 0.3
    """Share of distinct values from which a column is claimed by what its values look like."""
    share_by_name: float = 0.5
    """Share of distinct values that must fit what the column's name announces."""
    distinct: int = 2
    """Fewest distinct values that must match."""
    person: float = 0.65
    """Score of names of several words without a header."""
    person_one_word: float = 0.45
    """Score of first or last names alone without a header."""
    person_one_word_few: float = 0.65
    """The same where there are fewer than `MANY_NAMES`: brands and nicknames of things are surnames too."""
    person_despite_header: float = 0.1
    """How much more it takes under a header that speaks of something else."""
    person_named: float = 0.2
    """Score under a header that speaks of a person's name."""
    person_vague: float = 0.35
    """Score under a header that speaks of some name or role."""
    place_over_person: float = 0.8
    """Share of the person score that the place score may reach."""
    street: float = 0.4
    """Share of streets without a header."""
    names_without_header: int = 12
    """Fewest distinct values that are claimed as names by their look alone."""


@dataclass(frozen=True)
class Column:
    """A column as the verdict sees it."""

    name: str
    values: tuple[str, ...]
    """Distinct present values, stripped; all or a drawn part."""
    distinct: int
    named: bool = True
    """Its name counts as evidence."""


@dataclass(frozen=True)
class Claim:
    """An entity type that a column holds, or may hold."""

    entity: str
    likelihood: Likelihood
    share: float
    """Share of distinct values that fit."""
    reasons: tuple[str, ...]
    """Ids of `REASONS`."""
    kind: str = ""
    """Something narrower than the entity: `US_SSN`, `IBAN`, `br.cpf`."""

    @property
    def found(self) -> bool:
        """Say whether the column counts as holding it."""
        return self.likelihood >= Likelihood.LIKELY

    @property
    def category(self) -> Category:
        """The entity's category."""
        return CATEGORIES[self.entity]


REASONS: Final[Mapping[str, str]] = {
    "header": "its name",
    "recogniser": "Presidio's recogniser",
    "checksum": "check digits",
    "no_checksum": "check digits that are wrong",
    "pattern": "the form of its values",
    "names": "lists of first and last names",
    "places": "lists of places",
    "years": "dates spread as births are",
    "vocabulary": "words of the category",
    "people": "columns of people beside it",
}
"""What a claim rests on."""


def judge_table(
    columns: Sequence[Column],
    thresholds: Thresholds = Thresholds(),
    *,
    countries: Sequence[str] = (),
    hide_names: bool = False,
) -> dict[str, Claim]:
    """Give the strongest claim about each column that has one.

    Args:
        columns: of one table; their names and neighbours count as evidence.
        thresholds: where the lines are.
        countries: declared ISO 3166 codes in small letters, which national numbers may come from.
        hide_names: judge from values alone.
    """
    headers = {
        column.name: read_header(column.name) if column.named and not hide_names else NO_HEADER for column in columns
    }
    sure: dict[str, Claim] = {}
    could = _candidates(columns)
    seen = {
        column.name: _Seen(column, headers[column.name], profile(column.values), thresholds, column.name in could)
        for column in columns
    }
    for name, item in seen.items():
        found = _best(claim for judge in _JUDGES for claim in judge(item, countries))
        if found is not None:
            sure[name] = found
    for judge_beside in (_by_person, _by_number_of_people, _by_date):
        people = _people(sure)
        for name, item in seen.items():
            second = _best(judge_beside(item, bool(people - {name})))
            if second is not None and (name not in sure or second.likelihood > sure[name].likelihood):
                sure[name] = second
    return sure


def _candidates(columns: Sequence[Column]) -> frozenset[str]:
    """Give the columns of which at least one value passes a gate."""
    import pyarrow as pa
    import pyarrow.compute as pc

    masks = candidates([pa.array(column.values, pa.large_string()) for column in columns])
    return frozenset(column.name for column, mask in zip(columns, masks, strict=True) if pc.any(mask).as_py())


@dataclass(frozen=True)
class _Seen:
    """A column with everything that is known of it."""

    column: Column
    header: Header
    profile: Profile
    thresholds: Thresholds
    candidate: bool
    """Some of its values could be what a recogniser knows."""

    @property
    def silent(self) -> bool:
        """Say whether the name tells nothing: `col_7`, `V5`, or hidden."""
        return not self.header.entities and all(word in _EMPTY_WORDS or len(word) == 1 for word in self.header.words)


_EMPTY_WORDS: Final = frozenset("col column field var value val attr attribute data unnamed feature x y key".split())


def _best(claims: Iterator[Claim]) -> Claim | None:
    return max(
        claims, key=lambda claim: (claim.likelihood, claim.category == "direct identifier", claim.share), default=None
    )


def _people(claims: Mapping[str, Claim]) -> set[str]:
    """Give the columns that show that rows are about people."""
    return {name for name, claim in claims.items() if claim.found and claim.entity in _SIGNS_OF_PEOPLE}


_SIGNS_OF_PEOPLE: Final = frozenset(
    ("AGE", "DATE_OF_BIRTH", "EMAIL_ADDRESS", "ETHNICITY", "GENDER", "MARITAL_STATUS", "NATIONAL_ID", "PERSON")
)


def _by_recogniser(seen: _Seen, _: Sequence[str]) -> Iterator[Claim]:
    import pyarrow as pa

    numbers = seen.profile.decimals > 0.5 or seen.profile.dates > 0.5  # noqa: PLR2004
    if numbers or not (seen.candidate or seen.header.entities) or not seen.column.values:
        return
    values = pa.array(seen.column.values, pa.large_string())
    for detector in detectors().values():
        entity = family(detector.entity)
        named = entity in seen.header.entities
        if detector.needs_header and not named:
            continue
        hits = [value for value in values.filter(gate(values, detector)).to_pylist() if detector.fills(value)]
        share = len(hits) / len(values)
        if share >= seen.thresholds.share and _corroborated(detector, hits, seen, named=named):
            likelihood = Likelihood.VERY_LIKELY if named or share >= 0.8 else Likelihood.LIKELY  # noqa: PLR2004
            reasons = ("checksum" if detector.entity in _CHECKED else "recogniser", *(["header"] if named else []))
            yield Claim(entity, likelihood, share, reasons, detector.entity if entity != detector.entity else "")


_CHECKED: Final = frozenset(("CREDIT_CARD", "IBAN", "CRYPTO_ADDRESS"))
FEWEST_UNNAMED_PHONES: Final = 5
_DIALLED: Final = re.compile(
    r"\+|00|\(|0[1-9 ]\d*[ /.-]|\d{3}[-. ]\d{3}[-. ]\d{4}(?!\d)|1[-. ]\d{3}[-. ]|\d{2,4}(?: \d{2,5})+$"
)
"""How phone numbers are written: with the country or the trunk prefix, as in North America, or in groups with gaps.
Other numbers with dashes are as often numbers of batches, drugs and parts."""
DIGITS_OF_PHONE: Final = 9
"""Fewest digits of a phone number in a column that isn't called so; postcodes have seven."""
LUHN_BY_CHANCE: Final = 0.5
"""One random number in ten passes the Luhn test, so bare digits must pass far more often."""


def _corroborated(detector: Detector, hits: list[str], seen: _Seen, *, named: bool) -> bool:
    least = seen.thresholds.distinct
    if named:
        return len(hits) >= min(least, seen.column.distinct)
    if detector.entity == "PHONE_NUMBER":
        written = sum(
            _DIALLED.match(value) is not None and sum(map(str.isdigit, value)) >= DIGITS_OF_PHONE for value in hits
        )
        return len(hits) >= FEWEST_UNNAMED_PHONES and 2 * written >= len(hits)
    if detector.entity == "IP_ADDRESS":
        return len(hits) >= least and not _are_versions(hits, seen.header.words)
    if detector.entity == "CREDIT_CARD" and all(value.isdigit() for value in hits):
        return len(hits) >= max(least, LUHN_BY_CHANCE * len(seen.column.values))
    return len(hits) >= least


def _are_versions(values: Sequence[str], header: Sequence[str]) -> bool:
    """Say whether four numbers with dots are versions: called so, or all ending in one digit."""
    ends = sum(len(value.rpartition(".")[2]) == 1 for value in values)
    return bool(set(header) & _VERSIONS) or (len(values) >= FEWEST_VERSIONS and ends >= 0.95 * len(values))


_VERSIONS: Final = frozenset("version versions ver build release firmware software revision patch".split())
FEWEST_VERSIONS: Final = 20


def _by_national_id(seen: _Seen, countries: Sequence[str]) -> Iterator[Claim]:
    if seen.profile.decimals > 0.5 or seen.profile.dates > 0.5:  # noqa: PLR2004
        return
    found = national_ids.judge(seen.column.values, seen.header.words, countries)
    if found is not None:
        named = found.named or "NATIONAL_ID" in seen.header.entities
        likelihood = Likelihood.VERY_LIKELY if named else Likelihood.LIKELY
        yield Claim(
            "NATIONAL_ID", likelihood, found.share, ("checksum", *(["header"] if named else [])), found.validator
        )


def _by_name(seen: _Seen, _: Sequence[str]) -> Iterator[Claim]:
    """Hold the values against what the name announces; names of people have rules of their own."""
    for entity in sorted(seen.header.entities - {"PERSON", "STREET_ADDRESS", "SECRET"}):
        fits = _SHAPES.get(entity)
        if fits is None or (seen.profile.decimals > 0.5 and entity != "COORDINATES"):  # noqa: PLR2004
            continue
        share = _share(seen, fits)
        if share < seen.thresholds.share_by_name or (entity in _CODED and seen.column.distinct > FEW):
            continue
        card = entity == "CREDIT_CARD"
        likelihood = Likelihood.POSSIBLE if card else Likelihood.LIKELY
        yield Claim(entity, likelihood, share, ("header", "no_checksum" if card else "pattern"), _kind(seen, entity))


def _kind(seen: _Seen, entity: str) -> str:
    return seen.header.kind if family(seen.header.kind or "-") == entity else ""


MANY_NAMES: Final = 150
"""Distinct values from which on a column of single words is no list of brands."""
FEWEST_NAMES: Final = 5
"""Fewest distinct first and last names that are claimed without a header."""
FEWEST_STREETS: Final = 8
"""Fewest distinct values that are claimed as addresses without a header."""


def _by_street(seen: _Seen, _: Sequence[str]) -> Iterator[Claim]:
    found = seen.profile
    if found.length > LONGEST_CELL or found.numbers > 0.5 or found.dates > 0.5:  # noqa: PLR2004
        return
    if "STREET_ADDRESS" in seen.header.entities:
        share = max(found.street, found.street_word, found.house_number)
        if share >= seen.thresholds.share:
            yield Claim("STREET_ADDRESS", Likelihood.VERY_LIKELY, share, ("header", "pattern"))
    elif seen.header.entities or seen.header.thing or found.values < FEWEST_STREETS:
        return
    elif found.street >= seen.thresholds.street and found.house_number >= found.street / 2:
        yield Claim("STREET_ADDRESS", Likelihood.LIKELY, found.street, ("pattern",))
    elif found.street_word >= 1.5 * seen.thresholds.street and found.organisation < 0.2:  # noqa: PLR2004
        yield Claim("STREET_ADDRESS", Likelihood.LIKELY, found.street_word, ("pattern",))


def _by_pattern(seen: _Seen, _: Sequence[str]) -> Iterator[Claim]:
    """Claim what no recogniser covers: addresses in a private domain, passwords."""
    share = _share(seen, lambda value: _EMAIL.fullmatch(value) is not None)
    if share >= seen.thresholds.share and share * len(seen.column.values) > seen.thresholds.distinct:
        yield Claim("EMAIL_ADDRESS", Likelihood.LIKELY, share, ("pattern",))
    insured = _share(seen, lambda value: _INSURANCE_NUMBER.fullmatch(value) is not None)
    if insured >= 0.6 and seen.column.distinct >= FEWEST_STREETS:  # noqa: PLR2004 - most of them
        yield Claim("NATIONAL_ID", Likelihood.LIKELY, insured, ("pattern",), "gb.nino")
    found = seen.profile
    if seen.silent and found.values >= FEW and found.passwords >= 0.4 and found.shapes >= 0.5 and found.words < 4:  # noqa: PLR2004
        yield Claim("PASSWORD", Likelihood.LIKELY, found.passwords, ("pattern",))


_INSURANCE_NUMBER: Final = re.compile(r"[A-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]")
"""A national insurance number of the United Kingdom; it has no check digit."""


def _by_vocabulary(seen: _Seen, _: Sequence[str]) -> Iterator[Claim]:
    found = vocabulary_of(seen.column.values)
    if found is not None:
        yield Claim(found.entity, Likelihood.LIKELY, found.share, ("vocabulary",))


FEWEST_PLACES: Final = 6
"""Fewest distinct values that are claimed as places without a header: north, lily and red are places too."""


def _by_place(seen: _Seen, _: Sequence[str]) -> Iterator[Claim]:
    found = seen.profile
    least = 2 if "LOCATION" in seen.header.entities else FEWEST_PLACES
    open_to_it = seen.header.entities <= {"LOCATION", "PERSON"} and not found.free_text and found.values >= least
    if open_to_it and found.place >= 0.5 and found.place > found.person:  # noqa: PLR2004 - most of them
        yield Claim("LOCATION", Likelihood.LIKELY, found.place, ("places",))


def _by_date(seen: _Seen, people: bool) -> Iterator[Claim]:  # noqa: FBT001 - a fact about the table
    found = seen.profile
    early, middle, late = found.years
    born = late - early >= 20 and 1925 <= middle <= 2005 and found.any_day  # noqa: PLR2004 - living people's births
    if found.dates >= 0.6 and born and people and "DATE_OF_BIRTH" not in seen.header.entities:  # noqa: PLR2004
        likelihood = Likelihood.LIKELY if seen.silent else Likelihood.POSSIBLE
        yield Claim("DATE_OF_BIRTH", likelihood, found.dates, ("years", "people"))


def _by_number_of_people(seen: _Seen, people: bool) -> Iterator[Claim]:  # noqa: FBT001 - a fact about the table
    """Claim bare digits with a leading zero, beside columns of people, as national phone numbers."""
    if not (people and seen.silent and seen.profile.values >= FEWEST_NATIONAL_PHONES):
        return
    share = _share(seen, lambda value: _NATIONAL_PHONE.fullmatch(value) is not None)
    if share >= 0.8:  # noqa: PLR2004 - nearly all of them
        yield Claim("PHONE_NUMBER", Likelihood.LIKELY, share, ("pattern", "people"))


_NATIONAL_PHONE: Final = re.compile(r"0[1-9]\d{7,9}")
FEWEST_NATIONAL_PHONES: Final = 20


def _by_person(seen: _Seen, people: bool) -> Iterator[Claim]:  # noqa: FBT001 - a fact about the table
    found = seen.profile
    if found.numbers > 0.5 or found.length > LONGEST_CELL or found.dates > 0.5:  # noqa: PLR2004
        return
    if "PERSON" in seen.header.entities:
        shape = _share(seen, _name)
        if shape >= seen.thresholds.share_by_name and _named_enough(seen, people=people):
            known = found.person >= seen.thresholds.person_vague
            likelihood = Likelihood.VERY_LIKELY if known else Likelihood.LIKELY
            yield Claim("PERSON", likelihood, max(found.person, shape), ("header", "names") if known else ("header",))
    elif not seen.header.entities and _look_like_names(seen):
        likelihood = Likelihood.VERY_LIKELY if found.person > 0.8 else Likelihood.LIKELY  # noqa: PLR2004
        yield Claim("PERSON", likelihood, found.person, ("names",))


def _look_like_names(seen: _Seen) -> bool:
    """Say whether values are names of people by their look alone."""
    found, lines = seen.profile, seen.thresholds
    about_things = seen.header.thing and not names_a_role(seen.header.words)
    if about_things or found.place > lines.place_over_person * found.person:
        return False
    one_word = lines.person_one_word if found.values >= MANY_NAMES else lines.person_one_word_few
    line = one_word if found.words < 1.3 else lines.person  # noqa: PLR2004 - nearly all are one word
    if not seen.silent:
        line += lines.person_despite_header
    if found.values < lines.names_without_header:
        line = 0.9 if found.words >= 2 and found.values >= FEWEST_NAMES else 2.0  # noqa: PLR2004 - first and last name
    return found.person >= line and found.organisation < 0.2 and found.common < 0.5  # noqa: PLR2004


def _named_enough(seen: _Seen, *, people: bool) -> bool:
    """Say whether values under a header of names are names of people."""
    found, lines = seen.profile, seen.thresholds
    if found.organisation > 0.3 and found.person < 0.5:  # noqa: PLR2004
        return False
    if found.latin < 0.5:  # noqa: PLR2004 - word lists of other scripts are short
        return not seen.header.vague or people or found.person >= lines.person_named
    if not seen.header.vague:
        return found.person >= lines.person_named or found.common < 0.3  # noqa: PLR2004
    line = (lines.person_named + lines.person_vague) / 2 if people else lines.person_vague
    return found.person >= line and found.place <= found.person


def _share(seen: _Seen, fits: Callable[[str], bool]) -> float:
    values = seen.column.values
    return sum(map(fits, values)) / len(values) if values else 0.0


def _shape(pattern: str, *, digits: int = 0) -> Callable[[str], bool]:
    compiled = re.compile(pattern, re.IGNORECASE)
    return lambda value: (
        len(value) <= LONGEST_CELL
        and compiled.fullmatch(value) is not None
        and sum(mark.isdigit() for mark in value) >= digits
    )


def _name(value: str) -> bool:
    """Fit one to six words of letters with the marks that stand in names."""
    plain = re.fullmatch(r"[^\W\d_][^\d_@\\:!?=<>|]{0,79}", value) is not None
    return plain and len(re.findall(r"[^\W_]+", value)) <= 8  # noqa: PLR2004


def _age(value: str) -> bool:
    numbers = [int(number) for number in re.findall(r"\d+", value)[:2]]
    return bool(numbers) and len(value) <= 12 and all(number <= 120 for number in numbers)  # noqa: PLR2004


def _short(value: str) -> bool:
    return len(value) <= LONGEST_CELL


_EMAIL: Final = re.compile(r"^[^\s@/:]+@[^\s@.]+(?:\.[^\s@.]+)+$")
_DATE_SHAPE: Final = (
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}.{0,20}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}.{0,20}|(19|20)\d{6}|(19|20)\d\d"
    r"|\d{1,2}\.? \w{3,9}\.?,? \d{4}|\w{3,9}\.? \d{1,2},? \d{4}|\d{1,2}-\w{3}-\d{2,4}|\d{4}年\d{1,2}月\d{1,2}日"
)
_IDENTIFIER_SHAPE: Final = r"[A-Z0-9][A-Z0-9 ./*-]{4,22}"
_CODED: Final = frozenset(("ETHNICITY", "GENDER", "MARITAL_STATUS"))
_SHAPES: Final[Mapping[str, Callable[[str], bool]]] = {
    "EMAIL_ADDRESS": _shape(r"[^\s@]+@[^\s@]*"),
    "DATE_OF_BIRTH": _shape(_DATE_SHAPE),
    "PASSWORD": _shape(r"\S{4,}"),
    "USERNAME": _shape(r"@?[\w.-]*[^\W\d_][\w.-]*"),
    "NATIONAL_ID": _shape(rf"{_IDENTIFIER_SHAPE}|[\dx*]{{3}}[- ]?[\dx*]{{2}}[- ]?\d{{4}}", digits=4),
    "PASSPORT": _shape(_IDENTIFIER_SHAPE, digits=4),
    "DRIVER_LICENSE": _shape(_IDENTIFIER_SHAPE, digits=4),
    "BANK_ACCOUNT": _shape(_IDENTIFIER_SHAPE + r"[A-Z0-9 ]{0,20}", digits=6),
    "CREDIT_CARD": _shape(r"[\d*x][\d*x -]{11,22}", digits=4),
    "IP_ADDRESS": _shape(r"\d{1,3}(\.(\d{1,3}|\*|x+)){3}|[0-9a-f]*:[0-9a-f:]+"),
    "PHONE_NUMBER": _shape(r"[+(\d][\d ()./+-]{5,}(?: ?(x|ext)\.? ?\d+)?", digits=6),
    "AGE": _age,
    "GENDER": _short,
    "MARITAL_STATUS": _short,
    "NATIONALITY": _short,
    "LOCATION": _shape(r"(?=.*[^\W\d_])[^@]{2,}|[\d -]{4,10}"),
    "COORDINATES": _shape(r"[(]?[-+]?\d{1,3}[.,]\d+.*|[-+]?\d{1,3}", digits=1),
    "ETHNICITY": _short,
    "RELIGION": _short,
    "HEALTH": _short,
    "SEXUAL_ORIENTATION": _short,
    "POLITICAL_OPINION": _short,
    "UNION_MEMBERSHIP": _short,
    "BIOMETRIC_OR_GENETIC": bool,
}
_JUDGES: Final = (
    _by_recogniser, _by_national_id, _by_name, _by_street, _by_pattern, _by_vocabulary, _by_place,
)  # fmt: skip
