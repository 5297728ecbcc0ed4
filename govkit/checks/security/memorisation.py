"""Whether the model carries training rows along by construction."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from govkit.core.evidence import Column, Finding, Measurement, Message, Severity, Table
from govkit.inputs.model import Model
from govkit.plugins.check import Emit, NotPossible, Product, check

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
)
def memorisation(model: Model) -> Iterator[Product]:
    """Count the training rows that the model stores because of how it works.

    Why it matters: whoever gets such a model file gets these people's data with it, whatever its answers reveal.

    Method: the classes of the model and its pipeline, and the names of its fitted arrays, are held against
    scikit-learn's estimators that keep rows: nearest neighbours, support vectors, Gaussian processes, kernel methods.

    Limits: rows are stored as the model sees them, often scaled or encoded. Classes of other packages are not known, an
    estimator inside another (bagging, voting) is only found where the model lists its arrays, and
    models that memorise in other ways (a deep tree, a network) are for the membership attack to find.

    References: scikit-learn, fitted attributes; GDPR article 4.
    """
    steps = model.described.steps or (model.described.estimator,)
    arrays = _arrays(model.structure())
    found = [(step, attribute) for step in steps if (attribute := KEEPERS.get(step.rsplit(".", 1)[-1]))]
    held = {attribute for _, attribute in found}
    nested = [(model.described.estimator, name) for name in arrays if name not in held and name != "components_"]
    if not found and not nested and not model.described.estimator.startswith("sklearn."):
        raise NotPossible("security.memorisation.unknown", estimator=_shown(model.described.estimator))
    rows = [(_shown(estimator), attribute, arrays.get(attribute)) for estimator, attribute in (*found, *nested)]
    total = sum(max(1, count or 0) for _, _, count in rows)
    yield Measurement(name="stores_training_rows", value=total, unit="count", n=len(steps))
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
    """Add up the rows of fitted arrays by the attribute they are stored in, however deep it stands."""
    rows: dict[str, int] = {}
    for path, array in structure.items():
        attribute = path.replace("/", ".").rsplit(".", 1)[-1]
        if attribute in STORED and array.ndim:
            rows[attribute] = rows.get(attribute, 0) + int(array.shape[0])
    return rows


def _shown(name: str) -> str:
    """Give a class path's last part, shortened, in printable characters."""
    return ascii(name.rsplit(".", 1)[-1])[1:-1][:60]
