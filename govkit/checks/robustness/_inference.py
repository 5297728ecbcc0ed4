"""Infers from reference rows what may change in a row, and narrows it to what is declared."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from govkit.checks.robustness._linked import Links
from govkit.checks.robustness._space import Categories, Group, Space
from govkit.config import Robustness
from govkit.core.errors import UsageProblem
from govkit.inputs.columns import Columns
from govkit.inputs.constraints import NUMBERS, formulas_of

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

NORMAL_IQR = 1.349
"""Interquartile range of a standard normal variable."""
NORMAL_90 = 3.290
"""Its range from the 5% to the 95% quantile."""
HELD_SHARE = 0.5
"""Share of a column's most frequent value from which that value means `nothing there` and is left alone."""


def space_of(
    reference: "pd.DataFrame", columns: Columns, declared: Robustness | None = None, frozen: Iterable[str] = ()
) -> Space:
    """Infer the space from reference rows, TRAIN where there is one, and narrow it to what is declared.

    The scale is the interquartile range over 1.349, else the 5% to 95% range over 3.29, else the standard deviation.

    Args:
        reference: rows with every feature.
        columns: roles and kinds.
        declared: the section `robustness` of govkit.yaml, already held against the data.
        frozen: columns that stay besides the declared ones.

    Raises:
        UsageProblem: a frozen column is not in the data.
    """
    stays = set(frozen)
    for name in sorted(stays - set(columns.kinds)):
        raise UsageProblem(f"`frozen` names the column {name!r}, which the data does not have", hint="correct the line")
    return _Builder(reference, columns, declared or Robustness(), stays).space()


