"""Metadata: every standard is read into the same fields, each with its place; nothing bad crashes or is fetched."""

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govkit.config import Config, Parent, Provenance
from govkit.inputs.metadata import Metadata, read_metadata
from govkit.inputs.metadata_formats import croissant, data_package, data_trust, dataset_card
from govkit.inputs.metadata_formats.statement import is_placeholder

DIGEST = "ab" * 32
CROISSANT = {
    "@context": {
        "@language": "en",
        "sc": "http://schema.org/",
        "cr": "http://mlcommons.org/croissant/",
        "rai": "http://mlcommons.org/croissant/RAI/",
        "dct": "http://purl.org/dc/terms/",
        "conformsTo": "dct:conformsTo",
        "licence": "sc:license",
    },
    "@type": "sc:Dataset",
    "conformsTo": "http://mlcommons.org/croissant/1.1",
    "sc:name": "Loans",
    "licence": "CC-BY-4.0",
    "sc:creator": {"@type": "sc:Organization", "sc:name": "The Bank"},
    "rai:dataCollectionTimeframe": ["2024-01-01", "2024-06-30"],
    "sc:distribution": [
        {
            "@type": "cr:FileObject",
            "sc:contentUrl": "https://x.org/files/data.csv?a=1",
            "sc:sha256": DIGEST.upper(),
            "sc:contentSize": "12 B",
        }
    ],
    "http://www.w3.org/ns/prov#wasDerivedFrom": [{"@id": "https://x.org/parent"}],
}


def write(folder, name, content):
    (folder / name).write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")


def read(folder, **provenance) -> Metadata:
    (folder / "data.csv").write_text("a\n1\n")
    return read_metadata(folder / "data.csv", Config(provenance=Provenance(**provenance)), folder)


def test_croissant_terms_are_resolved_through_the_inline_context(tmp_path):
    write(tmp_path, "croissant.json", CROISSANT)
    found = read(tmp_path)
    assert found.get("license") == "CC-BY-4.0"
    assert found.fields["license"].pointer == "/licence"
    assert found.get("title") == "Loans"
    assert found.get("source") == "The Bank"
    assert (found.get("collected_from"), found.get("collected_to")) == ("2024-01-01", "2024-06-30")
    (file,) = found.files
    assert (file.name, file.sha256, file.size) == ("data.csv", DIGEST, 12)
    assert [parent.name for parent in found.parents] == ["https://x.org/parent"]


def test_a_remote_context_is_not_fetched(tmp_path):
    write(tmp_path, "croissant.json", {**CROISSANT, "@context": "https://example.org/context.json", "license": "MIT"})
    assert read(tmp_path).get("license") == "MIT"


def test_every_standard_gives_the_same_fields(tmp_path):
    write(
        tmp_path,
        "datapackage.json",
        {
            "licenses": [{"name": "ODbL-1.0"}],
            "version": "2",
            "resources": [{"path": "data.csv", "hash": f"sha256:{DIGEST}", "bytes": 4}],
            "sources": [{"title": "Parent"}],
        },
    )
    found = read(tmp_path)
    assert (found.get("license"), found.get("version")) == ("ODbL-1.0", "2")
    assert found.declared_digests("data.csv")[0].sha256 == DIGEST
    assert found.parents[0].name == "Parent"


def test_a_provenance_file_is_read(tmp_path):
    content = {
        "source": {"title": "Loans", "issuer": "The Bank"},
        "provenance": {"origin-geography": "DE", "generationPeriod": "2024-01/2024-06", "date": "2024-07-01"},
        "use": {"intended_purpose": "credit", "license": "MIT"},
    }
    write(tmp_path, "loans.provenance.json", content)
    found = read(tmp_path)
    assert found.get("source") == "The Bank"
    assert found.get("geography") == "DE"
    assert found.get("intended_use") == "credit"
    assert (found.get("collected_from"), found.get("collected_to")) == ("2024-01", "2024-06")


def test_a_data_set_card_is_read(tmp_path):
    write(
        tmp_path, "README.md", "---\nlicense: cc-by-4.0\nsource_datasets:\n- original\n- extended|squad\n---\n# Loans\n"
    )
    found = read(tmp_path)
    assert found.get("license") == "cc-by-4.0"
    assert found.get("original") == "true"
    assert [parent.name for parent in found.parents] == ["squad"]


def test_an_ordinary_readme_says_nothing(tmp_path):
    write(tmp_path, "README.md", "# Loans\n\nSome text.\n")
    found = read(tmp_path)
    assert found.sources == found.notes == ()


