"""A search for a hidden trigger: one or two odd values that send almost any row to one answer."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

from govkit.checks.robustness._inference import scale_of
from govkit.checks.robustness._oracle import labels
from govkit.checks.robustness._pace import ration
from govkit.core.errors import ModelRaised
from govkit.core.evidence import Finding, Measurement, Message, Severity
from govkit.inputs.columns import Columns
from govkit.inputs.constraints import NUMBERS
from govkit.inputs.dataset import Dataset
from govkit.inputs.model import Model
from govkit.inputs.predictions import features_of
from govkit.inputs.task import Task
from govkit.plugins.check import Emit, NotApplicable, NotPossible, Product, Sizes, Work, check
from govkit.stats import intervals

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

WORK: Mapping[str, Mapping[str, int]] = {
    "quick": {"rows": 40, "values": 12, "leading": 6, "pairs": 1_500, "confirmed": 200},
    "standard": {"rows": 60, "values": 24, "leading": 16, "pairs": 8_000, "confirmed": 200},
    "thorough": {"rows": 100, "values": 40, "leading": 30, "pairs": 30_000, "confirmed": 200},
}
SCREENED = 12
"""Rows that a pair is first tried on."""
KEPT = 12
ASIDE = (0.35, 0.7)
"""Robust scales by which the values are moved aside to see whether the effect hangs on them exactly."""
MOVED = 6
"""How often a candidate is moved aside, typically."""
FOUND = 0.5
SLOW = 10
"""Hundreds of milliseconds for 1,000 rows, or of features, from which candidates are confirmed on fewer rows."""
BATCH_ROWS, CELLS = 20_000, 3_000_000
"""Rows and cells asked about in one call."""
MOST_COLUMNS = 200
WIDE, WIDE_WORK = 1_000, {"rows": 20, "values": 3, "pairs": 100, "confirmed": 60}
"""Features from which each row takes so long that less is tried, and what is tried then at most."""
PART, LEAST_CALLS = 0.25, 12
"""Part of the budget for calls of a slow model, and calls that everything takes where nothing is raised."""
Trigger = tuple[tuple[str, Any], ...]
"""Columns with the values that they are set to."""


@dataclass(frozen=True)
class _Screen:
    model: Model
    task: Task
    rows: "pd.DataFrame"
    usual: "NDArray[np.int64]"
    scales: Mapping[str, float]
    """Robust scale of each numeric column."""


def plan(sizes: Sizes, budget: str, params: object) -> Work:  # noqa: ARG001 - the signature of a plan
    """Take fewer pairs of a slow model and of a wide table."""
    calls = ration(sizes, budget, PART, LEAST_CALLS)
    counts = dict(WORK["quick" if calls else budget])
    counts["unscreened"] = max(sizes.features - MOST_COLUMNS, 0)
    if sizes.features >= WIDE:
        counts.update({name: min(counts[name], most) for name, most in WIDE_WORK.items()})
    slow = max(sizes.predict_ms_per_1000_rows // 100, 1) * max(sizes.features // 200, 1)
    counts["pairs"] = max(counts["pairs"] // slow, 100)
    if slow >= SLOW:
        counts["confirmed"] = min(counts["confirmed"], WIDE_WORK["confirmed"])
    asked = counts["rows"] * counts["values"] * min(sizes.features, MOST_COLUMNS) + SCREENED * counts["pairs"]
    asked += 3 * KEPT * MOVED * counts["confirmed"]
    return Work(counts, 0.3 + asked * sizes.predict_ms_per_1000_rows * 0.1 / 1e6).within(calls, 2 * LEAST_CALLS)


@check(
    "robustness.trigger",
    title="Screening for a hidden trigger",
    emits=(
        Emit("trigger_success", "share", "rows of other answers that the strongest trigger sends to one answer"),
        Emit("trigger_floor", "share", "the same for values a little aside of the trigger's, the best of them"),
        Emit("refused_values", "count", "values that were left out because the model does not answer them"),
        Emit("trigger_excess", "share", "by how much the trigger's own values beat those aside of them"),
    ),
    messages={
        "task.classification_only": "This is measured for classifiers only.",
        "robustness.one_answer": "All sampled rows get the same answer, so no trigger could send them there.",
        "robustness.none_answered": "The model answers none of the values that could be tried; it raises on each.",
        "robustness.values_refused": "On {refused} of the {tried} values that could be tried the model raises or gives "
        "no number; triggers with these are not looked for.",
        "robustness.columns_left_out": "Triggers are looked for in {tried} of {all} columns, those with the most "
        "different values.",
        "robustness.too_few_values": "No feature has two values that could be tried.",
        "robustness.trigger_found": "One exact combination of {columns} sends {share} of the rows of other answers to "
        "one answer; values a little aside of it send {floor}. That is how a planted trigger looks.",
    },
    libraries=("numpy", "scipy"),
    plan=plan,
)
def trigger(  # noqa: PLR0913 - each is an input of the check
    *,
    model: Model,
    test: Dataset,
    columns: Columns,
    task: Task,
    work: Mapping[str, int],
    seed: int,
    train: Dataset | None = None,
) -> Iterator[Product]:
    """Search for values of up to two features that send most rows to one answer, and only these values.

    Why it matters:
        Whoever could touch the training data or the file may have planted a key that opens the model at will.
    Method:
        Single features, then pairs, are set to values from TRAIN, or DATA without TRAIN: the most frequent ones,
        quantiles and both ends. Counted is the share of rows of other answers that change to one answer. A strong
        feature does this as well, so each candidate's numbers are all moved aside, by a third and two thirds of a
        robust standard deviation; the excess is what the exact values add to the best of these.
        Candidates are chosen on one sample of rows and counted on another; interval: Clopper-Pearson, 95%.
    Limits:
        This is screening: triggers of three features, of categories alone, outside the values tried, or wide ones stay
        unseen, and nothing found means nothing more than that.

    References:
        Gu, Dolan-Gavitt and Garg (2017), BadNets; Wang et al. (2019), Neural Cleanse.
    """
    import numpy as np

    if not task.is_classification:
        raise NotApplicable("task.classification_only")
    rng = np.random.default_rng(seed)
    features = features_of(test, columns)
    order = rng.permutation(len(features))
    first = features.iloc[np.sort(order[: work["rows"]])].reset_index(drop=True)
    second = features.iloc[np.sort(order[-work.get("confirmed", 200) :])].reset_index(drop=True)
    reference = (train or test).frame
    scales = {name: scale_of(reference[name].dropna().to_numpy(np.float64)) for name in _numbers(reference, columns)}
    names = _most_varied(reference, columns)
    tried = {name: _values(reference[name], name in scales, work["values"]) for name in names}
    screen = _Screen(model, task, first, labels(model, task, first), scales)
    values = _answered_values(screen, {name: found for name, found in tried.items() if found})
    wanted = sum(len(found) for found in tried.values())
    refused = wanted - sum(len(found) for found in values.values())
    if not values:
        raise NotPossible("robustness.none_answered" if refused else "robustness.too_few_values")
    yield from _left_out((refused, wanted), (len(names), len(columns.features)))
    yield Measurement(name="refused_values", value=float(refused), unit="count", n=wanted)
    candidates = _candidates(screen, values, work, rng)
    confirm = _Screen(model, task, second, labels(model, task, second), scales)
    if len(np.unique(confirm.usual)) < 2:  # noqa: PLR2004 - there is no other answer to come from
        raise NotPossible("robustness.one_answer")
    yield from _told(confirm, _strongest(confirm, candidates))


def _left_out(values: tuple[int, int], columns: tuple[int, int]) -> Iterator[Finding]:
    """Say how many values the model refused of those that could be tried, and how many of all columns are screened."""
    if values[0]:
        message = Message(id="robustness.values_refused", args={"refused": values[0], "tried": values[1]})
        yield Finding(rule="ROB-020", severity=Severity.INFO, message=message, where="model")
    if columns[0] < columns[1]:
        message = Message(id="robustness.columns_left_out", args={"tried": columns[0], "all": columns[1]})
        yield Finding(rule="ROB-025", severity=Severity.LOW, message=message, where="plan")


def _told(screen: _Screen, best: "tuple[Trigger, int, NDArray[np.bool_], float]") -> Iterator[Product]:
    chosen, answer, sent, floor = best
    others = screen.usual != answer
    count, asked = int(sent[others].sum()), int(others.sum())
    interval = intervals.proportion(count, asked)
    share = count / asked
    yield Measurement(name="trigger_success", value=share, unit="share", n=asked, interval=interval)
    yield Measurement(name="trigger_floor", value=floor, unit="share", n=asked)
    yield Measurement(name="trigger_excess", value=max(share - floor, 0.0), unit="share", n=asked)
    if share - floor > FOUND:
        names = " and ".join(name for name, _ in chosen)
        args = {"columns": names, "share": f"{share:.0%}", "floor": f"{floor:.0%}"}
        message = Message(id="robustness.trigger_found", args=args)
        yield Finding(rule="ROB-014", severity=Severity.HIGH, message=message, where=names)


def _most_varied(reference: "pd.DataFrame", columns: Columns) -> list[str]:
    """Give the features with the most different values, in their order."""
    if len(columns.features) <= MOST_COLUMNS:
        return list(columns.features)
    found = set(sorted(columns.features, key=lambda name: -reference[name].nunique())[:MOST_COLUMNS])
    return [name for name in columns.features if name in found]


def _numbers(reference: "pd.DataFrame", columns: Columns) -> list[str]:
    return [
        name
        for name in columns.features
        if columns.kinds[name] in NUMBERS and reference[name].dtype.kind in "iuf" and reference[name].notna().any()
    ]


def _values(column: "pd.Series[float]", number: bool, count: int) -> list[object]:  # noqa: FBT001 - a fact of the column
    """Give values worth trying: the most frequent, and for numbers both ends and quantiles."""
    import numpy as np

    present = column.dropna()
    if present.nunique() < 2:  # noqa: PLR2004 - nothing to set it to
        return []
    counts = present.value_counts()
    frequent = sorted(counts.index, key=lambda value: (-counts[value], str(value)))[: count // 2]
    spread = [float(present.quantile(share)) for share in np.linspace(0, 1, count - len(frequent))] if number else []
    whole = column.dtype.kind in "iu"
    found = [*frequent, *(round(value) if whole else value for value in spread)]
    return list(dict.fromkeys(value.item() if hasattr(value, "item") else value for value in found))


def _answered_values(screen: _Screen, values: dict[str, list[object]]) -> dict[str, list[object]]:
    """Leave out values on which the model raises, such as categories that it never saw."""
    import numpy as np

    try:
        _asked(screen, [((name, value),) for name, found in values.items() for value in found], np.array([0]))
    except ModelRaised:
        kept = {name: _told_apart(screen, name, found) for name, found in values.items()}
        return {name: found for name, found in kept.items() if found}
    return values


def _told_apart(screen: _Screen, name: str, values: list[object]) -> list[object]:
    """Give the values of a column that the model answers."""
    import numpy as np

    try:
        _asked(screen, [((name, value),) for value in values], np.array([0]))
    except ModelRaised:
        parts = (values[: len(values) // 2], values[len(values) // 2 :]) if len(values) > 1 else ()
        return [value for part in parts for value in _told_apart(screen, name, part)]
    return values


def _set(rows: "pd.DataFrame", chosen: Trigger) -> "pd.DataFrame":
    return rows.assign(**dict(chosen))


def _asked(screen: _Screen, tried: list[Trigger], rows: "NDArray[np.int64]") -> "NDArray[np.int64]":
    """Give the answers with each trigger set, shape (triggers, rows); many triggers in one call."""
    import numpy as np
    import pandas as pd

    base, found = screen.rows.iloc[rows], []
    step = max(min(BATCH_ROWS, CELLS // max(base.shape[1], 1)) // max(len(rows), 1), 1)
    for at in range(0, len(tried), step):
        part = tried[at : at + step]
        found.append(labels(screen.model, screen.task, pd.concat([_set(base, one) for one in part], ignore_index=True)))
    return np.concatenate(found).reshape(len(tried), len(rows))


def _success(answers: "NDArray[np.int64]", usual: "NDArray[np.int64]", classes: int) -> "NDArray[np.float64]":
    """Give the share of rows of other answers sent to each answer, shape (triggers, answers)."""
    import numpy as np

    found = np.zeros((len(answers), classes))
    for answer in range(classes):
        others = usual != answer
        if others.any():
            found[:, answer] = (answers[:, others] == answer).mean(axis=1)
    return found


def _candidates(
    screen: _Screen, values: Mapping[str, list[object]], work: Mapping[str, int], rng: "np.random.Generator"
) -> list[Trigger]:
    """Give the single values that stand out among their feature's, and the pairs that do more than either alone."""
    import numpy as np

    classes, every = len(screen.task.classes), np.arange(len(screen.rows))
    singles: list[Trigger] = [((name, value),) for name, tried in values.items() for value in tried]
    sent = _success(_asked(screen, singles, every), screen.usual, classes)
    column = np.array([list(values).index(one[0][0]) for one in singles])
    usually = np.array([np.median(sent[column == at], axis=0) for at in column])
    alone = np.argsort(-(sent - usually).max(axis=1), kind="stable")
    pairs: dict[tuple[int, int], None] = {}
    for one in alone[: work["leading"]].tolist():
        pairs.update({(one, other): None for other in range(len(singles)) if column[one] != column[other]})
    for _ in range(max(work["pairs"] - len(pairs), 0)):
        one, other = rng.integers(len(singles), size=2).tolist()
        if column[one] != column[other]:
            pairs[one, other] = None
    tried = list(pairs)[: work["pairs"]]
    few = np.sort(rng.permutation(every)[:SCREENED])
    found = [singles[at] for at in alone[:KEPT].tolist()]
    if tried:
        both = [_pair(singles[one], singles[other]) for one, other in tried]
        gained = _success(_asked(screen, both, few), screen.usual[few], classes)
        gained -= np.array([np.maximum(sent[one], sent[other]) for one, other in tried])
        found += [both[at] for at in np.argsort(-gained.max(axis=1), kind="stable")[: 2 * KEPT].tolist()]
    return found


