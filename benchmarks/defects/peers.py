"""Other tools on the same systems: `python -m benchmarks.defects.peers NAME` in an environment that holds one of them.

It reads trials, a JSON line each, from standard input, makes each system with the libraries it finds, runs the tool's
own full set of checks with its own limits, and writes which checks failed, a JSON line each. It needs pandas,
scikit-learn, PyYAML and the tool, and not govkit. `seeded_defects.py --peer NAME=INTERPRETER` starts it.

Versions that were tried: deepchecks 0.19 (with scikit-learn < 1.5, pandas < 2.2, NumPy < 2, category_encoders < 2.7),
evidently 0.7 (pandas < 3, NumPy < 2.4), giskard 2.19 (pandas < 2.3, scikit-learn < 1.7).
"""

import contextlib
import json
import logging
import os
import pickle
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.defects.case import Case, clean_case, write
from benchmarks.defects.planted import DEFECTS

NOTICES: dict[str, dict[str, tuple[str, ...]]] = {
    "deepchecks": {
        "memorised_forest": ("TrainTestPerformance",),
        "memorised_tree": ("TrainTestPerformance",),
        "miscalibration": ("CalibrationScore",),
        "target_leakage": ("FeatureLabelCorrelation", "IdentifierLabelCorrelation"),
        "subtle_leakage": ("FeatureLabelCorrelation", "IdentifierLabelCorrelation"),
        "group_disparity": ("WeakSegmentsPerformance",),
        "hidden_proxy": ("FeatureFeatureCorrelation",),
        "wrong_slice": ("WeakSegmentsPerformance",),
        "label_noise_15": ("ConflictingLabels",),
        "label_noise_5": ("ConflictingLabels",),
        "rare_positives": ("RocReport", "SimpleModelComparison"),
        "duplicates": ("DataDuplicates",),
        "near_duplicates": ("DataDuplicates",),
        "overlap": ("TrainTestSamplesMix",),
        "group_overlap": ("IndexTrainTestLeakage",),
        "covariate_drift": ("FeatureDrift", "MultivariateDrift", "PredictionDrift"),
        "label_shift": ("LabelDrift", "PredictionDrift"),
        "concept_drift": ("TrainTestPerformance", "FeatureLabelCorrelationChange"),
    },
    "evidently": {
        "memorised_forest": ("Accuracy", "F1Score", "RocAuc", "LogLoss"),
        "memorised_tree": ("Accuracy", "F1Score", "RocAuc", "LogLoss"),
        "miscalibration": ("LogLoss",),
        "label_noise_15": ("Accuracy", "F1Score", "RocAuc", "LogLoss"),
        "label_noise_5": ("Accuracy", "F1Score", "RocAuc", "LogLoss"),
        "rare_positives": ("F1Score", "Precision", "Recall", "RocAuc"),
        "duplicates": ("DuplicatedRowCount",),
        "near_duplicates": ("DuplicatedRowCount",),
        "covariate_drift": ("ValueDrift", "DriftedColumnsCount"),
        "label_shift": ("ValueDrift", "DriftedColumnsCount"),
        "concept_drift": ("Accuracy", "F1Score", "RocAuc", "LogLoss"),
    },
    "giskard": {
        "memorised_forest": ("Overconfidence",),
        "memorised_tree": ("Overconfidence",),
        "fragile_tree": ("Robustness",),
        "miscalibration": ("Overconfidence", "Underconfidence"),
        "target_leakage": ("Spurious Correlation", "Data Leakage"),
        "subtle_leakage": ("Spurious Correlation", "Data Leakage"),
        "group_disparity": ("Performance", "Ethical"),
        "hidden_proxy": ("Spurious Correlation", "Ethical"),
        "wrong_slice": ("Performance",),
    },
}
"""Which of a tool's checks notice a defect, read generously; a defect that isn't named has no such check."""


