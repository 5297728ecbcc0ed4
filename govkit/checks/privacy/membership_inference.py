"""Whether the model's answers tell training rows from others."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from govkit.checks.privacy import _direct, _measures
from govkit.checks.privacy._compared import compared
from govkit.checks.privacy._confounders import Blind, alike, blind
from govkit.checks.privacy._doubts import doubts, train_is_worse
from govkit.checks.privacy._measures import Attack
from govkit.checks.privacy._neighbours import nearby
from govkit.checks.privacy._parts import bands, calls, parts_of, subgroups
from govkit.checks.privacy._references import PLAYED, Refit
from govkit.checks.privacy._remedies import remedies
from govkit.checks.privacy._sample import TOO_FEW, Sample, draw
from govkit.config import Config
from govkit.core.evidence import Finding, Measurement, Message, Severity
from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.disclosure import Disclosure
from govkit.inputs.model import Model
from govkit.inputs.predictions import Predictions
from govkit.inputs.task import Task
from govkit.plugins.check import Emit, Params, Product, Sizes, Work, check
from govkit.stats import intervals, roc
from govkit.stats.differential_privacy import epsilon_of_auc
from govkit.stats.multiple import simultaneous

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Scores = NDArray[np.float64]

ROWS: Mapping[str, int] = {"quick": 4_000, "standard": 8_000, "thorough": 10_000}
"""Rows a side by budget."""
REFERENCES: Mapping[str, tuple[tuple[int, ...], int]] = {
    "quick": ((4,), 20),
    "standard": ((8, 4), 240),
    "thorough": ((64, 32, 16, 8, 4), 2_000),
}
"""Numbers of reference models to choose from, and the seconds that all fits may take, by budget."""
FIT_SECONDS: Mapping[str, int] = {"quick": 60, "standard": 120, "thorough": 600}
"""Seconds after which one fit is given up, by budget; more than the plan expects, since machines are busy at times."""
NEARBY: Mapping[str, tuple[int, ...]] = {"quick": (4, 2), "standard": (4, 2), "thorough": (12, 4)}
"""Numbers of rows near each row to choose from, which the models are asked about, by budget."""
ASKED_UP_TO = 1.5
"""What fits and answers for rows nearby may take together, in times that fits may take alone."""
ANCHORED, ANCHORED_FROM = 8, 16
"""Anchored reference models, and the number of other ones that there must be time for."""
BANDS_FROM = 16
"""Reference models from which single rows are told apart."""
PRIMARY = ("meta", "modified entropy", "confidence", "residual", "label gap")
"""The attack that parts are judged by: the first that could be run."""
PER_HUNDRED, A_FEW = 100, 0.1


class MembershipInference(Params):
    """What else to measure."""

    suggest: bool = False
    """Fit the pipeline anew with stronger regularisation, and measure what that gains and costs."""


def plan(sizes: Sizes, budget: str, params: Params) -> Work:  # noqa: ARG001 - the signature of a plan
    """Take as many rows and reference models as there is time for, from one timed fit."""
    rows = min(ROWS[budget], max(sizes.train_rows, 1), max(sizes.test_rows, 1))
    choices, limit = REFERENCES[budget]
    fit = sizes.fit_ms_per_1000_rows * rows / 1e6
    references = next((count for count in choices if fit and count * fit <= limit), 0)
    anchored = ANCHORED if references >= ANCHORED_FROM else 0
    asked = (1 + min(references, PLAYED) + anchored) * 2 * rows * sizes.predict_ms_per_1000_rows / 1e6
    left = ASKED_UP_TO * limit - references * fit
    near = next((count for count in NEARBY[budget] if count * asked <= left), 0) if references else 0
    counts = {
        "rows": rows,
        "references": references,
        "anchored_references": anchored,
        "nearby": near,
        "fit_seconds": FIT_SECONDS[budget],
        "subgroups": int(budget != "quick"),
    }
    return Work(counts, 3 + rows / 1_000 + (references + 2 * anchored) * fit)


@check(
    "privacy.membership_inference",
    title="Membership inference",
    emits=(
        Emit("attack_auc", "auc", "chance that a training row looks more like one than another row does"),
        Emit("worst_attack_auc", "auc", "the largest of them"),
        Emit("tpr_at_1pct_fpr", "share", "training rows found while 1% of other rows are falsely called training rows"),
        Emit("worst_tpr_at_1pct_fpr", "share", "the largest of them, also as it is where Fisher's test finds it"),
        Emit("tpr_at_01pct_fpr", "share", "training rows found while 0.1% of other rows are falsely called"),
        Emit("subgroup_auc", "auc", "the primary attack's AUC within a class or a protected group"),
        Emit("remedied_auc", "auc", "the meta attack's AUC on the pipeline with stronger regularisation"),
        Emit("remedied_right", "share", "what that pipeline has right of other rows; of the variance, for regression"),
        Emit("blind_auc", "auc", "how well training rows are told from others without the model"),
        Emit("blind_auc_judged", "auc", "the same among the rows that attacks are judged on"),
        Emit("smallest_detectable_auc", "auc", "smallest AUC that these rows would show with a power of 0.8"),
        Emit("twins_dropped", "count", "rows left out because TRAIN and DATA both hold them"),
        Emit("near_twins_dropped", "count", "rows left out because the other file holds nearly the same"),
        Emit("train_duplicates", "count", "rows of TRAIN that equal another row of TRAIN"),
        Emit("members", "count", "training rows used, and as many others"),
    ),
    messages={
        **TOO_FEW,
        "privacy.twins": "{rows} rows stand in both TRAIN and DATA with the same target and were left out.",
        "privacy.near_twins": "{rows} rows nearly equal one of the other file and were left out.",
        "privacy.shared_groups": "{rows} rows were left out because their group is in both TRAIN and DATA.",
        "privacy.duplicates": "{rows} rows of TRAIN equal another row of TRAIN; repeated rows are memorised most.",
        "privacy.told_apart_blindly": "Training rows can be told from others without the model (AUC at least {low}): "
        "the two files differ.",
        "privacy.matched": "{members} training rows and as many others that look alike to a classifier without the "
        "model were judged, so that the difference between the files is not taken for memory.",
        "privacy.no_reference": "The model was not fitted anew, because it can't be or because the budget has no time "
        "for it, so the strongest attacks are missing. What was found stands; finding nothing decides nothing.",
        "privacy.confounded": "Even rows that look alike can be told apart without the model (AUC {auc}), as well as "
        "with it: the attacks show that the two files differ, and not what the model remembers. Give a DATA of the "
        "same time and source as TRAIN.",
        "privacy.found": "An outsider could tell for {found} of 100 people in the training data, at one false claim "
        "in 100, that they were in it; guessing finds 1 (attack: {attack}).",
        "privacy.average": "The attack {attack} tells training rows from others (AUC {auc}, at least {low}); "
        "differential privacy with an epsilon below {epsilon} would rule that out.",
        "privacy.could_miss": "{rows} training rows and as many others show an AUC of {auc} or more with a "
        "probability of 80 %, all attacks considered; a smaller leak could stay unseen.",
        "privacy.no_remedy": "No stronger regularisation could be tried: none is known for this estimator, or there is "
        "no model that could be fitted.",
        "privacy.toolbox_ended": "The process of the Adversarial Robustness Toolbox ended without an answer.",
        "privacy.digest": "TRAIN is not the file whose digest was recorded with the model.",
        "privacy.train_worse": "The model does worse on TRAIN than on DATA, so TRAIN is probably not what it was "
        "fitted on.",
    },
    libraries=("adversarial-robustness-toolbox", "numpy", "scikit-learn", "scipy"),
    plan=plan,
    params=MembershipInference,
    refits=True,
)
def membership_inference(  # noqa: PLR0913 - each is an input of the check
    *,
    train: Dataset,
    train_predictions: Predictions,
    test: Dataset,
    predictions: Predictions,
    columns: Columns,
    task: Task,
    config: Config,
    disclosure: Disclosure,
    params: MembershipInference,
    work: Mapping[str, int],
    seed: int,
    model: Model | None = None,
) -> Iterator[Product]:
    """Try to tell training rows from hold-out rows by the model's answers.

    Why it matters:
        Where that works, whoever may ask the model learns that a person was in the training data, for instance among
        the patients of a clinic; it also shows that the model has memorised rows.
    Method:
        As many rows of TRAIN as of DATA; equal and nearly equal rows of both are left out. Direct attacks: right or
        wrong label, probability of the true class, modified entropy ranked within classes, the random-forest and the
        gradient-boosting attack of the Adversarial Robustness Toolbox, and gradient boosting on all answers; the last
        three learn on one half and are judged on the other. Regression: size of the residual.
        Where the model can be fitted anew, reference models are fitted on random halves of all these rows, in
        complementary pairs within classes; RMIA and LiRA compare the model with them, and the meta attack learns from
        reference models that play the target what membership looks like: in what RMIA and LiRA look at, in the answer,
        and in how it differs from answers for rows nearby. It is the primary attack.
        A classifier that sees the data alone tells whether the two files differ in themselves; where they do, only
        rows of equal blind score are judged.
        Intervals hold for all attacks together (Bonferroni, 95%): DeLong for AUC; order statistics and Clopper-Pearson
        for the share found. Ties count against the attack. Fisher's test, with a threshold from a separate half of the
        other rows and Holm's correction, tells whether training rows are found at all.
    Limits:
        A stronger attack may exist. Without reference models, or with few of them, much leakage is missed, so that
        nothing found is then no pass. The audit judges the rows of these two files and this pipeline. Where fitting
        draws at random from what can't be seeded, a repeat differs.

    References:
        Yeom et al. (2018); Song and Mittal (2021); Choquette-Choo et al. (2021); Carlini et al. (2022); Zarifzadeh et
        al. (2024); Das et al. (2024).
    """
    from threadpoolctl import threadpool_limits

    sides = ((train, train_predictions), (test, predictions))
    refit = None if model is None else Refit(model, task, work["fit_seconds"], seed)
    with threadpool_limits(1):  # sums come out the same on any number of cores
        tried = attacked(draw(sides, columns, work["rows"], seed), refit, task, work, seed)
        suggested = list(_suggested(refit, tried.sample)) if params.suggest else []
    yield from _measured(tried, seed)
    if not tried.refitted or train_is_worse(sides, task):
        yield from _measures.nothing_counted()
    yield from doubts(sides, config, task)
    if not tried.refitted:
        yield _finding("MIA-003", Severity.MEDIUM, "privacy.no_reference", "model")
    yield from _blindly(tried)
    yield from _counts(tried)
    sample, scores = tried.sample, tried.scores[tried.primary]
    if work["subgroups"]:
        yield from subgroups(sample, scores, parts_of(sample, sides, columns, task, disclosure))
    if tried.refitted and work["references"] >= BANDS_FROM:
        yield from bands(sample, scores)
    yield calls(sample, scores, tried.primary)
    yield from suggested


@dataclass(frozen=True)
class Tried:
    """Every attack on the rows that may be judged."""

    sample: Sample
    before: Blind
    """What the data alone give away of all rows drawn."""
    after: Blind
    """The same of the rows that are judged."""
    scores: "dict[str, Scores]"
    attacks: list[Attack]
    refitted: bool

    @property
    def primary(self) -> str:
        """The attack that parts are judged by."""
        return next(name for name in PRIMARY if name in self.scores)


def attacked(drawn: Sample, refit: Refit | None, task: Task, work: Mapping[str, int], seed: int) -> Tried:
    """Run every attack that can be run on the rows that the data alone don't give away."""
    before = blind(drawn, seed)
    sample, after = alike(drawn, before, seed)
    sample = replace(sample, nearby=nearby(sample.rows, work["nearby"], seed))
    found = compared(refit, sample, task, work, seed)
    scores = {**_direct.panel(sample, task, seed), **found.scores}
    graded = not task.is_classification or sample.probability is not None or sample.score is not None
    attacks = [
        _measures.judged(name, given, sample, graded=graded and name != "label gap") for name, given in scores.items()
    ]
    return Tried(sample, before, after, scores, attacks, found.refitted)


