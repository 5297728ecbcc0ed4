"""Make govkit/inputs/allowlist.json: what model files may refer to, found by looking at the installed libraries.

Run it after a library update and read the difference: `python tools/make_allowlist.py && git diff`. Whole modules are
never allowed; every entry is one exact name. A name gets in by what it is, an estimator or a value type without side
effects, never because some model uses it.
"""

import importlib
import inspect
import json
import pkgutil
import types
import warnings
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np

PLACE = Path(__file__).parent.parent / "govkit" / "inputs" / "allowlist.json"
SKIPPED = (
    "imblearn.datasets",
    "imblearn.keras",
    "imblearn.tensorflow",
    "imblearn.utils",
    "sklearn._build_utils",
    "sklearn.callback",  # opens a listener when its state is set
    "sklearn.conftest",
    "sklearn.datasets",  # loaders
    "sklearn.experimental",
    "sklearn.externals",
    "sklearn.inspection._plot",
    "sklearn.utils._estimator_html_repr",
    "sklearn.utils._mocking",
    "sklearn.utils._repr_html",
    "sklearn.utils._test_common",
    "sklearn.utils._testing",
    "sklearn.utils.estimator_checks",
    "sklearn.utils.parallel",
)
VALUE_TYPES = frozenset(
    {
        *("_BinMapper", "TreePredictor", "_CalibratedClassifier", "_SigmoidCalibration", "_TemperatureScaling"),
        *(
            "_CFNode",
            "_CFSubcluster",
            "_BisectingTree",
            "_ConstantPredictor",
            "_BinaryGaussianProcessClassifierLaplace",
        ),
        *("_Scorer", "_CurveScorer", "_PassthroughScorer", "_MultimetricScorer", "_ThresholdScorer", "_ProbaScorer"),
        *("_PredictScorer", "_BaseScorer", "_RemainderColsList", "_ObservationsLabels", "Interval", "Bunch"),
        *("MetadataRequest", "MethodMetadataRequest", "MetadataRouter", "MethodMapping", "ParameterGrid"),
        *("AdamOptimizer", "SGDOptimizer", "BaseOptimizer", "_IffHasAttrDescriptor", "IsotonicRegression"),
        *("ClassificationCriterion", "_PredictionsCache", "Grower", "_Node", "_ImputerTriplet", "make_column_selector"),
    }
)
"""Classes besides estimators that fitted scikit-learn models are made of."""
VALUE_MODULES = (
    "sklearn._loss.link",
    "sklearn._loss.loss",
    "sklearn.gaussian_process.kernels",
    "sklearn.model_selection._split",
)
"""Modules whose classes are all plain values: losses, links, kernels, splitters."""
CYTHON_TYPES = {
    "sklearn._loss._loss": "call",
    "sklearn.linear_model._sgd_fast": "call",
    "sklearn.metrics._dist_metrics": "construct",
    "sklearn.neighbors._ball_tree": "construct",
    "sklearn.neighbors._kd_tree": "construct",
    "sklearn.neighbors._quad_tree": "call",
}
"""Compiled modules, and whether pickles call their types or only make instances."""
FUNCTION_MODULES = (
    "sklearn.feature_selection._univariate_selection",
    "sklearn.feature_selection._mutual_info",
    "sklearn.metrics._classification",
    "sklearn.metrics._ranking",
    "sklearn.metrics._regression",
    "sklearn.metrics.pairwise",
    "sklearn.metrics.cluster._supervised",
    "sklearn.metrics.cluster._unsupervised",
    "sklearn.cluster._kmeans",
    "sklearn.preprocessing._data",
    "imblearn.metrics._classification",
)
"""Modules whose functions are numeric and may be referred to: scores, kernels, scalers."""
NEVER = frozenset(
    "load loads open eval exec compile getattr setattr delattr import_module partial reduce attrgetter itemgetter "
    "methodcaller system popen fetch read_pickle memmap fromfile DataSource frompyfunc vectorize "
    "apply_along_axis".split()
)
TAKES_FUNCTIONS = frozenset(
    "check_paired_arrays check_pairwise_arrays distance_metrics kernel_metrics pairwise_distances "
    "pairwise_distances_argmin pairwise_distances_argmin_min pairwise_distances_chunked pairwise_kernels "
    "paired_distances".split()
)
"""Numeric functions that call what they are given, or hand out others; a model can do without them."""
BY_HAND = {
    "construct": {
        "catboost.core": ["CatBoost"],
        "joblib.numpy_pickle": ["NumpyArrayWrapper"],
        "lightgbm.basic": ["Booster"],
        "numpy.random.bit_generator": ["SeedSequence"],
        "pandas": ["Categorical", "CategoricalDtype", "DataFrame", "Index", "RangeIndex", "Series"],
        "pandas.arrays": ["ArrowStringArray", "StringArray"],
        "pandas.core.arrays.categorical": ["Categorical"],
        "pandas.core.arrays.string_": ["StringArray"],
        "pandas.core.arrays.string_arrow": ["ArrowStringArray"],
        "pandas.core.dtypes.dtypes": ["CategoricalDtype"],
        "pandas.core.frame": ["DataFrame"],
        "pandas.core.indexes.base": ["Index"],
        "pandas.core.indexes.range": ["RangeIndex"],
        "pandas.core.internals.managers": ["SingleBlockManager"],
        "pandas.core.series": ["Series"],
        "scipy.interpolate._bsplines": ["BSpline"],
        "scipy.interpolate._interpolate": ["interp1d", "PPoly"],
        "scipy.interpolate.interpolate": ["interp1d"],
        "scipy.optimize._optimize": ["OptimizeResult"],
        "scipy.sparse._coo": ["coo_array", "coo_matrix"],
        "scipy.sparse._csc": ["csc_array", "csc_matrix"],
        "scipy.sparse._csr": ["csr_array", "csr_matrix"],
        "scipy.sparse._dia": ["dia_array", "dia_matrix"],
        "scipy.sparse._dok": ["dok_array", "dok_matrix"],
        "scipy.sparse._lil": ["lil_array", "lil_matrix"],
        "scipy.sparse.csr": ["csr_matrix"],
        "scipy.sparse.csc": ["csc_matrix"],
        "scipy.spatial._ckdtree": ["cKDTree"],
        "scipy.spatial._kdtree": ["KDTree"],
        "xgboost.callback": ["EarlyStopping"],
        "xgboost.core": ["Booster"],
    },
    "call": {
        "__builtin__": ["bytearray", "bytes", "complex", "frozenset", "object", "set", "slice"],
        "_codecs": ["encode"],
        "builtins": ["bytearray", "bytes", "complex", "frozenset", "object", "range", "set", "slice"],
        "collections": ["Counter", "OrderedDict", "defaultdict", "deque"],
        "copy_reg": ["_reconstructor"],
        "copyreg": ["_reconstructor"],
        "datetime": ["date", "datetime", "timedelta", "timezone"],
        "decimal": ["Decimal"],
        "numpy": ["dtype"],
        "numpy._core.multiarray": ["_reconstruct", "scalar"],
        "numpy._core.numeric": ["_frombuffer"],
        "numpy.core.multiarray": ["_reconstruct", "scalar"],
        "numpy.core.numeric": ["_frombuffer"],
        "numpy.ma.core": ["_mareconstruct"],
        "numpy.random._mt19937": ["MT19937"],
        "numpy.random._pcg64": ["PCG64", "PCG64DXSM"],
        "numpy.random._philox": ["Philox"],
        "numpy.random._pickle": ["__bit_generator_ctor", "__generator_ctor", "__randomstate_ctor"],
        "numpy.random._sfc64": ["SFC64"],
        "numpy.random.bit_generator": ["__pyx_unpickle_SeedSequence"],
        "pandas": ["StringDtype"],
        "pandas._libs.arrays": ["__pyx_unpickle_NDArrayBacked"],
        "pandas._libs.internals": ["_unpickle_block"],
        "pandas._libs.tslibs.timestamps": ["_unpickle_timestamp"],
        "pandas.core.arrays.string_": ["StringDtype"],
        "pandas.core.indexes.base": ["_new_Index"],
        "pandas.core.internals.managers": ["BlockManager"],
        "pyarrow.lib": ["_restore_array", "py_buffer", "type_for_alias"],
        "sklearn.metrics._dist_metrics": ["newObj"],
        "sklearn.neighbors._ball_tree": ["newObj"],
        "sklearn.neighbors._kd_tree": ["newObj"],
        "sklearn.tree._tree": ["Tree"],
    },
    "value": {
        "__builtin__": ["bool", "dict", "float", "int", "list", "str", "tuple", "unicode"],
        "builtins": ["bool", "dict", "float", "int", "list", "str", "tuple"],
        "numpy": ["matrix", "ndarray", "asarray", "mean", "median", "max", "min", "sum", "log", "exp"],
        "numpy.ma": ["MaskedArray"],
        "numpy.ma.core": ["MaskedArray"],
        "pandas": ["NA"],
        "pandas._libs.missing": ["NA"],
        "scipy._lib.array_api_compat.numpy._aliases": ["asarray"],
        "sklearn.cluster._kmeans": ["_kmeans_single_elkan", "_kmeans_single_lloyd"],
        "sklearn.utils.validation": ["check_array"],
    },
}
"""What carries state in pickles of these libraries and can't be found by kind; none calls what it is given."""


