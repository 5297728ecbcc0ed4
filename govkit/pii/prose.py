"""Names, places, addresses and ages inside prose by word lists and forms: what stands in for a language model."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from govkit.pii.names import STREET
from govkit.pii.words import dictionary, words_of

RECALL: Final = {"PERSON": 0.66, "LOCATION": 0.51}
"""Share found of the names and places marked in the half of presidio-research's synth_dataset_v2 (by template) that
nothing was chosen on, overlap of at least a half; benchmarks/pii.py measures it."""
_UPPER: Final = r"(?:[A-ZÀ-ÖØ-ÞĀ-Ž]|[Α-ΩЀ-Я])"
_WORD: Final = rf"{_UPPER}[^\W\d_]*(?:['’-][^\W\d_]+)*"
_PARTICLE: Final = r"(?:de|da|do|van|von|der|den|la|le|bin|al|el|of)"
_RUN: Final = re.compile(
    rf"(?<![\w@./-])(?:(?:Mrs?|Ms|Dr|Prof)\. )?(?:{_WORD}|{_UPPER}\.)"
    rf"(?:[ \t]+(?:{_WORD}|{_UPPER}\.|{_PARTICLE}\b(?=[ ]+{_UPPER})))*"
)
_PIECE: Final = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*\.?")
_TITLE: Final = re.compile(r"(?:mr|mrs|ms|miss|dr|prof|professor|sir|madam|herr|frau)\.?$", re.IGNORECASE)
_CUE: Final = re.compile(
    r"(?:name(?:'s)?(?: is|:| on)?|i'?m|i am|dear|hi|hello|hey|by|mr\.?|mrs\.?|ms\.?|dr\.?|regards,?|sincerely,?|for"
    r"|contact|to|with|from|user:|meet|ask|called)\s*$",
    re.IGNORECASE,
)
_SAYS_NAME: Final = re.compile(r"(?:name(?:'s)?(?: is|:)|\bi'?m|\bi am|\bthis is)\s*$", re.IGNORECASE)
_WHERE: Final = re.compile(r"(?:\bin|\bat|\bfrom|\bto|\bnear|\baround|\bvisit(?:ing)?|\bof|,)\s*$", re.IGNORECASE)
_AGE: Final = re.compile(
    r"\b(\d{1,3})(?=[- ](?:years?|yrs?)[- ]?old|\s*y/?o\b)|(?<=\baged )\d{1,3}\b|(?<=\bage )\d{1,3}\b"
    r"|(?<=turning )\d{1,3}\b",
    re.IGNORECASE,
)
_BREAK: Final = r"[ \t]*[\n,]+[ \t]*"
_ADDRESS: Final = re.compile(
    rf"\b\d{{1,6}}[A-Za-z]?(?:-\d+)?,? (?:{_WORD}\.?[ -]){{0,4}}{_WORD}\.?(?: \d{{1,5}}[A-Za-z]?\b)?"
    rf"(?:,? (?:Apt|Suite|Unit|Apartment)\.? ?\d+)?"
    rf"(?:{_BREAK},?[ \t]*(?:{_WORD}[ \t]*){{1,4}}(?:\d{{3,7}}(?:[- ]\d{{3,4}})?)?|{_BREAK}\d{{4,7}}(?:-\d{{3,4}})?)*"
    rf"|\b(?:{_WORD} ){{0,3}}(?:[^\W\d_]{{3,}})\.? \d{{1,4}}[A-Za-z]?\b"
    rf"(?:{_BREAK}(?:\d{{4,6}} )?(?:{_WORD}[ \t]*){{1,3}}(?:\d{{4,6}})?)*"
    r"|\bP\.? ?O\.? Box \d+"
)
_ZIP: Final = re.compile(
    r"(?<=\b[A-Z]{2}[ \n])\d{5}(?:-\d{4})?\b|(?<=\bzip code )\d{4,6}\b|(?<=\bzip )\d{4,6}\b", re.IGNORECASE
)


@dataclass(frozen=True)
class Place:
    """Where something stands in a text."""

    entity: str
    start: int
    end: int


def places_in(text: str) -> list[Place]:
    """Give names, places, addresses and ages in a text, none inside another."""
    found = [*_addresses(text), *_ages(text)]
    taken = [(item.start, item.end) for item in found]
    for run in _RUN.finditer(text):
        found.extend(
            item for item in _names(text, run) if not any(item.start < end and start < item.end for start, end in taken)
        )
    return sorted(found, key=lambda item: item.start)


def _addresses(text: str) -> Iterator[Place]:
    for match in _ADDRESS.finditer(text):
        head = match[0].split("\n")[0].split(",")[0]
        if STREET.search(head) or "\n" in match[0].strip() or match[0].count(",") > 1:
            yield Place("STREET_ADDRESS", match.start(), match.start() + len(match[0].rstrip(" \t\n,")))
    for match in _ZIP.finditer(text):
        yield Place("LOCATION", match.start(), match.end())


def _ages(text: str) -> Iterator[Place]:
    for match in _AGE.finditer(text):
        yield Place("AGE", match.start(), match.end())


def _names(text: str, run: "re.Match[str]") -> Iterator[Place]:
    """Read a run of capitalised words from the left: the longest place, else the longest name, else go on."""
    pieces = [(piece[0], run.start() + piece.start(), run.start() + piece.end()) for piece in _PIECE.finditer(run[0])]
    position = 0
    while position < len(pieces):
        before = text[max(0, pieces[position][1] - 24) : pieces[position][1]]
        if _TITLE.match(pieces[position][0]) and position + 1 < len(pieces):
            position += 1
            size = max(_name_length(pieces[position:], cued=True), 1)
            yield Place("PERSON", pieces[position][1], _end(pieces[position + size - 1]))
            position += size
            continue
        where = _place_length(pieces[position:], expected=bool(_WHERE.search(before)))
        size = _name_length(pieces[position:], cued=bool(_CUE.search(before)))
        if not size and _SAYS_NAME.search(before) and not _everyday(pieces[position][0]):
            size = min(len(pieces) - position, 3)
        if where and where >= size:
            yield Place("LOCATION", pieces[position][1], _end(pieces[position + where - 1]))
        elif size:
            yield Place("PERSON", pieces[position][1], _end(pieces[position + size - 1]))
        position += max(where, size, 1)


def _end(piece: tuple[str, int, int]) -> int:
    return piece[2] - (piece[0].endswith(".") and len(piece[0]) > 2)  # noqa: PLR2004 - an initial keeps its dot


def _known(piece: str, *lists: str) -> bool:
    parts = [word for part in re.split(r"-", piece) for word in words_of(part)]
    return any(part in dictionary(name) for part in parts for name in lists)


def _everyday(piece: str) -> bool:
    """Say whether a word is no name by itself: an everyday word, a contraction of one, a weekday, a month."""
    stem = re.split(r"['’]", piece)[0]
    return all(word in dictionary("common_words") or word in _CALENDAR for word in words_of(stem))


_CALENDAR: Final = frozenset(
    "monday tuesday wednesday thursday friday saturday sunday january february march april may june july august "
    "september october november december mon tue wed thu fri sat sun jan feb mar apr jun jul aug sep oct nov dec i hi "
    "bot user".split()
)


def _place_length(pieces: list[tuple[str, int, int]], *, expected: bool) -> int:
    """Give how many words from here on are a place, 0 if none."""
    for size in range(min(4, len(pieces)), 0, -1):
        name = " ".join(" ".join(words_of(piece)) for piece, _, _ in pieces[:size])
        if name not in dictionary("places"):
            continue
        if size > 1 and not _known(pieces[0][0], "first_names"):
            return size
        if size == 1 and len(name) > 2 and not _everyday(pieces[0][0]):  # noqa: PLR2004 - codes of states
            return int(expected or (len(pieces) == 1 and not _known(name, "first_names", "last_names")))
    return 0


def _name_length(pieces: list[tuple[str, int, int]], *, cued: bool) -> int:
    """Give how many words from here on are one person's name, 0 if they are none."""
    size = firsts = lasts = 0
    for piece, _, _ in pieces[:5]:
        odd = size == 0 and _everyday(piece)
        first, last = not odd and _known(piece, "first_names"), not odd and _known(piece, "last_names")
        initial = len(piece.rstrip(".")) == 1
        particle = piece in ("de", "da", "do", "van", "von", "der", "den", "la", "le", "bin", "al", "el")
        if not (first or last or initial or particle) and not (size == 1 and firsts and not _everyday(piece)):
            break
        size += 1
        firsts += first
        lasts += last or not first
    return size if _is_name(pieces, size, firsts, cued=cued) else 0


def _is_name(pieces: list[tuple[str, int, int]], size: int, firsts: int, *, cued: bool) -> bool:
    """Say whether the words are enough: two with a first name that isn't an everyday word, or one where names stand."""
    spoken = [piece for piece, _, _ in pieces[:size] if len(piece.rstrip(".")) > 1]
    if not spoken or (all(_everyday(piece) for piece in spoken) and not (cued and len(spoken) > 1)):
        return False
    if len(spoken) > 1:
        return firsts > 0
    rare = not _everyday(spoken[0]) and len(spoken[0]) > 2  # noqa: PLR2004
    return rare and (cued or len(pieces) == size)
