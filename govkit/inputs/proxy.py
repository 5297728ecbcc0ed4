"""The audit's end of the model's process: asks, checks every answer's form, and notices when nobody answers."""

import math
import re
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from govkit.core.errors import ModelRaised, ModelUnavailable
from govkit.core.evidence import Scalar
from govkit.inputs import wire
from govkit.inputs.model import MULTILABEL, Described
from govkit.inputs.training import TrainingFunction
from govkit.inputs.transport import Buffer, packed

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

TOLERANCE = 1e-6
"""How far probabilities may be from adding up to 1."""
TOLERANCE_SINGLE = 1e-4
"""The same for numbers of single precision, as boosters and ONNX give them."""
PER_VALUE = 16
"""Bytes that one number of an answer may take."""
OVERHEAD = 2**20
MAX_STRUCTURE = 2**30
"""Bytes of fitted numbers that a model may hand over."""
Method = Literal["predict", "predict_proba", "decision_function"]
_NUMBERS = re.compile(r"[<>|=]?[biuf][0-9]{1,2}")
_NONSENSE = "the model's process answered nonsense"


@dataclass
class Worker:
    """A running worker process and the socket to it; one call at a time."""

    process: "subprocess.Popen[bytes]"
    connection: socket.socket
    call_seconds: float
    ended: str = ""
    """Why it can't answer any more; empty while it can."""
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def call(
        self,
        header: dict[str, Any],
        payload: Sequence[Buffer] = (),
        *,
        most: int = OVERHEAD,
        seconds: float | None = None,
    ) -> tuple[dict[str, Any], bytearray]:
        """Send one operation and wait for the answer, of which at most `most` bytes are taken.

        Args:
            header: the operation.
            payload: its rows, buffer by buffer.
            most: bytes of answer that are taken.
            seconds: how long it may take; as for every call when None.

        Raises:
            ModelUnavailable: the process is gone, or didn't answer in time and was ended.
            ModelRaised: the model raised an exception.
        """
        with self._lock:
            if self.ended:
                raise ModelUnavailable(self.ended, hint="audit a model that can be asked, or raise its limits")
            patience = min(seconds or self.call_seconds, self.call_seconds)
            try:
                wire.send(self.connection, header, payload, seconds=patience)
                answer, content = wire.receive(self.connection, seconds=patience, most=most)
            except wire.Closed:
                raise self.lost(str(header["operation"])) from None
            except TimeoutError:
                raise self.lost(str(header["operation"]), after=patience) from None
        if "raised" in answer:
            raise ModelRaised(
                f"the model raised {answer['raised']} in {header['operation']}",
                hint="try it on the same rows in Python",
            )
        return answer, content

    def lost(self, doing: str, *, after: float | None = None) -> ModelUnavailable:
        """End what is left of the process and say how it ended.

        Args:
            doing: what it was asked.
            after: the seconds it was given, where it didn't answer in time.
        """
        if after is None:
            try:
                code = self.process.wait(timeout=1)
            except subprocess.TimeoutExpired:
                code = 0
            ended = f"the model's process {_how(code)} in {doing}"
        else:
            ended = f"the model did not answer {doing} within {after:g} s and was stopped"
        self.ended = self.ended or ended
        self.stop()
        return ModelUnavailable(self.ended, hint="try the same call in Python; the rest of the audit goes on")

    def stop(self) -> None:
        """End the process; harmless when it has ended, and from another thread while a call waits."""
        self.ended = self.ended or "the model's process was closed"
        self.process.kill()
        self.process.wait()
        with self._lock:  # a waiting call has seen the end by now and lets go of the connection
            self.connection.close()


def _how(code: int) -> str:
    if code < 0:
        try:
            return f"was ended by {signal.Signals(-code).name}"
        except ValueError:
            return f"was ended by signal {-code}"
    return f"ended by itself with code {code}" if code else "broke the protocol"


@dataclass(frozen=True)
class Again:
    """How a model is fitted anew."""

    training: TrainingFunction | None = None
    """The function to call; None: the model is cloned."""
    start: Callable[[], Worker] | None = None
    """Starts the process anew."""


