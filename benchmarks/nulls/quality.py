"""Tables that are as declared, with labels that are right and values that say nothing of them."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace

import numpy as np
import pandas as pd
from scipy.special import expit
from scipy.stats import false_discovery_control

from benchmarks.nulls.rule import Random, Trial
from govkit.checks.performance.out_of_range import LEAST, RATE, _outside
from govkit.checks.quality._order import CHANCE, is_ordered
from govkit.checks.quality.label_errors import _judgement, _noise, _Seen
from govkit.checks.quality.representativeness import Cell, _gaps, _mismatch
from govkit.checks.security.poisoning import _fixing
from govkit.core.evidence import Finding, Measurement
from govkit.stats.label_noise import plateau


def trials() -> Iterator[Trial]:
    """Give populations, ranges, planted values, labels and orders of classes."""
    yield from tables()
    yield from labels()


def tables() -> Iterator[Trial]:
    """Give populations, ranges and planted values."""
    for n in (30, 200, 5_000):
        for shares in ((0.5, 0.5), (0.98, 0.02), (0.5, *[0.01] * 50)):
            setting = f"{n} rows, {len(shares)} groups, smallest {min(shares):g}"
            yield Trial("population (mismatch_p_value at 0.05)", 0.05, setting, population(n, shares, finding=False))
            yield Trial("group falls short (QUA-040)", 0.05, setting, population(n, shares, finding=True))
    for before, now in ((60, 60), (500, 200), (2_000, 2_000)):
        for kind, draw in RANGES.items():
            setting = f"{before} and {now} rows, 10 columns, {kind}"
            yield Trial("outside the range of training (PERF-021)", RATE, setting, outside(draw, before, now))
    for n, values in ((500, 30), (500, 60), (5_000, 200)):
        setting = f"{n} rows, {values} values, 10 columns"
        yield Trial("one value fixes the class (SEC-022)", 0.05, setting, fixed(n, values))


def labels() -> Iterator[Trial]:
    """Give swapped labels and orders of classes."""
    for n in (600, 2_000):
        for strength in (1.0, 4.0):
            setting = f"{n} rows, log-odds of SD {strength:g}"
            yield Trial("labels look swapped (QUA-020), classes known", 0.05, setting, swapped(n, strength))
            setting += " in two tables, 4 columns"
            yield Trial("labels look swapped (QUA-020), judged", 0.05, setting, judged(n, strength), 200)
    for classes in (5, 8):
        chance = max(CHANCE, 4 / 120 if classes == 5 else 0.0)
        yield Trial("classes are a scale (QUA-006)", chance, f"{classes} classes, 5 columns", ordered(classes), 400)


def population(n: int, shares: tuple[float, ...], *, finding: bool) -> Callable[[Random], bool]:
    """Draw groups at the declared shares."""

    def spoke(rng: Random) -> bool:
        counts = rng.multinomial(n, np.array(shares) / sum(shares)).tolist()
        cells = [
            Cell("a", f"a {place}", share / sum(shares), count, n)
            for place, (share, count) in enumerate(zip(shares, counts, strict=True))
        ]
        if finding:
            return any(isinstance(found, Finding) for found in _gaps(cells))
        return any(
            isinstance(one, Measurement) and one.name.endswith("p_value") and one.value <= 0.05
            for one in _mismatch("a", cells, 1)
        )

    return spoke


RANGES: dict[str, Callable[[Random, int], np.ndarray]] = {
    "normal": lambda rng, n: rng.normal(size=n),
    "tied": lambda rng, n: rng.poisson(0.7, n),
    "lognormal": lambda rng, n: rng.lognormal(0, 2, n),
    "words": lambda rng, n: np.char.add("w", np.minimum(rng.geometric(0.08, n), 60).astype(str)),
    "rare words": lambda rng, n: np.char.add(
        "w", np.where(rng.random(n) < 0.97, 0, rng.integers(0, 40, n)).astype(str)
    ),
}


def outside(draw: Callable[[Random, int], np.ndarray], before: int, now: int) -> Callable[[Random], bool]:
    """Look for values beyond those of training in ten columns."""

    def spoke(rng: Random) -> bool:
        found = [_outside(f"c{place}", pd.Series(draw(rng, before)), pd.Series(draw(rng, now))) for place in range(10)]
        kept = [one for one in found if one]
        adjusted = false_discovery_control([one.chance for one in kept]) if kept else []
        return any(chance <= RATE and one.rows.mean() >= LEAST for one, chance in zip(kept, adjusted, strict=True))

    return spoke


def fixed(n: int, values: int) -> Callable[[Random], bool]:
    """Look for values that go with one class, in columns that tell nothing of it."""

    def spoke(rng: Random) -> bool:
        labels = (rng.random(n) < 0.15).astype(np.int64)
        return any(any(True for _ in _fixing(pd.Series(rng.integers(0, values, n) * 1.0), labels)) for _ in range(10))

    return spoke


def swapped(n: int, strength: float) -> Callable[[Random], bool]:
    """Judge right labels by the log-odds that they were drawn from."""

    def spoke(rng: Random) -> bool:
        odds = strength * rng.normal(size=n)
        found = plateau(np.abs(odds), (rng.random(n) < expit(odds)) == (odds > 0), 2)
        return (found.interval.low or 0.0) > 0

    return spoke


def judged(n: int, strength: float) -> Callable[[Random], bool]:
    """Judge right labels of two tables by models fitted to the other rows, as `quality.label_errors` does."""
    names = [f"c{place}" for place in range(4)]
    columns = SimpleNamespace(features=tuple(names), kinds=dict.fromkeys(names, "number"))

    def spoke(rng: Random) -> bool:
        frame = pd.DataFrame({name: rng.normal(size=n) for name in names})
        labels = (rng.random(n) < expit(strength * frame.sum(axis=1).to_numpy() / 2)).astype(np.int64)
        halves = [SimpleNamespace(frame=part) for part in (frame[: n // 2], frame[n // 2 :])]
        file = np.arange(n) // (n // 2)
        seen = _Seen(("TRAIN", "DATA"), file, np.arange(n) % (n // 2), labels)
        judgement, _ = _judgement(halves, columns, seen, 1)
        parts = [_noise(judgement[inside], labels[inside], 2) for _, inside in seen.parts()]
        return any((found.interval.low or 0.0) > 0 for found in parts)

    return spoke


def ordered(classes: int) -> Callable[[Random], bool]:
    """Number classes at random that lie anywhere."""
    names = tuple(f"c{place}" for place in range(5))
    task = SimpleNamespace(classes=tuple(range(classes)))

    def spoke(rng: Random) -> bool:
        codes = rng.integers(0, classes, 400)
        places = rng.normal(size=(classes, 5)) * np.array([3.0, 1.0, 0.3, 0.3, 0.3])
        rows = places[codes] + rng.normal(size=(400, 5))
        data = SimpleNamespace(frame=pd.DataFrame(rows, columns=list(names)))
        return is_ordered(task, data, names, codes, int(rng.integers(1_000_000)))

    return spoke
