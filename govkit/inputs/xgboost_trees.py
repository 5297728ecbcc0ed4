"""Reads the trees of XGBoost from its own JSON."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from govkit.inputs.tree_ensemble import CategorySets, Decoded, Member, NotDescribed, Read, Trees

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def xgboost_trees(booster: Any) -> Read:  # noqa: ANN401 - xgboost.Booster
    """Read a booster whose every tree is asked; cells are compared in single precision.

    Raises:
        NotDescribed: it holds something else than such trees.
    """
    import numpy as np
    import xgboost

    learner = json.loads(bytes(booster.save_raw("json")))["learner"]
    kept = learner["gradient_booster"]
    if kept["name"] not in {"gbtree", "dart"}:
        raise NotDescribed("it is made of something else than trees")
    if learner["objective"]["name"] not in {"binary:logistic", "multi:softprob", "multi:softmax"}:
        raise NotDescribed("its objective is not one of those known")
    model = kept["model"] if kept["name"] == "gbtree" else kept["gbtree"]["model"]
    weights = kept.get("weight_drop", [1.0] * len(model["trees"]))
    width = int(learner["learner_model_param"]["num_feature"])
    outputs = max(int(learner["learner_model_param"]["num_class"]), 1)
    sets = CategorySets(width)
    members = [
        _tree(tree, sets, (output, outputs, weight))
        for tree, output, weight in zip(model["trees"], model["tree_info"], weights, strict=True)
    ]
    trees = Trees.laid_out(members, np.zeros(outputs), single=True, logistic=True)

    def ask(rows: "NDArray[np.float64]") -> "NDArray[Any]":
        facts = {"feature_names": booster.feature_names, "feature_types": booster.feature_types}
        matrix = xgboost.DMatrix(rows, enable_categorical=True, nthread=1, **facts)
        scores: NDArray[Any] = booster.predict(matrix, output_margin=True)
        return scores

    decoded = Decoded(trees, tuple(sets.found), _categories(model), sparse_zero_is_missing=True)
    return Read(decoded, width, ask)


def asked_rounds(booster: Any) -> Any:  # noqa: ANN401 - xgboost.Booster
    """Leave out the trees behind the best round of early stopping, which scikit-learn's wrapper doesn't ask."""
    best = booster.attr("best_iteration")
    return booster[: int(best) + 1] if best else booster


def _tree(tree: Mapping[str, Any], sets: CategorySets, place: tuple[int, int, float]) -> Member:
    import numpy as np

    if tree["tree_param"]["size_leaf_vector"] not in {"0", "1"}:
        raise NotDescribed("its leaves hold several values")
    left, right = (np.asarray(tree[f"{side}_children"], dtype=np.int64) for side in ("left", "right"))
    value = np.zeros((len(left), place[1]))
    limit = np.asarray(tree["split_conditions"], dtype=np.float32)
    value[:, place[0]] = np.where(left < 0, limit, 0.0) * place[2]
    # a cell below the limit goes left: one up to the number before it
    threshold = np.nextafter(limit, np.float32(-np.inf)).astype(np.float64)
    feature = np.where(left < 0, -1, np.asarray(tree["split_indices"], dtype=np.int64))
    parts = zip(tree["categories_nodes"], tree["categories_segments"], tree["categories_sizes"], strict=True)
    for node, start, size in parts:
        codes = frozenset(int(code) for code in tree["categories"][start : start + size])
        feature[node], threshold[node] = sets.column(int(feature[node]), codes), 0.5
    return left, right, feature, threshold, np.asarray(tree["default_left"], dtype=np.int64), value


def _categories(model: Mapping[str, Any]) -> dict[int, list[Any]]:
    """Give what codes stand for, where the file says it."""
    found: dict[int, list[Any]] = {}
    for column, known in enumerate(model.get("cats", {}).get("enc", ())):
        values = known["values"]
        if values and "offsets" in known:
            ends = known["offsets"]
            content = bytes(code % 256 for code in values)
            found[column] = [content[ends[at] : ends[at + 1]].decode() for at in range(len(ends) - 1)]
        elif values:
            found[column] = list(values)
    return found
