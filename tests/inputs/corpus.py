"""Hostile model files, built here and nowhere else. Every payload only makes a marker folder inside the test's own."""

import io
import pickle
import struct
import zlib
from pickle import (
    APPEND,
    BINBYTES8,
    BINPERSID,
    BINPUT,
    BUILD,
    BYTEARRAY8,
    EMPTY_DICT,
    EMPTY_LIST,
    EMPTY_TUPLE,
    EXT1,
    EXT2,
    EXT4,
    GLOBAL,
    LONG_BINPUT,
    MARK,
    NEWOBJ,
    OBJ,
    PERSID,
    POP,
    REDUCE,
    SETITEM,
    SHORT_BINUNICODE,
    STACK_GLOBAL,
    STOP,
    TUPLE,
    TUPLE1,
    TUPLE2,
    TUPLE3,
)

import joblib
import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

PROTO = b"\x80\x04"
VALUE_ONLY = b"\x8c\x18sklearn.metrics.pairwise\x8c\x0arbf_kernel\x93"
"""Opcodes for a global that may be referred to and not called."""
COMPRESSIONS = (("zlib", 3), ("gzip", 3), ("bz2", 3), ("xz", 1), ("lzma", 1))


class Call:
    """Calls a global when it is unpickled."""

    def __init__(self, path, *arguments):
        self.path, self.arguments = path, arguments

    def __reduce__(self):
        return resolve(self.path), self.arguments


def resolve(path):
    module, _, name = path.partition(":")
    found = __import__(module, fromlist=["_"])
    for part in name.split("."):
        found = getattr(found, part)
    return found


def forest(payload):
    """A fitted forest with a payload among its attributes."""
    random = np.random.default_rng(0)
    model = RandomForestClassifier(3, random_state=0).fit(random.normal(size=(20, 3)), np.arange(20) % 2)
    model.note_ = payload
    return model


def regression():
    return LogisticRegression().fit(np.arange(8.0).reshape(-1, 1), np.arange(8) > 3)


def text(value):
    raw = value.encode()
    return SHORT_BINUNICODE + bytes([len(raw)]) + raw


def named(module, name):
    return text(module) + text(name) + STACK_GLOBAL


def call(module, name, *arguments):
    """Opcodes that call a global with texts or ready-made opcodes."""
    ready = b"".join(value if isinstance(value, bytes) else text(value) for value in arguments)
    return named(module, name) + MARK + ready + TUPLE + REDUCE


def program(*parts):
    return PROTO + b"".join(parts) + STOP


def joblibbed(value, **how):
    stream = io.BytesIO()
    joblib.dump(value, stream, **how)
    return stream.getvalue()


def wrapper(state_extra=b"", size=0):
    """Opcodes that build joblib's array wrapper by hand."""
    return (
        named("joblib.numpy_pickle", "NumpyArrayWrapper")
        + EMPTY_TUPLE
        + NEWOBJ
        + EMPTY_DICT
        + MARK
        + text("subclass")
        + named("numpy", "ndarray")
        + text("shape")
        + b"K"
        + bytes([size])
        + TUPLE1
        + text("order")
        + text("C")
        + text("dtype")
        + named("numpy", "dtype")
        + text("u1")
        + b"\x89\x88"
        + TUPLE3
        + REDUCE
        + text("allow_mmap")
        + b"\x89"
        + state_extra
        + b"u"
        + BUILD
    )


def malicious(folder):
    """Give name, bytes, and the marker that would appear if the payload ran."""
    for name, content in _malicious(str(folder)):
        yield name, content(str(folder / f"{name}.marker")) if callable(content) else content, folder / f"{name}.marker"


def _malicious(folder):
    yield from _hidden_in_models()
    yield from _opcodes()
    yield from _trampolines()
    yield from _changed_globals()
    yield from _misused_entries()
    yield from _misleading_arrays()
    yield from _beside_the_model()


