"""Count how often each kind of interval holds the true value: `python benchmarks/coverage.py [REPETITIONS]`.

Every interval states 95 %. Samples are drawn anew each time from a model whose true value is known. Printed is a
Markdown table: one line a method, with the share covered at several sizes, the smallest first.
"""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))  # run as a file, this folder alone would be searched

from scipy.special import expit, logit
from scipy.stats import norm

from govkit.checks.drift.prediction import odds_factor
from govkit.core.evidence import Interval
from govkit.stats import groups, influence, intervals
from govkit.stats.calibration import recalibration
from govkit.stats.distances import stability_index, stability_interval

Random = np.random.Generator
EVEN = (0.3, 0.3, 0.4)
Case = tuple[str, str, Callable[[Random], tuple[Interval, float]]]
"""Method, size, and a draw of one interval with the true value."""


def shares() -> Iterator[Case]:
    """Shares and differences of shares."""
    for n, share in ((20, 0.3), (20, 0.05), (100, 0.9), (1_000, 0.02)):
        for method in ("wilson", "clopper-pearson"):
            yield (
                method,
                f"n {n}, share {share:g}",
                lambda rng, n=n, share=share, method=method: (
                    intervals.proportion(int(rng.binomial(n, share)), n, method=method),
                    share,
                ),
            )
    for n, kinds in ((50, (0.2, 0.1)), (200, (0.05, 0.01)), (2_000, (0.02, 0.02))):
        yield (
            "paired difference (Bonett, Price)",
            f"n {n}, {kinds}",
            lambda rng, n=n, kinds=kinds: paired(rng, n, kinds),
        )
    for n, each in ((60, (0.5, 0.6, 0.7)), (300, (0.05, 0.1, 0.1)), (300, (0.4, 0.4, 0.4))):
        yield (
            "largest difference (Newcombe, pairs)",
            f"n {n} a group, {each}",
            lambda rng, n=n, each=each: (
                groups.largest_difference(rng.binomial(n, each), [n] * len(each)).interval,
                max(each) - min(each),
            ),
        )
        yield (
            "smallest ratio (MOVER, pairs)",
            f"n {n} a group, {each}",
            lambda rng, n=n, each=each: (
                groups.smallest_ratio(rng.binomial(n, each), [n] * len(each)).interval,
                min(each) / max(each),
            ),
        )
    for n, before, now in ((100, 0.4, 0.4), (100, 0.5, 0.3), (2_000, 0.03, 0.06)):
        truth = float(np.exp(abs(logit(before) - logit(now))))
        yield (
            "odds factor (Woolf)",
            f"n {n}, {before:g} to {now:g}",
            lambda rng, n=n, before=before, now=now, truth=truth: (
                whole(
                    odds_factor(
                        *(np.asarray(rng.random(n) < share, dtype=np.int64) for share in (before, now))
                    ).interval
                ),
                truth,
            ),
        )


def paired(rng: Random, n: int, kinds: tuple[float, float]) -> tuple[Interval, float]:
    """Draw two models' right answers on the same rows."""
    gained, lost, _ = rng.multinomial(n, [*kinds, 1 - sum(kinds)])
    return intervals.paired_difference(int(gained), int(lost), n), kinds[0] - kinds[1]


def whole(found: Interval | None) -> Interval:
    """Take an interval that is always given."""
    assert found is not None
    return found


def areas() -> Iterator[Case]:
    """Areas under the ROC curve."""
    for many, few, shift in ((200, 10, 1.0), (60, 60, 0.5), (500, 50, 2.5)):
        truth = float(norm.cdf(shift / 2**0.5))
        size = f"{few} and {many}, area {truth:.2f}"
        yield (
            "ROC AUC (DeLong)",
            size,
            lambda rng, many=many, few=few, shift=shift, truth=truth: (
                intervals.delong(rng.normal(shift, 1, few), rng.normal(size=many))[1],
                truth,
            ),
        )
        yield (
            "ROC AUC (influence)",
            size,
            lambda rng, many=many, few=few, shift=shift, truth=truth: (
                by_influence(rng, many, few, shift),
                truth,
            ),
        )


