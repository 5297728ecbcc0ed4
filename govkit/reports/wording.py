"""How numbers, limits, marks and foreign text are written, the same in every format."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from govkit.core.control import Operator, Result, Status, Verdict
from govkit.core.digest import sha256
from govkit.core.evidence import AskKind, Cell, Interval, Outcome

NARROW_SPACE: Final = "\u202f"
MINUS: Final = "\u2212"
NOTHING: Final = "\u2013"
"""Stands where there is no value."""
USUAL_LEVEL: Final = 0.95
"""Level of an interval that is not spelled out; each report says it once."""

_DIGITS: Final = 3
_MOST_DIGITS: Final = 12
_UNHEARD: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_SENTENCE_ENDS: Final = re.compile(r"(?<=[.!?])\s+(?=[A-Z`])")
_UNSUITED_TO_AN_ANCHOR: Final = re.compile(r"[^A-Za-z0-9_.-]+")
_LEADS: Final[dict[AskKind, str]] = {"line": "Add to govkit.yaml", "command": "Run", "advice": "To do"}
_CONFIG_LINE: Final = re.compile(r"[\w.]+:(\s|$)")
_BARE_UNITS: Final = frozenset({"", "count", "auc", "ratio", "score", "index", "difference", "slope"})


@dataclass(frozen=True)
class Mark:
    """A result or a status: a word, a sign that carries it without colour, and a tone."""

    word: str
    sign: str
    tone: str
    """`good`, `bad`, `unsure`, `none` or `waived`; the style sheet and the charts know these five."""


RESULTS: Final = {
    Result.PASS: Mark("pass", "✓", "good"),
    Result.FAIL: Mark("fail", "✗", "bad"),
    Result.INCONCLUSIVE: Mark("inconclusive", "▲", "unsure"),
    Result.ERROR: Mark("error", "▲", "unsure"),
    Result.NOT_RUN: Mark("not run", "○", "none"),
    Result.NOT_APPLICABLE: Mark("not applicable", NOTHING, "none"),
}
STATUSES: Final = {
    Status.MET: Mark("met", "✓", "good"),
    Status.PARTIALLY_MET: Mark("partially met", "▲", "unsure"),
    Status.NOT_MET: Mark("not met", "✗", "bad"),
    Status.INCONCLUSIVE: Mark("inconclusive", "▲", "unsure"),
    Status.NOT_ASSESSED: Mark("not assessed", "○", "none"),
    Status.NOT_APPLICABLE: Mark("not applicable", NOTHING, "none"),
}
OUTCOMES: Final = {
    Outcome.MEASURED: Mark("measured", "✓", "good"),
    Outcome.NOT_APPLICABLE: Mark("not applicable", NOTHING, "none"),
    Outcome.NOT_DECLARED: Mark("not declared", "○", "none"),
    Outcome.ERROR: Mark("error", "▲", "unsure"),
}
VERDICTS: Final = {
    Verdict.PASSED: Mark("PASSED", "✓", "good"),
    Verdict.FAILED: Mark("FAILED", "✗", "bad"),
    Verdict.INCOMPLETE: Mark("INCOMPLETE", "▲", "unsure"),
    Verdict.REFUSED: Mark("REFUSED", "✗", "bad"),
}
WAIVED: Final = Mark("waived", "●", "waived")
SIGNS: Final[dict[Operator, str]] = {"<=": "≤", ">=": "≥", "<": "<", ">": ">", "==": "="}


def clean(text: str) -> str:
    """Drop control characters and the marks that reorder a line, which could make text read as something else."""
    return _UNHEARD.sub("", text)


def shortened(text: str, most: int) -> str:
    """Cut a text that is longer than any name should be; the record keeps it whole."""
    text = " ".join(clean(text).split())
    return text if len(text) <= most else f"{text[: most - 1]}…"


def brief(text: str) -> str:
    """Keep the first two sentences of a text; `govkit explain` gives it whole."""
    return " ".join(_SENTENCE_ENDS.split(text)[:2])


def anchor(kind: str, *parts: str) -> str:
    """Give a fragment id that is plain ASCII and differs whenever the parts differ; a blank is written as a tilde."""
    given = ".".join(parts)
    plain = _UNSUITED_TO_AN_ANCHOR.sub("-", given)
    if plain.replace("-", "") == given.replace("-", "").replace(" ", "") and "~" not in given:
        return f"{kind}-{given.replace(' ', '~')}"
    return f"{kind}-{plain}-{sha256(given.encode('utf-8', 'replace'))[:8]}"


def lead(ask: str, kind: AskKind = "") -> str:
    """Introduce what would supply something missing; where a record doesn't say what it is, by its shape."""
    if not kind:
        kind = "line" if _CONFIG_LINE.match(ask) else "advice"
    return _LEADS[kind]


