"""How far two samples' distributions lie apart, as an effect: it does not grow with the number of rows."""

from typing import TYPE_CHECKING

from govkit.core.evidence import Interval

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

HALF = 0.5
"""Added to each count, so that an empty bin doesn't make a distance infinite."""


def stability_index(reference: "ArrayLike", current: "ArrayLike") -> "NDArray[np.float64]":
    """Give the population stability index of counts over the last axis: both relative entropies added.

    Below 0.1 counts as stable and above 0.2 to 0.25 as shifted, by a custom of credit scoring that no norm sets.
    """
    import numpy as np

    before, now = _shares(reference), _shares(current)
    return np.asarray(((now - before) * np.log(now / before)).sum(axis=-1))


def jensen_shannon(reference: "ArrayLike", current: "ArrayLike") -> float:
    """Give the Jensen-Shannon distance to the base 2 of two lists of counts: 0 for alike, 1 for disjoint."""
    import numpy as np
    from scipy.spatial.distance import jensenshannon

    before, now = (np.asarray(counts, dtype=np.float64) for counts in (reference, current))
    return float(jensenshannon(before / before.sum(), now / now.sum(), base=2))


def stability_interval(
    reference: "ArrayLike", current: "ArrayLike", *, seed: int, draws: int = 500
) -> tuple[float, Interval]:
    """Give the stability index less what chance alone adds to it, and an interval that leans to the wide side.

    Two equal samples differ by (bins - 1) (1/n + 1/m) on average, which is taken off. Multinomial bootstrap: its basic
    limit below, its percentile above.
    """
    import numpy as np

    before, now = (np.asarray(counts, dtype=np.int64) for counts in (reference, current))
    rng = np.random.default_rng(seed)
    drawn = [rng.multinomial(int(counts.sum()), _shares(counts), size=draws) for counts in (before, now)]
    plain, again = float(stability_index(before, now)), stability_index(*drawn)
    chance = (len(before) - 1) * (1 / before.sum() + 1 / now.sum())
    high = float(np.quantile(again, 0.975))
    value = max(plain - chance, 0.0)
    ends = max(2 * plain - high - chance, 0.0), max(high - chance, value)
    return value, Interval(low=min(ends[0], value), high=ends[1], method="multinomial bootstrap, wide side")


def cramers_v(table: "NDArray[np.int64]") -> float:
    """Give Cramér's V of a table of counts less its bias: 0 for no association, 1 for a complete one.

    Bergsma (2013), Journal of the Korean Statistical Society 42.
    """
    import numpy as np
    from scipy.stats import chi2_contingency

    table = table[:, table.sum(axis=0) > 0]
    n, (rows, columns) = int(table.sum()), table.shape
    if min(rows, columns) < 2 or (table.sum(axis=1) == 0).any():  # noqa: PLR2004 - nothing to associate
        return 0.0
    excess = float(chi2_contingency(table, correction=False).statistic) / n - (rows - 1) * (columns - 1) / (n - 1)
    sides = [side - (side - 1) ** 2 / (n - 1) for side in (rows, columns)]
    return float(np.sqrt(max(excess, 0.0) / (min(sides) - 1)))


def _shares(counts: "ArrayLike") -> "NDArray[np.float64]":
    import numpy as np

    padded = np.asarray(counts, dtype=np.float64) + HALF
    return np.asarray(padded / padded.sum(axis=-1, keepdims=True))
