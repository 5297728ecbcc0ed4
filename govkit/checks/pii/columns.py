"""Which columns hold personal data, judged from their values and their names."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from govkit.core.evidence import Column, Finding, Measurement, Message, Severity, Table
from govkit.inputs.dataset import MISSING, Dataset
from govkit.inputs.personal_data import CATEGORIES, announced, header_words, is_vague_name, names_a_role
from govkit.inputs.presidio_offline import Detector, detectors, gate
from govkit.plugins.check import Emit, Params, Product, Sizes, Work, check

if TYPE_CHECKING:
    import pyarrow as pa

VALUES_PER_COLUMN: Final = {"quick": 300, "standard": 1_000, "thorough": 5_000}
RULES: Final = {
    "direct identifier": ("PII-001", Severity.HIGH, "pii.columns.direct"),
    "quasi-identifier": ("PII-002", Severity.LOW, "pii.columns.quasi"),
    "special category": ("PII-003", Severity.MEDIUM, "pii.columns.special"),
}
FEW: Final = 60
"""Most distinct values of a column that is read as codes of a category."""


class ColumnsParams(Params):
    """How much of a column must look like an entity."""

    min_share: float = 0.3
    """Share of distinct values from which a column is claimed by what its values look like."""
    min_share_by_name: float = 0.5
    """Share of distinct values that must fit what the column's name announces."""
    min_distinct: int = 2
    """Fewest distinct values that must match."""


@dataclass(frozen=True)
class Sample:
    """A column as the check sees it."""

    values: tuple[str, ...]
    """Distinct present values, stripped; all or a drawn part."""
    distinct: int
    cells: int
    decimals: bool


@dataclass(frozen=True)
class Claim:
    """An entity type that a column holds."""

    entity: str
    share: float
    basis: str
    """`values` or `name`."""


@dataclass(frozen=True)
class Found:
    """A claim with the place it was made for."""

    column: str
    role: str
    claim: Claim
    cells: int

    @property
    def category(self) -> str:
        """The entity's category."""
        return CATEGORIES[self.claim.entity]


@dataclass(frozen=True)
class _Header:
    """What a column's name says, together with its neighbours' names."""

    entities: frozenset[str]
    vague: bool
    among_people: bool
    """It speaks of a name, and other columns of people: age, e-mail address, date of birth."""

    @classmethod
    def of(cls, name: str, names: tuple[str, ...]) -> "_Header":
        others = {entity for other in names if other != name for entity in announced(other)}
        among_people = bool(others & _SIGNS_OF_PEOPLE) and not names_a_role(header_words(name))
        return cls(announced(name), is_vague_name(name), among_people)

    def shape_of(self, entity: str) -> Callable[[str], bool] | None:
        """Give the test that a value must pass; `name` alone among no people asks for first and last name."""
        if entity == "PERSON" and self.vague:
            return _name_written_large if self.among_people else _first_and_last
        return _SHAPES.get(entity)


def plan(sizes: Sizes, budget: str, params: Params) -> Work:
    """Resolve the budget to the number of distinct values read in each column."""
    del params
    values = VALUES_PER_COLUMN[budget]
    files = 2 if sizes.train_rows else 1
    return Work({"values_per_column": values}, seconds=2 + files * sizes.features * min(values, sizes.test_rows) * 1e-4)


