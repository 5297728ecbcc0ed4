"""Measure what safe loading costs, and what other scanners say of the same files.

Run `python -m benchmarks.loading` in the repository. To compare with picklescan, fickling and modelscan, install them
in an environment of their own and name its `bin` folder: `--others scanners/bin`.
"""

import argparse
import io
import pickle
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from govkit.inputs.allowlist import policy
from govkit.inputs.artifact import open_model
from govkit.inputs.formats.joblib import JoblibFormat
from govkit.inputs.formats.pickle import PickleFormat
from tests.inputs import corpus

SCANNERS = {
    "picklescan": ["picklescan", "-p"],
    "fickling": ["fickling", "--check-safety"],
    "modelscan": ["modelscan", "-p"],
}


def table(rows: int, columns: int = 10) -> pd.DataFrame:
    """Make numeric rows."""
    random = np.random.default_rng(0)
    return pd.DataFrame(random.normal(size=(rows, columns)), columns=[f"x{index}" for index in range(columns)])


def mixed_table(rows: int) -> pd.DataFrame:
    """Make rows of numbers, whole numbers and text, as a CSV file gives them."""
    random = np.random.default_rng(1)
    words = {"region": random.choice(["north", "south"], rows), "plan": random.choice(["a", "b", "c"], rows)}
    return table(rows, 6).assign(age=random.integers(18, 80, rows), **words)


def models() -> dict[str, BaseEstimator]:
    """Fit the models whose files are measured."""
    rows = table(2_000)
    label = (rows["x0"] + rows["x1"] > 0).astype(int)
    words = [" ".join(f"word{(row * step) % 20_011}" for step in range(1, 40)) for row in range(2_000)]
    return {
        "logistic regression": make_pipeline(StandardScaler(), LogisticRegression()).fit(rows, label),
        "forest of 300": RandomForestClassifier(300, random_state=0).fit(rows, label),
        "mixed table": make_pipeline(
            make_column_transformer((OneHotEncoder(), ["region", "plan"]), remainder="passthrough"),
            LogisticRegression(max_iter=1_000),
        ).fit(mixed_table(2_000), label),
        "histogram boosting": HistGradientBoostingClassifier(max_iter=200, random_state=0).fit(rows, label),
        "TF-IDF, 20,000 words": make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(words, label),
    }


def seconds(action: Callable[[], object], repeats: int = 5) -> float:
    """Give the median time of an action."""
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        action()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def scan_times(fitted: dict[str, BaseEstimator]) -> None:
    """Print scan time against load time."""
    print(f"{'model':<24}{'format':<12}{'bytes':>12}{'load':>10}{'scan':>10}{'ratio':>8}")
    for name, model in fitted.items():
        for how in ("pickle", "joblib", "joblib zlib"):
            stream = io.BytesIO()
            if how == "pickle":
                pickle.dump(model, stream)
            else:
                joblib.dump(model, stream, compress=3 if "zlib" in how else 0)
            content = stream.getvalue()
            reader = JoblibFormat() if "zlib" in how else PickleFormat()
            found = reader.scan(content, policy())
            if found.findings or found.unreadable:
                raise SystemExit(f"{name} did not pass: {found}")
            plain = pickle.loads if how == "pickle" else lambda content: joblib.load(io.BytesIO(content))
            load, scan = seconds(lambda: plain(content)), seconds(lambda: reader.scan(content, policy()))  # noqa: B023
            sizes = f"{len(content):>12,}{load * 1e3:>8.1f}ms{scan * 1e3:>8.1f}ms"
            print(f"{name:<24}{how:<12}{sizes}{scan / load:>7.1f}x")


def call_times(fitted: dict[str, BaseEstimator], folder: Path) -> None:
    """Print how long opening takes, and predictions in the process against predictions in this one."""
    print(f"\n{'model':<24}{'open':>9}{'rows':>10}{'here':>11}{'confined':>11}{'more':>11}{'ratio':>8}")
    for name in ("logistic regression", "mixed table", "forest of 300", "histogram boosting"):
        path = folder / "model.pkl"
        path.write_bytes(pickle.dumps(fitted[name]))
        start = time.perf_counter()
        _, model = open_model(path)
        opened = time.perf_counter() - start
        if model is None:
            raise SystemExit(f"{name} was refused")
        for count, repeats in ((1, 30), (1_000, 10), (100_000, 3)):
            rows = mixed_table(count) if name == "mixed table" else table(count)
            model.predict(rows)
            here = seconds(lambda: fitted[name].predict(rows), repeats)  # noqa: B023
            there = seconds(lambda: model.predict(rows), repeats)  # noqa: B023
            times = f"{here * 1e3:>9.2f}ms{there * 1e3:>9.2f}ms{(there - here) * 1e3:>9.2f}ms"
            print(f"{name:<24}{opened:>8.2f}s{count:>10,}{times}{there / here:>7.2f}x")
        model.release()


def detections(fitted: dict[str, BaseEstimator], folder: Path, others: Path | None) -> None:
    """Print how many hostile files each scanner stops, and how many ordinary ones it flags."""
    hostile, ordinary = folder / "hostile", folder / "ordinary"
    hostile.mkdir()
    ordinary.mkdir()
    for name, content, _ in corpus.malicious(hostile):
        (hostile / f"{name}.pkl").write_bytes(content)
    for number, model in enumerate(fitted.values()):
        for protocol in (2, 4, 5):
            (ordinary / f"{number}-{protocol}.pkl").write_bytes(pickle.dumps(model, protocol))
        joblib.dump(model, ordinary / f"{number}.joblib")
    files = {"hostile": sorted(hostile.glob("*.pkl")), "ordinary": sorted(ordinary.iterdir())}
    print(f"\n{'scanner':<14}{'stopped':>14}{'false alarms':>14}")
    for name, stops in scanners(others).items():
        stopped = sum(map(stops, files["hostile"]))
        alarms = sum(map(stops, files["ordinary"]))
        print(f"{name:<14}{stopped:>8}/{len(files['hostile']):<5}{alarms:>8}/{len(files['ordinary']):<5}")


def scanners(others: Path | None) -> dict[str, Callable[[Path], bool]]:
    """Give each scanner as a function that says whether it stops a file; a scanner that fails stops nothing."""

    def ours(path: Path) -> bool:
        content = path.read_bytes()
        joined = JoblibFormat()
        reader = joined if joined.recognises(content[:64], path) else PickleFormat()
        found = reader.scan(content, policy())
        return bool(found.findings or found.unreadable)

    def theirs(command: list[str], place: Path) -> Callable[[Path], bool]:
        program = [str(place / command[0]), *command[1:]]
        return lambda path: subprocess.run([*program, str(path)], check=False, capture_output=True).returncode == 1  # noqa: S603

    found: dict[str, Callable[[Path], bool]] = {"govkit": ours}
    if others is not None:
        found |= {name: theirs(command, others) for name, command in SCANNERS.items() if (others / command[0]).exists()}
    return found


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--others", type=Path, help="bin folder of an environment with other scanners")
    others = parser.parse_args().others
    fitted = models()
    scan_times(fitted)
    with tempfile.TemporaryDirectory() as folder:
        call_times(fitted, Path(folder))
        detections(fitted, Path(folder), others)


if __name__ == "__main__":
    main()
