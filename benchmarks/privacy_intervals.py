"""Simulate how often the intervals of the privacy checks hold what is true, over the range they are used in.

    PYTHONPATH=. python benchmarks/privacy_intervals.py [--repeats 1000] [--only delong,found,epsilon,newcombe,matched]

One line per kind of scores and number of rows a side: the lowest coverage over the true values tried, and where. An
exact method covers more than its level; what lies over 2 points below falls short, beyond two standard errors of the
simulation. Where a method declines, no interval is counted.
"""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import product

import numpy as np
from scipy.stats import norm

from govkit.checks.privacy._confounders import Blind, _matched
from govkit.checks.privacy._sample import LeftOut, Sample
from govkit.checks.privacy.attribute_inference import difference
from govkit.core.evidence import Interval
from govkit.stats import intervals, roc
from govkit.stats.differential_privacy import epsilon_lower_bound, guesses
from govkit.stats.multiple import simultaneous

Generator = np.random.Generator
Pair = tuple[np.ndarray, np.ndarray]
SIZES = (10, 20, 50, 100, 300, 1_000)
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


@dataclass(frozen=True)
class Scores:
    """A kind of scores whose members stand higher, by how much the area under the ROC curve says."""

    name: str
    draw: Callable[[float, int, Generator], Pair]
    area: float

    def drawn(self, rows: int, random: Generator) -> Pair:
        """Draw scores of members and of others."""
        return self.draw(self.area, rows, random)

    def population(self) -> Pair:
        """Draw so many rows that their value is as good as the true one."""
        return self.drawn(400_000, np.random.default_rng(12345))


def continuous(area: float, rows: int, random: Generator) -> Pair:
    """Draw normal scores, the members' shifted."""
    return random.normal(norm.ppf(area) * np.sqrt(2), 1, rows), random.normal(size=rows)


def right_or_wrong(area: float, rows: int, random: Generator) -> Pair:
    """Draw labels that are right for members more often."""
    other = min(0.8, 2 * (1 - area))
    chance = other + 2 * (area - 0.5)
    return (random.random(rows) < chance).astype(float), (random.random(rows) < other).astype(float)


def leaves(area: float, rows: int, random: Generator) -> Pair:
    """Draw scores with one large tie, as a tree's pure leaves give them: most members and some others score 1."""
    tied = [random.random(rows) < chance for chance in (0.95, max(0.95 - 1.9 * (area - 0.5), 0.0))]
    low = [random.integers(0, 5, rows) / 5 for _ in tied]
    return np.where(tied[0], 1.0, low[0]), np.where(tied[1], 1.0, low[1])


KINDS = {"continuous": continuous, "right or wrong": right_or_wrong, "leaves": leaves}


def _all_scores() -> Iterator[Scores]:
    for (name, draw), area in product(KINDS.items(), AREAS):
        yield Scores(name, draw, area)


def _delong(scores: Scores, rows: int, level: float, random: Generator) -> Interval:
    return intervals.delong(*scores.drawn(rows, random), level=level)[1]


def of_delong() -> Iterator[Setting]:
    """AUC of one attack."""
    for scores in _all_scores():
        true, _ = intervals.delong(*scores.population())
        for rows, level in product(SIZES, LEVELS):
            yield Setting(f"delong, {scores.name}", rows, level, true, partial(_delong, scores, rows, level))


def _found(scores: Scores, rate: float, rows: int, level: float, random: Generator) -> Interval:
    return roc.found_at(*scores.drawn(rows, random), rate, level=level)[1]


def of_found() -> Iterator[Setting]:
    """Share of members found at few false alarms."""
    for scores, rate in product(_all_scores(), (0.01, 0.001)):
        members, others = scores.population()
        true = float((members > roc.threshold(others, rate)).mean())
        for rows, level in product(SIZES, LEVELS):
            draw = partial(_found, scores, rate, rows, level)
            yield Setting(f"found at {rate}, {scores.name}", rows, level, true, draw)


def _epsilon(epsilon: float, delta: float, rows: int, random: Generator) -> Interval:
    member = random.random(2 * rows) < 0.5
    known = random.random(2 * rows) < delta
    told = np.where((random.random(2 * rows) < 1 / (1 + np.exp(-epsilon))) | known, member, ~member)
    scores = np.where(known, 4.0 * member - 2, told) + random.random(2 * rows) / 2
    bounds = []
    for share in (0.01, 0.05, 0.2):
        called, right = guesses(scores, member, share)
        bounds.append(epsilon_lower_bound(right, called, 2 * rows, delta=delta, level=simultaneous(0.95, 3)))
    return Interval(low=max(bounds), high=None, level=0.95, method="steinke")


def of_epsilon() -> Iterator[Setting]:
    """Lower bound of epsilon by randomised response, three numbers of calls together; delta: rows given away."""
    for epsilon, delta, rows in product((0.0, 0.2, 1.0, 3.0), (0.0, 0.001), SIZES):
        yield Setting(f"epsilon, delta {delta}", rows, 0.95, epsilon, partial(_epsilon, epsilon, delta, rows))


def _newcombe(other: float, gap: float, rows: int, level: float, random: Generator) -> Interval:
    return difference(random.random(rows) < other + gap, random.random(rows) < other, level)[1]


def of_newcombe() -> Iterator[Setting]:
    """Difference of two shares."""
    for other, gap, rows, level in product((0.02, 0.2, 0.5, 0.9, 0.99), (0.0, 0.05, 0.2, 0.4), SIZES, LEVELS):
        if other + gap <= 1:
            yield Setting("newcombe", rows, level, gap, partial(_newcombe, other, gap, rows, level))


def _after_matching(shift: float, rows: int, random: Generator) -> Interval | None:
    member, nothing = np.arange(2 * rows) < rows, np.zeros(2 * rows)
    seen = random.normal(size=2 * rows) + shift * member
    sample = Sample(
        rows=None,
        member=member,
        truth=nothing,
        predicted=nothing,
        probability=None,
        score=None,
        weight=None,
        view=nothing,
        places=nothing,
        attack_half=random.random(2 * rows) < 0.5,
        judged=np.ones(2 * rows, dtype=bool),
        left_out=LeftOut(0, 0, 0, 0),
    )
    blind = seen + 0.1 * random.normal(size=2 * rows)
    found = Blind(blind, 0.0, Interval(low=0, high=1, level=0.95, method=""), 2 * rows)
    fewer = _matched(sample, found, int(random.integers(2**31)))
    if fewer is None:
        return None
    scores = seen + random.normal(size=2 * rows)
    return intervals.delong(*(scores[fewer.judged & side] for side in (member, ~member)))[1]


def of_matched() -> Iterator[Setting]:
    """AUC after matching on blind scores, of an attack that sees what the files differ in and nothing else."""
    for shift, rows in product((0.3, 0.6, 1.0, 1.5), (100, 300, 1_000)):
        kind = f"matched, blind AUC {norm.cdf(shift / np.sqrt(2)):.2f}"
        yield Setting(kind, rows, 0.95, 0.5, partial(_after_matching, shift, rows))


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
        if found is not None:
            low, high = (end if end is not None else fill for end, fill in ((found.low, -1e9), (found.high, 1e9)))
            held += low - 1e-9 <= setting.true <= high + 1e-9
            given += 1
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
            error = 2 * np.sqrt(level * (1 - level) / max(given, 1))
            mark = " (short)" if given and share < level - 0.02 - error else ""
            print(f"| {kind} | {rows} | {level} | {share:.3f}{mark} | {true:.3f} | {given} |", flush=True)


if __name__ == "__main__":
    main()
