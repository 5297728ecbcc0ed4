"""Add up a control's evidence to its status: a pure rule, checked over every combination by the tests."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from govkit.core.control import DocumentState, Need, Result, Status

_GOOD = frozenset({Result.PASS, Result.NOT_APPLICABLE})


@dataclass(frozen=True)
class Gathered:
    """What there is for one control."""

    needs: tuple[Need, ...]
    """Kinds of evidence that must be there and good."""
    criteria: Mapping[str, Result] = field(default_factory=dict)
    """Every criterion that the control lists; one that was not judged is `not_run`."""
    unmeasured: tuple[str, ...] = ()
    """Checks that it calls for and that this version doesn't carry out."""
    documents: DocumentState = DocumentState.MISSING
    attestation: DocumentState = DocumentState.MISSING
    scoped_out: bool = False
    """A valid signed statement says that the control doesn't apply."""


def roll_up(found: Gathered) -> Status:
    """Give a control's status.

    Anything that fails or is rejected makes it not met; anything undecided makes it inconclusive; it is met when every
    needed kind is good and nothing is missing; something good makes it partially met, nothing leaves it not assessed.
    A document or statement that the control doesn't need changes nothing, so that deleting it changes nothing either.
    """
    if found.scoped_out:
        return Status.NOT_APPLICABLE
    results = set(found.criteria.values())
    papers = _papers(found)
    if Result.FAIL in results or DocumentState.REJECTED in papers:
        return Status.NOT_MET
    if results & {Result.ERROR, Result.INCONCLUSIVE}:
        return Status.INCONCLUSIVE
    if found.needs and _checks_good(found, results) and all(state is DocumentState.VALID for state in papers):
        return Status.MET
    something = Result.PASS in results or DocumentState.VALID in papers
    return Status.PARTIALLY_MET if something else Status.NOT_ASSESSED


def _papers(found: Gathered) -> list[DocumentState]:
    """Give the states of the documents and the statement that the control needs."""
    states: Iterable[tuple[Need, DocumentState]] = (
        ("documents", found.documents),
        ("attestation", found.attestation),
    )
    return [state for need, state in states if need in found.needs]


def _checks_good(found: Gathered, results: set[Result]) -> bool:
    """Say whether nothing that was to be measured is missing, and, where checks are needed, something passed."""
    complete = results <= _GOOD and not found.unmeasured
    return complete and (Result.PASS in results or "checks" not in found.needs)
