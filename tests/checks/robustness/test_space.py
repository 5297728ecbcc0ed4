"""The constraint space: declarations held against data, and no impossible row in hundreds of random spaces."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from govkit.checks.robustness._inference import space_of
from govkit.checks.robustness._score_search import everything
from govkit.checks.robustness._search import Effort, Search
from govkit.checks.robustness._selftest import strength
from govkit.checks.robustness._validator import Validator
from govkit.checks.robustness.space import space as space_check
from govkit.config import Robustness
from govkit.core.evidence import Finding, Measurement, Table
from govkit.inputs.constraints import problem_of
from govkit.inputs.formula import parse
from tests.in_process_model import inputs

NUMBERS = ["income", "age", "low", "high", "debt", "score", "part1", "part2", "share1", "share2"]
ROWS = 60
KINDS = {"home": "category"}


def table(seed, rows=ROWS):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "income": rng.normal(3_000, 800, rows).round(2),
            "age": rng.integers(18, 80, rows),
            "low": rng.integers(0, 50, rows),
            "part1": rng.integers(0, 9, rows),
            "part2": rng.integers(0, 9, rows),
            "share1": rng.random(rows),
            "share2": rng.random(rows),
            "debt": np.where(rng.random(rows) < 0.6, 0.0, rng.gamma(2, 500, rows)),
            "score": np.where(rng.random(rows) < 0.1, np.nan, rng.normal(size=rows)),
            "home": rng.choice(["own", "rent", "mortgage"], rows),
            "code": rng.choice([3, 5, 7], rows),
        }
    )
    frame["high"] = frame["low"] + rng.integers(0, 20, rows)
    frame["total"] = frame["part1"] + frame["part2"]
    frame["ratio"] = (frame["income"] / frame["age"]).round(3)
    which = rng.integers(0, 3, rows)
    return frame.assign(**{f"kind{index}": (which == index).astype(int) for index in range(3)})


def columns_of(frame):
    kinds = {
        name: KINDS.get(name) or ("integer" if frame[name].dtype.kind == "i" else "number") for name in frame.columns
    }
    return SimpleNamespace(kinds=kinds, features=tuple(frame.columns))


some = st.lists(st.sampled_from(NUMBERS), max_size=3, unique=True)
swaps = st.fixed_dictionaries(
    {},
    optional={
        "home": st.sampled_from(["any", (("own", "rent"), ("rent", "mortgage"))]),
        "kind0": st.sampled_from(["any", (("kind0", "kind1"),)]),
        "code": st.just(((3, 5),)),
    },
)


@st.composite
def declarations(draw):
    immutable = draw(some)
    free = [name for name in NUMBERS if name not in immutable]
    chosen = st.lists(st.sampled_from(free), max_size=3, unique=True)
    return Robustness(
        immutable=tuple(immutable),
        direction={name: draw(st.sampled_from(["increase", "decrease"])) for name in draw(chosen)},
        max_change={name: draw(st.sampled_from([0.5, 3.0, 100.0])) for name in draw(chosen)},
        less_equal=draw(st.sampled_from([(), (("low", "high"),)])),
        sums=draw(
            st.sampled_from([(), ({"parts": ("part1", "part2"), "total": "total"}, {"parts": ("share1", "share2")})])
        ),
        one_hot=(("kind0", "kind1", "kind2"),),
        derived=draw(st.sampled_from([{}, {"ratio": "income / age"}])),
        category_swaps={"columns": draw(swaps), "at_once": draw(st.integers(1, 2)), "support": 5},
        hold_zero=draw(st.sampled_from([None, ("debt",), ("part1", "debt")])),
    )


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(declared=declarations(), seed=st.integers(0, 20), eps=st.sampled_from([0.1, 0.5, 3.0, np.inf]))
def test_no_emitted_row_breaks_a_declaration(declared, seed, eps):
    """Random changes and an attack's own; the validator shares no code with either."""
    frame = table(seed)
    columns = columns_of(frame)
    assert problem_of(declared, columns, frame, None) is None
    space = space_of(frame, columns, declared)
    original, rng = space.values(frame), np.random.default_rng(seed)
    validator = Validator(frame, columns.kinds, declared)
    wild = original + rng.normal(size=original.shape) * space.scale * rng.choice([0.1, 1, 3], (len(frame), 1))
    for cells, contents in space.choices():
        picked = rng.integers(0, max(len(contents), 1), len(frame))
        if contents:
            wild[:, list(cells)] = np.array(contents)[picked]
    emitted = space.frame(frame, space.admissible(wild, original, eps))
    assert (emitted.dtypes == frame.dtypes).all()
    broken = validator.broken(emitted, frame, np.full(len(frame), min(eps, 1e9)))
    assert {rule: int(rows.sum()) for rule, rows in broken.items() if rows.any()} == {}


