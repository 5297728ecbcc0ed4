"""Everything under audit, opened once and handed to checks by name."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from govkit.config import Config, Split
from govkit.core.digest import sha256, sha256_of
from govkit.core.errors import UsageProblem
from govkit.core.evidence import Message
from govkit.core.frozen import Frozen
from govkit.core.record import Inference
from govkit.inputs import champion, columns, task
from govkit.inputs.artifact import open_model
from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset, read_dataset
from govkit.inputs.disclosure import Disclosure
from govkit.inputs.environment import Environment, current
from govkit.inputs.metadata import Metadata, read_metadata
from govkit.inputs.model import Artifact, Model
from govkit.inputs.model_source import open_source, settled
from govkit.inputs.predictions import Predictions, answers
from govkit.inputs.recorded import Recorded
from govkit.inputs.task import Task
from govkit.inputs.training import read_training
from govkit.plugins.check import NotApplicable, NotDeclared, NotPossible

if TYPE_CHECKING:
    import pandas as pd

MESSAGES = {
    "input.no_model": "No model was given.",
    "input.model_refused": "The model was refused, so nothing could be asked of it.",
    "input.model_unavailable": "The model could not be asked: {why}.",
    "input.no_queries": "There are recorded predictions only, and no model to query.",
    "input.no_model_file": "The model was given as {what}, so there is no model file to look into.",
    "input.no_train_predictions": "The predictions file holds no predictions of the rows of TRAIN.",
    "input.no_train": "The rows that the model was trained on were not given.",
    "input.no_target": "The column that the model predicts is not known.",
    "input.no_production": "No rows from production were given.",
    **champion.MESSAGES,
}


_GIVEN = {"predictions": "recorded predictions", "function": "a Python function", "service": "a URL"}


class Request(Frozen):
    """What to audit, as files and declarations; enough for another process to open the same subject."""

    model: str | None
    """A model file or folder, a predictions file, `package.module:function`, or a URL."""
    data: Path
    train: Path | None = None
    config: Config = Config()
    root: Path
    """Folder of govkit.yaml, or of the data: where relative paths and metadata are looked for."""
    as_of: date
    trust: tuple[str, ...] = ()
    """Exact globals that the user vouches for."""
    champion: Path | None = None
    """The model in use; else as govkit.yaml says."""
    model_trust: str = "allowlist"
    """`sandbox-only`: load whatever the file names, if isolation is full."""


@dataclass
class Subject:
    """The named inputs. Each is made on first use."""

    request: Request
    artifact: Artifact | None
    model: Model | None
    recorded: Recorded | None
    test: Dataset
    train: Dataset | None
    columns: Columns
    task: Task | None
    inferred: tuple[Inference, ...]
    suggestions: tuple[Message, ...]
    _digests: dict[str, str] = field(default_factory=dict)

    @property
    def config(self) -> Config:
        """The resolved govkit.yaml."""
        return self.request.config

    @cached_property
    def metadata(self) -> Metadata:
        """Declared provenance."""
        return read_metadata(self.request.data, self.config, self.request.root)

    @cached_property
    def environment(self) -> Environment:
        """Versions."""
        return current()

    @cached_property
    def disclosure(self) -> Disclosure:
        """Which cell values may be shown."""
        return Disclosure(self.config)

    @cached_property
    def predictions(self) -> Predictions:
        """The model's answers on DATA."""
        return answers(self._need_answers(self.test), self.test, self.columns, self._need_task())

    @cached_property
    def train_predictions(self) -> Predictions:
        """The model's answers on TRAIN."""
        return answers(self._need_answers(self._need_train()), self._need_train(), self.columns, self._need_task())

    def get(self, name: str) -> object:
        """Give an input of the vocabulary.

        Raises:
            NotDeclared: it was not given; carries the line to add.
            NotPossible: it was given and can't be used.
            ModelUnavailable: the model died while answering.
        """
        makers: dict[str, Callable[[], object]] = {
            "artifact": self._need_model_file,
            "model": self._need_model,
            "train": self._need_train,
            "task": self._need_task,
            "production": self._need_production,
            "champion": self._need_champion,
            "champion_artifact": self._need_champion_artifact,
            "regression_set": self._need_regression_set,
            "as_of": lambda: self.request.as_of,
        }
        maker = makers.get(name)
        return maker() if maker else getattr(self, name)

    def repeats(self, names: tuple[str, ...]) -> bool:
        """Say whether equal digests of these inputs mean equal inputs: a service or a function may have changed."""
        pinned = self.artifact is None or self.artifact.is_pinned
        return pinned or not {"artifact", "model", "predictions", "train_predictions"}.intersection(names)

    def digest(self, name: str) -> str:
        """Give the digest of an input, for evidence and for the journal's key."""
        if name not in self._digests:
            self._digests[name] = self._digest(name)
        return self._digests[name]

    def _digest(self, name: str) -> str:
        parts: dict[str, Callable[[], str]] = {
            "artifact": lambda: self._file_digest(self._need_model_file()),
            "model": self._model_digest,
            "test": lambda: self._view(self.test),
            "train": lambda: self._view(self._need_train()),
            "production": lambda: self._view(self._need_production()),
            "champion": lambda: self._need_champion_artifact().sha256,
            "champion_artifact": lambda: self._need_champion_artifact().sha256,
            "champion_predictions": lambda: self._joint("champion", "test", "task"),
            "regression_set": lambda: self._view(self._need_regression_set()),
            "predictions": lambda: self._joint("model", "test", "task"),
            "train_predictions": lambda: self._joint("model", "train", "task"),
            "columns": lambda: sha256(repr(self.columns).encode()),
            "task": lambda: sha256(repr(self.task).encode()),
            "metadata": lambda: self.metadata.digest,
            "config": lambda: sha256_of(self.config),
            "disclosure": lambda: sha256_of(self.config.columns),
            "environment": lambda: sha256_of({"python": self.environment.python, **self.environment.packages}),
        }
        return parts[name]()

    def open_declared(self) -> None:
        """Open the other declared files now, so that a wrong path is said before any work is done."""
        for name in ("production", "regression_set", "_champion"):
            getattr(self, name)

    def close(self) -> None:
        """End the models' processes."""
        opened = self.__dict__.get("_champion")
        for model in (self.model, opened[1] if opened else None):
            if model is not None:
                model.release()

    def _file_digest(self, found: Artifact) -> str:
        """Tell apart what was refused from what the user let through."""
        if found.trust == "allowlist" and not found.trusted:
            return found.sha256
        return sha256(f"{found.sha256}{found.trust}{found.trusted!r}".encode())

    def _model_digest(self) -> str:
        training = read_training(self.config.training_function, self.request.root)
        file = self._file_digest(self._need_artifact())
        return sha256(f"{file}{training.sha256}".encode()) if training else file

    def _joint(self, *names: str) -> str:
        return sha256("".join(self.digest(name) for name in names).encode())

    def _view(self, dataset: Dataset) -> str:
        split = self.config.train.model_dump_json() if isinstance(self.config.train, Split) else ""
        return sha256(f"{dataset.sha256}{split}{self.columns!r}{self.config.csv!r}".encode())

    def _need_artifact(self) -> Artifact:
        if self.artifact is None:
            raise NotDeclared("input.no_model", command="govkit audit MODEL DATA")
        return self.artifact

    def _need_model_file(self) -> Artifact:
        found = self._need_artifact()
        if found.source != "file":
            raise NotApplicable("input.no_model_file", what=_GIVEN[found.source])
        return found

    def _need_answers(self, dataset: Dataset) -> "Model | Recorded":
        if self.recorded is None:
            return self._need_model()
        if not self.recorded.covers(dataset):
            raise NotDeclared("input.no_train_predictions")
        return self.recorded

    def _need_model(self) -> Model:
        found = self._need_artifact()
        if found.source == "predictions":
            raise NotApplicable("input.no_queries")
        if found.refused:
            raise NotPossible("input.model_refused")
        if self.model is None:
            raise NotPossible("input.model_unavailable", why=found.unavailable)
        return self.model

    def _need_train(self) -> Dataset:
        if self.train is None:
            raise NotDeclared("input.no_train", ask="train: train.csv")
        return self.train

    def _need_task(self) -> Task:
        if self.task is None or (self.columns.target is None and not self.columns.labels):
            raise NotDeclared("input.no_target", ask="target: NAME")
        return self.task

    @cached_property
    def production(self) -> Dataset | None:
        """The declared sample of rows from production."""
        config = self.config
        if config.production is None:
            return None
        return read_dataset(self.request.root / config.production, role="production", options=config.csv)

    def _need_production(self) -> Dataset:
        if self.production is None:
            raise NotDeclared("input.no_production", ask="production: production.csv")
        return self.production

    @cached_property
    def champion_predictions(self) -> Predictions:
        """The champion's answers on DATA."""
        found = champion.answers_in_order(self._need_champion(), self.test, self.columns, self._need_task())
        if found is None:
            raise NotPossible("input.champion_classes")
        return found

    @cached_property
    def regression_set(self) -> Dataset | None:
        """The declared rows that must not be forgotten."""
        config = self.config
        if config.regression_set is None:
            return None
        return read_dataset(self.request.root / config.regression_set, role="regression", options=config.csv)

    def _need_regression_set(self) -> Dataset:
        if self.regression_set is None:
            raise NotApplicable("input.no_regression_set")
        return self.regression_set

    @cached_property
    def _champion(self) -> tuple[Artifact, Model | None] | None:
        request = self.request
        declared = None if self.config.champion is None else request.root / self.config.champion
        path = request.champion or declared
        return open_model(path, trust=request.trust) if path else None

    def _need_champion_artifact(self) -> Artifact:
        if self._champion is None:
            raise NotApplicable("input.no_champion")
        return self._champion[0]

    def _need_champion(self) -> Model:
        self._need_champion_artifact()
        assert self._champion is not None
        if self._champion[1] is None:
            raise NotPossible("input.champion_refused")
        return self._champion[1]


