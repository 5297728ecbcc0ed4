"""Explain an id: the chain from check to evidence, criterion, control and profile."""

from collections.abc import Iterable, Iterator, Mapping

from govkit.assessment.catalogs import Catalog, catalog_with, load, load_crosswalk
from govkit.assessment.profiles import demands_of, load_profile, profile_names
from govkit.core.control import Applies, Control, Criterion, Crosswalk, Framework, Profile
from govkit.core.errors import UsageProblem
from govkit.core.evidence import Measurement
from govkit.core.frozen import field_texts
from govkit.core.messages import sentence
from govkit.core.record import AuditRecord
from govkit.plugins.check import CHECKS, Check
from govkit.strict_yaml import did_you_mean


def explain(name: str, record: AuditRecord | None = None) -> str:
    """Explain a check, a criterion, a framework, a control (by id or token) or a profile.

    With a record it also says what the id came to there, and knows the frameworks of one's own that the record holds.

    Raises:
        UsageProblem: nothing has this id.
    """
    catalog = load() if record is None else catalog_with(record)
    profiles = {profile: load_profile(profile, catalog) for profile in profile_names()}
    lines = _from_catalog(name, catalog, profiles, record)
    if lines is None:
        found = CHECKS.find(name)
        if found is None:
            ids = [*CHECKS.all(), *_ids(catalog), *profiles]
            hint = did_you_mean(name, ids, "`govkit checks list` and `govkit controls list` name what there is")
            raise UsageProblem(f"nothing is called {name!r}", hint=hint)
        lines = _check(found, catalog, profiles, record)
    return "\n".join(lines)


def _from_catalog(
    name: str, catalog: Catalog, profiles: Mapping[str, Profile], record: AuditRecord | None
) -> Iterator[str] | None:
    """Explain a criterion, a control, a framework or a profile; None when nothing of these has the name."""
    criteria = {found.id: found for found in catalog.criteria}
    controls = _controls(catalog)
    frameworks = {framework.id: framework for framework in catalog.frameworks}
    if name in criteria:
        return _criterion(criteria[name], catalog, profiles, record)
    if name.lower() in controls:
        return _control(*controls[name.lower()], profiles, load_crosswalk(catalog), record)
    if name in frameworks:
        return _framework(frameworks[name], profiles)
    return _profile(profiles[name]) if name in profiles else None


def _ids(catalog: Catalog) -> Iterator[str]:
    yield from (criterion.id for criterion in catalog.criteria)
    yield from _controls(catalog)
    yield from (framework.id for framework in catalog.frameworks)


def _controls(catalog: Catalog) -> dict[str, tuple[Framework, Control]]:
    found = {}
    for framework in catalog.frameworks:
        for control in framework.controls:
            found[control.id.lower()] = found[control.token.lower()] = (framework, control)
    return found


def _check(
    found: Check, catalog: Catalog, profiles: Mapping[str, Profile], record: AuditRecord | None
) -> Iterator[str]:
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
        texts = field_texts(found.params)
        for name, field in found.params.model_fields.items():
            yield f"  {name} = {field.default}  {texts.get(name, '')}".rstrip()
    yield "Judged by:"
    used = [criterion for criterion in catalog.criteria if criterion.check == found.id]
    for criterion in used:
        yield f"  {_rule(criterion)}"
        yield from (f"    {line}" for line in _uses(criterion, catalog, profiles))
        yield from (f"    {line}" for line in _came_to(criterion, record))
    if not used:
        yield "  no criterion; other checks build on it"
    yield from _evidence(found.id, record)


def _criterion(
    criterion: Criterion, catalog: Catalog, profiles: Mapping[str, Profile], record: AuditRecord | None
) -> Iterator[str]:
    yield f"{criterion.id}: {criterion.title}"
    yield f"Rule: {_rule(criterion)}"
    for condition in criterion.only_if:
        counted = "the number of " if condition.counted else ""
        named = f"{counted}{condition.measurement or condition.param or condition.work}"
        yield f"  counts only if {named} {condition.operator} {condition.threshold}"
    yield f"Why: {criterion.why}"
    yield f"Remedy: {criterion.remedy}"
    yield f"Check: {criterion.check}"
    yield from _uses(criterion, catalog, profiles)
    yield from _came_to(criterion, record)
    yield from _evidence(criterion.check, record)


