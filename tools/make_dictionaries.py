"""Make the packaged word lists of govkit/pii/dictionaries from public lists; run by hand when a source changes.

    python tools/make_dictionaries.py CENSUS_FOLDER SCOWL_FOLDER

CENSUS_FOLDER holds the name files of the 1990 US census (dist.all.last, dist.female.first, dist.male.first),
SCOWL_FOLDER the word lists of SCOWL (english-words.10 and so on). Faker and phonenumbers are read where installed.
"""

import importlib
import pkgutil
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import faker.providers.address
import faker.providers.person
from phonenumbers.geodata import GEOCODE_DATA

from govkit.pii.words import plain

FOLDER = Path(__file__).parent.parent / "govkit" / "pii" / "dictionaries"
MOST_SURNAMES = 20_000
PLACE_LISTS = re.compile(
    r"cities|city_names|real_city_names|countries|states|provinces|regions|municipalities|communes|departments|"
    r"prefectures|counties|cantons|estados|bairros|concelhos|distritos|freguesias|places|localities|districts|wilayas|"
    r"metropolitan_cities|boroughs|union_territories|region_\w+|settlements|towns|tambons|amphoes|area_names|"
    r"province_lgus|metro_manila_lgus|cap_city_province"
)


def main() -> None:
    """Write the four lists."""
    census, scowl = Path(sys.argv[1]), Path(sys.argv[2])
    first = {
        *_faker(faker.providers.person, re.compile(r"first_(romanized_)?names?\w*|.*first_names?.*|.*kana_name.*"))
    }
    first |= {*_census(census / "dist.female.first"), *_census(census / "dist.male.first")}
    last = {*_faker(faker.providers.person, re.compile(r".*last_names?.*")), *_census(census / "dist.all.last")}
    places = {*_faker(faker.providers.address, PLACE_LISTS), *_geodata()}
    words = {word for level in ("10", "20", "35") for word in _scowl(scowl, level)}
    for name, entries in (("first_names", first), ("last_names", last), ("places", places), ("common_words", words)):
        kept = sorted({plain(entry) for entry in entries if _is_word(plain(entry))})
        (FOLDER / f"{name}.txt").write_text("\n".join(kept) + "\n", encoding="utf-8")
        print(name, len(kept))


def _faker(package: object, wanted: re.Pattern[str]) -> Iterator[str]:
    for module in pkgutil.iter_modules(package.__path__):
        provider = importlib.import_module(f"{package.__name__}.{module.name}").Provider
        for attribute in dir(provider):
            if wanted.fullmatch(attribute) and "format" not in attribute and "abbr" not in attribute:
                yield from _texts(getattr(provider, attribute))


def _texts(found: object) -> Iterator[str]:
    if isinstance(found, str):
        yield found
    elif isinstance(found, (tuple, list, set, frozenset, dict)):
        for item in found:
            yield from _texts(item)


def _census(path: Path) -> Iterable[str]:
    return [line.split()[0] for line in path.read_text().splitlines()[:MOST_SURNAMES]]


def _geodata() -> Iterator[str]:
    for described in GEOCODE_DATA.values():
        for text in described.values():
            yield from re.split(r", |/| - ", text)


def _scowl(folder: Path, level: str) -> Iterator[str]:
    for dialect in ("english", "american", "british"):
        path = folder / f"{dialect}-words.{level}"
        if path.is_file():
            yield from (word for word in path.read_text("latin-1").splitlines() if word.isalpha())


def _is_word(text: str) -> bool:
    return any(map(str.isalpha, text)) and (len(text) > 1 or not text.isascii())


if __name__ == "__main__":
    main()