_METRICS = (
    "BrayCurtis Canberra Chebyshev Dice Euclidean Hamming Haversine Jaccard Kulsinski Mahalanobis Manhattan Matching "
    "Minkowski RogersTanimoto RussellRao SEuclidean SokalMichener SokalSneath WMinkowski"
).split()
EARLIER: dict[str, dict[str, list[str]]] = {
    "construct": {
        "sklearn.compose._column_transformer": ["_RemainderColsList"],
        "sklearn.ensemble._gb_losses": [
            *("BinomialDeviance", "ExponentialLoss", "HuberLossFunction", "LeastAbsoluteError", "LeastSquaresError"),
            *("MultinomialDeviance", "QuantileLossFunction"),
        ],
        "sklearn.metrics._dist_metrics": [f"{name}Distance" for name in _METRICS],
        "sklearn.metrics._scorer": ["_PredictScorer", "_ProbaScorer", "_ThresholdScorer"],
        "sklearn.mixture._gaussian_mixture": ["GaussianMixture"],
        "sklearn.model_selection._classification_threshold": ["_CurveScorer"],
        "sklearn.utils": ["Bunch"],
    },
    "call": {
        "sklearn.linear_model._sgd_fast": ["Huber", "Log", "SquaredLoss"],
    },
    "value": {"sklearn.preprocessing._function_transformer": ["_identity"]},
}
"""What scikit-learn 1.3 to 1.8 wrote and the installed one may have renamed."""


