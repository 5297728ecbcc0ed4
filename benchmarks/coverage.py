"""Count how often each kind of interval holds the true value: `python benchmarks/coverage.py [REPETITIONS] [WORD ...]`.

Every interval states 95 %. Samples are drawn anew each time from a model whose true value is known, over the sizes that
the method declares and in settings chosen to be hard: rare events, ties, skew, one small class. Printed is a Markdown
table, one line a method: settings, the lowest share covered with its setting, the mean, and how often no interval was
given at most. A missing end counts as reaching all the way. `WORD` restricts to methods whose name holds one.
"""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))  # run as a file, this folder alone would be searched

from scipy.special import expit, logit
from scipy.stats import norm

from govkit.checks.champion import paired as paired_check
from govkit.checks.drift.prediction import odds_factor
from govkit.checks.performance import _metrics
from govkit.core.evidence import Interval
from govkit.inputs.predictions import Predictions
from govkit.stats import calibration, distances, groups, influence, intervals, label_noise, means, roc

Random = np.random.Generator
Draw = Callable[[Random], tuple[Interval, float]]
Case = tuple[str, str, Draw]
"""Method, setting, and a draw of one interval with the true value."""
BIG = 200_000
BELOW = 0.93


def lazily(make: Callable[..., Draw], *settings: object) -> Draw:
    """Work out a true value only when its case is asked for."""
    made: list[Draw] = []

    def draw(rng: Random) -> tuple[Interval, float]:
        if not made:
            made.append(make(*settings))
        return made[0](rng)

    return draw


def shares() -> Iterator[Case]:
    """Shares of rows and what is made of a confusion matrix."""
    for n in (1, 5, 20, 100, 1_000):
        for share in (0.0, 0.02, 0.05, 0.3, 0.9):
            yield (
                "share (Clopper-Pearson)",
                f"n {n}, {share:g}",
                lambda rng, n=n, share=share: (intervals.proportion(int(rng.binomial(n, share)), n), share),
            )
    for sizes, recall in (((200, 10), (0.9, 0.98)), ((30, 5), (0.5, 0.95)), ((1_000, 20, 5), (0.99, 0.5, 0.2))):
        yield "balanced accuracy (MOVER)", f"{sizes}, {recall}", by_class(sizes, recall, "balanced_accuracy")
        yield "mean F1 (MOVER)", f"{sizes}, {recall}", by_class(sizes, recall, "macro_f1")
        yield "Matthews correlation (jackknife)", f"{sizes}, {recall}", by_class(sizes, recall, "matthews")
        yield "gain of balanced accuracy (Bonett, Price; MOVER)", f"{sizes}, {recall}", gained(sizes, recall)


def compared() -> Iterator[Case]:
    """Shares against shares."""
    for n in (20, 50, 200, 2_000):
        for kinds in ((0.2, 0.1), (0.05, 0.0), (0.02, 0.02), (0.5, 0.01)):
            yield (
                "paired difference (Bonett, Price)",
                f"n {n}, {kinds}",
                lambda rng, n=n, kinds=kinds: paired(rng, n, kinds),
            )
    for n, shares_ in (
        ((10, 10), (0.5, 0.5)),
        ((20, 400), (0.05, 0.02)),
        ((30, 30), (0.98, 0.8)),
        ((500, 500), (0.01, 0.002)),
    ):
        yield "difference of two shares (Newcombe)", f"n {n}, {shares_}", two_shares(n, shares_)
    for n, each in (
        ((10, 10), (0.1, 0.1)),
        ((20, 200), (0.05, 0.3)),
        ((60, 60, 60), (0.5, 0.6, 0.7)),
        ((30, 300, 3_000), (0.02, 0.05, 0.05)),
        ((300, 300, 300), (0.4, 0.4, 0.4)),
        ((20,) * 6, (0.95, 0.9, 0.9, 0.9, 0.9, 0.9)),
    ):
        yield "largest difference (Newcombe, pairs)", f"n {n}, {each}", contrast(groups.largest_difference, n, each)
        yield "smallest ratio (MOVER, pairs)", f"n {n}, {each}", contrast(groups.smallest_ratio, n, each)
    for n, before, now in (
        ((40, 40), 0.1, 0.1),
        ((2_000, 30), 0.05, 0.02),
        ((100, 100), 0.5, 0.3),
        ((2_000, 2_000), 0.03, 0.06),
    ):
        yield "odds factor (Woolf)", f"n {n}, {before:g} to {now:g}", factor(n, before, now)
    for n, costs in ((50, (0.0, 1.0, 50.0)), (200, (-1.0, 0.0, 20.0)), (2_000, (0.0, 1.0, 50.0))):
        yield "mean cost (MOVER)", f"n {n}, {costs}", priced(n, np.array(costs))


