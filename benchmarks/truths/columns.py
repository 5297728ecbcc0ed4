"""What is judged column by column: leaks, proxies, shifts, distances of errors, and labels judged by a model."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace

import numpy as np
import pandas as pd
from scipy.special import expit
from scipy.stats import rankdata

from benchmarks.truths.case import NONE, Case, Draw, Random, lazily, whole
from govkit.checks.drift._compare import shift_of
from govkit.checks.fairness.residuals import _distance
from govkit.checks.performance.baseline import _gain, _share_of_variance
from govkit.checks.performance.importance import _share
from govkit.checks.quality._single import folds
from govkit.checks.quality.label_errors import _judgement, _noise, _Seen
from govkit.checks.quality.leakage import _alone, _interval, _of_r2
from govkit.config import Config
from govkit.core.evidence import Interval, Measurement
from govkit.inputs.disclosure import Disclosure
from govkit.inputs.predictions import Predictions
from govkit.inputs.reference import profile_of
from govkit.stats import association, influence
from govkit.stats.intervals import difference

SPREADS: dict[str, Callable[[Random, int], np.ndarray]] = {
    "normal": lambda rng, n: rng.normal(size=n),
    "exponential": lambda rng, n: rng.exponential(1, n),
    "Student's with 3": lambda rng, n: rng.standard_t(3, n),
}


def cases() -> Iterator[Case]:
    """Give leaks, proxies, shifts, distances and labels."""
    yield from told()
    yield from moved()
    for n in (60, 300, 2_000):
        for kind in SPREADS:
            setting = f"n {n}, {kind}"
            yield Case("R squared of ranks (jackknife, Hall)", setting, lazily(squared, n, kind))
            yield Case("gain over a constant (jackknife, Hall)", setting, gain(n, kind))
            yield Case("gain over a simple model (delta, Hall)", setting, simple(n, kind))
        yield Case("share of the largest importance (delta, Hall)", f"n {n}", importance(n))
    for n, noise in ((300, 0.0), (300, 0.1), (2_000, 0.05), (2_000, 0.2)):
        setting = f"n {n}, {noise:g}, 4 columns"
        yield Case("label noise, judged by fitted models", setting, judged(n, noise), 200)


def told() -> Iterator[Case]:
    """Give how well columns tell classes."""
    for n in (150, 1_000):  # 30 rows of a group, as groups need to be compared
        for told_by in (0.0, 0.3, 0.8):
            setting = f"n {n}, a fifth of two classes, {told_by:g}"
            yield Case("AUC of one column, cross-fitted (leakage)", setting, alone(n, told_by))
            yield Case("AUC of one column, cross-fitted (proxy)", setting, proxy(n, told_by))
            yield Case("fall of an AUC to new rows (DeLong, MOVER)", setting, fallen(n, told_by))


def moved() -> Iterator[Case]:
    """Give how far columns and errors have moved."""
    for n, now in ((300, 100), (100, 2_000), (3_000, 3_000)):
        for kind, draw in COLUMNS.items():
            setting = f"{n} and {now} rows, {kind}, alike"
            yield Case("stability index of a column", setting, stability(n, now, draw), 400)
    for n, other in ((30, 300), (300, 300), (2_000, 2_000)):
        for kind in SPREADS:
            for shift in (0.0, 0.3):
                setting = f"n {n} and {other}, {kind}, {shift:g} apart"
                yield Case("distance of errors (Wasserstein)", setting, apart(n, other, kind, shift), 400)


def two_values(rng: Random, n: int, told_by: float) -> tuple[np.ndarray, np.ndarray, float]:
    """Draw a class and a column of two values whose AUC is known."""
    yes = rng.random(n) < 0.2
    column = rng.random(n) < np.where(yes, 0.5 + told_by / 2, 0.5 - told_by / 2)
    return yes, column, 0.5 + told_by / 2


def alone(n: int, told_by: float) -> Draw:
    """Judge a column by itself, as `quality.leakage` does."""

    def draw(rng: Random) -> tuple[Interval, float]:
        yes, column, truth = two_values(rng, n, told_by)
        truths = yes[:, None].astype(np.float64)
        split = folds(n, 1)
        found = _alone("a", pd.Series(column * 1.0), truths, split)
        return _interval(found.estimate, truths, split, 0.95), truth

    return draw


def proxy(n: int, told_by: float) -> Draw:
    """Judge a column by itself, as `fairness.proxy` does."""

    def draw(rng: Random) -> tuple[Interval, float]:
        yes, column, truth = two_values(rng, n, told_by)
        (found,) = association.many_classes([column.astype(np.int64)], yes.astype(np.int64), association.halves(n, 1))
        return (NONE if found is None else influence.interval(*found, yes, learnt=True)), truth

    return draw


def fallen(n: int, told_by: float) -> Draw:
    """Judge a column in TRAIN and in DATA."""

    def draw(rng: Random) -> tuple[Interval, float]:
        sides = []
        for strength in (told_by, told_by / 2):
            yes, column, _ = two_values(rng, n, strength)
            truths = yes[:, None].astype(np.float64)
            split = folds(n, 1)
            found = _alone("a", pd.Series(column * 1.0), truths, split)
            sides.append((found.value, _interval(found.estimate, truths, split, 0.95)))
        return difference(*sides), told_by / 4

    return draw


def squared(n: int, kind: str) -> Draw:
    """Draw an estimate that explains half of a target, and of its ranks nearly as much."""
    known = np.random.default_rng(9)
    one, rest = (SPREADS[kind](known, 1_000_000) for _ in range(2))
    ranked = float(np.corrcoef(rankdata(one), rankdata(one + rest))[0, 1]) ** 2

    def draw(rng: Random) -> tuple[Interval, float]:
        one, rest = (SPREADS[kind](rng, n) for _ in range(2))
        estimate, target = one[:, None], (one + rest)[:, None]
        return _of_r2(estimate, target, 0.95), ranked

    return draw


def gain(n: int, kind: str) -> Draw:
    """Draw errors of a model and of a constant, half of the variance explained."""

    def draw(rng: Random) -> tuple[Interval, float]:
        one, rest = (SPREADS[kind](rng, n) for _ in range(2))
        middle = float(np.mean(SPREADS[kind](np.random.default_rng(9), 1_000_000)))
        target = one + rest - 2 * middle
        centred = target - target.mean()
        rows = np.column_stack([target**2 - (rest - middle) ** 2, centred, centred**2])
        return whole(_share_of_variance("gain_over_baseline", rows, float(rows[:, 2].mean())).interval), 0.5

    return draw


def simple(n: int, kind: str) -> Draw:
    """Draw a model that explains a half, beside one that explains a third of three equal parts."""
    task = SimpleNamespace(is_classification=False)

    def draw(rng: Random) -> tuple[Interval, float]:
        first, second, rest = (SPREADS[kind](rng, n) for _ in range(3))
        middle = 1.0 if kind == "exponential" else 0.0
        answers = first + second + middle
        found = Predictions(np.arange(n), first + second + rest, answers, None, None, 0, 0)
        return whole(_gain(found, first + 2 * middle, "simple", task).interval), 1 / 3

    return draw


def importance(n: int) -> Draw:
    """Draw rises of the loss of which the largest are rare."""

    def draw(rng: Random) -> tuple[Interval, float]:
        rare = rng.random(n) < 0.1
        risen = np.column_stack([rare * rng.exponential(6, n), rng.exponential(0.3, n), rng.exponential(0.1, n)])
        found = [one for one in _share(risen) if isinstance(one, Measurement)]
        return (whole(found[0].interval) if found else NONE), 0.6

    return draw


COLUMNS: dict[str, Callable[[Random, int], np.ndarray]] = {
    "normal": lambda rng, n: rng.normal(size=n),
    "tied": lambda rng, n: rng.poisson(0.7, n).astype(np.float64),
    "40 even categories": lambda rng, n: np.char.add("c", rng.integers(0, 40, n).astype(str)),
    "40 uneven categories": lambda rng, n: np.char.add("c", np.minimum(rng.geometric(0.12, n), 40).astype(str)),
}


def stability(n: int, now: int, column: Callable[[Random, int], np.ndarray]) -> Draw:
    """Draw a column twice alike and compare it as `drift.features` does."""

    def draw(rng: Random) -> tuple[Interval, float]:
        before, later = (pd.DataFrame({"a": column(rng, rows)}) for rows in (n, now))
        train = SimpleNamespace(frame=before, columns=("a",), sha256="0" * 64, rows=n)
        profile = profile_of(train, Disclosure(Config()))
        found = shift_of("a", profile, later["a"], seed=1, reference=before["a"]) if profile.columns else None
        return (NONE if found is None else found.interval), 0.0

    return draw


def apart(n: int, other: int, kind: str, shift: float) -> Draw:
    """Draw errors of a group and of all others."""
    groups = SimpleNamespace(
        grouping=SimpleNamespace(codes=np.repeat([0, 1], [n, other])), label=lambda _: {"group": "a"}
    )

    def draw(rng: Random) -> tuple[Interval, float]:
        errors = np.concatenate([SPREADS[kind](rng, n) + shift, SPREADS[kind](rng, other)])
        return whole(_distance(groups, 0, errors, 1).interval), shift

    return draw


def judged(n: int, noise: float) -> Draw:
    """Swap some labels, and judge them by models fitted to the other rows."""
    names = tuple(f"c{place}" for place in range(4))
    columns = SimpleNamespace(features=names, kinds=dict.fromkeys(names, "number"))

    def draw(rng: Random) -> tuple[Interval, float]:
        frame = pd.DataFrame({name: rng.normal(size=n) for name in names})
        clean = rng.random(n) < expit(2 * frame.sum(axis=1).to_numpy())
        labels = (clean ^ (rng.random(n) < noise)).astype(np.int64)
        seen = _Seen(("DATA",), np.zeros(n, dtype=np.int64), np.arange(n), labels)
        return _noise(_judgement([SimpleNamespace(frame=frame)], columns, seen, 1)[0], labels, 2).interval, noise

    return draw
