"""Asks the model about changed rows: how far each is from the answer that an attacker wants, and what asking cost."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from govkit.checks.robustness._space import Space
from govkit.core.errors import ModelRaised, ModelUnavailable, ModelUnreachable
from govkit.inputs.model import Model
from govkit.inputs.predictions import decide
from govkit.inputs.rationed import OutOfCalls, is_spent
from govkit.inputs.task import Task
from govkit.plugins.check import NotPossible

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

BATCH = 25_000
"""Rows asked for in one call."""
CELLS = 3_000_000
"""Cells, of the table or of the answer, asked for in one call."""
TRIES = 4
"""Times that a batch is asked again when the model could not be reached."""
BATCH_RETRIES, RETRIES = 40, 400
"""Calls in which the model may raise while the rows at fault are looked for, in one batch and in all; beyond, the rest
of a batch counts as unanswered."""
TINY = 1e-12
UNANSWERED = -9
BINARY = 2
LEAST = 1e-300
"""Stands for a probability of 0 in logarithms."""


def labels(model: Model, task: Task, rows: "pd.DataFrame") -> "NDArray[np.int64]":
    """Give the predicted class position of each row; -2 where the model says what is none of its classes."""
    import numpy as np

    step = max(min(BATCH, CELLS // max(rows.shape[1], 1)), 1)
    parts = [rows.iloc[at : at + step] for at in range(0, len(rows), step)]
    needed = task.threshold is not None and "predict_proba" in model.described.methods
    answers = [_decided(model, task, part, needed=needed) for part in parts]
    return np.concatenate([np.empty(0, dtype=np.int64), *answers])


def _decided(model: Model, task: Task, rows: "pd.DataFrame", *, needed: bool) -> "NDArray[np.int64]":
    """Give predicted class positions; a service that failed for a reason that may pass is asked once more."""
    try:
        return decide(model, rows, model.predict_proba(rows) if needed else None, task)
    except ModelUnreachable:
        return decide(model, rows, model.predict_proba(rows) if needed else None, task)


class Oracle(Protocol):
    """Anything that can be attacked."""

    graded: bool
    """Whether margins say how near a row is; else they are 1 and -1."""
    calls: int
    queries: int

    def margins(self, moved: "NDArray[np.float64]", index: "NDArray[np.int64]") -> "NDArray[np.float64]":
        """Give each changed row's margin, negative exactly where the attacker has what they want.

        Args:
            moved: cells of the space, shape (changed rows, columns).
            index: which attacked row each was changed from.
        """


@dataclass(frozen=True)
class Goal:
    """What counts as success for each attacked row."""

    predicted: "NDArray[np.int64] | NDArray[np.float64]"
    """The model's answers on the unchanged rows: class positions or values."""
    harmful: int | None = None
    """Class position that the attacker is after; None: any other than the predicted one."""
    change: float = 0.0
    """Regression: by how much the value must move."""


CUT_SHORT = {
    "robustness.search_cut_short": "Left out: the calls of the model that the budget has time for were used up before "
    "the search had ended.",
}


def require_whole(*searched: "Asked") -> None:
    """See to it that no search ended before its time.

    Raises:
        NotPossible: one did, because its calls of the model were used up.
    """
    if any(one.left_out for one in searched):
        raise NotPossible("robustness.search_cut_short")


