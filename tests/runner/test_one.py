"""One check: what it asks for, what becomes of its failures, and that nothing leaks."""

import os
import random
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import small_project

from govkit.config import Config
from govkit.core.errors import ModelRaised
from govkit.core.evidence import Evidence, Measurement, Message, Outcome
from govkit.inputs.subject import Request, open_subject
from govkit.plugins.check import Attachment, Check, Emit, NotApplicable, NotDeclared, Params
from govkit.runner.journal import Journal
from govkit.runner.one import Order, key_of, run_check, seed_for


@pytest.fixture(scope="module")
def subject(tmp_path_factory):

    project = small_project.write(tmp_path_factory.mktemp("subject"), count=60)
    config = Config(target="repaid")
    request = Request(model=None, data=project.data, config=config, root=project.folder, as_of=date(2026, 11, 21))
    with open_subject(request) as opened:
        yield opened


EMITS = (Emit("x", "count", "x"),)


def order(function, *, needs=(), optional=frozenset(), emits=EMITS, seed=7, evidence=None):
    shape = (emits, {}, (), ("numpy",), None, False, tuple(needs), optional, "1")
    check = Check("own.check", "Own", function, Params, *shape)
    return Order(check, Params(), {"rows": 5}, seed, evidence or {})


def one(**changes):
    return Measurement(**{"name": "x", "value": 1, "unit": "count", "n": 1, **changes})


def test_what_a_check_yields_becomes_evidence(subject):
    def function(test, seed, work):
        yield one(value=test.rows + seed + work["rows"])
        yield Attachment("rows.csv", "text/csv", b"row\n1\n")

    outcomes = run_check(order(function, needs=("test", "seed", "work")), subject)
    assert outcomes.evidence.outcome is Outcome.MEASURED
    assert outcomes.evidence.measurements[0].value == 72
    assert outcomes.evidence.artefacts[0].size == 6
    assert set(outcomes.evidence.inputs) == {"test"}
    assert outcomes.evidence.software == {"numpy": np.__version__}


def test_a_missing_input_is_not_declared_and_names_the_line(subject):
    evidence = run_check(order(lambda train: iter(()), needs=("train",)), subject).evidence
    assert evidence.outcome is Outcome.NOT_DECLARED
    assert (evidence.ask, evidence.ask_kind) == ("train: train.csv", "line")
    evidence = run_check(order(lambda model: iter(()), needs=("model",)), subject).evidence
    assert (evidence.ask, evidence.ask_kind) == ("govkit audit MODEL DATA", "command")


def test_an_optional_input_may_be_missing(subject):
    def function(train=None):
        yield one(value=0 if train is None else 1)

    evidence = run_check(order(function, needs=("train",), optional=frozenset({"train"})), subject).evidence
    assert evidence.measurements[0].value == 0
    assert "train" not in evidence.inputs


@pytest.mark.parametrize(
    ("raised", "outcome"),
    [(NotApplicable("own.reason"), "not_applicable"), (NotDeclared("own.reason"), "not_declared")],
)
def test_a_check_says_that_there_is_nothing_to_measure(subject, raised, outcome):
    def function():
        yield one()
        raise raised

    evidence = run_check(order(function), subject).evidence
    assert evidence.outcome == outcome
    assert evidence.reason == Message(id="own.reason")
    assert evidence.measurements == ()


def test_a_crash_is_contained_and_quotes_nothing(subject):
    def function(test):
        yield one()
        raise ValueError(f"canary {test.frame.iloc[0].to_dict()}")

    evidence = run_check(order(function, needs=("test",)), subject).evidence
    assert evidence.outcome is Outcome.ERROR
    assert evidence.reason.args["type"] == "ValueError"
    assert "canary" not in evidence.model_dump_json()
    assert evidence.measurements == ()


@pytest.mark.parametrize("wrong", [{"name": "y"}, {"unit": "share"}])
def test_a_measurement_that_is_not_declared_is_an_error(subject, wrong):
    evidence = run_check(order(lambda: iter([one(**wrong)])), subject).evidence
    assert evidence.outcome is Outcome.ERROR


def test_global_generators_are_seeded_for_the_check_and_put_back(subject):
    def function():
        yield one(value=random.random() + np.random.random())

    random.seed(1)
    np.random.seed(1)
    expected = (random.random(), np.random.random())
    random.seed(1)
    np.random.seed(1)
    first = run_check(order(function, seed=5), subject).evidence.measurements
    assert (random.random(), np.random.random()) == expected
    assert run_check(order(function, seed=5), subject).evidence.measurements == first
    assert run_check(order(function, seed=6), subject).evidence.measurements != first


