"""What the answers of a function, a service or a predictions file mean: labels, probabilities, values or scores."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from govkit.config import Config, Label
from govkit.core.errors import ModelUnavailable, UsageProblem
from govkit.core.evidence import Message, Scalar
from govkit.core.record import Inference
from govkit.inputs.model import MULTILABEL, OUTLIER_DETECTOR, Described
from govkit.inputs.task import same

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

MESSAGES = {
    "answers.label": "The model answers with labels.",
    "answers.positive": "The model answers with one number from 0 to 1: the positive class's probability.",
    "answers.probability": "The model answers with {columns} numbers that add up to 1: the classes' probabilities, in "
    "the order of class_names, or else of the target's sorted values.",
    "answers.value": "The model answers with one number, the value itself.",
    "answers.score": "The model answers with one number: the higher, the more unusual the row.",
    "answers.several": "The model answers with one 0 or 1, or one probability, for each label.",
}
TOLERANCE = 1e-4
"""How far probabilities may be from adding up to 1; services often answer in single precision."""
MAX_CLASSES = 1_000
FEW = 20
"""Distinct target values up to which a task that isn't declared is taken for a classification."""
BINARY = 2
FORMS = {
    "label": "labels",
    "positive": "probability of the positive class",
    "probability": "class probabilities",
    "value": "values",
    "score": "scores",
    "several": "several labels",
}
Form = Literal["label", "positive", "probability", "value", "score", "several"]


@dataclass(frozen=True)
class Answers:
    """What came back for some rows: labels, numbers, or both."""

    labels: "NDArray[np.generic] | None" = None
    """Shape (rows,)."""
    numbers: "NDArray[np.float64] | None" = None
    """Finite; shape (rows,) or (rows, several)."""


class AnswerSource(Protocol):
    """Something that answers for rows, without saying what its answers mean."""

    def ask(self, rows: "pd.DataFrame", width: int) -> Answers:
        """Give the answers for rows, of which `width` numbers a row are expected."""

    def close(self) -> None:
        """Let go of process or connection."""


@dataclass(frozen=True)
class Meaning:
    """How answers are to be read."""

    form: Form
    classes: tuple[Label, ...]
    positive: int
    """Of a `positive` answer: which of the two classes it speaks of."""

    @property
    def described(self) -> Described:
        """What a model with these answers is able to do."""
        methods = {
            "label": ("predict",),
            "positive": ("predict", "predict_proba"),
            "probability": ("predict", "predict_proba"),
            "value": ("predict",),
            "score": ("decision_function",),
            "several": ("predict", "predict_proba"),
        }
        kinds = {"value": "regressor", "score": OUTLIER_DETECTOR, "several": MULTILABEL}
        kind = kinds.get(self.form, "classifier")
        return Described("", (), kind, frozenset(methods[self.form]), self.classes)

    @property
    def width(self) -> int:
        """How many numbers a row are expected."""
        return len(self.classes) if self.form in ("probability", "several") else 1

    def labels(self, answers: Answers) -> "NDArray[np.generic]":
        """Give a label or value a row.

        Raises:
            ModelUnavailable: the answers have another form than at first.
        """
        import numpy as np

        if self.form == "score":
            raise _nonsense("labels, only scores")
        if answers.labels is not None and self.form in ("label", "positive", "probability"):
            return answers.labels
        if self.form in ("label", "value"):
            return self._numbers(answers)
        if self.form == "several":
            return np.asarray(self._numbers(answers) >= 1 / 2, dtype=np.int64)
        classes = np.empty(len(self.classes), dtype=object)
        classes[:] = self.classes
        likeliest: NDArray[np.generic] = classes[self.probabilities(answers).argmax(axis=1)]
        return likeliest

    def probabilities(self, answers: Answers) -> "NDArray[np.float64]":
        """Give class probabilities (rows, classes), or (rows, labels) where each stands for itself.

        Raises:
            ModelUnavailable: they are none.
        """
        import numpy as np

        given = self._numbers(answers)
        if not ((given >= -TOLERANCE) & (given <= 1 + TOLERANCE)).all():
            raise _nonsense("probabilities")
        given = np.clip(given, 0.0, 1.0)
        if self.form == "several":
            return given
        if self.form == "positive":
            pair = (given, 1 - given) if self.positive == 0 else (1 - given, given)
            return np.column_stack(pair)
        total = given.sum(axis=1, keepdims=True)
        if not (np.abs(total - 1) <= TOLERANCE).all():
            raise _nonsense("probabilities that add up to 1")
        exact: NDArray[np.float64] = given / total
        return exact

    def scores(self, answers: Answers) -> "NDArray[np.float64]":
        """Give decision scores (rows,), low for unusual rows as those of scikit-learn's outlier detectors.

        Raises:
            ModelUnavailable: there are none.
        """
        return -self._numbers(answers)

    def _numbers(self, answers: Answers) -> "NDArray[np.float64]":
        found = answers.numbers
        wanted = () if self.form not in ("probability", "several") else (len(self.classes),)
        if found is None or found.shape[1:] != wanted:
            raise _nonsense("answers of one form")
        return found


