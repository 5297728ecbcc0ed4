"""The attack beside exact optima and HopSkipJump: `python benchmarks/robustness.py [PART ...] [FILE:TARGET ...]`.

Everything is made here or comes with scikit-learn; tables of the user's own, CSV files with the name of their target,
join the part `pipelines`. Each part prints one line a model. `below` counts changes nearer
than a proved bound and must be 0. Times are CPU seconds.
"""

import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from catboost import CatBoostClassifier
from hypothesis import HealthCheck, given, settings, strategies
from lightgbm import LGBMClassifier
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_breast_cancer, load_iris, make_classification
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import all_estimators
from xgboost import XGBClassifier

sys.path.insert(0, str(Path(__file__).parents[1]))

from govkit.checks.robustness._bounds import prove
from govkit.checks.robustness._campaign import by_scores, effort_of
from govkit.checks.robustness._inference import space_of
from govkit.checks.robustness._oracle import Asked, Goal
from govkit.checks.robustness._score_search import everything
from govkit.checks.robustness._search import Search
from govkit.checks.robustness._validator import Validator
from govkit.checks.robustness.evasion import BUDGETS
from govkit.config import Robustness
from tests.checks.robustness import test_space as made
from tests.in_process_model import inputs

WORK = BUDGETS["standard"]
SPACES = 420
HAVE_NONE, LIMIT = 0.6, 6.2
SIZES = [0.05, 0.1, 0.25, 0.5]


def numeric(kind: str) -> pd.DataFrame:
    """Give a table of numbers with a target."""
    if kind == "cancer":
        return load_breast_cancer(as_frame=True).frame.sample(frac=1, random_state=0)
    cells, target = make_classification(900, 12, n_informative=6, random_state=3)
    return pd.DataFrame(cells, columns=[f"c{at}" for at in range(12)]).assign(target=target)


def mixed(rows: int = 2_400) -> pd.DataFrame:
    """Give people with numbers, whole numbers and categories."""
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "income": rng.normal(3_000, 800, rows).round(2),
            "hours": rng.integers(10, 60, rows),
            "age": rng.integers(18, 80, rows),
            "debt": np.where(rng.random(rows) < HAVE_NONE, 0.0, rng.gamma(2, 500, rows).round(2)),
            "work": rng.choice(["private", "public", "own"], rows, p=[0.6, 0.25, 0.15]),
            "school": rng.choice(["none", "basic", "high", "college"], rows),
        }
    )
    points = frame["income"] / 800 + frame["hours"] / 20 + frame["age"] / 40 - frame["debt"] / 900
    points += frame["school"].map({"none": -1.0, "basic": -0.3, "high": 0.2, "college": 1.0}) + rng.normal(0, 0.7, rows)
    return frame.assign(target=(points > LIMIT).astype(int))


def attacked(
    model: Any,  # noqa: ANN401 - any classifier
    frame: pd.DataFrame,
    rows: int,
    declared: Robustness | None = None,
) -> tuple[Search, Asked, float]:
    """Fit on the first half, attack rows of the second; give the search, what was asked, CPU seconds."""
    half = len(frame) // 2
    train, test = frame[:half], frame[half : half + 2 * rows]
    model.fit(train.drop(columns="target"), train["target"])
    case = inputs(Path(tempfile.mkdtemp()), model, test, train)
    space = space_of(case.train.frame, case.columns, declared)
    right = np.flatnonzero(case.predictions.truth == case.predictions.predicted)[:rows]
    features = case.test.frame[list(case.columns.features)].iloc[right].reset_index(drop=True)
    predicted = case.predictions.predicted
    asked = Asked(case.model, case.task, space, features, Goal(predicted[right]))
    search = Search(asked, space, space.values(features), np.random.default_rng(0))
    started = time.process_time()
    pool = space.values(case.test.frame[list(case.columns.features)])
    search.start(pool, predicted[None] != predicted[right][:, None])
    by_scores(asked, search, SIZES, WORK)
    return search, asked, time.process_time() - started