@check(
    "pii.columns",
    title="Personal data in columns",
    params=ColumnsParams,
    emits=(
        Emit("direct_identifier_columns", "count", "columns whose values name a person"),
        Emit("personal_columns", "count", "columns with personal data of any category"),
        Emit("columns_scanned", "count", "columns looked at in DATA and TRAIN"),
    ),
    messages={
        "pii.columns.direct": "{column} holds {entity} ({share} of its distinct values, in {data}): it names people.",
        "pii.columns.quasi": "{column} holds {entity} ({share} of its distinct values, in {data}): it helps to single "
        "people out.",
        "pii.columns.special": "{column} holds {entity} ({share} of its distinct values, in {data}): a special "
        "category of personal data.",
    },
    libraries=("presidio-analyzer", "phonenumbers", "tldextract"),
    plan=plan,
)
def columns(
    test: Dataset, params: ColumnsParams, work: Mapping[str, int], seed: int, train: Dataset | None = None
) -> Iterator[Product]:
    """Tell which columns of DATA and TRAIN hold personal data, by entity type.

    Why it matters: a model may only be trained and tested on personal data for which there is a reason, and names or
    numbers of people that nobody knew of are the commonest privacy incident in data sets.

    Method: up to `values_per_column` distinct values a column, drawn with the check's seed, go through Presidio's
    recognisers and checksums (no language model, no network). A column is claimed when enough of its distinct values
    are the entity as a whole cell, or when its name announces an entity in one of eight languages and the values have
    that shape. Passport, licence and bank numbers need both; numbers with decimals are never phone numbers.

    Limits: names of people are found by the column's name and their shape, so a column of names that is called
    `field_7` is missed; so are identifiers of countries whose numbers Presidio doesn't know, unless the name says it.
    Values that stand in fewer than the required share of cells are left to pii.free_text. A small number is not proof
    of absence.

    References: Presidio analyzer; GDPR articles 4 and 9; ISO/IEC 29100.
    """
    found: list[Found] = []
    names: set[str] = set()
    for dataset in (test, train):
        for name in dataset.columns if dataset else ():
            assert dataset is not None
            names.add(name)
            sample = _sample(dataset.strings.column(name), work["values_per_column"], seed)
            claim = _claim(_Header.of(name, dataset.columns), sample, params)
            if claim:
                found.append(Found(name, dataset.role, claim, sample.cells))
    scanned = len(names)
    direct = {item.column for item in found if item.category == "direct identifier"}
    personal = {item.column for item in found}
    yield Measurement(name="direct_identifier_columns", value=len(direct), unit="count", n=scanned)
    yield Measurement(name="personal_columns", value=len(personal), unit="count", n=scanned)
    yield Measurement(name="columns_scanned", value=scanned, unit="count", n=scanned)
    yield from _findings(found)
    yield _table(found)


def _findings(found: list[Found]) -> Iterator[Finding]:
    for name in dict.fromkeys(item.column for item in found):
        claims = [item for item in found if item.column == name]
        strongest = min(claims, key=lambda item: RULES[item.category][0] != "PII-001")
        rule, severity, message = RULES[strongest.category]
        arguments = {
            "column": name,
            "entity": strongest.claim.entity,
            "share": f"{strongest.claim.share:.0%}",
            "data": " and ".join("TRAIN" if item.role == "train" else "DATA" for item in claims),
        }
        yield Finding(rule=rule, severity=severity, message=Message(id=message, args=arguments), where=f"column {name}")


def _table(found: list[Found]) -> Table:
    return Table(
        name="columns_found",
        title="Columns with personal data",
        columns=(
            Column(name="column"),
            Column(name="data"),
            Column(name="entity"),
            Column(name="category"),
            Column(name="share of distinct values", unit="share"),
            Column(name="cells", unit="count"),
            Column(name="basis"),
        ),
        rows=tuple(
            (item.column, item.role, item.claim.entity, item.category, item.claim.share, item.cells, item.claim.basis)
            for item in found
        ),
    )


def _sample(column: "pa.ChunkedArray", most: int, seed: int) -> Sample:
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    missing = pa.array([*sorted(MISSING), None], pa.large_string())
    present = column.filter(pc.invert(pc.is_in(column, value_set=missing)))
    unique = pc.unique(present)
    if len(unique) > most:
        drawn = np.sort(np.random.default_rng(seed).choice(len(unique), size=most, replace=False))
        values = unique.take(pa.array(drawn)).to_pylist()
    else:
        values = unique.to_pylist()
    stripped = tuple(text for text in (value.strip() for value in values) if text)
    decimals = sum(bool(_DECIMAL.fullmatch(value)) for value in stripped) * 2 > len(stripped)
    return Sample(stripped, len(unique), len(present), decimals)


def _claim(header: "_Header", sample: Sample, params: ColumnsParams) -> Claim | None:
    if not sample.values:
        return None
    return (
        _by_values(header.entities, sample, params)
        or _by_name(header, sample, params)
        or _by_vocabulary(sample)
        or _by_pattern(sample, params)
    )


def _by_values(words: frozenset[str], sample: Sample, params: ColumnsParams) -> Claim | None:
    import pyarrow as pa

    if sample.decimals:
        return None
    values = pa.array(sample.values, pa.large_string())
    claims = []
    for detector in detectors().values():
        if detector.needs_header and detector.entity not in words:
            continue
        candidates = values.filter(gate(values, detector)).to_pylist()
        hits = [value for value in candidates if detector.fills(value)]
        share = len(hits) / len(sample.values)
        if share >= params.min_share and _corroborated(detector, hits, sample, params, named=detector.entity in words):
            claims.append(Claim(detector.entity, share, "values"))
    return max(claims, key=lambda claim: (claim.entity in words, claim.share), default=None)


