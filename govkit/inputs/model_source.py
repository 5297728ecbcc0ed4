"""Decide by the MODEL argument what is audited: a model file, recorded predictions, a function, or a service."""

from dataclasses import dataclass, replace
from pathlib import Path

from govkit.config import Config
from govkit.core.digest import sha256, sha256_of
from govkit.core.errors import ModelUnavailable
from govkit.core.record import Inference
from govkit.inputs.answering import Answers, AnswerSource, SettledModel, settle
from govkit.inputs.artifact import open_model
from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.function import FunctionSource, is_function, open_function
from govkit.inputs.model import Artifact, Described, Model
from govkit.inputs.predictions import features_of
from govkit.inputs.recorded import Recorded, is_recorded, open_recorded
from govkit.inputs.service import open_service
from govkit.inputs.training import TrainingFunction

FIRST_ROWS = 200
"""Rows whose answers tell what answers mean, and stand in for a digest where there are no bytes to hash."""


@dataclass(frozen=True)
class Opened:
    """What stands behind MODEL, as far as it is known."""

    artifact: Artifact | None = None
    model: Model | None = None
    recorded: Recorded | None = None
    described: Described | None = None
    source: AnswerSource | None = None
    """Something whose answers have yet to be settled."""
    inferred: tuple[Inference, ...] = ()

    def close(self) -> None:
        """End its process, or let go of the connection."""
        if self.model is not None:
            self.model.release()
        elif self.source is not None:
            self.source.close()


def open_source(  # noqa: PLR0913 - what opening a model takes
    reference: str | None,
    config: Config,
    data: tuple[Dataset, Dataset | None],
    *,
    trust: tuple[str, ...] = (),
    training: TrainingFunction | None = None,
    model_trust: str = "allowlist",
) -> Opened:
    """Open what the MODEL argument names.

    Args:
        reference: the argument; None without a model.
        config: declarations.
        data: DATA and TRAIN.
        trust: exact globals that a model file may use beyond the allowlist.
        training: fits a model file's model anew where it can't be cloned.
        model_trust: `sandbox-only` loads whatever a model file names, if isolation is full.

    Raises:
        UsageProblem: the argument, or a declaration that it needs, can't be followed.
        InputProblem: what it names can't be opened or is no model.
    """
    if reference is None:
        return Opened()
    if reference.startswith(("http://", "https://")):
        artifact, service, described = open_service(reference, config.service)
        return Opened(artifact, described=described, source=service)
    if is_function(reference) and not Path(reference).exists():
        artifact, found = open_function(reference)
        if isinstance(found, FunctionSource):
            return Opened(artifact, source=found)
        return Opened(artifact, found, described=found.described)
    if is_recorded(reference):
        artifact, recorded, inferred = open_recorded(Path(reference), config, *data)
        return Opened(artifact, recorded=recorded, described=recorded.described, inferred=(inferred,))
    artifact, model = open_model(Path(reference), trust=trust, training=training, model_trust=model_trust)
    return Opened(artifact, model, described=model.described if model else None)


def settled(opened: Opened, config: Config, test: Dataset, columns: Columns) -> tuple[Opened, tuple[Inference, ...]]:
    """Ask for the first answers where their meaning isn't known yet, and give the model that they make.

    Raises:
        UsageProblem: it can't be told what the answers mean.
        InputProblem: the rows can't be put to it.
    """
    if opened.source is None or opened.artifact is None:
        return opened, opened.inferred
    rows = features_of(test, columns).iloc[:FIRST_ROWS]
    try:
        first = opened.source.ask(rows, len(columns.labels))
    except ModelUnavailable as problem:
        return replace(opened, artifact=replace(opened.artifact, unavailable=problem.message)), ()
    target = None if columns.target is None else test.frame[columns.target]
    meaning, inferred = settle(first, config, target)
    known = opened.described or meaning.described
    described = replace(meaning.described, features=known.features, n_features=known.n_features)
    model = SettledModel(opened.source, meaning, described)
    identity = sha256_of({"known": opened.artifact.sha256, "answers": _digest(first)})
    artifact = replace(opened.artifact, sha256=identity)
    return replace(opened, artifact=artifact, model=model, described=described), (inferred,)


def _digest(answers: Answers) -> str:
    labels = [] if answers.labels is None else [str(label) for label in answers.labels.tolist()]
    numbers = [] if answers.numbers is None else answers.numbers.tolist()
    return sha256(repr((labels, numbers)).encode())
