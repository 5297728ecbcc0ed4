"""Areas under curves."""

from collections.abc import Callable, Iterator

import numpy as np
from scipy.stats import norm

from benchmarks.truths.case import NONE, Case, Draw, Random, lazily, whole
from govkit.checks.performance import _metrics
from govkit.checks.quality._single import Folds
from govkit.checks.quality.leakage import FEWEST, _interval
from govkit.core.evidence import Interval
from govkit.stats import influence, intervals, roc
from govkit.stats.error_ratio import errors_ratio

BIG = 200_000


SCORES: dict[str, Callable[[Random, np.ndarray, float], np.ndarray]] = {
    "normal": lambda rng, yes, shift: rng.normal(size=len(yes)) + shift * yes,
    "rounded": lambda rng, yes, shift: np.round(rng.normal(size=len(yes)) + shift * yes),
    "two values": lambda rng, yes, shift: (rng.normal(size=len(yes)) + shift * yes > shift / 2) * 1.0,
    "some far off": lambda rng, yes, shift: np.where(
        yes & (rng.random(len(yes)) < 0.1), -3, rng.normal(size=len(yes)) + shift * yes
    ),
}


def cases() -> Iterator[Case]:
    """Give areas under curves."""
    for kind, scores in SCORES.items():
        for few, many in ((5, 200), (10, 10), (10, 200), (20, 1_000), (50, 500), (100, 100)):
            for shift in (0.0, 1.0, 2.5):
                setting = f"{kind}, {few} and {many}, shift {shift:g}"
                yield Case("ROC AUC (DeLong by class)", setting, lazily(area, scores, few, many, shift))
                if few >= _metrics.FEWEST_A_CLASS:
                    yield Case("average precision (influence)", setting, lazily(precision, scores, few, many, shift))
                    yield Case("gain of ROC AUC (DeLong, paired)", setting, lazily(two_areas, scores, few, many, shift))
                if shift and few + many >= FEWEST:
                    yield Case("ratio of errors of two scores", setting, lazily(two_errors, scores, few, many, shift))
    for sizes in ((10, 20, 300), (40, 40, 40)):
        yield Case("mean ROC AUC over classes (influence)", f"{sizes}", lazily(mean_area, sizes))
        yield Case("mean ROC AUC over classes (DeLong, MOVER)", f"{sizes}", lazily(mean_area_of_parts, sizes))
    for few, many in ((20, 20), (60, 400), (200, 2_000)):
        yield Case("share found at 5 % false alarms", f"{few} and {many}", found_share(few, many))


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
            return NONE, truth
        return whole(_metrics.average_precision(scores(rng, own, shift), own).interval), truth

    return draw


def two_areas(scores: Callable[..., np.ndarray], few: int, many: int, shift: float) -> Draw:
    """Draw two scores of the same rows, the second the first with noise."""
    yes = np.arange(2 * BIG) < BIG
    known = both(np.random.default_rng(9), yes, scores, shift)
    truth = float(np.subtract(*(influence.roc_auc(each, yes)[0] for each in known)))
    own = np.arange(few + many) < few
    return lambda rng: (influence.paired_areas(*both(rng, own, scores, shift), own)[1], truth)


def both(
    rng: Random, yes: np.ndarray, scores: Callable[..., np.ndarray], shift: float
) -> tuple[np.ndarray, np.ndarray]:
    """Draw a score and the same with noise in a fifth of the rows."""
    first = scores(rng, yes, shift)
    return first, first + (rng.random(len(yes)) < 0.2) * rng.normal(size=len(yes))


def two_errors(scores: Callable[..., np.ndarray], few: int, many: int, shift: float) -> Draw:
    """Draw two scores of the same rows, and ask how much the one lacks to 1 beside the other."""
    yes = np.arange(2 * BIG) < BIG
    known = both(np.random.default_rng(9), yes, scores, shift)
    truth = float(np.divide(*(1 - influence.roc_auc(each, yes)[0] for each in known)))
    own = np.arange(few + many) < few
    return lambda rng: (errors_ratio(*both(rng, own, scores, shift), own)[1], truth)


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


def mean_area_of_parts(sizes: tuple[int, ...]) -> Draw:
    """Draw scores of several classes, each held against the rest as `quality.leakage` does."""
    centre = np.eye(len(sizes)) * 1.5

    def drawn(rng: Random, classes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return centre[classes] + rng.normal(size=(len(classes), len(sizes))), np.eye(len(sizes))[classes]

    scores, happened = drawn(np.random.default_rng(9), np.repeat(np.arange(len(sizes)), np.array(sizes) * 1_000))
    truth = float(np.mean([influence.roc_auc(*pair)[0] for pair in zip(scores.T, happened.T > 0, strict=True)]))
    classes = np.repeat(np.arange(len(sizes)), sizes)
    whole_table = Folds(np.zeros(len(classes), dtype=np.int64), 1)
    return lambda rng: (_interval(*drawn(rng, classes), whole_table, 0.95), truth)


def found_share(few: int, many: int) -> Draw:
    """Draw scores whose threshold is known."""
    truth = float(norm.sf(norm.isf(0.05) - 1))
    return lambda rng: (roc.found_at(rng.normal(1, 1, few), rng.normal(size=many), 0.05)[1], truth)
