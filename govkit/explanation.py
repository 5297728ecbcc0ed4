"""Explain an id: the chain from check to evidence, criterion, control and profile."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from govkit.assessment.catalogs import Catalog, load
from govkit.assessment.profiles import load_profile
from govkit.core.control import Control, Criterion, Framework, Profile
from govkit.core.errors import UsageProblem
from govkit.core.evidence import Measurement
from govkit.core.messages import sentence
from govkit.core.record import AuditRecord
from govkit.plugins.check import CHECKS, Check
from govkit.resources import shipped
from govkit.strict_yaml import did_you_mean


def explain(name: str, record: AuditRecord | None = None) -> str:
    """Explain a check, a criterion, a control (by id or token) or a profile; with a record, what it came to there.

    Raises:
        UsageProblem: nothing has this id.
    """
    catalog, checks = load(), CHECKS.all()
    criteria = {found.id: found for found in catalog.criteria}
    controls = _controls(catalog)
    profiles = {profile.id: profile for profile in _profiles(catalog)}
    if name in checks:
        lines = _check(checks[name], catalog, record)
    elif name in criteria:
        lines = _criterion(criteria[name], catalog, profiles, record)
    elif name.lower() in controls:
        lines = _control(*controls[name.lower()], profiles, record)
    elif name in profiles:
        lines = _profile(profiles[name])
    else:
        ids = [*checks, *criteria, *controls, *profiles]
        hint = did_you_mean(name, ids, "`govkit checks list` and `govkit controls list` name what there is")
        raise UsageProblem(f"nothing is called {name!r}", hint=hint)
    return "\n".join(lines)


def _controls(catalog: Catalog) -> dict[str, tuple[Framework, Control]]:
    found = {}
    for framework in catalog.frameworks:
        for control in framework.controls:
            found[control.id.lower()] = found[control.token.lower()] = (framework, control)
    return found


def _profiles(catalog: Catalog) -> Iterator[Profile]:
    for file in sorted((shipped("controls") / "profiles").iterdir(), key=lambda item: item.name):
        if file.name.endswith(".yaml"):
            yield load_profile(Path(file.name).stem, catalog)


def _check(found: Check, catalog: Catalog, record: AuditRecord | None) -> Iterator[str]:
    facts = found.facts()
    yield f"{found.id}: {facts.title}"
    yield facts.summary
    for title, text in (
        ("Why it matters", facts.why),
        ("Method", facts.method),
        ("Limits", facts.limits),
        ("References", facts.references),
    ):
        if text:
            yield ""
            yield f"{title}: {text}"
    yield ""
    yield "Measures:"
    yield from (f"  {emit.name} [{emit.unit}]  {emit.meaning}" for emit in found.emits)
    if found.params.model_fields:
        yield f"Parameters (govkit.yaml, checks.{found.id}):"
        for name, field in found.params.model_fields.items():
            yield f"  {name} = {field.default}  {field.description or ''}".rstrip()
    yield "Judged by:"
    used = [criterion for criterion in catalog.criteria if criterion.check == found.id]
    yield from (f"  {_rule(criterion)}" for criterion in used)
    if not used:
        yield "  no criterion; other checks build on it"
    yield from _evidence(found.id, record)


def _criterion(
    criterion: Criterion, catalog: Catalog, profiles: Mapping[str, Profile], record: AuditRecord | None
) -> Iterator[str]:
    yield f"{criterion.id}: {criterion.title}"
    yield f"Rule: {_rule(criterion)}"
    for condition in criterion.only_if:
        named = condition.measurement or condition.param or condition.work
        yield f"  counts only if {named} {condition.operator} {condition.threshold}"
    yield f"Why: {criterion.why}"
    yield f"Remedy: {criterion.remedy}"
    yield f"Check: {criterion.check}"
    using = [
        f"{framework.id} {control.id}"
        for framework in catalog.frameworks
        for control in framework.controls
        if criterion.id in control.criteria
    ]
    yield f"Controls: {', '.join(using) or 'none'}"
    yield f"Gated by: {', '.join(name for name, profile in profiles.items() if criterion.id in profile.gate) or 'none'}"
    if record is not None:
        for result in record.result.criterion_results:
            if result.criterion == criterion.id:
                yield f"In this record: {result.result.value}. {sentence(result.because, record.result.messages)}"
    yield from _evidence(criterion.check, record)


def _control(
    framework: Framework, control: Control, profiles: Mapping[str, Profile], record: AuditRecord | None
) -> Iterator[str]:
    yield f"{framework.title}, {control.id}: {control.label}"
    yield control.statement
    yield f"Evidence: {control.evidence_kind}; checks are {control.automation}; needs {', '.join(control.needs)}"
    for title, names in (
        ("Criteria", control.criteria),
        ("Not measured by this version", control.unmeasured),
        ("Facts beside it", control.facts),
        ("Documents", control.documents),
    ):
        if names:
            yield f"{title}: {', '.join(names)}"
    requiring = [
        name
        for name, profile in profiles.items()
        if any((ref.framework, ref.control) == (framework.id, control.id) for ref in profile.controls)
    ]
    yield f"Required by: {', '.join(requiring) or 'none'}"
    yield f"Remedy: {control.remedy}"
    if record is not None:
        for result in record.result.control_results:
            if (result.framework, result.control) == (framework.id, control.id):
                because = " ".join(sentence(message, record.result.messages) for message in result.because)
                yield f"In this record: {result.status.value.replace('_', ' ')}. {because}"


def _profile(profile: Profile) -> Iterator[str]:
    yield f"{profile.id}: {profile.title}"
    yield profile.description
    yield "Gated criteria:"
    yield from (f"  {name}" for name in profile.gate)
    if profile.controls:
        yield "Required controls:"
        yield from (f"  {ref.framework} {ref.control}" for ref in profile.controls)


def _evidence(check: str, record: AuditRecord | None) -> Iterable[str]:
    if record is None:
        return
    for found in record.result.evidence:
        if found.check == check:
            yield f"Evidence in this record: {found.outcome.value.replace('_', ' ')}, seed {found.seed}"
            for measured in found.measurements:
                yield f"  {measured.name} {measured.value:.4g}{_bounds(measured)} {measured.unit}, n {measured.n:,}"


def _bounds(measured: Measurement) -> str:
    if measured.interval is None:
        return ""
    low, high = measured.interval.low, measured.interval.high
    return f" [{'-inf' if low is None else f'{low:.3g}'}, {'inf' if high is None else f'{high:.3g}'}]"


def _rule(criterion: Criterion) -> str:
    return f"{criterion.id}: {criterion.measurement} {criterion.operator} {criterion.threshold:g} {criterion.unit}"
