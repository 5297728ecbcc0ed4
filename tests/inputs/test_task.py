"""The task: classes in the model's order, the positive label, names that may be shown."""

import pandas as pd
import pytest

from govkit.config import Config
from govkit.core.errors import UsageProblem
from govkit.inputs.dataset import read_dataset
from govkit.inputs.model import Described
from govkit.inputs.predictions import encode
from govkit.inputs.task import Task, resolve, same


def model(*classes):
    kind = "classifier" if classes else "regressor"
    return Described("x.Y", ("x.Y",), kind, frozenset(), classes, ("a",), 1)


@pytest.fixture
def data(tmp_path):
    (tmp_path / "d.csv").write_text("a,y\n1,good\n2,bad\n3,good\n")
    return read_dataset(tmp_path / "d.csv", role="test")


def test_two_classes_are_binary_and_the_last_is_positive_unless_declared(data):
    task, inferred = resolve(Config(), model("bad", "good"), data, "y")
    assert (task.name, task.positive) == ("binary", 1)
    assert {item.field for item in inferred} == {"task", "positive_label"}
    declared, inferred = resolve(Config(positive_label="bad"), model("bad", "good"), data, "y")
    assert declared.positive == 0
    assert {item.field for item in inferred} == {"task"}


def test_undeclared_class_values_are_not_shown(data):
    task, inferred = resolve(Config(), model("secret-a", "secret-b"), data, "y")
    assert task.names == ("class 1", "class 2")
    assert "secret" not in str(inferred)
    named, _ = resolve(Config(class_names={"secret-a": "no"}), model("secret-a", "secret-b"), data, "y")
    assert named.names == ("no", "class 2")


def test_no_classes_are_a_regression(data):
    assert resolve(Config(), model(), data, "a")[0].name == "regression"


def test_a_task_that_does_not_fit_is_refused(data):
    with pytest.raises(UsageProblem, match="does not fit"):
        resolve(Config(task="binary"), model("a", "b", "c"), data, "y")
    with pytest.raises(UsageProblem, match="positive_label"):
        resolve(Config(positive_label="x"), model("a", "b"), data, "y")


def test_without_a_model_the_target_decides(data):
    assert resolve(Config(), None, data, "y")[0].name == "binary"
    assert resolve(Config(), None, data, None) == (None, ())


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [(1, 1.0, True), ("1", 1, True), (True, 1, True), ("good", "Good", False), (0, "0", True)],
)
def test_labels_are_compared_as_numbers_or_as_text(one, other, equal):
    assert same(one, other) is equal


def test_encoded_classes_match_the_data_by_their_declared_names():
    task = Task("binary", (0, 1), ("bad", "good"))
    assert encode(pd.Series(["good", "bad", None, "other"]), task).tolist() == [1, 0, -1, -2]
