"""Decide against an earlier audit: what was wrong before is known, only what got worse since stands in the way."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from govkit.comparison import STATUS_RANKS, Comparison, compare
from govkit.core.control import Blocker, ControlResult, CriterionResult, Decision, DocumentState, Result, Verdict
from govkit.core.errors import Exit
from govkit.core.record import AuditRecord

_UNMEASURED: Final = frozenset({Result.NOT_RUN, Result.ERROR})
_OPEN: Final = frozenset({*_UNMEASURED, Result.INCONCLUSIVE})


@dataclass(frozen=True)
class Against:
    """A decision that leaves out what was wrong before, and what it left out."""

    decision: Decision
    known: tuple[Blocker, ...]


@dataclass(frozen=True)
class _Pair:
    """Both records by id, and what got worse from one to the other."""

    before: dict[str, CriterionResult]
    after: dict[str, CriterionResult]
    before_controls: dict[tuple[str, str], ControlResult]
    after_controls: dict[tuple[str, str], ControlResult]
    worse: frozenset[str]
    """Criteria whose measurement got worse by more than chance."""

    def criterion_known(self, name: str) -> bool:
        """Say whether a criterion's failure or gap was there before and is no worse now.

        Evidence that the baseline had and this record lacks is a new gap: leaving evidence out hides nothing.
        """
        then, now = self.before.get(name), self.after.get(name)
        if then is None:
            return False
        if now is None or now.result in _UNMEASURED:
            return then.result in _UNMEASURED
        if now.result is Result.INCONCLUSIVE:
            return then.result in {*_OPEN, Result.FAIL} and name not in self.worse
        failed_before = then.result is Result.FAIL and not then.waiver
        return failed_before and name not in self.worse and _failing(now) <= _failing(then)

    def control_known(self, framework: str, control: str) -> bool:
        """Say whether a control was as far from met before, for the same reasons."""
        then, now = (side.get((framework, control)) for side in (self.before_controls, self.after_controls))
        if then is None or now is None:
            return then is now
        papers = ((then.document, now.document), (then.attestation, now.attestation))
        turned_bad = any(
            late is DocumentState.REJECTED and early is not DocumentState.REJECTED for early, late in papers
        )
        open_now = [name for name, state in now.criteria.items() if state in {*_OPEN, Result.FAIL}]
        return (
            STATUS_RANKS[now.status] <= STATUS_RANKS[then.status]
            and set(now.missing) <= {*then.missing, *now.criteria}
            and not turned_bad
            and all(self.criterion_known(name) for name in open_now)
        )


def _failing(result: CriterionResult) -> frozenset[tuple[tuple[str, str], ...]]:
    """Give the groups that fail: a group that didn't before is a new failure."""
    return frozenset(tuple(sorted(seen.group.items())) for seen in result.observed if seen.result is Result.FAIL)


def against(old: AuditRecord, new: AuditRecord, decision: Decision) -> Against:
    """Take out of a decision about `new` what `old` already had.

    A model that was refused, and a profile that asks for nothing, are never known. The answer is 1 for a regression,
    5 where evidence that the baseline had is gone or no longer decides, and 0 where nothing got worse.

    Args:
        old: the baseline.
        new: the record that `decision` is about.
        decision: the gate's decision about `new`.

    Raises:
        InputProblem: the records are about different systems.
    """
    pair = _pair(old, new, compare(old, new))
    failed, known_failures = _split(pair, decision.failed)
    incomplete, known_gaps = _split(pair, decision.incomplete)
    verdict, code = _answer(decision, failed, incomplete)
    parts = {"verdict": verdict, "exit_code": code, "failed": failed, "incomplete": incomplete}
    return Against(Decision.model_validate({**dict(decision), **parts}), (*known_failures, *known_gaps))


def _answer(decision: Decision, failed: tuple[Blocker, ...], incomplete: tuple[Blocker, ...]) -> tuple[Verdict, Exit]:
    blocked = decision.failed or decision.incomplete
    if decision.verdict is Verdict.REFUSED or not blocked:
        return decision.verdict, decision.exit_code
    if failed:
        return Verdict.FAILED, Exit.FAILED
    return (Verdict.INCOMPLETE, Exit.INCOMPLETE) if incomplete else (Verdict.PASSED, Exit.PASSED)


def _pair(old: AuditRecord, new: AuditRecord, compared: Comparison) -> _Pair:
    moved = {(one.check, one.name) for one in compared.measurements if one.direction == "worse"}
    return _Pair(
        before={one.criterion: one for one in old.result.criterion_results},
        after={one.criterion: one for one in new.result.criterion_results},
        before_controls={(one.framework, one.control): one for one in old.result.control_results},
        after_controls={(one.framework, one.control): one for one in new.result.control_results},
        worse=frozenset(one.id for one in new.result.criteria if (one.check, one.measurement) in moved),
    )


def _split(pair: _Pair, blockers: Iterable[Blocker]) -> tuple[tuple[Blocker, ...], tuple[Blocker, ...]]:
    new: list[Blocker] = []
    known: list[Blocker] = []
    for blocker in blockers:
        is_known = (
            pair.criterion_known(blocker.id)
            if blocker.kind == "criterion"
            else pair.control_known(blocker.framework, blocker.id)
        )
        (known if is_known else new).append(blocker)
    return tuple(new), tuple(known)