@dataclass(frozen=True)
class System:
    """What every tool is given."""

    train: pd.DataFrame
    test: pd.DataFrame
    model: Any
    features: list[str]
    words: list[str]
    """Features that hold text."""
    group: str | None
    time: str | None

    @classmethod
    def of(cls, case: Case) -> "System":
        """Write a case, and read it back as a user of the tool would."""
        with tempfile.TemporaryDirectory() as place, contextlib.chdir(place):
            write(case, Path())
            train, test = pd.read_csv("train.csv"), pd.read_csv("data.csv")
            harmless = not getattr(case.after_write, "__qualname__", "").startswith("malicious_pickle")
            model = pickle.loads(Path("model.pkl").read_bytes()) if harmless else None  # noqa: S301
        features = list(model.feature_names_in_) if harmless else []
        words = [name for name in features if not pd.api.types.is_numeric_dtype(train[name])]
        columns = case.config["columns"]
        return cls(train, test, model, features, words, columns.get("group"), columns.get("time"))


def deepchecks(system: System) -> list[str]:
    """Give the checks of the full suite that have a condition that isn't met."""
    from deepchecks.tabular import Dataset
    from deepchecks.tabular.suites import full_suite

    more = [name for name in (system.group, system.time) if name]
    tables = [
        Dataset(
            table[[*system.features, "y", *more]],
            label="y",
            cat_features=system.words,
            index_name=system.group,
            datetime_name=system.time,
        )
        for table in (system.train, system.test)
    ]
    found = full_suite().run(*tables, system.model).get_not_passed_checks(fail_if_warning=True)
    return [type(result.check).__name__ for result in found]


def evidently(system: System) -> list[str]:
    """Give the metrics of the presets for data and classification whose own test against TRAIN fails."""
    from evidently import BinaryClassification, DataDefinition, Dataset, Report
    from evidently.presets import ClassificationPreset, DataDriftPreset, DataSummaryPreset

    def answered(table: pd.DataFrame) -> Any:  # noqa: ANN401 - a type of the tool
        score = system.model.predict_proba(table[system.features])[:, 1]
        shown = table[[*system.features, "y"]].assign(score=score, prediction=(score >= 0.5).astype(int))
        task = BinaryClassification(target="y", prediction_labels="prediction", prediction_probas="score", pos_label=1)
        return Dataset.from_pandas(shown, DataDefinition(classification=[task]))

    presets = [DataSummaryPreset(), DataDriftPreset(), ClassificationPreset()]
    results = Report(presets, include_tests=True).run(answered(system.test), answered(system.train)).tests_results
    failed = [result for result in results if result.status.value in {"FAIL", "WARNING"}]
    return [result.metric_config.params["type"].rpartition(":")[2] for result in failed]


def giskard(system: System) -> list[str]:
    """Give the groups of the issues that the scan reports."""
    import giskard as tool

    model = tool.Model(
        lambda table: system.model.predict_proba(table[system.features]),
        model_type="classification",
        classification_labels=[0, 1],
        feature_names=system.features,
    )
    data = tool.Dataset(system.test[[*system.features, "y"]], target="y", cat_columns=system.words)
    return [issue.group.name for issue in tool.scan(model, data, verbose=False).issues]


TOOLS: dict[str, Callable[[System], list[str]]] = {"deepchecks": deepchecks, "evidently": evidently, "giskard": giskard}


def main() -> None:
    """Answer every trial on standard input; what a tool prints itself goes to standard error."""
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    name = sys.argv[1]
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        trial = json.loads(line)
        case = clean_case(trial["table"], trial["seed"])
        if trial["defect"]:
            DEFECTS[trial["defect"]].plant(case, trial["planted"])
        system, began = System.of(case), time.process_time()
        failed: list[str] | None = None
        if system.model is not None:
            failed = sorted(set(TOOLS[name](system)))
        answer = {"trial": trial, "tool": f"{name} {version(name)}", "failed": failed}
        print(json.dumps(answer | {"seconds": round(time.process_time() - began, 2)}), file=answers, flush=True)


if __name__ == "__main__":
    main()
