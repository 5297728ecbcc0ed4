"""Public data sets with documented faults, as they come with govkit, and how they are recognised."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files

FILE = "known_data.yaml"
ENOUGH = 0.8
"""Share of a set's marks that have to be there; exports leave a column out or rename one."""


@dataclass(frozen=True)
class KnownData:
    """A public data set and what is documented about it."""

    title: str
    reference: str
    marks: tuple[str, ...]
    """Columns that it is known by."""
    columns: Mapping[str, str]
    """What is wrong with a column, by its plain name."""
    unfit: frozenset[str]
    """Plain names of the columns that shouldn't be features."""
    whole: tuple[str, ...]

    @cached_property
    def plain_marks(self) -> frozenset[str]:
        """The marks as they are compared."""
        return frozenset(map(plain, self.marks))


def plain(name: str) -> str:
    """Give a column's name without case, spaces and punctuation: `Fixed Acidity` as `fixedacidity`."""
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def recognised(columns: Iterable[str]) -> KnownData | None:
    """Give the listed data set that has these columns; the one with the most marks where several do."""
    there = {plain(name) for name in columns}
    held = [(len(known.plain_marks & there), known) for known in shipped()]
    enough = [(count, known) for count, known in held if count >= ENOUGH * len(known.plain_marks)]
    return max(enough, key=lambda found: found[0])[1] if enough else None


@cache
def shipped() -> tuple[KnownData, ...]:
    """Read the list."""
    import yaml

    listed = yaml.safe_load((files("govkit.inputs") / FILE).read_text(encoding="utf-8"))["data_sets"]
    return tuple(
        KnownData(
            title=item["title"],
            reference=item["reference"],
            marks=tuple(item["marks"]),
            columns={plain(name): said for name, said in item.get("columns", {}).items()},
            unfit=frozenset(map(plain, item.get("unfit", ()))),
            whole=tuple(item.get("whole", ())),
        )
        for item in listed
    )
