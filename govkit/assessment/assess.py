"""Assess a whole audit: every criterion, every control, every statement and waiver, with its reason."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from govkit.assessment.attestations import Audited, Statement, judge_attestations
from govkit.assessment.catalogs import Catalog, framework_names, load, load_crosswalk
from govkit.assessment.criteria import judge, with_budget, without_vouching
from govkit.assessment.facts import report_facts
from govkit.assessment.profiles import criteria_for, load_profile
from govkit.assessment.rollup import Gathered, roll_up
from govkit.assessment.waivers import judge_waivers
from govkit.config import Config
from govkit.core.control import (
    Control,
    ControlResult,
    Criterion,
    CriterionResult,
    Crosswalk,
    DocumentResult,
    DocumentState,
    Framework,
    Need,
    Profile,
    Result,
    Status,
    Waiver,
)
from govkit.core.errors import UsageProblem
from govkit.core.evidence import Evidence, Finding, Message
from govkit.core.record import ReportFact
from govkit.plugins.check import Check
from govkit.strict_yaml import Document, read

MESSAGES: Final[Mapping[str, str]] = {
    "control.met": "Everything that this control needs is there and good.",
    "control.failed": "Fails: {criteria}.",
    "control.undecided": "Not decided: {criteria}.",
    "control.not_run": "Not measured in this audit: {criteria}.",
    "control.unmeasured": "Not measured by this version: {checks}.",
    "control.documents": "No valid document: {documents}.",
    "control.attestation": "No valid signed statement.",
    "control.framework_not_applicable": "{reason}",
    "control.fails_out_of_scope": "It is declared not applicable although these fail: {criteria}.",
}
SIGNED: Final = "a signed statement"
"""What `missing` calls an attestation that isn't there."""


@dataclass(frozen=True)
class Policy:
    """What an audit is judged by, read before anything runs, so that a mistake in it costs no work."""

    catalog: Catalog
    criteria: tuple[Criterion, ...]
    """With the thresholds of govkit.yaml."""
    frameworks: tuple[Framework, ...]
    """Those of the profile in its order, then the user's own."""
    profile: Profile
    config: Config
    project: Path
    attestations: Document | None
    waivers: Document | None
    crosswalk: Crosswalk
    """The links between the frameworks shown."""


@dataclass(frozen=True)
class Assessed:
    """What the evidence comes to; the fields are those of the record's `result` part."""

    criterion_results: tuple[CriterionResult, ...]
    control_results: tuple[ControlResult, ...]
    document_results: tuple[DocumentResult, ...]
    waivers: tuple[Waiver, ...]
    ignored: tuple[Finding, ...]
    facts: tuple[ReportFact, ...]
    crosswalk: Crosswalk


def load_policy(
    config: Config, project: Path, document: Document | None = None, *, checks: Mapping[str, Check] | None = None
) -> Policy:
    """Read criteria, frameworks, profile, attestations and waivers.

    Args:
        config: govkit.yaml as resolved.
        project: the folder that its paths are relative to.
        document: govkit.yaml with its lines, for messages.
        checks: the registered checks; where given, criteria are held against what they emit.

    Raises:
        UsageProblem: a file is missing, can't be read, or names something unknown.
    """
    extra = [project / name for name in config.frameworks if name not in framework_names()]
    catalog = load(extra, checks=checks)
    profile = load_profile(config.profile, catalog, project, checks=checks)
    by_id = {framework.id: framework for framework in catalog.frameworks}
    more = {*catalog.own, *config.frameworks}
    added = [framework.id for framework in catalog.frameworks if framework.id in more]
    shown = dict.fromkeys((*profile.frameworks, *added))
    return Policy(
        catalog=catalog,
        criteria=criteria_for(catalog, profile, config.criteria, document),
        frameworks=tuple(by_id[name] for name in shown),
        profile=profile,
        config=config,
        project=project,
        attestations=_optional(config, project, "attestations"),
        waivers=_optional(config, project, "waivers"),
        crosswalk=_between(load_crosswalk(catalog), shown),
    )


