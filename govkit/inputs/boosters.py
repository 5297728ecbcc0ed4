"""Boosted trees of XGBoost, LightGBM and CatBoost without the scikit-learn wrapper around them."""

import json
import re
from typing import TYPE_CHECKING, Any

from govkit.inputs.native import NativeModel, Unsupported, both_classes, classifier, with_categories

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

_XGBOOST_NUMBERS = ("reg:", "count:")
_LIGHTGBM_NUMBERS = frozenset(
    "regression regression_l1 huber fair poisson quantile mape gamma tweedie cross_entropy".split()
)


def from_xgboost(booster: Any) -> NativeModel:  # noqa: ANN401 - xgboost.Booster
    """Give a booster the manners of a classifier or regressor, by its objective.

    Raises:
        Unsupported: its objective is another: ranking, survival, one of its own.
    """
    import xgboost

    learner = json.loads(booster.save_config())["learner"]
    objective = str(learner["objective"]["name"])
    names = booster.feature_names or []
    rounds = _rounds(booster)

    def ask(rows: "pd.DataFrame") -> "NDArray[np.generic]":
        given = with_categories(rows, xgboost_categories(booster)) if names else rows.to_numpy()
        matrix = xgboost.DMatrix(given, enable_categorical=True, nthread=1)
        answer: NDArray[np.generic] = booster.predict(matrix, iteration_range=rounds)
        return answer

    facts: dict[str, Any] = {
        "estimator": "xgboost.core.Booster",
        "features": names,
        "n_features": int(booster.num_features()),
        "parameters": {"objective": objective, "rounds": str(booster.num_boosted_rounds())},
        "versions": {"xgboost": ".".join(str(part) for part in learner_version(booster))},
        "inside": booster[: rounds[1]] if rounds[1] else booster,
    }
    if objective == "binary:logistic":
        return classifier(lambda rows: both_classes(ask(rows)), (0, 1), **facts)
    if objective == "multi:softprob":
        return classifier(ask, range(int(learner["learner_model_param"]["num_class"])), **facts)
    if objective == "multi:softmax":
        classes = range(int(learner["learner_model_param"]["num_class"]))
        return NativeModel(kind="classifier", predict=lambda rows: ask(rows).astype(int), classes=classes, **facts)
    if objective.startswith(_XGBOOST_NUMBERS):
        return NativeModel(kind="regressor", predict=ask, **facts)
    raise Unsupported(f"was fitted for {objective}, which gives neither classes nor a value")


def learner_version(booster: Any) -> "Sequence[int]":  # noqa: ANN401 - xgboost.Booster
    """Give the version of XGBoost that a booster's configuration names."""
    version = json.loads(booster.save_config()).get("version")
    return version if isinstance(version, list) else []


def xgboost_categories(booster: Any) -> "Mapping[str, Sequence[Any] | None]":  # noqa: ANN401 - xgboost.Booster
    """Give the columns that a booster knows as categories.

    Raises:
        ValueError: it knows such columns and not their values, as before version 3.1, so that they can't be numbered.
    """
    kinds = dict(zip(booster.feature_names or [], booster.feature_types or [], strict=False))
    names = [name for name, kind in kinds.items() if kind == "c"]
    if names and booster.get_categories() is None:
        raise ValueError
    return dict.fromkeys(names)


def _rounds(booster: Any) -> tuple[int, int]:  # noqa: ANN401 - xgboost.Booster
    """Give the trees that scikit-learn's wrapper would use after early stopping; all where it didn't write the file."""
    best = booster.attr("best_iteration") if booster.attr("scikit_learn") else None
    return (0, int(best) + 1) if best else (0, 0)


def from_lightgbm(booster: Any) -> NativeModel:  # noqa: ANN401 - lightgbm.Booster
    """Give a booster the manners of a classifier or regressor, by its objective.

    Raises:
        Unsupported: its objective is another: ranking, one of its own.
    """
    text = str(booster.model_to_string(num_iteration=1))
    found = re.search(r"^objective=(\S+)", text, re.MULTILINE)
    objective = found[1] if found else "an objective of its own"

    def ask(rows: "pd.DataFrame") -> "NDArray[np.generic]":
        answer: NDArray[np.generic] = booster.predict(with_categories(rows, lightgbm_categories(booster)))
        return answer

    names = [str(name) for name in booster.feature_name()]
    bare = all(re.fullmatch(r"Column_[0-9]+", name) for name in names)
    facts: dict[str, Any] = {
        "estimator": "lightgbm.basic.Booster",
        "features": () if bare else names,
        "n_features": int(booster.num_feature()),
        "parameters": {"objective": objective, "rounds": str(booster.num_trees())},
        "inside": booster,
    }
    if objective == "binary":
        return classifier(lambda rows: both_classes(ask(rows)), (0, 1), **facts)
    if objective in {"multiclass", "multiclassova"}:
        return classifier(lambda rows: _adding_up(ask(rows)), range(int(booster.num_model_per_iteration())), **facts)
    if objective in _LIGHTGBM_NUMBERS:
        return NativeModel(kind="regressor", predict=ask, **facts)
    raise Unsupported(f"was fitted for {objective}, which gives neither classes nor a value")


def _adding_up(probability: "NDArray[np.generic]") -> "NDArray[np.generic]":
    """Divide by the sum: one-against-all probabilities don't add up to 1."""
    import numpy as np

    return np.asarray(probability / probability.sum(axis=1, keepdims=True))


def lightgbm_categories(booster: Any) -> "Mapping[str, Sequence[Any] | None]":  # noqa: ANN401 - lightgbm.Booster
    """Give the columns that a booster knows as categories, with their values.

    Raises:
        ValueError: its columns of categories can't be told from the others.
    """
    known = booster.pandas_categorical or []
    if not known:
        return {}
    text = str(booster.model_to_string(num_iteration=1))
    infos = next(line for line in text.splitlines() if line.startswith("feature_infos=")).partition("=")[2].split(" ")
    names = booster.feature_name()
    columns = [name for name, info in zip(names, infos, strict=True) if not info.startswith("[") and info != "none"]
    if len(columns) != len(known):
        raise ValueError
    return dict(zip(columns, known, strict=True))


def from_catboost(model: Any) -> NativeModel:  # noqa: ANN401 - catboost.CatBoost
    """Give a CatBoost model its labels and columns."""
    import numpy as np

    names = [str(name) for name in model.feature_names_ or []]
    bare = all(name == str(index) for index, name in enumerate(names))
    facts: dict[str, Any] = {
        "estimator": "catboost.core.CatBoost",
        "features": () if bare else names,
        "n_features": len(names),
        "parameters": {"trees": str(model.tree_count_)},
        "inside": model,
    }
    classes = [label.item() if isinstance(label, np.generic) else label for label in model.classes_]
    if classes:
        return classifier(lambda rows: np.asarray(model.predict_proba(rows, thread_count=1)), classes, **facts)
    return NativeModel(kind="regressor", predict=lambda rows: np.asarray(model.predict(rows, thread_count=1)), **facts)
