"""A model given as a URL: rows become tensors of the Open Inference Protocol, its outputs become answers."""

import math
from typing import TYPE_CHECKING, Any

from govkit.config import Service
from govkit.core.digest import sha256_of
from govkit.core.errors import GovkitError, InputProblem
from govkit.core.evidence import Message
from govkit.inputs.answering import Answers
from govkit.inputs.model import Artifact, Described
from govkit.inputs.open_inference import Client, Signature, Tensor, address_of

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

MESSAGES = {
    "model.service": "The model {model} runs behind {host}: rows of the data were sent there. The digest is that of "
    "its metadata and of its answers to the first rows; a service can change at any time.",
}
_PANDAS = {"content_type": "pd"}
"""Says to a service without declared inputs that each tensor is a column; a convention of MLServer."""


class ServiceSource:
    """A service that answers; what its answers mean is settled later."""

    def __init__(self, client: Client, signature: Signature, settings: Service) -> None:
        """Take the client and what the service says of its inputs and outputs."""
        self._client = client
        self._signature = signature
        self._most = settings.rows_per_request

    def ask(self, rows: "pd.DataFrame", width: int) -> Answers:
        """Give the service's answers, asked in as many requests as it takes."""
        import numpy as np

        del width
        outputs = tuple(tensor.name for tensor in self._signature.outputs)
        parts = []
        for start in range(0, max(len(rows), 1), self._most):
            part = rows.iloc[start : start + self._most]
            parts.append(_answers(self._client.infer(_tensors(part, self._signature), outputs, len(part))))
        labels = [part.labels for part in parts if part.labels is not None]
        numbers = [part.numbers for part in parts if part.numbers is not None]
        return Answers(
            np.concatenate(labels) if len(labels) == len(parts) else None,
            np.concatenate(numbers) if len(numbers) == len(parts) else None,
        )

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()


def open_service(url: str, settings: Service) -> tuple[Artifact, ServiceSource, Described]:
    """Ask a service what it is.

    Returns:
        Its facts, the source of its answers, and the features as far as it names them.

    Raises:
        UsageProblem: the URL can't be used.
        InputProblem: nothing answers there that follows the protocol.
    """
    address = address_of(url, settings)
    client = Client(address, settings)
    try:
        signature = client.signature()
    except GovkitError:
        client.close()
        raise
    where = f"{address.host}:{address.port}"
    artifact = Artifact(
        name=address.model,
        sha256=sha256_of({"url": f"{address.scheme}://{where}{address.path}", "metadata": signature.plain}),
        size=0,
        format="Open Inference Protocol v2 service",
        isolation={"own process": f"the model runs behind {where}, outside of this audit"},
        source="service",
        notes=(Message(id="model.service", args={"model": address.model, "host": where}),),
    )
    single = len(signature.inputs) <= 1
    names = () if single and signature.columns != 1 else tuple(tensor.name for tensor in signature.inputs)
    described = Described("", (), "other", frozenset(), features=names, n_features=len(names) or signature.columns)
    return artifact, ServiceSource(client, signature, settings), described


def _tensors(rows: "pd.DataFrame", signature: Signature) -> list[dict[str, Any]]:
    """Lay rows out as the service declares its inputs: one tensor a column, or one with all of them."""
    declared = {tensor.name: tensor for tensor in signature.inputs}
    names = [str(name) for name in rows.columns]
    if set(names) == set(declared):
        return [_column(rows.iloc[:, index], declared[name]) for index, name in enumerate(names)]
    numeric = all(kind.kind in "biuf" for kind in rows.dtypes)
    if len(declared) > 1 or (declared and not numeric):
        what = (
            "inputs that are no columns of the data" if len(declared) > 1 else "numbers only, and a column holds text"
        )
        raise InputProblem(f"the model takes {what}", hint="serve the model with one input for each column, by name")
    if not declared and not numeric:
        kinds = ["BYTES" if kind.kind not in "biuf" else "FP64" for kind in rows.dtypes]
        tensors = [Tensor(name, kind) for name, kind in zip(names, kinds, strict=True)]
        columns = [_column(rows.iloc[:, index], tensor) for index, tensor in enumerate(tensors)]
        return [{**column, "parameters": _PANDAS} for column in columns]
    tensor = next(iter(declared.values()), Tensor("input-0", "FP64", 2))
    data = _plain(rows.to_numpy(dtype="float64").ravel(), tensor.datatype)
    return [{"name": tensor.name, "datatype": tensor.datatype, "shape": list(rows.shape), "data": data}]


def _column(values: "pd.Series[Any]", tensor: Tensor) -> dict[str, Any]:
    shape = [len(values)] if tensor.dimensions == 1 else [len(values), 1]
    return {"name": tensor.name, "datatype": tensor.datatype, "shape": shape, "data": _plain(values, tensor.datatype)}


def _plain(values: "pd.Series[Any] | NDArray[np.float64]", datatype: str) -> list[Any]:
    """Give cells as JSON: missing ones as null, for which JSON has nothing else; the service may refuse them."""
    import numpy as np
    import pandas as pd

    cells = np.asarray(values).tolist()
    absent = pd.isna(np.asarray(values)).tolist()
    if datatype == "BYTES":
        return [None if gone else str(cell) for cell, gone in zip(cells, absent, strict=True)]
    whole = datatype.startswith(("INT", "UINT"))
    try:
        return [
            None if gone else _number(cell, datatype, whole=whole) for cell, gone in zip(cells, absent, strict=True)
        ]
    except (TypeError, ValueError):
        raise InputProblem(
            f"the model takes {datatype}, and a column holds something else", hint="correct the data or the service"
        ) from None


def _number(cell: object, datatype: str, *, whole: bool) -> bool | int | float:
    if not isinstance(cell, bool | int | float):
        raise TypeError
    if datatype == "BOOL":
        return bool(cell)
    if not math.isfinite(cell):
        raise ValueError
    return int(cell) if whole and float(cell).is_integer() else float(cell)


def _answers(found: "list[NDArray[np.generic]]") -> Answers:
    """Tell labels from numbers by type and shape: a text or a whole number beside others is a label."""
    import numpy as np

    several = [array for array in found if array.ndim > 1 and array.dtype.kind in "biuf"]
    single = [array for array in found if array.ndim == 1]
    texts = [array for array in single if array.dtype.kind == "O"]
    fractions = [array for array in single if array.dtype.kind == "f"]
    whole = [array for array in single if array.dtype.kind in "biu"]
    numbers = next(iter([*several, *fractions]), None)
    labels = next(iter([*texts, *whole]), None)
    if numbers is None and labels is not None and labels.dtype.kind != "O":
        numbers, labels = labels, None
    return Answers(labels, None if numbers is None else np.asarray(numbers, dtype=np.float64))
