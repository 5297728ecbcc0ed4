"""Other tools on the same systems, side by side with govkit: start them, keep their answers, and lay out both."""

import json
import statistics
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.defects import peers
from benchmarks.defects.audits import Outcome, Trial
from benchmarks.defects.planted import DEFECTS


@dataclass(frozen=True)
class Answer:
    """What a tool said of a system."""

    trial: Trial
    noticed: bool
    """Whether a check that belongs to the trial's defect failed."""
    alarm: bool
    """Whether any check failed."""
    quiet: frozenset[str]
    """Defects whose checks didn't fail."""
    seconds: float


def asked(name: str, interpreter: str, wanted: Sequence[Trial], kept: Path) -> tuple[str, list[Answer]]:
    """Run a tool on the trials that the file at `kept` lacks; give its name with version, and all its answers.

    A tool that dies over a system is asked about the next ones; the one it died over counts as not noticed.
    """
    lines = kept.read_text().splitlines() if kept.exists() else []
    known = {Trial(**item["trial"]): item for item in map(json.loads, lines)}
    while left := [trial for trial in wanted if trial not in known]:
        with kept.open("a") as file:
            for line in _answers(name, interpreter, left):
                item = json.loads(line)
                known[Trial(**item["trial"])] = item
                file.write(line)
                file.flush()
        if not known:
            raise SystemExit(f"{name} gave no answer; is it installed for {interpreter}?")
        for trial in left:
            if trial not in known:
                known[trial] = {"trial": asdict(trial), "tool": "", "failed": None, "seconds": 0.0}
                break
    title = max(str(known[trial]["tool"]) for trial in wanted)
    return title, [_answer(name, trial, known[trial]) for trial in wanted]


def _answers(name: str, interpreter: str, wanted: Sequence[Trial]) -> Iterator[str]:
    """Give the tool's lines as they come."""
    with subprocess.Popen(  # noqa: S603 - the interpreter that the user named
        [interpreter, "-m", peers.__name__, name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=Path(peers.__file__).parents[2],
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("".join(json.dumps(asdict(trial)) + "\n" for trial in wanted))
        process.stdin.close()
        yield from process.stdout


def _answer(name: str, trial: Trial, item: dict[str, object]) -> Answer:
    failed = set(item["failed"] or ())  # type: ignore[call-overload]
    quiet = frozenset(defect for defect in DEFECTS if not failed & set(peers.NOTICES[name].get(defect, ())))
    noticed = bool(trial.defect) and trial.defect not in quiet
    return Answer(trial, noticed, bool(failed), quiet, float(item["seconds"]))  # type: ignore[arg-type]


def own(outcomes: Sequence[Outcome]) -> list[Answer]:
    """Give govkit's outcomes in the same form."""
    return [
        Answer(
            outcome.trial,
            bool(outcome.trial.defect) and outcome.caught,
            bool(outcome.failed),
            frozenset(
                name
                for name, defect in DEFECTS.items()
                if not any(failed.startswith(defect.criteria) for failed in outcome.failed)
            ),
            outcome.seconds,
        )
        for outcome in outcomes
    ]


def table(columns: dict[str, Sequence[Answer]]) -> str:
    """Lay tools out side by side, as Markdown.

    A defect counts as found where a check of its kind fails with the defect and not on the same table without it.
    """
    rows = {name: [_found(title, answers, name) for title, answers in columns.items()] for name in DEFECTS}
    rows = {name: cells for name, cells in rows.items() if any(cells)}
    rows["**all**"] = [_all(answers) for answers in columns.values()]
    rows["clean systems with an alarm"] = [_alarms(answers) for answers in columns.values()]
    spent = [statistics.median(each.seconds for each in answers if each.seconds) for answers in columns.values()]
    rows["CPU seconds a system, median"] = [f"{seconds:.1f}" for seconds in spent]
    head = [f"| defect | {' | '.join(columns)} |", f"| --- |{' ---: |' * len(columns)}"]
    return "\n".join([*head, *(f"| {name} | {' | '.join(cells)} |" for name, cells in rows.items())])


def _found(title: str, answers: Sequence[Answer], defect: str) -> str:
    mine = [each for each in answers if each.trial.planted and each.trial.defect == defect]
    if not mine:
        return ""
    tool = title.partition(" ")[0]
    if tool in peers.NOTICES and defect not in peers.NOTICES[tool]:
        return "no check"
    return f"{sum(_tells(each, answers) for each in mine)} of {len(mine)}"


def _all(answers: Sequence[Answer]) -> str:
    planted = [each for each in answers if each.trial.planted]
    return f"{sum(_tells(each, answers) for each in planted)} of {len(planted)}"


def _alarms(answers: Sequence[Answer]) -> str:
    clean = [each for each in answers if not each.trial.planted]
    return f"{sum(each.alarm for each in clean)} of {len(clean)}"


def _tells(answer: Answer, answers: Sequence[Answer]) -> bool:
    """Say whether the defect is noticed, and nothing of the kind where it isn't."""
    trial = answer.trial
    plain = Trial(trial.table, trial.seed)
    return answer.noticed and all(trial.defect in each.quiet for each in answers if each.trial == plain)
