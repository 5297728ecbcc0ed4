"""Describes a fitted model as plain numbers: how its inputs are encoded, and the trees of an ensemble.

Runs in the model's own process; whoever reads the numbers holds them against the model's answers before trusting them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from govkit.inputs.booster_trees import decoded
from govkit.inputs.tree_ensemble import REASONS, Arrays, Decoded, Member, NotDescribed, Trees

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NEXT_TO_ZERO, NEAR_ZERO = 1.4e-45, 1e-6
"""The least number of single precision, and one that scaled cells can be told from 0 by."""


@dataclass(frozen=True)
class Encoded:
    """One column that the final estimator sees: slope times the base plus shift.

    The base is the cell of column `source`, or what `table` gives for it, 0 for what is not in the table.
    """

    source: int
    slope: float = 1.0
    shift: float = 0.0
    fill: float = float("nan")
    """What a missing cell becomes, as the final estimator sees it."""
    stand_in: str | None = None
    """The category that an imputer puts in the place of a missing cell, until it is encoded."""
    table: tuple[tuple[str, float], ...] | None = None


def describe(model: Any) -> Arrays:  # noqa: ANN401 - any estimator or pipeline
    """Give arrays `map:*` for the encoding and `trees:*` for the trees, either of them only where it is understood.

    `map:source`, `map:slope`, `map:shift`, `map:fill`, `map:table` by encoded column; `table:start`, `table:value`,
    `table:end` and `table:text` hold the tables, texts as UTF-8 one behind the other. `trees:*` are the fields of
    `Trees`. `declined` is a text in UTF-8: why the trees are not given, where that can be told.
    """
    steps = [step for _, step in model.steps] if hasattr(model, "steps") else [model]
    found: Arrays = {}
    try:
        columns = [Encoded(source) for source in range(int(model.n_features_in_))]
        names, sparse = [str(name) for name in getattr(model, "feature_names_in_", ())], False
        for step in steps[:-1]:
            columns, names, sparse = _through(step, columns, names), [], _gives_sparse(step, before=sparse)
        found |= _packed_map(columns)
        boosted = decoded(steps[-1])
        if boosted is None:
            return found | _trees(steps[-1]).arrays()
        trees, columns = _seen_from_outside(boosted, columns, sparse=sparse)
        return found | _packed_map(columns) | trees.arrays()
    except (NotDescribed, AttributeError) as reason:
        import numpy as np

        told = str(reason) if isinstance(reason, NotDescribed) else ""
        return found | ({"declined": np.frombuffer(told.encode(), dtype=np.uint8)} if told else {})


def declined(arrays: "Mapping[str, NDArray[Any]]") -> str:
    """Give why the trees are not given, one of `REASONS`; empty where it is not told."""
    told = bytes(arrays["declined"].tobytes()).decode(errors="replace") if "declined" in arrays else ""
    return told if told in REASONS else ""


def text_of(value: object) -> str:
    """Write a category so that 3, 3.0 and numpy's 3 are one."""
    is_number = hasattr(value, "__float__") and not isinstance(value, str | bool) and type(value).__name__ != "bool"
    return repr(float(value)) if is_number else str(value)  # type: ignore[arg-type]


def _through(step: Any, columns: list[Encoded], names: list[str]) -> list[Encoded]:  # noqa: ANN401 - any transformer
    """Follow columns through a fitted transformer."""
    if step is None or step == "passthrough":
        return columns
    kind = type(step).__name__
    if kind == "ColumnTransformer":
        return list(_side_by_side(step, columns, names))
    if hasattr(step, "steps"):
        for _, inner in step.steps:
            columns, names = _through(inner, columns, names), []
        return columns
    if kind == "FunctionTransformer" and step.func is None:
        return columns
    if kind in {"OneHotEncoder", "OrdinalEncoder"}:
        return [new for at, column in enumerate(columns) for new in _categories(step, kind, at, column)]
    return [_moved(step, kind, at, column) for at, column in enumerate(columns)]


def _side_by_side(step: Any, columns: list[Encoded], names: list[str]) -> Iterator[Encoded]:  # noqa: ANN401
    for _, inner, chosen in step.transformers_:
        if inner == "drop":
            continue
        places = _places(chosen, len(columns), names)
        yield from _through(inner, [columns[at] for at in places], [names[at] for at in places] if names else [])


def _places(chosen: Any, width: int, names: list[str]) -> list[int]:  # noqa: ANN401 - names, positions, a slice or a mask
    if isinstance(chosen, slice):
        if isinstance(chosen.start, str) or isinstance(chosen.stop, str):
            raise NotDescribed
        return list(range(width))[chosen]
    listed = [chosen] if isinstance(chosen, str | int) else list(chosen)
    if listed and all(type(one).__name__ in {"bool", "bool_"} for one in listed):
        return [at for at, taken in enumerate(listed) if taken]
    if any(isinstance(one, str) and one not in names for one in listed):
        raise NotDescribed
    return [names.index(one) if isinstance(one, str) else int(one) for one in listed]


