"""Count findings that rest on p-values where nothing is wrong: `python benchmarks/null.py [REPETITIONS] [WORD]`.

Data are drawn without any difference, shift or weak part, in shapes chosen to be hard: ties, skew, rare categories, few
rows. A line gives the rule, its nominal rate, and the highest rate over its settings with Clopper and Pearson's limits.
A rate whose lower limit, at 95 % over all settings of the rule, exceeds the nominal one is marked. Where several
columns, slices or attacks are judged at once, a sample counts once, whatever the number of findings. `WORD` restricts
to rules that hold it.
"""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parent.parent))  # run as a file, this folder alone would be searched

from scipy.stats import binomtest, false_discovery_control

from govkit.checks.drift._compare import _numbers, chi_square
from govkit.checks.drift.concept import _compared
from govkit.checks.drift.prediction import NOTABLE, SIGNIFICANT
from govkit.checks.performance.out_of_range import LEAST, RATE, _outside
from govkit.checks.performance.slices import _confirmed, _test
from govkit.checks.privacy._doubts import CERTAIN, _worse
from govkit.checks.quality.representativeness import Cell, _gaps, _mismatch
from govkit.checks.security.poisoning import _fixing
from govkit.comparison import difference
from govkit.core.evidence import Finding, Measurement
from govkit.stats import groups, intervals, multiple, roc
from govkit.stats.distances import stability_interval

Random = np.random.Generator
Case = tuple[str, float, str, Callable[[Random], bool]]
"""Rule, its nominal rate, setting, and a draw that says whether the rule spoke up."""
PSI = 0.1


def drift() -> Iterator[Case]:
    """Shift of columns, answers and time."""
    for rows, now in ((50, 50), (300, 100), (2_000, 2_000)):
        for kind, draw in COLUMNS.items():
            setting = f"{rows} and {now} rows, 10 columns, {kind}"
            yield "drifted column (FDR of tests)", 0.05, setting, columns(draw, rows, now, least=0.0)
            yield "drifted column (DRI-001: test and index)", 0.05, setting, columns(draw, rows, now, least=PSI)
        for shares in ((0.5, 0.5), (0.96, 0.04), (0.9, *[0.01] * 10)):
            setting = f"{rows} and {now} rows, {len(shares)} classes, rarest {min(shares):g}"
            yield "shift of answers (DRI-010)", SIGNIFICANT, setting, answers(rows, now, np.array(shares))
    for n, error in ((30, 0.05), (30, 0.3), (300, 0.02)):
        yield (
            "accuracy falls with time (DRI-020)",
            0.025,
            f"{n} rows a third, error {error:g}",
            later(lambda rng, n=n, error=error: (rng.random(n) < error) * 1.0, binary=True),
        )
    for n in (30, 300):
        yield (
            "errors grow with time (DRI-020)",
            0.025,
            f"{n} rows a third, exponential",
            later(lambda rng, n=n: rng.exponential(1, n), binary=False),
        )


COLUMNS: dict[str, Callable[[Random, int], np.ndarray]] = {
    "normal": lambda rng, n: rng.normal(size=n),
    "tied": lambda rng, n: rng.poisson(0.7, n).astype(np.float64),
    "lognormal, a third 0": lambda rng, n: rng.lognormal(0, 2, n) * (rng.random(n) < 0.67),
    "40 uneven categories": lambda rng, n: np.minimum(rng.geometric(0.12, n), 40).astype(np.int64),
}


def columns(
    draw: Callable[[Random, int], np.ndarray], rows: int, now: int, *, least: float
) -> Callable[[Random], bool]:
    """Compare ten columns of two tables, as `drift.features` does."""

    def spoke(rng: Random) -> bool:
        chances, indices = [], []
        for _ in range(10):
            one, other = draw(rng, rows), draw(rng, now)
            if one.dtype.kind == "i":
                counts = np.stack([np.bincount(part, minlength=41) for part in (one, other)])
                chances.append(chi_square(*counts))
            else:
                edges = np.unique(np.quantile(one, np.arange(1, 10) / 10))
                counts = np.stack(
                    [np.bincount(np.searchsorted(edges, part), minlength=len(edges) + 1) for part in (one, other)]
                )
                chances.append(_numbers(one, other)[0])
            counts = counts[:, counts.sum(axis=0) > 0]
            indices.append(stability_interval(*counts, seed=1, draws=2)[0] if least else 1.0)
        return bool(((false_discovery_control(chances) <= 0.05) & (np.array(indices) >= least)).any())

    return spoke


def answers(rows: int, now: int, shares: np.ndarray) -> Callable[[Random], bool]:
    """Compare classes of two tables, as `drift.prediction` does."""

    def spoke(rng: Random) -> bool:
        counts = np.stack([rng.multinomial(n, shares) for n in (rows, now)])
        counts = counts[:, counts.sum(axis=0) > 0]
        return chi_square(*counts) <= SIGNIFICANT and stability_interval(*counts, seed=1, draws=2)[0] >= NOTABLE

    return spoke


def later(draw: Callable[[Random], np.ndarray], *, binary: bool) -> Callable[[Random], bool]:
    """Compare the errors of the first third with those of the last."""

    def spoke(rng: Random) -> bool:
        found = _compared(draw(rng), draw(rng), SimpleNamespace(is_classification=binary))
        return found.interval is not None and (found.interval.low or 0.0) > 0

    return spoke


