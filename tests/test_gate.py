import subprocess
import sys
from datetime import date
from itertools import product

import pytest

from govkit.core.control import (
    ControlRef,
    ControlResult,
    CriterionResult,
    DocumentResult,
    DocumentState,
    Profile,
    Result,
    Status,
    Verdict,
    Waiver,
)
from govkit.core.digest import sha256_of
from govkit.core.evidence import Message
from govkit.core.record import AuditRecord, ModelFacts, Plan, Run, SystemFacts
from govkit.core.record import Result as AuditResult
from govkit.gate import decide, redecide

AS_OF = date(2026, 11, 21)
SAID = Message(id="x")
HEAVY = "numpy pandas scipy sklearn art presidio_analyzer pyarrow weasyprint jinja2 yaml rich typer".split()


def profile(gate=(), controls=()):
    required = tuple(ControlRef(framework="f", control=name) for name in controls)
    return Profile(id="p", title="P", description="d", frameworks=(), gate=tuple(gate), controls=required)


def criterion(name, result, waiver=""):
    return CriterionResult(criterion=name, result=result, because=SAID, waiver=waiver)


def control(name, status, **more):
    return ControlResult(framework="f", control=name, status=status, because=(SAID,), **more)


@pytest.mark.parametrize(
    ("result", "verdict", "code"),
    [
        (Result.PASS, Verdict.PASSED, 0),
        (Result.NOT_APPLICABLE, Verdict.PASSED, 0),
        (Result.FAIL, Verdict.FAILED, 1),
        (Result.INCONCLUSIVE, Verdict.INCOMPLETE, 5),
        (Result.ERROR, Verdict.INCOMPLETE, 5),
        (Result.NOT_RUN, Verdict.INCOMPLETE, 5),
        (None, Verdict.INCOMPLETE, 5),
    ],
)
def test_a_gated_criterion_decides(result, verdict, code):
    found = [] if result is None else [criterion("a", result)]
    decision = decide(profile(["a"]), found, [], as_of=AS_OF)
    assert (decision.verdict, decision.exit_code) == (verdict, code)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (Status.MET, 0),
        (Status.NOT_APPLICABLE, 0),
        (Status.NOT_MET, 1),
        (Status.PARTIALLY_MET, 5),
        (Status.INCONCLUSIVE, 5),
        (Status.NOT_ASSESSED, 5),
        (None, 5),
    ],
)
def test_a_required_control_decides(status, code):
    more = {"criteria": {"a": Result.FAIL}} if status is Status.NOT_MET else {}
    found = [] if status is None else [control("c", status, **more)]
    decision = decide(profile([], ["c"]), [criterion("a", Result.FAIL)], found, as_of=AS_OF)
    assert decision.exit_code == code


def test_what_is_not_gated_does_not_decide():
    results = [criterion("a", Result.PASS), criterion("b", Result.FAIL)]
    assert decide(profile(["a"]), results, [control("c", Status.NOT_MET)], as_of=AS_OF).exit_code == 0


def test_refused_comes_before_failed_before_incomplete():
    for refused, first, second in product([True, False], Result, Result):
        results = [criterion("a", first), criterion("b", second)]
        code = decide(profile(["a", "b"]), results, [], as_of=AS_OF, refused=refused).exit_code
        good = {Result.PASS, Result.NOT_APPLICABLE}
        if refused:
            assert code == 4
        elif Result.FAIL in {first, second}:
            assert code == 1
        else:
            assert code == (0 if {first, second} <= good else 5)


def test_a_profile_that_asks_for_nothing_passes_nothing():
    decision = decide(profile(), [], [], as_of=AS_OF)
    assert decision.exit_code == 5
    assert decision.incomplete[0].state == "nothing_required"


def test_every_blocker_is_listed_in_the_profiles_order():
    results = [criterion("b", Result.FAIL), criterion("a", Result.FAIL), criterion("d", Result.ERROR)]
    decision = decide(profile(["a", "b", "c", "d"], ["k"]), results, [], as_of=AS_OF)
    assert [blocker.id for blocker in decision.failed] == ["a", "b"]
    assert [(blocker.id, blocker.state) for blocker in decision.incomplete] == [
        ("c", "not_run"),
        ("d", "error"),
        ("k", "not_assessed"),
    ]


def test_a_waived_failure_is_listed_and_passes():
    decision = decide(profile(["a"]), [criterion("a", Result.FAIL, "WVR-1")], [], as_of=AS_OF)
    assert decision.exit_code == 0
    assert [blocker.state for blocker in decision.waived] == ["fail"]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"criteria": {"a": Result.FAIL, "b": Result.PASS}}, 0),
        ({"criteria": {"a": Result.FAIL, "b": Result.FAIL}}, 1),
        ({"criteria": {"a": Result.FAIL, "b": Result.INCONCLUSIVE}}, 5),
        ({"criteria": {"a": Result.FAIL, "b": Result.NOT_RUN}, "missing": ("b",)}, 5),
        ({"criteria": {"a": Result.FAIL}, "document": DocumentState.MISSING, "missing": ("plan",)}, 5),
        ({"criteria": {"a": Result.FAIL}, "document": DocumentState.VALID}, 0),
        ({"criteria": {"a": Result.FAIL}, "document": DocumentState.REJECTED}, 1),
        ({"criteria": {"a": Result.PASS}, "attestation": DocumentState.REJECTED}, 1),
    ],
)
def test_a_control_is_let_through_only_when_waivers_cover_all_that_is_wrong(more, code):
    results = [criterion("a", Result.FAIL, "WVR-1"), criterion("b", Result.FAIL)]
    found = [control("c", Status.NOT_MET, **more)]
    decision = decide(profile([], ["c"]), results, found, as_of=AS_OF)
    assert decision.exit_code == code


