"""Every column's role and kind: what is declared, what can safely be inferred, and what has to be asked for."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from govkit.config import Config
from govkit.core.errors import InputProblem, UsageProblem
from govkit.core.evidence import Message
from govkit.core.record import ColumnFacts, Inference, Kind
from govkit.inputs.dataset import MISSING, Dataset
from govkit.inputs.model import MULTILABEL, OUTLIER_DETECTOR
from govkit.inputs.naming import sounds_protected
from govkit.plugins.check import NotApplicable, NotDeclared
from govkit.strict_yaml import scalar

if TYPE_CHECKING:
    import pyarrow as pa

    from govkit.inputs.model import Described

MESSAGES = {
    "columns.target_left_over": "It is the only column that the model doesn't take.",
    "columns.labels_left_over": "They are the only columns that the model doesn't take, as many as it has labels.",
    "columns.features_left_over": "All columns that have no other role, in file order; the model stores no names.",
    "columns.protected_name": "{column} sounds like a protected attribute. To audit by group, add the line: "
    "columns: {protected: [{column}]}",
}
NO_GROUPS = {
    "columns.protected_undeclared": "It is not declared which columns are protected attributes, or that none is.",
    "columns.no_protected": "It is declared that no column is a protected attribute.",
}
"""What `Columns.require_protected` may say, for the messages of a check that asks it."""
SAMPLE = 2_000
"""Distinct values looked at to tell a column's kind."""
MAX_CATEGORIES = 50
TEXT_WORDS = 4
"""Mean words a value from which a column is free text."""
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2})?.*)?|\d{1,2}/\d{1,2}/\d{2,4}( .*)?")
_INTEGER = re.compile(r"[+-]?\d+")


@dataclass(frozen=True)
class Columns:
    """Roles and kinds of DATA's columns."""

    facts: tuple[ColumnFacts, ...]
    features: tuple[str, ...]
    """In the model's order."""
    target: str | None
    protected: tuple[str, ...]
    time: str | None
    group: str | None
    weight: str | None
    row_id: str | None
    cuts: tuple[tuple[str, tuple[float, ...]], ...] = ()
    """Declared bounds of the groups of numeric columns."""
    labels: tuple[str, ...] = ()
    """Multilabel: the target's columns, one for each label, in the model's order."""
    protected_declared: bool = False
    """Whether somebody said which columns are protected, or that none is."""
    suspected: tuple[str, ...] = ()
    """Columns whose names sound like protected attributes and that are not declared as such."""

    @cached_property
    def kinds(self) -> dict[str, str]:
        """Kind by column name."""
        return {column.name: column.kind for column in self.facts}

    def require_protected(self) -> tuple[str, ...]:
        """Give the protected attributes, at least one.

        Raises:
            NotDeclared: nobody declared which they are.
            NotApplicable: it is declared that there are none.
        """
        if self.protected:
            return self.protected
        if self.protected_declared:
            raise NotApplicable("columns.no_protected")
        names = ", ".join(scalar(name) for name in self.suspected) or "NAME"
        raise NotDeclared("columns.protected_undeclared", ask=f"columns: {{protected: [{names}]}}")


def spelt_as(columns: Iterable[str], features: tuple[str, ...]) -> tuple[str, ...]:
    """Give a model's features as the data spells them: LightGBM writes an underscore for a blank in a name."""
    there = set(columns)
    spelt = {name.replace(" ", "_"): name for name in sorted(there)}
    return tuple(name if name in there else spelt.get(name, name) for name in features)


def resolve(
    test: Dataset, config: Config, described: "Described | None"
) -> tuple[Columns, tuple[Inference, ...], tuple[Message, ...]]:
    """Give roles and kinds, what was inferred, and suggestions.

    Raises:
        UsageProblem: a declared column is absent, or the target can't be told; the hint is the line to add.
        InputProblem: the model wants a feature that the data lacks.
    """
    _check_declared(test, config)
    described = described and replace(described, features=spelt_as(test.columns, described.features))
    protected = config.columns.protected or ()
    inferred: list[Inference] = []
    others = _declared_others(config)
    labels = config.columns.labels or _labels_left_over(test, config, described, inferred)
    target = None if labels else config.target or _left_over(test, config, described, inferred)
    features = _features(test, described, others | {target, *labels}, inferred)
    roles = _roles((target, *labels), features, config)
    facts = tuple(
        ColumnFacts(name=name, role=_role(name, roles, config), kind=_kind(test, name, config)) for name in test.columns
    )
    suspected = tuple(
        name for name in test.columns if name not in (target, *labels, *protected) and sounds_protected(name)
    )
    suggestions = tuple(Message(id="columns.protected_name", args={"column": name}) for name in suspected)
    columns = Columns(
        facts,
        features,
        target,
        protected,
        config.columns.time,
        config.columns.group,
        config.columns.weight,
        config.row_id,
        tuple((name, tuple(sorted(cuts))) for name, cuts in sorted(config.columns.cuts.items())),
        labels,
        protected_declared=config.columns.protected is not None,
        suspected=suspected,
    )
    return columns, tuple(inferred), suggestions


def _declared_others(config: Config) -> set[str | None]:
    split = None if config.train is None or isinstance(config.train, str) else config.train.column
    return {
        *config.columns.ignore,
        config.row_id,
        config.columns.time,
        config.columns.group,
        config.columns.weight,
        split,
    }


