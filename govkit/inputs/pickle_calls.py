"""What the calls in a pickle may be made with: each allowlisted callable only with the arguments it is meant for.

An exact name is not enough: `numpy.random._pickle.__generator_ctor` calls its second argument, `numpy.dtype` can be
told that raw bytes are object pointers, and `numpy._core.multiarray.scalar` can hand back a global for a later opcode
to change. The rules here are as narrow as what pickle and joblib write.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from govkit.plugins.model_format import Global, Policy

MAX_NAME = 200
BUILTINS = ("builtins", "__builtin__")
ARRAYS = frozenset(
    {("numpy", "ndarray"), ("numpy", "matrix"), ("numpy.ma", "MaskedArray"), ("numpy.ma.core", "MaskedArray")}
)
PARTIAL = ("functools", "partial")
"""Binds arguments to a function. It is on no list: only a rule here lets it through, for the functions in `BOUND`."""
BOUND = frozenset({("sklearn.utils.validation", "check_array")})
"""What a histogram gradient boosting that takes categories keeps with arguments bound to it."""
_INDEXES = frozenset(
    (module, name)
    for module, names in {
        "pandas": ("Index", "RangeIndex"),
        "pandas.core.indexes.base": ("Index",),
        "pandas.core.indexes.range": ("RangeIndex",),
    }.items()
    for name in names
)
_INDEX_STATE = frozenset({"data", "name", "start", "stop", "step"})
_COLUMN_TYPES = frozenset(
    {("pandas", "Categorical"), ("pandas.core.arrays.categorical", "Categorical")}
    | {("pandas.arrays", "StringArray"), ("pandas.core.arrays.string_", "StringArray")}
)
MAX_HASHED = 10_000
"""Items that hashing one key may come to: nested tuples double it with every level."""
RECONSTRUCTORS = frozenset({("copyreg", "_reconstructor"), ("copy_reg", "_reconstructor")})
_DTYPE = re.compile(r"([?bhilqpBHILQPefdgFDGSUVOMmcu])([0-9]{0,9})")
_ITEM_SIZES = {
    "?": 1,
    "e": 2,
    "f": 4,
    "d": 8,
    "g": 16,
    "F": 8,
    "D": 16,
    "G": 32,
    "h": 2,
    "i": 4,
    "l": 8,
    "q": 8,
    "c": 1,
}
_FIXED = "fiubc?OMm"
_DTYPE_STATE = (8, 9)
_HAS_OBJECTS, _MOST_FLAGS = 1, 255


class Unusual(Exception):
    """The bytes can't be followed further; carries the end of a sentence."""


class Misleading(Unusual):
    """The file describes an array as its library never does, so that a scan and a load could read it differently."""


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
        """Give the dotted path, without what a terminal would act on."""
        path = f"{self.module}.{self.name}"[:MAX_NAME]
        return "".join(letter if letter.isprintable() else "?" for letter in path)


@dataclass(eq=False)
class Built:
    """What a call or a construction would give."""

    maker: Reference
    arguments: Any
    state: Any = None
    item: tuple[int, bool] | None = None
    """What `item` said of a dtype once its state was known."""


Rule = Callable[[Reference, tuple[Any, ...], Policy], bool]


def meant(maker: Reference, arguments: tuple[Any, ...], policy: Policy) -> bool:
    """Say whether a call's arguments are such as pickle and joblib write for this callable."""
    if maker.name.startswith("__pyx_unpickle_") or maker.name == "newObj":
        return _own_type(maker, arguments, policy)
    rule = _RULES.get(maker.key)
    return rule is None or rule(maker, arguments, policy)


def _own_type(maker: Reference, arguments: tuple[Any, ...], policy: Policy) -> bool:
    first = arguments[0] if arguments else None
    if not isinstance(first, Reference) or not policy.may_construct(first.key):
        return False
    return first.key in _COLUMN_TYPES if maker.name == "__pyx_unpickle_NDArrayBacked" else first.module == maker.module


def _array_type(maker: Reference, arguments: tuple[Any, ...], policy: Policy) -> bool:
    del policy
    types = arguments[: 2 if maker.name == "_mareconstruct" else 1]
    return bool(types) and all(isinstance(kind, Reference) and kind.key in ARRAYS for kind in types)


def _plain_object(maker: Reference, arguments: tuple[Any, ...], policy: Policy) -> bool:
    """`copyreg._reconstructor(class, base, state)`: an allowlisted class over a built-in one."""
    del maker
    if len(arguments) != 3:  # noqa: PLR2004 - class, base, state
        return False
    kind, base, _ = arguments
    known = isinstance(kind, Reference) and policy.may_construct(kind.key)
    return known and isinstance(base, Reference) and base.module in BUILTINS


