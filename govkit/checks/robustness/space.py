"""What an attacker may change in a row, as inferred from the data and declared in govkit.yaml."""

from collections.abc import Iterator
from math import isfinite
from typing import TYPE_CHECKING

from govkit.checks.robustness._inference import space_of
from govkit.checks.robustness._space import Space
from govkit.config import Config, Robustness
from govkit.core.evidence import Column, Finding, Measurement, Message, Severity, Table
from govkit.core.messages import shown
from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset
from govkit.inputs.predictions import features_of
from govkit.plugins.check import Emit, Product, check

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SIZE = 0.1
"""Size of change, in robust scales, that the example shows."""


@check(
    "robustness.space",
    title="What an attacker may change",
    emits=(
        Emit("changeable_features", "count", "features that may be changed"),
        Emit("fixed_features", "count", "features that stay as they are"),
        Emit("declared_rules", "count", "declarations in govkit.yaml about what may change"),
        Emit("withheld_share", "share", "numeric features that could change and are declared immutable"),
    ),
    messages={
        "robustness.inferred_space": "Nobody declared what may change in a row, so it is inferred: {open} numeric "
        "features move freely within the range seen, and categories never change. Robustness is only as meaningful as "
        "this guess.",
        "robustness.withheld": "{withheld} of {open} numeric features that could change are declared immutable; no "
        "attack touches them.",
    },
    libraries=("numpy",),
)
def space(*, test: Dataset, columns: Columns, config: Config, train: Dataset | None = None) -> Iterator[Product]:
    """Show the space of possible rows that the attacks search.

    Why it matters:
        An attack on rows that can't exist says nothing, and one that may change little proves little. Whoever reads
        the result has to know what was open to change.
    Method:
        From TRAIN, or DATA without TRAIN: whole numbers stay whole, values stay within the range seen, missing cells
        stay missing, columns of which half or more hold one value keep it there, and columns of 0 and 1, categories,
        text and dates stay. The section `robustness` of govkit.yaml narrows or widens this; its lines are counted, and
        so is what `immutable` withholds from the attacks.
    Limits:
        What nobody declared is not known: an inferred space may allow changes that nobody can make, and forbid some
        that somebody can. Ranges are rounded to two digits.

    References:
        Simonetto et al. (2022), A Unified Framework for Adversarial Attack and Defense in Constrained Feature Space.
    """
    reference = (train or test).frame
    found = space_of(reference, columns, config.robustness)
    total = len(columns.features)
    yield Measurement(name="changeable_features", value=float(len(found.changeable)), unit="count", n=total)
    yield Measurement(name="fixed_features", value=float(total - len(found.changeable)), unit="count", n=total)
    yield from _declared(space_of(reference, columns), found, config.robustness)
    yield _table(found, columns, config.robustness)
    row = found.values(features_of(test, columns).iloc[:1])
    if len(row):
        yield _example(found, row)


def _declared(inferred: Space, found: Space, declared: Robustness) -> Iterator[Product]:
    """Count what is declared, and what of the inferred space is withheld."""
    rules = _count(declared)
    yield Measurement(name="declared_rules", value=float(rules), unit="count", n=rules)
    movable = len(inferred.changeable)
    if not movable:
        return
    withheld = len(set(inferred.changeable) & set(declared.immutable))
    yield Measurement(name="withheld_share", value=withheld / movable, unit="share", n=movable)
    if not rules:
        message = Message(id="robustness.inferred_space", args={"open": len(found.changeable)})
        yield Finding(rule="ROB-017", severity=Severity.LOW, message=message, where="govkit.yaml")
    if withheld:
        args = {"withheld": withheld, "open": movable}
        message = Message(id="robustness.withheld", args=args)
        yield Finding(rule="ROB-018", severity=Severity.INFO, message=message, where="govkit.yaml")


