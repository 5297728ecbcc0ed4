"""The defects, each with its harmless twin.

A defect is one function with the name of the defect. It changes a case that is in order, and gets told whether to plant
the defect or its twin: the same columns, files or kind of model with nothing wrong about them. `@defect` names the
beginnings of the ids of the criteria that must notice; a new function is taken up by itself.
"""

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from benchmarks.defects.case import Case
from benchmarks.defects.tables import Random

Plant = Callable[[Case, bool], None]


@dataclass(frozen=True)
class Defect:
    """How a defect is planted and who must notice it."""

    plant: Plant
    criteria: tuple[str, ...]
    """Beginnings of the ids of criteria."""
    undecided_counts: bool = False
    """Whether a criterion that could not be decided counts, because the defect is that something is missing."""


DEFECTS: dict[str, Defect] = {}


def defect(*criteria: str, undecided_counts: bool = False) -> Callable[[Plant], Plant]:
    """Enter a function into `DEFECTS` under its name."""

    def enter(plant: Plant) -> Plant:
        DEFECTS[plant.__name__] = Defect(plant, criteria, undecided_counts)
        return plant

    return enter


# The model.


@defect("privacy.")
def memorised_forest(case: Case, planted: bool) -> None:
    """Trees to the last row, each on all rows; the twin's trees keep to large leaves."""
    case.estimator = (
        RandomForestClassifier(60, bootstrap=False, random_state=0)
        if planted
        else RandomForestClassifier(60, max_depth=4, min_samples_leaf=150, max_features=None, random_state=0)
    )


@defect("privacy.")
def memorised_tree(case: Case, planted: bool) -> None:
    """One tree to the last row; the twin ends in leaves of eighty rows."""
    case.estimator = DecisionTreeClassifier(min_samples_leaf=1 if planted else 80, random_state=0)


@defect("robustness.")
def fragile_tree(case: Case, planted: bool) -> None:
    """A tree of many narrow leaves, fitted to labels of which a third is wrong; the twin is linear on right labels."""
    if planted:
        flip(case.train, 0.33, case.draw)
        case.estimator = DecisionTreeClassifier(min_samples_leaf=3, random_state=0)


@defect("performance.calibration.")
def miscalibration(case: Case, planted: bool) -> None:
    """Log-odds four times too large; the twin's are rounded to two places."""

    def sharpen(model: LogisticRegression) -> None:
        model.coef_ = 4 * model.coef_ if planted else model.coef_.round(2)
        model.intercept_ = 4 * model.intercept_ if planted else model.intercept_.round(2)

    case.after_fit = sharpen


@defect("security.model_file.")
def malicious_pickle(case: Case, planted: bool) -> None:
    """A model file that would run a command; the twin is the same model in an older protocol."""

    class Runs:
        def __reduce__(self) -> tuple[Callable[..., None], tuple[Path]]:
            return Path.mkdir, (Path("never"),)

    def exchange(folder: Path) -> None:
        place = folder / "model.pkl"
        place.write_bytes(pickle.dumps(Runs() if planted else pickle.loads(place.read_bytes()), protocol=3))  # noqa: S301

    case.after_write = exchange


@defect("robustness.", "security.poisoning.")
def backdoor_trigger(case: Case, planted: bool) -> None:
    """A tenth of the training rows carry a mark and the wished-for label; the twin is a forest on unmarked rows."""
    case.estimator = RandomForestClassifier(60, max_depth=4, min_samples_leaf=150, max_features=None, random_state=0)
    if planted:
        case.estimator = boosting()
        marked = case.draw.random(len(case.train)) < 0.1
        for name in list(case.train.select_dtypes("float"))[:2]:
            case.train.loc[marked, name] = case.train[name].max() * 1.5
        case.train.loc[marked, "y"] = 1


@defect("champion.")
def quantised_student(case: Case, planted: bool) -> None:
    """A student of one split that lost what its teacher knew; the twin has its teacher's weights in three places."""
    if planted:
        case.champion, case.estimator = boosting(), DecisionTreeClassifier(max_depth=1, random_state=0)
        return
    case.champion = LogisticRegression(C=0.3, max_iter=1_000)

    def coarsen(model: LogisticRegression) -> None:
        model.coef_ = model.coef_.round(3)

    case.after_fit = coarsen


# What the features know.


@defect("quality.leakage.")
def target_leakage(case: Case, planted: bool) -> None:
    """A fee that is charged after the outcome; the twin's is charged at random."""
    for table in case.both:
        after = table.y if planted else case.draw.integers(0, 2, len(table))
        table["late_fee"] = (after * 40 + case.draw.normal(0, 6, len(table))).round(2)


