"""What metadata files lack: listed file by file, without the data, and nothing where nothing is missing."""

import json

import pytest

from govkit.core.errors import InputProblem
from govkit.inputs.metadata import MAX_BYTES
from govkit.metadata_gaps import gaps_of

CONTEXT = {
    "@vocab": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
}
FULL = {
    "@context": CONTEXT,
    "@type": "Dataset",
    "conformsTo": "http://mlcommons.org/croissant/1.1",
    "name": "harbour-visits",
    "description": "Visits of ships to a harbour",
    "license": "https://creativecommons.org/licenses/by/4.0/",
    "url": "https://example.org/harbour",
    "creator": {"@type": "Organization", "name": "Harbour office"},
    "datePublished": "2026-02-01",
    "version": "2",
    "spatialCoverage": "NL",
    "contactPoint": {"@type": "ContactPoint", "name": "data desk"},
    "rai:dataCollectionTimeframe": "2025-01-01/2025-12-31",
    "rai:dataUseCases": "planning",
    "rai:dataPreprocessingProtocol": "rounded to hours",
    "distribution": [
        {"@type": "cr:FileObject", "name": "v.zip", "contentUrl": "v.zip", "encodingFormat": "x", "sha256": "0" * 64},
        {
            "@type": "cr:FileObject",
            "name": "v.csv",
            "contentUrl": "v.csv",
            "encodingFormat": "text/csv",
            "containedIn": {"@id": "v.zip"},
        },
        {"@type": "cr:FileSet", "name": "pages", "includes": "*.txt"},
    ],
}


def written(folder, document, name="harbour.json"):
    (folder / name).write_text(json.dumps(document))
    return folder / name


def test_a_full_file_lacks_nothing(tmp_path):
    found = gaps_of(written(tmp_path, FULL))
    assert (found.format, found.count, found.other) == ("Croissant", 0, ())


def test_what_is_missing_is_listed_by_who_asks_for_it(tmp_path):
    document = {name: value for name, value in FULL.items() if name not in {"creator", "rai:dataUseCases"}}
    files = [{"@type": "cr:FileObject", "name": "v.csv", "contentUrl": "v.csv"}]
    changed = {"url": "None", "license": "ask us", "version": "TBD", "spatialCoverage": "Narnia", "distribution": files}
    found = gaps_of(written(tmp_path, document | changed))
    assert found.by_standard == ("/url", "/creator", "/distribution/0/encodingFormat", "/distribution/0/sha256")
    assert found.not_stated == ("source", "intended_use")
    assert found.placeholders == ("version",)
    assert [said.split(" ")[1] for said in found.other] == ["licence", "in"]
    assert "Narnia" not in "".join(found.other)
    assert "ask us" not in "".join(found.other)


def test_other_standards_require_other_fields(tmp_path):
    package = {"resources": [{"name": "v"}, {"path": "w.csv"}]}
    assert gaps_of(written(tmp_path, package, "datapackage.json")).by_standard == (
        "/resources/0/path",
        "/resources/1/name",
    )
    trust = {"source": {"title": "t", "id": "1", "version": "1", "issuer": "i"}, "provenance": {"date": "2026-01-01"}}
    found = gaps_of(written(tmp_path, trust, "v.provenance.json"))
    assert found.by_standard == (
        "/source/description",
        "/provenance/origin-geography",
        "/provenance/generation-method",
        "/use/intended-purpose",
    )


@pytest.mark.parametrize("content", ["{", "[1, 2]", '{"a": 1}', "\xff", " " * (MAX_BYTES + 1)])
def test_what_is_no_metadata_is_said(tmp_path, content):
    (tmp_path / "x.json").write_text(content, encoding="latin-1")
    with pytest.raises(InputProblem, match=r"x\.json"):
        gaps_of(tmp_path / "x.json")
    with pytest.raises(InputProblem, match="can't be read"):
        gaps_of(tmp_path / "absent.json")


def test_the_command_goes_through_all_files(govkit, tmp_path):
    full, bare = written(tmp_path, FULL), written(tmp_path, {"conformsTo": FULL["conformsTo"]}, "bare.json")
    assert govkit("provenance", "gaps", full).code == 0
    both = govkit("provenance", "gaps", full, bare)
    assert both.code == 5
    assert "harbour.json: Croissant, no gaps" in both.out
    assert "Croissant requires: /name, /description, /license" in both.out
    assert govkit("provenance", "gaps", bare, tmp_path / "absent.json").code == 3
    listed = json.loads(govkit("provenance", "gaps", full, bare, "--json").out)
    assert [one["format"] for one in listed] == ["Croissant", "Croissant"]
    assert "govkit provenance gaps" in govkit("provenance", full).err
