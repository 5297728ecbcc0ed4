"""Files in the libraries' own formats answer as the library does; what can't be asked or is hostile is said plainly."""

import builtins
import io
import json
import os
import pickle
import zipfile

import catboost
import joblib
import lightgbm
import numpy as np
import onnx
import onnx.helper
import pandas as pd
import pytest
import safetensors.numpy
import skl2onnx
import skops.io
import xgboost
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.ensemble import GradientBoostingClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from govkit.core.errors import InputProblem, MissingExtra
from govkit.inputs import artifact
from govkit.inputs.allowlist import policy
from govkit.inputs.artifact import open_model
from govkit.inputs.native import Unsupported
from govkit.inputs.worker import describe
from govkit.plugins.model_format import MODEL_FORMATS
from tests.inputs import corpus

FLAG = "; --trust-global NAME lets one exact name through"
RANDOM = np.random.default_rng(0)
ROWS = pd.DataFrame(RANDOM.normal(size=(120, 3)).astype(np.float32), columns=list("abc"))
WORDS = ROWS.assign(kind=RANDOM.choice(["x", "y", "z"], 120))
KINDS = WORDS.assign(kind=WORDS["kind"].astype("category"))
BINARY = (ROWS["a"] > 0).astype(int)
THREE = BINARY + (ROWS["b"] > 0)
QUIET = {"iterations": 3, "verbose": 0, "allow_writing_files": False}
LGB = {"n_estimators": 3, "verbose": -1, "min_child_samples": 5}


def saved(how, **options):
    """Let a library write a file and give its bytes."""
    place = options.pop("folder") / f"model{options.pop('suffix')}"
    how(str(place))
    return place.read_bytes(), place


def exported(model, columns=ROWS, **options):
    chosen = {id(model): options} if options else None
    return skl2onnx.to_onnx(model, columns.to_numpy()[:1], options=chosen).SerializeToString()


def cases():
    binary = xgboost.XGBClassifier(n_estimators=3).fit(ROWS, BINARY)
    yield "xgboost json", ".json", binary.save_model, binary, ROWS
    yield "xgboost ubj", ".ubj", binary.save_model, binary, ROWS
    three = xgboost.XGBClassifier(n_estimators=3).fit(ROWS, THREE)
    yield "xgboost three", ".json", three.get_booster().save_model, three, ROWS
    stopped = xgboost.XGBClassifier(n_estimators=9, early_stopping_rounds=1)
    stopped.fit(ROWS, BINARY, eval_set=[(ROWS, 1 - BINARY)], verbose=False)
    yield "xgboost stopped early", ".ubj", stopped.save_model, stopped, ROWS
    kinds = xgboost.XGBClassifier(n_estimators=3, enable_categorical=True).fit(KINDS, BINARY)
    yield "xgboost categories", ".ubj", kinds.save_model, kinds, KINDS
    number = xgboost.XGBRegressor(n_estimators=3).fit(ROWS, ROWS["a"])
    yield "xgboost numbers", ".json", number.save_model, number, ROWS
    for name, made, rows in (
        ("lightgbm", lightgbm.LGBMClassifier(**LGB).fit(ROWS, BINARY), ROWS),
        ("lightgbm three", lightgbm.LGBMClassifier(**LGB).fit(ROWS, THREE), ROWS),
        ("lightgbm categories", lightgbm.LGBMClassifier(**LGB).fit(KINDS, BINARY), KINDS),
        ("lightgbm numbers", lightgbm.LGBMRegressor(**LGB).fit(ROWS, ROWS["a"]), ROWS),
    ):
        yield name, ".txt", made.booster_.save_model, made, rows
    for name, made in (
        ("catboost", catboost.CatBoostClassifier(**QUIET).fit(ROWS, np.where(BINARY, "yes", "no"))),
        ("catboost three", catboost.CatBoostClassifier(**QUIET).fit(ROWS, THREE)),
        ("catboost numbers", catboost.CatBoostRegressor(**QUIET).fit(ROWS, ROWS["a"])),
    ):
        yield name, ".cbm", made.save_model, made, ROWS


def onnx_cases():
    logistic = LogisticRegression().fit(ROWS.to_numpy(), np.where(BINARY, "yes", "no"))
    neighbours = KNeighborsClassifier(3).fit(ROWS.to_numpy(), np.where(BINARY, 5, 7))
    yield "onnx maps", exported(logistic), logistic
    yield "onnx arrays", exported(neighbours, zipmap=False), neighbours
    forest = RandomForestRegressor(3, random_state=0).fit(ROWS.to_numpy(), ROWS["a"])
    yield "onnx numbers", exported(forest), forest


