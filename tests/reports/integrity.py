"""Faults that a schema accepts, searched for in a format's output; shared by the tests of formats."""

import json
from collections import Counter
from functools import cache
from pathlib import Path

import jsonschema_rs

SCHEMAS = Path(__file__).parent / "schemas"


@cache
def validator(name):
    return jsonschema_rs.validator_for(json.loads((SCHEMAS / name).read_text()), validate_formats=True)


def schema_errors(name, document):
    return [f"{error.message} at {list(error.instance_path)}" for error in validator(name).iter_errors(document)]


def repeated(values):
    return sorted(str(value) for value, count in Counter(values).items() if count > 1)


def walked(document):
    """Give every dictionary of a JSON document."""
    if isinstance(document, dict):
        yield document
        for item in document.values():
            yield from walked(item)
    elif isinstance(document, list):
        for item in document:
            yield from walked(item)


def unsteered(text):
    """Say whether a text holds no character that steers a terminal or reorders a line."""
    return not set(text) & set("\x00\x07\x1b\u202e\u2028\r")
