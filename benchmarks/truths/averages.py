"""Means, medians, and what rests on them."""

from collections.abc import Callable, Iterator

import numpy as np

from benchmarks.truths.case import Case, Draw, Random, lazily, whole
from govkit.checks.performance import _metrics
from govkit.core.evidence import Interval
from govkit.inputs.predictions import Predictions
from govkit.stats import groups, intervals, means

BIG = 200_000


VALUES: dict[str, tuple[Callable[[Random, int], np.ndarray], means.Bounds]] = {
    "normal": (lambda rng, n: rng.normal(2, 1, n), means.UNBOUNDED),
    "exponential": (lambda rng, n: rng.exponential(1, n), (0.0, np.inf)),
    "lognormal": (lambda rng, n: rng.lognormal(0, 1, n), (0.0, np.inf)),
    "squares": (lambda rng, n: rng.normal(size=n) ** 2, (0.0, np.inf)),
    "Student's with 3": (lambda rng, n: rng.standard_t(3, n), means.UNBOUNDED),
    "mostly 0": (lambda rng, n: (rng.random(n) < 0.1) * rng.exponential(1, n), (0.0, np.inf)),
    "0 or 1, rare": (lambda rng, n: (rng.random(n) < 0.03) * 1.0, (0.0, 1.0)),
    "Brier score": (lambda rng, n: squared(rng, rng.beta(8, 0.5, n)), (0.0, 1.0)),
    "log loss": (lambda rng, n: lost(rng, rng.beta(5, 1, n)), (0.0, np.inf)),
    "small changes": (lambda rng, n: (rng.random(n) < 0.05) * rng.uniform(-0.1, 0.2, n), (-1.0, 1.0)),
    "gap": (lambda rng, n: happening(rng, rng.beta(1, 20, n)), (-1.0, 1.0)),
}


def squared(rng: Random, probability: np.ndarray) -> np.ndarray:
    """Give squared errors of right probabilities."""
    return (probability - (rng.random(len(probability)) < probability)) ** 2


def lost(rng: Random, probability: np.ndarray) -> np.ndarray:
    """Give log losses of right probabilities."""
    return -np.log(np.where(rng.random(len(probability)) < probability, probability, 1 - probability))


def happening(rng: Random, probability: np.ndarray) -> np.ndarray:
    """Give what happened less its probability."""
    return (rng.random(len(probability)) < probability) - probability


def cases() -> Iterator[Case]:
    """Give means, medians, and what rests on them."""
    for kind, (values, within) in VALUES.items():
        for n in (10, 20, 50, 200, 1_000):
            yield Case("mean (Student, Hall; Bentkus)", f"n {n}, {kind}", lazily(mean_of, values, within, n))
        for n, other in ((20, 20), (30, 300), (300, 300)):
            yield Case(
                "difference of means (MOVER)",
                f"n {n} and {other}, {kind}",
                lambda rng, n=n, other=other, values=values, within=within: (
                    means.mean_difference(values(rng, n), values(rng, other), within=within)[1],
                    0.0,
                ),
            )
    for n in (5, 20, 80, 500):
        yield Case(
            "median (order statistics)",
            f"n {n}, exponential",
            lambda rng, n=n: (intervals.median(rng.exponential(1, n)), float(np.log(2))),
        )
    for n in (20, 50, 150, 1_000):
        for kind in ("normal", "exponential"):
            yield Case("R squared (jackknife, Hall)", f"n {n}, {kind}", explained(n, kind))
            yield Case("share of a sum (delta, Hall)", f"n {n}, {kind}", part_of_sum(n, kind))
        yield Case("ratio of shares (delta, Bentkus)", f"n {n}, 2 % lost", kept(n))
    for n in ((30, 30), (30, 300), (20, 20, 20, 20)):
        yield Case("largest difference of means (MOVER, pairs)", f"n {n}, exponential", group_means(n))


def mean_of(values: Callable[[Random, int], np.ndarray], within: means.Bounds, n: int) -> Draw:
    """Draw values whose mean is known from four million."""
    truth = float(np.mean([values(np.random.default_rng(9 + part), BIG).mean() for part in range(20)]))
    return lambda rng: (means.mean(values(rng, n), within=within), truth)


def explained(n: int, kind: str) -> Draw:
    """Draw a target of which half is explained."""

    def draw(rng: Random) -> tuple[Interval, float]:
        feature, rest = (rng.normal(size=n) if kind == "normal" else rng.exponential(1, n) - 1 for _ in range(2))
        truth = feature + rest
        return whole(_metrics.r2(Predictions(np.arange(n), truth, feature, None, None, 0, 0)).interval), 0.5

    return draw


def part_of_sum(n: int, kind: str) -> Draw:
    """Draw parts whose means are 1 and 3."""

    def draw(rng: Random) -> tuple[Interval, float]:
        one, other = (rng.normal(size=n) + 1 if kind == "normal" else rng.exponential(1, n) for _ in range(2))
        return means.ratio(one, one + 3 * other)[1], 0.25

    return draw


def kept(n: int) -> Draw:
    """Draw right answers of which a few are lost and fewer won under noise."""

    def draw(rng: Random) -> tuple[Interval, float]:
        right = rng.random(n) < 0.9
        later = np.where(right, rng.random(n) >= 0.02, rng.random(n) < 0.05)
        return means.ratio(later * 1.0, right * 1.0, largest=1.0)[1], (0.9 * 0.98 + 0.1 * 0.05) / 0.9

    return draw


def group_means(n: tuple[int, ...]) -> Draw:
    """Draw groups of which one lies higher."""

    def draw(rng: Random) -> tuple[Interval, float]:
        drawn = [rng.exponential(1, size) + (place == 0) for place, size in enumerate(n)]
        return groups.largest_mean_difference(drawn).interval, 1.0

    return draw
