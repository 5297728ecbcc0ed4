"""Names, places, addresses and ages inside prose by word lists and forms: what stands in for a language model."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from govkit.pii.addresses import addresses_in
from govkit.pii.words import dictionary, words_of

RECALL: Final = {"PERSON": 0.76, "LOCATION": 0.73}
"""Share found of the names and places marked in the half of presidio-research's synth_dataset_v2 (by template) that
nothing was chosen on, at least half of it covered; benchmarks/pii.py measures it."""
LONGEST: Final = 5
"""Most words of one name."""
_UPPER: Final = r"(?:[A-ZÀ-ÖØ-ÞĀ-Ž]|[Α-ΩЀ-Я])"
_INITIAL: Final = rf"{_UPPER}\.(?!\w)"
_WORD: Final = rf"{_UPPER}[^\W\d_]*(?:['’-][^\W\d_]+)*"
_PARTICLES: Final = frozenset("de da do van von der den la le bin ibn al el di du dos del della ter ten zu".split())
_PARTICLE: Final = rf"(?:{'|'.join(sorted(_PARTICLES | {'of'}))})"
_RUN: Final = re.compile(
    rf"(?<![\w@./-])(?:(?:Mrs?|Ms|Dr|Prof)\. )?(?:{_INITIAL}|{_WORD})"
    rf"(?:[ \t]+(?:{_INITIAL}|{_WORD}|(?:{_PARTICLE}[ ]+){{1,2}}(?={_UPPER})(?:{_INITIAL}|{_WORD})))*"
)
_PIECE: Final = re.compile(rf"{_INITIAL}|[^\W\d_]+(?:['’-][^\W\d_]+)*\.?")
_POSSESSIVE: Final = re.compile(r"['’]s?$")
_TITLE: Final = re.compile(
    r"(?:mr|mrs|ms|miss|dr|prof|professor|sir|madam|herr|frau|señora?|monsieur|madame)\.?$", re.IGNORECASE
)
_CUE: Final = re.compile(
    r"(?:name(?:'s)?(?: is|:| on)?|i'?m|i am|dear|hi|hello|hey|by|mr\.?|mrs\.?|ms\.?|dr\.?|regards,?|sincerely,?|for"
    r"|contact|to|with|from|user:|meet|ask|called|starring|and|son|daughter|wife|husband|partner|kid|friend|boss)\s*$",
    re.IGNORECASE,
)
_SAYS_NAME: Final = re.compile(
    r"(?:name(?:'s)?(?: is|:)|name\?\s+(?:user: ?)?|\bi'?m|\bi am|\bthis is)\s*$", re.IGNORECASE
)
_WHERE: Final = re.compile(r"(?:\bin|\bat|\bfrom|\bto|\bnear|\baround|\bvisit(?:ing)?|\bof|,)\s*$", re.IGNORECASE)
_LIVES: Final = re.compile(
    r"\b(?:liv(?:e[sd]?|ing)|born|based|located|resid\w+|stay\w*|mov\w+|travel\w*|flew|fl(?:y|ies|ying)|trip|arriv\w+"
    r"|grew up|originally|headquartered|here|relocat\w+|offices?|am|is|branch|delivered|shipped)"
    r" (?:in|from|to|at|near)\s+$",
    re.IGNORECASE,
)
"""What stands before a place that no list knows."""
_AGE: Final = re.compile(
    r"\b(\d{1,3})(?=[- ](?:years?|yrs?)[- ]?old|\s*y/?o\b|[- ]year[- ]old)|(?<=\baged )\d{1,3}\b|(?<=\bage )\d{1,3}\b"
    r"|(?<=\bage: )\d{1,3}\b|(?<=\bage of )\d{1,3}\b|(?<=\bturning )\d{1,3}\b|(?<=\bturned )\d{1,3}\b(?! ?%)"
    r"|(?<='ll turn )\d{1,3}\b|(?<=\bwill turn )\d{1,3}\b|(?<=\b(?:she|her) is )\d{2}(?=[.!])",
    re.IGNORECASE,
)
_MONTH: Final = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)[a-z]{0,6}\.?"
_DATE: Final = re.compile(
    r"(?<![\d./-])(?:\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?)?|\d{1,2}[/.]\d{1,2}[/.](?:\d{4}|\d\d)"
    rf"|\d{{1,2}}(?:st|nd|rd|th)? (?:of )?{_MONTH}(?:,? \d{{4}})?"
    rf"|{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?(?:,? \d{{4}})?)(?![\w/-])"
)
"""Days; a year alone singles nobody out."""
_PHONE: Final = re.compile(
    r"\b(?:phone|mobile|cell|tel|telephone|fax|desk|call(?: me| us)?(?: at| on)?|whatsapp|answering at"
    r"|reach\w*(?: me| us)? (?:at|on))(?: (?:number|no\.?))?(?: is)?[:.]?\s{1,4}"
    r"(?P<number>[+(]?\d[\d ()./+-]{4,20}\d(?: ?(?:x|ext\.? ?)\d{1,6})?)(?![\w%])",
    re.IGNORECASE,
)
"""A number that the text itself calls one for the phone, in whatever form."""
_NAMED: Final = re.compile(
    r"\b(?:[Mm]y|[Hh]is|[Hh]er|[Tt]he) name is "
    r"(?P<name>[^\W\d_]{2,}(?: [^\W\d_]{1,}\.?){0,2} ?[^\W\d_]{2,})(?=[.,!?\n]|$)"
)
"""A name that isn't written with capital letters, where the text says that it is one."""
_FIRM: Final = re.compile(
    r"[ \t]*,?[ \t]*(?:(?:and|&) (?:Sons|Co|Partners|Associates)|Inc|Incorporated|Ltd|Limited|LLC|LLP|PLC|GmbH|AG|Corp"
    r"|Corporation|Company|Group|Holdings|Bank|University|College|School|Hospital|Orchestra|Foundation|Institute)\b"
)
"""What makes a firm of the name before it."""


