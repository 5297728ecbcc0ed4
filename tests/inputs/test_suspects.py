"""Cells that a model most likely can't take are named by their column, and nothing of what they hold."""

import pytest

from govkit.config import Config
from govkit.inputs.columns import resolve
from govkit.inputs.suspects import suspects
from tests.check_products import table

USUAL = {"a": [1.5, 2.5, 3.5], "b": [1, 2, 3], "k": ["x", "y", "x"], "y": [0, 1, 0]}


def told(folder, train=USUAL, **changes):
    data = table(folder, {**USUAL, **changes})
    fitted = table(folder, train, role="train", name="train.csv") if train else None
    return suspects(data, fitted, resolve(data, Config(target="y"), None)[0])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"a": [1.0, "inf", 2.0]}, "look at a, which holds 1 infinite numbers"),
        ({"b": [1, "secret", 3]}, "look at b, which holds text where TRAIN holds numbers"),
        ({"k": ["x", None, "x"]}, "look at k, which is empty in 1 rows and never in TRAIN"),
        ({"k": ["new", "y", "x"]}, ""),
        ({"y": ["inf", 1, 0]}, ""),
    ],
)
def test_what_data_holds_and_train_does_not(tmp_path, changes, said):
    assert told(tmp_path, **changes) == said


def test_without_train_and_with_many(tmp_path):
    assert told(tmp_path, train=None, b=[1, "secret", 3]) == ""
    bad = {f"c{index}": [1.0, "-inf", 2.0] for index in range(5)}
    assert told(tmp_path, **bad).endswith("c2, which holds 1 infinite numbers; and 2 more features")
