"""Reads the trees of LightGBM from the text that it writes of itself."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from govkit.inputs.boosters import lightgbm_categories
from govkit.inputs.tree_ensemble import CategorySets, Decoded, Member, NotDescribed, Read, Trees

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_CATEGORY, _DEFAULT_LEFT, _ZERO, _NAN = 1, 2, 4, 8
"""Bits of a split's `decision_type`: kind, way of missing cells, and what counts as missing."""


def lightgbm_trees(booster: Any) -> Read:  # noqa: ANN401 - lightgbm.Booster
    """Read a booster up to its best iteration.

    Raises:
        NotDescribed: it holds something else than trees with thresholds.
    """
    import numpy as np

    header, *blocks = str(booster.model_to_string()).partition("\nend of trees")[0].split("\n\nTree=")
    facts = _lines(header)
    objective = facts.get("objective", "").split()
    if not objective or objective[0] not in {"binary", "multiclass"} or "average_output" in facts:
        raise NotDescribed("its objective or its way of boosting is not one of those known")
    steep = next((float(one.partition(":")[2]) for one in objective if one.startswith("sigmoid:")), 1.0)
    outputs, width = int(facts["num_tree_per_iteration"]), int(facts["max_feature_idx"]) + 1
    sets = CategorySets(width)
    members = [_tree(_lines(block), sets, (number % outputs, outputs, steep)) for number, block in enumerate(blocks)]
    trees = Trees.laid_out(members, np.zeros(outputs), logistic=True)

    def ask(rows: "NDArray[np.float64]") -> "NDArray[Any]":
        return np.asarray(booster.predict(rows, raw_score=True, num_threads=1)) * steep

    names = list(booster.feature_name())
    categories = {names.index(name): list(values or ()) for name, values in lightgbm_categories(booster).items()}
    return Read(Decoded(trees, tuple(sets.found), categories), width, ask)


def _lines(block: str) -> dict[str, str]:
    return {name: value for name, _, value in (line.partition("=") for line in block.splitlines())}


def _tree(facts: Mapping[str, str], sets: CategorySets, place: tuple[int, int, float]) -> Member:
    import numpy as np

    if facts.get("is_linear", "0") != "0":
        raise NotDescribed("its leaves hold linear models")
    numbers = {
        name: np.array(facts.get(name, "").split(), dtype=np.float64)
        for name in ("left_child", "right_child", "split_feature", "threshold", "decision_type", "leaf_value")
    }
    inner, leaves = len(numbers["left_child"]), len(numbers["leaf_value"])
    kind = numbers["decision_type"].astype(np.int64)
    if (kind & _ZERO).any():
        raise NotDescribed("it takes 0 for a missing value")
    left, right = (_children(numbers[name], inner, leaves) for name in ("left_child", "right_child"))
    value = np.zeros((inner + leaves, place[1]))
    value[inner:, place[0]] = numbers["leaf_value"] * place[2]
    feature = np.concatenate([numbers["split_feature"].astype(np.int64), np.full(leaves, -1)])
    threshold = np.concatenate([numbers["threshold"], np.zeros(leaves)])
    # where missing cells have no way of their own they count as 0
    missing = np.where(kind & _NAN, (kind & _DEFAULT_LEFT) > 0, numbers["threshold"] >= 0)
    missing = np.concatenate([missing, np.zeros(leaves)]).astype(np.int64)
    for node in np.flatnonzero(kind & _CATEGORY).tolist():
        codes = _codes(facts, int(threshold[node]))
        feature[node], threshold[node] = sets.column(int(feature[node]), codes), 0.5
        left[node], right[node], missing[node] = right[node], left[node], 1  # codes of the set go left, all else right
    return left, right, feature, threshold, missing, value


def _children(given: "NDArray[np.float64]", inner: int, leaves: int) -> "NDArray[np.int64]":
    """Give children as positions; leaf n is written as -n-1 and stands behind the inner nodes."""
    import numpy as np

    child = given.astype(np.int64)
    return np.concatenate([np.where(child < 0, inner - 1 - child, child), np.full(leaves, -1)])


def _codes(facts: Mapping[str, str], number: int) -> frozenset[int]:
    """Read a set of codes, written as bits of 32-bit words."""
    bounds = [int(part) for part in facts["cat_boundaries"].split()]
    words = [int(part) for part in facts["cat_threshold"].split()][bounds[number] : bounds[number + 1]]
    return frozenset(32 * at + bit for at, word in enumerate(words) for bit in range(32) if word >> bit & 1)
