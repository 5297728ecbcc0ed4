"""Faults that well-known tables are known for, planted in made-up tables, each beside a clean one."""

import numpy as np
import pytest

from govkit.checks.provenance.known_data import known_data
from govkit.checks.quality.consistency import consistency
from govkit.checks.quality.identifiers import identifiers
from govkit.checks.quality.labels import labels
from govkit.checks.quality.leakage import Leakage, leakage
from govkit.checks.quality.missing import missing_values
from govkit.checks.quality.size import size
from govkit.config import Config
from govkit.inputs.columns import resolve
from govkit.inputs.known_data import recognised, shipped
from govkit.inputs.naming import is_called_identifier, sounds_protected
from govkit.inputs.task import Task
from govkit.plugins.check import NotApplicable
from tests.check_products import Products, table

ROWS = 300
BINARY = Task("binary", (0, 1), ("no", "yes"))


@pytest.fixture
def rng():
    return np.random.default_rng(4)


def roles(data, target="y"):
    return resolve(data, Config(target=target), None)[0]


def listed(*parts):
    return np.concatenate([np.asarray(part) for part in parts]).tolist()


@pytest.mark.parametrize("known", shipped(), ids=lambda known: known.title)
def test_each_listed_set_is_told_from_all_others(known):
    assert recognised(name.upper().replace("_", " ") for name in known.marks) is known
    assert known.unfit <= set(known.columns)
    assert recognised(sorted(known.marks)[: len(known.marks) // 2]) is None


def test_a_public_set_is_recognised_and_its_unfit_columns_are_counted_where_they_are_features(tmp_path):
    names = ["job", "marital", "education", "housing", "loan", "contact", "Duration", "campaign", "pdays", "poutcome"]
    data = table(tmp_path, {name: [1, 2] for name in [*names, "previous", "y"]})
    found = Products("provenance.known_data", known_data(test=data, columns=roles(data)))
    assert found["unfit_features"] == 1
    assert [item.where for item in found.findings] == ["column Duration", "column pdays"]
    assert "known only when the answer is" in found.sentences[0]
    as_target = Products("provenance.known_data", known_data(test=data, columns=roles(data, "Duration")))
    assert as_target["unfit_features"] == 0
    other = table(tmp_path, {"age": [1, 2], "job": [1, 2], "y": [0, 1]})
    with pytest.raises(NotApplicable):
        list(known_data(test=other, columns=roles(other)))


def identified(folder, **columns):
    data = table(folder, {**columns, "y": [0, 1] * (ROWS // 2)})
    return Products("quality.identifiers", identifiers(test=data, columns=roles(data)))


def test_identifiers_are_found_by_name_by_number_and_by_text(tmp_path, rng):
    numbers = 500_000 + rng.integers(0, 90_000, ROWS)
    found = identified(
        tmp_path,
        clinic_number=numbers.tolist(),
        guestID=rng.permutation(10 * ROWS)[:ROWS].tolist(),
        v1=rng.permutation(3 * ROWS)[:ROWS].tolist(),
        tag=[f"k{number:x}" for number in rng.permutation(ROWS)],
    )
    assert found["identifier_features"] == 4
    assert [item.message.id.rsplit(".", 1)[-1] for item in found.findings] == ["named", "named", "running", "text"]
    assert all(str(number) not in found.text for number in numbers)


def test_measures_and_counts_are_no_identifiers(tmp_path, rng):
    found = identified(
        tmp_path,
        income=rng.integers(10_000, 9_000_000, ROWS).tolist(),
        weight=rng.normal(70, 9, ROWS).round(4).tolist(),
        number_of_rooms=rng.integers(1, 9, ROWS).tolist(),
        branch_id=rng.integers(1, 40, ROWS).tolist(),
        paid=rng.integers(0, 10**9, ROWS).tolist(),
        day=[f"2024-{1 + i // 28:02d}-{1 + i % 28:02d}" for i in range(ROWS)],
    )
    assert found["identifier_features"] == 0


def zeros(folder, rng, name, train=None):
    values = listed(np.zeros(160), np.exp(rng.normal(4.8, 0.8, 140)).round(0) + 10)
    usual = listed(rng.normal(90, 9, ROWS).round(1))
    columns = {"y": [0, 1] * (ROWS // 2)}
    data = table(folder, {name: usual if train else values, **columns})
    fitted = table(folder, {name: values, **columns}, role="train", name="train.csv") if train else None
    return Products("quality.consistency", consistency(test=data, columns=roles(data), train=fitted))


def test_zeros_are_impossible_in_what_is_named_after_a_quantity(tmp_path, rng):
    found = zeros(tmp_path, rng, "serum_insulin")
    assert found["impossible_zero_columns"] == found["zero_stand_in_columns"] == 1
    assert "which a quantity of that name hardly ever is" in found.sentences[0]
    assert zeros(tmp_path, rng, "spent")["zero_stand_in_columns"] == 0


def test_zeros_in_training_rows_alone_are_found_too(tmp_path, rng):
    found = zeros(tmp_path, rng, "PulseRate", train=True)
    assert found["impossible_zero_columns"] == 1
    assert found.findings[0].where == "column PulseRate of TRAIN"


@pytest.mark.parametrize(
    ("name", "rule"),
    [("lesion_code", "QUA-013"), ("autopsy", "QUA-012"), ("previous_outcome", ""), ("score", "")],
)
def test_names_of_what_comes_after_the_outcome(tmp_path, rng, name, rule):
    truth = rng.integers(0, 2, ROWS)
    told = (truth + (rng.random(ROWS) < 0.25)) % 2
    data = table(tmp_path, {name: told.tolist(), "other": rng.normal(size=ROWS).tolist(), "y": truth.tolist()})
    yielded = leakage(test=data, columns=roles(data), task=BINARY, params=Leakage(), work={"rows": ROWS}, seed=1)
    found = Products("quality.leakage", yielded)
    assert [item.rule for item in found.findings] == ([rule] if rule else [])
    assert found["telling_names"] == (rule == "QUA-012")


def graded(folder, rng, classes, centres):
    truth = rng.integers(0, len(classes), ROWS)
    features = {f"x{i}": (centre[truth] + rng.normal(size=ROWS)).round(3).tolist() for i, centre in enumerate(centres)}
    data = table(folder, {**features, "y": [classes[code] for code in truth]})
    task = Task("multiclass", tuple(classes), tuple(map(str, classes)))
    found = Products("quality.labels", labels(test=data, columns=roles(data), task=task, seed=3))
    return [item.rule for item in found.findings]


def test_classes_that_are_steps_of_a_scale(tmp_path, rng):
    steps = np.arange(6)
    assert graded(tmp_path, rng, [3, 4, 5, 6, 7, 8], [0.5 * steps, -0.4 * steps, 0 * steps]) == ["QUA-006"]
    assert graded(tmp_path, rng, ["high", "low", "medium"], [np.zeros(3)]) == ["QUA-006"]
    shuffled = np.array([2, 5, 0, 3, 1, 4])
    assert graded(tmp_path, rng, [3, 4, 5, 6, 7, 8], [0.5 * shuffled, -0.4 * shuffled]) == []
    assert graded(tmp_path, rng, ["car", "boat", "train"], [np.arange(3)]) == []


def test_a_rare_class_is_named(tmp_path):
    data = table(tmp_path, {"x": list(range(ROWS)), "y": [1] * 6 + [0] * (ROWS - 6)})
    found = Products("quality.labels", labels(test=data, columns=roles(data), task=BINARY, seed=1))
    assert [item.rule for item in found.findings] == ["QUA-007"]
    assert "6 of 300 rows of DATA (2.0%) are of yes" in found.sentences[0]


def test_gaps_are_counted_over_cells_and_rows(tmp_path):
    data = table(tmp_path, {"a": [None, 1, 2, 3], "b": [None, None, 5, 6], "y": [0, 1, 0, 1]})
    found = Products("quality.missing", missing_values(test=data, columns=roles(data)))
    assert found["missing_cells"] == pytest.approx(3 / 12)
    assert found["rows_with_gaps"] == 0.5


@pytest.mark.parametrize(
    "name", ["pct_black", "minorityShare", "foreign_worker", "native_country", "Geschlecht", "white"]
)
def test_names_that_sound_protected(name):
    assert sounds_protected(name)


@pytest.mark.parametrize("name", ["black_box", "white_space", "percent_alcohol", "page", "average"])
def test_names_that_don_t(name):
    assert not sounds_protected(name)


@pytest.mark.parametrize("name", ["ID", "Hospital Number", "customerID", "account_no", "row_number", "claim_uuid"])
def test_names_of_identifiers(name):
    assert is_called_identifier(name)


@pytest.mark.parametrize("name", ["paid", "humid", "num_rooms", "number_of_children", "id_age", "x1", ""])
def test_names_of_other_columns(name):
    assert not is_called_identifier(name)


def test_marks_in_place_of_missing_cells_are_found_among_numbers_and_words(tmp_path):
    measured = ["?", 4, 5, "?", 6, 7.5, 8, 9, 10, 11]
    town = ["-", "a", "b", "a", "b", "a", "b", "unknown", "a", "b"]
    clean = ["other", "a", "b", "a", "b-c", "a", "b?", "unknown", "a", "b"]
    data = table(tmp_path, {"m": measured, "town": town, "clean": clean, "y": [0, 1] * 5})
    found = Products("quality.consistency", consistency(test=data, columns=roles(data)))
    assert [(item.rule, item.where) for item in found.findings] == [("QUA-056", "column m"), ("QUA-056", "column town")]
    assert found["stand_in_columns"] == 2


def test_weights_that_no_fit_can_use_are_pointed_at(tmp_path):
    rows = {"x": [1, 2, 3, 4], "y": [0, 1, 0, 1]}
    data = table(tmp_path, {**rows, "w": [1, -1, None, 2]})
    train = table(tmp_path, {**rows, "w": [1, 0, 0.5, 2]}, role="train", name="train.csv")
    columns = resolve(data, Config.model_validate({"target": "y", "columns": {"weight": "w"}}), None)[0]
    found = Products("quality.size", size(test=data, columns=columns, train=train))
    assert [item.rule for item in found.findings] == ["QUA-062", "QUA-063"]
    assert "2 rows of DATA" in found.sentences[1]
