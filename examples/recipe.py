"""The recipe of the two credit examples: made-up loan applications whose outcome follows a known rule.

Every applicant and every outcome is drawn from a seeded generator; nobody's data is in here.

1. Draw the facts of an application: employment and housing as categories, income from a log-normal distribution around
   a level that depends on employment, amount and term of the loan, other loans and past defaults as counts, a guarantor
   as yes or no.
2. Work out the share of the income that the monthly instalment takes.
3. Add up the log-odds of a default (`log_odds`). Age and sex have no part in them.
4. Draw the outcome with that probability. Nobody who knows the rule does better than its own accuracy, about 0.83: the
   rest is chance.

Hold-out rows (`data.csv`) and training rows (`train.csv`) are consecutive draws, 4,000 each.
"""

import hashlib
import pickle
import re
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

ROWS = 4_000
"""Rows a side."""
SEED = 20_260_701
NUMBERS = ["income", "loan_amount", "term_months", "instalment_share", "years_employed", "open_loans", "past_defaults"]
CATEGORIES = ["employment", "housing", "purpose", "guarantor"]
TARGET = "outcome"
EMPLOYMENT = {"employed": -0.6, "self-employed": 0.4, "retired": -0.4, "unemployed": 2.2}
"""Log-odds of a default by kind of employment; likewise below."""
HOUSING = {"owner": -1.1, "mortgage": -0.5, "tenant": 0.6}
PURPOSE = {"car": -0.2, "home": -0.3, "education": 0.0, "other": 0.5}
MONTHLY_INCOME = {"employed": 2_900, "self-employed": 3_100, "retired": 1_900, "unemployed": 1_200}
"""Median income in euros by kind of employment."""


def applications(rows: int, seed: int) -> pd.DataFrame:
    """Draw loan applications with their outcomes, one a row."""
    draw = np.random.default_rng(seed)
    employment = draw.choice(list(EMPLOYMENT), size=rows, p=[0.62, 0.14, 0.14, 0.10])
    middle = np.array([MONTHLY_INCOME[kind] for kind in employment])
    income = (middle * np.exp(0.32 * draw.standard_normal(rows))).round(2)
    amount = (np.clip(np.exp(9.0 + 0.55 * draw.standard_normal(rows)), 1_000, 60_000) / 100).round().astype(int) * 100
    term = draw.choice([24, 36, 48, 60, 72], size=rows, p=[0.15, 0.25, 0.25, 0.2, 0.15])
    working = employment != "unemployed"
    table = pd.DataFrame(
        {
            "application_id": [f"app-{number:05d}" for number in range(1, rows + 1)],
            "age": draw.integers(21, 76, size=rows),
            "sex": draw.choice(["female", "male"], size=rows),
            "employment": employment,
            "years_employed": np.where(working, np.minimum(draw.gamma(2.0, 4.0, size=rows), 40), 0.0).round(1),
            "income": income,
            "housing": draw.choice(list(HOUSING), size=rows, p=[0.25, 0.25, 0.5]),
            "purpose": draw.choice(list(PURPOSE), size=rows, p=[0.4, 0.25, 0.15, 0.2]),
            "loan_amount": amount,
            "term_months": term,
            "instalment_share": (amount * (1 / term + 0.004) / income).round(3),
            "open_loans": draw.poisson(0.8, size=rows),
            "past_defaults": draw.poisson(0.35, size=rows),
            "guarantor": draw.choice([True, False], size=rows, p=[0.2, 0.8]),
        }
    )
    defaults = draw.random(rows) < 1 / (1 + np.exp(-log_odds(table)))
    return table.assign(**{TARGET: np.where(defaults, "defaulted", "repaid")})


def log_odds(table: pd.DataFrame) -> "pd.Series[float]":
    """Give the log-odds of a default that the outcomes are drawn with."""
    return (
        -1.2
        + 5.0 * (table["instalment_share"] - 0.12)
        - 0.06 * (table["years_employed"] - 7)
        + 0.5 * (table["open_loans"] - 0.8)
        + 1.7 * table["past_defaults"]
        - 1.6 * table["guarantor"]
        + 1.3 * table["employment"].map(EMPLOYMENT)
        + 1.3 * table["housing"].map(HOUSING)
        + table["purpose"].map(PURPOSE)
    )


def halves(seed: int = SEED) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give hold-out rows and training rows."""
    table = applications(2 * ROWS, seed)
    return table.iloc[:ROWS].reset_index(drop=True), table.iloc[ROWS:].reset_index(drop=True)


def encoder() -> ColumnTransformer:
    """Fill gaps, scale numbers and spread categories over columns; age, sex and the identifier are dropped."""
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    categories = OneHotEncoder(handle_unknown="ignore")
    return ColumnTransformer([("numbers", numbers, NUMBERS), ("categories", categories, CATEGORIES)])


def regularised(train: pd.DataFrame) -> Pipeline:
    """Fit the model that is fit for release: few coefficients for many rows."""
    model = make_pipeline(encoder(), LogisticRegression(C=0.3, max_iter=1_000))
    return model.fit(train[NUMBERS + CATEGORIES], train[TARGET])


def write(folder: Path, model: object, data: pd.DataFrame, train: pd.DataFrame) -> None:
    """Write model and data as `model.pkl`, `data.csv` and `train.csv`; the same bytes every time."""
    (folder / "model.pkl").write_bytes(pickle.dumps(model, protocol=5))
    for name, table in (("data.csv", data), ("train.csv", train)):
        table.to_csv(folder / name, index=False, lineterminator="\n", encoding="utf-8")


def record(folder: Path, digests: dict[str, str]) -> None:
    """Write digests and library versions into the `provenance` lines of the folder's govkit.yaml."""
    path = folder / "govkit.yaml"
    versions = {name: version(name) for name in ("numpy", "scikit-learn")}
    text = path.read_text(encoding="utf-8")
    for name, value in (digests | versions).items():
        text = re.sub(rf"^(    {re.escape(name)}: ).*$", rf'\g<1>"{value}"', text, flags=re.MULTILINE)
    path.write_text(text, encoding="utf-8")


def digests_of(folder: Path, names: tuple[str, ...] = ("model.pkl", "data.csv", "train.csv")) -> dict[str, str]:
    """Give the SHA-256 of files by name."""
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}
