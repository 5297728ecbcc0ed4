import json

import pytest
import report_records as records
import small_project
from integrity import repeated, schema_errors, unsteered

from govkit import audit
from govkit.core.record import AuditRecord
from govkit.reports.sarif import MOST_RESULTS, code_scanning_log, full_log

SCHEMA = "sarif-schema-2.1.0.json"


def with_paths(record, **paths):
    return AuditRecord.model_validate({**dict(record), "run": {**record.run.model_dump(), **paths}})


def result_faults(result, rules):
    place = result["ruleIndex"]
    if not 0 <= place < len(rules) or rules[place] != result["ruleId"]:
        yield f"{result['ruleId']} is not rule {place}"
    if (result["kind"] == "fail") == (result["level"] == "none"):
        yield f"{result['ruleId']} has kind {result['kind']} and level {result['level']}"
    if not result.get("locations"):
        yield f"{result['ruleId']} has no location"
    if not result.get("partialFingerprints"):
        yield f"{result['ruleId']} has no fingerprint"
    if not unsteered(result["message"]["text"]):
        yield f"{result['ruleId']} steers the terminal"


def expected_results(record):
    result = record.result
    findings = sum(len(evidence.findings) for evidence in result.evidence) + len(result.ignored)
    refused = int(bool(result.model and result.model.refused))
    nothing = int(not result.profile.gate and not result.profile.controls and bool(result.decision.incomplete))
    return len(result.criterion_results) + len(result.profile.controls) + findings + refused + nothing


def faults(log, record):
    """Give what is wrong with a full log that the schema doesn't see."""
    run = log["runs"][0]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    found = [f"rule {name} is there twice" for name in repeated(rules)]
    prints = [result.get("partialFingerprints", {}).get("govkit/v1") for result in run["results"]]
    found += [f"fingerprint {name} is there twice" for name in repeated(prints)]
    for result in run["results"]:
        found += result_faults(result, rules)
    found += [f"rule {name} is unused" for name in sorted(set(rules) - {one["ruleId"] for one in run["results"]})]
    if len(run["results"]) != expected_results(record):
        found.append(f"{len(run['results'])} results for {expected_results(record)} in the record")
    failed = {blocker.id for blocker in record.result.decision.failed if blocker.kind == "criterion"}
    active = {one["ruleId"] for one in run["results"] if one["kind"] == "fail" and one["properties"]["gated"]} - {
        one["ruleId"] for one in run["results"] if one.get("suppressions")
    }
    if failed - active:
        found.append(f"failures without a result: {sorted(failed - active)}")
    return found


@pytest.mark.parametrize("name", sorted(records.ALL))
def test_the_full_log_keeps_to_the_schema_and_to_the_record(name):
    record = records.ALL[name]()
    log = json.loads(full_log(record))
    assert schema_errors(SCHEMA, log) == []
    assert faults(log, record) == []


@pytest.mark.parametrize("name", sorted(records.ALL))
def test_code_scanning_sees_active_failures_only(name):
    record = records.ALL[name]()
    log = json.loads(code_scanning_log(record))
    run = log["runs"][0]
    assert schema_errors(SCHEMA, log) == []
    assert {result["kind"] for result in run["results"]} <= {"fail"}
    assert not any("suppressions" in result for result in run["results"])
    assert {blocker.id for blocker in record.result.decision.failed} <= {one["ruleId"] for one in run["results"]}
    assert len(run["results"]) <= MOST_RESULTS
    assert all(len(rule["properties"]["tags"]) <= 10 for rule in run["tool"]["driver"]["rules"])


def test_no_more_results_than_github_keeps():
    many = tuple(
        records.crit(f"pii.limit-{place}", "No direct identifiers", "pii.columns", "cells_direct", "count", "<=", 0)
        for place in range(MOST_RESULTS + 20)
    )
    record = records.build(records.bad_evidence(), criteria=many)
    run = json.loads(code_scanning_log(record))["runs"][0]
    assert len(run["results"]) == len(run["tool"]["driver"]["rules"]) == MOST_RESULTS


def fault_unknown_rule(run):
    run["results"][0]["ruleId"] = "no.such.rule"


def fault_wrong_index(run):
    run["results"][0]["ruleIndex"] += 1


def fault_pass_with_level(run):
    next(one for one in run["results"] if one["kind"] == "pass")["level"] = "error"


def fault_no_location(run):
    del run["results"][2]["locations"]


def fault_no_fingerprint(run):
    del run["results"][3]["partialFingerprints"]


def fault_same_fingerprint(run):
    run["results"][1]["partialFingerprints"] = run["results"][0]["partialFingerprints"]


