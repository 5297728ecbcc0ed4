"""ONNX files, run by onnxruntime: tables in, labels, probabilities or values out."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govkit.inputs.native import NativeModel, Unsupported, classifier
from govkit.inputs.onnx_graph import DOMAINS, Graph, read_graph
from govkit.inputs.protobuf import Damaged
from govkit.plugins.model_format import Policy, Scanned, model_format

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

NUMBERS = {
    "tensor(float)": "float32",
    "tensor(double)": "float64",
    "tensor(int64)": "int64",
    "tensor(int32)": "int32",
    "tensor(bool)": "bool",
}
TEXT = "tensor(string)"
MAPS = frozenset({"seq(map(int64,tensor(float)))", "seq(map(string,tensor(float)))"})
IR_VERSION_TAG = 0x08
"""First byte of a file whose first field is the version, as every exporter writes it."""


@model_format("onnx", needs="onnxruntime", extra="onnx")
class OnnxFormat:
    """A graph of operators of the two standard sets, with everything that it needs inside the file."""

    def recognises(self, head: bytes, path: Path) -> bool:
        """Go by the name: the format has no mark of its own."""
        return path.suffix.lower() == ".onnx" and head[:1] == bytes([IR_VERSION_TAG])

    def scan(self, content: bytes, policy: Policy) -> Scanned:
        """Look for numbers in other files and operators of other libraries."""
        del policy
        try:
            graph = read_graph(content)
        except Damaged:
            return Scanned(unreadable="its bytes are no ONNX model")
        scanned = Scanned()
        if not graph.nodes:
            scanned.unreadable = "its graph holds no operator"
        if graph.too_large:
            scanned.unreadable = "its graphs are nested too deep or too large"
        if graph.external:
            scanned.findings.append(("GK-M06", "keeps its numbers in other files", ""))
        scanned.findings += [
            ("GK-M06", "uses operators of another library", domain) for domain in sorted(graph.domains - DOMAINS)
        ]
        return scanned

    def load(self, content: bytes, policy: Policy) -> NativeModel:
        """Start onnxruntime on the bytes, with one thread and nothing written.

        Raises:
            Unsupported: inputs are no table, or outputs are neither labels nor values.
        """
        import onnxruntime

        del policy
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        return _native(session, read_graph(content))


def _native(session: Any, graph: Graph) -> NativeModel:  # noqa: ANN401 - onnxruntime.InferenceSession
    inputs, outputs = session.get_inputs(), session.get_outputs()
    feed, features, count = _feeding(inputs)
    facts: dict[str, Any] = {
        "estimator": "onnxruntime.InferenceSession",
        "features": features,
        "n_features": count,
        "parameters": {"operators": str(graph.nodes)},
    }

    def ask(output: Any) -> "Callable[[pd.DataFrame], Any]":  # noqa: ANN401 - a description of an output
        return lambda rows: session.run([output.name], feed(rows))[0]

    scores = [found for found in outputs if found.type in MAPS or _columns(found) not in (0, 1)]
    if len(outputs) == 1 and not scores and outputs[0].type in NUMBERS:
        return NativeModel(kind="regressor", predict=lambda rows: ask(outputs[0])(rows).reshape(-1), **facts)
    if len(scores) != 1 or len(outputs) > 2:  # noqa: PLR2004 - labels and their probabilities
        raise Unsupported("has outputs that are neither one value a row nor labels with their probabilities")
    label = next((found for found in outputs if found is not scores[0]), None)
    if label is None:
        return _unlabelled(scores[0], ask(scores[0]), facts)
    kind = str if label.type == TEXT else int
    width = _columns(scores[0])
    known = (labels for labels in graph.labels if isinstance(labels[0], kind) and width in (-1, 0, len(labels)))
    classes = next(known, [])
    if not classes:
        raise Unsupported("does not say which classes it knows")
    return _labelled(ask(label), ask(scores[0]), classes, facts)


def _unlabelled(output: Any, ask: "Callable[[pd.DataFrame], Any]", facts: dict[str, Any]) -> NativeModel:  # noqa: ANN401
    """Take an only output of several numbers for probabilities of the classes 0, 1, ... where they add up to 1."""
    import numpy as np
    import pandas as pd

    if not facts["n_features"] or facts["features"] or output.type in MAPS:
        raise Unsupported("does not say which classes it knows")
    probability = np.asarray(ask(pd.DataFrame(np.zeros((1, facts["n_features"])))))
    if not (probability >= 0).all() or not np.allclose(probability.sum(axis=1), 1, atol=1e-4):
        raise Unsupported("gives several numbers a row that are no probabilities")
    return classifier(ask, range(probability.shape[1]), **facts)


def _labelled(
    label: "Callable[[pd.DataFrame], Any]",
    scores: "Callable[[pd.DataFrame], Any]",
    classes: list[int | str],
    facts: dict[str, Any],
) -> NativeModel:
    import numpy as np

    def predict(rows: "pd.DataFrame") -> "NDArray[np.generic]":
        given = np.asarray(label(rows)).reshape(-1)
        if not set(given.tolist()) <= set(classes):
            raise Unsupported("predicts a label that is none of its classes")
        return given

    def probabilities(rows: "pd.DataFrame") -> "NDArray[np.generic]":
        given = scores(rows)
        return _unmapped(given, classes) if isinstance(given, list) else np.asarray(given)

    return NativeModel(kind="classifier", predict=predict, predict_proba=probabilities, classes=classes, **facts)


def _unmapped(maps: Sequence[dict[Any, float]], classes: list[int | str]) -> "NDArray[np.generic]":
    import numpy as np

    return np.asarray([[row[label] for label in classes] for row in maps], dtype=np.float32).reshape(-1, len(classes))


def _columns(output: Any) -> int:  # noqa: ANN401 - a description of an output
    """Give the number of columns: 1 for one value a row, 0 where the file doesn't say."""
    shape = output.shape
    if len(shape) > 2 or (output.type not in NUMBERS and output.type != TEXT):  # noqa: PLR2004 - rows and columns
        return -1
    last = shape[1] if len(shape) == 2 else 1  # noqa: PLR2004
    return last if isinstance(last, int) else 0