LOSSES = "sklearn._loss._loss"


def modules() -> Iterator[types.ModuleType]:
    """Import every module of scikit-learn and imbalanced-learn that may hold parts of a model."""
    import imblearn
    import sklearn

    for package in (sklearn, imblearn):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".tests" in found.name or found.name.startswith(SKIPPED):
                continue
            try:
                yield importlib.import_module(found.name)
            except ImportError:
                continue


def classes() -> Iterator[tuple[str, str, str]]:
    """Find estimators, value types and compiled types with their roles."""
    for module in modules():
        path = module.__name__
        for name, found in vars(module).items():
            own = inspect.isclass(found) and found.__module__ == path
            if path in CYTHON_TYPES and own:
                yield CYTHON_TYPES[path], path, name
            elif path in CYTHON_TYPES and name.startswith("__pyx_unpickle_"):
                yield "call", path, name
            elif own and _is_part_of_models(path, name, found):
                yield "construct", path, name


def _is_part_of_models(path: str, name: str, found: type) -> bool:
    from sklearn.base import BaseEstimator

    return issubclass(found, BaseEstimator) or name in VALUE_TYPES or path.startswith(VALUE_MODULES)


def boosters() -> Iterator[tuple[str, str, str]]:
    """Find the estimators of XGBoost, LightGBM and CatBoost, whose state is a native model in bytes or text."""
    import catboost
    import lightgbm
    import xgboost

    for base in (xgboost.XGBModel, lightgbm.LGBMModel, catboost.CatBoost):
        for name, found in vars(importlib.import_module(base.__module__)).items():
            if inspect.isclass(found) and issubclass(found, base) and found.__module__ == base.__module__:
                yield "construct", base.__module__, name


def losses() -> Iterator[tuple[str, str, str]]:
    """Give the names that compiled losses had: 1.4 to 1.8 called the module `_loss`, 1.3 to 1.6 had unpicklers."""
    for name, found in vars(importlib.import_module(LOSSES)).items():
        if inspect.isclass(found) and name.startswith("Cy"):
            yield "call", "_loss", name
            yield "call", "_loss", f"__pyx_unpickle_{name}"
            yield "call", LOSSES, f"__pyx_unpickle_{name}"


def functions() -> Iterator[tuple[str, str, str]]:
    """Find numeric functions that estimators keep as parameters."""
    for path in FUNCTION_MODULES:
        module = importlib.import_module(path)
        for name, found in vars(module).items():
            known = inspect.isfunction(found) and found.__module__ == path
            if known and not name.startswith("_") and name not in TAKES_FUNCTIONS:
                yield "value", path, name


def numbers() -> Iterator[tuple[str, str, str]]:
    """Find NumPy's scalar types, dtypes and ufuncs."""
    for name, found in vars(np).items():
        if isinstance(found, np.ufunc) or (inspect.isclass(found) and issubclass(found, np.generic)):
            yield "value", "numpy", name
    for name in np.dtypes.__all__:
        yield "value", "numpy.dtypes", name


def allowlist() -> dict[str, dict[str, list[str]]]:
    """Give role, module, names."""
    roles: dict[str, dict[str, set[str]]] = {role: defaultdict(set) for role in ("construct", "call", "value")}
    for written in (BY_HAND, EARLIER):
        for role, found in written.items():
            for module, names in found.items():
                roles[role][module].update(names)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found_by_kind = [*classes(), *boosters(), *losses(), *functions(), *numbers()]
    for role, module, name in found_by_kind:
        if name not in NEVER and name not in roles["call"][module]:
            roles[role][module].add(name)
    return {
        role: {module: sorted(names) for module, names in sorted(found.items()) if names}
        for role, found in roles.items()
    }


def main() -> None:
    """Write the list."""
    plain = allowlist()
    PLACE.write_text(json.dumps(plain, indent=1) + "\n")
    print({role: sum(map(len, found.values())) for role, found in plain.items()})


if __name__ == "__main__":
    main()