def line(name: str, search: Search, asked: Asked, seconds: float, rows: int) -> None:
    """Prove bounds and print distances against them, by the search alone and with what the proofs turned up."""
    alone, queries, calls = search.reach.copy(), asked.queries, asked.calls
    started = time.process_time()
    bounds = prove(asked, search, SIZES[-1], (rows, 5_000))
    proving = time.process_time() - started
    known = np.flatnonzero(~np.isnan(bounds) & np.isfinite(alone) & (bounds > 0))
    ratios = [np.quantile(reach[known] / bounds[known], (0.5, 0.9)) for reach in (alone, search.reach)]
    gap = max((alone > size).mean() - (bounds > size).mean() for size in SIZES) if len(known) else float("nan")
    print(
        f"{name:24} rows {len(known):3}  search/bound {ratios[0][0]:.3f} {ratios[0][1]:.3f}  with proofs "
        f"{ratios[1][0]:.3f} {ratios[1][1]:.3f}  RA gap {gap:.3f}  below {int((bounds > alone * (1 + 1e-9)).sum())}  "
        f"{queries / len(alone):.0f} queries/row  {calls} calls  {seconds:.1f} s  "
        f"proofs {proving / len(alone):.3f} s/row",
        flush=True,
    )


def linear() -> None:
    """Compare with closed forms: numbers, and numbers with swaps."""
    for kind in ("cancer", "made"):
        model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
        line(f"LR {kind}", *attacked(model, numeric(kind), 100), 100)
    swaps = Robustness(category_swaps={"columns": {"work": "any", "school": "any"}})
    line("LR mixed", *attacked(pipeline(LogisticRegression(max_iter=500)), mixed(), 200, swaps), 200)


def pipeline(final: Any) -> Any:  # noqa: ANN401 - any classifier
    """Scale the numbers and encode the categories."""
    encode = make_column_transformer(
        (StandardScaler(), ["income", "hours", "age", "debt"]), (OneHotEncoder(), ["work", "school"])
    )
    return make_pipeline(encode, final)


def trees() -> None:
    """Compare with mixed-integer programs."""
    models = {
        "tree": DecisionTreeClassifier(max_depth=8, random_state=0),
        "GB 20": GradientBoostingClassifier(n_estimators=20, random_state=0),
        "GB 100": GradientBoostingClassifier(random_state=0),
        "RF 20": RandomForestClassifier(20, max_depth=5, random_state=0),
        "RF 50": RandomForestClassifier(50, random_state=0),
        "HistGB 100": HistGradientBoostingClassifier(random_state=0),
        "XGBoost 100": XGBClassifier(n_estimators=100, random_state=0),
        "LightGBM 100": LGBMClassifier(random_state=0, verbose=-1),
        "CatBoost 200": CatBoostClassifier(iterations=200, random_state=0, verbose=0, allow_writing_files=False),
    }
    for kind in ("cancer", "made"):
        for name, model in models.items():
            line(f"{name} {kind}", *attacked(model, numeric(kind), 30), 30)


def of_any(frame: pd.DataFrame, final: Any) -> Any:  # noqa: ANN401 - any classifier
    """Scale the numbers of a table, fill and encode its categories."""
    numbers = frame.drop(columns="target").select_dtypes("number").columns
    others = frame.drop(columns="target").columns.difference(numbers)
    encode = make_pipeline(
        SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    )
    return make_pipeline(make_column_transformer((StandardScaler(), numbers), (encode, others)), final)


def read(word: str) -> pd.DataFrame:
    """Read a table of the user's, `FILE:TARGET`, in random order; the rarer answer is 1."""
    place, target = word.rsplit(":", 1)
    frame = pd.read_csv(place).sample(frac=1, random_state=0, ignore_index=True)
    rare = frame[target].value_counts().index[-1]
    return frame.drop(columns=target).assign(target=(frame[target] == rare).astype(int))


def pipelines() -> None:
    """Compare with HopSkipJump, whose changed rows are made possible ones and asked again, on the same rows."""
    tables = {"mixed": mixed(5_000)} | {Path(word).stem: read(word) for word in sys.argv[1:] if ":" in word}
    for table, frame in tables.items():
        for final in (RandomForestClassifier(50, random_state=0), HistGradientBoostingClassifier(random_state=0)):
            name = f"{table} {type(final).__name__}"
            search, asked, seconds = attacked(of_any(frame, final), frame, 1_000)
            count, calls = 8, asked.calls
            started = time.process_time()
            theirs = hop_skip_jump(asked, search, count)
            slow = time.process_time() - started
            own = [f"{(search.reach[:count] > size).mean():.3f}" for size in SIZES]
            other = [f"{(theirs > size).mean():.3f}" for size in SIZES]
            ratio = (slow / count) / (seconds / len(search.reach))
            print(
                f"{name:44} RA {own}  HopSkipJump repaired {other}  {ratio:.0f} times faster a row  "
                f"{len(search.reach)} rows in {seconds:.1f} s and {calls} calls",
                flush=True,
            )