def _suggested(refit: Refit | None, sample: Sample) -> Iterator[Product]:
    if refit is None:
        yield _finding("MIA-012", Severity.INFO, "privacy.no_remedy", "model")
    else:
        yield from remedies(refit, sample, refit.model.described.estimator)


def _finding(rule: str, severity: Severity, message: str, where: str, **args: float | str) -> Finding:
    return Finding(rule=rule, severity=severity, message=Message(id=message, args=dict(args)), where=where)


def _measured(tried: Tried, seed: int) -> Iterator[Product]:
    """Give what the attacks found, and say it in a sentence where it is beyond chance and beyond the blind baseline."""
    p_values = _measures.beyond_chance(tried.attacks, seed)
    yield _measures.summary(tried.attacks, p_values)
    yield _measures.curves(tried.attacks)
    areas = list(_measures.areas(tried.attacks))
    yield from areas
    for name in _measures.LOW_RATES:
        yield from _measures.low_rates(tried.attacks, name)
    exposed = list(_measures.significant(tried.attacks, p_values))
    yield from exposed
    best = max(areas[:-1], key=_low)
    if tried.after.beats_guessing and _low(best) <= (tried.after.interval.high or 1.0):
        yield _finding("MIA-013", Severity.MEDIUM, "privacy.confounded", "TRAIN, DATA", auc=tried.after.auc)
        return
    if exposed:
        worst = max(exposed, key=lambda one: one.value)
        found = f"{worst.value * PER_HUNDRED:.{1 if worst.value < A_FEW else 0}f}"
        yield _finding("MIA-004", Severity.MEDIUM, "privacy.found", "model", found=found, attack=worst.group["attack"])
    if _low(best) > 0.5:  # noqa: PLR2004 - guessing
        said: dict[str, float | str] = {"attack": best.group["attack"], "auc": best.value, "low": _low(best)}
        epsilon = epsilon_of_auc(_low(best))
        yield _finding("MIA-005", Severity.MEDIUM, "privacy.average", "model", **said, epsilon=epsilon)


