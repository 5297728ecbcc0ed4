"""One attack on a sample of rightly answered rows, from choosing them to testing every success again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from govkit.checks.robustness._bounds import prove
from govkit.checks.robustness._label_search import walk
from govkit.checks.robustness._opened import opened
from govkit.checks.robustness._oracle import Asked, Goal
from govkit.checks.robustness._own_trees import descend, shown
from govkit.checks.robustness._score_search import everything
from govkit.checks.robustness._search import Effort, Search
from govkit.checks.robustness._selftest import Strength, strength
from govkit.checks.robustness._space import Space
from govkit.checks.robustness._surrogate import Transferred, transfer
from govkit.checks.robustness._validator import Validator
from govkit.checks.robustness._wandering import wander
from govkit.config import Config
from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.model import Model
from govkit.inputs.predictions import Predictions, features_of
from govkit.inputs.rationed import hold_back
from govkit.inputs.task import Task, same
from govkit.plugins.check import NotPossible

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

POOL = 1_000
"""Known rows tried as starting points."""
CELLS = 4_000_000
"""Cells drawn at once for random changes."""
KEPT_CALLS = 2
"""Calls of a slow model that are kept to test again what was found."""
BEFORE = 3
"""Calls of the attack for which that on its strength has no use: two choose what is asked for, one tries known rows."""
TESTED = 200
"""Rows that the attack's strength is tested on."""


@dataclass(frozen=True)
class Subject:
    """Everything that an attack needs to know of what is audited."""

    model: Model
    test: Dataset
    reference: Dataset
    """TRAIN, or DATA without it."""
    predictions: Predictions
    columns: Columns
    task: Task
    config: Config
    frozen: frozenset[str] = frozenset()
    """Columns that stay besides the declared ones."""


@dataclass(frozen=True)
class Sample:
    """The rows drawn, and those among them that are attacked."""

    drawn: int
    right: int
    """Drawn rows that are answered rightly."""
    rows: "NDArray[np.int64]"
    """Positions of the attacked ones in the predictions."""
    features: "pd.DataFrame"
    goal: Goal


@dataclass
class Attacked:
    """What became of the attacked rows."""

    sample: Sample
    asked: Asked
    """The model as the search saw it."""
    space: Space
    original: "NDArray[np.float64]"
    best: "NDArray[np.float64]"
    reach: "NDArray[np.float64]"
    """Distance of the smallest change found that was tested again; infinite: none."""
    by_chance: "dict[float, NDArray[np.bool_]]"
    """By size: rows that random possible changes turned."""
    unverified: int
    impossible: int
    calls: int
    queries: int
    unanswered: int
    left_out: int
    """Changed rows that were not asked about because the calls of a slow model were used up."""
    graded: bool
    strength: Strength | None
    stand_in: Transferred | None
    proved: "NDArray[np.float64]"
    """Lower bound on the distance of any possible change; NaN where none was worked out."""

    def turned(self, size: float) -> "NDArray[np.bool_]":
        """Say which rows were turned within a size."""
        found: NDArray[np.bool_] = self.reach <= size * (1 + 1e-9)
        return found


def sample_of(subject: Subject, rows: int, rng: "np.random.Generator") -> Sample:
    """Draw rows and keep those that are answered rightly and not yet as an attacker wants them.

    Raises:
        NotPossible: there are none.
    """
    import numpy as np

    predictions, declared = subject.predictions, subject.config.robustness
    drawn = np.sort(rng.permutation(len(predictions.rows))[:rows])
    truth, predicted = predictions.truth[drawn], predictions.predicted[drawn]
    change = declared.harmful_change or 0.0
    right = truth == predicted if subject.task.is_classification else np.abs(truth - predicted) <= change
    harmful = harmful_class(subject)
    attacked = drawn[right & (predicted != harmful if harmful is not None else True)]
    if not len(attacked):
        raise NotPossible("robustness.none_right", rows=len(drawn))
    features = features_of(subject.test, subject.columns).iloc[predictions.rows[attacked]].reset_index(drop=True)
    goal = Goal(predictions.predicted[attacked], harmful, change)
    return Sample(len(drawn), int(right.sum()), attacked, features, goal)


