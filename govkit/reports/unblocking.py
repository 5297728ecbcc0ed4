"""What would unblock a release: for each blocker the number to reach, the line, the document or the signature."""

from collections.abc import Iterator, Mapping
from typing import Final

from govkit.core.control import Blocker, ControlResult, Criterion, CriterionResult, Result
from govkit.core.evidence import Message, Scalar
from govkit.core.messages import sentence
from govkit.reports.lookup import Lookup
from govkit.reports.outcomes import one_line
from govkit.reports.wording import lead, limit, things

MESSAGES: Final[Mapping[str, str]] = {
    "reach": "unblocked by: a value with its whole interval {limit}",
    "exact": "unblocked by: a value {limit}",
    "rows": "unblocked by: about {rows} rows instead of {n}, if the value stays as supposed",
    "waive": "or accepted for a while, by another person: govkit waive {criterion} --record RECORD",
    "accepted": "accepted until {until} by {by}: {id}, {reason}",
    "never": "its failure can't be waived",
    "left_out": "missing: {check} did not run; audit without --only",
    "line": "{lead}: {ask}",
    "missing": "missing: {what}",
    "version": "missing: {what}, which this version does not measure",
    "papers": "missing: {papers}; then sign it: govkit attest {control} --document FILE",
    "statement": "missing: a signed statement: govkit attest {control}",
    "more": "and {count} more that `govkit explain {control}` names",
}
MOST_MISSING: Final = 5


def unblocking(book: Lookup, blocker: Blocker) -> tuple[str, ...]:
    """Give what would unblock a blocker, in the order in which it helps."""
    if blocker.kind == "control":
        result = book.controls.get((blocker.framework, blocker.id))
        return tuple(one_line(text) for text in _control(book, blocker, result)) if result else ()
    criterion, judged = book.criteria.get(blocker.id), book.results.get(blocker.id)
    if criterion is None or judged is None:
        return ()
    return tuple(one_line(text) for text in _criterion(book, criterion, judged))


def accepted(book: Lookup, blocker: Blocker) -> tuple[str, ...]:
    """Say by which waivers a blocker was accepted, by whom, until when and why."""
    judged, control = book.results.get(blocker.id), book.controls.get((blocker.framework, blocker.id))
    names = control.waivers if control else (judged.waiver,) if judged else ()
    return tuple(
        one_line(_say("accepted", id=one.id, until=one.expires_on.isoformat(), by=one.approved_by, reason=one.reason))
        for one in book.record.result.waivers
        if one.id in names
    )


def _say(which: str, **args: Scalar) -> str:
    return sentence(Message(id=which, args=args), MESSAGES)


def _criterion(book: Lookup, criterion: Criterion, judged: CriterionResult) -> Iterator[str]:
    if judged.result in {Result.NOT_RUN, Result.ERROR}:
        yield from _asked(book, criterion)
        return
    worst = judged.observed[0] if judged.observed else None
    if worst is not None and worst.rows_needed:
        yield _say("rows", rows=worst.rows_needed, n=worst.n)
    else:
        kind = "reach" if worst is not None and worst.level is not None else "exact"
        yield _say(kind, limit=limit(criterion.operator, criterion.threshold, criterion.unit))
    if judged.result is Result.FAIL and not judged.waiver:
        yield _say("waive", criterion=criterion.id) if criterion.waivable else _say("never")


def _asked(book: Lookup, criterion: Criterion) -> Iterator[str]:
    """Name the line or the command that a check without a measurement asks for."""
    evidence = book.evidence.get(criterion.check)
    if evidence is None:
        yield _say("left_out", check=criterion.check)
    elif evidence.ask:
        yield _say("line", lead=lead(evidence.ask, evidence.ask_kind).lower(), ask=evidence.ask)


def _control(book: Lookup, blocker: Blocker, result: ControlResult) -> Iterator[str]:
    framework = next((one for one in book.record.result.frameworks if one.id == result.framework), None)
    control = next((one for one in framework.controls if one.id == result.control), None) if framework else None
    documents = set(control.documents) if control else set()
    unmeasured = set(control.unmeasured) if control else set()
    open_ones = [name for name, state in result.criteria.items() if state not in {Result.PASS, Result.NOT_APPLICABLE}]
    lines: list[str] = []
    for name in dict.fromkeys((*open_ones, *result.missing)):
        if name in book.criteria and name in book.results:
            what = book.criteria[name].title
            found = next(_criterion(book, book.criteria[name], book.results[name]), "")
            lines.append(_say("missing", what=f"{what}: {found}" if found else what))
        elif name in unmeasured:
            lines.append(_say("version", what=book.check_title(name)))
    yield from lines[:MOST_MISSING]
    quoted = f'"{blocker.id}"' if " " in blocker.id else blocker.id
    if len(lines) > MOST_MISSING:
        yield _say("more", count=things(len(lines) - MOST_MISSING, "criterion", "criteria"), control=quoted)
    papers = [name for name in result.missing if name in documents]
    if papers:
        yield _say("papers", papers=", ".join(papers), control=quoted)
    elif any(name not in documents and name not in unmeasured and name not in book.criteria for name in result.missing):
        yield _say("statement", control=quoted)
