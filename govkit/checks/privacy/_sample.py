"""The rows that membership attacks are tried on: as many training rows as others, with twins left out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.predictions import Predictions, features_of, weights
from govkit.plugins.check import NotPossible

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64] | NDArray[np.float64]
    Positions = NDArray[np.int64]

TOO_FEW: Mapping[str, str] = {
    "privacy.same_rows": "TRAIN and DATA hold the same rows ({dropped} of both); what a model remembers shows only "
    "beside rows that it has not seen.",
    "privacy.too_few_rows": "Too few rows to tell anything: the smaller file has {rows} left, and {needed} are needed; "
    "{dropped} rows of both were left out because the other file holds them, too, or their group.",
}
"""Why no sample can be drawn."""
FEWEST = 20
"""Rows a side below which no interval means anything."""
CANDIDATES = 20_000
"""Rows a side that are searched for near twins."""
NEAR = 0.01
"""Share of a standard deviation within which numbers of near twins agree."""
Sides = tuple[tuple[Dataset, Predictions], tuple[Dataset, Predictions]]


@dataclass(frozen=True)
class LeftOut:
    """What was found on the way to the sample, in rows."""

    twins: int
    """Rows of both sides whose equal is on the other side."""
    near_twins: int
    """Rows of both sides that nearly equal one on the other side."""
    shared_groups: int
    """Rows of both sides whose group is on the other side."""
    duplicates: int
    """Rows of TRAIN that equal another row of TRAIN."""


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
    weight: "NDArray[np.float64] | None"
    view: "NDArray[np.float64]"
    """The features as numbers."""
    places: "Positions"
    """Where each row stands in its file."""
    attack_half: "NDArray[np.bool_]"
    """Rows that attacks which learn are fitted on; they are judged on the others."""
    judged: "NDArray[np.bool_]"
    """Rows that attacks are judged on."""
    left_out: LeftOut
    nearby: "tuple[pd.DataFrame, ...]" = ()
    """Rows near `rows`, one a row in every frame."""

    @property
    def judged_members(self) -> int:
        """Training rows that attacks are judged on."""
        return int((self.judged & self.member).sum())


def draw(sides: Sides, columns: Columns, rows: int, seed: int) -> Sample:
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
    answers = [known for _, known in sides]
    features = [features_of(data, columns).iloc[known.rows].reset_index(drop=True) for data, known in sides]
    single, counts = _single(sides, features, columns)
    pool = [rng.permutation(np.flatnonzero(mask))[:CANDIDATES] for mask in single]
    _expect_enough(pool, counts)
    candidates = pd.concat([frame.iloc[index] for frame, index in zip(features, pool, strict=True)], ignore_index=True)
    truth = np.concatenate([one.truth[index] for one, index in zip(answers, pool, strict=True)])
    view = numeric_view(candidates)
    apart = _no_near_twin(view, candidates, truth, len(pool[0]))
    kept = [np.flatnonzero(part) for part in (apart[: len(pool[0])], apart[len(pool[0]) :])]
    counts["near_twins"] = int((~apart).sum())
    _expect_enough(kept, counts)
    count = min(rows, *map(len, kept))
    # in the file's order, so that a reader of the rows finds them
    chosen = [part[np.argsort(index[part[:count]])] for part, index in zip(kept, pool, strict=True)]
    taken = [index[part] for part, index in zip(chosen, pool, strict=True)]
    both = np.concatenate([chosen[0], len(pool[0]) + chosen[1]])
    half = np.zeros(2 * count, dtype=bool)
    for start in (0, count):
        half[start + rng.permutation(count)[: count // 2]] = True
    places = [one.rows[index] for one, index in zip(answers, taken, strict=True)]
    return Sample(
        rows=candidates.iloc[both].reset_index(drop=True),
        member=np.arange(2 * count) < count,
        truth=truth[both],
        predicted=np.concatenate([one.predicted[index] for one, index in zip(answers, taken, strict=True)]),
        probability=_joined([_part(one.probability, index) for one, index in zip(answers, taken, strict=True)]),
        score=_joined([_part(one.score, index) for one, index in zip(answers, taken, strict=True)]),
        weight=_joined([weights(data, columns, index) for (data, _), index in zip(sides, places, strict=True)]),
        view=view[both],
        places=np.concatenate(places),
        attack_half=half,
        judged=np.ones(2 * count, dtype=bool),
        left_out=LeftOut(**counts),
    )


def numeric_view(rows: "pd.DataFrame") -> "NDArray[np.float64]":
    """Give the features as numbers: categories by their place in sorted order, missing cells below all others."""
    import numpy as np

    columns = []
    for name in rows:
        column = rows[name]
        if column.dtype.kind in "iufb":
            columns.append(column.to_numpy(dtype=np.float64, na_value=np.nan))
        else:
            codes = column.astype("str").where(column.notna()).astype("category").cat.codes.to_numpy()
            columns.append(np.where(codes < 0, np.nan, codes))
    return np.column_stack([_filled(column) for column in columns])


def _filled(column: "NDArray[np.float64]") -> "NDArray[np.float64]":
    """Put a number below all others where one is missing: boosting refuses a column that is missing in a whole half."""
    import numpy as np

    there = np.isfinite(column)
    low, high = (column[there].min(), column[there].max()) if there.any() else (0.0, 0.0)
    return np.where(there, column, 2 * low - high - 1)


def _expect_enough(parts: "list[Positions]", counts: Mapping[str, int]) -> None:
    fewest = min(map(len, parts))
    if fewest < FEWEST:
        dropped = counts["twins"] + counts["near_twins"] + counts["shared_groups"]
        if fewest == 0 and dropped:
            raise NotPossible("privacy.same_rows", dropped=dropped)
        raise NotPossible("privacy.too_few_rows", rows=fewest, needed=FEWEST, dropped=dropped)


def _single(
    sides: Sides, features: "list[pd.DataFrame]", columns: Columns
) -> "tuple[list[NDArray[np.bool_]], dict[str, int]]":
    """Give the rows of each side that have no equal and no group in common with the other, and what was left out."""
    import numpy as np

    keys = _keys(features, [known.truth for _, known in sides])
    single = [~np.isin(keys[0], keys[1]), ~np.isin(keys[1], keys[0])]
    counts = {"twins": sum(int((~mask).sum()) for mask in single), "near_twins": 0, "shared_groups": 0}
    single = [mask & _first_of_its_kind(key) for mask, key in zip(single, keys, strict=True)]
    _, times = np.unique(keys[0], return_counts=True)
    counts["duplicates"] = int(times[times > 1].sum())
    name = columns.group
    if name is not None and all(name in data.columns for data, _ in sides):
        groups = [data.frame[name].iloc[known.rows].astype("str").to_numpy() for data, known in sides]
        own = [~np.isin(groups[0], groups[1]), ~np.isin(groups[1], groups[0])]
        counts["shared_groups"] = sum(int((mask & ~alone).sum()) for mask, alone in zip(single, own, strict=True))
        single = [mask & alone for mask, alone in zip(single, own, strict=True)]
    return single, counts


def _first_of_its_kind(keys: "NDArray[np.uint64]") -> "NDArray[np.bool_]":
    """Leave out repetitions within a file: a copy in another half would give a row away."""
    import numpy as np

    first = np.zeros(len(keys), dtype=bool)
    first[np.unique(keys, return_index=True)[1]] = True
    return first


def _no_near_twin(
    view: "NDArray[np.float64]", rows: "pd.DataFrame", truth: "Numbers", first: int
) -> "NDArray[np.bool_]":
    """Give the rows that no row of the other side nearly equals: numbers within 1 % of their spread, else equal.

    Args:
        view: features as numbers, TRAIN's rows first.
        rows: the same features as they are.
        truth: the target of each row.
        first: how many rows are of TRAIN.
    """
    import numpy as np
    from scipy.spatial import cKDTree

    numeric = np.array([rows[name].dtype.kind in "iuf" for name in rows])
    with np.errstate(invalid="ignore"):
        spread = np.where(numeric, np.nanstd(view, axis=0), 1.0)
    spread[~(spread > 0)] = 1.0
    points = np.column_stack([np.nan_to_num(view / spread, nan=-1e6), truth / (np.std(truth) or 1.0)])
    alone = np.ones(len(view), dtype=bool)
    for one, other in ((slice(None, first), slice(first, None)), (slice(first, None), slice(None, first))):
        away, _ = cKDTree(points[other]).query(points[one], p=np.inf, distance_upper_bound=NEAR)
        alone[one] = ~np.isfinite(away)
    return alone


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


def _part(values: "NDArray[np.float64] | None", index: "Positions") -> "NDArray[np.float64] | None":
    return None if values is None else values[index]


def _joined(parts: "list[NDArray[np.float64] | None]") -> "NDArray[np.float64] | None":
    import numpy as np

    given = [part for part in parts if part is not None]
    return np.concatenate(given) if len(given) == len(parts) else None
