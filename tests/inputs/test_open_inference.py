"""The client of the Open Inference Protocol believes nothing, waits for nobody for ever, and keeps to its rate."""

import time
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from inference_server import Service as Server
from inference_server import served

from govkit.config import Service
from govkit.core.errors import InputProblem, ModelRaised, ModelUnavailable, ModelUnreachable, UsageProblem
from govkit.inputs.open_inference import address_of
from govkit.inputs.service import open_service

ROWS = pd.DataFrame({"a": np.arange(5.0), "b": np.arange(5.0) / 2})


@dataclass
class Sum:
    """Says 1 where a row adds up to more than 3."""

    feature_names_in_ = ("a", "b")

    def predict(self, rows):
        return (rows.sum(axis=1) > 3).astype(int).to_numpy()

    def predict_proba(self, rows):
        positive = np.clip(rows.sum(axis=1).to_numpy() / 10, 0, 1)
        return np.column_stack([1 - positive, positive])


@pytest.fixture
def server():
    return Server(Sum())


def asked(url, rows=ROWS, **settings):
    _, source, _ = open_service(url, Service(**{"retries": 0, "timeout_seconds": 5, **settings}))
    try:
        return source.ask(rows, 2)
    finally:
        source.close()


def only_infer(change):
    """Misbehave in answers to rows, not in the metadata."""

    def misbehave(handler, content):
        return change(content) if handler.command == "POST" else None

    return misbehave


def test_labels_and_probabilities_come_back_in_order_over_several_requests(server):
    with served(server) as url:
        found = asked(url, rows_per_request=2)
    assert found.labels.tolist() == [0, 0, 0, 1, 1]
    np.testing.assert_allclose(found.numbers[:, 1], ROWS.sum(axis=1) / 10)
    assert len(server.requests) == 3


def test_columns_or_one_input_as_declared(server):
    with served(server) as url:
        asked(url)
        server.per_column = False
        artifact, source, described = open_service(url, Service())
        assert (described.features, described.n_features) == ((), 2)
        assert source.ask(ROWS, 2).labels.tolist() == [0, 0, 0, 1, 1]
        source.close()
    columns, only = server.requests[0][1]["inputs"], server.requests[1][1]["inputs"]
    assert [one["name"] for one in columns] == ["a", "b"]
    assert columns[0]["shape"] == [5, 1]
    assert [(one["name"], one["shape"]) for one in only] == [("rows", [5, 2])]
    assert len(artifact.sha256) == 64


def test_missing_cells_are_null_and_what_json_cannot_say_is_not_sent(server):
    with served(server) as url:
        asked(url, ROWS.assign(a=[np.nan, 1, 0, 1, 2]))
        for odd in (np.inf, "x"):
            with pytest.raises(InputProblem, match="the model takes FP64"):
                asked(url, ROWS.assign(b=odd))
    assert server.requests[-1][1]["inputs"][0]["data"] == [None, 1, 0, 1, 2]


def changed(**replaced):
    def change(content):
        outputs = [{**one, **replaced} if one["name"] == "predict_proba" else one for one in content["outputs"]]
        return 200, {}, {**content, "outputs": outputs}

    return change


NONSENSE = {
    "too few rows": changed(shape=[4, 2], data=[0.5] * 8),
    "too little data": changed(data=[0.5]),
    "nan": changed(data=[float("nan")] * 10),
    "text": changed(data=["0.5"] * 10),
    "ragged": changed(data=[[0.5], [0.5, 0.5]]),
    "objects": changed(data=[{}] * 10),
    "negative": changed(shape=[-5, -2]),
    "truth": changed(shape=[5, True], data=[0.5] * 5),
    "huge": changed(shape=[5, 10**9]),
    "unknown type": changed(datatype="STRING"),
    "fractions as whole numbers": changed(datatype="INT64"),
    "too large": changed(datatype="INT64", data=[10**30] * 10),
    "no outputs": lambda content: (200, {}, {**content, "outputs": []}),
    "no JSON": lambda _: (200, {}, b"<html>"),
    "deep": lambda _: (200, {}, b"[" * 100_000),
    "a list": lambda _: (200, {}, [1]),
    "endless": lambda _: (200, {}, b" " * 3_000_000),
    "a redirect": lambda _: (302, {"Location": "http://169.254.169.254/"}, b""),
    "no access": lambda _: (401, {}, b"canary"),
}


@pytest.mark.parametrize("case", NONSENSE)
def test_nonsense_is_never_taken_for_an_answer(server, case):
    server.misbehave = only_infer(NONSENSE[case])
    with served(server) as url, pytest.raises(ModelUnavailable) as refused:
        asked(url)
    assert "canary" not in refused.value.message


