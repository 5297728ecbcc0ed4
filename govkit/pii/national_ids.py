"""National identity, tax and social security numbers by the check digits that python-stdnum knows."""

import importlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Final

_ACCEPTED: Final[dict[str, tuple[float, str]]] = {
    "ar.cuit": (0.0109, "cuit cuil"),
    "be.nn": (0.0015, "rijksregister nationaalnummer nrn nn"),
    "bg.egn": (0.0113, "egn"),
    "br.cpf": (0.0095, "cpf"),
    "ca.sin": (0.0790, "sin"),
    "ch.ssn": (0.0001, "ahv avs svn"),
    "cl.rut": (0.0926, "rut run"),
    "cn.ric": (0.0001, "身份证 身份证号 ric"),
    "co.nit": (0.1022, "nit cedula"),
    "cz.rc": (0.0200, "rc rodnecislo"),
    "de.idnr": (0.0033, "steuerid idnr steueridentifikationsnummer"),
    "dk.cpr": (0.0313, "cpr"),
    "do.cedula": (0.0989, "cedula"),
    "ec.ci": (0.0181, "ci cedula"),
    "ee.ik": (0.0026, "isikukood ik"),
    "es.dni": (0.0381, "dni nif"),
    "es.nie": (0.0051, "nie"),
    "fi.hetu": (0.0008, "hetu henkilotunnus"),
    "fr.nir": (0.0103, "nir insee securitesociale"),
    "gb.nhs": (0.0897, "nhs"),
    "hr.oib": (0.1000, "oib"),
    "id.nik": (0.0310, "nik ktp"),
    "il.idnr": (0.1021, "teudatzehut"),
    "in_.aadhaar": (0.0813, "aadhaar aadhar"),
    "in_.pan": (0.4199, "pan pannumber"),
    "is_.kennitala": (0.0013, "kennitala"),
    "it.codicefiscale": (0.0146, "codicefiscale"),
    "lt.asmens": (0.0121, "asmenskodas asmens"),
    "mx.curp": (0.0001, "curp"),
    "my.nric": (0.0323, "nric mykad"),
    "nl.bsn": (0.0929, "bsn burgerservicenummer sofi"),
    "no.fodselsnummer": (0.0010, "fodselsnummer"),
    "pl.pesel": (0.0176, "pesel"),
    "pt.nif": (0.0909, "nif contribuinte"),
    "ro.cnp": (0.0018, "cnp"),
    "se.personnummer": (0.0038, "personnummer"),
    "si.emso": (0.0032, "emso jmbg"),
    "sk.rc": (0.0200, "rc rodnecislo"),
    "tr.tckimlik": (0.0093, "tckimlik tckn"),
    "us.ssn": (0.8888, "ssn socialsecurity"),
    "za.idnr": (0.0009, "idnumber idnr rsaid"),
}
"""By validator: share of random texts of its own shape that it accepts (`measured_acceptance`), and header words."""
NAMED_TIMES: Final = 3
"""Under a fitting header or in a declared country, a column passes when it does so this often for once by chance."""
FEWEST: Final = 8
"""Fewest distinct values without a header."""
SHARE: Final = 0.6
_DIGITS: Final = re.compile(r"\d")


@dataclass(frozen=True)
class NationalId:
    """A validator that most of a column's values pass."""

    validator: str
    """Country and name, `br.cpf`."""
    share: float
    by_chance: float
    named: bool


def judge(values: Sequence[str], header: Sequence[str] = (), countries: Sequence[str] = ()) -> NationalId | None:
    """Tell which number most values are, held against how often a random number would pass.

    Args:
        values: distinct values of a column.
        header: plain words of its name.
        countries: declared ISO 3166 codes, in small letters.
    """
    digits = sum(len(_DIGITS.findall(value)) >= 6 for value in values)  # noqa: PLR2004 - no such number is shorter
    if not values or digits < SHARE * len(values) or max(map(len, values)) > 40:  # noqa: PLR2004
        return None
    joined = {"".join(header), *header}
    found = []
    for name, (chance, words) in _ACCEPTED.items():
        named = bool(joined & set(words.split())) or name.split(".")[0].rstrip("_") in countries
        if not _worth_asking(values, named=named, chance=chance):
            continue
        share = sum(accepts(name, value) for value in values) / len(values)
        if _passes(share, chance, len(values), named=named):
            found.append(NationalId(name, share, chance, named))
    return max(found, key=lambda item: (item.named, item.share, -item.by_chance, item.validator), default=None)


def accepts(name: str, value: str) -> bool:
    """Say whether a validator takes a value; python-stdnum trips over some that are no numbers at all."""
    try:
        return bool(_validator(name).is_valid(value))
    except (KeyError, IndexError, ValueError):
        return False


def _worth_asking(values: Sequence[str], *, named: bool, chance: float) -> bool:
    return named or (len(values) >= FEWEST and chance < 0.015)  # noqa: PLR2004 - a weaker test says nothing alone


def _passes(share: float, chance: float, count: int, *, named: bool) -> bool:
    if named:
        return share >= max(SHARE / 2, min(NAMED_TIMES * chance, 0.9)) and share * count >= 2  # noqa: PLR2004
    return share >= SHARE and share >= 10 * chance


@cache
def _validator(name: str) -> ModuleType:
    return importlib.import_module(f"stdnum.{name}")
