"""Tasks beyond one class or value a row: the model is asked, and checks that don't cover the task say so."""

import json
import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import IsolationForest, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from govkit.config import Config
from govkit.inputs.predictions import Predictions
from govkit.inputs.subject import Request, open_subject

FEATURES = ["a", "b"]
LABELS = ["late", "large"]


def rows(seed, count=150):
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(random.normal(size=(count, 2)), columns=FEATURES)
    frame["late"] = (frame["a"] + random.normal(0, 0.3, count) > 0).astype(int)
    frame["large"] = (frame["b"] + random.normal(0, 0.3, count) > 0.5).astype(int)
    return frame


def written(folder, model, data, config):
    (folder / ".git").mkdir(parents=True)
    (folder / "model.pkl").write_bytes(pickle.dumps(model))
    data.to_csv(folder / "data.csv", index=False)
    rows(1).to_csv(folder / "train.csv", index=False)
    (folder / "govkit.yaml").write_text(config)
    return folder


def audited(govkit, folder):
    answer = govkit(
        "audit",
        folder / "model.pkl",
        folder / "data.csv",
        *("--out", folder / "out", "--budget", "quick", "--jobs", 1, "--format", "json"),
    )
    assert answer.code in (1, 5), answer.err
    assert "broke off" not in answer.out + answer.err
    result = json.loads((folder / "out" / "audit.json").read_text())["result"]
    return result, {one["check"]: one for one in result["evidence"]}


def subject_of(folder, **config):
    from datetime import date

    request = Request(
        model=str(folder / "model.pkl"),
        data=folder / "data.csv",
        config=Config(**config),
        root=folder,
        as_of=date(2026, 11, 21),
    )
    return open_subject(request)


MULTILABEL = {
    "forest": RandomForestClassifier(n_estimators=5, max_depth=3, random_state=0),
    "one against the rest": OneVsRestClassifier(LogisticRegression()),
    "pipeline": make_pipeline(StandardScaler(), MultiOutputClassifier(LogisticRegression())),
    "network": MLPClassifier((4,), solver="lbfgs", max_iter=100, random_state=0),
}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("case", MULTILABEL)
def test_several_labels_a_row_are_asked_for_and_matched(tmp_path, case):
    model = MULTILABEL[case].fit(rows(1)[FEATURES], rows(1)[LABELS])
    folder = written(tmp_path / "p", model, rows(2), "")
    with subject_of(folder) as subject:
        assert (subject.task.name, subject.task.names) == ("multilabel", ("late", "large"))
        assert subject.columns.features == ("a", "b")
        found = subject.predictions
    assert isinstance(found, Predictions)
    np.testing.assert_array_equal(found.truth, rows(2)[LABELS].to_numpy())
    np.testing.assert_array_equal(found.predicted, model.predict(rows(2)[FEATURES]))
    assert found.probability.shape == (150, 2)
    np.testing.assert_array_equal(found.probability > 0.5, found.predicted == 1)
    assert (found.truth == found.predicted).mean() > 0.8


def test_checks_that_do_not_cover_several_labels_say_so(govkit, tmp_path):
    model = MULTILABEL["forest"].fit(rows(1)[FEATURES], rows(1)[LABELS])
    result, found = audited(govkit, written(tmp_path / "p", model, rows(2), "train: train.csv\n"))
    assert result["task"] == "multilabel"
    assert [one["field"] for one in result["inferred"]] == ["columns.labels", "task"]
    assert found["robustness.evasion"]["reason"] == {"id": "runner.task_not_covered", "args": {"task": "multilabel"}}
    assert found["privacy.membership_inference"]["outcome"] == "not_applicable"
    assert found["quality.missing"]["outcome"] == "measured"
    assert found["security.model_file"]["outcome"] == "measured"
    assert not [check for check, one in found.items() if one["outcome"] == "error"]


def test_labels_whose_columns_cannot_be_told_name_the_line(govkit, tmp_path):
    model = MULTILABEL["forest"].fit(rows(1)[FEATURES], rows(1)[LABELS])
    folder = written(tmp_path / "p", model, rows(2).assign(more=1), "")
    answer = govkit("audit", folder / "model.pkl", folder / "data.csv", "--out", folder / "out")
    assert answer.code == 2
    assert "columns: {labels: [NAMES" in answer.err
    (folder / "govkit.yaml").write_text("columns: {labels: [late], ignore: [more]}\n")
    answer = govkit("audit", folder / "model.pkl", folder / "data.csv", "--out", folder / "out")
    assert answer.code == 2
    assert "names 1 columns, and the model gives 2 labels a row" in answer.err


def outliers(seed):
    frame = rows(seed)[FEATURES]
    frame["odd"] = 0
    frame.loc[:9, FEATURES] += 6
    frame.loc[:9, "odd"] = 1
    return frame


def test_outlier_detectors_are_asked_for_scores(tmp_path):
    model = IsolationForest(n_estimators=20, random_state=0).fit(outliers(1)[FEATURES])
    folder = written(tmp_path / "p", model, outliers(2), "")
    with subject_of(folder) as subject:
        assert (subject.task.name, subject.task.classes) == ("anomaly", (0, 1))
        found = subject.predictions
    np.testing.assert_array_equal(found.truth, outliers(2)["odd"])
    np.testing.assert_allclose(found.score, -model.decision_function(outliers(2)[FEATURES]))
    np.testing.assert_array_equal(found.predicted == 1, model.predict(outliers(2)[FEATURES]) == -1)
    assert found.score[:10].mean() > found.score[10:].mean()


@pytest.mark.parametrize("target", [True, False])
def test_checks_that_do_not_cover_unusual_rows_say_so(govkit, tmp_path, target):
    model = IsolationForest(n_estimators=20, random_state=0).fit(outliers(1)[FEATURES])
    data = outliers(2) if target else outliers(2)[FEATURES]
    result, found = audited(govkit, written(tmp_path / "p", model, data, ""))
    assert result["task"] == "anomaly"
    assert found["robustness.evasion"]["reason"]["id"] == "runner.task_not_covered"
    assert not [check for check, one in found.items() if one["outcome"] == "error"]


def test_a_target_that_marks_unusual_rows_in_its_own_way_needs_the_line(govkit, tmp_path):
    model = IsolationForest(n_estimators=5, random_state=0).fit(outliers(1)[FEATURES])
    data = outliers(2).assign(odd=np.where(outliers(2)["odd"] == 1, "fraud", "fine"))
    folder = written(tmp_path / "p", model, data, "")
    answer = govkit("audit", folder / "model.pkl", folder / "data.csv", "--out", folder / "out")
    assert answer.code == 2
    assert "positive_label: VALUE" in answer.err
    with subject_of(folder, positive_label="fraud") as subject:
        assert subject.predictions.truth.sum() == 10


def test_a_task_that_is_not_the_models(govkit, tmp_path):
    model = IsolationForest(n_estimators=5, random_state=0).fit(outliers(1)[FEATURES])
    folder = written(tmp_path / "p", model, outliers(2), "task: binary\n")
    answer = govkit("audit", folder / "model.pkl", folder / "data.csv", "--out", folder / "out")
    assert answer.code == 2
    assert "task: binary does not fit the model" in answer.err
