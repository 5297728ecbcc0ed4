"""OSCAL 1.2.1 assessment results: criteria as observations, controls as findings, waivers as accepted risks."""

from collections.abc import Iterable, Mapping
from typing import Final

from govkit.core.control import Control, ControlResult, Criterion, CriterionResult, DocumentResult, Status, Waiver
from govkit.core.record import AuditRecord
from govkit.plugins.report import report_format
from govkit.reports.lookup import Lookup
from govkit.reports.oscal import (
    RECORD_FILE,
    Identifiers,
    Json,
    control_id,
    line,
    metadata,
    moment,
    props,
    resource,
    written,
)
from govkit.reports.outcomes import controls, measured
from govkit.reports.wording import RESULTS, STATUSES

_REASONS: Final[Mapping[Status, str]] = {Status.MET: "pass", Status.NOT_MET: "fail"}


def _components(record: AuditRecord, ids: Identifiers) -> list[Json]:
    model = record.result.model
    parts = [("tool", "validation", f"govkit {record.result.govkit_version}", "The tool that made these results.", "")]
    if model is not None:
        parts.append(("model", "software", model.name, "The audited model.", model.sha256))
    parts += [(f"data {data.role}", "data", data.name, f"{data.role} data", data.sha256) for data in record.result.data]
    return [
        {
            "uuid": ids("component", key),
            "type": kind,
            "title": line(title),
            "description": line(about),
            **props(sha256=digest),
            "status": {"state": "operational"},
        }
        for key, kind, title, about, digest in parts
    ]


def _subjects(record: AuditRecord, ids: Identifiers) -> Json:
    keys = (["model"] if record.result.model else []) + [f"data {data.role}" for data in record.result.data]
    found = [{"subject-uuid": ids("component", key), "type": "component"} for key in keys]
    return {"subjects": found} if found else {}


def _observed(book: Lookup, criterion: Criterion | None, result: CriterionResult, ids: Identifiers) -> Json:
    worst = result.observed[0] if result.observed else None
    number = measured(book, criterion, result) if criterion else ""
    return {
        "uuid": ids.criterion(result.criterion),
        "title": line(criterion.title if criterion else result.criterion),
        "description": line(f"{RESULTS[result.result].word}. {book.say(result.because)} {number}"),
        **props(
            criterion=result.criterion,
            result=result.result.value,
            gated="yes" if result.criterion in book.gated else "no",
            check=criterion.check if criterion else None,
            limit=f"{criterion.operator} {criterion.threshold:.12g} {criterion.unit}" if criterion else None,
            value=f"{worst.value:.12g}" if worst else None,
            low=f"{worst.low:.12g}" if worst and worst.low is not None else None,
            high=f"{worst.high:.12g}" if worst and worst.high is not None else None,
            n=worst.n if worst else None,
            waiver=result.waiver,
        ),
        "methods": ["TEST"],
        "types": ["control-objective"],
        "origins": [{"actors": [{"type": "tool", "actor-uuid": ids("component", "tool")}]}],
        **_subjects(book.record, ids),
        "relevant-evidence": [{"href": RECORD_FILE, "description": "The audit record with all evidence."}],
        "collected": moment(book.record.result.as_of),
    }


def _examined(book: Lookup, place: int, found: DocumentResult, ids: Identifiers) -> Json:
    expires = {"expires": moment(found.expires_on)} if found.expires_on else {}
    return {
        "uuid": ids.document(place),
        "title": line(f"Documents or attestation for {found.control}"),
        "description": line(book.say(found.because)),
        **props(state=found.state.value, by=found.by, role=found.role),
        "methods": ["EXAMINE"],
        "types": ["control-objective"],
        "collected": moment(book.record.result.as_of),
        **expires,
    }


def _mitigation(waiver: Waiver, ids: Identifiers) -> Json:
    """Lay out what keeps an accepted risk small."""
    if not waiver.compensation:
        return {}
    factor = {"uuid": ids.waiver(f"{waiver.id}/compensation"), "description": line(waiver.compensation)}
    return {"mitigating-factors": [factor]}


