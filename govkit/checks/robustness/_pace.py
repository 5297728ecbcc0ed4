"""How long a model's answers typically take within the coarse steps of a plan."""

FASTEST = 100
"""The least step; most models stay far below it."""
FAST, SLOW = 0.03, 0.3
"""Typical time within the least step, and within any other, in parts of it."""


def answers_take(predict_ms_per_1000_rows: int) -> float:
    """Give the seconds that an answer for one row typically takes in a large call."""
    share = FAST if predict_ms_per_1000_rows <= FASTEST else SLOW
    return share * predict_ms_per_1000_rows / 1e6
