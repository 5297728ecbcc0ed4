"""SARIF 2.1.0: everything that was judged or found, and a short version for GitHub's code scanning."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from govkit.core.control import Result, Status
from govkit.core.digest import sha256
from govkit.core.evidence import Finding, Severity
from govkit.core.messages import sentence
from govkit.core.record import AuditRecord
from govkit.plugins.report import report_format
from govkit.reports.outcomes import Outcome, one_line, outcomes
from govkit.reports.places import Place, place, uri_in_repository

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
MOST_RESULTS: Final = 5_000
"""GitHub keeps so many of a run's results."""
MOST_TAGS: Final = 10
"""GitHub shows so many of a rule's tags."""
MOST_LETTERS: Final = 1_000
NOWHERE: Final = "govkit.yaml"
"""Where results point to when the audit's own paths say nothing; code scanning takes no result without a place."""
_LEVELS: Final = {Severity.HIGH: "error", Severity.MEDIUM: "warning", Severity.LOW: "note", Severity.INFO: "note"}
_KINDS: Final[Mapping[Result | Status, str]] = {
    Result.PASS: "pass",
    Result.FAIL: "fail",
    Result.INCONCLUSIVE: "open",
    Result.ERROR: "open",
    Result.NOT_RUN: "open",
    Result.NOT_APPLICABLE: "notApplicable",
    Status.MET: "pass",
    Status.NOT_MET: "fail",
    Status.PARTIALLY_MET: "open",
    Status.INCONCLUSIVE: "open",
    Status.NOT_ASSESSED: "open",
    Status.NOT_APPLICABLE: "notApplicable",
}
Json = dict[str, object]


@dataclass(frozen=True)
class _Rule:
    """What a result is about."""

    title: str
    why: str
    remedy: str
    level: str
    tags: tuple[str, ...]


@dataclass(frozen=True)
class _Entry:
    """A result before its place in the log is known."""

    rule: str
    kind: str
    level: str
    text: str
    where: str
    place: Place | None
    waiver: str = ""
    gated: bool = False


def _text(text: str) -> Json:
    """Write a message; a bracket before a parenthesis would be read as a link."""
    text = one_line(text).replace("](", "] (") or "-"
    return {"text": text if len(text) <= MOST_LETTERS else f"{text[: MOST_LETTERS - 1]}…"}


def _level(outcome: Outcome) -> str:
    """Give the level: an error blocks the release, whatever else fails is at most a warning."""
    if outcome.gated:
        return "error"
    return "warning" if _LEVELS[outcome.severity] != "note" else "note"


def _judged(outcome: Outcome, record: AuditRecord) -> _Entry:
    kind = _KINDS[outcome.state]
    todo = f" To do: {outcome.remedy}" if outcome.remedy else ""
    return _Entry(
        rule=outcome.id,
        kind=kind,
        level=_level(outcome) if kind == "fail" else "none",
        text=f"{outcome.title}. {outcome.text}{todo}",
        where=outcome.check or outcome.family,
        place=place(record, check=outcome.check, criterion=outcome.id),
        waiver=outcome.waiver if outcome.accepted else "",
        gated=outcome.gated,
    )


def _found(finding: Finding, check: str, record: AuditRecord) -> _Entry:
    """Lay out a finding: a place for a person to look at, judged by nobody yet."""
    text, where = sentence(finding.message, record.result.messages), one_line(finding.where)
    at = place(record, check=check, where=where)
    return _Entry(rule=one_line(finding.rule), kind="review", level="none", text=text, where=where, place=at)


def _findings(record: AuditRecord) -> Iterable[tuple[str, Finding]]:
    """Give each finding with the check that made it; empty for attestations and waivers that don't count."""
    for evidence in record.result.evidence:
        yield from ((evidence.check, finding) for finding in evidence.findings)
    yield from (("", finding) for finding in record.result.ignored)


def _rules(record: AuditRecord, listed: Iterable[Outcome]) -> dict[str, _Rule]:
    """Give the rule of every criterion, required control and kind of finding, by id."""
    why = {criterion.id: criterion.why for criterion in record.result.criteria}
    rules = {
        outcome.id: _Rule(
            title=outcome.title,
            why=why.get(outcome.id, outcome.title),
            remedy=outcome.remedy,
            level=_level(outcome),
            tags=tuple(tag for tag in ("govkit", outcome.family, outcome.check, outcome.severity.value) if tag),
        )
        for outcome in listed
    }
    for _, finding in _findings(record):
        rule, level = one_line(finding.rule), _LEVELS[finding.severity]
        rules.setdefault(rule, _Rule(f"Finding {rule}", f"Finding {rule}", "", level, ("govkit", "finding")))
    return rules