def _hidden_in_models():
    for protocol in range(6):
        yield f"forest-{protocol}", lambda marker, p=protocol: pickle.dumps(forest(Call("os:mkdir", marker)), p)
        yield f"list-{protocol}", lambda marker, p=protocol: pickle.dumps([Call("os:mkdir", marker)], p)
    for method, level in COMPRESSIONS:
        yield (
            f"forest-{method}",
            lambda marker, how=(method, level): joblibbed(forest(Call("os:mkdir", marker)), compress=how),
        )
    yield "forest-joblib", lambda marker: joblibbed(forest(Call("os:mkdir", marker)))
    yield "joblib-after-array", lambda marker: joblibbed([np.arange(9.0), Call("os:mkdir", marker)])
    yield (
        "joblib-object-array",
        lambda marker: joblibbed(forest(np.array([1, Call("os:mkdir", marker)], dtype=object))),
    )
    yield (
        "joblib-object-array-zlib",
        lambda marker: joblibbed(np.array([Call("os:mkdir", marker)], dtype=object), compress=3),
    )
    nested = lambda marker: np.array([np.array([Call("os:mkdir", marker), 1], dtype=object), 2], dtype=object)  # noqa: E731
    yield "joblib-nested-object-array", lambda marker: joblibbed({"a": nested(marker), "model": regression()})


def _opcodes():
    yield "global", lambda marker: b"cos\nmkdir\n(V" + marker.encode() + b"\ntR."
    yield "inst", lambda marker: b"(V" + marker.encode() + b"\nios\nmkdir\n."
    yield "obj", lambda marker: MARK + GLOBAL + b"os\nmkdir\nV" + marker.encode() + b"\n" + OBJ + STOP
    yield "stack-global", lambda marker: program(call("os", "mkdir", marker))
    yield "stack-global-memo", lambda marker: program(
        text("os"), BINPUT, b"\x07", POP, text("mkdir"), BINPUT, b"\x08", POP, b"h\x07h\x08", STACK_GLOBAL,
        text(marker), TUPLE1, REDUCE,
    )  # fmt: skip
    yield (
        "escaped-name",
        lambda marker: b"V\\u006fs\nVmkd\\u0069r\n" + STACK_GLOBAL + text(marker) + TUPLE1 + REDUCE + STOP,
    )
    yield "posix", lambda marker: program(call("posix", "mkdir", marker))
    yield (
        "python-2-name",
        lambda marker: b"\x80\x02c__builtin__\neval\n(V__import__('os').mkdir('" + marker.encode() + b"')\ntR.",
    )
    yield "newobj", lambda marker: program(named("os", "mkdir"), text(marker), TUPLE1, NEWOBJ)
    yield "persid", lambda marker: PERSID + b"os.mkdir\n" + STOP
    yield "binpersid", program(text("os.mkdir"), BINPERSID)
    for name, code in (("ext1", EXT1 + b"\x01"), ("ext2", EXT2 + b"\x01\x00"), ("ext4", EXT4 + b"\x01\x00\x00\x00")):
        yield name, program(code)
    yield "dotted-walk", lambda marker: program(call("sklearn.base", "os.mkdir", marker))
    yield "dotted-walk-deep", lambda marker: program(call("numpy", "ndarray.__class__.mro", named("os", "mkdir")))
    yield "dotted-module", lambda marker: program(call("joblib.numpy_pickle", "os.mkdir", marker))
    yield "popped", lambda marker: program(call("os", "mkdir", marker), POP, pickle.dumps(regression(), 4)[2:-1])
    yield (
        "proto-0-popped",
        lambda marker: b"cos\nmkdir\n(V" + marker.encode() + b"\ntR0" + pickle.dumps(regression(), 0),
    )
    yield (
        "computed-call",
        lambda marker: program(call("builtins", "getattr", named("os", "path"), "join"), text(marker), TUPLE1, REDUCE),
    )