def _dtype(maker: Reference, arguments: tuple[Any, ...], policy: Policy) -> bool:
    """`dtype(text, align, copy)`: a copy, as the ones that NumPy shares must not be changed."""
    del maker, policy
    if len(arguments) != 3 or not isinstance(arguments[0], str):  # noqa: PLR2004 - text, align, copy
        return False
    return _DTYPE.fullmatch(arguments[0]) is not None and arguments[2] in (True, 1)


def _scalar(maker: Reference, arguments: tuple[Any, ...], policy: Policy) -> bool:
    """`scalar(dtype, bytes)`: with an object dtype it would hand back whatever it is given."""
    del maker, policy
    if len(arguments) != 2 or not (isinstance(arguments[0], Built) and arguments[0].maker.key == ("numpy", "dtype")):  # noqa: PLR2004
        return False
    return not item(arguments[0])[1] and _is_bytes(arguments[1])


def _is_bytes(value: object) -> bool:
    return isinstance(value, bytes | bytearray) or (
        isinstance(value, Built) and value.maker.name in ("encode", "bytes")
    )


def _encode(maker: Reference, arguments: tuple[Any, ...], policy: Policy) -> bool:
    del maker, policy
    return len(arguments) == 2 and isinstance(arguments[0], str) and arguments[1] in ("latin1", "latin-1")  # noqa: PLR2004


def _plain_bytes(maker: Reference, arguments: tuple[Any, ...], policy: Policy) -> bool:
    """`bytes(n)` would allocate as much as it is told."""
    del maker, policy
    return not arguments or isinstance(arguments[0], str) or _is_bytes(arguments[0])


def _of_list(maker: Reference, arguments: tuple[Any, ...], policy: Policy) -> bool:
    del maker, policy
    if not arguments:
        return True
    return len(arguments) == 1 and isinstance(arguments[0], list | tuple) and light(arguments[0])


def _of_pairs(maker: Reference, arguments: tuple[Any, ...], policy: Policy) -> bool:
    """`OrderedDict([[key, value], ...])` of earlier Pythons; later ones fill it afterwards."""
    del maker, policy
    if not arguments:
        return True
    pairs = arguments[0]
    if len(arguments) != 1 or not isinstance(pairs, list):
        return False
    return all(isinstance(pair, list | tuple) and len(pair) == 2 and light(pair[:1]) for pair in pairs)  # noqa: PLR2004


def _counted(maker: Reference, arguments: tuple[Any, ...], policy: Policy) -> bool:
    del maker, policy
    return not arguments or (len(arguments) == 1 and isinstance(arguments[0], dict))


def _index(maker: Reference, arguments: tuple[Any, ...], policy: Policy) -> bool:
    """`_new_Index(class, state)` calls the class with the state as named arguments."""
    del maker
    if len(arguments) != 2 or not isinstance(arguments[1], dict):  # noqa: PLR2004 - class, state
        return False
    kind, state = arguments
    known = isinstance(kind, Reference) and kind.key in _INDEXES and policy.may_construct(kind.key)
    return known and set(state) <= _INDEX_STATE


def _arrow_type(maker: Reference, arguments: tuple[Any, ...], policy: Policy) -> bool:
    del maker, policy
    return arguments in (("large_string",), ("string",))


def _bound(maker: Reference, arguments: tuple[Any, ...], policy: Policy) -> bool:
    del maker, policy
    return len(arguments) == 1 and isinstance(arguments[0], Reference) and arguments[0].key in BOUND


def bound_again(state: object) -> bool:
    """Say whether a partial function's state (function, arguments, named arguments, attributes) binds what may be."""
    if not isinstance(state, tuple) or len(state) != 4:  # noqa: PLR2004
        return False
    function, arguments, keywords, attributes = state
    plain = isinstance(keywords, dict) and all(
        _is_plain(part) for value in keywords.values() for part in (value if isinstance(value, list) else [value])
    )
    return isinstance(function, Reference) and function.key in BOUND and arguments == () and plain and not attributes


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int | float | None) or (isinstance(value, Reference) and value.module == "numpy")


def light(keys: Iterable[object]) -> bool:
    """Say whether all keys can be hashed soon; what a tuple holds several times is hashed as often."""
    costs: dict[int, int] = {}
    return all(_cost(key, costs) <= MAX_HASHED for key in keys if isinstance(key, tuple))


def _cost(key: tuple[Any, ...], costs: dict[int, int]) -> int:
    todo = [key]
    while todo:
        found = todo[-1]
        open_ones = [item for item in found if isinstance(item, tuple) and id(item) not in costs]
        if open_ones and len(todo) <= MAX_HASHED:
            todo.extend(open_ones)
            continue
        todo.pop()
        parts = [costs.get(id(item), MAX_HASHED + 1) if isinstance(item, tuple) else 1 for item in found]
        costs[id(found)] = min(1 + sum(parts), MAX_HASHED + 1)
    return costs[id(key)]


