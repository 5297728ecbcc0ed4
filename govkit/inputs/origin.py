"""Records made beside a model or a data set: how a model was trained, what a data set holds."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from govkit.core.digest import sha256_of_file
from govkit.core.errors import InputProblem
from govkit.inputs.columns import kind_of
from govkit.inputs.dataset import read_dataset
from govkit.inputs.metadata_formats.training_record import PREDICATE, STATEMENT

LIBRARIES = {
    "catboost": "catboost",
    "imblearn": "imbalanced-learn",
    "lightgbm": "lightgbm",
    "numpy": "numpy",
    "pandas": "pandas",
    "scipy": "scipy",
    "sklearn": "scikit-learn",
    "torch": "torch",
    "xgboost": "xgboost",
}
"""Modules that a model file may name, with the distribution whose version a record then holds."""
TYPES = {"integer": "Integer", "number": "Float", "boolean": "Boolean", "date": "Date"}
"""Data types of schema.org; everything else is text."""
DECLARATIONS = (
    "license",
    "creator",
    "datePublished",
    "version",
    "description",
    "url",
    "rai:dataCollectionTimeframe",
    "rai:dataUseCases",
    "rai:personalSensitiveInformation",
    "rai:dataPreprocessingProtocol",
)
"""Fields of a Croissant file that only people can fill."""


def training_statement(model: Path, data: Sequence[Path], *, folder: Path) -> bytes:
    """Write an in-toto statement with SLSA provenance: the model was made from these data, this code, these libraries.

    Args:
        model: the model file.
        data: the files it was fitted on.
        folder: where the code lies; its git revision is recorded, with a mark where it has uncommitted changes.

    Raises:
        InputProblem: a file can't be read.
    """
    revision = _revision(folder)
    dependencies: list[dict[str, Any]] = [_file(path) for path in data]
    if revision:
        dependencies.append({"name": "code", "digest": {"gitCommit": revision}})
    dependencies += [{"name": name, "annotations": {"version": found}} for name, found in _environment(model).items()]
    statement = {
        "_type": STATEMENT,
        "subject": [_file(model)],
        "predicateType": PREDICATE,
        "predicate": {
            "buildDefinition": {
                "buildType": "urn:govkit:training:1",
                "externalParameters": {},
                "resolvedDependencies": dependencies,
            },
            "runDetails": {"builder": {"id": "urn:govkit:provenance-record"}},
        },
    }
    return json.dumps(statement, indent=2, ensure_ascii=False).encode() + b"\n"


def croissant_draft(data: Path) -> bytes:
    """Write a Croissant 1.1 file that holds what can be measured: file, digest, size, columns and their types.

    Raises:
        InputProblem: the data can't be read.
        UsageProblem: the path is a URL.
    """
    found = read_dataset(data, role="test")
    fields = [
        {
            "@type": "cr:Field",
            "@id": f"rows/{name}",
            "name": name,
            "dataType": f"sc:{TYPES.get(kind_of(found.strings.column(name)), 'Text')}",
            "source": {"fileObject": {"@id": found.name}, "extract": {"column": name}},
        }
        for name in found.columns
    ]
    document = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "name": data.stem,
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": found.name,
                "name": found.name,
                "contentUrl": found.name,
                "contentSize": f"{found.size} B",
                "encodingFormat": {"csv": "text/csv"}.get(found.format, "application/vnd.apache.parquet"),
                "sha256": found.sha256,
            }
        ],
        "recordSet": [{"@type": "cr:RecordSet", "@id": "rows", "name": "rows", "field": fields}],
    }
    return json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n"


CONTEXT: Mapping[str, object] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "recordSet": "cr:recordSet",
    "source": "cr:source",
}
"""The terms that the draft uses; nothing has to be fetched to read it."""


def _file(path: Path) -> dict[str, Any]:
    try:
        return {"name": path.name, "digest": {"sha256": sha256_of_file(path)}}
    except OSError as error:
        raise InputProblem(f"{path} can't be read: {error.strerror}", hint="check the path") from None


def _environment(model: Path) -> dict[str, str]:
    """Give the installed versions of the libraries whose name stands in the model file."""
    content = model.read_bytes()
    found = {}
    for module, name in LIBRARIES.items():
        if module.encode() in content:
            try:
                found[name] = version(name)
            except PackageNotFoundError:
                continue
    return found


def _revision(folder: Path) -> str:
    """Give the git revision of a folder, with `-dirty` where files have changed since; empty where there is none."""
    head = _git(folder, "rev-parse", "HEAD")
    return f"{head}-dirty" if head and _git(folder, "status", "--porcelain", "--untracked-files=no") else head


def _git(folder: Path, *arguments: str) -> str:
    try:
        answer = subprocess.run(  # noqa: S603 - fixed arguments, no shell
            ["git", "-C", str(folder), *arguments],  # noqa: S607 - the user's own git
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.strip() if answer.returncode == 0 else ""
