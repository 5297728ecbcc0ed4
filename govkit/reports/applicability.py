"""ISO/IEC 42001's statement of applicability: each Annex A control in or out of scope, with reason and person."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from govkit.core.control import Control, ControlResult, DocumentResult, Framework, Status
from govkit.reports.lookup import Lookup
from govkit.reports.wording import STATUSES, Mark, anchor

ISO_42001: Final = "iso-42001"
ANNEX: Final = "A."
UNSIGNED: Final = "No signed statement takes it out of scope."
NO_RESULT: Final = "This record holds no result for the control."


@dataclass(frozen=True)
class Applicability:
    """A control of Annex A, in or out of scope."""

    id: str
    label: str
    link: str
    applies: bool
    reason: str
    """Why it is out of scope, in the words of who signed that, or that nobody did."""
    by: str
    role: str
    until: str
    status: Mark
    evidence: str
    """Why its status is what it is; empty out of scope."""


def signed(book: Lookup, framework: Framework, control: Control) -> DocumentResult | None:
    """Give what was signed about a control."""
    return next(
        (
            found
            for found in book.record.result.document_results
            if (found.framework, found.control) == (framework.id, control.id)
        ),
        None,
    )


def applicability(book: Lookup) -> tuple[Applicability, ...]:
    """Give a row a control of Annex A; only a signed statement takes one out of scope. Empty without the standard."""
    return tuple(
        _row(book, framework, control)
        for framework in book.record.result.frameworks
        if framework.id == ISO_42001
        for control in _annex(framework)
    )


def _annex(framework: Framework) -> Iterator[Control]:
    yield from (control for control in framework.controls if control.id.startswith(ANNEX))


def _row(book: Lookup, framework: Framework, control: Control) -> Applicability:
    result: ControlResult | None = book.controls.get((framework.id, control.id))
    paper = signed(book, framework, control)
    status = result.status if result else Status.NOT_ASSESSED
    outside = status is Status.NOT_APPLICABLE
    because = " ".join(book.say_all(result.because)) if result else NO_RESULT
    return Applicability(
        id=control.id,
        label=control.label,
        link=anchor("f", framework.id, control.id),
        applies=not outside,
        reason=because if outside else UNSIGNED,
        by=paper.by if paper else "",
        role=paper.role if paper else "",
        until=paper.expires_on.isoformat() if paper and paper.expires_on else "",
        status=STATUSES[status],
        evidence="" if outside else because,
    )
