"""Every way of getting it wrong: one clear message, the documented exit code, nothing half-written."""

import os
import pickle
import stat

import pandas as pd
import pytest
import small_project
from sklearn.linear_model import LogisticRegression, Perceptron
from sklearn.tree import DecisionTreeClassifier

from govkit.resources import shipped


def told(answer, code, *sentences):
    """Check an error: its code, one message with a way out, no traceback, nothing on standard output."""
    assert answer.code == code, answer.err
    lines = [line for line in answer.err.splitlines() if line.startswith(("error:", "  →", "  ->"))]
    assert len(lines) == 2, answer.err
    assert "Traceback" not in answer.err
    assert answer.out == ""
    for sentence in sentences:
        assert sentence in answer.err


def audit(govkit, project, *options):
    answer = govkit(
        "audit",
        project.model,
        project.data,
        "--out",
        project.folder / "out",
        "--budget",
        "quick",
        "--jobs",
        1,
        *options,
    )
    reports = [item.name for item in (project.folder / "out").glob("*") if not item.name.startswith(".")]
    return answer, reports


def replace_data(project, change):
    frame = pd.read_csv(project.data)
    change(frame).to_csv(project.data, index=False)


DATA_FILES = {
    "missing": (None, "can't be opened"),
    "empty": (b"", "is empty"),
    "header only": (b"age,income,region,repaid\n", "no rows"),
    "ragged": (b"age,income,region,repaid\n30,1.0,north,1,9\n", "row 2 has 5 cells, the header has 4"),
    "duplicate columns": (b"age,age,region,repaid\n30,1.0,north,1\n", "'age' stands twice"),
    "binary": (b"\x89PNG\r\n\x1a\n\x00\x00\x00", "NUL bytes"),
}


@pytest.mark.parametrize("case", DATA_FILES)
def test_unreadable_data(govkit, project, case):
    content, sentence = DATA_FILES[case]
    project.data.unlink()
    if content is not None:
        project.data.write_bytes(content)
    answer, reports = audit(govkit, project)
    told(answer, 3, sentence, "data.csv")
    assert reports == []


def test_a_wrong_delimiter_names_the_line(govkit, project):
    project.config.write_text(small_project.CONFIG + "csv: {delimiter: ';'}\n")
    answer, _ = audit(govkit, project)
    told(answer, 2, "target names the column 'repaid', which data.csv does not have")


def test_a_wrong_encoding_names_the_line(govkit, project):
    project.config.write_text(small_project.CONFIG + "csv: {encoding: klingon}\n")
    answer, _ = audit(govkit, project)
    told(answer, 2, "'klingon' is no known encoding")


def test_text_that_does_not_fit_the_declared_encoding(govkit, project):
    project.data.write_bytes("age,income,region,repaid\n30,1.0,nörd,1\n".encode("latin-1"))
    project.config.write_text(small_project.CONFIG + "csv: {encoding: utf-8}\n")
    answer, _ = audit(govkit, project)
    told(answer, 3, "is not utf-8 text", "csv: {encoding: ...}")


def test_an_absent_target(govkit, project):
    project.config.write_text(small_project.CONFIG.replace("target: repaid", "target: paid_back"))
    answer, _ = audit(govkit, project)
    told(answer, 2, "target names the column 'paid_back'")


def test_a_target_that_cannot_be_told(govkit, project):
    project.config.write_text("train: train.csv\n")
    replace_data(project, lambda frame: frame.assign(other=1))
    answer, _ = audit(govkit, project)
    told(answer, 2, "the target can't be told", "target: NAME (one of repaid, other)")


def test_a_feature_that_the_data_lacks(govkit, project):
    replace_data(project, lambda frame: frame.drop(columns="income"))
    answer, _ = audit(govkit, project)
    told(answer, 3, "the model needs the column 'income'")


def test_a_url(govkit, project):
    told(govkit("audit", project.model, "https://example.org/data.csv"), 2, "URL")


