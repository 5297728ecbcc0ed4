"""Attacks with as many reference models as planned, or with surrogates where the model can't be fitted again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from govkit.checks.privacy._reference_attacks import FEWEST, lira, meta, rmia
from govkit.checks.privacy._references import (
    References,
    Refit,
    Signal,
    Told,
    audited,
    audited_around,
    fitted,
    halves,
    surrogates,
    yardstick,
)
from govkit.checks.privacy._sample import FEWEST as FEWEST_ROWS
from govkit.checks.privacy._sample import Sample
from govkit.core.errors import ModelUnavailable
from govkit.inputs.task import Task

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Scores = NDArray[np.float64]

PRIMARY = "meta"
ANCHORED = "meta, other rows known"
LIRA_FROM, OFFLINE_FROM = 8, 16
"""Reference models from which LiRA and the offline attacks are worth their share of the correction."""
SURROGATES = 4
WIDE = 20
"""Classes up to which surrogates are fitted."""
AUDITED_SHARE = 4
"""One judged row in this many is drawn at random where the attacker knows the others."""


@dataclass(frozen=True)
class Compared:
    """Scores by attack, and whether they come from the audited pipeline fitted anew."""

    scores: "dict[str, Scores]"
    refitted: bool


def compared(refit: Refit | None, sample: Sample, task: Task, work: Mapping[str, int], seed: int) -> Compared:
    """Give the scores of every reference attack by name; NaN for rows that an attack has no answer for.

    Args:
        refit: how the audited model is fitted anew; None where there is no model to ask.
        sample: the rows, and those nearby that the models are asked about as well.
        task: its task.
        work: counts of `references` and `anchored_references`.
        seed: everything random is derived from it.
    """
    yard = yardstick(sample, task)
    target = audited(sample, yard)
    if refit is not None and work["references"] >= FEWEST:
        everything = sample.member | ~sample.member
        masks = halves(sample.truth, everything, work["references"] // 2, seed, stratify=task.is_classification)
        try:
            told = audited_around(refit.model, sample, yard, task)
            references = fitted(refit, sample, yard, masks)
            scores = _online(told, references, sample.truth, seed)
            if work["anchored_references"]:
                scores[ANCHORED] = _anchored(refit, sample, told, work["anchored_references"])
        except ModelUnavailable:
            pass
        else:
            return Compared(scores, refitted=True)
    return Compared(_with_surrogates(sample, task, target, seed), refitted=False)


def _online(told: Told, references: References, truth: "NDArray[np.generic]", seed: int) -> "dict[str, Scores]":
    target = told.signal
    scores = {
        PRIMARY: meta(told, references, truth, seed),
        "RMIA": rmia(target, references, online=True),
    }
    if len(references.inside) >= LIRA_FROM:
        scores["LiRA"] = lira(target, references, online=True)
    if len(references.inside) >= OFFLINE_FROM:
        scores["RMIA offline"] = rmia(target, references, online=False)
        scores["LiRA offline"] = lira(target, references, online=False)
    return scores


def _with_surrogates(sample: Sample, task: Task, target: Signal, seed: int) -> "dict[str, Scores]":
    """Run the offline attacks with gradient boosting in the pipeline's place; meta would need the pipeline itself."""
    if task.is_classification and len(task.classes) > WIDE:
        return {}
    everything = sample.member | ~sample.member
    masks = halves(sample.truth, everything, SURROGATES // 2, seed, stratify=task.is_classification)
    references = surrogates(sample, task, masks, seed)
    return {
        "RMIA, surrogates": rmia(target, references, online=False),
        "LiRA, surrogates": lira(target, references, online=False),
    }


def _anchored(refit: Refit, sample: Sample, told: Told, count: int) -> "Scores":
    """Run the meta attack on some rows whose membership is drawn while every other training row is always in.

    That is an attacker who knows the other rows, the one that differential privacy is defined against.
    """
    import numpy as np

    rng = np.random.default_rng(refit.seed)
    pool = np.zeros(len(sample.member), dtype=bool)
    for side in (sample.member, ~sample.member):
        rows = np.flatnonzero(side & sample.judged)
        pool[rng.permutation(rows)[: max(len(rows) // AUDITED_SHARE, FEWEST_ROWS)]] = True
    yard = yardstick(sample, refit.task)
    masks = halves(sample.truth, pool, count // 2, refit.seed + 1, stratify=refit.task.is_classification)
    found = fitted(refit, sample, yard, masks, fixed=sample.member & ~pool)
    scores = np.full(len(pool), np.nan)
    scores[pool] = meta(told.of_rows(pool), found.of_rows(pool), sample.truth[pool], refit.seed)
    return scores
