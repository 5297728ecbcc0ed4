"""Read profiles, add up what they extend, and put their limits and demands on the criteria."""

from collections.abc import Iterator, Mapping, Sequence
from importlib.resources.abc import Traversable
from pathlib import Path

from govkit.assessment.catalogs import Catalog, known, tighten, yaml_files
from govkit.config import CriterionOverride
from govkit.core.control import BUDGETS, Condition, Criterion, Limit, Profile
from govkit.core.errors import UsageProblem
from govkit.plugins.check import Check
from govkit.resources import shipped
from govkit.strict_yaml import Document, did_you_mean, read


def profile_names() -> tuple[str, ...]:
    """Name the shipped profiles in order of the alphabet."""
    return tuple(_shipped_files())


def load_profile(
    name: str, catalog: Catalog, project: Path = Path(), *, checks: Mapping[str, Check] | None = None
) -> Profile:
    """Read a profile together with those that it extends.

    An extension only adds: its frameworks, gated criteria, required controls, limits and demands come on top.

    Args:
        name: a shipped profile's name, or a profile file's path from the project's folder.
        catalog: what profiles may refer to.
        project: the folder that paths are relative to.
        checks: the registered checks; where given, demands are held against their parameters.

    Raises:
        UsageProblem: there is no such profile, it extends itself, or it names something unknown.
    """
    merged: Profile | None = None
    criteria = catalog.criteria
    document = None
    for document, profile in reversed(_chain(name, project)):
        _must_fit(document, profile, catalog, checks)
        merged = profile if merged is None else _added(merged, profile)
        criteria = tighten(criteria, profile.limits, document, section="limits")
    assert merged is not None
    assert document is not None
    if not merged.gate and not merged.controls:
        hint = "list criteria under `gate` or controls under `controls`"
        raise document.problem((), f"profile {merged.id} requires nothing", hint=hint)
    return merged


def criteria_for(
    catalog: Catalog,
    profile: Profile,
    overrides: Mapping[str, CriterionOverride],
    document: Document | None = None,
) -> tuple[Criterion, ...]:
    """Give the criteria as a profile and govkit.yaml want them: limits, demands as conditions, then own thresholds.

    Raises:
        UsageProblem: govkit.yaml names an unknown criterion or loosens one without reason and owner.
    """
    limited = tighten(catalog.criteria, profile.limits)
    demanded = tuple(_with_demands(criterion, profile) for criterion in limited)
    return tighten(demanded, overrides, document)


def differences(one: Profile, other: Profile, catalog: Catalog) -> Iterator[tuple[str, str, str, str]]:
    """Compare two profiles: kind of rule, what it is about, and what each of the two asks for."""
    yield from _memberships("gate", one.gate, other.gate)
    yield from _memberships(
        "control",
        [f"{ref.framework} {ref.control}" for ref in one.controls],
        [f"{ref.framework} {ref.control}" for ref in other.controls],
    )
    yield from _memberships("framework", one.frameworks, other.frameworks)
    pairs = zip(criteria_for(catalog, one, {}), criteria_for(catalog, other, {}), strict=True)
    for mine, theirs in pairs:
        if mine.threshold != theirs.threshold:
            yield "limit", mine.id, f"{mine.operator} {mine.threshold:g}", f"{theirs.operator} {theirs.threshold:g}"
    yield from _memberships("demand", list(demands_of(one)), list(demands_of(other)))
    for kind, mine_is, theirs_is in (
        ("model", "needed" if one.needs_model else "not needed", "needed" if other.needs_model else "not needed"),
        ("budget", one.minimum_budget, other.minimum_budget),
        ("age", _days(one.max_age_days), _days(other.max_age_days)),
    ):
        if mine_is != theirs_is:
            yield kind, "", mine_is, theirs_is


def _memberships(kind: str, mine: Sequence[str], theirs: Sequence[str]) -> Iterator[tuple[str, str, str, str]]:
    for name in dict.fromkeys((*mine, *theirs)):
        if (name in mine) != (name in theirs):
            yield kind, name, "yes" if name in mine else "no", "yes" if name in theirs else "no"


def demands_of(profile: Profile) -> Iterator[str]:
    """Write each demand as a rule, `robustness.evasion: eps >= 0.1` for instance."""
    for demand in profile.demands:
        counted = "number of " if demand.counted else ""
        yield f"{demand.check}: {counted}{demand.param or demand.work} {demand.operator} {demand.threshold}"


def _days(age: int | None) -> str:
    return "any" if age is None else f"at most {age} days"


def _shipped_files() -> dict[str, Traversable]:
    return {file.name.removesuffix(".yaml"): file for file in yaml_files(shipped("controls") / "profiles")}


