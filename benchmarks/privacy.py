"""Measure the membership check beside the Adversarial Robustness Toolbox and SACRO-ML, on leaky and on clean models.

    PYTHONPATH=. python benchmarks/privacy.py cells [--adult adult.csv] [--sacro FOLDER]   # one audited model per row
    PYTHONPATH=. python benchmarks/privacy.py draws 5 [--models boosting] [--adult adult.csv]   # the same on other rows
    PYTHONPATH=. python benchmarks/privacy.py controls 200                         # models of other rows, each way
    PYTHONPATH=. python benchmarks/privacy.py estimators --out TABLE.md            # all of scikit-learn

Cells: 2,000 training rows and as many others per model (digits: what there is). AUC / share found at 1 % false claims /
CPU seconds. `meta` is the primary attack with 4 reference models and the whole audit's time, blind check included.
Controls: how many clean models fail a criterion; plain and with 15 % twins (500 rows a side), and with a covariate
shift (1,000 rows a side).
"""

import argparse
import inspect
import sys
import tempfile
import time
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.datasets import load_digits, make_classification
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from govkit.checks.privacy import _direct, _measures
from govkit.checks.privacy._compared import compared
from govkit.checks.privacy._direct import modified_entropy, ranked_in_class
from govkit.checks.privacy._neighbours import nearby
from govkit.checks.privacy._references import Refit
from govkit.checks.privacy._sample import draw
from govkit.checks.privacy._toolbox import ATTACKS
from govkit.checks.privacy._toolbox import attacked as run_toolbox
from govkit.checks.privacy.membership_inference import MembershipInference, attacked, membership_inference
from govkit.core.errors import GovkitError
from govkit.core.evidence import Measurement
from govkit.inputs.disclosure import Disclosure
from govkit.plugins.check import Unavailable
from govkit.stats import intervals, roc
from tests.in_process_model import inputs

AUC_LIMIT, FOUND_LIMIT, BLIND_LIMIT = 0.55, 0.03, 0.6
"""As controls/criteria.yaml has them."""
Frame = pd.DataFrame


def models(seed: int = 0) -> dict[str, Any]:
    """Give the audited estimators."""
    return {
        "forest": RandomForestClassifier(100, bootstrap=False, random_state=seed),
        "tree": DecisionTreeClassifier(random_state=seed),
        "logistic": make_pipeline(StandardScaler(), LogisticRegression(C=0.05)),
        "boosting": HistGradientBoostingClassifier(random_state=seed),
        "1-NN": make_pipeline(StandardScaler(), KNeighborsClassifier(1)),
        "SVC": make_pipeline(StandardScaler(), SVC(probability=True, random_state=seed)),
    }


def synthetic(rows: int = 20_000, seed: int = 123) -> Frame:
    """Draw rows with 15 % of labels flipped, which can only be learnt by heart."""
    x, y = make_classification(
        rows, 20, n_informative=8, n_redundant=4, flip_y=0.15, class_sep=0.8, weights=[0.7], random_state=seed
    )
    order = np.random.default_rng(seed).permutation(rows)
    return pd.DataFrame(x[order], columns=[f"f{index}" for index in range(20)]).assign(target=y[order])


def adult(path: str, seed: int = 0) -> Frame:
    """Read the adult census rows, categories as numbers."""
    frame = pd.read_csv(path, skipinitialspace=True).rename(columns=lambda name: str(name).strip())
    target = frame.columns[-1]
    codes = {name: frame[name].astype("category").cat.codes for name in frame.select_dtypes(exclude="number")}
    frame = frame.assign(**codes).rename(columns={target: "target"}).drop_duplicates()
    return frame.sample(frac=1, random_state=seed).reset_index(drop=True)


def audited(
    estimator: BaseEstimator, test: Frame, train: Frame, references: int, seed: int
) -> tuple[list[object], float]:
    """Give the check's products and its CPU seconds."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        case = inputs(Path(folder), estimator, test, train)
        started = time.process_time()
        work = {
            "rows": 2_000,
            "references": references,
            "anchored_references": 0,
            "nearby": 4,
            "fit_seconds": 600,
            "subgroups": 0,
        }
        wanted = ("model", "train", "train_predictions", "test", "predictions", "columns", "task", "config")
        given = {name: getattr(case, name) for name in wanted} | {
            "disclosure": Disclosure(case.config),
            "params": MembershipInference(),
        }
        return list(membership_inference(**given, work=work, seed=seed)), time.process_time() - started


def by_attack(products: list[object], name: str) -> dict[str, Measurement]:
    """Give one measurement by attack, those of Fisher's test by their own name."""
    found = [one for one in products if isinstance(one, Measurement) and one.name == name]
    return {one.group.get("attack", "") + one.group.get("test", ""): one for one in found}


