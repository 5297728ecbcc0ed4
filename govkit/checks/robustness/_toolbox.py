"""Attacks of the Adversarial Robustness Toolbox, made to ask about possible rows and to ask for all rows at once."""

import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING

from govkit.checks.robustness._encoding import Inside, Weights
from govkit.checks.robustness._opened import names, opened
from govkit.checks.robustness._oracle import Asked
from govkit.checks.robustness._search import Search

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NUDGES = (0.0, 1e-6, 1e-4, 1e-3)
"""Stretches of a starting point, so that rounding to single precision does not put it back over the boundary."""
MOST_QUESTIONS = 1_000
TOGETHER = 250
"""Rows attacked in lockstep."""
STEP = 0.2
"""Step of the projected gradient, in parts of the size of change."""

Ask = Callable[["NDArray[np.float32]"], "NDArray[np.float32]"]
Attack = Callable[[Ask], None]
Answer = Callable[[Sequence[tuple[int, "NDArray[np.float32]"]]], Sequence["NDArray[np.float32]"]]


@dataclass(frozen=True)
class Trials:
    """How hard ART's attacks try; integer work counts of the plan."""

    iterations: int
    evaluations: int
    """Questions for the first estimate of the way out; later ones take more."""


def hop_skip_jump(search: Search, trials: Trials, seed: int) -> None:
    """Move from starting points towards the rows, all rows in lockstep.

    Every point that ART asks about is made a possible row first, and the nearest that reaches the goal is kept.

    Args:
        search: rows under attack, with a starting point each, and where what is found is kept.
        trials: how hard to try.
        seed: of the global generator that ART draws from; its state is put back.
    """
    import numpy as np

    index = np.flatnonzero(np.isfinite(search.reach) & (search.reach > 0))
    with _quiet(seed):
        for at in range(0, len(index), TOGETHER):
            views = [_View(search, int(row)) for row in index[at : at + TOGETHER]]
            _in_lockstep([partial(_hops, view, trials) for view in views], partial(_answers, search, views))


def gradients(asked: Asked, search: Search, sizes: Sequence[float], trials: Trials, seed: int) -> "NDArray[np.int64]":
    """Attack a linear model by its own weights: fast gradient sign and projected gradient, on numeric cells.

    Args:
        asked: the attacked model.
        search: rows under attack, and where what is found is kept.
        sizes: sizes of change, in robust scales.
        trials: how hard to try.
        seed: of the global generator; its state is put back.

    Returns:
        Rows that were attacked: those whose scores the weights explain. None for a model without weights.
    """
    import numpy as np

    found = opened(asked)
    if found is None or not isinstance(found[0].final, Weights):
        return np.empty(0, dtype=np.int64)
    inside, explained = found
    rows: NDArray[np.int64] = np.flatnonzero(explained & (search.reach > 0))
    if len(rows):
        view = _linear_view(inside, found[0].final, asked, search, rows)
        with _quiet(seed):
            for size in sizes:
                for cells in _steepest(view, asked, rows, (size, trials.iterations)):
                    moved = search.original[rows] + cells * search.space.scale
                    moved = np.where(search.space.number, moved, search.original[rows])
                    search.offer(search.space.admissible(moved, search.original[rows], size), rows)
    return np.flatnonzero(explained)


@contextmanager
def _quiet(seed: int) -> Iterator[None]:
    """Seed the global generator, from which ART draws, put its state back, and hide warnings of ART's imports."""
    import numpy as np

    before = np.random.get_state()  # noqa: NPY002
    np.random.seed(seed % 2**32)  # noqa: NPY002
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        np.random.set_state(before)  # noqa: NPY002


# -- gradients


@dataclass(frozen=True)
class _LinearView:
    """Rows as a linear model sees them: steps of the numeric cells, then one cell a score for all that stays."""

    coef: "NDArray[np.float64]"
    """Shape (outputs, columns + outputs)."""
    cells: "NDArray[np.float64]"
    free: "NDArray[np.float64]"
    """1 where a cell may move, else 0."""


