"""Corrections for asking several questions of the same rows: one of twenty looks significant by chance."""

from collections.abc import Sequence


def simultaneous(level: float, count: int) -> float:
    """Give the level each of `count` intervals needs so that all hold together at `level` (Bonferroni)."""
    return 1 - (1 - level) / count


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Give Holm's (1979) adjusted p-values, in the order given; reject where one is at most the level."""
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, index in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = largest
    return tuple(adjusted)
