"""Run every check in an order that respects what they require, here or spread over processes."""

import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter
from pathlib import Path
from queue import SimpleQueue
from typing import IO, Self

import govkit
from govkit.core.errors import UsageProblem
from govkit.core.evidence import Evidence, Message, Outcome
from govkit.core.progress import Progress
from govkit.core.record import Plan
from govkit.inputs.subject import Request, Subject
from govkit.plugins.check import Attachment, Check, Params, Work
from govkit.runner.journal import Journal
from govkit.runner.one import Order, Outcomes, key_of, run_check, seed_for

Runner = Callable[[Order], Outcomes]


@dataclass(frozen=True)
class Job:
    """What to run and how."""

    checks: Mapping[str, Check]
    params: Mapping[str, Params]
    plan: Plan
    seed: int
    work: Mapping[str, Work]
    """Planned work; by its estimates the longest check starts first."""

    def seconds(self, name: str) -> float:
        """Give a check's estimate; 1 for one without a plan."""
        return self.work[name].seconds if name in self.work else 1.0


def select(checks: Mapping[str, Check], only: tuple[str, ...]) -> dict[str, Check]:
    """Give the checks of some families or ids with everything they require; all when none is named.

    Raises:
        UsageProblem: a name is no check and no family.
    """
    wanted = [name for name in checks if not only or name in only or name.split(".", 1)[0] in only]
    for name in only:
        if name not in checks and not any(check.family == name for check in checks.values()):
            raise UsageProblem(f"there is no check {name!r}", hint="`govkit checks list` names them")
    while missing := [need for name in wanted for need in checks[name].requires if need not in wanted]:
        wanted.extend(dict.fromkeys(missing))
    return {name: checks[name] for name in sorted(wanted)}


def run(job: Job, subject: Subject, *, jobs: int, journal: Journal, progress: Progress) -> dict[str, Outcomes]:
    """Give every check's outcome by id, the same whatever the number of jobs."""
    if jobs == 1:
        here = Session(subject, lambda order: run_check(order, subject, progress), journal, progress)
        return _in_turn(job, here)
    with _Processes(subject.request, jobs) as processes:
        return _side_by_side(job, Session(subject, processes, journal, progress), processes)


@dataclass(frozen=True)
class Session:
    """Where orders go and where their evidence is kept."""

    subject: Subject
    runner: Runner
    journal: Journal
    progress: Progress

    def carry_out(self, order: Order) -> Outcomes:
        """Take an order's evidence from the journal or run it."""
        key = key_of(order, self.subject)
        repeats = self.subject.repeats(order.check.needs)
        kept = self.journal.find(key) if repeats else None
        if kept is not None:
            self.progress.done(order.check.id, "from the journal", 0.0)
            return kept
        self.progress.start(order.check.id)
        started = time.perf_counter()
        outcomes = replace(self.runner(order), seconds=time.perf_counter() - started)
        if repeats:
            self.journal.keep(key, outcomes)
        measured = outcomes.evidence.outcome is Outcome.MEASURED
        self.progress.done(order.check.id, _detail(outcomes.evidence), outcomes.seconds, measured=measured)
        return outcomes


def _in_turn(job: Job, session: Session) -> dict[str, Outcomes]:
    done: dict[str, Outcomes] = {}
    for name in TopologicalSorter({name: found.requires for name, found in job.checks.items()}).static_order():
        done[name] = session.carry_out(_order(job, name, done))
    return dict(sorted(done.items()))


def _side_by_side(job: Job, session: Session, processes: "_Processes") -> dict[str, Outcomes]:
    done: dict[str, Outcomes] = {}
    sorter: TopologicalSorter[str] = TopologicalSorter({name: found.requires for name, found in job.checks.items()})
    sorter.prepare()
    running: dict[Future[Outcomes], str] = {}
    with ThreadPoolExecutor(processes.count) as pool:
        try:
            while sorter.is_active():
                for name in sorted(sorter.get_ready(), key=lambda ready: (-job.seconds(ready), ready)):
                    running[pool.submit(session.carry_out, _order(job, name, done))] = name
                finished, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in finished:
                    name = running.pop(future)
                    done[name] = future.result()
                    sorter.done(name)
        except BaseException:
            processes.stop()
            pool.shutdown(cancel_futures=True)
            raise
    return dict(sorted(done.items()))


def _order(job: Job, name: str, done: Mapping[str, Outcomes]) -> Order:
    found = job.checks[name]
    evidence = {need: done[need].evidence for need in found.requires}
    return Order(found, job.params[name], job.plan.work.get(name, {}), seed_for(job.seed, name), evidence)


def _detail(evidence: Evidence) -> str:
    if evidence.outcome is not Outcome.MEASURED:
        return evidence.outcome.value.replace("_", " ")
    found = len(evidence.findings)
    return f"{len(evidence.measurements)} measured" + (f", {found} to look at" if found else "")


class _Processes:
    """Check processes; each order goes to one that is free."""

    def __init__(self, request: Request, count: int) -> None:
        self.count = count
        self._stopped = False
        self._all = [_start(request) for _ in range(count)]
        self._free: SimpleQueue[subprocess.Popen[str]] = SimpleQueue()
        for process in self._all:
            self._free.put(process)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._all:
            _end(process)

    def __call__(self, order: Order) -> Outcomes:
        process = self._free.get()
        try:
            outcomes = _ask(process, order)
        finally:
            self._free.put(process)
        if self._stopped:
            raise InterruptedError
        return outcomes

    def stop(self) -> None:
        """End the processes at once, whatever they are doing."""
        self._stopped = True
        for process in self._all:
            process.kill()


def _start(request: Request) -> "subprocess.Popen[str]":
    package = str(Path(govkit.__file__).parent.parent)
    path = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH", "")]))
    process = subprocess.Popen(
        [sys.executable, "-m", "govkit.runner.process"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path},
        text=True,
        encoding="utf-8",
    )
    _pipe(process.stdin).write(request.model_dump_json() + "\n")
    _pipe(process.stdin).flush()
    return process


def _ask(process: "subprocess.Popen[str]", order: Order) -> Outcomes:
    asked = {
        "check": order.check.id,
        "params": order.params.model_dump(mode="json"),
        "work": dict(order.work),
        "seed": order.seed,
        "evidence": {name: found.model_dump(mode="json") for name, found in order.evidence.items()},
    }
    try:
        _pipe(process.stdin).write(json.dumps(asked) + "\n")
        _pipe(process.stdin).flush()
        line = _pipe(process.stdout).readline()
    except BrokenPipeError:
        line = ""
    if not line:
        reason = Message(id="runner.process_ended", args={"check": order.check.id})
        return Outcomes(_ended(order, reason))
    reply = json.loads(line)
    files = tuple(Attachment(name, media_type, base64.b64decode(text)) for name, media_type, text in reply["files"])
    return Outcomes(Evidence.model_validate(reply["evidence"]), files)


def _ended(order: Order, reason: Message) -> Evidence:
    return Evidence(
        check=order.check.id,
        check_version=order.check.version,
        outcome=Outcome.ERROR,
        reason=reason,
        params=order.params.model_dump(mode="json"),
        work=dict(order.work),
        seed=order.seed,
    )


def _end(process: "subprocess.Popen[str]") -> None:
    """Close the process's input, so that it ends its model and itself; insist after a while."""
    _pipe(process.stdin).close()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    _pipe(process.stdout).close()


def _pipe(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream
