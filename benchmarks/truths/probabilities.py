"""Calibration, distances and noise."""

from collections.abc import Iterator

import numpy as np
from scipy.special import expit, logit

from benchmarks.truths.case import NONE, Case, Draw, Random
from govkit.core.evidence import Interval
from govkit.stats import calibration, distances, intervals, label_noise


def cases() -> Iterator[Case]:
    """Give calibration, distances and noise."""
    for n, slope in ((50, 1.0), (100, 1.0), (100, 0.5), (500, 0.5), (2_000, 1.0)):
        yield Case("calibration slope (Wald)", f"n {n}, {slope:g}", sloped(n, slope))
    for n in (100, 500, 5_000):
        for apart in (0.0, 0.05):
            yield Case("expected calibration error", f"n {n}, off by {apart:g}", miscalibrated(n, apart))
            for part in ("reliability", "resolution", "uncertainty"):
                yield Case(f"Brier score, {part} (bootstrap)", f"n {n}, off by {apart:g}", decomposed(n, apart, part))
    even, rare = (0.3, 0.3, 0.4), (0.9, 0.08, 0.015, 0.005)
    for n, before, now in (
        (30, even, even),
        (300, even, (0.5, 0.3, 0.2)),
        (300, rare, rare),
        (300, rare, (0.85, 0.1, 0.03, 0.02)),
        (3_000, even, (0.35, 0.3, 0.35)),
    ):
        yield Case("stability index (bootstrap)", f"n {n}, {before} to {now}", shifted(n, before, now))
    for n, noise in ((300, 0.0), (300, 0.1), (2_000, 0.05), (2_000, 0.2)):
        yield Case("label noise (profile likelihood)", f"n {n}, {noise:g}", noisy(n, noise))


def sloped(n: int, slope: float) -> Draw:
    """Draw outcomes whose log-odds are `slope` times those stated."""

    def draw(rng: Random) -> tuple[Interval, float]:
        probability = rng.beta(2, 3, n)
        found = calibration.recalibration(probability, rng.random(n) < expit(slope * logit(probability)))
        if found is None:
            return NONE, slope
        return intervals.around(*found, freedom=float("inf"), method="wald"), slope

    return draw


STATED = np.linspace(0.05, 0.95, 10)
"""Ten probabilities that a model may state, each a bin of its own."""


def binned(rng: Random, n: int, apart: float) -> list[calibration.Bin]:
    """Draw rows at ten probabilities, the lower half stated too high and the upper half too low."""
    stated = rng.choice(STATED, n)
    return calibration.equal_count_bins(stated, rng.random(n) < true_at(stated, apart), 10)


def true_at(stated: np.ndarray, apart: float) -> np.ndarray:
    """Give the true probability where one is stated."""
    return stated + np.where(stated < 0.5, 1, -1) * apart


def miscalibrated(n: int, apart: float) -> Draw:
    """Draw rows whose calibration error is known."""
    return lambda rng: (calibration.expected_calibration_error(binned(rng, n, apart))[1], apart)


def decomposed(n: int, apart: float, part: str) -> Draw:
    """Draw rows whose parts of the Brier score are known."""
    truth = true_at(STATED, apart)
    parts = {
        "reliability": float(np.mean((truth - STATED) ** 2)),
        "resolution": float(truth.var()),
        "uncertainty": float(truth.mean() * (1 - truth.mean())),
    }
    return lambda rng: (calibration.brier_parts(binned(rng, n, apart), 0.0, seed=1)[part][1], parts[part])


def shifted(n: int, before: tuple[float, ...], now: tuple[float, ...]) -> Draw:
    """Draw counts before and now."""
    truth = float(distances.stability_index(*(np.array(each) * 1e9 for each in (before, now))))
    return lambda rng: (
        distances.stability_interval(rng.multinomial(n, before), rng.multinomial(n, now), seed=1)[1],
        truth,
    )


def noisy(n: int, noise: float) -> Draw:
    """Draw labels of which some are swapped, and the margins of a model that knows the classes."""

    def draw(rng: Random) -> tuple[Interval, float]:
        odds = 3 * rng.normal(size=n)
        clean = rng.random(n) < expit(odds)
        label = clean ^ (rng.random(n) < noise)
        return label_noise.plateau(np.abs(odds), label == (odds > 0), 2).interval, noise

    return draw