def by_class(sizes: tuple[int, ...], recall: tuple[float, ...], metric: str) -> Draw:
    """Draw a confusion matrix, errors going to the other classes evenly."""
    many = len(sizes)
    chance = np.array(
        [[hit if true == said else (1 - hit) / (many - 1) for said in range(many)] for true, hit in enumerate(recall)]
    )

    def measure(table: np.ndarray) -> object:
        if metric == "matthews":
            true, said = (np.repeat(places.reshape(-1), table.reshape(-1)) for places in np.indices(table.shape))
            return _metrics.matthews(Predictions(np.arange(len(true)), true, said, None, None, 0, 0), many)
        return getattr(_metrics, metric)(table)

    truth = measure(np.rint(chance * np.array(sizes)[:, None] * 1_000).astype(np.int64)).value

    def draw(rng: Random) -> tuple[Interval, float]:
        table = np.array([rng.multinomial(size, row) for size, row in zip(sizes, chance, strict=True)])
        found = measure(table)
        return (Interval(low=None, high=None, method="") if found is None else found.interval), truth

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


def whole(found: Interval | None) -> Interval:
    """Take an interval that is always given."""
    assert found is not None
    return found


SCORES: dict[str, Callable[[Random, np.ndarray, float], np.ndarray]] = {
    "normal": lambda rng, yes, shift: rng.normal(size=len(yes)) + shift * yes,
    "rounded": lambda rng, yes, shift: np.round(rng.normal(size=len(yes)) + shift * yes),
    "two values": lambda rng, yes, shift: (rng.normal(size=len(yes)) + shift * yes > shift / 2) * 1.0,
    "some far off": lambda rng, yes, shift: np.where(
        yes & (rng.random(len(yes)) < 0.1), -3, rng.normal(size=len(yes)) + shift * yes
    ),
}


def areas() -> Iterator[Case]:
    """Areas under curves."""
    for kind, scores in SCORES.items():
        for few, many in ((5, 200), (10, 10), (10, 200), (20, 1_000), (50, 500), (100, 100)):
            for shift in (0.0, 1.0, 2.5):
                setting = f"{kind}, {few} and {many}, shift {shift:g}"
                yield "ROC AUC (DeLong by class)", setting, lazily(area, scores, few, many, shift)
                if few >= _metrics.FEWEST_A_CLASS:
                    yield "average precision (influence)", setting, lazily(precision, scores, few, many, shift)
                    yield "gain of ROC AUC (DeLong, paired)", setting, lazily(two_areas, scores, few, many, shift)
    for sizes in ((10, 20, 300), (40, 40, 40)):
        yield "mean ROC AUC over classes (influence)", f"{sizes}", lazily(mean_area, sizes)
    for few, many in ((20, 20), (60, 400), (200, 2_000)):
        yield "share found at 5 % false alarms", f"{few} and {many}", found_share(few, many)


