"""Language models that the user names: one on this disk finds what word lists don't, and nothing is fetched."""

import json
import socket

import pytest
import spacy

from govkit.config import Config, PersonalData
from govkit.core.errors import InputProblem, MissingExtra
from govkit.pii.models import load_model
from govkit.pii.redaction import redact
from govkit.pii.scan import scan

ODD_NAME = "Qwzlk Brtvnn"


@pytest.fixture
def model(tmp_path):
    """Save a spaCy pipeline that knows one name."""
    pipeline = spacy.blank("en")
    pipeline.add_pipe("entity_ruler").add_patterns(
        [{"label": "PERSON", "pattern": ODD_NAME}, {"label": "ORG", "pattern": "Initech"}]
    )
    pipeline.to_disk(tmp_path / "names")
    return tmp_path / "names"


@pytest.fixture
def notes(tmp_path):
    path = tmp_path / "notes.csv"
    path.write_text(
        "notes\n"
        + "".join(f"we saw {ODD_NAME} of Initech at {n} Baker Street again\n" for n in range(12, 15))
        + "nothing new to say here\n"
    )
    return path


def test_a_spacy_model_takes_the_place_of_the_word_lists(model, notes, tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    loaded = load_model(str(model))
    text = f"we saw {ODD_NAME} of Initech"
    assert [(item.entity, text[item.start : item.end]) for item in loaded.find(text)] == [("PERSON", ODD_NAME)]
    monkeypatch.undo()
    report = redact(notes, tmp_path / "out.csv", Config(personal_data=PersonalData(language_model=str(model))))
    assert report.names_by == "names"
    said = (tmp_path / "out.csv").read_text()
    assert "we saw <PERSON> of Initech at <STREET_ADDRESS> again" in said
    assert ODD_NAME not in said


def test_the_report_says_what_names_rest_on(govkit, model, notes):
    plain = govkit("scan-pii", notes, "--jobs", "1")
    assert "word lists" in plain.out
    assert "On marked texts they find" in " ".join(plain.out.split())
    named = govkit("scan-pii", notes, "--jobs", "1", "--model", model)
    assert named.code == 0, named.err
    assert "the language model names" in " ".join(named.out.split())
    assert ODD_NAME not in named.out
    found = json.loads(govkit("scan-pii", notes, "--jobs", "1", "--json", "--model", model).out)
    assert found["language_model"] == "names"


def test_what_is_not_here_is_said_and_not_fetched(tmp_path, notes, govkit):
    with pytest.raises(InputProblem, match="no language model en_core_web_huge"):
        load_model("en_core_web_huge")
    answer = govkit("scan-pii", notes, "--model", tmp_path / "nowhere")
    assert answer.code == 3
    assert "no language model" in answer.err
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "meta.json").write_text("{}")
    with pytest.raises(InputProblem, match="can't be loaded"):
        load_model(str(broken))
    (broken / "gliner_config.json").write_text("{}")
    with pytest.raises(MissingExtra, match="gliner isn't installed"):
        load_model(str(broken))
    assert not scan([notes]).language_model
