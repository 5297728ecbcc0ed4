"""Columns that depend on each other: ordered pairs, sums and formulas, and how a changed row is made to keep them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from govkit.config import Robustness
from govkit.inputs.constraints import decimals_of
from govkit.inputs.formula import Formula

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    Limits = tuple[NDArray[np.float64], NDArray[np.float64]]

SHARES = (0.6, 0.3, 0.1)
"""Parts of a change that are tried in turn where the whole of it can't be."""
SLACK = 1e-9


@dataclass(frozen=True)
class Worked:
    """A column that is worked out from others."""

    column: int
    formula: Formula
    reads: tuple[int, ...]
    decimals: int | None


@dataclass(frozen=True)
class Links:
    """Relations between columns, by position."""

    ordered: tuple[tuple[int, int], ...] = ()
    constant: tuple[tuple[int, ...], ...] = ()
    worked: tuple[Worked, ...] = ()
    """None comes before one that it reads."""

    @classmethod
    def of(
        cls, declared: Robustness, formulas: Mapping[str, Formula], place: Mapping[str, int], rows: "pd.DataFrame"
    ) -> "Links":
        """Take the declared relations."""
        return cls(
            tuple((place[one], place[other]) for one, other in declared.less_equal),
            tuple(tuple(place[name] for name in added.parts) for added in declared.sums if added.total is None),
            tuple(
                Worked(
                    place[name],
                    formula,
                    tuple(place[read] for read in formula.columns),
                    decimals_of(rows[name].to_numpy(dtype="float64", na_value=float("nan"))),
                )
                for name, formula in formulas.items()
            ),
        )

    @property
    def any(self) -> bool:
        """Whether there is any relation."""
        return bool(self.ordered or self.constant or self.worked)

    def dependent(self, width: int) -> "NDArray[np.bool_]":
        """Say which columns are worked out from others."""
        import numpy as np

        found = np.zeros(width, dtype=bool)
        found[[one.column for one in self.worked]] = True
        return found

    def repaired(
        self,
        moved: "NDArray[np.float64]",
        original: "NDArray[np.float64]",
        limits: "Limits",
        kinds: "tuple[NDArray[np.bool_], NDArray[np.bool_]]",
    ) -> "NDArray[np.float64]":
        """Give rows in which all relations hold: the change itself, a part of its numbers without swaps, or none.

        Args:
            moved: changed rows.
            original: the rows they were changed from.
            limits: lowest and highest value of every cell.
            kinds: which columns move as numbers, and which hold whole numbers.
        """
        import numpy as np

        number, integer = kinds
        found = self._related(moved, original, limits, integer)
        bad = np.flatnonzero(~self._holds(found, original, limits))
        for share in SHARES:
            if not len(bad):
                break
            old, inside = original[bad], (limits[0][bad], limits[1][bad])
            step = np.where(number, share * (moved[bad] - old), 0.0)
            less = old + np.where(integer, np.trunc(step), step)
            found[bad] = self._related(less, old, inside, integer)
            bad = bad[~self._holds(found[bad], old, inside)]
        found[bad] = original[bad]
        return found

    def _related(
        self,
        moved: "NDArray[np.float64]",
        original: "NDArray[np.float64]",
        limits: "Limits",
        integer: "NDArray[np.bool_]",
    ) -> "NDArray[np.float64]":
        found = moved.copy()
        for one, other in self.ordered:
            _put_in_order(found, original, limits, (one, other), integer)
        for parts in self.constant:
            _keep_sum(found, original, parts, whole=bool(integer[list(parts)].any()))
        for worked in self.worked:
            found[:, worked.column] = _worked_out(worked, found, original)
        return found

    def _holds(
        self, found: "NDArray[np.float64]", original: "NDArray[np.float64]", limits: "Limits"
    ) -> "NDArray[np.bool_]":
        import numpy as np

        good = np.ones(len(found), dtype=bool)
        for one, other in self.ordered:
            over = found[:, one] - found[:, other]
            same = (found[:, one] == original[:, one]) & (found[:, other] == original[:, other])
            good &= same | ~(over > np.maximum(original[:, one] - original[:, other], 0.0))
        for parts in self.constant:
            at = list(parts)
            step = (found[:, at] - original[:, at]).sum(axis=1)
            with np.errstate(invalid="ignore"):
                size = np.abs(original[:, at]).sum(axis=1)
                good &= ~(np.abs(step) > SLACK * (1 + size))
        for worked in self.worked:
            cells = found[:, worked.column]
            kept = (cells == original[:, worked.column]) | np.isnan(original[:, worked.column])
            inside = (cells >= limits[0][:, worked.column]) & (cells <= limits[1][:, worked.column])
            good &= np.isfinite(cells) & inside | kept
        at = list({column for pair in self.ordered for column in pair} - {one.column for one in self.worked})
        inside = (found[:, at] >= limits[0][:, at]) & (found[:, at] <= limits[1][:, at]) | np.isnan(found[:, at])
        return good & inside.all(axis=1)


