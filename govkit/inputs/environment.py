"""The versions that a result depends on."""

import platform
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version

LIBRARIES = (
    "adversarial-robustness-toolbox",
    "joblib",
    "numpy",
    "pandas",
    "presidio-analyzer",
    "pyarrow",
    "scikit-learn",
    "scipy",
    "weasyprint",
)


@dataclass(frozen=True)
class Environment:
    """Python and library versions."""

    python: str
    packages: dict[str, str]


@cache
def installed(name: str) -> str | None:
    """Give a distribution's version, None where it isn't installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def current() -> Environment:
    """Look up the versions of what the audit rests on."""
    found = {name: installed(name) for name in LIBRARIES}
    return Environment(platform.python_version(), {name: text for name, text in found.items() if text})
