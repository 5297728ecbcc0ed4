"""Attacks that compare the audited model with reference models that saw a row and with ones that did not."""

from typing import TYPE_CHECKING

from govkit.checks.privacy._references import FLOOR, References, Signal, Told

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Scores = NDArray[np.float64]

WIDE = 20
"""Classes up to which the meta attack sees every answer."""
FEWEST = 4
"""Reference models that the meta attack needs: one plays the target, and others that leave out its pair are left."""
SPREAD_FROM = 32
"""Reference models from which each row has a spread of its own."""
PRIOR = 8
"""How many reference models the common spread counts for beside a row's own."""
OFFLINE = 0.3
"""RMIA's slope for guessing a row's answer with the row inside from the answer without it."""


def rmia(target: Signal, references: References, *, online: bool) -> "Scores":
    """Compare the audited model's likelihood of the truth with the average reference's.

    Source: Zarifzadeh, Liu and Shokri (2024), Low-cost high-power membership inference attacks. Their comparison with
    other rows keeps the order of this ratio and only adds ties.
    """
    inside, outside = _means(references, references.signal.likelihood)
    expected = (inside + outside) / 2 if online else ((1 + OFFLINE) * outside + 1 - OFFLINE) / 2
    ratio: Scores = (target.likelihood + FLOOR) / (expected + FLOOR)
    return ratio


def lira(target: Signal, references: References, *, online: bool) -> "Scores":
    """Weigh the audited model's answer as a draw from models with the row and from models without it.

    Source: Carlini et al. (2022), Membership inference attacks from first principles. The spread is common to all rows
    while there are few models, and shrunk to the common one afterwards.
    """
    from scipy.stats import norm

    values = references.signal.strength
    (inside, outside), (wide, narrow) = _means(references, values), _spreads(references, values)
    if not online:
        return (target.strength - outside) / narrow
    found: Scores = norm.logpdf(target.strength, inside, wide) - norm.logpdf(target.strength, outside, narrow)
    return found


def meta(target: Told, references: References, truth: "NDArray[np.generic]", seed: int) -> "Scores":
    """Learn from the reference models what membership looks like, and apply it to the audited model.

    Each of several reference models plays the target against the references outside its own pair. Its membership is
    known because it was drawn for it; the audited model's membership is never looked at. The audited model is held
    against equally many references, each pair left out in turn, and the log-odds are averaged.

    Args:
        target: what the audited model says.
        references: what the reference models say of the same rows.
        truth: each row's true class or value.
        seed: of what learns.
    """
    import numpy as np
    from scipy.special import logit
    from sklearn.ensemble import HistGradientBoostingClassifier

    signs = [_signs(told, references.without_pair(model), truth) for model, told in enumerate(references.told)]
    member = [references.inside[model] for model in range(len(references.told))]
    learner = HistGradientBoostingClassifier(
        max_iter=60, max_leaf_nodes=8, l2_regularization=20, early_stopping=False, random_state=seed % 2**31
    )
    learner.fit(np.vstack(signs), np.hstack(member))
    odds = np.zeros(len(truth))
    for model in range(0, len(references.told), 2):
        odds += logit(learner.predict_proba(_signs(target, references.without_pair(model), truth))[:, 1])
    return odds


def _signs(told: Told, references: References, truth: "NDArray[np.generic]") -> "Scores":
    """Give what LiRA and RMIA look at, the model's answer with the truth, and how it differs from those nearby."""
    import numpy as np

    target = told.signal
    likely_in, likely_out = _means(references, references.signal.likelihood)
    strong_in, strong_out = _means(references, references.signal.strength)
    middle = (strong_in + strong_out) / 2
    answer = told.answer.reshape(len(truth), -1)
    return np.column_stack(
        [
            target.strength,
            strong_in,
            strong_out,
            target.strength - strong_in,
            target.strength - strong_out,
            (target.strength - middle) * (strong_in - strong_out),
            target.likelihood,
            likely_in,
            likely_out,
            target.likelihood - likely_out,
            np.log((target.likelihood + FLOOR) / ((likely_in + likely_out) / 2 + FLOOR)),
            truth,
            answer if answer.shape[1] <= WIDE else answer.max(axis=1),
            target.strength[:, None] - told.around.T,
        ]
    )


def _means(references: References, values: "Scores") -> "tuple[Scores, Scores]":
    """Give each row's mean over the models that saw it and over those that did not."""
    inside = references.inside
    seen: Scores = (values * inside).sum(axis=0) / inside.sum(axis=0)
    unseen: Scores = (values * ~inside).sum(axis=0) / (~inside).sum(axis=0)
    return seen, unseen


def _spreads(references: References, values: "Scores") -> "tuple[Scores, Scores]":
    """Give the standard deviation of the models that saw a row and of those that did not, pooled over rows."""
    import numpy as np

    spreads = []
    for mask, mean in zip((references.inside, ~references.inside), _means(references, values), strict=True):
        squares = (mask * (values - mean) ** 2).sum(axis=0)
        freedom = mask.sum(axis=0) - 1
        pooled = squares.sum() / max(int(freedom.sum()), 1)
        own = (squares + PRIOR * pooled) / (freedom + PRIOR) if len(mask) >= SPREAD_FROM else np.full(len(mean), pooled)
        spreads.append(np.sqrt(own) + 1e-6)
    return spreads[0], spreads[1]
