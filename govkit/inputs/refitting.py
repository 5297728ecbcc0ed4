"""How the model's process fits the model anew: a clone with every random state set, or the declared function."""

import random
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

SEEDS = frozenset({"random_state", "random_seed"})
"""Parameters that make an estimator's randomness repeatable."""
LARGEST_SEED = 2**31
EVALUATED = 10
"""One row in this many is kept for estimators that stop early on rows of their own."""


class Trained:
    """A model from a training function, which is always asked with named columns, as it was trained."""

    def __init__(self, model: object, names: list[str]) -> None:
        """Hold the model and the names."""
        self._model = model
        self.feature_names_in_ = names

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the model has
        """Give what the model has."""
        return getattr(self._model, name)


def refitted(  # noqa: PLR0913 - each is one option of a fit
    model: Any,  # noqa: ANN401 - any estimator
    rows: Any,  # noqa: ANN401 - frame or array
    target: "NDArray[np.generic]",
    *,
    seed: int,
    weight: "NDArray[np.float64] | None" = None,
    change: Mapping[str, object] | None = None,
) -> object:
    """Fit a clone; the global generators are seeded too, for estimators that draw from them."""
    from sklearn.base import clone

    fresh = clone(model)
    seeded = sorted(name for name in fresh.get_params() if name.rpartition("__")[2] in SEEDS)
    fresh.set_params(**{name: (seed + index) % LARGEST_SEED for index, name in enumerate(seeded)})
    for one in (fresh, *fresh.get_params().values()):
        if type(one).__module__.startswith("catboost."):  # it names no parameter that is not set, and writes a log
            named = SEEDS & set(one.get_params())
            one.set_params(allow_writing_files=False, **({} if named else {"random_seed": seed % LARGEST_SEED}))
    # a cache folder would be written to, and read back as pickles
    fresh.set_params(**{name: None for name in fresh.get_params() if name.rpartition("__")[2] == "memory"})
    (fresh.steps[-1][1] if hasattr(fresh, "steps") else fresh).set_params(**(change or {}))
    seed_generators(seed)
    rows, target, options = _options(fresh, rows, target, weight)
    return fresh.fit(rows, target, **options)


def by_function(training: Mapping[str, str], rows: "pd.DataFrame", target: "NDArray[np.generic]", seed: int) -> object:
    """Run a declared training function; the process it runs in is confined, and it may read but not write."""
    space: dict[str, Any] = {"__name__": "training"}
    seed_generators(seed)
    exec(compile(training["source"], "training", "exec"), space)  # noqa: S102 - declared by the user, in confinement
    return Trained(space[training["function"]](rows, target, seed % LARGEST_SEED), [str(name) for name in rows.columns])


def seed_generators(seed: int) -> None:
    """Seed this process's global generators."""
    import numpy as np

    random.seed(seed)
    np.random.seed(seed % LARGEST_SEED)  # noqa: NPY002 - some estimators draw from the global generator


def _options(
    fresh: Any,  # noqa: ANN401 - any estimator
    rows: Any,  # noqa: ANN401 - frame or array
    target: "NDArray[np.generic]",
    weight: "NDArray[np.float64] | None",
) -> "tuple[Any, NDArray[np.generic], dict[str, object]]":
    """Give rows, target and keywords of fit: sample weights, and rows to stop early on where they are needed."""
    import numpy as np
    from sklearn.utils.validation import has_fit_parameter

    name, final = fresh.steps[-1] if hasattr(fresh, "steps") else ("", fresh)
    options: dict[str, object] = {}
    if weight is not None and has_fit_parameter(final, "sample_weight"):
        options[f"{name}__sample_weight" if name else "sample_weight"] = weight
    parameters = final.get_params()
    if not name and parameters.get("early_stopping_rounds") and has_fit_parameter(final, "eval_set"):
        kept = np.arange(len(target)) % EVALUATED == 0
        options["eval_set"] = [(rows[kept], target[kept])]
        if "sample_weight" in options and weight is not None:
            options["sample_weight"] = weight[~kept]
        rows, target = rows[~kept], target[~kept]
    return rows, target, options
