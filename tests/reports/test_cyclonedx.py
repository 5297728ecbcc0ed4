"""The ML-BOM against the official schema, strictly, and for references that lead nowhere."""

import json

import pytest
import report_records as records
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from integrity import repeated, unsteered, walked

from govkit.core.control import Result
from govkit.reports.cyclonedx import bill_of_materials

STRICT = JsonStrictValidator(SchemaVersion.V1_6)
POINTERS = set("ref target assessor requirement evidence counterEvidence claims counterClaims dependsOn".split())


def schema_faults(document):
    problem = STRICT.validate_str(json.dumps(document))
    return [] if problem is None else ["the schema is not kept to"]


def pointed(document):
    for item in walked(document):
        for key in POINTERS & item.keys():
            value = item[key]
            yield from [value] if isinstance(value, str) else [one for one in value if isinstance(one, str)]


def faults(document, record):
    """Give what is wrong with a bill that the schema doesn't see."""
    names = [item["bom-ref"] for item in walked(document) if "bom-ref" in item]
    found = [f"{name} is there twice" for name in repeated(names)]
    found += [f"{name} leads nowhere" for name in sorted(set(pointed(document)) - set(names))]
    declared, result = document["declarations"], record.result
    if document["specVersion"] != "1.6":
        found.append("it is another version")
    if len(declared["claims"]) != len(result.criterion_results):
        found.append("claims are not the criteria")
    backed = sum("evidence" in claim for claim in declared["claims"])
    if backed != sum(one.result is Result.PASS for one in result.criterion_results):
        found.append("claims with evidence are not the criteria that pass")
    if len(declared["attestations"][0]["map"]) != len(result.control_results):
        found.append("requirements are not the controls")
    if sum(len(one["requirements"]) for one in document["definitions"]["standards"]) != len(result.control_results):
        found.append("the standards are not the record's")
    digests = {one["content"] for part in document["components"] for one in part.get("hashes", ())}
    if digests != {one.sha256 for one in (*result.data, *([result.model] if result.model else []))}:
        found.append("digests are not the record's")
    return found


@pytest.mark.parametrize("name", sorted(records.ALL))
def test_a_bill_keeps_to_the_schema_and_to_the_record(name):
    record = records.ALL[name]()
    document = json.loads(bill_of_materials(record))
    assert schema_faults(document) == []
    assert faults(document, record) == []
    assert all(unsteered(value) for item in walked(document) for value in item.values() if isinstance(value, str))


@pytest.mark.parametrize(
    "plant",
    [
        lambda bill: bill["declarations"]["claims"][0].update(target="nowhere"),
        lambda bill: bill["declarations"]["attestations"][0]["map"][0].update(requirement="requirement:none"),
        lambda bill: bill["components"].append({**bill["components"][0], "name": "other"}),
        lambda bill: bill["declarations"]["claims"].pop(),
        lambda bill: bill["components"][0]["hashes"][0].update(content="0" * 64),
        lambda bill: bill["components"][0].update(type="model"),
        lambda bill: bill["components"][0]["modelCard"].update(accuracy="0.9"),
        lambda bill: bill["declarations"]["claims"][0].update(evidence=[]),
        lambda bill: bill.update(specVersion="9.9"),
    ],
)
def test_a_planted_fault_is_found(plant):
    document = json.loads(bill_of_materials(records.failing()))
    plant(document)
    assert schema_faults(document) + faults(document, records.failing())


def test_the_model_card_has_numbers_with_their_intervals():
    document = json.loads(bill_of_materials(records.passing()))
    model = document["components"][0]
    metrics = {one["type"]: one for one in model["modelCard"]["quantitativeAnalysis"]["performanceMetrics"]}
    auc = metrics["performance.holdout.auc"]
    assert auc["value"] == "0.842"
    assert 0.8 < float(auc["confidenceInterval"]["lowerBound"]) < 0.842
    assert model["modelCard"]["considerations"]["useCases"] == [records.CARD["intended_use"]]
    assert {"name": "scikit-learn", "purl": "pkg:pypi/scikit-learn@1.9.1"}.items() <= document["components"][-1].items()
