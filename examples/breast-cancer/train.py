"""Make the case with too few rows: scikit-learn's breast-cancer data in halves, a model fitted on one of them."""

import argparse
import shutil
import sys
from pathlib import Path

import joblib
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent))
import recipe  # noqa: E402 - it stands one folder up

TARGET = "diagnosis"


def make(out: Path) -> None:
    """Write model, data and metadata into a folder."""
    out.mkdir(parents=True, exist_ok=True)
    if not (out / "govkit.yaml").exists():
        shutil.copy(HERE / "govkit.yaml", out / "govkit.yaml")
    loaded = load_breast_cancer(as_frame=True)
    table = loaded.data.rename(columns=lambda name: name.replace(" ", "_"))
    table[TARGET] = loaded.target.map(dict(enumerate(loaded.target_names)))
    data, train = train_test_split(table, test_size=0.5, stratify=table[TARGET], random_state=7)
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1_000))
    model.fit(train.drop(columns=TARGET), train[TARGET])
    joblib.dump(model, out / "model.joblib")
    for name, half in (("data.csv", data), ("train.csv", train)):
        half.to_csv(out / name, index=False, lineterminator="\n", encoding="utf-8")
    recipe.record(out, recipe.digests_of(out, ("model.joblib", "data.csv", "train.csv")))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write to; this one unless given")
    make(parser.parse_args().out)