_PEOPLES: Final = (
    "Afghan Albanian Algerian American Angolan Argentine Argentinian Armenian Australian Austrian Azerbaijani "
    "Bahraini Bangladeshi Belarusian Belgian Bolivian Bosnian Brazilian British Bulgarian Cambodian "
    "Cameroonian Canadian Catalan Chilean Chinese Colombian Congolese Corsican Costa_Rican Croatian Cuban "
    "Cypriot Czech Danish Dominican Dutch Ecuadorian Egyptian English Eritrean Estonian Ethiopian Filipino "
    "Finnish Flemish French Georgian German Ghanaian Greek Greenlandic Guatemalan Guinean Haitian Honduran "
    "Hungarian Icelandic Indian Indonesian Iranian Iraqi Irish Israeli Italian Ivorian Jamaican Japanese "
    "Jordanian Kazakh Kenyan Korean Kurdish Kuwaiti Latvian Lebanese Liberian Libyan Lithuanian Luxembourgish "
    "Macedonian Malagasy Malaysian Malian Maltese Mauritian Mexican Moldovan Mongolian Montenegrin Moroccan "
    "Mozambican Namibian Nepalese Nicaraguan Nigerian Norwegian Pakistani Palestinian Panamanian Paraguayan "
    "Peruvian Polish Portuguese Puerto_Rican Qatari Romanian Russian Rwandan Salvadoran Saudi Scottish "
    "Senegalese Serbian Singaporean Slovak Slovakian Slovene Slovenian Somali South_African Spanish Sudanese "
    "Swedish Swiss Syrian Taiwanese Tajik Tanzanian Thai Tunisian Turkish Turkmen Ugandan Ukrainian Uruguayan "
    "Uzbek Venezuelan Vietnamese Welsh Yemeni Zambian Zimbabwean "
)
NATIONALITY: Final = re.compile(rf"\b(?:{'|'.join(_PEOPLES.split()).replace('_', ' ')})s?\b")
"""Words for the people of a country."""


@dataclass(frozen=True)
class Place:
    """Where something stands in a text."""

    entity: str
    start: int
    end: int


class _Piece(NamedTuple):
    word: str
    start: int
    end: int


def places_in(text: str, model: Callable[[str], list[Place]] | None = None) -> list[Place]:
    """Give names, places, nationalities, addresses, ages, days and phone numbers in a text, none inside another.

    Args:
        text: one without any capital letter is read as if every word began with one.
        model: finds names, places and nationalities in place of the word lists.
    """
    found = _written(text)
    if model is not None:
        return sorted((*found, *(item for item in model(text) if _free(found, item.start, item.end))), key=_start)
    if text.islower():
        text = re.sub(r"(?<![^\W_'’])[^\W\d_]", lambda match: _capital(match[0]), text)
        found = _written(text)
    for run in _RUN.finditer(text):
        found += [item for item in _names(text, run) if _free(found, item.start, item.end)]
    found += list(_again(text, found))
    found += [Place("PERSON", *match.span("name")) for match in _NAMED.finditer(text) if _is_named(match, found)]
    found += _nationalities(text, found)
    return sorted(found, key=_start)


def _start(place: Place) -> int:
    return place.start


