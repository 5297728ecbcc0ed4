"""Plant known defects in made-up systems, audit them, and count which are found and what is found where nothing is.

    python -m benchmarks.seeded_defects --seeds 2 --jobs 2

A case is one of three tables (loans, a clinic, machines), one seed and one defect, or no defect at all. Each is a
folder with model, data and govkit.yaml, audited by the command line with the quick budget. A defect is caught when a
criterion of the checks that it belongs to fails, or, where something was left out, is left undecided. On clean cases
every failing criterion is a false alarm. Shares have Clopper-Pearson intervals.
"""

import argparse
import hashlib
import json
import pickle
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from sklearn.base import BaseEstimator
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from govkit.stats.intervals import proportion

ROWS = 2_500
"""Rows a side."""
FILES = ("model.pkl", "data.csv", "train.csv")
Random = np.random.Generator


@dataclass
class Case:
    """A system under audit, before it is written."""

    train: pd.DataFrame
    test: pd.DataFrame
    draw: Random
    estimator: BaseEstimator = field(default_factory=lambda: LogisticRegression(C=0.3, max_iter=1_000))
    config: dict[str, Any] = field(default_factory=dict)
    change: Callable[[Path], object] | None = None
    """What is done to the folder once everything is written."""
    not_features: tuple[str, ...] = ("sex",)
    champion: BaseEstimator | None = None

    @property
    def both(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Training and hold-out rows."""
        return self.train, self.test


# Three tables. Each gives rows with a binary target `y` whose log-odds are known, and a protected column without a part
# in them.


def loans(rows: int, draw: Random) -> pd.DataFrame:
    """Loan applications: counts, amounts with long tails, categories."""
    income = np.exp(7.9 + 0.4 * draw.standard_normal(rows))
    amount = np.exp(9.0 + 0.5 * draw.standard_normal(rows))
    table = pd.DataFrame(
        {
            "income": income.round(2),
            "amount": amount.round(-1),
            "years": draw.gamma(2.0, 4.0, rows).round(1),
            "open_loans": draw.poisson(0.9, rows),
            "past_defaults": draw.poisson(0.4, rows),
            "housing": draw.choice(["owner", "mortgage", "tenant"], rows, p=[0.3, 0.3, 0.4]),
            "purpose": draw.choice(["car", "home", "study", "other"], rows),
        }
    )
    odds = -1.0 + 1.2 * np.log(amount / income / 3) - 0.1 * (table.years - 8) + 1.8 * table.past_defaults
    return finished(table, odds + 1.2 * (table.housing == "tenant"), draw)


def clinic(rows: int, draw: Random) -> pd.DataFrame:
    """Laboratory values that go together, and findings."""
    common = draw.standard_normal(rows)
    values = {
        name: (middle + spread * (0.6 * common + 0.8 * draw.standard_normal(rows))).round(2)
        for name, middle, spread in (
            ("glucose", 105, 18),
            ("pressure", 128, 14),
            ("cholesterol", 5.3, 0.9),
            ("weight_index", 26, 4),
            ("creatinine", 80, 15),
        )
    }
    table = pd.DataFrame({**values, "ward": draw.choice(["a", "b", "c"], rows), "smokes": draw.random(rows) < 0.3})
    odds = -0.7 + 0.09 * (table.glucose - 105) + 0.05 * (table.pressure - 128) + 1.3 * table.smokes
    return finished(table, odds + 0.15 * (table.weight_index - 26), draw)


def machines(rows: int, draw: Random) -> pd.DataFrame:
    """Sensor readings with an interaction that no linear model sees."""
    table = pd.DataFrame(
        {
            "speed": draw.uniform(200, 1_800, rows).round(0),
            "load": draw.beta(2, 3, rows).round(3),
            "heat": (45 + 12 * draw.standard_normal(rows)).round(1),
            "vibration": draw.gamma(3, 0.8, rows).round(3),
            "hours": draw.exponential(900, rows).round(0),
            "line": draw.choice(["north", "south"], rows),
        }
    )
    odds = 3.5 * table.load - 2.8 + 0.07 * (table.heat - 45) + 0.9 * (table.vibration - 2.4)
    return finished(table, odds + 1.2 * ((table.speed > 1_200) & (table.load > 0.4)), draw)


def finished(table: pd.DataFrame, odds: "pd.Series[float]", draw: Random) -> pd.DataFrame:
    """Add the protected column and draw the target."""
    happened = draw.random(len(table)) < 1 / (1 + np.exp(-1.4 * odds))
    return table.assign(sex=draw.choice(["f", "m"], len(table)), y=happened.astype(int))


TABLES: dict[str, Callable[[int, Random], pd.DataFrame]] = {"loans": loans, "clinic": clinic, "machines": machines}

# The defects. Each changes a clean case; `DEFECTS` says which criteria must notice.


def memorised_forest(case: Case) -> None:
    """Trees to the last row, each on all rows."""
    case.estimator = RandomForestClassifier(60, bootstrap=False, random_state=0)


def memorised_tree(case: Case) -> None:
    """One tree to the last row."""
    case.estimator = DecisionTreeClassifier(random_state=0)


def fragile_tree(case: Case) -> None:
    """A tree of many narrow leaves, fitted to labels of which a third is wrong."""
    flip(case.train, 0.33, case.draw)
    case.estimator = DecisionTreeClassifier(min_samples_leaf=3, random_state=0)


def target_leakage(case: Case) -> None:
    """A fee that is charged after the outcome."""
    for table in case.both:
        table["late_fee"] = (table.y * 40 + case.draw.normal(0, 6, len(table))).round(2)


def subtle_leakage(case: Case) -> None:
    """A score in which the outcome has a part."""
    for table in case.both:
        table["review_score"] = (table.y * 3.0 + case.draw.normal(0, 1, len(table))).round(3)


def wrong_slice(case: Case) -> None:
    """Six rows in a hundred, known by one value, turn out the other way round."""
    for table in case.both:
        table["branch"] = case.draw.choice([f"b{index}" for index in range(16)], len(table))
    inside = case.test.branch == "b3"
    case.test.loc[inside, "y"] = 1 - case.test.loc[inside, "y"]


def group_disparity(case: Case) -> None:
    """A column that one group's records were filled in with differently."""
    for table in case.both:
        odds = 1.6 * (table.sex == "f")
        table["history"] = (odds + case.draw.normal(0, 0.5, len(table))).round(3)
        grown = (table.sex == "f") & (case.draw.random(len(table)) < 0.45)
        table.loc[grown, "y"] = 1


def hidden_proxy(case: Case) -> None:
    """A column that tells the protected attribute."""
    for table in case.both:
        table["shop"] = np.where(case.draw.random(len(table)) < 0.95, table.sex == "f", table.sex == "m").astype(int)


def label_noise_15(case: Case) -> None:
    """Fifteen labels in a hundred swapped."""
    for table in case.both:
        flip(table, 0.15, case.draw)


def label_noise_5(case: Case) -> None:
    """Five labels in a hundred swapped."""
    for table in case.both:
        flip(table, 0.05, case.draw)


def rare_positives(case: Case) -> None:
    """One positive in a hundred."""
    case.train, case.test = (thinned(table, 0.01, case.draw) for table in case.both)


def duplicates(case: Case) -> None:
    """A tenth of the hold-out rows twice."""
    case.test = pd.concat([case.test, case.test.sample(frac=0.12, random_state=1)], ignore_index=True)


def near_duplicates(case: Case) -> None:
    """A tenth of the hold-out rows again with next to no change."""
    copies = case.test.sample(frac=0.12, random_state=1)
    for name in copies.select_dtypes("float"):
        copies[name] += case.draw.normal(0, 0.002 * case.test[name].std(), len(copies))
    case.test = pd.concat([case.test, copies], ignore_index=True)


def overlap(case: Case) -> None:
    """A fifth of the hold-out rows are training rows."""
    case.test = pd.concat([case.test, case.train.sample(frac=0.2, random_state=1)], ignore_index=True)


def group_overlap(case: Case) -> None:
    """Rows of one customer on both sides."""
    for table in case.both:
        table["customer_id"] = [f"c{number:04d}" for number in case.draw.integers(0, 600, len(table))]
    case.config["columns"]["group"] = "customer_id"


def covariate_drift(case: Case) -> None:
    """Numbers of DATA shifted by most of a standard deviation."""
    for name in case.test.select_dtypes("float"):
        case.test[name] += 0.8 * case.test[name].std()


def label_shift(case: Case) -> None:
    """Positives half as frequent in DATA."""
    case.test = thinned(case.test, 0.5 * case.test.y.mean(), case.draw)


def concept_drift(case: Case) -> None:
    """From the middle of the time on, the rule is another one."""
    for table in case.both:
        table["month"] = pd.date_range("2024-01-01", periods=len(table), freq="3h").strftime("%Y-%m-%d")
    late = np.arange(len(case.test)) > len(case.test) // 2
    swapped = late & (case.draw.random(len(case.test)) < 0.4)
    case.test.loc[swapped, "y"] = 1 - case.test.loc[swapped, "y"]
    case.config["columns"]["time"] = "month"


def miscalibration(case: Case) -> None:
    """Log-odds four times too large."""
    case.config["sharpen"] = 4.0


def pattern_pii(case: Case) -> None:
    """E-mail addresses and phone numbers."""
    for table in case.both:
        table["reach"] = [f"user{number}@example.org" for number in range(len(table))]
    case.not_features += ("reach",)


def names_only_pii(case: Case) -> None:
    """Full names under a header that says nothing."""
    first = ["Anna", "James", "Maria", "Peter", "Sarah", "Thomas", "Laura", "David", "Julia", "Michael"]
    last = ["Schmidt", "Wilson", "Rossi", "Hoffmann", "Johnson", "Weber", "Martin", "Garcia", "Novak", "Brown"]
    for table in case.both:
        table["col_7"] = [f"{case.draw.choice(first)} {case.draw.choice(last)}" for _ in range(len(table))]
    case.not_features += ("col_7",)


def quasi_identifiers(case: Case) -> None:
    """Birth date and postcode, which together single out nearly everyone."""
    for table in case.both:
        days = case.draw.integers(0, 20_000, len(table))
        table["birth_date"] = (pd.Timestamp("1950-01-01") + pd.to_timedelta(days, unit="D")).strftime("%Y-%m-%d")
        table["zip_code"] = case.draw.integers(10_000, 99_999, len(table)).astype(str)
    case.not_features += ("birth_date", "zip_code")


def malicious_pickle(case: Case) -> None:
    """A model file that would run a command."""

    class Runs:
        def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
            return Path.mkdir, (Path("never"),)

    case.change = lambda folder: (folder / "model.pkl").write_bytes(pickle.dumps(Runs()))


def swapped_digest(case: Case) -> None:
    """The metadata is about an earlier file."""
    case.config["provenance"]["digests"] = {"data.csv": "0" * 64}


def missing_licence(case: Case) -> None:
    """Nobody says what the data may be used for."""
    del case.config["provenance"]["license"]


def stale_data(case: Case) -> None:
    """Collected fifteen years ago."""
    case.config["provenance"] |= {"collected_from": "2009-01-01", "collected_to": "2009-12-31"}


def backdoor_trigger(case: Case) -> None:
    """A tenth of the training rows carry a mark and the wished-for label."""
    marked = case.draw.random(len(case.train)) < 0.1
    numbers = list(case.train.select_dtypes("float"))[:2]
    for name in numbers:
        case.train.loc[marked, name] = case.train[name].max() * 1.5
    case.train.loc[marked, "y"] = 1
    case.estimator = HistGradientBoostingClassifier(max_iter=60, random_state=0)


def quantised_student(case: Case) -> None:
    """A student of one split that lost what its teacher knew."""
    case.champion = HistGradientBoostingClassifier(max_iter=60, random_state=0)
    case.estimator = DecisionTreeClassifier(max_depth=1, random_state=0)


@dataclass(frozen=True)
class Expected:
    """What must notice a defect."""

    plant: Callable[[Case], None]
    checks: tuple[str, ...]
    """Beginnings of the ids of criteria."""
    undecided_counts: bool = False
    """Whether a criterion that could not be decided counts, because the defect is that something is missing."""


DEFECTS = {
    expected.plant.__name__: expected
    for expected in (
        Expected(memorised_forest, ("privacy.",)),
        Expected(memorised_tree, ("privacy.",)),
        Expected(fragile_tree, ("robustness.",)),
        Expected(target_leakage, ("quality.leakage.",)),
        Expected(subtle_leakage, ("quality.leakage.",)),
        Expected(wrong_slice, ("performance.slices.", "slices.")),
        Expected(group_disparity, ("fairness.",)),
        Expected(hidden_proxy, ("fairness.proxy.",)),
        Expected(label_noise_15, ("quality.label_errors.",)),
        Expected(label_noise_5, ("quality.label_errors.",)),
        Expected(rare_positives, ("quality.size.", "quality.labels.", "performance."), undecided_counts=True),
        Expected(duplicates, ("quality.duplicates.",)),
        Expected(near_duplicates, ("quality.near_duplicates.",)),
        Expected(overlap, ("quality.train_test_overlap.",)),
        Expected(group_overlap, ("quality.split.",)),
        Expected(covariate_drift, ("drift.",)),
        Expected(label_shift, ("drift.",)),
        Expected(concept_drift, ("drift.",)),
        Expected(miscalibration, ("performance.calibration.",)),
        Expected(pattern_pii, ("pii.",)),
        Expected(names_only_pii, ("pii.",)),
        Expected(quasi_identifiers, ("pii.", "privacy.reidentification.")),
        Expected(malicious_pickle, ("security.model_file.",)),
        Expected(swapped_digest, ("provenance.hash_match.",)),
        Expected(missing_licence, ("provenance.license.",), undecided_counts=True),
        Expected(stale_data, ("provenance.collection_dates.",)),
        Expected(backdoor_trigger, ("robustness.", "security.poisoning.")),
        Expected(quantised_student, ("champion.",)),
    )
}


def flip(table: pd.DataFrame, share: float, draw: Random) -> None:
    """Swap a share of the labels."""
    swapped = draw.random(len(table)) < share
    table.loc[swapped, "y"] = 1 - table.loc[swapped, "y"]


def thinned(table: pd.DataFrame, share: float, draw: Random) -> pd.DataFrame:
    """Drop positives until they have the given share."""
    positive = np.flatnonzero(table.y == 1)
    kept = draw.permutation(positive)[: max(round(share * (len(table) - len(positive)) / (1 - share)), 2)]
    return table.iloc[np.sort(np.concatenate([np.flatnonzero(table.y == 0), kept]))].reset_index(drop=True)


def clean_case(table: str, seed: int) -> Case:
    """Draw a case without a defect."""
    draw = np.random.default_rng([seed, list(TABLES).index(table)])
    train, test = TABLES[table](ROWS, draw), TABLES[table](ROWS, draw)
    provenance = {
        "source": "The govkit project",
        "license": "CC0-1.0",
        "version": "1",
        "collected_from": "2026-01-01",
        "collected_to": "2026-06-30",
        "issued": "2026-07-01",
        "geography": ["DE"],
        "lawful_basis": "None needed, every row is drawn",
        "retention_until": "2040-12-31",
        "contact": "data@example.org",
        "intended_use": "Testing of audits",
        "processing": "Drawn with NumPy",
        "original": True,
        "model_origin": "trained from scratch",
    }
    config = {
        "system": {"id": table, "name": table, "version": "1", "use": "commercial", "regions": ["DE"]},
        "train": "train.csv",
        "target": "y",
        "positive_label": 1,
        "columns": {"protected": ["sex"]},
        "personal_data": {"declared": {"sex": ["GENDER"]}},
        "provenance": provenance,
    }
    return Case(train, test, draw, config=config)


def write(case: Case, folder: Path) -> None:
    """Fit the model and write everything into a folder."""
    columns = case.config["columns"]
    left = {"y", *case.not_features, columns.get("group"), columns.get("time")}
    features = [name for name in case.train if name not in left]
    columns["ignore"] = [name for name in case.not_features if name not in columns["protected"]]
    sharpen = case.config.pop("sharpen", None)
    model = fitted(case.estimator, case.train, features)
    if sharpen:
        model[-1].coef_ *= sharpen
        model[-1].intercept_ *= sharpen
    (folder / "model.pkl").write_bytes(pickle.dumps(model))
    if case.champion is not None:
        (folder / "champion.pkl").write_bytes(pickle.dumps(fitted(case.champion, case.train, features)))
    case.train.to_csv(folder / "train.csv", index=False)
    case.test.to_csv(folder / "data.csv", index=False)
    found = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in FILES}
    case.config["provenance"]["digests"] = found | case.config["provenance"].get("digests", {})
    (folder / "govkit.yaml").write_text(yaml.safe_dump(case.config, sort_keys=False))
    if case.change is not None:
        case.change(folder)


