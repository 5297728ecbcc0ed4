"""Unpickle for real, under the policy that the scan applied; on bytes in which the scan found nothing, or confined."""

import importlib
import io
import pickle

from govkit.inputs.pickle_calls import PARTIAL
from govkit.plugins.model_format import Policy

_RENAMED = {"__builtin__": "builtins", "copy_reg": "copyreg", "_loss": "sklearn._loss._loss"}
"""Modules by the names that Python 2 and scikit-learn 1.4 to 1.8 wrote."""


class _HoldsArrays(Exception):
    """The pickle holds arrays as joblib writes them, which only joblib reads."""


def load_pickle(content: bytes, policy: Policy) -> object:
    """Construct the object.

    Raises:
        UnpicklingError: a global is refused after all.
    """

    class Fast(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> object:
            if module.startswith("joblib.numpy_pickle"):
                raise _HoldsArrays
            return _resolved(module, name, policy)

    try:
        return Fast(io.BytesIO(content)).load()
    except _HoldsArrays:
        return _load_with_arrays(content, policy)


def _load_with_arrays(content: bytes, policy: Policy) -> object:
    from joblib.numpy_pickle import NumpyUnpickler

    class WithArrays(NumpyUnpickler):  # type: ignore[misc]
        def find_class(self, module: str, name: str) -> object:
            return _resolved(module, name, policy)

    loaded: object = WithArrays("", io.BytesIO(content), ensure_native_byte_order=True).load()
    return loaded


def _resolved(module: str, name: str, policy: Policy) -> object:
    known = (policy.allows((module, name)) or (module, name) == PARTIAL) and "." not in name
    if not known and not policy.everything:
        raise pickle.UnpicklingError("refused while loading")
    found: object = importlib.import_module(_RENAMED.get(module, module))
    try:
        for part in name.split("."):
            found = getattr(found, part)
    except AttributeError:
        raise ImportError(name=module) from None
    return found