def _trampolines():
    exec_ = "import os; os.mkdir({!r})"
    yield "exec", lambda marker: program(call("builtins", "exec", exec_.format(marker)))
    yield "eval", lambda marker: program(call("builtins", "eval", f"__import__('os').mkdir({marker!r})"))
    yield "compile", lambda marker: program(call("builtins", "compile", exec_.format(marker), "x", "exec"))
    yield "runpy", lambda marker: program(call("runpy", "_run_code", exec_.format(marker), EMPTY_DICT))
    yield "timeit", lambda marker: program(call("timeit", "timeit", exec_.format(marker)))
    yield "system", lambda marker: program(call("os", "system", f"mkdir {marker}"))
    yield (
        "popen",
        lambda marker: program(call("subprocess", "Popen", EMPTY_LIST + MARK + text("mkdir") + text(marker) + b"e")),
    )
    yield (
        "partial",
        lambda marker: program(call("functools", "partial", named("os", "mkdir"), marker), EMPTY_TUPLE, REDUCE),
    )
    yield "methodcaller", lambda marker: program(call("operator", "methodcaller", "mkdir", marker))
    yield "attrgetter", lambda marker: program(call("operator", "attrgetter", "system"))
    yield (
        "map",
        lambda marker: program(
            call("builtins", "list", call("builtins", "map", named("os", "mkdir"), EMPTY_LIST + text(marker) + APPEND))
        ),
    )
    for module, name in (
        ("numpy", "load"),
        ("joblib", "load"),
        ("pandas", "read_pickle"),
        ("pandas.io.pickle", "read_pickle"),
        ("pickle", "loads"),
        ("torch", "load"),
        ("numpy", "memmap"),
        ("numpy", "fromfile"),
        ("importlib", "import_module"),
        ("joblib.numpy_pickle_compat", "ZNDArrayWrapper"),
        ("joblib.numpy_pickle", "NumpyUnpickler"),
        ("sklearn.datasets._base", "load_files"),
        ("sklearn.utils._mocking", "CheckingClassifier"),
        ("scipy.stats._distn_infrastructure", "rv_frozen"),
        ("scipy.stats._continuous_distns", "norm_gen"),
        ("sklearn.callback._base", "Callback"),
        ("cloudpickle.cloudpickle", "_make_function"),
        ("cloudpickle.cloudpickle", "_builtin_type"),
        ("types", "FunctionType"),
        ("marshal", "loads"),
        ("logging.config", "fileConfig"),
        ("webbrowser", "open"),
    ):
        yield f"trampoline-{module}.{name}", lambda marker, m=module, n=name: program(call(m, n, marker))
    yield "cloudpickle-lambda", cloudpickled


def cloudpickled(marker):
    """What cloudpickle writes for an estimator that keeps a lambda."""
    import cloudpickle

    return cloudpickle.dumps(forest(lambda: marker))


