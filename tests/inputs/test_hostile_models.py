"""Hostile model files: none runs anything, and each is answered with one clear sentence."""

import contextlib
import os
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from govkit.core.digest import sha256
from govkit.core.errors import InputProblem, ModelRaised, ModelUnavailable, UsageProblem
from govkit.inputs.allowlist import policy
from govkit.inputs.artifact import open_model
from govkit.inputs.pickle_loader import load_pickle
from govkit.inputs.pickle_machine import scan_pickle
from govkit.inputs.sandbox import Limits
from govkit.plugins.model_format import MODEL_FORMATS
from tests.inputs import corpus

FLAG = "; --trust-global NAME lets one exact name through"
REAL = (
    *("forest-0", "forest-5", "forest-zlib", "forest-gzip", "forest-bz2", "forest-xz", "forest-lzma", "forest-joblib"),
    *("joblib-after-array", "joblib-object-array", "dotted-walk", "trampoline-numpy.load", "build-on-function"),
    *("trampoline-scipy.stats._distn_infrastructure.rv_frozen", "cloudpickle-lambda", "trailing-pickle"),
)
"""Those that go through the real process as well; the others are scanned in this one."""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """The corpus: name to bytes and marker."""
    folder = tmp_path_factory.mktemp("hostile")
    return folder, {name: (content, marker) for name, content, marker in corpus.malicious(folder)}


def scanned(content, name="x.pkl"):
    for reader in MODEL_FORMATS.all().values():
        if reader.recognises(content[:64], Path(name)):
            return reader.scan(content, policy())
    raise AssertionError


def test_no_malicious_file_passes_the_scan_or_runs(hostile):
    folder, files = hostile
    assert len(files) >= 60
    passed = []
    for name, (content, _) in files.items():
        result = scanned(content)
        if not result.findings and not result.unreadable:
            passed.append(name)
    assert passed == []
    assert list(folder.iterdir()) == []


def test_nearly_all_are_refused_and_not_merely_unreadable(hostile):
    unreadable = {name for name, (content, _) in hostile[1].items() if not scanned(content).findings}
    assert unreadable == {"compressed-twice"}


def test_bytes_of_an_array_are_never_read_as_opcodes(tmp_path):
    """The name of joblib's wrapper is written with an escape, which a search for the name would miss."""
    marker = tmp_path / "marker"
    content = corpus.hidden_wrapper(str(marker))
    assert scanned(content).findings == []
    assert load_pickle(content, policy()).dtype == "u1"
    assert not marker.exists()


LOAD_ALL = """
import io, pathlib, sys, warnings
sys.path[:0] = [sys.argv[1]]
warnings.simplefilter("ignore")
files = [path.read_bytes() for path in sorted(pathlib.Path(sys.argv[2]).glob("*.bin"))]
import joblib, sklearn.ensemble, sklearn.pipeline, pickle
if sys.argv[3] == "confined":
    from govkit.inputs import sandbox
    layers = sandbox.enter(sandbox.Limits(), sandbox.system_paths())
    assert set(layers.values()) == {"held"}, layers
for content in files:
    for load in (lambda: pickle.loads(content), lambda: joblib.load(io.BytesIO(content))):
        try:
            load()
        except BaseException:
            pass
"""


def load_without_a_scan(files, folder, how):
    stored = folder / "files"
    stored.mkdir(exist_ok=True)
    for name, (content, _) in files.items():
        if not name.startswith(("trampoline", "huge", "slow", "very-many", "compressed-twice")):
            (stored / f"{name}.bin").write_bytes(content)
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-I", "-c", LOAD_ALL, root, str(stored), how], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return [name for name, (_, marker) in files.items() if marker.exists()]


def test_the_sandbox_alone_stops_every_payload(tmp_path):
    files = {name: (content, marker) for name, content, marker in corpus.malicious(tmp_path)}
    assert load_without_a_scan(files, tmp_path, "confined") == []