def _categories(step: Any, kind: str, at: int, column: Encoded) -> Iterator[Encoded]:  # noqa: ANN401
    if column.table is not None or (column.slope, column.shift) != (1.0, 0.0):
        raise NotDescribed
    known = [text_of(value) for value in step.categories_[at]]
    imputed = column.stand_in if column.fill != column.fill else text_of(column.fill)
    missing = imputed or next((text for text in known if text in {"nan", "None"}), None)
    column = replace(column, stand_in=None)
    if kind == "OrdinalEncoder":
        fill = float(known.index(imputed)) if imputed in known else float(getattr(step, "encoded_missing_value", "nan"))
        yield replace(column, table=tuple((text, float(code)) for code, text in enumerate(known)), fill=fill)
        return
    if getattr(step, "infrequent_categories_", None) and step.infrequent_categories_[at] is not None:
        raise NotDescribed
    dropped = None if step.drop_idx_ is None else step.drop_idx_[at]
    for code, text in enumerate(known):
        if code != dropped:
            yield replace(column, table=((text, 1.0),), fill=float(text == missing))


def _moved(step: Any, kind: str, at: int, column: Encoded) -> Encoded:  # noqa: ANN401
    """Follow one column through a scaler or an imputer."""
    if kind == "SimpleImputer":
        if getattr(step, "add_indicator", False) or len(step.statistics_) != step.n_features_in_:
            raise NotDescribed
        value = step.statistics_[at]
        if isinstance(value, str) and column.table is None:
            return replace(column, stand_in=text_of(value))
        number = isinstance(value, int | float) or hasattr(value, "dtype")
        return replace(column, fill=float(value)) if number and column.table is None else column
    if kind not in _SCALERS or getattr(step, "clip", False):
        raise NotDescribed
    name = _SCALERS[kind]
    middles, scales = getattr(step, name) if name else None, step.scale_
    middle = 0.0 if middles is None else float(middles[at])
    scale = 1.0 if scales is None else float(scales[at])
    if kind == "MinMaxScaler":  # times its scale, plus its least
        middle, scale = -middle / scale, 1 / scale
    return replace(
        column, slope=column.slope / scale, shift=(column.shift - middle) / scale, fill=(column.fill - middle) / scale
    )


_SCALERS: Mapping[str, str] = {
    "StandardScaler": "mean_",
    "RobustScaler": "center_",
    "MaxAbsScaler": "",
    "MinMaxScaler": "min_",
}
"""Scaler to the attribute that holds what is taken off."""


def _packed_map(columns: Sequence[Encoded]) -> Arrays:
    import numpy as np

    tables = [column.table for column in columns if column.table is not None]
    texts = [text.encode() for table in tables for text, _ in table]
    number = iter(range(len(tables)))
    return {
        "map:source": np.array([column.source for column in columns], dtype=np.int64),
        "map:slope": np.array([column.slope for column in columns], dtype=np.float64),
        "map:shift": np.array([column.shift for column in columns], dtype=np.float64),
        "map:fill": np.array([column.fill for column in columns], dtype=np.float64),
        "map:table": np.array([-1 if column.table is None else next(number) for column in columns], dtype=np.int64),
        "table:start": np.cumsum([0, *(len(table) for table in tables)]).astype(np.int64),
        "table:value": np.array([value for table in tables for _, value in table], dtype=np.float64),
        "table:end": np.cumsum([len(text) for text in texts]).astype(np.int64),
        "table:text": np.frombuffer(b"".join(texts), dtype=np.uint8),
    }


def tables_of(arrays: "Mapping[str, NDArray[Any]]") -> list[dict[str, float]]:
    """Read the tables back: value by text."""
    starts, ends = arrays["table:start"].tolist(), [0, *arrays["table:end"].tolist()]
    content, values = bytes(arrays["table:text"].tobytes()), arrays["table:value"].tolist()
    texts = [content[ends[at] : ends[at + 1]].decode(errors="replace") for at in range(len(values))]
    return [dict(zip(texts[start:end], values[start:end], strict=True)) for start, end in pairwise(starts)]


def _gives_sparse(step: Any, *, before: bool) -> bool:  # noqa: ANN401 - any transformer
    """Say whether a fitted step hands on a sparse matrix."""
    if hasattr(step, "steps"):
        for _, inner in step.steps:
            before = _gives_sparse(inner, before=before)
        return before
    return bool(getattr(step, "sparse_output_", getattr(step, "sparse_output", before)))


def _seen_from_outside(boosted: Decoded, columns: list[Encoded], *, sparse: bool) -> tuple[Trees, list[Encoded]]:
    """Put what the library's codes stand for into the encoding, and what it makes of sparse matrices into the trees."""
    added = [_set_of(columns[source], codes, boosted.categories.get(source)) for source, codes in boosted.sets]
    coded = {*boosted.categories, *(source for source, _ in boosted.sets)}  # no split asks for these codes themselves
    columns = [replace(column, table=()) if at in coded else column for at, column in enumerate(columns)]
    trees = boosted.trees
    if sparse and boosted.sparse_zero_is_missing:
        if added:
            raise NotDescribed("it takes categories from a sparse matrix")
        trees = trees.with_zeros_missing([_below_zero(column) for column in columns])
    return trees, [*columns, *added]


