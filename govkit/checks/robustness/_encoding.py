"""The audited model's own numbers in the audit's process: encoded inputs, linear weights, trees, and their scores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from govkit.core.errors import ModelUnavailable
from govkit.inputs.model import Model
from govkit.inputs.rationed import OutOfCalls
from govkit.inputs.structure import tables_of, text_of
from govkit.inputs.tree_ensemble import Trees

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

MOST_NODES = 2_000_000
SURE = 1e-5
"""How far scores worked out from the numbers may be from the model's own."""


@dataclass(frozen=True)
class Encoding:
    """How the columns of a row become those that the final estimator sees."""

    source: "NDArray[np.int64]"
    slope: "NDArray[np.float64]"
    shift: "NDArray[np.float64]"
    fill: "NDArray[np.float64]"
    tables: tuple[dict[str, float] | None, ...]

    def encoded(self, rows: "pd.DataFrame") -> "NDArray[np.float64]":
        """Give what the final estimator sees, shape (rows, encoded columns)."""
        import numpy as np

        found = np.empty((len(rows), len(self.source)))
        for at, source in enumerate(self.source.tolist()):
            column, table = rows.iloc[:, source], self.tables[at]
            if table is None:
                base = column.to_numpy(dtype="float64", na_value=float("nan"))
            else:
                base = column.map(lambda value, table=table: table.get(text_of(value), 0.0)).to_numpy(dtype="float64")
                base = np.where(column.isna(), np.nan, base)
            cells = self.slope[at] * base + self.shift[at]
            found[:, at] = np.where(np.isnan(cells), self.fill[at], cells)
        return found

    def value(self, at: int, category: object) -> float:
        """Give what an encoded column becomes for a category of its source."""
        table = self.tables[at]
        base = float(str(category)) if table is None else table.get(text_of(category), 0.0)
        return float(self.slope[at] * base + self.shift[at])


@dataclass(frozen=True)
class Weights:
    """A linear final estimator."""

    coef: "NDArray[np.float64]"
    """Shape (outputs, encoded columns)."""
    intercept: "NDArray[np.float64]"

    def scores(self, encoded: "NDArray[np.float64]") -> "NDArray[np.float64]":
        """Give the weighted sums, shape (rows, outputs)."""
        import numpy as np

        return np.nan_to_num(encoded) @ self.coef.T + self.intercept


@dataclass(frozen=True)
class Inside:
    """What is known of the model's inside."""

    encoding: Encoding
    final: Trees | Weights

    def scores(self, rows: "pd.DataFrame") -> "NDArray[np.float64]":
        """Give one score a class, or one in all whose sign decides between two classes; shape (rows, outputs)."""
        return self.final.scores(self.encoding.encoded(rows))


def decided(scores: "NDArray[np.float64]") -> "NDArray[np.int64]":
    """Turn scores into class positions."""
    import numpy as np

    if scores.shape[1] == 1:
        return np.asarray(scores[:, 0] > 0, dtype=np.int64)
    return np.asarray(scores.argmax(axis=1), dtype=np.int64)


def inside_of(model: Model) -> Inside | None:
    """Read the model's numbers; None where they are not given or not understood."""
    import numpy as np

    try:
        arrays: Mapping[str, NDArray[Any]] = model.structure()
    except ModelUnavailable:
        return None
    if "map:source" not in arrays:
        return None
    tables = tables_of(arrays)
    encoding = Encoding(
        arrays["map:source"],
        arrays["map:slope"],
        arrays["map:shift"],
        arrays["map:fill"],
        tuple(None if at < 0 else tables[at] for at in arrays["map:table"].tolist()),
    )
    if "trees:root" in arrays and len(arrays["trees:left"]) <= MOST_NODES:
        return Inside(encoding, Trees.of(arrays))
    coef = np.atleast_2d(arrays["coef"]) if "coef" in arrays else np.empty((0, 0))
    if coef.shape[1:] != encoding.source.shape:
        return None
    intercept = np.broadcast_to(np.ravel(arrays.get("intercept", np.zeros(1))), (len(coef),))
    return Inside(encoding, Weights(coef.astype(np.float64), intercept.astype(np.float64)))


def agreeing(inside: Inside, rows: "pd.DataFrame", model: Model, labels: Sequence[int]) -> "NDArray[np.bool_]":
    """Say for which rows the numbers lead to the model's answers, scores included where the model gives them."""
    import numpy as np

    own = inside.scores(rows)
    same: NDArray[np.bool_] = decided(own) == np.asarray(labels)
    try:
        said = _said(model, rows)
    except (ModelUnavailable, OutOfCalls):
        return np.zeros(len(rows), dtype=bool)
    if said is None:
        return same
    if isinstance(inside.final, Trees) and "decision_function" not in model.described.methods:
        own = inside.final.probabilities(own)
    if said.shape != own.shape:
        return np.zeros(len(rows), dtype=bool)
    return same & (np.abs(said - own) <= SURE * (1 + np.abs(said))).all(axis=1)


def _said(model: Model, rows: "pd.DataFrame") -> "NDArray[np.float64] | None":
    """Give the model's own scores, shape (rows, outputs); None where it has none."""
    import numpy as np

    if "decision_function" in model.described.methods:
        return np.asarray(model.decision_function(rows), dtype=np.float64).reshape(len(rows), -1)
    return model.predict_proba(rows) if "predict_proba" in model.described.methods else None