def _corroborated(detector: Detector, hits: list[str], sample: Sample, params: ColumnsParams, *, named: bool) -> bool:
    if named:
        return len(hits) >= min(params.min_distinct, sample.distinct)
    if detector.entity == "PHONE_NUMBER":
        written = sum(not value.isdigit() and sum(map(str.isdigit, value)) >= DIGITS_OF_PHONE for value in hits)
        return len(hits) >= FEWEST_UNNAMED_PHONES and 2 * written >= len(hits)
    if detector.entity == "CREDIT_CARD" and all(value.isdigit() for value in hits):
        return len(hits) >= max(params.min_distinct, LUHN_BY_CHANCE * len(sample.values))
    return len(hits) >= params.min_distinct


FEWEST_UNNAMED_PHONES: Final = 5
DIGITS_OF_PHONE: Final = 9
"""Fewest digits of a phone number in a column that isn't called so; postcodes have seven."""
LUHN_BY_CHANCE: Final = 0.5
"""One random number in ten passes the Luhn test, so bare digits must pass far more often."""


def _by_name(header: "_Header", sample: Sample, params: ColumnsParams) -> Claim | None:
    claims = []
    for entity in sorted(header.entities):
        fits = header.shape_of(entity)
        if fits is None or (sample.decimals and entity != "COORDINATES"):
            continue
        share = sum(fits(value) for value in sample.values) / len(sample.values)
        if share >= params.min_share_by_name and (entity not in _CODED or sample.distinct <= FEW):
            claims.append(Claim(entity, share, "name"))
    return max(claims, key=lambda claim: (CATEGORIES[claim.entity] == "direct identifier", claim.share), default=None)


def _by_vocabulary(sample: Sample) -> Claim | None:
    values = {value.casefold() for value in sample.values}
    for entity, vocabulary in _VOCABULARIES.items():
        known = values & vocabulary
        if len(known) > 1 and 2 * len(known) >= len(values):
            return Claim(entity, len(known) / len(values), "values")
    return None


def _by_pattern(sample: Sample, params: ColumnsParams) -> Claim | None:
    short = [value for value in sample.values if len(value) <= LONGEST_ADDRESS]
    for entity, pattern in _PATTERNS.items():
        hits = sum(bool(pattern.search(value)) for value in short)
        if hits >= params.min_share * len(sample.values) and hits > params.min_distinct:
            return Claim(entity, hits / len(sample.values), "values")
    return None


LONGEST_ADDRESS: Final = 120


def _shape(pattern: str, *, digits: int = 0) -> Callable[[str], bool]:
    compiled = re.compile(pattern, re.IGNORECASE)
    return lambda value: (
        len(value) <= LONGEST_ADDRESS
        and compiled.fullmatch(value) is not None
        and sum(mark.isdigit() for mark in value) >= digits
    )


def _name(value: str) -> bool:
    """Fit one to five words of letters with the marks that stand in names."""
    plain = re.fullmatch(r"[^\W\d_][^\d_@/\\:;!?=<>|]{0,59}", value) is not None
    return plain and len(re.findall(r"[^\W_]+", value)) <= 5  # noqa: PLR2004


def _name_written_large(value: str) -> bool:
    """Fit a name of two words, or one that is not written in small letters."""
    return _name(value) and (not value.islower() or " " in value)


def _first_and_last(value: str) -> bool:
    """Fit two or three words, each with a capital: `Ada Lovelace`, `Lovelace, Ada`."""
    words = re.findall(r"[^\W\d_]+", value)
    return _name(value) and 2 <= len(words) <= 4 and all(word[0].isupper() or len(word) <= 3 for word in words)  # noqa: PLR2004


def _age(value: str) -> bool:
    numbers = [int(number) for number in re.findall(r"\d+", value)[:2]]
    return bool(numbers) and len(value) <= 12 and all(number <= 120 for number in numbers)  # noqa: PLR2004


def _short(value: str) -> bool:
    return len(value) <= LONGEST_ADDRESS


