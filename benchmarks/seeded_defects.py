"""Plant known defects in made-up systems, audit them, and count which are found and what is found where nothing is.

    python benchmarks/seeded_defects.py --seeds 0-9 --jobs 2 --out outcomes.jsonl --picture docs/seeded-defects.svg

A system is one of three tables (loans, a clinic, machines), a model fitted to it and a govkit.yaml, with one defect,
with its harmless twin, or as it was drawn. Each is audited with the quick budget and all checks. A defect is caught
when a criterion that it belongs to fails, or, where something was left out, is left undecided. Every failing criterion
of a clean system is a false alarm. Shares have Clopper-Pearson limits. With --out, an interrupted run goes on where it
stopped.

`--peer NAME=INTERPRETER` runs another tool (deepchecks, evidently, giskard) on the same systems, in the environment of
that interpreter, and prints both side by side; `benchmarks/defects/peers.py` says what has to be installed there.

The parts are in `benchmarks/defects`: tables to plant in, defects, how a case is made and audited, and what came of it.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))
sys.path.insert(0, str(Path(__file__).parent.parent))  # run as a file, this folder alone would be searched

from benchmarks.defects import beside
from benchmarks.defects.audits import Outcome, Trial, kept, run, trials
from benchmarks.defects.planted import DEFECTS
from benchmarks.defects.summary import picture, table

SUBSET = 13
"""Of all trials one in so many makes the subset for continuous integration. It shares no divisor with the number of a
table's trials, so that all defects have their turn."""


def main() -> None:
    """Run the trials and print the table; keep every outcome where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=_seeds, default=range(10), help="one seed, or the first and the last: 0-9")
    parser.add_argument("--jobs", type=int, default=2, help="audits at once")
    parser.add_argument("--only", action="append", choices=["clean", *DEFECTS], help="defects, or clean systems alone")
    parser.add_argument("--subset", action="store_true", help=f"one trial in {SUBSET}, always the same ones")
    parser.add_argument("--out", type=Path, help="file of outcomes, one a line, that is added to")
    parser.add_argument("--picture", type=Path, help="SVG file for the picture")
    parser.add_argument(
        "--peer", action="append", default=[], metavar="NAME=INTERPRETER", help="another tool beside it"
    )
    parser.add_argument("--report", action="store_true", help="run nothing, lay out what --out holds")
    parser.add_argument(
        "--strict", action="store_true", help="end with 1 if a defect is missed or a clean system fails"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = options.out or Path(folder) / "outcomes.jsonl"
        wanted = [trial for trial in trials(options.seeds) if _is_wanted(trial, options.only)]
        wanted = wanted[::SUBSET] if options.subset else wanted
        outcomes = kept(place) if options.report else run(wanted, place, jobs=options.jobs, tell=_tell)
        asked = [outcome.trial for outcome in outcomes]
        named = (each.partition("=") for each in options.peer)
        peers = dict(beside.asked(name, path, asked, place.with_suffix(f".{name}.jsonl")) for name, _, path in named)
    if not outcomes:
        parser.error("there are no outcomes")
    print(table(outcomes))
    if peers:
        print(f"\n{beside.table({'govkit': beside.own(outcomes), **peers})}")
    if options.picture:
        options.picture.write_text(picture(outcomes), encoding="utf-8")
    if options.strict and not all(map(_is_right, outcomes)):
        sys.exit(1)


def _seeds(text: str) -> range:
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


def _is_wanted(trial: Trial, only: list[str] | None) -> bool:
    return not only or (trial.defect if trial.planted else "clean") in only


def _is_right(outcome: Outcome) -> bool:
    return outcome.caught if outcome.trial.planted else not outcome.failed and outcome.verdict != "died"


def _tell(outcome: Outcome) -> None:
    """Say how a trial ended, where it didn't end as it should."""
    trial = outcome.trial
    if not _is_right(outcome):
        what = "missed" if trial.planted else f"alarm ({', '.join(outcome.failed) or outcome.verdict})"
        print(f"{what}: {trial.defect or 'as drawn'} in {trial.table}, seed {trial.seed}", file=sys.stderr)


if __name__ == "__main__":
    main()
