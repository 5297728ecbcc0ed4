"""What changed since the last audit, as a reader meets it: gated criteria first, then the rest, then the course."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from govkit.core.control import Result, Status
from govkit.core.evidence import Message
from govkit.core.messages import sentence
from govkit.core.record import Change, Earlier
from govkit.reports.charts.trend import trend
from govkit.reports.lookup import Lookup
from govkit.reports.wording import NOTHING, RESULTS, STATUSES, VERDICTS, Mark, anchor, long_date, things

MOST_ROWS: Final = 40
MESSAGES: Final[Mapping[str, str]] = {
    "same": "Nothing that is held against a limit came out differently.",
    "some": "{better} came out better than then, {worse} worse.",
    "values": "{moved} differ by more than chance, {within} within chance, {equal} not at all.",
    "model.same": "The model file is the same.",
    "model.other": "The model file is another one.",
}
_ORDER: Final = {"worse": 0, "better": 1, "moved": 2}
_NONE: Final = Mark("not there", NOTHING, "none")
_SAID: Final = {
    "worse": Mark("worse", "▲", "bad"),
    "better": Mark("better", "✓", "good"),
    "moved": Mark("different", "○", "none"),
}


@dataclass(frozen=True)
class ChangeRow:
    """A criterion or a control that came out differently."""

    title: str
    link: str
    old: Mark
    new: Mark
    direction: Mark
    gated: bool
    note: str


@dataclass(frozen=True)
class Changes:
    """What changed since the audit before."""

    day: str
    digest: str
    verdict: Mark
    sentences: tuple[str, ...]
    rows: tuple[ChangeRow, ...]
    left_out: int
    trend: str
    """The course over all audits as SVG; empty where there are too few."""
    course: tuple[tuple[str, ...], ...]
    """Date, verdict and gated criteria that pass, fail and are open, of each audit."""


def changes(book: Lookup) -> Changes | None:
    """Lay out what changed; None where this is the first audit."""
    earlier = book.record.run.earlier
    if earlier is None:
        return None
    ranked = sorted(earlier.changes, key=lambda one: (not one.gated, one.kind == "control", _ORDER[one.direction]))
    picture, course = trend(book.record)
    return Changes(
        day=long_date(earlier.as_of),
        digest=earlier.record_sha256[:12],
        verdict=VERDICTS[earlier.verdict],
        sentences=_sentences(book, earlier),
        rows=tuple(_row(book, one) for one in ranked[:MOST_ROWS]),
        left_out=max(len(ranked) - MOST_ROWS, 0),
        trend=picture,
        course=course,
    )


def _sentences(book: Lookup, earlier: Earlier) -> tuple[str, ...]:
    model = book.record.result.model
    turned = {
        way: things(
            sum(one.direction == way for one in earlier.changes), "criterion or control", "criteria and controls"
        )
        for way in ("better", "worse")
    }
    moved = things(earlier.moved, "measurement")
    said = [
        Message(id="some", args=dict(turned)) if earlier.changes else Message(id="same"),
        Message(id="values", args={"moved": moved, "within": earlier.within_chance, "equal": earlier.equal}),
    ]
    if model is not None and earlier.model_sha256:
        said.append(Message(id="model.same" if model.sha256 == earlier.model_sha256 else "model.other"))
    return tuple(sentence(one, MESSAGES) for one in said)


def _row(book: Lookup, change: Change) -> ChangeRow:
    if change.kind == "control":
        framework = next((one for one in book.record.result.frameworks if one.id == change.framework), None)
        there = framework is not None and any(one.id == change.id for one in framework.controls)
        marks = tuple(STATUSES[Status(state)] if state else _NONE for state in (change.old, change.new))
        title = f"{framework.title if framework else change.framework}: {change.id}"
        link = anchor("f", change.framework, change.id) if there else ""
    else:
        marks = tuple(RESULTS[Result(state)] if state else _NONE for state in (change.old, change.new))
        title = book.criteria[change.id].title if change.id in book.criteria else change.id
        link = book.criterion_link(change.id)
    return ChangeRow(title, link, marks[0], marks[1], _SAID[change.direction], change.gated, _note(change))


def _note(change: Change) -> str:
    """Say what else is behind a change: a limit that moved, or a value that did not."""
    if change.limit_moved:
        return "its limit was changed"
    if change.beyond_chance is False:
        return "the measured value did not move by more than chance"
    return ""
