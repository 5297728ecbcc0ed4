"""Judge a record's evidence again by another profile's limits and demands; nothing is measured again."""

from collections.abc import Mapping
from datetime import date, timedelta

from govkit.assessment.assess import judge_all
from govkit.assessment.catalogs import Catalog
from govkit.assessment.criteria import MESSAGES, distance, worst_value
from govkit.assessment.profiles import criteria_for
from govkit.assessment.rollup import Gathered, roll_up
from govkit.config import CriterionOverride
from govkit.core.control import (
    Control,
    ControlResult,
    Criterion,
    CriterionResult,
    DocumentResult,
    DocumentState,
    Profile,
    Status,
    Waiver,
)
from govkit.core.control import Result as CriterionState
from govkit.core.record import AuditRecord, Result
from govkit.strict_yaml import Document


def judged_again(record: AuditRecord, profile: Profile, catalog: Catalog) -> AuditRecord:
    """Give the record as it would read had it been judged by this profile from the start.

    A statement expires at the profile's maximum age, which the gate holds against its date. Controls of frameworks that
    the record doesn't hold stay unassessed.

    Raises:
        UsageProblem: a threshold of the record's govkit.yaml is looser than this profile's, without reason and owner.
    """
    result = record.result
    criteria = criteria_for(catalog, profile, _overrides(result, catalog), Document("govkit.yaml", None, None))
    evidence = {found.check: found for found in result.evidence}
    vouched = result.model is None or result.model.trust != "sandbox-only"
    judged = judge_all(criteria, evidence, profile, result.plan.budget, vouched=vouched)
    rules = {criterion.id: criterion for criterion in criteria}
    waivers = {waiver.criterion: waiver for waiver in result.waivers}
    results = {found.criterion: _waived(found, rules[found.criterion], waivers) for found in judged}
    known = {(framework.id, one.id): one for framework in result.frameworks for one in framework.controls}
    controls = [_again(found, known.get((found.framework, found.control)), results) for found in result.control_results]
    changed = {
        "profile": profile,
        "criteria": criteria,
        "criterion_results": tuple(results.values()),
        "control_results": tuple(controls),
        "document_results": tuple(_aged(found, profile.max_age_days) for found in result.document_results),
        "messages": {**result.messages, **MESSAGES},
    }
    return record.model_copy(update={"result": result.model_copy(update=changed)})


def _overrides(result: Result, catalog: Catalog) -> dict[str, CriterionOverride]:
    """Give the thresholds of the record's govkit.yaml for criteria that still exist."""
    given = result.config.get("criteria")
    if not isinstance(given, Mapping):
        return {}
    ids = {criterion.id for criterion in catalog.criteria}
    return {name: CriterionOverride.model_validate(value) for name, value in given.items() if name in ids}


def _aged(found: DocumentResult, max_age_days: int | None) -> DocumentResult:
    """End a statement at a maximum age; one whose date the record doesn't hold has long passed it."""
    if max_age_days is None:
        return found
    last = date.min if found.dated_on is None else found.dated_on + timedelta(days=max_age_days)
    return found.model_copy(update={"expires_on": min(last, found.expires_on or last)})


def _waived(found: CriterionResult, rule: Criterion, waivers: Mapping[str, Waiver]) -> CriterionResult:
    """Put a waiver that still tolerates what was measured on a failure."""
    waiver, measured = waivers.get(found.criterion), worst_value(rule, found)
    if waiver is None or found.result is not CriterionState.FAIL:
        return found
    if measured is not None and distance(rule, measured) > distance(rule, waiver.worst_value):
        return found
    return found.model_copy(update={"waiver": waiver.id})


def _again(found: ControlResult, control: Control | None, results: Mapping[str, CriterionResult]) -> ControlResult:
    """Add up a control once more; what is out of scope stays so."""
    if control is None or found.status is Status.NOT_APPLICABLE:
        return found
    own = {name: results[name].result if name in results else CriterionState.NOT_RUN for name in control.criteria}
    gathered = Gathered(
        needs=control.needs,
        criteria=own,
        unmeasured=control.unmeasured,
        documents=found.document or DocumentState.MISSING,
        attestation=found.attestation or DocumentState.MISSING,
    )
    not_run = [name for name, state in own.items() if state is CriterionState.NOT_RUN]
    changed = {
        "status": roll_up(gathered),
        "criteria": own,
        "missing": (*not_run, *(name for name in found.missing if name not in own)),
        "waivers": tuple(
            dict.fromkeys(results[name].waiver for name in own if name in results and results[name].waiver)
        ),
    }
    return found.model_copy(update=changed)
