import re

import pytest
import report_records as records
from integrity import unsteered

from govkit.reports.markdown import literal
from govkit.reports.summary_md import summary

CELL = re.compile(r"(?<!\\)\|")


@pytest.mark.parametrize("name", sorted(records.ALL))
def test_each_blocker_has_a_row_and_tables_are_even(name):
    record = records.ALL[name]()
    text = summary(record).decode()
    assert unsteered(text)
    widths: set[int] = set()
    for line in text.splitlines():
        widths = widths | {len(CELL.findall(line))} if line.startswith("|") else set()
        assert len(widths) <= 1
    for blocker in (*record.result.decision.failed, *record.result.decision.incomplete):
        assert literal(blocker.id) in text or blocker.kind == "control" or name == "empty"


def test_the_verdict_comes_first_with_its_counts():
    lines = summary(records.failing()).decode().splitlines()
    assert lines[0].startswith("## ✗ FAILED: Credit decision, planted faults")
    assert "Profile release: 5 pass, 5 fail, 2 inconclusive, 1 not run of 13 gated criteria" in lines


def test_what_is_missing_is_named_with_its_line():
    assert "- Add to govkit.yaml: **train: train.csv** for" in summary(records.incomplete()).decode()


def test_a_waiver_is_shown_with_people_and_date():
    text = summary(records.waived()).decode()
    assert "| W-2026-007 | Few missing values |" in text
    assert "approved by A. Weber on 2026-11-02 | 2027-02-01 |" in text


@pytest.mark.parametrize(
    "raw",
    "<script> ;[a](b);`x`;| x;http://e.example;www.e.example;@someone;#12;$x$;- x;1. x;# x".split(";"),
)
def test_nothing_is_read_as_markup(raw):
    shown = literal(raw)
    assert shown != raw
    assert not re.search(r"<|(?<!\\)[`|\[\]$]|://|www\.|@\w|(?<!&)#\d|^[-#] |^\d\. ", shown)


def test_hostile_text_is_shown_literally():
    text = summary(records.hostile()).decode().replace("<details><summary>What was audited</summary>", "")
    assert "<" not in text.replace("</details>", "")
    assert "://" not in text
