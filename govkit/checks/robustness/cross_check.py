"""Whether attacks of another library turn rows that the search of `robustness.evasion` left alone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from govkit.checks.robustness._answers import require_harm, share
from govkit.checks.robustness._campaign import Searched, Subject, searched, tested_again
from govkit.checks.robustness._earlier import SEARCH, earlier_search
from govkit.checks.robustness._inference import space_of
from govkit.checks.robustness._oracle import CUT_SHORT, require_whole
from govkit.checks.robustness._pace import ration
from govkit.checks.robustness._search import Search
from govkit.checks.robustness._space import Space
from govkit.checks.robustness._toolbox import Trials, gradients, hop_skip_jump
from govkit.config import Config
from govkit.core.evidence import Column, Evidence, Finding, Message, Severity, Table
from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.model import Model
from govkit.inputs.predictions import Predictions
from govkit.inputs.task import Task
from govkit.plugins.check import Emit, Product, Sizes, Work, check

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BUDGETS: Mapping[str, Mapping[str, int]] = {
    "quick": {"rows": 120, "iterations": 4, "evaluations": 25, "gradients": 0},
    "standard": {"rows": 150, "iterations": 15, "evaluations": 50, "gradients": 1},
    "thorough": {"rows": 200, "iterations": 30, "evaluations": 100, "gradients": 1},
}
"""Rows and effort by budget. Fewer than 72 attacked rows can't show a share below 5%."""
FEWEST_ROWS = 10
PART = 0.3
"""Part of the budget for calls of a slow model."""
CALLS: Mapping[str, int] = {"quick": 250, "standard": 600, "thorough": 1_500}
"""Calls of the search and the other attacks. Attacks that end before prove nothing, so with fewer there are none."""


