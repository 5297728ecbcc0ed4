"""Compute the `report.*` facts shown beside controls; they support and never decide."""

from collections.abc import Mapping, Sequence
from typing import Final

from govkit.config import Config
from govkit.core.control import (
    ControlResult,
    DocumentResult,
    DocumentState,
    Framework,
    Profile,
    Status,
    Waiver,
)
from govkit.core.evidence import Finding, Message, Scalar
from govkit.core.record import ReportFact

FACTS: Final[Mapping[str, str]] = {
    "report.model_card_complete": "The model card's declared fields are filled.",
    "report.limitations": "Limitations are stated.",
    "report.audit_record": "Inputs, versions, seeds, configuration and results are recorded.",
    "report.reproducible": "A second run gives the same results.",
    "report.traceability": "Every number in the report leads to its evidence.",
    "report.thresholds_declared": "Every gated limit is set by its owner with a reason.",
    "report.coverage": "Every control in scope has a status and a reason.",
    "report.evidence_freshness": "Documents and statements are inside their validity.",
    "report.history": "Results are compared with the last audit.",
    "report.risk_register": "A risk register is linked and refers to failed controls.",
    "report.remediation": "Each failed control has an owner and an action, or a valid waiver.",
    "report.waivers": "Every waiver given is valid.",
    "report.signoff": "A named person signed the decision for this model's digest.",
    "report.gate": "The gate's verdict is recorded.",
    "report.self_test": "Planted faults were caught by this build.",
}
"""Every fact that a control may name, with what it says when it holds."""
MESSAGES: Final[Mapping[str, str]] = {
    "fact.not_computed": "This version does not compute it.",
    "fact.nothing_given": "None was given.",
    "fact.card": "{filled} of {wanted} declared fields of the model card are filled in govkit.yaml.",
    "fact.limitations": "Limitations are stated in govkit.yaml; whether they cover what was measured is for a reader.",
    "fact.no_limitations": "govkit.yaml states no limitations (model_card.limitations).",
    "fact.audit_record": "This record holds inputs with digests, versions, seed, configuration, plan and results.",
    "fact.thresholds": "{own} of {gated} gated limits are set in govkit.yaml with a reason and an owner.",
    "fact.coverage": "{assessed} of {controls} controls in scope have evidence; the others say what is missing. "
    "{outside} don't apply.",
    "fact.freshness": "{valid} of {given} documents and statements count; {expired} expired.",
    "fact.waivers": "{valid} waivers are valid, {ignored} do not count.",
    "fact.gate": "Verdict and exit code are part of this record.",
}
CARD_FIELDS: Final = ("intended_use", "out_of_scope", "limitations")
SYSTEM_FIELDS: Final = ("name", "version", "owner", "purpose")
Fact = tuple[bool | None, Message]


def report_facts(  # noqa: PLR0913 - everything that was assessed
    *,
    config: Config,
    profile: Profile,
    frameworks: Sequence[Framework],
    controls: Sequence[ControlResult],
    documents: Sequence[DocumentResult],
    waivers: Sequence[Waiver],
    ignored: Sequence[Finding],
) -> tuple[ReportFact, ...]:
    """Give every fact, in order of id; one that isn't computed says so."""
    computed: dict[str, Fact] = {
        "report.audit_record": (True, _said("audit_record")),
        "report.gate": (True, _said("gate")),
        "report.model_card_complete": _card(config),
        "report.limitations": _limitations(config),
        "report.thresholds_declared": _thresholds(config, profile),
        "report.coverage": _coverage(frameworks, controls),
        "report.evidence_freshness": _freshness(documents),
        "report.waivers": _waivers(waivers, ignored),
    }
    absent = (None, _said("not_computed"))
    return tuple(
        ReportFact(id=name, holds=holds, message=message)
        for name in sorted(FACTS)
        for holds, message in [computed.get(name, absent)]
    )


def _said(kind: str, **args: Scalar) -> Message:
    return Message(id=f"fact.{kind}", args=args)


def _card(config: Config) -> Fact:
    declared: list[object] = [getattr(config.system, name) for name in SYSTEM_FIELDS]
    declared += [config.model_card.get(name) for name in CARD_FIELDS]
    filled = sum(bool(value) for value in declared)
    return filled == len(declared), _said("card", filled=filled, wanted=len(declared))


def _limitations(config: Config) -> Fact:
    stated = bool(config.model_card.get("limitations"))
    return stated, _said("limitations" if stated else "no_limitations")


def _thresholds(config: Config, profile: Profile) -> Fact:
    overrides = (config.criteria.get(criterion) for criterion in profile.gate)
    own = sum(override is not None and bool(override.reason and override.owner) for override in overrides)
    return own == len(profile.gate), _said("thresholds", own=own, gated=len(profile.gate))


def _coverage(frameworks: Sequence[Framework], controls: Sequence[ControlResult]) -> Fact:
    """Count the controls with evidence among those in scope; one that doesn't apply has none and needs none."""
    wanted = {(framework.id, control.id) for framework in frameworks for control in framework.controls}
    explained = {(result.framework, result.control) for result in controls}
    outside = sum(result.status is Status.NOT_APPLICABLE for result in controls)
    assessed = sum(result.status is not Status.NOT_ASSESSED for result in controls) - outside
    return explained >= wanted, _said("coverage", assessed=assessed, controls=len(wanted) - outside, outside=outside)


def _freshness(documents: Sequence[DocumentResult]) -> Fact:
    if not documents:
        return None, _said("nothing_given")
    states = [document.state for document in documents]
    valid, expired = states.count(DocumentState.VALID), states.count(DocumentState.EXPIRED)
    return valid == len(states), _said("freshness", valid=valid, given=len(states), expired=expired)


def _waivers(waivers: Sequence[Waiver], ignored: Sequence[Finding]) -> Fact:
    dismissed = sum(finding.rule.startswith("WVR-") for finding in ignored)
    if not waivers and not dismissed:
        return None, _said("nothing_given")
    return not dismissed, _said("waivers", valid=len(waivers), ignored=dismissed)