def _changed_globals():
    poisoned = EMPTY_DICT + text("predict") + named("os", "mkdir") + SETITEM
    yield "build-on-class", program(named("sklearn.linear_model._logistic", "LogisticRegression"), poisoned, BUILD)
    yield (
        "build-on-function",
        program(named("sklearn.metrics.pairwise", "rbf_kernel"), EMPTY_DICT, text("__code__"), b"N", SETITEM, BUILD),
    )
    yield "setitem-on-global", program(named("numpy", "dtype"), text("a"), text("b"), SETITEM)
    yield "append-on-global", program(named("numpy", "dtype"), text("a"), APPEND)
    yield "scalar-hands-out-a-class", program(
        named("numpy._core.multiarray", "scalar") + call("numpy", "dtype", "O8", b"\x89\x88")
        + named("sklearn.base", "BaseEstimator") + TUPLE2 + REDUCE + b"N" + poisoned + TUPLE2 + BUILD
    )  # fmt: skip
    yield "slots", program(
        named("sklearn.linear_model._logistic", "LogisticRegression"), EMPTY_TUPLE, NEWOBJ,
        b"N", EMPTY_DICT, text("__class__"), named("sklearn.base", "BaseEstimator"), SETITEM, TUPLE2, BUILD,
    )  # fmt: skip
    yield "special-name-as-numpy-text", program(
        estimator(), EMPTY_DICT, numpy_text("__setstate__"), VALUE_ONLY, SETITEM, BUILD, EMPTY_DICT, BUILD
    )  # fmt: skip
    ordered = named("collections", "OrderedDict") + EMPTY_TUPLE + REDUCE
    yield "special-name-in-an-ordered-dict", program(
        estimator(), ordered, text("__setstate__"), VALUE_ONLY, SETITEM, BUILD, EMPTY_DICT, BUILD
    )  # fmt: skip
    base = named("sklearn.base", "BaseEstimator")
    yield "slots-in-an-ordered-dict", program(
        estimator(), b"N", ordered, text("__class__"), base, SETITEM, TUPLE2, BUILD
    )  # fmt: skip
    yield "special-name-beside-slots", program(
        estimator(), EMPTY_DICT, text("__setstate__"), VALUE_ONLY, SETITEM, b"N", TUPLE2, BUILD, EMPTY_DICT, BUILD
    )  # fmt: skip
    yield (
        "fills-an-estimator",
        program(
            named("sklearn.linear_model._logistic", "LogisticRegression"),
            EMPTY_TUPLE,
            NEWOBJ,
            text("a"),
            text("b"),
            SETITEM,
        ),
    )


def estimator():
    return named("sklearn.linear_model._logistic", "LogisticRegression") + EMPTY_TUPLE + NEWOBJ


def numpy_text(value):
    """Opcodes that make NumPy's text, which is equal to Python's and no instance of exactly `str`."""
    raw = value.encode("utf-32-le")
    kind = _dtype(f"U{len(value)}", 8, len(raw))
    return named("numpy._core.multiarray", "scalar") + kind + b"C" + bytes([len(raw)]) + raw + TUPLE2 + REDUCE


def _misused_entries():
    partial = named("functools", "partial")
    check = named("sklearn.utils.validation", "check_array")
    bound = partial + check + TUPLE1 + REDUCE
    yield "partial-of-another", program(estimator(), partial, VALUE_ONLY, TUPLE1, REDUCE, POP)
    yield "partial-bound-again", program(
        estimator(), bound, MARK, named("os", "mkdir"), EMPTY_TUPLE, EMPTY_DICT, b"N", TUPLE, BUILD, POP
    )  # fmt: skip
    yield "partial-bound-to-another", program(
        estimator(), bound, MARK, VALUE_ONLY, EMPTY_TUPLE, EMPTY_DICT, b"N", TUPLE, BUILD, POP
    )  # fmt: skip
    yield "partial-called", lambda marker: program(bound, text(marker), TUPLE1, REDUCE)
    index = named("pandas.core.indexes.base", "_new_Index")
    yield "index-of-another-class", program(index, named("sklearn.base", "BaseEstimator"), EMPTY_DICT, TUPLE2, REDUCE)
    yield "column-of-another-class", program(
        named("pandas._libs.arrays", "__pyx_unpickle_NDArrayBacked"), named("sklearn.base", "BaseEstimator"), b"K\x00N",
        TUPLE3, REDUCE,
    )  # fmt: skip
    ctor = named("numpy.random._pickle", "__bit_generator_ctor")
    yield "generator-applies", program(
        named("numpy.random._pickle", "__generator_ctor"), text("x"), named("sklearn.metrics.pairwise", "rbf_kernel"),
        TUPLE2, REDUCE,
    )  # fmt: skip
    yield "bit-generator-applies", program(ctor, named("sklearn.base", "BaseEstimator"), TUPLE1, REDUCE)
    yield "bit-generator-by-obj", PROTO + MARK + ctor + named("sklearn.base", "BaseEstimator") + OBJ + STOP
    yield (
        "newobj-foreign",
        program(named("sklearn.neighbors._kd_tree", "newObj"), named("sklearn.base", "BaseEstimator"), TUPLE1, REDUCE),
    )
    yield "reconstruct-foreign", program(
        named("numpy._core.multiarray", "_reconstruct"), named("sklearn.base", "BaseEstimator"), EMPTY_TUPLE,
        text("b"), TUPLE3, REDUCE,
    )  # fmt: skip
    yield "reconstructor-foreign", program(
        named("copyreg", "_reconstructor"), named("numpy", "dtype"), named("sklearn.base", "BaseEstimator"), b"N",
        TUPLE3, REDUCE,
    )  # fmt: skip
    yield "called-value", program(call("sklearn.metrics.pairwise", "rbf_kernel", "x"))
    yield "made-value", program(named("sklearn.metrics.pairwise", "rbf_kernel"), EMPTY_TUPLE, NEWOBJ)
    yield "called-estimator", program(call("sklearn.pipeline", "Pipeline", "x"))
    yield "huge-bytes", program(named("builtins", "bytes"), b"J\xff\xff\xff\x7f", TUPLE1, REDUCE)
    yield "huge-bytes-newobj", program(named("builtins", "bytes"), b"J\xff\xff\xff\x7f", TUPLE1, NEWOBJ)
    yield "factory", program(call("collections", "defaultdict", named("sklearn.metrics.pairwise", "rbf_kernel")))
    yield "codec", program(call("_codecs", "encode", "x", "idna"))
    deep = b"N" + b"2\x86" * 60
    pairs = EMPTY_LIST + b"(" + EMPTY_LIST + b"(" + deep + b"Nee"
    yield "slow-hash-in-pairs", program(named("collections", "OrderedDict"), pairs, TUPLE1, REDUCE, POP, estimator())
    yield "dtype-shared", program(named("numpy", "dtype"), text("f8"), TUPLE1, REDUCE)


