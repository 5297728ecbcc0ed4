"""Read the criteria, frameworks and crosswalk under `controls/` and reject what doesn't fit together."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from pydantic import Field

from govkit.assessment.criteria import MEASURED
from govkit.assessment.facts import FACTS
from govkit.config import CriterionOverride
from govkit.core.control import Control, ControlRef, Criterion, Crosswalk, Framework, Limit, Link, Relation
from govkit.core.errors import UsageProblem
from govkit.core.frozen import Frozen
from govkit.core.record import AuditRecord
from govkit.plugins.check import Check
from govkit.resources import shipped
from govkit.strict_yaml import Document, did_you_mean, read

CRITERIA_FILE: Final = "criteria.yaml"
CROSSWALK_FILE: Final = "crosswalk.yaml"


class CriteriaFile(Frozen):
    """The content of criteria.yaml."""

    criteria: tuple[Criterion, ...]
    unmeasured: dict[str, str] = Field(default_factory=dict)
    """Check ids that controls call for and that this version doesn't carry out, with what they would measure."""


class CrosswalkTarget(Frozen):
    """Controls of another framework that one control touches in the same way."""

    target: str
    relation: Relation
    basis: str
    controls: tuple[str, ...] = Field(min_length=1)


class CrosswalkSource(Frozen):
    """What the controls of one framework touch."""

    source: str
    controls: dict[str, tuple[CrosswalkTarget, ...]]


class CrosswalkFile(Frozen):
    """The content of crosswalk.yaml."""

    as_of: date
    bases: dict[str, str]
    links: tuple[CrosswalkSource, ...]


@dataclass(frozen=True)
class Catalog:
    """Everything that evidence is judged by."""

    criteria: tuple[Criterion, ...]
    frameworks: tuple[Framework, ...]
    unmeasured: Mapping[str, str]
    own: frozenset[str] = frozenset()
    """Ids of the user's own frameworks."""


def load(extra: Sequence[Path] = (), *, checks: Mapping[str, Check] | None = None) -> Catalog:
    """Read the shipped criteria and every framework file.

    Args:
        extra: the user's own framework files, or folders of them.
        checks: the registered checks; where given, each criterion must name a measurement that its check emits.

    Raises:
        UsageProblem: a file can't be read, or names something unknown or twice.
    """
    folder = shipped("controls")
    document = read(folder / CRITERIA_FILE)
    judged = document.parse(CriteriaFile)
    _no_duplicates(document, "criteria", [criterion.id for criterion in judged.criteria])
    if checks is not None:
        for at, criterion in enumerate(judged.criteria):
            _must_be_measurable(document, at, criterion, checks)
    frameworks: dict[str, Framework] = {}
    own_files = [file for path in extra for file in _user_files(path)]
    own: list[str] = []
    for source in (*_framework_files(folder), *own_files):
        document = read(source)
        framework = document.parse(Framework)
        if framework.id in frameworks:
            raise document.problem(("id",), f"a framework {framework.id!r} exists already", hint="choose another id")
        _must_fit(document, framework, judged)
        frameworks[framework.id] = framework
        own.extend([framework.id] if source in own_files else [])
    return Catalog(judged.criteria, tuple(frameworks.values()), judged.unmeasured, frozenset(own))


def catalog_with(record: AuditRecord) -> Catalog:
    """Give the shipped catalog with the frameworks of a record, the user's own ones among them."""
    catalog = load()
    own = {framework.id: framework for framework in record.result.frameworks}
    frameworks = {**{framework.id: framework for framework in catalog.frameworks}, **own}
    return replace(catalog, frameworks=tuple(frameworks.values()))


def framework_names() -> tuple[str, ...]:
    """Name the shipped frameworks in order of the alphabet."""
    return tuple(file.name.removesuffix(".yaml") for file in _framework_files(shipped("controls")))


