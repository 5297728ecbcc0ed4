"""Whether small admissible changes of a row turn a right answer wrong."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from govkit.checks.robustness._attack import Attack, Effort
from govkit.checks.robustness._space import Labels, Space, space_of
from govkit.core.evidence import Column, Finding, Measurement, Message, Severity, Table
from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.model import Model
from govkit.inputs.predictions import Predictions, features_of
from govkit.inputs.task import Task
from govkit.plugins.check import Emit, NotApplicable, NotPossible, Params, Product, Sizes, Work, check
from govkit.stats import intervals

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

EFFORTS: Mapping[str, tuple[int, Effort]] = {
    "quick": (200, Effort(iterations=2, evaluations=40, noise=60)),
    "standard": (1_000, Effort(iterations=3, evaluations=60, noise=100)),
    "thorough": (1_000, Effort(iterations=10, evaluations=100, noise=600)),
}
"""Rows and effort by budget."""
TYPICAL = 0.3
"""A typical time within its coarse step."""


Size = Annotated[float, Field(gt=0)]


class EvasionParams(Params):
    """How far and where a row may be changed."""

    eps: tuple[Size, ...] = Field(default=(0.05, 0.1), min_length=1, max_length=12)
    """Sizes of change that are measured and judged, in robust standard deviations of each column."""
    curve: tuple[Size, ...] = Field(default=(0.2, 0.3, 0.5), max_length=12)
    """Further sizes that are only drawn in the curve."""
    frozen: tuple[str, ...] = ()
    """Columns that can't be changed by whoever wants another answer."""


@dataclass(frozen=True)
class Attacked:
    """What became of the sampled rows."""

    rows: int
    right: int
    """Rows answered rightly before any change; only these are attacked."""
    broken: "dict[float, NDArray[np.bool_]]"
    by_noise: "dict[float, NDArray[np.bool_]]"
    unverified: int
    impossible: int
    without_start: int
    queries: int