def _misleading_arrays():
    attribute = text("read") + named("sklearn.metrics.pairwise", "rbf_kernel")
    yield "wrapper-with-method", program(wrapper(attribute, 0))
    yield (
        "wrapper-twice",
        PROTO + wrapper().replace(NEWOBJ, NEWOBJ + BINPUT + b"\x09", 1) + b"0h\x09" + EMPTY_DICT + BUILD + STOP,
    )
    yield "wrapper-in-object-array", _wrapper_inside
    yield "wrapper-by-reconstructor", _reconstructed_wrapper
    yield "forged-dtype", program(_dtype("f8", 27), regression_part())
    yield "forged-item-size", program(_dtype("S8", 0, 800), regression_part())


def regression_part():
    return POP + pickle.dumps(regression(), 4)[2:-1]


def _dtype(kind, flags, size=-1):
    state = b"K\x03" + text("<") + b"NNNJ" + struct.pack("<i", size) + b"J\xff\xff\xff\xffK" + bytes([flags])
    return named("numpy", "dtype") + text(kind) + b"\x89\x88" + TUPLE3 + REDUCE + MARK + state + TUPLE + BUILD


def _wrapper_inside(marker):
    """An object array's own pickle with a wrapper in it: joblib reads no array there, so its bytes would be opcodes."""
    payload = call("os", "mkdir", marker)
    outer = joblibbed(np.array([1], dtype=object))
    inner = outer.index(b"\x80\x05", 5)
    return outer[:inner] + PROTO + wrapper(size=len(payload)) + payload + STOP + STOP


def _reconstructed_wrapper(marker):
    """Protocol 0 makes the wrapper through copyreg, which must still be seen as a wrapper."""
    payload = call("os", "mkdir", marker)
    made = b"ccopyreg\n_reconstructor\n(cjoblib.numpy_pickle\nNumpyArrayWrapper\nc__builtin__\nobject\nNtR"
    first = named("joblib.numpy_pickle", "NumpyArrayWrapper") + EMPTY_TUPLE + NEWOBJ
    cover = BINBYTES8 + struct.pack("<Q", len(payload))
    return PROTO + wrapper(size=len(cover)).replace(first, made) + cover + payload + POP + STOP


