"""Whether small possible changes of a row turn a right answer wrong."""

from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import Field

from govkit.checks.robustness import _left_out, _unproved
from govkit.checks.robustness._answers import require_harm, share
from govkit.checks.robustness._campaign import Attacked, Subject, attack
from govkit.checks.robustness._features import alone
from govkit.checks.robustness._fewest import fewest
from govkit.checks.robustness._groups import SMALL_GROUP, groups
from govkit.checks.robustness._inference import space_of
from govkit.checks.robustness._pace import answers_take, ration, with_few_calls
from govkit.checks.robustness._surrogate import ROUND_ROWS
from govkit.config import Config
from govkit.core.evidence import Column, Finding, Measurement, Message, Severity, Table
from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.disclosure import Disclosure
from govkit.inputs.model import Model
from govkit.inputs.predictions import Predictions
from govkit.inputs.task import Task
from govkit.plugins.check import Emit, NotApplicable, Params, Product, Sizes, Work, check
from govkit.stats import intervals

BUDGETS: Mapping[str, Mapping[str, int]] = {
    "quick": {
        "rows": 200,
        "floor": 30,
        "probes": 96,
        "sweeps": 1,
        "rounds": 8,
        "proposals": 6,
        "label_rows": 0,
        "label_rounds": 10,
        "leaf_work": 100_000_000,
        "exact_rows": 0,
        "exact_rows_small": 20,
        "exact_nodes": 200,
        "surrogate_rounds": 0,
        "surrogate_rows": 0,
        "seeds": 1,
    },
    "standard": {
        "rows": 1_000,
        "floor": 60,
        "probes": 200,
        "sweeps": 2,
        "rounds": 16,
        "proposals": 8,
        "label_rows": 200,
        "label_rounds": 15,
        "leaf_work": 800_000_000,
        "exact_rows": 20,
        "exact_rows_small": 100,
        "exact_nodes": 500,
        "surrogate_rounds": 0,
        "surrogate_rows": 0,
        "seeds": 1,
    },
    "thorough": {
        "rows": 1_000,
        "floor": 300,
        "probes": 400,
        "sweeps": 4,
        "rounds": 60,
        "proposals": 12,
        "label_rows": 500,
        "label_rounds": 25,
        "leaf_work": 8_000_000_000,
        "exact_rows": 100,
        "exact_rows_small": 200,
        "exact_nodes": 5_000,
        "surrogate_rounds": 8,
        "surrogate_rows": 300,
        "seeds": 5,
    },
}
"""Rows, rows a step, and repetitions by budget."""
FEWEST_ROWS = 40
WIDE = 10
"""Hundreds of features, or fifties of classes, from which each row gets less work too."""
LEAF_SECONDS = 1.3e-8
"""A unit of `leaf_work`: one leaf held against what a row has in one place."""
STAND_IN_SECONDS = 0.01
"""A round of the stand-in, for one attacked row."""
OF_TREES = 0.15
"""Share of the work allowed on trees that is typically done."""

PART, LEAST_CALLS, MOST_CALLS = 0.5, 5, 800
"""Part of the budget for calls of a slow model, calls for random changes alone, and those that are never exceeded."""

Size = Annotated[float, Field(gt=0)]


class EvasionParams(Params):
    """How far and where a row may be changed."""

    eps: tuple[Size, ...] = Field(default=(0.05, 0.1), min_length=1, max_length=12)
    """Sizes of change that are measured and judged, in robust standard deviations of each column."""
    curve: tuple[Size, ...] = Field(default=(0.2, 0.3, 0.5), max_length=12)
    """Further sizes that are only drawn in the curve."""
    frozen: tuple[str, ...] = ()
    """Columns that stay as they are, besides those that `robustness: {immutable: ...}` names."""