def fault_result_left_out(run):
    del run["results"][4]


def fault_failure_shown_as_pass(run):
    failing = next(one for one in run["results"] if one["kind"] == "fail")
    failing["kind"], failing["level"] = "pass", "none"


def fault_repeated_rule(run):
    run["tool"]["driver"]["rules"].append(run["tool"]["driver"]["rules"][0])


@pytest.mark.parametrize("plant", [value for name, value in sorted(globals().items()) if name.startswith("fault_")])
def test_a_planted_fault_is_found(plant):
    log = json.loads(full_log(records.failing()))
    plant(log["runs"][0])
    assert faults(log, records.failing()) != []


def test_a_waived_failure_stays_a_failure_with_its_suppression():
    run = json.loads(full_log(records.waived()))["runs"][0]
    waived = [result for result in run["results"] if result.get("suppressions")]
    assert [(one["ruleId"], one["kind"]) for one in waived] == [("quality.missing", "fail")]
    assert "W-2026-007 until 2027-02-01, approved by A. Weber" in waived[0]["suppressions"][0]["justification"]


def test_fingerprints_outlast_a_new_measurement():
    def prints(record):
        run = json.loads(full_log(record))["runs"][0]
        return {one["ruleId"]: one["partialFingerprints"] for one in run["results"] if one["ruleId"] != "PII-001"}

    before, after = prints(records.passing()), prints(records.failing())
    assert all(after[rule] == value for rule, value in before.items())


@pytest.mark.parametrize(
    ("paths", "uri"),
    [
        ({"config_path": "/repo/credit/govkit.yaml", "model_path": "credit/model.pkl"}, "credit/govkit.yaml"),
        ({"config_path": "conf/govkit.yaml", "model_path": "model.pkl"}, "conf/govkit.yaml"),
        ({"config_path": "/repo/govkit.yaml", "model_path": "my model.pkl"}, "my%20model.pkl"),
        ({"config_path": "", "model_path": "../model.pkl", "data_paths": {"test": "data.csv"}}, "data.csv"),
        ({"config_path": "/x/govkit.yaml", "model_path": "/y/model.pkl"}, "file:///x/govkit.yaml"),
    ],
)
def test_results_point_into_the_repository(paths, uri):
    log = json.loads(code_scanning_log(with_paths(records.failing(), **paths)))
    places = {
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in log["runs"][0]["results"]
    }
    assert places == {uri}


OVERLAP = "quality.train_test_overlap.excess_overlap_share"
LINES = f"""\
system: {{id: loans, name: Loans}}
train: data.csv
target: repaid
personal_data:
  declared: {{age: [AGE]}}
criteria:
  quality.labels.invalid_labels: {{threshold: 0}}
  {OVERLAP}: {{threshold: 0.01}}
provenance:
  digests: {{data.csv: {"0" * 64}}}
"""


def places_of(log):
    """Give file and line of each result, by rule."""
    found = {}
    for result in log["runs"][0]["results"]:
        physical = result["locations"][0]["physicalLocation"]
        found[result["ruleId"]] = (physical["artifactLocation"]["uri"], physical["region"]["startLine"])
    return found


def test_the_places_of_a_real_audit_exist_and_are_the_lines_that_say_so(tmp_path, monkeypatch):
    project = small_project.write(tmp_path / "repo" / "loans", config=LINES)
    (project.folder / ".git").rmdir()
    (tmp_path / "repo" / ".git").mkdir()
    (project.folder / "waivers.yaml").write_text("govkit_waivers: '1'\nwaivers:\n  - {id: WVR-1}\n")
    monkeypatch.chdir(tmp_path)
    record = audit(
        "repo/loans/model.pkl", "repo/loans/data.csv", budget="quick", only=("quality", "security", "provenance")
    )
    for render in (full_log, code_scanning_log):
        found = places_of(json.loads(render(record)))
        for uri, line in found.values():
            assert line <= len((tmp_path / "repo" / uri).read_bytes().splitlines())
    found = places_of(json.loads(full_log(record)))
    assert found[OVERLAP] == ("loans/govkit.yaml", 8)
    assert found["provenance.license.license_recognised"] == ("loans/govkit.yaml", 9)
    assert found["security.model_file.disallowed_globals"] == ("loans/model.pkl", 1)
    assert found["WVR-001"] == ("loans/waivers.yaml", 3)
    assert len(set(places_of(json.loads(code_scanning_log(record))).values())) > 1


def test_outside_of_a_repository_no_place_is_invented(tmp_path):
    project = small_project.write(tmp_path / "loans")
    (project.folder / ".git").rmdir()
    assert audit(project.model, project.data, config=project.config, only=("quality",)).run.checkout is None
