"""Free text: one planted number in many cells is found and counted, and never shown."""

import pytest

from govkit.checks.pii.columns import ColumnsParams, columns
from govkit.checks.pii.free_text import free_text
from govkit.config import Config
from govkit.plugins.check import NotApplicable
from tests.check_products import Products, table

PLANTED = {
    "EMAIL_ADDRESS": "please write to canary.mail@example.org about it",
    "PHONE_NUMBER": "she called from 020 7946 0958 yesterday evening",
    "CREDIT_CARD": "paid with 4111 1111 1111 1111 at the counter",
    "IBAN": "refund to DE89 3704 0044 0532 0130 00 is agreed",
    "US_SSN": "gave her number as 536-22-1234 on the form",
    "IP_ADDRESS": "last seen from 203.0.113.77 in the night",
    "URL_WITH_USER": "login via ftp://canary:secret@example.com/files there",
}
HARMLESS = (
    "ordered 12345678901 pieces of part 4111 in 2024-05-06 10:11:12",
    "paid with 4111 1111 1111 1112 which fails the test of Luhn",
    "std::vector and version 1.2.3 cost 1,234,567.89 in total",
    "see https://example.org/path?id=5551234567 for more @ home",
    "ratio 0.1234567890123 of serial AB-123456789012 and #12125551234",
)


def scan(folder, notes, evidence=None, most=1_000):
    data = table(folder, {"id": list(range(len(notes))), "notes": notes})
    return Products(
        "pii.free_text", free_text(test=data, evidence=evidence or {}, work={"candidates_per_column": most})
    )


@pytest.mark.parametrize("entity", PLANTED)
def test_a_single_cell_among_many_is_found(tmp_path, entity):
    notes = [f"nothing to say about case number {n}" for n in range(5_000)]
    notes[4_321] = PLANTED[entity]
    found = scan(tmp_path, notes)
    assert found["free_text_hits"] == found["free_text_columns_with_hits"] == 1
    assert found.tables[0].rows == (("notes", "test", entity, 1),)
    assert "4111 1111" not in found.text
    assert "canary" not in found.text
    assert "7946" not in found.text


def test_harmless_numbers_stay_silent(tmp_path):
    found = scan(tmp_path, list(HARMLESS) * 30)
    assert found["free_text_hits"] == 0, found.tables
    assert found.findings == []


def test_repeated_texts_count_as_cells(tmp_path):
    found = scan(tmp_path, [PLANTED["EMAIL_ADDRESS"], "nothing here at all"] * 40)
    assert found["free_text_hits"] == 40


def test_past_the_budget_the_rest_is_said_to_be_unread(tmp_path):
    found = scan(tmp_path, [f"write to person{n}@example.org please do" for n in range(50)], most=10)
    assert found["free_text_hits"] == 10
    assert any("40 more cells" in sentence for sentence in found.sentences)


def test_a_column_that_is_claimed_as_a_whole_is_not_counted_again(tmp_path):
    data = table(tmp_path, {"email": [f"person{n}@example.org" for n in range(100)]})
    claimed = Products(
        "pii.columns",
        columns(test=data, params=ColumnsParams(), config=Config(), work={"values_per_column": 300}, seed=1),
    )
    evidence = {"pii.columns": claimed.evidence}
    found = Products("pii.free_text", free_text(test=data, evidence=evidence, work={"candidates_per_column": 100}))
    assert found["free_text_hits"] == 0


def test_numbers_only_is_not_applicable(tmp_path):
    data = table(tmp_path, {"a": [1, 2, 3], "b": [1.5, 2.5, 3.5]})
    with pytest.raises(NotApplicable):
        list(free_text(test=data, evidence={}, work={"candidates_per_column": 10}))
