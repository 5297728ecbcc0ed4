"""Reference models: the pipeline fitted anew with and without each row, so that memory can be told from skill."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from govkit.checks.privacy._sample import Sample
from govkit.core.errors import ModelRaised, ModelUnavailable
from govkit.core.evidence import Scalar
from govkit.inputs.model import Model
from govkit.inputs.predictions import labels
from govkit.inputs.task import Task

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    Scores = NDArray[np.float64]
    Rows = NDArray[np.bool_]

PLAYED = 8
"""Reference models that play the target at most, when the meta attack learns."""
FLOOR = 1e-3
"""Keeps ratios and log-odds of probabilities finite; tree leaves give 0 and 1."""
Kind = Literal["probability", "score", "label", "value"]


@dataclass(frozen=True)
class Signal:
    """How much a model's answers speak for the truth, on two scales; shape (rows,) or (models, rows)."""

    likelihood: "Scores"
    """The probability of the true class, or what stands in for it, 0 to 1."""
    strength: "Scores"
    """The same as log-odds, where differences between models are nearly normal."""

    def of_rows(self, rows: "Rows") -> "Signal":
        """Give the signals of some rows."""
        return Signal(self.likelihood[..., rows], self.strength[..., rows])


@dataclass(frozen=True)
class Told:
    """What one model says of every row that may be a training row, as one who can ask it learns it."""

    signal: Signal
    """Shape (rows,)."""
    answer: "NDArray[np.generic]"
    """Its answers as they are; shape (rows,) or (rows, classes)."""
    around: "Scores"
    """Strengths at rows nearby; shape (neighbours, rows)."""

    def of_rows(self, rows: "Rows") -> "Told":
        """Give what it says of some rows."""
        return Told(self.signal.of_rows(rows), self.answer[rows], self.around[:, rows])


@dataclass(frozen=True)
class References:
    """Answers of models fitted on random halves, in complementary pairs one after the other."""

    signal: Signal
    """Shape (models, rows)."""
    inside: "Rows"
    """Which rows each model was fitted on; shape (models, rows)."""
    told: tuple[Told, ...] = ()
    """All that the first models say, those that play the target when the meta attack learns."""

    def without_pair(self, model: int) -> "References":
        """Leave out a model and its complement; nobody is left to play the target."""
        import numpy as np

        kept = np.arange(len(self.inside)) // 2 != model // 2
        signal = Signal(self.signal.likelihood[kept], self.signal.strength[kept])
        return References(signal, self.inside[kept])

    def of_rows(self, rows: "Rows") -> "References":
        """Give the answers on some rows."""
        told = tuple(one.of_rows(rows) for one in self.told)
        return References(self.signal.of_rows(rows), self.inside[:, rows], told)


@dataclass(frozen=True)
class Yardstick:
    """Turns answers of one kind into signals, with the audited model's scale."""

    kind: Kind
    scale: float

    def signal(self, answer: "NDArray[np.generic]", truth: "NDArray[np.generic]") -> Signal:
        """Give the signal of one model's answers."""
        import numpy as np
        from scipy.special import expit

        if self.kind == "score":
            strength = np.clip(2 * margin(answer.astype(np.float64), truth) / self.scale, -10, 10)
            return Signal(expit(strength), strength)
        if self.kind == "value":
            residual = np.abs(answer.astype(np.float64) - truth.astype(np.float64)) / self.scale
            return Signal(np.exp(-residual), -np.log(residual + FLOOR))
        if self.kind == "label":
            likelihood = (answer == truth).astype(np.float64)
        else:
            likelihood = of_truth(answer.astype(np.float64), truth)
        return Signal(likelihood, np.log(likelihood + FLOOR) - np.log(1 - likelihood + FLOOR))


def yardstick(sample: Sample, task: Task) -> Yardstick:
    """Choose the most telling answer that the audited model gives."""
    import numpy as np

    if not task.is_classification:
        # other rows only: a model that knows its training rows by heart has no error there
        away = np.abs(sample.truth - sample.predicted)[~sample.member]
        return Yardstick("value", float(np.median(away)) or 1.0)
    if sample.probability is not None:
        return Yardstick("probability", 1.0)
    if sample.score is not None:
        return Yardstick("score", float(margin(sample.score, sample.truth).std()) or 1.0)
    return Yardstick("label", 1.0)


def audited(sample: Sample, yard: Yardstick) -> Signal:
    """Give the audited model's signal."""
    return yard.signal(_answer(sample, yard.kind), sample.truth)


def audited_around(model: Model, sample: Sample, yard: Yardstick, task: Task) -> Told:
    """Give all that the audited model says, also of rows nearby."""
    return _told(model, sample, yard, task, _answer(sample, yard.kind))


def _answer(sample: Sample, kind: Kind) -> "NDArray[np.generic]":
    answer = {"probability": sample.probability, "score": sample.score}.get(kind, sample.predicted)
    assert answer is not None
    return answer


def _told(model: Model, sample: Sample, yard: Yardstick, task: Task, answer: "NDArray[np.generic]") -> Told:
    """Ask about rows nearby; a model that refuses one of these is taken to answer as it does beside it."""
    import numpy as np

    signal, around = yard.signal(answer, sample.truth), []
    for rows in sample.nearby:
        try:
            around.append(yard.signal(_asked(model, rows, yard.kind, task), sample.truth).strength)
        except ModelRaised:
            around.append(signal.strength)
    return Told(signal, answer, np.array(around).reshape(len(around), len(sample.truth)))


