"""The audit's end of the model's process: asks, checks every answer's form, and notices when nobody answers."""

import signal
import socket
import subprocess
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from govkit.core.errors import ModelRaised, ModelUnavailable
from govkit.inputs import wire
from govkit.inputs.model import Described

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

TOLERANCE = 1e-6
"""How far probabilities may be from adding up to 1."""
Method = Literal["predict", "predict_proba", "decision_function"]


@dataclass
class Worker:
    """A running worker process and the socket to it; one call at a time."""

    process: "subprocess.Popen[bytes]"
    connection: socket.socket
    call_seconds: float
    ended: str = ""
    """Why it can't answer any more; empty while it can."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def call(self, header: dict[str, Any], payload: bytes | memoryview = b"") -> tuple[dict[str, Any], bytearray]:
        """Send one operation and wait for the answer.

        Raises:
            ModelUnavailable: the process is gone, or didn't answer in time and was ended.
            ModelRaised: the model raised an exception.
        """
        with self._lock:
            if self.ended:
                raise ModelUnavailable(self.ended, hint="audit a model that can be asked, or raise its limits")
            try:
                wire.send(self.connection, header, payload)
                answer, content = self.receive(self.call_seconds)
            except (wire.Closed, TimeoutError) as problem:
                raise self.lost(str(header["operation"]), timed_out=isinstance(problem, TimeoutError)) from None
        if "raised" in answer:
            raise ModelRaised(
                f"the model raised {answer['raised']} in {header['operation']}", hint="try it on the same rows in Python"
            )
        return answer, content

    def receive(self, seconds: float) -> tuple[dict[str, Any], bytearray]:
        """Receive one frame within a time."""
        self.connection.settimeout(seconds)
        return wire.receive(self.connection)

    def lost(self, doing: str, *, timed_out: bool) -> ModelUnavailable:
        """End what is left of the process and say how it ended."""
        if timed_out:
            self.stop()
            self.ended = f"the model did not answer {doing} within {self.call_seconds:.0f} s and was stopped"
        else:
            try:
                code = self.process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                code = 0
            self.stop()
            self.ended = f"the model's process {_how(code)} in {doing}"
        return ModelUnavailable(self.ended, hint="try the same call in Python; the rest of the audit goes on")

    def stop(self) -> None:
        """End the process; harmless when it has ended."""
        self.connection.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.ended = self.ended or "the model's process was closed"


def _how(code: int) -> str:
    if code < 0:
        try:
            return f"was ended by {signal.Signals(-code).name}"
        except ValueError:
            return f"was ended by signal {-code}"
    return f"ended by itself with code {code}" if code else "broke the protocol"


class Proxy:
    """A model in a worker process; fulfils `inputs.model.Model`."""

    def __init__(self, worker: Worker, described: Described, handle: int = 0) -> None:
        """Take the worker and the handle of one of its models."""
        self.described = described
        self._worker = worker
        self._handle = handle

    def predict(self, rows: "pd.DataFrame") -> "NDArray[np.generic]":
        """Give a label or value a row."""
        import numpy as np

        answer = self._ask("predict", rows)
        if answer.shape != (len(rows),):
            raise self._nonsense("predict", "one answer a row")
        if answer.dtype.kind == "f" and not np.isfinite(answer).all():
            raise self._nonsense("predict", "finite numbers")
        return answer

    def predict_proba(self, rows: "pd.DataFrame") -> "NDArray[np.float64]":
        """Give class probabilities (rows, classes)."""
        import numpy as np

        answer = self._numbers("predict_proba", rows)
        if answer.shape != (len(rows), len(self.described.classes)):
            raise self._nonsense("predict_proba", "one probability a row and class")
        inside = (answer >= -TOLERANCE) & (answer <= 1 + TOLERANCE)
        if not inside.all() or not (np.abs(answer.sum(axis=1) - 1) <= TOLERANCE).all():
            raise self._nonsense("predict_proba", "probabilities that add up to 1")
        return answer

    def decision_function(self, rows: "pd.DataFrame") -> "NDArray[np.float64]":
        """Give decision scores (rows,) or (rows, classes)."""
        answer = self._numbers("decision_function", rows)
        if answer.shape[:1] != (len(rows),):
            raise self._nonsense("decision_function", "one score a row")
        return answer

    def structure(self) -> "dict[str, NDArray[np.generic]]":
        """Give the fitted numbers as arrays."""
        answer, content = self._worker.call({"operation": "structure", "handle": self._handle})
        return _unpacked(answer, content)

    def fit(self, rows: "pd.DataFrame", target: "NDArray[np.generic]", *, seed: int) -> "Proxy":
        """Fit a clone with every random state set from the seed."""
        names, frame = _positional(rows)
        frame["target"] = target
        header = {"operation": "fit", "handle": self._handle, "names": names, "seed": seed}
        answer, _ = self._worker.call(header, _stream(frame))
        return Proxy(self._worker, self.described, int(answer["handle"]))

    def release(self) -> None:
        """Forget a clone; for the audited model, end the process."""
        if self._handle == 0:
            self._worker.stop()
        elif not self._worker.ended:
            self._worker.call({"operation": "release", "handle": self._handle})

    def _numbers(self, method: Method, rows: "pd.DataFrame") -> "NDArray[np.float64]":
        import numpy as np

        answer = self._ask(method, rows)
        if answer.dtype.kind not in "biuf":
            raise self._nonsense(method, "numbers")
        numbers = answer.astype(np.float64)
        if not np.isfinite(numbers).all():
            raise self._nonsense(method, "finite numbers")
        return numbers

    def _ask(self, method: Method, rows: "pd.DataFrame") -> "NDArray[np.generic]":
        import numpy as np

        names, frame = _positional(rows)
        header = {"operation": method, "handle": self._handle, "names": names}
        answer, content = self._worker.call(header, _stream(frame))
        if "labels" in answer:
            labels = np.empty(len(answer["labels"]), dtype=object)
            labels[:] = answer["labels"]
            return labels.reshape(answer["shape"])
        return _unpacked(answer, content)["answer"]

    def _nonsense(self, method: str, wanted: str) -> ModelUnavailable:
        return ModelUnavailable(f"the model's {method} does not give {wanted}", hint="correct the model")


def _positional(rows: "pd.DataFrame") -> "tuple[list[str], pd.DataFrame]":
    """Name columns by position, so that no column name can get in the way of the transport."""
    frame = rows.set_axis([f"c{index}" for index in range(rows.shape[1])], axis=1)
    return [str(name) for name in rows.columns], frame


def _stream(frame: "pd.DataFrame") -> memoryview:
    import pyarrow as pa

    table = pa.Table.from_pandas(frame, preserve_index=False)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return memoryview(sink.getvalue())


def _unpacked(answer: dict[str, Any], content: bytearray) -> "dict[str, NDArray[np.generic]]":
    """Read arrays back; their announced sizes must be the size of what came.

    Raises:
        ModelUnavailable: they aren't.
    """
    import numpy as np

    arrays, start = {}, 0
    for name, facts in answer["arrays"].items():
        dtype, shape = np.dtype(facts["dtype"]), tuple(int(size) for size in facts["shape"])
        size = dtype.itemsize * int(np.prod(shape, dtype=np.int64))
        if dtype.hasobject or start + size > len(content):
            raise ModelUnavailable("the model's process answered nonsense", hint="correct the model")
        arrays[name] = np.frombuffer(content, dtype, count=int(np.prod(shape, dtype=np.int64)), offset=start).reshape(shape)
        start += size
    return arrays
