"""Re-identification: known answers, and properties against a count by hand."""

from collections import Counter, defaultdict

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from govkit.pii.risk import diversity, group_risk, groups_of, telling_sets

CODES = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=60)


def columns(rows):
    return [np.array(column, dtype=np.int64) for column in zip(*rows, strict=True)]


@settings(deadline=None)
@given(CODES)
def test_groups_equal_a_count_by_hand(rows):
    first, second, _ = columns(rows)
    counted = Counter(row[:2] for row in rows)
    risk = group_risk(groups_of([first, second]))
    assert risk.k == min(counted.values())
    assert risk.groups == len(counted)
    assert risk.unique == sum(size == 1 for size in counted.values()) / len(rows)
    assert risk.small == sum(size for size in counted.values() if size < 5) / len(rows)


@settings(deadline=None)
@given(CODES)
def test_diversity_equals_a_count_by_hand(rows):
    first, second, sensitive = columns(rows)
    held = defaultdict(list)
    for row in rows:
        held[row[:2]].append(row[2])
    overall = Counter(row[2] for row in rows)
    found = diversity("x", groups_of([first, second]), sensitive)
    assert found.distinct == min(len(set(values)) for values in held.values())
    distances = [
        sum(abs(values.count(value) / len(values) - overall[value] / len(rows)) for value in overall) / 2
        for values in held.values()
    ]
    assert abs(found.distance - max(distances)) < 1e-9


def test_the_smallest_telling_sets_hold_no_other():
    count = np.arange(100)
    sets = dict(telling_sets({"a": count // 10, "b": count % 10, "c": count % 2, "constant": count * 0}))
    assert sets == {("a", "b"): 1.0}
    assert dict(telling_sets({"all": count, "b": count % 10})) == {("all",): 1.0}
    assert not dict(telling_sets({"c": count % 2}))
