"""From scores to measurements: areas, rows found at few false alarms, and tests, all corrected for several attacks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from govkit.checks.privacy._sample import Sample
from govkit.core.evidence import Column, Interval, Measurement, Table
from govkit.stats import intervals, roc
from govkit.stats.differential_privacy import epsilon_of_auc
from govkit.stats.multiple import holm, simultaneous

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Scores = NDArray[np.float64]

LOW_RATES: Final[Mapping[str, float]] = {"tpr_at_1pct_fpr": 0.01, "tpr_at_01pct_fpr": 0.001}
"""Measurement and its rate of false alarms."""
POINTS = 200
"""Points of all ROC curves together."""
CURVES = 5
"""Attacks whose curves are shown."""
SIGNIFICANT = 0.05
NOT_RUN: Final = "none with reference models"
"""What an attack is called that could not be run."""
ASSUMES: Final[Mapping[str, tuple[str, str]]] = {
    "label gap": ("label and truth", "anyone who gets predictions"),
    "residual": ("value and truth", "anyone who gets predictions"),
    "confidence": ("probability or score of the truth", "anyone who gets scores"),
    "modified entropy": ("all probabilities", "anyone who gets scores"),
    "ART forest": ("all probabilities, and some members to learn from", "someone who knows part of the data"),
    "ART boosting": ("all probabilities, and some members to learn from", "someone who knows part of the data"),
    "supervised": ("all scores, and some members to learn from", "someone who knows part of the data"),
    "meta": ("scores, the pipeline and rows like the training rows", "someone who can train the same pipeline"),
    "RMIA": ("scores, the pipeline and rows like the training rows", "someone who can train the same pipeline"),
    "LiRA": ("scores, the pipeline and rows like the training rows", "someone who can train the same pipeline"),
    "RMIA offline": ("the same, trained before the row is known", "someone who can train the same pipeline"),
    "LiRA offline": ("the same, trained before the row is known", "someone who can train the same pipeline"),
    "meta, other rows known": ("the same, and all other training rows", "an insider who lacks one row"),
    "RMIA, surrogates": ("scores and rows like the training rows", "someone who can train any model"),
    "LiRA, surrogates": ("scores and rows like the training rows", "someone who can train any model"),
}
"""What each attack needs, and who has that."""


@dataclass(frozen=True)
class Attack:
    """An attack's scores on the rows it is judged on, with what they come to."""

    name: str
    members: "Scores"
    others: "Scores"
    graded: bool
    """Whether it gives more than right or wrong, so that a share at few false alarms means something."""

    @property
    def rows(self) -> int:
        """Rows it is judged on."""
        return len(self.members) + len(self.others)


def judged(name: str, scores: "Scores", sample: Sample, *, graded: bool = True) -> Attack:
    """Take the scores of the rows that count."""
    import numpy as np

    there = np.isfinite(scores) & sample.judged
    return Attack(name, scores[there & sample.member], scores[there & ~sample.member], graded)


def areas(attacks: list[Attack]) -> Iterator[Measurement]:
    """Give each attack's AUC with simultaneous intervals, and the largest.

    The largest exceeds a limit when one of the simultaneous lower limits does. It is below a limit when every attack
    is, each tested for itself: an intersection-union test, which needs no correction (Berger 1982).
    """
    level = simultaneous(intervals.LEVEL, len(attacks))
    found, highs = [], []
    for attack in attacks:
        area, interval = intervals.delong(attack.members, attack.others, level=level)
        found.append(_measured("attack_auc", area, "auc", attack, interval))
        highs.append(intervals.delong(attack.members, attack.others)[1].high or 1.0)
        yield found[-1]
    yield _largest("worst_attack_auc", found, highs)


def low_rates(attacks: list[Attack], name: str) -> Iterator[Measurement]:
    """Give the share of training rows that each attack finds at few false alarms, and the largest."""
    rate = LOW_RATES[name]
    able = [attack for attack in attacks if attack.graded and len(attack.others) * rate >= 1]
    if not able:
        return
    level = simultaneous(intervals.LEVEL, len(able))
    found, highs = [], []
    for attack in able:
        value, interval = roc.found_at(attack.members, attack.others, rate, level=level)
        found.append(_measured(name, value, "share", attack, interval))
        highs.append(roc.found_at(attack.members, attack.others, rate)[1].high or 1.0)
        yield found[-1]
    if name == "tpr_at_1pct_fpr":
        yield _largest("worst_tpr_at_1pct_fpr", found, highs)


