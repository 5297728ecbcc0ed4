"""Membership attacks: each gives every row a score that is higher the more it looks like a training row."""

import warnings
from typing import TYPE_CHECKING

from govkit.checks.privacy._sample import Sample, numeric_view
from govkit.inputs.model import Model
from govkit.inputs.task import Task

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Scores = NDArray[np.float64]

WIDE = 20
"""Classes up to which an attack that learns sees every probability."""
FLOOR = 1e-3
"""Keeps ratios of probabilities finite; tree leaves give 0 and 1."""


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
        found["modified entropy"] = _ranked_in_class(-_modified_entropy(sample.probability, sample.truth), sample.truth)
        found["ART black box"] = _art(sample, sample.probability, len(task.classes), seed)
        found["supervised"] = _supervised(sample, _signs(sample, sample.probability), seed)
    elif sample.score is not None:
        margin = _margin(sample.score, sample.truth)
        found["confidence"] = margin
        found["supervised"] = _supervised(sample, np.column_stack([margin, np.abs(margin), sample.truth]), seed)
    return found


def blind(sample: Sample, seed: int) -> "Scores":
    """Tell members from the rows alone, without the model: what remains of an attack when there is nothing to leak.

    Source: Das, Zhang and Tramer (2024), Blind baselines beat membership inference attacks.
    """
    import numpy as np
    from sklearn.ensemble import HistGradientBoostingClassifier

    view = np.column_stack([numeric_view(sample.rows), np.asarray(sample.truth, dtype=np.float64)])
    return _judged_on_the_rest(sample, view, HistGradientBoostingClassifier(**_small(seed), min_samples_leaf=10))


def reference(model: Model, sample: Sample, task: Task, pairs: int, seed: int) -> "Scores":
    """Compare the model's probability with that of models fitted with and without the row (RMIA, online).

    References are clones of the model fitted on random halves of the sample, in complementary pairs within classes,
    so that every row is in exactly half of them. Source: Zarifzadeh, Liu and Shokri (2024), Low-cost high-power
    membership inference attacks.
    """
    import numpy as np

    assert sample.probability is not None
    rng = np.random.default_rng(seed)
    inside, outside = np.zeros(len(sample.truth)), np.zeros(len(sample.truth))
    for pair in range(pairs):
        half = np.zeros(len(sample.truth), dtype=bool)
        for one in np.unique(sample.truth):
            mine = rng.permutation(np.flatnonzero(sample.truth == one))
            half[mine[: (len(mine) + int(rng.integers(2))) // 2]] = True
        for turn, mask in enumerate((half, ~half)):
            believed = _refitted(model, sample, task, mask, seed + 2 * pair + turn)
            inside[mask] += believed[mask] / pairs
            outside[~mask] += believed[~mask] / pairs
    mine = of_truth(sample.probability, sample.truth)
    return (mine + FLOOR) / ((inside + outside) / 2 + FLOOR)


def of_truth(probability: "NDArray[np.float64]", truth: "NDArray[np.generic]") -> "Scores":
    """Give the probability of each row's true class (Yeom et al. 2018)."""
    import numpy as np

    return probability[np.arange(len(truth)), truth.astype(np.int64)]


def _refitted(model: Model, sample: Sample, task: Task, mask: "NDArray[np.bool_]", seed: int) -> "Scores":
    """Give the probability of each row's true class under a clone fitted on the rows of a mask."""
    import numpy as np

    labels = np.array(task.classes, dtype=None if not isinstance(task.classes[0], str) else object)
    clone = model.fit(sample.rows[mask], labels[sample.truth[mask].astype(np.int64)], seed=seed)
    try:
        given = clone.predict_proba(sample.rows)
        place = {label: index for index, label in enumerate(task.classes)}
        aligned = np.zeros((len(given), len(task.classes)))
        aligned[:, [place[label] for label in clone.described.classes]] = given
    finally:
        clone.release()
    return of_truth(aligned, sample.truth)


def _margin(score: "NDArray[np.float64]", truth: "NDArray[np.generic]") -> "Scores":
    import numpy as np

    codes = truth.astype(np.int64)
    if score.ndim == 1:
        return np.where(codes == 1, score, -score)
    others = score.copy()
    others[np.arange(len(codes)), codes] = -np.inf
    margin: Scores = score[np.arange(len(codes)), codes] - others.max(axis=1)
    return margin


def _modified_entropy(probability: "NDArray[np.float64]", truth: "NDArray[np.generic]") -> "Scores":
    """Give Song and Mittal's (2021) modified entropy, equation 8; low for rows that the model is right and sure of."""
    import numpy as np

    clipped = np.clip(probability, 1e-12, 1 - 1e-12)
    mine = of_truth(clipped, truth)
    against = clipped * -np.log(1 - clipped)
    entropy: Scores = against.sum(axis=1) - of_truth(against, truth) - (1 - mine) * np.log(mine)
    return entropy


def _ranked_in_class(scores: "Scores", truth: "NDArray[np.generic]") -> "Scores":
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


def _supervised(sample: Sample, signs: "NDArray[np.float64]", seed: int) -> "Scores":
    from sklearn.ensemble import HistGradientBoostingClassifier

    return _judged_on_the_rest(sample, signs, HistGradientBoostingClassifier(**_small(seed)))


def _small(seed: int) -> dict[str, int | bool]:
    return {"max_iter": 60, "max_leaf_nodes": 8, "early_stopping": False, "random_state": seed % 2**31}


def _judged_on_the_rest(sample: Sample, signs: "NDArray[np.float64]", learner: object) -> "Scores":
    import numpy as np

    half = sample.attack_half
    learner.fit(signs[half], sample.member[half])  # type: ignore[attr-defined]
    scores = np.full(len(half), np.nan)
    scores[~half] = learner.predict_proba(signs[~half])[:, 1]  # type: ignore[attr-defined]
    return scores


def _art(sample: Sample, probability: "NDArray[np.float64]", classes: int, seed: int) -> "Scores":
    """Run the random-forest attack of the Adversarial Robustness Toolbox on the model's probabilities."""
    import numpy as np

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of ART's own imports
        from art.attacks.inference.membership_inference import MembershipInferenceBlackBox
        from art.estimators.classification import BlackBoxClassifier

        view = BlackBoxClassifier(lambda rows: rows, (classes,), classes)
        attack = MembershipInferenceBlackBox(view, attack_model_type="rf")
        attack.attack_model.set_params(random_state=seed % 2**31)
        half, member, truth = sample.attack_half, sample.member, np.eye(classes)[sample.truth.astype(np.int64)]
        known, other = half & member, half & ~member
        attack.fit(pred=probability[known], y=truth[known], test_pred=probability[other], test_y=truth[other])
        scores = np.full(len(half), np.nan)
        scores[~half] = attack.infer(None, y=truth[~half], pred=probability[~half], probabilities=True)[:, -1]
    return scores
