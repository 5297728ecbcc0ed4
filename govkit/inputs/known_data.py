"""Public data sets with documented faults, as they come with govkit, and how they are recognised."""

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Annotated

from pydantic import BeforeValidator

from govkit.core.frozen import Frozen
from govkit.strict_yaml import read

FILE = "known_data.yaml"
ENOUGH = 0.8
"""Share of a set's marks that have to be there; exports leave a column out or rename one."""


def plain(name: str) -> str:
    """Give a column's name without case, spaces and punctuation: `Fixed Acidity` as `fixedacidity`."""
    return "".join(letter for letter in name.casefold() if letter.isalnum())


Plain = Annotated[str, BeforeValidator(plain)]


class KnownData(Frozen):
    """A public data set and what is documented about it; columns go by their plain names."""

    title: str
    reference: str
    marks: frozenset[Plain]
    """Columns that it is known by."""
    columns: Mapping[Plain, str] = {}
    """What is wrong with a column."""
    unfit: frozenset[Plain] = frozenset()
    """Columns that shouldn't be features."""
    whole: tuple[str, ...] = ()
    """What is wrong with all of it."""


class KnownFile(Frozen):
    """The shipped list."""

    data_sets: tuple[KnownData, ...]


def recognised(columns: Iterable[str]) -> KnownData | None:
    """Give the listed data set that has these columns; the one with the most marks where several do."""
    there = {plain(name) for name in columns}
    held = [(len(known.marks & there), known) for known in shipped()]
    enough = [(count, known) for count, known in held if count >= ENOUGH * len(known.marks)]
    return max(enough, key=lambda found: found[0])[1] if enough else None


@cache
def shipped() -> tuple[KnownData, ...]:
    """Read the list."""
    return read(files("govkit.inputs") / FILE).parse(KnownFile).data_sets