def reader_of(content, path):
    return next(found for found in MODEL_FORMATS.all().values() if found.recognises(content[:64], path))


def agree(content, path, expected, known, asked):
    reader = reader_of(content, path)
    scanned = reader.scan(content, policy())
    assert (scanned.findings, scanned.unreadable) == ([], "")
    model = reader.load(content, policy())
    facts = describe(model, {})
    given, wanted = np.asarray(model.predict(asked)), np.ravel(expected.predict(known))
    if facts["kind"] == "regressor":
        assert given == pytest.approx(wanted, abs=1e-5)
    else:
        assert given.tolist() == wanted.tolist()
    if facts["kind"] == "classifier":
        assert model.predict_proba(asked) == pytest.approx(expected.predict_proba(known), abs=1e-5)
        assert facts["classes"] == list(expected.classes_)
    assert "fit" not in facts["methods"]
    assert facts["n_features"] == known.shape[1]


@pytest.mark.filterwarnings("ignore")
def test_boosters_answer_as_their_library_does(tmp_path):
    """Columns of categories are given as a CSV file holds them: as text."""
    for _, suffix, save, expected, rows in cases():
        content, path = saved(save, folder=tmp_path, suffix=suffix)
        agree(content, path, expected, rows, WORDS[list(rows)])


@pytest.mark.filterwarnings("ignore")
def test_onnx_answers_as_what_it_was_made_of(tmp_path):
    for _, content, expected in onnx_cases():
        agree(content, tmp_path / "model.onnx", expected, ROWS.to_numpy(), ROWS)


def test_onnx_takes_one_input_a_column(tmp_path):
    from skl2onnx.common.data_types import FloatTensorType

    pipeline = make_pipeline(StandardScaler(), LogisticRegression()).fit(ROWS, THREE)
    shapes = [("all", FloatTensorType([None, 3]))]
    inner = skl2onnx.convert_sklearn(pipeline, initial_types=shapes, options={id(pipeline): {"zipmap": False}})
    joined = onnx.helper.make_node("Concat", list("abc"), ["all"], axis=1)
    inner.graph.node.insert(0, joined)
    del inner.graph.input[:]
    inner.graph.input.extend(onnx.helper.make_tensor_value_info(name, 1, [None, 1]) for name in "abc")
    path = tmp_path / "model.onnx"
    path.write_bytes(inner.SerializeToString())
    found, model = open_model(path)
    assert found.format == "onnx"
    assert model.described.features == ("a", "b", "c")
    assert (model.predict(ROWS) == pipeline.predict(ROWS)).all()
    assert model.predict_proba(ROWS) == pytest.approx(pipeline.predict_proba(ROWS), abs=1e-5)
    model.release()


def graph(*nodes, shape=(None, 3), out=(None, 1), initializers=(), domains=()):
    sets = [onnx.helper.make_opsetid(domain, 1 if domain else 15) for domain in ("", *domains)]
    made = onnx.helper.make_graph(
        list(nodes),
        "g",
        [onnx.helper.make_tensor_value_info("x", 1, shape)],
        [onnx.helper.make_tensor_value_info("y", 1, out)],
        list(initializers),
    )
    return onnx.helper.make_model(made, ir_version=8, opset_imports=sets).SerializeToString()


def external():
    weights = onnx.helper.make_tensor("w", 1, [3, 1], [1.0] * 3)
    weights.ClearField("float_data")
    weights.data_location = 1
    entry = weights.external_data.add()
    entry.key, entry.value = "location", "../../etc/passwd"
    return weights


MULTIPLY = onnx.helper.make_node("MatMul", ["x", "w"], ["y"])
INNER = onnx.helper.make_node(
    "If",
    ["x"],
    ["y"],
    then_branch=onnx.helper.make_graph([MULTIPLY], "inner", [], [], [external()]),
)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (graph(MULTIPLY, initializers=[external()]), "keeps its numbers in other files"),
        (graph(INNER), "keeps its numbers in other files"),
        (graph(onnx.helper.make_node("Own", ["x"], ["y"], domain="own"), domains=["own"]), "uses operators of another"),
    ],
)
def test_onnx_that_reaches_out_is_refused(tmp_path, content, sentence):
    found = reader_of(content, tmp_path / "x.onnx").scan(content, policy())
    assert [what for _, what, _ in found.findings] == [found.findings[0][1]]
    assert sentence in found.findings[0][1]


