"""Walk through a pickle without importing or calling anything: every global becomes an inert reference.

Built on Python's own unpickler, so that scan and load agree on how the bytes are read; the handlers of the opcodes that
construct, call or change something are replaced by ones that only write down what would happen.
"""

import io
import pickle
import struct
from collections.abc import Callable
from typing import Any, ClassVar

from govkit.inputs.pickle_calls import (
    ARRAYS,
    BUILTINS,
    PARTIAL,
    RECONSTRUCTORS,
    Built,
    Misleading,
    Reference,
    Unusual,
    bound_again,
    item,
    light,
    meant,
)
from govkit.plugins.model_format import Policy, Scanned

MAX_NESTED = 20
"""Depth of object arrays within object arrays."""
MAX_FINDINGS = 200
MAX_GLOBALS = 10_000
CONTAINERS = frozenset(
    {("collections", name) for name in ("Counter", "OrderedDict", "defaultdict", "deque")}
    | {("sklearn.utils._bunch", "Bunch"), ("scipy.optimize._optimize", "OptimizeResult")}
    | {(module, name) for module in BUILTINS for name in ("dict", "list", "set")}
)
"""Classes whose instances may be filled item by item."""
WRAPPER = ("joblib.numpy_pickle", "NumpyArrayWrapper")
"""What joblib writes in place of an array, whose bytes follow in the stream."""
_WRAPPER_STATE = frozenset({"subclass", "shape", "order", "dtype", "allow_mmap"})
_ALIGNMENT = "numpy_array_alignment_bytes"
_TOO_LONG = "its bytes are no complete pickle (a part of it is longer than the file)"
_COMPUTED = Reference("", "computed")
_FOREIGN_KEY = "__foreign__"
"""Stands for keys that are objects: NumPy's text, for instance, is equal to the name of a method."""