def _descriptor(name: str, rule: _Rule) -> Json:
    help_text = {"help": _text(rule.remedy)} if rule.remedy else {}
    return {
        "id": name,
        "shortDescription": _text(rule.title),
        "fullDescription": _text(rule.why),
        **help_text,
        "defaultConfiguration": {"level": rule.level},
        "properties": {"tags": [one_line(tag) for tag in dict.fromkeys(rule.tags)][:MOST_TAGS]},
    }


def _location(record: AuditRecord, entry: _Entry) -> Json:
    uri = entry.place.uri if entry.place else uri_in_repository(record) or NOWHERE
    line = entry.place.line if entry.place else 1
    return {
        "physicalLocation": {"artifactLocation": {"uri": uri}, "region": {"startLine": line}},
        "logicalLocations": [{"fullyQualifiedName": one_line(entry.where) or "-"}],
    }


def _fingerprints(record: AuditRecord, entry: _Entry, seen: dict[str, int]) -> dict[str, str]:
    """Give what stays the same from run to run: system, rule and place, never the measured value."""
    same = sha256(f"{record.result.system.id}\n{entry.rule}\n{entry.where}".encode("utf-8", "replace"))[:32]
    seen[same] = seen.get(same, 0) + 1
    return {"govkit/v1": f"{same}:{seen[same]}", "primaryLocationLineHash": f"{same[:16]}:{seen[same]}"}


def _suppressions(record: AuditRecord, entry: _Entry) -> Json:
    """Lay out the waiver: the failure stays, with who accepted it until when."""
    names = entry.waiver.split(", ") if entry.waiver else []
    found = [
        {
            "kind": "external",
            "status": "accepted",
            "justification": one_line(
                f"Waiver {waiver.id} until {waiver.expires_on}, approved by {waiver.approved_by}: {waiver.reason}"
            ),
        }
        for waiver in record.result.waivers
        if waiver.id in names
    ]
    return {"suppressions": found} if found else {}


def _results(record: AuditRecord, entries: Iterable[_Entry], index: Mapping[str, int]) -> list[Json]:
    seen: dict[str, int] = {}
    return [
        {
            "ruleId": entry.rule,
            "ruleIndex": index[entry.rule],
            "kind": entry.kind,
            "level": entry.level,
            "message": _text(entry.text),
            "locations": [_location(record, entry)],
            "partialFingerprints": _fingerprints(record, entry, seen),
            **_suppressions(record, entry),
            "properties": {"gated": entry.gated},
        }
        for entry in entries
    ]


def _log(record: AuditRecord, entries: list[_Entry], rules: Mapping[str, _Rule]) -> bytes:
    result = record.result
    index = {name: place for place, name in enumerate(rules)}
    driver = {
        "name": "govkit",
        "version": result.govkit_version,
        "rules": [_descriptor(name, rule) for name, rule in rules.items()],
    }
    errors = any(found.result is Result.ERROR for found in result.criterion_results)
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"govkit/{one_line(result.system.id)}/"},
        "invocations": [{"executionSuccessful": not errors, "exitCode": int(result.decision.exit_code)}],
        "columnKind": "unicodeCodePoints",
        "results": _results(record, entries, index),
        "properties": {
            "verdict": result.decision.verdict.value,
            "profile": result.decision.profile,
            "asOf": result.as_of.isoformat(),
            "recordSha256": record.result_sha256,
        },
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=1).encode()


@report_format("sarif", file="audit.sarif")
def full_log(record: AuditRecord) -> bytes:
    """Write every criterion, required control and finding as SARIF 2.1.0, passes and open ones too."""
    listed = outcomes(record)
    entries = [_judged(outcome, record) for outcome in listed]
    entries += [_found(finding, check, record) for check, finding in _findings(record)]
    return _log(record, entries, _rules(record, listed))


@report_format("sarif-github", file="github.sarif")
def code_scanning_log(record: AuditRecord) -> bytes:
    """Write only active failures as SARIF for GitHub's code scanning, which honours neither kinds nor waivers."""
    failing = [outcome for outcome in outcomes(record) if _KINDS[outcome.state] == "fail" and not outcome.accepted]
    entries = sorted((_judged(outcome, record) for outcome in failing), key=lambda entry: not entry.gated)[
        :MOST_RESULTS
    ]
    kept = {entry.rule for entry in entries}
    rules = {name: rule for name, rule in _rules(record, failing).items() if name in kept}
    return _log(record, entries, rules)
