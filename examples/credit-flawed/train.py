"""Make the case that must not be released: the recipe of `../credit` with four planted faults.

`--without FAULT` leaves a fault out and nothing else changes, so that a test can show that the fault is what is found.
"""

import argparse
import hashlib
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent))
import recipe  # noqa: E402 - it stands one folder up
from sklearn.ensemble import RandomForestClassifier  # noqa: E402
from sklearn.pipeline import Pipeline, make_pipeline  # noqa: E402

FAULTS = {
    "personal-data": "names, addresses, phone, account and card numbers in the clerk's note, none of them declared",
    "overfit": "trees that learn every training row by heart",
    "overlap": "a fifth of the hold-out rows are training rows",
    "digests": "the metadata holds the digests of an earlier version of the data",
}
CONTACTED = 0.12
"""Share of notes that say how to reach the applicant, or how the loan is paid."""
OVERLAP = 0.2
NAMES = ["Anna Schmidt", "James Wilson", "Maria Rossi", "Peter Hoffmann", "Sarah Johnson", "Thomas Weber"]
EMAILS = ["anna.schmidt@example.org", "j.wilson@example.com", "m.rossi@example.net", "sarah.j@example.com"]
PHONES = ["+44 20 7946 0018", "+44 20 7946 0735", "+1 212-555-0147", "+1 415-555-0192"]
IBANS = ["DE89 3704 0044 0532 0130 00", "GB29 NWBK 6016 1331 9268 19", "NL91 ABNA 0417 1643 00"]
CARDS = ["4111 1111 1111 1111", "5555 5555 5555 4444", "4012 8888 8888 1881"]
"""Numbers set aside for fiction, for documentation and for testing; they reach nobody."""
PLAIN_NOTES = ["documents complete", "asked for a later start", "income confirmed by payslip", "second review done", ""]
PERSONAL_NOTES = [
    ("call back at {}", PHONES, "call back in the morning"),
    ("sent the offer to {}", EMAILS, "sent the offer by mail"),
    ("pay out to {}", IBANS, "pay out to the usual account"),
    ("first rate by card {}", CARDS, "first rate by card"),
    ("spoke with {} about the term", NAMES, "spoke with the applicant about the term"),
]
"""Sentence, what is put into it, and the sentence that stands there without the fault."""


def notes(rows: int, seed: int, *, personal: bool) -> list[str]:
    """Draw the clerk's note of each row."""
    draw = np.random.default_rng(seed)
    written = []
    for _ in range(rows):
        plain = PLAIN_NOTES[draw.integers(len(PLAIN_NOTES))]
        text, values, without = PERSONAL_NOTES[draw.integers(len(PERSONAL_NOTES))]
        value = values[draw.integers(len(values))]
        note = (text.format(value) if personal else without) if draw.random() < CONTACTED else plain
        written.append(note)
    return written


def overlapping(data: pd.DataFrame, train: pd.DataFrame) -> pd.DataFrame:
    """Put training rows in place of the first hold-out rows."""
    shared = int(OVERLAP * len(data))
    return pd.concat([train.iloc[:shared], data.iloc[shared:]], ignore_index=True)


def memorising(train: pd.DataFrame, seed: int = 0) -> Pipeline:
    """Fit trees without a limit on every row."""
    trees = RandomForestClassifier(n_estimators=2, max_features=2, bootstrap=False, random_state=seed)
    model = make_pipeline(recipe.encoder(), trees)
    return model.fit(train[recipe.NUMBERS + recipe.CATEGORIES], train[recipe.TARGET])


def make(out: Path, faults: set[str]) -> None:
    """Write model, data and metadata with some of the faults into a folder."""
    out.mkdir(parents=True, exist_ok=True)
    if not (out / "govkit.yaml").exists():
        shutil.copy(HERE / "govkit.yaml", out / "govkit.yaml")
    data, train = recipe.halves()
    personal = "personal-data" in faults
    train["note"] = notes(len(train), 1, personal=personal)
    data["note"] = notes(len(data), 2, personal=personal)
    model = memorising(train) if "overfit" in faults else recipe.regularised(train)
    recipe.write(out, model, overlapping(data, train) if "overlap" in faults else data, train)
    digests = recipe.digests_of(out)
    if "digests" in faults:
        digests |= {
            name: hashlib.sha256(b"an earlier " + name.encode()).hexdigest() for name in ("data.csv", "train.csv")
        }
    recipe.record(out, digests)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write to; this one unless given")
    parser.add_argument("--without", action="append", default=[], choices=list(FAULTS), help="fault to leave out")
    given = parser.parse_args()
    make(given.out, set(FAULTS) - set(given.without))
