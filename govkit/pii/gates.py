"""Every cell at a few nanoseconds: RE2 patterns over distinct values, and the recogniser on what remains."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from govkit.pii.entities import family
from govkit.pii.recognisers import MAX_CELL, Detector, detectors

if TYPE_CHECKING:
    import pyarrow as pa

ENTITIES: Final = (
    "CREDIT_CARD",
    "IBAN",
    "IP_ADDRESS",
    "EMAIL_ADDRESS",
    "US_SSN",
    "URL_WITH_USER",
    "SECRET",
    "CRYPTO_ADDRESS",
    "MAC_ADDRESS",
    "PHONE_NUMBER",
)
"""What is looked for inside every cell, most certain first: a card's or an address's digits are no phone number."""
MOST_CONFIRMED: Final = 100_000
"""Different texts of one column, part and entity that are confirmed; what is over is counted as not read."""
_BARE: Final = r"^[-+]?[0-9.,:/ -]*$"
"""Cells of digits and marks alone: numbers, dates, times; judged as columns, by how many pass a check digit."""
_DECIMAL: Final = r"^[-+]?(?:0|[1-9][0-9]*)?[.,][0-9]+(?:[eE][-+]?[0-9]+)?$"
"""Numbers with decimals are nothing else; wide tables of them would pass the gate for phone numbers."""
_WRITTEN: Final = r"^[+]|^[0-9]{4}(?:[ -][0-9]{4}){3}$|^[0-9]{4}[ -][0-9]{6}[ -][0-9]{5}$"
"""Cells of digits that are written as phone and card numbers are."""
_OCTET: Final = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_LANES: Final = {
    "EMAIL_ADDRESS": r"^[A-Za-z0-9_][A-Za-z0-9_.+-]*@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+"
    r"(?:com|org|net|edu|gov|io|de|fr|es|it|nl|pl|pt|at|ch|be|br|uk|co\.uk|us|ca|au|com\.au|jp|co\.jp|"
    r"info|biz|eu|se|no|dk|fi|ie|in|mx)$",
    "IP_ADDRESS": rf"^{_OCTET}(?:\.{_OCTET}){{3}}$",
}
"""Whole cells that need no recogniser: whatever fits, it confirms."""
_CLAIMED_LANES: Final = {
    "PHONE_NUMBER": r"^[+(]?[0-9][0-9 ()./+-]{5,18}[0-9](?: ?(?:x|ext\.?) ?[0-9]{1,6})?$",
    "NATIONAL_ID": r"^[0-9A-Z][0-9A-Z ./-]{4,22}$",
    "CREDIT_CARD": r"^[0-9][0-9 -]{11,22}$",
    "BANK_ACCOUNT": r"^[A-Z0-9][A-Z0-9 ]{5,42}$",
}
"""The same in columns that are claimed for the entity as a whole."""


@dataclass(frozen=True)
class Hits:
    """Distinct values of one column that hold one entity."""

    entity: str
    values: tuple[str, ...]
    """Some of them, as they stand in the cells."""
    cells: int
    unread: int
    """Cells that passed the gate and were not confirmed any more."""


def candidates(arrays: "Sequence[pa.Array]") -> "list[pa.Array]":
    """Give a mask of the texts of each array that could hold any entity.

    One call for all: compiling the pattern costs as much as ten thousand cells.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if not arrays:
        return []
    texts = pa.concat_arrays(arrays)
    mask = pc.match_substring_regex(texts, _any_gate())
    passed = texts.filter(mask)
    if len(passed):
        mask = pc.replace_with_mask(mask, mask, pc.invert(pc.match_substring_regex(passed, _DECIMAL)))
    masks, start = [], 0
    for array in arrays:
        masks.append(mask.slice(start, len(array)))
        start += len(array)
    return masks


def hits(values: "pa.Array", counts: "pa.Array", claimed: frozenset[str]) -> Iterator[Hits]:
    """Find entities inside distinct values.

    Args:
        values: distinct texts that could hold any.
        counts: cells that hold each.
        claimed: entity types that the column is claimed for; they are counted by form alone.
    """
    import pyarrow.compute as pc

    bare = pc.match_substring_regex(values, _BARE)
    for entity in ENTITIES:
        found, values, counts, bare = _one(entity, values, counts, bare, claimed)
        if found is not None:
            yield found
        if not len(values):
            return


