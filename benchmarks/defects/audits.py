"""Audit cases, each in a process of its own, and keep every outcome as a line of a file."""

import contextlib
import json
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path

from benchmarks.defects.case import clean_case, write
from benchmarks.defects.planted import DEFECTS
from benchmarks.defects.tables import TABLES
from govkit.core.record import AuditRecord
from govkit.flow import audit
from govkit.resources import package_digest

AS_OF = date(2026, 11, 1)
"""The day that ages and terms are judged by."""
UNDECIDED = frozenset({"inconclusive", "not_run", "error"})


@dataclass(frozen=True)
class Trial:
    """One audit to make."""

    table: str
    seed: int
    defect: str = ""
    """Empty: the table as it was drawn."""
    planted: bool = False
    """Whether the defect is planted; else its harmless twin."""


@dataclass(frozen=True)
class Outcome:
    """What an audit said."""

    trial: Trial
    verdict: str
    failed: tuple[str, ...] = ()
    """Criteria that fail."""
    undecided: tuple[str, ...] = ()
    checks: int = 0
    """Checks with a criterion that passed or failed."""
    seconds: float = 0.0
    """CPU seconds of the audit, the model's process included."""
    wall: float = 0.0
    govkit: str = field(default_factory=package_digest)

    @property
    def caught(self) -> bool:
        """Whether a criterion that the defect belongs to noticed it."""
        expected = DEFECTS[self.trial.defect]
        noticed = self.failed + (self.undecided if expected.undecided_counts else ())
        return any(name.startswith(expected.criteria) for name in noticed)

    @property
    def failed_checks(self) -> tuple[str, ...]:
        """Checks with a failing criterion."""
        return tuple(sorted({name.rsplit(".", 1)[0] for name in self.failed}))


def trials(seeds: range) -> Iterator[Trial]:
    """Give every trial of some seeds: per table all defects, the clean table, and a quarter of the twins in turn."""
    for seed in seeds:
        for at, table in enumerate(TABLES):
            yield Trial(table, seed)
            for index, name in enumerate(DEFECTS):
                yield Trial(table, seed, name, planted=True)
                if (index + seed + at) % 4 == 0:
                    yield Trial(table, seed, name)


def audited(trial: Trial) -> Outcome:
    """Make a case, audit it as the command line does with the quick budget, and read the record."""
    case = clean_case(trial.table, trial.seed)
    if trial.defect:
        DEFECTS[trial.defect].plant(case, trial.planted)
    with tempfile.TemporaryDirectory() as place, contextlib.chdir(place):
        write(case, Path())
        champion = "champion.pkl" if case.champion is not None else None
        began, clock = _processor_seconds(), time.perf_counter()
        record = audit("model.pkl", "data.csv", champion=champion, budget="quick", as_of=AS_OF)
        return _outcome(trial, record, _processor_seconds() - began, time.perf_counter() - clock)


def _outcome(trial: Trial, record: AuditRecord, seconds: float, wall: float) -> Outcome:
    results = record.result.criterion_results
    return Outcome(
        trial,
        record.result.decision.verdict,
        failed=tuple(item.criterion for item in results if item.result == "fail"),
        undecided=tuple(item.criterion for item in results if item.result in UNDECIDED),
        checks=len({item.criterion.rsplit(".", 1)[0] for item in results if item.result in {"pass", "fail"}}),
        seconds=round(seconds, 2),
        wall=round(wall, 2),
    )


def _processor_seconds() -> float:
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in spent)


def run(wanted: list[Trial], place: Path, *, jobs: int, tell: Callable[[Outcome], None]) -> list[Outcome]:
    """Audit what the file at `place` doesn't hold yet, adding each outcome to it, and give all that were wanted.

    Outcomes that another version of govkit left in the file don't count. Each audit runs in a copy of this process, so
    that libraries are loaded once; one that dies is an outcome with the verdict "died".
    """
    known = {outcome.trial: outcome for outcome in kept(place)}
    left = [trial for trial in wanted if trial not in known]
    if left:
        audited(Trial(next(iter(TABLES)), 0))  # loads every library before processes are copied
    with ThreadPoolExecutor(jobs) as pool, place.open("a") as file:
        for outcome in pool.map(_in_a_copy, left):
            file.write(json.dumps(asdict(outcome)) + "\n")
            file.flush()
            known[outcome.trial] = outcome
            tell(outcome)
    return [known[trial] for trial in wanted]


def kept(place: Path) -> list[Outcome]:
    """Read the outcomes of this version of govkit."""
    version = package_digest()
    lines = place.read_text().splitlines() if place.exists() else []
    found = [json.loads(line) for line in lines]
    return [
        Outcome(
            **item
            | {"trial": Trial(**item["trial"]), "failed": tuple(item["failed"]), "undecided": tuple(item["undecided"])}
        )
        for item in found
        if item["govkit"] == version
    ]


def _in_a_copy(trial: Trial) -> Outcome:
    """Audit in a forked process and wait for its answer."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)

    def work() -> None:
        theirs.send(audited(trial))

    process = context.Process(target=work)
    process.start()
    theirs.close()
    try:
        return ours.recv()  # type: ignore[no-any-return]
    except EOFError:
        return Outcome(trial, "died")
    finally:
        process.join()