def assess(  # noqa: PLR0913 - what the record says, by name
    evidence: Sequence[Evidence],
    policy: Policy,
    *,
    as_of: date,
    model_sha256: str,
    budget: str = "",
    vouched: bool = True,
) -> Assessed:
    """Judge evidence by a policy.

    Args:
        evidence: at most one per check, in any order.
        policy: what to judge by.
        as_of: the date that expiry is judged by.
        model_sha256: digest of the audited model; empty without one.
        budget: that of the plan, where it differs from govkit.yaml's because an earlier plan was replayed.
        vouched: False for a model that ran code of its own: nothing passes on its answers.
    """
    by_check = {found.check: found for found in evidence}
    audited = Audited(policy.config, model_sha256, policy.project, as_of, policy.profile.max_age_days)
    statements, ignored_statements = judge_attestations(policy.attestations, audited, policy.frameworks)
    judged = judge_all(policy.criteria, by_check, policy.profile, budget or policy.config.budget, vouched=vouched)
    waived = judge_waivers(policy.waivers, audited, policy.criteria, judged)
    results = tuple(_with_waiver(result, waived.covers) for result in judged)
    controls = tuple(_control_results(policy, {found.criterion: found for found in results}, statements))
    documents = tuple(statements[key].result for key in sorted(statements))
    ignored = (*waived.ignored, *ignored_statements)
    return Assessed(
        criterion_results=results,
        control_results=controls,
        document_results=documents,
        waivers=waived.valid,
        ignored=ignored,
        facts=report_facts(
            config=policy.config,
            profile=policy.profile,
            frameworks=policy.frameworks,
            controls=controls,
            documents=documents,
            waivers=waived.valid,
            ignored=ignored,
        ),
        crosswalk=policy.crosswalk,
    )


def judge_all(
    criteria: Sequence[Criterion],
    evidence: Mapping[str, Evidence],
    profile: Profile,
    budget: str,
    *,
    vouched: bool = True,
) -> list[CriterionResult]:
    """Judge every criterion, with a pass from too small a budget, or on answers not vouched for, capped."""
    results = []
    for criterion in criteria:
        result = judge(criterion, evidence)
        found = evidence.get(criterion.check)
        if not vouched and found is not None:
            result = without_vouching(criterion, result, found)
        planned = found is not None and bool(found.work)
        results.append(with_budget(criterion, result, profile.minimum_budget, budget) if planned else result)
    return results


def _between(crosswalk: Crosswalk, frameworks: Collection[str]) -> Crosswalk:
    """Keep the links whose two ends are both shown."""
    links = [link for link in crosswalk.links if {link.source.framework, link.target.framework} <= set(frameworks)]
    bases = {name: text for name, text in crosswalk.bases.items() if any(link.basis == name for link in links)}
    return Crosswalk(as_of=crosswalk.as_of, bases=bases, links=tuple(links))


def _optional(config: Config, project: Path, field: str) -> Document | None:
    """Read a file that need not exist under its default name."""
    name: str = getattr(config, field)
    path = project / name
    if path.exists():
        return read(path)
    if name != Config.model_fields[field].default:
        raise UsageProblem(f"{field}: {name} does not exist", hint=f"correct `{field}` in govkit.yaml or add the file")
    return None


def _with_waiver(result: CriterionResult, covers: Mapping[str, str]) -> CriterionResult:
    if result.criterion not in covers:
        return result
    return CriterionResult.model_validate({**dict(result), "waiver": covers[result.criterion]})


def _control_results(
    policy: Policy, results: Mapping[str, CriterionResult], statements: Mapping[tuple[str, str], Statement]
) -> Iterator[ControlResult]:
    titles = {criterion.id: f"“{criterion.title}”" for criterion in policy.criteria}
    words = {**titles, **policy.catalog.unmeasured}
    for framework in policy.frameworks:
        if framework.not_applicable_because:
            yield from _not_applicable(framework)
            continue
        for control in framework.controls:
            yield _control_result(framework.id, control, results, statements.get((framework.id, control.id)), words)


