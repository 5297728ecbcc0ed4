from itertools import combinations, combinations_with_replacement, permutations, product

from govkit.assessment.rollup import Gathered, roll_up
from govkit.core.control import DocumentState, Result, Status

NEEDS = [needs for size in (1, 2, 3) for needs in combinations(("checks", "documents", "attestation"), size)]
RESULTS = [found for size in range(4) for found in combinations_with_replacement(Result, size)]


def gathered(needs, results, documents, attestation, unmeasured, *, scoped_out=False):
    criteria = {f"c{at}": result for at, result in enumerate(results)}
    return Gathered(needs, criteria, unmeasured, documents, attestation, scoped_out)


CASES = [gathered(*case) for case in product(NEEDS, RESULTS, DocumentState, DocumentState, [(), ("drift.features",)])]


def deletions(case: Gathered):
    """Every case with one piece of evidence less."""
    for name, result in case.criteria.items():
        if result is not Result.NOT_RUN:
            fewer = {**case.criteria, name: Result.NOT_RUN}
            yield Gathered(case.needs, fewer, case.unmeasured, case.documents, case.attestation)
    if case.documents is not DocumentState.MISSING:
        yield Gathered(case.needs, case.criteria, case.unmeasured, DocumentState.MISSING, case.attestation)
    if case.attestation is not DocumentState.MISSING:
        yield Gathered(case.needs, case.criteria, case.unmeasured, case.documents, DocumentState.MISSING)


def papers(case: Gathered):
    return [
        state
        for need, state in (("documents", case.documents), ("attestation", case.attestation))
        if need in case.needs
    ]


def test_there_are_enough_cases():
    assert len(CASES) > 15_000


def test_deleting_evidence_never_makes_a_control_met():
    violations = [
        (case, fewer)
        for case in CASES
        if roll_up(case) is not Status.MET
        for fewer in deletions(case)
        if roll_up(fewer) is Status.MET
    ]
    assert violations == []


def test_deleting_evidence_never_lifts_a_required_control_out_of_the_gates_way():
    good = {Status.MET, Status.NOT_APPLICABLE}
    for case in CASES:
        if roll_up(case) not in good:
            assert not any(roll_up(fewer) in good for fewer in deletions(case))


def test_anything_that_fails_or_is_rejected_makes_it_not_met():
    for case in CASES:
        bad = Result.FAIL in case.criteria.values() or DocumentState.REJECTED in papers(case)
        assert (roll_up(case) is Status.NOT_MET) == bad


def test_what_is_undecided_never_reads_as_good_or_absent():
    for case in CASES:
        undecided = {Result.ERROR, Result.INCONCLUSIVE} & set(case.criteria.values())
        if undecided and roll_up(case) is not Status.NOT_MET:
            assert roll_up(case) is Status.INCONCLUSIVE


def test_met_needs_everything_there_and_good():
    for case in CASES:
        if roll_up(case) is Status.MET:
            assert set(case.criteria.values()) <= {Result.PASS, Result.NOT_APPLICABLE}
            assert not case.unmeasured
            assert set(papers(case)) <= {DocumentState.VALID}
            assert "checks" not in case.needs or Result.PASS in case.criteria.values()


def test_nothing_good_is_not_assessed_and_something_good_is_partial():
    for case in CASES:
        status = roll_up(case)
        good = Result.PASS in case.criteria.values() or DocumentState.VALID in papers(case)
        if status is Status.NOT_ASSESSED:
            assert not good
        if status is Status.PARTIALLY_MET:
            assert good


def test_the_order_of_criteria_does_not_matter():
    for results in combinations_with_replacement(Result, 3):
        seen = {
            roll_up(gathered(("checks",), order, DocumentState.MISSING, DocumentState.MISSING, ()))
            for order in permutations(results)
        }
        assert len(seen) == 1


def test_only_a_signed_scope_entry_makes_it_not_applicable():
    assert all(roll_up(case) is not Status.NOT_APPLICABLE for case in CASES)
    case = gathered(("checks",), [Result.FAIL], DocumentState.VALID, DocumentState.VALID, (), scoped_out=True)
    assert roll_up(case) is Status.NOT_APPLICABLE


def test_a_control_that_needs_nothing_is_never_met():
    assert roll_up(Gathered(())) is Status.NOT_ASSESSED
    assert roll_up(Gathered((), {"c": Result.PASS})) is Status.PARTIALLY_MET
