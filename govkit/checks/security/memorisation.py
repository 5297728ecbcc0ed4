"""Whether the model carries training rows along by construction."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from govkit.core.evidence import Column, Finding, Measurement, Message, Severity, Table
from govkit.inputs.dataset import Dataset
from govkit.inputs.model import Artifact, Model
from govkit.plugins.check import EVERY_TASK, Emit, NotPossible, Product, check

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Structure = dict[str, NDArray[np.generic]]

STORED: Final[Mapping[str, str]] = {
    "_fit_X": "nearest neighbours keep every training row",
    "support_vectors_": "support vectors are training rows",
    "X_train_": "Gaussian processes keep every training row",
    "X_fit_": "kernel methods keep every training row",
    "components_": "Nystroem keeps the training rows it was built on",
}
"""Fitted attributes of scikit-learn that hold training rows, and why."""
KEEPERS: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        (
            "KNeighborsClassifier",
            "KNeighborsRegressor",
            "RadiusNeighborsClassifier",
            "RadiusNeighborsRegressor",
            "LocalOutlierFactor",
            "KNNImputer",
        ),
        "_fit_X",
    ),
    **dict.fromkeys(("SVC", "SVR", "NuSVC", "NuSVR", "OneClassSVM"), "support_vectors_"),
    **dict.fromkeys(("GaussianProcessClassifier", "GaussianProcessRegressor"), "X_train_"),
    **dict.fromkeys(("KernelRidge", "KernelPCA"), "X_fit_"),
    "Nystroem": "components_",
}
"""Classes that keep training rows, with the attribute that holds them."""


@check(
    "security.memorisation",
    title="Training rows inside the model",
    emits=(
        Emit("stores_training_rows", "count", "rows of the training data that the model file holds as they are"),
        Emit("single_row_leaves", "share", "leaves of the model's trees that one training row made"),
        Emit("numbers_per_row", "ratio", "fitted numbers for each training row"),
    ),
    messages={
        "security.memorisation.kept": "{estimator} holds {rows} training rows in the model file: {why}.",
        "security.memorisation.kept_unknown": "{estimator} holds training rows in the model file: {why}.",
        "security.memorisation.leaves": "{share} of the {leaves} leaves of the model's trees were made by one training "
        "row each.",
        "security.memorisation.numbers": "The model has {numbers} fitted numbers for {rows} training rows, enough to "
        "know each by heart.",
        "security.memorisation.unknown": "{estimator} is no estimator of scikit-learn; what it keeps can't be told.",
    },
    tasks=EVERY_TASK,
)
def memorisation(artifact: Artifact, model: Model, train: Dataset | None = None) -> Iterator[Product]:
    """Count the training rows that the model stores because of how it works.

    Why it matters: whoever gets such a model file gets these people's data with it, whatever its answers reveal.

    Method: every class that the model file names, also inside pipelines and ensembles, is held against scikit-learn's
    estimators that keep rows: nearest neighbours, support vectors, Gaussian processes, kernel methods. The rows of the
    final estimator are counted; one that stands inside another counts as at least one row. In trees, leaves that one
    training row made are counted, which hold its target; and fitted numbers (coefficients, weights of layers, splits
    and leaves) are counted against the rows of TRAIN.

    Limits: rows are stored as the model sees them, often scaled or encoded. Classes of other packages are not known.
    Whether a model that could memorise has done so is for the membership attack to find. Only the final estimator's
    trees and numbers are looked at, and gradient boosting by histograms shows none.

    References: scikit-learn, fitted attributes; GDPR article 4.
    """
    final = model.described.estimator
    classes = list(dict.fromkeys((final, *model.described.steps, *artifact.globals)))
    kept = {name: path for path in classes if (name := path.rsplit(".", 1)[-1]) in KEEPERS and _is_sklearn(path)}
    if not kept and not _is_sklearn(final):
        raise NotPossible("security.memorisation.unknown", estimator=_shown(final))
    structure = model.structure()
    arrays = _arrays(structure)
    rows = [
        (_shown(path), KEEPERS[name], arrays.get(KEEPERS[name]) if path == final else None)
        for name, path in kept.items()
    ]
    total = sum(count or 1 for _, _, count in rows)
    yield Measurement(name="stores_training_rows", value=total, unit="count", n=len(classes))
    for estimator, attribute, count in rows:
        kind = "kept" if count else "kept_unknown"
        message = Message(
            id=f"security.memorisation.{kind}",
            args={"estimator": estimator, "rows": count or 0, "why": STORED[attribute]},
        )
        yield Finding(rule="SEC-004", severity=Severity.MEDIUM, message=message, where=estimator)
    yield Table(
        name="stored_rows",
        title="Training rows held by the model",
        columns=(Column(name="estimator"), Column(name="attribute"), Column(name="rows", unit="count")),
        rows=tuple(rows),
    )
    yield from _leaves(structure)
    if train is not None:
        yield from _numbers(structure, train.rows)


def _leaves(structure: "Structure") -> Iterator[Product]:
    """Count the leaves that one training row made."""
    import numpy as np

    leaves = [
        structure[f"{name.removesuffix('children_left')}n_node_samples"][np.asarray(array, dtype=np.int64) < 0]
        for name, array in structure.items()
        if name.endswith(":children_left")
    ]
    if not leaves:
        return
    sizes = np.concatenate(leaves)
    share = float((sizes == 1).mean())
    yield Measurement(name="single_row_leaves", value=share, unit="share", n=len(sizes))
    if share > 0:
        message = Message(id="security.memorisation.leaves", args={"share": share, "leaves": len(sizes)})
        yield Finding(rule="SEC-007", severity=Severity.LOW, message=message, where="model")


def _numbers(structure: "Structure", rows: int) -> Iterator[Product]:
    """Count fitted numbers against training rows; trees by a split's threshold or a leaf's value."""
    thresholds = "trees:" if "trees:threshold" in structure else "tree:"  # the same trees, in one array or in many
    numbers = sum(
        int(array.size)
        for name, array in structure.items()
        if name in {"coef", "intercept"}
        or name.startswith("layer:")
        or (name.startswith(thresholds) and name.endswith(":threshold"))
    )
    if not numbers or not rows:
        return
    yield Measurement(name="numbers_per_row", value=numbers / rows, unit="ratio", n=rows)
    if numbers > rows:
        message = Message(id="security.memorisation.numbers", args={"numbers": numbers, "rows": rows})
        yield Finding(rule="SEC-008", severity=Severity.LOW, message=message, where="model")


def _arrays(structure: "Structure") -> dict[str, int]:
    """Give the number of stored rows by the attribute that holds them."""
    return {
        name.removeprefix("rows:"): int(array.shape[0]) for name, array in structure.items() if name.startswith("rows:")
    }


def _is_sklearn(path: str) -> bool:
    return path.startswith("sklearn.")


def _shown(name: str) -> str:
    """Give a class path's last part, shortened, in printable characters."""
    return ascii(name.rsplit(".", 1)[-1])[1:-1][:60]