def _linear_view(
    inside: Inside, final: Weights, asked: Asked, search: Search, rows: "NDArray[np.int64]"
) -> _LinearView:
    import numpy as np

    space, columns = search.space, names(asked)
    place = {columns.index(name): at for at, name in enumerate(space.names) if space.number[at]}
    weights = np.zeros((len(final.coef), len(space.names)))
    for at, source in enumerate(inside.encoding.source.tolist()):
        if source in place:
            weights[:, place[source]] += final.coef[:, at] * inside.encoding.slope[at] * space.scale[place[source]]
    scores = inside.scores(asked.rows.iloc[rows])
    # a common factor changes no answer, and scores of about 1 keep gradients from vanishing
    largest = max(float(np.abs(scores).max()), float(np.abs(weights).max()), 1e-12)
    coef = np.hstack([weights, np.eye(len(weights))]) / largest
    cells = np.hstack([np.zeros((len(rows), len(space.names))), scores])
    free = np.hstack([space.free(search.original[rows]), np.zeros(scores.shape, dtype=bool)])
    return _LinearView(coef, cells, free.astype(np.float64))


def _steepest(
    view: _LinearView, asked: Asked, rows: "NDArray[np.int64]", how: tuple[float, int]
) -> "Iterator[NDArray[np.float64]]":
    """Give the steps that each gradient attack takes, in robust scales, shape (rows, columns)."""
    import numpy as np
    from art.attacks.evasion import FastGradientMethod, ProjectedGradientDescent
    from art.estimators.classification.scikitlearn import ScikitlearnLogisticRegression
    from sklearn.linear_model import LogisticRegression

    size, iterations = how
    classes, outputs = len(asked.task.classes), len(view.coef)
    model = LogisticRegression()
    model.coef_, model.intercept_, model.classes_ = view.coef, np.zeros(outputs), np.arange(classes)
    model.n_features_in_ = view.coef.shape[1]
    estimator = ScikitlearnLogisticRegression(model)
    harmful = asked.goal.harmful
    wanted = asked.goal.predicted[rows].astype(np.int64) if harmful is None else np.full(len(rows), harmful)
    common = {"norm": np.inf, "eps": size, "targeted": harmful is not None, "batch_size": len(rows)}
    for attack in (
        FastGradientMethod(estimator, **common),
        ProjectedGradientDescent(estimator, eps_step=STEP * size, max_iter=iterations, verbose=False, **common),
    ):
        found = attack.generate(view.cells.astype(np.float32), np.eye(classes)[wanted], mask=view.free)
        width = view.coef.shape[1] - outputs
        yield found[:, :width].astype(np.float64)


# -- labels


class _View:
    """The free cells of one attacked row, as steps in robust scales around it."""

    def __init__(self, search: Search, row: int) -> None:
        import numpy as np

        space, original = search.space, search.original[row]
        self.row, self.free = row, np.flatnonzero(space.free(original))
        self.base = np.where(space.number, original, search.best[row])
        """The row with the swaps of its starting point."""
        low, high = space.limits(original[None])
        self._scale, self._start = space.scale[self.free], search.best[row, self.free]
        reach = float(search.reach[row]) * (1 + 2 * max(NUDGES))
        self.low = np.maximum((low[0, self.free] - original[self.free]) / self._scale, -reach)
        self.high = np.minimum((high[0, self.free] - original[self.free]) / self._scale, reach)

    def start(self) -> "NDArray[np.float64]":
        """Give the starting point."""
        steps: NDArray[np.float64] = (self._start - self.base[self.free]) / self._scale
        return steps

    def cells(self, steps: "NDArray[np.float32]") -> "NDArray[np.float64]":
        """Turn steps into cells of the space."""
        import numpy as np

        moved = np.tile(self.base, (len(steps), 1))
        moved[:, self.free] += steps.astype(np.float64) * self._scale
        return moved


