import re

import pytest
import report_records as records
import yaml
from read_page import Page

from govkit.reports.card import SECTIONS, card_view, declarations
from govkit.reports.model_card import card_markdown, card_page
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
