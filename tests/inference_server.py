"""A small server of the Open Inference Protocol v2 around a real estimator, which can also misbehave as asked."""

import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pandas as pd


class Service:
    """What the server answers: an estimator's labels and probabilities, or what `misbehave` gives instead."""

    def __init__(self, estimator, *, per_column=True, proba=True):
        self.estimator = estimator
        self.per_column = per_column
        self.proba = proba
        self.requests = []
        self.headers = []
        self.misbehave = None

    @property
    def metadata(self):
        names = list(self.estimator.feature_names_in_)
        inputs = [
            {"name": name, "datatype": "BYTES" if name == "region" else "FP64", "shape": [-1, 1]} for name in names
        ]
        if not self.per_column:
            inputs = [{"name": "rows", "datatype": "FP64", "shape": [-1, len(names)]}]
        outputs = [{"name": "predict", "datatype": "INT64", "shape": [-1]}]
        if self.proba:
            outputs.append({"name": "predict_proba", "datatype": "FP64", "shape": [-1, 2]})
        return {"name": "loans", "platform": "test", "inputs": inputs, "outputs": outputs}

    def infer(self, asked):
        names = list(self.estimator.feature_names_in_)
        if self.per_column:
            frame = pd.DataFrame({one["name"]: one["data"] for one in asked["inputs"]})[names]
        else:
            only = asked["inputs"][0]
            frame = pd.DataFrame(np.reshape(only["data"], only["shape"]), columns=names)
        labels = self.estimator.predict(frame)
        outputs = [{"name": "predict", "datatype": "INT64", "shape": [len(frame)], "data": labels.tolist()}]
        if self.proba:
            proba = self.estimator.predict_proba(frame)
            outputs.append(
                {
                    "name": "predict_proba",
                    "datatype": "FP64",
                    "shape": list(proba.shape),
                    "data": proba.ravel().tolist(),
                }
            )
        return {"model_name": "loans", "outputs": outputs}


@contextmanager
def served(service):
    """Serve at `/v2/models/loans`; give the URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self, content):
            service.headers.append(dict(self.headers))
            status, extra = 200, {}
            if service.misbehave is not None and (changed := service.misbehave(self, content)) is not None:
                status, extra, content = changed
            body = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **extra}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self):
            self._answer(service.metadata)

        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            service.requests.append((time.monotonic(), asked))
            try:
                content = service.infer(asked)
            except ValueError:
                self.send_error(500)
                return
            self._answer(content)

        def log_message(self, *words):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v2/models/loans"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
