"""The most extreme of several shares, rates by group, several labels, costs, overlap, and two audits."""

from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np

from benchmarks.truths.case import Case, Draw, Random, whole
from govkit.checks.fairness.error_rates import Rate, _compared
from govkit.checks.performance._labels import _f1
from govkit.checks.performance.error_cost import _avoidable
from govkit.checks.quality.representativeness import Cell, _shortfall
from govkit.checks.quality.train_test_overlap import _excess
from govkit.comparison import difference
from govkit.core.evidence import Interval, Measurement
from govkit.stats import intervals
from govkit.stats.association import halves
from govkit.stats.multiple import simultaneous


def cases() -> Iterator[Case]:
    """Give extremes, rates by group, labels, costs, overlap and two audits."""
    for n, shares in (
        (100, (0.5, 0.5)),
        (300, (0.3, 0.3, 0.4)),
        (1_000, (0.02,) * 50),
        (200, (0.96, *[0.01] * 4)),
    ):
        setting = f"n {n}, {len(shares)} shares, smallest {min(shares):g}"
        yield Case("smallest share of several (Clopper-Pearson)", setting, smallest(n, shares))
        yield Case("largest share of several (Clopper-Pearson)", setting, largest(n, shares))
        yield Case("largest shortfall (Clopper-Pearson)", setting, shortfall(n, shares))
    for n, many in ((300, 2), (2_000, 4)):
        setting = f"n {n}, {many} groups"
        for name in ("equalized_odds_difference", "equalized_odds_ratio"):
            yield Case(f"{name} (two rates together)", setting, odds(n, many, name))
    for n in (60, 300, 2_000):
        yield Case("mean F1 over labels (jackknife, Hall)", f"n {n}, 3 labels", labelled(n, micro=False))
        yield Case("F1 over all labels (jackknife, Hall)", f"n {n}, 3 labels", labelled(n, micro=True))
        yield Case("avoidable share of costs (MOVER, delta)", f"n {n}", avoidable(n))
    for n, values in ((300, 200), (300, 2_000), (2_000, 1_000)):
        for leaked in (0.0, 0.1):
            setting = f"n {n} a side, {values} values, {leaked:g} leaked"
            yield Case("excess overlap (counts, Hall; Newcombe)", setting, overlap(n, values, leaked))
    for n, share in ((50, 0.02), (200, 0.3), (2_000, 0.01)):
        yield Case("change between two audits (normal, by side)", f"n {n}, {share:g}", changed(n, share))


def smallest(n: int, shares: tuple[float, ...]) -> Draw:
    """Draw classes, and look at the rarest."""

    def draw(rng: Random) -> tuple[Interval, float]:
        rows = int(rng.multinomial(n, shares).min())
        among = max(len(shares) - 1, 1)
        return intervals.extreme_proportion(rows, n, among=among, largest=False), min(shares)

    return draw


def largest(n: int, shares: tuple[float, ...]) -> Draw:
    """Draw columns, and look at the one with the most gaps."""

    def draw(rng: Random) -> tuple[Interval, float]:
        rows = int(rng.binomial(n, shares).max())
        return intervals.extreme_proportion(rows, n, among=len(shares), largest=True), max(shares)

    return draw


def shortfall(n: int, shares: tuple[float, ...]) -> Draw:
    """Draw groups of which the first has a tenth less than it should."""
    expected = np.array(shares) * np.array([1.0 / 0.9, *np.ones(len(shares) - 1)])
    truth = shares[0] / 0.9 - shares[0]

    def draw(rng: Random) -> tuple[Interval, float]:
        rows = rng.multinomial(n, shares).tolist()
        cells = [Cell("a", "a", wanted, count, n) for wanted, count in zip(expected.tolist(), rows, strict=True)]
        return whole(_shortfall(cells, simultaneous(0.95, len(cells))).interval), truth

    return draw


