"""MODEL as recorded predictions, as a Python function and as a URL, through the command line."""

import json
import pickle
import sys

import pandas as pd
import pytest
import small_project
from inference_server import Service, served

QUICK = ("--budget", "quick", "--jobs", 1, "--format", "json")
ONLY = "performance.holdout,security,robustness.noise,robustness.missing_inputs,provenance.environment"
FUNCTIONS = """
import os, pathlib, pickle
MODEL = pickle.loads((pathlib.Path(__file__).parent / "model.pkl").read_bytes())
def both(rows):
    print(rows)
    return MODEL.predict_proba(rows)
def positive(rows):
    return MODEL.predict_proba(rows)[:, 1]
def labels(rows):
    return MODEL.predict(rows)
def kills_itself(rows):
    os._exit(3)
def raises(rows):
    raise ValueError(f"canary {rows.iloc[0].to_dict()}")
def wrong(rows):
    return [0.5] * (len(rows) + 1)
class Own:
    def predict_proba(self, rows):
        return MODEL.predict_proba(rows)
    def predict(self, rows):
        return MODEL.predict(rows)
own = Own()
NUMBER = 3
"""


def record_of(project):
    return json.loads((project.folder / "out" / "audit.json").read_text())["result"]


def evidence_of(project):
    return {found["check"]: found for found in record_of(project)["evidence"]}


def audit(govkit, project, model, *options):
    return govkit("audit", model, project.data, "--out", project.folder / "out", *QUICK, *options)


def measured(project, check="performance.holdout"):
    found = evidence_of(project)[check]
    return {one["name"]: one["value"] for one in found["measurements"]}


@pytest.fixture
def by_file(govkit, project):
    """What the audit of the model file itself measures."""
    audit(govkit, project, project.model, "--only", "performance.holdout")
    return measured(project)


@pytest.fixture
def functions(project, monkeypatch):
    (project.folder / "own_functions.py").write_text(FUNCTIONS)
    monkeypatch.chdir(project.folder)
    yield project
    sys.modules.pop("own_functions", None)


def told(answer, code, *sentences):
    assert answer.code == code, answer.err
    assert "Traceback" not in answer.err
    for sentence in sentences:
        assert sentence in answer.err


@pytest.mark.parametrize("name", ["both", "positive", "own", "MODEL"])
def test_a_function_is_audited_like_the_file_and_named_as_trusted(govkit, functions, by_file, name):
    answer = audit(govkit, functions, f"own_functions:{name}", "--only", ONLY + (",privacy" if name == "own" else ""))
    assert answer.code == 5, answer.err
    assert measured(functions) == pytest.approx(by_file)
    assert measured(functions, "robustness.noise")["noise_accuracy_ratio"] > 0
    assert "is code that the user trusts" in answer.err
    record = json.loads((functions.folder / "out" / "audit.json").read_text())
    model = record["result"]["model"]
    assert (model["name"], model["source"]) == (f"own_functions:{name}", "function")
    assert model["format"] == "Python function, trusted by the user"
    assert [note["id"] for note in model["notes"]] == ["model.trusted_function"]
    assert record["run"]["isolation"]["own process"] == "held"
    assert record["run"]["isolation"]["seccomp"].startswith("not applied")
    found = {check: one["outcome"] for check, one in evidence_of(functions).items()}
    assert found["security.model_file"] == "not_applicable"
    assert found.get("privacy.membership_inference", "measured") == "measured"
    assert found["robustness.missing_inputs"] == "measured"


def test_labels_alone_are_enough_for_what_needs_labels(govkit, functions, by_file):
    audit(govkit, functions, "own_functions:labels", "--only", "performance")
    assert measured(functions)["accuracy"] == by_file["accuracy"]
    assert evidence_of(functions)["performance.calibration"]["outcome"] == "not_applicable"