@pytest.mark.parametrize("status", [400, 500])
def test_rows_that_the_service_refuses_are_told_from_a_service_that_is_gone(server, status):
    server.misbehave = only_infer(lambda _: (status, {}, b'{"error": "canary 31"}'))
    with served(server) as url:
        _, source, _ = open_service(url, Service(retries=3))
        for _ in range(2):
            with pytest.raises(ModelRaised) as refused:
                source.ask(ROWS, 2)
            assert "canary" not in refused.value.message
        source.close()
    first = 1 if status == 400 else 4  # sent again to see whether 500 passes, and from then on not
    assert len(server.requests) == first + 1


def test_a_service_that_fails_now_and_then_answers_in_the_end(server):
    turn = iter(range(100))
    server.misbehave = only_infer(lambda _: (500, {}, b"{}") if next(turn) % 2 == 0 else None)
    with served(server) as url:
        _, source, _ = open_service(url, Service(retries=2))
        for _ in range(2):
            assert source.ask(ROWS, 2).labels.tolist() == [0, 0, 0, 1, 1]
        source.close()
    assert len(server.requests) == 4


def test_a_service_that_is_gone_is_not_waited_for_again_and_again(server):
    server.misbehave = only_infer(lambda _: (503, {}, b"{}"))
    with served(server) as url:
        _, source, _ = open_service(url, Service(retries=1))
        for _ in range(4):
            with pytest.raises(ModelUnreachable):
                source.ask(ROWS, 2)
        source.close()
    assert len(server.requests) == 2 + 2 + 1 + 1


def test_what_may_pass_is_tried_again(server):
    states = iter([503, 429])

    def misbehave(handler, content):
        status = next(states, None) if handler.command == "POST" else None
        return status and (status, {"Retry-After": "0"}, b"")

    server.misbehave = misbehave
    with served(server) as url:
        assert asked(url, retries=2).labels.tolist() == [0, 0, 0, 1, 1]
        states = iter([503, 503])
        with pytest.raises(ModelUnavailable, match=r"status 503 \(2 attempts\)"):
            asked(url, retries=1)


@pytest.mark.parametrize("how", ["silent", "drips"])
def test_a_service_that_does_not_answer_in_time(server, how):
    def misbehave(handler, content):
        if handler.command == "GET":
            return
        for _ in range(10):
            if how == "drips":
                handler.wfile.write(b"H")
            time.sleep(0.1)
        return

    server.misbehave = misbehave
    started = time.monotonic()
    with served(server) as url, pytest.raises(ModelUnavailable, match=r"no answer within 0.3 s"):
        asked(url, timeout_seconds=0.3)
    assert time.monotonic() - started < 20


def test_requests_keep_their_distance(server):
    with served(server) as url:
        asked(url, rows_per_request=1, requests_per_second=20)
    times = [when for when, _ in server.requests]
    assert times[-1] - times[0] > 0.9 * (len(times) - 1) / 20


def test_the_token_comes_from_the_environment_and_goes_to_the_service_alone(server, monkeypatch):
    monkeypatch.setenv("OWN_TOKEN", "token-canary")
    with served(server) as url:
        artifact, source, _ = open_service(url, Service(token_env="OWN_TOKEN"))
        source.ask(ROWS, 2)
        source.close()
    assert {one["Authorization"] for one in server.headers} == {"Bearer token-canary"}
    assert "canary" not in repr((artifact, source.__dict__))


METADATA = {
    "no JSON": b"<html>",
    "another protocol": {"signature": {}},
    "inputs without names": {"inputs": [{"datatype": "FP64", "shape": [1]}]},
    "unknown type": {"inputs": [{"name": "a", "datatype": "CANARY", "shape": [1]}]},
    "shape of text": {"inputs": [{"name": "a", "datatype": "FP64", "shape": "x"}]},
    "large": b" " * (5 * 2**20),
}


@pytest.mark.parametrize("case", METADATA)
def test_metadata_of_another_kind(server, case):
    answer = METADATA[case]
    server.misbehave = lambda handler, content: (200, {}, answer)
    with served(server) as url:
        if case == "another protocol":
            _, source, described = open_service(url, Service())
            source.close()
            assert described.features == ()
        else:
            with pytest.raises(InputProblem):
                open_service(url, Service(retries=0))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "localhost", "[::1]"])
def test_this_machine_is_allowed(host):
    assert address_of(f"http://{host}:8080/v2/models/m/versions/3/infer", Service()).path == "/v2/models/m/versions/3"


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.1", "127.0.0.1.example", "2130706433", "[::ffff:10.0.0.1]"])
def test_other_hosts_have_to_be_named(host):
    with pytest.raises(UsageProblem, match="not allowed"):
        address_of(f"http://{host}/v2/models/m", Service())
    named = Service(allowed_hosts=(host.strip("[]"),))
    assert address_of(f"https://{host}/v2/models/m", named).model == "m"
