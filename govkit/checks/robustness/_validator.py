"""Tells possible rows from impossible ones, from tables and declarations alone; shares no code with the attack."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from govkit.config import Robustness, Swaps

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

TINY = 1e-9
"""Relative slack for what comes from adding and taking away floating-point numbers."""


@dataclass(frozen=True)
class Validator:
    """The rules of a declared space, read from the reference rows a second time."""

    reference: "pd.DataFrame"
    kinds: dict[str, str]
    declared: Robustness
    frozen: frozenset[str] = frozenset()

    def broken(
        self, emitted: "pd.DataFrame", source: "pd.DataFrame", eps: "NDArray[np.float64]"
    ) -> "dict[str, NDArray[np.bool_]]":
        """Say for every rule which rows break it.

        Args:
            emitted: changed rows.
            source: the rows they were changed from, in the same order.
            eps: how far each may be from its source, in robust scales.
        """
        import numpy as np

        emitted, source = emitted.reset_index(drop=True), source.reset_index(drop=True)
        found: dict[str, NDArray[np.bool_]] = {}
        for rule, rows in self._rules(emitted, source, eps):
            found[rule] = found.get(rule, np.zeros(len(emitted), dtype=bool)) | rows
        return found

    def impossible(
        self, emitted: "pd.DataFrame", source: "pd.DataFrame", eps: "NDArray[np.float64]"
    ) -> "NDArray[np.bool_]":
        """Say which rows break any rule."""
        import numpy as np

        rules = list(self.broken(emitted, source, eps).values())
        return np.any(rules, axis=0) if rules else np.zeros(len(emitted), dtype=bool)

    def _rules(
        self, emitted: "pd.DataFrame", source: "pd.DataFrame", eps: "NDArray[np.float64]"
    ) -> "Iterator[tuple[str, NDArray[np.bool_]]]":
        follows = set(self.declared.derived) | {added.total for added in self.declared.sums}
        grouped = {name for group in self.declared.one_hot for name in group}
        swappable = set(self.declared.category_swaps.columns) - grouped
        yield "columns", _all(emitted, tuple(emitted.columns) != tuple(source.columns))
        for name in source:
            one, other = emitted[name], source[name]
            changed = ~((one == other) | (one.isna() & other.isna())).to_numpy(dtype=bool, na_value=False)
            if name in self.declared.immutable or name in self.frozen:
                yield "immutable", changed
            elif name in swappable:
                yield "swap", changed & ~self._may_swap(name, one, other)
            elif name in grouped:
                yield "one-hot", changed & ~one.isin([0, 1]).to_numpy()
            elif self.kinds.get(str(name)) not in {"number", "integer"}:
                yield "fixed", changed
            elif changed.any():
                yield from self._number(str(name), changed, one, other)
                if name not in follows:
                    yield "eps", changed & self._too_far(str(name), one, other, eps)
        yield from self._groups(emitted, source)
        yield "swaps at once", self._swaps(emitted, source, swappable) > self.declared.category_swaps.at_once
        yield from self._relations(emitted, source)

    def _number(
        self, name: str, changed: "NDArray[np.bool_]", one: "pd.Series[float]", other: "pd.Series[float]"
    ) -> "Iterator[tuple[str, NDArray[np.bool_]]]":
        import numpy as np

        new, old = one.to_numpy(dtype=float, na_value=np.nan), other.to_numpy(dtype=float, na_value=np.nan)
        seen = self.reference[name].dropna()
        size = TINY * (np.abs(old) + np.abs(new))
        yield "missing", changed & (np.isnan(old) | np.isnan(new))
        if len(seen) and (seen == seen.round()).all():
            yield "integer", changed & (np.abs((new - old) - np.round(new - old)) > 1e-6)  # noqa: PLR2004
        low, high = self.declared.bounds.get(name, (None, None))
        low, high = seen.min() if low is None else low, seen.max() if high is None else high
        yield "bounds", changed & ((new < np.minimum(low, old) - size) | (new > np.maximum(high, old) + size))
        way = self.declared.direction.get(name)
        yield "direction", changed & (((new < old) & (way == "increase")) | ((new > old) & (way == "decrease")))
        if name in self.declared.max_change:
            yield "max_change", np.abs(new - old) > self.declared.max_change[name] * (1 + TINY) + size
        if self.declared.hold_zero is not None:
            if name in self.declared.hold_zero:
                yield "held", changed & (old == 0)
        elif name not in self._worked():
            counts = seen.value_counts()
            top = sorted(value for value in counts.index if counts[value] == counts.max())
            if top and counts.max() * 2 >= len(seen):
                yield "held", changed & (old == top[0])

    def _worked(self) -> set[str | None]:
        return set(self.declared.derived) | {added.total for added in self.declared.sums}

    def _too_far(
        self, name: str, one: "pd.Series[float]", other: "pd.Series[float]", eps: "NDArray[np.float64]"
    ) -> "NDArray[np.bool_]":
        import numpy as np

        seen = self.reference[name].dropna()
        low, first, third, high = seen.quantile([0.05, 0.25, 0.75, 0.95]).tolist()
        spread = (third - first) / 1.349 or (high - low) / 3.29 or seen.std(ddof=0) or 1.0
        new, old = one.to_numpy(dtype=float, na_value=np.nan), other.to_numpy(dtype=float, na_value=np.nan)
        allowed = eps * spread
        far: NDArray[np.bool_] = np.abs(new - old) > allowed * (1 + 1e-6) + TINY * np.abs(old)
        return far

    def _may_swap(self, name: str, one: "pd.Series[float]", other: "pd.Series[float]") -> "NDArray[np.bool_]":
        import numpy as np

        counts = self.reference[name].value_counts()
        rules = self.declared.category_swaps
        pairs = [
            rules.columns[name] == "any" or _listed(rules, name, old, new)
            for old, new in zip(other.tolist(), one.tolist(), strict=True)
        ]
        known = other.isin(counts.index).to_numpy()
        return np.array(pairs, dtype=bool) & known & (one.map(counts).fillna(0) >= rules.support).to_numpy()

    def _groups(self, emitted: "pd.DataFrame", source: "pd.DataFrame") -> "Iterator[tuple[str, NDArray[np.bool_]]]":
        import numpy as np

        rules = self.declared.category_swaps
        for group in self.declared.one_hot:
            new, old = emitted[list(group)], source[list(group)]
            changed = (new != old).any(axis=1).to_numpy()
            to, was = new.idxmax(axis=1), old.idxmax(axis=1)
            enough = to.map({name: (self.reference[name] == 1).sum() for name in group}) >= rules.support
            if group[0] not in rules.columns:
                yield "one-hot", changed
                continue
            listed = [
                rules.columns[group[0]] == "any" or _listed(rules, group[0], a, b) for a, b in zip(was, to, strict=True)
            ]
            sound = (new.sum(axis=1) == 1) & (old.sum(axis=1) == 1)
            yield "one-hot", changed & ~(np.array(listed) & sound.to_numpy() & enough.to_numpy())

    def _swaps(self, emitted: "pd.DataFrame", source: "pd.DataFrame", swappable: set[str]) -> "NDArray[np.int64]":
        import numpy as np

        count = np.zeros(len(emitted), dtype=np.int64)
        for name in sorted(swappable):
            count += ~((emitted[name] == source[name]) | (emitted[name].isna() & source[name].isna())).to_numpy(bool)
        for group in self.declared.one_hot:
            count += (emitted[list(group)] != source[list(group)]).any(axis=1).to_numpy()
        return count

    def _relations(self, emitted: "pd.DataFrame", source: "pd.DataFrame") -> "Iterator[tuple[str, NDArray[np.bool_]]]":
        import numpy as np

        for one, other in self.declared.less_equal:
            over, before = emitted[one] - emitted[other], (source[one] - source[other]).clip(lower=0)
            untouched = (emitted[one] == source[one]) & (emitted[other] == source[other])
            size = TINY * (emitted[one].abs() + emitted[other].abs())
            yield "less_equal", ((over > before + size) & ~untouched).to_numpy(dtype=bool)
        for added in self.declared.sums:
            parts = list(added.parts)
            new, old = emitted[parts].sum(axis=1, skipna=False), source[parts].sum(axis=1, skipna=False)
            if added.total is not None:
                yield "sums", self._differs(added.total, emitted, source, (new, old))
            else:
                size = 1e-6 * (1 + source[parts].abs().sum(axis=1))
                yield "sums", ((new - old).abs() > size).to_numpy(dtype=bool)
        for name, text in self.declared.derived.items():
            with np.errstate(all="ignore"):
                both: tuple[Any, Any] = (emitted.eval(text), source.eval(text))
            yield "derived", self._differs(name, emitted, source, both)

    def _differs(
        self,
        name: str,
        emitted: "pd.DataFrame",
        source: "pd.DataFrame",
        worked_out: "tuple[Any, Any]",
    ) -> "NDArray[np.bool_]":
        """Say where a column does not follow from others, up to its last decimal; where it never did, by how much.

        Rows in which the formula was not defined before the change are left alone.
        """
        import numpy as np

        new, old = worked_out
        slack = self._unit(name) * (1 + 1e-6) + 1e-6 * (1e-3 + source[name].abs())
        with np.errstate(invalid="ignore"):
            held = (source[name] - old).abs() <= slack
            off = (emitted[name] - new).where(held, (emitted[name] - source[name]) - (new - old)).abs() > slack
        gone = ~np.isfinite(new) & (emitted[name] != source[name])
        wrong: NDArray[np.bool_] = ((off | gone) & np.isfinite(old) & source[name].notna()).to_numpy(dtype=bool)
        return wrong

    def _unit(self, name: str) -> float:
        """Give half a unit of the last decimal that a column is written with."""
        seen = self.reference[name].dropna()
        places = (places for places in range(7) if (seen - seen.round(places)).abs().max() <= TINY * 10)
        found = next(places, None)
        return 0.0 if found is None else 0.5 / 10**found


def _listed(rules: Swaps, name: str, old: object, new: object) -> bool:
    pairs = rules.columns[name]
    return isinstance(pairs, tuple) and any(str(a) == str(old) and str(b) == str(new) for a, b in pairs)


def _all(rows: "pd.DataFrame", broken: bool) -> "NDArray[np.bool_]":  # noqa: FBT001 - a fact about the table
    import numpy as np

    return np.full(len(rows), broken)
