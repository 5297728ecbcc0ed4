"""What a column looks like: shares of its distinct values with this or that form. Holds numbers, never values."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from govkit.pii.names import has_house_number, has_street_word, is_street, likeness

MOST_READ: Final = 300
"""Most values that are held against the word lists, evenly taken from those given."""
LONGEST_CELL: Final = 120
"""Longest value, in characters, that may be an entity as a whole."""
_NUMBER: Final = re.compile(r"[-+$€£¥]?\s?\d[\d,.' ]*\s?%?|[-+]?\d*[.,]\d+(?:[eE][-+]?\d+)?")
_DECIMAL: Final = re.compile(r"[+-]?\d*[.,]\d+(?:[eE][+-]?\d+)?")
_DATE: Final = re.compile(
    r"(?P<y1>\d{4})[-/.](?P<m1>\d{1,2})[-/.](?P<d1>\d{1,2})(?:[T ].*)?"
    r"|(?P<a>\d{1,2})[-/.](?P<b>\d{1,2})[-/.](?P<y2>\d{4}|\d{2})(?: .*)?"
    r"|(?P<y3>(?:19|20)\d\d)(?P<m3>0[1-9]|1[0-2])(?P<d3>0[1-9]|[12]\d|3[01])"
    r"|\d{1,2}\.? [^\W\d_]{3,9}\.?,? (?P<y4>\d{4})"
    r"|[^\W\d_]{3,9}\.? \d{1,2},? (?P<y5>\d{4})|\d{1,2}-[A-Za-z]{3}-(?P<y6>\d{4}|\d{2})|\d{4}年\d{1,2}月\d{1,2}日"
)
_WORD: Final = re.compile(r"[^\W\d_]+")
_OLDEST_TWO_DIGITS: Final = 30


@dataclass(frozen=True)
class Profile:
    """Shares are of distinct values and lie from 0 to 1."""

    values: int
    """Distinct values read."""
    numbers: float
    decimals: float
    dates: float
    years: tuple[int, int, int]
    """10th, 50th and 90th percentile of the dates' years; zeros without dates."""
    latest: int
    """Latest year but for one value in fifty."""
    any_day: bool
    """The dates fall on all days of the week and all months alike, as births do and most events don't."""
    words: float
    """Mean number of words of letters."""
    length: float
    """Mean length in characters."""
    long: float
    """Values longer than `LONGEST_CELL`."""
    latin: float
    """Values whose letters are Latin, of those with letters."""
    person: float
    place: float
    common: float
    organisation: float
    street: float
    """A word for a street with a number."""
    street_word: float
    house_number: float
    passwords: float
    """No blank, small and capital letters and digits mixed, 6 to 20 characters; 0 where the lengths and marks are those
    of codes."""
    shapes: float
    """Different shapes (capital, small, digit, mark) by values: near 1 for passwords, near 0 for codes."""

    @property
    def free_text(self) -> bool:
        """Say whether the cells are sentences."""
        return self.words >= 5 or self.long >= 0.1  # noqa: PLR2004 - as kinds of columns are told apart


