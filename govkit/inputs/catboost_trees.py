"""Reads the trees of CatBoost, which tells of them in texts and lists."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from govkit.inputs.tree_ensemble import Decoded, Member, NotDescribed, Read, Trees

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SIX_DIGITS = 5.5e-6
"""Relative difference that writing a number in six digits may make."""


def catboost_trees(model: Any) -> Read:  # noqa: ANN401 - catboost.CatBoost
    """Read splits from the texts that CatBoost gives of them; their numbers are rounded, the borders are not.

    Its own export is a file, which the model's process may not write.

    Raises:
        NotDescribed: it holds something else than trees with thresholds.
    """
    import numpy as np

    known = model.get_all_params() if model.is_fitted() else {}
    if known.get("loss_function") not in {"Logloss", "CrossEntropy", "MultiClass"}:
        raise NotDescribed("its objective is not one of those known")
    if len(model._get_float_feature_indices()) != len(model.feature_names_):  # noqa: SLF001 - nothing public says it
        raise NotDescribed("it works with categories, texts or embeddings by statistics of its own")
    if model.get_probability_threshold() not in {None, 0.5}:
        raise NotDescribed("something else than the larger score decides")
    scale, bias = model.get_scale_and_bias()
    base = np.atleast_1d(np.asarray(bias, dtype=np.float64))
    outputs = len(model.classes_) if known["loss_function"] == "MultiClass" else 1
    borders = {int(at): np.asarray(own, dtype=np.float32) for at, own in model.get_borders().items()}
    missing = {int(at): kind != "AsTrue" for at, kind in model._get_nan_treatments().items()}  # noqa: SLF001
    counts = np.asarray(model.get_tree_leaf_counts(), dtype=np.int64) * outputs
    leaves = np.split(np.asarray(model.get_leaf_values(), dtype=np.float64) * scale, np.cumsum(counts)[:-1])
    members = []
    for number, own in enumerate(leaves):
        splits = model._get_tree_splits(number, None)  # noqa: SLF001
        if model._object._is_oblivious():  # noqa: SLF001
            nodes = _symmetric(len(splits))
        else:
            nodes = _grown(model._get_tree_step_nodes(number), model._get_tree_node_to_leaf(number))  # noqa: SLF001
        members.append(_tree(nodes, [splits, borders, missing], own.reshape(-1, outputs)))
    trees = Trees.laid_out(members, np.broadcast_to(base, outputs).copy(), single=True, logistic=True)

    def ask(rows: "NDArray[np.float64]") -> "NDArray[Any]":
        scores: NDArray[Any] = model.predict(rows, prediction_type="RawFormulaVal", thread_count=1)
        return scores

    return Read(Decoded(trees), len(model.feature_names_), ask)


def _border(text: str, borders: "Mapping[int, NDArray[np.float32]]") -> tuple[int, float]:
    """Give column and border of a split such as `3, bin=0.25`.

    Raises:
        NotDescribed: two borders of the column are written alike.
    """
    import numpy as np

    column, _, number = text.partition(", bin=")
    if not number or int(column) not in borders:
        raise NotDescribed("it holds splits of another kind")
    own = borders[int(column)].astype(np.float64)
    written = own[np.abs(own - float(number)) <= SIX_DIGITS * np.abs(own)]
    if len(written) != 1:
        raise NotDescribed("the borders of its splits are too close to be told apart")
    return int(column), float(written[0])


def _symmetric(depth: int) -> "NDArray[np.int64]":
    """Give the nodes of a tree in which all splits of a depth are one: left, right, split and leaf, -1 for none."""
    import numpy as np

    inner, leaves = 2**depth - 1, 2**depth
    node, leaf = np.arange(inner), np.arange(leaves)
    number = np.zeros(leaves, dtype=np.int64)
    for at in range(depth):  # bit n of a leaf's number is the side taken at split n
        number += ((leaf >> (depth - 1 - at)) & 1) << at
    level = np.floor(np.log2(node + 1)).astype(np.int64)
    none = np.full(leaves, -1)
    parts = ([2 * node + 1, none], [2 * node + 2, none], [level, none], [np.full(inner, -1), number])
    return np.array([np.concatenate(part) for part in parts])


def _grown(steps: Sequence[tuple[int, int]], leaf: Sequence[int]) -> "NDArray[np.int64]":
    """Give the nodes of any other tree in the same form; a step of 0 ends at the node's own leaf."""
    import numpy as np

    count = len(steps)
    node, both, own = np.arange(count), np.array(steps, dtype=np.int64), np.array(leaf, dtype=np.int64)
    ends = (both == 0).all(axis=1)
    left, right = (np.where(ends, -1, np.where(way, node + way, node + count)) for way in both.T)
    none = np.full(count, -1)
    parts = ([left, none], [right, none], [np.where(ends, -1, node), none], [np.where(ends, own, -1), own])
    return np.array([np.concatenate(part) for part in parts])


def _tree(nodes: "NDArray[np.int64]", facts: list[Any], leaves: "NDArray[np.float64]") -> Member:
    """Put a tree together.

    Args:
        nodes: left, right, split and leaf by node.
        facts: the texts of the splits, the borders by column, and which way missing cells go by column.
        leaves: shape (leaves, outputs).
    """
    import numpy as np

    texts, borders, missing = facts
    left, right, split, leaf = nodes
    known = {at: _border(texts[at], borders) for at in np.unique(split[split >= 0]).tolist()}
    column, border = (np.array([known[at][part] if at >= 0 else -1 for at in split.tolist()]) for part in (0, 1))
    goes_left = np.array([missing.get(int(at), True) for at in column.tolist()], dtype=np.int64)
    value = np.where((split < 0)[:, None], leaves[np.minimum(np.maximum(leaf, 0), len(leaves) - 1)], 0.0)
    return left, right, column.astype(np.int64), border.astype(np.float64), goes_left, value
