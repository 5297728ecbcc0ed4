"""Names and places in sentences by word lists: found where they stand, and everyday sentences left alone."""

import pytest

from govkit.pii.prose import places_in
from govkit.pii.scan import scan

SENTENCES = {
    "My name is Rubija and I ordered twice": [("PERSON", "Rubija")],
    "Please ask Mrs. Faubert about the bill": [("PERSON", "Faubert")],
    "we met Johannes Varvio in Helsinki": [("PERSON", "Johannes Varvio"), ("LOCATION", "Helsinki")],
    "she is 54 years old": [("AGE", "54")],
    "send it to 12 Baker Street please": [("STREET_ADDRESS", "12 Baker Street")],
}


@pytest.mark.parametrize("text", SENTENCES)
def test_what_stands_in_a_sentence(text):
    assert [(item.entity, text[item.start : item.end]) for item in places_in(text)] == SENTENCES[text]


@pytest.mark.parametrize(
    "text",
    [
        "Don't worry, There's nothing new on Sunday.",
        "The Product was Good and the Price was Fair",
        "On Monday I'm free",
        "",
    ],
)
def test_everyday_sentences_hold_no_one(text):
    assert places_in(text) == []


def test_a_column_of_sentences_is_told_as_an_estimate(tmp_path):
    rows = [
        f"we met Johannes Varvio at stand {n} of the fair" if n % 2 else f"nothing new at stand {n} today"
        for n in range(60)
    ]
    (tmp_path / "data.csv").write_text("notes\n" + "\n".join(rows) + "\n")
    (column,) = scan([tmp_path / "data.csv"]).tables[0].columns
    assert [(item.entity, item.texts, item.sampled) for item in column.prose] == [("PERSON", 30, 60)]
    assert "Varvio" not in column.model_dump_json()
