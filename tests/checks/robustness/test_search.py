"""The search beside an optimum in closed form, where the ways that lead nearer change on the way."""

from dataclasses import dataclass
from itertools import product

import numpy as np

from govkit.checks.robustness._score_search import everything
from govkit.checks.robustness._search import Effort, Search
from govkit.checks.robustness._space import Space

LIMIT = 2.0
PAIRS = 5


@dataclass
class Saddle:
    """Whether products of neighbouring cells add up to less than a limit."""

    graded: bool = True
    calls: int = 0
    queries: int = 0

    def margins(self, moved, index):
        self.calls, self.queries = self.calls + 1, self.queries + len(index)
        return LIMIT - (moved[:, ::2] * moved[:, 1::2]).sum(axis=1)


def highest(cells, size):
    """Give the largest sum of products in a box; each pair's lies in a corner."""
    corners = [
        (cells[:, ::2] + one * size[:, None]) * (cells[:, 1::2] + other * size[:, None])
        for one, other in product((-1, 1), repeat=2)
    ]
    return np.max(corners, axis=0).sum(axis=1)


def test_the_nearest_way_out_is_found_where_no_single_cell_shows_it():
    rng = np.random.default_rng(0)
    width = 2 * PAIRS
    every, end = np.ones(width, dtype=bool), np.full(width, np.inf)
    facts = {"scale": np.ones(width), "low": -end, "high": end, "most": end}
    facts |= {"held": end * np.nan, "cost": np.ones(width), "rises": every, "falls": every}
    space = Space(names=tuple(f"c{at}" for at in range(width)), number=every, integer=~every, **facts)
    points = rng.normal(size=(200, width))
    inside = points[(points[:, ::2] * points[:, 1::2]).sum(axis=1) < LIMIT][:80]
    low, high = np.zeros(len(inside)), np.full(len(inside), 9.0)
    for _ in range(60):
        middle = (low + high) / 2
        out = highest(inside, middle) > LIMIT
        low, high = np.where(out, low, middle), np.where(out, middle, high)
    oracle = Saddle()
    search = Search(oracle, space, inside, np.random.default_rng(0))
    everything(search, 0.5, Effort(probes=96, sweeps=1, rounds=8, proposals=6))
    assert (search.reach >= high * (1 - 1e-6)).all()
    assert np.median(search.reach / high) <= 1.005
    assert np.quantile(search.reach / high, 0.9) <= 1.1
    assert oracle.calls <= 60