def harmful_class(subject: Subject) -> int | None:
    """Give the position of the declared harmful class."""
    wanted = subject.config.robustness.harmful_class
    if wanted is None:
        return None
    return next((at for at, label in enumerate(subject.task.classes) if same(label, wanted)), None)


def attack(subject: Subject, space: Space, sizes: list[float], work: Mapping[str, int], seed: int) -> Attacked:
    """Attack a sample at random, by scores and by labels; keep what holds when tested again.

    Args:
        subject: the model and its data.
        space: what may be changed.
        sizes: sizes of interest in robust scales, ascending.
        work: work counts of the plan.
        seed: everything random comes from it.

    Raises:
        NotPossible: no row can be attacked.
        ModelUnavailable: the model no longer answers.
    """
    import numpy as np

    found = searched(subject, space, sizes, work, seed)
    sample, asked, search = found.sample, found.asked, found.search
    exact = (work["exact_rows"], work["exact_nodes"])
    proved = prove(asked, search, sizes[-1], exact, small_rows=work["exact_rows_small"])
    unverified, impossible = tested_again(subject, asked, search)
    positive = sample.goal.predicted[:TESTED] >= np.median(sample.goal.predicted[:TESTED])
    effort, rng = effort_of(work), np.random.default_rng(seed)
    calls = max(work["calls"] - KEPT_CALLS - BEFORE, 0) if "calls" in work else None
    return Attacked(
        sample=sample,
        asked=asked,
        space=space,
        original=search.original,
        best=search.best,
        reach=search.reach,
        by_chance=found.by_chance,
        unverified=unverified,
        impossible=impossible,
        calls=asked.calls + found.labels.calls,
        queries=asked.queries + found.labels.queries,
        unanswered=asked.unanswered + found.labels.unanswered,
        left_out=asked.left_out + found.labels.left_out,
        graded=asked.graded,
        stand_in=found.stand_in,
        proved=proved,
        strength=strength(space, search.original[:TESTED], positive, (sizes[-1], effort, rng), calls),
    )


@dataclass(frozen=True)
class Searched:
    """A sample and what the search alone found, before proofs and before it is tested again."""

    sample: Sample
    asked: Asked
    labels: Asked
    """The model as the search by labels saw it."""
    search: Search
    by_chance: "dict[float, NDArray[np.bool_]]"
    pool: "NDArray[np.float64]"
    """Known rows, for starting points."""
    others: "NDArray[np.bool_]"
    """Which of them have an answer that is a goal, shape (attacked rows, pool)."""
    stand_in: Transferred | None
    """What attacking a stand-in came to; None where the model shows its numbers, or the plan has no work for it."""


def searched(subject: Subject, space: Space, sizes: list[float], work: Mapping[str, int], seed: int) -> Searched:
    """Search a sample at random, by scores and by labels. Arguments and errors are those of `attack`.

    Fewer rows with the same seed are the first of those drawn, in another order.
    """
    import numpy as np

    rng = np.random.default_rng(seed)
    sample = sample_of(subject, work["rows"], rng)
    original = space.values(sample.features)
    hold_back(subject.model, KEPT_CALLS)
    asked = Asked(subject.model, subject.task, space, sample.features, sample.goal)
    search = Search(asked, space, original, rng, few_calls="calls" in work)
    by_chance = _by_chance(search, sizes, work["floor"])
    pool, others = _pool(subject, space, sample.goal, rng)
    search.start(pool, others)
    by_scores(asked, search, sizes, work)
    labels = _by_labels(asked, search, (pool, others), work, sizes[-1])
    stand_in = None
    if work["surrogate_rounds"] and opened(asked) is None:
        stand_in = transfer(asked, search, sizes[-1], (work["surrogate_rounds"], work["surrogate_rows"]), rng)
    return Searched(sample, asked, labels, search, by_chance, pool, others, stand_in)