def alone(estimator: BaseEstimator, test: Frame, train: Frame) -> tuple[float, float]:
    """Give AUC and CPU seconds of modified entropy alone, answers of the model included."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        started = time.process_time()
        told = np.vstack([estimator.predict_proba(frame.drop(columns="target")) for frame in (train, test)])
        truth = np.searchsorted(estimator.classes_, np.concatenate([train["target"], test["target"]]))
        scores = ranked_in_class(-modified_entropy(told, truth), truth)
        direct = time.process_time() - started
    return intervals.delong(scores[: len(train)], scores[len(train) :])[0], direct


def meta_alone(
    estimator: BaseEstimator, test: Frame, train: Frame, references: int, seed: int
) -> tuple[float, float, float]:
    """Give AUC, share found and CPU seconds of the meta attack with its fits."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        case = inputs(Path(folder), estimator, test, train)
        sides = ((case.train, case.train_predictions), (case.test, case.predictions))
        sample = draw(sides, case.columns, 2_000, seed)
        started = time.process_time()
        work = {"references": references, "anchored_references": 0}
        sample = replace(sample, nearby=nearby(sample.rows, 4, seed))
        found = compared(Refit(case.model, case.task, 600, seed), sample, case.task, work, seed)
        spent = time.process_time() - started
    scores = found.scores["meta"]
    members, others = scores[sample.member], scores[~sample.member]
    return intervals.delong(members, others)[0], float((members > roc.threshold(others, 0.01)).mean()), spent


def toolbox(estimator: BaseEstimator, test: Frame, train: Frame) -> tuple[float, float, float]:
    """Run ART's gradient-boosting attack on one half and judge it on the other."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from art.attacks.inference.membership_inference import MembershipInferenceBlackBox
        from art.estimators.classification import BlackBoxClassifier

        started = time.process_time()
        classes = estimator.classes_
        probability = [estimator.predict_proba(frame.drop(columns="target")) for frame in (train, test)]
        truth = [np.eye(len(classes))[np.searchsorted(classes, frame["target"])] for frame in (train, test)]
        view = BlackBoxClassifier(lambda rows: rows, (len(classes),), len(classes))
        attack = MembershipInferenceBlackBox(view, attack_model_type="gb")
        half = [len(one) // 2 for one in probability]
        attack.fit(
            pred=probability[0][: half[0]],
            y=truth[0][: half[0]],
            test_pred=probability[1][: half[1]],
            test_y=truth[1][: half[1]],
        )
        scores = [
            attack.infer(None, y=one[at:], pred=told[at:], probabilities=True)[:, -1]
            for one, told, at in zip(truth, probability, half, strict=True)
        ]
    area, _ = intervals.delong(*scores)
    found, _ = roc.found_at(*scores, 0.01)
    return area, found, time.process_time() - started


def sacro(estimator: BaseEstimator, test: Frame, train: Frame, models_fitted: int) -> tuple[float, float, float]:
    """Run SACRO-ML's LiRA with a folder of its own each time, so that it can't take up older shadow models."""
    from sacroml.attacks.likelihood_attack import LIRAAttack
    from sacroml.attacks.target import Target

    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        started = time.process_time()
        parts = [(frame.drop(columns="target").to_numpy(), frame["target"].to_numpy()) for frame in (train, test)]
        target = Target(
            model=estimator,
            dataset_name="rows",
            X_train=parts[0][0],
            y_train=parts[0][1],
            X_test=parts[1][0],
            y_test=parts[1][1],
        )
        output = LIRAAttack(n_shadow_models=models_fitted, output_dir=folder, write_report=False).attack(target)
        told = output["attack_experiment_logger"]["attack_instance_logger"]["instance_0"]
    return float(told["AUC"]), float(told["TPR@0.01%"]), time.process_time() - started


def cells(arguments: argparse.Namespace) -> None:
    """Print one line per audited model."""
    areas = []
    for name, frame in _sources(arguments, 0).items():
        train, test = _sides(frame)
        for kind, estimator in models().items():
            estimator.fit(train.drop(columns="target"), train["target"])
            products, spent = audited(estimator, test, train, 4, 1)
            area, found = by_attack(products, "attack_auc"), by_attack(products, "tpr_at_1pct_fpr")
            areas.append(area["meta"].value)
            line = [f"{name:9} {kind:8} meta {area['meta'].value:.3f} / {found['meta'].value:.3f} / {spent:4.1f} s"]
            line += [f"{one} {area[one].value:.3f} / {found[one].value:.3f}" for one in ("supervised", "RMIA")]
            line.append("modified entropy {:.3f} / {:.2f} s".format(*alone(estimator, test, train)))
            line.append(
                "meta with its fits {:.3f} / {:.3f} / {:.2f} s".format(*meta_alone(estimator, test, train, 4, 1))
            )
            line.append("ART gb {:.3f} / {:.3f} / {:.1f} s".format(*toolbox(estimator, test, train)))
            if arguments.sacro and name == "synthetic":
                sys.path.append(arguments.sacro)
                line.append(_or_why_not(lambda: sacro(estimator, test, train, 16)))  # noqa: B023 - called at once
            print("   ".join(line), flush=True)
    print(f"mean AUC of meta over {len(areas)} models: {np.mean(areas):.3f}")


def draws(arguments: argparse.Namespace) -> None:
    """Print the meta attack's AUC and share found on several draws of the same cells."""
    found: dict[tuple[str, str], list[tuple[float, float, float]]] = {}
    wanted = arguments.models.split(",") if arguments.models else list(models())
    for number in range(arguments.count):
        for name, frame in _sources(arguments, number).items():
            train, test = _sides(frame)
            for kind in wanted:
                estimator = models(number)[kind].fit(train.drop(columns="target"), train["target"])
                measured = meta_alone(estimator, test, train, arguments.references, number)
                found.setdefault((name, kind), []).append(measured)
                print(
                    "{:9} {:8} draw {} meta {:.3f} / {:.3f} / {:.1f} s".format(name, kind, number, *measured),
                    flush=True,
                )
    for (name, kind), each in found.items():
        mean, spread = np.mean(each, axis=0), np.std(each, axis=0)
        print(f"{name:9} {kind:8} mean {mean[0]:.3f} (sd {spread[0]:.3f}) / {mean[1]:.3f} / {mean[2]:.1f} s")
    print(f"mean AUC over {len(found)} cells: {np.mean([np.mean(each, axis=0)[0] for each in found.values()]):.3f}")