def test_no_train_is_incomplete_and_prints_the_line(govkit, project):
    project.config.write_text(small_project.CONFIG.replace("train: train.csv\n", ""))
    answer, reports = audit(govkit, project, "--only", "privacy,quality")
    assert answer.code == 5
    assert "train: train.csv" in answer.out
    assert "audit.json" in reports


MODELS = {
    "text": (b"hello, I am text\n", 3, "no model"),
    "truncated": (None, 3, "no complete pickle"),
    "list": (pickle.dumps([1, 2, 3]), 3, "holds a list and no estimator"),
    "empty": (b"", 3, "is empty"),
    "png": (b"\x89PNG\r\n\x1a\n", 3, "no model"),
}


@pytest.mark.parametrize("case", MODELS)
def test_unreadable_models(govkit, project, case):
    content, code, sentence = MODELS[case]
    project.model.write_bytes(project.model.read_bytes()[:-100] if content is None else content)
    answer, reports = audit(govkit, project)
    told(answer, code, sentence, "model.pkl")
    assert reports == []


class Payload:
    """Runs a command when it is unpickled, unless somebody looks first."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return os.mkdir, (self.marker,)


def test_a_disallowed_global_is_refused_with_a_report_of_the_rest(govkit, project):
    marker = project.folder / "executed"
    project.model.write_bytes(pickle.dumps(Payload(str(marker))))
    answer, reports = audit(govkit, project)
    assert answer.code == 4
    assert not marker.exists()
    assert "REFUSED" in answer.out
    assert {"audit.json", "report.html"} <= set(reports)


def test_a_package_that_is_not_installed_is_named(govkit, project):
    project.model.write_bytes(b"\x80\x04\x8c\x12absent_pack.models\x8c\x05Model\x93)\x81.")
    for options in ([], ["--trust-global", "absent_pack.models.Model"]):
        answer, _ = audit(govkit, project, *options)
        told(answer, 3, "needs the package absent_pack", "pip install absent_pack")


def test_a_trusted_global_must_be_a_dotted_path(govkit, project):
    answer, _ = audit(govkit, project, "--trust-global", "os")
    told(answer, 2, "'os' is no dotted path")


def test_a_transformer_is_no_model(govkit, project):
    fitted = small_project.pipeline().steps[0][1].fit(small_project.rows(50, 1)[small_project.FEATURES])
    project.model.write_bytes(pickle.dumps(fitted))
    answer, _ = audit(govkit, project)
    told(answer, 3, "can't predict")


def test_an_unknown_key_names_the_nearest(govkit, project):
    project.config.write_text(small_project.CONFIG + "profil: release\n")
    answer, _ = audit(govkit, project)
    told(answer, 2, "govkit.yaml:7", "unknown key 'profil'", "'profile'")


def test_an_unknown_check_parameter_names_the_line(govkit, project):
    project.config.write_text(small_project.CONFIG + "checks:\n  robustness.evasion:\n    epss: [0.1]\n")
    answer, _ = audit(govkit, project)
    told(answer, 2, "govkit.yaml:9", "checks.robustness.evasion.epss", "'eps'")


def test_a_version_that_reads_as_a_number(govkit, project):
    project.config.write_text(small_project.CONFIG.replace('version: "1.0"', "version: 1.10"))
    answer, _ = audit(govkit, project)
    told(answer, 2, "govkit.yaml:1", '"1.10"')


def test_a_control_id_that_reads_as_a_number(govkit, project):
    text = (shipped("controls") / "iso-42001.yaml").read_text()
    text = text.replace('id: "10.2"', "id: 10.20").replace("id: iso-42001", "id: own")
    (project.folder / "own.yaml").write_text(text)
    project.config.write_text(small_project.CONFIG + "frameworks: [own.yaml]\n")
    answer, _ = audit(govkit, project)
    line = 1 + text[: text.index("id: 10.20")].count("\n")
    told(answer, 2, f"own.yaml:{line}", 'put it in quotes: "10.20"')


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--budget", "fast"], "no budget 'fast'"),
        (["--profile", "relase"], "'release'"),
        (["--format", "docx"], "no report format 'docx'"),
        (["--only", "privcy"], "no check 'privcy'"),
        (["--as-of", "tomorrow"], "'tomorrow' is no date"),
        (["--seed", "-1"], "--seed"),
        (["--plan", "absent.json"], "absent.json"),
        (["--config", "absent.yaml"], "absent.yaml"),
    ],
)
def test_wrong_options(govkit, project, options, sentence):
    answer, reports = audit(govkit, project, *options)
    assert answer.code in (2, 3)
    assert sentence in answer.err
    assert "Traceback" not in answer.err
    assert reports == []


def test_an_output_folder_that_cannot_be_written(govkit, project):
    (project.folder / "file").write_text("")
    told(
        govkit("audit", project.model, project.data, "--out", project.folder / "file" / "out"), 2, "can't be written to"
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_output_folder(govkit, project):
    out = project.folder / "out"
    out.mkdir()
    out.chmod(stat.S_IRUSR | stat.S_IXUSR)
    told(govkit("audit", project.model, project.data, "--out", out), 2, "can't be written to")


ODD_DATA = {
    "unseen categories": lambda frame: frame.assign(region="elsewhere"),
    "all-NaN column": lambda frame: frame.assign(extra=float("nan")),
    "one class only": lambda frame: frame.assign(repaid=1),
    "five rows": lambda frame: frame.head(5),
    "one row": lambda frame: frame.head(1),
    "missing targets": lambda frame: frame.assign(repaid=frame["repaid"].where(frame.index % 2 == 0)),
    "constant columns": lambda frame: frame.assign(age=40, income=1.0),
}


@pytest.mark.parametrize("case", ODD_DATA)
def test_odd_data_is_audited_and_never_passes_for_lack_of_evidence(govkit, project, case):
    replace_data(project, ODD_DATA[case])
    answer, reports = audit(govkit, project)
    assert answer.code in (0, 1, 5), answer.err
    if case in ("one class only", "five rows", "one row"):
        assert answer.code != 0
    assert "broke off" not in answer.out
    assert {"audit.json", "report.html", "model_card.md"} <= set(reports)


def test_a_target_with_unknown_values_only(govkit, project):
    replace_data(project, lambda frame: frame.assign(repaid="perhaps"))
    answer, _ = audit(govkit, project)
    assert answer.code in (1, 5)
    assert "perhaps" not in answer.out + answer.err


def test_a_model_without_probabilities(govkit, tmp_path):
    project = small_project.write(tmp_path / "p", classifier=Perceptron())
    answer, reports = audit(govkit, project)
    assert answer.code in (0, 1, 5)
    assert "audit.json" in reports


def test_a_model_of_another_version_is_a_finding_and_no_crash(govkit, project):
    fitted = small_project.pipeline(LogisticRegression()).fit(
        small_project.rows(200, 1)[small_project.FEATURES], small_project.rows(200, 1)["repaid"]
    )
    older = pickle.dumps(fitted).replace(b"_sklearn_version\x94\x8c\x051.9.1", b"_sklearn_version\x94\x8c\x051.7.1")
    project.model.write_bytes(older)
    answer, _ = audit(govkit, project, "--only", "provenance,performance")
    assert answer.code in (0, 1, 5), answer.err
    record = (project.folder / "out" / "audit.json").read_text()
    assert '"fitted_with":{"scikit-learn":"1.7.1"}' in record


def test_a_model_whose_process_dies_leaves_the_rest_audited(govkit, tmp_path):
    project = small_project.write(tmp_path / "p", classifier=DecisionTreeClassifier(max_depth=3))
    fitted = pickle.loads(project.model.read_bytes())
    state = fitted.steps[-1][1].tree_.__getstate__()
    state["nodes"]["left_child"][0] = 2**40
    fitted.steps[-1][1].tree_.__setstate__(state)
    project.model.write_bytes(pickle.dumps(fitted))
    answer, reports = audit(govkit, project)
    assert answer.code == 5, answer.err
    assert "INCOMPLETE" in answer.out
    assert {"audit.json", "report.html"} <= set(reports)
    record = (project.folder / "out" / "audit.json").read_text()
    assert "was ended by SIGSEGV" in record
    assert '"check":"quality.missing"' in record
