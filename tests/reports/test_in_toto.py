"""The statement as in-toto's own library reads it, and the predicate, which that library doesn't look into."""

import json

import jsonschema
import pytest
import report_records as records
from google.protobuf.json_format import Parse
from in_toto_attestation.v1 import statement as in_toto
from in_toto_attestation.v1 import statement_pb2
from integrity import repeated

from govkit.core.errors import Exit
from govkit.reports.in_toto import statement

DESCRIPTOR = {
    "type": "object",
    "required": ["name", "digest"],
    "properties": {
        "name": {"type": "string", "minLength": 1},
        "digest": {"type": "object", "required": ["sha256"], "properties": {"sha256": {"pattern": "^[0-9a-f]{64}$"}}},
    },
}
NAMES = {"type": "array", "items": {"type": "string", "minLength": 1}}
PREDICATE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["result", "configuration"],
    "properties": {
        "result": {"enum": ["PASSED", "WARNED", "FAILED"]},
        "configuration": {"type": "array", "minItems": 1, "items": DESCRIPTOR},
        "url": {"type": "string"},
        **dict.fromkeys(("passedTests", "warnedTests", "failedTests"), NAMES),
    },
}
"""The predicate test-result v0.1 as in-toto's specification describes it, of which there is no official schema."""


def faults(document, record):
    found = []
    try:
        in_toto.Statement.copy_from_pb(Parse(json.dumps(document), statement_pb2.Statement())).validate()
    except ValueError as error:
        found.append(f"in-toto: {error}")
    predicate = document.get("predicate", {})
    found += [error.message for error in jsonschema.Draft202012Validator(PREDICATE).iter_errors(predicate)]
    lists = [name for key in ("passedTests", "warnedTests", "failedTests") for name in predicate.get(key, ())]
    found += [f"{name} is listed twice" for name in repeated(lists)]
    decision = record.result.decision
    if (predicate.get("result") == "PASSED") != (decision.exit_code is Exit.PASSED):
        found.append("the result is not the decision's")
    refused = int(bool(record.result.model and record.result.model.refused))
    if len(predicate.get("failedTests", ())) != len(decision.failed) + len(decision.incomplete) + refused:
        found.append("failed tests are not the blockers")
    if document["subject"][0].get("digest", {}).get("sha256") != record.result.model.sha256:
        found.append("the subject is not the model")
    return found


@pytest.mark.parametrize("name", sorted(records.ALL))
def test_a_statement_says_what_the_gate_said(name):
    record = records.ALL[name]()
    assert faults(json.loads(statement(record)), record) == []


@pytest.mark.parametrize(
    "plant",
    [
        lambda one: one.update(_type="https://in-toto.io/Statement/v9"),
        lambda one: one["subject"][0].pop("digest"),
        lambda one: one.update(predicateType=""),
        lambda one: one["predicate"].update(result="MAYBE"),
        lambda one: one["predicate"].update(result="PASSED"),
        lambda one: one["predicate"]["failedTests"].pop(),
        lambda one: one["predicate"]["passedTests"].append(one["predicate"]["failedTests"][0]),
        lambda one: one["predicate"].pop("configuration"),
        lambda one: one["subject"][0]["digest"].update(sha256="0" * 64),
    ],
)
def test_a_planted_fault_is_found(plant):
    document = json.loads(statement(records.failing()))
    plant(document)
    assert faults(document, records.failing())


def test_a_waived_failure_is_a_warning_and_data_stand_in_for_a_model():
    assert json.loads(statement(records.waived()))["predicate"]["warnedTests"] == ["quality.missing"]
    result = dict(records.passing().result) | {"model": None}
    alone = records.AuditRecord.model_validate({**dict(records.passing()), "result": result})
    assert [one["name"] for one in json.loads(statement(alone))["subject"]] == ["data.csv", "train.csv"]
