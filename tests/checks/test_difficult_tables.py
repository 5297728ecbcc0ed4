"""Difficult tables: every check of the model's behaviour ends with a sentence or a number, never with a crash."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

from govkit.core.evidence import Outcome
from govkit.inputs.disclosure import Disclosure
from govkit.plugins.check import CHECKS, NotDeclared, Sizes
from govkit.runner.one import Order, run_check
from tests.in_process_model import inputs

FAMILIES = ("performance", "fairness", "drift")


def table(rows=240, seed=0):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {"a": rng.normal(size=rows), "b": rng.integers(0, 9, rows), "kind": rng.choice(["x", "y"], rows)}
    )
    return frame.assign(target=np.where(frame["a"] + rng.normal(0, 0.5, rows) > 0, "yes", "no"))


def constant(frame):
    return frame.assign(a=1.0, b=2, kind="x")


def one_row_a_class(frame):
    return frame.drop_duplicates("target")


def gaps(frame):
    frame = frame.astype({"b": "float"})
    frame.loc[::3, "a"], frame.loc[::4, "b"], frame.loc[::5, "kind"], frame.loc[::7, "target"] = (
        np.nan,
        np.inf,
        None,
        None,
    )
    return frame


def unseen(frame):
    return frame.assign(kind=np.where(np.arange(len(frame)) % 2, "never seen", "x"))


def mixed(frame):
    return frame.assign(kind=np.where(np.arange(len(frame)) % 2, "7", frame["kind"]))


def huge(frame):
    return frame.assign(b=frame["b"] * 10**17)


def many_groups(frame):
    return frame.assign(group=[f"g{place % 120}" for place in range(len(frame))])


def dated(frame):
    zones = ["+00:00", "+02:00", "-05:00"]
    return frame.assign(when=[f"2026-01-{1 + place % 28:02}T12:00:00{zones[place % 3]}" for place in range(len(frame))])


CASES = {
    "constants only": (constant, {}),
    "one row a class": (one_row_a_class, {}),
    "gaps and infinities": (gaps, {}),
    "unseen categories": (unseen, {}),
    "mixed types": (mixed, {}),
    "huge integers": (huge, {}),
    "a protected attribute with many values": (many_groups, {"columns": {"protected": ["group"]}}),
    "times with zones, unsorted": (dated, {"columns": {"time": "when", "protected": ["kind"]}}),
    "weights": (lambda frame: frame.assign(w=np.arange(len(frame))), {"columns": {"weight": "w", "protected": ["b"]}}),
    "costs and slices": (
        lambda frame: frame,
        {
            "checks": {
                "performance.error_cost": {"false_positive": 1, "false_negative": 3},
                "performance.slices": {"by": ["kind", "b"]},
            }
        },
    ),
}


class Given:
    """Hands a check the inputs that there are."""

    def __init__(self, case):
        self._case = case
        self.task = case.task

    def get(self, name):
        if getattr(self._case, name, None) is None:
            raise NotDeclared(name)
        return getattr(self._case, name)

    def digest(self, name):
        return name


def outcomes(folder, model, train, test, **config):
    """Run every check of the model's behaviour as the runner does, with the model in this process."""
    case = inputs(folder, model, test, train, **config)
    case.disclosure = Disclosure(case.config)
    found = {}
    for name, check in CHECKS.all().items():
        if check.family in FAMILIES:
            params = check.params.model_validate(config.get("checks", {}).get(name, {}))
            sizes = Sizes(case.test.rows, case.train.rows, len(case.columns.features), len(case.task.classes), 100)
            work = check.plan(sizes, "quick", params).counts if check.plan else {}
            found[name] = run_check(Order(check, params, work, 1), Given(case)).evidence
    crashed = {name: one.reason.args for name, one in found.items() if one.reason and one.reason.id == "runner.crashed"}
    assert crashed == {}
    return found


def measured(found):
    return {name for name, one in found.items() if one.outcome is Outcome.MEASURED}


@pytest.mark.parametrize("name", CASES)
def test_no_table_breaks_a_check(name, tmp_path):
    train = table()
    columns = make_column_transformer((SimpleImputer(), ["a", "b"]), (OneHotEncoder(handle_unknown="ignore"), ["kind"]))
    finite = FunctionTransformer(lambda rows: rows.replace(np.inf, np.nan))
    model = make_pipeline(finite, columns, LogisticRegression()).fit(train[["a", "b", "kind"]], train["target"])
    change, config = CASES[name]
    found = outcomes(tmp_path, model, train, change(table(seed=1)), **config)
    assert {"performance.out_of_range", "performance.reproducibility", "drift.reference_recorded"} <= measured(found)


def test_a_thousand_classes_are_counted(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=2_000), "b": rng.normal(size=2_000), "target": np.arange(2_000) % 1_000})
    model = GaussianNB().fit(frame[["a", "b"]], frame["target"])
    found = outcomes(tmp_path, model, frame, frame.iloc[:1_200])
    assert {"performance.holdout", "performance.calibration", "performance.baseline"} <= measured(found)
    assert all(len(one.measurements) < 200 for one in found.values())


def test_a_regression_with_gaps_in_the_target(tmp_path):
    frame = table().assign(target=lambda rows: rows["a"] * 3)
    model = LinearRegression().fit(frame[["a", "b"]], frame["target"])
    test = frame.assign(target=np.where(np.arange(len(frame)) % 5, frame["target"], np.nan))
    columns = {"protected": ["kind"], "time": "b"}
    found = outcomes(tmp_path, model, frame, test, columns=columns, task="regression")
    assert {"fairness.residuals", "performance.holdout", "drift.concept", "performance.slices"} <= measured(found)
