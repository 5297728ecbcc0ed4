"""How well one column, or many, tell a class apart: always judged on rows that were not learnt from."""

from typing import TYPE_CHECKING

from govkit.stats import influence

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BINS = 10


def halves(rows: int, seed: int) -> "NDArray[np.bool_]":
    """Mark a random half of the rows."""
    import numpy as np

    mark = np.zeros(rows, dtype=bool)
    mark[np.random.default_rng(seed).permutation(rows)[: rows // 2]] = True
    return mark


def bins_of(values: "NDArray[np.float64]") -> "NDArray[np.int64]":
    """Sort numbers into about ten bins of equal size; missing ones into a bin of their own, the last."""
    import numpy as np

    known = np.isfinite(values)
    if not known.any():
        return np.zeros(len(values), dtype=np.int64)
    edges = np.unique(np.quantile(values[known], np.arange(1, BINS) / BINS, method="inverted_cdf"))
    return np.where(known, np.searchsorted(edges, values, side="left"), len(edges) + 1).astype(np.int64)


def cross_fitted_auc(
    bins: "NDArray[np.int64]", positive: "NDArray[np.bool_]", half: "NDArray[np.bool_]"
) -> "tuple[float, NDArray[np.float64]] | None":
    """Give how well a column's bins tell the positive rows, 0.5 for not at all, and each row's influence.

    Each bin is scored by its share of positives in one half; the area is measured in the other, and the two areas are
    averaged. None where a half has fewer than two rows of either side.
    """
    import numpy as np

    count = int(bins.max()) + 1
    area, moved = 0.0, np.zeros(len(bins))
    for learn, judge in ((half, ~half), (~half, half)):
        few = min(positive[judge].sum(), (~positive[judge]).sum(), positive[learn].sum(), (~positive[learn]).sum())
        if few < 2:  # noqa: PLR2004 - a variance takes two
            return None
        rows = np.bincount(bins[learn], minlength=count)
        share = (np.bincount(bins[learn], positive[learn], count) + positive[learn].mean()) / (rows + 1)
        value, influences = influence.roc_auc(share[bins[judge]], positive[judge])
        area += value / 2
        moved[judge] = influences / 2
    return area, moved


def many_classes(
    columns: "list[NDArray[np.int64]]", classes: "NDArray[np.int64]", half: "NDArray[np.bool_]"
) -> "list[tuple[float, NDArray[np.float64]] | None]":
    """Give for each column the mean area over the classes, each against the rest; two classes count once."""
    import numpy as np

    present = np.unique(classes)
    present = present[1:] if len(present) == 2 else present  # noqa: PLR2004
    found: list[tuple[float, NDArray[np.float64]] | None] = []
    for bins in columns:
        areas = [one for label in present if (one := cross_fitted_auc(bins, classes == label, half))]
        if areas:
            moved = np.mean([moved for _, moved in areas], axis=0)
            found.append((float(np.mean([area for area, _ in areas])), moved))
        else:
            found.append(None)
    return found