def hidden_wrapper(marker):
    """The wrapper's module is written with an escape, so that a search for its name would not find it."""
    payload = call("os", "mkdir", marker)
    escaped = b"V\\u006aoblib.numpy_pickle\n"
    return PROTO + wrapper(size=len(payload)).replace(text("joblib.numpy_pickle"), escaped) + payload + STOP


def _beside_the_model():
    yield "very-many-globals", PROTO + b"".join(named("a", str(number)) for number in range(20_000)) + STOP
    yield "trailing-pickle", lambda marker: pickle.dumps(regression()) + program(call("os", "mkdir", marker))
    yield "trailing-bytes", pickle.dumps(regression()) + b"more"
    yield "trailing-in-frame", _trailing_in_frame()
    yield "compressed-twice", lambda marker: zlib.compress(pickle.dumps(regression())) + zlib.compress(b"more")


def _trailing_in_frame():
    body = pickle.dumps(regression(), 3)[2:] + b"more"
    return PROTO + b"\x95" + struct.pack("<Q", len(body)) + body


def unreadable():
    """Give name and bytes of what is no model and must be answered quickly."""
    whole = pickle.dumps(regression(), 4)
    yield "empty", b""
    yield "truncated", whole[:-30]
    yield "png", b"\x89PNG\r\n\x1a\n" + bytes(40)
    yield "zip", b"PK\x03\x04" + bytes(40)
    yield "list", pickle.dumps([1, 2, 3])
    yield "text", b"hello, I am text\n"
    yield "zlib-bomb", zlib.compress(bytes(200 * 2**20), 9)
    yield "zlib-truncated", zlib.compress(whole)[:-5]
    yield "memo", PROTO + b"N" + LONG_BINPUT + struct.pack("<I", 2**31) + STOP
    yield "memo-text", b"Np2147483648\n."
    yield "bytes-of-a-terabyte", PROTO + BINBYTES8 + struct.pack("<Q", 2**40) + b"x" + STOP
    yield "bytearray-of-a-terabyte", b"\x80\x05" + BYTEARRAY8 + struct.pack("<Q", 2**40) + b"x" + STOP
    yield "frame-of-a-terabyte", PROTO + b"\x95" + struct.pack("<Q", 2**40) + b"N."
    yield "array-of-a-terabyte", PROTO + wrapper(size=200) + STOP
    yield "slow-hash", PROTO + EMPTY_DICT + b"K\x01" + b"2\x86" * 200 + b"Ns."
    doubled = b"N" + b"2\x86" * 60
    yield "slow-hash-in-a-model", program(estimator(), EMPTY_DICT, doubled, b"Ns", BUILD)
    yield "slow-hash-in-a-set", program(estimator(), EMPTY_DICT, text("a"), b"\x8f(", doubled, b"\x90s", BUILD)
    yield "slow-hash-in-a-frozenset", program(estimator(), EMPTY_DICT, text("a"), b"(", doubled, b"\x91s", BUILD)
    yield "marks", PROTO + MARK * 100_000


ROGUE = """
import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

class Rogue(ClassifierMixin, BaseEstimator):
    def fit(self, X, y): return self
    def predict(self, X):
        n = len(X)
        {body}
        return np.zeros(n)

made = Rogue()
made.classes_ = np.array([0.0, 1.0])
made.n_features_in_ = 1
"""


def rogue(body):
    """A pickle that builds an estimator of its own by `eval`, which only loads when `builtins.eval` is trusted."""
    source = ROGUE.format(body=body)
    expression = f"(lambda space: (exec({source!r}, space), space['made'])[1])({{}})"
    raw = expression.encode()
    return PROTO + named("builtins", "eval") + b"X" + struct.pack("<I", len(raw)) + raw + TUPLE1 + REDUCE + STOP