def area(scores: Callable[..., np.ndarray], few: int, many: int, shift: float) -> Draw:
    """Draw scores of two classes."""
    yes = np.arange(2 * BIG) < BIG
    truth = influence.roc_auc(scores(np.random.default_rng(9), yes, shift), yes)[0]
    own = np.arange(few + many) < few

    def draw(rng: Random) -> tuple[Interval, float]:
        drawn = scores(rng, own, shift)
        return intervals.delong(drawn[own], drawn[~own])[1], truth

    return draw


def precision(scores: Callable[..., np.ndarray], few: int, many: int, shift: float) -> Draw:
    """Draw scores, which class a row is of by chance."""
    share = few / (few + many)
    rng = np.random.default_rng(9)
    yes = rng.random(BIG) < share
    truth = influence.average_precision(scores(rng, yes, shift), yes)[0]

    def draw(rng: Random) -> tuple[Interval, float]:
        own = rng.random(few + many) < share
        if min(own.sum(), (~own).sum()) < _metrics.FEWEST_A_CLASS:
            return Interval(low=None, high=None, method=""), truth
        return whole(_metrics.average_precision(scores(rng, own, shift), own).interval), truth

    return draw


def two_areas(scores: Callable[..., np.ndarray], few: int, many: int, shift: float) -> Draw:
    """Draw two scores of the same rows, the second the first with noise."""

    def both(rng: Random, yes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        first = scores(rng, yes, shift)
        return first, first + (rng.random(len(yes)) < 0.2) * rng.normal(size=len(yes))

    yes = np.arange(2 * BIG) < BIG
    truth = float(np.subtract(*(influence.roc_auc(each, yes)[0] for each in both(np.random.default_rng(9), yes))))
    own = np.arange(few + many) < few
    return lambda rng: (influence.paired_areas(*both(rng, own), own)[1], truth)


def mean_area(sizes: tuple[int, ...]) -> Draw:
    """Draw probabilities of several classes."""
    centre = np.eye(len(sizes)) * 1.5

    def drawn(rng: Random, classes: np.ndarray) -> tuple[float, np.ndarray]:
        scores = centre[classes] + rng.normal(size=(len(classes), len(sizes)))
        curves = [influence.roc_auc(scores[:, one], classes == one) for one in range(len(sizes))]
        return float(np.mean([value for value, _ in curves])), np.mean([moved for _, moved in curves], axis=0)

    def draw(rng: Random) -> tuple[Interval, float]:
        classes = np.repeat(np.arange(len(sizes)), sizes)
        value, moved = drawn(rng, classes)
        return influence.interval(value, moved, classes), truth

    truth = drawn(np.random.default_rng(9), np.repeat(np.arange(len(sizes)), np.array(sizes) * 1_000))[0]
    return draw


def found_share(few: int, many: int) -> Draw:
    """Draw scores whose threshold is known."""
    truth = float(norm.sf(norm.isf(0.05) - 1))
    return lambda rng: (roc.found_at(rng.normal(1, 1, few), rng.normal(size=many), 0.05)[1], truth)


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


def averages() -> Iterator[Case]:
    """Means, medians, and what rests on them."""
    for kind, (values, within) in VALUES.items():
        for n in (10, 20, 50, 200, 1_000):
            yield "mean (Student, Hall; Bentkus)", f"n {n}, {kind}", lazily(mean_of, values, within, n)
        for n, other in ((20, 20), (30, 300), (300, 300)):
            yield (
                "difference of means (MOVER)",
                f"n {n} and {other}, {kind}",
                lambda rng, n=n, other=other, values=values, within=within: (
                    means.mean_difference(values(rng, n), values(rng, other), within=within)[1],
                    0.0,
                ),
            )
    for n in (5, 20, 80, 500):
        yield (
            "median (order statistics)",
            f"n {n}, exponential",
            lambda rng, n=n: (intervals.median(rng.exponential(1, n)), float(np.log(2))),
        )
    for n in (20, 50, 150, 1_000):
        for kind in ("normal", "exponential"):
            yield "R squared (jackknife, Hall)", f"n {n}, {kind}", explained(n, kind)
            yield "share of a sum (delta, Hall)", f"n {n}, {kind}", part_of_sum(n, kind)
        yield "ratio of shares (delta, Bentkus)", f"n {n}, 2 % lost", kept(n)
    for n in ((30, 30), (30, 300), (20, 20, 20, 20)):
        yield "largest difference of means (MOVER, pairs)", f"n {n}, exponential", group_means(n)


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


def probabilities() -> Iterator[Case]:
    """Calibration, distances and noise."""
    for n, slope in ((50, 1.0), (100, 1.0), (100, 0.5), (500, 0.5), (2_000, 1.0)):
        yield "calibration slope (Wald)", f"n {n}, {slope:g}", sloped(n, slope)
    for n in (100, 500, 5_000):
        for apart in (0.0, 0.05):
            yield "expected calibration error", f"n {n}, off by {apart:g}", miscalibrated(n, apart)
            for part in ("reliability", "resolution", "uncertainty"):
                yield f"Brier score, {part} (bootstrap)", f"n {n}, off by {apart:g}", decomposed(n, apart, part)
    even, rare = (0.3, 0.3, 0.4), (0.9, 0.08, 0.015, 0.005)
    for n, before, now in (
        (30, even, even),
        (300, even, (0.5, 0.3, 0.2)),
        (300, rare, rare),
        (300, rare, (0.85, 0.1, 0.03, 0.02)),
        (3_000, even, (0.35, 0.3, 0.35)),
    ):
        yield "stability index (bootstrap)", f"n {n}, {before} to {now}", shifted(n, before, now)
    for n, noise in ((300, 0.0), (300, 0.1), (2_000, 0.05), (2_000, 0.2)):
        yield "label noise (profile likelihood)", f"n {n}, {noise:g}", noisy(n, noise)


def sloped(n: int, slope: float) -> Draw:
    """Draw outcomes whose log-odds are `slope` times those stated."""

    def draw(rng: Random) -> tuple[Interval, float]:
        probability = rng.beta(2, 3, n)
        found = calibration.recalibration(probability, rng.random(n) < expit(slope * logit(probability)))
        if found is None:
            return Interval(low=None, high=None, method=""), slope
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


def covered(draw: Draw, repetitions: int) -> tuple[float, float]:
    """Give the share of samples whose interval holds the truth, and the share without one."""
    rng = np.random.default_rng(1)
    hits = without = 0
    for _ in range(repetitions):
        interval, truth = draw(rng)
        low, high = (
            end if end is not None else edge for end, edge in ((interval.low, -np.inf), (interval.high, np.inf))
        )
        hits += low - 1e-9 <= truth <= high + 1e-9
        without += interval.high is None
    return hits / repetitions, without / repetitions


def main() -> None:
    """Print the table, a line as soon as its method is done."""
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    words = sys.argv[2:] or [""]
    cases = [
        case
        for case in (*shares(), *compared(), *areas(), *averages(), *probabilities())
        if any(word in case[0] for word in words)
    ]
    below = []
    print("| interval | settings | lowest share covered | mean | without an interval, at most |")
    print("| --- | ---: | --- | ---: | ---: |")
    for method in dict.fromkeys(case[0] for case in cases):
        lines = [(*covered(draw, repetitions), setting) for name, setting, draw in cases if name == method]
        low, _, setting = min(lines)
        mean, without = np.mean([line[0] for line in lines]), max(line[1] for line in lines)
        print(f"| {method} | {len(lines)} | {low:.1%} ({setting}) | {mean:.1%} | {without:.0%} |", flush=True)
        below += [f"below {BELOW:.0%}: {method}, {line[2]}: {line[0]:.1%}" for line in sorted(lines) if line[0] < BELOW]
    print("\n".join(below))


if __name__ == "__main__":
    main()
