"""Attacks that ask the model alone: each row's score is higher the more it looks like a training row."""

from typing import TYPE_CHECKING

from govkit.checks.privacy._references import margin, of_truth
from govkit.checks.privacy._sample import Sample
from govkit.checks.privacy._toolbox import black_box
from govkit.inputs.task import Task

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Scores = NDArray[np.float64]

WIDE = 20
"""Classes up to which attacks that learn see every probability."""


def panel(sample: Sample, task: Task, seed: int) -> "dict[str, Scores]":
    """Give the scores of every direct attack by name; NaN for rows that an attack was fitted on."""
    import numpy as np

    if not task.is_classification:
        error = np.asarray(sample.truth - sample.predicted, dtype=np.float64)
        signs = np.column_stack([np.abs(error), error, error + sample.predicted])
        return {"residual": -np.abs(error), "supervised": _supervised(sample, signs, seed)}
    found = {"label gap": (sample.truth == sample.predicted).astype(np.float64)}
    if sample.probability is not None:
        found["confidence"] = of_truth(sample.probability, sample.truth)
        found["modified entropy"] = ranked_in_class(-modified_entropy(sample.probability, sample.truth), sample.truth)
        if len(task.classes) <= WIDE:
            found |= _toolbox(sample, sample.probability, seed)
        found["supervised"] = _supervised(sample, _signs(sample, sample.probability), seed)
    elif sample.score is not None:
        ahead = margin(sample.score, sample.truth)
        found["confidence"] = ahead
        found["supervised"] = _supervised(sample, np.column_stack([ahead, np.abs(ahead), sample.truth]), seed)
    return found


def modified_entropy(probability: "NDArray[np.float64]", truth: "NDArray[np.generic]") -> "Scores":
    """Give Song and Mittal's (2021) modified entropy, equation 8; low for rows that the model is right and sure of."""
    import numpy as np

    clipped = np.clip(probability, 1e-12, 1 - 1e-12)
    mine = of_truth(clipped, truth)
    against = clipped * -np.log(1 - clipped)
    entropy: Scores = against.sum(axis=1) - of_truth(against, truth) - (1 - mine) * np.log(mine)
    return entropy


def ranked_in_class(scores: "Scores", truth: "NDArray[np.generic]") -> "Scores":
    """Give each score's rank within its class, so that one threshold serves all classes."""
    import numpy as np
    from scipy.stats import rankdata

    ranks = np.empty(len(scores))
    for one in np.unique(truth):
        mine = truth == one
        ranks[mine] = rankdata(scores[mine]) / mine.sum()
    return ranks


def _signs(sample: Sample, probability: "NDArray[np.float64]") -> "NDArray[np.float64]":
    import numpy as np

    mine = of_truth(probability, sample.truth)
    clipped = np.clip(mine, 1e-9, 1 - 1e-9)
    signs = [mine, np.log(clipped / (1 - clipped)), probability.max(axis=1), sample.truth]
    if probability.shape[1] <= WIDE:
        signs.extend(probability.T)
    return np.column_stack(signs)


def _toolbox(sample: Sample, probability: "NDArray[np.float64]", seed: int) -> "dict[str, Scores]":
    """Run the toolbox's attacks on the rows that are judged."""
    import numpy as np

    there, known = sample.judged, sample.attack_half[sample.judged]
    codes = sample.truth[there].astype(np.int64)
    found = {}
    for name, told in black_box(probability[there], codes, sample.member[there], known, seed).items():
        found[name] = np.full(len(there), np.nan)
        found[name][there & ~sample.attack_half] = told
    return found


def _supervised(sample: Sample, signs: "NDArray[np.float64]", seed: int) -> "Scores":
    from sklearn.ensemble import HistGradientBoostingClassifier

    return _judged_on_the_rest(sample, signs, HistGradientBoostingClassifier(**_small(seed)))


def _small(seed: int) -> dict[str, int | bool]:
    return {"max_iter": 60, "max_leaf_nodes": 8, "early_stopping": False, "random_state": seed % 2**31}


def _judged_on_the_rest(sample: Sample, signs: "NDArray[np.float64]", learner: object) -> "Scores":
    import numpy as np

    known, asked = sample.attack_half & sample.judged, ~sample.attack_half & sample.judged
    learner.fit(signs[known], sample.member[known])  # type: ignore[attr-defined]
    scores = np.full(len(known), np.nan)
    scores[asked] = learner.predict_proba(signs[asked])[:, 1]  # type: ignore[attr-defined]
    return scores