def odds(n: int, many: int, name: str) -> Draw:
    """Draw groups whose rates of right and of false alarms differ."""
    right, false = np.linspace(0.9, 0.7, many), np.linspace(0.1, 0.15, many)
    truth = 0.2 if name.endswith("difference") else min(0.7 / 0.9, 0.1 / 0.15)
    names = [f"group {place}" for place in range(many)]

    def draw(rng: Random) -> tuple[Interval, float]:
        codes, yes = rng.integers(0, many, n), rng.random(n) < 0.3
        called = rng.random(n) < np.where(yes, right[codes], false[codes])
        grouping = SimpleNamespace(codes=codes, names=names)
        groups = SimpleNamespace(grouping=grouping, judged=np.arange(many), attribute="group", crossed=False)
        rates = [
            Rate(kind, among, hits, "")
            for kind, among, hits in (
                ("true_positive_rate", yes, called),
                ("false_positive_rate", ~yes, called),
                ("accuracy", np.ones(n, dtype=bool), called == yes),
            )
        ]
        found = _compared(groups, rates, 10)
        return next(whole(one.interval) for one in found if isinstance(one, Measurement) and one.name == name), truth

    return draw


def labelled(n: int, *, micro: bool) -> Draw:
    """Draw rows of three labels, one of them rare, whose errors go together."""
    share, right = np.array([0.5, 0.3, 0.05]), np.array([0.9, 0.8, 0.7])

    def rows(rng: Random, count: int) -> np.ndarray:
        hard = rng.random((count, 1)) < 0.3
        truth = rng.random((count, 3)) < share
        said = truth ^ (rng.random((count, 3)) > np.where(hard, right - 0.2, right + 0.05))
        hits, errors = truth & said, truth != said
        if micro:
            return np.column_stack([hits.sum(axis=1), errors.sum(axis=1)]).astype(np.float64)
        return np.hstack([hits, errors]).astype(np.float64)

    truth = _f1("f1", rows(np.random.default_rng(9), 1_000_000)).value
    return lambda rng: (whole(_f1("f1", rows(rng, n)).interval), truth)


def avoidable(n: int) -> Draw:
    """Draw scores of three values, of which the model calls one too few."""
    prices = np.array([[0.0, 1.0], [5.0, 0.0]])
    levels, chance = np.array([0.1, 0.5, 0.9]), np.array([0.05, 0.5, 0.9])
    paid = 5 * (0.05 + 0.5) + (1 - 0.9)
    truth = (paid - (5 * 0.05 + (1 - 0.5) + (1 - 0.9))) / paid

    def draw(rng: Random) -> tuple[Interval, float]:
        place = rng.integers(0, 3, n)
        happened = rng.random(n) < chance[place]
        found = _avoidable(levels[place], prices, (happened, place == 2), halves(n, 1))
        return whole(found.interval), truth

    return draw


def overlap(n: int, values: int, leaked: float) -> Draw:
    """Draw two tables of rows that repeat, of which the second takes some from the first."""
    share = 1 / np.arange(1, values + 1) ** 0.5
    share /= share.sum()

    def drawn(rng: Random) -> tuple[np.ndarray, np.ndarray]:
        train, test = (rng.choice(values, n, p=share) for _ in range(2))
        taken = rng.random(n) < leaked
        test[taken] = rng.choice(train, int(taken.sum()))
        return np.bincount(test, minlength=values), np.bincount(train, minlength=values)

    def shares(test: np.ndarray, train: np.ndarray) -> tuple[int, int]:
        return int(test[train > 0].sum()), int(train[train > 1].sum())

    rng = np.random.default_rng(9)
    truth = float(np.mean([np.subtract(*shares(*drawn(rng))) / n for _ in range(2_000)]))

    def draw(rng: Random) -> tuple[Interval, float]:
        tables = drawn(rng)
        return _excess(*tables, *(intervals.proportion(count, n) for count in shares(*tables))), max(truth, 0.0)

    return draw


def changed(n: int, share: float) -> Draw:
    """Draw the same share in two audits, the second a tenth higher."""

    def measured(hits: int) -> Measurement:
        return Measurement(name="a", value=hits / n, unit="share", n=n, interval=intervals.proportion(hits, n))

    def draw(rng: Random) -> tuple[Interval, float]:
        low, high, _ = difference(*(measured(int(rng.binomial(n, each))) for each in (share, share * 1.1)))
        return Interval(low=low, high=high, method="normal, by side"), share * 0.1

    return draw
