"""Dates as text: one order of day and month for all files, zones brought to UTC, and what is no date left out."""

import pandas as pd
import pytest

from govkit.inputs.dates import Order, dates_of, order_of


def read(*texts):
    column = pd.Series(texts, dtype=object)
    return [None if pd.isna(found) else found.isoformat() for found in dates_of(column, order_of([column]))]


@pytest.mark.parametrize(
    ("columns", "order"),
    [
        ([["05.01.2024", "13.01.2024"]], Order(day_first=True, certain=True)),
        ([["05/01/2024", "03/15/2024"]], Order(day_first=False, certain=True)),
        ([["05/01/2024"], ["31/01/2023"]], Order(day_first=True, certain=True)),
        ([["05/01/2024"]], Order(day_first=False, certain=False)),
        ([["05.01.2024"]], Order(day_first=True, certain=False)),
        ([["13.01.2024", "01.13.2024"]], Order(day_first=True, certain=False)),
        ([["2024-01-05", None]], Order(day_first=True, certain=True)),
    ],
)
def test_the_order_of_day_and_month(columns, order):
    assert order_of([pd.Series(column, dtype=object) for column in columns]) == order


def test_every_date_of_a_column_is_read_in_the_same_order():
    assert read("05.01.2024", "13.01.2024", None, "never") == [
        "2024-01-05T00:00:00+00:00",
        "2024-01-13T00:00:00+00:00",
        None,
        None,
    ]


def test_zones_and_far_dates():
    assert read("2024-03-31T02:30:00+02:00", "2024-03-30 20:30:00-04:00", "9999-12-31") == [
        "2024-03-31T00:30:00+00:00",
        "2024-03-31T00:30:00+00:00",
        "9999-12-31T00:00:00+00:00",
    ]