def _count(declared: Robustness) -> int:
    """Count the declarations that shape the space, one for each column, pair, sum or group."""
    listed = (declared.immutable, declared.less_equal, declared.sums, declared.one_hot, declared.hold_zero or ())
    named = (declared.direction, declared.bounds, declared.max_change, declared.derived, declared.cost)
    return sum(map(len, (*listed, *named, declared.category_swaps.columns))) + (declared.hold_zero == ())


def _table(found: Space, columns: Columns, declared: Robustness) -> Table:
    place = {name: at for at, name in enumerate(found.names)}
    rows = []
    for name in columns.features:
        at = place.get(name)
        rows.append((name, columns.kinds[name], *_row(found, name, at, declared)))
    names = ("feature", "kind", "may change", "from", "to", "one robust SD", "rules")
    return Table(
        name="attack_space",
        title="Feature by feature",
        columns=tuple(Column(name=name) for name in names),
        rows=tuple(rows),
        printed=True,
    )


def _row(
    found: Space, name: str, at: int | None, declared: Robustness
) -> tuple[str, float | None, float | None, float | None, str]:
    rules = "; ".join((*_inferred_rules(found, name, at), *_rules(name, declared)))
    if at is None or name not in found.changeable:
        follows = name in declared.derived or any(added.total == name for added in declared.sums)
        return "follows from others" if follows else "no", None, None, None, rules
    if not found.number[at]:
        return "by a swap", None, None, None, rules
    ways = "up" if not found.falls[at] else "down" if not found.rises[at] else "up and down"
    low, high, scale = (_rounded(float(value)) for value in (found.low[at], found.high[at], found.scale[at]))
    return ways, low, high, scale, rules


def _inferred_rules(found: Space, name: str, at: int | None) -> Iterator[str]:
    if at is None or name not in found.changeable or not found.number[at]:
        return
    if found.integer[at]:
        yield "whole numbers"
    if found.held[at] == found.held[at]:
        yield "0 stays 0" if found.held[at] == 0 else "the most frequent value stays"


def _rules(name: str, declared: Robustness) -> Iterator[str]:
    if name in declared.immutable:
        yield "declared immutable"
    if name in declared.max_change:
        yield f"by at most {shown(declared.max_change[name])}"
    if name in declared.cost:
        yield f"cost {shown(declared.cost[name])}"
    yield from (f"at most {other}" for one, other in declared.less_equal if one == name)
    yield from (f"at least {one}" for one, other in declared.less_equal if other == name)
    if name in declared.derived:
        yield f"= {declared.derived[name]}"
    for added in declared.sums:
        if name in added.parts:
            yield f"part of {added.total}" if added.total else "part of a sum that stays"
        elif name == added.total:
            yield f"= {' + '.join(added.parts)}"
    yield from (f"one of {len(group)} columns of which one is 1" for group in declared.one_hot if name in group)


def _example(found: Space, row: "NDArray[np.float64]") -> Table:
    """Give how far each number of one row may move, as differences."""
    import numpy as np

    with np.errstate(invalid="ignore"):  # of infinite cells
        low, high = found.limits(row)
        near_low, near_high = found.limits(row, SIZE)
        apart = np.stack([near_low[0], near_high[0], low[0], high[0]]) - row[0]
    apart[np.isnan(apart)] = 0.0
    rows = [
        (name, *(_rounded(float(one)) for one in apart[:, at]))
        for at, name in enumerate(found.names)
        if found.number[at]
    ]
    names = (f"least at ε {SIZE:g}", f"most at ε {SIZE:g}", "least at all", "most at all")
    return Table(
        name="attack_example",
        title="How far the numbers of one row may move",
        columns=(Column(name="feature"), *(Column(name=name) for name in names)),
        rows=tuple(rows),
    )


def _rounded(value: float) -> float | None:
    """Keep two digits; an infinite cell moves by nothing that could be stated."""
    return float(f"{value:.2g}") if isfinite(value) else None
