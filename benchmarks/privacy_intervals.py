"""Simulate how often the intervals of the privacy checks hold what is true, over the range they are declared for.

    PYTHONPATH=. python benchmarks/privacy_intervals.py [--repeats 1000] [--only delong,found,epsilon,newcombe,matched]

One line per kind of scores and number of rows a side: the lowest coverage over the true values tried, and where. A method
that is exact covers more than its level; one below its level by more than 2 points falls short.
"""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from govkit.checks.privacy._confounders import Blind, _matched
from govkit.checks.privacy._sample import LeftOut, Sample
from govkit.checks.privacy.attribute_inference import difference
from govkit.core.evidence import Interval
from govkit.stats import intervals, roc
from govkit.stats.differential_privacy import epsilon_lower_bound, guesses
from govkit.stats.multiple import simultaneous

Numbers = np.ndarray
Generator = np.random.Generator
SIZES = (20, 50, 100, 300, 1_000)
AREAS = (0.5, 0.55, 0.65, 0.8, 0.9, 0.97, 0.99)
LEVELS = (0.95, 0.995)
"""For one attack, and for ten together."""


@dataclass(frozen=True)
class Setting:
    """Something true, and a way to draw an interval for it."""

    kind: str
    rows: int
    level: float
    true: float
    draw: Callable[[Generator], Interval | None]


def continuous(area: float, rows: int, random: Generator) -> tuple[Numbers, Numbers]:
    """Draw normal scores, the members' shifted."""
    return random.normal(norm.ppf(area) * np.sqrt(2), 1, rows), random.normal(size=rows)


def right_or_wrong(area: float, rows: int, random: Generator) -> tuple[Numbers, Numbers]:
    """Draw labels that are right for members more often."""
    other = min(0.8, 2 * (1 - area))
    chance = other + 2 * (area - 0.5)
    return (random.random(rows) < chance).astype(float), (random.random(rows) < other).astype(float)


def leaves(area: float, rows: int, random: Generator) -> tuple[Numbers, Numbers]:
    """Draw scores with one large tie, as a tree's pure leaves give them: most members and some others score 1."""
    share = 0.95
    other = share - 2 * (area - 0.5) * share / (1 - 0.5 * 0.05) * 0.975
    tied = [random.random(rows) < chance for chance in (share, max(other, 0.0))]
    low = [random.integers(0, 5, rows) / 5 for _ in tied]
    return np.where(tied[0], 1.0, low[0]), np.where(tied[1], 1.0, low[1])


SCORES = {"continuous": continuous, "right or wrong": right_or_wrong, "leaves": leaves}


def population(scores: Callable[..., tuple[Numbers, Numbers]], area: float) -> tuple[Numbers, Numbers]:
    """Draw so many rows that their value is as good as the true one."""
    return scores(area, 400_000, np.random.default_rng(12345))


def of_delong() -> Iterator[Setting]:
    """AUC of one attack."""
    for name, scores in SCORES.items():
        for area in AREAS:
            true, _ = intervals.delong(*population(scores, area))
            for rows in SIZES:
                for level in LEVELS:

                    def draw(random: Generator, scores=scores, area=area, rows=rows, level=level) -> Interval:
                        return intervals.delong(*scores(area, rows, random), level=level)[1]

                    yield Setting(f"delong, {name}", rows, level, true, draw)


def of_found() -> Iterator[Setting]:
    """Share of members found at few false alarms."""
    for name, scores in SCORES.items():
        for rate in (0.01, 0.001):
            for area in AREAS:
                members, others = population(scores, area)
                true = float((members > roc.threshold(others, rate)).mean())
                for rows in SIZES:
                    for level in LEVELS:

                        def draw(
                            random: Generator, scores=scores, area=area, rows=rows, level=level, rate=rate
                        ) -> Interval:
                            return roc.found_at(*scores(area, rows, random), rate, level=level)[1]

                        yield Setting(f"found at {rate}, {name}", rows, level, true, draw)


