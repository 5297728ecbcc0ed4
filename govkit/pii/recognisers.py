"""Presidio's recognisers without language model or network, each behind a fast gate over whole columns."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from typing import TYPE_CHECKING, Final

from govkit.pii import secrets

if TYPE_CHECKING:
    import pyarrow as pa

WHOLE_CELL: Final = 0.8
"""Share of a cell's letters and digits that a match must cover to count as the whole cell."""
MAX_CELL: Final = 20_000
"""Longest cell, in characters, that a recogniser reads; the rest of a longer one is cut off."""


Spans = list[tuple[int, int]]
Finder = Callable[[str], Spans]


@dataclass(frozen=True)
class Detector:
    """One entity type: a gate that keeps every cell it could stand in, and the recogniser that confirms."""

    entity: str
    gate: str
    """RE2 pattern; a cell without a match holds none."""
    make: Callable[[], Finder]
    """Makes the recogniser when a first cell passes the gate: importing Presidio takes a second."""
    needs_header: bool = False
    """Too weak to claim a column that isn't called so."""

    def spans(self, text: str) -> Spans:
        """Give confirmed places in a text, as start and end."""
        return self._find(text)

    def finds(self, text: str) -> bool:
        """Say whether the entity stands anywhere in a text."""
        return bool(self.spans(text[:MAX_CELL]))

    def fills(self, text: str) -> bool:
        """Say whether the entity makes up (nearly) the whole text."""
        written = _written(text)
        return written > 0 and any(
            _written(text[start:end]) >= WHOLE_CELL * written for start, end in self.spans(text[:MAX_CELL])
        )

    @cached_property
    def _find(self) -> Finder:
        return self.make()


@cache
def detectors() -> Mapping[str, Detector]:
    """Give the detectors by entity type; they open no socket and read no model."""
    found = (
        Detector("EMAIL_ADDRESS", r"[^\s@]@[^\s@]+\.", _email),
        Detector("CREDIT_CARD", r"[0-9](?:[- ]?[0-9]){11}", _card),
        Detector("IBAN", r"[A-Za-z]{2}[0-9]{2}(?:[ -]?[A-Za-z0-9]{4}){2}", _named("IbanRecognizer")),
        Detector("IP_ADDRESS", r"[0-9]\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]|:[0-9A-Fa-f]{0,4}:", _ip),
        Detector(
            "MAC_ADDRESS",
            r"(?:[0-9A-Fa-f]{2}[:-]){5}|[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.",
            _named("MacAddressRecognizer"),
        ),
        Detector("US_SSN", r"[0-9]{3}[- .][0-9]{2}[- .][0-9]{4}", _ssn),
        Detector("CRYPTO_ADDRESS", r"(?:bc1|[13])[a-zA-Z0-9]{25}", _named("CryptoRecognizer")),
        Detector("URL_WITH_USER", r"://[^\s/@]+@", _url_with_user),
        Detector("SECRET", secrets.GATE, lambda: secrets.spans),
        Detector("PHONE_NUMBER", r"(?:[0-9][ ()./-]{0,3}){6}[0-9]", _phone),
        Detector("PASSPORT", r"[0-9]{8}", _named("UsPassportRecognizer"), needs_header=True),
        Detector("DRIVER_LICENSE", r"[0-9]{5}|[A-Za-z][0-9]", _named("UsLicenseRecognizer"), needs_header=True),
        Detector("BANK_ACCOUNT", r"[0-9]{8}", _named("UsBankRecognizer"), needs_header=True),
        Detector("MEDICAL_LICENSE", r"[0-9]{7}", _named("MedicalLicenseRecognizer"), needs_header=True),
    )
    return {detector.entity: detector for detector in found}


def gate(column: "pa.ChunkedArray | pa.Array", detector: Detector) -> "pa.ChunkedArray | pa.Array":
    """Give a mask of the cells that could hold the entity, in one pass of RE2 over the column."""
    import pyarrow.compute as pc

    return pc.fill_null(pc.match_substring_regex(column, detector.gate), fill_value=False)


def _written(text: str) -> int:
    return sum(mark.isalnum() for mark in text)


def _named(name: str) -> Callable[[], Finder]:
    """Give what makes a finder of one of Presidio's recognisers."""

    def make() -> Finder:
        from presidio_analyzer import predefined_recognizers

        return _pattern(getattr(predefined_recognizers, name)())

    return make


def _pattern(recogniser: object) -> Finder:
    entities: list[str] = recogniser.supported_entities  # type: ignore[attr-defined]  # Presidio ships no types

    def spans(text: str) -> Spans:
        found = recogniser.analyze(text, entities, None)  # type: ignore[attr-defined]
        return sorted({(match.start, match.end) for match in found if match.score > 0})

    return spans


