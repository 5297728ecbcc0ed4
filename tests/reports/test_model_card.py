import json
import re
from collections import Counter

import pytest
import report_records as records
import yaml
from read_page import Page

from govkit.kept_notes import with_notes
from govkit.reports.card import card_view, declarations, sheet_view
from govkit.reports.card_plan import SECTIONS, SHEET
from govkit.reports.model_card import card_json, card_markdown, card_page, sheet_json, sheet_markdown, sheet_page
from govkit.reports.wording import clean


def front_matter(content):
    _, matter, body = content.decode().split("---\n", 2)
    return yaml.safe_load(matter), body


@pytest.mark.parametrize("name", sorted(records.ALL))
def test_the_front_matter_parses_and_stays_one_block(name):
    matter, body = front_matter(card_markdown(records.ALL[name]()))
    assert matter["tags"]
    assert body.lstrip().startswith("# ")
    assert not set(body) & set("\x00\x07\x1b\u202e")


def test_the_model_index_holds_the_measured_values():
    record = records.passing()
    matter, _ = front_matter(card_markdown(record))
    assert matter["license"] == "apache-2.0"
    assert matter["library_name"] == "scikit-learn"
    result = matter["model-index"][0]["results"][0]
    assert result["task"] == {"type": "tabular-classification"}
    assert result["dataset"]["name"] == "data.csv"
    values = {metric["type"]: metric["value"] for metric in result["metrics"]}
    assert values["accuracy"] == 0.8175
    assert values["auc"] == 0.842


def test_an_unknown_licence_is_called_other():
    matter, _ = front_matter(card_markdown(records.build(card={"licence": "Ask the bank first"})))
    assert (matter["license"], matter["license_name"]) == ("other", "Ask the bank first")


def test_nothing_declared_means_a_gap_and_never_a_placeholder():
    record = records.build(records.good_evidence(), card={})
    view = card_view(record)
    asked = {one.key for plan in SECTIONS for one in plan.declared}
    assert {one.key for one in view.lacking} == asked - {"owners"}
    text = card_markdown(record).decode() + Page(card_page(record)).words
    assert not re.search(r"more information needed|tbd|n/a\b|lorem", text, re.IGNORECASE)
    for one in view.lacking:
        assert text.count(f"{one.key}:") >= 2


def test_what_people_wrote_is_kept_word_for_word():
    record = records.passing()
    text = card_markdown(record).decode()
    for paragraphs in declarations(record).values():
        for paragraph in paragraphs:
            assert paragraph in text


def test_empty_declarations_do_not_count_and_unknown_ones_are_shown():
    record = records.build(card={"oversight": "  ", "license": "mit", "board_note": "Seen in May."})
    view = card_view(record)
    assert "oversight" in {one.key for one in view.lacking}
    assert view.licence == "mit"
    assert "Seen in May." in card_page(record).decode()


def test_limitations_are_written_from_what_failed_and_what_is_open():
    section = next(one for one in card_view(records.failing()).sections if one.title == "Limitations")
    assert "Does not hold: Few members found (36.4\u202f% [33.4, 39.4], limit ≤\u202f3\u202f%)." in section.points
    assert any(point.startswith("Not decided: Answers hold under attack") for point in section.points)
    assert "Not measured: Data sheet has every required field." in section.points


def test_a_waiver_does_not_hide_a_limitation():
    section = next(one for one in card_view(records.waived()).sections if one.title == "Limitations")
    assert any("Accepted by waiver W-2026-007." in point for point in section.points)


def test_hostile_declarations_stay_text_in_markdown():
    _, body = front_matter(card_markdown(records.hostile()))
    assert "<script" not in body
    assert "![x](http" not in body
    assert not [line for line in body.splitlines() if line.startswith("name: x")]
    assert clean(body) == body