def _written(text: str) -> list[Place]:
    """Give what is told by its form: phone numbers, addresses, ages, days."""
    found = [Place("PHONE_NUMBER", *match.span("number")) for match in _PHONE.finditer(text)]
    found += [Place("STREET_ADDRESS", *span) for span in addresses_in(text) if _free(found, *span)]
    for entity, form in (("AGE", _AGE), ("DATE_TIME", _DATE)):
        found += [Place(entity, *match.span()) for match in form.finditer(text) if _free(found, *match.span())]
    return found


def _is_named(match: "re.Match[str]", found: Sequence[Place]) -> bool:
    words = match["name"].split()
    known = [_known(word, "first_names", "last_names") and not _everyday(word) for word in words]
    return _free(found, *match.span("name")) and any(known) and not any(_everyday(word) for word in words)


def _nationalities(text: str, found: list[Place]) -> list[Place]:
    """Give words for a country's people; one alone that a list of names also holds is no name."""
    made = []
    for match in NATIONALITY.finditer(text):
        same = Place("PERSON", *match.span())
        if same in found:
            found.remove(same)
        if _free(found, *match.span()):
            made.append(Place("NATIONALITY", *match.span()))
    return made


def _capital(letter: str) -> str:
    made = letter.upper()
    return made if len(made) == len(letter) else letter


def _free(found: Sequence[Place], start: int, end: int) -> bool:
    return not any(item.start < end and start < item.end for item in found)


def _names(text: str, run: "re.Match[str]") -> Iterator[Place]:
    """Read a run of capitalised words from the left: the longest place, else the longest name, else go on."""
    pieces = [
        _Piece(found[0], run.start() + found.start(), run.start() + found.end()) for found in _PIECE.finditer(run[0])
    ]
    alone = _fills_its_line(text, run)
    position = 0
    while position < len(pieces):
        rest = pieces[position:]
        before = text[max(0, rest[0].start - 24) : rest[0].start]
        if _TITLE.match(rest[0].word) and len(rest) > 1:
            size = max(_name_length(rest[1:], cued=True), 1)
            yield Place("PERSON", rest[1].start, _end(rest[size]))
            position += size + 1
            continue
        where, size = (
            _place_length(rest, expected=bool(_WHERE.search(before))),
            _person_length(rest, before, alone=alone),
        )
        if where and where >= size:
            yield Place("LOCATION", rest[0].start, _end(rest[where - 1]))
        elif size and not _FIRM.match(text, rest[size - 1].end):
            yield Place("PERSON", rest[0].start, _end(rest[size - 1]))
        elif (
            not size and _LIVES.search(text[max(0, rest[0].start - 40) : rest[0].start]) and not _everyday(rest[0].word)
        ):
            where = len(rest)
            yield Place("LOCATION", rest[0].start, _end(rest[-1]))
        position += max(where, size, 1)


def _person_length(pieces: Sequence[_Piece], before: str, *, alone: bool) -> int:
    """Give how many words from here on are one person's name, by word lists or by what stands before and around."""
    size = _name_length(pieces, cued=bool(_CUE.search(before)))
    if size < 3 and _INITIALED.match(" ".join(piece.word for piece in pieces[:3])) and not _everyday(pieces[2].word):  # noqa: PLR2004
        return 3 if _known(pieces[0].word, "first_names") or not _everyday(pieces[0].word) else size
    if _everyday(pieces[0].word):
        return size
    if _SAYS_NAME.search(before):
        return size or min(len(pieces), 3)
    full = 1 < len(pieces) < LONGEST and not any(_everyday(piece.word) for piece in pieces)
    if alone and full and any(_known(piece.word, "first_names", "last_names") for piece in pieces):
        return len(pieces)
    return size


_INITIALED: Final = re.compile(rf"{_UPPER}[^\W\d_]+ {_UPPER}\. {_UPPER}[^\W\d_]+")
"""A word, an initial and a word: hardly anything but a name is written so."""


def _fills_its_line(text: str, run: "re.Match[str]") -> bool:
    """Say whether a run is all that its line holds, in a text of several lines: the head of a letter, a signature."""
    before, after = text[: run.start()].rpartition("\n")[2], text[run.end() :].partition("\n")[0]
    return "\n" in text.strip() and not re.search(r"\w", before) and not after.strip(" \t,.")


def _again(text: str, found: Sequence[Place]) -> Iterator[Place]:
    """Give the last words of full names where they come again by themselves."""
    lasts = {
        _POSSESSIVE.sub("", words[-1])
        for item in found
        if item.entity == "PERSON" and len(words := text[item.start : item.end].split()) > 1
    }
    for last in sorted(lasts):
        for match in re.finditer(rf"(?<!\w){re.escape(last)}(?!\w)", text):
            if len(last) > 2 and last[0].isupper() and not _everyday(last) and _free(found, *match.span()):  # noqa: PLR2004
                yield Place("PERSON", *match.span())


