"""JUnit XML: what gates a release as test cases, so that any build server shows it."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from govkit.core.control import Result, Status
from govkit.core.record import AuditRecord
from govkit.plugins.report import report_format
from govkit.reports.outcomes import Outcome, one_line, outcomes

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_NOT_XML: Final = re.compile("[\ufffe\uffff]")
_GOOD: Final = frozenset({Result.PASS, Status.MET})
COUNTED: Final = {"failures": "failure", "errors": "error", "skipped": "skipped"}


def _plain(text: str) -> str:
    """Keep to the characters that XML 1.0 has."""
    return _NOT_XML.sub("", one_line(text))


def _why_skipped(outcome: Outcome) -> str:
    """Say why a case that didn't pass doesn't count."""
    if outcome.accepted:
        return f"waived ({outcome.waiver})"
    return "not applicable" if outcome.state == "not_applicable" else "not gated"


def _tag(outcome: Outcome) -> str:
    """Name a case's child: what fails the gate is a failure, what leaves it open an error, the rest is skipped."""
    if outcome.standing == "failed":
        return "failure"
    if outcome.standing == "incomplete":
        return "error"
    return "" if outcome.state in _GOOD else "skipped"


def _case(suite: "Element", outcome: Outcome) -> None:
    from xml.etree.ElementTree import SubElement

    case = SubElement(suite, "testcase", classname=_plain(f"govkit.{outcome.family}"), name=_plain(outcome.id))
    tag = _tag(outcome)
    if not tag:
        return
    reason = f"{_why_skipped(outcome)}: {outcome.text}" if tag == "skipped" else outcome.text
    child = SubElement(case, tag, message=_plain(reason))
    if tag != "skipped":
        child.set("type", _plain(outcome.state.value))
        child.text = _plain(f"{outcome.title}. {outcome.text} To do: {outcome.remedy or '-'}")


def _count(element: "Element", listed: Iterable[Outcome]) -> None:
    tags = [_tag(outcome) for outcome in listed]
    element.set("tests", str(len(tags)))
    for name, tag in COUNTED.items():
        element.set(name, str(tags.count(tag)))


@report_format("junit", file="junit.xml")
def junit_xml(record: AuditRecord) -> bytes:
    """Write gated criteria and required controls as JUnit XML; without failures and errors exactly when it passed."""
    from xml.etree.ElementTree import Element, SubElement, indent, tostring

    listed = outcomes(record)
    root = Element("testsuites", name="govkit", time="0")
    _count(root, listed)
    for family in dict.fromkeys(outcome.family for outcome in listed):
        members = [outcome for outcome in listed if outcome.family == family]
        suite = SubElement(root, "testsuite", name=_plain(f"govkit.{family}"), time="0")
        _count(suite, members)
        suite.set("timestamp", f"{record.result.as_of.isoformat()}T00:00:00")
        for outcome in members:
            _case(suite, outcome)
    indent(root)
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return written