def beyond_chance(attacks: list[Attack], seed: int) -> dict[str, float]:
    """Give Holm's p-value of finding more members than false alarms by attack."""
    graded = [attack for attack in attacks if attack.graded]
    rate = LOW_RATES["tpr_at_1pct_fpr"]
    found = [roc.beats_false_alarms(attack.members, attack.others, rate, seed) for attack in graded]
    return {attack.name: value for attack, value in zip(graded, holm(found), strict=True)}


def significant(attacks: list[Attack], p_values: Mapping[str, float]) -> Iterator[Measurement]:
    """Give the share found, as it is on these rows, by each attack that Fisher's test shows to find training rows."""
    rate = LOW_RATES["tpr_at_1pct_fpr"]
    for attack in attacks:
        if p_values.get(attack.name, 1.0) < SIGNIFICANT:
            value = float((attack.members > roc.threshold(attack.others, rate)).mean())
            found = _measured("worst_tpr_at_1pct_fpr", value, "share", attack, None)
            yield found.model_copy(update={"group": {"attack": attack.name, "test": "Fisher, Holm"}})


def nothing_counted() -> Iterator[Measurement]:
    """Say by a value that rests on nothing that the attacks that matter most were not run: it can only be undecided."""
    whole = Interval(low=0.0, high=1.0, level=intervals.LEVEL, method="not run")
    for name, unit, value in (("worst_attack_auc", "auc", 0.5), ("worst_tpr_at_1pct_fpr", "share", 0.01)):
        yield Measurement(name=name, value=value, unit=unit, n=0, interval=whole, group={"attack": NOT_RUN})


def summary(attacks: list[Attack], p_values: Mapping[str, float]) -> Table:
    """Lay out what each attack needs, who has that, and what it found."""
    level = simultaneous(intervals.LEVEL, len(attacks))
    rows = []
    for attack in attacks:
        area, interval = intervals.delong(attack.members, attack.others, level=level)
        needs, who = ASSUMES[attack.name]
        epsilon = epsilon_of_auc(interval.low or 0.0)
        p_value = p_values.get(attack.name)
        rows.append((attack.name, area, interval.low, interval.high, attack.rows, p_value, epsilon, needs, who))
    columns = (
        Column(name="attack"),
        Column(name="auc", unit="auc"),
        Column(name="low", unit="auc"),
        Column(name="high", unit="auc"),
        Column(name="rows", unit="count"),
        Column(name="p_value"),
        Column(name="epsilon_at_least"),
        Column(name="needs"),
        Column(name="who_could"),
    )
    return Table(
        name="membership_attacks", title="Attacks on membership, corrected together", columns=columns, rows=tuple(rows)
    )


def curves(attacks: list[Attack]) -> Table:
    """Thin the ROC curves of the most telling attacks to points spread evenly on a logarithmic axis of false alarms."""
    import numpy as np

    shown = sorted(attacks, key=lambda attack: -intervals.delong(attack.members, attack.others)[0])[:CURVES]
    rows: list[tuple[float, float, float, float, str]] = []
    for attack in shown:
        rates = np.geomspace(1 / len(attack.others), 1, POINTS // len(shown) - 1)
        seen = {}
        for rate in rates:
            limit = roc.threshold(attack.others, float(rate)) if rate < 1 else -np.inf
            true, interval = roc.found_at(attack.members, attack.others, min(float(rate), 1.0))
            false, true = float((attack.others > limit).mean()), float((attack.members > limit).mean())
            low, high = min(interval.low or 0.0, true), max(interval.high or 1.0, true)
            seen[false] = (true, low, high)
        rows.extend((false, *others, attack.name) for false, others in sorted(seen.items()))
    columns = tuple(Column(name=name, unit="share") for name in ("fpr", "tpr", "low", "high"))
    return Table(
        name="membership_roc",
        title="Training rows found by rate of false alarms",
        columns=(*columns, Column(name="attack")),
        rows=tuple(rows),
    )


def _measured(name: str, value: float, unit: str, attack: Attack, interval: Interval | None) -> Measurement:
    return Measurement(
        name=name, value=value, unit=unit, n=attack.rows, interval=interval, group={"attack": attack.name}
    )


def _largest(name: str, found: list[Measurement], highs: list[float]) -> Measurement:
    worst = max(found, key=lambda one: one.value)
    lows = [one.interval.low or 0.0 for one in found if one.interval]
    interval = Interval(
        low=max(lows), high=max(highs), level=intervals.LEVEL, method="largest of the limits; lower ones simultaneous"
    )
    return worst.model_copy(update={"name": name, "interval": interval})
