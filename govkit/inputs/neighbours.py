"""Rows that are nearly the same: far closer to each other than rows of their table usually are."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CLOSE: Final = 0.05
"""Share of the usual distance to the nearest rows below which two rows count as nearly the same."""
NEAREST: Final = 8
"""Rows around each that tell how dense the table is there, equal ones not counted."""
MOST_EQUAL: Final = 4
"""Equal rows beyond which a row is left to the search for those."""
FLAT: Final = 0.1
"""Share of near rows expected by chance above which copies can't be told from others."""


@dataclass(frozen=True)
class Near:
    """Which rows have a near copy."""

    place: "NDArray[np.int64]"
    """Position of the nearest row that is nearly the same and not equal, -1 where there is none, shape (rows,)."""
    judged: int
    """Rows that could be judged."""
    by_chance: float
    """Share of them expected to have one by chance, from how dense the table is around them."""

    @property
    def rows(self) -> "NDArray[np.int64]":
        """Give the rows that have a near copy."""
        import numpy as np

        return np.flatnonzero(self.place >= 0)


def near(asked: "NDArray[np.float32]", known: "NDArray[np.float32]") -> Near | None:
    """Find for each asked row a known row that is nearly the same; None where the table can't show it.

    Around a row, k rows lie as if drawn evenly from a ball in so many dimensions as the data fill there. All their
    distances but the smallest give that number (Levina and Bickel 2004, for k - 1 exponential variates without the
    largest), and it gives the chance that the nearest one is as close as a copy.

    Args:
        asked: coordinates, shape (rows, d).
        known: coordinates of the rows to look among; an asked row that is one of them doesn't find itself.
    """
    import numpy as np
    from sklearn.neighbors import NearestNeighbors

    wanted = NEAREST + MOST_EQUAL
    if len(known) < wanted or not asked.shape[1]:
        return None
    found = NearestNeighbors(n_neighbors=wanted, algorithm="brute" if asked.shape[1] > 15 else "auto", n_jobs=1)  # noqa: PLR2004
    distances, places = found.fit(known).kneighbors(asked)
    first = (distances < 1e-4 * np.sqrt(asked.shape[1])).sum(axis=1)
    judged = np.flatnonzero(first <= MOST_EQUAL)
    if not len(judged):
        return None
    around = distances[judged[:, None], first[judged, None] + np.arange(NEAREST)]
    close = CLOSE * float(np.median(around[:, 1]))
    by_chance = float(_by_chance(around, close).mean())
    if by_chance > FLAT:
        return None
    place = np.full(len(asked), -1)
    has = judged[around[:, 0] < close]
    place[has] = places[has, first[has]]
    return Near(place.astype(np.int64), len(judged), by_chance)


def _by_chance(around: "NDArray[np.float64]", close: float) -> "NDArray[np.float64]":
    """Give the chance of a nearest row within `close`, by row, from ascending distances of shape (rows, k)."""
    import numpy as np

    last, others = around[:, -1], around.shape[1] - 1
    spread = np.log(last[:, None] / around[:, 1:-1]).sum(axis=1)
    usual = others - float((1 / np.arange(1, others + 1)).sum())
    with np.errstate(divide="ignore"):
        inside = np.minimum(close / last, 1.0) ** (usual / spread)
    return np.asarray(1 - (1 - inside) ** others, dtype=np.float64)