def _end(piece: _Piece) -> int:
    bare = _POSSESSIVE.sub("", piece.word)
    if bare != piece.word:
        return piece.start + len(bare)
    return piece.end - (piece.word.endswith(".") and len(piece.word) > 2)  # noqa: PLR2004 - an initial keeps its dot


def _known(piece: str, *lists: str) -> bool:
    parts = [word for part in re.split(r"-", _POSSESSIVE.sub("", piece)) for word in words_of(part)]
    return bool(parts) and all(part in _PARTICLES or any(part in dictionary(name) for name in lists) for part in parts)


def _everyday(piece: str) -> bool:
    """Say whether a word is no name by itself: an everyday word, a contraction of one, a weekday, a month."""
    stem = re.split(r"['’]", piece)[0]
    return all(word in dictionary("common_words") or word in _CALENDAR for word in words_of(stem))


_CALENDAR: Final = frozenset(
    "monday tuesday wednesday thursday friday saturday sunday january february march april may june july august "
    "september october november december mon tue wed thu fri sat sun jan feb mar apr jun jul aug sep oct nov dec i hi "
    "bot user iban ssn url usa tv cd dvd pdf ok id faq asap ceo cto hr".split()
)


def _place_length(pieces: Sequence[_Piece], *, expected: bool) -> int:
    """Give how many words from here on are a place, 0 if none."""
    for size in range(min(4, len(pieces)), 0, -1):
        name = " ".join(" ".join(words_of(_POSSESSIVE.sub("", piece.word))) for piece in pieces[:size])
        if name not in dictionary("places"):
            continue
        if size > 1 and not _known(pieces[0].word, "first_names"):
            return size
        if size == 1 and len(name) > 2 and not _everyday(pieces[0].word):  # noqa: PLR2004 - codes of states
            return int(expected or (len(pieces) == 1 and not _known(name, "first_names", "last_names")))
    return 0


def _name_length(pieces: Sequence[_Piece], *, cued: bool) -> int:
    """Give how many words from here on the word lists take for one person's name, 0 if they are none."""
    size = firsts = lasts = 0
    if cued and _unknown_before_last(pieces):
        return 2
    for piece in pieces[:LONGEST]:
        odd = size == 0 and _everyday(piece.word)
        first, last = not odd and _known(piece.word, "first_names"), not odd and _known(piece.word, "last_names")
        initial = len(piece.word.rstrip(".")) == 1
        particle = piece.word in _PARTICLES
        if not (first or last or initial or particle) and not (size == 1 and firsts and not _everyday(piece.word)):
            break
        size += 1
        firsts += first
        lasts += last or not first
    while size > 1 and _is_stray(pieces[size - 1].word):
        size -= 1
    return size if _is_name(pieces, size, firsts, cued=cued) else 0


def _unknown_before_last(pieces: Sequence[_Piece]) -> bool:
    """Say whether a word of no list stands before a last name, where names stand."""
    if len(pieces) < 2 or _everyday(pieces[1].word) or len(pieces[0].word) < 3:  # noqa: PLR2004
        return False
    new = not _known(pieces[0].word, "first_names", "last_names") and (
        not _everyday(pieces[0].word) or words_of(pieces[0].word)[0] in _CALENDAR
    )
    return (
        new and _known(pieces[1].word, "last_names") and " ".join(words_of(pieces[0].word)) not in dictionary("places")
    )


def _is_stray(word: str) -> bool:
    """Say whether a word ends no name: a particle, one letter, `in` and `a` of a text that had no capitals."""
    return word.lower() in _PARTICLES or len(word) == 1 or (len(word) < 4 and _everyday(word))  # noqa: PLR2004


def _is_name(pieces: Sequence[_Piece], size: int, firsts: int, *, cued: bool) -> bool:
    """Say whether the words are enough: two with a first name that isn't an everyday word, or one where names stand."""
    spoken = [piece.word for piece in pieces[:size] if len(piece.word.rstrip(".")) > 1]
    if not spoken or (all(_everyday(piece) for piece in spoken) and not (cued and len(spoken) > 1)):
        return False
    if len(spoken) > 1:
        return firsts > 0
    rare = not _everyday(spoken[0]) and len(spoken[0]) > 2 and not (spoken[0].isupper() and len(spoken[0]) < LONGEST)  # noqa: PLR2004
    return rare and (cued or len(pieces) == size)
