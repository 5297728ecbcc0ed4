"""Whether the model keeps its accuracy when its numbers are measured a little less exactly."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from govkit.checks.robustness._answers import compared_at_once
from govkit.checks.robustness._inference import space_of
from govkit.checks.robustness._oracle import labels
from govkit.checks.robustness._pace import answers_take, ration
from govkit.checks.robustness._space import Space
from govkit.core.evidence import Column, Measurement, Table
from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.model import Model
from govkit.inputs.predictions import Predictions, features_of
from govkit.inputs.task import Task
from govkit.plugins.check import Emit, NotApplicable, NotPossible, Params, Product, Sizes, Work, check
from govkit.stats import intervals
from govkit.stats.means import ratio

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

ROWS: Mapping[str, tuple[int, int]] = {"quick": (1_000, 3), "standard": (2_000, 5), "thorough": (5_000, 20)}
"""Rows and draws of noise by budget."""
WIDE = 500
"""Features from which each row takes longer too."""
TOGETHER, CELLS, FEWEST_ROWS = 25_000, 3_000_000, 50
"""Rows and cells asked about in one call at most, and rows of a slow model at least."""
PART, LEAST_CALLS = 0.2, 4
"""Part of the budget for calls of a slow model, and calls that everything takes."""
STRENGTHS = (0.05, 0.1, 0.2, 0.5, 1.0)
"""Standard deviations of noise that the share of changed answers is followed over."""
SHARES = (0.01, 0.05, 0.1, 0.2)
"""Shares of cells that are made blank, or of categories that are exchanged."""


Scale = Annotated[float, Field(gt=0)]


class NoiseParams(Params):
    """How much noise is added and where."""

    scales: tuple[Scale, ...] = Field(default=(0.1, 0.2), min_length=1, max_length=12)
    """Standard deviations of the noise, in robust standard deviations of each column."""
    frozen: tuple[str, ...] = ()
    """Columns that are never measured inexactly."""


def plan(sizes: Sizes, budget: str, params: Params) -> Work:
    """Take fewer rows of a slow model."""
    assert isinstance(params, NoiseParams)
    rows, draws = ROWS[budget]
    slow = max(sizes.predict_ms_per_1000_rows // 100, 1) * max(sizes.features // WIDE, 1)
    rows = max(rows // slow, FEWEST_ROWS)
    asked = rows * (draws * len(params.scales) + len(STRENGTHS) + 2 * len(SHARES))
    seconds = 0.1 + asked * answers_take(sizes.predict_ms_per_1000_rows)
    counts = {"rows": rows, "draws": draws}
    calls = ration(sizes, budget, PART, LEAST_CALLS)
    if calls:  # all that is changed in the same way is asked about in one call
        most = TOGETHER // (draws * len(params.scales))
        counts["rows"] = max(min(rows, most), FEWEST_ROWS)
    return Work(counts, seconds).within(calls, 2 * LEAST_CALLS)


@check(
    "robustness.noise",
    title="Robustness to noise",
    emits=(
        Emit("noise_accuracy_ratio", "share", "accuracy with noise over accuracy without"),
        Emit("changed_answers", "share", "rows answered differently with noise, gaps or wrong categories"),
    ),
    messages={
        "task.classification_only": "This is measured for classifiers only.",
        "robustness.no_numeric_columns": "The model takes no numeric column that may change.",
        "robustness.nothing_to_keep": "None of the {rows} sampled rows is answered rightly, so nothing can be kept.",
    },
    params=NoiseParams,
    libraries=("numpy", "scipy"),
    plan=plan,
)
def noise(  # noqa: PLR0913 - each is an input of the check
    *,
    model: Model,
    test: Dataset,
    predictions: Predictions,
    columns: Columns,
    task: Task,
    params: NoiseParams,
    work: Mapping[str, int],
    seed: int,
    train: Dataset | None = None,
) -> Iterator[Product]:
    """Add noise to the numbers and compare the accuracy.

    Why it matters:
        Later input is measured by other hands and other devices; a model that hangs on the last digit fails there.
    Method:
        Gaussian noise on every numeric feature, in robust standard deviations (interquartile range / 1.349) of TRAIN,
        or of DATA without TRAIN; whole numbers are rounded, values stay within the range seen. Ratio of the accuracies
        on the same rows with the interval of a mean at 95% (Student's and Hall's; Bentkus's where few rows change, so
        that it does not vanish where none did). Besides, the share of answers that change is followed over several
        strengths, with an exact interval: noise, a share of all cells blank, and a share of all categories exchanged
        for another row's. Kinds that the model does not answer are left out.
    Limits:
        Independent noise is far weaker than a deliberate attack, and real errors of measurement are seldom independent.

    References:
        Hall (1992) and Bentkus (2004) on means of skewed values; Hendrycks and Dietterich (2019)
        on corruptions by strength; Clopper and Pearson (1934).
    """
    import numpy as np

    if not task.is_classification:
        raise NotApplicable("task.classification_only")
    space = space_of((train or test).frame, columns, frozen=params.frozen)
    if not space.number.any():
        raise NotApplicable("robustness.no_numeric_columns")
    rng = np.random.default_rng(seed)
    sample = np.sort(rng.permutation(len(predictions.rows))[: work["rows"]])
    rows = features_of(test, columns).iloc[predictions.rows[sample]].reset_index(drop=True)
    truth, right = predictions.truth[sample], predictions.truth[sample] == predictions.predicted[sample]
    if not right.any():
        raise NotPossible("robustness.nothing_to_keep", rows=len(sample))
    original = space.values(rows)
    noisy = (_noisy(space, original, scale, rng) for scale in params.scales for _ in range(work["draws"]))
    told = [answer == truth for answer in _told(model, task, rows, space, noisy)]
    for place, scale in enumerate(params.scales):
        kept = np.array(told[place * work["draws"] : (place + 1) * work["draws"]]).sum(axis=0, dtype=np.float64)
        value, interval = ratio(kept / work["draws"], right.astype(np.float64), largest=1.0)
        yield Measurement(
            name="noise_accuracy_ratio",
            value=value,
            unit="share",
            n=len(rows),
            interval=interval,
            group={"scale": f"{scale:g}"},
        )
    usual = predictions.predicted[sample].astype(np.float64)
    yield from _by_strength(partial(_compared, model, task, usual), rows, space, rng)


def _noisy(
    space: Space, original: "NDArray[np.float64]", scale: float, rng: "np.random.Generator"
) -> "NDArray[np.float64]":
    """Add noise to cells, and make them possible again."""
    import numpy as np

    moved = original + rng.normal(0, scale, original.shape) * space.scale
    return space.admissible(np.where(space.integer, np.rint(moved), moved), original)


def _told(
    model: Model, task: Task, rows: "pd.DataFrame", space: Space, noisy: "Iterator[NDArray[np.float64]]"
) -> "Iterator[NDArray[np.int64]]":
    """Give the predicted class positions with each draw of noise; as many draws go into a call as it holds."""
    import numpy as np

    while some := list(islice(noisy, _most(rows))):
        several = rows.iloc[np.tile(np.arange(len(rows)), len(some))].reset_index(drop=True)
        yield from labels(model, task, space.frame(several, np.concatenate(some))).reshape(len(some), len(rows))


def _compared(
    model: Model, task: Task, usual: "NDArray[np.float64]", corrupted: "list[_Corrupted]"
) -> "Iterator[tuple[_Corrupted, NDArray[np.bool_]]]":
    """Give which answers each corruption changes, all of them asked about in one call where the model answers all."""
    import numpy as np
    import pandas as pd

    together = pd.concat([one.rows for one in corrupted], ignore_index=True)
    differing = compared_at_once(model, task, together, np.tile(usual, len(corrupted)))
    if differing is not None:
        yield from zip(corrupted, differing.reshape(len(corrupted), -1), strict=True)
        return
    for one in corrupted:
        alone = compared_at_once(model, task, one.rows, usual)
        if alone is not None:
            yield one, alone


def _by_strength(
    compare: "Callable[[list[_Corrupted]], Iterator[tuple[_Corrupted, NDArray[np.bool_]]]]",
    rows: "pd.DataFrame",
    space: Space,
    rng: "np.random.Generator",
) -> Iterator[Product]:
    """Measure how many answers change, by kind of corruption and strength."""
    drawn: list[tuple[str, float, float | None, float | None, int]] = []
    for one, differing in chain.from_iterable(map(compare, _corrupted(rows, space, rng))):
        kind, strength, words = one.kind, one.strength, one.words
        count, n = int(differing.sum()), len(rows)
        interval, group = intervals.proportion(count, n), {"kind": kind, "strength": f"{strength:g}"}
        yield Measurement(name="changed_answers", value=count / n, unit="share", n=n, interval=interval, group=group)
        drawn.append((words, count / n, interval.low, interval.high, n))
    if drawn:
        names = (("value", "share"), ("low", "share"), ("high", "share"), ("n", ""))
        yield Table(
            name="forest.changed_answers",
            title="Answers that change, by kind and strength of the corruption",
            columns=(Column(name="label"), *(Column(name=name, unit=unit) for name, unit in names)),
            rows=tuple(drawn),
        )


@dataclass(frozen=True)
class _Corrupted:
    """Rows that were corrupted in one way."""

    kind: str
    strength: float
    words: str
    rows: "pd.DataFrame"


def _corrupted(rows: "pd.DataFrame", space: Space, rng: "np.random.Generator") -> Iterator[list[_Corrupted]]:
    """Give the corrupted rows, kind by kind, weak before strong, as many together as go into a call."""
    words = [str(name) for name in rows if rows[name].dtype.kind not in "iufb"]
    original = space.values(rows)
    moved = (
        _Corrupted("noise", one, f"noise of {one:g} robust SD", space.frame(rows, _noisy(space, original, one, rng)))
        for one in STRENGTHS
    )
    gaps = (
        _Corrupted("blank cells", share, f"{share:.0%} of cells blank", _gaps(rows, share, rng)) for share in SHARES
    )
    wrong = (
        _Corrupted("wrong categories", share, f"{share:.0%} of categories exchanged", _wrong(rows, words, share, rng))
        for share in SHARES
        if words
    )
    for kind in (moved, gaps, wrong):
        while some := list(islice(kind, _most(rows))):
            yield some


def _most(rows: "pd.DataFrame") -> int:
    """Give how many times rows go into a call."""
    return max(min(TOGETHER // len(rows), CELLS // max(rows.size, 1)), 1)


def _gaps(rows: "pd.DataFrame", share: float, rng: "np.random.Generator") -> "pd.DataFrame":
    return rows.assign(**{str(name): _blank(rows[name], rng.random(len(rows)) < share) for name in rows})


def _wrong(rows: "pd.DataFrame", words: list[str], share: float, rng: "np.random.Generator") -> "pd.DataFrame":
    others = {}
    for name in words:
        lent = rows[name].take(rng.permutation(len(rows))).set_axis(rows.index)
        others[name] = rows[name].mask(rng.random(len(rows)) < share, lent)
    return rows.assign(**others)


def _blank(column: "pd.Series[Any]", gone: "NDArray[np.bool_]") -> "pd.Series[Any]":
    return (column if column.dtype.kind != "b" else column.astype(object)).mask(gone)
