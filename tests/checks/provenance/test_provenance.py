"""Provenance checks: each has a case that agrees, a case that doesn't, and a case that can't be told."""

import hashlib
import json
from datetime import date

import pytest

from govkit.checks.provenance.collection_dates import collection_dates
from govkit.checks.provenance.datasheet_complete import REQUIRED, datasheet_complete
from govkit.checks.provenance.environment import environment_match
from govkit.checks.provenance.hash_match import hash_match
from govkit.checks.provenance.license import data_license
from govkit.checks.provenance.lineage import lineage
from govkit.checks.provenance.model_identity import model_identity
from govkit.checks.provenance.model_origin import model_origin
from govkit.config import Config, Parent, Provenance, System
from govkit.inputs.environment import Environment, current
from govkit.inputs.metadata import Metadata, read_metadata
from govkit.inputs.model import Artifact
from govkit.plugins.check import NotDeclared
from tests.check_products import Products, table

FULL = {
    "source": "The Bank",
    "license": "CC-BY-4.0",
    "version": "3",
    "collected_from": date(2024, 1, 1),
    "collected_to": date(2024, 6, 30),
    "issued": date(2024, 7, 15),
    "geography": ("DE",),
    "contact": "data@example.org",
    "intended_use": "credit decisions",
    "processing": "deduplicated with pandas 3.1",
}
MODEL = Artifact(name="model.pkl", sha256="cd" * 32, size=3, format="pickle")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "data.csv").write_text("a\n1\n2\n")
    return tmp_path


def told(folder, system=None, **provenance) -> tuple[Config, Metadata]:
    config = Config(provenance=Provenance(**provenance), system=system or System())
    return config, read_metadata(folder / "data.csv", config, folder)


def sheet(folder, given, system=None):
    config, metadata = told(folder, system, **given)
    return datasheet_complete(metadata=metadata, config=config)


def test_a_full_data_sheet(folder):
    found = Products("provenance.datasheet_complete", sheet(folder, FULL))
    assert found["required_fields_filled"] == 1
    assert found["placeholder_fields"] == found["conflicting_fields"] == 0
    assert found.findings == []


def test_gaps_and_placeholders_are_counted(folder):
    given = {**FULL, "contact": "TBD", "geography": ()}
    found = Products("provenance.datasheet_complete", sheet(folder, given))
    assert found["required_fields_filled"] == pytest.approx((len(REQUIRED) - 2) / len(REQUIRED))
    assert found["placeholder_fields"] == 1
    assert any("provenance: {geography: ...}" in sentence for sentence in found.sentences)


def test_data_for_another_purpose_is_pointed_at(folder):
    alike, other = (System(id="x", purpose=text) for text in ("Deciding on consumer credits", "Sorting of applicants"))
    assert Products("provenance.datasheet_complete", sheet(folder, FULL, alike)).findings == []
    found = Products("provenance.datasheet_complete", sheet(folder, FULL, other))
    assert [(item.rule, item.where) for item in found.findings] == [("PRV-018", "intended_use")]


def test_a_damaged_metadata_file_is_a_finding(folder):
    (folder / "croissant.json").write_text("{")
    found = Products("provenance.datasheet_complete", sheet(folder, FULL))
    assert [(item.rule, item.where) for item in found.findings] == [("PRV-001", "croissant.json")]
    assert "croissant.json is not readable" in found.sentences[0]


def test_sources_that_disagree(folder):
    (folder / "README.md").write_text("---\nlicense: mit\n---\n")
    found = Products("provenance.datasheet_complete", sheet(folder, FULL))
    assert found["conflicting_fields"] == 1
    assert [item.rule for item in found.findings] == ["PRV-020"]


@pytest.mark.parametrize("check", [datasheet_complete, lineage, model_origin])
def test_nothing_declared_asks_for_a_line(folder, check):
    config, metadata = told(folder)
    with pytest.raises(NotDeclared) as said:
        list(check(metadata=metadata, **({"config": config} if check is datasheet_complete else {})))
    assert said.value.ask.startswith("provenance: {")