@pytest.mark.parametrize(
    ("shape", "sentence"),
    [((None, 3, 8, 8), "takes an input of another kind than a table"), ((None, 3), "no probabilities")],
)
def test_onnx_on_something_else_than_tables_is_refused(tmp_path, shape, sentence):
    content = graph(onnx.helper.make_node("Sub", ["x", "x"], ["y"]), shape=shape, out=shape)
    with pytest.raises(Unsupported, match=sentence):
        reader_of(content, tmp_path / "x.onnx").load(content, policy())


@pytest.mark.filterwarnings("ignore")
def test_objectives_that_give_neither_class_nor_value_are_refused(tmp_path):
    ranks = xgboost.XGBRanker(n_estimators=2).fit(ROWS, BINARY, group=[120])
    content, path = saved(ranks.save_model, folder=tmp_path, suffix=".json")
    with pytest.raises(Unsupported, match="was fitted for rank:ndcg"):
        reader_of(content, path).load(content, policy())
    ranks = lightgbm.LGBMRanker(**LGB).fit(ROWS, BINARY, group=[120])
    content, path = saved(ranks.booster_.save_model, folder=tmp_path, suffix=".txt")
    with pytest.raises(Unsupported, match="was fitted for lambdarank"):
        reader_of(content, path).load(content, policy())


def test_skops_takes_what_both_lists_know(tmp_path):
    for model in (
        make_pipeline(StandardScaler(), LogisticRegression()).fit(ROWS, BINARY),
        GradientBoostingClassifier(n_estimators=2).fit(ROWS, BINARY),
        xgboost.XGBClassifier(n_estimators=2).fit(ROWS, BINARY),
    ):
        content = skops.io.dumps(model)
        reader = reader_of(content, tmp_path / "x.skops")
        found = reader.scan(content, policy())
        assert (found.findings, found.unreadable) == ([], "")
        assert (reader.load(content, policy()).predict(ROWS) == model.predict(ROWS)).all()


def test_skops_refuses_the_rest(tmp_path):
    for payload in (os.system, builtins.eval, np.load, joblib.load):
        content = skops.io.dumps(FunctionTransformer(payload))
        found = reader_of(content, tmp_path / "x.skops").scan(content, policy())
        assert found.findings[0][0] == "GK-M02"
    content = skops.io.dumps(FunctionTransformer(LogisticRegression().get_params))
    found = reader_of(content, tmp_path / "x.skops").scan(content, policy())
    assert found.findings[0][1] == "looks up attributes of other objects"


def archive(**files):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name.replace("__", "/"), content)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (archive(x=b""), "no readable schema.json"),
        (archive(**{"schema.json": b"["}), "description is damaged"),
        (archive(**{"schema.json": b"[" * 100_000}), "description is damaged"),
        (archive(**{"schema.json": b"{}", "x": bytes(300 * 2**20)}), "expands to more"),
        (archive(**{"schema.json": b"{}", "..__x": b""}), "leads out of it"),
        (b"PK\x03\x04" + bytes(40), "zip archive is damaged"),
    ],
)
def test_damaged_archives(tmp_path, content, sentence):
    assert sentence in reader_of(content, tmp_path / "x.skops").scan(content, policy()).unreadable


LAYERS = {
    "0.weight": np.arange(6, dtype=np.float32).reshape(2, 3) / 6,
    "0.bias": np.array([0.1, -0.1], dtype=np.float32),
    "2.weight": np.array([[1.0, -1.0]], dtype=np.float32),
}


def test_safetensors_need_to_say_how_they_are_connected(tmp_path):
    content = safetensors.numpy.save(LAYERS)
    reader = reader_of(content, tmp_path / "x.safetensors")
    assert "holds weights and not how they are connected" in reader.scan(content, policy()).unreadable
    notes = {"activation": "relu", "output": "sigmoid", "classes": '["no", "yes"]'}
    content = safetensors.numpy.save(LAYERS, metadata=notes)
    assert reader.scan(content, policy()).unreadable == ""
    model = reader.load(content, policy())
    hidden = np.maximum(ROWS.to_numpy() @ LAYERS["0.weight"].T + LAYERS["0.bias"], 0)
    expected = 1 / (1 + np.exp(-(hidden @ LAYERS["2.weight"].T)[:, 0]))
    assert model.predict_proba(ROWS)[:, 1] == pytest.approx(expected, abs=1e-6)
    assert set(model.predict(ROWS)) <= {"no", "yes"}