def _check_declared(test: Dataset, config: Config) -> None:
    declared = {
        "target": [config.target],
        "row_id": [config.row_id],
        "columns.labels": config.columns.labels,
        "columns.protected": config.columns.protected or (),
        "columns.ignore": config.columns.ignore,
        "columns.time": [config.columns.time],
        "columns.group": [config.columns.group],
        "columns.weight": [config.columns.weight],
        "columns.kinds": config.columns.kinds,
        "columns.categories": config.columns.categories,
        "columns.cuts": config.columns.cuts,
    }
    for line, names in declared.items():
        for name in names:
            if name is not None and name not in test.columns:
                from difflib import get_close_matches

                near = get_close_matches(name, test.columns, 1)
                raise UsageProblem(
                    f"{line} names the column {name!r}, which {test.name} does not have",
                    hint=f"did you mean {near[0]!r}?" if near else f"columns are: {', '.join(test.columns[:12])}",
                )


def _left(test: Dataset, config: Config, wanted: tuple[str, ...]) -> list[str]:
    """Give the columns that are no features of the model and have no declared role."""
    others = {*_declared_others(config), *(config.columns.protected or ()), *wanted}
    return [name for name in test.columns if name not in others]


def _labels_left_over(
    test: Dataset, config: Config, described: "Described | None", inferred: list[Inference]
) -> tuple[str, ...]:
    if described is None or described.kind != MULTILABEL:
        return ()
    left = _left(test, config, described.features)
    if not described.features or len(left) != len(described.classes):
        raise UsageProblem(
            f"the model gives {len(described.classes)} labels a row, and their columns in {test.name} can't be told",
            hint="add one line to govkit.yaml: columns: {labels: [NAMES, in the model's order]}",
        )
    basis = Message(id="columns.labels_left_over")
    inferred.append(Inference(field="columns.labels", value=", ".join(left), basis=basis))
    return tuple(left)


def _left_over(test: Dataset, config: Config, described: "Described | None", inferred: list[Inference]) -> str | None:
    wanted = described.features if described else ()
    left = _left(test, config, wanted)
    if wanted and len(left) == 1:
        inferred.append(Inference(field="target", value=left[0], basis=Message(id="columns.target_left_over")))
        return left[0]
    if wanted and not left:
        if described is not None and described.kind == OUTLIER_DETECTOR:
            return None
        raise UsageProblem(
            f"{test.name} has no column besides the model's features, so no target", hint="add the target to the data"
        )
    if wanted:
        raise UsageProblem(
            f"the target can't be told from {test.name}: {len(left)} columns are no features of the model",
            hint=f"add one line to govkit.yaml: target: NAME (one of {', '.join(left[:8])})",
        )
    return None


def _features(
    test: Dataset, described: "Described | None", taken: set[str | None], inferred: list[Inference]
) -> tuple[str, ...]:
    free = tuple(name for name in test.columns if name not in taken)
    if described is None:
        return free
    if described.features:
        there = set(test.columns)
        missing = [name for name in described.features if name not in there]
        if missing:
            raise InputProblem(
                f"the model needs the column {missing[0]!r}"
                + (f" and {len(missing) - 1} more" if len(missing) > 1 else "")
                + f", which {test.name} does not have",
                hint="give the data as the model was trained on it, with the same column names",
            )
        return described.features
    if described.n_features and len(free) != described.n_features:
        raise UsageProblem(
            f"the model takes {described.n_features} columns and stores no names; {len(free)} are left in {test.name}",
            hint="add to govkit.yaml the lines that apply: target: NAME, row_id: NAME, columns: {ignore: [NAMES]}",
        )
    inferred.append(
        Inference(field="columns", value=f"{len(free)} features", basis=Message(id="columns.features_left_over"))
    )
    return free


def _roles(targets: tuple[str | None, ...], features: tuple[str, ...], config: Config) -> dict[str | None, str]:
    return {
        **dict.fromkeys(features, "feature"),
        config.columns.weight: "weight",
        config.columns.group: "group",
        config.columns.time: "time",
        config.row_id: "row id",
        **dict.fromkeys(targets, "target"),
    }


def _role(name: str, roles: dict[str | None, str], config: Config) -> str:
    role = roles.get(name, "unused")
    return f"{role}, protected" if name in (config.columns.protected or ()) else role


def _kind(test: Dataset, name: str, config: Config) -> Kind:
    return config.columns.kinds.get(name) or kind_of(test.strings.column(name))


def kind_of(column: "pa.ChunkedArray") -> Kind:
    """Tell a column's kind from up to `SAMPLE` of its distinct values."""
    import pyarrow as pa
    import pyarrow.compute as pc

    present = column.filter(
        pc.invert(pc.is_in(column, value_set=pa.array([*sorted(MISSING), None], pa.large_string())))
    )
    distinct = pc.unique(present)
    values: list[str] = distinct[:SAMPLE].to_pylist()
    unique = len(distinct) == len(present) > MAX_CATEGORIES
    tests: tuple[tuple[Kind, bool], ...] = (
        ("empty", not values),
        ("boolean", {value.lower() for value in values} <= {"true", "false"}),
        (
            "identifier",
            _all(_INTEGER, values) and len(values) > MAX_CATEGORIES and _counts_or_is_padded(values, unique),
        ),
        ("integer", _all(_INTEGER, values)),
        ("number", all(_is_number(value) for value in values)),
        ("date", _all(_DATE, values)),
        ("text", sum(len(value.split()) for value in values) >= TEXT_WORDS * len(values)),
        ("identifier", unique),
    )
    return next((kind for kind, holds in tests if holds), "category")


def _all(pattern: re.Pattern[str], values: list[str]) -> bool:
    return all(pattern.fullmatch(value) for value in values)


def _counts_or_is_padded(values: list[str], unique: bool) -> bool:  # noqa: FBT001 - a fact about the values
    """Say whether integers are a running number or carry leading zeros, so that arithmetic on them means nothing."""
    running = unique and abs(int(values[-1]) - int(values[0])) == len(values) - 1
    return running or any(len(value) > 1 and value.startswith("0") for value in values)


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True