def _uses(criterion: Criterion, catalog: Catalog, profiles: Mapping[str, Profile]) -> Iterator[str]:
    """Name the controls that rest on a criterion and the profiles that gate it."""
    using = [
        f"{framework.id} {control.id}"
        for framework in catalog.frameworks
        for control in framework.controls
        if criterion.id in control.criteria
    ]
    yield f"Controls: {', '.join(using) or 'none'}"
    yield f"Gated by: {', '.join(name for name, profile in profiles.items() if criterion.id in profile.gate) or 'none'}"


def _came_to(criterion: Criterion, record: AuditRecord | None) -> Iterator[str]:
    """Say what a criterion came to in a record, a waiver with it."""
    for result in record.result.criterion_results if record else ():
        if record is not None and result.criterion == criterion.id:
            waived = f" Waived by {result.waiver}." if result.waiver else ""
            because = sentence(result.because, record.result.messages)
            yield f"In this record: {result.result.value.replace('_', ' ')}. {because}{waived}"


def _framework(framework: Framework, profiles: Mapping[str, Profile]) -> Iterator[str]:
    yield f"{framework.id}: {framework.title}, {framework.version}"
    yield f"Source: {framework.reference}; read on {framework.as_of}, catalog version {framework.catalog_version}"
    yield framework.wording
    if framework.not_applicable_because:
        yield f"Not applicable: {framework.not_applicable_because}"
    yield from _applies(framework.applies)
    showing = [name for name, profile in profiles.items() if framework.id in profile.frameworks]
    yield f"Shown by: {', '.join(showing) or 'none'}"
    yield f"Controls ({len(framework.controls)}):"
    yield from (f"  {control.id}  {control.label}" for control in framework.controls)


def _applies(dates: Iterable[Applies]) -> Iterator[str]:
    yield from (f"Applies from {found.day}: {found.to}" for found in dates)


def _links(framework: Framework, control: Control, crosswalk: Crosswalk) -> Iterator[str]:
    """Name the controls that this one touches, with how strong the link is and who judged so."""
    touched: dict[tuple[str, str, str], list[str]] = {}
    own = (framework.id, control.id)
    for link in crosswalk.links:
        for here, there in ((link.source, link.target), (link.target, link.source)):
            if (here.framework, here.control) == own:
                touched.setdefault((there.framework, link.relation, link.basis), []).append(there.control)
    if touched:
        yield "Touches (a link carries no status; meeting one side proves nothing about the other):"
    for (other, relation, basis), names in touched.items():
        yield f"  {other} {', '.join(names)}: {relation}, by {basis}"
    for basis in dict.fromkeys(basis for _, _, basis in touched):
        yield f"  {basis}: {crosswalk.bases[basis]}"


def _control(
    framework: Framework,
    control: Control,
    profiles: Mapping[str, Profile],
    crosswalk: Crosswalk,
    record: AuditRecord | None,
) -> Iterator[str]:
    yield f"{framework.title}, {control.id}: {control.label}"
    yield control.statement
    if framework.not_applicable_because:
        yield f"Not applicable: {framework.not_applicable_because}"
    yield from _applies(control.applies or framework.applies)
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
    yield from _links(framework, control, crosswalk)
    if record is not None:
        for result in record.result.control_results:
            if (result.framework, result.control) == (framework.id, control.id):
                because = " ".join(sentence(message, record.result.messages) for message in result.because)
                yield f"In this record: {result.status.value.replace('_', ' ')}. {because}"


def _profile(profile: Profile) -> Iterator[str]:
    yield f"{profile.id}: {profile.title}"
    yield profile.description
    if profile.extends:
        yield f"Extends: {profile.extends}"
    yield f"Smallest budget that counts: {profile.minimum_budget}"
    if profile.max_age_days is not None:
        yield f"Documents, statements and records count for: {profile.max_age_days} days"
    for title, rules in (
        ("Limits of its own:", [f"{name}: {limit.threshold:g}" for name, limit in profile.limits.items()]),
        ("A pass counts only from a run with:", list(demands_of(profile))),
    ):
        if rules:
            yield title
            yield from (f"  {rule}" for rule in rules)
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