def test_govkit_yaml_counts_before_croissant_before_readme_and_disagreement_is_kept(tmp_path):
    write(tmp_path, "croissant.json", CROISSANT)
    write(tmp_path, "README.md", "---\nlicense: mit\npretty_name: Loans\n---\n")
    found = read(
        tmp_path, license="Apache-2.0", issued=date(2024, 7, 1), parents=(Parent(name="p.csv", sha256=DIGEST),)
    )
    assert found.get("license") == "Apache-2.0"
    assert [source.format for source in found.sources] == ["govkit.yaml", "Croissant", "data set card"]
    ((first, *others),) = found.conflicts
    assert (first.source, [item.source for item in others]) == ("govkit.yaml", ["croissant.json", "README.md"])
    assert found.get("issued") == "2024-07-01"
    assert found.parents[0].source == "govkit.yaml"


def test_a_placeholder_gives_way_to_a_later_source(tmp_path):
    write(tmp_path, "croissant.json", CROISSANT)
    found = read(tmp_path, license="TBD")
    assert found.get("license") == "CC-BY-4.0"
    assert any(field.is_placeholder for field in found.stated)


@pytest.mark.parametrize("text", ["TBD", " n/a ", "[More Information Needed]", "<todo>", "Unknown", ""])
def test_placeholders(text):
    assert is_placeholder(text)


@pytest.mark.parametrize("text", ["The Bank", "none of the rows is real", "DE", "0"])
def test_no_placeholders(text):
    assert not is_placeholder(text)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("croissant.json", "{"),
        ("croissant.json", "[]"),
        ("croissant.json", '{"a": NaN}'),
        ("croissant.json", '{"a":' * 100_000),
        ("croissant.json", '{"conformsTo": "http://mlcommons.org/croissant/1.0", "license": ' + "9" * 5_000 + "}"),
        ("datapackage.json", "7"),
        ("x.provenance.json", "{}"),
        ("README.md", "---\na: [\n---\n"),
        ("README.md", "---\n- a\n---\n"),
        ("README.md", "---\na: &x [1]\nb: [*x, *x]\n---\n"),
    ],
)
def test_a_bad_file_is_a_note_and_no_crash(tmp_path, name, content):
    write(tmp_path, name, content)
    found = read(tmp_path)
    assert [note.args["file"] for note in found.notes] == [name]
    assert found.stated == ()


def test_a_file_that_is_too_large_is_left_out(tmp_path):
    write(tmp_path, "croissant.json", json.dumps(CROISSANT) + " " * 4_000_000)
    assert read(tmp_path).notes[0].id == "metadata.too_large"


def test_metadata_above_the_data_is_found_up_to_the_root_and_not_beyond(tmp_path):
    inner = tmp_path / "project" / "data"
    inner.mkdir(parents=True)
    write(tmp_path, "croissant.json", {**CROISSANT, "licence": "MIT"})
    (inner / "data.csv").write_text("a\n1\n")
    assert read_metadata(inner / "data.csv", Config(), tmp_path / "project").sources == ()
    write(tmp_path / "project", "croissant.json", CROISSANT)
    assert read_metadata(inner / "data.csv", Config(), tmp_path / "project").get("license") == "CC-BY-4.0"


def test_a_parent_outside_the_root_is_not_opened(tmp_path):
    (tmp_path / "secret").write_text("x")
    (tmp_path / "in").mkdir()
    assert Metadata(root=tmp_path / "in").local("../secret") is None
    assert Metadata(root=tmp_path).local("secret") == tmp_path / "secret"


def test_the_digest_follows_every_change(tmp_path):
    write(tmp_path, "croissant.json", CROISSANT)
    first = read(tmp_path).digest
    assert first == read(tmp_path).digest
    write(tmp_path, "croissant.json", {**CROISSANT, "licence": "MIT"})
    assert read(tmp_path).digest != first


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
KEYS = st.sampled_from(
    (
        "@context,conformsTo,license,distribution,isBasedOn,creator,resources,sources,licenses,contributors,source,"
        "provenance,use,source_datasets,temporalCoverage,prov:wasDerivedFrom"
    ).split(",")
)


@given(st.dictionaries(KEYS, JSON, max_size=8))
def test_readers_take_any_json(document):
    for reader in (croissant, data_package, data_trust, dataset_card):
        reader.read(document, "file.json")
