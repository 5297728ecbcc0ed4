"""Each provenance check PRV-001 to PRV-020 with a case that passes, one that fails and one that can't be decided.

A case is what is declared; it is read, checked and judged by the criterion as an audit does. Undecided is a criterion
that has no result because something is missing.
"""

import hashlib
import json
from datetime import date

import pytest

from govkit.assessment.catalogs import load
from govkit.assessment.criteria import judge
from govkit.config import Config
from govkit.core.evidence import Column, Evidence, Finding, Measurement, Outcome, Table
from govkit.inputs.columns import resolve
from govkit.inputs.dataset import read_dataset
from govkit.inputs.metadata import read_metadata
from govkit.pii.entities import Likelihood
from govkit.plugins.check import CHECKS, Unavailable

ROWS = "city,rent\nA,5\nB,6\n"
DIGEST = hashlib.sha256(ROWS.encode()).hexdigest()
RAW = {"name": "raw.csv", "sha256": hashlib.sha256(b"raw").hexdigest()}
FULL = {
    "source": "City office",
    "license": "CC-BY-4.0",
    "version": "1",
    "collected_from": "2025-01-01",
    "collected_to": "2025-12-31",
    "issued": "2026-01-15",
    "geography": ["FR"],
    "contact": "rents@example.org",
    "intended_use": "forecasts of rents",
    "processing": "rounded",
}
TABLE = {"path": "data.csv", "name": "data", "schema": {"fields": [{"name": "city"}, {"name": "rent"}]}}
PERSONAL = {"direct_identifier_columns": 1, "personal_columns": 1}
NOBODY: dict[str, int] = {}
BASED = {"lawful_basis": "contract", "retention_until": "2030-01-01", "contact": "rents@example.org"}


def package(**resource):
    return {"datapackage.json": json.dumps({"resources": [TABLE | resource]})}


def said(given=None, files=None, system=None, found=NOBODY):
    """Give a case: the provenance block, files beside the data, the system block, and what a scan found."""
    return given or {}, files or {}, system or {}, found


def without(*names):
    return {name: value for name, value in FULL.items() if name not in names}


SHEET, DATES, BASIS = "provenance.datasheet_complete", "provenance.collection_dates", "provenance.lawful_basis"
DAMAGED = {"croissant.json": "{"}
UNDECLARED = said()
CASES = {
    "PRV-001": (f"{SHEET}.unreadable_files", said(FULL), said(FULL, DAMAGED), UNDECLARED),
    "PRV-002": (f"{SHEET}.standard_gaps", said(files=package()), said(files=package(name="")), UNDECLARED),
    "PRV-003": (
        "provenance.hash_match.mismatched_digests",
        said({"digests": {"data.csv": DIGEST}}),
        said({"digests": {"data.csv": "0" * 64}}),
        said({"digests": {"data.csv": "abc"}}),
    ),
    "PRV-004": (
        "provenance.content_match.size_mismatches",
        said(files=package(bytes=len(ROWS))),
        said(files=package(bytes=3)),
        UNDECLARED,
    ),
    "PRV-005": (
        "provenance.content_match.schema_mismatches",
        said(files=package()),
        said(files=package(schema={"fields": [{"name": "city"}]})),
        UNDECLARED,
    ),
    "PRV-006": (f"{SHEET}.placeholder_fields", said(FULL), said(FULL | {"source": "TBD"}), UNDECLARED),
    "PRV-007": (
        "provenance.license.license_recognised",
        said({"license": "MIT"}),
        said({"license": "see website"}),
        said({"license": "N/A"}),
    ),
    "PRV-008": (
        "provenance.license.license_conflicts",
        said({"license": "MIT"}, system={"use": "commercial"}),
        said({"license": "CC-BY-NC-4.0"}, system={"use": "commercial"}),
        said({"license": "CC-BY-NC-4.0"}),
    ),
    "PRV-009": (
        "provenance.lineage.lineage_declared",
        said({"parents": [RAW], "processing": "joined"}),
        said({"processing": "joined"}),
        UNDECLARED,
    ),
    "PRV-010": (
        "provenance.lineage.parents_unresolved",
        said({"parents": [RAW]}, {"raw.csv": "raw"}),
        said({"parents": [RAW]}, {"raw.csv": "changed"}),
        said({"processing": "joined"}),
    ),
    "PRV-011": (
        "provenance.lineage.lineage_declared",
        said({"original": True, "processing": "rounded"}),
        said({"original": True}),
        UNDECLARED,
    ),
    "PRV-012": (
        f"{DATES}.date_problems",
        said(FULL),
        said(FULL | {"collected_from": "2026-01-01"}),
        said(without("collected_from", "collected_to")),
    ),
    "PRV-013": (
        f"{DATES}.age_days",
        said(FULL),
        said(FULL | {"collected_from": "2015-01-01", "collected_to": "2016-01-01"}),
        said(without("collected_to")),
    ),
    "PRV-014": (
        "provenance.geography.region_conflicts",
        said({"geography": ["FR"], "regions_allowed": ["EU"]}, system={"regions": ["FR"]}),
        said({"geography": ["FR"], "regions_allowed": ["EU"]}, system={"regions": ["US"]}),
        said({"geography": ["FR"], "regions_allowed": ["EU"]}),
    ),
    "PRV-015": (
        f"{BASIS}.basis_stated",
        said(BASED, found=PERSONAL),
        said(BASED | {"lawful_basis": "we need it"}, found=PERSONAL),
        said(found=PERSONAL),
    ),
    "PRV-016": (
        "pii.declared.undeclared_columns",
        said(found={"personal_columns": 0}),
        said(found=PERSONAL),
        UNDECLARED,
    ),
    "PRV-017": (
        f"{BASIS}.technique_contradictions",
        said(BASED | {"privacy_techniques": ["encrypted"]}, found=PERSONAL),
        said(BASED | {"privacy_techniques": ["anonymised"]}, found=PERSONAL),
        said({"privacy_techniques": ["anonymised"]}, found=PERSONAL),
    ),
    "PRV-018": (f"{SHEET}.required_fields_filled", said(FULL), said(without("intended_use")), UNDECLARED),
    "PRV-019": (
        f"{BASIS}.retention_and_contact",
        said(BASED, found=PERSONAL),
        said({"lawful_basis": "contract"}, found=PERSONAL),
        said(found=PERSONAL),
    ),
    "PRV-020": (
        f"{SHEET}.conflicting_fields",
        said(FULL, {"README.md": "---\nlicense: cc-by-4.0\n---\n"}),
        said(FULL, {"README.md": "---\nlicense: mit\n---\n"}),
        UNDECLARED,
    ),
}


