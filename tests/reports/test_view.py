import re

import pytest
import report_records as records

from govkit.core.control import CriterionResult, Result, Status, Verdict
from govkit.core.evidence import Column, Message, Table
from govkit.reports.gaps import MOST_REASONS
from govkit.reports.view import FRONT_ROWS, MESSAGES, report_view
from govkit.reports.web import web_report


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("passing", "PASSED"),
        ("failing", "FAILED"),
        ("incomplete", "INCOMPLETE"),
        ("refused", "REFUSED"),
        ("waived", "PASSED"),
    ],
)
def test_the_verdict_is_the_decisions(name, word):
    view = report_view(records.ALL[name]())
    assert view.verdict.word == word
    assert all(sentence.endswith(".") for sentence in view.sentences)


def test_a_pass_by_waiver_says_so_in_the_verdict():
    view = report_view(records.waived())
    assert "only because of a waiver" in view.sentences[0]
    assert [row.title for row in view.waived] == ["Few missing values"]
    assert view.waivers[0].expires_on == "2027-02-01"
    page = web_report(records.waived()).decode()
    assert "decided by a person &lt;b&gt;&amp;&lt;/b&gt; sampled weekly" in page
    assert "RISK-118" in page


def test_a_pass_counts_only_the_criteria_that_apply():
    record = records.passing()
    gated = record.result.profile.gate
    assert f"meets all {len(gated)} criteria gated by" in report_view(record).sentences[0]
    first, *rest = record.result.criterion_results
    idle = first.model_copy(update={"result": Result.NOT_APPLICABLE})
    result = record.result.model_copy(update={"criterion_results": (idle, *rest)})
    said = report_view(record.model_copy(update={"result": result})).sentences[0]
    assert f"meets all {len(gated) - 1} criteria that apply to it, of {len(gated)} gated by" in said


def test_every_blocker_of_the_decision_is_shown_once_and_the_severest_first():
    record = records.failing()
    view = report_view(record)
    decision = record.result.decision
    assert len(view.blocking) == len(decision.failed) + len(decision.incomplete)
    assert len(view.front) == FRONT_ROWS
    assert view.front + view.rest == view.blocking
    assert [row.mark.word for row in view.blocking[:5]] == ["fail"] * 5


def test_a_required_control_that_is_open_blocks_by_name():
    view = report_view(records.incomplete())
    assert [row.title for row in view.blocking if row.kind == "control"] == [
        "MEASURE 1.1 Legal and regulatory duties for AI"
    ]


def test_gaps_are_grouped_by_the_line_that_closes_them():
    gap = report_view(records.incomplete()).gaps.missing[0]
    assert gap.ask == "train: train.csv"
    assert len(gap.items) == 3
    assert gap.gated == 3


def test_checks_that_were_left_out_are_one_short_sentence_with_a_count():
    record = records.passing()
    left_out = tuple(
        CriterionResult(
            criterion=criterion.id,
            result=Result.NOT_RUN,
            because=Message(id="criterion.no_evidence", args={"check": criterion.check}),
        )
        for criterion in record.result.criteria
    )
    result = record.result.model_copy(update={"evidence": (), "criterion_results": left_out})
    view = report_view(record.model_copy(update={"result": result}))
    several = [gap for gap in view.gaps.missing if len(gap.items) > MOST_REASONS]
    assert several
    for gap in several:
        assert len(gap.reasons) <= MOST_REASONS
        assert len(" ".join(gap.reasons)) < 200


@pytest.mark.parametrize("name", sorted(records.ALL))
def test_counts_add_up(name):
    record = records.ALL[name]()
    view = report_view(record)
    assert sum(count for _, count in view.tally) == len(record.result.profile.gate)
    for checklist, framework in zip(view.checklists, record.result.frameworks, strict=True):
        assert sum(count for _, count in checklist.counts) == checklist.total == len(framework.controls)
    unanswered = [one for one in record.result.criterion_results if one.result in {Result.NOT_RUN, Result.ERROR}]
    assert sum(len(gap.items) for gap in view.gaps.missing) >= len(unanswered)


def test_a_control_without_a_result_is_not_assessed():
    record = records.passing()
    result = record.result.model_copy(update={"control_results": ()})
    view = report_view(record.model_copy(update={"result": result}))
    rows = [row for checklist in view.checklists for group in checklist.groups for row in group.rows]
    assert {row.mark.word for row in rows} == {Status.NOT_ASSESSED.value.replace("_", " ")}


def test_only_words_that_promise_nothing_are_used():
    words = " ".join([*MESSAGES.values(), *(text for pair in report_view(records.passing()).glossary for text in pair)])
    assert not re.search(r"\b(compliant|certified|safe|guaranteed)\b", words, re.IGNORECASE)


def test_an_unknown_message_shows_itself_rather_than_nothing():
    record = records.failing()
    changed = tuple(
        one.model_copy(update={"because": Message(id="no.such")}) for one in record.result.criterion_results
    )
    view = report_view(
        record.model_copy(update={"result": record.result.model_copy(update={"criterion_results": changed})})
    )
    assert all(row.because.startswith("no.such") for row in view.blocking)


def test_a_decision_about_things_the_record_lacks_is_still_shown():
    record = records.failing()
    result = record.result.model_copy(
        update={"criteria": (), "criterion_results": (), "frameworks": (), "control_results": ()}
    )
    view = report_view(record.model_copy(update={"result": result}))
    assert {row.title for row in view.blocking} == {
        blocker.id for blocker in (*record.result.decision.failed, *record.result.decision.incomplete)
    }
    assert view.verdict.word == Verdict.FAILED.value.upper()


def test_a_table_that_is_meant_to_be_read_stands_beside_the_results_and_not_in_the_annex():
    space = Table(name="x", title="Feature by feature", columns=(Column(name="feature"),), rows=(("fee",), ("term",)))
    record = records.passing()
    (first, *others) = record.result.evidence
    for printed in (True, False):
        evidence = first.model_copy(update={"tables": (space.model_copy(update={"printed": printed}),)})
        changed = record.model_copy(
            update={"result": record.result.model_copy(update={"evidence": (evidence, *others)})}
        )
        page = web_report(changed).decode()
        assert page.count("<td>term</td>") == printed
        assert ("Feature by feature</bdi> (2 rows)" in page) != printed
