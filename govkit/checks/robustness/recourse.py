"""Which people with an unfavourable answer could get another one by changes that are open to them."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from pydantic import Field

from govkit.checks.robustness._answers import share
from govkit.checks.robustness._groups import SMALL_GROUP, groups
from govkit.checks.robustness._inference import space_of
from govkit.checks.robustness._oracle import CUT_SHORT, Asked, Goal, require_whole
from govkit.checks.robustness._pace import answers_take, ration
from govkit.checks.robustness._score_search import everything
from govkit.checks.robustness._search import Effort, Search
from govkit.config import Config
from govkit.core.evidence import Measurement
from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.disclosure import Disclosure
from govkit.inputs.model import Model
from govkit.inputs.predictions import Predictions, features_of
from govkit.inputs.task import Task, same
from govkit.plugins.check import Emit, NotApplicable, NotDeclared, NotPossible, Params, Product, Sizes, Work, check
from govkit.stats import intervals

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ROWS: Mapping[str, int] = {"quick": 80, "standard": 400, "thorough": 1_000}
PART, LEAST_CALLS, CALLED = 0.3, 36, 200
"""Part of the budget for calls of a slow model, calls that a search takes, and rows in it where calls are few."""
EFFORT = Effort(probes=64, sweeps=1, rounds=6, proposals=6)


class RecourseParams(Params):
    """What counts as within reach."""

    reach: float = Field(default=1.0, gt=0)
    """Largest change of a number, in robust standard deviations of its column."""


def plan(sizes: Sizes, budget: str, params: object) -> Work:  # noqa: ARG001 - the signature of a plan
    """Take fewer rows of a slow model."""
    slow = max(sizes.predict_ms_per_1000_rows // 100, 1) * max(sizes.features // 100, 1)
    rows = max(ROWS[budget] // slow, 40)
    calls = ration(sizes, budget, PART, LEAST_CALLS)
    seconds = 0.3 + rows * 350 * answers_take(sizes.predict_ms_per_1000_rows)
    return Work({"rows": min(rows, CALLED) if calls else rows}, seconds).within(calls, LEAST_CALLS)


@check(
    "robustness.recourse",
    title="Recourse",
    emits=(
        Emit("recourse_share", "share", "people with an unfavourable answer for whom a reachable change was found"),
        Emit("recourse_share_by_group", "share", "the same by protected group"),
        Emit("recourse_cost", "robust SD", "median declared cost of the cheapest change found, among those with one"),
    ),
    messages={
        "robustness.recourse_classes": "Recourse is measured for two classes.",
        "robustness.recourse_undeclared": "Which changes are legitimate is not declared.",
        **CUT_SHORT,
        "robustness.none_refused": "No sampled row has the unfavourable answer.",
    },
    params=RecourseParams,
    libraries=("numpy", "scipy"),
    plan=plan,
)
def recourse(  # noqa: PLR0913 - each is an input of the check
    *,
    model: Model,
    test: Dataset,
    predictions: Predictions,
    columns: Columns,
    task: Task,
    config: Config,
    disclosure: Disclosure,
    params: RecourseParams,
    work: Mapping[str, int],
    seed: int,
    train: Dataset | None = None,
) -> Iterator[Product]:
    """Search, for people with the unfavourable answer, for changes open to them that lead to the favourable one.

    Why it matters:
        Somebody who is refused and can change nothing about it is at the mercy of the model; if one group has less
        recourse than another, that is unfair in a way that rates of approval don't show.
    Method:
        The same search as in `robustness.evasion`, with another question: rows answered unfavourably, whether rightly
        or not, within the space that `robustness` in govkit.yaml declares as open to change (`immutable` or
        `direction` must be there), up to a reach. Share of rows with a change, Clopper-Pearson interval at 95%; median
        cost by `cost`.
    Limits:
        A change that the model rewards need not help the person, and what was not found may exist. Whether a change is
        feasible for somebody is only known as far as it is declared.

    References:
        Ustun, Spangher and Liu (2019), Actionable Recourse; Karimi et al. (2022), A Survey of Algorithmic Recourse.
    """
    import numpy as np

    if task.name != "binary":
        raise NotApplicable("robustness.recourse_classes")
    declared = config.robustness
    if not declared.immutable and not declared.direction:
        raise NotDeclared("robustness.recourse_undeclared", ask="robustness: {immutable: [age]}")
    space = space_of((train or test).frame, columns, declared)
    rng, favourable = np.random.default_rng(seed), _favourable(config, task)
    chosen = np.sort(rng.permutation(np.flatnonzero(predictions.predicted != favourable))[: work["rows"]])
    if not len(chosen) or not space.changeable:
        raise NotPossible("robustness.none_refused")
    positions = predictions.rows[chosen]
    rows = features_of(test, columns).iloc[positions].reset_index(drop=True)
    asked = Asked(model, task, space, rows, Goal(predictions.predicted[chosen], favourable))
    search = Search(asked, space, space.values(rows), rng, few_calls="calls" in work)
    helped = _helped(asked, search, params.reach)
    require_whole(asked)
    yield share("recourse_share", int(helped.sum()), len(helped))
    if helped.any():
        costs = space.price(search.best[helped], search.original[helped])
        middle, interval = float(np.median(costs)), intervals.median(costs)
        yield Measurement(name="recourse_cost", value=middle, unit="robust SD", n=len(costs), interval=interval)
    for name in columns.protected:
        for label, own in groups(test, name, positions, disclosure):
            if own.sum() >= SMALL_GROUP:
                count = int(helped[own].sum())
                yield share("recourse_share_by_group", count, int(own.sum()), {"column": name, "group": label})


def _favourable(config: Config, task: Task) -> int:
    """Give the position of the favourable label, else of the positive one."""
    wanted = config.favourable_label
    found = (at for at, label in enumerate(task.classes) if wanted is not None and same(label, wanted))
    return next(found, task.positive)


def _helped(asked: Asked, search: Search, reach: float) -> "NDArray[np.bool_]":
    """Search, and say for which rows a change within reach was found that holds when it is asked about again."""
    import numpy as np

    everything(search, reach, EFFORT)
    index = np.flatnonzero(search.reach <= reach)
    helped = np.zeros(len(search.reach), dtype=bool)
    helped[index[asked.again(search.best[index], index)]] = True
    return helped
