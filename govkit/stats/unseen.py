"""Whether values that one of two samples lacks are missing there by chance."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def chance_of_unseen(totals: "NDArray[np.int64]", unseen: "NDArray[np.bool_]", asked: int) -> float:
    """Give the chance that a random split of all rows leaves as much to one side alone.

    All rows of a value lie on the asked side with the hypergeometric probability. Two statistics are looked at, the
    least likely value and the number of such values (as a Poisson binomial; the dependent draws vary less), and
    corrected for being two and for the number of values.

    Args:
        totals: rows of both sides with each value, shape (values,).
        unseen: whether all of them lie on the asked side, shape (values,).
        asked: rows of the asked side that have a value.

    Returns:
        A p-value from 0 to 1; 1 where nothing is unseen.
    """
    import numpy as np
    from scipy.special import gammaln
    from scipy.stats import poisson_binom

    if not unseen.any():
        return 1.0
    rows = totals.sum()
    possible = totals <= asked
    left = np.where(possible, asked - totals, 0)
    logs = gammaln(asked + 1) - gammaln(left + 1) - gammaln(rows + 1) + gammaln(rows - totals + 1)
    chance = np.where(possible, np.exp(np.minimum(logs, 0)), 0.0)
    least = len(totals) * float(chance[unseen].min())
    together = float(poisson_binom(chance).sf(int(unseen.sum()) - 1))
    return min(2 * least, 2 * together, 1.0)
