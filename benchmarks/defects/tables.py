"""Tables to plant defects in: rows with a binary target whose log-odds are known.

Each generator takes a number of rows and a source of randomness and gives features, the target `y` and a protected
column `sex` that has no part in it. To add one, write a function and enter it into `TABLES`.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

Random = np.random.Generator


def loans(rows: int, draw: Random) -> pd.DataFrame:
    """Loan applications: counts, amounts with long tails, categories."""
    income = np.exp(7.9 + 0.4 * draw.standard_normal(rows))
    amount = np.exp(9.0 + 0.5 * draw.standard_normal(rows))
    table = pd.DataFrame(
        {
            "income": income.round(2),
            "amount": amount.round(-1),
            "years": draw.gamma(2.0, 4.0, rows).round(1),
            "open_loans": draw.poisson(0.9, rows),
            "past_defaults": draw.poisson(0.4, rows),
            "housing": draw.choice(["owner", "mortgage", "tenant"], rows, p=[0.3, 0.3, 0.4]),
            "purpose": draw.choice(["car", "home", "study", "other"], rows),
        }
    )
    odds = -1.0 + 1.2 * np.log(amount / income / 3) - 0.1 * (table.years - 8) + 1.8 * table.past_defaults
    return finished(table, odds + 1.2 * (table.housing == "tenant"), draw)


def clinic(rows: int, draw: Random) -> pd.DataFrame:
    """Laboratory values that go together, and findings."""
    common = draw.standard_normal(rows)
    values = {
        name: (middle + spread * (0.6 * common + 0.8 * draw.standard_normal(rows))).round(2)
        for name, middle, spread in (
            ("glucose", 105, 18),
            ("pressure", 128, 14),
            ("cholesterol", 5.3, 0.9),
            ("weight_index", 26, 4),
            ("creatinine", 80, 15),
        )
    }
    table = pd.DataFrame({**values, "ward": draw.choice(["a", "b", "c"], rows), "smokes": draw.random(rows) < 0.3})
    odds = -0.7 + 0.09 * (table.glucose - 105) + 0.05 * (table.pressure - 128) + 1.3 * table.smokes
    return finished(table, odds + 0.15 * (table.weight_index - 26), draw)


def machines(rows: int, draw: Random) -> pd.DataFrame:
    """Sensor readings with an interaction that no linear model sees."""
    table = pd.DataFrame(
        {
            "speed": draw.uniform(200, 1_800, rows).round(0),
            "load": draw.beta(2, 3, rows).round(3),
            "heat": (45 + 12 * draw.standard_normal(rows)).round(1),
            "vibration": draw.gamma(3, 0.8, rows).round(3),
            "hours": draw.exponential(900, rows).round(0),
            "line": draw.choice(["north", "south"], rows),
        }
    )
    odds = 3.5 * table.load - 2.8 + 0.07 * (table.heat - 45) + 0.9 * (table.vibration - 2.4)
    return finished(table, odds + 1.2 * ((table.speed > 1_200) & (table.load > 0.4)), draw)


def finished(table: pd.DataFrame, odds: "pd.Series[float]", draw: Random) -> pd.DataFrame:
    """Add the protected column and draw the target."""
    happened = draw.random(len(table)) < 1 / (1 + np.exp(-1.4 * odds))
    return table.assign(sex=draw.choice(["f", "m"], len(table)), y=happened.astype(int))


TABLES: dict[str, Callable[[int, Random], pd.DataFrame]] = {"loans": loans, "clinic": clinic, "machines": machines}
