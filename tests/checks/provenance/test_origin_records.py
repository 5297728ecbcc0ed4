"""What the metadata says about content, place, reason and training: agreeing, contradicting and undecided cases."""

import hashlib
import json

import pytest

from govkit.checks.provenance.content_match import content_match
from govkit.checks.provenance.geography import geography
from govkit.checks.provenance.lawful_basis import lawful_basis
from govkit.checks.provenance.lineage import lineage
from govkit.checks.provenance.training_record import training_record
from govkit.config import Config, PersonalData, Provenance, System
from govkit.core.evidence import Evidence, Measurement, Outcome
from govkit.inputs.countries import countries
from govkit.inputs.dataset import read_dataset
from govkit.inputs.metadata import read_metadata
from govkit.inputs.model import Artifact
from govkit.inputs.origin import croissant_draft, training_statement
from govkit.plugins.check import Attachment, NotApplicable, NotDeclared, NotPossible
from tests.check_products import Products


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "data.csv").write_text("id,age,name\n1,30,a\n2,41,b\n3,52,c\n")
    return tmp_path


def told(folder, config=None):
    return read_metadata(folder / "data.csv", config or Config(), folder)


def matched(folder):
    data = read_dataset(folder / "data.csv", role="test")
    return Products("provenance.content_match", content_match(test=data, metadata=told(folder)))


def test_a_draft_of_the_data_describes_the_data(folder):
    (folder / "croissant.json").write_bytes(croissant_draft(folder / "data.csv"))
    found = matched(folder)
    assert found["size_mismatches"] == found["schema_mismatches"] == 0
    assert found.findings == []
    draft = (folder / "croissant.json").read_text()
    assert "license" not in draft
    assert hashlib.sha256((folder / "data.csv").read_bytes()).hexdigest() in draft


def test_changed_content_contradicts_the_description(folder):
    (folder / "croissant.json").write_bytes(croissant_draft(folder / "data.csv"))
    (folder / "data.csv").write_text("id,age,city\n1,young,a\n2,old,b\n")
    found = matched(folder)
    assert found["size_mismatches"] == 1
    assert sorted(item.message.id.rsplit(".", 1)[-1] for item in found.findings) == ["extra", "missing", "size", "type"]
    assert "young" not in found.text


def test_other_standards_describe_content_too(folder):
    fields = [{"name": "id", "type": "integer"}, {"name": "age", "type": "integer"}, {"name": "name", "type": "string"}]
    package = {"resources": [{"path": "data.csv", "schema": {"fields": fields}}]}
    (folder / "datapackage.json").write_text(json.dumps(package))
    assert matched(folder)["schema_mismatches"] == 0
    (folder / "datapackage.json").unlink()
    head = "---\ndataset_info:\n  features:\n  - {name: id, dtype: int64}\n"
    card = head + "  splits:\n  - {name: all, num_examples: 9}\n---\n"
    (folder / "README.md").write_text(card)
    found = matched(folder)
    assert (found["size_mismatches"], found["schema_mismatches"]) == (1, 2)


def test_dvc_files_hold_a_digest(folder):
    digest = hashlib.md5((folder / "data.csv").read_bytes()).hexdigest()
    size = (folder / "data.csv").stat().st_size
    (folder / "data.csv.dvc").write_text(f"outs:\n- md5: {digest}\n  size: {size}\n  hash: md5\n  path: data.csv\n")
    assert matched(folder)["size_mismatches"] == 0
    (folder / "data.csv").write_text((folder / "data.csv").read_text().replace("30", "31"))
    assert matched(folder)["size_mismatches"] == 1


def test_nothing_is_declared_about_the_content(folder):
    with pytest.raises(NotDeclared):
        matched(folder)


@pytest.mark.parametrize(
    ("place", "found"),
    [("DE", {"DE"}), ("germany", {"DE"}), ("DE-BY", {"DE"}), ("Narnia", None), ("worldwide", set()), ("", None)],
)
def test_places(place, found):
    assert countries(place) == found


def placed(folder, regions=(), **declared):
    config = Config(provenance=Provenance(**declared), system=System(regions=regions))
    return Products("provenance.geography", geography(metadata=told(folder, config), config=config))


def test_data_is_used_where_it_may_be(folder):
    given = {"geography": ("DE",), "regions_allowed": ("EU",)}
    assert placed(folder, ("FR", "DE"), **given)["region_conflicts"] == 0
    assert placed(folder, ("FR", "US"), **given)["region_conflicts"] == 1
    assert placed(folder, ("US",), geography=("US",), regions_forbidden=("US", "CN"))["region_conflicts"] == 1
    assert placed(folder, ("DE",), geography=("US",), regions_forbidden=("US", "CN"))["region_conflicts"] == 0


