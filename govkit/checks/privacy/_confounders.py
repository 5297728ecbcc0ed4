"""What looks like membership and is none: training rows that differ from the others without any model."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from govkit.checks.privacy._sample import FEWEST, Sample
from govkit.core.evidence import Interval
from govkit.stats import intervals

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Scores = NDArray[np.float64]

STRATUM = 24
"""Rows in a stratum of equal blind score, about."""
ROUNDS = 3


@dataclass(frozen=True)
class Blind:
    """How well members are told from others by the data alone."""

    scores: "Scores"
    """Cross-fitted: each half's scores come from a classifier fitted on the other half. Rows not asked are NaN."""
    auc: float
    interval: Interval
    n: int

    @property
    def beats_guessing(self) -> bool:
        """Whether the two files differ in themselves."""
        return (self.interval.low or 0.0) > 0.5  # noqa: PLR2004 - guessing


def blind(sample: Sample, seed: int) -> Blind:
    """Tell members from the judged rows alone, without the model.

    The AUC is that of one half, by a classifier of the other, so that its interval holds.

    Source: Das, Zhang and Tramer (2024), Blind baselines beat membership inference attacks.
    """
    import numpy as np

    view = np.column_stack([sample.view, np.asarray(sample.truth, dtype=np.float64)])
    scores = np.full(len(view), np.nan)
    for half in (sample.attack_half, ~sample.attack_half):
        known, asked = half & sample.judged, ~half & sample.judged
        scores[asked] = _told(view[known], sample.member[known], view[asked], seed)
    shown = ~sample.attack_half & sample.judged
    members, others = scores[shown & sample.member], scores[shown & ~sample.member]
    auc, interval = intervals.delong(members, others)
    return Blind(scores, auc, interval, len(members) + len(others))


def _told(
    view: "NDArray[np.float64]", member: "NDArray[np.bool_]", asked: "NDArray[np.float64]", seed: int
) -> "Scores":
    """Give log-odds of membership: gradient boosting and a linear model, which sees a plain shift sharper, averaged."""
    from scipy.special import logit
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    boosted = HistGradientBoostingClassifier(
        max_iter=60, max_leaf_nodes=8, min_samples_leaf=10, early_stopping=False, random_state=seed % 2**31
    )
    linear = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1_000))
    odds: Scores = logit(boosted.fit(view, member).predict_proba(asked)[:, 1])
    odds += linear.fit(view, member).decision_function(asked)
    return odds


def alike(sample: Sample, found: Blind, seed: int) -> tuple[Sample, Blind]:
    """Match members and others on blind scores until a new classifier can't tell them apart, `ROUNDS` times at most.

    Returns:
        The sample with the rows that are judged, and how well the data alone tell its members then.
    """
    for turn in range(ROUNDS):
        if not found.beats_guessing:
            break
        fewer = _matched(sample, found, seed + turn)
        if fewer is None:
            break
        sample, found = fewer, blind(fewer, seed + turn + 1)
    return sample, found


def _matched(sample: Sample, found: Blind, seed: int) -> Sample | None:
    """Judge as many members as others in every stratum of equal blind score, so that the data alone tell nothing.

    Strata lie within the halves that attacks are fitted and judged on. Returns None where too few rows are left.
    """
    import numpy as np

    rng = np.random.default_rng(seed)
    judged = np.zeros(len(sample.member), dtype=bool)
    for half in (sample.attack_half, ~sample.attack_half):
        rows = np.flatnonzero(half & sample.judged)
        ordered = rows[np.lexsort((rng.random(len(rows)), found.scores[rows]))]
        for stratum in np.array_split(ordered, max(len(ordered) // STRATUM, 1)):
            sides = [rng.permutation(stratum[sample.member[stratum] == side]) for side in (True, False)]
            count = min(map(len, sides))
            for side in sides:
                judged[side[:count]] = True
    fewest = min(int((judged & half & sample.member).sum()) for half in (sample.attack_half, ~sample.attack_half))
    return replace(sample, judged=judged) if fewest >= FEWEST else None
