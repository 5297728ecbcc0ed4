"""Declared against found: only what nobody declared is counted."""

import json

import pytest

from govkit.checks.pii.columns import ColumnsParams, columns
from govkit.checks.pii.declared import declared
from govkit.checks.pii.free_text import free_text
from govkit.config import Config, PersonalData
from govkit.core.evidence import Outcome
from govkit.core.messages import sentence
from govkit.inputs.metadata import read_metadata
from govkit.plugins.check import CHECKS, NotPossible
from tests.check_products import Products, table

CELLS = {
    "email": [f"person{n}@example.org" for n in range(60)],
    "age": [20 + n for n in range(60)],
    "religion": ["abc"[n % 3] for n in range(60)],
    "notes": ["call 020 7946 0958 about it", "nothing else to be said"] * 30,
}


@pytest.fixture
def scanned(tmp_path):
    data = table(tmp_path, CELLS)
    evidence = {
        "pii.columns": Products(
            "pii.columns",
            columns(test=data, params=ColumnsParams(), config=Config(), work={"values_per_column": 300}, seed=1),
        ).evidence
    }
    texts = free_text(test=data, evidence=evidence, work={"candidates_per_column": 100})
    return {**evidence, "pii.free_text": Products("pii.free_text", texts).evidence}


def compare(evidence, folder, **entries):
    config = Config(personal_data=PersonalData(declared=entries))
    metadata = read_metadata(folder / "data.csv", config, folder)
    return Products("pii.declared", declared(evidence=evidence, config=config, metadata=metadata))


def test_nothing_declared_counts_everything_found(scanned, tmp_path):
    found = compare(scanned, tmp_path)
    assert found["undeclared_columns"] == 4
    assert found["undeclared_direct_columns"] == 2
    assert found["undeclared_special_columns"] == 1


def test_what_is_declared_is_silent(scanned, tmp_path):
    found = compare(
        scanned, tmp_path, email=("EMAIL_ADDRESS",), age=(), religion=("religion",), notes=("PHONE_NUMBER",)
    )
    assert found["undeclared_columns"] == 0
    assert found.findings == []


def test_another_entity_type_in_a_declared_column_counts(scanned, tmp_path):
    assert (
        compare(scanned, tmp_path, email=("PERSON",), age=(), religion=(), notes=())["undeclared_direct_columns"] == 1
    )


def test_metadata_may_declare_by_word_or_column(scanned, tmp_path):
    croissant = {
        "@context": {"@vocab": "https://schema.org/", "rai": "http://mlcommons.org/croissant/RAI/"},
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "rai:personalSensitiveInformation": ["Religion", "Age", "notes"],
    }
    (tmp_path / "croissant.json").write_text(json.dumps(croissant))
    assert compare(scanned, tmp_path)["undeclared_columns"] == 1


def test_the_finding_names_the_line_to_add(scanned, tmp_path):
    found = compare(scanned, tmp_path, age=(), religion=(), notes=())
    assert "personal_data: {declared: {email: [EMAIL_ADDRESS]}}" in found.sentences[0]


def test_what_is_declared_and_not_found_is_told(scanned, tmp_path):
    entries = {"email": ("EMAIL_ADDRESS",), "age": (), "religion": (), "notes": ("PHONE_NUMBER", "PERSON")}
    (finding,) = compare(scanned, tmp_path, **entries).findings
    assert (finding.rule, finding.message.args) == ("PII-011", {"column": "notes", "entity": "PERSON"})


def test_without_a_scan_nothing_is_claimed(tmp_path):
    (tmp_path / "data.csv").write_text("a\n1\n")
    with pytest.raises(NotPossible) as said:
        compare({}, tmp_path)
    assert "gave no result" in sentence(said.value.reason, CHECKS.all()["pii.declared"].messages)


@pytest.mark.parametrize("scan", ["pii.columns", "pii.free_text"])
def test_where_one_scan_broke_off_nothing_counts_as_declared(scan, scanned, tmp_path):
    broken = scanned[scan].model_copy(update={"outcome": Outcome.ERROR, "measurements": (), "tables": ()})
    with pytest.raises(NotPossible):
        compare({**scanned, scan: broken}, tmp_path)