def of_epsilon() -> Iterator[Setting]:
    """Lower bound of epsilon by randomised response, three numbers of calls together."""
    for epsilon in (0.0, 0.2, 1.0, 3.0):
        for delta in (0.0, 0.001):
            for rows in SIZES:

                def draw(random: Generator, epsilon=epsilon, delta=delta, rows=rows) -> Interval:
                    member = random.random(2 * rows) < 0.5
                    chance = 1 / (1 + np.exp(-epsilon))
                    known = random.random(2 * rows) < delta
                    told = np.where((random.random(2 * rows) < chance) | known, member, ~member)
                    scores = np.where(known, 4.0 * member - 2, told) + random.random(2 * rows) / 2
                    level = simultaneous(0.95, 3)
                    bounds = []
                    for share in (0.01, 0.05, 0.2):
                        called, right = guesses(scores, member, share)
                        bounds.append(epsilon_lower_bound(right, called, 2 * rows, delta=delta, level=level))
                    return Interval(low=max(bounds), high=None, level=0.95, method="steinke")

                yield Setting(f"epsilon, delta {delta}", rows, 0.95, epsilon, draw)


def of_newcombe() -> Iterator[Setting]:
    """Difference of two shares."""
    for other in (0.02, 0.2, 0.5, 0.9, 0.99):
        for gap in (0.0, 0.05, 0.2, 0.4):
            for rows in SIZES:
                for level in LEVELS:
                    if other + gap <= 1:

                        def draw(random: Generator, other=other, gap=gap, rows=rows, level=level) -> Interval:
                            hits = random.random(rows) < other + gap, random.random(rows) < other
                            return difference(*hits, level)[1]

                        yield Setting("newcombe", rows, level, gap, draw)


def of_matched() -> Iterator[Setting]:
    """AUC after matching on blind scores, of an attack that sees what the files differ in and nothing else."""
    for shift in (0.3, 0.6, 1.0, 1.5):
        for rows in SIZES[1:]:

            def draw(random: Generator, shift=shift, rows=rows) -> Interval | None:
                member = np.arange(2 * rows) < rows
                seen = random.normal(size=2 * rows) + shift * member
                half = random.random(2 * rows) < 0.5
                nothing = np.zeros(2 * rows)
                sample = Sample(
                    rows=None, member=member, truth=nothing, predicted=nothing, probability=None, score=None,
                    weight=None, view=nothing, places=nothing, attack_half=half,
                    judged=np.ones(2 * rows, dtype=bool), left_out=LeftOut(0, 0, 0, 0),
                )  # fmt: skip
                noise = random.normal(size=2 * rows)
                found = Blind(seen + 0.1 * noise, 0.0, Interval(low=0, high=1, level=0.95, method=""), 2 * rows)
                fewer = _matched(sample, found, int(random.integers(2**31)))
                if fewer is None:
                    return None
                scores = seen + random.normal(size=2 * rows)
                members, others = (scores[fewer.judged & side] for side in (member, ~member))
                return intervals.delong(members, others)[1]

            yield Setting(f"matched, blind AUC {norm.cdf(shift / np.sqrt(2)):.2f}", rows, 0.95, 0.5, draw)


PARTS = {
    "delong": of_delong,
    "found": of_found,
    "epsilon": of_epsilon,
    "newcombe": of_newcombe,
    "matched": of_matched,
}


def coverage(setting: Setting, repeats: int) -> tuple[float, int]:
    """Give the share of intervals that hold the true value, and how many there were."""
    random, held, given = np.random.default_rng(7), 0, 0
    for _ in range(repeats):
        found = setting.draw(random)
        if found is None or (found.low is None and found.high is None):
            continue
        given += 1
        low = -np.inf if found.low is None else found.low
        held += low - 1e-9 <= setting.true <= (np.inf if found.high is None else found.high) + 1e-9
    return held / max(given, 1), given


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=1_000)
    parser.add_argument("--only", default=",".join(PARTS))
    arguments = parser.parse_args()
    print("| interval | rows a side | level | lowest coverage | where it is true that | intervals given |")
    print("| --- | --- | --- | --- | --- | --- |")
    for part in arguments.only.split(","):
        worst: dict[tuple[str, int, float], tuple[float, float, int]] = {}
        for setting in PARTS[part]():
            share, given = coverage(setting, arguments.repeats)
            key = (setting.kind, setting.rows, setting.level)
            worst[key] = min(worst.get(key, (2.0, 0.0, 0)), (share, setting.true, given))
        for (kind, rows, level), (share, true, given) in worst.items():
            mark = " (short)" if share < level - 0.02 else ""
            print(f"| {kind} | {rows} | {level} | {share:.3f}{mark} | {true:.3f} | {given} |", flush=True)


if __name__ == "__main__":
    main()