class _Builder:
    """Puts a space together from reference rows and declarations."""

    def __init__(self, reference: "pd.DataFrame", columns: Columns, declared: Robustness, frozen: set[str]) -> None:
        self._reference, self._columns, self._declared = reference, columns, declared
        self._stays = frozen | set(declared.immutable)
        self._formulas = formulas_of(declared)
        self._grouped = {name for group in declared.one_hot for name in group}
        heads = {group[0] for group in declared.one_hot}
        self._swappable = [name for name in declared.category_swaps.columns if name not in self._grouped | self._stays]
        self._groups = [
            group
            for group in declared.one_hot
            if group[0] in declared.category_swaps.columns and not self._stays & set(group)
        ]
        assert heads <= self._grouped

    def space(self) -> Space:
        """Give the space."""
        import numpy as np

        movable = [name for name in self._columns.features if self._moves(name)]
        active = self._active(movable)
        facts = [self._facts(name) for name in active]
        scale, low, high, integer, held = (np.array(part) for part in zip(*facts, strict=True)) if facts else _nothing()
        place = {name: at for at, name in enumerate(active)}
        declared = self._declared
        return Space(
            names=active,
            number=np.array([name in movable for name in active], dtype=bool),
            integer=integer.astype(bool),
            scale=scale,
            low=low,
            high=high,
            rises=np.array([declared.direction.get(name) != "decrease" and self._may(name) for name in active], bool),
            falls=np.array([declared.direction.get(name) != "increase" and self._may(name) for name in active], bool),
            most=np.array([declared.max_change.get(name, np.inf) for name in active], dtype=np.float64),
            held=held,
            cost=np.array([declared.cost.get(name, 1.0) for name in active], dtype=np.float64),
            categories=tuple(self._categories(name, place[name]) for name in self._swappable),
            groups=tuple(self._group(group, place) for group in self._groups),
            links=Links.of(declared, self._formulas, place, self._reference),
            swaps=declared.category_swaps.at_once,
        )

    def _may(self, name: str) -> bool:
        return name not in self._stays

    def _moves(self, name: str) -> bool:
        """Say whether a column moves as a number: one with a spread, that nothing else fixes or works out."""
        import numpy as np

        column = self._reference[name]
        if self._columns.kinds.get(name) not in NUMBERS or column.dtype.kind not in "iuf":
            return False
        if name in self._stays | self._grouped | set(self._formulas) | set(self._swappable):
            return False
        cells = column.to_numpy(dtype="float64", na_value=float("nan"))
        seen = np.unique(cells[np.isfinite(cells)])
        # a column of 0 and 1 is a mark and no amount
        return len(seen) > 1 and not (len(seen) == 2 and seen[0] == 0 and seen[1] == 1)  # noqa: PLR2004

    def _active(self, movable: list[str]) -> tuple[str, ...]:
        wanted = set(movable) | set(self._swappable) | {name for group in self._groups for name in group}
        wanted |= set(self._formulas) | {name for formula in self._formulas.values() for name in formula.columns}
        wanted |= {name for pair in self._declared.less_equal for name in pair}
        wanted |= {name for added in self._declared.sums for name in added.parts}
        return tuple(name for name in self._columns.features if name in wanted)

    def _facts(self, name: str) -> tuple[float, float, float, bool, float]:
        import numpy as np

        if name in self._swappable:
            return 1.0, -np.inf, np.inf, False, float("nan")
        cells = self._reference[name].to_numpy(dtype="float64", na_value=float("nan"))
        cells = cells[np.isfinite(cells)]
        if not len(cells):
            return 1.0, -np.inf, np.inf, False, float("nan")
        low, high = self._declared.bounds.get(name, (None, None))
        low, high = cells.min() if low is None else low, cells.max() if high is None else high
        return scale_of(cells), float(low), float(high), bool((cells % 1 == 0).all()), self._held(name, cells)

    def _held(self, name: str, cells: "NDArray[np.float64]") -> float:
        import numpy as np

        if self._declared.hold_zero is not None:
            return 0.0 if name in self._declared.hold_zero else float("nan")
        seen, counts = np.unique(cells, return_counts=True)
        mode = counts.argmax()
        return float(seen[mode]) if counts[mode] >= HELD_SHARE * len(cells) else float("nan")

    def _categories(self, name: str, column: int) -> Categories:
        import numpy as np

        counts = self._reference[name].value_counts()
        values = sorted(counts.index.tolist(), key=str)
        common = np.array([counts[value] >= self._declared.category_swaps.support for value in values], dtype=bool)
        allowed = _pairs(self._declared.category_swaps.columns[name], values)
        return Categories(column, tuple(values), allowed & common)

    def _group(self, group: Sequence[str], place: dict[str, int]) -> Group:
        import numpy as np

        common = [(self._reference[name] == 1).sum() >= self._declared.category_swaps.support for name in group]
        allowed = _pairs(self._declared.category_swaps.columns[group[0]], list(group))
        return Group(tuple(place[name] for name in group), allowed & np.array(common, dtype=bool))


def _pairs(declared: Any, values: list[object]) -> "NDArray[np.bool_]":  # noqa: ANN401 - `any` or pairs of labels
    """Give which value may become which, shape (from, to)."""
    import numpy as np

    from govkit.inputs.task import same

    allowed = np.zeros((len(values), len(values)), dtype=bool)
    if declared == "any":
        return ~np.eye(len(values), dtype=bool)
    for one, other in declared:
        from_ = [at for at, value in enumerate(values) if same(value, one)]
        to = [at for at, value in enumerate(values) if same(value, other)]
        allowed[np.ix_(from_, to)] = True
    return allowed & ~np.eye(len(values), dtype=bool)


def scale_of(cells: "NDArray[np.float64]") -> float:
    """Give the robust scale of present cells; 1 where they don't differ."""
    import numpy as np

    q05, q25, q75, q95 = np.quantile(cells, [0.05, 0.25, 0.75, 0.95])
    return float((q75 - q25) / NORMAL_IQR or (q95 - q05) / NORMAL_90 or cells.std() or 1.0)


def _nothing() -> "list[NDArray[np.float64]]":
    import numpy as np

    return [np.empty(0)] * 5
