"""A system under audit: two tables, an estimator and declarations, and how they become files."""

import hashlib
import pickle
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from sklearn.base import BaseEstimator
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from benchmarks.defects.tables import TABLES, Random

ROWS = 2_500
"""Training rows, and as many hold-out rows."""
FILES = ("model.pkl", "data.csv", "train.csv")
PROVENANCE = {
    "source": "The govkit project",
    "license": "CC0-1.0",
    "version": "1",
    "collected_from": "2026-01-01",
    "collected_to": "2026-06-30",
    "issued": "2026-07-01",
    "geography": ["DE"],
    "lawful_basis": "None needed, every row is drawn",
    "retention_until": "2040-12-31",
    "contact": "data@example.org",
    "intended_use": "Testing of audits",
    "processing": "Drawn with NumPy",
    "original": True,
    "model_origin": "trained from scratch",
}


@dataclass
class Case:
    """A system under audit, before it is written."""

    train: pd.DataFrame
    test: pd.DataFrame
    draw: Random
    config: dict[str, Any]
    """What govkit.yaml will say."""
    estimator: BaseEstimator = field(default_factory=lambda: LogisticRegression(C=0.3, max_iter=1_000))
    champion: BaseEstimator | None = None
    after_fit: Callable[[BaseEstimator], object] | None = None
    """What is done to the fitted estimator."""
    after_write: Callable[[Path], object] | None = None
    """What is done to the folder once everything is written."""
    not_features: list[str] = field(default_factory=lambda: ["sex"])

    @property
    def both(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Training and hold-out rows."""
        return self.train, self.test

    def more_rows(self, count: int) -> pd.DataFrame:
        """Draw further rows of the same kind."""
        return TABLES[self.config["system"]["id"]](count, self.draw)


def clean_case(table: str, seed: int) -> Case:
    """Draw a case without a defect."""
    draw = np.random.default_rng([seed, list(TABLES).index(table)])
    train, test = TABLES[table](ROWS, draw), TABLES[table](ROWS, draw)
    config = {
        "system": {"id": table, "name": table, "version": "1", "use": "commercial", "regions": ["DE"]},
        "train": "train.csv",
        "target": "y",
        "positive_label": 1,
        "columns": {"protected": ["sex"]},
        "personal_data": {"declared": {"sex": ["GENDER"]}},
        "provenance": dict(PROVENANCE),
    }
    return Case(train, test, draw, config)


def write(case: Case, folder: Path) -> None:
    """Fit the model and write everything into a folder."""
    columns = case.config["columns"]
    left = {"y", *case.not_features, columns.get("group"), columns.get("time")}
    features = [name for name in case.train if name not in left]
    columns["ignore"] = [name for name in case.not_features if name not in columns["protected"]]
    model = fitted(case.estimator, case.train, features)
    if case.after_fit is not None:
        case.after_fit(model[-1])
    (folder / "model.pkl").write_bytes(pickle.dumps(model))
    if case.champion is not None:
        (folder / "champion.pkl").write_bytes(pickle.dumps(fitted(case.champion, case.train, features)))
    case.train.to_csv(folder / "train.csv", index=False)
    case.test.to_csv(folder / "data.csv", index=False)
    if case.after_write is not None:
        case.after_write(folder)
    found = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in FILES}
    case.config["provenance"]["digests"] = found | case.config["provenance"].get("digests", {})
    (folder / "govkit.yaml").write_text(yaml.safe_dump(case.config, sort_keys=False))


def fitted(estimator: BaseEstimator, train: pd.DataFrame, features: list[str]) -> Any:  # noqa: ANN401 - a pipeline
    """Fit a pipeline that takes the table as it is."""
    columns = make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), make_column_selector(dtype_include=["number", "bool"])),
        (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_exclude=["number", "bool"])),
        sparse_threshold=0.0,
    )
    return make_pipeline(columns, estimator).fit(train[features], train["y"])
