"""Whether the model gives the same answer to the same row, whenever and in whatever company it is asked."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from govkit.core.evidence import Finding, Measurement, Message, Severity
from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.model import Model
from govkit.inputs.predictions import features_of, scores
from govkit.plugins.check import Emit, Params, Product, Sizes, Work, check

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

ROWS: Mapping[str, tuple[int, int]] = {"quick": (200, 10), "standard": (1_000, 30), "thorough": (5_000, 100)}
"""Rows asked again, and rows asked one by one."""
ROUNDING = 1e-9
"""Values that are nearer than this, in their standard deviations, are the same."""


def plan(sizes: Sizes, budget: str, params: Params) -> Work:
    """Ask a slow model about fewer rows."""
    del params
    rows, alone = ROWS[budget]
    slow = max(sizes.predict_ms_per_1000_rows // 100, 1)
    rows = max(min(rows, sizes.test_rows) // slow, 20)
    return Work({"rows": rows, "alone": alone}, rows * 3 * sizes.predict_ms_per_1000_rows / 1e6 + alone * 0.02)


@check(
    "performance.reproducibility",
    title="Reproducibility of the answers",
    emits=(
        Emit("changed_answers", "count", "answers that differ when the same rows are asked again"),
        Emit("largest_difference", "relative", "largest difference of a probability, or of a value by the values' SD"),
    ),
    messages={
        "performance.answers_change": "{rows} of {asked} answers changed {how}.",
    },
    libraries=("numpy",),
    plan=plan,
)
def reproducibility(
    model: Model, test: Dataset, columns: Columns, work: Mapping[str, int], seed: int
) -> Iterator[Product]:
    """Ask about the same rows again.

    Why it matters:
        An answer that depends on chance, or on the other rows of a batch, can't be explained or checked afterwards.
    Method:
        The same rows are asked twice, in reverse order, and some of them one by one. Answers are compared exactly,
        probabilities and values by their largest difference. Counts over the rows asked are exact.
    Limits:
        In one process on one machine; another machine or library version may still differ.

    References:
        ISO/IEC 25059:2023, quality model for AI systems.
    """
    import numpy as np

    sample = np.sort(np.random.default_rng(seed).permutation(test.rows)[: work["rows"]])
    rows = features_of(test, columns).iloc[sample].reset_index(drop=True)
    said, shown = _asked(model, rows)
    scale = 1.0 if model.described.classes else float(shown.std()) or 1.0
    alone = [_asked(model, rows.iloc[[place]]) for place in range(min(work["alone"], len(rows)))]
    backwards = _asked(model, rows.iloc[::-1])
    tries = {
        "when asked again": _asked(model, rows),
        "in reverse order": (backwards[0][::-1], backwards[1][::-1]),
        "when asked one by one": (
            np.concatenate([one for one, _ in alone]),
            np.concatenate([one for _, one in alone]),
        ),
    }
    changed, worst = 0, 0.0
    for how, (again, numbers) in tries.items():
        moved = np.abs(numbers - shown[: len(numbers)]) / scale
        changes = again != said[: len(again)] if model.described.classes else moved > ROUNDING
        different = int(changes.sum())
        changed += different
        worst = max(worst, float(moved.max()))
        if different:
            args: dict[str, int | str] = {"rows": different, "asked": len(again), "how": how}
            message = Message(id="performance.answers_change", args=args)
            yield Finding(rule="PERF-020", severity=Severity.HIGH, message=message, where="model")
    n = 2 * len(rows) + len(alone)
    yield Measurement(name="changed_answers", value=changed, unit="count", n=n)
    yield Measurement(name="largest_difference", value=worst, unit="relative", n=n)


def _asked(model: Model, rows: "pd.DataFrame") -> "tuple[NDArray[np.generic], NDArray[np.float64]]":
    """Give the answers, and as numbers what stands behind them."""
    import numpy as np

    said = np.asarray(model.predict(rows))
    if not model.described.classes:
        return said, said.astype(np.float64)
    probability, score = scores(model, rows)
    behind = probability if probability is not None else score
    return said, np.zeros(len(said)) if behind is None else behind
