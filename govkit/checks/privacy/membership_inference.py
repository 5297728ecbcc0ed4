"""Whether the model's answers tell training rows from others."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from govkit.checks.privacy import _attacks
from govkit.checks.privacy._sample import Sample, draw
from govkit.core.errors import ModelUnavailable
from govkit.core.evidence import Column, Finding, Interval, Measurement, Message, Severity, Table
from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.model import Model
from govkit.inputs.predictions import Predictions
from govkit.inputs.task import Task
from govkit.plugins.check import Emit, Params, Product, Sizes, Work, check
from govkit.stats import intervals
from govkit.stats.multiple import simultaneous

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WORK: Mapping[str, tuple[int, int]] = {"quick": (4_000, 1), "standard": (8_000, 2), "thorough": (10_000, 8)}
"""Rows a side and pairs of reference models by budget."""
FALSE_ALARMS = 0.01
"""The rate of false alarms that `tpr_at_1pct_fpr` is named for."""
POWER = 0.8
POINTS = 200
"""Points of all ROC curves together."""


@dataclass(frozen=True)
class Attack:
    """An attack's scores on the rows it is judged on."""

    name: str
    members: "NDArray[np.float64]"
    others: "NDArray[np.float64]"


def plan(sizes: Sizes, budget: str, params: Params) -> Work:  # noqa: ARG001 - the signature of a plan
    """Take as many rows a side as there are, up to the budget's number."""
    rows, pairs = WORK[budget]
    rows = min(rows, max(sizes.train_rows, 1), max(sizes.test_rows, 1))
    return Work({"rows": rows, "reference_pairs": pairs}, 2 + rows / 2_000 + pairs * rows / 1_000)


@check(
    "privacy.membership_inference",
    title="Membership inference",
    emits=(
        Emit("attack_auc", "auc", "chance that a training row looks more like one than another row does"),
        Emit("worst_attack_auc", "auc", "the largest of them"),
        Emit("tpr_at_1pct_fpr", "share", "training rows found while 1% of other rows are falsely called training rows"),
        Emit("blind_auc", "auc", "how well training rows are told from others without the model"),
        Emit("smallest_detectable_auc", "auc", "smallest AUC that these rows would show with a power of 0.8"),
        Emit("twins_dropped", "count", "rows left out because TRAIN and DATA both hold them"),
        Emit("members", "count", "training rows used, and as many others"),
    ),
    messages={
        "privacy.too_few_rows": "After exact twins are left out, {rows} rows a side remain; at least {needed} are "
        "needed.",
        "privacy.twins": "{rows} rows stand in both TRAIN and DATA with the same target and were left out.",
        "privacy.told_apart_blindly": "Training rows can be told from others without the model (AUC at least {low}); "
        "the two files differ, so the attacks' success is not the model's alone.",
        "privacy.no_reference": "Models for comparison could not be fitted, so that the attack with reference models "
        "is missing.",
    },
    libraries=("adversarial-robustness-toolbox", "numpy", "scikit-learn", "scipy"),
    plan=plan,
)
def membership_inference(  # noqa: PLR0913 - each is an input of the check
    *,
    model: Model,
    train: Dataset,
    train_predictions: Predictions,
    test: Dataset,
    predictions: Predictions,
    columns: Columns,
    task: Task,
    work: Mapping[str, int],
    seed: int,
) -> Iterator[Product]:
    """Try to tell training rows from hold-out rows by the model's answers.

    Why it matters:
        Where that works, whoever may ask the model learns that a person was in the training data, for instance among
        the patients of a clinic; it also shows that the model has memorised rows.
    Method:
        As many rows of TRAIN as of DATA, rows in both left out. Attacks: right or wrong label, probability of the true
        class, modified entropy ranked within classes, the random-forest attack of the Adversarial Robustness Toolbox,
        and gradient boosting on all answers; the last two learn on one half and are judged on the other. Where the
        model can be refitted, its probability is compared with that of clones fitted with and without each row (RMIA).
        Regression: size of the residual.
        Intervals hold for all attacks together (Bonferroni, 95%): DeLong for AUC, Clopper-Pearson for the share found.
        Ties count against the attack: the threshold is the largest with at most 1% false alarms.
    Limits:
        A stronger attack may exist. Without clones, or with few of them, much leakage is missed. Where
        TRAIN and DATA differ in themselves (blind AUC above one half), success is not the model's alone. The interval
        of the share found does not cover the threshold's own uncertainty.

    References:
        Yeom et al. (2018); Song and Mittal (2021); Carlini et al. (2022); Zarifzadeh et al. (2024); Das et al. (2024).
    """
    sample = draw(((train, train_predictions), (test, predictions)), columns, work["rows"], seed)
    scores = _attacks.panel(sample, task, seed)
    if work["reference_pairs"] and sample.probability is not None:
        try:
            scores["reference models"] = _attacks.reference(model, sample, task, work["reference_pairs"], seed)
        except ModelUnavailable:
            yield _finding("MIA-003", Severity.INFO, "privacy.no_reference", "model")
    attacks = [_judged(name, found, sample) for name, found in scores.items()]
    yield from _aucs(attacks)
    yield from _found_at_low_false_alarms(attacks)
    yield from _blind(_judged("blind", _attacks.blind(sample, seed), sample))
    yield from _counts(attacks, sample)
    yield _curves(attacks)


