"""What an ONNX file says of itself, read without running it: graphs, class labels, numbers kept elsewhere.

Field numbers are those of onnx.proto (ModelProto, GraphProto, NodeProto, AttributeProto, TensorProto).
"""

from dataclasses import dataclass, field

from govkit.inputs.protobuf import fields, packed

MAX_DEPTH = 20
MAX_NODES = 500_000
MAX_LABELS = 10_000
MAX_PACKED = 100_000
"""Bytes of a list of numbers that are looked at."""
_GRAPH, _TRAINING, _FUNCTIONS = 7, 20, 25
_NODES, _INITIALIZERS, _SPARSE_INITIALIZERS = 1, 5, 15
_NODE_KIND, _ATTRIBUTES, _DOMAIN = 4, 5, 7
_FUNCTION_NODES = 7
_ATTRIBUTE_NAME, _ATTRIBUTE_TENSOR, _ATTRIBUTE_GRAPH, _ATTRIBUTE_INTS, _ATTRIBUTE_STRINGS = 1, 5, 6, 8, 9
_ATTRIBUTE_TENSORS, _ATTRIBUTE_GRAPHS, _ATTRIBUTE_SPARSE = 10, 11, (22, 23)
_TENSOR_EXTERNAL, _TENSOR_LOCATION, _TENSOR_NAME = 13, 14, 8
_TENSOR_LABELS = {5: "integers", 6: "texts", 7: "integers"}
"""int32_data, string_data and int64_data."""
LABEL_ATTRIBUTES = frozenset({"classlabels_ints", "classlabels_strings", "classlabels_int64s"})
LABEL_TENSORS = ("classes", "ArrayFeatureExtractorcst")
"""How exporters' names for a tensor of class labels end."""
DOMAINS = frozenset({"", "ai.onnx", "ai.onnx.ml"})


@dataclass
class Graph:
    """What was found in a file."""

    nodes: int = 0
    external: bool = False
    """Whether numbers are kept in other files."""
    domains: set[str] = field(default_factory=set)
    labels: list[list[int | str]] = field(default_factory=list)
    """Lists that may be class labels, the likeliest first: tensors of that name, then attributes of operators."""
    too_large: bool = False


def read_graph(content: bytes) -> Graph:
    """Walk through a whole model.

    Raises:
        Damaged: the bytes are no protocol buffer.
    """
    found = Graph()
    for number, value in fields(memoryview(content)):
        if isinstance(value, memoryview) and number in {_GRAPH, _FUNCTIONS}:
            _walk_graph(value, found, 0, nodes=_NODES if number == _GRAPH else _FUNCTION_NODES)
        elif isinstance(value, memoryview) and number == _TRAINING:
            for _, graph in fields(value):
                if isinstance(graph, memoryview):
                    _walk_graph(graph, found, 0)
    return found


def _walk_graph(graph: memoryview, found: Graph, depth: int, *, nodes: int = _NODES) -> None:
    if depth > MAX_DEPTH or found.nodes > MAX_NODES:
        found.too_large = True
        return
    for number, value in fields(graph):
        if not isinstance(value, memoryview):
            continue
        if number == nodes:
            _walk_node(value, found, depth)
        elif nodes == _NODES:
            _walk_numbers(number, value, found)


def _walk_numbers(number: int, value: memoryview, found: Graph) -> None:
    """Look at a graph's tensors; a sparse one is made of two dense ones."""
    if number == _INITIALIZERS:
        _walk_tensor(value, found)
    elif number == _SPARSE_INITIALIZERS:
        _walk_sparse(value, found)


def _walk_sparse(pair: memoryview, found: Graph) -> None:
    for _, tensor in fields(pair):
        if isinstance(tensor, memoryview):
            _walk_tensor(tensor, found)


def _walk_node(node: memoryview, found: Graph, depth: int) -> None:
    found.nodes += 1
    for number, value in fields(node):
        if not isinstance(value, memoryview):
            continue
        if number == _DOMAIN:
            found.domains.add(bytes(value[:200]).decode(errors="replace"))
        elif number == _ATTRIBUTES:
            _walk_attribute(value, found, depth)


def _walk_attribute(attribute: memoryview, found: Graph, depth: int) -> None:
    name = ""
    labels: list[int | str] = []
    for number, value in fields(attribute):
        if number == _ATTRIBUTE_NAME and isinstance(value, memoryview):
            name = bytes(value[:80]).decode(errors="replace")
        elif number in {_ATTRIBUTE_GRAPH, _ATTRIBUTE_GRAPHS} and isinstance(value, memoryview):
            _walk_graph(value, found, depth + 1)
        elif number in {_ATTRIBUTE_TENSOR, _ATTRIBUTE_TENSORS} and isinstance(value, memoryview):
            _walk_tensor(value, found)
        elif number in _ATTRIBUTE_SPARSE and isinstance(value, memoryview):
            _walk_sparse(value, found)
        elif number in {_ATTRIBUTE_INTS, _ATTRIBUTE_STRINGS} and len(labels) <= MAX_LABELS:
            labels += _labels(value, texts=number == _ATTRIBUTE_STRINGS)
    if name in LABEL_ATTRIBUTES and labels:
        found.labels.append(labels)


def _walk_tensor(tensor: memoryview, found: Graph) -> None:
    name = ""
    labels: list[int | str] = []
    for number, value in fields(tensor):
        if number == _TENSOR_EXTERNAL or (number == _TENSOR_LOCATION and value):
            found.external = True
        elif number == _TENSOR_NAME and isinstance(value, memoryview):
            name = bytes(value[:80]).decode(errors="replace")
        elif number in _TENSOR_LABELS and len(labels) <= MAX_LABELS:
            labels += _labels(value, texts=_TENSOR_LABELS[number] == "texts")
    if name.endswith(LABEL_TENSORS) and labels:
        found.labels.insert(0, labels)


def _labels(value: int | memoryview, *, texts: bool) -> list[int | str]:
    """Read one text, one number, or numbers packed one behind the other."""
    if isinstance(value, int):
        return [_signed(value)]
    if texts:
        return [bytes(value[:200]).decode(errors="replace")]
    return [_signed(number) for number in packed(value[:MAX_PACKED])]


def _signed(value: int) -> int:
    return value - 2**64 if value >= 2**63 else value
