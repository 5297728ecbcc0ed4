"""Files that PyTorch wrote: TorchScript programs on tables of numbers; weights alone say nothing of their model."""

import re
from pathlib import Path
from typing import Any

from govkit.inputs.native import NativeModel, Unsupported, classifier
from govkit.inputs.zip_archive import DamagedArchive, names_in, read_entry
from govkit.plugins.model_format import Policy, Scanned, model_format

SUFFIXES = frozenset({".pt", ".pth", ".ts", ".torchscript"})
REACHES_OUT = re.compile(rb"\b(?:from_file|save|load|_save|_load|import_ir_module|open|_cat_file|pickle)\s*\(")
"""Calls in TorchScript that touch files; the language has none for the network or for programs."""
CUSTOM_OPERATOR = re.compile(rb"\bops\.(?!aten\b|prim\b|quantized\b)([A-Za-z_]\w*)")
WEIGHTS = "its file holds weights and not how they are connected: export the model with torch.jit.script, or as ONNX"


@model_format("torch", needs="torch")
class TorchFormat:
    """TorchScript, a small language of its own without imports; pickled modules are refused."""

    def recognises(self, head: bytes, path: Path) -> bool:
        """Recognise a zip archive with one of PyTorch's suffixes."""
        return head.startswith(b"PK\x03\x04") and path.suffix.lower() in SUFFIXES

    def scan(self, content: bytes, policy: Policy) -> Scanned:
        """Look through the program's text for what touches files and for operators of other libraries."""
        del policy
        try:
            names = names_in(content)
            if not any(name.endswith("/constants.pkl") for name in names):
                return Scanned(unreadable=WEIGHTS)
            scanned = Scanned()
            for name in (name for name in names if "/code/" in name and name.endswith(".py")):
                _judge(read_entry(content, name), scanned)
        except DamagedArchive as problem:
            return Scanned(unreadable=str(problem))
        return scanned

    def load(self, content: bytes, policy: Policy) -> NativeModel:
        """Read the program onto the processor and try it on one row.

        Raises:
            Unsupported: it doesn't take a table of numbers, or gives something else than numbers for each row.
        """
        import ctypes.util
        import io

        # it would start programs to look for graphics libraries, which this process may not
        ctypes.util.find_library = lambda name: None  # noqa: ARG005 - its own argument
        import torch

        del policy
        torch.set_num_threads(1)
        module: Any = torch.jit.load(io.BytesIO(content), map_location="cpu")
        module.eval()
        return _native(module)


def _judge(text: bytes, scanned: Scanned) -> None:
    for found in REACHES_OUT.finditer(text):
        scanned.findings.append(("GK-M06", "touches files", f"torch.{found[0].rstrip(b'( ').decode()}"))
    for found in CUSTOM_OPERATOR.finditer(text):
        scanned.findings.append(("GK-M06", "uses operators of another library", found[1].decode()))


def _native(module: Any) -> NativeModel:  # noqa: ANN401 - a TorchScript module
    import numpy as np
    import torch

    columns = _columns(module)

    def ask(rows: Any) -> Any:  # noqa: ANN401 - frame in, array out
        given = torch.from_numpy(np.ascontiguousarray(rows.to_numpy(), dtype=np.float32))
        with torch.no_grad():
            answer = module(given)
        if not isinstance(answer, torch.Tensor) or answer.shape[:1] != given.shape[:1] or answer.ndim > 2:  # noqa: PLR2004
            raise Unsupported("gives something else than numbers for each row")
        return answer.numpy()

    one = np.asarray(ask(_row(columns)))
    width = one.shape[1] if one.ndim == 2 else 1  # noqa: PLR2004
    facts: dict[str, Any] = {"estimator": "torch.jit.ScriptModule", "n_features": columns}
    if width == 1:
        return NativeModel(kind="regressor", predict=lambda rows: ask(rows).reshape(-1), **facts)
    if not ((one >= 0).all() and np.allclose(one.sum(axis=1), 1, atol=1e-4)):
        raise Unsupported("gives several numbers a row that are no probabilities; end the model with a softmax")
    return classifier(ask, range(width), **facts)


def _columns(module: Any) -> int:  # noqa: ANN401 - a TorchScript module
    """Take the number of columns from the first matrix of weights."""
    for weight in module.parameters():
        if weight.ndim == 2:  # noqa: PLR2004 - outputs and inputs of a linear layer
            return int(weight.shape[1])
    raise Unsupported("has no linear layer, so the number of its columns is not known")


def _row(columns: int) -> Any:  # noqa: ANN401 - a frame
    import numpy as np
    import pandas as pd

    return pd.DataFrame(np.zeros((1, columns)))
