"""The audit's end of the model's process believes nothing that comes back unchecked."""

import json
import os
import pickle
import signal
import socket
import subprocess
import threading
import time

import numpy as np
import pandas as pd
import pytest

from govkit.core.errors import InputProblem, ModelUnavailable
from govkit.inputs import wire
from govkit.inputs.artifact import open_model
from govkit.inputs.model import Described
from govkit.inputs.proxy import Proxy, Worker
from tests.inputs import corpus

ROWS = pd.DataFrame({"a": np.arange(3.0)})
DESCRIBED = Described("x.Y", ("x.Y",), "classifier", frozenset({"predict"}), classes=(0, 1))


@pytest.fixture
def liar():
    """A proxy whose other end answers what the test tells it to."""
    ours, theirs = socket.socketpair()
    process = subprocess.Popen(["sleep", "60"])
    worker = Worker(process, ours, call_seconds=1)
    threads = []

    def says(content):
        def answer():
            try:
                wire.receive(theirs, seconds=5)
                theirs.sendall(content)
            except (OSError, wire.Closed):
                pass

        threads.append(threading.Thread(target=answer))
        threads[-1].start()
        return Proxy(worker, DESCRIBED)

    yield says
    worker.stop()
    theirs.close()
    for thread in threads:
        thread.join()


def frame(header, payload=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return wire.HEAD.pack(len(text), len(payload)) + text + payload


def arrays(dtype, shape, name="answer"):
    return {"arrays": {name: {"dtype": dtype, "shape": shape}}}


LIES = {
    "no frame": b"x" * 40,
    "no JSON": frame(b"{"),
    "a list": frame([1]),
    "deep": frame(b"[" * 100_000),
    "empty": frame({}),
    "no array": frame({"arrays": {}}),
    "arrays as text": frame({"arrays": "x"}),
    "objects": frame(arrays("O", [3]), bytes(24)),
    "fields": frame(arrays("f8,O", [3]), bytes(48)),
    "negative": frame(arrays("<f8", [-1]), bytes(24)),
    "wraps around": frame(arrays("<f8", [2**32, 2**32]), bytes(24)),
    "too short": frame(arrays("<f8", [3]), bytes(8)),
    "fraction": frame(arrays("<f8", [1.5]), bytes(24)),
    "truth": frame(arrays("<f8", [True, 3]), bytes(24)),
    "wrong rows": frame(arrays("<f8", [2]), bytes(16)),
    "nan": frame(arrays("<f8", [3]), np.full(3, np.nan).tobytes()),
    "labels without codes": frame({"arrays": {}, "labels": ["a"]}),
    "codes too large": frame({**arrays("<i8", [3], "codes"), "labels": ["a"]}, bytes([0] * 16 + [9] * 8)),
    "codes negative": frame({**arrays("<i8", [3], "codes"), "labels": ["a"]}, b"\xff" * 24),
    "labels are lists": frame({**arrays("<i8", [3], "codes"), "labels": [["a"]]}, bytes(24)),
    "announces four gigabytes": wire.HEAD.pack(2, 2**32 - 1) + b"{}",
    "announces a large header": wire.HEAD.pack(2**32 - 1, 0),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_an_error_of_the_model(liar, lie):
    with pytest.raises(ModelUnavailable):
        liar(LIES[lie]).predict(ROWS)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ([[0.5, 0.5], [0.4, 0.5], [1, 0]], "add up to 1"),
        ([[1.5, -0.5], [1, 0], [1, 0]], "add up to 1"),
        ([[np.nan, 1], [1, 0], [1, 0]], "finite"),
        ([[1.0], [1.0], [1.0]], "one probability a row and class"),
    ],
)
def test_probabilities_are_held_to_what_they_are(liar, values, sentence):
    given = np.array(values)
    with pytest.raises(ModelUnavailable, match=sentence):
        liar(frame(arrays("<f8", given.shape), given.tobytes())).predict_proba(ROWS)


def test_an_answer_in_drips_does_not_hold_the_audit(liar):
    """The time is for the whole frame, not for each byte of it."""
    started = time.monotonic()
    with pytest.raises(ModelUnavailable, match="did not answer predict within 1 s"):
        liar(wire.HEAD.pack(100, 0) + b"{").predict(ROWS)
    assert time.monotonic() - started < 30


def test_a_process_that_does_not_read_does_not_hold_the_audit():
    ours, theirs = socket.socketpair()
    worker = Worker(subprocess.Popen(["sleep", "60"]), ours, call_seconds=0.5)
    with pytest.raises(ModelUnavailable, match="within"):
        worker.call({"operation": "predict"}, [bytes(32 * 2**20)])
    theirs.close()


def test_stopping_while_another_thread_waits():
    ours, theirs = socket.socketpair()
    process = subprocess.Popen(["sleep", "60"], pass_fds=(theirs.fileno(),))
    theirs.close()
    worker = Worker(process, ours, call_seconds=30)
    said = []

    def ask():
        try:
            worker.call({"operation": "predict"})
        except ModelUnavailable as problem:
            said.append(problem.message)

    thread = threading.Thread(target=ask)
    thread.start()
    time.sleep(0.2)
    worker.stop()
    thread.join(timeout=10)
    assert said == ["the model's process was closed"]
    assert worker.connection.fileno() == -1


def test_a_mixed_column_is_named_as_such_without_its_cells(tmp_path):
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(corpus.regression()))
    _, model = open_model(tmp_path / "model.pkl")
    with pytest.raises(InputProblem, match="values of several kinds") as said:
        model.predict(pd.DataFrame({"a": [1, "Miller", object()]}))
    assert "Miller" not in said.value.message
    model.release()


def test_a_process_that_is_ended_from_outside_is_named(tmp_path):
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(corpus.regression()))
    _, model = open_model(tmp_path / "model.pkl")
    os.kill(model._worker.process.pid, signal.SIGKILL)
    with pytest.raises(ModelUnavailable, match="was ended by SIGKILL in predict"):
        model.predict(ROWS)
    model.release()