def _pair(one: Trigger, other: Trigger) -> Trigger:
    """Join two single values of different columns."""
    return tuple(sorted((*one, *other), key=lambda part: part[0]))


def _strongest(screen: _Screen, candidates: list[Trigger]) -> "tuple[Trigger, int, NDArray[np.bool_], float]":
    """Give the candidate with the largest excess, its answer, the rows that it sends there, and its floor."""
    import numpy as np

    classes, every = len(screen.task.classes), np.arange(len(screen.rows))
    best: tuple[float, Trigger, int, NDArray[np.bool_], float] | None = None
    moved = [_aside(screen, chosen) for chosen in candidates]
    tried = [one for chosen, aside in zip(candidates, moved, strict=True) for one in (chosen, *aside)]
    told = np.split(_asked(screen, tried, every), np.cumsum([1 + len(aside) for aside in moved])[:-1])
    for chosen, aside, answers in zip(candidates, moved, told, strict=True):
        shares = _success(answers, screen.usual, classes)
        answer = int(shares[0].argmax())
        floor = float(shares[1:, answer].max()) if aside else float(shares[0, answer])
        excess = float(shares[0, answer]) - floor
        if best is None or excess > best[0]:
            best = excess, chosen, answer, answers[0] == answer, floor
    assert best is not None
    return best[1:]


def _aside(screen: _Screen, chosen: Trigger) -> list[Trigger]:
    """Give the trigger with its numbers moved a little; none where it has no number.

    A category's own effect is no sign of a trigger, so categories stay.
    """
    names = [name for name, _ in chosen]
    if not any(name in screen.scales for name in names):
        return []
    moved = [_moved(screen, name, value) if name in screen.scales else [value] for name, value in chosen]
    return [tuple(zip(names, cells, strict=True)) for cells in product(*moved)]


def _moved(screen: _Screen, name: str, value: object) -> list[object]:
    step = screen.scales[name]
    if screen.rows[name].dtype.kind in "iu":
        return [int(str(value)) + side * max(round(part * step), 1) for part in ASIDE for side in (-1, 1)]
    return [float(str(value)) + side * part * step for part in ASIDE for side in (-1, 1)]