def test_seeds_differ_by_check_and_fit_into_32_bits():
    seeds = {seed_for(1, f"family.check{number}") for number in range(200)}
    assert len(seeds) == 200
    assert max(seeds) < 2**32


def test_the_journal_keeps_all_but_errors(tmp_path, subject):
    def function():
        yield one()
        yield Attachment("a.csv", "text/csv", b"\x00\xff")

    asked = order(function)
    journal, key = Journal(tmp_path / "journal"), key_of(asked, subject)
    assert journal.find(key) is None
    outcomes = run_check(asked, subject)
    journal.keep(key, outcomes)
    kept = journal.find(key)
    assert kept.evidence == outcomes.evidence
    assert kept.attachments == outcomes.attachments
    assert kept.journalled
    failed = run_check(order(lambda: 1 / 0), subject)
    journal.keep("failed", failed)
    assert journal.find("failed") is None
    (tmp_path / "journal" / f"{key}.json").write_text("{")
    assert journal.find(key) is None


@pytest.fixture
def kept_good(tmp_path, subject):
    """Evidence of the value 1 in a journal: the folder, the key, and the one file there is."""

    def function():
        yield one(value=1)

    asked = order(function)
    key = key_of(asked, subject)
    Journal(tmp_path / "journal").keep(key, run_check(asked, subject))
    return tmp_path / "journal", key, tmp_path / "journal" / f"{key}.json"


def test_evidence_that_was_edited_or_moved_is_not_taken_over(kept_good):
    folder, key, file = kept_good
    content = file.read_bytes()
    assert Journal(folder).find(key).evidence.measurements[0].value == 1
    file.write_bytes(content.replace(b'\\"value\\":1.0', b'\\"value\\":0.0'))
    assert file.read_bytes() != content
    assert Journal(folder).find(key) is None
    (folder / f"{'0' * 64}.json").write_bytes(content)
    assert Journal(folder).find("0" * 64) is None


def test_evidence_of_another_user_is_not_taken_over(kept_good, tmp_path, monkeypatch):
    folder, key, _ = kept_good
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "elsewhere"))
    assert Journal(folder).find(key) is None


@pytest.mark.parametrize("state", ["readable by others", "too short", "a link"])
def test_without_a_secret_of_its_own_nothing_is_taken_over(kept_good, tmp_path, monkeypatch, state):
    folder, key, _ = kept_good
    own = Path(os.environ["XDG_STATE_HOME"]) / "govkit" / "journal.key"
    place = tmp_path / "state" / "govkit" / "journal.key"
    place.parent.mkdir(parents=True)
    if state == "a link":
        place.symlink_to(own)
    else:
        place.write_bytes(own.read_bytes()[: 5 if state == "too short" else None])
        place.chmod(0o644 if state == "readable by others" else 0o600)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert Journal(folder).find(key) is None


def test_the_key_changes_with_everything_that_the_evidence_depends_on(subject):
    base = order(lambda test: iter(()), needs=("test",))
    evidence = Evidence(check="a.b", check_version="1", outcome="measured")
    others = [
        order(lambda test: iter(()), needs=("test",), seed=8),
        order(lambda test: iter(()), needs=("test",), evidence={"a.b": evidence}),
        order(lambda columns: iter(()), needs=("columns",)),
        Order(base.check, base.params, {"rows": 6}, base.seed),
    ]
    keys = {key_of(asked, subject) for asked in (base, *others)}
    assert len(keys) == 5


def test_a_model_that_raises_is_told_with_the_column_that_it_most_likely_stumbled_over(tmp_path):
    project = small_project.write(tmp_path, count=60)
    lines = project.data.read_text().splitlines()
    income = lines[0].split(",").index("income")
    cells = lines[3].split(",")
    lines[3] = ",".join([*cells[:income], "inf", *cells[income + 1 :]])
    project.data.write_text("\n".join(lines) + "\n")

    def function(predictions):
        raise ModelRaised("the model raised ValueError in predict", hint="try it")

    request = Request(
        model=None, data=project.data, config=Config(target="repaid"), root=project.folder, as_of=date.min
    )
    with open_subject(request) as opened:
        evidence = run_check(order(lambda: function(None)), opened).evidence
        assert (evidence.outcome, evidence.ask_kind) == (Outcome.ERROR, "advice")
        assert evidence.ask == "look at income, which holds 1 infinite numbers"
        lacking = run_check(order(function, needs=("predictions", "train")), opened).evidence
        assert lacking.ask == "train: train.csv"
