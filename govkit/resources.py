"""Find the shipped templates and controls, from a wheel or from a checkout."""

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path


def shipped(kind: str) -> Traversable:
    """Give the folder `templates` or `controls` as installed, or as it stands beside the package in a checkout."""
    installed = files("govkit") / "_data" / kind
    return installed if installed.is_dir() else Path(__file__).parent.parent / kind