_DECIMAL: Final = re.compile(r"[+-]?\d*[.,]\d+(?:[eE][+-]?\d+)?")
_STREET: Final = re.compile(
    r"(?i)^\d{1,6}[a-z]? .*\b(street|st|avenue|ave|road|rd|drive|dr|boulevard|blvd|lane|ln|way|court|ct|place|pl|"
    r"highway|hwy|parkway|pkwy|square|sq|terrace|circle)\b|\b(rua|calle|rue|avenida|ulica|ul\.|piazza|viale)\b.*\d"
    r"|(straße|strasse|str\.|gasse|platz|weg|allee|straat|laan)\s+\d+|\bp\.? ?o\.? box \d"
)
_EMAIL: Final = re.compile(r"^[^\s@]+@[^\s@.]+(?:\.[^\s@.]+)+$")
_PATTERNS: Final = {"EMAIL_ADDRESS": _EMAIL, "STREET_ADDRESS": _STREET}
"""What no recogniser of Presidio covers: addresses in a private domain, streets."""
_DATE_SHAPE: Final = (
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}.{0,20}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}.{0,20}|(19|20)\d{6}|(19|20)\d\d"
    r"|\d{1,2} \w{3,9} \d{4}|\w{3,9} \d{1,2},? \d{4}"
)
_IDENTIFIER_SHAPE: Final = r"[A-Z0-9][A-Z0-9 ./*-]{4,22}"
_SIGNS_OF_PEOPLE: Final = frozenset(
    ("AGE", "DATE_OF_BIRTH", "EMAIL_ADDRESS", "ETHNICITY", "GENDER", "MARITAL_STATUS", "NATIONAL_ID", "US_SSN")
)
_CODED: Final = frozenset(("ETHNICITY", "GENDER", "MARITAL_STATUS"))
_SHAPES: Final[Mapping[str, Callable[[str], bool]]] = {
    "PERSON": _name,
    "DATE_OF_BIRTH": _shape(_DATE_SHAPE),
    "STREET_ADDRESS": _shape(r"(?=.*[^\W\d_]{3})[^@]{5,}"),
    "PASSWORD": _shape(r"\S{4,}"),
    "USERNAME": _shape(r"@?[\w.-]*[^\W\d_][\w.-]*"),
    "NATIONAL_ID": _shape(_IDENTIFIER_SHAPE, digits=5),
    "US_SSN": _shape(r"[\dx*]{3}[- ]?[\dx*]{2}[- ]?\d{4}|\d{4}"),
    "PASSPORT": _shape(_IDENTIFIER_SHAPE, digits=4),
    "DRIVER_LICENSE": _shape(_IDENTIFIER_SHAPE, digits=4),
    "BANK_ACCOUNT": _shape(_IDENTIFIER_SHAPE, digits=6),
    "CREDIT_CARD": _shape(r"[\d*x][\d*x -]{11,22}", digits=4),
    "PHONE_NUMBER": _shape(r"[+(\d][\d ()./+-]{5,}(?:(x|ext)\.? ?\d+)?", digits=7),
    "AGE": _age,
    "GENDER": _short,
    "MARITAL_STATUS": _short,
    "NATIONALITY": _short,
    "LOCATION": _shape(r"(?=.*[^\W\d_])[^@]{2,}|[\d -]{4,10}"),
    "COORDINATES": _shape(r"[(]?[-+]?\d{1,3}[.,]\d+.*", digits=2),
    "ETHNICITY": _short,
    "RELIGION": _short,
    "HEALTH": _short,
    "SEXUAL_ORIENTATION": _short,
    "POLITICAL_OPINION": _short,
    "UNION_MEMBERSHIP": _short,
    "BIOMETRIC_OR_GENETIC": bool,
}
_VOCABULARIES: Final = {
    "GENDER": frozenset(
        "male female man woman men women männlich weiblich homme femme hombre mujer maschio femmina".split()
    ),
    "ETHNICITY": frozenset(
        "white,black,hispanic,latino,asian,african-american,african american,caucasian,native american,hispanic/latino,"
        "asian-pac-islander,amer-indian-eskimo,pacific islander".split(",")
    ),
    "RELIGION": frozenset(
        "christian christianity catholic protestant orthodox muslim islam jewish judaism hindu hinduism buddhist "
        "buddhism sikh atheist agnostic".split()
    ),
    "MARITAL_STATUS": frozenset(
        "married,single,divorced,widowed,separated,never-married,married-civ-spouse,ledig,verheiratet,geschieden,verwitwet,"
        "célibataire,marié,divorcé,soltero,casado".split(",")
    ),
}
"""Values that tell a category by themselves, whatever the column is called."""
