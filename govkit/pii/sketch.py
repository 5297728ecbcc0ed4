"""What is kept of a column while its cells stream past: bounded, the same in any order, and never written out."""

import hashlib
import heapq
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Final

from govkit.pii.gates import Hits, candidates, hits

if TYPE_CHECKING:
    import pyarrow as pa

SAMPLE: Final = 1_000
"""Distinct values kept of a column: those with the smallest digests, so that parts can be merged in any order."""
LOOKED_AT: Final = 2_048
"""Most distinct values of one batch that may enter the sample."""
EXAMPLES: Final = 3
LONGEST_KEPT: Final = 400
"""Characters of a value that the sample keeps."""


def place_of(value: str) -> int:
    """Give a value's place among all values; the same in every process."""
    return int.from_bytes(hashlib.blake2b(value.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


def masked(value: str, longest: int = 24) -> str:
    """Give the shape of a value: letters as `x` or `X`, digits as `9`, marks as they are."""
    shape = "".join(
        "9" if mark.isdigit() else "X" if mark.isupper() else "x" if mark.isalnum() else mark if mark.isascii() else "·"
        for mark in value[: longest + 1]
    )
    return shape if len(value) <= longest else f"{shape[:longest]}…"


def pseudonym(value: str, key: bytes) -> str:
    """Give a keyed digest: equal for equal values of one run, and meaningless without the run's key."""
    return hmac.new(key, value.encode("utf-8", "surrogatepass"), "sha256").hexdigest()[:12]


@dataclass
class Found:
    """What was counted of one entity inside a column's cells."""

    cells: int = 0
    unread: int = 0
    examples: list[tuple[int, str]] = field(default_factory=list, repr=False)
    """A few values with their places; they leave the process only as shapes and digests."""

    def add(self, cells: int, unread: int, examples: Iterable[tuple[int, str]]) -> None:
        """Count more."""
        self.cells += cells
        self.unread += unread
        self.examples = sorted({*self.examples, *examples})[:EXAMPLES]


@dataclass
class Sketch:
    """A column so far."""

    size: int = SAMPLE
    """Most values in the sample."""
    cells: int = 0
    present: int = 0
    sample: dict[str, int] = field(default_factory=dict, repr=False)
    """Values by place: those with the smallest places."""
    full: bool = False
    """There were more distinct values than the sample holds."""
    found: dict[str, Found] = field(default_factory=dict)

    def add(self, cells: "pa.Array") -> "tuple[pa.Array, pa.Array]":
        """Take in a batch's cells; give its distinct values with the number of cells that hold each."""
        import pyarrow as pa
        import pyarrow.compute as pc

        counted = pc.value_counts(cells)
        values, counts = counted.field("values"), counted.field("counts")
        absent = pc.is_in(values, value_set=_missing())
        if pc.any(absent).as_py():
            kept = pc.invert(absent)
            values, counts = values.filter(kept), counts.filter(kept)
        self.cells += len(cells)
        self.present += pc.sum(counts).as_py() or 0
        self._enter(values)
        return values, pa.array(counts)

    def search(self, values: "pa.Array", counts: "pa.Array", claimed: frozenset[str]) -> None:
        """Count the entities inside distinct values that could hold any."""
        for hit in hits(values, counts, claimed):
            self._count(hit)

    def merge(self, other: "Sketch") -> None:
        """Take in another part's sketch of the same column."""
        self.cells += other.cells
        self.present += other.present
        self.full = self.full or other.full
        self.sample |= other.sample
        self._trim()
        for entity, found in other.found.items():
            self.found.setdefault(entity, Found()).add(found.cells, found.unread, found.examples)

    @property
    def values(self) -> tuple[str, ...]:
        """The sample, stripped, in a fixed order."""
        ordered = sorted(self.sample, key=lambda value: (self.sample[value], value))
        return tuple(dict.fromkeys(text for text in (value.strip() for value in ordered) if text))

    @property
    def distinct(self) -> int:
        """Distinct values; an estimate from the sample's places where it is full."""
        if not self.full or not self.sample:
            return len(self.sample)
        return int((len(self.sample) - 1) / (max(self.sample.values()) / 2**64))

    def _enter(self, values: "pa.Array") -> None:
        step = max(1, -(-len(values) // LOOKED_AT))
        self.full = self.full or step > 1
        highest = max(self.sample.values(), default=0) if len(self.sample) >= self.size else 2**64
        for value in values[::step].to_pylist() if step == 1 else values.take(_every(len(values), step)).to_pylist():
            kept = value[:LONGEST_KEPT]
            place = place_of(kept)
            if place < highest:
                self.sample[kept] = place
            else:
                self.full = True
        self._trim()

    def _trim(self) -> None:
        if len(self.sample) > self.size:
            self.full = True
            self.sample = dict(heapq.nsmallest(self.size, self.sample.items(), key=lambda item: (item[1], item[0])))

    def _count(self, hit: Hits) -> None:
        examples = [(place_of(value), value[:LONGEST_KEPT]) for value in hit.values[:LOOKED_AT]]
        self.found.setdefault(hit.entity, Found()).add(hit.cells, hit.unread, examples)


def _every(count: int, step: int) -> "pa.Array":
    import pyarrow as pa

    return pa.array(range(0, count, step), pa.int64())


@cache
def _missing() -> "pa.Array":
    import pyarrow as pa

    from govkit.inputs.dataset import MISSING

    return pa.array([*sorted(MISSING), None], pa.large_string())


def read_batch(
    sketches: dict[str, Sketch], columns: "Mapping[str, pa.Array]", claimed: Mapping[str, frozenset[str]], size: int
) -> None:
    """Take in a batch of a table.

    Args:
        sketches: by column; new columns are added.
        columns: the batch.
        claimed: by column, entity types that it is claimed for as a whole.
        size: most values in a sample.
    """
    import pyarrow.compute as pc

    counted = {name: sketches.setdefault(name, Sketch(size)).add(cells) for name, cells in columns.items()}
    worth = [
        name for name, (values, _) in counted.items() if (pc.max(pc.binary_length(values)).as_py() or 0) >= SHORTEST
    ]
    masks = candidates([counted[name][0] for name in worth])
    for name, mask in zip(worth, masks, strict=True):
        if pc.any(mask).as_py():
            values, counts = counted[name]
            sketches[name].search(values.filter(mask), counts.filter(mask), claimed.get(name, frozenset()))


SHORTEST: Final = 5
"""Characters of the shortest text that can hold an entity: `a@b.c`."""


def merge_all(parts: Iterable[Mapping[str, Sketch]]) -> dict[str, Sketch]:
    """Merge the sketches of parts, column by column, in the order in which columns first come up."""
    whole: dict[str, Sketch] = {}
    for part in parts:
        for name, sketch in part.items():
            whole.setdefault(name, Sketch(sketch.size)).merge(sketch)
    return whole