def test_the_payloads_do_run_without_any_layer(tmp_path):
    files = {name: (content, marker) for name, content, marker in corpus.malicious(tmp_path)}
    ran = load_without_a_scan(files, tmp_path, "bare")
    assert len(ran) >= 40, sorted(set(files) - set(ran))
    assert {
        "forest-0",
        "forest-xz",
        "wrapper-in-object-array",
        "joblib-object-array",
        "popped",
        "inst",
        "dotted-module",
        "eval",
        "system",
    } <= set(ran)


@pytest.mark.parametrize("name", REAL)
def test_the_process_refuses(hostile, tmp_path, name):
    content, marker = hostile[1][name]
    (tmp_path / "model.pkl").write_bytes(content)
    artifact, model = open_model(tmp_path / "model.pkl")
    assert model is None
    assert artifact.refused
    assert not marker.exists()


@pytest.mark.parametrize("name", [name for name, _ in corpus.unreadable()])
def test_what_is_no_model_is_answered_soon(tmp_path, name):
    path = tmp_path / "model.pkl"
    path.write_bytes(dict(corpus.unreadable())[name])
    with pytest.raises(InputProblem) as said:
        open_model(path, limits=Limits(start_seconds=10))
    assert "model.pkl" in said.value.message
    assert "within" not in said.value.message


def test_special_files(tmp_path):
    os.mkfifo(tmp_path / "fifo.pkl")
    (tmp_path / "real.pkl").write_bytes(b"\x80\x04N.")
    (tmp_path / "link.pkl").symlink_to(tmp_path / "real.pkl")
    for name, sentence in {
        "fifo.pkl": "is not a file",
        "link.pkl": "is a symbolic link",
        ".": "is not a file",
        "none.pkl": "can't be opened",
    }.items():
        with pytest.raises(InputProblem, match=sentence):
            open_model(tmp_path / name)
    with pytest.raises(UsageProblem, match="URL"):
        open_model(Path("https://example.org/model.pkl"))


def test_a_swapped_file_changes_nothing(tmp_path):
    """The digest is of the bytes that were loaded: the file is read once."""
    path = tmp_path / "model.pkl"
    path.write_bytes(corpus.pickle.dumps(corpus.regression()))
    artifact, model = open_model(path)
    path.write_bytes(b"other")
    assert artifact.sha256 == sha256(corpus.pickle.dumps(corpus.regression()))
    model.release()


def damaged_tree(**changes):
    """A decision tree whose child numbers were changed in the file."""
    import numpy as np
    from sklearn.tree import DecisionTreeClassifier

    random = np.random.default_rng(0)
    tree = DecisionTreeClassifier(random_state=0).fit(random.normal(size=(60, 2)), np.arange(60) % 2)
    state = tree.tree_.__getstate__()
    for name, value in changes.items():
        state["nodes"][name][:] = value
    made = type(tree.tree_)(2, np.array([2], dtype=np.intp), 1)
    made.__setstate__(state)
    tree.tree_ = made
    return corpus.pickle.dumps(tree)


def rows(count=5, columns=2):
    import numpy as np
    import pandas as pd

    return pd.DataFrame(np.random.default_rng(0).normal(size=(count, columns)), columns=list("abcdef")[:columns])


def test_a_tree_with_children_out_of_range_ends_its_own_process_only(tmp_path):
    (tmp_path / "model.pkl").write_bytes(damaged_tree(left_child=2**40, right_child=2**40))
    artifact, model = open_model(tmp_path / "model.pkl")
    assert not artifact.findings
    with pytest.raises(ModelUnavailable, match="was ended by SIG"):
        model.predict(rows())
    with pytest.raises(ModelUnavailable, match="was ended by SIG"):
        model.predict(rows())
    model.release()


