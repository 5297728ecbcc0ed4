"""Chi-square tests of counts that hold their level where cells are few, rare, or were chosen by their counts."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

EXPECTED = 5.0
"""Rows expected in a cell on either side, from which the chi-square distribution is near enough."""
DRAWS = 9_999


def fit(counts: "ArrayLike", shares: "ArrayLike", *, seed: int) -> tuple[float, float]:
    """Give Pearson's statistic of counts being drawn at given shares, and its p-value.

    Where a cell is expected to have fewer than five rows, the p-value is the share of 9,999 drawn samples, the seen one
    included, whose statistic is as large (Monte Carlo test, which holds its level exactly).

    Args:
        counts: rows of each cell, shape (cells,).
        shares: what each cell should have, all above 0; scaled to sum to 1.
        seed: for the drawn samples.

    Source: Davison and Hinkley (1997), Bootstrap Methods and their Application, section 4.2.
    """
    import numpy as np
    from scipy.special import chdtrc

    seen, wanted = np.asarray(counts, dtype=np.int64), np.asarray(shares, dtype=np.float64)
    n, wanted = int(seen.sum()), wanted / wanted.sum()

    def statistic(rows: "NDArray[np.int64]") -> "NDArray[np.float64]":
        return np.asarray(((rows - n * wanted) ** 2 / (n * wanted)).sum(axis=-1))

    found = float(statistic(seen))
    if n * wanted.min() >= EXPECTED:
        return found, float(chdtrc(len(seen) - 1, found))
    drawn = statistic(np.random.default_rng(seed).multinomial(n, wanted, size=DRAWS))
    return found, float(1 + (drawn >= found * (1 - 1e-12)).sum()) / (DRAWS + 1)


def alike(before: "ArrayLike", now: "ArrayLike") -> float:
    """Give the p-value of two lists of counts being drawn alike: Pearson's test, rare cells taken together.

    Args:
        before: rows of each cell, shape (cells,).
        now: the same of the second list.
    """
    import numpy as np
    from scipy.special import chdtrc

    both = np.stack([np.asarray(before, dtype=np.float64), np.asarray(now, dtype=np.float64)])
    share = both.sum(axis=1) / both.sum()
    order = np.argsort(-both.sum(axis=0), kind="stable")
    both = both[:, order][:, both.sum(axis=0)[order] > 0]
    own = int((both.sum(axis=0) * share.min() >= EXPECTED).sum())
    while own and 0 < both[:, own:].sum() * share.min() < EXPECTED:
        own -= 1  # what is left is too rare even together: the smallest cell joins it
    table = np.column_stack([both[:, :own], both[:, own:].sum(axis=1)]) if own < both.shape[1] else both
    if table.shape[1] < 2:  # noqa: PLR2004 - one cell is the same in both
        return 1.0
    wanted = share[:, None] * table.sum(axis=0)
    return float(chdtrc(table.shape[1] - 1, float(((table - wanted) ** 2 / wanted).sum())))


def alike_where_chosen(before: "ArrayLike", now: "ArrayLike", *, least: "ArrayLike", rest: tuple[int, int]) -> float:
    """Give the p-value of being drawn alike, where cells are those of which the first list has at least so many rows.

    By that choice the first list has too many rows of them. Given a cell's rows in both lists, its count in the first
    is binomial, cut off below `least`; the count's tail probability (mid-p) as a normal score holds that exactly. The
    first list's rows without a cell, where they are not few, are held against what the cells' means leave and against
    their share of both, whichever is nearer, since the choice lowers them too. Squares add up to a chi-square of as
    many degrees of freedom as there are cells.

    Args:
        before: rows of each chosen cell in the first list, shape (cells,), at least `least`.
        now: the same of the second list.
        least: rows of the first list that a cell needed, for each or for all; 0 where it wasn't chosen.
        rest: rows of either list without a cell, at least one.
    """
    import numpy as np
    from scipy.special import chdtrc, ndtri
    from scipy.stats import binom

    first, needed = np.asarray(before, dtype=np.float64), np.asarray(least, dtype=np.float64)
    total = first + np.asarray(now, dtype=np.float64)
    rows, others = float(total.sum()) + sum(rest), float(sum(rest))
    share = (float(first.sum()) + rest[0]) / rows
    reached, own = binom.sf(needed - 1, total, share), binom.pmf(first, total, share) / 2
    above, below = binom.sf(first, total, share) + own, binom.cdf(first - 1, total, share) - (1 - reached) + own
    tail = np.clip(np.minimum(above, below) / np.maximum(reached, 1e-300), 1e-300, 0.5)
    statistic = float((ndtri(tail) ** 2).sum())
    if others * min(share, 1 - share) >= EXPECTED:
        middle = total * share * binom.sf(needed - 2, total - 1, share) / np.maximum(reached, 1e-300)
        left, plain = rows * share - float(middle.sum()), others * share
        apart = rest[0] - float(np.clip(rest[0], min(left, plain), max(left, plain)))
        statistic += apart**2 / (others * share * (1 - share))
    return float(chdtrc(len(first), statistic)) if len(first) else 1.0


def alike_in_quantiles(before: "ArrayLike", now: "ArrayLike") -> float:
    """Give the p-value of being drawn alike, where cells were cut at quantiles of the first list.

    The first list then has the same count in each cell, however its values fall, and cells are wide or narrow instead.
    A cell's variance is taken from the larger one of its share in the first list and in both, which leans to the safe
    side; neighbours are taken together until each is expected to have five rows.

    Args:
        before: rows of each cell in the first list, in order, shape (cells,).
        now: the same of the second list.
    """
    import numpy as np
    from scipy.special import chdtrc

    both = np.stack([np.asarray(before, dtype=np.float64), np.asarray(now, dtype=np.float64)])
    rows = both.sum(axis=1)
    reach = np.cumsum(both[0]) * float(rows.min() / rows[0])
    ends, last = [0], 0.0
    for place, there in enumerate(reach.tolist(), start=1):
        if there - last >= EXPECTED - 1e-9 and reach[-1] - there >= EXPECTED - 1e-9:
            ends.append(place)
            last = there
    table = np.add.reduceat(both, ends, axis=1)
    if table.shape[1] < 2:  # noqa: PLR2004 - one cell is the same in both
        return 1.0
    shares = table / rows[:, None]
    variance = np.maximum(shares[0], table.sum(axis=0) / rows.sum()) * float((1 / rows).sum())
    return float(chdtrc(table.shape[1] - 1, float(((shares[0] - shares[1]) ** 2 / variance).sum())))
