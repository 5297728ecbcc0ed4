"""The audited model's own numbers where they decide its answers, and the classes held against a row's own."""

from typing import TYPE_CHECKING

from govkit.checks.robustness._encoding import Inside, agreeing, inside_of
from govkit.checks.robustness._oracle import Asked

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

EVEN_ODDS = 0.5


def opened(asked: Asked) -> "tuple[Inside, NDArray[np.bool_]] | None":
    """Give the numbers, and for which attacked rows they lead to the model's answers.

    None where the model does not show them, or where something else than the largest score decides.
    """
    if not asked.task.is_classification or asked.task.threshold not in {None, EVEN_ODDS}:
        return None
    inside = inside_of(asked.model)
    if inside is None or _read_as_marks(inside, asked):
        return None
    return inside, agreeing(inside, asked.rows, asked.model, [int(label) for label in asked.goal.predicted])


def _read_as_marks(inside: Inside, asked: Asked) -> bool:
    """Say whether a column moves as a number while the model takes its values for categories."""
    columns, space = names(asked), asked.space
    moving = {name for at, name in enumerate(space.names) if space.number[at]}
    sources = zip(inside.encoding.source.tolist(), inside.encoding.tables, strict=True)
    return any(table is not None and columns[source] in moving for source, table in sources)


def names(asked: Asked) -> list[str]:
    """Give the names of the model's columns in order."""
    return [str(name) for name in asked.rows.columns]


def rivals(asked: Asked, label: int, outputs: int) -> list[int]:
    """Give the classes that would do for an attacker in place of a row's own."""
    if asked.goal.harmful is not None:
        return [asked.goal.harmful]
    return [one for one in range(max(outputs, 2)) if one != label]


def difference(values: "NDArray[np.float64]", label: int, rival: int) -> "NDArray[np.float64]":
    """Give by how much the last axis favours a label over a rival; with a single output its sign decides."""
    if values.shape[-1] == 1:
        own: NDArray[np.float64] = values[..., 0] if label == 1 else -values[..., 0]
        return own
    result: NDArray[np.float64] = values[..., label] - values[..., rival]
    return result


def leaves_for(values: "NDArray[np.float64]", label: int, rival: int, trees: int) -> "NDArray[np.float64]":
    """Give by how much every leaf favours a label; of a single tree one leaf decides, so only its side counts."""
    import numpy as np

    value = difference(values, label, rival)
    if trees > 1:
        return value
    return np.where((value > 0) | ((value == 0) & (label < rival)), 1.0, -1.0)  # ties go to the first class


def wins_ties(asked: Asked, label: int, rival: int) -> bool:
    """Say whether a tie is answered with a rival: the first class wins it, with a threshold the positive one."""
    return rival < label if asked.task.threshold is None else rival == asked.task.positive
