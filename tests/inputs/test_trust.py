"""What a user may let through, what is said of it, and what is left where the kernel offers less."""

import json
import pickle
from datetime import date

import numpy as np
import onnx.helper
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from govkit import audit
from govkit.assessment.again import judged_again
from govkit.assessment.catalogs import load
from govkit.assessment.profiles import load_profile
from govkit.core.control import Result
from govkit.core.errors import Exit, ModelRaised, UsageProblem
from govkit.core.record import AuditRecord
from govkit.inputs import artifact, sandbox
from govkit.inputs.artifact import open_model
from govkit.reports.terminal import verdict
from tests.inputs import corpus

RANDOM = np.random.default_rng(0)
ROWS = pd.DataFrame({"x": RANDOM.normal(size=300)})
LABEL = (ROWS["x"] > 0).astype(int)
RIGHT = "return (np.asarray(X)[:, 0] > 0).astype(float)"


@pytest.fixture
def without(monkeypatch):
    """Start the model's process as on a machine that lacks some layers."""

    def lacking(*functions):
        changes = "".join(f"\nsandbox.{name} = absent" for name in functions)
        program = (
            "import sys\nsys.path[:0] = [sys.argv.pop(1)]\nfrom govkit.inputs import sandbox\n"
            f"def absent(*given): raise OSError{changes}\nfrom govkit.inputs.worker import main\nmain()"
        )
        monkeypatch.setattr(artifact, "_PROGRAM", program)

    return lacking


def own_code(tmp_path, body=RIGHT):
    path = tmp_path / "model.pkl"
    path.write_bytes(corpus.rogue(body))
    return path


def test_own_code_runs_confined_where_the_user_says_so(tmp_path):
    path = own_code(tmp_path, f"if len(X) == 1:\n            open('{tmp_path}/marker', 'w')\n        {RIGHT}")
    found, model = open_model(path, model_trust="sandbox-only")
    assert (found.trust, found.refused) == ("sandbox-only", "")
    assert found.findings[0].subject == "builtins.eval"
    assert (model.predict(ROWS) == LABEL).all()
    with pytest.raises(ModelRaised, match="PermissionError"):
        model.predict(ROWS[:1])
    assert not (tmp_path / "marker").exists()
    model.release()


def test_own_code_takes_full_isolation(tmp_path, without):
    without("_landlock")
    found, model = open_model(own_code(tmp_path), model_trust="sandbox-only")
    assert model is None
    assert found.refused == "running the model's own code takes full isolation, and this machine lacks landlock"


def test_what_reaches_for_other_files_is_refused_all_the_same(tmp_path):
    node = onnx.helper.make_node("Own", ["x"], ["y"], domain="own")
    ends = [onnx.helper.make_tensor_value_info(name, 1, [None, 1]) for name in "xy"]
    made = onnx.helper.make_model(onnx.helper.make_graph([node], "g", ends[:1], ends[1:]))
    (tmp_path / "model.onnx").write_bytes(made.SerializeToString())
    found, model = open_model(tmp_path / "model.onnx", model_trust="sandbox-only")
    assert model is None
    assert found.refused == "the file uses operators of another library: own"


def test_there_is_no_other_trust(tmp_path):
    with pytest.raises(UsageProblem, match="no model trust 'none'"):
        open_model(own_code(tmp_path), model_trust="none")


@pytest.mark.parametrize(
    "estimator",
    [
        make_pipeline(StandardScaler(), KNeighborsClassifier(algorithm="brute")),
        RandomForestClassifier(3, random_state=0),
        HistGradientBoostingClassifier(max_iter=3),
    ],
    ids=["neighbours", "forest", "boosting"],
)
def test_without_landlock_nothing_is_opened_after_the_scan(tmp_path, without, estimator):
    without("_landlock")
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(estimator.fit(ROWS, LABEL)))
    found, model = open_model(tmp_path / "model.pkl")
    assert found.isolation[sandbox.CLOSED] == "held"
    assert sandbox.is_full(found.isolation)
    assert (model.predict(ROWS) == estimator.predict(ROWS)).all()
    clone = model.fit(ROWS, LABEL.to_numpy(), seed=1)
    assert clone.predict(ROWS).shape == (300,)
    model.release()


def test_files_stay_closed_to_a_model_without_landlock(tmp_path, without):
    without("_landlock")
    path = own_code(tmp_path, "import json.tool; return np.zeros(n)")
    found, model = open_model(path, trust=("builtins.eval",))
    assert found.isolation[sandbox.CLOSED] == "held"
    with pytest.raises(ModelRaised, match="PermissionError"):
        model.predict(ROWS)
    model.release()


def project(tmp_path):
    ROWS.assign(target=LABEL).to_csv(tmp_path / "data.csv", index=False)
    (tmp_path / "govkit.yaml").write_text("target: target\n")
    return tmp_path / "data.csv"


def test_nothing_passes_on_answers_that_nobody_vouches_for(tmp_path):
    data, path = project(tmp_path), own_code(tmp_path)
    checks = ("performance.holdout", "performance.baseline", "security.model_file", "security.memorisation")
    given = {"only": checks, "budget": "quick", "formats": ("json",), "as_of": date(2026, 1, 1)}
    refused = audit(path, data, out=tmp_path / "out", **given)
    assert refused.result.decision.exit_code is Exit.REFUSED
    record = audit(path, data, out=tmp_path / "out", model_trust="sandbox-only", **given)
    asked = {found.check for found in record.result.evidence if {"model", "predictions"} & set(found.inputs)}
    measured = {found.check for found in record.result.evidence if found.measurements}
    assert "performance.holdout" in asked & measured
    rules = {rule.id: rule for rule in record.result.criteria}
    for judged in (record, judged_again(record, load_profile("release", load()), load())):
        for found in judged.result.criterion_results:
            if rules[found.criterion].check in asked:
                assert found.result not in {Result.PASS, Result.NOT_APPLICABLE}, found
        assert "nobody can vouch for" in json.dumps(judged.result.messages)
    said = " ".join(verdict(record, colour=False, unicode=True).split())
    assert "The model ran code of its own, confined; what it answered can't be vouched for" in said
    assert record.result.model.trust == "sandbox-only"
    assert AuditRecord.model_validate_json(record.model_dump_json()) == record


def test_reduced_isolation_is_said_everywhere(tmp_path, without):
    without("_landlock", "_install")
    data, path = project(tmp_path), tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(RandomForestClassifier(3).fit(ROWS, LABEL)))
    record = audit(path, data, only=("performance.holdout",), as_of=date(2026, 1, 1))
    assert record.run.isolation["isolation"] == "reduced"
    assert record.run.isolation["seccomp"] == "not available (OSError)"
    said = " ".join(verdict(record, colour=False, unicode=True).split())
    assert "Isolation: reduced. Part of what confines the model's process does not hold: landlock:" in said


def test_a_trusted_name_is_recorded(tmp_path):
    record = audit(
        own_code(tmp_path),
        project(tmp_path),
        trust=("builtins.eval",),
        only=("security.model_file",),
        as_of=date(2026, 1, 1),
    )
    assert record.result.model.trusted == ("builtins.eval",)
    assert "Loaded with names that the user vouched for: builtins.eval." in verdict(record, colour=False, unicode=True)
    assert record.run.isolation["isolation"] == "full"
