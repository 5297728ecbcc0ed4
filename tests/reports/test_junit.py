import xml.etree.ElementTree as ET

import pytest
import report_records as records
from integrity import repeated, unsteered
from junitparser import JUnitXml

from govkit.core.errors import Exit
from govkit.reports.junit import junit_xml


def cases(root):
    return list(root.iter("testcase"))


def faults(content, record):
    """Give what is wrong with the XML that a reader of JUnit doesn't see."""
    root, decision = ET.fromstring(content), record.result.decision
    found = [
        f"{name} is there twice" for name in repeated((one.get("classname"), one.get("name")) for one in cases(root))
    ]
    for element in (root, *root.iter("testsuite")):
        for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            if int(element.get(attribute)) != len([one for one in cases(element) if one.find(tag) is not None]):
                found.append(f"{attribute} of {element.get('name')} are not as counted")
        if int(element.get("tests")) != len(cases(element)):
            found.append(f"tests of {element.get('name')} are not as counted")
    refused = int(bool(record.result.model and record.result.model.refused))
    if int(root.get("failures")) != len(decision.failed) + refused:
        found.append("failures are not the decision's")
    if int(root.get("errors")) != len(decision.incomplete):
        found.append("errors are not the decision's")
    if not {one.criterion for one in record.result.criterion_results} <= {one.get("name") for one in cases(root)}:
        found.append("a criterion is left out")
    return found


@pytest.mark.parametrize("name", sorted(records.ALL))
def test_counts_are_the_decision_s(name):
    record = records.ALL[name]()
    content = junit_xml(record)
    assert faults(content, record) == []
    read = JUnitXml.fromstring(content)
    passed = record.result.decision.exit_code is Exit.PASSED
    assert (read.failures + read.errors == 0) is passed or name == "empty"
    assert unsteered(content.decode())


def fault_wrong_count(text):
    return text.replace('failures="5"', 'failures="4"', 1)


def fault_failure_dropped(text):
    return text.replace("<failure ", "<system-out ", 1).replace("</failure>", "</system-out>", 1)


def fault_error_shown_as_skipped(text):
    return text.replace("<error ", "<skipped ", 1).replace("</error>", "</skipped>", 1)


def fault_case_twice(text):
    case = text[text.index("<testcase") : text.index("</testcase>") + len("</testcase>")]
    return text.replace(case, case + case, 1)


def fault_case_renamed(text):
    return text.replace('name="quality.overlap"', 'name="quality.other"')


@pytest.mark.parametrize("plant", [value for name, value in sorted(globals().items()) if name.startswith("fault_")])
def test_a_planted_fault_is_found(plant):
    planted = plant(junit_xml(records.failing()).decode())
    assert planted != junit_xml(records.failing()).decode()
    assert faults(planted.encode(), records.failing()) != []


def test_a_waived_failure_is_skipped_and_says_so():
    root = ET.fromstring(junit_xml(records.waived()))
    assert "waived (W-2026-007): fail: 8 %" in "".join(
        one.get("message") for one in root.iter("skipped") if "waived" in one.get("message")
    ).replace("\u202f", " ")