def load_crosswalk(catalog: Catalog) -> Crosswalk:
    """Read the links between the shipped frameworks.

    Raises:
        UsageProblem: a link names an unknown framework, control or basis, or joins a framework to itself.
    """
    document = read(shipped("controls") / CROSSWALK_FILE)
    file = document.parse(CrosswalkFile)
    controls = {framework.id: {one.id for one in framework.controls} for framework in catalog.frameworks}
    links: list[Link] = []
    for at, part in enumerate(file.links):
        known(document, ("links", at, "source"), "framework", [part.source], controls)
        known(document, ("links", at, "controls"), "control", part.controls, controls[part.source])
        for control, targets in part.controls.items():
            for index, target in enumerate(targets):
                where = ("links", at, "controls", control, index)
                others = controls.keys() - {part.source}
                known(document, (*where, "target"), "framework", [target.target], others)
                known(document, (*where, "controls"), "control", target.controls, controls[target.target])
                known(document, (*where, "basis"), "basis", [target.basis], file.bases)
                links.extend(_links(ControlRef(framework=part.source, control=control), target))
    return Crosswalk(as_of=file.as_of, bases=file.bases, links=tuple(links))


def _links(source: ControlRef, found: CrosswalkTarget) -> Iterator[Link]:
    for control in found.controls:
        target = ControlRef(framework=found.target, control=control)
        yield Link(source=source, target=target, relation=found.relation, basis=found.basis)


def tighten(
    criteria: Sequence[Criterion],
    overrides: Mapping[str, CriterionOverride] | Mapping[str, Limit],
    source: Document | None = None,
    *,
    section: str = "criteria",
) -> tuple[Criterion, ...]:
    """Apply the thresholds of govkit.yaml or of a profile.

    Args:
        criteria: as shipped, or as a profile has them.
        overrides: by criterion id; one that is looser needs a reason and an owner.
        source: the file that they stand in, so that problems name its lines.
        section: the key that they stand under.

    Raises:
        UsageProblem: an unknown criterion, a threshold outside its unit, or a looser one without reason or owner.
    """
    ids = [criterion.id for criterion in criteria]
    document = source or Document("govkit.yaml", None, None)
    for criterion_id in overrides:
        if criterion_id not in ids:
            hint = did_you_mean(criterion_id, ids, "see `govkit controls list` for the ids")
            raise document.problem((section, criterion_id), f"unknown criterion {criterion_id!r}", hint=hint)
    return tuple(
        _overridden(criterion, overrides[criterion.id], document, section) if criterion.id in overrides else criterion
        for criterion in criteria
    )


def _overridden(
    criterion: Criterion, override: CriterionOverride | Limit, document: Document, section: str
) -> Criterion:
    where = (section, criterion.id, "threshold")
    if criterion.unit in {"share", "auc"} and not 0 <= override.threshold <= 1:
        message = f"the threshold of {criterion.id} lies outside 0 to 1"
        raise document.problem(where, message, hint="write shares as fractions: 0.85, not 85")
    if criterion.unit in {"count", "days"} and override.threshold < 0:
        message = f"the threshold of {criterion.id} is a number of {criterion.unit} below zero"
        raise document.problem(where, message, hint="write a number from 0 on")
    looser = _is_looser(criterion, override.threshold)
    if looser and not (override.reason.strip() and override.owner.strip()):
        message = (
            f"{criterion.id} is loosened from {criterion.operator} {criterion.threshold:g} to {override.threshold:g}"
        )
        raise document.problem(where, message, hint="add `reason: ...` and `owner: ...`, or keep the threshold")
    changed: dict[str, object] = {"threshold": override.threshold}
    if looser:
        changed |= {"loosened_by": override.owner, "loosened_because": override.reason}
    elif isinstance(override, Limit) and override.reason:
        changed["why"] = f"{criterion.why} The profile asks for {override.threshold:g}: {override.reason}"
    return Criterion.model_validate({**criterion.model_dump(), **changed})


def _is_looser(criterion: Criterion, threshold: float) -> bool:
    if criterion.operator == "==":
        return threshold != criterion.threshold
    more = threshold > criterion.threshold
    return more if criterion.operator in {"<", "<="} else threshold < criterion.threshold


def yaml_files(folder: Traversable) -> list[Traversable]:
    """Give the YAML files of a folder in order of their names."""
    return sorted((file for file in folder.iterdir() if file.name.endswith(".yaml")), key=lambda file: file.name)


def _framework_files(folder: Traversable) -> Iterator[Traversable]:
    """Every YAML file beside criteria.yaml and crosswalk.yaml is a framework."""
    return (file for file in yaml_files(folder) if file.name not in {CRITERIA_FILE, CROSSWALK_FILE})