def halves(truth: "NDArray[np.generic]", pool: "Rows", pairs: int, seed: int, *, stratify: bool) -> "Rows":
    """Split the rows of a pool into random halves within classes; give both halves, one after the other."""
    import numpy as np

    rng = np.random.default_rng(seed)
    masks = np.zeros((2 * pairs, len(truth)), dtype=bool)
    places = np.flatnonzero(pool)
    groups = [places[truth[places] == one] for one in np.unique(truth[places])] if stratify else [places]
    for pair in range(pairs):
        for group in groups:
            mixed = rng.permutation(group)
            half = (len(group) + int(rng.integers(2))) // 2
            masks[2 * pair, mixed[:half]] = True
            masks[2 * pair + 1, mixed[half:]] = True
    return masks


@dataclass(frozen=True)
class Refit:
    """How reference models are fitted."""

    model: Model
    task: Task
    seconds: float
    """How long one fit may take."""
    seed: int
    change: Mapping[str, Scalar] | None = None
    """Hyperparameters of the final estimator that are to be different."""


def fitted(refit: Refit, sample: Sample, yard: Yardstick, masks: "Rows", fixed: "Rows | None" = None) -> References:
    """Fit one reference model on each mask of rows, and ask it about all of them.

    Args:
        refit: the model and how it is fitted.
        sample: the rows.
        yard: how answers become signals.
        masks: rows to fit on; shape (models, rows).
        fixed: rows that every model is fitted on besides.

    Raises:
        ModelUnavailable: a fit failed, took too long, or gave another kind of model.
    """
    signals, told = [], []
    target = labels(sample.truth, refit.task) if refit.task.is_classification else sample.truth
    for number, mask in enumerate(masks):
        rows = mask if fixed is None else mask | fixed
        weight = None if sample.weight is None else sample.weight[rows]
        clone = refit.model.fit(
            sample.rows[rows],
            target[rows],
            seed=refit.seed + number,
            weight=weight,
            seconds=refit.seconds,
            change=refit.change,
        )
        try:
            answer = _asked(clone, sample.rows, yard.kind, refit.task)
            if number < PLAYED:
                told.append(_told(clone, sample, yard, refit.task, answer))
            signals.append(yard.signal(answer, sample.truth))
        finally:
            clone.release()
    return References(_stacked(signals), masks, tuple(told))


def surrogates(sample: Sample, task: Task, masks: "Rows", seed: int) -> References:
    """Fit gradient boosting of our own in place of a model that can't be fitted again.

    A surrogate says how hard a row is; only models that have not seen the row are of use.
    """
    import numpy as np
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    view, found = sample.view, []
    yard = yardstick(sample, task) if not task.is_classification else Yardstick("probability", 1.0)
    for number, mask in enumerate(masks):
        options = {"max_iter": 100, "early_stopping": False, "random_state": (seed + number) % 2**31}
        if not task.is_classification:
            value = HistGradientBoostingRegressor(**options).fit(view[mask], sample.truth[mask])
            found.append(yard.signal(value.predict(view), sample.truth))
            continue
        codes = sample.truth.astype(np.int64)
        learner = HistGradientBoostingClassifier(**options).fit(view[mask], codes[mask])
        aligned = np.zeros((len(codes), len(task.classes)))
        aligned[:, learner.classes_] = learner.predict_proba(view)
        found.append(yard.signal(aligned, sample.truth))
    return References(_stacked(found), masks)


def _stacked(signals: list[Signal]) -> Signal:
    import numpy as np

    return Signal(np.array([one.likelihood for one in signals]), np.array([one.strength for one in signals]))


def of_truth(probability: "Scores", truth: "NDArray[np.generic]") -> "Scores":
    """Give the probability of each row's true class (Yeom et al. 2018)."""
    import numpy as np

    return probability[np.arange(len(truth)), truth.astype(np.int64)]


def margin(score: "Scores", truth: "NDArray[np.generic]") -> "Scores":
    """Give by how much the true class's score lies above the best of the others."""
    import numpy as np

    codes = truth.astype(np.int64)
    if score.ndim == 1:
        return np.where(codes == 1, score, -score)
    others = score.copy()
    others[np.arange(len(codes)), codes] = -np.inf
    found: Scores = score[np.arange(len(codes)), codes] - others.max(axis=1)
    return found


def _asked(clone: Model, rows: "pd.DataFrame", kind: Kind, task: Task) -> "NDArray[np.generic]":
    """Ask a reference model what the audited model was asked, with classes in the audited model's order."""
    import numpy as np
    import pandas as pd

    from govkit.inputs.predictions import encode

    if kind == "value":
        return clone.predict(rows)
    if kind == "label":
        return encode(pd.Series(clone.predict(rows)), task)
    known = clone.described.classes
    given = clone.predict_proba(rows) if kind == "probability" else clone.decision_function(rows)
    if tuple(known) == tuple(task.classes):
        return given
    place = {label: index for index, label in enumerate(task.classes)}
    if given.ndim != 2 or not set(known) <= set(place):  # noqa: PLR2004 - a score a class
        raise ModelUnavailable("a reference model knows other classes", hint="give more rows of every class")
    aligned = np.full((len(given), len(place)), 0.0 if kind == "probability" else given.min())
    aligned[:, [place[label] for label in known]] = given
    return aligned
