"""Tests the attack's own strength: a linear model in the same space, whose exact optimum is known, is attacked."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from govkit.checks.robustness._linear import Linear, smallest_changes
from govkit.checks.robustness._linked import Links
from govkit.checks.robustness._score_search import everything
from govkit.checks.robustness._search import Effort, Search
from govkit.checks.robustness._space import Space

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RIDGE = 1e-2
"""Weight of the penalty, for each row, so that columns that say the same don't cancel out."""


@dataclass
class LinearModel:
    """A linear model under attack."""

    linear: Linear
    space: Space
    above: "NDArray[np.bool_]"
    """Which attacked rows score above 0 as they are."""
    graded: bool = True
    calls: int = 0
    queries: int = 0
    most_calls: int | None = None
    """Calls after which it no longer answers, as many as the attack on the audited model has."""

    def margins(self, moved: "NDArray[np.float64]", index: "NDArray[np.int64]") -> "NDArray[np.float64]":
        """Give the distance of the score from 0, negative on the other side; infinite where it doesn't answer."""
        import numpy as np

        if self.most_calls is not None and self.calls >= self.most_calls:
            return np.full(len(moved), np.inf)
        self.calls, self.queries = self.calls + 1, self.queries + len(moved)
        score = self.linear.scores(moved, self.space)
        near = np.maximum(np.abs(score), 1e-12) if self.graded else np.ones(len(score))
        return np.where((score > 0) != self.above[index], -near, near)


@dataclass(frozen=True)
class Strength:
    """What the attack reached on the linear model and what could be reached."""

    found: "NDArray[np.float64]"
    exact: "NDArray[np.float64]"

    def gap(self, sizes: tuple[float, ...]) -> float:
        """Give the largest share of rows, over the sizes, that could have been turned and was not."""
        return max(float((self.found > size).mean() - (self.exact > size).mean()) for size in sizes)


def strength(
    space: Space,
    original: "NDArray[np.float64]",
    positive: "NDArray[np.bool_]",
    how: "tuple[float, Effort, np.random.Generator]",
    calls: int | None = None,
) -> Strength | None:
    """Fit a linear model to answers, attack it with an effort, and compare with its exact optimum.

    Columns that depend on each other stay as they are here, so that the optimum has a closed form.

    Args:
        space: the constraint space of the audited model.
        original: cells of the attacked rows.
        positive: the answers to fit, one class against the others.
        how: largest size of interest, effort and random generator.
        calls: how often it may be asked, where the audited model may not be asked as often as the effort takes.

    Returns:
        None where no column is left that could change.
    """
    size, effort, rng = how
    alone = _unlinked(space)
    if not alone.changeable:
        return None
    linear = _fitted(alone, original, positive)
    oracle = LinearModel(linear, alone, linear.scores(original, alone) > 0, most_calls=calls)
    search = Search(oracle, alone, original, rng, few_calls=calls is not None)
    everything(search, size, effort)
    return Strength(search.reach, smallest_changes(linear, alone, original))


def _unlinked(space: Space) -> Space:
    import numpy as np

    links = space.links
    linked = {column for pair in links.ordered for column in pair} | {at for parts in links.constant for at in parts}
    linked |= {at for one in links.worked for at in (one.column, *one.reads)}
    number = space.number & ~np.isin(np.arange(len(space.names)), sorted(linked))
    return replace(space, number=number, links=Links())


def _fitted(space: Space, original: "NDArray[np.float64]", positive: "NDArray[np.bool_]") -> Linear:
    """Fit by penalised least squares; where all answers are alike, cut the rows in two halves along the first cells."""
    import numpy as np

    columns = [np.where(np.isfinite(original[:, at]), original[:, at], 0.0) for at in np.flatnonzero(space.number)]
    scales = [space.scale[at] for at in np.flatnonzero(space.number)]
    for one in space.categories:
        columns += [original[:, one.column] == code for code in range(len(one.values))]
    for group in space.groups:
        columns += [np.nan_to_num(original[:, at]) for at in group.columns]
    scales += [1.0] * (len(columns) - len(scales))
    design = np.array(columns, dtype=np.float64).T / np.array(scales)
    target = np.where(positive, 1.0, -1.0)
    if positive.all() or not positive.any():
        order = design @ (1.0 / np.arange(1, design.shape[1] + 1))
        target = np.where(order > np.median(order), 1.0, -1.0)
    middle = design.mean(axis=0)
    inner = (design - middle).T @ (design - middle) + RIDGE * len(design) * np.eye(design.shape[1])
    found = np.linalg.solve(inner, (design - middle).T @ (target - target.mean()))
    constant = float(target.mean() - middle @ found)
    return _spread(space, found / np.array(scales), constant)


def _spread(space: Space, found: "NDArray[np.float64]", constant: float) -> Linear:
    """Put fitted weights in the places that they belong to."""
    import numpy as np

    weights = np.zeros(len(space.names))
    numbers = np.flatnonzero(space.number)
    weights[numbers] = found[: len(numbers)]
    at, categories, groups = len(numbers), [], []
    for one in space.categories:
        categories.append(found[at : at + len(one.values)])
        at += len(one.values)
    for group in space.groups:
        groups.append(found[at : at + len(group.columns)])
        at += len(group.columns)
    return Linear(weights, tuple(categories), tuple(groups), constant)