def _chain(name: str, project: Path) -> list[tuple[Document, Profile]]:
    """Read a profile and those that it extends, itself first."""
    ready = _shipped_files()
    found: list[tuple[Document, Profile]] = []
    passed: list[str] = []
    while name:
        if name in passed:
            way = " -> ".join((*passed[passed.index(name) :], name))
            message = f"the profile extends itself: {way}"
            raise found[-1][0].problem(("extends",), message, hint="remove one of these `extends` lines")
        source = _source(name, ready, project, found[-1][0] if found else None)
        document = read(source)
        profile = document.parse(Profile)
        if source not in ready.values() and profile.id in ready:
            message = f"{profile.id!r} is the name of a shipped profile"
            raise document.problem(("id",), message, hint="give your profile an id of its own; it may extend that one")
        passed.append(name)
        found.append((document, profile))
        name = profile.extends
    return found


def _source(
    name: str, ready: Mapping[str, Traversable], project: Path, extending: Document | None
) -> Path | Traversable:
    """Find a profile's file; an unknown name in `extends` is reported at its line."""
    if name in ready:
        return ready[name]
    if Path(name).suffix in {".yaml", ".yml"}:
        return project / name
    hint = did_you_mean(name, ready, f"profiles are {', '.join(ready)}")
    message = f"there is no profile {name!r}"
    raise extending.problem(("extends",), message, hint=hint) if extending else UsageProblem(message, hint=hint)


def _added(base: Profile, more: Profile) -> Profile:
    """Add what a profile asks for to what the one that it extends asks for; its own frameworks are shown first."""
    ages = [age for age in (base.max_age_days, more.max_age_days) if age is not None]
    limits = {name: _inherited(limit, base.limits.get(name)) for name, limit in more.limits.items()}
    return Profile(
        id=more.id,
        title=more.title,
        description=more.description,
        extends=more.extends,
        needs_model=more.needs_model if "needs_model" in more.model_fields_set else base.needs_model,
        frameworks=tuple(dict.fromkeys((*more.frameworks, *base.frameworks))),
        gate=tuple(dict.fromkeys((*base.gate, *more.gate))),
        controls=tuple(dict.fromkeys((*base.controls, *more.controls))),
        limits={**base.limits, **limits},
        demands=tuple(dict.fromkeys((*base.demands, *more.demands))),
        minimum_budget=max(base.minimum_budget, more.minimum_budget, key=BUDGETS.index),
        max_age_days=min(ages, default=None),
    )


def _inherited(limit: Limit, base: Limit | None) -> Limit:
    """Keep the reason of a loosened limit where a tighter one follows without a reason of its own."""
    if base is None:
        return limit
    return Limit(threshold=limit.threshold, reason=limit.reason or base.reason, owner=limit.owner or base.owner)


def _with_demands(criterion: Criterion, profile: Profile) -> Criterion:
    wanted = [
        Condition.model_validate(demand.model_dump(exclude={"check"}))
        for demand in profile.demands
        if demand.check == criterion.check
    ]
    more = [condition for condition in wanted if condition not in criterion.only_if]
    if not more:
        return criterion
    return Criterion.model_validate({**dict(criterion), "only_if": (*criterion.only_if, *more)})


def _must_fit(document: Document, profile: Profile, catalog: Catalog, checks: Mapping[str, Check] | None) -> None:
    frameworks = {framework.id: framework for framework in catalog.frameworks}
    criteria = [criterion.id for criterion in catalog.criteria]
    known(document, ("gate",), "criterion", profile.gate, criteria)
    known(document, ("frameworks",), "framework", profile.frameworks, frameworks)
    for at, required in enumerate(profile.controls):
        where = ("controls", at)
        known(document, (*where, "framework"), "framework", [required.framework], frameworks)
        framework = frameworks[required.framework]
        known(document, (*where, "control"), "control", [required.control], [one.id for one in framework.controls])
        if framework.not_applicable_because:
            message = f"{framework.id} does not apply to the models that govkit audits and can't be required"
            raise document.problem(where, message, hint="remove it; the framework can be shown under `frameworks`")
    for at, demand in enumerate(profile.demands):
        where = ("demands", at)
        known(document, (*where, "check"), "check", [demand.check], {one.check for one in catalog.criteria})
        _must_be_checkable(document, at, demand.param, demand.work, demand.measurement)
        if checks is not None and demand.param:
            known(document, (*where, "param"), "parameter", [demand.param], checks[demand.check].params.model_fields)


def _must_be_checkable(document: Document, at: int, param: str, work: str, measurement: str) -> None:
    if measurement or bool(param) == bool(work):
        hint = "a demand names either `param` or `work`; conditions on measurements belong into criteria"
        raise document.problem(("demands", at), "this demand names nothing to hold a run against", hint=hint)
