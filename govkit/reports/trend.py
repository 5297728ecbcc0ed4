"""How the audits of one system went, as one web page: verdicts, gated criteria, and what was measured over time."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from govkit.core.control import CriterionResult, Observed, Result
from govkit.core.record import AuditRecord
from govkit.reports.drawing import Scale, round_steps, shape, svg, text
from govkit.reports.lookup import Lookup
from govkit.reports.pages import screen
from govkit.reports.wording import (
    NOTHING,
    RESULTS,
    VERDICTS,
    WAIVED,
    Mark,
    brackets,
    limit,
    long_date,
    quantity,
    shortened,
    things,
)

if TYPE_CHECKING:
    from markupsafe import Markup

MOST_AUDITS: Final = 20
"""Audits on the page, the latest ones."""
WIDTH, HEIGHT = 600, 180
LEFT, RIGHT, TOP, BOTTOM = 64.0, 590.0, 20.0, 150.0
_ABSENT: Final = Mark("not judged", NOTHING, "none")


@dataclass(frozen=True)
class Audit:
    """One audit of the history."""

    name: str
    record: AuditRecord
    better: int
    """Measurements that got better since the audit before by more than chance."""
    worse: int


@dataclass(frozen=True)
class AuditRow:
    """One audit as a row of the page."""

    name: str
    day: str
    model: str
    profile: str
    verdict: Mark
    passed: int
    failed: int
    open: int
    better: int
    worse: int


@dataclass(frozen=True)
class Point:
    """What one audit measured for a criterion."""

    name: str
    day: str
    mark: Mark
    value: str
    interval: str
    n: str
    limit: str


@dataclass(frozen=True)
class Series:
    """A gated criterion over all audits."""

    id: str
    title: str
    link: str
    points: tuple[Point, ...]
    picture: "Markup"


@dataclass(frozen=True)
class HistoryView:
    """Everything that the page says."""

    name: str
    iso_day: str
    first_day: str
    last_day: str
    verdict: Mark
    sentence: str
    audits: tuple[AuditRow, ...]
    series: tuple[Series, ...]
    left_out: tuple[tuple[str, str], ...]
    earlier: int
    """Audits before those on the page."""


@dataclass(frozen=True)
class _Seen:
    """A criterion in one audit."""

    result: CriterionResult | None
    threshold: float | None
    words: str

    @property
    def worst(self) -> Observed | None:
        """The observation that decided."""
        return self.result.observed[0] if self.result and self.result.observed else None


def history_page(audits: tuple[Audit, ...], left_out: tuple[tuple[str, str], ...]) -> bytes:
    """Write the page; the same audits give the same bytes.

    Args:
        audits: at least one, the oldest first.
        left_out: audits whose record can't be read, with why.
    """
    version = audits[-1].record.result.govkit_version
    return screen("history.html.j2", view=_view(audits, left_out), version=version)


def _view(audits: tuple[Audit, ...], left_out: tuple[tuple[str, str], ...]) -> HistoryView:
    shown = audits[-MOST_AUDITS:]
    latest = shown[-1].record.result
    rows = tuple(_row(audit) for audit in shown)
    verdict = VERDICTS[latest.decision.verdict]
    before = rows[-2].verdict.word if len(rows) > 1 else ""
    changed = f"; before it was {before}" if before and before != verdict.word else ""
    said = f"{things(len(audits), 'audit')}; the latest, of {long_date(latest.as_of)}, is {verdict.word}{changed}."
    return HistoryView(
        name=shortened(latest.system.name, 120),
        iso_day=latest.as_of.isoformat(),
        first_day=shown[0].record.result.as_of.isoformat(),
        last_day=latest.as_of.isoformat(),
        verdict=verdict,
        sentence=said,
        audits=rows,
        series=tuple(_series(place, name, shown) for place, name in enumerate(latest.profile.gate)),
        left_out=left_out,
        earlier=len(audits) - len(shown),
    )


def _row(audit: Audit) -> AuditRow:
    result = audit.record.result
    states = [one.result for one in result.criterion_results if one.criterion in result.profile.gate]
    passed = sum(state in {Result.PASS, Result.NOT_APPLICABLE} for state in states)
    failed = states.count(Result.FAIL)
    return AuditRow(
        name=audit.name,
        day=result.as_of.isoformat(),
        model=result.model.sha256[:8] if result.model else NOTHING,
        profile=result.decision.profile,
        verdict=VERDICTS[result.decision.verdict],
        passed=passed,
        failed=failed,
        open=len(result.profile.gate) - passed - failed,
        better=audit.better,
        worse=audit.worse,
    )


def _series(place: int, name: str, audits: tuple[Audit, ...]) -> Series:
    books = [Lookup(audit.record) for audit in audits]
    latest = books[-1].criteria.get(name)
    seen = [_seen(book, name) for book in books]
    unit = latest.unit if latest else ""
    days = [audit.record.result.as_of.isoformat() for audit in audits]
    points = tuple(_point(audit.name, day, one, unit) for audit, day, one in zip(audits, days, seen, strict=True))
    title = latest.title if latest else name
    return Series(name, title, f"c-{place}", points, _picture(title, seen, [audit.name for audit in audits], unit))


def _seen(book: Lookup, name: str) -> _Seen:
    rule = book.criteria.get(name)
    words = limit(rule.operator, rule.threshold, rule.unit) if rule else ""
    return _Seen(book.results.get(name), rule.threshold if rule else None, words)


def _mark(result: CriterionResult | None) -> Mark:
    if result is None:
        return _ABSENT
    return WAIVED if result.waiver else RESULTS[result.result]


def _point(name: str, day: str, seen: _Seen, unit: str) -> Point:
    worst = seen.worst
    return Point(
        name=name,
        day=day,
        mark=_mark(seen.result),
        value=quantity(worst.value, unit, unlike=seen.threshold) if worst else NOTHING,
        interval=brackets(worst.low, worst.high, unit, worst.level) if worst else "",
        n=f"{worst.n:,}" if worst else NOTHING,
        limit=seen.words or NOTHING,
    )


def _picture(title: str, seen: list[_Seen], names: list[str], unit: str) -> "Markup":
    """Draw the worst value of each audit with its interval and the limit that it was held against."""
    from markupsafe import Markup

    worst = [one.worst for one in seen]
    ends = [end for one in worst if one for end in (one.value, one.low, one.high) if end is not None]
    ends += [one.threshold for one in seen if one.threshold is not None and ends]
    if not ends or min(ends) == max(ends):
        return Markup()
    margin = (max(ends) - min(ends)) * 0.08
    lowest = min(ends) - margin if min(ends) < 0 else max(min(ends) - margin, 0.0)
    x = Scale(0, max(len(seen) - 1, 1), LEFT + 24, RIGHT - 24)
    y = Scale(lowest, max(ends) + margin, BOTTOM, TOP)
    body = ""
    for tick in round_steps(y.low, y.high, 4):
        body += shape("line", "", "line", x1=LEFT, x2=RIGHT, y1=y(tick), y2=y(tick))
        body += text(LEFT - 6, y(tick) + 4, quantity(tick, unit), anchor="end")
    for place, one in enumerate(seen):
        if place % max(len(seen) // 10, 1) == 0 or place == len(seen) - 1:
            body += text(x(place), BOTTOM + 18, names[place], anchor="middle")
        body += _drawn(one, x(place), y)
    said = (
        f"{title}: the worst value of each audit with its interval; dashes are the limit. The table holds the numbers."
    )
    # every text in the drawing was escaped where it was drawn
    return Markup(svg(said, body, width=WIDTH, height=HEIGHT))  # noqa: S704


def _drawn(one: _Seen, at: float, y: Scale) -> str:
    """Draw one audit: limit, interval and value."""
    body, worst, tone = "", one.worst, _mark(one.result).tone
    if one.threshold is not None:
        limited = y(one.threshold)
        body += shape("line", "", "muted", x1=at - 20, x2=at + 20, y1=limited, y2=limited, stroke_dasharray="4 3")
    if worst is None:
        return body
    if worst.level is not None:
        low, high = (y.low if worst.low is None else worst.low), (y.high if worst.high is None else worst.high)
        body += shape("line", "", tone, x1=at, x2=at, y1=y(low), y2=y(high), stroke_width=2.0)
    return body + shape("circle", tone, "paper", cx=at, cy=y(worst.value), r=4.0)