def plan(sizes: Sizes, budget: str, params: Params) -> Work:
    """Take fewer rows of a slow model, in steps of ten."""
    assert isinstance(params, EvasionParams)
    rows, effort = EFFORTS[budget]
    slow = max(sizes.predict_ms_per_1000_rows // 100, 1)
    rows = max(rows // slow, 40)
    queries = rows * (effort.iterations * effort.evaluations * 2 + len(params.eps + params.curve) * effort.noise)
    seconds = 2 + queries * TYPICAL * sizes.predict_ms_per_1000_rows / 1e6
    counts = {
        "rows": rows,
        "iterations": effort.iterations,
        "evaluations": effort.evaluations,
        "noise": effort.noise,
    }
    return Work(counts, seconds)


@check(
    "robustness.evasion",
    title="Robustness to deliberate changes",
    emits=(
        Emit("clean_accuracy", "share", "sampled rows answered rightly as they are"),
        Emit("robust_accuracy", "share", "sampled rows for which no change within the box led to a wrong answer"),
        Emit("attack_success", "share", "rightly answered rows for which such a change was found"),
        Emit("robust_share", "share", "rightly answered rows for which no such change was found"),
        Emit("attack_rows", "count", "rows attacked"),
        Emit("queries_per_row", "count", "rows asked of the model for each attacked row"),
    ),
    messages={
        "task.classification_only": "This is measured for classifiers only.",
        "robustness.no_numeric_columns": "The model takes no numeric column that may change.",
        "robustness.none_right": "None of the {rows} sampled rows is answered rightly, so none can be attacked.",
        "robustness.answers_vary": "For {rows} rows the model answered differently when asked again; it is not "
        "deterministic, and these rows count as not broken.",
        "robustness.impossible_rows": "{rows} changed rows failed the separate test of admissibility and do not count.",
        "robustness.no_start": "For {rows} rows no starting point with another answer was found; only the boxes around "
        "them were searched.",
        "robustness.fragile": "A change of at most {eps} robust standard deviations a column turned the answer for "
        "{broken} of {rows} rightly answered rows.",
    },
    params=EvasionParams,
    libraries=("adversarial-robustness-toolbox", "numpy", "scipy"),
    plan=plan,
)
def evasion(  # noqa: PLR0913 - each is an input of the check
    *,
    model: Model,
    test: Dataset,
    predictions: Predictions,
    columns: Columns,
    task: Task,
    params: EvasionParams,
    work: Mapping[str, int],
    seed: int,
    train: Dataset | None = None,
) -> Iterator[Product]:
    """Search for small changes of a row that turn a right answer wrong.

    Why it matters:
        Whoever wants another answer changes what they can; a model that gives way to tiny changes can be steered,
        and it also gives way to errors of measurement.
    Method:
        A sample of rightly answered rows is attacked with HopSkipJump of the Adversarial Robustness Toolbox, which
        sees labels only, from rows of other classes as starting points. In addition the box of each size is searched
        along the directions found, for the row and for others, and at random. Changes are measured in robust standard
        deviations (interquartile range / 1.349) of TRAIN, or of DATA without TRAIN. Only numeric columns change,
        within the range seen; whole numbers stay whole, missing cells and the value of a column that makes up half of
        it stay. Every change found is tested for admissibility and asked again. Intervals: Clopper-Pearson, 95%.
    Limits:
        What was not found may exist: robust accuracy is an upper bound. The interval covers the sampling of rows, not
        attacks that were missed. Categories are not swapped.

    References:
        Chen, Jordan and Wainwright (2020), HopSkipJumpAttack; Nicolae et al. (2018), Adversarial Robustness Toolbox.
    """
    if not task.is_classification:
        raise NotApplicable("task.classification_only")
    space = space_of((train or test).frame, columns, params.frozen)
    if not space.names:
        raise NotApplicable("robustness.no_numeric_columns")
    sizes = sorted({*params.eps, *params.curve})
    features = features_of(test, columns).iloc[predictions.rows].reset_index(drop=True)
    found = _attack(Labels(model, task), space, features, predictions, (sizes, dict(work), seed))
    yield from _findings(found, max(params.eps))
    yield from _measured(found, sorted({*params.eps}))
    yield _curve(found, sizes)


def _attack(
    labels: Labels,
    space: Space,
    features: "pd.DataFrame",
    predictions: Predictions,
    how: tuple[list[float], dict[str, int], int],
) -> Attacked:
    import numpy as np

    sizes, work, seed = how
    rng = np.random.default_rng(seed)
    sample = np.sort(rng.permutation(len(predictions.rows))[: work["rows"]])
    right = sample[predictions.truth[sample] == predictions.predicted[sample]]
    if not len(right):
        raise NotPossible("robustness.none_right", rows=len(sample))
    attack = Attack(labels, space, features.iloc[right], predictions.predicted[right].astype(np.int64))
    hits = np.flatnonzero(predictions.truth == predictions.predicted)
    pool = rng.permutation(hits)[:2_000]
    effort = Effort(work["iterations"], work["evaluations"], work["noise"])
    started = attack.start(space.values(features.iloc[pool]), predictions.predicted[pool].astype(np.int64))
    attack.hop_skip_jump(started, effort)
    by_noise = {eps: attack.boxes(eps, effort, rng) for eps in sizes}
    unverified, impossible = attack.verify()
    broken = {eps: attack.reach <= eps * (1 + 1e-9) for eps in sizes}
    return Attacked(
        len(sample), len(right), broken, by_noise, unverified, impossible, len(right) - len(started), labels.queries
    )


def _findings(found: Attacked, eps: float) -> Iterator[Product]:
    broken = int(found.broken[eps].sum())
    notes = (
        ("ROB-001", Severity.MEDIUM, "robustness.answers_vary", {"rows": found.unverified}, found.unverified),
        ("ROB-002", Severity.MEDIUM, "robustness.impossible_rows", {"rows": found.impossible}, found.impossible),
        ("ROB-003", Severity.INFO, "robustness.no_start", {"rows": found.without_start}, found.without_start),
        ("ROB-004", Severity.LOW, "robustness.fragile", {"eps": eps, "broken": broken, "rows": found.right}, broken),
    )
    for rule, severity, message, args, count in notes:
        if count:
            yield Finding(rule=rule, severity=severity, message=Message(id=message, args=args), where="model")


def _measured(found: Attacked, sizes: list[float]) -> Iterator[Product]:
    yield _share("clean_accuracy", found.right, found.rows)
    for eps in sizes:
        broken, group = int(found.broken[eps].sum()), {"eps": f"{eps:g}"}
        yield _share("robust_accuracy", found.right - broken, found.rows, group)
        yield _share("robust_share", found.right - broken, found.right, group)
        yield _share("attack_success", broken, found.right, group)
    yield Measurement(name="attack_rows", value=float(found.right), unit="count", n=found.right)
    yield Measurement(name="queries_per_row", value=found.queries / found.right, unit="count", n=found.right)


def _curve(found: Attacked, sizes: list[float]) -> Table:
    rows = []
    for eps in (0.0, *sizes):
        broken, noisy = (int(found.broken[eps].sum()), int(found.by_noise[eps].sum())) if eps else (0, 0)
        robust = _share("robust_accuracy", found.right - broken, found.rows)
        assert robust.interval is not None
        low, high = robust.interval.low, robust.interval.high
        rows.append((eps, robust.value, low, high, (found.right - noisy) / found.rows))
    names = ("robust_accuracy", "low", "high", "noise_accuracy")
    return Table(
        name="robustness_curve",
        title="Accuracy by size of the change",
        columns=(Column(name="eps", unit="robust SD"), *(Column(name=name, unit="share") for name in names)),
        rows=tuple(rows),
    )


def _share(name: str, successes: int, n: int, group: dict[str, str] | None = None) -> Measurement:
    interval = intervals.proportion(successes, n, method="clopper-pearson")
    return Measurement(name=name, value=successes / n, unit="share", n=n, interval=interval, group=group or {})