def _not_applicable(framework: Framework) -> Iterator[ControlResult]:
    because = Message(id="control.framework_not_applicable", args={"reason": framework.not_applicable_because})
    for control in framework.controls:
        yield ControlResult(
            framework=framework.id, control=control.id, status=Status.NOT_APPLICABLE, because=(because,)
        )


def _control_result(
    framework: str,
    control: Control,
    results: Mapping[str, CriterionResult],
    statement: Statement | None,
    words: Mapping[str, str],
) -> ControlResult:
    """Judge one control; `words` names criteria and unmeasured checks for a reader."""
    own = {name: results[name].result if name in results else Result.NOT_RUN for name in control.criteria}
    scoped_out = statement is not None and statement.scoped_out
    paper = statement.result.state if statement is not None and not scoped_out else DocumentState.MISSING
    gathered = Gathered(
        needs=control.needs,
        criteria=own,
        unmeasured=control.unmeasured,
        documents=paper,
        attestation=paper,
        scoped_out=scoped_out,
    )
    waivers = [results[name].waiver for name in control.criteria if name in results and results[name].waiver]
    return ControlResult(
        framework=framework,
        control=control.id,
        status=roll_up(gathered),
        because=tuple(_because(control, gathered, statement, words)),
        criteria=own,
        document=_state(control, "documents", statement),
        attestation=_state(control, "attestation", statement),
        missing=() if scoped_out else tuple(_missing(control, gathered)),
        waivers=tuple(dict.fromkeys(waivers)),
    )


def _state(control: Control, need: Need, statement: Statement | None) -> DocumentState | None:
    """Give the state of a kind of paper; None when the control doesn't need it."""
    if need not in control.needs:
        return None
    return statement.result.state if statement is not None else DocumentState.MISSING


def _named(found: Gathered, *wanted: Result) -> list[str]:
    return [name for name, result in found.criteria.items() if result in wanted]


def _because(
    control: Control, found: Gathered, statement: Statement | None, words: Mapping[str, str]
) -> Iterator[Message]:
    """Give the reasons for a control's status, the deciding one first; there is always one."""
    if statement is not None and found.scoped_out:
        yield statement.result.because
        if failed := _named(found, Result.FAIL):
            yield _message("fails_out_of_scope", criteria=[words[name] for name in failed])
        return
    if roll_up(found) is Status.MET:
        yield _message("met")
    yield from _about_checks(found, words)
    if statement is not None:
        yield statement.result.because
        return
    if "documents" in control.needs:
        yield _message("documents", documents=control.documents)
    if "attestation" in control.needs:
        yield _message("attestation")


def _about_checks(found: Gathered, words: Mapping[str, str]) -> Iterator[Message]:
    for kind, wanted in (
        ("failed", (Result.FAIL,)),
        ("undecided", (Result.ERROR, Result.INCONCLUSIVE)),
        ("not_run", (Result.NOT_RUN,)),
    ):
        if names := _named(found, *wanted):
            yield _message(kind, criteria=[words[name] for name in names])
    if found.unmeasured:
        yield _message("unmeasured", checks=[words[name] for name in found.unmeasured])


def _missing(control: Control, found: Gathered) -> Iterator[str]:
    """Name what would have to be brought."""
    yield from _named(found, Result.NOT_RUN)
    yield from found.unmeasured
    if "documents" in control.needs and found.documents is not DocumentState.VALID:
        yield from control.documents
    if "attestation" in control.needs and found.attestation is not DocumentState.VALID:
        yield SIGNED


def _message(kind: str, **names: Sequence[str]) -> Message:
    return Message(id=f"control.{kind}", args={key: ", ".join(value) for key, value in names.items()})