def test_digests(folder):
    data = table(folder, {"a": [1, 2]})
    digest = hashlib.sha256((folder / "data.csv").read_bytes()).hexdigest()
    right = told(folder, digests={"data.csv": digest, "models/model.pkl": MODEL.sha256.upper()})[1]
    found = Products("provenance.hash_match", hash_match(test=data, metadata=right, artifact=MODEL))
    assert found["mismatched_digests"] == found["undeclared_digests"] == 0
    assert found.findings == []


def test_a_wrong_a_missing_and_a_malformed_digest(folder):
    data = table(folder, {"a": [1, 2]})
    train = table(folder, {"a": [3, 4]}, role="train", name="train.csv")
    wrong = told(folder, digests={"data.csv": "0" * 64, "train.csv": "abc"})[1]
    found = Products("provenance.hash_match", hash_match(test=data, train=train, metadata=wrong, artifact=MODEL))
    assert found["mismatched_digests"] == 1
    assert found["undeclared_digests"] == 2
    assert found.measurement("mismatched_digests").n == 3
    assert len(found.findings) == 3


def test_files_of_the_same_name_are_told_apart(folder):
    data = table(folder, {"a": [1, 2]})
    (folder / "t").mkdir()
    train = table(folder / "t", {"a": [3, 4]}, role="train")
    both = {"data.csv": data.sha256, "t/data.csv": train.sha256}
    found = Products(
        "provenance.hash_match", hash_match(test=data, train=train, metadata=told(folder, digests=both)[1])
    )
    assert found["mismatched_digests"] == found["undeclared_digests"] == 0


def test_no_digest_at_all_is_not_declared(folder):
    with pytest.raises(NotDeclared):
        list(hash_match(test=table(folder, {"a": [1]}), metadata=told(folder)[1]))


@pytest.mark.parametrize(
    ("stated", "use", "recognised", "conflicts"),
    [
        ("CC-BY-4.0", "commercial", 1, 0),
        ("cc-by-nc-4.0", "commercial", 1, 1),
        ("cc-by-nc-4.0", "research", 1, 0),
        ("CC-BY-ND-4.0", "commercial", 1, 1),
        ("MIT OR CC-BY-NC-4.0", "commercial", 1, 0),
        ("MIT AND CC-BY-NC-4.0", "commercial", 1, 1),
        ("https://creativecommons.org/licenses/by-nc-sa/4.0/", "commercial", 1, 1),
        ("https://spdx.org/licenses/Apache-2.0.html", "commercial", 1, 0),
        ("see website", "commercial", 0, 0),
        ("LicenseRef-ours", "commercial", 0, 0),
    ],
)
def test_licences(folder, stated, use, recognised, conflicts):
    config, metadata = told(folder, license=stated, system=System(use=use))
    found = Products("provenance.license", data_license(metadata=metadata, config=config))
    assert found["license_recognised"] == recognised
    assert found["license_conflicts"] == conflicts


def test_a_licence_of_ones_own_needs_its_text(folder):
    (folder / "LICENSE").write_text("You may.")
    config, metadata = told(folder, license="LicenseRef-ours")
    found = Products("provenance.license", data_license(metadata=metadata, config=config))
    assert found["license_recognised"] == 1
    assert "license_conflicts" not in found.names
    assert "system: {use: commercial}" in found.sentences[0]


@pytest.mark.parametrize("stated", ["", "TBD"])
def test_no_licence_is_not_declared(folder, stated):
    config, metadata = told(folder, license=stated)
    with pytest.raises(NotDeclared):
        list(data_license(metadata=metadata, config=config))


def test_lineage_with_a_verified_a_wrong_a_distant_and_a_nameless_parent(folder):
    (folder / "raw.csv").write_text("raw")
    digest = hashlib.sha256(b"raw").hexdigest()
    parents = (
        Parent(name="raw.csv", sha256=digest),
        Parent(name="raw.csv", sha256="0" * 64),
        Parent(name="elsewhere.csv", sha256="1" * 64),
        Parent(name="unpinned.csv"),
    )
    found = Products("provenance.lineage", lineage(metadata=told(folder, parents=parents, processing="joined")[1]))
    assert found["lineage_declared"] == 1
    assert found["parents_unresolved"] == 2
    states = [row[1].split(",")[0] for row in found.tables[0].rows]
    assert states == ["there", "there", "identified by its digest", "named without a digest"]