def _judged(name: str, scores: "NDArray[np.float64]", sample: Sample) -> Attack:
    import numpy as np

    there = np.isfinite(scores)
    return Attack(name, scores[there & sample.member], scores[there & ~sample.member])


def _finding(rule: str, severity: Severity, message: str, where: str, **args: float) -> Finding:
    return Finding(rule=rule, severity=severity, message=Message(id=message, args=dict(args)), where=where)


def _aucs(attacks: list[Attack]) -> Iterator[Product]:
    level = simultaneous(intervals.LEVEL, len(attacks))
    best: list[Measurement] = []
    for attack in attacks:
        area, interval = intervals.delong(attack.members, attack.others, level=level)
        found = Measurement(
            name="attack_auc",
            value=area,
            unit="auc",
            n=len(attack.members) + len(attack.others),
            interval=interval,
            group={"attack": attack.name},
        )
        best.append(found)
        yield found
    worst = max(best, key=lambda one: one.value)
    ends = [(one.interval.low or 0.0, one.interval.high or 1.0) for one in best if one.interval]
    low, high = (max(end) for end in zip(*ends, strict=True))
    interval = Interval(low=low, high=high, level=intervals.LEVEL, method="largest of simultaneous delong limits")
    yield worst.model_copy(update={"name": "worst_attack_auc", "interval": interval})


def _found_at_low_false_alarms(attacks: list[Attack]) -> Iterator[Product]:
    level = simultaneous(intervals.LEVEL, len(attacks))
    for attack in attacks:
        found, n = int((attack.members > _threshold(attack.others, FALSE_ALARMS)).sum()), len(attack.members)
        interval = intervals.proportion(found, n, level=level, method="clopper-pearson")
        if len(attack.others) * FALSE_ALARMS < 1:
            interval = interval.model_copy(update={"low": 0.0, "high": 1.0, "method": "too few rows for 1%"})
        yield Measurement(
            name="tpr_at_1pct_fpr",
            value=found / n,
            unit="share",
            n=n,
            interval=interval,
            group={"attack": attack.name},
        )


def _threshold(others: "NDArray[np.float64]", rate: float) -> float:
    """Give the value that at most a share `rate` of the other rows exceeds."""
    import numpy as np

    ordered = np.sort(others)[::-1]
    return float(ordered[min(int(rate * len(ordered) + 1e-9), len(ordered) - 1)])


def _blind(attack: Attack) -> Iterator[Product]:
    area, interval = intervals.delong(attack.members, attack.others)
    n = len(attack.members) + len(attack.others)
    yield Measurement(name="blind_auc", value=area, unit="auc", n=n, interval=interval)
    if interval.low is not None and interval.low > 1 / 2:
        yield _finding("MIA-002", Severity.MEDIUM, "privacy.told_apart_blindly", "TRAIN, DATA", low=interval.low)


def _counts(attacks: list[Attack], sample: Sample) -> Iterator[Product]:
    members = int(sample.member.sum())
    smallest = min(len(attack.members) for attack in attacks)
    value = _smallest_detectable(smallest, simultaneous(intervals.LEVEL, len(attacks)))
    yield Measurement(name="smallest_detectable_auc", value=value, unit="auc", n=2 * smallest)
    yield Measurement(name="twins_dropped", value=float(sample.twins), unit="count", n=sample.twins + 2 * members)
    yield Measurement(name="members", value=float(members), unit="count", n=2 * members)
    if sample.twins:
        yield _finding("MIA-001", Severity.MEDIUM, "privacy.twins", "TRAIN, DATA", rows=sample.twins)


def _smallest_detectable(n: int, level: float) -> float:
    """Give the AUC whose lower limit exceeds one half in 80% of such samples, n rows a side.

    The variance under equality is that of the Mann-Whitney statistic, (2n + 1) / 12n².
    """
    from math import sqrt

    from scipy.special import ndtri

    reach = float(ndtri(0.5 + level / 2) + ndtri(POWER))
    return min(0.5 + reach * sqrt((2 * n + 1) / (12 * n * n)), 1.0)


def _curves(attacks: list[Attack]) -> Table:
    """Thin each ROC curve to points spread evenly on a logarithmic axis of false alarms."""
    import numpy as np

    rows: list[tuple[float, float, str]] = []
    for attack in attacks:
        rates = np.geomspace(1 / len(attack.others), 1, POINTS // len(attacks) - 1)
        seen = {}
        for rate in rates:
            threshold = _threshold(attack.others, float(rate)) if rate < 1 else -np.inf
            false = float((attack.others > threshold).mean())
            seen[false] = float((attack.members > threshold).mean())
        rows.extend((false, true, attack.name) for false, true in sorted(seen.items()))
    columns = (Column(name="fpr", unit="share"), Column(name="tpr", unit="share"), Column(name="attack"))
    return Table(
        name="membership_roc", title="Training rows found by rate of false alarms", columns=columns, rows=tuple(rows)
    )