@pytest.mark.parametrize("name", ["kills_itself", "raises", "wrong"])
def test_a_function_that_fails_leaves_the_rest_audited(govkit, functions, name):
    answer = audit(govkit, functions, f"own_functions:{name}", "--only", "performance.holdout,quality.missing")
    assert answer.code == 5, answer.err
    found = evidence_of(functions)
    assert found["performance.holdout"]["outcome"] == "error"
    assert found["quality.missing"]["outcome"] == "measured"
    assert "canary" not in answer.out + answer.err + json.dumps(record_of(functions))


@pytest.mark.parametrize(
    ("reference", "sentence"),
    [
        ("absent_module:f", "can't be imported (ModuleNotFoundError: absent_module is not found)"),
        ("own_functions:absent", "can't be imported (AttributeError: absent is not found)"),
        ("own_functions:NUMBER", "is a int, which can't be asked"),
        ("own_functions:Own", "is a type, which can't be asked"),
    ],
)
def test_a_function_that_is_not_there(govkit, functions, reference, sentence):
    told(audit(govkit, functions, reference), 3, sentence)


def test_evidence_about_a_function_is_never_taken_from_the_journal(govkit, functions):
    for _ in range(2):
        audit(govkit, functions, "own_functions:both", "--only", "performance.holdout,quality.missing")
    run = json.loads((functions.folder / "out" / "audit.json").read_text())["run"]
    assert run["from_journal"] == ["quality.missing"]


@pytest.mark.parametrize("shape", ["per column", "labels only"])
def test_a_service_is_audited_like_the_file(govkit, project, by_file, shape):
    service = Service(pickle.loads(project.model.read_bytes()), proba=shape == "per column")
    with served(service) as url:
        answer = audit(govkit, project, url, "--only", ONLY)
    assert answer.code == 5, answer.err
    assert measured(project)["accuracy"] == by_file["accuracy"]
    assert measured(project, "robustness.noise")["noise_accuracy_ratio"] > 0
    if shape == "per column":
        assert measured(project) == pytest.approx(by_file)
    model = record_of(project)["model"]
    assert (model["name"], model["source"]) == ("loans", "service")
    assert evidence_of(project)["security.memorisation"]["outcome"] == "not_applicable"
    assert evidence_of(project)["robustness.missing_inputs"]["outcome"] == "measured"
    assert max(len(asked["inputs"][0]["data"]) for _, asked in service.requests) <= 1_000


def test_a_service_with_one_input_takes_numbers_only(govkit, tmp_path):
    project = small_project.write(tmp_path / "p")
    with served(Service(pickle.loads(project.model.read_bytes()), per_column=False)) as url:
        told(audit(govkit, project, url), 3, "the model takes numbers only, and a column holds text")


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://models.example/v2/models/m", "rows would be sent to the host models.example, which is not allowed"),
        ("http://127.0.0.1.evil.example/v2/models/m", "which is not allowed"),
        ("http://127.0.0.1:9/", "names no model"),
        ("http://user:pass@127.0.0.1:9/v2/models/m", "holds a user, a password"),
        ("http://127.0.0.1:99999/v2/models/m", "can't be read"),
        ("ftp://127.0.0.1/v2/models/m", "URL"),
    ],
)
def test_urls_that_are_not_asked(govkit, project, url, sentence):
    answer = audit(govkit, project, url)
    told(answer, 2, sentence)
    assert "pass@" not in answer.err


def test_a_token_is_not_sent_in_the_open(govkit, project, monkeypatch):
    monkeypatch.setenv("GOVKIT_MODEL_TOKEN", "secret-canary")
    project.config.write_text(small_project.CONFIG + "service: {allowed_hosts: [models.example]}\n")
    answer = audit(govkit, project, "http://models.example/v2/models/m")
    told(answer, 2, "would be sent unencrypted")
    assert "secret-canary" not in answer.err


def test_a_service_that_is_not_there(govkit, project):
    project.config.write_text(small_project.CONFIG + "service: {retries: 1}\n")
    told(
        audit(govkit, project, "http://127.0.0.1:9/v2/models/m"),
        3,
        "can't be asked: the connection failed (2 attempts)",
    )