def _risk(waiver: Waiver, ids: Identifiers) -> Json:
    """Lay out an accepted failure; it stays a risk until its date."""
    return {
        "uuid": ids.waiver(waiver.id),
        "title": line(f"Waiver {waiver.id} of {waiver.criterion}"),
        "description": line(waiver.reason),
        "statement": line(waiver.risk),
        **props(
            requested_by=waiver.requested_by,
            approved_by=waiver.approved_by,
            approved_on=waiver.approved_on,
            worst_value=f"{waiver.worst_value:.12g}",
            ticket=waiver.ticket,
        ),
        **_mitigation(waiver, ids),
        "status": "deviation-approved",
        "deadline": moment(waiver.expires_on),
        "related-observations": [{"observation-uuid": ids.criterion(waiver.criterion)}],
    }


def _finding(book: Lookup, control: Control, result: ControlResult, ids: Identifiers) -> Json:
    """Lay out a control; only one that is met is satisfied, whatever else is said with its own status."""
    papers = [
        ids.document(place)
        for place, one in enumerate(book.record.result.document_results)
        if (one.framework, one.control) == (result.framework, result.control)
    ]
    tests = [ids.criterion(name) for name in result.criteria if name in book.results]
    risks = [ids.waiver(one.id) for one in book.record.result.waivers if one.id in result.waivers]
    because = " ".join(book.say_all(result.because))
    related = [{"observation-uuid": name} for name in (*tests, *papers)]
    return {
        "uuid": ids("finding", result.framework, result.control),
        "title": line(f"{result.control} {control.label}"),
        "description": line(f"{STATUSES[result.status].word}. {because}"),
        **props(status=result.status.value, missing="; ".join(result.missing), waivers=", ".join(result.waivers)),
        "target": {
            "type": "statement-id",
            "target-id": f"{control_id(control)}_smt",
            "status": {
                "state": "satisfied" if result.status is Status.MET else "not-satisfied",
                "reason": _REASONS.get(result.status, "other"),
            },
        },
        **({"related-observations": related} if related else {}),
        **({"related-risks": [{"risk-uuid": name} for name in risks]} if risks else {}),
    }


def _selection(kept: Iterable[str], left_out: Iterable[str]) -> Json:
    """Select the controls; OSCAL has no empty selection, so where none is left all are named, less those left out."""
    parts = {"include-controls": kept, "exclude-controls": left_out}
    chosen: Json = {name: found for name, ids in parts.items() if (found := [{"control-id": one} for one in ids])}
    return chosen if "include-controls" in chosen else {"include-all": {}, **chosen}


def _result(record: AuditRecord, ids: Identifiers) -> Json:
    book, known = Lookup(record), controls(record)
    rated = [(known[key], found) for key, found in book.controls.items() if key in known]
    reviewed = [(control, found) for control, found in rated if found.status is not Status.NOT_APPLICABLE]
    outside = [control_id(control) for control, found in rated if found.status is Status.NOT_APPLICABLE]
    papers = record.result.document_results
    lists = {
        "observations": [_observed(book, book.criteria.get(name), one, ids) for name, one in book.results.items()]
        + [_examined(book, place, one, ids) for place, one in enumerate(papers)],
        "risks": [_risk(waiver, ids) for waiver in record.result.waivers],
        "findings": [_finding(book, control, found, ids) for control, found in reviewed],
    }
    decision = record.result.decision
    return {
        "uuid": ids("result"),
        "title": line(f"Audit of {record.result.system.name}"),
        "description": line(f"{decision.verdict.value} by the profile {decision.profile}"),
        "start": moment(record.result.as_of),
        **props(verdict=decision.verdict.value, profile=decision.profile, system=record.result.system.id),
        "local-definitions": {"components": _components(record, ids)},
        "reviewed-controls": {
            "control-selections": [_selection([control_id(control) for control, _ in reviewed], outside)]
        },
        **{name: found for name, found in lists.items() if found},
    }


@report_format("oscal-ar", file="oscal-assessment-results.json")
def assessment_results(record: AuditRecord) -> bytes:
    """Write criteria as observations, controls as findings and waivers as risks of OSCAL assessment results."""
    ids = Identifiers(record)
    plan = ids("plan")
    document = {
        "uuid": ids("assessment-results"),
        "metadata": metadata(record, f"Audit of {record.result.system.name}"),
        "import-ap": {"href": f"#{plan}"},
        "results": [_result(record, ids)],
        "back-matter": {"resources": [resource(plan, "The audit record with its plan", RECORD_FILE)]},
    }
    return written("assessment-results", document)
