"""Real scikit-learn models behind the `Model` protocol without a process, and the inputs that checks take."""

from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from govkit.config import Config
from govkit.core.errors import ModelRaised
from govkit.inputs import columns, structure, task, worker
from govkit.inputs.dataset import read_dataset
from govkit.inputs.model import Described
from govkit.inputs.predictions import answers
from govkit.inputs.refitting import refitted


@dataclass
class InProcessModel:
    """A fitted estimator or pipeline that answers here."""

    estimator: Any
    calls: int = 0
    fit_ms: int = 0
    described: Described = field(init=False)

    def __post_init__(self) -> None:
        names = ("predict", "predict_proba", "decision_function", "fit")
        classes = getattr(self.estimator, "classes_", np.array([])).tolist()
        self.described = Described(
            estimator=f"{type(self.estimator).__module__}.{type(self.estimator).__name__}",
            steps=(),
            kind="classifier" if classes else "regressor",
            methods=frozenset(name for name in names if hasattr(self.estimator, name)),
            classes=tuple(classes),
            features=tuple(getattr(self.estimator, "feature_names_in_", ())),
            n_features=int(getattr(self.estimator, "n_features_in_", 0)),
        )

    def predict(self, rows: pd.DataFrame) -> np.ndarray:
        return self._asked("predict", rows)

    def predict_proba(self, rows: pd.DataFrame) -> np.ndarray:
        return self._asked("predict_proba", rows)

    def decision_function(self, rows: pd.DataFrame) -> np.ndarray:
        return self._asked("decision_function", rows)

    def _asked(self, method: str, rows: pd.DataFrame) -> np.ndarray:
        self.calls += 1
        try:
            answer = getattr(self.estimator, method)(rows)
        except Exception as error:  # noqa: BLE001 - whatever the model raises, the process boundary tells it so
            raise ModelRaised(f"the model raised {type(error).__name__}") from None
        if answer.dtype.kind == "f" and not np.isfinite(answer).all():
            raise ModelRaised(f"the model's {method} does not give finite numbers")
        return answer

    def structure(self) -> dict[str, np.ndarray]:
        final = self.estimator.steps[-1][1] if hasattr(self.estimator, "steps") else self.estimator
        return {**worker.structure(final), **structure.describe(self.estimator)}

    def fit(
        self,
        rows: pd.DataFrame,
        target: np.ndarray,
        *,
        seed: int,
        weight: np.ndarray | None = None,
        seconds: float = 0,
        change: dict[str, Any] | None = None,
    ) -> "InProcessModel":
        try:
            return InProcessModel(refitted(self.estimator, rows, target, seed=seed, weight=weight, change=change))
        except Exception as error:  # noqa: BLE001 - as the process boundary does
            raise ModelRaised(f"the model raised {type(error).__name__} in fit") from None

    def release(self) -> None:
        pass


def inputs(
    folder: Path, estimator: Any, test: pd.DataFrame, train: pd.DataFrame | None = None, **config: Any
) -> SimpleNamespace:
    """Write the frames as CSV, read them as govkit does, and give a check's inputs by name."""
    settings = Config(target="target", **config)
    model = InProcessModel(estimator)
    found = SimpleNamespace(model=model, config=settings, train=None, train_predictions=None)
    test.to_csv(folder / "test.csv", index=False)
    found.test = read_dataset(folder / "test.csv", role="test")
    found.columns, _, _ = columns.resolve(found.test, settings, model.described)
    found.task, _ = task.resolve(settings, model.described, found.test, "target")
    found.predictions = answers(model, found.test, found.columns, found.task)
    if train is not None:
        train.to_csv(folder / "train.csv", index=False)
        found.train = read_dataset(folder / "train.csv", role="train")
        found.train_predictions = answers(model, found.train, found.columns, found.task)
    return found
