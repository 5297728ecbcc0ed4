"""Presidio's own findings, cell by cell and without loss: distinct values only, gated, within reach of the threshold.

What `BatchAnalyzerEngine.analyze_dict` gives with a NoOp language engine and the column's name as context depends on a
cell's text and the column's name alone, so equal cells of a column have equal findings. A recogniser whose highest
score stays under the threshold can't add any, and can't take one of another away: it only removes results that score
no more than its own. A gate is an RE2 pattern that every text passes in which the recogniser could find something.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    import pyarrow as pa

THRESHOLD: Final = 0.5
LANGUAGE: Final = "en"
REMEMBERED: Final = 500_000
"""Distinct values of a column whose findings are kept from batch to batch."""
_BOOST: Final = 0.35
_LEAST_BOOSTED: Final = 0.4
_GATES: Final = {
    "CreditCardRecognizer": r"\p{Nd}(?:[- ]?\p{Nd}){11}",
    "CryptoRecognizer": r"[\p{L}\p{Nd}]{26}",
    "DateRecognizer": r"\p{Nd}[-/.T]|[-/.]\p{Nd}",
    "EmailRecognizer": r"@",
    "IbanRecognizer": r"[A-Z]{2}[0-9]{2}(?:[ -]?[A-Z0-9]{4}){2}",
    "IpRecognizer": r"[0-9]\.[0-9]{1,3}\.[0-9]|:[0-9A-Fa-f]{0,4}:",
    "MacAddressRecognizer": r"[0-9A-Fa-f]{2}[:-][0-9A-Fa-f]{2}[:-]|[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.",
    "MedicalLicenseRecognizer": r"\p{Nd}{7}",
    "NhsRecognizer": r"\p{Nd}{3}[- ]?\p{Nd}{3}[- ]?\p{Nd}{4}",
    "PhoneRecognizer": r"(?:\p{Nd}\P{Nd}*){4}",
    "UrlRecognizer": r"\.\p{L}{2}",
    "UsBankRecognizer": r"[0-9]{8}",
    "UsItinRecognizer": r"9\p{Nd}{2}[- ]?\p{Nd}{2}[- ]?\p{Nd}{4}",
    "UsLicenseRecognizer": r"\p{Nd}",
    "UsPassportRecognizer": r"[0-9]{8}",
    "UsSsnRecognizer": r"[0-9]{3}[- .]?[0-9]{2}[- .]?[0-9]{4}|[0-9]{5}-[0-9]{4}|[0-9]{3}-[0-9]{6}",
    "UuidRecognizer": r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-",
}
"""What a text must match for the recogniser to find anything; one that isn't listed reads every text."""


class Finding(NamedTuple):
    """One of Presidio's results."""

    entity: str
    start: int
    end: int
    score: float


class CellFinding(NamedTuple):
    """A result with the row of its cell, counted from 0."""

    row: int
    finding: Finding


@cache
def offline_engine() -> Any:  # noqa: ANN401 - Presidio ships no types
    """Give Presidio's analyzer with its default recognisers, no language model and the packaged list of domains."""
    import logging
    import warnings

    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import NoOpNlpEngine
    from presidio_analyzer.recognizer_registry import RecognizerRegistryProvider

    logging.getLogger("presidio-analyzer").setLevel(logging.CRITICAL)
    language = NoOpNlpEngine(models=[{"lang_code": LANGUAGE, "model_name": "no_op"}])
    language.load()
    provider = RecognizerRegistryProvider(registry_configuration={"supported_languages": [LANGUAGE]})
    registry = provider.create_recognizer_registry()
    models = ("SpacyRecognizer", "StanzaRecognizer", "TransformersRecognizer")
    kept: list[Any] = [item for item in registry.recognizers if type(item).__name__ not in models]
    registry.recognizers = kept
    for recogniser in kept:
        if type(recogniser).__name__ == "EmailRecognizer":
            recogniser.validate_result = _has_domain
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return AnalyzerEngine(registry=registry, nlp_engine=language, supported_languages=[LANGUAGE])


def _has_domain(text: str) -> bool:
    """Answer as Presidio's validation does, once for each domain, from the list in the package."""
    return _is_domain(text.rpartition("@")[2])


@lru_cache(maxsize=100_000)
def _is_domain(domain: str) -> bool:
    return bool(_packaged()(domain).fqdn)


@cache
def _packaged() -> Callable[[str], Any]:
    import tldextract

    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


@dataclass(frozen=True)
class _Reader:
    """A recogniser that can reach the threshold in a column."""

    gate: str | None
    boosted: bool
    find: Callable[[str], Sequence[Finding]]

    def findings(self, text: str, threshold: float) -> Iterator[Finding]:
        for found in self.find(text):
            score = min(max(found.score + _BOOST, _LEAST_BOOSTED), 1.0) if self.boosted else found.score
            if score >= threshold:
                yield found._replace(score=score)


