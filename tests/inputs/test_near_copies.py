"""Near copies: found where they were planted, and not where rows lie close together anyway."""

import numpy as np
import pytest

from govkit.inputs.neighbours import near


def planted(table, count, draw):
    copies = table[:count] + draw.normal(scale=1e-3, size=(count, table.shape[1]))
    return np.concatenate([table, copies]).astype(np.float32)


@pytest.mark.parametrize("dimensions", [2, 3, 5, 12])
def test_independent_rows_are_no_copies_and_planted_ones_are(dimensions):
    draw = np.random.default_rng(dimensions)
    table = draw.normal(size=(1_500, dimensions))
    clean = near(table.astype(np.float32), table.astype(np.float32))
    assert len(clean.rows) / clean.judged <= clean.by_chance + 0.005
    both = planted(table, 150, draw)
    found = near(both, both)
    copied = {*range(150), *range(1_500, 1_650)}
    assert len(copied & set(found.rows.tolist())) >= 290
    assert found.by_chance < 0.03


def test_coarse_columns_beside_two_fine_ones_hide_no_copy():
    draw = np.random.default_rng(1)
    table = np.column_stack([draw.integers(0, 7, size=(1_200, 9)), draw.normal(size=(1_200, 2))]).astype(np.float64)
    assert len(near(table.astype(np.float32), table.astype(np.float32)).rows) == 0
    copies = table[:60].copy()
    copies[:, 9:] += 0.004 * draw.choice([-1, 1], size=(60, 2))
    both = np.concatenate([table, copies]).astype(np.float32)
    assert len(near(both, both).rows) == 120


def test_rows_in_few_groups_with_one_fine_column_lie_close_by_chance():
    draw = np.random.default_rng(2)
    table = np.column_stack([draw.integers(0, 2, size=(3_000, 4)) * 5.0, draw.normal(size=3_000)]).astype(np.float32)
    assert near(table, table) is None


def test_each_row_is_asked_for_another_and_not_for_itself_or_an_equal_one():
    draw = np.random.default_rng(3)
    table = np.repeat(draw.normal(size=(200, 4)), 3, axis=0).astype(np.float32)
    found = near(table, table)
    assert (len(found.rows), found.judged) == (0, 600)
    assert near(np.repeat(table, 3, axis=0), np.repeat(table, 3, axis=0)) is None
    assert near(table[:8], table[:8]) is None
