"""Times that are written as text, read in one order of day and month for all files."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import pandas as pd

_PARTS: Final = r"^\s*(\d{1,2})([./-])(\d{1,2})[./-]\d{2,4}(?!\d)"
MONTHS: Final = 12


@dataclass(frozen=True)
class Order:
    """Whether days or months come first in dates such as 03.04.2026."""

    day_first: bool
    certain: bool
    """Whether a value shows it; it doesn't matter where no date is written this way."""


def order_of(columns: "Iterable[pd.Series[Any]]") -> Order:
    """Tell the order from numbers above twelve, which are no months, in all columns together.

    Where none shows it, or some speak for either, days come first, but after slashes months, as is usual.
    """
    days_first = months_first = slashes = written = 0
    for column in columns:
        parts = column.dropna().astype("str").str.extract(_PARTS).dropna()
        written += len(parts)
        days_first += int((parts[0].astype("int64") > MONTHS).sum())
        months_first += int((parts[2].astype("int64") > MONTHS).sum())
        slashes += int((parts[1] == "/").sum())
    if bool(days_first) != bool(months_first):
        return Order(day_first=bool(days_first), certain=True)
    return Order(day_first=2 * slashes <= written, certain=not written)


def dates_of(column: "pd.Series[Any]", order: Order) -> "pd.Series[pd.Timestamp]":
    """Read texts as times in UTC; NaT where a text is none. Times without a zone are taken for UTC."""
    import pandas as pd

    texts = column.astype("str").where(column.notna())
    this_way = texts.str.match(_PARTS).fillna(value=False).astype(bool)
    found = pd.Series(pd.NaT, index=column.index, dtype="datetime64[us, UTC]")
    for chosen, day_first in ((~this_way, False), (this_way, order.day_first)):
        read = pd.to_datetime(texts[chosen], errors="coerce", utc=True, format="mixed", dayfirst=day_first)
        found[chosen] = read.astype("datetime64[us, UTC]")
    return found
