"""The history of a folder as a page: what it says is in the records, and it needs nothing else."""

import re

import pytest
import report_records as records
from read_page import Page

from govkit.core.errors import InputProblem
from govkit.delivery import deliver, formats_named
from govkit.history import entries, page
from govkit.reports.trend import MOST_AUDITS
from govkit.reports.wording import RESULTS, quantity


def folder_of(folder, *names):
    for name in names:
        deliver(records.ALL[name](), folder, formats_named(["json"]))
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = folder_of(tmp_path_factory.mktemp("history"), "passing", "failing", "waived")
    (folder / "history" / "0003").mkdir()
    (folder / "history" / "0003" / "audit.json").write_text("{}")
    return folder


def test_it_holds_every_audit_criterion_and_measurement(made):
    text = page(entries(made)).decode()
    for record in (records.passing(), records.failing(), records.waived()):
        assert record.result.decision.verdict.upper() in text
        rules = {rule.id: rule for rule in record.result.criteria}
        for found in record.result.criterion_results:
            if found.criterion in record.result.profile.gate and found.observed:
                assert RESULTS[found.result].word in text
                unit, worst = rules[found.criterion].unit, found.observed[0]
                assert quantity(worst.value, unit, unlike=rules[found.criterion].threshold) in text
    assert text.count("<svg ") >= 3
    assert "0003: " in text
    assert "waived" in text
    assert "before it was FAILED" in text


def loads(page_read):
    names = {tag for tag, _ in page_read.tags}
    return names & {"script", "img", "iframe", "object", "embed", "link", "form", "base"} | {
        name for _, given in page_read.tags for name in given if name.startswith("on") or name in {"style", "src"}
    }


def test_nothing_is_loaded_or_run_and_every_link_leads_somewhere(made):
    content = page(entries(made))
    found = Page(content)
    assert not loads(found)
    assert all(link.startswith("#") for link in found.links)
    assert not re.search(rb"https?://(?!www\.w3\.org/2000/svg)", content)
    assert len(found.ids) == len(set(found.ids))
    assert {link[1:] for link in found.links} <= set(found.ids)
    assert found.headings[0] == 1


def test_the_same_folder_gives_the_same_bytes_and_hostile_names_stay_text(made, tmp_path):
    assert page(entries(made)) == page(entries(made))
    content = page(entries(folder_of(tmp_path, "hostile", "hostile")))
    assert not loads(Page(content))
    assert b"\x1b" not in content


def test_only_the_latest_audits_are_drawn(tmp_path):
    folder = folder_of(tmp_path, *["passing"] * (MOST_AUDITS + 2))
    text = page(entries(folder)).decode()
    assert "2 earlier audits are not shown" in text
    assert "22 audits" in text
    assert text.count('role="img" aria-label="pass"') == MOST_AUDITS * len(records.passing().result.profile.gate)


def test_a_folder_without_a_readable_audit_has_no_page(tmp_path, govkit):
    (tmp_path / "audit.json").write_text("{}")
    with pytest.raises(InputProblem, match="none of the audits can be read"):
        page(entries(tmp_path))
    assert govkit("history", tmp_path).code == 3


def test_the_command_writes_the_page(made, tmp_path, govkit):
    answer = govkit("history", made, "--html", tmp_path / "history.html")
    assert answer.code == 0, answer.err
    assert (tmp_path / "history.html").read_bytes() == page(entries(made))
    assert "history.html" in answer.out