@dataclass
class Asked:
    """A model under attack, seen through its scores where they agree with its answers, else its labels or values."""

    model: Model
    task: Task
    space: Space
    rows: "pd.DataFrame"
    """The attacked rows with all features."""
    goal: Goal
    graded: bool = True
    calls: int = 0
    queries: int = 0
    unanswered: int = 0
    left_out: int = 0
    """Changed rows that were not asked about because no call was left."""
    _source: str = field(default="", init=False)
    _retries: int = field(default=RETRIES, init=False)
    _refused: "list[tuple[tuple[int, ...], tuple[float, ...]]] | None" = field(default=None, init=False)
    """Swaps on which the model raises, found out when it first does."""

    def __post_init__(self) -> None:
        """Choose what the model is asked for."""
        self._source = self._chosen() if self.graded else "labels"
        self.graded = self._source != "labels"

    def afresh(self) -> "Asked":
        """Give the same model seen in the same way, with counts of its own."""
        found = self.labels_only()
        found._source, found.graded = self._source, self.graded  # noqa: SLF001 - its own kind
        return found

    def labels_only(self) -> "Asked":
        """Give the same model seen through its labels alone."""
        return Asked(self.model, self.task, self.space, self.rows, self.goal, graded=False)

    def margins(self, moved: "NDArray[np.float64]", index: "NDArray[np.int64]") -> "NDArray[np.float64]":
        """Give margins; infinite for rows that the model did not answer."""
        import numpy as np

        if not len(moved):
            return np.empty(0)
        return np.concatenate([self._batch(moved[at], index[at]) for at in self._batches(len(moved))])

    def again(self, moved: "NDArray[np.float64]", index: "NDArray[np.int64]") -> "NDArray[np.bool_]":
        """Ask for plain answers in a call of its own; say which reach the goal."""
        import numpy as np

        reached: NDArray[np.bool_] = self.labels_only().margins(moved, index) < 0
        return reached if len(moved) else np.empty(0, dtype=bool)

    def classes(self, moved: "NDArray[np.float64]", index: "NDArray[np.int64]") -> "NDArray[np.int64]":
        """Give the class position that each changed row gets; `UNANSWERED` where the model did not answer."""
        import numpy as np

        found = np.full(len(moved), UNANSWERED)
        for at in self._batches(len(moved)):
            answered, given = self._asked_about(moved[at], index[at])
            if given is not None:
                found[at][answered] = self._decided(given)
        return found

    def turned(self, answer: "NDArray[np.int64]", index: "NDArray[np.int64]") -> "NDArray[np.bool_]":
        """Say which class positions are what the attacker wants for their rows; a missing answer is not."""
        was = self.goal.predicted[index]
        wanted = answer != was if self.goal.harmful is None else answer == self.goal.harmful
        turned: NDArray[np.bool_] = wanted & (answer != UNANSWERED)
        return turned

    def _batches(self, rows: int) -> "Iterator[slice]":
        step = max(min(BATCH, CELLS // max(self.rows.shape[1], len(self.task.classes), 1)), 1)
        return (slice(at, at + step) for at in range(0, rows, step))

    def _batch(self, moved: "NDArray[np.float64]", index: "NDArray[np.int64]") -> "NDArray[np.float64]":
        import numpy as np

        margins = np.full(len(moved), np.inf)
        answered, given = self._asked_about(moved, index)
        if given is not None:
            margins[answered] = self._margins(given, index[answered])
        return margins

    def _asked_about(
        self, moved: "NDArray[np.float64]", index: "NDArray[np.int64]"
    ) -> "tuple[NDArray[np.bool_], NDArray[np.float64] | None]":
        """Give which changed rows were answered, and the answers."""
        import numpy as np

        open_to, given = ~self._known_to_raise(moved), None
        if is_spent(self.model):
            self.left_out += len(moved)
            return np.zeros(len(moved), dtype=bool), None
        if open_to.any():
            asked = np.flatnonzero(open_to)
            left = [min(BATCH_RETRIES, self._retries)]
            self._retries -= left[0]
            try:
                answered, given = self._answers(self.space.frame(self.rows.iloc[index[asked]], moved[asked]), left)
                if not answered.all() and self._refused is None:
                    self._refused = list(self._raising_swaps())
            except OutOfCalls:
                self.left_out += len(moved)
                return np.zeros(len(moved), dtype=bool), None
            finally:
                self._retries += max(left[0], 0)
            open_to[asked] = answered
        self.queries += len(moved)
        self.unanswered += int((~open_to).sum())
        return open_to, given

    def _known_to_raise(self, moved: "NDArray[np.float64]") -> "NDArray[np.bool_]":
        """Say which rows hold a swap on which the model raises."""
        import numpy as np

        found = np.zeros(len(moved), dtype=bool)
        for columns, cells in self._refused or ():
            found |= (moved[:, list(columns)] == cells).all(axis=1)
        return found

    def _raising_swaps(self) -> "Iterator[tuple[tuple[int, ...], tuple[float, ...]]]":
        """Try every swap alone in the first row, where there are not too many."""
        import numpy as np

        original = self.space.values(self.rows.iloc[:1])
        choices = [(columns, cells) for columns, contents in self.space.choices() for cells in contents]
        for columns, cells in choices if len(choices) <= RETRIES else ():
            moved = original.copy()
            moved[:, list(columns)] = cells
            answered, _ = self._answers(self.space.frame(self.rows.iloc[:1], moved), [0])
            if not np.all(answered):
                yield columns, cells

    def _answers(
        self, frame: "pd.DataFrame", left: list[int]
    ) -> "tuple[NDArray[np.bool_], NDArray[np.float64] | None]":
        """Give which rows were answered, and the answers; a batch that raises is halved down to the rows at fault."""
        import numpy as np

        for _ in range(TRIES):
            self.calls += 1
            try:
                return np.ones(len(frame), dtype=bool), self._ask(frame)
            except ModelRaised:
                break
            except ModelUnavailable:
                continue
        left[0] -= 1
        if len(frame) == 1 or left[0] <= 0:
            return np.zeros(len(frame), dtype=bool), None
        middle = len(frame) // 2
        halves = [self._answers(half, left) for half in (frame.iloc[:middle], frame.iloc[middle:])]
        parts = [found for _, found in halves if found is not None]
        return np.concatenate([each for each, _ in halves]), np.concatenate(parts) if parts else None

    def _ask(self, frame: "pd.DataFrame") -> "NDArray[np.float64]":
        import numpy as np

        if self._source == "decision_function":
            return self.model.decision_function(frame)
        if self._source == "predict_proba":
            return self.model.predict_proba(frame)
        if not self.task.is_classification:
            return np.asarray(self.model.predict(frame), dtype=np.float64)
        return labels(self.model, self.task, frame).astype(np.float64)

    def _chosen(self) -> str:
        """Prefer decision scores, which don't saturate, then probabilities; either must agree with the answers."""
        import numpy as np

        if not self.task.is_classification:
            return "value"
        usable = ("predict_proba",) if self.task.threshold is not None else ("decision_function", "predict_proba")
        index = np.arange(len(self.rows))
        for source in usable:
            if source not in self.model.described.methods:
                continue
            self._source = source
            answered, found = self._answers(self.rows, [0])
            if found is None or not answered.all() or not self._fits(found):
                continue
            if (self._decided(found) == self.goal.predicted[index]).all():
                return source
        return "labels"

    def _fits(self, found: "NDArray[np.float64]") -> bool:
        """Say whether scores come one a class; some libraries give one for every pair of classes."""
        count = len(self.task.classes)
        return (found.ndim == 1 and count == BINARY) or (found.ndim == BINARY and found.shape[1] == count)

    def _decided(self, found: "NDArray[np.float64]") -> "NDArray[np.int64]":
        """Turn answers into class positions."""
        import numpy as np

        if self._source == "labels":
            return np.asarray(found, dtype=np.int64)
        if found.ndim == 1:
            return (found > 0).astype(np.int64)
        if self._source == "predict_proba" and self.task.threshold is not None:
            positive = found[:, self.task.positive] >= self.task.threshold
            return np.where(positive, self.task.positive, 1 - self.task.positive).astype(np.int64)
        return np.asarray(found.argmax(axis=1), dtype=np.int64)

    def _margins(self, found: "NDArray[np.float64]", index: "NDArray[np.int64]") -> "NDArray[np.float64]":
        import numpy as np

        if self._source == "value" or not self.task.is_classification:
            left: NDArray[np.float64] = self.goal.change - np.abs(found - self.goal.predicted[index])
            return np.where(left <= 0, -np.maximum(-left, TINY), left)
        decided = self._decided(found)
        was = self.goal.predicted[index].astype(np.int64)
        reached = decided != was if self.goal.harmful is None else decided == self.goal.harmful
        if self._source == "labels":
            return np.where(reached, -1.0, 1.0)
        near = np.abs(self._near(found, was))
        return np.where(reached, -np.maximum(near, TINY), np.maximum(near, TINY))

    def _near(self, found: "NDArray[np.float64]", was: "NDArray[np.int64]") -> "NDArray[np.float64]":
        """Give the score of the class to be left, or to be reached, less that of its strongest rival."""
        import numpy as np

        if found.ndim == 1:
            return 2 * found
        scores = np.log(np.maximum(found, LEAST)) if self._source == "predict_proba" else found
        if self.task.threshold is not None:
            limit = np.log(max(self.task.threshold, LEAST)) - np.log(max(1 - self.task.threshold, LEAST))
            positive: NDArray[np.float64] = scores[:, self.task.positive] - scores[:, 1 - self.task.positive] - limit
            return positive
        at = np.arange(len(scores))
        one = was if self.goal.harmful is None else np.full(len(scores), self.goal.harmful)
        rivals = scores.copy()
        rivals[at, one] = -np.inf
        result: NDArray[np.float64] = scores[at, one] - rivals.max(axis=1)
        return result
