"""A slow model of which a check may ask so many times and no more, as the plan says."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from govkit.core.evidence import Scalar
from govkit.inputs.model import Model
from govkit.plugins.check import NotPossible

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

MESSAGES = {
    "model.too_few_calls": "Left out: one call of the model takes about {seconds} s, and the budget has time for "
    "{calls} of the {needed} calls that this takes.",
    "model.no_call_left": "Left out: one call of the model takes about {seconds} s, the budget has time for {calls} "
    "calls here, and this took more.",
}


class OutOfCalls(NotPossible):
    """The check's calls are used up."""


class Rationed:
    """A model that raises `OutOfCalls` beyond the planned number of calls; fulfils `inputs.model.Model`."""

    def __init__(self, model: Model, work: Mapping[str, int]) -> None:
        """Take the model and the work counts that `Sizes.ration` gave."""
        self.described = model.described
        self.fit_ms = model.fit_ms
        self.held_back = 0
        """Calls that are kept for later."""
        self._model, self._work = model, work
        enough = work["calls"] >= work["needed_calls"]
        self._left = work["calls"] if enough else 0

    def predict(self, rows: "pd.DataFrame") -> "NDArray[np.generic]":
        """Give a label or value a row."""
        return self._next().predict(rows)

    def predict_proba(self, rows: "pd.DataFrame") -> "NDArray[np.float64]":
        """Give class probabilities (rows, classes)."""
        return self._next().predict_proba(rows)

    def decision_function(self, rows: "pd.DataFrame") -> "NDArray[np.float64]":
        """Give decision scores (rows,) or (rows, classes)."""
        return self._next().decision_function(rows)

    def structure(self) -> "dict[str, NDArray[np.generic]]":
        """Give the fitted numbers, which asks for no row and counts as no call."""
        return self._model.structure()

    def fit(  # noqa: PLR0913 - each is one option of a fit
        self,
        rows: "pd.DataFrame",
        target: "NDArray[np.generic]",
        *,
        seed: int,
        weight: "NDArray[np.float64] | None" = None,
        seconds: float | None = None,
        change: Mapping[str, Scalar] | None = None,
    ) -> Model:
        """Fit a clone, which is not rationed."""
        return self._model.fit(rows, target, seed=seed, weight=weight, seconds=seconds, change=change)

    def release(self) -> None:
        """Forget a clone."""
        self._model.release()

    @property
    def spent(self) -> bool:
        """Whether all calls are made but those held back."""
        return self._left <= self.held_back

    def _next(self) -> Model:
        """Count a call.

        Raises:
            OutOfCalls: it would be one too many.
        """
        if self.spent:
            few = self._work["calls"] < self._work["needed_calls"]
            args: dict[str, str | int] = {"seconds": f"{self._work['call_ms'] / 1000:g}", "calls": self._work["calls"]}
            if few:
                raise OutOfCalls("model.too_few_calls", ask="", command="", **args, needed=self._work["needed_calls"])
            raise OutOfCalls("model.no_call_left", ask="", command="", **args)
        self._left -= 1
        return self._model


def is_spent(model: Model) -> bool:
    """Say whether no further call of a rationed model is left."""
    return isinstance(model, Rationed) and model.spent


def hold_back(model: Model, calls: int) -> None:
    """Keep so many calls of a rationed model for later; 0 lets them go."""
    if isinstance(model, Rationed):
        model.held_back = calls
