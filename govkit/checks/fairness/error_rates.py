"""Whether the model errs about equally often for all groups."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from govkit.checks.fairness import _groups
from govkit.checks.fairness._groups import Groups, comparable, contrast, forest, groups_of, share
from govkit.checks.fairness.group_sizes import SizeParams
from govkit.core.evidence import Finding, Interval, Measurement, Message, Severity
from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.disclosure import Disclosure
from govkit.inputs.predictions import Predictions
from govkit.inputs.task import Task
from govkit.plugins.check import Emit, NotApplicable, Product, check
from govkit.stats.groups import Contrast, exceeds, largest_difference, smallest_ratio
from govkit.stats.multiple import simultaneous

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SIGNIFICANT = 0.05
WORDS = {
    "true_positive_rate": "rows of the positive class that are found",
    "false_positive_rate": "rows of the negative class that are taken for positive",
    "precision": "right answers among rows called positive",
    "accuracy": "right answers",
    "recall": "rows of the class that are found",
}


@dataclass(frozen=True)
class Rate:
    """A rate as hits among the rows concerned."""

    name: str
    among: "NDArray[np.bool_]"
    hits: "NDArray[np.bool_]"
    words: str
    more: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Apart:
    """How far a rate lies apart between groups."""

    rate: Rate
    contrast: Contrast
    n: int
    chance: float
    """Of so large a difference of the pair where no groups differ, for all pairs (Fisher, Bonferroni)."""

    @property
    def low(self) -> float:
        """Lower limit."""
        return self.contrast.interval.low or 0.0

    @property
    def high(self) -> float:
        """Upper limit."""
        return 1.0 if self.contrast.interval.high is None else self.contrast.interval.high


@check(
    "fairness.error_rates",
    title="Error rates by group",
    emits=(
        Emit("true_positive_rate", "share", "rows of the positive class in a group that are found"),
        Emit("false_positive_rate", "share", "rows of the negative class in a group that are taken for positive"),
        Emit("precision", "share", "right answers among rows of a group called positive"),
        Emit("accuracy", "share", "right answers among the rows of a group"),
        Emit("recall", "share", "rows of one class in a group that are found"),
        Emit("equalized_odds_difference", "share", "largest difference between groups in any class's recall"),
        Emit("equalized_odds_ratio", "share", "smallest ratio between groups of true or of false positive rates"),
        Emit("accuracy_difference", "share", "largest difference of accuracies between groups"),
        Emit("crossed_odds_difference", "share", "the largest difference between combinations of the attributes"),
    ),
    messages={
        **_groups.MESSAGES,
        "fairness.odds_differ": "Of {words}, the model gets most for {high} and least for {low}.",
        "fairness.no_cases": "No two groups of {attribute} have {needed} rows of a class, so errors can't be compared.",
    },
    params=SizeParams,
    libraries=("numpy", "scipy"),
)
def error_rates(  # noqa: PLR0913 - each is an input of the check
    *,
    predictions: Predictions,
    test: Dataset,
    task: Task,
    columns: Columns,
    disclosure: Disclosure,
    params: SizeParams,
) -> Iterator[Product]:
    """Compare error rates between groups.

    Why it matters:
        A model can be right equally often and still miss one group's cases or accuse another's; who bears the errors
        matters as much as how many there are.
    Method:
        True and false positive rates, precision and accuracy by group, for each declared
        protected attribute and for their combinations; recall of each class for more than two classes. The equalized
        odds difference is the larger of the differences of the two rates. Limits of two shares from Wilson's
        (differences: Newcombe; ratios: Donner and Zou), at Bonferroni's level over all pairs and rates, so that they
        hold at 95% together. A difference is pointed out where Fisher's exact test, corrected alike, rules out chance.
    Limits:
        It takes the labels as the truth; where they carry an old bias, equal error rates keep it. Groups with too few
        rows or cases are listed and not compared.

    References:
        Hardt, Price and Srebro (2016); Newcombe (1998); Donner and Zou (2012); Weerts et al. (2023), fairlearn.
    """
    if not task.is_classification:
        raise NotApplicable("task.classification_only")
    groups = groups_of(test, predictions.rows, columns, disclosure, params)
    compared = comparable(groups)
    rates = _rates(predictions, task)
    for rate in rates:
        measured = [found for one in groups for found in _by_group(one, rate)]
        crossed = {one.attribute for one in groups if one.crossed}
        yield from (found for found in measured if found.group["attribute"] not in crossed)
        if measured:
            title = f"{rate.words[:1].upper()}{rate.words[1:]}, by group"
            yield forest(".".join((rate.name, *(value for _, value in rate.more))), title, measured)
    for one in compared:
        yield from _compared(one, rates, params.min_cases)


def _rates(predictions: Predictions, task: Task) -> list[Rate]:
    import numpy as np

    truth, predicted = predictions.truth, predictions.predicted
    everyone = np.ones(len(truth), dtype=bool)
    accuracy = Rate("accuracy", everyone, truth == predicted, WORDS["accuracy"])
    if task.name != "binary":
        recalls = [
            Rate(
                "recall",
                truth == index,
                predicted == index,
                f"{WORDS['recall']} {name}",
                (("class", name),),
            )
            for index, name in enumerate(task.names)
        ]
        return [*recalls, accuracy]
    yes, called = truth == task.positive, predicted == task.positive
    return [
        Rate("true_positive_rate", yes, called, WORDS["true_positive_rate"]),
        Rate("false_positive_rate", ~yes, called, WORDS["false_positive_rate"]),
        Rate("precision", called, yes, WORDS["precision"]),
        accuracy,
    ]


def _by_group(groups: Groups, rate: Rate) -> list[Measurement]:
    """Give a rate by group; groups without a row concerned have none."""
    import numpy as np

    codes, count = groups.grouping.codes, len(groups.grouping.names)
    rows = np.bincount(codes[rate.among], minlength=count).tolist()
    hits = np.bincount(codes[rate.among & rate.hits], minlength=count).tolist()
    return [
        share(rate.name, found, n, {**groups.label(position), **dict(rate.more)})
        for position, (found, n) in enumerate(zip(hits, rows, strict=True))
        if n
    ]


def _compared(groups: Groups, rates: list[Rate], min_cases: int) -> Iterator[Product]:
    """Compare the groups that have enough rows of what each rate is among."""
    odds = [rate for rate in rates if rate.name in {"true_positive_rate", "false_positive_rate", "recall"}]
    level = simultaneous(0.95, len(odds))
    apart = [found for rate in odds if (found := _apart(groups, rate, min_cases, level, ratio=False))]
    if not apart:
        args = {"attribute": groups.attribute, "needed": min_cases}
        message = Message(id="fairness.no_cases", args=args)
        yield Finding(rule="FAIR-021", severity=Severity.MEDIUM, message=message, where=f"column {groups.attribute}")
        return
    worst = max(apart, key=lambda one: one.contrast.value)
    name = "crossed_odds_difference" if groups.crossed else "equalized_odds_difference"
    low, high = max(one.low for one in apart), max(one.high for one in apart)
    interval = Interval(low=low, high=high, method="newcombe")
    yield contrast(name, worst.contrast.value, interval, worst.n, groups.attribute)
    if not groups.crossed:
        yield from _ratio(groups, odds, min_cases, level)
        accuracy = next(rate for rate in rates if rate.name == "accuracy")
        if overall := _apart(groups, accuracy, min_cases, 0.95, ratio=False):
            yield contrast(
                "accuracy_difference", overall.contrast.value, overall.contrast.interval, overall.n, groups.attribute
            )
    if worst.low > 0 and worst.chance * len(odds) <= SIGNIFICANT:
        names = groups.grouping.names
        args = {
            "words": worst.rate.words,
            "low": f"{groups.attribute} {names[worst.contrast.low_group]}",
            "high": names[worst.contrast.high_group],
        }
        message = Message(id="fairness.odds_differ", args=args)
        yield Finding(rule="FAIR-020", severity=Severity.LOW, message=message, where=f"column {groups.attribute}")


def _apart(groups: Groups, rate: Rate, min_cases: int, level: float, *, ratio: bool) -> Apart | None:
    """Compare one rate between the groups with enough cases; None where there are no two."""
    import numpy as np

    codes, count = groups.grouping.codes, len(groups.grouping.names)
    n = np.bincount(codes[rate.among], minlength=count)
    hits = np.bincount(codes[rate.among & rate.hits], minlength=count)
    judged = groups.judged[n[groups.judged] >= min_cases]
    if len(judged) < 2:  # noqa: PLR2004 - a pair
        return None
    found = (smallest_ratio if ratio else largest_difference)(hits[judged], n[judged], level=level)
    found = replace(found, low_group=int(judged[found.low_group]), high_group=int(judged[found.high_group]))
    most, least = ((int(hits[group]), int(n[group])) for group in (found.high_group, found.low_group))
    pairs = len(judged) * (len(judged) - 1)  # either of two may be the one that lies above
    return Apart(rate, found, int(n[judged].sum()), min(exceeds(most, least) * pairs, 1.0))


def _ratio(groups: Groups, odds: list[Rate], min_cases: int, level: float) -> Iterator[Measurement]:
    """Give the smaller of the two rates' ratios; the limits of both hold together."""
    if odds[0].name == "recall":
        return
    if found := [one for rate in odds if (one := _apart(groups, rate, min_cases, level, ratio=True))]:
        worst = min(found, key=lambda one: one.contrast.value)
        low, high = min(one.low for one in found), min(one.high for one in found)
        interval = Interval(low=low, high=high, method="mover-ratio")
        yield contrast("equalized_odds_ratio", worst.contrast.value, interval, worst.n, groups.attribute)
