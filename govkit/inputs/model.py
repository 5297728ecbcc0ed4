"""The model as the checks see it: described once, then asked for predictions through its own process."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from govkit.core.evidence import Message, Scalar

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
    """`classifier`, `multilabel classifier`, `regressor`, `outlier detector` or `other`."""
    methods: frozenset[str]
    """Those of predict, predict_proba, decision_function, fit that it has."""
    classes: tuple[str | int | float | bool, ...] = ()
    """`classes_` as Python scalars, in the model's order; empty for regressors. Multilabel: one entry a label."""
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


MULTILABEL, OUTLIER_DETECTOR = "multilabel classifier", "outlier detector"
Source = Literal["file", "predictions", "function", "service"]
"""What stands behind MODEL: a model file or folder, recorded predictions, a Python function, or a URL."""
Trust = Literal["allowlist", "sandbox-only"]
"""allowlist: only known names are loaded; sandbox-only: whatever the file names, inside full isolation."""


@dataclass(frozen=True)
class Artifact:
    """The facts about what was given as MODEL, known without loading it."""

    name: str
    sha256: str
    size: int
    format: str
    globals: tuple[str, ...] = ()
    """Every global the file refers to, `module.name`, sorted."""
    findings: tuple[ScanFinding, ...] = ()
    isolation: dict[str, str] = field(default_factory=dict)
    """Layers around the worker and `held` or why not."""
    trust: Trust = "allowlist"
    """What may be loaded."""
    trusted: tuple[str, ...] = ()
    """Globals that the user vouches for, beyond the allowlist."""
    refused: str = ""
    """One sentence when the model was refused; then there is no `Model`."""
    unavailable: str = ""
    """One sentence when its process died while loading; then there is no `Model` either."""
    source: Source = "file"
    notes: tuple[Message, ...] = ()
    """What a reader has to know about where the answers come from."""

    @property
    def is_pinned(self) -> bool:
        """Whether the digest is that of all the bytes that the answers come from."""
        return self.source in ("file", "predictions")


class Answering(Protocol):
    """Something that answers for rows. Methods raise `ModelUnavailable` when it can't."""

    described: Described

    def predict(self, rows: "pd.DataFrame") -> "NDArray[np.generic]":
        """Give the label (classifier; dtype of `classes`, object for strings) or value (regressor) of each row.

        Multilabel: 0 or 1, shape (rows, labels). Outlier detectors: -1 for outliers, else 1.
        """

    def predict_proba(self, rows: "pd.DataFrame") -> "NDArray[np.float64]":
        """Give class probabilities, shape (rows, classes), in the order of `described.classes`.

        Multilabel: the probability that each label is 1.
        """

    def decision_function(self, rows: "pd.DataFrame") -> "NDArray[np.float64]":
        """Give decision scores, shape (rows,) or (rows, classes). Outlier detectors: low for outliers."""


class Model(Answering, Protocol):
    """A model that can be asked about any rows, from its own process or behind a service."""

    fit_ms: int
    """CPU milliseconds that fitting a clone took; 0 for the audited model."""

    def structure(self) -> "dict[str, NDArray[np.generic]]":
        """Give the fitted numbers as typed arrays: coefficients, trees, support vectors, stored training rows."""

    def fit(  # noqa: PLR0913 - each is one option of a fit
        self,
        rows: "pd.DataFrame",
        target: "NDArray[np.generic]",
        *,
        seed: int,
        weight: "NDArray[np.float64] | None" = None,
        seconds: float | None = None,
        change: Mapping[str, Scalar] | None = None,
    ) -> "Model":
        """Fit a clone, or what the declared training function gives, in the worker and give a handle to it.

        Args:
            rows: features.
            target: labels or values, one a row.
            seed: every nested random_state is set from it.
            weight: sample weights, where the final estimator takes them.
            seconds: how long it may take at most.
            change: hyperparameters of the final estimator that are to be different.
        """

    def release(self) -> None:
        """Forget a fitted clone; for the audited model itself, end its process."""
