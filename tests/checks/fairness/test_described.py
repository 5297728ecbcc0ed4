"""Descriptions of columns: what speaks of a protected attribute is pointed at, everything else is let be."""

import json

import pytest

from govkit.checks.fairness.described import described
from govkit.config import Config
from govkit.inputs.columns import resolve
from govkit.inputs.metadata import read_metadata
from govkit.inputs.naming import protected_word
from govkit.plugins.check import NotApplicable
from tests.check_products import Products, table


def told(folder, fields, **columns):
    data = table(folder, {"v1": [1, 2], "v2": [3, 4], "y": [0, 1]})
    listed = [{"name": name, "description": text} for name, text in fields.items()]
    package = {"resources": [{"name": "d", "path": "data.csv", "schema": {"fields": listed}}]}
    (folder / "datapackage.json").write_text(json.dumps(package))
    config = Config.model_validate({"target": "y", "columns": columns})
    metadata = read_metadata(folder / "data.csv", config, folder)
    return Products("fairness.described", described(columns=resolve(data, config, None)[0], metadata=metadata))


def test_a_feature_that_is_described_as_a_share_of_a_group(tmp_path):
    fields = {"v1": "(p - 0.6)^2, where p is the proportion of Blacks by town", "v2": "Index of the street"}
    found = told(tmp_path, fields)
    assert found["described_features"] == 1
    assert [item.where for item in found.findings] == ["column v1"]
    assert "town" not in found.text
    assert told(tmp_path, fields, protected=["v1"])["described_features"] == 0
    assert told(tmp_path, {"v2": fields["v2"], "y": "race"})["described_features"] == 0


def test_croissant_describes_fields_too(tmp_path):
    source = {"fileObject": {"@id": "data.csv"}, "extract": {"column": "v2"}}
    field = {"name": "v2", "description": "Ethnicity of the applicant", "source": source}
    prefix = {"cr": "http://mlcommons.org/croissant/"}
    context = {"@vocab": "https://schema.org/", **prefix}
    terms = {name: f"cr:{name}" for name in ("recordSet", "field", "source", "extract", "column", "fileObject")}
    document = {"@context": context | terms, "conformsTo": "http://mlcommons.org/croissant/1.1"}
    (tmp_path / "croissant.json").write_text(json.dumps({**document, "recordSet": [{"field": [field]}]}))
    assert told(tmp_path, {"v1": "plain"})["described_features"] == 1


def test_nothing_is_described(tmp_path):
    with pytest.raises(NotApplicable):
        told(tmp_path, {"y": "the outcome"})


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Share of white residents", "white"),
        ("Religion as stated", "religion"),
        ("number of Hispanic people", "hispanic"),
        ("weight of the black car", ""),
        ("white wine or red", ""),
        ("age of the house in years", ""),
        ("percentage of alcohol", ""),
        ("", ""),
    ],
)
def test_words_of_descriptions(text, word):
    assert protected_word(text) == word
