"""A stand-in leads nearer where the model shows nothing, counts its questions, and finds nothing where nothing is."""

import numpy as np
import pandas as pd
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier

from govkit.checks.robustness._inference import space_of
from govkit.checks.robustness._label_search import walk
from govkit.checks.robustness._oracle import Asked, Goal
from govkit.checks.robustness._search import Search
from govkit.checks.robustness._surrogate import transfer
from govkit.core.errors import ModelUnavailable
from tests.checks.robustness.test_evasion import run, values
from tests.in_process_model import inputs

SIZE = 0.5


def hidden(folder, model, frame):
    """Give a case whose model answers with labels alone and shows nothing, as a service may."""
    case = inputs(folder, model, frame)
    case.model.described = type(case.model.described)(
        **{**vars(case.model.described), "methods": frozenset({"predict"})}
    )

    def structure():
        raise ModelUnavailable("a service does not show its fitted numbers")

    case.model.structure = structure
    return case


def under_attack(case, rows, rounds):
    """Search by labels alone; give what is attacked."""
    space = space_of(case.test.frame, case.columns)
    right = np.flatnonzero(case.predictions.truth == case.predictions.predicted)[:rows]
    features = case.test.frame[list(case.columns.features)].iloc[right].reset_index(drop=True)
    predicted = case.predictions.predicted
    asked = Asked(case.model, case.task, space, features, Goal(predicted[right]))
    search = Search(asked, space, space.values(features), np.random.default_rng(0))
    pool = space.values(case.test.frame[list(case.columns.features)])
    search.start(pool, predicted[None] != predicted[right][:, None])
    walk(search, rounds, SIZE)
    return asked, search


def forest(rows=700, classes=2):
    cells, target = make_classification(rows, 10, n_informative=6, n_classes=classes, random_state=3)
    frame = pd.DataFrame(cells, columns=[f"c{at}" for at in range(10)]).assign(target=target)
    half = frame[: rows // 2]
    return RandomForestClassifier(25, random_state=0).fit(half.drop(columns="target"), half["target"]), frame[
        rows // 2 :
    ]


def test_it_leads_nearer_than_as_many_more_questions_of_the_plain_search(tmp_path):
    case = hidden(tmp_path, *forest())
    asked, search = under_attack(case, 40, 8)
    plain, queries = search.reach.copy(), asked.queries
    told = transfer(asked, search, SIZE, (4, 40), np.random.default_rng(1))
    assert told.rows == 40
    assert told.queries == asked.queries - queries
    assert told.nearer == (search.reach < plain * (1 - 1e-6)).sum() >= 10
    more, other = under_attack(case, 40, 8 + int(np.ceil(told.queries / 40 / 60)))
    assert more.queries >= asked.queries  # the plain search had as many questions
    assert np.log(search.reach / plain).mean() < np.log(other.reach / plain).mean() - 0.02
    assert (search.reach <= plain).all()
    index = np.flatnonzero(np.isfinite(search.reach))
    assert asked.again(search.best[index], index).all()
    np.testing.assert_allclose(search.space.distance(search.best[index], search.original[index]), search.reach[index])


def test_several_classes_and_a_harmful_one(tmp_path):
    case = hidden(tmp_path, *forest(300, 3))
    asked, search = under_attack(case, 12, 1)
    before = search.reach.copy()
    assert transfer(asked, search, SIZE, (1, 12), np.random.default_rng(1)).nearer > 0
    wanted = np.flatnonzero(asked.goal.predicted != 2)
    aimed = Asked(case.model, case.task, search.space, asked.rows.iloc[wanted], Goal(asked.goal.predicted[wanted], 2))
    other = Search(aimed, search.space, search.original[wanted], np.random.default_rng(0))
    other.far_ends()
    transfer(aimed, other, SIZE, (1, 12), np.random.default_rng(1))
    index = np.flatnonzero(np.isfinite(other.reach))
    assert (aimed.classes(other.best[index], index) == 2).all()
    assert (search.reach <= before).all()


def test_the_audit_uses_it_where_nothing_is_shown_and_is_silent_on_a_wide_margin(tmp_path):
    rng = np.random.default_rng(0)
    side = rng.choice([-1, 1], 300)
    frame = pd.DataFrame({"a": side * rng.uniform(3, 5, 300), "b": rng.normal(size=300), "target": side})
    model = DecisionTreeClassifier(max_depth=1).fit(frame[["a", "b"]], side)
    work = {"rows": 60, "surrogate_rounds": 1, "surrogate_rows": 30, "label_rounds": 2}
    found = run(hidden(tmp_path, model, frame), **work)
    assert values(found, "nearer_by_stand_in")[""].n == 30
    assert values(found, "stand_in_queries")[""].value > 0
    assert values(found, "accuracy_under_attack")["0.1"].value == values(found, "clean_accuracy")[""].value == 1
    assert found == run(hidden(tmp_path, model, frame), **work)
    shown = inputs(tmp_path, model, frame)
    assert not values(run(shown, **work), "nearer_by_stand_in")