def by_influence(rng: Random, many: int, few: int, shift: float) -> Interval:
    """Draw scores of two classes."""
    positive = np.arange(many + few) < few
    value, moved = influence.roc_auc(rng.normal(size=many + few) + shift * positive, positive)
    return influence.interval(value, moved, smaller=few)


def means() -> Iterator[Case]:
    """Means, medians, R squared and what else rests on them."""
    for n in (20, 80, 500):
        yield "mean (jackknife)", f"n {n}, normal", lambda rng, n=n: (mean(rng.normal(2, 1, n), "identity"), 2.0)
        yield "mean (jackknife-log)", f"n {n}, exponential", lambda rng, n=n: (mean(rng.exponential(1, n), "log"), 1.0)
        yield (
            "median (order statistics)",
            f"n {n}, exponential",
            lambda rng, n=n: (
                intervals.median(rng.exponential(1, n)),
                float(np.log(2)),
            ),
        )
    for n in (50, 150, 1_000):
        yield "R squared (jackknife)", f"n {n}, 0.5", lambda rng, n=n: (explained(rng, n), 0.5)
    for n, slope in ((100, 1.0), (500, 0.5), (2_000, 1.0)):
        yield (
            "calibration slope (Wald)",
            f"n {n}, {slope:g}",
            lambda rng, n=n, slope=slope: (sloped(rng, n, slope), slope),
        )
    for n, now in ((300, (0.3, 0.3, 0.4)), (300, (0.5, 0.3, 0.2)), (3_000, (0.35, 0.3, 0.35))):
        truth = float(stability_index(*(np.array(each) * 1e9 for each in (EVEN, now))))
        yield (
            "stability index (bootstrap)",
            f"n {n}, {truth:.3f}",
            lambda rng, n=n, now=now, truth=truth: (
                stability_interval(rng.multinomial(n, EVEN), rng.multinomial(n, now), seed=1)[1],
                truth,
            ),
        )


def mean(values: np.ndarray, link: str) -> Interval:
    """Give the interval of a mean."""
    return intervals.of_means(values[:, None], lambda means: means[..., 0], link=link)


def explained(rng: Random, n: int) -> Interval:
    """Draw a target of which half is explained."""
    feature = rng.normal(size=n)
    truth = feature + rng.normal(size=n)
    rows = np.column_stack([(truth - feature) ** 2, truth, truth**2])
    return intervals.of_means(rows, lambda m: 1 - m[..., 0] / (m[..., 2] - m[..., 1] ** 2), link="log-complement")


def sloped(rng: Random, n: int, slope: float) -> Interval:
    """Draw outcomes whose log-odds are `slope` times those stated."""
    probability = rng.beta(2, 3, n)
    found = recalibration(probability, rng.random(n) < expit(slope * logit(probability)))
    assert found is not None
    return intervals.around(*found, freedom=float("inf"), method="wald")


def main() -> None:
    """Print the table."""
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    found: dict[str, list[tuple[float, str]]] = {}
    for method, size, draw in (*shares(), *areas(), *means()):
        rng = np.random.default_rng(1)
        hits = 0
        for _ in range(repetitions):
            interval, truth = draw(rng)
            low, high = (
                end if end is not None else edge for end, edge in ((interval.low, -np.inf), (interval.high, np.inf))
            )
            hits += low - 1e-12 <= truth <= high + 1e-12
        found.setdefault(method, []).append((hits / repetitions, size))
    print("| interval | covered of 95 % |\n| --- | --- |")
    for method, lines in found.items():
        print(f"| {method} | {'; '.join(f'{share:.1%} ({size})' for share, size in sorted(lines))} |")


if __name__ == "__main__":
    main()