def test_a_card_has_twenty_six_sections_of_which_people_fill_nine():
    filled = Counter(plan.fill for plan in SECTIONS)
    # what was not assessed, and the evidence, close every card and come from the audit
    assert filled == {"measured": 10 - 2, "half": 7, "declared": 9}
    titles = [one.title for one in card_view(records.passing()).sections]
    assert titles == [plan.title for plan in SECTIONS if plan.title in titles]


def test_a_data_sheet_says_what_is_in_the_data_and_asks_for_what_people_know():
    record = records.failing()
    provenance = {"source": "Loan ledger", "license": "cc-by-4.0", "collected_from": "2025-01-01", "parents": []}
    config = {**record.result.config, "provenance": provenance}
    record = record.model_copy(update={"result": record.result.model_copy(update={"config": config})})
    view = sheet_view(record)
    titles = {one.title: one for one in view.sections}
    assert {"Composition", "Personal data", "Quality"} <= set(titles)
    assert [one.title for one in titles["Personal data"].criteria] == ["No direct identifiers in the data"]
    asked = {one.key for plan in SHEET for one in plan.declared}
    assert {one.key for one in view.lacking} == asked - {"source", "license", "collected_from"}
    matter, body = front_matter(sheet_markdown(record))
    assert matter["license"] == "cc-by-4.0"
    assert "Loan ledger" in body
    assert "Data sheet" in Page(sheet_page(record)).words


@pytest.mark.parametrize("render", [card_json, sheet_json])
@pytest.mark.parametrize("name", sorted(records.ALL))
def test_cards_as_json_hold_the_measured_values_and_name_the_gaps(render, name):
    record = records.ALL[name]()
    card = json.loads(render(record))
    measured = {found.value for one in record.result.evidence for found in one.measurements}
    shown = {one["value"] for section in card["sections"] for row in section["criteria"] for one in row["measured"]}
    assert {round(value, 9) for value in shown} <= {round(value, 9) for value in measured}
    assert all(one["key"].partition(".")[0] in {"model_card", "provenance"} for one in card["lacking"])


def test_a_gap_has_an_owner_or_says_that_nobody_is_named():
    record = records.build(records.good_evidence(), card={})
    owner = record.result.system.owner
    assert f"To act: {owner}" in Page(card_page(record)).words
    system = record.result.system.model_copy(update={"owner": ""})
    nobody = record.model_copy(update={"result": record.result.model_copy(update={"system": system})})
    assert "nobody is named" in Page(card_page(nobody)).words


def test_what_people_write_between_the_note_lines_survives():
    first = card_markdown(records.passing())
    notes = re.findall(rb"<!-- notes on (\S+):", first)
    assert len(notes) == len(card_view(records.passing()).sections)
    line = b"lines stays when this is rendered again -->\n"
    written = first.replace(line, line + b"Seen by us.\n", 1)
    again = with_notes(card_markdown(records.failing()), written)
    assert again.count(b"Seen by us.") == 1
    assert with_notes(again, again) == again
    assert with_notes(first, b"\xff no notes") == first
    lost = written.replace(b"notes on s-Identity", b"notes on s-Gone")
    assert b"its section is no longer in this document -->\nSeen by us.\n" in with_notes(first, lost)


@pytest.mark.parametrize("name", sorted(records.ALL))
def test_the_hubs_own_library_loads_front_matter_and_model_index(name):
    hub = pytest.importorskip("huggingface_hub", reason="huggingface_hub is not installed")
    record = records.ALL[name]()
    matter, _ = front_matter(card_markdown(record))
    card = hub.ModelCard(card_markdown(record).decode(), ignore_metadata_errors=False)
    assert card.data.tags == matter["tags"]
    results = [
        metric for index in matter.get("model-index", []) for one in index["results"] for metric in one["metrics"]
    ]
    loaded = [(one.metric_type, one.metric_value) for one in card.data.eval_results or []]
    assert loaded == [(metric["type"], metric["value"]) for metric in results]
    assert hub.DatasetCard(sheet_markdown(record).decode(), ignore_metadata_errors=False).data.pretty_name
