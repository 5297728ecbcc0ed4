"""Postal addresses inside text, read word by word: streets, units, boxes, and the places and codes that follow them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from govkit.pii.names import STREET
from govkit.pii.words import dictionary, words_of

LONGEST_ABBREVIATION: Final = 5
MONTHS: Final = frozenset(
    "january february march april may june july august september october november december jan feb mar apr jun jul aug "
    "sep sept oct nov dec".split()
)
LONGEST_TAIL: Final = 6
"""Most parts (unit, place, country, code) that are read behind a street."""
_TOKEN: Final = re.compile(
    r"(?P<number>\d{1,7}(?:[-/]\d{1,5})?[A-Za-z]?(?![\w]))"
    r"|(?P<word>[^\W\d_]+(?:['’./-][^\W\d_]+)*(?!\w)\.?)"
    r"|(?P<line>[ \t]*\n[ \t\n]*)"
    r"|(?P<comma>,)"
    r"|(?P<other>[^\s])"
)
_UNITS: Final = frozenset(
    "apt apartment suite ste unit flat room rm floor fl bldg building app appt etage wohnung piso".split()
)
_PARTICLES: Final = frozenset(
    "de da do dos das del della di du la le les los las el y e i van von der den het ter ten of the d' na nad pod "
    "am an im in den zum zur auf sur sous en lez saint st".split()
)
_BOX: Final = re.compile(
    r"\b(?:P\.? ?O\.? ?Box|Post(?:boks|bus|box|fach)|Casilla|Apartado(?: de Correos)?|Boîte postale) \d+"
    r"|\b(?:PSC|CMR|Unit) \d{1,5},? Box \d{1,5}\s+[A-Z]PO A[AEP] \d{5}"
    r"|\bUS[A-Z]{1,2} [A-Z][a-z]+\s+[A-Z]PO A[AEP] \d{5}",
    re.IGNORECASE,
)
"""Post boxes, and addresses of the United States' forces."""
_CORNER: Final = re.compile(
    r"\b[Tt]he corner of [^\n.?!,]{3,60}? and (?:[^\W\d_][\w.'’-]*)(?: [^\W\d_a-z][\w'’-]*\.?| \d{1,5}\b)*"
)
_ZIP: Final = re.compile(
    r"(?<=\b[A-Z]{2}[ \n])\d{5}(?:-\d{4})?\b|(?<=\bzip code )\d{4,6}\b|(?<=\bzip )\d{4,6}\b|(?<=\bzip: )\d{4,6}\b"
    r"|(?<=\bpostcode )\d{4,6}\b|(?<=\bpostal code )\d{4,6}\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class _Token:
    kind: str
    """`N` number, `W` capitalised word, `S` word for a street, `U` word for a unit, `P` particle, `L` new line, `C`
    comma, `o` anything else."""
    text: str
    start: int
    end: int


def addresses_in(text: str) -> Iterator[tuple[int, int]]:
    """Give the places of postal addresses, in order, none inside another."""
    tokens = [_token(match) for match in _TOKEN.finditer(text)]
    kinds = "".join(token.kind for token in tokens)
    found = [match.span() for match in (*_BOX.finditer(text), *_CORNER.finditer(text))]
    found += [(tokens[first].start, tokens[last - 1].end) for first, last in _streets(text, tokens, kinds)]
    taken = 0
    for start, end in sorted(found, key=lambda span: (span[0], -span[1])):
        if start < taken:
            continue
        first = next((index for index, token in enumerate(tokens) if token.start >= start), len(tokens))
        after = next((index for index, token in enumerate(tokens) if token.start >= end), len(tokens))
        last = _tail(tokens, kinds, after)
        while first > 0 and kinds[first - 1] == "N" and tokens[first - 1].end + 1 == tokens[first].start:
            first -= 1
        stop = max(end, tokens[last - 1].end) if last > after else end
        yield max(tokens[first].start, taken) if first < len(tokens) else start, stop
        taken = stop
    for match in _ZIP.finditer(text):
        if match.start() >= taken:
            yield match.span()


def _token(match: "re.Match[str]") -> _Token:
    text = match[0]
    if match["number"]:
        kind = "N"
    elif match["line"]:
        kind = "L"
    elif match["comma"]:
        kind = "C"
    elif match["word"]:
        kind = _kind(text)
    else:
        kind = "o"
    return _Token(kind, text, match.start(), match.end())


def _kind(word: str) -> str:
    bare = word.rstrip(".").lower()
    if bare in _UNITS:
        return "U"
    if STREET.fullmatch(bare) or (len(word) > LONGEST_ABBREVIATION and word[0].isupper() and STREET.search(word)):
        return "S"
    if bare in _PARTICLES and word[0].islower():
        return "P"
    return "o" if word[0].islower() and not re.match(r"[dl]['’]\w", word) else "W"


_STREET: Final = re.compile(
    r"(?P<worded>N{1,2}(?=[WPS]{0,6}S)[WPS]{1,7}N?|N{0,2}[WP]{0,4}S[WP]{0,4}N)"  # 12 Baker Street, Rue du Centre 320
    r"|N{0,2}W[WP]{0,5}N(?=[LC]*U)|N{1,2}[WPS]{1,6}(?=[LC]*UN)"  # Kiannonkatu 98, Suite 464; 10 Hauptplatz, Apt. 3
    r"|(?P<bare>N{1,2}W[WP]{0,5}N)"  # 5366 Pivovarska 276
    r"|UN"
)


_EXPECTED: Final = re.compile(
    r"(?:^|\n|:|\b(?:address\w*|at|to|in|is|from|near|on|live[sd]?|moved|here|located|deliver\w*|ship\w*|return\w*"
    r"|office))[ \t]*$",
    re.IGNORECASE,
)
"""What stands before an address."""
_AMBIGUOUS: Final = frozenset(
    "way drive place square loop floor room building court circle close walk row ring os al st dr pl ct ter via plaza "
    "gate trail pike".split()
)
"""Words for a street that mean other things as often."""


def _streets(text: str, tokens: Sequence[_Token], kinds: str) -> Iterator[tuple[int, int]]:
    for match in _STREET.finditer(kinds):
        first, last = match.span()
        held = tokens[first:last]
        if _ends_a_sentence(held) or (match["bare"] and not _names_something(held)):
            continue
        if not _EXPECTED.search(text[max(0, held[0].start - 24) : held[0].start]) and not _is_plain(match, held):
            continue
        if match["worded"] and not any(token.text[0].isupper() for token in held):
            continue
        if kinds[first] != "U" or held[0].text.lower().startswith(("ap", "suite")):
            yield first, last


def _is_plain(match: "re.Match[str]", tokens: Sequence[_Token]) -> bool:
    """Say whether words need nothing before them to be an address: `12 Baker Street` doesn't, `2 Way Switch 3` does."""
    if match["bare"]:
        return False
    streets = [token.text.rstrip(".").lower() for token in tokens if token.kind == "S"]
    return not streets or not set(streets) <= _AMBIGUOUS or _names_something(tokens)


def _ends_a_sentence(tokens: Sequence[_Token]) -> bool:
    """Say whether a full stop, not that of an abbreviation, stands between two words."""
    return any(
        one.text.endswith(".") and two.kind == "W" and len(one.text) > LONGEST_ABBREVIATION
        for one, two in pairwise(tokens)
    )


def _names_something(tokens: Sequence[_Token]) -> bool:
    """Say whether a word between numbers is a name, no everyday word, abbreviation or month."""
    names = [
        token.text
        for token in tokens
        if token.kind == "W" and not (token.text.isupper() and len(token.text) < LONGEST_ABBREVIATION)
    ]
    words = {word for name in names for word in words_of(name)}
    return bool(words - dictionary("common_words")) and not words & MONTHS


def _tail(tokens: Sequence[_Token], kinds: str, position: int) -> int:
    """Read on behind a street: units, places, codes and countries, each on its own between commas or new lines."""
    end = position
    for _ in range(LONGEST_TAIL):
        match = _PART.match(kinds, position)
        if match is None:
            return end
        part = tokens[match.start("part") : match.end("part")]
        apart = match.end() == len(kinds) or kinds[match.end()] in "LC" or tokens[match.end()].text in ".?!"
        if not (
            match["unit"] or any(token.kind == "N" for token in part) or _is_place(part) or (apart and match["gap"])
        ):
            return end
        if match.end() < len(kinds) and tokens[match.end()].text == ":":
            return end
        end = position = match.end()
    return end


_PART: Final = re.compile(r"(?P<gap>[LC]*)(?P<part>(?P<unit>UN)|N[WP]{1,4}|[WSP]{1,5}N?|N)")


def _is_place(part: Sequence[_Token]) -> bool:
    words = [" ".join(words_of(token.text)) for token in part]
    ends = (" ".join(words[start:]) for start in range(len(words)))
    return any(name in dictionary("places") for name in ends) or (
        len(part) == 1 and part[0].text.isupper() and len(part[0].text) == 2  # noqa: PLR2004 - a state
    )
