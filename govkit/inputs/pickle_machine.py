"""Walk through a pickle without importing or calling anything: every global becomes an inert reference.

Built on Python's own unpickler, so that scan and load agree on how the bytes are read; the handlers of the opcodes that
construct, call or change something are replaced by ones that only write down what would happen.
"""

import importlib
import io
import pickle
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from govkit.plugins.model_format import Global, Policy, Scanned

MAX_NESTED = 20
"""Depth of object arrays within object arrays."""
MAX_FINDINGS = 200
MAX_ALLOCATION = 2**20
"""Bytes that a call like bytearray(n) may ask for."""
ARRAYS = frozenset({("numpy", "ndarray"), ("numpy", "matrix"), ("numpy.ma", "MaskedArray"), ("numpy.ma.core", "MaskedArray")})
CONTAINERS = frozenset(
    {("collections", "OrderedDict"), ("collections", "defaultdict"), ("sklearn.utils._bunch", "Bunch")}
    | {(module, name) for module in ("builtins", "__builtin__") for name in ("dict", "list", "set")}
)
"""Classes whose instances may be filled item by item."""
SIZED = frozenset({(module, name) for module in ("builtins", "__builtin__") for name in ("bytes", "bytearray")})
_SIMPLE_DTYPE = re.compile(r"[<>|=]?([?bhilqpBHILQPefdgFDGSUVOMmcu]|bool|object|str|bytes)[0-9]{0,9}")
_ITEMS = {"?": 1, "e": 2, "g": 16, "F": 8, "D": 16, "G": 32, "b": 1, "h": 2, "i": 4, "l": 8, "q": 8, "f": 4, "d": 8}


class Unreadable(Exception):
    """The bytes are no pickle that could be read to its end; carries one sentence."""


@dataclass(frozen=True)
class Reference:
    """A global that the pickle names; never imported."""

    module: str
    name: str

    @property
    def key(self) -> Global:
        """Module and name."""
        return self.module, self.name

    def __str__(self) -> str:
        """Give the dotted path."""
        return f"{self.module}.{self.name}"


@dataclass(eq=False)
class Built:
    """What a call or a construction would give."""

    maker: Reference
    arguments: Any
    state: Any = None


