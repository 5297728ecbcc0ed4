"""Find the one model file in an MLflow model folder, by its MLmodel file, without MLflow."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from govkit.core.errors import InputProblem, UsageProblem
from govkit.strict_yaml import read

DESCRIPTION = "MLmodel"
FLAVOURS: Mapping[str, tuple[str, ...]] = {
    "sklearn": ("pickled_model",),
    "xgboost": ("data",),
    "lightgbm": ("data",),
    "catboost": ("data",),
    "onnx": ("data",),
}
"""Flavours that name one file of a known format, and where they name it."""


class _Description(BaseModel):
    """The part of an MLmodel file that is looked at."""

    model_config = ConfigDict(extra="ignore")

    flavors: dict[str, dict[str, Any]]


def is_model_folder(path: Path) -> bool:
    """Say whether a path is a folder with an MLmodel file."""
    description = path / DESCRIPTION
    return path.is_dir() and description.is_file() and not description.is_symlink()


def model_file(folder: Path) -> Path:
    """Give the path of the model file, relative to the folder.

    Raises:
        InputProblem: the MLmodel file can't be read, names no flavour that is supported, or a path outside its folder.
    """
    try:
        flavours = read(folder / DESCRIPTION).parse(_Description).flavors
    except UsageProblem as problem:
        raise InputProblem(problem.message, hint=problem.hint) from None
    named = next((flavour for flavour in FLAVOURS if flavour in flavours), None)
    if named is None:
        others = (
            ", ".join(ascii(name)[1:-1][:40] for name in flavours if name != "python_function") or "python_function"
        )
        raise InputProblem(
            f"{folder.name} is an MLflow model of flavour {others}, which runs code of its own",
            hint=f"log it with one of: {', '.join(FLAVOURS)}",
        )
    given = next((flavours[named][key] for key in FLAVOURS[named] if flavours[named].get(key)), None)
    relative = Path(str(given or ""))
    inside = given and not relative.is_absolute() and ".." not in relative.parts
    if not inside:
        raise InputProblem(
            f"{folder.name}/{DESCRIPTION} does not name a model file in its folder",
            hint="give the model file itself",
        )
    if flavours[named].get("code"):
        raise InputProblem(
            f"{folder.name} is an MLflow model with code of its own", hint="give the model file in it itself"
        )
    return relative
