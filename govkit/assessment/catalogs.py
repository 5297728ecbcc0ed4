"""Read the criteria, frameworks and profiles under `controls/` and reject what doesn't fit together."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from pydantic import Field

from govkit.assessment.criteria import MEASURED
from govkit.assessment.facts import FACTS
from govkit.config import CriterionOverride
from govkit.core.control import Control, Criterion, Framework, Profile
from govkit.core.errors import UsageProblem
from govkit.core.frozen import Frozen
from govkit.plugins.check import Check
from govkit.resources import shipped
from govkit.strict_yaml import Document, did_you_mean, read

CRITERIA_FILE: Final = "criteria.yaml"


class CriteriaFile(Frozen):
    """The content of criteria.yaml."""

    criteria: tuple[Criterion, ...]
    unmeasured: dict[str, str] = Field(default_factory=dict)
    """Check ids that controls call for and that this version doesn't carry out, with what they would measure."""


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


def load_profile(name: str, catalog: Catalog, project: Path = Path()) -> Profile:
    """Read a shipped profile by name, or a profile file by its path from the project's folder.

    Raises:
        UsageProblem: there is no such profile, or it names unknown criteria, frameworks or controls.
    """
    shipped_profiles = {Path(file.name).stem: file for file in _yaml_files(shipped("controls") / "profiles")}
    source: Path | Traversable = project / name
    if name in shipped_profiles:
        source = shipped_profiles[name]
    elif Path(name).suffix not in {".yaml", ".yml"}:
        hint = did_you_mean(name, shipped_profiles, f"profiles are {', '.join(sorted(shipped_profiles))}")
        raise UsageProblem(f"there is no profile {name!r}", hint=hint)
    document = read(source)
    profile = document.parse(Profile)
    _profile_must_fit(document, profile, catalog)
    return profile


def tighten(
    criteria: Sequence[Criterion], overrides: Mapping[str, CriterionOverride], source: Document | None = None
) -> tuple[Criterion, ...]:
    """Apply the thresholds of govkit.yaml.

    Args:
        criteria: as shipped.
        overrides: by criterion id; one that is looser needs a reason and an owner.
        source: govkit.yaml, so that problems name its lines.

    Raises:
        UsageProblem: an unknown criterion, a threshold outside its unit, or a looser one without reason or owner.
    """
    known = {criterion.id: criterion for criterion in criteria}
    document = source or Document("govkit.yaml", None, None)
    for criterion_id in overrides:
        if criterion_id not in known:
            hint = did_you_mean(criterion_id, known, "see `govkit controls list` for the ids")
            raise document.problem(("criteria", criterion_id), f"unknown criterion {criterion_id!r}", hint=hint)
    return tuple(
        _overridden(criterion, overrides[criterion.id], document) if criterion.id in overrides else criterion
        for criterion in criteria
    )


def _overridden(criterion: Criterion, override: CriterionOverride, document: Document) -> Criterion:
    where = ("criteria", criterion.id, "threshold")
    if criterion.unit in {"share", "auc"} and not 0 <= override.threshold <= 1:
        message = f"the threshold of {criterion.id} lies outside 0 to 1"
        raise document.problem(where, message, hint="write shares as fractions: 0.85, not 85")
    looser = _is_looser(criterion, override.threshold)
    if looser and not (override.reason.strip() and override.owner.strip()):
        message = (
            f"{criterion.id} is loosened from {criterion.operator} {criterion.threshold:g} to {override.threshold:g}"
        )
        raise document.problem(where, message, hint="add `reason: ...` and `owner: ...`, or keep the threshold")
    changed: dict[str, object] = {"threshold": override.threshold}
    if looser:
        changed |= {"loosened_by": override.owner, "loosened_because": override.reason}
    return Criterion.model_validate({**criterion.model_dump(), **changed})


def _is_looser(criterion: Criterion, threshold: float) -> bool:
    if criterion.operator == "==":
        return threshold != criterion.threshold
    more = threshold > criterion.threshold
    return more if criterion.operator in {"<", "<="} else threshold < criterion.threshold


def _yaml_files(folder: Traversable) -> list[Traversable]:
    return sorted((file for file in folder.iterdir() if file.name.endswith(".yaml")), key=lambda file: file.name)


def _framework_files(folder: Traversable) -> Iterator[Traversable]:
    """Every YAML file beside criteria.yaml is a framework."""
    return (file for file in _yaml_files(folder) if file.name != CRITERIA_FILE)


def _user_files(path: Path) -> list[Path]:
    return sorted(path.glob("*.yaml")) if path.is_dir() else [path]


def _no_duplicates(document: Document, section: str, ids: Sequence[str], key: str = "id") -> None:
    seen: dict[str, int] = {}
    for at, found in enumerate(ids):
        line = document.line((section, at, key))
        if found in seen:
            raise document.problem((section, at, key), f"{found!r} stands twice", hint=f"first on line {seen[found]}")
        seen[found] = line


def _known(
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
        _known(document, ("groups", at, "parent"), "group", [group.parent] if group.parent else [], groups)
    for at, control in enumerate(framework.controls):
        where = ("controls", at)
        _known(document, (*where, "group"), "group", [control.group], groups)
        _known(document, (*where, "criteria"), "criterion", control.criteria, [found.id for found in judged.criteria])
        _known(document, (*where, "unmeasured"), "unmeasured check", control.unmeasured, judged.unmeasured)
        _known(document, (*where, "facts"), "report fact", control.facts, FACTS)
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


def _profile_must_fit(document: Document, profile: Profile, catalog: Catalog) -> None:
    controls = {framework.id: [control.id for control in framework.controls] for framework in catalog.frameworks}
    _known(document, ("gate",), "criterion", profile.gate, [criterion.id for criterion in catalog.criteria])
    _known(document, ("frameworks",), "framework", profile.frameworks, controls)
    for at, required in enumerate(profile.controls):
        where = ("controls", at)
        _known(document, (*where, "framework"), "framework", [required.framework], controls)
        _known(document, (*where, "control"), "control", [required.control], controls[required.framework])
    if not profile.gate and not profile.controls:
        hint = "list criteria under `gate` or controls under `controls`"
        raise document.problem((), f"profile {profile.id} requires nothing", hint=hint)