class Machine(pickle._Unpickler):  # type: ignore[name-defined,misc]  # noqa: SLF001 - the pure-Python unpickler
    """The symbolic unpickler. `run` gives the top object with everything replaced by references."""

    dispatch: ClassVar[dict[int, Callable[..., None]]] = dict(pickle._Unpickler.dispatch)  # type: ignore[attr-defined]  # noqa: SLF001

    def __init__(self, stream: io.BytesIO, policy: Policy, scanned: Scanned, depth: int = 0) -> None:
        """Take the bytes, the policy, and the place to write findings to."""
        super().__init__(stream, encoding="latin1")
        self._stream = stream
        self._policy = policy
        self._scanned = scanned
        self._depth = depth

    def run(self) -> object:
        """Walk to the end.

        Raises:
            Unreadable: the bytes break off or aren't a pickle.
        """
        if self._depth > MAX_NESTED:
            raise Unreadable("its object arrays are nested too deep")
        try:
            return self.load()
        except Unreadable:
            raise
        except Exception as error:
            # hostile bytes make the unpickler fail in any way there is
            raise Unreadable(f"its bytes are no complete pickle ({type(error).__name__})") from None

    def find_class(self, module_name: str, global_name: str) -> Reference:
        """Write a global down."""
        reference = Reference(str(module_name), str(global_name))
        self._scanned.globals.append(str(reference))
        if not self._policy.allows(reference.key):
            dotted = " through an attribute" if "." in reference.name else ""
            self._finding("GK-M02", f"refers to something that is not on the allowlist{dotted}", reference)
        return reference

    def persistent_load(self, pid: object) -> None:
        """Refuse references to objects outside the pickle."""
        raise Unreadable("it refers to objects outside the file")

    def get_extension(self, code: int) -> None:
        """Refuse the extension registry."""
        raise Unreadable("it uses the extension registry")

    def _finding(self, code: str, sentence: str, subject: object) -> None:
        if len(self._scanned.findings) < MAX_FINDINGS:
            self._scanned.findings.append((code, sentence, str(subject) if isinstance(subject, Reference) else ""))

    def _make(self, maker: object, arguments: Any) -> Built:  # noqa: ANN401 - whatever the pickle holds
        if not isinstance(maker, Reference):
            raise Unreadable("it makes an instance of something that is no class")
        if self._policy.allows(maker.key) and not self._policy.may_construct(maker.key):
            self._finding("GK-M03", "makes an instance of what may only be referred to", maker)
        return Built(maker, arguments)

    def _call(self) -> None:
        arguments = self.stack.pop()
        maker = self.stack[-1]
        if not isinstance(maker, Reference) or not isinstance(arguments, tuple):
            self._finding("GK-M05", "calls the result of another call", maker)
            self.stack[-1] = Built(Reference("", "computed"), ())
            return
        if self._policy.allows(maker.key) and not self._policy.may_call(maker.key):
            self._finding("GK-M03", "calls what may not be called while loading", maker)
        if not self._sensible(maker, arguments):
            self._finding("GK-M03", "calls it with something it is not meant for", maker)
        self.stack[-1] = Built(maker, arguments)

    def _sensible(self, maker: Reference, arguments: tuple[Any, ...]) -> bool:
        """Hold the arguments of calls that could reach further than their name says against what they are for."""
        first = arguments[0] if arguments else None
        if maker.name.startswith("__pyx_unpickle_") or maker.name == "newObj":
            return isinstance(first, Reference) and first.module == maker.module and self._policy.may_construct(first.key)
        if maker.name == "_reconstruct":
            return isinstance(first, Reference) and first.key in ARRAYS
        if maker.name == "_reconstructor":
            known = isinstance(first, Reference) and self._policy.may_construct(first.key)
            return known and isinstance(arguments[1], Reference) and arguments[1].module in ("builtins", "__builtin__")
        if maker.key in SIZED:
            return not isinstance(first, int) or first <= MAX_ALLOCATION
        return True

    def _newobj(self) -> None:
        arguments = self.stack.pop()
        self.stack.append(self._make(self.stack.pop(), arguments))

    def _newobj_ex(self) -> None:
        keywords, arguments = self.stack.pop(), self.stack.pop()
        self.stack.append(self._make(self.stack.pop(), (arguments, keywords)))

    def _instantiate(self, maker: object, arguments: Any) -> None:  # noqa: ANN401 - called by INST and OBJ
        built = self._make(maker, arguments)
        if self._policy.allows(built.maker.key) and not self._policy.may_call(built.maker.key):
            self._finding("GK-M03", "calls what may not be called while loading", built.maker)
        self.stack.append(built)

    def _build(self) -> None:
        state = self.stack.pop()
        target = self.stack[-1]
        if not isinstance(target, Built):
            self._finding("GK-M05", "changes the attributes of a global", target)
            return
        target.state = state
        if target.maker.module.startswith("joblib.numpy_pickle"):
            self.stack[-1] = self._array(target)

    def _array(self, wrapper: Built) -> Built:
        """Step over the bytes of an array that joblib wrote into the stream; walk those that hold objects."""
        state = wrapper.state
        shape = state.get("shape") if isinstance(state, dict) else None
        if not isinstance(shape, tuple) or not all(type(size) is int and size >= 0 for size in shape):
            raise Unreadable("an array in it has no shape")
        kind = state.get("subclass")
        if not (isinstance(kind, Reference) and kind.key in ARRAYS | {("numpy", "memmap")}):
            self._finding("GK-M03", "reads an array into a foreign class", kind)
        array = Built(Reference("numpy", "ndarray"), ())
        size, holds_objects = _item(state.get("dtype"))
        if holds_objects:
            Machine(self._stream, self._policy, self._scanned, self._depth + 1).run()
            return array
        if state.get("numpy_array_alignment_bytes") is not None:
            padding = self._stream.read(1)
            self._stream.seek(padding[0] if padding else 0, io.SEEK_CUR)
        for length in shape:
            size *= length
        if size > len(self._stream.getbuffer()) - self._stream.tell():
            raise Unreadable("an array in it is longer than the file")
        self._stream.seek(size, io.SEEK_CUR)
        return array

    def _fills(self, target: object, kind: type) -> bool:
        """Say whether a plain container is filled, which may be done for real; note anything else."""
        if isinstance(target, Built):
            if target.maker.key not in CONTAINERS:
                self._finding("GK-M05", "fills an object that is no container", target.maker)
            return False
        if not isinstance(target, kind):
            raise Unreadable("it fills something that is no container")
        return True

    def _setitem(self) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        if self._fills(self.stack[-1], dict):
            self.stack[-1][key] = value

    def _setitems(self) -> None:
        items = self.pop_mark()
        if self._fills(self.stack[-1], dict):
            self.stack[-1].update(zip(items[::2], items[1::2], strict=True))

    def _append(self) -> None:
        value = self.stack.pop()
        if self._fills(self.stack[-1], list):
            self.stack[-1].append(value)

    def _appends(self) -> None:
        items = self.pop_mark()
        if self._fills(self.stack[-1], list):
            self.stack[-1].extend(items)

    def _additems(self) -> None:
        items = self.pop_mark()
        if self._fills(self.stack[-1], set):
            self.stack[-1].update(items)

    def _long_put(self) -> None:
        (index,) = struct.unpack("<I", self.read(4))
        self._remember(index)

    def _text_put(self) -> None:
        self._remember(int(self.readline()[:-1]))

    def _remember(self, index: int) -> None:
        """Memo indexes grow by one; the C unpickler would allocate memory for a large one."""
        if not 0 <= index <= len(self._stream.getbuffer()):
            raise Unreadable("its memo is larger than the file")
        self.memo[index] = self.stack[-1]

    def _bytearray(self) -> None:
        (size,) = struct.unpack("<Q", self.read(8))
        if size > len(self._stream.getbuffer()):
            raise Unreadable("it announces more bytes than the file has")
        self.append(bytearray(self.read(size)))

    dispatch[pickle.REDUCE[0]] = _call
    dispatch[pickle.NEWOBJ[0]] = _newobj
    dispatch[pickle.NEWOBJ_EX[0]] = _newobj_ex
    dispatch[pickle.BUILD[0]] = _build
    dispatch[pickle.SETITEM[0]] = _setitem
    dispatch[pickle.SETITEMS[0]] = _setitems
    dispatch[pickle.APPEND[0]] = _append
    dispatch[pickle.APPENDS[0]] = _appends
    dispatch[pickle.ADDITEMS[0]] = _additems
    dispatch[pickle.LONG_BINPUT[0]] = _long_put
    dispatch[pickle.PUT[0]] = _text_put
    dispatch[pickle.BYTEARRAY8[0]] = _bytearray