def _below_zero(column: Encoded) -> float | None:
    """Give the largest number less than 0 that a column may hold; None where it holds 0 and 1 alone."""
    if column.table is not None and (column.slope, column.shift) == (1.0, 0.0):
        return None
    return -NEAR_ZERO if column.shift else -NEXT_TO_ZERO


def _set_of(column: Encoded, codes: frozenset[int], values: "Sequence[Any] | None") -> Encoded:
    """Give the column that is 1 where the code of another one belongs to a set."""
    if (column.slope, column.shift) != (1.0, 0.0):
        raise NotDescribed("it takes a scaled column for categories")
    if column.table is not None:
        held = [text for text, code in column.table if int(code) in codes]
    elif values:
        held = [text_of(values[code]) for code in sorted(codes) if code < len(values)]
    else:
        held = [text_of(float(code)) for code in sorted(codes)]
    missing = column.fill != column.fill
    fill = column.fill if missing else float(int(column.fill) in codes)
    return replace(column, table=tuple((text, 1.0) for text in held), fill=fill)


def _trees(final: Any) -> Trees:  # noqa: ANN401 - any estimator
    """Give the trees of a classifier that is a tree, a forest or a boosted ensemble."""
    kind = type(final).__name__
    if kind in {"DecisionTreeClassifier", "ExtraTreeClassifier"}:
        count = len(final.classes_)
        return Trees.laid_out([_shares(final.tree_, 1.0)], _zeros(count), single=True)
    if kind in {"RandomForestClassifier", "ExtraTreesClassifier"}:
        members = [_shares(member.tree_, 1.0 / len(final.estimators_)) for member in final.estimators_]
        return Trees.laid_out(members, _zeros(len(final.classes_)), single=True)
    if kind == "GradientBoostingClassifier":
        base = _start_of(final, final.estimators_.shape[1])
        members = [
            _scores(member.tree_, output, len(base), float(final.learning_rate))
            for stage in final.estimators_
            for output, member in enumerate(stage)
        ]
        return Trees.laid_out(members, base, single=True)
    if kind == "HistGradientBoostingClassifier":
        return _histogram_trees(final)
    raise NotDescribed


def _zeros(count: int) -> "NDArray[np.float64]":
    import numpy as np

    return np.zeros(count)


def _start_of(final: Any, outputs: int) -> "NDArray[np.float64]":  # noqa: ANN401
    """Give the constant that boosting starts from."""
    import numpy as np

    if isinstance(final.init_, str):
        return np.zeros(outputs)
    if type(final.init_).__name__ != "DummyClassifier":
        raise NotDescribed
    shares = np.clip(np.asarray(final.init_.class_prior_, dtype=np.float64), 1e-12, 1 - 1e-12)
    if outputs == 1:
        return np.asarray(np.log(shares[1:2] / shares[0:1]), dtype=np.float64)
    logs = np.log(shares)
    return np.asarray(logs - logs.mean(), dtype=np.float64)


def _shares(tree: Any, weight: float) -> Member:  # noqa: ANN401
    """Give the fields of a tree whose leaves hold shares of classes."""
    own = tree.value[:, 0, :]
    return _fields(tree, own / own.sum(axis=1, keepdims=True) * weight)


def _scores(tree: Any, output: int, outputs: int, weight: float) -> Member:  # noqa: ANN401
    """Give the fields of a tree whose leaves add to one output."""
    import numpy as np

    value = np.zeros((len(tree.threshold), outputs))
    value[:, output] = tree.value[:, 0, 0] * weight
    return _fields(tree, value)


def _fields(tree: Any, value: "NDArray[Any]") -> Member:  # noqa: ANN401
    import numpy as np

    missing = np.asarray(getattr(tree, "missing_go_to_left", np.zeros(len(value))), dtype=np.int64)
    feature = np.where(tree.children_left < 0, -1, tree.feature)
    return tree.children_left, tree.children_right, feature, tree.threshold, missing, value


def _histogram_trees(final: Any) -> Trees:  # noqa: ANN401
    import numpy as np

    if final.is_categorical_ is not None and np.any(final.is_categorical_):
        raise NotDescribed
    base = np.ravel(final._baseline_prediction).astype(np.float64)  # noqa: SLF001 - held against the answers later
    members = []
    for stage in final._predictors:  # noqa: SLF001
        for output, predictor in enumerate(stage):
            nodes = predictor.nodes
            value = np.zeros((len(nodes), len(base)))
            value[:, output] = nodes["value"]
            feature = np.where(nodes["is_leaf"], -1, nodes["feature_idx"].astype(np.int64))
            left, right = nodes["left"].astype(np.int64), nodes["right"].astype(np.int64)
            missing = nodes["missing_go_to_left"].astype(np.int64)
            members.append((left, right, feature, nodes["num_threshold"].astype(np.float64), missing, value))
    return Trees.laid_out(members, base)