def test_a_tree_that_goes_round_for_ever_is_stopped(tmp_path):
    (tmp_path / "model.pkl").write_bytes(damaged_tree(left_child=0, right_child=0))
    _, model = open_model(tmp_path / "model.pkl", limits=Limits(call_seconds=1))
    with pytest.raises(ModelUnavailable, match="did not answer predict within 1 s"):
        model.predict(rows())
    model.release()


GOES_ON = {
    "prints": ("print('x' * 100_000)", None, ""),
    "stdout": ("import os; os.write(1, b'x' * 100)", None, ""),
    "nan": ("return np.full(n, np.nan)", ModelRaised, "hold NaN or infinity"),
    "none": ("return np.array([None] * n)", ModelUnavailable, "a label or a number for every row"),
    "shape": ("return np.zeros(n + 1)", ModelUnavailable, "one answer a row"),
    "two columns": ("return np.zeros((n, 2))", ModelUnavailable, "one answer a row"),
    "dates": ("return np.zeros(n, dtype='datetime64[D]')", ModelRaised, "TypeError"),
    "raises": ("raise RuntimeError('row 1 is Ms Miller')", ModelRaised, "raised RuntimeError in predict"),
    "memory": ("return np.ones(100 * 2**30)", ModelRaised, "MemoryError"),
    "forks": ("import os; os.fork()", ModelRaised, "PermissionError"),
    "starts": ("import os; os.posix_spawn('/bin/true', ['/bin/true'], {})", ModelRaised, "PermissionError"),
    "connects": ("import socket; socket.socket()", ModelRaised, "PermissionError"),
    "writes": ("open('/tmp/govkit-rogue', 'w')", ModelRaised, "PermissionError"),
    "reads": ("open('/etc/passwd').read()", ModelRaised, "PermissionError"),
    "kills": ("import os; os.kill(os.getppid(), 9)", ModelRaised, "PermissionError"),
    "is well": ("return np.zeros(n)", None, ""),
}
"""What a model does in predict, the error that comes of it, and what its message says; all in one process."""
ENDS = {
    "large": ("return np.zeros(400_000_000, dtype='int8')", "broke the protocol|was ended by|did not answer"),
    "exits": ("import os; os._exit(7)", "ended by itself with code 7 in predict"),
    "aborts": ("import os; os.abort()", "was ended by SIGABRT in predict"),
    "sleeps": ("import time; time.sleep(99)", "did not answer predict within 2 s"),
    "breaks the protocol": (
        "import os\n        for fd in range(99):\n         try: os.write(fd, b'x' * 64)\n         except OSError: n",
        "broke the protocol|was ended by",
    ),
}


def test_a_model_that_misbehaves_and_goes_on(tmp_path, capfd):
    bodies = [f"if X[0, 0] == {number}:\n            {body}" for number, (body, *_) in enumerate(GOES_ON.values())]
    (tmp_path / "model.pkl").write_bytes(corpus.rogue("\n        ".join(bodies)))
    artifact, model = open_model(tmp_path / "model.pkl", trust=("builtins.eval",))
    assert not artifact.refused
    for number, (_, error, sentence) in enumerate(GOES_ON.values()):
        asked = rows(columns=1) * 0 + number
        if error is None:
            assert (model.predict(asked) == 0).all()
        else:
            with pytest.raises(ModelUnavailable, match=sentence) as said:
                model.predict(asked)
            assert type(said.value) is error
            assert "Miller" not in said.value.message + said.value.hint
    model.release()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("case", ENDS)
def test_a_model_that_ends_its_process(tmp_path, case):
    body, sentence = ENDS[case]
    (tmp_path / "model.pkl").write_bytes(corpus.rogue(body))
    _, model = open_model(tmp_path / "model.pkl", trust=("builtins.eval",), limits=Limits(call_seconds=2))
    for _ in range(2):
        with pytest.raises(ModelUnavailable, match=sentence):
            model.predict(rows(columns=1))
    model.release()


