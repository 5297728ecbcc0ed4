"""Signs that TRAIN is not what the model was fitted on, so that finding nothing would mean nothing."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from govkit.checks.privacy._sample import Sides
from govkit.config import Config
from govkit.core.evidence import Finding, Message, Severity
from govkit.inputs.predictions import Predictions
from govkit.inputs.task import Task

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CERTAIN = 1e-4
"""Chance of a worse result on TRAIN by luck, below which luck is no explanation."""


def doubts(sides: Sides, config: Config, task: Task) -> Iterator[Finding]:
    """Say what speaks against TRAIN: a digest that was recorded for another file, or a worse result than on DATA."""
    train = sides[0][0]
    recorded = config.provenance.digests.get(train.name)
    if recorded is not None and recorded.lower() != train.sha256:
        yield _finding("MIA-010", "privacy.digest")
    if train_is_worse(sides, task):
        yield _finding("MIA-011", "privacy.train_worse")


def train_is_worse(sides: Sides, task: Task) -> bool:
    """Tell whether the model does worse on TRAIN than on DATA, by more than luck."""
    (_, known), (_, held_out) = sides
    return _worse(_mistakes(known, task), _mistakes(held_out, task))


def _mistakes(answers: Predictions, task: Task) -> "NDArray[np.float64]":
    import numpy as np

    if task.is_classification:
        return np.asarray(answers.truth != answers.predicted, dtype=np.float64)
    return np.abs(np.asarray(answers.truth - answers.predicted, dtype=np.float64))


def _worse(train: "NDArray[np.float64]", other: "NDArray[np.float64]") -> bool:
    from scipy.stats import ttest_ind

    if min(len(train), len(other)) < 2 or not (train.std() or other.std()):  # noqa: PLR2004 - a variance takes two
        return False
    return bool(ttest_ind(train, other, equal_var=False, alternative="greater").pvalue < CERTAIN)


def _finding(rule: str, message: str) -> Finding:
    return Finding(rule=rule, severity=Severity.MEDIUM, message=Message(id=message), where="TRAIN")