def plan(sizes: Sizes, budget: str, params: Params) -> Work:
    """Take fewer rows of a slow model, of a wide table and of a model with many classes."""
    assert isinstance(params, EvasionParams)
    counts = dict(BUDGETS[budget])
    slow = max(sizes.predict_ms_per_1000_rows // 300, 1)
    wide = max(sizes.features // 100, sizes.classes // 50, 1)
    counts["rows"] = min(max(counts["rows"] // (slow * wide), FEWEST_ROWS), max(sizes.test_rows, 1))
    if slow > 1 or wide >= WIDE:
        counts.update(floor=counts["floor"] // 4, probes=min(counts["probes"], 40), sweeps=1)
        counts.update(rounds=counts["rounds"] // 2, label_rows=0, label_rounds=6, seeds=1)
        counts.update(surrogate_rounds=counts["surrogate_rounds"] // 2)
    width = min(sizes.features, counts["probes"])
    asked = counts["floor"] * len(params.eps + params.curve) + 6 * width + 140
    asked += counts["seeds"] * counts["rounds"] * counts["proposals"]
    queries = counts["rows"] * asked + min(counts["label_rows"], counts["rows"]) * counts["label_rounds"] * 60
    calls = ration(sizes, budget, PART, LEAST_CALLS)
    if calls:
        counts = with_few_calls(counts, calls["calls"], len(params.eps + params.curve))
    stand_in = counts["surrogate_rounds"] * min(counts["surrogate_rows"], counts["rows"])
    queries += stand_in * (ROUND_ROWS + 10)
    seconds = 1.0 + STAND_IN_SECONDS * stand_in + queries * (answers_take(sizes.predict_ms_per_1000_rows) + 4e-6)
    work = 0.5 * counts["exact_rows"] + 0.05 * counts["exact_rows_small"] + LEAF_SECONDS * counts["leaf_work"]
    seconds += OF_TREES * work  # a limit that few models come near
    return Work(counts, seconds, _left_out.parts(counts, sizes.test_rows)).within(calls, MOST_CALLS)


@check(
    "robustness.evasion",
    title="Robustness to deliberate changes",
    emits=(
        Emit("clean_accuracy", "share", "sampled rows answered rightly as they are"),
        Emit("robust_accuracy", "share", "rightly answered rows that no change found within the size turned"),
        Emit("accuracy_under_attack", "share", "sampled rows answered rightly whatever change was tried"),
        Emit("attack_success", "share", "rightly answered rows for which such a change was found"),
        Emit("chance_success", "share", "rightly answered rows that some random possible change turned"),
        Emit("proved_robust", "share", "rows proved to withstand every possible change of that size"),
        Emit("robust_accuracy_by_class", "share", "robust accuracy at the largest judged size, by answer"),
        Emit("robust_accuracy_by_group", "share", "robust accuracy at the largest judged size, by protected group"),
        Emit("smallest_change", "robust SD", "median size of the smallest change found"),
        Emit("changed_features", "count", "median number of features that a change within the size needs, L0"),
        Emit("total_change", "robust SD", "median sum of the changes of numbers, L1, with as few features as found"),
        Emit("change_cost", "robust SD", "the same with every change and swap times its declared cost"),
        Emit("selftest_gap", "share", "share of rows of a linear model that the attack missed and could have turned"),
        Emit("unanswered_share", "share", "changed rows that the model did not answer or had no call left for"),
        Emit("nearer_by_stand_in", "share", "rows for which trees fitted to the answers led to a nearer change"),
        Emit("stand_in_queries", "count", "rows asked of the model to fit these trees and to try what they led to"),
        Emit("attack_rows", "count", "rows attacked"),
        Emit("queries_per_row", "count", "rows asked of the model for each attacked row"),
        Emit("calls", "count", "calls of the model"),
    ),
    messages={
        **_left_out.MESSAGES,
        **_unproved.MESSAGES,
        "task.classification_only": "This is measured for classifiers only.",
        "robustness.no_harmful_change": "Which change of a predicted number does harm is not declared.",
        "robustness.no_changeable_columns": "The model takes no column that may change.",
        "robustness.none_right": "None of the {rows} sampled rows is answered rightly, so none can be attacked.",
        "robustness.answers_vary": "For {rows} rows the model answered differently when asked again; it is not "
        "deterministic, and these rows count as not turned.",
        "robustness.impossible_rows": "{rows} changed rows failed the separate test of what is possible and do not "
        "count; this is a defect of the attack.",
        "robustness.unanswered": "The model gave no answer to {rows} of {asked} changed rows; they count as not "
        "turned.",
        "robustness.fragile": "A change of at most {eps} robust standard deviations a column turned the answer for "
        "{turned} of {rows} rightly answered rows.",
        "robustness.one_feature": "Changing {feature} alone turned the answer for {share} of the rightly answered "
        "rows; half of those needed no more than {change} in its own unit.",
        "robustness.one_feature_of_few": "Changing {feature} alone turned the answer for {share} of the rightly "
        "answered rows.",
        "robustness.one_swap": "Swapping {feature} alone turned the answer for {share} of the rightly answered rows.",
    },
    params=EvasionParams,
    libraries=("numpy", "scipy"),
    plan=plan,
)
def evasion(  # noqa: PLR0913 - each is an input of the check
    *,
    model: Model,
    test: Dataset,
    predictions: Predictions,
    columns: Columns,
    task: Task,
    config: Config,
    disclosure: Disclosure,
    params: EvasionParams,
    work: Mapping[str, int],
    seed: int,
    train: Dataset | None = None,
) -> Iterator[Product]:
    """Search for small possible changes of a row that turn a right answer.

    Why it matters:
        Whoever wants another answer changes what they can; a model that gives way to tiny changes can be steered,
        and it also gives way to errors of measurement.
    Method:
        A sample of rightly answered rows is attacked within the space that `robustness.space` shows: at random, by
        the model's scores, and by its labels alone. All rows advance together in large calls: features one at a time,
        those that help together, then the smallest size of that change by halving, sweeps over single features, and
        a random search in ever smaller boxes. Where the model shows its trees, cells are then put just past their
        thresholds, one or two at a time, for as many rows as the budget allows. Where it shows nothing, the budget
        thorough also fits boosted trees to its answers, leads them as low as they go in boxes around each row, asks
        the model about these points, and starts again with what it answered. Sizes are in robust standard deviations
        (interquartile range / 1.349) of TRAIN, or of DATA without TRAIN; swaps of declared categories count no size.
        Every change found is held against the rules by separate code and asked again. A linear model fitted in
        the same space is attacked with the same effort and compared with its exact optimum. Robust accuracy is the
        share of rightly answered rows not turned, interval: Clopper-Pearson, 95%; of the smallest change, the median's
        order statistics.
    Limits:
        What was not found may exist: robust accuracy is an upper bound. The interval covers the sampling of rows, not
        attacks that were missed. Unless declared, categories are not swapped.

    References:
        Chen, Jordan and Wainwright (2020), HopSkipJumpAttack; Andriushchenko et al. (2020), Square Attack; Croce and
        Hein (2020) on tests of an attack's strength; Zhang, Zhang and Hsieh (2020), attacks on ensembles of trees;
        Papernot et al. (2017) on stand-ins;
        Clopper and Pearson (1934).
    """
    require_harm(task, config)
    reference = train or test
    space = space_of(reference.frame, columns, config.robustness, params.frozen)
    if not space.changeable:
        raise NotApplicable("robustness.no_changeable_columns")
    subject = Subject(model, test, reference, predictions, columns, task, config, frozenset(params.frozen))
    sizes = sorted({*params.eps, *params.curve})
    found = attack(subject, space, sizes, work, seed)
    yield from _findings(found, max(params.eps))
    yield from filter(None, [_unproved.unproved(found, work["exact_rows"])])
    yield from _left_out.findings(found, work, len(subject.predictions.rows))
    yield from _measured(found, sorted({*params.eps}))
    yield from _by_class(found, max(params.eps), task)
    yield from _by_group(found, max(params.eps), subject, disclosure)
    yield _curve(found, sizes)
    yield from _single_features(found, few_calls="calls" in work)
    yield from _fewest(found, max(params.eps))


def _findings(found: Attacked, eps: float) -> Iterator[Finding]:
    turned, attacked = int(found.turned(eps).sum()), len(found.reach)
    notes: tuple[tuple[str, Severity, str, dict[str, int | float], int], ...] = (
        ("ROB-001", Severity.MEDIUM, "robustness.answers_vary", {"rows": found.unverified}, found.unverified),
        ("ROB-002", Severity.INFO, "robustness.impossible_rows", {"rows": found.impossible}, found.impossible),
        (
            "ROB-003",
            Severity.MEDIUM,
            "robustness.unanswered",
            {"rows": found.unanswered, "asked": found.queries},
            found.unanswered,
        ),
        ("ROB-004", Severity.LOW, "robustness.fragile", {"eps": eps, "turned": turned, "rows": attacked}, turned),
    )
    for rule, severity, message, args, count in notes:
        if count:
            yield Finding(rule=rule, severity=severity, message=Message(id=message, args=args), where="model")


def _measured(found: Attacked, sizes: list[float]) -> Iterator[Product]:
    import numpy as np

    attacked, proved = len(found.reach), found.proved[~np.isnan(found.proved)]
    yield share("clean_accuracy", found.sample.right, found.sample.drawn)
    for eps in sizes:
        turned, group = int(found.turned(eps).sum()), {"eps": f"{eps:g}"}
        left = found.sample.right - turned
        yield share("robust_accuracy", attacked - turned, attacked, group)
        yield share("accuracy_under_attack", left, found.sample.drawn, group)
        yield share("attack_success", turned, attacked, group)
        yield share("chance_success", int(found.by_chance[eps].sum()), attacked, group)
        if len(proved):
            yield share("proved_robust", int((proved > eps).sum()), len(proved), group)
    middle = float(np.median(found.reach))
    if np.isfinite(middle):
        interval = intervals.median(found.reach)
        yield Measurement(name="smallest_change", value=middle, unit="robust SD", n=attacked, interval=interval)
    if found.strength is not None:
        gap, tested = found.strength.gap(tuple(sizes)), len(found.strength.found)
        yield Measurement(name="selftest_gap", value=gap, unit="share", n=tested)
    wanted = found.queries + found.left_out
    unanswered = (found.unanswered + found.left_out) / max(wanted, 1)
    yield Measurement(name="unanswered_share", value=unanswered, unit="share", n=wanted)
    if found.stand_in is not None:
        yield share("nearer_by_stand_in", found.stand_in.nearer, found.stand_in.rows)
        asked = float(found.stand_in.queries)
        yield Measurement(name="stand_in_queries", value=asked, unit="count", n=found.stand_in.rows)
    yield Measurement(name="attack_rows", value=float(attacked), unit="count", n=attacked)
    yield Measurement(name="queries_per_row", value=found.queries / attacked, unit="count", n=attacked)
    yield Measurement(name="calls", value=float(found.calls), unit="count", n=attacked)


def _by_class(found: Attacked, eps: float, task: Task) -> Iterator[Measurement]:
    import numpy as np

    if not task.is_classification:
        return
    for position, name in enumerate(task.names):
        own = found.sample.goal.predicted == position
        if own.sum() >= SMALL_GROUP:
            kept = int(own.sum()) - int((found.turned(eps) & own).sum())
            yield share("robust_accuracy_by_class", kept, int(np.sum(own)), {"answer": name, "eps": f"{eps:g}"})


def _by_group(found: Attacked, eps: float, subject: Subject, disclosure: Disclosure) -> Iterator[Measurement]:
    turned = found.turned(eps)
    rows = subject.predictions.rows[found.sample.rows]
    for name in subject.columns.protected:
        for label, own in groups(subject.test, name, rows, disclosure):
            if own.sum() >= SMALL_GROUP:
                kept = int((own & ~turned).sum())
                group = {"column": name, "group": label, "eps": f"{eps:g}"}
                yield share("robust_accuracy_by_group", kept, int(own.sum()), group)


def _curve(found: Attacked, sizes: list[float]) -> Table:
    import numpy as np

    rows: list[tuple[float | None, ...]] = []
    attacked, proved = len(found.reach), found.proved[~np.isnan(found.proved)]
    for eps in (0.0, *sizes):
        turned = int(found.turned(eps).sum()) if eps else 0
        by_chance = int(found.by_chance[eps].sum()) if eps else 0
        kept = share("robust_accuracy", attacked - turned, attacked)
        assert kept.interval is not None
        at_least = (float((proved > eps).mean()) if eps else 1.0) if len(proved) else None
        by_noise = (attacked - by_chance) / attacked
        rows.append((eps, kept.value, kept.interval.low, kept.interval.high, by_noise, at_least))
    names = ("robust_accuracy", "low", "high", "noise_accuracy", "proved")
    return Table(
        name="robustness_curve",
        title="Right answers kept, by size of the change",
        columns=(Column(name="eps", unit="robust SD"), *(Column(name=name, unit="share") for name in names)),
        rows=tuple(rows),
    )


def _single_features(found: Attacked, *, few_calls: bool) -> Iterator[Product]:
    """Tell what each feature does alone; the most telling one also as a finding."""
    told = alone(found, few_calls=few_calls)
    if not told:
        if few_calls:
            message = Message(id="robustness.features_left_out")
            yield Finding(rule="ROB-022", severity=Severity.INFO, message=message, where="model")
        return
    yield Table(
        name="bars.turned_alone",
        title="Rows that changing one feature alone can turn",
        columns=(
            Column(name="label"),
            Column(name="value", unit="share"),
            Column(name="low", unit="share"),
            Column(name="high", unit="share"),
            Column(name="median_change"),
        ),
        rows=tuple(
            (
                one.name,
                one.turned / one.rows,
                (share := intervals.proportion(one.turned, one.rows)).low,
                share.high,
                one.change,
            )
            for one in told
        ),
    )
    first = told[0]
    if first.turned:
        args: dict[str, str | float] = {"feature": first.name, "share": f"{first.turned / first.rows:.1%}"}
        kind = "robustness.one_swap" if first.swap else "robustness.one_feature"
        kind += "_of_few" if first.change is None and not first.swap else ""
        args |= {} if first.change is None else {"change": first.change}
        yield Finding(rule="ROB-006", severity=Severity.INFO, message=Message(id=kind, args=args), where=first.name)


def _fewest(found: Attacked, eps: float) -> Iterator[Measurement]:
    """Tell how little is enough for half of the rows that were turned: features, sum of changes, declared cost."""
    import numpy as np

    told = fewest(found, eps)
    if told is None:
        return
    group, n = {"eps": f"{eps:g}"}, len(told.features)
    for name, unit, values in (
        ("changed_features", "count", told.features),
        ("total_change", "robust SD", told.total),
        ("change_cost", "robust SD", told.cost),
    ):
        interval = intervals.median(values)
        yield Measurement(name=name, value=float(np.median(values)), unit=unit, n=n, interval=interval, group=group)