def plan(sizes: Sizes, budget: str, params: object) -> Work:  # noqa: ARG001 - the signature of a plan
    """Take fewer rows of a slow model and of a wide table."""
    counts = dict(BUDGETS[budget])
    slow = max(sizes.predict_ms_per_1000_rows // 300, 1) * max(sizes.features // 100, sizes.classes // 50, 1)
    counts["rows"] = min(max(counts["rows"] // slow, FEWEST_ROWS), max(sizes.test_rows, 1))
    asked = counts["rows"] * counts["iterations"] * (counts["evaluations"] * 3 + 20)
    needed = CALLS[budget]
    seconds = 1.0 + asked * (0.1 * sizes.predict_ms_per_1000_rows / 1e6 + 2e-5)
    return Work(counts, seconds).within(ration(sizes, budget, PART, needed), needed)


@check(
    "robustness.cross_check",
    title="The search beside another library's attacks",
    emits=(
        Emit("missed_by_search", "share", "rows that the other attacks turned within the size and the search did not"),
        Emit("art_robust_accuracy", "share", "rightly answered rows that the other attacks did not turn"),
        Emit("search_robust_accuracy", "share", "the same rows, by the search"),
    ),
    messages={
        **CUT_SHORT,
        "robustness.no_harmful_change": "Which change of a predicted number does harm is not declared.",
        "robustness.no_changeable_columns": "The model takes no column that may change.",
        "robustness.none_right": "None of the {rows} sampled rows is answered rightly, so none can be attacked.",
        "robustness.no_search": "The search of robustness.evasion has not run to its end.",
        "robustness.search_beaten": "Attacks of another library turned {missed} of {rows} rows within {eps} robust "
        "standard deviations a column that the search left alone; robust accuracy is lower than it says.",
        "robustness.no_gradients": "Attacks by gradients were left out: they need the weights of a linear model that "
        "decides at even odds.",
    },
    requires=(SEARCH,),
    libraries=("adversarial-robustness-toolbox", "numpy", "scipy"),
    plan=plan,
)
def cross_check(  # noqa: PLR0913 - each is an input of the check
    *,
    model: Model,
    test: Dataset,
    predictions: Predictions,
    columns: Columns,
    task: Task,
    config: Config,
    evidence: Mapping[str, Evidence],
    work: Mapping[str, int],
    seed: int,
    train: Dataset | None = None,
) -> Iterator[Product]:
    """Attack some rows with the Adversarial Robustness Toolbox too, and count what the search missed.

    Why it matters:
        A failed attack reads as robustness. If a general attack turns rows that our own search left alone, the search
        is too weak for this model, and robust accuracy is too high.
    Method:
        The first rows that `robustness.evasion` draws are searched again with its seed and its effort, without
        proofs. On the same rows runs HopSkipJump of the Adversarial Robustness Toolbox (ART), which sees labels alone,
        from known rows with another answer; it doesn't know what the search found. Every point that it asks about is
        made a possible row first. From the budget standard on, linear models are also attacked with ART's fast
        gradient and projected gradient methods, by the weights that the model shows. All that was found is held against
        the rules of the space by separate code and asked again. Intervals: Clopper-Pearson, 95%.
    Limits:
        Where neither attack succeeds a change may still exist. HopSkipJump gets few questions, in quick above all, so
        it finds less than it could; that it misses what the search finds says nothing against the model.

    References:
        Nicolae et al. (2018), Adversarial Robustness Toolbox; Chen, Jordan and Wainwright (2020), HopSkipJumpAttack;
        Madry et al. (2018) on projected gradient descent; Carlini et al. (2019), On Evaluating Adversarial Robustness.
    """
    require_harm(task, config)
    earlier = earlier_search(evidence)
    subject = Subject(model, test, train or test, predictions, columns, task, config, frozenset(earlier.frozen))
    space = space_of(subject.reference.frame, columns, config.robustness, earlier.frozen)
    rows = min(work["rows"], earlier.work["rows"])
    found = searched(subject, space, earlier.sizes, {**earlier.work, "rows": rows}, earlier.seed)
    tested_again(subject, found.asked, found.search)
    attacks = _attacked(subject, space, found, (earlier.judged, work, seed))
    require_whole(found.asked, found.labels)
    yield from _products(found.search.reach, attacks, earlier.judged)
    if work["gradients"] and not attacks[-1].rows:
        message = Message(id="robustness.no_gradients")
        yield Finding(rule="ROB-016", severity=Severity.INFO, message=message, where="model")


@dataclass(frozen=True)
class _Attacked:
    """What an attack of the other library reached."""

    name: str
    rows: int
    reach: "NDArray[np.float64]"


def _attacked(
    subject: Subject, space: Space, found: Searched, how: tuple[list[float], Mapping[str, int], int]
) -> list[_Attacked]:
    """Run the other library's attacks on the rows that were searched, without what the search found."""
    import numpy as np

    sizes, work, seed = how
    trials = Trials(work["iterations"], work["evaluations"])
    asked = found.asked.labels_only() if subject.task.is_classification else found.asked
    hops = Search(asked, space, found.search.original, np.random.default_rng(seed))
    hops.start(found.pool, found.others)
    hops.far_ends()
    hop_skip_jump(hops, trials, seed)
    tested_again(subject, asked, hops)
    require_whole(asked)
    attacks = [_Attacked("HopSkipJump", len(hops.reach), hops.reach)]
    if work["gradients"]:
        steps = Search(asked, space, found.search.original, np.random.default_rng(seed))
        rows = gradients(found.asked, steps, sizes, trials, seed)
        tested_again(subject, asked, steps)
        attacks.append(_Attacked("fast and projected gradient", len(rows), steps.reach))
    return attacks


def _products(reach: "NDArray[np.float64]", attacks: list[_Attacked], sizes: list[float]) -> Iterator[Product]:
    import numpy as np

    total = len(reach)
    best = np.min([attack.reach for attack in attacks], axis=0)
    for size in sizes:
        group = {"eps": f"{size:g}"}
        missed = int((_within(best, size) & ~_within(reach, size)).sum())
        yield share("missed_by_search", missed, total, group)
        yield share("art_robust_accuracy", total - int(_within(best, size).sum()), total, group)
        yield share("search_robust_accuracy", total - int(_within(reach, size).sum()), total, group)
        if missed:
            args: dict[str, int | float] = {"missed": missed, "rows": total, "eps": size}
            message = Message(id="robustness.search_beaten", args=args)
            yield Finding(rule="ROB-015", severity=Severity.MEDIUM, message=message, where="model")
    yield Table(
        name="cross_check",
        title="Rows turned by the search and by other attacks",
        columns=(
            Column(name="attack"),
            Column(name="eps", unit="robust SD"),
            Column(name="rows", unit="count"),
            Column(name="turned", unit="count"),
            Column(name="missed_by_search", unit="count"),
        ),
        rows=tuple(
            (attack.name, size, attack.rows, int(_within(attack.reach, size).sum()), _missed(attack, reach, size))
            for attack in (_Attacked("search", total, reach), *attacks)
            for size in sizes
        ),
    )


def _missed(attack: _Attacked, reach: "NDArray[np.float64]", size: float) -> int:
    return int((_within(attack.reach, size) & ~_within(reach, size)).sum())


def _within(reach: "NDArray[np.float64]", size: float) -> "NDArray[np.bool_]":
    found: NDArray[np.bool_] = reach <= size * (1 + 1e-9)
    return found