def _hops(view: _View, trials: Trials, ask: Ask) -> None:
    """Run ART's attack on one row.

    It only begins where its start is right and its goal is not reached at once: else ART would draw starting points
    from a generator that the operating system seeds.
    """
    import numpy as np
    from art.attacks.evasion import HopSkipJump
    from art.estimators.classification import BlackBoxClassifier

    width, most = len(view.free), 10 * trials.evaluations
    clip = (view.low - 1e-6, view.high + 1e-6)
    attack = HopSkipJump(
        BlackBoxClassifier(ask, (width,), 2, clip_values=clip),
        norm=np.inf,
        max_iter=trials.iterations,
        init_eval=trials.evaluations,
        max_eval=most,
        init_size=1,
        batch_size=most,
        verbose=False,
    )
    middle = np.zeros((1, width), dtype=np.float32)
    starts = np.array([view.start() * (1 + nudge) for nudge in NUDGES], dtype=np.float32)
    answers = ask(np.concatenate([middle, starts]))[:, 1]
    works = np.flatnonzero(answers[1:])
    if len(works) and not answers[0]:
        attack.generate(middle, x_adv_init=starts[works[:1]])


def _answers(
    search: Search, views: list[_View], waiting: "Sequence[tuple[int, NDArray[np.float32]]]"
) -> "list[NDArray[np.float32]]":
    """Answer every attack in one call: column 0 for rows that keep their answer, column 1 for those that reach it."""
    import numpy as np

    index = np.concatenate([np.full(len(question), views[at].row) for at, question in waiting])
    moved = np.concatenate([views[at].cells(question) for at, question in waiting])
    turned = search.offer(search.space.admissible(moved, search.original[index]), index) < 0
    both = np.stack([~turned, turned], axis=1).astype(np.float32)
    return np.split(both, np.cumsum([len(question) for _, question in waiting])[:-1])


# -- lockstep


class _StoppedEarly(Exception):
    """Ends an attack from within its question."""


class _Turn:
    """One attack in a thread of its own; it only runs while the caller waits for its next question."""

    def __init__(self, attack: Attack) -> None:
        self._attack = attack
        self._left = MOST_QUESTIONS
        self._questions: SimpleQueue[NDArray[np.float32] | BaseException | None] = SimpleQueue()
        self._replies: SimpleQueue[NDArray[np.float32] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> "NDArray[np.float32] | None":
        """Run to the first question; None when the attack ended."""
        self._thread.start()
        return self._next()

    def reply(self, answer: "NDArray[np.float32]") -> "NDArray[np.float32] | None":
        """Hand over an answer and run to the next question; None when the attack ended."""
        self._replies.put(answer)
        return self._next()

    def stop(self) -> None:
        """End the attack where it stands."""
        self._replies.put(None)
        self._thread.join()

    def _next(self) -> "NDArray[np.float32] | None":
        question = self._questions.get()
        if isinstance(question, BaseException):
            raise question
        return question

    def _ask(self, question: "NDArray[np.float32]") -> "NDArray[np.float32]":
        if not self._left:
            raise _StoppedEarly
        self._left -= 1
        self._questions.put(question)
        answer = self._replies.get()
        if answer is None:
            raise _StoppedEarly
        return answer

    def _run(self) -> None:
        try:
            self._attack(self._ask)
        except _StoppedEarly:
            self._questions.put(None)
        except Exception as error:  # noqa: BLE001 - carried to the caller's thread and raised there
            self._questions.put(error)
        else:
            self._questions.put(None)


def _in_lockstep(attacks: Sequence[Attack], answer: Answer) -> None:
    """Run all attacks to their end, each in a thread.

    Only one thread runs at any time, in a fixed order, so that draws from the global random generator repeat.

    Args:
        attacks: each is handed the function that it asks.
        answer: takes (index of the attack, its question) for all that wait, and gives their answers in that order.
    """
    turns = [_Turn(attack) for attack in attacks]
    waiting: dict[int, NDArray[np.float32]] = {}
    try:
        for index, turn in enumerate(turns):
            question = turn.start()
            if question is not None:
                waiting[index] = question
        while waiting:
            asked = sorted(waiting.items())
            for (index, _), reply in zip(asked, answer(asked), strict=True):
                del waiting[index]
                question = turns[index].reply(reply)
                if question is not None:
                    waiting[index] = question
    finally:
        for index in waiting:
            turns[index].stop()