def _sources(arguments: argparse.Namespace, number: int) -> dict[str, Frame]:
    """Give the rows of each data set; every number gives other rows, or another order of them."""
    digits = load_digits(as_frame=True).frame.sample(frac=1, random_state=number).reset_index(drop=True)
    found = {"synthetic": synthetic()[4_000 * number :], "digits": digits}
    found = {name: frame for name, frame in found.items() if name in arguments.data.split(",")}
    if arguments.adult:
        found["adult"] = adult(arguments.adult, number)
    return found


def _sides(frame: Frame) -> tuple[Frame, Frame]:
    size = min(2_000, len(frame) // 2)
    return frame[:size], frame[size : 2 * size]


def _or_why_not(run: object) -> str:
    try:
        return "SACRO LiRA-16 {:.3f} / {:.3f} / {:.1f} s".format(*run())
    except Exception as error:  # noqa: BLE001 - another package's failure is a result here
        return f"SACRO LiRA-16 fails ({type(error).__name__})"


def controls(arguments: argparse.Namespace) -> None:
    """Print how many models of other rows fail a criterion, each way."""
    _direct.black_box = _in_this_process  # type: ignore[attr-defined]
    for way in arguments.ways.split(","):
        states: dict[str, int] = {}
        blinds, alarms = [], 0
        started = time.process_time()
        for number in range(arguments.count):
            kind, estimator = list(models(number).items())[number % 6]
            state, alarmed, blind = _control(estimator, way, number)
            states[state] = states.get(state, 0) + 1
            alarms += alarmed
            blinds.append(blind)
            if alarmed:
                print(f"control {number} {kind} {way}: {state}", flush=True)
        found = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
        print(
            f"{way}: of {arguments.count} {found}; {alarms} would fail if the files' difference did not matter; "
            f"blind AUC {np.mean(blinds):.2f} on average, {min(blinds):.2f} to {max(blinds):.2f}; "
            f"{time.process_time() - started:.0f} s",
            flush=True,
        )


def _control(estimator: BaseEstimator, way: str, number: int) -> tuple[str, bool, float]:
    """Attack one model of other rows; give what the AUC criterion says, whether anything alarms, and the blind AUC."""
    train, test, other = _clean(synthetic(6_000, number), way, number)
    estimator.fit(other.drop(columns="target"), other["target"])
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        case = inputs(Path(folder), estimator, test, train)
        sides = ((case.train, case.train_predictions), (case.test, case.predictions))
        work = {"references": 4, "anchored_references": 0, "nearby": 4}
        tried = attacked(
            draw(sides, case.columns, 1_000, number), Refit(case.model, case.task, 600, number), case.task, work, number
        )
    *_, worst = _measures.areas(tried.attacks)
    found = list(_measures.significant(tried.attacks, _measures.beyond_chance(tried.attacks, number)))
    alarmed = worst.interval.low > AUC_LIMIT or max((one.value for one in found), default=0) > FOUND_LIMIT
    state = "fail" if alarmed else "pass" if worst.interval.high <= AUC_LIMIT else "undecided"
    return state if tried.after.interval.high <= BLIND_LIMIT else "undecided", alarmed, tried.before.auc


def _in_this_process(
    probability: np.ndarray, truth: np.ndarray, member: np.ndarray, known: np.ndarray, seed: int
) -> dict[str, np.ndarray]:
    """Run the toolbox's attacks here: a process for each of hundreds of models would take most of the time."""
    return dict(zip(ATTACKS, run_toolbox(probability, truth, member, known, seed % 2**31), strict=True))


def _clean(frame: Frame, way: str, seed: int) -> tuple[Frame, Frame, Frame]:
    """Give TRAIN, DATA and the rows that the model was really fitted on."""
    if way == "shifted":
        random = np.random.default_rng(seed)
        order = frame["f0"] + 1.3 * frame["f0"].std() * random.normal(size=len(frame))
        low, high = frame[order < order.median()], frame[order >= order.median()]
        return low[:1_000], high[:1_000], low[1_000:2_000]
    train, test, other = frame[:500], frame[500:1_000], frame[1_000:1_500]
    if way == "twins":
        test = pd.concat([train[:75], test[75:]])
    return train, test, other


def estimators(arguments: argparse.Namespace) -> None:
    """Write a table of every classifier and regressor of scikit-learn, audited."""
    from sklearn.utils import all_estimators

    _direct.black_box = _in_this_process  # type: ignore[attr-defined]
    lines = ["| estimator | outcome | strongest attack | AUC | reference models |", "| --- | --- | --- | --- | --- |"]
    for kind in ("classifier", "regressor"):
        for name, estimator in all_estimators(type_filter=kind):
            if not arguments.only or name in arguments.only.split(","):
                lines.append(f"| {name} | {_outcome(estimator, kind)} |")
                print(lines[-1], flush=True)
    if arguments.out:
        Path(arguments.out).write_text("\n".join([ESTIMATORS, *lines]) + "\n")


ESTIMATORS = """\
# Every classifier and regressor of scikit-learn under the membership check

Made by `python benchmarks/privacy.py estimators --out docs/membership-estimators.md`: 150 training rows, 150 others,
4 reference models, default parameters. With so few rows the AUC is only an example; the table shows that the check
gives an answer or says why not.
"""


def _outcome(estimator: type, kind: str) -> str:
    """Fit, save, audit; give what came of it as cells of a line."""
    frame = synthetic(300, 1) if kind == "classifier" else synthetic(300, 1).assign(target=lambda rows: rows["f1"] * 2)
    frame = frame[["f0", "f1", "f2", "f3", "target"]].abs()
    noise = np.random.default_rng(0).exponential(1, len(frame))
    frame = frame if kind == "classifier" else frame.assign(target=frame["target"] + noise)
    train, test = frame[:150], frame[150:]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            inner = LogisticRegression() if kind == "classifier" else LinearRegression()
            steps = {"estimator": inner, "estimators": [("one", inner), ("two", inner)]}
            found = inspect.signature(estimator).parameters.items()
            wanted = [key for key, one in found if one.default is inspect.Parameter.empty and key in steps]
            model = estimator(**{key: steps[key] for key in wanted})
            model.fit(train.drop(columns="target"), train["target"])
        except Exception as error:  # noqa: BLE001 - what can't be fitted here can't be audited
            return f"can't be fitted on these rows ({type(error).__name__}) | | | "
    try:
        products, _ = audited(model, test, train, 4, 1)
    except (GovkitError, Unavailable) as error:
        return f"{error} | | | "
    worst = max(by_attack(products, "attack_auc").items(), key=lambda one: one[1].value)
    fitted = "meta" in by_attack(products, "attack_auc")
    return f"measured | {worst[0]} | {worst[1].value:.2f} | {'yes' if fitted else 'no'}"


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts = parser.add_subparsers(required=True)
    one = parts.add_parser("cells")
    one.add_argument("--adult")
    one.add_argument("--data", default="synthetic,digits")
    one.add_argument("--sacro", help="folder of site-packages that holds sacroml")
    one.set_defaults(run=cells)
    several = parts.add_parser("draws")
    several.add_argument("count", type=int)
    several.add_argument("--adult")
    several.add_argument("--data", default="synthetic,digits")
    several.add_argument("--models")
    several.add_argument("--references", type=int, default=4)
    several.set_defaults(run=draws)
    other = parts.add_parser("controls")
    other.add_argument("count", type=int)
    other.add_argument("--ways", default="plain,shifted,twins")
    other.set_defaults(run=controls)
    each = parts.add_parser("estimators")
    each.add_argument("--out")
    each.add_argument("--only")
    each.set_defaults(run=estimators)
    arguments = parser.parse_args(sys.argv[1:])
    arguments.run(arguments)


if __name__ == "__main__":
    main()
