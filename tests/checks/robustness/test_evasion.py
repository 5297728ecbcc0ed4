"""The attack as a check: near the exact optimum, few calls, honest about what varies, raises or cannot be attacked."""

import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMClassifier
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from govkit.checks.robustness._inference import space_of
from govkit.checks.robustness._linear import Linear, smallest_changes
from govkit.checks.robustness.evasion import EvasionParams, evasion, plan
from govkit.core.errors import ModelRaised, ModelUnavailable, UsageProblem
from govkit.core.evidence import Finding, Measurement, Table
from govkit.inputs.dataset import read_dataset
from govkit.inputs.disclosure import Disclosure
from govkit.plugins.check import NotApplicable, NotDeclared, NotPossible, Sizes
from tests.in_process_model import inputs

QUICK = plan(Sizes(300, 300, 30, 2, 100), "quick", EvasionParams()).counts


def run(case, params=None, seed=5, **work):
    return list(
        evasion(
            model=case.model,
            test=case.test,
            predictions=case.predictions,
            columns=case.columns,
            task=case.task,
            config=case.config,
            disclosure=Disclosure(case.config),
            params=params or EvasionParams(),
            work={**QUICK, **work},
            seed=seed,
            train=case.train,
        )
    )


def values(products, name):
    return {
        next(iter(one.group.values()), ""): one for one in products if isinstance(one, Measurement) and one.name == name
    }


def rules(products):
    return [one.rule for one in products if isinstance(one, Finding)]


def curve(products):
    return {row[0]: row for row in next(one for one in products if isinstance(one, Table)).rows}


@pytest.fixture
def cancer():
    frame = load_breast_cancer(as_frame=True).frame.sample(frac=1, random_state=0)
    return frame[:285], frame[285:]


@pytest.mark.parametrize("blind", [False, True])
def test_a_linear_model_is_turned_where_it_can_be(tmp_path, cancer, blind):
    train, test = cancer
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(train.drop(columns="target"), train["target"])
    case = inputs(tmp_path, model, test, train)
    if blind:
        case.model.described = type(case.model.described)(
            **{**vars(case.model.described), "methods": frozenset({"predict"})}
        )
    found = run(case, label_rounds=15)
    space = space_of(case.train.frame, case.columns)
    rows = case.test.frame[list(case.columns.features)]
    weights = model[1].coef_[0] / model[0].scale_
    place = [list(rows).index(name) for name in space.names]
    exact = smallest_changes(
        Linear(weights[place], (), (), 0.0), space, space.values(rows), start=model.decision_function(rows)
    )
    sample = np.sort(np.random.default_rng(5).permutation(len(rows))[: QUICK["rows"]])
    right = sample[case.predictions.truth[sample] == case.predictions.predicted[sample]]
    drawn = curve(found)
    for eps in (0.05, 0.1, 0.2, 0.3, 0.5):
        best = (exact[right] > eps).mean()
        assert best - 1e-9 <= drawn[eps][1] <= best + (0.06 if blind else 0.005)
    robust = values(found, "robust_accuracy")
    assert robust["0.1"].value == drawn[0.1][1]
    assert robust["0.1"].interval.method == "clopper-pearson"
    assert robust["0.1"].value + values(found, "attack_success")["0.1"].value == pytest.approx(1)
    assert values(found, "selftest_gap")[""].value <= 0.01
    assert all(low <= share <= high and share <= chance for _, share, low, high, chance, _ in drawn.values())


def test_the_same_seed_gives_the_same_bytes_in_few_calls(tmp_path, cancer):
    train, test = cancer
    model = RandomForestClassifier(20, random_state=0).fit(train.drop(columns="target"), train["target"])
    case = inputs(tmp_path, model, test, train)
    state = np.random.get_state()[1].copy()
    first = run(case)
    assert values(first, "calls")[""].value <= 150
    assert first == run(case)
    assert (np.random.get_state()[1] == state).all()


