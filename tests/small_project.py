"""A small real project in a folder: a fitted pipeline, its training and hold-out rows, and a govkit.yaml."""

import pickle
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

FEATURES = ["age", "income", "region"]
CONFIG = """\
system: {id: loans, name: Loans, version: "1.0"}
train: train.csv
target: repaid
class_names: {0: defaulted, 1: repaid}
columns: {protected: []}
personal_data: {declared: {age: [AGE]}}
"""


@dataclass(frozen=True)
class Project:
    """Paths of the parts."""

    folder: Path

    @property
    def model(self) -> Path:
        return self.folder / "model.pkl"

    @property
    def data(self) -> Path:
        return self.folder / "data.csv"

    @property
    def train(self) -> Path:
        return self.folder / "train.csv"

    @property
    def config(self) -> Path:
        return self.folder / "govkit.yaml"


def rows(count: int, seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "age": random.integers(18, 80, count),
            "income": random.lognormal(10, 0.5, count).round(2),
            "region": random.choice(["north", "south", "west"], count),
        }
    )
    score = (frame["age"] - 45) / 20 + np.log(frame["income"]) - 10 + random.normal(0, 1, count)
    frame["repaid"] = (score > 0).astype(int)
    return frame


def pipeline(classifier=None):
    columns = make_column_transformer(
        (StandardScaler(), ["age", "income"]), (OneHotEncoder(handle_unknown="ignore"), ["region"])
    )
    return make_pipeline(columns, classifier or LogisticRegression(C=0.1))


def write(folder: Path, *, count: int = 600, classifier=None, config: str = CONFIG) -> Project:
    """Write a project; a git folder keeps the search for govkit.yaml inside."""
    (folder / ".git").mkdir(parents=True, exist_ok=True)
    project = Project(folder)
    train, data = rows(count, 1), rows(count, 2)
    project.model.write_bytes(pickle.dumps(pipeline(classifier).fit(train[FEATURES], train["repaid"])))
    train.to_csv(project.train, index=False)
    data.to_csv(project.data, index=False)
    project.config.write_text(config)
    return project
