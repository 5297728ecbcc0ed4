"""Claims of differential privacy: contradicted where attacks do too well, and bounds that hold by simulation."""

import numpy as np
import pytest

from govkit.checks.privacy.differential_privacy import differential_privacy
from govkit.config import Config
from govkit.core.evidence import Column, Evidence, Finding, Measurement, Outcome, Table
from govkit.plugins.check import NotApplicable, NotPossible
from govkit.stats.differential_privacy import epsilon_lower_bound, epsilon_of_auc, guesses
from govkit.stats.intervals import delong


def run(rows, epsilon, delta=0.0):
    columns = tuple(Column(name=name) for name in ("attack", "calls", "right", "rows"))
    table = Table(name="membership_calls", title="", columns=columns, rows=tuple(("meta", *row) for row in rows))
    name = "privacy.membership_inference"
    evidence = Evidence(check=name, check_version="1", outcome=Outcome.MEASURED, tables=(table,) if rows else ())
    claim = None if epsilon is None else {"epsilon": epsilon, "delta": delta}
    return list(differential_privacy({name: evidence}, Config(differential_privacy=claim)))


def test_a_claim_is_contradicted_and_never_confirmed():
    found = run([(200, 190, 4_000)], 1.0)
    bound, excess = (one for one in found if isinstance(one, Measurement))
    assert bound.value > 2
    assert excess.value == pytest.approx(bound.value - 1)
    assert [one.rule for one in found if isinstance(one, Finding)] == ["DPR-001"]
    found = run([(200, 105, 4_000)], 1.0)
    assert found[1].interval.low < 0
    assert found[1].interval.high is None


def test_delta_makes_the_bound_weaker():
    assert run([(200, 190, 4_000)], 1.0, 1e-4)[0].value < run([(200, 190, 4_000)], 1.0)[0].value


def test_no_claim_and_nothing_to_bound():
    with pytest.raises(NotApplicable):
        run([(200, 190, 4_000)], None)
    with pytest.raises(NotPossible):
        run([], 1.0)


def test_an_area_needs_an_epsilon():
    assert epsilon_of_auc(0.75) == pytest.approx(np.log(3))
    assert epsilon_of_auc(0.55) == pytest.approx(0.2, abs=1e-3)
    assert (epsilon_of_auc(0.4), epsilon_of_auc(1.0)) == (0.0, np.inf)


def test_the_bound_holds_for_randomised_response():
    """Scores that are the membership bit, told truly with chance e^ε / (1 + e^ε): exactly ε-private."""
    random, epsilon, wrong = np.random.default_rng(0), 1.0, 0
    for _ in range(200):
        member = random.random(2_000) < 0.5
        told = np.where(random.random(2_000) < 1 / (1 + np.exp(-epsilon)), member, ~member)
        scores = told + random.random(2_000) / 2
        called, right = guesses(scores, member, 0.1)
        wrong += epsilon_lower_bound(right, called, 2_000) > epsilon
    assert wrong <= 0.05 * 200 + 6
    member = np.repeat([True, False], 50_000)
    told = np.where(random.random(100_000) < 1 / (1 + np.exp(-epsilon)), member, ~member).astype(float)
    _, interval = delong(told[member], told[~member])
    assert epsilon_of_auc(interval.low) < epsilon < epsilon_of_auc(interval.high)
    assert epsilon_lower_bound(*reversed(guesses(told + random.random(100_000) / 2, member, 0.2)), 100_000) > 0.9


def test_equal_scores_are_taken_against_the_caller():
    member = np.array([True, False] * 50)
    assert guesses(np.zeros(100), member, 0.1) == (20, 0)
