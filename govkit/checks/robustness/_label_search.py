"""Searches by labels alone, along the boundary."""

from typing import TYPE_CHECKING

from govkit.checks.robustness._search import Effort, Search
from govkit.checks.robustness._space import Space
from govkit.checks.robustness._wandering import wander

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PROBES = 30
"""Points around the boundary that labels are asked for in a round."""
NEAR = 0.1
"""Steps around the boundary, in parts of the best change."""
KEPT = 0.7
"""Weight of earlier rounds in the estimate of the way out."""
STEPS = (0.5, 0.7, 0.85, 0.95)


def walk(search: Search, rounds: int, size: float) -> None:
    """Follow the boundary with labels alone: estimate which way leads out, step along it, halve, again.

    After HopSkipJump (Chen, Jordan and Wainwright 2020) with steps for the largest change. The estimates of
    earlier rounds count on, which a nearly straight boundary rewards.
    """
    import numpy as np

    search.far_ends()
    search.tighten(range(len(search.original)), steps=9)
    way = np.zeros_like(search.original)
    for _ in range(rounds):
        rows = np.flatnonzero(np.isfinite(search.reach) & (search.reach > 0))
        if not len(rows):
            return
        reach, best, original = search.reach[rows], search.best[rows], search.original[rows]
        signs = search.rng.choice([-1.0, 1.0], (PROBES, len(rows), best.shape[1])) * search.space.number
        near = best + signs * (NEAR * reach)[:, None] * search.space.scale
        margins = search.try_all(near, rows, reach * (1 + NEAR))
        out = np.where(margins < 0, 1.0, -1.0)
        seen = ((out - out.mean(axis=0))[:, :, None] * signs).mean(axis=0)
        way[rows] = KEPT * way[rows] + seen
        step = np.sign(way[rows]) * search.space.scale
        moved = [original + (part * reach)[:, None] * step for part in STEPS]
        moved += [best + (part * reach)[:, None] * step for part in (0.1, 0.3)]
        moved += [original + (part * reach)[:, None] * _common(way[rows], search.space) for part in STEPS]
        back = [np.where(search.rng.random(best.shape) < 0.15, original, best) for _ in range(4)]  # noqa: PLR2004
        kept = [np.where(search.space.number, cells, best) for cells in (*moved, *back)]
        search.try_all(np.array(kept), rows, reach)
        search.corner[rows], search.base[rows] = np.sign(way[rows]), np.where(search.space.number, original, best)
        search.tighten(rows, steps=4)
    wander(search, size, Effort(probes=0, sweeps=0, rounds=rounds // 2, proposals=6))
    search.tighten(range(len(search.original)), steps=6)


def _common(way: "NDArray[np.float64]", space: Space) -> "NDArray[np.float64]":
    """Give every row the way that most rows on its side of the boundary share, a robust scale a column."""
    import numpy as np

    middle = way.mean(axis=0)
    for _ in range(3):
        side = np.sign(way @ middle)[:, None]
        middle = (way * side).mean(axis=0)
    found: NDArray[np.float64] = np.sign(middle) * np.sign(way @ middle)[:, None] * space.scale
    return found
