"""How much a text looks like a person's name, a place or a street, by word lists; for claims about columns only."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

from govkit.pii.words import dictionary, plain, words_of

LONGEST_NAME: Final = 70
MOST_WORDS: Final = 6
"""Most words of letters in one person's name."""
_ASIDE: Final = re.compile(r"\([^)]*\)|\"[^\"]*\"|“[^”]*”")
_SEVERAL: Final = re.compile(r"\*\*|;|\||/|\n| & | and | und | et | y | e ")
_NO_NAME: Final = re.compile(r"\d|@|https?:|www\.|[^\W_]\.[a-z]{2,}$|[<>{}=_#$%?!:\\+]")
_TITLES: Final = frozenset(
    "mr mrs ms miss dr prof professor sir dame lord lady rev reverend hon judge justice senator rep sen "
    "gov governor president capt captain sgt sergeant lt lieutenant col colonel gen general maj major officer "
    "deputy sheriff trooper detective herr frau monsieur madame mme mlle senor senora sra srta don dona jr sr "
    "ii iii iv phd md esq dds rn dvm cpa chief police constable patrolman marshal agent saint father sister".split()
)
_PARTICLES: Final = frozenset(
    "de da do dos das del della di la le el al bin ibn ben van von der den ter ten zu zum du des st mac "
    "mc o y e af av bint abu".split()
)
_STOPWORDS: Final = frozenset(
    "the of and in on for with to at from by an is are was not or as my your our their his her its this "
    "that we you it be no new all out up over under about into than then who what when where how why und "
    "die das mit fur auf les pour avec dans sur los las para con por una gli degli alle inc llc ltd gmbh "
    "corp co company group".split()
)
_ORGANISATIONS: Final = frozenset(
    "inc llc llp lllp pllc lp ltd gmbh corp corporation co company companies group holdings plc ag sa nv bv spa srl kg "
    "ohg university college school department office bank institute association foundation committee council "
    "church hospital center centre club services service systems technologies solutions partners international "
    "industries enterprises agency ministry society union hotel restaurant records studios pictures "
    "entertainment museum library airport station park stadium team fc united ltda epp eireli limited trust "
    "fund insurance energy pharmaceuticals bancorp capital software media labs congress".split()
)


@dataclass(frozen=True)
class Likeness:
    """Scores of one text, each from 0 to 1."""

    person: float
    place: float
    common: float
    """Share of its words that are everyday English words and no names."""
    organisation: float


def likeness(text: str) -> Likeness:
    """Score a text against the word lists."""
    words = words_of(text[: 4 * LONGEST_NAME])
    if not words:
        return Likeness(0, 0, 0, 0)
    common = sum(word in _everyday() for word in words) / len(words)
    organisation = float(bool(set(words) & _ORGANISATIONS) or _LEGAL_FORM.search(text) is not None)
    return Likeness(_person(text), _place(text), common, organisation)


_LEGAL_FORM: Final = re.compile(
    r"\b(s\.?a\.?r\.?l|s\.?a\.?s|s[./]?a|s\.?n\.?c|s\.?l\.?u?|s\.?c\.?p|a\.?s|s\.?r\.?o|ab|hb|kb|oy|aps|e\.?i\.?r\.?e\.?l\.?i|me)\.?$"
    r"|\b(et|e|y|&|and) (fils|filhos|hijos|figli|asociados|associes|associados|sons|co|söhne)\b",
    re.IGNORECASE,
)
"""How firms that bear a family's name are written."""


def _person(text: str) -> float:
    """Score a text as one person's name, with titles, particles, initials and `Last, First` allowed."""
    outside = _ASIDE.sub(" ", text)
    bare = _SEVERAL.split(outside, maxsplit=1)[0].strip()
    if not 0 < len(bare) <= LONGEST_NAME or _NO_NAME.search(bare):
        return 0.0
    words = words_of(bare)
    if set(words) & _STOPWORDS or set(words_of(outside[: 4 * LONGEST_NAME])) & _ORGANISATIONS:
        return 0.0
    kept = [word for word in words if word not in _TITLES and word not in _PARTICLES and len(word) > 1]
    if not kept or len(kept) > MOST_WORDS:
        return _joined_script(plain(bare)) if not kept else 0.0
    return _one_word(kept[0], bare) if len(kept) == 1 else _several_words(kept)


def _one_word(word: str, text: str) -> float:
    if not word.isascii() and _joined_script(word):
        return 1.0
    known = word in dictionary("first_names") or word in dictionary("last_names")
    if not known and "-" in text:
        return 0.0
    if known and word in _everyday():
        return 0.3
    return float(known)


def _several_words(words: list[str]) -> float:
    first, last = dictionary("first_names"), dictionary("last_names")
    known = [word in first or word in last for word in words]
    as_names = sum(known) / len(words)
    everyday = sum(word in _everyday() for word in words) / len(words)
    if everyday == 1 and not (words[0] in first and words[-1] in last):
        return 0.0
    starts = words[0] in first or words[-1] in first
    if starts and as_names >= 0.5:  # noqa: PLR2004 - at least every second word is a name
        return 1.0 if everyday < 1 else 0.6
    return 0.5 if starts or as_names >= 0.5 else 0.0  # noqa: PLR2004


def _joined_script(text: str) -> float:
    """Score a name written without a gap, as in Chinese, Japanese and Korean: family name, then given name."""
    if text.isascii() or not 1 < len(text) <= 8 or not text.isalpha() or ord(text[0]) < _FIRST_JOINED:  # noqa: PLR2004
        return float(text in dictionary("last_names") or text in dictionary("first_names"))
    if text in dictionary("first_names") or text in dictionary("last_names"):
        return 1.0
    heads = (text[:size] for size in (1, 2, 3) if size < len(text))
    return float(any(head in dictionary("last_names") for head in heads) and len(text) <= 5)  # noqa: PLR2004


