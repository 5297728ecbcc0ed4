"""CycloneDX 1.6: the model as a component with its model card, its data and software, and what was claimed of it."""

import json
import re
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from govkit.core.control import ControlResult, CriterionResult, Framework, Result, Status
from govkit.core.digest import sha256
from govkit.core.evidence import Measurement
from govkit.core.record import AuditRecord
from govkit.plugins.report import report_format
from govkit.reports.lookup import Lookup
from govkit.reports.outcomes import one_line
from govkit.reports.wording import RESULTS, STATUSES, grouped

SPECIFICATION: Final = "1.6"
MODEL: Final = "model"
ASSESSOR: Final = "assessor:govkit"
_PYPI: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_VERSION: Final = re.compile(r"[A-Za-z0-9.!+_-]+")
Json = dict[str, object]


def _reference(kind: str, *parts: str) -> str:
    """Give a bom-ref: readable, and apart from others by a digest where it isn't plain."""
    text = "/".join(parts)
    if re.fullmatch(r"[\w./ -]{1,80}", text, re.ASCII):
        return f"{kind}:{text.replace(' ', '~')}"
    return f"{kind}:{sha256(text.encode('utf-8', 'replace'))[:24]}"


def _properties(**values: object) -> list[Json]:
    return [{"name": f"govkit:{name}", "value": one_line(str(value))} for name, value in values.items() if str(value)]


def _metric(check: str, found: Measurement) -> Json:
    interval = found.interval
    limits = {} if interval is None else {"lowerBound": interval.low, "upperBound": interval.high}
    bounds = {name: f"{value:.12g}" for name, value in limits.items() if value is not None}
    about = grouped(found.group)
    return {
        "type": one_line(f"{check}.{found.name}"),
        "value": f"{found.value:.12g}",
        **({"slice": one_line(about)} if about else {}),
        **({"confidenceInterval": bounds} if bounds else {}),
    }


def _declared(record: AuditRecord, *names: str) -> list[str]:
    """Give what the model card declares under some names."""
    card = record.result.config.get("model_card")
    given = [card.get(name) for name in names] if isinstance(card, dict) else []
    texts = [item for value in given if value for item in (value if isinstance(value, list | tuple) else [value])]
    return [one_line(str(text)) for text in texts]


def _considerations(record: AuditRecord) -> Json:
    found = {
        "users": _declared(record, "users", "owners"),
        "useCases": _declared(record, "intended_use"),
        "technicalLimitations": _declared(record, "limitations", "out_of_scope"),
    }
    kept: Json = {name: texts for name, texts in found.items() if texts}
    return {"considerations": kept} if kept else {}


def _model_card(book: Lookup) -> Json:
    result = book.record.result
    metrics = [_metric(evidence.check, found) for evidence in result.evidence for found in book.shown(evidence.check)]
    datasets = [{"ref": _reference("data", data.role)} for data in result.data]
    parameters: Json = {"approach": {"type": "supervised"}, "datasets": datasets}
    parameters |= {"task": result.task} if result.task else {}
    parameters |= (
        {"modelArchitecture": one_line(result.model.estimator)} if result.model and result.model.estimator else {}
    )
    return {
        "modelParameters": parameters,
        "quantitativeAnalysis": {"performanceMetrics": metrics},
        **_considerations(book.record),
    }


def _hashes(digest: str) -> list[Json]:
    return [{"alg": "SHA-256", "content": digest}]


def _model(book: Lookup) -> list[Json]:
    model = book.record.result.model
    if model is None:
        return []
    return [
        {
            "type": "machine-learning-model",
            "bom-ref": MODEL,
            "name": one_line(model.name) or "model",
            "version": one_line(book.record.result.system.version),
            "hashes": _hashes(model.sha256),
            "modelCard": _model_card(book),
            "properties": _properties(format=model.format, size=model.size, refused=model.refused),
        }
    ]


def _data(record: AuditRecord) -> list[Json]:
    return [
        {
            "type": "data",
            "bom-ref": _reference("data", data.role),
            "name": one_line(data.name) or data.role,
            "hashes": _hashes(data.sha256),
            "data": [{"type": "dataset", "name": one_line(data.name) or data.role}],
            "properties": _properties(role=data.role, rows=data.rows, columns=len(data.columns)),
        }
        for data in record.result.data
    ]


def _software(record: AuditRecord) -> list[Json]:
    """Name the libraries that the model was fitted with, or else those of the audit, as packages."""
    model = record.result.model
    fitted = dict(model.fitted_with) if model else {}
    scope = "fitted with" if fitted else "audited with"
    named = fitted or record.result.software
    return [
        {
            "type": "library",
            "bom-ref": _reference("library", name),
            "name": one_line(name) or "-",
            "version": one_line(version),
            **({"purl": f"pkg:pypi/{name.lower()}@{version}"} if _plain_package(name, version) else {}),
            "properties": _properties(scope=scope),
        }
        for name, version in named.items()
    ]