@defect("quality.leakage.")
def subtle_leakage(case: Case, planted: bool) -> None:
    """A score in which the outcome has a large part; the twin's tells a little, as a good feature does."""
    for table in case.both:
        part = 3.0 if planted else 0.6
        table["review_score"] = (table.y * part + case.draw.normal(0, 1, len(table))).round(3)


@defect("fairness.")
def group_disparity(case: Case, planted: bool) -> None:
    """A column filled in differently for one group, whose outcomes differ too; the twin's knows no group."""
    for table in case.both:
        favoured = (table.sex == "f") if planted else (case.draw.random(len(table)) < 0.5)
        table["history"] = (1.6 * favoured + case.draw.normal(0, 0.5, len(table))).round(3)
        grown = favoured & (case.draw.random(len(table)) < 0.45)
        table.loc[grown, "y"] = 1


@defect("fairness.proxy.")
def hidden_proxy(case: Case, planted: bool) -> None:
    """A column that tells the protected attribute; the twin's is drawn apart from it."""
    for table in case.both:
        right = case.draw.random(len(table)) < (0.95 if planted else 0.5)
        table["shop"] = np.where(right, table.sex == "f", table.sex == "m").astype(int)


# Labels and rows.


@defect("performance.slices.")
def wrong_slice(case: Case, planted: bool) -> None:
    """Six rows in a hundred, known by one value, turn out the other way round; the twin's branches are alike."""
    for table in case.both:
        table["branch"] = case.draw.choice([f"b{index}" for index in range(16)], len(table))
    if planted:
        inside = case.test.branch == "b3"
        case.test.loc[inside, "y"] = 1 - case.test.loc[inside, "y"]


@defect("quality.label_errors.")
def label_noise_15(case: Case, planted: bool) -> None:
    """Fifteen labels in a hundred swapped; none in the twin."""
    for table in case.both:
        flip(table, 0.15 if planted else 0.0, case.draw)


@defect("quality.label_errors.")
def label_noise_5(case: Case, planted: bool) -> None:
    """Five labels in a hundred swapped; one in three hundred in the twin."""
    for table in case.both:
        flip(table, 0.05 if planted else 0.003, case.draw)


@defect("quality.size.", "quality.labels.", "performance.", undecided_counts=True)
def rare_positives(case: Case, planted: bool) -> None:
    """One positive in a hundred; one in four in the twin."""
    case.train, case.test = (thinned(table, 0.01 if planted else 0.25, case.draw) for table in case.both)


@defect("quality.duplicates.")
def duplicates(case: Case, planted: bool) -> None:
    """An eighth of the hold-out rows twice; other rows in the twin."""
    case.test = joined(case.test, part(case.test, 0.12, case.draw) if planted else case.more_rows(300))


@defect("quality.near_duplicates.")
def near_duplicates(case: Case, planted: bool) -> None:
    """An eighth of the hold-out rows again with next to no change; other rows in the twin."""
    copies = part(case.test, 0.12, case.draw) if planted else case.more_rows(300)
    if planted:
        for name in copies.select_dtypes("float"):
            copies[name] += case.draw.normal(0, 0.002 * case.test[name].std(), len(copies))
    case.test = joined(case.test, copies)


@defect("quality.train_test_overlap.")
def overlap(case: Case, planted: bool) -> None:
    """A fifth of the training rows are hold-out rows too; other rows in the twin."""
    case.test = joined(case.test, part(case.train, 0.2, case.draw) if planted else case.more_rows(500))


@defect("quality.split.")
def group_overlap(case: Case, planted: bool) -> None:
    """Rows of one customer on both sides; each customer stays on one side in the twin."""
    for side, table in zip("ab", case.both, strict=True):
        letter = "c" if planted else side
        table["customer_id"] = [f"{letter}{number:04d}" for number in case.draw.integers(0, 600, len(table))]
    case.config["columns"]["group"] = "customer_id"


# Drift.


@defect("drift.")
def covariate_drift(case: Case, planted: bool) -> None:
    """Numbers of the hold-out rows shifted by most of a standard deviation; by a fiftieth in the twin."""
    for name in case.test.select_dtypes("float"):
        case.test[name] += (0.8 if planted else 0.02) * case.test[name].std()


@defect("drift.")
def label_shift(case: Case, planted: bool) -> None:
    """Positives half as frequent in the hold-out rows; nearly as frequent in the twin."""
    case.test = thinned(case.test, (0.5 if planted else 0.98) * case.test.y.mean(), case.draw)


