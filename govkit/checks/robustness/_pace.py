"""How long a model's answers typically take within the coarse steps of a plan, and how often a slow one is asked."""

from collections.abc import Mapping

from govkit.plugins.check import Sizes

FASTEST = 100
"""The least step; most models stay far below it."""
FAST, SLOW = 0.03, 0.3
"""Typical time within the least step, and within any other, in parts of it."""
SECONDS: Mapping[str, float] = {"quick": 10.0, "standard": 60.0, "thorough": 600.0}
"""What calls of a slow model may take in all checks of robustness."""
ROWS, BATCH, PROBES = 200, 25_000, 96
"""Attacked rows, rows in a call, and moves that are tried on a row at once, where calls are few."""


def answers_take(predict_ms_per_1000_rows: int) -> float:
    """Give the seconds that an answer for one row typically takes in a large call."""
    share = FAST if predict_ms_per_1000_rows <= FASTEST else SLOW
    return share * predict_ms_per_1000_rows / 1e6


def ration(sizes: Sizes, budget: str, part: float, needed: int) -> dict[str, int]:
    """Give the calls of a slow model that a check may make in its part of the budget; none where calls are quick."""
    return sizes.ration(part * SECONDS[budget], needed)


def with_few_calls(counts: Mapping[str, int], calls: int, sizes: int) -> dict[str, int]:
    """Turn the work of a search into such that asks about many rows and not often.

    Args:
        counts: the search's work counts.
        calls: so many calls it has.
        sizes: sizes of change that random changes are tried for.
    """
    rows = min(counts["rows"], ROWS)
    return {
        **counts,
        "rows": rows,
        "floor": min(counts["floor"], max(BATCH // (rows * sizes), 1)),
        "probes": min(counts["probes"], PROBES),
        "sweeps": _between(1, calls // 20 - 1, counts["sweeps"]),
        "rounds": _between(4, (calls - 20) // 3, counts["rounds"]),
        "proposals": 2 * counts["proposals"],
        "label_rows": 0,
        "label_rounds": _between(6, calls // 6, counts["label_rounds"]),
        "surrogate_rounds": 0,
        "seeds": 1,
    }


def _between(least: int, wanted: int, most: int) -> int:
    return max(min(wanted, most), min(least, most))