@pytest.fixture
def predicted(project):
    """A project whose rows have ids, with the model's probabilities in a shuffled file."""
    for path in (project.data, project.train):
        frame = pd.read_csv(path)
        frame.insert(0, "row", [f"{path.stem}-{number:04d}" for number in range(len(frame))])
        frame.to_csv(path, index=False)
    project.config.write_text(small_project.CONFIG + "row_id: row\n")
    rows = pd.read_csv(project.data)
    probability = pickle.loads(project.model.read_bytes()).predict_proba(rows[small_project.FEATURES])
    frame = pd.DataFrame({"row": rows["row"], "probability_0": probability[:, 0], "probability_1": probability[:, 1]})
    frame.sample(frac=1, random_state=1).to_csv(project.folder / "answers.csv", index=False)
    return project


def answers(project):
    return pd.read_csv(project.folder / "answers.csv")


def test_recorded_predictions_measure_the_same_and_nothing_is_asked(govkit, predicted):
    audit(govkit, predicted, predicted.model, "--only", "performance")
    expected = measured(predicted)
    answer = audit(govkit, predicted, predicted.folder / "answers.csv", "--only", ONLY + ",robustness.evasion,champion")
    assert answer.code == 5, answer.err
    assert measured(predicted) == pytest.approx(expected)
    found = evidence_of(predicted)
    for check in ("robustness.evasion", "robustness.noise", "robustness.missing_inputs"):
        assert found[check]["reason"]["id"] == "input.no_queries", check
    assert found["security.model_file"]["reason"]["id"] == "input.no_model_file"
    assert found["champion.regression_set"]["reason"]["id"] == "input.no_regression_set"
    assert record_of(predicted)["model"]["source"] == "predictions"


def test_recorded_labels_and_parquet(govkit, predicted):
    frame = answers(predicted)
    frame["prediction"] = (frame.pop("probability_1") > 0.5).map({True: "repaid", False: "defaulted"})
    frame.drop(columns="probability_0").to_parquet(predicted.folder / "answers.parquet")
    answer = audit(govkit, predicted, predicted.folder / "answers.parquet", "--only", "performance")
    assert answer.code == 5, answer.err
    assert 0.6 < measured(predicted)["accuracy"] < 1


def rewritten(project, change):
    change(answers(project)).to_csv(project.folder / "answers.csv", index=False)


MISMATCHES = {
    "missing": (lambda frame: frame.iloc[3:], 3, "3 rows (the first is row"),
    "extra": (
        lambda frame: pd.concat([frame, frame.tail(1).assign(row="other-row")]),
        3,
        "1 row (the first is row 601) of answers.csv belong to no row of data.csv",
    ),
    "twice": (lambda frame: pd.concat([frame, frame.head(2)]), 3, "2 of 602 rows of answers.csv repeat the row"),
    "blanks": (lambda frame: frame.assign(row=frame["row"] + " "), 3, "have no prediction in answers.csv"),
    "no id": (lambda frame: frame.drop(columns="row"), 2, "row_id names the column 'row', which answers.csv does not"),
    "nan": (lambda frame: frame.assign(probability_1=None), 3, "'probability_1' of answers.csv holds missing cells"),
    "text": (lambda frame: frame.assign(probability_1="high"), 3, "'probability_1' of answers.csv holds missing cells"),
    "not probabilities": (lambda frame: frame.assign(probability_1=2.0), 2, "no probabilities of classes"),
    "unclear": (
        lambda frame: frame.rename(columns={"probability_1": "x", "probability_0": "probability_9"}),
        2,
        "it can't be told which columns of answers.csv hold predictions",
    ),
}


@pytest.mark.parametrize("case", MISMATCHES)
def test_predictions_that_do_not_fit_are_named_and_not_quoted(govkit, predicted, case):
    change, code, sentence = MISMATCHES[case]
    rewritten(predicted, change)
    answer = audit(govkit, predicted, predicted.folder / "answers.csv")
    told(answer, code, sentence)
    assert "other-row" not in answer.err
    assert "data-0" not in answer.err


def test_predictions_need_a_declared_id(govkit, predicted):
    predicted.config.write_text(small_project.CONFIG)
    told(audit(govkit, predicted, predicted.folder / "answers.csv"), 2, "row_id: NAME (one of row)")