def profile(values: Sequence[str]) -> Profile:
    """Describe distinct values, stripped and not empty."""
    count = len(values)
    found = [_date(value) for value in values]
    dates = [year for year, _ in found if year is not None]
    numbers = _share(values, lambda value: _NUMBER.fullmatch(value) is not None)
    read = values[:: -(-count // MOST_READ)] if count else ()
    with_letters = [value for value in read if _WORD.search(value)]
    textual = numbers < 0.9 and len(with_letters) * 5 >= len(read)  # noqa: PLR2004
    alike = [likeness(value) for value in read] if textual else []
    size = max(len(alike), 1)
    return Profile(
        values=count,
        numbers=numbers,
        decimals=_share(values, lambda value: _DECIMAL.fullmatch(value) is not None),
        dates=len(dates) / count if count else 0,
        years=_percentiles(dates),
        latest=sorted(dates)[-1 - len(dates) // 50] if dates else 0,
        any_day=_is_even([day for _, day in found if day is not None]),
        words=sum(len(_WORD.findall(value[:2000])) for value in read) / max(len(read), 1),
        length=sum(map(len, values)) / max(count, 1),
        long=_share(values, lambda value: len(value) > LONGEST_CELL),
        latin=_share(with_letters, _is_latin),
        person=sum(item.person for item in alike) / size,
        place=sum(item.place for item in alike) / size,
        common=sum(item.common for item in alike) / size,
        organisation=sum(item.organisation for item in alike) / size,
        street=_share(read, is_street) if textual or numbers < 1 else 0.0,
        street_word=_share(read, has_street_word) if textual else 0.0,
        house_number=_share(read, has_house_number) if textual else 0.0,
        passwords=_passwords(read),
        shapes=len({_shape(value) for value in read}) / max(len(read), 1),
    )


def _share(values: Sequence[str], test: "object") -> float:
    return sum(map(test, values)) / len(values) if values else 0.0  # type: ignore[call-overload]


def _is_latin(value: str) -> bool:
    letters = [mark for mark in value if mark.isalpha()]
    return 2 * sum(ord(mark) < 0x250 for mark in letters) >= len(letters)  # noqa: PLR2004 - end of Latin Extended-B


def _date(value: str) -> "tuple[int | None, tuple[int, int] | None]":
    """Give the year of a date, and its weekday and month; neither where the order of day and month can't be told."""
    match = _DATE.fullmatch(value) if len(value) <= 40 else None  # noqa: PLR2004 - no date is longer
    if match is None:
        return None, None
    first, second = int(match["a"] or 0), int(match["b"] or 0)
    if max(first, second) > 31 or min(first, second) > 12:  # noqa: PLR2004 - days and months
        return None, None
    written = next((match[f"y{index}"] for index in range(1, 7) if match[f"y{index}"]), value[:4])
    year = int(written)
    year = year if year > 99 else year + (2000 if year < _OLDEST_TWO_DIGITS else 1900)  # noqa: PLR2004
    month = int(match["m1"] or match["m3"] or 0) or min(first, second)
    day = int(match["d1"] or match["d3"] or 0) or max(first, second)
    if month == 0:
        return year, None
    try:
        return year, (date(year, month, day).weekday(), month)
    except ValueError:
        return None, None


def _is_even(days: "Sequence[tuple[int, int]]") -> bool:
    """Say whether dates spread over weekdays and over months as births do."""
    if len(days) < FEWEST_WEEKDAYS:
        return False
    weekdays = Counter(weekday for weekday, _ in days)
    months = Counter(month for _, month in days)
    weekend = (weekdays[5] + weekdays[6]) / len(days)
    return (
        max(weekdays.values()) <= min(0.27, _at_most(1 / 7, len(days))) * len(days)
        and 0.17 <= weekend <= _at_most(2 / 7, len(days))  # noqa: PLR2004 - fewer are born then today
        and max(months.values()) <= min(0.2, _at_most(1 / 12, len(days))) * len(days)
        and len(months) >= 11  # noqa: PLR2004
    )


def _at_most(share: float, count: int) -> float:
    """Give the largest share that chance and the seasons explain: 3.5 standard errors and a fiftieth above."""
    return share + 3.5 * math.sqrt(share * (1 - share) / count) + 0.02


FEWEST_WEEKDAYS: Final = 40
"""Fewest dates whose weekdays say something; one in seven is expected on each."""


def _percentiles(years: list[int]) -> tuple[int, int, int]:
    if not years:
        return 0, 0, 0
    ordered = sorted(years)
    return ordered[len(years) // 10], ordered[len(years) // 2], ordered[(9 * len(years)) // 10]


def _passwords(values: Sequence[str]) -> float:
    """Give the share of passwords; tokens made by a machine have one length and no marks."""
    alike = [value for value in values if _is_password(value)]
    marked = sum(not value.isalnum() for value in alike)
    if 4 * marked < len(alike) and len({len(value) for value in alike}) < FEWEST_LENGTHS:
        return 0.0
    return len(alike) / max(len(values), 1)


FEWEST_LENGTHS: Final = 4
"""Fewest lengths of passwords of letters and digits alone that people chose."""


def _is_password(value: str) -> bool:
    kinds = [any(map(test, value)) for test in (str.islower, str.isupper, str.isdigit)]
    return 6 <= len(value) <= 20 and sum(kinds) >= 3 and not any(map(str.isspace, value))  # noqa: PLR2004


def _shape(value: str) -> str:
    return "".join(
        "A" if mark.isupper() else "a" if mark.islower() else "9" if mark.isdigit() else mark for mark in value
    )
