"""Cells of DATA that a model most likely can't take, named when it raised an exception."""

from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset

MOST_NAMED = 3


def suspects(test: Dataset, train: Dataset | None, columns: Columns) -> str:
    """Name features of DATA with infinite numbers, with text in place of numbers, or with gaps that TRAIN doesn't have.

    Returns:
        One sentence on up to three features, nothing where all look as in TRAIN.
    """
    found = [said for name in columns.features if (said := _unlike(test, train, name))]
    more = f"; and {len(found) - MOST_NAMED} more features" if len(found) > MOST_NAMED else ""
    return f"look at {'; '.join(found[:MOST_NAMED])}{more}" if found else ""


def _unlike(test: Dataset, train: Dataset | None, name: str) -> str:
    import numpy as np
    from pandas.api.types import is_numeric_dtype

    column = test.frame[name]
    known = train.frame[name] if train is not None and name in train.columns else None
    if is_numeric_dtype(column):
        infinite = int(np.isinf(column.to_numpy(dtype=np.float64, na_value=np.nan)).sum())
        if infinite:
            return f"{name}, which holds {infinite:,} infinite numbers"
    elif known is not None and is_numeric_dtype(known):
        return f"{name}, which holds text where TRAIN holds numbers"
    gaps = int(column.isna().sum())
    if gaps and known is not None and not known.isna().any():
        return f"{name}, which is empty in {gaps:,} rows and never in TRAIN"
    return ""
