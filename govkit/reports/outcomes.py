"""Everything that was judged, one flat list for the formats that other programs read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from govkit.core.control import Blocker, Control, ControlRef, Criterion, CriterionResult, Result, Status
from govkit.core.evidence import Severity
from govkit.core.record import AuditRecord
from govkit.reports.lookup import Lookup
from govkit.reports.wording import RESULTS, STATUSES, clean, limit

Standing = Literal["", "failed", "incomplete", "waived"]
MODEL: Final = "govkit.model-loaded"
"""Stands for the model file where the loading policy refused it."""
NOTHING: Final = "govkit.profile"
"""Stands for the profile where it asks for nothing."""
_WHERE: Final[dict[str, Standing]] = {"failed": "failed", "incomplete": "incomplete", "waived": "waived"}


@dataclass(frozen=True)
class Outcome:
    """One criterion, required control or precondition with what it came to."""

    id: str
    """A criterion's id, or a control's token, the same in every record."""
    kind: Literal["criterion", "control", "model", "profile"]
    family: str
    """The family of the check, or the framework."""
    check: str
    title: str
    state: Result | Status
    standing: Standing
    """How it stands before the gate; empty when nothing stands in the way."""
    gated: bool
    severity: Severity
    text: str
    """What was found, on one line."""
    remedy: str
    """What would change it: a line to add, or something to do; empty when nothing is to be done."""
    waiver: str = ""

    @property
    def accepted(self) -> bool:
        """Say whether a valid waiver covers all that failed."""
        return bool(self.waiver) and self.standing != "failed"


def one_line(text: str) -> str:
    """Put a text on one line, without characters that steer a terminal or reorder the line."""
    return " ".join(clean(text).split())


def measured(book: Lookup, criterion: Criterion, result: CriterionResult) -> str:
    """Say what was measured against the limit, the worst first."""
    if not result.observed:
        return ""
    worst = book.observation(criterion, result.observed[0])
    number = " ".join(part for part in (worst.text, worst.interval, f"(n {worst.n:,})", worst.about) if part)
    more = f", and {len(result.observed) - 1:,} more" if len(result.observed) > 1 else ""
    return f"{number}; limit {limit(criterion.operator, criterion.threshold, criterion.unit)}{more}"


def controls(record: AuditRecord) -> Mapping[tuple[str, str], Control]:
    """Give every control of the record's frameworks by framework and id."""
    return {(one.id, control.id): control for one in record.result.frameworks for control in one.controls}


def _standings(record: AuditRecord) -> dict[tuple[str, str, str], Standing]:
    """Give how each blocker of the decision stands, by kind, framework and id."""
    decision = record.result.decision
    return {
        (blocker.kind, blocker.framework, blocker.id): standing
        for name, standing in _WHERE.items()
        for blocker in getattr(decision, name)
    }


def _criterion(book: Lookup, criterion: Criterion, result: CriterionResult, standing: Standing) -> Outcome:
    evidence = book.evidence.get(criterion.check)
    ask = evidence.ask if evidence and result.result in {Result.NOT_RUN, Result.ERROR} else ""
    number = measured(book, criterion, result) if result.result in {Result.FAIL, Result.PASS} else ""
    good = result.result in {Result.PASS, Result.NOT_APPLICABLE}
    return Outcome(
        id=criterion.id,
        kind="criterion",
        family=criterion.check.split(".", 1)[0],
        check=criterion.check,
        title=one_line(criterion.title),
        state=result.result,
        standing=standing,
        gated=criterion.id in book.gated,
        severity=criterion.severity,
        text=one_line(f"{RESULTS[result.result].word}: {number or book.say(result.because)}"),
        remedy="" if good else one_line(ask or criterion.remedy),
        waiver=result.waiver,
    )


def _control(book: Lookup, required: ControlRef, control: Control | None, standing: Standing) -> Outcome:
    framework, name = required.framework, required.control
    found = book.controls.get((framework, name))
    status = found.status if found else Status.NOT_ASSESSED
    because = " ".join(book.say_all(found.because)) if found else "The record holds no result for it."
    return Outcome(
        id=control.token if control else f"{framework}/{name}",
        kind="control",
        family=framework,
        check="",
        title=one_line(f"{name} {control.label if control else ''}"),
        state=status,
        standing=standing,
        gated=True,
        severity=Severity.MEDIUM,
        text=one_line(f"{STATUSES[status].word}: {because}"),
        remedy=one_line(control.remedy) if control and standing else "",
        waiver=", ".join(found.waivers) if found else "",
    )


def _absent(blocker: Blocker, profile: str) -> Outcome:
    """Stand for a gated criterion without a result, or for a profile that asks for nothing."""
    nothing = blocker.id == profile and blocker.state not in list(Result)
    return Outcome(
        id=NOTHING if nothing else blocker.id,
        kind="profile" if nothing else blocker.kind,
        family="govkit",
        check="",
        title="The profile asks for something" if nothing else one_line(blocker.id),
        state=Result.NOT_RUN,
        standing="incomplete",
        gated=True,
        severity=Severity.HIGH,
        text="not run: the profile gates nothing, so there was nothing to pass" if nothing else "not run: no result",
        remedy="Name what a release must pass: --profile release." if nothing else "",
    )


def _refused(reason: str) -> Outcome:
    return Outcome(
        id=MODEL,
        kind="model",
        family="govkit",
        check="",
        title="The model file can be loaded",
        state=Result.FAIL,
        standing="failed",
        gated=True,
        severity=Severity.HIGH,
        text=one_line(f"fail: the model file was refused and never loaded: {reason}"),
        remedy="Find out who made the file; fit and save the model again from sources that you trust.",
    )


def outcomes(record: AuditRecord) -> tuple[Outcome, ...]:
    """Give the refused model, each criterion and each required control, in the record's order.

    Those with the standing `failed` or `incomplete` are, but for a refused model, the blockers of the decision.
    """
    book, result, catalog = Lookup(record), record.result, controls(record)
    standings = _standings(record)
    listed = [_refused(result.model.refused)] if result.model and result.model.refused else []
    for criterion in result.criteria:
        if criterion.id in book.results:
            standing = standings.pop(("criterion", "", criterion.id), "")
            listed.append(_criterion(book, criterion, book.results[criterion.id], standing))
    for required in result.profile.controls:
        standing = standings.pop(("control", required.framework, required.control), "")
        listed.append(_control(book, required, catalog.get((required.framework, required.control)), standing))
    listed.extend(
        _absent(blocker, result.decision.profile)
        for blocker in (*result.decision.failed, *result.decision.incomplete)
        if (blocker.kind, blocker.framework, blocker.id) in standings
    )
    return tuple(listed)
