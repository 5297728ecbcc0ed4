"""What was not assessed and what to bring, grouped by the line that would supply it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from govkit.core.control import CriterionResult, Result
from govkit.core.evidence import AskKind, Message, Outcome
from govkit.core.messages import sentence
from govkit.reports.areas import CriterionRow, criterion_row
from govkit.reports.lookup import Lookup

MOST_REASONS: Final = 2
MOST_NAMED: Final = 3
MESSAGES: Final[Mapping[str, str]] = {"gap.more": "The same holds for {count} other checks."}
_UNASSESSED = frozenset({Result.NOT_RUN, Result.ERROR})


@dataclass(frozen=True)
class GapItem:
    """A criterion or a check that has no measurement."""

    title: str
    link: str
    gated: bool


@dataclass(frozen=True)
class Gap:
    """Things that the same line, or the same reason, stands in the way of."""

    ask: str
    reasons: tuple[str, ...]
    items: tuple[GapItem, ...]
    ask_kind: AskKind = ""

    @property
    def gated(self) -> int:
        """Count the gated criteria among them."""
        return sum(item.gated for item in self.items)


@dataclass(frozen=True)
class Gaps:
    """Everything that this audit doesn't know."""

    missing: tuple[Gap, ...]
    undecided: tuple[CriterionRow, ...]
    """Measured, but the interval lies across the limit or a condition didn't hold."""
    unmeasured: tuple[str, ...]
    """Checks that controls call for and this version doesn't have."""

    @property
    def families(self) -> str:
        """Name the few checks that this version doesn't have, or count many by family: `drift (3), fairness (4)`."""
        parts = [name.partition(".")[::2] for name in self.unmeasured]
        if len(parts) <= MOST_NAMED:
            return ", ".join(f"{name.replace('_', ' ')} ({family})" for family, name in parts)
        return ", ".join(f"{family} ({count})" for family, count in Counter(family for family, _ in parts).items())

    @property
    def count(self) -> int:
        """Count the criteria and checks without an answer."""
        return sum(len(gap.items) for gap in self.missing) + len(self.undecided)


def _open_results(book: Lookup) -> list[CriterionResult]:
    return [result for result in book.results.values() if result.result in _UNASSESSED]


@dataclass(frozen=True)
class _Open:
    """One item with what stands in its way; items with the same ask, else the same kind of reason, belong together."""

    ask: str
    ask_kind: AskKind
    kind: str
    reason: str
    item: GapItem


def _collected(book: Lookup) -> list[_Open]:
    """Give everything without a measurement."""
    found = []
    spoken = set()
    for result in _open_results(book):
        criterion = book.criteria.get(result.criterion)
        check = criterion.check if criterion else ""
        spoken.add(check)
        evidence = book.evidence.get(check)
        item = GapItem(
            title=criterion.title if criterion else result.criterion,
            link=book.criterion_link(result.criterion),
            gated=result.criterion in book.gated,
        )
        because = evidence.reason if evidence and evidence.reason else result.because
        kind = f"{because.id} {check}" if evidence else because.id
        asked: tuple[str, AskKind] = (evidence.ask, evidence.ask_kind) if evidence else ("", "")
        found.append(_Open(*asked, kind, book.say(because), item))
    for name, evidence in book.evidence.items():
        if evidence.outcome in {Outcome.NOT_DECLARED, Outcome.ERROR} and name not in spoken:
            item = GapItem(title=book.check_title(name), link=book.check_link(name), gated=False)
            found.append(_Open(evidence.ask, evidence.ask_kind, name, book.say(evidence.reason), item))
    return found


def _reasons(ones: list[_Open]) -> tuple[str, ...]:
    """Give the distinct reasons; of many, the first and a count of the others, whose items are listed anyway."""
    distinct = tuple(dict.fromkeys(one.reason for one in ones))
    if len(distinct) <= MOST_REASONS:
        return distinct
    return distinct[0], sentence(Message(id="gap.more", args={"count": len(distinct) - 1}), MESSAGES)


def gaps(book: Lookup) -> Gaps:
    """Collect what is missing, the lines that unlock gated criteria first."""
    together: dict[tuple[str, str], list[_Open]] = {}
    for one in _collected(book):
        together.setdefault((one.ask, "" if one.ask else one.kind), []).append(one)
    missing = [
        Gap(
            ask=ask,
            reasons=_reasons(ones),
            items=tuple(one.item for one in ones),
            ask_kind=ones[0].ask_kind,
        )
        for (ask, _), ones in together.items()
    ]
    missing.sort(key=lambda gap: (-gap.gated, -len(gap.items), gap.ask))
    undecided = [
        criterion_row(book, book.criteria[result.criterion], result)
        for result in book.results.values()
        if result.result is Result.INCONCLUSIVE and result.criterion in book.criteria
    ]
    called_for = {
        name: None
        for framework in book.record.result.frameworks
        for control in framework.controls
        for name in control.unmeasured
    }
    undecided.sort(key=lambda row: not row.gated)
    return Gaps(tuple(missing), tuple(undecided), tuple(sorted(called_for)))
