"""Draft a govkit.yaml from model and data: what could be inferred as lines, what is missing as commented ones."""

import json
import os
from collections.abc import Iterable
from pathlib import Path

from govkit.config import Config, Label
from govkit.core.errors import UsageProblem
from govkit.inputs import columns, task
from govkit.inputs.columns import Columns
from govkit.inputs.dataset import Dataset, read_dataset
from govkit.inputs.model import Artifact
from govkit.inputs.model_source import open_source, settled
from govkit.inputs.task import Task
from govkit.strict_yaml import scalar

MAX_LISTED = 40


def draft(model: str, data: Path, *, train: Path | None = None, target: str | None = None) -> str:
    """Give the text of a govkit.yaml for a model and its data.

    Raises:
        InputProblem: model or data can't be read.
        UsageProblem: the given target is no column.
    """
    test = read_dataset(data, role="test")
    fitted_on = () if train is None else (read_dataset(train, role="train"),)
    config = Config(target=target)
    opened = open_source(model, config, (test, None))
    artifact = opened.artifact
    assert artifact is not None
    try:
        try:
            found, _, _ = columns.resolve(test, config, opened.described)
            opened, _ = settled(opened, config, test, found)
            resolved, _ = task.resolve(config, opened.described, test, found.target, found.labels)
        except UsageProblem as problem:
            if target is not None:
                raise
            lines = [*_head(artifact, data), *_unsure(problem, test), *_train(data, train)]
            return "\n".join([*lines, *_tail(), *_digests(artifact, test, *fitted_on)])
        lines = [
            *_head(artifact, data),
            *_target(found),
            *_train(data, train),
            *_task(resolved),
            *_columns(test, found),
        ]
        return "\n".join([*lines, *_tail(), *_digests(artifact, test, *fitted_on)])
    finally:
        opened.close()


def _head(model: Artifact, data: Path) -> Iterable[str]:
    yield "# yaml-language-server: $schema=govkit.schema.json"
    yield "# (for editors; write it with: govkit schema config > govkit.schema.json)"
    yield f"# What govkit needs to know to audit {scalar(model.name)} on {scalar(data.name)}."
    yield "# Lines behind a # are left to you."
    yield ""
    yield "system:"
    yield f"  id: {scalar(Path(model.name).stem)}"
    yield "  # name: Name shown in reports"
    yield '  # version: "1.0.0"'
    yield "  # owner: Person or team that answers for it"
    yield "  # purpose: What the system decides or supports, in one sentence"
    yield ""


def _target(found: Columns) -> Iterable[str]:
    if found.target is None:
        yield "# target: NAME"
    else:
        yield f"target: {scalar(found.target)}"


def _unsure(problem: UsageProblem, test: Dataset) -> Iterable[str]:
    yield f"# {problem.message}. {problem.hint}"
    yield f"# Columns: {', '.join(scalar(name) for name in test.columns[:MAX_LISTED])}"
    yield "# target: NAME"


def _train(data: Path, train: Path | None) -> Iterable[str]:
    if train is None:
        yield "# train: train.csv   # the rows the model was fitted on, or {column: split, value: train}"
    else:
        yield f"train: {scalar(Path(os.path.relpath(train, data.parent)).as_posix())}"


def _task(resolved: Task | None) -> Iterable[str]:
    if resolved is None:
        return
    yield f"task: {resolved.name}"
    if resolved.name == "binary":
        yield f"positive_label: {_label(resolved.classes[resolved.positive])}"
        yield "# decision_threshold: 0.5"
    if resolved.classes and len(resolved.classes) <= MAX_LISTED:
        yield "# Class names as they may be shown in reports:"
        yield "# class_names:"
        yield from (f"#   {_label(label)}: {scalar(str(label))}" for label in resolved.classes)


def _columns(test: Dataset, found: Columns) -> Iterable[str]:
    yield "# row_id: NAME        # a column that identifies a row"
    yield "# columns:"
    suspected = ", ".join(scalar(name) for name in found.suspected)
    yield f"#   protected: [{suspected}]     # protected attributes, features or not; [] where there are none"
    yield "#   ignore: []        # columns that are no features"
    yield "#   kinds:            # as inferred; correct what is wrong"
    yield from (f"#     {scalar(name)}: {found.kinds[name]}" for name in test.columns[:MAX_LISTED])


def _tail() -> Iterable[str]:
    yield ""
    yield "# Personal data that is known to be there: column to entity types."
    yield "# personal_data:"
    yield "#   declared: {customer_name: [PERSON]}"
    yield ""
    yield "# Where data and model come from; `govkit provenance DATA` lists what is missing."
    yield "provenance:"
    yield "  # source: Named person or organisation"
    yield "  # license: CC-BY-4.0"
    yield "  # collected_from: 2026-01-01"
    yield "  # collected_to: 2026-06-30"


def _digests(artifact: Artifact, *data: Dataset) -> Iterable[str]:
    yield "  # As the files are now, so that a later change is found:"
    yield "  digests:"
    if artifact.is_pinned:
        yield f"    {scalar(artifact.name)}: {artifact.sha256}"
    yield from (f"    {scalar(each.name)}: {each.sha256}" for each in data)
    yield ""


def _label(label: Label) -> str:
    return json.dumps(label, ensure_ascii=False)
