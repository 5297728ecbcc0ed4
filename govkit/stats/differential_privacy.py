"""What attacks on membership say of differential privacy, and the other way round."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LARGEST_EPSILON = 20.0


def epsilon_of_auc(auc: float) -> float:
    """Give the smallest ε of pure differential privacy that allows an AUC; infinite at 1, 0 up to one half.

    Under ε an attack reaches an AUC of ½ + ½ tanh(ε / 2) at most.
    """
    from math import atanh, inf

    return inf if auc >= 1 else 2 * atanh(2 * max(auc, 0.5) - 1)


def guesses(scores: "NDArray[np.float64]", member: "NDArray[np.bool_]", share: float) -> tuple[int, int]:
    """Call the top `share` of all rows members and the bottom `share` not; give the calls and how many are right.

    Equal scores at either cut are taken in the order that is worst for the caller.
    """
    import numpy as np

    count = max(int(share * len(scores)), 1)
    top = np.lexsort((member, -scores))[:count]
    bottom = np.lexsort((~member, scores))[:count]
    return 2 * count, int(member[top].sum() + (~member[bottom]).sum())


def epsilon_lower_bound(right: int, called: int, rows: int, *, delta: float = 0.0, level: float = 0.95) -> float:
    """Give the largest ε that the calls of a single run reject.

    Steinke, Nasr and Jagielski (2023), Privacy auditing with one (1) training run, theorem 5.2. Valid where each row's
    membership was an independent fair coin.

    Args:
        right: correct calls.
        called: all calls.
        rows: rows whose membership was drawn.
        delta: the δ of the claim.
        level: the confidence that ε is at least this.
    """
    low, high = 0.0, LARGEST_EPSILON
    if _p_value(0.0, right, called, rows, delta) > 1 - level:
        return 0.0
    for _ in range(50):
        middle = (low + high) / 2
        if _p_value(middle, right, called, rows, delta) <= 1 - level:
            low = middle
        else:
            high = middle
    return low


def _p_value(epsilon: float, right: int, called: int, rows: int, delta: float) -> float:
    """Bound the chance of at least so many right calls under (ε, δ)."""
    import numpy as np
    from scipy.special import expit
    from scipy.stats import binom

    chance = float(expit(epsilon))
    tail = float(binom.sf(right - 1, called, chance))
    if delta == 0 or right == 0:
        return min(tail, 1.0)
    steps = np.arange(1, right + 1)
    slack = float((np.cumsum(binom.pmf(right - steps, called, chance)) / steps).max())
    return min(tail + 2 * rows * delta * slack, 1.0)
