"""A model whose calls take long: no check makes more of them than planned, and a weaker attack never passes for it."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from govkit.assessment.catalogs import load
from govkit.assessment.criteria import judge
from govkit.checks.robustness.evasion import EvasionParams, plan
from govkit.core.control import Result
from govkit.core.evidence import Outcome
from govkit.inputs.disclosure import Disclosure
from govkit.inputs.rationed import OutOfCalls, Rationed, hold_back
from govkit.plugins.check import CHECKS, NotDeclared, Sizes
from govkit.runner.one import Order, run_check
from tests.in_process_model import inputs


class Given:
    """Hands a check the inputs that there are."""

    def __init__(self, case):
        self._case, self.task = case, case.task

    def get(self, name):
        if getattr(self._case, name, None) is None:
            raise NotDeclared(name)
        return getattr(self._case, name)

    def digest(self, name):
        return name


def apart():
    """Give a model whose rows lie far from its boundary, and one that many small changes together turn."""
    rng = np.random.default_rng(3)
    side = np.where(rng.random(600) < 0.5, -1, 1)
    steady = pd.DataFrame({"a": side * rng.uniform(4, 5, 600), "b": rng.normal(size=600)}).assign(target=side)
    many = pd.DataFrame(rng.normal(size=(600, 16)), columns=[f"c{at}" for at in range(16)])
    return {"steady": steady, "fragile": many.assign(target=np.where(many.sum(axis=1) > 0, 1, -1))}


def fitted(folder, frame, **config):
    model = LogisticRegression(max_iter=1_000).fit(frame[:300].drop(columns="target"), frame["target"][:300])
    case = inputs(folder, model, frame[300:], frame[:300], **config)
    case.disclosure = Disclosure(case.config)
    return case


def ran(case, name, evidence=None, budget="standard", **sizes):
    check = CHECKS.all()[name]
    params = check.params()
    found = Sizes(case.test.rows, case.train.rows, len(case.columns.features), 2, 100, **sizes)
    order = Order(check, params, check.plan(found, budget, params).counts, 1, evidence or {})
    return run_check(order, Given(case)).evidence


def verdict(evidence, criterion="robustness.evasion.robust_accuracy"):
    judged = next(one for one in load().criteria if one.id == criterion)
    return judge(judged, {evidence.check: evidence}).result


@pytest.mark.parametrize(
    ("name", "plain", "few"), [("steady", Result.PASS, Result.PASS), ("fragile", Result.FAIL, Result.FAIL)]
)
def test_with_few_calls_the_search_comes_to_the_same_and_with_too_few_to_nothing(tmp_path, name, plain, few):
    case = fitted(tmp_path, apart()[name])
    results, calls = [], []
    for call_ms in (0, 1_000, 8_000):
        before = case.model.calls
        results.append(verdict(ran(case, "robustness.evasion", call_ms=call_ms)))
        calls.append(case.model.calls - before)
    assert results == [plain, few, Result.ERROR]
    assert calls[0] > 30 >= calls[1]
    assert calls[2] == 0
    too_few = ran(case, "robustness.evasion", call_ms=5_000)
    assert too_few.outcome is Outcome.MEASURED
    assert verdict(too_few) is Result.INCONCLUSIVE
    assert {"ROB-021", "ROB-022"} <= {one.rule for one in too_few.findings}


def test_no_check_calls_a_slow_model_more_often_than_planned(tmp_path):
    declared = {"monotone": {"a": "increasing"}, "immutable": ("b",)}
    case = fitted(tmp_path, apart()["steady"], robustness=declared, columns={"protected": ["b"]})
    evidence, left_out = {}, set()
    for name in sorted(CHECKS.all(), key=lambda name: (len(CHECKS.all()[name].requires), name)):
        check = CHECKS.all()[name]
        if check.family == "robustness" and check.plan and name != "robustness.against_champion":
            before = case.model.calls
            evidence[name] = ran(case, name, {need: evidence[need] for need in check.requires}, call_ms=1_000)
            assert case.model.calls - before <= evidence[name].work["calls"]
            left_out |= {name} if evidence[name].outcome is Outcome.ERROR else set()
    assert left_out == {"robustness.cross_check", "robustness.recourse"}
    assert evidence["robustness.cross_check"].reason.id == "model.too_few_calls"


def test_columns_that_no_trigger_was_looked_for_in_are_said_and_leave_it_open(tmp_path):
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(rng.integers(0, 2, (400, 204)), columns=[f"c{at}" for at in range(204)])
    frame = frame.assign(c7=rng.normal(size=400)).assign(target=frame["c1"])
    found = ran(fitted(tmp_path, frame), "robustness.trigger", budget="quick")
    assert [one.message.args for one in found.findings if one.rule == "ROB-025"] == [{"tried": 200, "all": 204}]
    assert verdict(found, "robustness.trigger.trigger_excess") is Result.INCONCLUSIVE
    steady = ran(fitted(tmp_path, apart()["steady"]), "robustness.trigger", budget="quick")
    assert verdict(steady, "robustness.trigger.trigger_excess") is Result.PASS


def test_calls_that_are_held_back_can_be_made_later(tmp_path):
    case = fitted(tmp_path, apart()["steady"])
    model = Rationed(case.model, {"calls": 3, "needed_calls": 1, "call_ms": 1_000})
    rows = case.test.frame[list(case.columns.features)]
    hold_back(model, 1)
    model.predict(rows), model.predict(rows)
    with pytest.raises(OutOfCalls, match=r"model\.no_call_left"):
        model.predict(rows)
    hold_back(model, 0)
    model.predict(rows)
    with pytest.raises(OutOfCalls):
        model.predict(rows)


def test_the_plan_of_a_quick_model_knows_nothing_of_calls():
    sizes = Sizes(5_000, 5_000, 30, 2, 100)
    assert "calls" not in plan(sizes, "standard", EvasionParams()).counts
    assert all(
        "calls" not in one.plan(sizes, "quick", one.params()).counts for one in CHECKS.all().values() if one.plan
    )
