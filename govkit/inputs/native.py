"""Models in a library's own file format, given scikit-learn's manners: what the worker asks, and nothing to fit."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

MAX_CLASSES = 10_000
Kind = Literal["classifier", "regressor", "other"]
Label = str | int | float | bool


class Unsupported(Exception):
    """A file holds something that an audit can't ask; carries the end of a sentence: "gives several answers a row"."""


class NativeModel:
    """A loaded model with the methods that its file allows. Rows come as a frame with the columns that were asked."""

    def __init__(  # noqa: PLR0913 - facts by name
        self,
        *,
        estimator: str,
        kind: Kind,
        predict: "Callable[[pd.DataFrame], NDArray[np.generic]]",
        predict_proba: "Callable[[pd.DataFrame], NDArray[np.generic]] | None" = None,
        decision_function: "Callable[[pd.DataFrame], NDArray[np.generic]] | None" = None,
        classes: Sequence[Label] = (),
        features: Sequence[str] = (),
        n_features: int = 0,
        parameters: Mapping[str, str] | None = None,
        versions: Mapping[str, str] | None = None,
        inside: object = None,
    ) -> None:
        """Take what the file says of itself, how it answers, and the library's model inside, to look into."""
        import numpy as np

        if len(classes) > MAX_CLASSES:
            raise Unsupported(f"has more than {MAX_CLASSES:,} classes")
        self.estimator = estimator
        self.kind = kind
        self.classes_ = list(classes)
        self.feature_names_in_ = np.asarray(list(features), dtype=object)
        self.n_features_in_ = n_features or len(features)
        self.parameters = dict(parameters or {})
        self.versions = dict(versions or {})
        self.inside = inside
        self.predict = predict
        if predict_proba is not None:
            self.predict_proba = predict_proba
        if decision_function is not None:
            self.decision_function = decision_function


def classifier(
    probabilities: "Callable[[pd.DataFrame], NDArray[np.generic]]",
    classes: Sequence[Label],
    **facts: Any,  # noqa: ANN401 - passed on
) -> NativeModel:
    """Give a model that predicts the class with the highest probability.

    Args:
        probabilities: shape (rows, classes).
        classes: labels in that order.
        facts: the other arguments of `NativeModel`.
    """
    import numpy as np

    if len(classes) > MAX_CLASSES:
        raise Unsupported(f"has more than {MAX_CLASSES:,} classes")
    labels = np.asarray(classes)

    def predict(rows: "pd.DataFrame") -> "NDArray[np.generic]":
        chosen: NDArray[np.generic] = labels[np.asarray(probabilities(rows)).argmax(axis=1)]
        return chosen

    return NativeModel(kind="classifier", predict=predict, predict_proba=probabilities, classes=classes, **facts)


def both_classes(positive: "NDArray[np.generic]") -> "NDArray[np.generic]":
    """Give two columns of probabilities from that of the positive class."""
    import numpy as np

    return np.column_stack([1 - positive, positive])


def with_categories(frame: "pd.DataFrame", categories: "Mapping[str, Sequence[Any] | None]") -> "pd.DataFrame":
    """Turn columns that a model knows as categories into such; a CSV file holds them as text or numbers.

    Args:
        frame: rows with columns by name.
        categories: the values that the model knows by column; None leaves them to the model.
    """
    import pandas as pd

    texts = [name for name in categories if name in frame and not isinstance(frame[name].dtype, pd.CategoricalDtype)]
    if not texts:
        return frame
    made = frame.copy(deep=False)
    for name in texts:
        known = categories[name]
        made[name] = frame[name].astype("category") if known is None else pd.Categorical(frame[name], categories=known)
    return made