@contextmanager
def open_subject(request: Request) -> Iterator[Subject]:
    """Read the data, start the model in its own process, resolve roles; end the process at the end.

    Raises:
        UsageProblem: a declaration is missing or contradicts the data.
        InputProblem: a file can't be read, or the model is no model.
    """
    test, train = _data(request)
    training = read_training(request.config.training_function, request.root)
    opened = open_source(
        request.model,
        request.config,
        (test, train),
        trust=request.trust,
        training=training,
        model_trust=request.model_trust,
    )
    try:
        resolved, inferred, suggestions = columns.resolve(test, request.config, opened.described)
        opened, more = settled(opened, request.config, test, resolved)
        resolved_task, others = task.resolve(request.config, opened.described, test, resolved.target, resolved.labels)
        subject = Subject(
            request=request,
            artifact=opened.artifact,
            model=opened.model,
            recorded=opened.recorded,
            test=test,
            train=train,
            columns=resolved,
            task=resolved_task,
            inferred=(*inferred, *more, *others),
            suggestions=suggestions,
        )
        with closing(subject):
            subject.open_declared()
            yield subject
    finally:
        opened.close()


def _data(request: Request) -> tuple[Dataset, Dataset | None]:
    config = request.config
    data = read_dataset(request.data, role="test", options=config.csv)
    if request.train is not None:
        return data, read_dataset(request.train, role="train", options=config.csv)
    if config.train is None:
        return data, None
    if isinstance(config.train, str):
        return data, read_dataset(request.root / config.train, role="train", options=config.csv)
    return _split(data, config.train)


def _split(data: Dataset, split: Split) -> tuple[Dataset, Dataset]:
    if split.column not in data.columns:
        raise UsageProblem(
            f"train.column names {split.column!r}, which {data.name} does not have", hint="correct the line"
        )
    marked: pd.Series[bool] = data.frame[split.column].map(lambda value: task.same(value, split.value))
    mask = marked.to_numpy(dtype=bool)
    if mask.all() or not mask.any():
        raise UsageProblem(
            f"train: {split.column} marks {'every' if mask.all() else 'no'} row of {data.name} as training",
            hint="correct train.value in govkit.yaml",
        )
    return data.take(~mask, role="test"), data.take(mask, role="train")