def _item(dtype: object) -> tuple[int, bool]:
    """Give a dtype's bytes per item, and whether its items are objects.

    Raises:
        Unreadable: it is no dtype that arrays of a model have.
    """
    if isinstance(dtype, Built) and dtype.maker.key == ("numpy", "dtype"):
        text = dtype.arguments[0] if dtype.arguments else None
        if isinstance(text, Reference):
            text = {"float64": "f8", "int64": "i8", "object_": "O8", "object": "O8", "bool": "b1"}.get(text.name)
        if isinstance(text, str) and _SIMPLE_DTYPE.fullmatch(text):
            return _sized(text.lstrip("<>|="), dtype.state)
    raise Unreadable("an array in it has an unusual type")


def _sized(text: str, state: object) -> tuple[int, bool]:
    letter, digits = text[0], text[1:]
    if letter == "V":
        return _structured(state)
    if letter == "O":
        return 8, True
    size = int(digits) if digits.isdigit() else _ITEMS.get(letter, 0)
    if letter == "U":
        size *= 4
    if not size:
        raise Unreadable("an array in it has an unusual type")
    return size, False


_FIELDS, _ITEM_SIZE = 4, 5
"""Positions in the state of a pickled dtype."""


def _structured(state: object) -> tuple[int, bool]:
    """Give the item size of a dtype with named fields, a tree's nodes for instance."""
    if not isinstance(state, tuple) or len(state) <= _ITEM_SIZE or not isinstance(state[_FIELDS], dict):
        raise Unreadable("an array in it has an unusual type")
    objects = [_item(field[0])[1] for field in state[_FIELDS].values() if isinstance(field, tuple) and field]
    size = state[_ITEM_SIZE]
    if not isinstance(size, int) or size <= 0 or len(objects) != len(state[_FIELDS]):
        raise Unreadable("an array in it has an unusual type")
    return size, any(objects)


def scan_pickle(content: bytes, policy: Policy) -> Scanned:
    """Walk through a whole pickle, with joblib's arrays where it holds them."""
    scanned = Scanned()
    stream = io.BytesIO(content)
    try:
        top = Machine(stream, policy, scanned).run()
    except (Unreadable, RecursionError, MemoryError) as problem:
        scanned.unreadable = str(problem) or "it is nested too deep"
        return scanned
    if stream.tell() != len(content):
        scanned.findings.append(("GK-M09", "has bytes after the end of the model", ""))
    if not isinstance(top, Built):
        scanned.unreadable = f"it holds a {type(top).__name__.lower()} and no estimator"
    return scanned


def load_pickle(content: bytes, policy: Policy) -> object:
    """Unpickle under the same policy that the scan applied.

    Raises:
        UnpicklingError: a global is refused after all.
    """
    from joblib.numpy_pickle import NumpyUnpickler

    class Guarded(NumpyUnpickler):  # type: ignore[misc]
        def find_class(self, module: str, name: str) -> object:
            return _resolved(module, name, policy)

    class GuardedFast(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> object:
            return _resolved(module, name, policy)

    stream = io.BytesIO(content)
    if b"joblib.numpy_pickle" in content:
        loaded: object = Guarded("", stream, True).load()  # noqa: FBT003 - joblib's signature
        return loaded
    return GuardedFast(stream).load()


_RENAMED = {"__builtin__": "builtins", "copy_reg": "copyreg"}


def _resolved(module: str, name: str, policy: Policy) -> object:
    if not policy.allows((module, name)) or "." in name:
        raise pickle.UnpicklingError("refused while loading")
    return getattr(importlib.import_module(_RENAMED.get(module, module)), name)