_FIRST_JOINED: Final = 0x1100
"""First code point of the scripts that write names without a gap (Hangul; Kana and Han follow)."""


def _place(text: str) -> float:
    if len(text) > 2 * LONGEST_NAME:
        return 0.0
    whole = plain(text)
    places = dictionary("places")
    if whole in places or whole in _STATES:
        return 1.0
    parts = [part for part in re.split(r"\s*[,/(]\s*", whole.rstrip(")")) if part]
    if len(parts) > 1 and all(part in places or part in _STATES for part in parts):
        return 1.0
    return 0.7 if len(parts) == 2 and parts[0] in places else 0.0  # noqa: PLR2004


@cache
def _everyday() -> frozenset[str]:
    return dictionary("common_words")


_STATES: Final = frozenset(
    "al ak az ar ca co ct de dc fl ga hi id il in ia ks ky la me md ma mi mn ms mo mt ne nv nh nj nm ny "
    "nc nd oh ok or pa ri sc sd tn tx ut vt va wa wv wi wy pr gu vi ab bc mb nb nl ns nt nu on pe qc sk yt nsw "
    "vic qld tas act usa uk us uae gb fr it es at ch be se no dk fi pl cz hu ie jp cn br mx".split()
)

STREET: Final = re.compile(
    r"\b(street|st|avenue|ave?|road|rd|drive|dr|boulevard|blvd|lane|ln|way|court|ct|crt|place|pl|highway|hwy|parkway|pkwy|"
    r"square|sq|terrace|ter|circle|cir|circuit|cct|crescent|cres|close|alley|plaza|trail|trl|pike|row|loop|walk|grove|"
    r"mews|quay|turnpike|expressway|broadway|building|suite|apt|apartment|room|floor|p\.? ?o\.? ?box|rua|calle|carrer|"
    r"avenida|avda|praça|praca|travessa|estrada|rodovia|rue|allée|allee|chemin|impasse|place|quai|cours|via|viale|piazza|"
    r"corso|vicolo|ulica|ul|aleja|al|plac|os|osiedle|platz|weg|ring|damm|ufer|gasse|straat|laan|plein|gracht|kade|"
    r"улица|ул|проспект|пр-т|переулок|sokak|sokağı|caddesi|mahallesi|calea|strada|str|jalan|jln)\b"
    r"|(straße|strasse|str|gasse|platz|weg|allee|straat|laan|plein|gracht|dijk|vej|gade|gatan|vägen|gata|vegen|veien|katu|tie|"
    r"utca|út|ulice|gate)\.?( |,|$)|丁目|番地|番|路|街|로 ?\d|길 ?\d",
    re.IGNORECASE,
)
"""Words and endings that streets have, in the languages of the header dictionary and a few more."""
_HOUSE: Final = re.compile(
    r"^\W?\d{1,6}[a-zA-Z]?[ ,]+\S*[^\W\d_]{3}|[^\W\d_]{3}\S*[ ,]+(nr\.? ?|n[º°o]\.? ?|no\.? ?)?\d{1,5}[a-zA-Z]?\b"
)


_NUMBERED_STREET: Final = re.compile(
    r"^(flat \w+\W+)?\d{1,6}[a-z]? ([^\W\d_][\w'.-]* ){1,3}"
    r"(alley|annex|arcade|bayou|beach|bend|bluff|bottom|branch|bridge|brook|burg|bypass|camp|canyon|cape|causeway|center|cliff|club|common|corner|course|cove|creek|crest|crossing|dale|dam|"
    r"divide|estate|extension|fall|ferry|field|flat|ford|forest|forge|fork|fort|freeway|garden|gateway|glen|green|harbor|"
    r"haven|heights|hill|hollow|inlet|island|isle|junction|key|knoll|lake|landing|light|loaf|lock|lodge|mall|manor|meadow|"
    r"mill|mission|motorway|mount|mountain|neck|orchard|oval|overpass|park|pass|passage|path|pine|plain|point|port|prairie|"
    r"radial|ramp|ranch|rapid|rest|ridge|river|route|run|shoal|shore|skyway|spring|spur|station|stream|summit|throughway|"
    r"trace|track|tunnel|underpass|union|valley|viaduct|view|village|ville|vista|wall|well|road|street|square)s?\b",
    re.IGNORECASE,
)
"""The endings of streets that the United States' post office lists, behind a house number and a name."""


def is_street(text: str) -> bool:
    """Say whether a text looks like a street address: a word for a street, with a number beside it."""
    if len(text) > 4 * LONGEST_NAME or not any(map(str.isdigit, text)):
        return False
    return STREET.search(text) is not None or _NUMBERED_STREET.search(text) is not None


def has_street_word(text: str) -> bool:
    """Say whether a text begins or ends with a word for a street, or goes on with a number behind it."""
    return len(text) <= 4 * LONGEST_NAME and any(
        match.start() == 0 or _STREET_ENDS.match(text, match.end()) for match in STREET.finditer(text)
    )


_STREET_ENDS: Final = re.compile(r"\.?(?:\W*$|,|\W+\d|\W+[NSEW]{1,2}\b)")


def has_house_number(text: str) -> bool:
    """Say whether a text has a number before or after words, as addresses do."""
    return len(text) <= 4 * LONGEST_NAME and bool(_HOUSE.search(text))
