"""The Adversarial Robustness Toolbox's attacks in their own process: repeatable, and nothing here is touched."""

import random
import sys

import numpy as np
import pytest

from govkit.checks.privacy import _toolbox
from govkit.plugins.check import NotPossible
from govkit.stats import roc


@pytest.fixture(scope="module")
def question():
    """A model that is surer of the rows it has seen."""
    drawn = np.random.default_rng(0)
    truth, member = drawn.integers(0, 3, 600), np.arange(600) < 300
    sure = np.where(member, 2.5, 0.5)
    odds = drawn.normal(size=(600, 3)) + sure[:, None] * np.eye(3)[truth]
    probability = np.exp(odds) / np.exp(odds).sum(axis=1, keepdims=True)
    return probability, truth, member, drawn.random(600) < 0.5


def test_another_process_answers_alike_and_leaves_the_generators_here_alone(question):
    random.seed(5)
    np.random.seed(5)
    before = random.getstate(), np.random.get_state()[1].tolist()
    filters = list(sys.modules["warnings"].filters)
    first, again = (_toolbox.black_box(*question, seed=7) for _ in range(2))
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before
    assert sys.modules["warnings"].filters == filters
    assert set(first) == {"ART forest", "ART boosting"}
    *_, member, known = question
    for name, scores in first.items():
        assert scores.tobytes() == again[name].tobytes()
        assert len(scores) == int((~known).sum())
        asked = member[~known]
        assert (scores[asked] > np.median(scores)).mean() > 0.6 > (scores[~asked] > np.median(scores)).mean()
        assert roc.found_at(scores[asked], scores[~asked], 0.1)[0] > 0.2


def test_a_process_that_breaks_off_is_said(question):
    probability, truth, member, known = question
    with pytest.raises(NotPossible, match=r"privacy\.toolbox_ended"):
        _toolbox.black_box(probability * np.nan, truth, member, known, seed=7)
