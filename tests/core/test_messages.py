"""Sentences: every slot filled once, numbers laid out for people."""

import pytest

from govkit.core.evidence import Message
from govkit.core.messages import sentence, shown


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1234567, "1,234,567"),
        (0.12345, "0.123"),
        (1012.5, "1,012.5"),
        (3.0, "3"),
        (True, "yes"),
        ("x", "x"),
        (0.00001, "1e-05"),
    ],
)
def test_values_are_laid_out(value, text):
    assert shown(value) == text


def test_an_argument_is_never_read_as_a_slot():
    message = Message(id="m", args={"column": "{secret}", "secret": "no"})
    assert sentence(message, {"m": "column {column} here"}) == "column {secret} here"


def test_braces_that_are_no_slot_stay():
    assert sentence(Message(id="m"), {"m": "csv: {encoding: utf-8} {gone}"}) == "csv: {encoding: utf-8} {gone}"


def test_an_unknown_sentence_shows_itself():
    assert "m.unknown" in sentence(Message(id="m.unknown", args={"n": 3}), {})