@pytest.fixture(scope="module")
def criteria():
    return {criterion.id: criterion for criterion in load().criteria}


@pytest.mark.parametrize("rule", CASES)
def test_a_passing_a_failing_and_an_undecided_case(tmp_path, criteria, rule):
    criterion, *cases = CASES[rule]
    results = []
    for index, case in enumerate(cases):
        (tmp_path / str(index)).mkdir()
        evidence = _evidence(tmp_path / str(index), criteria[criterion].check, case)
        results.append(judge(criteria[criterion], {evidence.check: evidence}).result.value)
        if index == 1:
            assert rule in {"PRV-013", *(finding.rule.replace("PII-006", "PRV-016") for finding in evidence.findings)}
    assert results[:2] == ["pass", "fail"]
    assert results[2] in {"not_run", "inconclusive", "error"}


def _evidence(folder, check, case):
    given, files, system, found = case
    (folder / "data.csv").write_text(ROWS)
    for name, text in files.items():
        (folder / name).write_text(text)
    config = Config.model_validate({"provenance": given, "system": system, "target": "rent"})
    data = read_dataset(folder / "data.csv", role="test")
    columns = resolve(data, config, None)[0]
    inputs = {
        "test": data,
        "columns": columns,
        "config": config,
        "metadata": read_metadata(folder / "data.csv", config, folder),
        "as_of": date(2026, 6, 1),
        "evidence": _scan(found),
    }
    registered = CHECKS.all()[check]
    try:
        products = list(registered.run(**{name: inputs[name] for name in registered.needs if name in inputs}))
    except Unavailable as reason:
        outcome = {"NotDeclared": Outcome.NOT_DECLARED, "NotApplicable": Outcome.NOT_APPLICABLE}
        kind = outcome.get(type(reason).__name__, Outcome.ERROR)
        return Evidence(check=check, check_version="", outcome=kind, reason=reason.reason)
    measured = tuple(item for item in products if isinstance(item, Measurement))
    findings = tuple(item for item in products if isinstance(item, Finding))
    return Evidence(check=check, check_version="", outcome=Outcome.MEASURED, measurements=measured, findings=findings)


def _scan(found):
    if not found:
        return {}
    counts = {"direct_identifier_columns": 0, "personal_columns": 0, "columns_scanned": 2, **found}
    measured = [Measurement(name=name, value=value, unit="count", n=2) for name, value in counts.items()]
    texts = (Measurement(name="free_text_columns_with_hits", value=0, unit="count", n=1),)
    names = ("column", "form", "entity", "likelihood")
    row = ("city", "", "LOCATION", Likelihood.LIKELY.words)
    seen = Table(name="columns", title="", columns=tuple(Column(name=name) for name in names), rows=(row,))
    tables = (seen,) if counts["personal_columns"] else ()
    return {
        check: Evidence(check=check, check_version="", outcome=Outcome.MEASURED, measurements=tuple(items), tables=held)
        for check, items, held in (("pii.columns", measured, tables), ("pii.free_text", texts, ()))
    }