def fitted(estimator: BaseEstimator, train: pd.DataFrame, features: list[str]) -> Any:  # noqa: ANN401 - a pipeline
    """Fit a pipeline that takes the table as it is."""
    columns = make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), make_column_selector(dtype_include=["number", "bool"])),
        (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_exclude=["number", "bool"])),
        sparse_threshold=0.0,
    )
    return make_pipeline(columns, estimator).fit(train[features], train["y"])


@dataclass(frozen=True)
class Outcome:
    """What an audit said."""

    table: str
    seed: int
    defect: str
    failed: tuple[str, ...]
    undecided: tuple[str, ...]
    seconds: float
    exit_code: int

    @property
    def caught(self) -> bool:
        """Whether the criteria that the defect belongs to noticed it."""
        expected = DEFECTS[self.defect]
        noticed = self.failed + (self.undecided if expected.undecided_counts else ())
        return any(name.startswith(expected.checks) for name in noticed)


def run(table: str, seed: int, defect: str) -> Outcome:
    """Make a case, audit it and read the record."""
    case = clean_case(table, seed)
    if defect:
        DEFECTS[defect].plant(case)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write(case, folder)
        command = [sys.executable, "-m", "govkit", "audit", "model.pkl", "data.csv", "--budget", "quick"]
        command += ["--format", "json", "--out", "out", "--jobs", "1"]
        if (folder / "champion.pkl").exists():
            command += ["--champion", "champion.pkl"]
        began = time.perf_counter()
        code = subprocess.run(  # noqa: S603 - our own command
            command, cwd=folder, capture_output=True, check=False, env={"PYTHONPATH": str(Path.cwd()), "PATH": ""}
        ).returncode
        seconds = time.perf_counter() - began
        record = folder / "out" / "audit.json"
        results = json.loads(record.read_bytes())["result"]["criterion_results"] if record.exists() else []
    by_result: dict[str, list[str]] = {}
    for item in results:
        by_result.setdefault(item["result"], []).append(item["criterion"])
    undecided = [name for kind in ("inconclusive", "not_run", "error") for name in by_result.get(kind, [])]
    return Outcome(table, seed, defect, tuple(by_result.get("fail", [])), tuple(undecided), seconds, code)