_MORE_CARDS: Final = (
    r"(?<![\w+.,-])(?:"
    r"2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)(?:[- ]?\d{4}){3}"  # Mastercard since 2017
    r"|(?:2131|1800)[- ]?\d{6}[- ]?\d{5}"  # JCB of 15 digits
    r"|4\d{3}(?:[- ]?\d{4}){3}[- ]?\d{3}"  # Visa of 19 digits
    r"|(?:5018|5020|5038|5[678]\d\d|6304|6390|67\d\d|0604)(?:\d{8,15}|(?:[- ]\d{4}){2,3}(?:[- ]\d{1,4})?)"  # Maestro
    r")(?!\w)"
)
"""Card numbers by ISO/IEC 7812 issuer ranges that Presidio's pattern leaves out; Luhn's test decides on them too."""


def _card() -> Finder:
    """Leave out the digits behind a decimal point."""
    from presidio_analyzer import Pattern
    from presidio_analyzer.predefined_recognizers import CreditCardRecognizer

    more = Pattern("more issuers", _MORE_CARDS, 0.3)
    spans = _pattern(CreditCardRecognizer(patterns=[*CreditCardRecognizer.PATTERNS, more]))
    decimal = re.compile(r"\d[.,]$")
    return lambda text: [
        (start, end) for start, end in spans(text) if not decimal.search(text, max(start - 2, 0), start)
    ]


def _email() -> Finder:
    import tldextract
    from presidio_analyzer.predefined_recognizers import EmailRecognizer

    packaged = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)

    @cache
    def is_domain(domain: str) -> bool:
        return bool(packaged(domain).top_domain_under_public_suffix)

    class OfflineEmailRecognizer(EmailRecognizer):
        """Presidio's recogniser with the suffix list of the installed package; its own would fetch one."""

        def validate_result(self, pattern_text: str) -> bool:
            return is_domain(pattern_text.rpartition("@")[2])

    spans = _pattern(OfflineEmailRecognizer())
    in_url = re.compile(r"://[^\s/]*$")

    def outside_urls(text: str) -> Spans:
        """Leave `user:password@host` to the detector of URLs with a user."""
        return [(start, end) for start, end in spans(text) if not in_url.search(text, 0, start)]

    return outside_urls


def _ip() -> Finder:
    spans = _named("IpRecognizer")()

    def longer_than_a_colon(text: str) -> Spans:
        """Leave out `::`, which is an address and also a habit of programmers."""
        return [(start, end) for start, end in spans(text) if end - start > len("::1")]

    return longer_than_a_colon


def _ssn() -> Finder:
    """Keep numbers written with separators: nine bare digits are as often a customer number."""
    written = re.compile(r"\d{3}[- .]\d{2}[- .]\d{4}")
    spans = _named("UsSsnRecognizer")()
    return lambda text: [(start, end) for start, end in spans(text) if written.fullmatch(text[start:end])]


def _url_with_user() -> Finder:
    named = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s/@]+@(?=([^\s/:?#]+))")
    spans = _named("UrlRecognizer")()
    return lambda text: [match.span() for match in named.finditer(text) if spans(f"https://{match[1]}")]


def _phone() -> Finder:
    spans = _named("PhoneRecognizer")()

    @lru_cache(maxsize=50_000)
    def is_phone(written: str) -> bool:
        return any(end - start >= len(written) - 1 for start, end in spans(written))

    def places(text: str) -> Spans:
        """Read each run of digits by itself: dates, decimals and parts of longer tokens are no phone numbers."""
        return [run.span() for run in _RUN.finditer(text) if _may_be_phone(text, run) and is_phone(run[0])]

    return places


def _may_be_phone(text: str, run: "re.Match[str]") -> bool:
    before = text[run.start() - 1] if run.start() else " "
    after = text[run.end()] if run.end() < len(text) else " "
    if before.isalnum() or before in "_-#@=/." or after.isalnum() or after in "_@=" or _SUFFIX.match(text, run.end()):
        return False
    if _NO_PHONE.fullmatch(run[0]):
        return False
    alone = run[0] == text.strip()
    return alone or not run[0].isdigit() or bool(_CALLED.search(text[max(0, run.start() - 40) : run.start()]))


_RUN: Final = re.compile(r"\+?\(?\d(?:[ ()./-]{0,3}\d){6,17}")
_NO_PHONE: Final = re.compile(
    r"\d{4}[-./]\d{1,2}[-./]\d{1,2}.*|\d{1,2}[-./]\d{1,2}[-./]\d{4}.*|\d+\.\d+|\d{1,3}(?:\.\d{1,3}){3}|\d{5}-\d{4}"
)
"""Dates, decimals, addresses of computers and long US postcodes."""
_SUFFIX: Final = re.compile(r"\.[A-Za-z]")
_CALLED: Final = re.compile(r"(?i)\b(phone|tel|telephone|telefon|call|called|cell|mobile|fax|handy|reach|whatsapp)\b")
