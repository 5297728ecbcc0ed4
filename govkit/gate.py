"""Decide: from results and a profile to one verdict and exit code, never 0 when something required wasn't passed."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Final

from govkit.core.control import (
    Blocker,
    ControlResult,
    CriterionResult,
    Decision,
    DocumentState,
    Profile,
    Result,
    Status,
    Verdict,
)
from govkit.core.errors import Exit
from govkit.core.record import AuditRecord

_EXITS: Final[Mapping[Verdict, Exit]] = {
    Verdict.REFUSED: Exit.REFUSED,
    Verdict.FAILED: Exit.FAILED,
    Verdict.INCOMPLETE: Exit.INCOMPLETE,
    Verdict.PASSED: Exit.PASSED,
}
NOTHING: Final = "nothing_required"
"""State of the blocker that stands for a profile which asks for nothing."""
TOO_OLD: Final = "too_old"
"""State of the blocker that stands for a record older than its profile lets it be."""


def decide(  # noqa: PLR0913 - what a decision rests on
    profile: Profile,
    criteria: Sequence[CriterionResult],
    controls: Sequence[ControlResult],
    *,
    as_of: date,
    refused: bool = False,
    too_old: bool = False,
) -> Decision:
    """Decide whether everything that the profile requires was shown.

    A criterion that was not judged counts as not run. A refused model comes before a failure, a failure before
    something missing; what is too old is as good as missing.
    """
    judged = {result.criterion: result for result in criteria}
    found = {(result.framework, result.control): result for result in controls}
    sorted_in: dict[str, list[Blocker]] = {"failed": [], "incomplete": [], "waived": []}
    for name in profile.gate:
        state, kind = _criterion(judged.get(name))
        if kind:
            sorted_in[kind].append(Blocker(kind="criterion", id=name, state=state))
    for required in profile.controls:
        state, kind = _control(found.get((required.framework, required.control)), judged)
        if kind:
            blocker = Blocker(kind="control", id=required.control, framework=required.framework, state=state)
            sorted_in[kind].append(blocker)
    for state, holds in ((NOTHING, not profile.gate and not profile.controls), (TOO_OLD, too_old)):
        if holds:
            sorted_in["incomplete"].append(Blocker(kind="criterion", id=profile.id, state=state))
    verdict = _verdict(sorted_in, refused=refused)
    return Decision(
        profile=profile.id,
        verdict=verdict,
        exit_code=_EXITS[verdict],
        failed=tuple(sorted_in["failed"]),
        incomplete=tuple(sorted_in["incomplete"]),
        waived=tuple(sorted_in["waived"]),
        as_of=as_of,
    )


def redecide(record: AuditRecord, profile: Profile | None, as_of: date) -> Decision:
    """Decide again from a record.

    Waivers and statements that have expired by `as_of` no longer count, nor does a record older than the profile
    lets it be; nothing is measured again.

    Args:
        record: an audit record.
        profile: what to require; the record's own profile when None.
        as_of: the date that expiry is judged by.
    """
    result = record.result
    valid = {waiver.id for waiver in result.waivers if waiver.approved_on <= as_of <= waiver.expires_on}
    expired = {
        (document.framework, document.control)
        for document in result.document_results
        if document.expires_on is not None and document.expires_on < as_of
    }
    asked = profile or result.profile
    return decide(
        asked,
        list(_still_waived(result.criterion_results, valid)),
        list(_still_attested(result.control_results, expired)),
        as_of=as_of,
        refused=bool(result.model and result.model.refused),
        too_old=asked.max_age_days is not None and (as_of - result.as_of).days > asked.max_age_days,
    )


def _verdict(sorted_in: Mapping[str, list[Blocker]], *, refused: bool) -> Verdict:
    if refused:
        return Verdict.REFUSED
    if sorted_in["failed"]:
        return Verdict.FAILED
    return Verdict.INCOMPLETE if sorted_in["incomplete"] else Verdict.PASSED


def _criterion(result: CriterionResult | None) -> tuple[str, str]:
    """Give a gated criterion's state and the list it belongs to, empty when nothing stands in the way."""
    if result is None:
        return Result.NOT_RUN, "incomplete"
    if result.result in {Result.PASS, Result.NOT_APPLICABLE}:
        return result.result, ""
    if result.result is Result.FAIL:
        return result.result, "waived" if result.waiver else "failed"
    return result.result, "incomplete"


def _control(result: ControlResult | None, judged: Mapping[str, CriterionResult]) -> tuple[str, str]:
    """Give a required control's state and the list it belongs to."""
    if result is None:
        return Status.NOT_ASSESSED, "incomplete"
    if result.status in {Status.MET, Status.NOT_APPLICABLE}:
        return result.status, ""
    if result.status is Status.NOT_MET:
        return result.status, _not_met(result, judged)
    return result.status, "incomplete"


def _not_met(result: ControlResult, judged: Mapping[str, CriterionResult]) -> str:
    """Accept a control that isn't met when waivers cover all that is wrong with it and nothing else is open."""
    failed = [name for name, state in result.criteria.items() if state is Result.FAIL]
    waived = all(name in judged and judged[name].waiver for name in failed)
    if not waived or DocumentState.REJECTED in {result.document, result.attestation}:
        return "failed"
    open_states = {Result.ERROR, Result.INCONCLUSIVE, Result.NOT_RUN}
    complete = not result.missing and not open_states & set(result.criteria.values())
    return "waived" if complete else "incomplete"


def _still_waived(results: Sequence[CriterionResult], valid: set[str]) -> Iterator[CriterionResult]:
    for result in results:
        if result.waiver and result.waiver not in valid:
            yield CriterionResult.model_validate({**dict(result), "waiver": ""})
        else:
            yield result


def _still_attested(results: Sequence[ControlResult], expired: set[tuple[str, str]]) -> Iterator[ControlResult]:
    """Take back what rested on a statement that has expired; nothing else about a control can change."""
    for result in results:
        if (result.framework, result.control) not in expired:
            yield result
            continue
        papers = {
            kind: DocumentState.EXPIRED
            for kind, state in (("document", result.document), ("attestation", result.attestation))
            if state is DocumentState.VALID
        }
        missing = (*result.missing, *sorted(papers))
        yield ControlResult.model_validate({**dict(result), "status": _without(result), "missing": missing, **papers})


def _without(result: ControlResult) -> Status:
    """Give a control's status once its statement has expired, at best partially met."""
    found = set(result.criteria.values())
    if result.status not in {Status.MET, Status.NOT_APPLICABLE, Status.PARTIALLY_MET}:
        return result.status
    if Result.FAIL in found:
        return Status.NOT_MET
    if found & {Result.ERROR, Result.INCONCLUSIVE}:
        return Status.INCONCLUSIVE
    return Status.PARTIALLY_MET if Result.PASS in found else Status.NOT_ASSESSED
