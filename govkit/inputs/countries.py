"""Countries by their ISO 3166 code, from the list that comes with the time-zone data; nothing is fetched."""

from functools import cache
from importlib.resources import files

EU = frozenset("AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE".split())
UNIONS = {"EU": EU, "EEA": EU | {"IS", "LI", "NO"}, "WORLDWIDE": frozenset[str](), "GLOBAL": frozenset[str]()}
"""Groups of countries that may stand in place of a code; worldwide names none in particular."""


@cache
def codes() -> dict[str, str]:
    """Give the two-letter codes by themselves and by the country's usual English name, both in lower case."""
    text = (files("tzdata") / "zoneinfo" / "iso3166.tab").read_text(encoding="utf-8")
    pairs = [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
    return {key.casefold(): code for code, name in pairs for key in (code, name)}


def countries(place: str) -> frozenset[str] | None:
    """Give the countries a text stands for: a code, a name, `EU`, `EEA`, `worldwide`; None where it is none of them.

    Parts of a country (ISO 3166-2, `DE-BY`) stand for their country.
    """
    name = " ".join(place.split()).casefold()
    if name.upper() in UNIONS:
        return UNIONS[name.upper()]
    code = codes().get(name) or codes().get(name.split("-", 1)[0] if "-" in name else "")
    return frozenset((code,)) if code else None