def _feeding(inputs: Sequence[Any]) -> "tuple[Callable[[pd.DataFrame], dict[str, Any]], list[str], int]":
    """Give how rows become inputs, the names of columns and their number.

    Raises:
        Unsupported: an input is no table.
    """
    import numpy as np

    for one in inputs:
        if len(one.shape) != 2 or (one.type not in NUMBERS and one.type != TEXT):  # noqa: PLR2004 - rows and columns
            shape = " x ".join(str(part) if isinstance(part, int) else "?" for part in one.shape)
            raise Unsupported(f"takes an input of another kind than a table of rows ({one.type}, {shape or 'scalar'})")
    if len(inputs) == 1:
        name, kind, width = inputs[0].name, inputs[0].type, inputs[0].shape[1]
        count = width if isinstance(width, int) else 0
        return lambda rows: {name: _block(rows, kind)}, [], count
    if any(one.shape[1] != 1 for one in inputs):
        raise Unsupported("takes several inputs that are not one column each")
    names = [str(one.name) for one in inputs]
    kinds = [one.type for one in inputs]

    def feed(rows: "pd.DataFrame") -> dict[str, Any]:
        blocks = [_block(rows.iloc[:, [index]], kind) for index, kind in enumerate(kinds)]
        return dict(zip(names, map(np.ascontiguousarray, blocks), strict=True))

    return feed, names, len(names)


def _block(rows: "pd.DataFrame", kind: str) -> "NDArray[np.generic]":
    import numpy as np

    if kind == TEXT:
        return np.asarray(rows.astype(str).to_numpy(), dtype=object)
    return np.ascontiguousarray(rows.to_numpy(), dtype=NUMBERS[kind])