def by_scores(asked: Asked, search: Search, sizes: list[float], work: Mapping[str, int]) -> None:
    """Search by the model's scores; where it shows its trees, first by their own numbers, which finds more.

    Rows that the work on the trees is not enough for are then searched as those of any other model, and where the
    search is repeated all are.
    """
    import numpy as np

    size, rest = sizes[-1], np.arange(len(search.original))
    done = np.zeros(len(rest), dtype=bool)
    trees = shown(asked) if work["leaf_work"] else None
    if trees is not None:
        search.far_ends()
        search.tighten(rest, steps=4)
        done = descend(asked, search, sizes, work["leaf_work"], trees)
        rest = rest[~done & (search.reach > 0)] if work["seeds"] == 1 else rest
    if not asked.graded or not len(rest):
        return
    part, effort = search.part(rest), effort_of(work)
    everything(part, size, effort)
    for _ in range(1, work["seeds"]):
        wander(part, size, effort)
    part.tighten(range(len(rest)), steps=8)
    nearer = part.reach < search.reach[rest]
    search.take(rest, part)
    if trees is not None:
        forest, known = trees
        again = np.isin(np.arange(len(known)), rest[nearer])
        descend(asked, search, sizes, work["leaf_work"], (forest, known & again & done))


def effort_of(work: Mapping[str, int]) -> Effort:
    """Give how hard the search tries by a plan's work counts."""
    return Effort(work["probes"], work["sweeps"], work["rounds"], work["proposals"])


def _by_chance(search: Search, sizes: list[float], draws: int) -> "dict[float, NDArray[np.bool_]]":
    """Try random possible changes of every size; say which rows any of them turned, up to each size."""
    import numpy as np

    rows, width = search.original.shape
    most = CELLS // max(rows * width, 1)
    together = [sizes] if search.few_calls and draws * len(sizes) <= most else [[size] for size in sizes]
    turned = []
    for some in together:
        left, any_turned = draws, np.zeros((len(some), rows), dtype=bool)
        while left > 0:
            count = max(min(left, most), 1)
            any_turned |= search.at_random(some, count)
            left -= count
        turned.append(any_turned)
    return dict(zip(sizes, np.logical_or.accumulate(np.concatenate(turned)), strict=True))


def _pool(
    subject: Subject, space: Space, goal: Goal, rng: "np.random.Generator"
) -> "tuple[NDArray[np.float64], NDArray[np.bool_]]":
    """Give known rows, and for each attacked row which of them have an answer that is a goal."""
    import numpy as np

    predictions = subject.predictions
    chosen = np.sort(rng.permutation(len(predictions.rows))[:POOL])
    rows = features_of(subject.test, subject.columns).iloc[predictions.rows[chosen]]
    theirs, own = predictions.predicted[chosen][None, :], goal.predicted[:, None]
    if not subject.task.is_classification:
        return space.values(rows), np.abs(theirs - own) >= goal.change
    others = theirs != own if goal.harmful is None else np.broadcast_to(theirs == goal.harmful, (len(own), len(chosen)))
    return space.values(rows), others


def _by_labels(
    asked: Asked,
    search: Search,
    start: "tuple[NDArray[np.float64], NDArray[np.bool_]]",
    work: Mapping[str, int],
    size: float,
) -> Asked:
    """Attack the first rows by labels alone as well, all where there are no scores, and keep the better of both."""
    import numpy as np

    pool, others = start
    blind = asked.labels_only()
    count = work["label_rows"] if asked.graded else len(search.original)
    rows = np.arange(len(search.original))[:count]
    if not len(rows):
        return blind
    rng = np.random.default_rng(work["rows"])
    second = Search(blind, search.space, search.original[rows], rng, few_calls=search.few_calls)
    second.start(pool, others[rows])
    walk(second, work["label_rounds"], size)
    better = rows[second.reach[rows] < search.reach[rows]]
    search.best[better], search.reach[better] = second.best[better], second.reach[better]
    return blind


def tested_again(subject: Subject, asked: Asked, search: Search) -> tuple[int, int]:
    """Hold every success against the rules and ask for it once more; forget what fails. Give how many failed each."""
    import numpy as np

    hold_back(subject.model, 0)
    index = np.flatnonzero(np.isfinite(search.reach))
    unsteady = asked.again(search.original, np.arange(len(search.original)))
    varied = ~asked.again(search.best[index], index)
    unsteady[index[varied]] = True
    source = asked.rows.iloc[index]
    rules = Validator(subject.reference.frame, subject.columns.kinds, subject.config.robustness, subject.frozen)
    impossible = rules.impossible(search.space.frame(source, search.best[index]), source, search.reach[index])
    search.reach[unsteady] = np.inf
    search.reach[index[impossible]] = np.inf
    return int(unsteady.sum()), int(impossible.sum())