def _one(  # noqa: PLR0913, PLR0917 - one step over four columns that belong together
    entity: str,
    values: "pa.Array",
    counts: "pa.Array",
    bare: "pa.Array",
    claimed: frozenset[str],
    most: int = MOST_CONFIRMED,
) -> "tuple[Hits | None, pa.Array, pa.Array, pa.Array]":
    """Find one entity and take the cells that it fills out of the race."""
    import pyarrow as pa
    import pyarrow.compute as pc

    detector = detectors()[entity]
    gated = pc.match_substring_regex(values, detector.gate)
    lane = _lane(entity, claimed)
    if family(entity) not in claimed and entity in NEED_MORE_THAN_DIGITS:
        gated = pc.and_(gated, pc.or_(pc.invert(bare), pc.match_substring_regex(values, _WRITTEN)))
    if not pc.any(gated).as_py():
        return None, values, counts, bare
    sure = pc.and_(gated, pc.match_substring_regex(values, lane)) if lane else pa.array([False] * len(values))
    open_places = pc.indices_nonzero(pc.and_(gated, pc.invert(sure)))
    texts = values.take(open_places[:most]).to_pylist()
    confirmed = {
        place: text
        for place, text in zip(open_places.to_pylist(), (found_in(detector, text) for text in texts), strict=False)
        if text
    }
    whole = pc.indices_nonzero(sure)
    unread = pc.sum(counts.take(open_places[most:])).as_py() or 0
    at = pa.array(sorted([*whole.to_pylist(), *confirmed]), pa.int64())
    if not len(at) and not unread:
        return None, values, counts, bare
    cells = pc.sum(counts.take(at)).as_py() or 0
    found = Hits(entity, (*values.take(whole[:MOST_EXAMPLES]).to_pylist(), *confirmed.values()), cells, unread)
    if entity in _TAKES_THE_CELL:
        keep = pc.invert(pc.is_in(pa.array(range(len(values)), pa.int64()), value_set=at))
        values, counts, bare = values.filter(keep), counts.filter(keep), bare.filter(keep)
    return found, values, counts, bare


NEED_MORE_THAN_DIGITS: Final = frozenset(("CREDIT_CARD", "PHONE_NUMBER", "CRYPTO_ADDRESS"))
_TAKES_THE_CELL: Final = frozenset(("SECRET",))


def _lane(entity: str, claimed: frozenset[str]) -> str | None:
    if family(entity) in claimed and family(entity) in _CLAIMED_LANES:
        return _CLAIMED_LANES[family(entity)]
    return _LANES.get(entity)


@cache
def _any_gate() -> str:
    """Give one pattern that every cell passes which any gate lets through."""
    return "|".join(f"(?:{detectors()[entity].gate})" for entity in ENTITIES)


def stands_alone(text: str) -> bool:
    """Say whether a cell is digits and marks alone, not written as a phone or card number is."""
    return _BARE_CELL.fullmatch(text) is not None and _WRITTEN_CELL.search(text) is None


_BARE_CELL: Final = re.compile(_BARE)
_WRITTEN_CELL: Final = re.compile(_WRITTEN)


def found_in(detector: Detector, text: str) -> str:
    """Give what the recogniser finds first, empty where it finds nothing.

    A cell of digits alone is a phone number only with a leading +, and no part of a card, an account or an address is.
    """
    phone = detector.entity == "PHONE_NUMBER"
    if phone and not (text.lstrip().startswith("+") or _WORD.search(text)):
        return ""
    for begin in range(0, len(text), MAX_CELL):
        read = text[begin : begin + MAX_CELL + OVERLAP]
        spans = detector.spans(read)
        if phone and spans:
            taken = [span for entity in _BEFORE_PHONES for span in detectors()[entity].spans(read)]
            spans = [span for span in spans if not any(span[0] < end and start < span[1] for start, end in taken)]
        if spans:
            return read[spans[0][0] : spans[0][1]]
    return ""


OVERLAP: Final = 200
"""Characters that two pieces of a long text share, so that nothing falls between them."""


_BEFORE_PHONES: Final = ("CREDIT_CARD", "IBAN", "IP_ADDRESS", "US_SSN")
MOST_EXAMPLES: Final = 256
_WORD: Final = re.compile(r"[^\W\d_]{2}")
