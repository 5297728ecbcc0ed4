"""Shares of rows, and what is made of a confusion matrix."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from scipy.special import logit

from benchmarks.truths.case import NONE, Case, Draw, Random, whole
from govkit.checks.champion import paired as paired_check
from govkit.checks.drift.prediction import odds_factor
from govkit.checks.performance import _metrics
from govkit.core.evidence import Interval
from govkit.inputs.predictions import Predictions
from govkit.stats import groups, intervals


def cases() -> Iterator[Case]:
    """Give shares of rows, what is made of a confusion matrix, and shares against shares."""
    yield from alone()
    yield from compared()


def alone() -> Iterator[Case]:
    """Give shares of rows and what is made of a confusion matrix."""
    for n in (1, 5, 20, 100, 1_000):
        for share in (0.0, 0.02, 0.05, 0.3, 0.9):
            yield Case(
                "share (Clopper-Pearson)",
                f"n {n}, {share:g}",
                lambda rng, n=n, share=share: (intervals.proportion(int(rng.binomial(n, share)), n), share),
            )
    for sizes, recall in (((200, 10), (0.9, 0.98)), ((30, 5), (0.5, 0.95)), ((1_000, 20, 5), (0.99, 0.5, 0.2))):
        yield Case("balanced accuracy (MOVER)", f"{sizes}, {recall}", by_class(sizes, recall, "balanced_accuracy"))
        yield Case("mean F1 (MOVER)", f"{sizes}, {recall}", by_class(sizes, recall, "macro_f1"))
        yield Case("Matthews correlation (jackknife)", f"{sizes}, {recall}", by_class(sizes, recall, "matthews"))
        yield Case("gain of balanced accuracy (Bonett, Price; MOVER)", f"{sizes}, {recall}", gained(sizes, recall))


def compared() -> Iterator[Case]:
    """Give shares against shares."""
    for n in (20, 50, 200, 2_000):
        for kinds in ((0.2, 0.1), (0.05, 0.0), (0.02, 0.02), (0.5, 0.01)):
            yield Case(
                "paired difference (Bonett, Price)",
                f"n {n}, {kinds}",
                lambda rng, n=n, kinds=kinds: paired(rng, n, kinds),
            )
    for n, each_ in (
        ((10, 10), (0.5, 0.5)),
        ((20, 400), (0.05, 0.02)),
        ((30, 30), (0.98, 0.8)),
        ((500, 500), (0.01, 0.002)),
    ):
        yield Case("difference of two shares (Newcombe)", f"n {n}, {each_}", two_shares(n, each_))
    for n, each in (
        ((10, 10), (0.1, 0.1)),
        ((20, 200), (0.05, 0.3)),
        ((60, 60, 60), (0.5, 0.6, 0.7)),
        ((30, 300, 3_000), (0.02, 0.05, 0.05)),
        ((300, 300, 300), (0.4, 0.4, 0.4)),
        ((20,) * 6, (0.95, 0.9, 0.9, 0.9, 0.9, 0.9)),
    ):
        yield Case(
            "largest difference (Newcombe, pairs)", f"n {n}, {each}", contrast(groups.largest_difference, n, each)
        )
        yield Case("smallest ratio (MOVER, pairs)", f"n {n}, {each}", contrast(groups.smallest_ratio, n, each))
    for n, before, now in (
        ((40, 40), 0.1, 0.1),
        ((2_000, 30), 0.05, 0.02),
        ((100, 100), 0.5, 0.3),
        ((2_000, 2_000), 0.03, 0.06),
    ):
        yield Case("odds factor (Woolf)", f"n {n}, {before:g} to {now:g}", factor(n, before, now))
    for n, costs in ((50, (0.0, 1.0, 50.0)), (200, (-1.0, 0.0, 20.0)), (2_000, (0.0, 1.0, 50.0))):
        yield Case("mean cost (MOVER)", f"n {n}, {costs}", priced(n, np.array(costs)))


def by_class(sizes: tuple[int, ...], recall: tuple[float, ...], metric: str) -> Draw:
    """Draw a confusion matrix, errors going to the other classes evenly."""
    many = len(sizes)
    chance = np.array(
        [[hit if true == said else (1 - hit) / (many - 1) for said in range(many)] for true, hit in enumerate(recall)]
    )

    def measure(table: np.ndarray) -> Any:  # noqa: ANN401 - a measurement, or None
        if metric == "matthews":
            true, said = (np.repeat(places.reshape(-1), table.reshape(-1)) for places in np.indices(table.shape))
            return _metrics.matthews(Predictions(np.arange(len(true)), true, said, None, None, 0, 0), many)
        return getattr(_metrics, metric)(table)

    truth = measure(np.rint(chance * np.array(sizes)[:, None] * 1_000).astype(np.int64)).value

    def draw(rng: Random) -> tuple[Interval, float]:
        table = np.array([rng.multinomial(size, row) for size, row in zip(sizes, chance, strict=True)])
        found = measure(table)
        return (NONE if found is None else found.interval), truth

    return draw


def gained(sizes: tuple[int, ...], recall: tuple[float, ...]) -> Draw:
    """Draw two models' right answers by class, the second a little worse."""

    def draw(rng: Random) -> tuple[Interval, float]:
        right, before, classes = [], [], []
        for place, (size, hit) in enumerate(zip(sizes, recall, strict=True)):
            kind = rng.choice(4, size, p=[(1 - hit) * 0.9, (1 - hit) * 0.1, hit * 0.08, hit * 0.92])
            right.append(kind >= 2)
            before.append(kind % 2 == 1)
            classes.append(np.full(size, place))
        found = paired_check.balanced(np.concatenate(classes), np.concatenate(right), np.concatenate(before))
        return whole(found.interval), float(np.mean([hit * 0.08 - (1 - hit) * 0.1 for hit in recall]))

    return draw


def paired(rng: Random, n: int, kinds: tuple[float, float]) -> tuple[Interval, float]:
    """Draw two models' right answers on the same rows."""
    first, second, _ = rng.multinomial(n, [*kinds, 1 - sum(kinds)])
    return intervals.paired_difference(int(first), int(second), n), kinds[0] - kinds[1]


def two_shares(n: tuple[int, int], each: tuple[float, float]) -> Draw:
    """Draw two independent shares."""

    def draw(rng: Random) -> tuple[Interval, float]:
        hits = [int(rng.binomial(size, share)) for size, share in zip(n, each, strict=True)]
        return groups.difference((hits[0], n[0]), (hits[1], n[1])), each[0] - each[1]

    return draw


def contrast(method: Callable[..., groups.Contrast], n: tuple[int, ...], each: tuple[float, ...]) -> Draw:
    """Draw groups' shares."""
    truth = max(each) - min(each) if method is groups.largest_difference else min(each) / max(each)
    return lambda rng: (method(rng.binomial(n, each), n).interval, truth)


def factor(n: tuple[int, int], before: float, now: float) -> Draw:
    """Draw classes before and now."""
    truth = float(np.exp(abs(logit(before) - logit(now))))

    def draw(rng: Random) -> tuple[Interval, float]:
        drawn = [(rng.random(size) < share).astype(np.int64) for size, share in zip(n, (before, now), strict=True)]
        return whole(odds_factor(*drawn).interval), truth

    return draw


def priced(n: int, costs: np.ndarray) -> Draw:
    """Draw costs of which the dearest is rare."""
    chance = np.array([0.88, 0.1, 0.02])
    return lambda rng: (intervals.weighted_shares(rng.multinomial(n, chance), costs)[1], float(costs @ chance))
