"""Rows that are nearly the same: far closer to each other than rows of their table usually are."""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CLOSE: Final = 0.05
"""Share of the usual distance to the nearest row below which two rows count as nearly the same."""
FEWEST_FINE: Final = 3
"""Coordinates of many values; with d of them, rows come that close by chance in about `CLOSE ** d` of cases."""
MANY_VALUES: Final = 20
NEAREST: Final = 3


def near(asked: "NDArray[np.float32]", known: "NDArray[np.float32]") -> "NDArray[np.int64] | None":
    """Find for each asked row a known row that is nearly the same; None where the table can't show it.

    Rows of independent draws come closer than a share s of their usual distance with a probability of about s to the
    power of the dimensions, so near twins in several dimensions are copies that were changed a little.

    Args:
        asked: coordinates, shape (rows, d).
        known: coordinates of the rows to look among; an asked row that is one of them doesn't find itself.

    Returns:
        Position of the nearest known row that is nearly the same and not equal; -1 where there is none.
    """
    import numpy as np
    from sklearn.neighbors import NearestNeighbors

    wanted = min(NEAREST, len(known))
    fine = sum(len(np.unique(values)) > MANY_VALUES for values in known[:2_000].T)
    if fine < FEWEST_FINE or wanted < NEAREST:
        return None
    found = NearestNeighbors(n_neighbors=wanted, algorithm="brute" if asked.shape[1] > 15 else "auto", n_jobs=1)  # noqa: PLR2004
    distances, places = found.fit(known).kneighbors(asked)
    equal = distances < 1e-4 * np.sqrt(asked.shape[1])
    first = np.argmax(~equal, axis=1)
    line = np.arange(len(asked))
    apart = ~equal[line, first]
    nearest = np.where(apart, distances[line, first], np.inf)
    close = nearest < CLOSE * float(np.median(distances[:, -1]))
    return np.where(close, places[line, first], -1).astype(np.int64)
