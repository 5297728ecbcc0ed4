"""Quality checks: known counts on small tables, planted faults found, clean tables silent."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govkit.checks.quality.duplicates import duplicates
from govkit.checks.quality.labels import labels
from govkit.checks.quality.missing import missing_values
from govkit.checks.quality.schema import schema
from govkit.checks.quality.size import size
from govkit.checks.quality.train_test_overlap import _excess, train_test_overlap
from govkit.config import Columns as DeclaredColumns
from govkit.config import Config
from govkit.inputs.columns import resolve
from govkit.inputs.rows import group
from govkit.inputs.task import Task
from govkit.plugins.check import NotPossible
from govkit.stats.intervals import proportion
from tests.check_products import Products, table

BINARY = Task("binary", (0, 1), ("good", "class 2"))


def roles(data, **config):
    return resolve(data, Config(target="y", **config), None)[0]


def numbers(rows, seed=0, **more):
    random = np.random.default_rng(seed)
    cells = {"a": random.normal(size=rows).round(6).tolist(), "b": random.integers(0, 9, rows).tolist()}
    return {**cells, "y": random.integers(0, 2, rows).tolist(), **more}


def test_missing_words_and_empty_cells_count(tmp_path):
    data = table(
        tmp_path, {"a": [1, None, "NA", "nan", 5], "b": ["x", "null", "y", "none of it", "z"], "y": [0, 1, 0, 1, 0]}
    )
    found = Products("quality.missing", missing_values(test=data, columns=roles(data)))
    assert found.measurement("missing_share", column="a").value == pytest.approx(0.6)
    assert found.measurement("missing_share", column="b").value == pytest.approx(0.2)
    assert found.measurement("missing_share", column="y").value == 0
    worst = found.measurement("worst_missing_share")
    assert (worst.value, worst.group) == (pytest.approx(0.6), {"column": "a"})
    assert worst.interval.low < 0.6 < worst.interval.high
    assert found.tables[0].rows == (("a", 3, 0.6), ("b", 1, 0.2))


def test_columns_without_a_role_are_not_counted(tmp_path):
    data = table(tmp_path, {"a": [1, 2], "junk": [None, None], "y": [0, 1]})
    columns = roles(data, columns=DeclaredColumns(ignore=("junk",)))
    found = Products("quality.missing", missing_values(test=data, columns=columns))
    assert found["worst_missing_share"] == 0


def test_repeated_rows(tmp_path):
    data = table(tmp_path, {"id": [1, 2, 3, 4], "a": [1, "1.0", 1, 2], "b": ["x", "x", "x", "x"], "y": [0, 0, 1, 0]})
    columns = resolve(data, Config(target="y", row_id="id"), None)[0]
    found = Products("quality.duplicates", duplicates(test=data, columns=columns))
    assert found["duplicate_share"] == 0.25
    assert found["duplicate_rows"] == 1


def test_no_repeats_among_distinct_rows(tmp_path):
    data = table(tmp_path, numbers(300))
    assert Products("quality.duplicates", duplicates(test=data, columns=roles(data)))["duplicate_share"] == 0


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["1", "1.0", "x", "", "NA"]), st.integers(0, 2)), min_size=1, max_size=30))
def test_groups_agree_with_plain_counting(tmp_path_factory, cells):
    first, second = zip(*cells, strict=True)
    data = table(tmp_path_factory.mktemp("rows"), {"a": list(first), "b": list(second)})
    plain = {"1.0": "1.0", "NA": "", "": "", "1": "1", "x": "x"}
    if not set(first) & {"x"}:
        plain["1.0"] = "1"
    expected: dict[tuple[str, int], int] = {}
    for a, b in cells:
        expected[plain[a], b] = expected.get((plain[a], b), 0) + 1
    assert sorted(group([data], ["a", "b"]).counts[:, 0]) == sorted(expected.values())


def overlap(folder, test_cells, train_cells, **config):
    data = table(folder, test_cells)
    train = table(folder, train_cells, role="train", name="train.csv")
    found = train_test_overlap(test=data, train=train, columns=roles(data, **config))
    return Products("quality.train_test_overlap", found)


def test_planted_overlap_is_found(tmp_path):
    test, train = numbers(200, seed=1), numbers(400, seed=2)
    for name in test:
        test[name][:30] = train[name][:30]
    found = overlap(tmp_path, test, train)
    assert found["overlap_share"] == found["excess_overlap_share"] == pytest.approx(0.15)
    interval = found.measurement("excess_overlap_share").interval
    assert 0.1 < interval.low < 0.15 < interval.high < 0.22
    assert "30 of the 200 rows" in found.sentences[0]


def test_separate_rows_overlap_nowhere(tmp_path):
    found = overlap(tmp_path, numbers(200, seed=1), numbers(400, seed=2))
    assert found["overlap_share"] == found["excess_overlap_share"] == 0
    assert found.findings == []


def test_rows_that_look_alike_by_chance_are_no_excess(tmp_path):
    def coarse(rows, seed):
        random = np.random.default_rng(seed)
        return {name: random.integers(0, 6, rows).tolist() for name in "abcd"} | {
            "y": random.integers(0, 2, rows).tolist()
        }

    found = overlap(tmp_path, coarse(2_000, 1), coarse(2_000, 2))
    assert found["overlap_share"] > 0.4
    assert found["excess_overlap_share"] < 0.05
    assert found.measurement("excess_overlap_share").interval.low == 0


def test_the_excess_covers_where_equal_rows_come_together():
    rng, covered = np.random.default_rng(1), 0
    for _ in range(300):
        test, train = (np.bincount(rng.integers(0, 500, 1_000), minlength=500) for _ in range(2))
        shares = [int(test[train > 0].sum()), int(train[train > 1].sum())]
        found = _excess(test, train, *(proportion(count, 1_000) for count in shares))
        covered += found.low == 0
    assert covered / 300 > 0.93


def test_the_excess_is_seen_among_rows_that_look_alike(tmp_path):
    def coarse(rows, seed):
        random = np.random.default_rng(seed)
        return {name: random.integers(0, 12, rows).tolist() for name in "abcd"} | {
            "y": random.integers(0, 2, rows).tolist()
        }

    test, train = coarse(2_000, 1), coarse(2_000, 2)
    for name in test:
        test[name][:400] = train[name][:400]
    assert overlap(tmp_path, test, train)["excess_overlap_share"] == pytest.approx(0.2, abs=0.04)


def test_keys_are_compared_where_declared(tmp_path):
    test, train = numbers(50, seed=1), numbers(50, seed=2)
    found = overlap(tmp_path, {"id": list(range(50)), **test}, {"id": list(range(40, 90)), **train}, row_id="id")
    assert found["keyed_overlap_share"] == pytest.approx(0.2)
    assert found["overlap_share"] == 0


def test_rows_without_a_common_column_can_not_be_compared(tmp_path):
    train = numbers(50)
    del train["b"]
    with pytest.raises(NotPossible):
        overlap(tmp_path, numbers(50), train)


def test_invalid_labels_in_both_files(tmp_path):
    data = table(tmp_path, {"a": [1, 2, 3, 4, 5, 6], "y": [0, 1, 0, "good", None, 7]})
    train = table(tmp_path, {"a": [1, 2], "y": [0, 1]}, role="train", name="train.csv")
    found = Products("quality.labels", labels(seed=1, test=data, columns=roles(data), task=BINARY, train=train))
    assert found.measurement("invalid_labels", data="DATA").value == 2
    assert found.measurement("invalid_labels", data="TRAIN").value == 0
    smallest = found.measurement("smallest_class_share")
    assert (smallest.value, smallest.n, smallest.group) == (0.25, 4, {"class": "class 2"})


def test_a_class_without_rows_has_share_zero(tmp_path):
    data = table(tmp_path, {"a": [1, 2, 3], "y": [0, 0, 0]})
    found = Products("quality.labels", labels(seed=1, test=data, columns=roles(data), task=BINARY))
    assert found["smallest_class_share"] == 0
    assert any("no row of DATA" in sentence for sentence in found.sentences)


def test_labels_of_a_regression(tmp_path):
    data = table(tmp_path, {"a": [1, 2, 3, 4], "y": [0.5, "inf", None, "many"]})
    found = Products("quality.labels", labels(seed=1, test=data, columns=roles(data), task=Task("regression")))
    assert found["invalid_labels"] == 3
    assert "smallest_class_share" not in found.names


def test_sizes(tmp_path):
    data = table(tmp_path, {"a": [1, 2, 3], "y": [0, 1, 0]})
    found = Products("quality.size", size(test=data, train=data, columns=roles(data), task=BINARY))
    assert (found["test_rows"], found["train_rows"], found["smallest_class_rows"]) == (3, 3, 1)
    assert Products("quality.size", size(test=data, columns=roles(data))).names == {"test_rows"}
    weighted = resolve(data, Config(target="y", columns=DeclaredColumns(weight="a")), None)[0]
    (said,) = Products("quality.size", size(test=data, columns=weighted)).sentences
    assert said.startswith("a holds weights.")


def shape(folder, test_cells, train_cells=None, **config):
    data = table(folder, test_cells)
    train = table(folder, train_cells, role="train", name="train.csv") if train_cells else None
    settings_ = Config(target="y", **config)
    columns = resolve(data, settings_, None)[0]
    return Products("quality.schema", schema(test=data, columns=columns, config=settings_, train=train))


def test_the_same_columns_are_silent(tmp_path):
    colours = ["red", "green"] * 100
    found = shape(tmp_path, numbers(200, seed=1, c=colours), numbers(200, seed=2, c=colours))
    assert found["schema_violations"] == found["constant_columns"] == 0
    assert found.findings == []


@pytest.mark.parametrize(
    ("test_cells", "train_cells", "says"),
    [
        ({"c": ["canary", "red"] * 100}, {"c": ["green", "red"] * 100}, "100 rows of DATA have one of 1 values of c"),
        ({"c": list(range(200))}, {"c": ["green", "red"] * 100}, "c is"),
        ({"c": [1, 2] * 100}, {}, "c is a feature and not in TRAIN"),
    ],
)
def test_a_changed_column_counts_once(tmp_path, test_cells, train_cells, says):
    found = shape(tmp_path, numbers(200, seed=1, **test_cells), numbers(200, seed=2, **train_cells))
    assert found["schema_violations"] == 1
    assert found.sentences[0].startswith(says)
    assert "canary" not in found.text


def test_values_that_random_splits_leave_out_of_train_are_named_and_not_counted(tmp_path):
    """Levels of which many are rarer than one in a thousand rows, as towns or codes are."""
    random, counted, named = np.random.default_rng(0), [], 0
    levels = np.array([f"level {place}" for place in range(50)])
    for _ in range(60):
        cells = [levels[np.minimum(random.geometric(0.13, 400), 50) - 1].tolist() for _ in range(2)]
        found = shape(tmp_path, {**numbers(400, seed=1), "c": cells[0]}, {**numbers(400, seed=2), "c": cells[1]})
        counted.append(found["schema_violations"])
        named += any("by chance" in said for said in found.sentences)
    assert sum(counted) <= 2
    assert named > 20
    late = cells[0][:380] + ["new"] * 20
    found = shape(tmp_path, {**numbers(400, seed=1), "c": late}, {**numbers(400, seed=2), "c": cells[1]})
    assert found["schema_violations"] == 1


def test_declared_kinds_hold_without_train(tmp_path):
    config = {"columns": DeclaredColumns(kinds={"a": "number", "b": "integer"})}
    assert shape(tmp_path, numbers(50), **config)["schema_violations"] == 0
    broken = numbers(50)
    broken["a"][7] = "canary"
    found = shape(tmp_path, broken, **config)
    assert found["schema_violations"] == 1
    assert "canary" not in found.text


def test_constants_are_counted_and_nothing_is_compared_without_train(tmp_path):
    found = shape(tmp_path, numbers(50, c=["same"] * 50, d=[None] * 50))
    assert found["constant_columns"] == 2
    assert "schema_violations" not in found.names
