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
    "I live at 12 Main Street, Bob told me": [("STREET_ADDRESS", "12 Main Street")],
    "Astrid Lindqvist\n41 Kiannonkatu 98\n Suite 464\n OULU\n\n Finland 80896": [
        ("PERSON", "Astrid Lindqvist"),
        ("STREET_ADDRESS", "41 Kiannonkatu 98\n Suite 464\n OULU\n\n Finland 80896"),
    ],
    "return it to PSC 1234, Box 5678 APO AE 09012 soon": [("STREET_ADDRESS", "PSC 1234, Box 5678 APO AE 09012")],
    "it belongs to Maria K. Oyelaran and is hers": [("PERSON", "Maria K. Oyelaran")],
    "the notes of Terence Vassiliev's doctor; Vassiliev signed": [
        ("PERSON", "Terence Vassiliev"),
        ("PERSON", "Vassiliev"),
    ],
    "my name is lena andersson.": [("PERSON", "lena andersson")],
    "Fax: 60 56 85, ask for the Norwegian": [("PHONE_NUMBER", "60 56 85"), ("NATIONALITY", "Norwegian")],
    "due on 12 March 2024 or 2024-03-14 10:20": [("DATE_TIME", "12 March 2024"), ("DATE_TIME", "2024-03-14 10:20")],
    "they were born in Rottingsund": [("LOCATION", "Rottingsund")],
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
        "a 500 GB Hard Drive 3 and a 2 Way Switch",
        "We sold 12 Red Apples 3 times in 2024, up 1.5.2",
        "Version 3 of Model 7 is out",
        "D-Link DSL USB LAN",
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