def _plain_package(name: str, version: str) -> bool:
    return bool(_PYPI.fullmatch(name) and _VERSION.fullmatch(version)) and name != "python"


def _standard(framework: Framework) -> Json:
    return {
        "bom-ref": _reference("standard", framework.id),
        "name": one_line(framework.title),
        "version": one_line(framework.version),
        "requirements": [
            {
                "bom-ref": _reference("requirement", framework.id, control.id),
                "identifier": one_line(control.id),
                "text": one_line(control.statement),
            }
            for control in framework.controls
        ],
    }


def _claim(book: Lookup, result: CriterionResult) -> Json:
    """Claim that a criterion holds; what a failing one measured is counter-evidence."""
    criterion = book.criteria.get(result.criterion)
    evidence = {Result.PASS: "evidence", Result.FAIL: "counterEvidence"}.get(result.result)
    proof = [_reference("evidence", criterion.check)] if criterion and criterion.check in book.evidence else []
    target = MODEL if book.record.result.model else None
    return {
        "bom-ref": _reference("claim", result.criterion),
        "predicate": one_line(criterion.title if criterion else result.criterion),
        "reasoning": one_line(f"{RESULTS[result.result].word}: {book.say(result.because)}"),
        **({"target": target} if target else {}),
        **({evidence: proof} if evidence and proof else {}),
    }


def _conformance(book: Lookup, result: ControlResult) -> Json:
    """Map a requirement to its claims; no score is given but for a control that is met or not met."""
    scores = {Status.MET: 1, Status.NOT_MET: 0}
    by_state: dict[Result, list[str]] = {}
    for name, state in result.criteria.items():
        if name in book.results:
            by_state.setdefault(state, []).append(_reference("claim", name))
    because = " ".join(book.say_all(result.because))
    score = {"score": scores[result.status]} if result.status in scores else {}
    claims = {"claims": by_state.get(Result.PASS), "counterClaims": by_state.get(Result.FAIL)}
    return {
        "requirement": _reference("requirement", result.framework, result.control),
        **{name: found for name, found in claims.items() if found},
        "conformance": {**score, "rationale": one_line(f"{STATUSES[result.status].word}: {because}")},
    }


def _known(record: AuditRecord) -> frozenset[tuple[str, str]]:
    return frozenset((one.id, control.id) for one in record.result.frameworks for control in one.controls)


def _declarations(book: Lookup) -> Json:
    result, known = book.record.result, _known(book.record)
    mapped = [_conformance(book, found) for key, found in book.controls.items() if key in known]
    decision = result.decision
    evidence = [
        {
            "bom-ref": _reference("evidence", found.check),
            "propertyName": one_line(found.check),
            "data": [{"name": "audit.json", "contents": {"url": "audit.json"}}],
            "created": f"{result.as_of.isoformat()}T00:00:00Z",
        }
        for found in result.evidence
    ]
    summary = f"{decision.verdict.value} by the profile {decision.profile}; this is no certification"
    return {
        "assessors": [{"bom-ref": ASSESSOR, "thirdParty": False, "organization": {"name": "govkit"}}],
        "attestations": [{"summary": one_line(summary), "assessor": ASSESSOR, "map": mapped}],
        "claims": [_claim(book, found) for found in book.results.values()],
        "evidence": evidence,
    }


def _dependencies(record: AuditRecord) -> list[Json]:
    model = record.result.model
    if model is None:
        return []
    return [{"ref": MODEL, "dependsOn": [_reference("library", name) for name in model.fitted_with]}]


@report_format("cyclonedx", file="ml-bom.cdx.json")
def bill_of_materials(record: AuditRecord) -> bytes:
    """Write a CycloneDX 1.6 ML-BOM: model card, data, libraries, and the controls with their claims."""
    book = Lookup(record)
    components = [*_model(book), *_data(record), *_software(record)]
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": SPECIFICATION,
        "serialNumber": f"urn:uuid:{uuid5(NAMESPACE_URL, f'urn:govkit:bom:{record.result_sha256}')}",
        "version": 1,
        "metadata": {
            "timestamp": f"{record.result.as_of.isoformat()}T00:00:00Z",
            "tools": {
                "components": [{"type": "application", "name": "govkit", "version": record.result.govkit_version}]
            },
            "properties": _properties(
                system=record.result.system.id,
                verdict=record.result.decision.verdict.value,
                profile=record.result.decision.profile,
                record_sha256=record.result_sha256,
            ),
        },
        "components": components,
        "dependencies": _dependencies(record),
        "declarations": _declarations(book),
        "definitions": {"standards": [_standard(framework) for framework in record.result.frameworks]},
    }
    return json.dumps(document, indent=1).encode()
