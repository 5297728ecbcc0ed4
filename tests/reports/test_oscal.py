"""OSCAL documents against NIST's schemas, and for what the schemas don't see."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import report_records as records
from integrity import repeated, schema_errors, walked

from govkit.assessment.catalogs import load, load_crosswalk
from govkit.core.control import ControlRef, ControlResult, Crosswalk, Link, Status
from govkit.core.errors import NothingToWrite
from govkit.core.evidence import Message
from govkit.core.record import AuditRecord
from govkit.reports.oscal import token
from govkit.reports.oscal_catalog import catalog
from govkit.reports.oscal_mapping import mapping
from govkit.reports.oscal_results import assessment_results

CATALOG, RESULTS, MAPPING = (f"oscal_{name}_schema.json" for name in ("catalog", "assessment-results", "mapping"))


def changed(record, **parts):
    return AuditRecord.model_validate({**dict(record), "result": {**dict(record.result), **parts}})


def linked():
    """Give a record whose frameworks are linked."""
    ends = [ControlRef(framework=one.id, control=one.controls[0].id) for one in records.passing().result.frameworks]
    link = Link(source=ends[0], target=ends[1], relation="intersects-with", basis="ours")
    crosswalk = Crosswalk(as_of=records.DAY, bases={"ours": "Our own judgement."}, links=(link,))
    return changed(records.failing(), crosswalk=crosswalk)


def shipped():
    """Give a record with every framework that is shipped."""
    found = load()
    results = tuple(
        ControlResult(
            framework=one.id, control=control.id, status=Status.NOT_ASSESSED, because=(Message(id="control.met"),)
        )
        for one in found.frameworks
        for control in one.controls
    )
    crosswalk = load_crosswalk(found)
    return changed(records.passing(), frameworks=found.frameworks, control_results=results, crosswalk=crosswalk)


def uuids(document):
    return [item["uuid"] for item in walked(document) if "uuid" in item]


def control_ids(document):
    return [one["id"] for group in document.get("groups", ()) for inner in group.get("groups", ())
            for one in inner["controls"]]  # fmt: skip


def references(document):
    """Give every identifier that a document points to within itself."""
    keys = ("observation-uuid", "risk-uuid", "actor-uuid", "subject-uuid")
    return [item[key] for item in walked(document) for key in keys if key in item] + [
        item["href"][1:] for item in walked(document) if str(item.get("href", "")).startswith("#")
    ]


def catalog_faults(document, record):
    ids = [item["id"] for item in walked(document) if "id" in item]
    found = [f"{name} is there twice" for name in repeated(ids)]
    wanted = sum(len(one.controls) for one in record.result.frameworks)
    if len(control_ids(document)) != wanted:
        found.append(f"{len(control_ids(document))} controls for {wanted}")
    return found


def result_faults(document, record, known):
    found = [f"{name} is there twice" for name in repeated(uuids(document))]
    found += [f"{name} is nowhere" for name in references(document) if name not in set(uuids(document))]
    (result,) = document["results"]
    reviewed = {
        one["control-id"] for one in result["reviewed-controls"]["control-selections"][0].get("include-controls", ())
    }
    targets = [one["target"]["target-id"].removesuffix("_smt") for one in result.get("findings", ())]
    found += [f"{name} is not in the catalog" for name in {*targets, *reviewed} - set(known)]
    found += [f"{name} is judged twice or not reviewed" for name in [*repeated(targets), *(set(targets) ^ reviewed)]]
    met = sum(one["target"]["status"]["state"] == "satisfied" for one in result.get("findings", ()))
    if met != sum(one.status is Status.MET for one in record.result.control_results):
        found.append("satisfied findings are not the met controls")
    wanted = len(record.result.criterion_results) + len(record.result.document_results)
    if len(result.get("observations", ())) != wanted:
        found.append("observations are not the record's")
    if len(result.get("risks", ())) != len(record.result.waivers):
        found.append("risks are not the waivers")
    return found


def mapping_faults(document, known):
    found = [f"{name} is there twice" for name in repeated(uuids(document))]
    found += [f"{name} is nowhere" for name in references(document) if name not in set(uuids(document))]
    for row in (row for one in document["mappings"] for row in one["maps"]):
        found += [
            f"{end['id-ref']} is unknown" for end in (*row["sources"], *row["targets"]) if end["id-ref"] not in known
        ]
        if row["relationship"] not in {"equal-to", "equivalent-to", "subset-of", "superset-of", "intersects-with"}:
            found.append(f"{row['relationship']} is no relationship")
    return found


def opened(content, root):
    return json.loads(content)[root]


@pytest.mark.parametrize("name", sorted(records.ALL))
def test_catalog_and_results_hold_together(name):
    record = records.ALL[name]()
    assert schema_errors(CATALOG, json.loads(catalog(record))) == []
    assert schema_errors(RESULTS, json.loads(assessment_results(record))) == []
    frame = opened(catalog(record), "catalog")
    assert catalog_faults(frame, record) == []
    document = opened(assessment_results(record), "assessment-results")
    assert result_faults(document, record, control_ids(frame)) == []


def test_the_shipped_frameworks_and_their_crosswalk():
    record = shipped()
    assert schema_errors(CATALOG, json.loads(catalog(record))) == []
    assert schema_errors(MAPPING, json.loads(mapping(record))) == []
    frame = opened(catalog(record), "catalog")
    assert catalog_faults(frame, record) == []
    document = opened(mapping(record), "mapping-collection")
    assert mapping_faults(document, control_ids(frame)) == []
    rows = [row for one in document["mappings"] for row in one["maps"]]
    assert len(rows) == len(record.result.crosswalk.links)
    assert "ai-rmf-ms-2.7" in control_ids(frame)


def test_a_control_outside_the_scope_is_excluded_not_judged():
    record = records.passing()
    first, *others = record.result.control_results
    outside = {**first.model_dump(), "status": Status.NOT_APPLICABLE}
    (result,) = opened(assessment_results(changed(record, control_results=(outside, *others))), "assessment-results")[
        "results"
    ]
    (selection,) = result["reviewed-controls"]["control-selections"]
    assert len(selection["exclude-controls"]) == 1
    assert len(result["findings"]) == len(others)


def test_a_waived_failure_is_an_accepted_risk_and_not_satisfied():
    (result,) = opened(assessment_results(records.waived()), "assessment-results")["results"]
    (risk,) = result["risks"]
    assert (risk["status"], risk["deadline"]) == ("deviation-approved", "2027-02-01T00:00:00Z")
    (factor,) = risk["mitigating-factors"]
    assert factor["description"].endswith("&lt;b&gt;&amp;&lt;/b&gt; sampled weekly.")
    assert "RISK-118" in {one["value"] for one in risk["props"]}
    (observed,) = (
        one for one in result["observations"] if one["uuid"] == risk["related-observations"][0]["observation-uuid"]
    )
    assert {"criterion": "quality.missing", "result": "fail"}.items() <= {
        one["name"]: one["value"] for one in observed["props"]
    }.items()


def test_without_links_there_is_no_mapping():
    with pytest.raises(NothingToWrite, match="links no two frameworks"):
        mapping(records.passing())


@pytest.mark.parametrize(
    ("first", "second"), [("MEASURE 2.7", "MEASURE_2.7"), ("9.1", "_9.1"), ("a/b", "a-b"), ("é", "e"), ("", "_")]
)
def test_tokens_of_different_ids_differ(first, second):
    assert token(first) != token(second)
    assert token(first).isascii()


@pytest.mark.parametrize(
    "plant",
    [
        lambda frame: frame["groups"].append(frame["groups"][0]),
        lambda frame: frame["groups"][0]["groups"][0]["controls"].pop(),
        lambda frame: frame["groups"][0]["groups"][0]["controls"][0].update(id=frame["groups"][0]["id"]),
        lambda frame: frame["groups"][0]["groups"][0]["controls"][0].update(id="with a blank"),
        lambda frame: frame.update(uuid="not-a-uuid"),
        lambda frame: frame["metadata"].pop("oscal-version"),
    ],
)
def test_a_fault_planted_in_a_catalog_is_found(plant):
    document = json.loads(catalog(records.failing()))
    plant(document["catalog"])
    assert schema_errors(CATALOG, document) + catalog_faults(document["catalog"], records.failing())


@pytest.mark.parametrize(
    "plant",
    [
        lambda one: one["results"][0]["observations"][0].update(uuid="11111111-2222-4333-8444-555555555555"),
        lambda one: one["results"][0]["observations"][0].update(uuid=one["results"][0]["observations"][1]["uuid"]),
        lambda one: one["results"][0]["findings"][0]["target"].update({"target-id": "no-such-control_smt"}),
        lambda one: one["results"][0]["findings"][0]["target"]["status"].update(state="satisfied"),
        lambda one: one["results"][0]["findings"][0]["target"]["status"].update(state="maybe"),
        lambda one: one["results"][0]["observations"].pop(),
        lambda one: one["results"][0]["findings"].pop(),
        lambda one: one["import-ap"].update(href="#nowhere"),
        lambda one: one.pop("import-ap"),
    ],
)
def test_a_fault_planted_in_results_is_found(plant):
    record = records.failing()
    document = json.loads(assessment_results(record))
    plant(document["assessment-results"])
    known = control_ids(opened(catalog(record), "catalog"))
    errors = schema_errors(RESULTS, document)
    assert errors or result_faults(document["assessment-results"], record, known)


@pytest.mark.parametrize(
    "plant",
    [
        lambda one: one["mappings"][0]["maps"][0]["targets"][0].update({"id-ref": "unknown"}),
        lambda one: one["mappings"][0]["maps"].append(one["mappings"][0]["maps"][0]),
        lambda one: one["mappings"][0]["maps"][0].update(relationship="implies"),
        lambda one: one["mappings"][0]["source-resource"].update(href="#nowhere"),
        lambda one: one["provenance"].update(method="guess"),
        lambda one: one["mappings"].clear(),
    ],
)
def test_a_fault_planted_in_a_mapping_is_found(plant):
    document = json.loads(mapping(linked()))
    known = control_ids(opened(catalog(linked()), "catalog"))
    assert mapping_faults(document["mapping-collection"], known) == schema_errors(MAPPING, document) == []
    plant(document["mapping-collection"])
    assert schema_errors(MAPPING, document) + mapping_faults(document["mapping-collection"], known)


TRESTLE = os.environ.get("TRESTLE") or shutil.which("trestle")
"""The program of compliance-trestle, which pins other versions than govkit's: it has an environment of its own."""


@pytest.mark.skipif(
    TRESTLE is None, reason="no program `trestle`: pip install compliance-trestle elsewhere, set TRESTLE"
)
def test_trestle_takes_the_documents_for_valid(tmp_path):
    workspace, given = tmp_path / "workspace", tmp_path / "given.json"
    workspace.mkdir()

    def run(*words):
        environment = {**os.environ, "PYTHONPATH": ""}
        done = subprocess.run(words, env=environment, cwd=workspace, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    run(TRESTLE, "init", "--full")
    for name, record in (("shipped", shipped()), ("failing", linked())):
        for kind, render in (("catalog", catalog), ("assessment-results", assessment_results)):
            given.write_bytes(render(record))
            run(TRESTLE, "import", "-f", given, "-o", name)
            run(TRESTLE, "validate", "-t", kind, "-n", name)
        given.write_bytes(mapping(record))  # a workspace has no folder for mappings, so this one is only read
        read = "from trestle.oscal.mapping import MappingCollection as Mapping; Mapping.oscal_read(given).uuid"
        run(Path(TRESTLE).parent / "python", "-c", f"from pathlib import Path; given = Path({str(given)!r}); {read}")
