"""Corrections for asking several questions of the same rows: one of twenty looks significant by chance."""


def simultaneous(level: float, count: int) -> float:
    """Give the level each of `count` intervals needs so that all hold together at `level` (Bonferroni)."""
    return 1 - (1 - level) / count
