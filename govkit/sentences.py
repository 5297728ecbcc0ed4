"""The templates of every sentence that a record uses, gathered from the modules that speak."""

from collections.abc import Iterator, Mapping
from importlib import import_module

from govkit.plugins.check import CHECKS

SPEAKERS = (
    "govkit.assessment.assess",
    "govkit.assessment.attestations",
    "govkit.assessment.criteria",
    "govkit.assessment.facts",
    "govkit.assessment.rollup",
    "govkit.assessment.waivers",
    "govkit.inputs.answering",
    "govkit.inputs.columns",
    "govkit.inputs.dataset",
    "govkit.inputs.function",
    "govkit.inputs.metadata",
    "govkit.inputs.rationed",
    "govkit.inputs.recorded",
    "govkit.inputs.service",
    "govkit.inputs.subject",
    "govkit.inputs.task",
    "govkit.runner.one",
)
"""Modules with a `MESSAGES` table; checks declare theirs in `@check`."""


def templates() -> dict[str, str]:
    """Give every known template by message id."""
    known: dict[str, str] = {}
    for name in SPEAKERS:
        known.update(getattr(import_module(name), "MESSAGES", {}))
    for found in CHECKS.all().values():
        known.update(found.messages)
    return known


def used(plain: object) -> dict[str, str]:
    """Give the templates of the messages that stand in plain JSON data, by id."""
    known = templates()
    return {name: known[name] for name in sorted(set(_ids(plain))) if name in known}


def _ids(plain: object) -> Iterator[str]:
    if isinstance(plain, Mapping):
        if plain.keys() == {"id", "args"}:
            yield str(plain["id"])
        for item in plain.values():
            yield from _ids(item)
    elif isinstance(plain, list | tuple):
        for item in plain:
            yield from _ids(item)