def test_a_wide_margin_withstands_and_a_thin_one_does_not(tmp_path):
    rng = np.random.default_rng(0)
    side = rng.choice([-1, 1], 600)
    frame = pd.DataFrame({"a": side * rng.uniform(3, 5, 600), "b": rng.normal(size=600), "target": side})
    robust = DecisionTreeClassifier(max_depth=1).fit(frame[["a", "b"]], side)
    found = run(inputs(tmp_path, robust, frame[300:], frame[:300]))
    assert values(found, "accuracy_under_attack")["0.1"].value == values(found, "clean_accuracy")[""].value == 1
    assert values(found, "robust_accuracy")["0.1"].interval.low > 0.98
    stripes = np.where((frame["b"] // 0.1) % 2 == 0, -1, 1)
    tree = DecisionTreeClassifier(random_state=0).fit(frame[["a", "b"]], stripes)
    found = run(inputs(tmp_path, tree, frame.assign(target=stripes)[300:], frame.assign(target=stripes)))
    assert values(found, "robust_accuracy")["0.1"].value < 0.2
    assert "ROB-004" in rules(found)
    assert "ROB-026" not in rules(found)
    assert next(one for one in found if isinstance(one, Finding) and one.rule == "ROB-006").where == "b"


def test_proofs_are_quick_for_a_small_ensemble_and_left_out_for_a_large_one(tmp_path, cancer):
    train, test = cancer
    features = train.drop(columns="target")
    small = GradientBoostingClassifier(n_estimators=15, random_state=0).fit(features, train["target"])
    proved = values(run(inputs(tmp_path, small, test, train)), "proved_robust")
    assert proved["0.1"].n == QUICK["exact_rows_small"]
    assert 0 < proved["0.1"].value <= proved["0.05"].value
    large = RandomForestClassifier(100, random_state=0).fit(features, train["target"])
    found = run(inputs(tmp_path, large, test, train), rows=40)
    assert not values(found, "proved_robust")
    assert "more than 2,000 nodes" in why_unproved(found)


def why_unproved(products):
    """Give the reason that nothing was proved."""
    return next(one.message.args["reason"] for one in products if isinstance(one, Finding) and one.rule == "ROB-026")


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (LGBMClassifier(n_estimators=3, linear_tree=True, verbose=-1, n_jobs=1), "its leaves hold linear models"),
        (GaussianNB(), "of a kind whose numbers are not read"),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_why_nothing_is_proved_is_said(tmp_path, cancer, model, reason):
    train, test = cancer
    narrow = [*train.columns[:4], "target"]
    case = inputs(tmp_path, model.fit(train[narrow[:4]], train["target"]), test[narrow], train[narrow])
    assert reason in why_unproved(run(case, rows=40))
    case.model.structure = hidden
    assert why_unproved(run(case, rows=40)) == "the model does not show its fitted numbers"


def hidden():
    raise ModelUnavailable("a service does not show its fitted numbers")


def mixed(rows=400, seed=2):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "income": rng.normal(3_000, 800, rows).round(2),
            "age": rng.integers(18, 80, rows),
            "home": rng.choice(["own", "rent"], rows),
            "sex": rng.choice(["f", "m"], rows),
        }
    )
    frame["target"] = np.where(
        frame["income"] / 800 + frame["age"] / 20 + 2 * (frame["home"] == "own") > 7.4, "yes", "no"
    )
    encode = make_column_transformer((StandardScaler(), ["income", "age"]), (OneHotEncoder(), ["home", "sex"]))
    return frame, make_pipeline(encode, LogisticRegression()).fit(frame.drop(columns="target"), frame["target"])


def test_a_declared_swap_is_used_and_an_undeclared_one_is_not(tmp_path):
    frame, model = mixed()
    found = run(inputs(tmp_path, model, frame))
    swapped = {"category_swaps": {"columns": {"home": "any"}}}
    more = run(inputs(tmp_path, model, frame, robustness=swapped, columns={"protected": ["sex"]}))
    assert values(more, "robust_accuracy")["0.1"].value < values(found, "robust_accuracy")["0.1"].value - 0.15
    assert len(values(more, "robust_accuracy_by_class")) == 2
    assert len([one for one in more if isinstance(one, Measurement) and one.name == "robust_accuracy_by_group"]) == 2


def test_the_fewest_features_and_the_least_cost_are_told(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(400, 6)), columns=list("abcdef"))
    frame["target"] = (frame["a"] > 0).astype(int)
    model = DecisionTreeClassifier(max_depth=1).fit(frame[list("abcdef")], frame["target"])
    case = inputs(tmp_path, model, frame, robustness={"cost": {"a": 3.0}})
    found = run(case, EvasionParams(eps=(0.5,), curve=()))
    told = {name: values(found, name)["0.5"] for name in ("changed_features", "total_change", "change_cost")}
    scale = space_of(frame, case.columns).scale[0]
    near = np.sort(np.abs(frame["a"][frame["a"].abs() <= 0.5 * scale])) / scale
    assert told["changed_features"].value == 1
    assert told["total_change"].value == pytest.approx(np.median(near), abs=0.05)
    assert told["change_cost"].value == pytest.approx(3 * told["total_change"].value)
    table = next(one for one in found if isinstance(one, Table) and one.name == "bars.turned_alone")
    assert table.rows[0][0] == "a"
    assert all(row[1] == 0 for row in table.rows[1:])


def test_only_the_harmful_answer_counts(tmp_path):
    frame, model = mixed()
    case = inputs(tmp_path, model, frame, robustness={"harmful_class": "yes"})
    found = run(case)
    assert values(found, "attack_rows")[""].value < values(run(inputs(tmp_path, model, frame)), "attack_rows")[""].value
    assert set(values(found, "robust_accuracy_by_class")) == {"class 1"}


