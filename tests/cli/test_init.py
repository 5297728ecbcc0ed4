"""`govkit init` writes a file that the audit takes as it is."""

import pandas as pd

from govkit.config import Config
from govkit.strict_yaml import read


def test_the_draft_holds_what_was_inferred_and_can_be_used(govkit, project):
    project.config.unlink()
    answer = govkit("init", project.model, project.data, "--train", project.train)
    assert answer.code == 0
    config = read(project.config).parse(Config)
    assert (config.target, config.train, config.task, config.positive_label) == ("repaid", "train.csv", "binary", 1)
    assert set(config.provenance.digests) == {"model.pkl", "data.csv", "train.csv"}
    audited = govkit(
        "audit", project.model, project.data, "--out", project.folder / "out", "--only", "provenance.hash_match,quality"
    )
    assert "target" not in audited.err.split("✓")[0].replace("repaid", "")
    assert "Recorded digests match the files" not in audited.out


def test_training_rows_in_another_folder_are_found_again(govkit, project):
    project.config.unlink()
    (project.folder / "fitted").mkdir()
    train = project.train.rename(project.folder / "fitted" / "rows.csv")
    assert govkit("init", project.model, project.data, "--train", train).code == 0
    assert read(project.config).parse(Config).train == "fitted/rows.csv"


def test_an_existing_file_is_kept(govkit, project):
    before = project.config.read_text()
    answer = govkit("init", project.model, project.data)
    assert answer.code == 2
    assert "--force" in answer.err
    assert project.config.read_text() == before
    assert govkit("init", project.model, project.data, "--force").code == 0
    assert project.config.read_text() != before


def test_what_cannot_be_told_is_left_as_a_comment(govkit, project):
    project.config.unlink()
    pd.read_csv(project.data).assign(other=1).to_csv(project.data, index=False)
    assert govkit("init", project.model, project.data).code == 0
    text = project.config.read_text()
    assert "# target: NAME" in text
    assert "repaid, other" in text
    assert read(project.config).parse(Config).target is None
    assert govkit("init", project.model, project.data, "--target", "repaid", "--force").code == 0
    assert read(project.config).parse(Config).target == "repaid"


def test_names_that_yaml_would_misread_are_quoted(govkit, project):
    project.config.unlink()
    pd.read_csv(project.data).rename(columns={"repaid": "no"}).to_csv(project.data, index=False)
    assert govkit("init", project.model, project.data).code == 0
    assert read(project.config).parse(Config).target == "no"
