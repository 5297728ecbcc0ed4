"""Whether the model carries training rows along by construction."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from govkit.core.evidence import Column, Finding, Measurement, Message, Severity, Table
from govkit.inputs.model import Artifact, Model
from govkit.plugins.check import EVERY_TASK, Emit, NotPossible, Product, check

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

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
    emits=(Emit("stores_training_rows", "count", "rows of the training data that the model file holds as they are"),),
    messages={
        "security.memorisation.kept": "{estimator} holds {rows} training rows in the model file: {why}.",
        "security.memorisation.kept_unknown": "{estimator} holds training rows in the model file: {why}.",
        "security.memorisation.unknown": "{estimator} is no estimator of scikit-learn; what it keeps can't be told.",
    },
    tasks=EVERY_TASK,
)
def memorisation(artifact: Artifact, model: Model) -> Iterator[Product]:
    """Count the training rows that the model stores because of how it works.

    Why it matters: whoever gets such a model file gets these people's data with it, whatever its answers reveal.

    Method: every class that the model file names, also inside pipelines and ensembles, is held against scikit-learn's
    estimators that keep rows: nearest neighbours, support vectors, Gaussian processes, kernel methods. The rows of the
    final estimator are counted; one that stands inside another counts as at least one row.

    Limits: rows are stored as the model sees them, often scaled or encoded. Classes of other packages are not known.
    Models that memorise in other ways (a deep tree, a network) are for the membership attack to find.

    References: scikit-learn, fitted attributes; GDPR article 4.
    """
    final = model.described.estimator
    classes = list(dict.fromkeys((final, *model.described.steps, *artifact.globals)))
    kept = {name: path for path in classes if (name := path.rsplit(".", 1)[-1]) in KEEPERS and _is_sklearn(path)}
    if not kept and not _is_sklearn(final):
        raise NotPossible("security.memorisation.unknown", estimator=_shown(final))
    arrays = _arrays(model.structure())
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


def _arrays(structure: "dict[str, NDArray[np.generic]]") -> dict[str, int]:
    """Give the number of stored rows by the attribute that holds them."""
    return {
        name.removeprefix("rows:"): int(array.shape[0]) for name, array in structure.items() if name.startswith("rows:")
    }


def _is_sklearn(path: str) -> bool:
    return path.startswith("sklearn.")


def _shown(name: str) -> str:
    """Give a class path's last part, shortened, in printable characters."""
    return ascii(name.rsplit(".", 1)[-1])[1:-1][:60]
