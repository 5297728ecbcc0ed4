"""Whether the inputs have shifted against the training rows."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from pydantic import Field

from govkit.checks.drift._compare import Shift, shift_of
from govkit.core.evidence import Column, Finding, Measurement, Message, Severity, Table
from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.disclosure import Disclosure
from govkit.inputs.matrix import Matrix
from govkit.inputs.reference import Profile, profile_of
from govkit.plugins.check import EVERY_TASK, Emit, NotPossible, Params, Product, Sizes, Work, check
from govkit.stats import influence
from govkit.stats.association import halves

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ROWS: Mapping[str, int] = {"quick": 2_000, "standard": 10_000, "thorough": 50_000}
MOST_FEATURES = 200
MOST_SHOWN = 40
FEWEST = 50
"""Rows a side that the classifier needs."""


class DriftParams(Params):
    """From when a shift is one to speak of."""

    psi: float = Field(default=0.1, gt=0)
    """Population stability index from which a column is named, if chance does not explain it."""
    rate: float = Field(default=0.05, gt=0, lt=0.5)
    """False discoveries among the named columns."""


def plan(sizes: Sizes, budget: str, params: Params) -> Work:
    """Fit the classifier on more rows with more budget."""
    del params
    rows = min(ROWS[budget], max(sizes.test_rows, 1))
    return Work({"rows": rows}, 0.5 + (sizes.test_rows + sizes.train_rows) * sizes.features / 5e6)


@check(
    "drift.features",
    title="Shift of the inputs",
    emits=(
        Emit("stability_index", "index", "population stability index of a column, less what chance adds"),
        Emit("drifted_columns", "count", "columns whose shift is larger than the limit and than chance explains"),
        Emit("classifier_auc", "auc", "how well trees tell the rows apart from training rows; 0.5 is not at all"),
    ),
    messages={
        "drift.column": "{column} has shifted in {sample} (stability index {index}).",
        "drift.nothing_shared": "DATA and TRAIN share no column whose values repeat.",
    },
    params=DriftParams,
    libraries=("numpy", "scipy", "scikit-learn"),
    plan=plan,
    tasks=EVERY_TASK,
)
def features(  # noqa: PLR0913 - each is an input of the check
    *,
    test: Dataset,
    train: Dataset,
    columns: Columns,
    disclosure: Disclosure,
    params: DriftParams,
    work: Mapping[str, int],
    seed: int,
    production: Dataset | None = None,
) -> Iterator[Product]:
    """Compare the inputs' distributions with those of TRAIN.

    Why it matters:
        What was measured on one kind of rows says little about another; a shift of the inputs is the earliest sign.
    Method:
        Each feature of DATA, and of the declared sample from production, against TRAIN. Numbers in ten bins of TRAIN
        and categories: population stability index less its expected excess, with a bootstrap interval that leans to the
        wide side, and Jensen-Shannon distance. Tests: Kolmogorov-Smirnov for numbers, chi-square for the categories
        that are common in both together, with Benjamini and Hochberg's correction. A column is named when both the test
        and the index say so, so that large tables don't make every difference a drift. All together: boosted trees that
        tell the rows apart, cross-fitted, with the infinitesimal jackknife's interval of the area under the ROC curve.
    Limits:
        A shift can be harmless, and a change of what the inputs mean needs no shift.

    References:
        Siddiqi (2006) on the index; Benjamini and Hochberg (1995); Lopez-Paz and Oquab (2017) on classifier tests.
    """
    shared = tuple(name for name in columns.features if name in train.columns)
    profile = profile_of(train, disclosure, shared)
    for sample, rows in (("DATA", test), ("production", production)):
        if rows is None:
            continue
        shifts = _shifts(profile, train, rows, shared, seed)
        if not shifts and sample == "DATA":
            raise NotPossible("drift.nothing_shared")
        yield from _named(shifts, sample, params)
        yield from _classifier(train, rows, shared, sample, work["rows"], seed)


def _shifts(profile: Profile, train: Dataset, rows: Dataset, names: tuple[str, ...], seed: int) -> list[Shift]:
    """Compare all columns, also those that TRAIN has no common value of: DATA may."""
    found = (
        shift_of(name, profile, rows.frame[name], seed=seed, reference=train.frame[name])
        for name in names
        if name in rows.columns
    )
    return sorted((one for one in found if one), key=lambda one: (-one.index, one.column))


def _named(shifts: list[Shift], sample: str, params: DriftParams) -> Iterator[Product]:
    from scipy.stats import false_discovery_control

    adjusted = false_discovery_control([one.chance for one in shifts]) if shifts else []
    drifted = [
        one for one, chance in zip(shifts, adjusted, strict=True) if chance <= params.rate and one.index >= params.psi
    ]
    group = {"sample": sample}
    yield Measurement(name="drifted_columns", value=len(drifted), unit="count", n=len(shifts), group=group)
    for one in shifts[:MOST_SHOWN]:
        yield Measurement(
            name="stability_index",
            value=one.index,
            unit="index",
            n=one.n,
            interval=one.interval,
            group={**group, "column": one.column},
        )
    for one in drifted[:MOST_SHOWN]:
        args: dict[str, str | float] = {"column": one.column, "sample": sample, "index": round(one.index, 3)}
        message = Message(id="drift.column", args=args)
        yield Finding(rule="DRI-001", severity=Severity.MEDIUM, message=message, where=f"column {one.column}")
    if shifts:
        yield from _tables(shifts, adjusted, sample)


def _tables(shifts: list[Shift], adjusted: "NDArray[np.float64] | list[float]", sample: str) -> Iterator[Table]:
    name = "bars.stability_index" if sample == "DATA" else f"bars.stability_index.{sample}"
    left_out = max(len(shifts) - MOST_SHOWN, 0)
    yield Table(
        name=name,
        title=f"Shift of {sample} against TRAIN, by column",
        columns=(Column(name="label"), *(Column(name=part) for part in ("value", "low", "high"))),
        rows=tuple((one.column, one.index, one.interval.low, one.interval.high) for one in shifts[:MOST_SHOWN]),
        left_out=left_out,
    )
    words = ("column", "p_value_corrected", "ks_or_cramers_v", "jensen_shannon", "wasserstein_sd")
    yield Table(
        name=f"tests.{sample}",
        title=f"Tests of {sample} against TRAIN, by column",
        columns=tuple(Column(name=word) for word in words),
        rows=tuple(
            (one.column, float(chance), one.statistic, one.distance, one.moved)
            for one, chance in list(zip(shifts, adjusted, strict=True))[:MOST_SHOWN]
        ),
        left_out=left_out,
    )


def _classifier(  # noqa: PLR0913, PLR0917 - two tables and how many rows of them
    train: Dataset, rows: Dataset, names: tuple[str, ...], sample: str, most: int, seed: int
) -> Iterator[Measurement]:
    """Judge boosted trees that tell the tables apart on the half that they were not fitted on, both ways."""
    import numpy as np
    from sklearn.ensemble import HistGradientBoostingClassifier

    common = [name for name in names if name in rows.columns]
    rng = np.random.default_rng(seed)
    drawn = [
        table.frame[common].iloc[np.sort(rng.permutation(table.rows)[: min(most, train.rows, rows.rows)])]
        for table in (train, rows)
    ]
    matrix = Matrix(spread=False).fit(drawn[0])
    if not matrix.names or min(len(part) for part in drawn) < FEWEST:
        return
    values = np.concatenate([matrix(part) for part in drawn])[:, :MOST_FEATURES]
    later = np.arange(len(values)) >= len(drawn[0])
    half = np.concatenate([halves(len(part), seed) for part in drawn])
    area, moved = 0.0, np.zeros(len(values))
    for learn, judge in ((half, ~half), (~half, half)):
        model = HistGradientBoostingClassifier(max_iter=40, max_leaf_nodes=8, random_state=seed)
        score = model.fit(values[learn], later[learn]).predict_proba(values[judge])[:, 1]
        found, influences = influence.roc_auc(score, later[judge])
        area, moved[judge] = area + found / 2, influences / 2
    interval = influence.interval(area, moved, later, learnt=True)
    yield Measurement(
        name="classifier_auc", value=area, unit="auc", n=len(values), interval=interval, group={"sample": sample}
    )