class ExactColumn:
    """One column's cells, batch after batch."""

    def __init__(self, name: str, threshold: float = THRESHOLD) -> None:
        """Choose the recognisers that can reach the threshold under this name."""
        self._threshold = threshold
        self._readers = _readers(name, threshold)
        self._known: dict[str, tuple[Finding, ...]] = {}

    def read(self, cells: "pa.Array") -> Iterator[CellFinding]:
        """Give the findings of a batch, in the order of its rows."""
        import numpy as np
        import pyarrow.compute as pc

        coded = cells.dictionary_encode()
        found = self._distinct(coded.dictionary)
        if not found:
            return
        held = np.zeros(len(coded.dictionary), dtype=bool)
        held[list(found)] = True
        codes = pc.fill_null(coded.indices.cast("int64"), len(held)).to_numpy(zero_copy_only=False)
        rows = np.flatnonzero(np.append(held, False)[codes])
        for row, code in zip(rows.tolist(), codes[rows].tolist(), strict=True):
            for finding in found[code]:
                yield CellFinding(row, finding)

    def _distinct(self, values: "pa.Array") -> dict[int, tuple[Finding, ...]]:
        import pyarrow as pa
        import pyarrow.compute as pc

        raw: dict[int, list[Finding]] = {}
        texts: dict[int, str] = {}
        for reader in self._readers:
            places: Sequence[int] = range(len(values))
            if reader.gate is not None:
                places = pc.indices_nonzero(pc.match_substring_regex(values, reader.gate)).to_pylist()
            new = [place for place in places if place not in texts]
            texts.update(zip(new, values.take(pa.array(new, pa.int64())).to_pylist(), strict=True))
            for place in places:
                if texts[place] not in self._known:
                    raw.setdefault(place, []).extend(reader.findings(texts[place], self._threshold))
        answers = {place: self._answer(text, raw.get(place, ())) for place, text in texts.items()}
        return {place: found for place, found in answers.items() if found}

    def _answer(self, text: str, found: Sequence[Finding]) -> tuple[Finding, ...]:
        known = self._known.get(text)
        if known is None:
            known = deduplicated(found)
            if len(self._known) < REMEMBERED:
                self._known[text] = known
        return known


def deduplicated(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Remove what lies inside another finding of its type that scores no less, as Presidio does."""
    kept: list[Finding] = []
    for item in sorted(set(findings), key=lambda item: (item.entity, item.start, item.start - item.end, -item.score)):
        inside = any(
            other.entity == item.entity
            and other.start <= item.start
            and item.end <= other.end
            and item.score <= other.score
            for other in kept
        )
        if not inside:
            kept.append(item)
    return tuple(sorted(kept, key=lambda item: (-item.score, item.start, item.start - item.end, item.entity)))


def _readers(name: str, threshold: float) -> list[_Reader]:
    found = []
    for recogniser in offline_engine().registry.get_recognizers(language=LANGUAGE, all_fields=True):
        boosted = any(word.lower() in name.lower() for word in recogniser.context or ())
        find = _finder(
            recogniser, threshold - _BOOST if boosted and threshold > _LEAST_BOOSTED else 0 if boosted else threshold
        )
        if find is not None:
            found.append(_Reader(_GATES.get(type(recogniser).__name__), boosted, find))
    return found


def _finder(recogniser: Any, needed: float) -> Callable[[str], Sequence[Finding]] | None:  # noqa: ANN401
    """Give what finds a recogniser's results, None where none of them can score as much as is needed."""
    from presidio_analyzer.predefined_recognizers import PhoneRecognizer

    if type(recogniser) is PhoneRecognizer:
        return _phones(recogniser) if needed <= recogniser.SCORE + _ROUNDING else None
    if not _matches_patterns_as_usual(recogniser):
        return lambda text: [
            Finding(item.entity_type, item.start, item.end, item.score)
            for item in recogniser.analyze(text, recogniser.supported_entities, None)
        ]
    validates = _overrides(recogniser, "validate_result")
    patterns = [item for item in recogniser.patterns if validates or item.score >= needed - _ROUNDING]
    return _matcher(recogniser, patterns, validates=validates) if patterns else None


def _matches_patterns_as_usual(recogniser: object) -> bool:
    from presidio_analyzer import PatternRecognizer

    return isinstance(recogniser, PatternRecognizer) and not _overrides(recogniser, "analyze")


def _overrides(recogniser: object, method: str) -> bool:
    from presidio_analyzer import PatternRecognizer

    return getattr(type(recogniser), method) is not getattr(PatternRecognizer, method)


_ROUNDING: Final = 1e-9


def _matcher(recogniser: Any, patterns: Sequence[Any], *, validates: bool) -> Callable[[str], Sequence[Finding]]:  # noqa: ANN401
    """Match patterns as `PatternRecognizer.analyze` does, without the explanations."""
    import regex

    entity = recogniser.supported_entities[0]
    compiled = [(regex.compile(item.regex, recogniser.global_regex_flags), item.score) for item in patterns]
    invalidates = _overrides(recogniser, "invalidate_result")

    def find(text: str) -> list[Finding]:
        found = []
        for pattern, usual in compiled:
            for match in pattern.finditer(text):
                start, end = match.span()
                if start == end:
                    continue
                valid = recogniser.validate_result(text[start:end]) if validates else None
                score = usual if valid is None else float(bool(valid))
                if score > 0 and not (invalidates and recogniser.invalidate_result(text[start:end])):
                    found.append(Finding(entity, start, end, score))
        return found

    return find


def _phones(recogniser: Any) -> Callable[[str], Sequence[Finding]]:  # noqa: ANN401
    """Find phone numbers region by region, and stop at a span that holds every digit: no other can stand beside it."""
    import phonenumbers
    import regex

    entity = recogniser.supported_entities[0]
    beginning, ending = regex.compile(r"[+＋(（\[［\p{Nd}]"), regex.compile(r"[\p{Nd}#][^\p{Nd}#]*$")
    regions = list(recogniser.supported_regions)

    def find(text: str) -> list[Finding]:
        first, last = beginning.search(text), ending.search(text)
        if first is None or last is None:
            return []
        spans = set()
        for position, region in enumerate(regions):
            for match in phonenumbers.PhoneNumberMatcher(text, region, leniency=recogniser.leniency):
                spans.add((match.start, match.end))
                if match.start <= first.start() and match.end > last.start():
                    regions.insert(0, regions.pop(position))
                    return [Finding(entity, match.start, match.end, recogniser.SCORE)]
        return [Finding(entity, start, end, recogniser.SCORE) for start, end in spans]

    return find