class SettledModel:
    """A model whose answers' meaning is known; fulfils `inputs.model.Model`."""

    def __init__(self, source: AnswerSource, meaning: Meaning, described: Described) -> None:
        """Take the source and what its answers mean."""
        self.described = described
        self.fit_ms = 0
        self._source = source
        self._meaning = meaning

    def predict(self, rows: "pd.DataFrame") -> "NDArray[np.generic]":
        """Give a label or value a row."""
        return self._meaning.labels(self._ask(rows))

    def predict_proba(self, rows: "pd.DataFrame") -> "NDArray[np.float64]":
        """Give class probabilities (rows, classes)."""
        return self._meaning.probabilities(self._ask(rows))

    def decision_function(self, rows: "pd.DataFrame") -> "NDArray[np.float64]":
        """Give decision scores (rows,)."""
        return self._meaning.scores(self._ask(rows))

    def structure(self) -> "dict[str, NDArray[np.generic]]":
        """Say that the fitted numbers can't be looked at."""
        raise ModelUnavailable(
            "a function or a service does not show its fitted numbers", hint="audit the model file as well"
        )

    def fit(  # noqa: PLR0913 - each is one option of a fit
        self,
        rows: "pd.DataFrame",
        target: "NDArray[np.generic]",
        *,
        seed: int,
        weight: "NDArray[np.float64] | None" = None,
        seconds: float | None = None,
        change: Mapping[str, Scalar] | None = None,
    ) -> "SettledModel":
        """Say that it can't be fitted again."""
        del rows, target, seed, weight, seconds, change
        raise ModelUnavailable("a function or a service can't be fitted again", hint="audit the model file as well")

    def release(self) -> None:
        """Let go of process or connection."""
        self._source.close()

    def _ask(self, rows: "pd.DataFrame") -> Answers:
        return self._source.ask(rows, self._meaning.width)


def settle(
    answers: Answers, config: Config, target: "pd.Series[Any] | None", *, named: tuple[Label, ...] = ()
) -> tuple[Meaning, Inference]:
    """Tell from the first answers, the declarations and the target what the answers mean.

    Args:
        answers: those to some rows.
        config: may declare task, classes and positive label.
        target: the true values, where they are known.
        named: the classes in the order of the answers' numbers, where these carry names.

    Raises:
        UsageProblem: it can't be told, or contradicts what is declared; the hint is the line to add.
    """
    classes = named or _classes(config, target)
    form = _form(answers, config, classes)
    if form in ("value", "score"):
        classes = ()
    if form == "several":
        classes = named or config.columns.labels
    width = answers.numbers.shape[-1] if answers.numbers is not None and answers.numbers.ndim > 1 else 1
    if form in ("probability", "several") and len(classes) != width:
        raise UsageProblem(
            f"the model gives {width} numbers a row, and {len(classes)} classes are known",
            hint="add to govkit.yaml, in the order of the model's answers: class_names: {LABEL: NAME, ...}",
        )
    if form in ("label", "positive") and not classes:
        raise UsageProblem(
            "the model's classes can't be told", hint="add to govkit.yaml: class_names: {LABEL: NAME, ...}, or target"
        )
    meaning = Meaning(form, classes, _positive(config, classes))
    basis = Message(id=f"answers.{form}", args={"columns": width} if form == "probability" else {})
    return meaning, Inference(field="answers", value=FORMS[form], basis=basis)


def _form(answers: Answers, config: Config, classes: tuple[Label, ...]) -> Form:
    import numpy as np

    numbers = answers.numbers
    if numbers is None:
        return "label"
    if numbers.ndim == 1:
        return _form_of_one(numbers, config, classes, with_labels=answers.labels is not None)
    if config.task == "multilabel":
        return "several"
    if not (np.abs(numbers.sum(axis=1) - 1) <= TOLERANCE).all() or (numbers < -TOLERANCE).any():
        raise UsageProblem(
            "the model gives several numbers a row that are no probabilities of classes",
            hint="give probabilities that add up to 1, or add the line: task: multilabel",
        )
    return "probability"


def _form_of_one(
    numbers: "NDArray[np.float64]", config: Config, classes: tuple[Label, ...], *, with_labels: bool
) -> Form:
    """Tell what one number a row is, by the declared task, else by whether it could be a class or a probability."""
    import numpy as np

    if config.task in ("regression", "anomaly"):
        return "value" if config.task == "regression" else "score"
    known = {float(label) for label in classes if isinstance(label, int | float)}
    if known and set(np.unique(numbers).tolist()) <= known:
        return "label"
    if len(classes) == BINARY and ((numbers >= 0) & (numbers <= 1)).all():
        return "positive"
    return "label" if with_labels or config.task else "value"


def _classes(config: Config, target: "pd.Series[Any] | None") -> tuple[Label, ...]:
    """Give the classes in the declared order, else the target's distinct values sorted."""
    if config.class_names:
        return tuple(config.class_names)
    if target is None or config.task in ("regression", "anomaly", "multilabel"):
        return ()
    values = target.dropna().unique().tolist()
    most = MAX_CLASSES if config.task else FEW
    fractional = any(isinstance(value, float) and not value.is_integer() for value in values)
    if len(values) > most or (fractional and config.task is None):
        return ()
    numeric = all(isinstance(value, int | float) for value in values)
    return tuple(sorted(values) if numeric else sorted(values, key=str))


def _positive(config: Config, classes: tuple[Label, ...]) -> int:
    if config.positive_label is not None:
        for index, label in enumerate(classes):
            if same(label, config.positive_label) or config.class_names.get(label) == config.positive_label:
                return index
    return len(classes) - 1 if len(classes) == BINARY else 0


def _nonsense(wanted: str) -> ModelUnavailable:
    return ModelUnavailable(f"the model does not give {wanted}", hint="correct what stands behind MODEL")