def test_several_classes_and_a_score_a_pair(tmp_path):
    frame = load_wine(as_frame=True).frame
    for model in (LogisticRegression(max_iter=5_000), make_pipeline(StandardScaler(), LinearSVC())):
        found = run(inputs(tmp_path, model.fit(frame.drop(columns="target"), frame["target"]), frame), rows=60)
        assert values(found, "robust_accuracy")["0.05"].value >= values(found, "robust_accuracy")["0.1"].value
        assert np.isfinite(values(found, "smallest_change")[""].value)


def test_regression_needs_a_declared_change(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=200), "b": rng.normal(size=200)})
    frame["target"] = 10 * frame["a"] + rng.normal(size=200)
    model = LinearRegression().fit(frame[["a", "b"]], frame["target"])
    with pytest.raises(NotDeclared, match=r"robustness\.no_harmful_change"):
        run(inputs(tmp_path, model, frame))
    found = run(inputs(tmp_path, model, frame, robustness={"harmful_change": 3.0}))
    assert values(found, "robust_accuracy")["0.1"].value == 1
    scale = space_of(frame, inputs(tmp_path, model, frame).columns).scale[0]
    assert values(found, "smallest_change")[""].value == pytest.approx(3 / model.coef_[0] / scale, rel=0.02)


def wrapped(case, method, change):
    steady = getattr(case.model.estimator, method)
    setattr(case.model.estimator, method, lambda rows: change(rows, steady(rows)))
    return case


def test_a_model_that_answers_at_random_is_said(tmp_path, cancer):
    train, test = cancer
    model = DecisionTreeClassifier(max_depth=3, random_state=0).fit(train.drop(columns="target"), train["target"])
    rng = np.random.default_rng(0)
    case = wrapped(
        inputs(tmp_path, model, test, train),
        "predict",
        lambda rows, said: np.where(rng.random(len(rows)) < 0.3, 1 - said, said),
    )
    assert "ROB-001" in rules(run(case))


def test_rows_on_which_the_model_raises_are_counted_and_the_rest_goes_on(tmp_path, cancer):
    train, test = cancer
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(train.drop(columns="target"), train["target"])
    case = inputs(tmp_path, model, test, train)
    ends = train["mean radius"].quantile(0.95)
    steady = case.model.estimator.decision_function

    def touchy(rows):
        if (rows["mean radius"] > ends).any():
            raise ModelRaised("the model raised ValueError")
        return steady(rows)

    case.model.estimator.decision_function = touchy
    found = run(case, rows=40)
    assert values(found, "robust_accuracy")["0.1"].value <= 1
    assert np.isfinite(values(found, "smallest_change")[""].value)


def test_bad_subjects_end_in_one_sentence(tmp_path, cancer):
    train, test = cancer
    model = DecisionTreeClassifier(max_depth=2, random_state=0).fit(train.drop(columns="target"), train["target"])
    with pytest.raises(UsageProblem, match="mean radios"):
        run(inputs(tmp_path, model, test), EvasionParams(frozen=("mean radios",)))
    wrong = test.assign(target=1 - model.predict(test.drop(columns="target")))
    with pytest.raises(NotPossible, match=r"robustness\.none_right"):
        run(inputs(tmp_path, model, wrong))
    two = test.groupby("target").head(1)
    assert values(run(inputs(tmp_path, model, two)), "attack_rows")[""].n <= 2
    still = test.assign(**{name: 1.0 for name in test.columns if name != "target"})
    with pytest.raises(NotApplicable, match=r"robustness\.no_changeable_columns"):
        run(inputs(tmp_path, model, still))


def test_a_slow_or_wide_or_many_classed_model_gets_less_work():
    usual = plan(Sizes(5_000, 5_000, 30, 2, 100), "standard", EvasionParams())
    for sizes in (Sizes(5_000, 0, 30, 2, 1_000), Sizes(5_000, 0, 5_000, 2, 100), Sizes(5_000, 0, 30, 1_000, 100)):
        assert plan(sizes, "standard", EvasionParams()).counts["rows"] < usual.counts["rows"]


def test_a_swap_on_which_the_model_raises_is_learnt_once(tmp_path):
    frame, model = mixed()
    train = frame.assign(home=np.where(np.arange(len(frame)) < 30, "boat", frame["home"]))
    declared = {"category_swaps": {"columns": {"home": "any"}, "support": 1}}
    case = inputs(tmp_path, model, frame, robustness=declared)
    path = tmp_path / "more.csv"
    train.to_csv(path, index=False)
    case.train = read_dataset(path, role="train")
    found = run(case)
    assert "ROB-003" in rules(found)
    assert 0 < values(found, "unanswered_share")[""].value < 0.2
    assert values(found, "calls")[""].value <= 200
    assert values(found, "robust_accuracy")["0.1"].value < 0.8