@pytest.mark.filterwarnings("ignore")
def test_lz4_and_missing_packages(tmp_path, monkeypatch):
    path = tmp_path / "model.joblib"
    joblib.dump(LogisticRegression().fit(ROWS, BINARY), path, compress=("lz4", 3))
    content = path.read_bytes()
    reader = reader_of(content, path)
    assert (reader.load(content, policy()).predict(ROWS) == LogisticRegression().fit(ROWS, BINARY).predict(ROWS)).all()
    assert "damaged" in reader.scan(content[:100] + b"\xff" * 4_000, policy()).unreadable
    assert "breaks off" in reader.scan(content[:-20], policy()).unreadable
    monkeypatch.setattr(artifact, "find_spec", lambda _: None)
    with pytest.raises(MissingExtra, match="needs the package lz4") as said:
        open_model(path)
    assert said.value.hint == "pip install 'govkit[lz4]'"


def test_a_class_of_the_program_itself_is_named(tmp_path):
    path = tmp_path / "model.pkl"
    path.write_bytes(corpus.program(corpus.named("__main__", "Mine") + corpus.EMPTY_TUPLE + corpus.NEWOBJ))
    found, model = open_model(path)
    assert model is None
    assert found.refused == "the file refers to something that is not on the allowlist: __main__.Mine" + FLAG


MLMODEL = """artifact_path: model
flavors:
  python_function:
    loader_module: mlflow.sklearn
    model_path: model.pkl
  {flavour}
mlflow_version: 2.19.0
utc_time_created: '2026-01-02 03:04:05'
"""


def folder(tmp_path, flavour):
    place = tmp_path / "logged"
    place.mkdir()
    (place / "MLmodel").write_text(MLMODEL.format(flavour=flavour))
    (place / "model.pkl").write_bytes(pickle.dumps(LogisticRegression().fit(ROWS, BINARY)))
    return place


def test_an_mlflow_folder_is_its_model_file(tmp_path):
    place = folder(tmp_path, "sklearn: {pickled_model: model.pkl, serialization_format: cloudpickle}")
    found, model = open_model(place)
    assert found.format == "pickle"
    assert found.sha256 == open_model_digest(place / "model.pkl")
    assert model.predict(ROWS).tolist() == LogisticRegression().fit(ROWS, BINARY).predict(ROWS).tolist()
    model.release()


def open_model_digest(path):
    import hashlib

    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("flavour", "sentence"),
    [
        ("", "of flavour python_function, which runs code of its own"),
        ("langchain: {model_data: x}", "of flavour langchain, which runs code of its own"),
        ("sklearn: {pickled_model: ../model.pkl}", "does not name a model file in its folder"),
        ("sklearn: {pickled_model: /etc/passwd}", "does not name a model file in its folder"),
        ("sklearn: {pickled_model: other.pkl}", "can't be opened"),
        ("sklearn: {pickled_model: model.pkl, code: code}", "with code of its own"),
        ("sklearn: &a {pickled_model: *a}", "MLmodel"),
        ("sklearn: {pickled_model: a.pkl, pickled_model: b.pkl}", "MLmodel"),
        ("sklearn: {pickled_model: linked/model.pkl}", "is a symbolic link"),
    ],
)
def test_mlflow_folders_that_are_refused(tmp_path, flavour, sentence):
    place = folder(tmp_path, flavour)
    (place / "linked").symlink_to(tmp_path)
    with pytest.raises(InputProblem, match=sentence):
        open_model(place)


WHOLE = {
    "x.onnx": graph(MULTIPLY, initializers=[onnx.helper.make_tensor("w", 1, [3, 1], [1.0] * 3)]),
    "x.skops": skops.io.dumps(LogisticRegression()),
    "x.safetensors": safetensors.numpy.save(LAYERS, metadata={"activation": "relu", "output": "identity"}),
    "x.json": json.dumps({"learner": {"attributes": {}}, "version": [3, 2, 0]}, separators=(",", ":")).encode(),
}


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(sorted(WHOLE)), st.lists(st.tuples(st.integers(0, 4_000), st.integers(0, 255)), max_size=6))
def test_changed_bytes_never_break_a_scan(tmp_path, name, changes):
    content = bytearray(WHOLE[name])
    for place, value in changes:
        content[place % len(content)] = value
    scanned = MODEL_FORMATS.all()[
        {"x.onnx": "onnx", "x.skops": "skops", "x.safetensors": "safetensors", "x.json": "xgboost"}[name]
    ].scan(bytes(content), policy())
    assert all(code.startswith("GK-M") for code, _, _ in scanned.findings)