class Machine(pickle._Unpickler):  # noqa: SLF001 - the pure-Python unpickler
    """The symbolic unpickler. `run` gives the top object with everything replaced by references."""

    dispatch: ClassVar[dict[int, Callable[..., None]]] = dict(pickle._Unpickler.dispatch)  # noqa: SLF001

    # what the unpickler sets while it runs
    stack: list[Any]
    append: Callable[[object], None]
    pop_mark: Callable[[], list[Any]]
    memo: dict[int, Any]
    read: Callable[[int], bytes]
    readline: Callable[[], bytes]
    _unframer: Any

    def __init__(self, stream: io.BytesIO, policy: Policy, scanned: Scanned, depth: int = 0) -> None:
        """Take the bytes, the policy, and the place to write findings to."""
        super().__init__(stream)
        self._stream = stream
        self._size = len(stream.getbuffer())
        self._policy = policy
        self._scanned = scanned
        self._depth = depth

    def run(self) -> object:
        """Walk to the end.

        Raises:
            Unusual: the bytes break off or aren't a pickle.
        """
        if self._depth > MAX_NESTED:
            raise Unusual("its object arrays are nested too deep")
        try:
            top: object = self.load()
        except Unusual:
            raise
        except Exception as error:  # noqa: BLE001
            # hostile bytes make the unpickler fail in any way there is
            raise Unusual(f"its bytes are no complete pickle ({type(error).__name__})") from None
        frame = self._unframer.current_frame
        if frame is not None and frame.read(1):
            self._finding("GK-M09", "has bytes after the end of the model", "")
        return top

    def find_class(self, module_name: str, global_name: str) -> Reference:
        """Write a global down."""
        reference = Reference(module_name, global_name)
        if len(self._scanned.globals) >= MAX_GLOBALS:
            raise Unusual(f"it refers to more than {MAX_GLOBALS:,} globals")
        self._scanned.globals.add(str(reference))
        if not self._policy.allows(reference.key) and reference.key != PARTIAL:
            dotted = " through an attribute" if "." in reference.name else ""
            self._finding("GK-M02", f"refers to something that is not on the allowlist{dotted}", reference)
        return reference

    def persistent_load(self, pid: object) -> Built:
        """Refuse references to objects outside the pickle."""
        del pid
        self._finding("GK-M04", "refers to objects outside the file", "")
        return Built(_COMPUTED, ())

    def get_extension(self, code: int) -> None:
        """Refuse the extension registry."""
        del code
        self._finding("GK-M04", "refers to globals by number", "")
        self.append(Built(_COMPUTED, ()))

    def _finding(self, code: str, sentence: str, subject: object) -> None:
        found = (code, sentence, str(subject) if isinstance(subject, Reference) else "")
        if len(self._scanned.findings) < MAX_FINDINGS and found not in self._scanned.findings:
            self._scanned.findings.append(found)

    def _made(self, maker: object, arguments: Any, *, called: bool) -> Built:  # noqa: ANN401 - whatever it holds
        """Write a call or a construction down and give what stands for its result."""
        if not isinstance(maker, Reference) or not isinstance(arguments, tuple):
            self._finding("GK-M05", "calls the result of another call", maker)
            return Built(_COMPUTED, ())
        if self._policy.allows(maker.key):
            if called and not self._policy.may_call(maker.key):
                self._finding("GK-M03", "calls what may not be called while loading", maker)
            if not self._policy.may_construct(maker.key):
                self._finding("GK-M03", "makes an instance of what may only be referred to", maker)
        if not meant(maker, arguments, self._policy):
            self._finding("GK-M03", "calls it with something it is not meant for", maker)
        if maker.key in RECONSTRUCTORS and arguments and isinstance(arguments[0], Reference):
            return Built(arguments[0], arguments[1:])
        return Built(maker, arguments)

    def _call(self) -> None:
        arguments = self.stack.pop()
        self.stack[-1] = self._made(self.stack[-1], arguments, called=True)

    def _newobj(self) -> None:
        arguments = self.stack.pop()
        self.stack[-1] = self._made(self.stack[-1], arguments, called=False)

    def _newobj_ex(self) -> None:
        keywords, arguments = self.stack.pop(), self.stack.pop()
        if keywords:
            self._finding("GK-M05", "makes an instance with named arguments", self.stack[-1])
        self.stack[-1] = self._made(self.stack[-1], arguments, called=False)

    def _instantiate(self, maker: object, arguments: Any) -> None:  # noqa: ANN401 - called by INST and OBJ
        self.append(self._made(maker, tuple(arguments), called=True))

    def _build(self) -> None:
        state = self.stack.pop()
        target = self.stack[-1]
        if not isinstance(target, Built):
            self._finding("GK-M05", "changes the attributes of a global", target)
            return
        self._judge_state(target, state)
        again, target.state = target.state is not None, state
        if target.maker.key == ("numpy", "dtype"):
            target.item = None
            target.item = item(target)
        if target.maker.module.startswith("joblib.numpy_pickle"):
            if again or self._depth:
                raise Misleading
            self.stack[-1] = self._array(target)

    def _judge_state(self, target: Built, state: object) -> None:
        """Refuse a state that would set other things than the attributes of an ordinary object."""
        pair = isinstance(state, tuple) and len(state) == 2  # noqa: PLR2004 - attributes and slots
        parts = state if pair and isinstance(state, tuple) else (state,)
        if any(isinstance(part, Built) and part.maker.key in CONTAINERS for part in parts):
            self._finding("GK-M05", "takes a filled object for the attributes of another", target.maker)
        if pair and isinstance(parts[1], dict) and parts[1]:
            self._finding("GK-M05", "sets attributes one by one", target.maker)
        if any(_is_special(key) for part in parts if isinstance(part, dict) for key in part):
            self._finding("GK-M05", "replaces what an object does when it is loaded", target.maker)
        if target.maker.key == PARTIAL and not bound_again(state):
            self._finding("GK-M03", "calls it with something it is not meant for", target.maker)

    def _array(self, wrapper: Built) -> Built:
        """Step over the bytes of an array that joblib wrote into the stream; walk those that hold objects."""
        if wrapper.maker.key != WRAPPER:
            self._finding("GK-M03", "reads an array from another file", wrapper.maker)
        state = _wrapper_state(wrapper.state)
        kind = state["subclass"]
        if not (isinstance(kind, Reference) and kind.key in ARRAYS | {("numpy", "memmap")}):
            self._finding("GK-M03", "reads an array into a foreign class", kind)
        size, holds_objects = item(state["dtype"])
        if holds_objects:
            Machine(self._stream, self._policy, self._scanned, self._depth + 1).run()
        else:
            if state.get(_ALIGNMENT) is not None:
                padding = self._stream.read(1)
                self._stream.seek(padding[0] if padding else 0, io.SEEK_CUR)
            for length in state["shape"]:
                size *= length
            if size > self._size - self._stream.tell():
                raise Unusual("an array in it is longer than the file")
            self._stream.seek(size, io.SEEK_CUR)
        return Built(Reference("numpy", "ndarray"), ())

    def _fills(self, target: object, kind: type) -> bool:
        """Say whether a plain container is filled, which may be done for real; note anything else."""
        if isinstance(target, Reference):
            self._finding("GK-M05", "changes the items of a global", target)
            return False
        if isinstance(target, Built):
            if target.maker.key not in CONTAINERS:
                self._finding("GK-M05", "fills an object that is no container", target.maker)
            return False
        if not isinstance(target, kind):
            raise Unusual("it fills something that is no container")
        return True

    def _store(self, target: object, items: list[Any]) -> None:
        """Keep what stands under text, which is all that is looked at later; other keys can be slow to hash."""
        self._expect_light(items[::2])
        if self._fills(target, dict) and isinstance(target, dict):
            for key, value in zip(items[::2], items[1::2], strict=True):
                if type(key) is str:
                    target[key] = value
                elif isinstance(key, Built | Reference):
                    target[_FOREIGN_KEY] = True

    def _expect_light(self, keys: list[Any]) -> None:
        if not light(keys):
            raise Unusual("a key in it is nested too deep")

    def _setitem(self) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self._store(self.stack[-1], [key, value])

    def _setitems(self) -> None:
        items = self.pop_mark()
        self._store(self.stack[-1], items)

    def _dict(self) -> None:
        items = self.pop_mark()
        made: dict[str, Any] = {}
        self._store(made, items)
        self.append(made)

    def _append(self) -> None:
        value = self.stack.pop()
        if self._fills(self.stack[-1], list):
            self.stack[-1].append(value)

    def _appends(self) -> None:
        items = self.pop_mark()
        if self._fills(self.stack[-1], list):
            self.stack[-1].extend(items)

    def _additems(self) -> None:
        self._expect_light(self.pop_mark())
        self._fills(self.stack[-1], set)

    def _frozenset(self) -> None:
        self._expect_light(self.pop_mark())
        self.append(frozenset())

    def _long_put(self) -> None:
        (index,) = struct.unpack("<I", self.read(4))
        self._remember(index)

    def _text_put(self) -> None:
        self._remember(int(self.readline()[:-1]))

    def _remember(self, index: int) -> None:
        """Memo indexes grow by one; the C unpickler would allocate memory for a large one."""
        if not 0 <= index <= self._size:
            raise Unusual("its memo is larger than the file")
        self.memo[index] = self.stack[-1]

    def _bytearray(self) -> None:
        (size,) = struct.unpack("<Q", self.read(8))
        if size > self._size:
            raise Unusual(_TOO_LONG)
        self.append(bytearray(self.read(size)))

    def _frame(self) -> None:
        (size,) = struct.unpack("<Q", self.read(8))
        if size > self._size:
            raise Unusual(_TOO_LONG)
        self._unframer.load_frame(size)

    dispatch[pickle.REDUCE[0]] = _call
    dispatch[pickle.NEWOBJ[0]] = _newobj
    dispatch[pickle.NEWOBJ_EX[0]] = _newobj_ex
    dispatch[pickle.BUILD[0]] = _build
    dispatch[pickle.SETITEM[0]] = _setitem
    dispatch[pickle.SETITEMS[0]] = _setitems
    dispatch[pickle.DICT[0]] = _dict
    dispatch[pickle.APPEND[0]] = _append
    dispatch[pickle.APPENDS[0]] = _appends
    dispatch[pickle.ADDITEMS[0]] = _additems
    dispatch[pickle.FROZENSET[0]] = _frozenset
    dispatch[pickle.LONG_BINPUT[0]] = _long_put
    dispatch[pickle.PUT[0]] = _text_put
    dispatch[pickle.BYTEARRAY8[0]] = _bytearray
    dispatch[pickle.FRAME[0]] = _frame