def record(**more):
    decision = decide(profile(["a"]), [], [], as_of=AS_OF)
    fields = {
        "govkit_version": "0",
        "as_of": AS_OF,
        "seed": 1,
        "system": SystemFacts(id="s", name="S"),
        "model": None,
        "data": (),
        "task": None,
        "columns": (),
        "config": {},
        "config_sha256": "0" * 64,
        "software": {},
        "plan": Plan(budget="quick", work={}),
        "checks": (),
        "evidence": (),
        "criteria": (),
        "frameworks": (),
        "profile": profile(["a"], ["c"]),
        "criterion_results": (criterion("a", Result.PASS),),
        "control_results": (control("c", Status.MET, criteria={"a": Result.PASS}, document=DocumentState.VALID),),
        "decision": decision,
        "messages": {},
        **more,
    }
    result = AuditResult.model_validate(fields)
    run = Run(started_at="", seconds=0, jobs=1, platform="")
    return AuditRecord(result_sha256=sha256_of(result), result=result, run=run)


WAIVER = Waiver(
    id="WVR-1",
    criterion="a",
    system="s",
    model_sha256="0" * 64,
    worst_value=0,
    reason="r",
    risk="r",
    requested_by="a",
    approved_by="b",
    approved_on=date(2026, 11, 1),
    expires_on=date(2026, 12, 1),
)
WAIVED = {
    "waivers": (WAIVER,),
    "criterion_results": (criterion("a", Result.FAIL, "WVR-1"),),
    "control_results": (
        control("c", Status.NOT_MET, criteria={"a": Result.FAIL}, document=DocumentState.VALID, waivers=("WVR-1",)),
    ),
}
SIGNED = DocumentResult(
    control="c", framework="f", state=DocumentState.VALID, because=SAID, expires_on=date(2026, 12, 1)
)


def test_a_record_is_decided_again_by_its_own_profile_or_another():
    assert redecide(record(), None, AS_OF).exit_code == 0
    assert redecide(record(), profile(["a", "z"]), AS_OF).incomplete[0].id == "z"


def test_a_refused_model_stays_refused():
    model = ModelFacts(name="m", sha256="0" * 64, size=1, format="pickle", refused="no")
    assert redecide(record(model=model), None, AS_OF).exit_code == 4


@pytest.mark.parametrize(("day", "code"), [("2026-10-31", 1), ("2026-11-01", 0), ("2026-12-01", 0), ("2026-12-02", 1)])
def test_a_waiver_counts_from_approval_to_its_last_day(day, code):
    assert redecide(record(**WAIVED), None, date.fromisoformat(day)).exit_code == code


@pytest.mark.parametrize(
    ("status", "results", "late"),
    [
        (Status.MET, {"a": Result.PASS}, Status.PARTIALLY_MET),
        (Status.MET, {}, Status.NOT_ASSESSED),
        (Status.PARTIALLY_MET, {"a": Result.NOT_RUN}, Status.NOT_ASSESSED),
        (Status.NOT_APPLICABLE, {"a": Result.FAIL}, Status.NOT_MET),
        (Status.NOT_APPLICABLE, {"a": Result.ERROR}, Status.INCONCLUSIVE),
        (Status.INCONCLUSIVE, {"a": Result.ERROR}, Status.INCONCLUSIVE),
    ],
)
def test_what_rested_on_an_expired_statement_is_taken_back(status, results, late):
    found = control("c", status, criteria=results, document=DocumentState.VALID)
    signed = record(control_results=(found,), document_results=(SIGNED,))
    decision = redecide(signed, None, date(2026, 12, 2))
    state = [blocker.state for blocker in (*decision.failed, *decision.incomplete)]
    assert state == [late]
    assert redecide(signed, None, date(2026, 12, 1)) == decide(
        signed.result.profile, signed.result.criterion_results, (found,), as_of=date(2026, 12, 1)
    )


def test_a_waived_control_whose_statement_expired_is_incomplete():
    waiver = Waiver.model_validate({**WAIVER.model_dump(), "expires_on": date(2027, 1, 1)})
    signed = record(**{**WAIVED, "waivers": (waiver,)}, document_results=(SIGNED,))
    assert redecide(signed, None, date(2026, 12, 1)).exit_code == 0
    assert redecide(signed, None, date(2026, 12, 2)).exit_code == 5


def test_deciding_from_a_record_loads_nothing_heavy(tmp_path):
    (tmp_path / "audit.json").write_text(record().model_dump_json())
    program = (
        "import sys, datetime, pathlib\n"
        "from govkit.core.record import AuditRecord\n"
        "from govkit.gate import redecide\n"
        "read = AuditRecord.model_validate_json(pathlib.Path(sys.argv[1]).read_bytes())\n"
        "assert redecide(read, None, datetime.date(2026, 11, 21)).exit_code == 0\n"
        "print(' '.join(sorted({name.split('.')[0] for name in sys.modules})))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "audit.json")], capture_output=True, text=True, check=True
    )
    assert not set(HEAVY) & set(done.stdout.split())
