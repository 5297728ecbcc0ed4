"""The model as the checks see it: described once, then asked for predictions through its own process."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Described:
    """What the worker says about the loaded model. Strings come from the model: escape and shorten before showing."""

    estimator: str
    """Class path of the final estimator, `sklearn.ensemble._forest.RandomForestClassifier`."""
    steps: tuple[str, ...]
    """Class paths of a pipeline's steps, the final estimator last; one entry for a bare estimator."""
    kind: str
    """`classifier`, `regressor` or `other`."""
    methods: frozenset[str]
    """Those of predict, predict_proba, decision_function, fit that it has."""
    classes: tuple[str | int | float | bool, ...] = ()
    """`classes_` as Python scalars, in the model's order; empty for regressors."""
    features: tuple[str, ...] = ()
    """`feature_names_in_`; empty when it was fitted on bare arrays."""
    n_features: int = 0
    """`n_features_in_`; 0 when unknown."""
    parameters: dict[str, str] = field(default_factory=dict)
    """`get_params(deep=False)` of the final estimator as shortened text."""
    fitted_with: dict[str, str] = field(default_factory=dict)
    """Library versions stored in the artefact, `{"scikit-learn": "1.5.2"}`."""
    warnings: tuple[str, ...] = ()
    """Ids of notes from loading, `version_mismatch` for instance; never third-party text."""
    stored_rows: tuple[str, ...] = ()
    """Fitted attributes that hold training rows as they are, `_fit_X` of k-NN for instance."""


@dataclass(frozen=True)
class ScanFinding:
    """Something the static scan saw in the artefact."""

    code: str
    """`GK-M01`, ..., see docs of `inputs.formats`."""
    what: str
    """One of a closed list of sentences."""
    subject: str = ""
    """The global concerned, `os.system`."""


@dataclass(frozen=True)
class Artifact:
    """The model file's facts, known without loading it."""

    name: str
    sha256: str
    size: int
    format: str
    globals: tuple[str, ...] = ()
    """Every global the file refers to, `module.name`, sorted."""
    findings: tuple[ScanFinding, ...] = ()
    isolation: dict[str, str] = field(default_factory=dict)
    """Layers around the worker and `held` or why not."""
    refused: str = ""
    """One sentence when the model was refused; then there is no `Model`."""
    unavailable: str = ""
    """One sentence when its process died while loading; then there is no `Model` either."""


class Model(Protocol):
    """A model that answers from its own process. Methods raise `ModelUnavailable` when that process can't answer."""

    described: Described
    fit_ms: int
    """CPU milliseconds that fitting a clone took; 0 for the audited model."""

    def predict(self, rows: "pd.DataFrame") -> "NDArray[np.generic]":
        """Give the label (classifier; dtype of `classes`, object for strings) or value (regressor) of each row."""

    def predict_proba(self, rows: "pd.DataFrame") -> "NDArray[np.float64]":
        """Give class probabilities, shape (rows, classes), in the order of `described.classes`."""

    def decision_function(self, rows: "pd.DataFrame") -> "NDArray[np.float64]":
        """Give decision scores, shape (rows,) or (rows, classes)."""

    def structure(self) -> "dict[str, NDArray[np.generic]]":
        """Give the fitted numbers as typed arrays: coefficients, trees, support vectors, stored training rows."""

    def fit(
        self,
        rows: "pd.DataFrame",
        target: "NDArray[np.generic]",
        *,
        seed: int,
        weight: "NDArray[np.float64] | None" = None,
        seconds: float | None = None,
    ) -> "Model":
        """Fit a clone, or what the declared training function gives, in the worker and give a handle to it.

        Args:
            rows: features.
            target: labels or values, one a row.
            seed: every nested random_state is set from it.
            weight: sample weights, where the final estimator takes them.
            seconds: how long it may take at most.
        """

    def release(self) -> None:
        """Forget a fitted clone; for the audited model itself, end its process."""
