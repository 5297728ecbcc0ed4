"""An in-toto statement of the test result, for signing tools and policies that admit a model to deployment."""

from typing import Final

from govkit.core.control import Verdict
from govkit.core.digest import canonical
from govkit.core.record import AuditRecord
from govkit.plugins.report import report_format
from govkit.reports.outcomes import Outcome, one_line, outcomes

STATEMENT: Final = "https://in-toto.io/Statement/v1"
PREDICATE: Final = "https://in-toto.io/attestation/test-result/v0.1"
RESULTS: Final = {
    Verdict.PASSED: "PASSED",
    Verdict.FAILED: "FAILED",
    Verdict.INCOMPLETE: "FAILED",
    Verdict.REFUSED: "FAILED",
}
"""The predicate has no word for an undecided result; a policy must not admit one."""
Json = dict[str, object]


def _subjects(record: AuditRecord) -> list[Json]:
    """Name what was tested: the model, or the data where no model was."""
    result = record.result
    if result.model is not None:
        return [{"name": one_line(result.model.name) or "model", "digest": {"sha256": result.model.sha256}}]
    return [{"name": one_line(data.name) or data.role, "digest": {"sha256": data.sha256}} for data in result.data]


def _configuration(record: AuditRecord) -> list[Json]:
    """Name what the result rests on: the configuration, the data, and the record that holds all of it."""
    result = record.result
    parts = [("govkit.yaml", result.config_sha256), ("audit.json result", record.result_sha256)]
    parts += [(f"{data.role}: {one_line(data.name)}", data.sha256) for data in result.data]
    return [{"name": name, "digest": {"sha256": digest}} for name, digest in parts]


def _names(listed: tuple[Outcome, ...], *standings: str) -> list[str]:
    return [one_line(outcome.id) for outcome in listed if outcome.gated and outcome.standing in standings]


@report_format("in-toto", file="test-result.intoto.json")
def statement(record: AuditRecord) -> bytes:
    """Write an unsigned in-toto statement with the test-result predicate; anything but a pass is FAILED."""
    listed = outcomes(record)
    predicate = {
        "result": RESULTS[record.result.decision.verdict],
        "configuration": _configuration(record),
        "passedTests": _names(listed, ""),
        "warnedTests": _names(listed, "waived"),
        "failedTests": _names(listed, "failed", "incomplete"),
    }
    return canonical(
        {"_type": STATEMENT, "subject": _subjects(record), "predicateType": PREDICATE, "predicate": predicate}
    )
