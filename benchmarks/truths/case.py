"""A kind of interval in one setting, and a way to draw one whose true value is known."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from govkit.core.evidence import Interval

Random = np.random.Generator
Draw = Callable[[Random], tuple[Interval, float]]
"""Draws one interval and gives the true value with it."""
NONE = Interval(low=None, high=None, method="none")
"""For a sample that the method declines."""


@dataclass(frozen=True)
class Case:
    """A method in one setting."""

    method: str
    setting: str
    draw: Draw
    most: int = 1_000_000
    """Samples at most, where one takes long."""


def lazily(make: Callable[..., Draw], *settings: object) -> Draw:
    """Work out a true value only when its case is asked for."""
    made: list[Draw] = []

    def draw(rng: Random) -> tuple[Interval, float]:
        if not made:
            made.append(make(*settings))
        return made[0](rng)

    return draw


def whole(found: Interval | None) -> Interval:
    """Take an interval that is always given."""
    assert found is not None
    return found