def _factory(maker: Reference, arguments: tuple[Any, ...], policy: Policy) -> bool:
    """`defaultdict(factory)` calls its factory for every missing key."""
    del maker, policy
    first = arguments[0] if arguments else None
    known = isinstance(first, Reference) and (
        first.module in BUILTINS or first.key in {("collections", "OrderedDict"), ("collections", "defaultdict")}
    )
    return first is None or known


def _generator(maker: Reference, arguments: tuple[Any, ...], policy: Policy) -> bool:
    """`__generator_ctor(bit generator, maker)` calls its second argument with the first."""
    del maker, policy
    if not arguments or not isinstance(arguments[0], str | Built):
        return False
    constructor = Reference("numpy.random._pickle", "__bit_generator_ctor")
    return arguments[1:] in ((), (constructor,))


def _bit_generator(maker: Reference, arguments: tuple[Any, ...], policy: Policy) -> bool:
    """`__bit_generator_ctor(class)` calls the class."""
    del maker
    first = arguments[0] if len(arguments) == 1 else None
    named = isinstance(first, Reference) and first.module.startswith("numpy.random._") and policy.may_call(first.key)
    return isinstance(first, str) or (named and isinstance(first, Reference) and first.name[:1].isupper())


_RULES: Mapping[Global, Rule] = {
    **{(f"numpy.{core}.multiarray", "_reconstruct"): _array_type for core in ("core", "_core")},
    **{(f"numpy.{core}.multiarray", "scalar"): _scalar for core in ("core", "_core")},
    ("numpy.ma.core", "_mareconstruct"): _array_type,
    ("numpy", "dtype"): _dtype,
    ("_codecs", "encode"): _encode,
    ("collections", "Counter"): _counted,
    ("collections", "OrderedDict"): _of_pairs,
    ("collections", "defaultdict"): _factory,
    ("collections", "deque"): lambda _maker, arguments, _policy: not arguments or arguments[0] in ((), []),
    ("pandas.core.indexes.base", "_new_Index"): _index,
    ("pyarrow.lib", "type_for_alias"): _arrow_type,
    PARTIAL: _bound,
    ("numpy.random._pickle", "__generator_ctor"): _generator,
    ("numpy.random._pickle", "__randomstate_ctor"): _generator,
    ("numpy.random._pickle", "__bit_generator_ctor"): _bit_generator,
    **dict.fromkeys(RECONSTRUCTORS, _plain_object),
    **{(module, name): _plain_bytes for module in BUILTINS for name in ("bytes", "bytearray")},
    **{(module, name): _of_list for module in BUILTINS for name in ("set", "frozenset")},
}
"""What each callable may be given; those not named here can't reach further than their own result."""


def item(dtype: object) -> tuple[int, bool]:
    """Give a dtype's bytes per item, and whether its items are objects.

    Raises:
        Unusual: it is no dtype that arrays of a model have, or its state contradicts its name.
    """
    if isinstance(dtype, Built) and dtype.maker.key == ("numpy", "dtype") and isinstance(dtype.arguments, tuple):
        if dtype.item is not None:
            return dtype.item
        text = dtype.arguments[0] if dtype.arguments else None
        found = _DTYPE.fullmatch(text) if isinstance(text, str) else None
        if found:
            return _sized(found[1], found[2], dtype.state)
    raise Unusual("an array in it has an unusual type")


def _sized(letter: str, digits: str, state: object) -> tuple[int, bool]:
    size = int(digits) * (4 if letter == "U" else 1) if digits else _ITEM_SIZES.get(letter, 0)
    objects = letter == "O"
    if state is not None:
        size, objects = _stated(letter, size, state)
    if size <= 0:
        raise Unusual("an array in it has an unusual type")
    return size, objects


def _stated(letter: str, size: int, state: object) -> tuple[int, bool]:
    """Hold a pickled dtype's (version, order, subarray, names, fields, size, align, flags) against its name."""
    if not isinstance(state, tuple) or len(state) not in _DTYPE_STATE:
        raise Unusual("an array in it has an unusual type")
    subarray, names, fields, stated, flags = state[2], state[3], state[4], state[5], state[7]
    objects = letter == "O"
    if letter == "V" and isinstance(fields, dict) and isinstance(names, tuple):
        objects = any(item(field[0] if isinstance(field, tuple) and field else None)[1] for field in fields.values())
    elif fields is not None or names is not None:
        raise Unusual("an array in it has an unusual type")
    expected = -1 if letter in _FIXED else size
    right_size = type(stated) is int and stated == expected
    right_flags = type(flags) is int and 0 <= flags <= _MOST_FLAGS and bool(flags & _HAS_OBJECTS) == objects
    if subarray is not None or not right_size or not right_flags:
        raise Misleading
    return size, objects
