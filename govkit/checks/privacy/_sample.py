"""The rows that membership attacks are tried on: as many training rows as others, with exact twins left out."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.predictions import Predictions, features_of
from govkit.plugins.check import NotPossible

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64] | NDArray[np.float64]

FEWEST = 20
"""Rows a side below which no interval means anything."""


@dataclass(frozen=True)
class Sample:
    """Members first, then as many non-members; one entry a row in every array."""

    rows: "pd.DataFrame"
    """The model's features."""
    member: "NDArray[np.bool_]"
    truth: "Numbers"
    predicted: "Numbers"
    probability: "NDArray[np.float64] | None"
    score: "NDArray[np.float64] | None"
    twins: int
    """Rows of both sides left out because the other side holds the same row."""
    attack_half: "NDArray[np.bool_]"
    """Rows that attacks which learn are fitted on; they are judged on the others."""


def draw(
    sides: tuple[tuple[Dataset, Predictions], tuple[Dataset, Predictions]], columns: Columns, rows: int, seed: int
) -> Sample:
    """Draw a balanced sample.

    Args:
        sides: TRAIN and DATA, each with the model's answers.
        columns: roles of the columns.
        rows: rows a side at most.
        seed: makes the draw repeatable.

    Raises:
        NotPossible: a side has too few rows.
    """
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(seed)
    features = [features_of(data, columns).iloc[answers.rows].reset_index(drop=True) for data, answers in sides]
    keys = _keys(features, [answers.truth for _, answers in sides])
    single = [~np.isin(keys[0], keys[1]), ~np.isin(keys[1], keys[0])]
    count = min(rows, *(int(mask.sum()) for mask in single))
    if count < FEWEST:
        raise NotPossible("privacy.too_few_rows", rows=count, needed=FEWEST)
    taken = [np.sort(rng.permutation(np.flatnonzero(mask))[:count]) for mask in single]
    answers = [answers for _, answers in sides]
    half = np.zeros(2 * count, dtype=bool)
    for start in (0, count):
        half[start + rng.permutation(count)[: count // 2]] = True
    return Sample(
        rows=pd.concat([frame.iloc[index] for frame, index in zip(features, taken, strict=True)], ignore_index=True),
        member=np.arange(2 * count) < count,
        truth=np.concatenate([one.truth[index] for one, index in zip(answers, taken, strict=True)]),
        predicted=np.concatenate([one.predicted[index] for one, index in zip(answers, taken, strict=True)]),
        probability=_joined_or_none([one.probability for one in answers], taken),
        score=_joined_or_none([one.score for one in answers], taken),
        twins=sum(int((~mask).sum()) for mask in single),
        attack_half=half,
    )


def numeric_view(rows: "pd.DataFrame") -> "NDArray[np.float64]":
    """Give the features as numbers: categories by their place in sorted order, missing cells as NaN."""
    import numpy as np

    columns = []
    for name in rows:
        column = rows[name]
        if column.dtype.kind in "iufb":
            columns.append(column.to_numpy(dtype=np.float64, na_value=np.nan))
        else:
            codes = column.astype("str").where(column.notna()).astype("category").cat.codes.to_numpy()
            columns.append(np.where(codes < 0, np.nan, codes))
    return np.column_stack(columns)


def _keys(features: "list[pd.DataFrame]", truths: "list[Numbers]") -> "list[NDArray[np.uint64]]":
    """Hash each row with its target, so that equal rows agree whatever types the two files were read with."""
    import numpy as np
    import pandas as pd

    keys = []
    for frame, truth in zip(features, truths, strict=True):
        changed = {}
        for name in frame:
            numeric = all(other[name].dtype.kind in "iufb" for other in features)
            changed[name] = frame[name].astype("float64") if numeric else frame[name].astype("str").fillna("")
        plain = pd.DataFrame(changed).assign(**{"": np.asarray(truth, dtype=np.float64)})
        keys.append(np.asarray(pd.util.hash_pandas_object(plain, index=False), dtype=np.uint64))
    return keys


def _joined_or_none(
    parts: "list[NDArray[np.float64] | None]", taken: "list[NDArray[np.int64]]"
) -> "NDArray[np.float64] | None":
    import numpy as np

    given = [part[index] for part, index in zip(parts, taken, strict=True) if part is not None]
    return np.concatenate(given) if len(given) == len(parts) else None