def _user_files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(path.glob("*.yaml"))
    if not files:
        raise UsageProblem(f"the folder {path} holds no framework", hint="add a file such as house-rules.yaml to it")
    return files


def _no_duplicates(document: Document, section: str, ids: Sequence[str], key: str = "id") -> None:
    seen: dict[str, int] = {}
    for at, found in enumerate(ids):
        line = document.line((section, at, key))
        if found in seen:
            raise document.problem((section, at, key), f"{found!r} stands twice", hint=f"first on line {seen[found]}")
        seen[found] = line


def known(
    document: Document, where: tuple[str | int, ...], what: str, names: Iterable[str], known: Iterable[str]
) -> None:
    """Reject the first name that isn't known, at its line."""
    allowed = set(known)
    for at, name in enumerate(names):
        if name not in allowed:
            hint = did_you_mean(name, allowed, f"add it where each {what} is defined, or remove it here")
            raise document.problem((*where, at), f"unknown {what} {name!r}", hint=hint)


def _must_be_measurable(document: Document, at: int, criterion: Criterion, checks: Mapping[str, Check]) -> None:
    """Hold a criterion against what its check says that it measures."""
    where = ("criteria", at)
    if criterion.check not in checks:
        hint = did_you_mean(criterion.check, checks, "see `govkit checks list`")
        raise document.problem((*where, "check"), f"unknown check {criterion.check!r}", hint=hint)
    check = checks[criterion.check]
    units = {emit.name: emit.unit for emit in check.emits}
    conditions = [condition.measurement for condition in criterion.only_if if condition.measurement]
    params = [condition.param for condition in criterion.only_if if condition.param]
    reasons = [*check.messages, *(f"{MEASURED}{name}" for name in units)]
    for key, what, names, known in (
        ("measurement", "measurement", [criterion.measurement], units),
        ("only_if", "measurement", conditions, units),
        ("only_if", "parameter", params, check.params.model_fields),
        ("not_applicable_when", "reason", criterion.not_applicable_when, reasons),
    ):
        for name in names:
            if name not in known:
                hint = did_you_mean(name, known, f"it has {', '.join(known)}")
                raise document.problem((*where, key), f"{check.id} has no {what} {name!r}", hint=hint)
    if units[criterion.measurement] != criterion.unit:
        message = f"{criterion.measurement} is emitted in {units[criterion.measurement]}, not in {criterion.unit}"
        raise document.problem((*where, "unit"), message, hint=f"write `unit: {units[criterion.measurement]}`")


def _must_fit(document: Document, framework: Framework, judged: CriteriaFile) -> None:
    groups = [group.id for group in framework.groups]
    _no_duplicates(document, "groups", groups)
    _no_duplicates(document, "controls", [control.id for control in framework.controls])
    _no_duplicates(document, "controls", [control.token for control in framework.controls], key="token")
    for at, group in enumerate(framework.groups):
        known(document, ("groups", at, "parent"), "group", [group.parent] if group.parent else [], groups)
    for at, control in enumerate(framework.controls):
        where = ("controls", at)
        known(document, (*where, "group"), "group", [control.group], groups)
        known(document, (*where, "criteria"), "criterion", control.criteria, [found.id for found in judged.criteria])
        known(document, (*where, "unmeasured"), "unmeasured check", control.unmeasured, judged.unmeasured)
        known(document, (*where, "facts"), "report fact", control.facts, FACTS)
        _must_be_consistent(document, where, control)


def _must_be_consistent(document: Document, where: tuple[str | int, ...], control: Control) -> None:
    """Reject a control that could be met by nothing, or never."""
    called_for = (*control.criteria, *control.unmeasured)
    problems = {
        "needs is empty": not control.needs,
        "it needs checks and names neither criteria nor unmeasured checks": "checks" in control.needs
        and not called_for,
        "it needs documents and names none": "documents" in control.needs and not control.documents,
        "automation is none and it names criteria": control.automation == "none" and bool(called_for),
        "automation is sufficient and it needs more than checks": (
            control.automation == "sufficient" and control.needs != ("checks",)
        ),
        "its remedy is empty": not control.remedy.strip(),
    }
    for problem, found in problems.items():
        if found:
            raise document.problem(where, f"control {control.id}: {problem}", hint="complete the control")
