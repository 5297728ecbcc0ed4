"""No entry of the allowlist can load, import, walk or call its way out, by what the entry is and not by its name."""

import ast
import importlib
import inspect
import json
import re
import types
import warnings
from pathlib import Path

import numpy as np
import pytest

from govkit.inputs.allowlist import policy, shipped_roles
from govkit.inputs.pickle_calls import BOUND, PARTIAL
from govkit.plugins.model_format import Policy
from tools.make_allowlist import EARLIER, PLACE, allowlist, losses

PACKAGES = {
    *("builtins", "__builtin__", "_codecs", "collections", "copyreg", "copy_reg", "datetime", "decimal"),
    *("joblib", "numpy", "pandas", "pyarrow", "scipy", "sklearn", "_loss"),
    *("catboost", "imblearn", "lightgbm", "xgboost"),
}
BUILTINS = {
    *("bool", "bytearray", "bytes", "complex", "dict", "float", "frozenset", "int", "list", "object", "range", "set"),
    *("slice", "str", "tuple", "unicode"),
}
REACHES_OUT = re.compile(
    r"\b(open|exec|eval|compile|__import__|import_module|setattr|delattr)\(|\b(pickle|subprocess|socket|shutil|ctypes)\b|"
    r"\bos\.\w|\burlopen\b|\bread_pickle\b|\bmemmap\("
)
STATE_SETTERS = {
    "sklearn.base.BaseEstimator": "takes a version note out and fills __dict__",
    "sklearn.isotonic.IsotonicRegression": "rebuilds its interpolation",
    "sklearn.utils._bunch.Bunch": "does nothing",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor": "converts its nodes",
    "pandas.CategoricalDtype": "fills its own slots",
    "pandas.Categorical": "fills its own slots",
    "pandas.StringDtype": "fills its own slots",
    "pandas.arrays.ArrowExtensionArray": "makes a chunked array of the one it is given",
    "pandas.core.generic.NDFrame": "fills its own slots and attributes",
    "pandas.core.internals.managers.SingleBlockManager": "makes blocks of arrays and places",
    "catboost.core._CatBoostBase": "reads a native model from bytes",
    "lightgbm.basic.Booster": "reads a native model from text",
    "xgboost.core.Booster": "reads a native model from bytes",
    "scipy.sparse._coo.coo_matrix": "renames two fields of earlier versions",
}
"""Classes with a Python `__setstate__` of their own, each read."""


def entries():
    warnings.simplefilter("ignore")
    for (module, name), role in shipped_roles().items():
        module = {"__builtin__": "builtins", "copy_reg": "copyreg"}.get(module, module)  # noqa: PLW2901
        try:
            yield module, name, role, getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError):
            earlier = {(m, n) for found in EARLIER.values() for m, names in found.items() for n in names}
            earlier |= {(path, name) for kind, path, name in losses()}
            assert (module, name) in earlier or (module, name) in OLD_PATHS


OLD_PATHS = {
    ("builtins", "unicode"),
    ("scipy.sparse.csc", "csc_matrix"),
    ("scipy.sparse.csr", "csr_matrix"),
    ("scipy.interpolate.interpolate", "interp1d"),
    ("numpy.core.multiarray", "_reconstruct"),
}
ENTRIES = list(entries())


def test_names_are_exact_and_of_known_packages():
    for module, name in shipped_roles():
        assert module.split(".")[0] in PACKAGES
        assert name.isidentifier()
        assert "*" not in module
    assert {name for module, name in shipped_roles() if module in ("builtins", "__builtin__")} <= BUILTINS


def test_nothing_is_a_module_or_hands_out_attributes():
    import functools
    import operator

    walkers = (operator.attrgetter, operator.itemgetter, operator.methodcaller, functools.partial)
    for module, name, _, found in ENTRIES:
        assert not isinstance(found, types.ModuleType), (module, name)
        assert found not in (getattr, setattr, delattr, eval, exec, compile, open, __import__, map, filter, type)
        assert found not in walkers
        assert not isinstance(found, walkers)
        home = getattr(found, "__module__", None) or module
        assert home.split(".")[0] in PACKAGES | {"scipy", "numpy"}, (module, name, home)


def test_no_function_or_constructor_reaches_out():
    for module, name, _, found in ENTRIES:
        if inspect.isfunction(found):
            code = ast.unparse(_without_text(ast.parse(inspect.getsource(found))))
            assert not REACHES_OUT.search(code), (module, name, REACHES_OUT.search(code))


def _without_text(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
    return tree


def test_every_own_state_setter_was_read():
    setters = {
        f"{kind.__module__}.{kind.__qualname__}"
        for _, _, role, found in ENTRIES
        if inspect.isclass(found) and role in ("construct", "call")
        for kind in found.__mro__
        if inspect.isfunction(vars(kind).get("__setstate__"))
    }
    assert setters - set(STATE_SETTERS) == set()


def test_a_bound_function_is_only_let_through_by_its_rule():
    assert PARTIAL not in shipped_roles()
    assert all(shipped_roles()[name] == "value" for name in BOUND)


def test_no_distribution_and_no_callback():
    from scipy.stats import rv_continuous, rv_discrete
    from scipy.stats._distn_infrastructure import rv_frozen, rv_generic

    for module, name, _, found in ENTRIES:
        assert not module.startswith(("scipy.stats", "sklearn.callback", "sklearn.datasets", "sklearn.externals"))
        if inspect.isclass(found):
            assert not issubclass(found, rv_generic | rv_frozen | rv_continuous | rv_discrete), name
            assert not issubclass(found, np.memmap)


def test_what_may_be_called_is_a_type_or_a_known_reconstructor():
    functions = {name for _, name, role, found in ENTRIES if role == "call" and not inspect.isclass(found)}
    known = {
        *("_reconstruct", "scalar", "_frombuffer", "_mareconstruct", "_reconstructor", "encode", "newObj"),
        *("__bit_generator_ctor", "__generator_ctor", "__randomstate_ctor"),
        *("_new_Index", "_unpickle_block", "_unpickle_timestamp", "_restore_array", "py_buffer", "type_for_alias"),
    }
    assert {name for name in functions if not name.startswith("__pyx_unpickle_")} <= known


def test_the_checked_in_list_is_what_the_libraries_give():
    assert json.loads(Path(PLACE).read_text()) == allowlist()


def test_trusting_one_global_trusts_no_other():
    allowed = policy(("my.package.Model",))
    assert isinstance(allowed, Policy)
    assert allowed.may_call(("my.package", "Model"))
    assert not allowed.allows(("my.package", "Other"))
    assert not allowed.allows(("my", "package.Model"))
    with pytest.raises(KeyError):
        shipped_roles()["my.package", "Model"]
