"""Roles and kinds: what is inferred is safe, what is not is asked for by the line to add."""

import pytest

from govkit.config import Columns as DeclaredColumns
from govkit.config import Config
from govkit.core.errors import InputProblem, UsageProblem
from govkit.inputs.columns import resolve
from govkit.inputs.dataset import read_dataset
from govkit.inputs.model import Described
from govkit.inputs.naming import words

ROWS = 80


@pytest.fixture
def data(tmp_path):
    lines = ["id,age,income,sex,note,joined,good"]
    lines += [
        f"{1000 + n},{20 + n % 50},{n * 1.5 + 0.1},{'fm'[n % 2]},likes long walks number {n},"
        f"2024-01-{n % 28 + 1:02d},{n % 2}"
        for n in range(ROWS)
    ]
    path = tmp_path / "data.csv"
    path.write_text("\n".join(lines))
    return read_dataset(path, role="test")


def described(*features):
    return Described("x.Y", ("x.Y",), "classifier", frozenset({"predict"}), (0, 1), features, len(features))


def test_the_one_column_left_over_is_the_target(data):
    found, inferred, _ = resolve(
        data, Config(row_id="id", columns=DeclaredColumns(ignore=("note", "joined"))), described("age", "income", "sex")
    )
    assert found.target == "good"
    assert [item.field for item in inferred] == ["target"]


def test_several_left_over_ask_for_the_line(data):
    with pytest.raises(UsageProblem, match="target can't be told") as asked:
        resolve(data, Config(), described("age", "income"))
    assert "target: NAME" in asked.value.hint
    assert "good" in asked.value.hint


def test_a_declared_column_that_is_absent_names_the_nearest(data):
    with pytest.raises(UsageProblem, match="incme") as asked:
        resolve(data, Config(target="incme"), None)
    assert "'income'" in asked.value.hint


def test_a_feature_the_data_lacks_is_named(data):
    with pytest.raises(InputProblem, match="'height'"):
        resolve(data, Config(target="good"), described("age", "height"))


def test_features_without_names_must_match_in_number(data):
    bare = Described("x.Y", ("x.Y",), "classifier", frozenset(), (0, 1), (), 4)
    with pytest.raises(UsageProblem, match="takes 4 columns"):
        resolve(data, Config(target="good"), bare)
    found, inferred, _ = resolve(
        data, Config(target="good", row_id="id", columns=DeclaredColumns(ignore=("note",))), bare
    )
    assert found.features == ("age", "income", "sex", "joined")
    assert inferred[0].field == "columns"


def test_kinds_are_told_from_the_cells(data):
    found, _, suggestions = resolve(data, Config(target="good"), None)
    assert found.kinds == {
        "id": "identifier",
        "age": "integer",
        "income": "number",
        "sex": "category",
        "note": "text",
        "joined": "date",
        "good": "integer",
    }
    assert {message.args["column"] for message in suggestions} == {"age", "sex"}


def test_protected_attributes_are_only_suggested(data):
    found, _, _ = resolve(data, Config(target="good"), None)
    assert found.protected == ()


@pytest.mark.parametrize(
    ("name", "expected"),
    [("dateOfBirth", {"date", "of", "birth"}), ("CUST_Age2", {"cust", "age"}), ("package", {"package"})],
)
def test_names_are_split_into_words(name, expected):
    assert words(name) == expected
