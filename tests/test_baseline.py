"""Deciding against a baseline: only what got worse fails, and leaving evidence out hides nothing."""

import pytest
import report_records as records
from hypothesis import given
from hypothesis import strategies as st

from govkit.baseline import against
from govkit.core.control import ControlRef, ControlResult, CriterionResult, DocumentState, Profile, Result, Status
from govkit.core.evidence import Message
from govkit.core.record import AuditRecord
from govkit.gate import decide

BECAUSE = Message(id="control.met")
STATES = st.lists(st.tuples(st.sampled_from(Result), st.sampled_from(Result)), min_size=1, max_size=5)


def held(old, new):
    return against(old, new, new.result.decision)


def made(states=(), controls=()):
    """Give a record with these results of gated criteria and required controls."""
    base = records.passing()
    results = tuple(
        CriterionResult(criterion=f"c{place}", result=state, because=BECAUSE) for place, state in enumerate(states)
    )
    required = tuple(ControlRef(framework=one.framework, control=one.control) for one in controls)
    profile = Profile(
        id="p",
        title="P",
        description="",
        frameworks=(),
        gate=tuple(one.criterion for one in results),
        controls=required,
    )
    decision = decide(profile, results, controls, as_of=records.DAY)
    parts = {"criterion_results": results, "control_results": controls, "profile": profile, "decision": decision}
    return AuditRecord.model_validate({**dict(base), "result": {**dict(base.result), **parts}})


def control(status, **more):
    return ControlResult(framework="f", control="c", status=status, because=(BECAUSE,), **more)


@pytest.mark.parametrize(
    ("name", "code"), [(name, {"refused": 4, "empty": 5}.get(name, 0)) for name in sorted(records.ALL)]
)
def test_nothing_got_worse_since_the_same_audit(name, code):
    record = records.ALL[name]()
    found = held(record, record)
    assert found.decision.exit_code == code
    blockers = (*record.result.decision.failed, *record.result.decision.incomplete)
    assert sorted((*found.known, *found.decision.failed, *found.decision.incomplete), key=str) == sorted(
        blockers, key=str
    )


def test_what_failed_since_is_named():
    found = held(records.passing(), records.failing())
    assert found.decision.exit_code == 1
    assert found.decision.failed == records.failing().result.decision.failed


def test_a_known_failure_that_got_worse_is_no_longer_known():
    old, new = (
        records.build(
            (records.evidence("quality.missing", records.measured("share_missing", value, "share", 9000)),),
            criteria=(records.BY_ID["quality.missing"],),
        )
        for value in (0.08, 0.2)
    )
    assert held(old, new).decision.exit_code == 1
    assert held(new, old).decision.exit_code == 0


def test_a_group_that_fails_since_is_a_regression():
    def with_columns(**direct):
        found = [
            records.measured("cells_direct", cells, "count", 100, exact=True, column=name)
            for name, cells in direct.items()
        ]
        criteria = (records.BY_ID["pii.no-direct-identifiers"],)
        return records.build((records.evidence("pii.columns", *found),), criteria=criteria)

    assert held(with_columns(a=3.0), with_columns(a=3.0, b=0.0)).decision.exit_code == 0
    assert held(with_columns(a=3.0), with_columns(a=3.0, b=2.0)).decision.exit_code == 1


def test_a_waiver_that_ended_is_no_known_failure():
    without = records.waived().result
    results = [{**one.model_dump(), "waiver": ""} for one in without.criterion_results]
    ended = AuditRecord.model_validate(
        {**dict(records.waived()), "result": {**dict(without), "criterion_results": results, "waivers": ()}}
    )
    result = ended.result
    decision = decide(result.profile, result.criterion_results, result.control_results, as_of=records.DAY)
    assert against(records.waived(), ended, decision).decision.exit_code == 1


@given(STATES)
def test_leaving_evidence_out_never_makes_it_pass(states):
    old, new = made([then for then, _ in states]), made([now for _, now in states])
    if held(old, new).decision.exit_code == 0:
        return
    for place, (then, now) in enumerate(states):
        if now is Result.NOT_RUN or then in {Result.NOT_RUN, Result.ERROR}:
            continue
        fewer = [Result.NOT_RUN if at == place else state for at, (_, state) in enumerate(states)]
        assert held(old, made(fewer)).decision.exit_code != 0


@given(STATES)
def test_the_answer_is_never_stricter_than_the_gate(states):
    old, new = made([then for then, _ in states]), made([now for _, now in states])
    found = held(old, new)
    assert found.decision.exit_code == 0 or new.result.decision.exit_code != 0
    assert {*found.known, *found.decision.failed, *found.decision.incomplete} == {
        *new.result.decision.failed,
        *new.result.decision.incomplete,
    }


@pytest.mark.parametrize(
    ("then", "now", "code"),
    [
        (control(Status.NOT_MET), control(Status.NOT_MET), 0),
        (control(Status.MET), control(Status.NOT_MET, document=DocumentState.REJECTED), 1),
        (control(Status.NOT_MET), control(Status.NOT_MET, attestation=DocumentState.REJECTED), 1),
        (control(Status.NOT_ASSESSED, missing=("a",)), control(Status.NOT_ASSESSED, missing=("a",)), 0),
        (control(Status.NOT_ASSESSED, missing=("a",)), control(Status.NOT_ASSESSED, missing=("a", "b")), 5),
        (control(Status.PARTIALLY_MET), control(Status.NOT_ASSESSED), 5),
        (control(Status.NOT_MET), control(Status.PARTIALLY_MET), 0),
    ],
)
def test_required_controls(then, now, code):
    assert held(made(controls=(then,)), made(controls=(now,))).decision.exit_code == code
