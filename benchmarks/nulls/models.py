"""Models that are as good as they say, groups alike, and attacks that know nothing."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace

import numpy as np
from scipy.stats import binomtest

from benchmarks.nulls.rule import Random, Trial
from govkit.checks.fairness.error_rates import Rate, _compared
from govkit.checks.performance.slices import _confirmed, _test
from govkit.checks.privacy import _measures
from govkit.checks.privacy._doubts import CERTAIN, _worse
from govkit.checks.privacy._parts import CALLS
from govkit.comparison import difference
from govkit.core.evidence import Finding, Measurement
from govkit.stats import intervals, multiple
from govkit.stats.differential_privacy import epsilon_lower_bound, guesses

CLASSES, VALUES = (SimpleNamespace(is_classification=each) for each in (True, False))


def trials() -> Iterator[Trial]:
    """Give slices, champions, attacks, groups and records."""
    for n in (120, 200, 2_000):
        for sure in (0.6, 0.97):
            setting = f"5 slices, {n} held-out rows, {sure:g} sure"
            yield Trial("weak slice (PERF-030)", 0.05, setting, slices(n, sure))
        for kind in ("normal", "exponential", "lognormal"):
            setting = f"10 slices, {n} held-out rows, {kind} errors"
            yield Trial("biased slice (PERF-030)", 0.05, setting, biased(n, kind))
    for n in (60, 200, 2_000):
        for disagree in (0.02, 0.3):
            setting = f"{n} rows, {disagree:g} differ"
            yield Trial("worse than the champion (CHA-001)", 0.05, setting, champion(n, disagree))
        for tied in (False, True):
            setting = f"8 attacks, {n} rows a side{', tied' if tied else ''}"
            yield Trial("members beat false alarms (MIA-004)", 0.05, setting, attacked(n, tied=tied))
            yield Trial("an attack's AUC is above guessing (MIA-005)", 0.025, setting, told(n, tied=tied))
        yield Trial("calls contradict an epsilon of 0 (DPR-001)", 0.05, f"{n} rows a side", bounded(n))
        yield Trial("TRAIN does worse than DATA (MIA-011)", CERTAIN, f"{n} rows a side, error 0.05", doubted(n))
        for many in (2, 8):
            setting = f"{many} groups of {n}, rate 0.1"
            yield Trial("rates differ between groups (FAIR-020)", 0.05, setting, differing([n] * many))
        yield Trial("two records of one system differ (compare, Holm over 20)", 0.05, f"{n} rows, shares", compared(n))
    yield Trial(
        "rates differ between groups (FAIR-020)", 0.05, "60 and 6,000 rows, rate 0.03", differing([60, 6_000], 0.03)
    )


def slices(n: int, sure: float) -> Callable[[Random], bool]:
    """Test five slices of a model whose probabilities are right."""

    def spoke(rng: Random) -> bool:
        probability = rng.beta(20 * sure, 20 * (1 - sure), n)
        excess = (rng.random(n) > probability) - (1 - probability)
        tested = [_test(f"s{place}", excess, rng.random(n) < 0.45, CLASSES) for place in range(5)]
        found = _confirmed([one for one in tested if one], CLASSES)
        return any(isinstance(one, Finding) for one in found)

    return spoke


ERRORS: dict[str, Callable[[Random, int], np.ndarray]] = {
    "normal": lambda rng, n: rng.normal(size=n),
    "exponential": lambda rng, n: rng.exponential(1, n),
    "lognormal": lambda rng, n: rng.lognormal(0, 1, n),
}


def biased(n: int, kind: str) -> Callable[[Random], bool]:
    """Test five slices of each sign, whose errors are drawn as all others are."""

    def spoke(rng: Random) -> bool:
        errors = ERRORS[kind](rng, n)
        tested = [
            _test(f"s{place}", sign * errors, rng.random(n) < share, VALUES)
            for sign in (1.0, -1.0)
            for place, share in enumerate((0.25, 0.3, 0.4, 0.45, 0.5))
        ]
        found = _confirmed([one for one in tested if one], VALUES)
        return any(isinstance(one, Finding) for one in found)

    return spoke


def champion(n: int, disagree: float) -> Callable[[Random], bool]:
    """Compare two models that are right equally often."""

    def spoke(rng: Random) -> bool:
        gained, lost, _ = rng.multinomial(n, [disagree / 2, disagree / 2, 1 - disagree])
        return bool(lost > gained and binomtest(int(gained), int(gained + lost)).pvalue <= 0.05)

    return spoke


def attacks(rng: Random, n: int, *, tied: bool) -> list[_measures.Attack]:
    """Give eight attacks that know nothing."""

    def scores() -> np.ndarray:
        return np.round(rng.normal(size=n)) if tied else rng.normal(size=n)

    return [_measures.Attack(f"attack {place}", scores(), scores(), graded=True) for place in range(8)]


def attacked(n: int, *, tied: bool) -> Callable[[Random], bool]:
    """Look for members at one false claim in 100."""

    def spoke(rng: Random) -> bool:
        tried = attacks(rng, n, tied=tied)
        return any(True for _ in _measures.significant(tried, _measures.beyond_chance(tried, 1)))

    return spoke


def told(n: int, *, tied: bool) -> Callable[[Random], bool]:
    """Look for an attack whose simultaneous limit lies above guessing."""

    def spoke(rng: Random) -> bool:
        return max(found.interval.low for found in _measures.areas(attacks(rng, n, tied=tied))) > 0.5

    return spoke


def bounded(n: int) -> Callable[[Random], bool]:
    """Bound epsilon by calls of an attack that knows nothing."""

    def spoke(rng: Random) -> bool:
        scores, member = rng.normal(size=2 * n), rng.random(2 * n) < 0.5
        level = multiple.simultaneous(0.95, len(CALLS))
        bounds = []
        for share in CALLS:
            called, right = guesses(scores, member, share)
            bounds.append(epsilon_lower_bound(right, called, 2 * n, level=level))
        return max(bounds) > 0

    return spoke


def doubted(n: int) -> Callable[[Random], bool]:
    """Compare mistakes on two tables."""
    return lambda rng: _worse(*((rng.random(n) < 0.05) * 1.0 for _ in range(2)))


def differing(sizes: list[int], rate: float = 0.1) -> Callable[[Random], bool]:
    """Compare the error rates of groups that have one, as `fairness.error_rates` does."""
    codes = np.repeat(np.arange(len(sizes)), sizes)
    grouping = SimpleNamespace(codes=codes, names=[f"group {place}" for place in range(len(sizes))])
    parts = SimpleNamespace(grouping=grouping, judged=np.arange(len(sizes)), attribute="group", crossed=False)
    every = np.ones(len(codes), dtype=bool)

    def spoke(rng: Random) -> bool:
        yes, wrong = rng.random(len(codes)) < 0.5, rng.random(len(codes)) < rate
        rates = [
            Rate("true_positive_rate", yes, ~wrong, ""),
            Rate("false_positive_rate", ~yes, wrong, ""),
            Rate("accuracy", every, ~wrong, ""),
        ]
        return any(isinstance(one, Finding) and one.rule == "FAIR-020" for one in _compared(parts, rates, 10))

    return spoke


def compared(n: int) -> Callable[[Random], bool]:
    """Compare two records of 20 shares each."""

    def measured(hits: int) -> Measurement:
        return Measurement(name="a", value=hits / n, unit="share", n=n, interval=intervals.proportion(hits, n))

    def spoke(rng: Random) -> bool:
        chance = rng.uniform(0.01, 0.5, 20)
        pairs = [[measured(int(hits)) for hits in rng.binomial(n, share, 2)] for share in chance]
        return min(multiple.holm([difference(old, new)[2] for old, new in pairs])) <= 0.05

    return spoke
