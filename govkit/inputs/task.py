"""What the model is asked to do: task, classes, positive label and threshold."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from govkit.config import Config, Label
from govkit.core.errors import UsageProblem
from govkit.core.evidence import Message
from govkit.core.record import Inference, TaskName

if TYPE_CHECKING:
    from govkit.inputs.dataset import Dataset
    from govkit.inputs.model import Described

MESSAGES = {
    "task.from_model": "Judged from the model: {estimator}.",
    "task.from_target": "Judged from the {values} distinct values of the target.",
    "task.positive_last": "The last of the model's two classes.",
}
MAX_CLASSES_WITHOUT_MODEL = 20
BINARY = 2


@dataclass(frozen=True)
class Task:
    """The task with its classes in the model's order."""

    name: TaskName
    classes: tuple[Label, ...] = ()
    names: tuple[str, ...] = ()
    """How each class may be shown: its declared name, else `class 1`, `class 2`, ..."""
    positive: int = 1
    """Binary: index of the positive class."""
    threshold: float | None = None
    """Binary: declared probability from which the positive class is predicted; None leaves it to the model."""

    @property
    def is_classification(self) -> bool:
        """Whether labels are predicted."""
        return self.name != "regression"


def resolve(
    config: Config, described: "Described | None", test: "Dataset", target: str | None
) -> tuple[Task | None, tuple[Inference, ...]]:
    """Give the task and what was inferred; None where there is neither a model nor a target.

    Raises:
        UsageProblem: the declared task or label doesn't fit the model.
    """
    inferred: list[Inference] = []
    classes = _classes(config, described, test, target)
    name = config.task or _name(described, classes, test, target, inferred)
    if name is None:
        return None, ()
    if name == "regression":
        return Task("regression"), tuple(inferred)
    if (len(classes) == BINARY) != (name == "binary"):
        raise UsageProblem(
            f"task: {name} does not fit the model, which knows {len(classes)} classes",
            hint="correct or remove the line",
        )
    positive = _positive(config, classes, inferred) if name == "binary" else 1
    names = tuple(_shown(config, label, index) for index, label in enumerate(classes))
    return Task(name, classes, names, positive, config.decision_threshold), tuple(inferred)


def same(one: object, other: object) -> bool:
    """Say whether two labels mean the same class, as numbers where both are and as text otherwise."""
    if isinstance(one, int | float) and isinstance(other, int | float):
        return one == other
    return str(one) == str(other)


def _classes(config: Config, described: "Described | None", test: "Dataset", target: str | None) -> tuple[Label, ...]:
    if described is not None:
        return described.classes
    if target is None or config.task == "regression":
        return ()
    values = test.frame[target].dropna().unique().tolist()
    return tuple(sorted(values, key=str)) if len(values) <= MAX_CLASSES_WITHOUT_MODEL else ()


def _name(
    described: "Described | None",
    classes: tuple[Label, ...],
    test: "Dataset",
    target: str | None,
    inferred: list[Inference],
) -> TaskName | None:
    if described is None and target is None:
        return None
    name: TaskName = "binary" if len(classes) == BINARY else "multiclass" if len(classes) > BINARY else "regression"
    if described is not None:
        basis = Message(id="task.from_model", args={"estimator": described.estimator.rsplit(".", 1)[-1]})
    else:
        basis = Message(id="task.from_target", args={"values": int(test.frame[target].nunique())})
    inferred.append(Inference(field="task", value=name, basis=basis))
    return name


def _positive(config: Config, classes: tuple[Label, ...], inferred: list[Inference]) -> int:
    if config.positive_label is None:
        inferred.append(
            Inference(
                field="positive_label", value=_shown(config, classes[1], 1), basis=Message(id="task.positive_last")
            )
        )
        return 1
    for index, label in enumerate(classes):
        if same(label, config.positive_label) or config.class_names.get(label) == config.positive_label:
            return index
    raise UsageProblem(
        "positive_label is none of the model's two classes",
        hint="`govkit init MODEL DATA` writes them into govkit.yaml",
    )


def _shown(config: Config, label: Label, index: int) -> str:
    for key, name in config.class_names.items():
        if same(key, label):
            return name
    if config.positive_label is not None and same(config.positive_label, label):
        return str(label)
    return f"class {index + 1}"