class Wavy:
    """A score that rises and falls, so that the search uses all of its steps."""

    graded, calls, queries = True, 0, 0

    def __init__(self, space, original):
        self._space = space
        self._was = self._score(original) > 0

    def _score(self, cells):
        scaled = np.nan_to_num(cells / self._space.scale)
        return np.sin(3 * scaled).sum(axis=1) + 0.3 * scaled @ np.cos(np.arange(scaled.shape[1]))

    def margins(self, moved, index):
        score = self._score(moved)
        return np.where((score > 0) != self._was[index], -np.abs(score) - 1e-9, np.abs(score) + 1e-9)


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(declared=declarations(), seed=st.integers(0, 20))
def test_an_attack_emits_possible_rows_only(declared, seed):
    frame = table(seed)
    columns = columns_of(frame)
    space = space_of(frame, columns, declared)
    original = space.values(frame)
    search = Search(Wavy(space, original), space, original, np.random.default_rng(seed))
    search.at_random([0.5], 4)
    everything(search, 1.0, Effort(60, 1, 3, 4))
    found = np.flatnonzero(np.isfinite(search.reach))
    assert len(found) > 20
    source = frame.iloc[found]
    broken = Validator(frame, columns.kinds, declared).broken(
        space.frame(source, search.best[found]), source, search.reach[found]
    )
    assert {rule: int(rows.sum()) for rule, rows in broken.items() if rows.any()} == {}


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda row: row.assign(income=row["income"] + 500), "immutable"),
        (lambda row: row.assign(age=row["age"] - 1), "direction"),
        (lambda row: row.assign(part1=row["part1"] + 1), "sums"),
        (lambda row: row.assign(low=row["high"] + 1), "less_equal"),
        (lambda row: row.assign(debt=500.0), "held"),
        (lambda row: row.assign(home="rent"), "swap"),
        (lambda row: row.assign(kind0=1, kind1=1), "one-hot"),
        (lambda row: row.assign(share1=1e6), "bounds"),
        (lambda row: row.assign(share1=row["share1"] + 0.4), "eps"),
        (lambda row: row.assign(ratio=row["ratio"] + 1), "derived"),
        (lambda row: row.assign(code=row["code"] + 0.5), "integer"),
        (lambda row: row.assign(score=np.nan), "missing"),
    ],
)
def test_every_rule_is_seen_to_be_broken(change, rule):
    frame = table(3)
    declared = Robustness(
        immutable=("income",),
        direction={"age": "increase"},
        less_equal=(("low", "high"),),
        sums=({"parts": ("part1", "part2"), "total": "total"},),
        one_hot=(("kind0", "kind1", "kind2"),),
        derived={"ratio": "income / age"},
        category_swaps={"columns": {"home": (("rent", "own"),)}},
    )
    row = frame[(frame["debt"] == 0) & (frame["home"] == "own") & frame["score"].notna()].head(1)
    validator = Validator(frame, columns_of(frame).kinds, declared)
    assert not validator.impossible(row, row, np.array([0.1])).any()
    assert validator.broken(change(row), row, np.array([0.1]))[rule].all()


PROBLEMS = [
    ({"immutable": ["incom"]}, ("immutable", 0), "does not have"),
    ({"bounds": {"home": [0, 1]}}, ("bounds", "home"), "is for numbers"),
    ({"bounds": {"age": [9, 1]}}, ("bounds", "age"), "contradictory"),
    ({"bounds": {"age": [900, 1000]}}, ("bounds", "age"), "leaves out every row"),
    ({"immutable": ["age"], "direction": {"age": "increase"}}, ("direction", "age"), "immutable"),
    ({"less_equal": [["low", "high"], ["high", "low"]]}, ("less_equal", 1), "both ways"),
    ({"less_equal": [["income", "age"]]}, ("less_equal", 0), "holds in no row"),
    ({"sums": [{"parts": ["age", "income"], "total": "debt"}]}, ("sums", 0), "holds in no row"),
    ({"one_hot": [["age", "low"]]}, ("one_hot", 0), "holds in no row"),
    ({"derived": {"ratio": "income / agee"}}, ("derived", "ratio"), "'agee'"),
    ({"derived": {"ratio": "__import__('os')"}}, ("derived", "ratio"), "something besides"),
    ({"derived": {"ratio": "income * age"}}, ("derived", "ratio"), "rows only"),
    ({"derived": {"ratio": "total", "total": "ratio"}}, ("derived",), "circles"),
]