def test_places_that_are_unknown_or_not_stated(folder):
    found = placed(folder, geography=("Narnia", "DE"))
    assert found["unknown_places"] == 1
    assert "Narnia" not in "".join(found.sentences)
    with pytest.raises(NotDeclared):
        placed(folder)


def scanned(direct, personal, texts=0):
    counts = {"direct_identifier_columns": direct, "personal_columns": personal, "columns_scanned": 3}
    measured = tuple(Measurement(name=name, value=value, unit="count", n=3) for name, value in counts.items())
    hits = (Measurement(name="free_text_columns_with_hits", value=texts, unit="count", n=3),)
    return {
        check: Evidence(check=check, check_version="", outcome=Outcome.MEASURED, measurements=found)
        for check, found in (("pii.columns", measured), ("pii.free_text", hits))
    }


def based(folder, direct=1, personal=1, texts=0, **declared):
    config = Config(provenance=Provenance(**declared), personal_data=PersonalData())
    found = lawful_basis(evidence=scanned(direct, personal, texts), metadata=told(folder, config), config=config)
    return Products("provenance.lawful_basis", found)


@pytest.mark.parametrize(
    ("basis", "value"),
    [("GDPR article 6(1)(b)", 1.0), ("Consent of the applicants", 1.0), ("form.pdf", 1.0), ("we need it", 0.5)],
)
def test_a_reason_for_personal_data(folder, basis, value):
    (folder / "form.pdf").write_bytes(b"signed")
    assert based(folder, lawful_basis=basis)["basis_stated"] == value


def test_no_reason_no_data_and_no_scan(folder):
    with pytest.raises(NotDeclared):
        based(folder)
    with pytest.raises(NotApplicable):
        based(folder, direct=0, personal=0)
    with pytest.raises(NotDeclared):
        based(folder, direct=0, personal=0, texts=1)
    for missing in ("pii.columns", "pii.free_text"):
        rest = {check: found for check, found in scanned(0, 0).items() if check != missing}
        with pytest.raises(NotPossible):
            list(lawful_basis(evidence=rest, metadata=told(folder), config=Config()))


@pytest.mark.parametrize(
    ("technique", "direct", "personal", "wrong"),
    [("pseudonymised", 1, 1, 1), ("pseudonymised", 0, 1, 0), ("anonymised", 0, 1, 1), ("encrypted at rest", 1, 1, 0)],
)
def test_protection_that_is_not_there(folder, technique, direct, personal, wrong):
    found = based(folder, direct, personal, lawful_basis="contract", privacy_techniques=(technique,))
    assert found["technique_contradictions"] == wrong


def test_lineage_that_runs_in_a_circle(folder):
    (folder / "raw").mkdir()
    (folder / "raw" / "old.csv").write_text("id\n1\n")
    about = {"@context": {"prov": "http://www.w3.org/ns/prov#"}, "conformsTo": "http://mlcommons.org/croissant/1.1"}
    (folder / "croissant.json").write_text(json.dumps({**about, "prov:wasDerivedFrom": [{"name": "raw/old.csv"}]}))
    data = read_dataset(folder / "data.csv", role="test")
    open_end = Products("provenance.lineage", list(lineage(metadata=told(folder), test=data)))
    assert open_end["lineage_cycles"] == 0
    (folder / "raw" / "croissant.json").write_text(json.dumps({**about, "prov:wasDerivedFrom": [{"name": "data.csv"}]}))
    circle = Products("provenance.lineage", list(lineage(metadata=told(folder), test=data)))
    assert circle["lineage_cycles"] == 2
    (kept,) = [item for item in circle.all if isinstance(item, Attachment)]
    prov = json.loads(kept.content)
    assert len(prov["entity"]) == 2
    assert len(prov["wasDerivedFrom"]) == 2


def test_a_record_of_the_training(folder):
    model = folder / "model.bin"
    model.write_bytes(b"names sklearn.tree" + bytes(54))
    artifact = Artifact(name="model.bin", sha256=hashlib.sha256(model.read_bytes()).hexdigest(), size=72, format="x")
    with pytest.raises(NotDeclared):
        list(training_record(metadata=told(folder), artifact=artifact))
    train = read_dataset(folder / "data.csv", role="train")
    (folder / "model.bin.training.json").write_bytes(training_statement(model, [folder / "data.csv"], folder=folder))
    metadata = told(folder)
    assert "scikit-learn" in metadata.environment
    found = Products("provenance.training_record", training_record(metadata=metadata, artifact=artifact, train=train))
    assert found["record_mismatches"] == 0
    assert found["linked_inputs"] == 0.75  # the folder is no checkout, so the code has no revision
    (folder / "data.csv").write_text("id\n7\n")
    other = read_dataset(folder / "data.csv", role="train")
    found = Products("provenance.training_record", training_record(metadata=metadata, artifact=artifact, train=other))
    assert found["record_mismatches"] == 1