def _low(found: Measurement) -> float:
    return (found.interval.low if found.interval else None) or 0.0


def _blindly(tried: Tried) -> Iterator[Product]:
    """Tell what the data alone give away, and what became of it."""
    before, after = tried.before, tried.after
    for name, found in (("blind_auc", before), ("blind_auc_judged", after)):
        yield Measurement(name=name, value=found.auc, unit="auc", n=found.n, interval=found.interval)
    if before.beats_guessing:
        low = before.interval.low or 0.0
        yield _finding("MIA-002", Severity.MEDIUM, "privacy.told_apart_blindly", "TRAIN, DATA", low=low)
    if before is not after:
        members = tried.sample.judged_members
        yield _finding("MIA-006", Severity.INFO, "privacy.matched", "TRAIN, DATA", members=members)


def _counts(tried: Tried) -> Iterator[Product]:
    """Count the rows that were used and left out, and say what so few could have missed."""
    members, left_out = tried.sample.judged_members, tried.sample.left_out
    smallest = min(len(attack.members) for attack in tried.attacks)
    value = roc.smallest_detectable_auc(smallest, simultaneous(intervals.LEVEL, len(tried.attacks)))
    yield Measurement(name="smallest_detectable_auc", value=value, unit="auc", n=2 * smallest)
    yield _finding("MIA-014", Severity.INFO, "privacy.could_miss", "TRAIN, DATA", rows=smallest, auc=value)
    for name, count, message, rule in (
        ("twins_dropped", left_out.twins, "privacy.twins", "MIA-001"),
        ("near_twins_dropped", left_out.near_twins, "privacy.near_twins", "MIA-007"),
        ("train_duplicates", left_out.duplicates, "privacy.duplicates", "MIA-008"),
    ):
        yield Measurement(name=name, value=float(count), unit="count", n=count + 2 * members)
        if count:
            yield _finding(rule, Severity.MEDIUM, message, "TRAIN, DATA", rows=count)
    yield Measurement(name="members", value=float(members), unit="count", n=2 * members)
    if left_out.shared_groups:
        rows = left_out.shared_groups
        yield _finding("MIA-009", Severity.MEDIUM, "privacy.shared_groups", "TRAIN, DATA", rows=rows)
