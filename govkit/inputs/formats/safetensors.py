"""Safetensors: weights alone, read here without PyTorch, with notes on how they are connected.

The file's own `__metadata__` has to say what weights can't: {"activation": "relu", "output": "softmax"}, and where
wanted "classes" and "features" as JSON lists. Layers are applied in the order of their names' numbers.
"""

import json
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govkit.inputs.native import NativeModel, Unsupported, both_classes, classifier
from govkit.plugins.model_format import Policy, Scanned, model_format

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

KINDS = {"F64": "<f8", "F32": "<f4", "F16": "<f2"}
MAX_HEADER = 16 * 2**20
ACTIVATIONS = ("identity", "relu", "tanh", "sigmoid")
OUTPUTS = ("identity", "sigmoid", "softmax")
_LAYER = re.compile(r"(.*?)([0-9]*)\.(weight|bias)")
_UNTOLD = (
    "its file holds weights and not how they are connected: add the metadata activation and output, or export the "
    "model as ONNX"
)


@model_format("safetensors")
class SafetensorsFormat:
    """A stack of linear layers with one kind of activation between them."""

    def recognises(self, head: bytes, path: Path) -> bool:
        """Recognise the length of the description and its first letter."""
        size = int.from_bytes(head[:8], "little")
        return path.suffix.lower() == ".safetensors" and 2 <= size <= MAX_HEADER and head[8:9] == b"{"  # noqa: PLR2004

    def scan(self, content: bytes, policy: Policy) -> Scanned:
        """Check that every tensor lies inside the file, and that the description says how they are connected."""
        del policy
        try:
            header, body = _header(content)
            _layers(header, body)
        except Unsupported as problem:
            return Scanned(unreadable=str(problem))
        notes = header.get("__metadata__", {})
        told = notes.get("activation") in ACTIVATIONS and notes.get("output") in OUTPUTS
        return Scanned() if told else Scanned(unreadable=_UNTOLD)

    def load(self, content: bytes, policy: Policy) -> NativeModel:
        """Connect the layers as the metadata says."""
        del policy
        header, body = _header(content)
        return _connected(_layers(header, body), header["__metadata__"])


def _header(content: bytes) -> tuple[dict[str, Any], bytes]:
    size = int.from_bytes(content[:8], "little")
    try:
        header = json.loads(content[8 : 8 + size])
    except (ValueError, RecursionError):
        header = None
    whole = isinstance(header, dict) and isinstance(header.get("__metadata__", {}), dict) and size <= len(content) - 8
    if not whole:
        raise Unsupported("its description is damaged")
    return header, content[8 + size :]


def _layers(header: dict[str, Any], body: bytes) -> "list[tuple[Array, Array]]":
    """Give weights (outputs, inputs) and biases (outputs) of each layer in order."""
    import numpy as np

    found: dict[tuple[str, int], dict[str, Array]] = {}
    for name, facts in header.items():
        if name == "__metadata__":
            continue
        place = _LAYER.fullmatch(name)
        if place is None:
            raise Unsupported("it holds other tensors than weights and biases of linear layers")
        try:
            start, end = facts["data_offsets"]
            flat = np.frombuffer(body[start:end], KINDS[facts["dtype"]])
            array = flat.reshape(facts["shape"]).astype(np.float64)
        except (KeyError, TypeError, ValueError):
            raise Unsupported("its description is damaged") from None
        found.setdefault((place[1], int(place[2] or 0)), {})[place[3]] = array
    ordered = [found[key] for key in sorted(found, key=lambda key: (key[1], key[0]))]
    if not ordered or any(_misfit(layer) for layer in ordered):
        raise Unsupported("it holds other tensors than weights and biases of linear layers")
    whole = [(layer["weight"], layer.get("bias", np.zeros(len(layer["weight"])))) for layer in ordered]
    if any(one[0].shape[0] != other[0].shape[1] for one, other in pairwise(whole)):
        raise Unsupported("its layers don't fit each other")
    return whole


def _misfit(layer: "dict[str, Array]") -> bool:
    weight, bias = layer.get("weight"), layer.get("bias")
    if weight is None or weight.ndim != 2:  # noqa: PLR2004 - outputs and inputs
        return True
    return bias is not None and bias.shape != weight.shape[:1]


def _connected(layers: "list[tuple[Array, Array]]", notes: dict[str, str]) -> NativeModel:
    import numpy as np

    functions: dict[str, Callable[[Array], Array]] = {
        "identity": lambda values: values,
        "relu": lambda values: np.maximum(values, 0),
        "tanh": np.tanh,
        "sigmoid": lambda values: 1 / (1 + np.exp(-values)),
        "softmax": _softmax,
    }
    between, end = functions[notes["activation"]], functions[notes["output"]]

    def ask(rows: "pd.DataFrame") -> "Array":
        values = rows.to_numpy(dtype=np.float64)
        for weight, bias in layers[:-1]:
            values = between(values @ weight.T + bias)
        return end(values @ layers[-1][0].T + layers[-1][1])

    columns, width = layers[0][0].shape[1], layers[-1][0].shape[0]
    features, classes = _listed(notes, "features", columns), _listed(notes, "classes", max(width, 2))
    facts: dict[str, Any] = {"estimator": "safetensors.LinearLayers", "features": features, "n_features": columns}
    if notes["output"] == "softmax":
        return classifier(ask, classes or list(range(width)), **facts)
    if width != 1:
        raise Unsupported("gives several answers a row")
    if notes["output"] == "sigmoid":
        return classifier(lambda rows: np.asarray(both_classes(ask(rows)[:, 0])), classes or [0, 1], **facts)
    return NativeModel(kind="regressor", predict=lambda rows: ask(rows)[:, 0], **facts)


def _softmax(values: "Array") -> "Array":
    import numpy as np

    raised = np.exp(values - values.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def _listed(notes: dict[str, str], name: str, length: int) -> list[Any]:
    try:
        found = json.loads(notes.get(name, "[]"))
    except ValueError:
        found = None
    if not isinstance(found, list) or (found and len(found) != length):
        raise Unsupported(f"its metadata {name} is no list of {length}")
    return found
