"""A model given as `package.module:function`: code that the user trusts, run in a process of its own."""

import json
import re
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from govkit.core.digest import sha256_of
from govkit.core.errors import InputProblem, ModelRaised, ModelUnavailable
from govkit.core.evidence import Message
from govkit.core.frozen import Frozen
from govkit.inputs import wire
from govkit.inputs.answering import Answers
from govkit.inputs.model import Artifact, Described
from govkit.inputs.proxy import Proxy, Worker
from govkit.inputs.sandbox import Limits

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

MESSAGES = {
    "model.trusted_function": "{reference} is code that the user trusts. It runs in a process of its own, with the "
    "user's files and network; nothing of it was scanned.",
}
_REFERENCE = re.compile(r"([^\W\d]\w*(?:\.[^\W\d]\w*)*):([^\W\d]\w*(?:\.[^\W\d]\w*)*)")
_PROGRAM = "import sys; sys.path[:0] = [sys.argv.pop(1)]; from govkit.inputs.function_worker import main; main()"


class _Report(Frozen):
    """What the process says of the function, or why there is none."""

    isolation: dict[str, str]
    source_sha256: str = ""
    described: Described | None = None
    """Of an object with `predict`; None for a bare function."""
    unsupported: str = ""
    problem: str = ""
    absent: str = ""


def is_function(reference: str) -> bool:
    """Say whether a MODEL argument has the form `package.module:function`."""
    return _REFERENCE.fullmatch(reference) is not None


class FunctionSource:
    """A bare function behind its process; what its answers mean is settled later."""

    def __init__(self, worker: Worker) -> None:
        """Take the running process."""
        self._worker = worker
        self._textual = False

    def ask(self, rows: "pd.DataFrame", width: int) -> Answers:
        """Give the function's answers, `width` numbers a row at most."""
        wide = ("class",) * max(width, 1)
        proxy = Proxy(self._worker, Described("", (), "other", frozenset(), wide))
        if not self._textual:
            try:
                return Answers(numbers=_flat(proxy.decision_function(rows)))
            except ModelRaised:
                raise
            except ModelUnavailable:
                if self._worker.ended:
                    raise
        labels = proxy.predict(rows)
        self._textual = True
        return Answers(labels=labels)

    def close(self) -> None:
        """End the process."""
        self._worker.stop()


def open_function(reference: str, *, limits: Limits | None = None) -> tuple[Artifact, "FunctionSource | Proxy"]:
    """Import a function, or an object with `predict`, in a process of its own.

    Raises:
        InputProblem: the module can't be imported, or what it names can't be called.
    """
    limits = limits or Limits()
    worker = _start(reference, limits)
    try:
        plain, _ = wire.receive(worker.connection, seconds=limits.start_seconds, most=0)
        report = _Report.model_validate(plain)
    except (wire.Closed, ValidationError):
        raise _ended(worker.lost("the import"), reference) from None
    except TimeoutError:
        raise _ended(worker.lost("the import", after=limits.start_seconds), reference) from None
    except BaseException:
        worker.stop()
        raise
    if report.problem or report.unsupported:
        worker.stop()
        raise _problem(reference, report)
    artifact = Artifact(
        name=reference,
        sha256=sha256_of({"reference": reference, "source": report.source_sha256}),
        size=0,
        format="Python function, trusted by the user",
        isolation=report.isolation,
        source="function",
        notes=(Message(id="model.trusted_function", args={"reference": reference}),),
    )
    if report.described is not None:
        return artifact, Proxy(worker, replace(report.described, fitted_with={}))
    return artifact, FunctionSource(worker)


def _start(reference: str, limits: Limits) -> Worker:
    match = _REFERENCE.fullmatch(reference)
    assert match is not None
    ours, theirs = socket.socketpair()
    root = str(Path(__file__).parent.parent.parent)
    settings = json.dumps({"module": match[1], "name": match[2], "memory": limits.memory})
    # `-c` puts the working folder on the path, so that a module beside the data is found
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and program
        [sys.executable, "-B", "-c", _PROGRAM, root, str(theirs.fileno()), settings],
        stdin=subprocess.DEVNULL,
        pass_fds=(theirs.fileno(),),
    )
    theirs.close()
    return Worker(process, ours, limits.call_seconds)


def _ended(problem: ModelUnavailable, reference: str) -> InputProblem:
    return InputProblem(f"{reference} can't be imported: {problem.message}", hint="import it in Python and see")


def _problem(reference: str, report: _Report) -> InputProblem:
    if report.unsupported:
        return InputProblem(
            f"{reference} is a {report.unsupported}, which can't be asked",
            hint="name a function that takes a table of features, or an object with `predict`",
        )
    absent = f": {report.absent} is not found" if report.absent else ""
    return InputProblem(
        f"{reference} can't be imported ({report.problem}{absent})",
        hint="call govkit from the folder that the module is in, or put it on PYTHONPATH",
    )


def _flat(numbers: "NDArray[np.float64]") -> "NDArray[np.float64]":
    return numbers[:, 0] if numbers.shape[1:] == (1,) else numbers