def quality() -> Iterator[Case]:
    """Populations, ranges and planted values."""
    for n in (30, 200, 5_000):
        for shares in ((0.5, 0.5), (0.98, 0.02), (0.5, *[0.01] * 50)):
            setting = f"{n} rows, {len(shares)} groups, smallest {min(shares):g}"
            yield "population (mismatch_p_value at 0.05)", 0.05, setting, population(n, shares, finding=False)
            yield "group falls short (QUA-040)", 0.05, setting, population(n, shares, finding=True)
    for before, now in ((60, 60), (500, 200), (2_000, 2_000)):
        for kind, draw in RANGES.items():
            yield (
                "outside the range of training (PERF-021)",
                RATE,
                f"{before} and {now} rows, 10 columns, {kind}",
                outside(draw, before, now),
            )
    for n, values in ((500, 30), (5_000, 200)):
        yield "one value fixes the class (SEC-022)", 0.05, f"{n} rows, {values} values, 10 columns", fixed(n, values)


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
            for one in _mismatch("a", cells)
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


def models() -> Iterator[Case]:
    """Slices, champions, attacks, groups and records."""
    for n in (60, 200, 2_000):
        for sure in (0.6, 0.97):
            yield "weak slice (PERF-030)", 0.05, f"5 slices, {n} held-out rows, {sure:g} sure", slices(n, sure)
        for disagree in (0.02, 0.3):
            yield "worse than the champion (CHA-001)", 0.05, f"{n} rows, {disagree:g} differ", champion(n, disagree)
        for tied in (False, True):
            yield (
                "members beat false alarms (membership, Holm over 8)",
                0.05,
                f"{n} rows a side{', tied' if tied else ''}",
                attacked(n, tied=tied),
            )
        yield "TRAIN does worse than DATA (MIA-011)", CERTAIN, f"{n} rows a side, error 0.05", doubted(n)
        for many in (2, 8):
            yield (
                "rates differ between groups (FAIR-020)",
                0.05,
                f"{many} groups of {n}, rate 0.1",
                differing([n] * many),
            )
        yield "two records of one system differ (compare, Holm over 20)", 0.05, f"{n} rows, shares", compared(n)
    yield "rates differ between groups (FAIR-020)", 0.05, "30 and 3,000 rows, rate 0.03", differing([30, 3_000])


def slices(n: int, sure: float) -> Callable[[Random], bool]:
    """Test five slices of a model whose probabilities are right."""

    def spoke(rng: Random) -> bool:
        probability = rng.beta(20 * sure, 20 * (1 - sure), n)
        excess = (rng.random(n) > probability) - (1 - probability)
        tested = [_test(f"s{place}", excess, rng.random(n) < 0.45) for place in range(5)]
        found = _confirmed([one for one in tested if one], SimpleNamespace(is_classification=True))
        return any(isinstance(one, Finding) for one in found)

    return spoke


def champion(n: int, disagree: float) -> Callable[[Random], bool]:
    """Compare two models that are right equally often."""

    def spoke(rng: Random) -> bool:
        gained, lost, _ = rng.multinomial(n, [disagree / 2, disagree / 2, 1 - disagree])
        return bool(lost > gained and binomtest(int(gained), int(gained + lost)).pvalue <= 0.05)

    return spoke


def attacked(n: int, *, tied: bool) -> Callable[[Random], bool]:
    """Try eight attacks that know nothing."""

    def spoke(rng: Random) -> bool:
        def scores() -> np.ndarray:
            return np.round(rng.normal(size=n)) if tied else rng.normal(size=n)

        return (
            min(multiple.holm([roc.beats_false_alarms(scores(), scores(), 0.05, place) for place in range(8)])) < 0.05
        )

    return spoke


def doubted(n: int) -> Callable[[Random], bool]:
    """Compare mistakes on two tables."""
    return lambda rng: _worse(*((rng.random(n) < 0.05) * 1.0 for _ in range(2)))


def differing(sizes: list[int]) -> Callable[[Random], bool]:
    """Compare groups of one rate."""
    rate = 0.03 if len(set(sizes)) > 1 else 0.1
    return lambda rng: (groups.largest_difference(rng.binomial(sizes, rate), sizes).interval.low or 0.0) > 0


def compared(n: int) -> Callable[[Random], bool]:
    """Compare two records of 20 shares each."""

    def measured(hits: int) -> Measurement:
        return Measurement(name="a", value=hits / n, unit="share", n=n, interval=intervals.proportion(hits, n))

    def spoke(rng: Random) -> bool:
        chance = rng.uniform(0.01, 0.5, 20)
        pairs = [[measured(int(hits)) for hits in rng.binomial(n, share, 2)] for share in chance]
        return min(multiple.holm([difference(old, new)[2] for old, new in pairs])) <= 0.05

    return spoke


def main() -> None:
    """Print the table."""
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    word = sys.argv[2] if len(sys.argv) > 2 else ""
    found: dict[tuple[str, float], list[tuple[int, str]]] = {}
    for rule, nominal, setting, spoke in (*drift(), *quality(), *models()):
        if word in rule:
            rng = np.random.default_rng(1)
            hits = sum(spoke(rng) for _ in range(repetitions))
            found.setdefault((rule, nominal), []).append((hits, setting))
    print("| rule | nominal | settings | highest rate | setting | |\n| --- | ---: | ---: | --- | --- | --- |")
    for (rule, nominal), lines in found.items():
        hits, setting = max(lines)
        low, high = intervals.share_limits(hits, repetitions)
        least = intervals.share_limits(hits, repetitions, multiple.simultaneous(0.95, len(lines)))[0]
        mark = "**above**" if least > nominal else ""
        rate = f"{hits / repetitions:.1%} ({low:.1%} to {high:.1%})"
        print(f"| {rule} | {nominal:.1%} | {len(lines)} | {rate} | {setting} | {mark} |")


if __name__ == "__main__":
    main()