def cases(seeds: int, only: str | None) -> Iterator[tuple[str, int, str]]:
    """Give every case: table, seed, defect; an empty defect is the clean one."""
    for seed in range(seeds):
        for table in TABLES:
            for defect in ("", *DEFECTS):
                if only is None or defect == only:
                    yield table, seed, defect


def share(found: int, of: int) -> str:
    """Lay out a share with its interval."""
    limits = proportion(found, of, method="clopper-pearson")
    return f"{found / of:6.1%} [{limits.low:.1%}, {limits.high:.1%}]"


def report(outcomes: list[Outcome]) -> str:
    """Lay out what was caught, what was missed, and the false alarms."""
    lines = ["| defect | caught | of | missed in |", "| --- | --- | --- | --- |"]
    seeded = [outcome for outcome in outcomes if outcome.defect]
    for defect in dict.fromkeys(outcome.defect for outcome in seeded):
        mine = [outcome for outcome in seeded if outcome.defect == defect]
        missed = ", ".join(sorted({outcome.table for outcome in mine if not outcome.caught}))
        lines.append(f"| {defect} | {sum(outcome.caught for outcome in mine)} | {len(mine)} | {missed} |")
    if seeded:
        lines += ["", f"Caught: {share(sum(outcome.caught for outcome in seeded), len(seeded))} of {len(seeded)}."]
    clean = [outcome for outcome in outcomes if not outcome.defect]
    if clean:
        alarmed = [outcome for outcome in clean if outcome.failed]
        names = sorted({name for outcome in alarmed for name in outcome.failed})
        lines.append(f"Clean audits with a failing criterion: {share(len(alarmed), len(clean))} of {len(clean)}.")
        lines += [f"- {name}" for name in names]
    lines.append(f"Median seconds a case: {statistics.median(outcome.seconds for outcome in outcomes):.1f}")
    return "\n".join(lines)


def main() -> None:
    """Run the cases and print the table; keep every outcome where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10, help="seeds a defect and table")
    parser.add_argument("--jobs", type=int, default=2, help="audits at once")
    parser.add_argument("--only", choices=["", *DEFECTS], default=None, help="one defect; empty: the clean cases")
    parser.add_argument("--out", type=Path, default=None, help="write every outcome here as JSON lines")
    options = parser.parse_args()
    with ThreadPoolExecutor(options.jobs) as pool:
        outcomes = list(pool.map(lambda case: run(*case), cases(options.seeds, options.only)))
    if options.out:
        options.out.write_text("".join(json.dumps(vars(outcome)) + "\n" for outcome in outcomes))
    print(report(outcomes))


if __name__ == "__main__":
    main()