def test_original_data_without_processing(folder):
    found = Products("provenance.lineage", lineage(metadata=told(folder, original=True)[1]))
    assert found["lineage_declared"] == 0.5
    assert (found["parents_unresolved"], found.measurement("parents_unresolved").n) == (0, 1)


def test_parents_are_not_counted_when_ancestry_is_unknown(folder):
    found = Products("provenance.lineage", lineage(metadata=told(folder, processing="cleaned")[1]))
    assert "parents_unresolved" not in found.names


def dates(folder, as_of=date(2025, 6, 30), **given):
    return Products("provenance.collection_dates", collection_dates(metadata=told(folder, **given)[1], as_of=as_of))


def test_dates_in_order(folder):
    found = dates(folder, **FULL)
    assert found["date_problems"] == 0
    assert found["age_days"] == 365


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"collected_from": date(2024, 12, 1)}, "lies after"),
        ({"issued": date(2024, 2, 1)}, "lies after"),
        ({"issued": date(2026, 1, 1)}, "after the day of the audit"),
        ({"collected_from": None}, "is not stated"),
        ({"retention_until": date(2025, 1, 1)}, "is past"),
    ],
)
def test_a_date_problem(folder, change, kind):
    found = dates(folder, **{**FULL, **change})
    assert found["date_problems"] == 1
    assert kind in found.sentences[0]


def test_partial_and_unreadable_dates(folder):
    (folder / "croissant.json").write_text(
        json.dumps(
            {
                "conformsTo": "http://mlcommons.org/croissant/1.0",
                "temporalCoverage": "2023/2024-02",
                "datePublished": "soon",
            }
        )
    )
    found = dates(folder, as_of=date(2024, 3, 1))
    assert found["age_days"] == 1
    assert found["date_problems"] == 1


def test_no_dates_is_not_declared(folder):
    with pytest.raises(NotDeclared):
        dates(folder, issued=date(2024, 1, 1))


@pytest.mark.parametrize(
    ("origin", "share"),
    [("trained from scratch", 1), ("bert-base-uncased@86b5e09", 1), ("resnet50 v1.5", 1), ("bert-base-uncased", 0.5)],
)
def test_model_origin(folder, origin, share):
    found = Products("provenance.model_origin", model_origin(metadata=told(folder, model_origin=origin)[1]))
    assert found["origin_declared"] == share
    assert len(found.findings) == (share < 1)


def test_model_identity(folder):
    system = System(name="Credit", version="1.0")
    config, metadata = told(folder, system=system, digests={"model.pkl": MODEL.sha256})
    found = Products("provenance.model_identity", model_identity(artifact=MODEL, config=config, metadata=metadata))
    assert found["identity_fields_declared"] == 1
    assert found["identity_mismatches"] == 0
    config, metadata = told(folder, system=system, digests={"model.pkl": "0" * 64})
    found = Products("provenance.model_identity", model_identity(artifact=MODEL, config=config, metadata=metadata))
    assert found["identity_mismatches"] == 1


def test_identity_without_digest_measures_no_mismatch(folder):
    config, metadata = told(folder, system=System(name="Credit"))
    found = Products("provenance.model_identity", model_identity(artifact=MODEL, config=config, metadata=metadata))
    assert found["identity_fields_declared"] == pytest.approx(1 / 3)
    assert "identity_mismatches" not in found.names


def versions(**declared):
    return Config(provenance=Provenance(environment={name.replace("_", "-"): text for name, text in declared.items()}))


def test_versions():
    here = current()
    same = versions(numpy=here.packages["numpy"], python=here.python)
    found = Products("provenance.environment", environment_match(environment=here, config=same, metadata=Metadata()))
    assert found["version_mismatches"] == 0
    other = versions(scikit_learn="0.1", numpy="2.4", nowhere="1.0")
    environment = Environment("3.11.1", {"numpy": "2.4.0", "scikit-learn": "1.9.1"})
    found = Products(
        "provenance.environment", environment_match(environment=environment, config=other, metadata=Metadata())
    )
    assert found["version_mismatches"] == 2
    assert found.measurement("version_mismatches").n == 3


def test_no_versions_is_not_declared():
    with pytest.raises(NotDeclared):
        list(environment_match(environment=current(), config=Config(), metadata=Metadata()))
