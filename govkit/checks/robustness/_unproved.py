"""Why no lower bound on the smallest change was proved for a model."""

from govkit.checks.robustness._bounds import MOST_CLASSES, SMALL
from govkit.checks.robustness._campaign import Attacked
from govkit.checks.robustness._encoding import inside_of
from govkit.checks.robustness._opened import EVEN_ODDS
from govkit.core.errors import ModelUnavailable
from govkit.core.evidence import Finding, Message, Severity
from govkit.inputs.model import Model
from govkit.inputs.structure import declined
from govkit.inputs.task import Task
from govkit.inputs.tree_ensemble import Trees

MESSAGES = {"robustness.no_bound": "No bound on the smallest change is proved: {reason}."}


def unproved(found: Attacked, exact_rows: int) -> Finding | None:
    """Say why nothing was proved, by the plan's rows to prove for large ensembles too; None where something was."""
    import numpy as np

    if not np.isnan(found.proved).all():
        return None
    reason = _of_task(found.asked.task) or _of_model(found.asked.model, exact_rows)
    message = Message(id="robustness.no_bound", args={"reason": reason})
    return Finding(rule="ROB-026", severity=Severity.INFO, message=message, where="model")


def _of_task(task: Task) -> str:
    if not task.is_classification:
        return "that is done for classifiers only"
    if task.threshold not in {None, EVEN_ODDS}:
        return f"the threshold of {task.threshold:g} decides, not the largest score"
    return f"the model tells more than {MOST_CLASSES} classes apart" if len(task.classes) > MOST_CLASSES else ""


def _of_model(model: Model, exact_rows: int) -> str:
    try:
        told = declined(model.structure())
    except ModelUnavailable:
        return "the model does not show its fitted numbers"
    if told:
        return f"the trees of the model are not read, since {told}"
    inside = inside_of(model)
    if inside is None:
        return "the model, or a step before it, is of a kind whose numbers are not read"
    if isinstance(inside.final, Trees) and len(inside.final.left) > SMALL and not exact_rows:
        return f"this budget has no work for an ensemble of more than {SMALL:,} nodes"
    return "the numbers that the model shows do not explain its scores"