def _is_special(name: object) -> bool:
    return isinstance(name, str) and name.startswith("__") and name.endswith("__")


def _wrapper_state(state: object) -> dict[str, Any]:
    """Check the attributes of joblib's array wrapper: exactly its own, as a further one could replace a method.

    Raises:
        Unusual: they are others, or not plain.
    """
    if not isinstance(state, dict) or set(state) - {_ALIGNMENT} != _WRAPPER_STATE:
        raise Misleading
    shape, alignment = state["shape"], state.get(_ALIGNMENT)
    if not isinstance(shape, tuple) or not all(type(size) is int and size >= 0 for size in shape):
        raise Unusual("an array in it has no shape")
    if (alignment is not None and type(alignment) is not int) or state["order"] not in ("C", "F"):
        raise Misleading
    return state


def scan_pickle(content: bytes, policy: Policy) -> Scanned:
    """Walk through a whole pickle, with joblib's arrays where it holds them."""
    scanned = Scanned()
    stream = io.BytesIO(content)
    try:
        top = Machine(stream, policy, scanned).run()
    except Misleading:
        scanned.findings.append(("GK-M07", "describes an array in a way that its library never does", ""))
        return scanned
    except (Unusual, RecursionError, MemoryError) as problem:
        scanned.unreadable = str(problem) or "it is nested too deep"
        return scanned
    if stream.tell() != len(content):
        scanned.findings.append(("GK-M09", "has bytes after the end of the model", ""))
    if not isinstance(top, Built) and not _holds_one(top):
        scanned.unreadable = f"it holds a {type(top).__name__.lower()} and no estimator"
    return scanned


def _holds_one(top: object) -> bool:
    """Say whether this is a dictionary with objects in it, such as {"model": ..., "columns": [...]}."""
    return isinstance(top, dict) and any(isinstance(value, Built) for value in top.values())
