"""The process of a Python function that the user trusts: imports it, and answers until its parent is gone.

The function runs as the user, with their files and network: confining it would break what ordinary code needs, and the
user has vouched for it. It can't reach the audit's memory, and its answers are checked like those of any model.
"""

import importlib
import json
import os
import resource
import signal
import socket
import sys
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from govkit.inputs import wire

if TYPE_CHECKING:
    import pandas as pd

PARENT_DEATH = 1
"""PR_SET_PDEATHSIG of prctl(2)."""


def main() -> None:
    """Run as `function_worker(socket fd, settings)`; the settings are JSON on the command line."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears Ctrl-C and ends this process
    connection = socket.socket(fileno=int(sys.argv[1]))
    settings = json.loads(sys.argv[2])
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    os.close(null)
    layers = _layers(settings["memory"])
    try:
        model = _opened(connection, settings, layers)
        if model is not None:
            from govkit.inputs.worker import Server

            Server(model).serve(connection)
    except wire.Closed:
        return


def _layers(memory: int) -> dict[str, str]:
    """Put up what doesn't hinder ordinary code, and say what is not there."""
    import ctypes

    found = {"own process": "held"}
    try:
        dies = ctypes.CDLL(None, use_errno=True).prctl(PARENT_DEATH, signal.SIGKILL, 0, 0, 0)
        found["parent death"] = "not available" if dies else "held"
    except (OSError, AttributeError):
        found["parent death"] = "not available"
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        found["memory limit"] = "held"
    except (OSError, ValueError):
        found["memory limit"] = "not available"
    trusted = "not applied: the user trusts this function"
    return {**found, "landlock": trusted, "seccomp": trusted, "scrubbed environment": trusted}


class _Function:
    """A bare function with a model's manners: answers may be labels, values, or a number for each class."""

    feature_names_in_ = ()

    def __init__(self, function: "Callable[[pd.DataFrame], Any]") -> None:
        self.predict = function
        self.decision_function = function


def _model(found: Any, report: dict[str, Any]) -> object:  # noqa: ANN401 - whatever the user names
    """Take an estimator as it is, anything else as a function; None for what can't be asked."""
    from sklearn.base import BaseEstimator

    from govkit.inputs.worker import describe

    if isinstance(found, BaseEstimator) and hasattr(found, "predict"):
        report["described"] = describe(found, {})
        return found
    asked = getattr(found, "predict_proba", None) or getattr(found, "predict", found)
    if isinstance(found, type) or not callable(asked):
        report["unsupported"] = type(found).__name__
        return None
    return _Function(asked)


def _opened(connection: socket.socket, settings: dict[str, Any], layers: dict[str, str]) -> object:
    """Import what was named and describe it; None ends the process."""
    from govkit.core.digest import sha256

    report: dict[str, Any] = {"isolation": layers}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found: Any = importlib.import_module(settings["module"])
        source = getattr(found, "__file__", None)
        if source:
            with open(source, "rb") as stream:  # noqa: PTH123 - one import less in the worker
                report["source_sha256"] = sha256(stream.read())
        for name in settings["name"].split("."):
            found = getattr(found, name)
        model = _model(found, report)
    except Exception as error:  # noqa: BLE001
        # the process boundary: whatever the user's module does while it is imported becomes one word
        model = None
        report["problem"] = type(error).__name__
        report["absent"] = getattr(error, "name", None) or ""
    wire.send(connection, report)
    return model