class Proxy:
    """A model in a worker process; fulfils `inputs.model.Model`."""

    def __init__(self, worker: Worker, described: Described, handle: int = 0, *, again: Again | None = None) -> None:
        """Take the worker and the handle of one of its models.

        Args:
            worker: the process.
            described: what it says of the model.
            handle: which of its models this is.
            again: how fitting goes, and how the process is started anew when fitting has ended it.
        """
        self.described = described
        self.fit_ms = 0
        self._worker = worker
        self._handle = handle
        self._again = again or Again()

    @property
    def process_id(self) -> int:
        """The process that holds the model."""
        return self._worker.process.pid

    def predict(self, rows: "pd.DataFrame") -> "NDArray[np.generic]":
        """Give a label or value a row."""
        answer = self._ask("predict", rows)
        several = self.described.kind == MULTILABEL
        if answer.shape != ((len(rows), len(self.described.classes)) if several else (len(rows),)):
            raise self._nonsense("predict", "one answer a row")
        self._check_finite(answer)
        if answer.dtype.kind == "O" and not all(isinstance(label, str | int | float) for label in answer):
            raise self._nonsense("predict", "a label or a number for every row")
        return answer

    def predict_proba(self, rows: "pd.DataFrame") -> "NDArray[np.float64]":
        """Give class probabilities (rows, classes)."""
        import numpy as np

        answer, tolerance = self._numbers("predict_proba", rows)
        if answer.shape != (len(rows), len(self.described.classes)):
            raise self._nonsense("predict_proba", "one probability a row and class")
        inside = (answer >= -tolerance) & (answer <= 1 + tolerance)
        each_for_itself = self.described.kind == MULTILABEL
        if not inside.all() or not (each_for_itself or (np.abs(answer.sum(axis=1) - 1) <= tolerance).all()):
            raise self._nonsense("predict_proba", "probabilities that add up to 1")
        return answer

    def decision_function(self, rows: "pd.DataFrame") -> "NDArray[np.float64]":
        """Give decision scores (rows,) or (rows, classes)."""
        answer, _ = self._numbers("decision_function", rows)
        if answer.shape[:1] != (len(rows),):
            raise self._nonsense("decision_function", "one score a row")
        return answer

    def structure(self) -> "dict[str, NDArray[np.generic]]":
        """Give the fitted numbers as arrays."""
        header = {"operation": "structure", "handle": self._handle}
        answer, content = self._worker.call(header, most=MAX_STRUCTURE)
        return _unpacked(answer, content)

    def fit(  # noqa: PLR0913 - each is one option of a fit
        self,
        rows: "pd.DataFrame",
        target: "NDArray[np.generic]",
        *,
        seed: int,
        weight: "NDArray[np.float64] | None" = None,
        seconds: float | None = None,
        change: Mapping[str, Scalar] | None = None,
    ) -> "Proxy":
        """Fit a clone with every random state set from the seed.

        Where that ends the process, it is started anew from the same file, so that the model itself can still be asked.
        """
        names = [str(name) for name in rows.columns]
        frame = rows.set_axis(list(range(len(names))), axis=1)
        frame[len(names)] = target
        if weight is not None:
            frame[len(names) + 1] = weight
        facts, buffers = packed(frame)
        header: dict[str, Any] = {
            "operation": "fit",
            "handle": self._handle,
            "names": names,
            "seed": seed,
            "rows": facts,
            "change": dict(change or {}),
        }
        if self._again.training is not None:
            header["training"] = asdict(self._again.training)
        try:
            answer, _ = self._worker.call(header, buffers, seconds=seconds)
        except ModelUnavailable:
            if self._worker.ended and self._again.start is not None:
                self._worker = self._again.start()
            raise
        handle, classes, spent = answer.get("handle"), answer.get("classes"), answer.get("cpu_ms")
        if not isinstance(handle, int) or not isinstance(classes, list) or not isinstance(spent, int):
            raise ModelUnavailable(_NONSENSE, hint="correct the model")
        fitted = Proxy(self._worker, replace(self.described, classes=tuple(classes)), handle)
        fitted.fit_ms = spent
        return fitted

    def release(self) -> None:
        """Forget a clone; for the audited model, end the process."""
        if self._handle == 0:
            self._worker.stop()
        elif not self._worker.ended:
            self._worker.call({"operation": "release", "handle": self._handle})

    def _numbers(self, method: Method, rows: "pd.DataFrame") -> "tuple[NDArray[np.float64], float]":
        """Give finite numbers, and how far probabilities among them may be from adding up to 1."""
        import numpy as np

        answer = self._ask(method, rows)
        if answer.dtype.kind not in "biuf":
            raise self._nonsense(method, "numbers")
        numbers = answer.astype(np.float64)
        self._check_finite(numbers)
        return numbers, TOLERANCE_SINGLE if answer.dtype.itemsize < numbers.dtype.itemsize else TOLERANCE

    def _ask(self, method: Method, rows: "pd.DataFrame") -> "NDArray[np.generic]":
        facts, buffers = packed(rows)
        header: dict[str, Any] = {"operation": method, "handle": self._handle, "rows": facts}
        header["names"] = [str(name) for name in rows.columns]
        values = len(rows) * max(len(self.described.classes), 1) ** (2 if method == "decision_function" else 1)
        answer, content = self._worker.call(header, buffers, most=OVERHEAD + PER_VALUE * values)
        arrays = _unpacked(answer, content)
        if "labels" in answer:
            return _labelled(answer["labels"], arrays.get("codes"))
        if "answer" not in arrays:
            raise ModelUnavailable(_NONSENSE, hint="correct the model")
        return arrays["answer"]

    def _check_finite(self, answer: "NDArray[np.generic]") -> None:
        """Count the rows whose answer holds NaN or infinity; a model may do so on some rows alone.

        Raises:
            ModelRaised: there are some.
        """
        import numpy as np

        if answer.dtype.kind != "f" or np.isfinite(answer).all():
            return
        wrong = int((~np.isfinite(answer.reshape(len(answer), -1))).any(axis=1).sum())
        raise ModelRaised(
            f"the model does not give finite numbers: {wrong:,} of {len(answer):,} answers hold NaN or infinity",
            hint="correct the model, or leave out rows that it has no answer for",
        )

    def _nonsense(self, method: str, wanted: str) -> ModelUnavailable:
        return ModelUnavailable(f"the model's {method} does not give {wanted}", hint="correct the model")