def significant(value: float, digits: int = _DIGITS) -> str:
    """Write a number with so many significant digits, never cutting its whole part, thousands separated."""
    if value == 0:
        return "0"
    text = f"{value:.{digits - 1}e}"
    decimals = digits - 1 - int(text.split("e")[1])
    if decimals > _MOST_DIGITS:
        return f"{value:.{digits}g}"
    written = f"{value:,.{max(decimals, 0)}f}"
    return (written.rstrip("0").rstrip(".") if "." in written else written).replace("-", MINUS)


def _quantity(value: float, unit: str, digits: int) -> str:
    if unit == "share":
        return f"{significant(value * 100, digits)}{NARROW_SPACE}%"
    return significant(value, digits) if unit in _BARE_UNITS else f"{significant(value, digits)}{NARROW_SPACE}{unit}"


def quantity(value: float, unit: str, *, unlike: float | None = None) -> str:
    """Write a measured value in its unit, shares as per cent.

    Args:
        value: the value, shares between 0 and 1.
        unit: as the check declares it; `share`, `count` and the like are not spelled out.
        unlike: a limit; digits are added until a value that differs from it also reads differently.
    """
    others = {unlike, 1.0 if unit == "share" else None} - {None, value}
    for digits in range(_DIGITS, _MOST_DIGITS):
        text = _quantity(value, unit, digits)
        if all(other is None or text != _quantity(other, unit, digits) for other in others):
            return text
    return _quantity(value, unit, _MOST_DIGITS)


def brackets(low: float | None, high: float | None, unit: str, level: float | None) -> str:
    """Write an interval, its unit left to the value before it, its level only when it isn't the usual one."""
    if low is None and high is None:
        return ""
    scale = 100 if unit == "share" else 1
    below = f"{MINUS}∞" if low is None else significant(low * scale)
    above = "∞" if high is None else significant(high * scale)
    said = "" if level is None or level == USUAL_LEVEL else f" at {quantity(level, 'share')}"
    return f"[{below}, {above}]{said}"


def interval_of(interval: Interval | None, unit: str) -> str:
    """Write a measurement's interval, or nothing for an exact value."""
    return "" if interval is None else brackets(interval.low, interval.high, unit, interval.level)


def limit(operator: Operator, threshold: float, unit: str) -> str:
    """Write a limit as in `≤ 5 %`."""
    return f"{SIGNS[operator]}{NARROW_SPACE}{quantity(threshold, unit)}"


def grouped(group: dict[str, str]) -> str:
    """Write what a measurement is about: `column age, eps 0.1`."""
    return ", ".join(f"{key} {value}" for key, value in group.items())


def cell(value: Cell, unit: str) -> str:
    """Write a cell of an evidence table."""
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}".replace("-", MINUS) if unit != "share" else quantity(float(value), unit)
    return quantity(value, unit) if isinstance(value, float) else value


def size(count: int) -> str:
    """Write a file's size."""
    for unit, step in (("MB", 1_000_000), ("kB", 1_000)):
        if count >= step:
            return f"{significant(count / step)}{NARROW_SPACE}{unit}"
    return f"{count}{NARROW_SPACE}bytes"


def long_date(day: date) -> str:
    """Write a date as it stands in a sentence: 21 November 2026."""
    months = "January February March April May June July August September October November December".split()
    return f"{day.day} {months[day.month - 1]} {day.year}"


def things(count: int, one: str, several: str = "") -> str:
    """Write a count with its noun: `1 criterion`, `2,000 rows`."""
    return f"{count:,} {one if count == 1 else several or one + 's'}"
