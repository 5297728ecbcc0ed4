"""Corrections for asking several questions of the same rows: one of twenty looks significant by chance."""

from collections.abc import Sequence


def simultaneous(level: float, count: int) -> float:
    """Give the level each of `count` intervals needs so that all hold together at `level` (Bonferroni)."""
    return 1 - (1 - level) / count


def holm(p_values: Sequence[float]) -> list[float]:
    """Give p-values adjusted so that the chance of any false rejection stays below the level (Holm 1979)."""
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    adjusted, largest = [1.0] * len(p_values), 0.0
    for rank, place in enumerate(order):
        largest = max(largest, min((len(p_values) - rank) * p_values[place], 1.0))
        adjusted[place] = largest
    return adjusted
