"""When the data was collected, and whether the dates make sense."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from itertools import pairwise
from typing import Final

from govkit.core.evidence import Finding, Measurement, Message, Severity
from govkit.inputs.metadata import Metadata
from govkit.plugins.check import Emit, NotDeclared, Product, check

NAMES: Final = ("collected_from", "collected_to", "issued")
"""In the order in which they must follow one another."""
_DATE: Final = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?(?:[T ].*)?")


@check(
    "provenance.collection_dates",
    title="Collection dates",
    emits=(
        Emit(
            "date_problems", "count", "dates that are missing, unreadable, in the future, in the wrong order or expired"
        ),
        Emit("age_days", "days", "days from the end of collection to the audit"),
    ),
    messages={
        "provenance.collection_dates.nothing": "It is not stated when the data was collected.",
        "provenance.collection_dates.missing": "{field} is not stated, the other end of the period is.",
        "provenance.collection_dates.unreadable": "{field} is no date of the form 2026-03-31.",
        "provenance.collection_dates.future": "{field} lies after the day of the audit.",
        "provenance.collection_dates.expired": "The data was to be deleted by the day in {field}, which is past.",
        "provenance.collection_dates.order": "{first} lies after {second}.",
    },
)
def collection_dates(metadata: Metadata, as_of: date) -> Iterator[Product]:
    """Check that the period of collection is stated and possible, and give the data's age.

    Why it matters: a model learns the time its data comes from; data from the future or from nowhere can't be judged.

    Method: start, end, day of issue and day of the audit must follow one another. A year or month alone stands for its
    first day at the start of the period and for its last day elsewhere. Retention must not have ended. The age counts
    from the end of collection.

    Limits: the dates are declared; they are not compared with dates in the data.

    References: ISO 8601; PRV-012, PRV-013, PRV-019.
    """
    stated = {name: metadata.get(name) for name in (*NAMES, "retention_until")}
    if not stated["collected_from"] and not stated["collected_to"]:
        raise NotDeclared(
            "provenance.collection_dates.nothing",
            ask="provenance: {collected_from: 2025-01-01, collected_to: 2025-06-30}",
        )
    dates = {name: found for name, text in stated.items() if (found := _read(text, first=name == "collected_from"))}
    problems = list(_problems(stated, dates, as_of))
    yield Measurement(name="date_problems", value=len(problems), unit="count", n=sum(map(bool, stated.values())))
    if "collected_to" in dates:
        age = (as_of - dates["collected_to"]).days
        yield Measurement(name="age_days", value=age, unit="days", n=1)
    for kind, where, arguments in problems:
        message = Message(id=f"provenance.collection_dates.{kind}", args=arguments)
        yield Finding(rule="PRV-012", severity=Severity.MEDIUM, message=message, where=where)


def _problems(
    stated: Mapping[str, str], dates: Mapping[str, date], as_of: date
) -> Iterator[tuple[str, str, dict[str, str | int | float | bool]]]:
    for name, text in stated.items():
        if text and name not in dates:
            yield "unreadable", name, {"field": name}
        elif not text and name.startswith("collected"):
            yield "missing", name, {"field": name}
        elif name in NAMES and name in dates and dates[name] > as_of:
            yield "future", name, {"field": name}
    if "retention_until" in dates and dates["retention_until"] < as_of:
        yield "expired", "retention_until", {"field": "retention_until"}
    present = [name for name in NAMES if name in dates]
    for first, second in pairwise(present):
        if dates[first] > dates[second]:
            yield "order", first, {"first": first, "second": second}


def _read(text: str, *, first: bool) -> date | None:
    """Read a date, a month or a year, as its first or its last day."""
    matched = _DATE.fullmatch(text.strip())
    if not matched:
        return None
    year, month, day = (int(part) if part else 0 for part in matched.groups())
    try:
        if day:
            return date(year, month, day)
        if first:
            return date(year, month or 1, 1)
        return date.fromordinal(date(year + (month in {0, 12}), month % 12 + 1 if month else 1, 1).toordinal() - 1)
    except ValueError:
        return None