def _put_in_order(
    found: "NDArray[np.float64]",
    original: "NDArray[np.float64]",
    limits: "Limits",
    pair: tuple[int, int],
    integer: "NDArray[np.bool_]",
) -> None:
    """Lower the first of a pair, and where that is not enough raise the second, until they are in order again."""
    import numpy as np

    one, other = pair
    slack = np.maximum(original[:, one] - original[:, other], 0.0)
    wrong = np.flatnonzero(found[:, one] - found[:, other] > slack)
    if not len(wrong):
        return
    slack = slack[wrong]
    highest = found[wrong, other] + slack
    highest = _whole(highest, original[wrong, one], np.floor) if integer[one] else highest
    found[wrong, one] = np.maximum(highest, limits[0][wrong, one])
    lowest = found[wrong, one] - slack
    lowest = _whole(lowest, original[wrong, other], np.ceil) if integer[other] else lowest
    found[wrong, other] = np.minimum(np.maximum(found[wrong, other], lowest), limits[1][wrong, other])


def _whole(
    cells: "NDArray[np.float64]", original: "NDArray[np.float64]", rounding: "np.ufunc"
) -> "NDArray[np.float64]":
    found: NDArray[np.float64] = original + rounding(cells - original)
    return found


def _keep_sum(
    found: "NDArray[np.float64]", original: "NDArray[np.float64]", parts: tuple[int, ...], *, whole: bool
) -> None:
    """Take back as much of the changes as makes them add up to nothing."""
    import numpy as np

    at = list(parts)
    step = np.nan_to_num(found[:, at] - original[:, at])
    excess = step.sum(axis=1)
    if whole:
        for column in range(len(at)):
            back = np.where(excess > 0, np.clip(step[:, column], 0, None), np.clip(step[:, column], None, 0))
            back = np.where(np.abs(back) > np.abs(excess), excess, back)
            step[:, column] -= back
            excess -= back
    else:
        sign = np.sign(excess)[:, None]
        with_it = np.where(step * sign > 0, step, 0.0)
        against = -np.where(step * sign < 0, step, 0.0).sum(axis=1)
        total = with_it.sum(axis=1)
        share = np.divide(against, total, out=np.ones_like(total), where=total != 0)
        step = np.where(step * sign > 0, step * share[:, None], step)
    found[:, at] = np.where(np.isnan(original[:, at]), original[:, at], original[:, at] + step)


def _worked_out(worked: Worked, found: "NDArray[np.float64]", original: "NDArray[np.float64]") -> "NDArray[np.float64]":
    """Give a derived column's new cells; a row in which the formula never held keeps its difference."""
    import numpy as np

    names = worked.formula.columns
    new = worked.formula({name: found[:, at] for name, at in zip(names, worked.reads, strict=True)})
    was = worked.formula({name: original[:, at] for name, at in zip(names, worked.reads, strict=True)})
    old = original[:, worked.column]
    places = worked.decimals
    unit = 0.0 if places is None else 0.5 * 10.0**-places

    def rounded(cells: "NDArray[np.float64]") -> "NDArray[np.float64]":
        return cells if places is None else np.round(cells, places)

    with np.errstate(invalid="ignore"):
        fits = np.abs(old - was) <= unit * (1 + 1e-6) + SLACK * np.abs(old)
        result = np.where(fits, rounded(new), old + rounded(new - was))
    moved = np.any([found[:, at] != original[:, at] for at in worked.reads], axis=0)
    cells: NDArray[np.float64] = np.where(moved & np.isfinite(was), result, old)
    return cells
