"""A rule that rests on chance, and a way to try it where nothing is wrong."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Random = np.random.Generator


@dataclass(frozen=True)
class Trial:
    """A rule in one setting."""

    rule: str
    nominal: float
    """Share of samples in which it may speak up."""
    setting: str
    spoke: Callable[[Random], bool]
    """Draws a sample and says whether the rule spoke up."""
    most: int = 1_000_000
    """Samples at most, where one takes long."""