def _unpacked(answer: dict[str, Any], content: bytearray) -> "dict[str, NDArray[np.generic]]":
    """Read arrays back; their announced sizes must be the size of what came.

    Raises:
        ModelUnavailable: they aren't.
    """
    try:
        return dict(_arrays(answer["arrays"], content))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ModelUnavailable(_NONSENSE, hint="correct the model") from None


def _arrays(facts: dict[str, Any], content: bytearray) -> "Iterator[tuple[str, NDArray[np.generic]]]":
    import numpy as np

    start = 0
    for name, each in facts.items():
        shape = tuple(each["shape"])
        if not _NUMBERS.fullmatch(each["dtype"]) or not all(type(size) is int and size >= 0 for size in shape):
            raise ValueError
        dtype, count = np.dtype(each["dtype"]), math.prod(shape)
        if start + dtype.itemsize * count > len(content):
            raise ValueError
        flat = np.frombuffer(content, dtype, count=count, offset=start) if count else np.empty(0, dtype)
        yield name, flat.reshape(shape)
        start += dtype.itemsize * count


def _labelled(labels: object, codes: "NDArray[np.generic] | None") -> "NDArray[np.generic]":
    """Turn numbers of labels into the labels.

    Raises:
        ModelUnavailable: a number has no label.
    """
    import numpy as np

    if not isinstance(labels, list) or codes is None or codes.dtype.kind not in "iu":
        raise ModelUnavailable(_NONSENSE, hint="correct the model")
    if codes.size and not (codes.min() >= 0 and codes.max() < len(labels)):
        raise ModelUnavailable(_NONSENSE, hint="correct the model")
    known = np.empty(len(labels), dtype=object)
    known[:] = labels
    return known[codes.astype(np.int64)]