def hop_skip_jump(asked: Asked, search: Search, count: int) -> np.ndarray:
    """Attack some rows with ART from the changes found by chance, in robust scales; give distances after repair."""
    from art.attacks.evasion import HopSkipJump
    from art.estimators.classification import BlackBoxClassifier

    space, found = search.space, np.full(count, np.inf)
    fresh = replace(asked)
    numbers = np.flatnonzero(space.number)
    for row in range(count):
        original = search.original[row]
        free = numbers[np.isfinite(original[numbers])]

        def cells(steps: np.ndarray, original: np.ndarray = original, free: np.ndarray = free) -> np.ndarray:
            moved = np.tile(original, (len(steps), 1))
            moved[:, free] += steps.astype(np.float64) * space.scale[free]
            return moved

        def answers(steps: np.ndarray, row: int = row, cells: Callable[..., np.ndarray] = cells) -> np.ndarray:
            turned = fresh.margins(cells(steps), np.full(len(steps), row)) < 0
            return np.stack([~turned, turned], axis=1).astype(np.float32)

        low = (np.minimum(space.low[free], original[free]) - original[free]) / space.scale[free]
        high = (np.maximum(space.high[free], original[free]) - original[free]) / space.scale[free]
        start = ((search.best[row] - original) / space.scale)[free][None].astype(np.float32) * 1.001
        view = BlackBoxClassifier(answers, (len(free),), 2, clip_values=(low - 1e-3, high + 1e-3))
        attack = HopSkipJump(view, norm=np.inf, max_iter=20, max_eval=1_000, init_eval=100, verbose=False)
        steps = attack.generate(np.zeros((1, len(free)), dtype=np.float32), x_adv_init=start)
        repaired = space.admissible(cells(steps), original[None])
        if fresh.margins(repaired, np.array([row]))[0] < 0:
            found[row] = space.distance(repaired, original[None])[0]
    return found


def spaces() -> None:
    """Hold rows from random constraint spaces against the rules, by code that shares nothing with the attack."""
    rows = broken = turned = 0
    found: list[str] = []

    @settings(max_examples=SPACES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(declared=made.declarations(), seed=strategies.integers(0, 1_000))
    def one(declared: Robustness, seed: int) -> None:
        nonlocal rows, broken, turned
        frame = made.table(seed)
        columns = made.columns_of(frame)
        space = space_of(frame, columns, declared)
        original = space.values(frame)
        search = Search(made.Wavy(space, original), space, original, np.random.default_rng(seed))
        everything(search, 1.0, replace(effort_of(WORK), probes=60, sweeps=1, rounds=3, proposals=4))
        wild = original + np.random.default_rng(seed).normal(size=original.shape) * space.scale
        kept, index = space.admissible(wild, original, 0.5), np.flatnonzero(np.isfinite(search.reach))
        rules = Validator(frame, columns.kinds, declared)
        for cells, source, reach in (
            (search.best[index], frame.iloc[index], search.reach[index]),
            (kept, frame, np.full(len(frame), 0.5)),
        ):
            wrong = rules.impossible(space.frame(source, cells), source, reach)
            rows, broken = rows + len(wrong), broken + int(wrong.sum())
        turned += len(index)
        found.append(declared.model_dump_json())

    one()
    print(
        f"{len(found)} spaces, {len(set(found))} different  {rows} rows, {turned} of them turned  {broken} impossible"
    )


def classifiers() -> None:
    """Attack every classifier of scikit-learn that fits a plain table."""
    names, failed = [], []
    frame = load_iris(as_frame=True).frame.sample(frac=1, random_state=0)
    for name, kind in all_estimators(type_filter="classifier"):
        try:
            model = kind().fit(frame.drop(columns="target"), frame["target"])
        except (TypeError, ValueError):
            continue  # takes another estimator, or other data
        try:
            search, _, _ = attacked(model, frame, 30)
            names.append(name if np.isfinite(search.reach).any() else f"{name} (never turned)")
        except Exception as error:  # noqa: BLE001 - what fails is the result
            failed.append(f"{name}: {type(error).__name__}")
    print(f"{len(names)} ran, {len(failed)} failed {failed}; never turned: {[one for one in names if ' ' in one]}")


def main() -> None:
    """Run the parts that are named, or all."""
    warnings.simplefilter("ignore")
    parts = {"linear": linear, "trees": trees, "pipelines": pipelines, "spaces": spaces, "classifiers": classifiers}
    for name in [word for word in sys.argv[1:] if ":" not in word] or parts:
        print(f"-- {name}")
        parts[name]()


if __name__ == "__main__":
    main()