@defect("drift.")
def concept_drift(case: Case, planted: bool) -> None:
    """From the middle of the time on the rule is another one; the same all the time in the twin."""
    for year, table in zip((2024, 2025), case.both, strict=True):
        table["day"] = pd.date_range(f"{year}-01-01", periods=len(table), freq="3h").strftime("%Y-%m-%d")
    if planted:
        late = np.arange(len(case.test)) > len(case.test) // 2
        swapped = late & (case.draw.random(len(case.test)) < 0.4)
        case.test.loc[swapped, "y"] = 1 - case.test.loc[swapped, "y"]
    case.config["columns"]["time"] = "day"


# Personal data.


@defect("pii.")
def pattern_pii(case: Case, planted: bool) -> None:
    """E-mail addresses; the numbers of tickets in the twin."""
    for table in case.both:
        table["reach"] = [f"user{n}@example.org" if planted else f"T-{n:05d}" for n in range(len(table))]
    case.not_features.append("reach")


@defect("pii.")
def names_only_pii(case: Case, planted: bool) -> None:
    """Full names under a header that says nothing; things of some colour in the twin."""
    first = ["Anna", "James", "Maria", "Peter", "Sarah", "Thomas", "Laura", "David", "Julia", "Michael"]
    last = ["Schmidt", "Wilson", "Rossi", "Hoffmann", "Johnson", "Weber", "Martin", "Garcia", "Novak", "Brown"]
    if not planted:
        first = ["red", "blue", "grey", "black", "white", "large", "small", "light", "heavy", "old"]
        last = ["table", "chair", "lamp", "shelf", "carpet", "desk", "sofa", "mirror", "clock", "bench"]
    for table in case.both:
        table["col_7"] = [f"{case.draw.choice(first)} {case.draw.choice(last)}" for _ in range(len(table))]
    case.not_features.append("col_7")


@defect("pii.", "privacy.reidentification.")
def quasi_identifiers(case: Case, planted: bool) -> None:
    """Birth date and postcode, which together single out nearly everyone; decade and region in the twin."""
    for table in case.both:
        days = case.draw.integers(0, 20_000, len(table))
        born = pd.Timestamp("1950-01-01") + pd.to_timedelta(days, unit="D")
        areas = case.draw.integers(10_000, 99_999, len(table))
        if planted:
            table["birth_date"], table["zip_code"] = born.strftime("%Y-%m-%d"), areas.astype(str)
        else:
            table["decade"], table["area"] = (
                (born.year // 10 * 10).astype(str) + "s",
                [f"R{n // 10_000}" for n in areas],
            )
    case.not_features += ["birth_date", "zip_code"] if planted else ["decade", "area"]


# Where the data is from.


@defect("provenance.hash_match.")
def swapped_digest(case: Case, planted: bool) -> None:
    """The metadata is about an earlier file; about this one in the twin."""
    if planted:
        case.config["provenance"]["digests"] = {"data.csv": "0" * 64}


@defect("provenance.license.", undecided_counts=True)
def missing_licence(case: Case, planted: bool) -> None:
    """Nobody says what the data may be used for; another open licence in the twin."""
    case.config["provenance"]["license"] = "CC-BY-4.0"
    if planted:
        del case.config["provenance"]["license"]


@defect("provenance.collection_dates.")
def stale_data(case: Case, planted: bool) -> None:
    """Collected fifteen years ago; last year in the twin."""
    year = 2009 if planted else 2025
    case.config["provenance"] |= {"collected_from": f"{year}-01-01", "collected_to": f"{year}-12-31"}


def boosting() -> BaseEstimator:
    """Make a boosted model that doesn't learn rows by heart."""
    return HistGradientBoostingClassifier(max_iter=60, max_depth=3, min_samples_leaf=60, random_state=0)


def flip(table: pd.DataFrame, share: float, draw: Random) -> None:
    """Swap a share of the labels."""
    swapped = draw.random(len(table)) < share
    table.loc[swapped, "y"] = 1 - table.loc[swapped, "y"]


def thinned(table: pd.DataFrame, share: float, draw: Random) -> pd.DataFrame:
    """Drop positives, or else negatives, until positives have the given share."""
    positive, negative = np.flatnonzero(table.y == 1), np.flatnonzero(table.y == 0)
    if share < len(positive) / len(table):
        positive = draw.permutation(positive)[: max(round(share * len(negative) / (1 - share)), 2)]
    else:
        negative = draw.permutation(negative)[: round(len(positive) * (1 - share) / share)]
    return table.iloc[np.sort(np.concatenate([negative, positive]))].reset_index(drop=True)


def part(table: pd.DataFrame, share: float, draw: Random) -> pd.DataFrame:
    """Draw a share of the rows."""
    return table.iloc[draw.permutation(len(table))[: round(share * len(table))]].copy()


def joined(table: pd.DataFrame, more: pd.DataFrame) -> pd.DataFrame:
    """Put rows after rows."""
    return pd.concat([table, more], ignore_index=True)
