"""Rows near each row keep the types, the range and the gaps of their columns."""

import numpy as np
import pandas as pd

from govkit.checks.privacy._neighbours import SCALES, nearby

DRAWN = np.random.default_rng(0)
ROWS = pd.DataFrame(
    {
        "amount": DRAWN.gamma(2, 100, 400),
        "age": DRAWN.integers(18, 90, 400),
        "gaps": np.where(DRAWN.random(400) < 0.2, np.nan, DRAWN.normal(size=400)),
        "empty": np.nan,
        "rooms": DRAWN.integers(1, 5, 400),
        "region": pd.Series(DRAWN.choice(["north", "south", None], 400), dtype="str"),
        "member": DRAWN.random(400) < 0.3,
        "count": pd.array([None, *range(399)], dtype="Int64"),
        "kind": pd.Series(DRAWN.choice(["a", "b"], 400)).astype("category"),
    }
)


def test_types_ranges_and_gaps_stay():
    for moved in nearby(ROWS, 8, seed=1):
        assert moved.dtypes.equals(ROWS.dtypes)
        assert moved.isna().equals(ROWS.isna())
        assert moved["amount"].between(ROWS["amount"].min(), ROWS["amount"].max()).all()
        assert set(moved["rooms"]) <= {1, 2, 3, 4}
        assert (moved["age"] % 1 == 0).all()


def test_numbers_move_by_the_scale_and_categories_change_as_often():
    moved = nearby(ROWS, len(SCALES), seed=1)
    away = [float((one["gaps"] - ROWS["gaps"]).std() / ROWS["gaps"].std()) for one in moved]
    assert np.allclose(away, SCALES, rtol=0.2)
    swapped = float((moved[1]["region"].dropna() != ROWS["region"].dropna()).mean())
    assert 0.1 < swapped < SCALES[1]


def test_the_seed_decides():
    one, same, other = (nearby(ROWS, 1, seed=seed)[0] for seed in (1, 1, 2))
    assert one.equals(same)
    assert not one.equals(other)