@pytest.mark.parametrize(("section", "path", "words"), PROBLEMS)
def test_what_cannot_be_followed_is_named_with_its_place(section, path, words):
    frame = table(1)
    found = problem_of(Robustness.model_validate(section), columns_of(frame), frame, None)
    assert found is not None
    assert found.path == ("robustness", *path)
    assert words in found.message


def test_formulas_give_what_arithmetic_gives():
    cells = {"a b": np.array([4.0, 9.0]), "c": np.array([2.0, 0.0])}
    assert parse("sqrt(`a b`) * (c - 1) / 2").columns == ("a b", "c")
    np.testing.assert_allclose(parse("sqrt(`a b`) * (c - 1) / 2")(cells), [1.0, -1.5])
    assert not np.isfinite(parse("1 / c")(cells)[1])
    for wrong in ("", "3 + 4", "a[0]", "a if b else c", "lambda: 1", "a.b", "max(a, b)", "a **  9", "'x'"):
        with pytest.raises(ValueError, match=r".+"):
            parse(wrong)


def test_the_attack_reaches_the_optimum_of_a_linear_model_in_a_mixed_space():
    frame = table(5, rows=200)
    declared = Robustness(
        direction={"age": "increase"},
        max_change={"income": 900},
        one_hot=(("kind0", "kind1", "kind2"),),
        category_swaps={"columns": {"home": "any", "kind0": "any"}},
    )
    space = space_of(frame, columns_of(frame), declared)
    cells = space.values(frame)
    positive = cells[:, space.names.index("income")] / 800 + (frame["home"] == "own") > 4.2
    found = strength(space, cells, positive.to_numpy(), (1.0, Effort(96, 1, 8, 6), np.random.default_rng(0)))
    reached = found.found[np.isfinite(found.exact) & (found.exact > 0)]
    exact = found.exact[np.isfinite(found.exact) & (found.exact > 0)]
    assert (found.found >= found.exact * (1 - 1e-9)).all()
    assert np.quantile(reached / exact, 0.5) <= 1.01
    assert np.quantile(reached / exact, 0.9) <= 1.06
    assert found.gap((0.1, 0.25, 0.5, 1.0)) <= 0.01


def shown(case):
    return list(space_check(test=case.test, columns=case.columns, config=case.config, train=case.train))


def test_an_inferred_space_is_said_and_what_is_withheld_is_counted(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"income": rng.normal(size=80), "age": rng.integers(18, 80, 80), "home": "own"})
    frame = frame.assign(target=(frame["income"] > 0).astype(int))
    model = make_pipeline(FunctionTransformer(lambda rows: rows[["income", "age"]]), LogisticRegression())
    model.fit(frame.drop(columns="target"), frame["target"])
    for robustness, rules, withheld, findings in (
        ({}, 0, 0.0, ["ROB-017"]),
        ({"immutable": ["age"], "direction": {"income": "increase"}}, 2, 0.5, ["ROB-018"]),
        ({"hold_zero": []}, 1, 0.0, []),
    ):
        found = shown(inputs(tmp_path, model, frame, robustness=robustness))
        values = {one.name: one.value for one in found if isinstance(one, Measurement)}
        assert (values["declared_rules"], values["withheld_share"]) == (rules, withheld)
        assert [one.rule for one in found if isinstance(one, Finding)] == findings


def test_an_infinite_cell_in_the_row_that_is_shown_breaks_nothing(tmp_path):
    frame = pd.DataFrame({"income": np.linspace(-1, 1, 80), "age": np.arange(80.0)})
    frame["target"] = (frame["income"] > 0).astype(int)
    model = make_pipeline(FunctionTransformer(lambda rows: rows.clip(-100, 100)), LogisticRegression())
    model.fit(frame[["income", "age"]], frame["target"])
    frame.loc[0, "income"] = np.inf
    tables = [one for one in shown(inputs(tmp_path, model, frame)) if isinstance(one, Table)]
    (example,) = [one for one in tables if one.name == "attack_example"]
    assert example.rows[0][1:3] == (0.0, 0.0)
