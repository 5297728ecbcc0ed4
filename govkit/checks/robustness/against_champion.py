"""Whether deliberate changes turn the model's answers more easily than those of the model in use."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from govkit.checks.robustness._answers import require_harm
from govkit.checks.robustness._campaign import Subject, searched, tested_again
from govkit.checks.robustness._earlier import SEARCH, Earlier, earlier_search
from govkit.checks.robustness._inference import space_of
from govkit.checks.robustness._oracle import CUT_SHORT, require_whole
from govkit.checks.robustness._pace import answers_take, ration
from govkit.config import Config
from govkit.core.evidence import Evidence, Finding, Measurement, Message, Severity
from govkit.inputs import champion as in_use
from govkit.inputs.columns import Columns, spelt_as
from govkit.inputs.dataset import Dataset
from govkit.inputs.model import Model
from govkit.inputs.predictions import Predictions
from govkit.inputs.task import Task
from govkit.plugins.check import Emit, NotPossible, Product, Sizes, Work, check
from govkit.stats import intervals

ROWS: Mapping[str, int] = {"quick": 100, "standard": 500, "thorough": 1_000}
PART = 0.3
"""Part of the budget for calls of a slow model."""
CALLS: Mapping[str, int] = {"quick": 40, "standard": 60, "thorough": 200}
"""Calls of a search of either model that asks about many rows and not often; one that ends before says nothing."""
FEWEST = 10
SAME = 1e-9


def plan(sizes: Sizes, budget: str, params: object) -> Work:  # noqa: ARG001 - the signature of a plan
    """Take fewer rows of a slow model and of a wide table."""
    slow = max(sizes.predict_ms_per_1000_rows // 300, 1) * max(sizes.features // 100, sizes.classes // 50, 1)
    rows = min(max(ROWS[budget] // slow, FEWEST), max(sizes.test_rows, 1))
    seconds = 1.0 + 2 * rows * 500 * (answers_take(sizes.predict_ms_per_1000_rows) + 4e-6)
    return Work({"rows": rows}, seconds).within(ration(sizes, budget, PART, CALLS[budget]), CALLS[budget])


@check(
    "robustness.against_champion",
    title="Robustness beside the champion's",
    emits=(
        Emit("robust_accuracy_gain", "difference", "robust accuracy of the model less that of the champion"),
        Emit("only_model_turned", "share", "rows that both answer rightly and of which only the model's was turned"),
        Emit("only_champion_turned", "share", "rows that both answer rightly and of which only the champion's was"),
    ),
    messages={
        **in_use.MESSAGES,
        **CUT_SHORT,
        "robustness.no_harmful_change": "Which change of a predicted number does harm is not declared.",
        "robustness.no_changeable_columns": "The model takes no column that may change.",
        "robustness.none_right": "None of the {rows} sampled rows is answered rightly, so none can be attacked.",
        "robustness.no_search": "The search of robustness.evasion has not run to its end.",
        "robustness.champion_differs": "The champion takes other columns than the model or names its classes in "
        "another order, so the same changes can't be tried on both.",
        "robustness.few_in_common": "Only {rows} of the sampled rows are answered rightly by both models.",
        "robustness.less_robust": "Of {rows} rows that both models answer rightly, the search turned {lost} for the "
        "model alone and {gained} for the champion alone, within {eps} robust standard deviations a column.",
    },
    requires=(SEARCH,),
    libraries=("numpy", "scipy"),
    plan=plan,
)
def against_champion(  # noqa: PLR0913 - each is an input of the check
    *,
    model: Model,
    champion: Model,
    test: Dataset,
    predictions: Predictions,
    champion_predictions: Predictions,
    columns: Columns,
    task: Task,
    config: Config,
    evidence: Mapping[str, Evidence],
    work: Mapping[str, int],
    train: Dataset | None = None,
) -> Iterator[Product]:
    """Attack both models on the same rows in the same space, and compare row by row.

    Why it matters:
        A new model that is a little more accurate and much easier to steer is no progress.
    Method:
        The first rows that `robustness.evasion` draws are attacked with its seed and its effort, without proofs, once
        for the model and once for the champion. Rows that both answer rightly are compared: the share that only the
        champion lost less the share that only the model lost, with Bonett and Price's interval of a paired difference.
    Limits:
        The same effort need not find as much against different kinds of models: where scores are coarse, less is
        found. What was not found may exist.

    References:
        Bonett and Price (2012); Carlini et al. (2019), On Evaluating Adversarial Robustness.
    """
    require_harm(task, config)
    earlier = earlier_search(evidence)
    theirs = spelt_as(test.columns, champion.described.features) or columns.features
    if set(theirs) != set(columns.features) or champion.described.classes != model.described.classes:
        raise NotPossible("robustness.champion_differs")
    subject = Subject(model, test, train or test, predictions, columns, task, config, frozenset(earlier.frozen))
    rival = replace(
        subject, model=champion, predictions=champion_predictions, columns=replace(columns, features=theirs)
    )
    own, other = (_turned(one, earlier, work["rows"]) for one in (subject, rival))
    both = sorted(set(own) & set(other))
    if len(both) < FEWEST:
        raise NotPossible("robustness.few_in_common", rows=len(both))
    for eps in earlier.judged:
        yield from _compared([(own[row] <= eps, other[row] <= eps) for row in both], eps)


def _turned(subject: Subject, earlier: Earlier, rows: int) -> dict[int, float]:
    """Attack rows; give the distance of the smallest change by position of the row."""
    space = space_of(subject.reference.frame, subject.columns, subject.config.robustness, earlier.frozen)
    counts = {**earlier.work, "rows": min(rows, earlier.work["rows"])}
    found = searched(subject, space, earlier.sizes, counts, earlier.seed)
    tested_again(subject, found.asked, found.search)
    require_whole(found.asked, found.labels)
    reach = found.search.reach * (1 - SAME)
    return dict(zip(found.sample.rows.tolist(), reach.tolist(), strict=True))


def _compared(pairs: list[tuple[bool, bool]], eps: float) -> Iterator[Product]:
    n, group = len(pairs), {"eps": f"{eps:g}"}
    lost = sum(own and not other for own, other in pairs)
    gained = sum(other and not own for own, other in pairs)
    interval = intervals.paired_difference(gained, lost, n)
    yield Measurement(
        name="robust_accuracy_gain", value=(gained - lost) / n, unit="difference", n=n, interval=interval, group=group
    )
    for name, count in (("only_model_turned", lost), ("only_champion_turned", gained)):
        share = intervals.proportion(count, n)
        yield Measurement(name=name, value=count / n, unit="share", n=n, interval=share, group=group)
    if interval.high is not None and interval.high < 0:
        args: dict[str, int | float] = {"rows": n, "lost": lost, "gained": gained, "eps": eps}
        message = Message(id="robustness.less_robust", args=args)
        yield Finding(rule="ROB-019", severity=Severity.MEDIUM, message=message, where="model")