def test_what_only_runs_when_it_is_trusted(tmp_path):
    (tmp_path / "model.pkl").write_bytes(corpus.rogue("pass"))
    artifact, model = open_model(tmp_path / "model.pkl")
    assert model is None
    assert artifact.refused == "the file refers to something that is not on the allowlist: builtins.eval" + FLAG


LOADS = {
    "an absent package": (corpus.program(corpus.named("absent_pack.models", "Model") + b")\x81"), "needs the package"),
    "several estimators": ({"a": corpus.regression(), "b": corpus.regression()}, "holds several estimators"),
    "no estimator": ({"a": __import__("numpy").arange(3)}, "holds a dictionary and no estimator"),
    "not fitted": (type(corpus.regression())(), "was not fitted"),
    "an array": (__import__("numpy").arange(3), "can't predict"),
    "a million classes": (None, "has more than 10,000 classes"),
    "several outputs": (None, "gives several answers a row"),
    "a renamed class": (
        corpus.program(corpus.named("sklearn.metrics._scorer", "_ProbaScorer") + b")\x81"),
        "another scikit-learn version",
    ),
}


@pytest.mark.parametrize("case", LOADS)
def test_what_can_be_read_and_not_audited(tmp_path, case):
    import numpy as np
    from sklearn.tree import DecisionTreeClassifier

    content, sentence = LOADS[case]
    if case == "a million classes":
        content = corpus.regression()
        content.classes_ = np.arange(1_000_000)
    if case == "several outputs":
        content = DecisionTreeClassifier().fit(np.arange(8.0).reshape(-1, 1), np.arange(16).reshape(8, 2) % 3)
    path = tmp_path / "model.pkl"
    path.write_bytes(content if isinstance(content, bytes) else corpus.pickle.dumps(content))
    trust = ("absent_pack.models.Model",) if case == "an absent package" else ()
    with pytest.raises(InputProblem, match=sentence):
        open_model(path, trust=trust)


WHOLE = (
    corpus.pickle.dumps(corpus.forest(None), 4),
    corpus.pickle.dumps(corpus.regression(), 0),
    corpus.joblibbed(corpus.forest(None)),
    corpus.joblibbed(corpus.regression(), compress=3),
)


@st.composite
def mutated(draw):
    content = bytearray(draw(st.sampled_from(WHOLE)))
    for _ in range(draw(st.integers(1, 6))):
        place = draw(st.integers(0, len(content) - 1))
        how = draw(st.sampled_from(("set", "insert", "delete", "copy")))
        if how == "set":
            content[place] = draw(st.integers(0, 255))
        elif how == "insert":
            content[place:place] = draw(st.binary(min_size=1, max_size=8))
        elif how == "delete":
            del content[place : place + draw(st.integers(1, 40))]
        else:
            start = draw(st.integers(0, len(content) - 1))
            content[place:place] = content[start : start + draw(st.integers(1, 60))]
        if not content:
            return b"."
    return bytes(content)


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(mutated())
def test_mutated_models_never_crash_the_scanner(content):
    with contextlib.suppress(zlib.error):
        content = zlib.decompress(content)
    result = scan_pickle(content, policy())
    assert all(code.startswith("GK-M") for code, _, _ in result.findings)


def test_the_scan_imports_nothing_that_the_file_names(tmp_path):
    (tmp_path / "model.joblib").write_bytes(WHOLE[2])
    program = """
import sys
sys.path[:0] = [sys.argv[1]]
from govkit.inputs.allowlist import policy
from govkit.inputs.pickle_machine import scan_pickle
found = scan_pickle(open(sys.argv[2], "rb").read(), policy())
assert not found.findings and not found.unreadable
assert not {"numpy", "joblib", "sklearn", "scipy", "pandas"} & set(sys.modules)
"""
    root = str(Path(__file__).parents[2])
    subprocess.run([sys.executable, "-I", "-c", program, root, str(tmp_path / "model.joblib")], check=True)
