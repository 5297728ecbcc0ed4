"""Whether classes are the steps of a scale."""

from math import factorial
from typing import TYPE_CHECKING, Final

from govkit.inputs.dataset import Dataset
from govkit.inputs.task import Task

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SCALES: Final = tuple(
    scale.split(" ")
    for scale in (
        "very_low low medium high very_high",
        "low moderate high",
        "none mild moderate severe",
        "poor fair good very_good excellent",
        "bad fair good",
        "small medium large",
        "never rarely sometimes often always",
        "strongly_disagree disagree neutral agree strongly_agree",
    )
)
"""Words of scales, in order."""
FEWEST_WORDS: Final = 3
FEWEST_CLASSES: Final = 5
"""Of four classes, two orders in 24 are the stated one and its reverse: too many to tell it from chance."""
MOST_CLASSES: Final = 30
FEWEST_ROWS: Final = 5
"""Rows of a class that is looked at."""
MOST_ROWS: Final = 10_000
ORDERS: Final = 999
CHANCE: Final = 0.01
CLEAR: Final = 0.5
"""Least rank correlation of steps and distances."""


def is_ordered(task: Task, data: Dataset, features: tuple[str, ...], codes: "NDArray[np.int64]", seed: int) -> bool:
    """Say whether classes are a scale by their words, or numbers whose neighbours are alike in the features.

    Args:
        task: the classes.
        data: the rows.
        features: columns of features; those that are no numbers or have gaps are left out.
        codes: each row's class, negative where it has none, shape (rows,).
        seed: for the rows that are drawn, and the orders that the stated one is compared with.
    """
    words = {str(label).strip().lower().replace(" ", "_").replace("-", "_") for label in task.classes}
    if len(words) >= FEWEST_WORDS and any(words <= set(scale) for scale in SCALES):
        return True
    if not FEWEST_CLASSES <= len(task.classes) <= MOST_CLASSES:
        return False
    if any(isinstance(label, str | bool) for label in task.classes):
        return False
    return _neighbours_are_alike(task, data, features, codes, seed)


def _neighbours_are_alike(
    task: Task, data: Dataset, features: tuple[str, ...], codes: "NDArray[np.int64]", seed: int
) -> bool:
    """Compare steps between classes with the distances of their means, and with what other orders would give."""
    import numpy as np

    draw = np.random.default_rng(seed)
    rows = draw.permutation(len(codes))[:MOST_ROWS]
    table = data.frame.iloc[rows][list(features)].select_dtypes("number")
    codes, numbers = codes[rows], table.to_numpy(dtype=np.float64, na_value=np.nan)
    numbers = numbers[:, np.isfinite(numbers).all(axis=0)]
    counts = np.bincount(codes[codes >= 0], minlength=len(task.classes))
    kept = np.flatnonzero(counts >= FEWEST_ROWS)
    if len(kept) < FEWEST_CLASSES or not numbers.shape[1]:
        return False
    numbers = (numbers - numbers.mean(axis=0)) / np.maximum(numbers.std(axis=0), 1e-12)
    place = np.array([float(task.classes[index]) for index in kept])
    upper = np.triu_indices(len(kept), 1)
    distances = _distances([numbers[codes == index] for index in kept])[upper]
    orders = [place, *(draw.permutation(place) for _ in range(ORDERS))]
    found = np.array([_rank_correlation(np.abs(order[:, None] - order)[upper], distances) for order in orders])
    by_chance = max(CHANCE, 4 / factorial(len(kept)))  # of few classes, an order and its reverse are a large part
    return bool(found[0] >= CLEAR and (found >= found[0] - 1e-12).mean() <= by_chance)


def _distances(classes: "list[NDArray[np.float64]]") -> "NDArray[np.float64]":
    """Give squared distances between the means of classes, less what few rows add to them by chance."""
    import numpy as np

    means = np.array([rows.mean(axis=0) for rows in classes])
    noise = np.array([rows.var(axis=0, ddof=1).sum() / len(rows) for rows in classes])
    squares = ((means[:, None] - means) ** 2).sum(axis=2)
    return np.asarray(squares - noise[:, None] - noise, dtype=np.float64)


def _rank_correlation(one: "NDArray[np.float64]", other: "NDArray[np.float64]") -> float:
    import numpy as np
    from scipy.stats import rankdata

    return float(np.corrcoef(rankdata(one), rankdata(other))[0, 1])
