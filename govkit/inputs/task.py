"""What the model is asked to do: task, classes, positive label and threshold."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from govkit.config import Config, Label
from govkit.core.errors import UsageProblem
from govkit.core.evidence import Message
from govkit.core.record import Inference, TaskName
from govkit.inputs.model import MULTILABEL, OUTLIER_DETECTOR

if TYPE_CHECKING:
    from govkit.inputs.dataset import Dataset
    from govkit.inputs.model import Described

MESSAGES = {
    "task.from_model": "Judged from the model: {estimator}.",
    "task.from_target": "Judged from the {values} distinct values of the target.",
    "task.positive_last": "The last of the model's two classes.",
    "task.anomaly_label": "The target's value for unusual rows, by the custom that is most frequent.",
}
MAX_CLASSES_WITHOUT_MODEL = 20
BINARY = 2
KINDS: "Mapping[str, TaskName]" = {MULTILABEL: "multilabel", OUTLIER_DETECTOR: "anomaly"}
"""Tasks that follow from the kind of model, whatever the number of its classes."""
NORMAL_AND_UNUSUAL: "tuple[tuple[Label, Label], ...]" = ((0, 1), (1, -1), ("0", "1"), (False, True))
"""How targets mark unusual rows, as normal and unusual value."""


@dataclass(frozen=True)
class Task:
    """The task with its classes in the model's order."""

    name: TaskName
    classes: tuple[Label, ...] = ()
    names: tuple[str, ...] = ()
    """How each class may be shown: its declared name, else `class 1`, `class 2`, ...; multilabel: names of columns."""
    positive: int = 1
    """Binary and anomaly: index of the positive class; unusual rows are the positive class."""
    threshold: float | None = None
    """Binary: declared probability from which the positive class is predicted; None leaves it to the model."""

    @property
    def is_classification(self) -> bool:
        """Whether one of several classes is predicted for each row."""
        return self.name in ("binary", "multiclass")


def resolve(
    config: Config,
    described: "Described | None",
    test: "Dataset",
    target: str | None,
    labels: tuple[str, ...] = (),
) -> tuple[Task | None, tuple[Inference, ...]]:
    """Give the task and what was inferred; None where there is neither a model nor a target.

    Args:
        config: may declare task, classes, positive label and threshold.
        described: the model, where there is one.
        test: the hold-out rows.
        target: the column of the true values.
        labels: the columns of the true values where there are several, for multilabel tasks.

    Raises:
        UsageProblem: the declared task or label doesn't fit the model.
    """
    inferred: list[Inference] = []
    by_kind = KINDS.get(described.kind) if described else "multilabel" if labels else None
    if by_kind or (config.task in KINDS.values() and described is None):
        return _special(config, by_kind, (described, test, target, labels), inferred)
    classes = _classes(config, described, test, target)
    name = config.task or _name(described, classes, test, target, inferred)
    if name is None:
        return None, ()
    if name == "regression":
        return Task("regression"), tuple(inferred)
    if (len(classes) == BINARY) != (name == "binary") or name in KINDS.values():
        raise _unfit(name, f"which knows {len(classes)} classes")
    positive = _positive(config, classes, inferred) if name == "binary" else 1
    names = tuple(_shown(config, label, index) for index, label in enumerate(classes))
    return Task(name, classes, names, positive, config.decision_threshold), tuple(inferred)


def _special(
    config: Config,
    by_kind: TaskName | None,
    found: "tuple[Described | None, Dataset, str | None, tuple[str, ...]]",
    inferred: list[Inference],
) -> tuple[Task, tuple[Inference, ...]]:
    """Give a task whose classes don't come from the model: several labels a row, or unusual rows."""
    described, test, target, labels = found
    name = config.task or by_kind
    if name is None or (by_kind and name != by_kind):
        kind = f"which is one of kind {described.kind}" if described else "which gives several labels a row"
        raise _unfit(str(name), kind)
    if config.task is None and described is not None:
        estimator = described.estimator.rsplit(".", 1)[-1] or described.kind
        basis = Message(id="task.from_model", args={"estimator": estimator})
        inferred.append(Inference(field="task", value=name, basis=basis))
    if name == "anomaly":
        pair = _normal_and_unusual(config, test, target, inferred)
        return Task("anomaly", pair, ("usual", "unusual"), 1, config.decision_threshold), tuple(inferred)
    if described is not None and len(labels) != len(described.classes):
        raise UsageProblem(
            f"columns.labels names {len(labels)} columns, and the model gives {len(described.classes)} labels a row",
            hint="name every label's column, in the model's order",
        )
    return Task("multilabel", labels, labels), tuple(inferred)


def _unfit(name: str, what: str) -> UsageProblem:
    return UsageProblem(f"task: {name} does not fit the model, {what}", hint="correct or remove the line")


def _normal_and_unusual(
    config: Config, test: "Dataset", target: str | None, inferred: list[Inference]
) -> tuple[Label, Label]:
    """Give the target's two values, that of unusual rows last.

    Raises:
        UsageProblem: they can't be told.
    """
    values: list[Label] = [] if target is None else test.frame[target].dropna().unique().tolist()
    if config.positive_label is not None:
        others = [value for value in values if not same(value, config.positive_label)]
        if len(others) <= 1:
            return next(iter(others), "usual"), config.positive_label
    elif not values:
        return NORMAL_AND_UNUSUAL[0]
    else:
        for pair in NORMAL_AND_UNUSUAL:
            if all(any(same(value, label) for label in pair) for value in values):
                basis = Message(id="task.anomaly_label")
                inferred.append(Inference(field="positive_label", value=str(pair[1]), basis=basis))
                return pair
    raise UsageProblem(
        "it can't be told which value of the target marks unusual rows",
        hint="the target needs two values; add the line to govkit.yaml: positive_label: VALUE",
    )


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
