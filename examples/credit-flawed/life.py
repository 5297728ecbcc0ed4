"""Carry the overfitted model through a life of audits: failed, waived, passed, retrained, failed again.

`python life.py [FOLDER]` works in a new folder and shows each command with what it says. The files stay there, so that
every step can be looked at or typed again.
"""

import argparse
import shlex
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
import recipe  # noqa: E402 - it stands one folder up
import train  # noqa: E402 - beside this script

PROFILE = """\
id: pilot
title: Pilot of a credit model
description: What a pilot with a hundred applications a week must show.
frameworks: [iso-42001]
gate:
  - security.model_file.disallowed_globals
  - quality.labels.invalid_labels
  - quality.train_test_overlap.excess_overlap_share
  - performance.calibration.expected_calibration_error
controls:
  - {framework: iso-42001, control: "A.3.2"}
"""
ROLES = """\
Owner of the model: head of credit risk. Decides on release and withdrawal.
Reviewer: model validation. Repeats every audit before a release.
"""
CHECKS = "security,quality.labels,quality.train_test_overlap,performance.calibration"
CALIBRATION = "performance.calibration.expected_calibration_error"
SIGNED = (
    "--statement", "Owner and reviewer of the model are named in the matrix of roles.",
    "--name", "A. Reviewer", "--role", "Head of model risk", "--document", "roles.md",
)  # fmt: skip
ACCEPTED = (
    "--reason", "In the pilot clerks see grades and no probabilities.",
    "--risk", "A clerk could take a grade for a probability.",
    "--requested-by", "B. Builder", "--approved-by", "C. Officer", "--role", "Chief risk officer",
)  # fmt: skip


def govkit(folder: Path, expected: int, *words: str) -> str:
    """Run a command, show it, stop unless it ends as expected, and give what it says."""
    print(f"\n$ govkit {shlex.join(words)}")
    done = subprocess.run(  # noqa: S603 - the words stand in this script
        [sys.executable, "-m", "govkit", *words], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode != expected:
        sys.exit(f"{done.stdout}{done.stderr}ended with {done.returncode} instead of {expected}")
    return done.stdout


def audit(folder: Path, expected: int) -> None:
    """Audit the model of a folder and show the gate's words."""
    options = ("--budget", "quick", "--profile", "pilot.yaml", "--only", CHECKS, "--format", "json,html")
    govkit(folder, expected, "audit", "model.pkl", "data.csv", *options)
    if not (folder / "govkit-out" / "audit.json").is_file():
        sys.exit("the audit wrote no record: is govkit installed?")
    print(govkit(folder, expected, "gate", "govkit-out/audit.json"), end="")
    print(f"exit code {expected}")


def retrain(folder: Path) -> None:
    """Fit the same kind of model once more, with other trees, and record its digest."""
    data, rows = (pd.read_csv(folder / name) for name in ("data.csv", "train.csv"))
    recipe.write(folder, train.memorising(rows, seed=1), data, rows)
    recipe.record(folder, recipe.digests_of(folder))


def live(folder: Path) -> None:
    """Go through the life."""
    train.make(folder, {"overfit"})
    (folder / ".git").mkdir(exist_ok=True)
    (folder / "pilot.yaml").write_text(PROFILE)
    (folder / "roles.md").write_text(ROLES)
    last_day = datetime.now(UTC).date() + timedelta(days=180)
    until = ("--expires-on", last_day.isoformat())
    print("1. The first audit fails: probabilities are wrong, and nobody has signed for the roles.")
    audit(folder, 1)
    print("\n2. Somebody signs for the roles; another person accepts the calibration for the pilot.")
    print(govkit(folder, 0, "attest", "A.3.2", *SIGNED, *until), end="")
    print(govkit(folder, 0, "waive", CALIBRATION, "--record", "govkit-out/audit.json", *ACCEPTED, *until), end="")
    print("\n3. The same model passes, with the waiver in sight: the calibration is still a failure.")
    audit(folder, 0)
    print("\n4. The model is trained anew. The waiver was for another file and no longer counts.")
    retrain(folder)
    audit(folder, 1)
    print("\n5. What changed, and why it fails again.")
    print(govkit(folder, 0, "compare", "govkit-out/history/0002/audit.json", "govkit-out/audit.json"), end="")
    print(govkit(folder, 0, "history", "govkit-out", "--html", "govkit-out/history.html"), end="")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", help="folder to work in; a temporary one unless given")
    given = parser.parse_args().folder or Path(tempfile.mkdtemp(prefix="govkit-life-"))
    live(given)
    print(f"\nEverything is in {given}")
