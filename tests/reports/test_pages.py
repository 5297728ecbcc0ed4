import io
from base64 import b64encode
from pathlib import Path

import pikepdf
import pytest
import report_records as records

from govkit.branding import read_logo
from govkit.core.errors import UsageProblem
from govkit.core.record import AuditRecord, Change, Earlier, Run, in_a_line
from govkit.reports.pages import templates_from
from govkit.reports.pdf import pdf_report, pdf_summary
from govkit.reports.web import web_report

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8cfc000000301"
    "01001827ddb10000000049454e44ae426082"
)


def with_run(record: AuditRecord, **more) -> AuditRecord:
    return AuditRecord(
        result_sha256=record.result_sha256, result=record.result, run=Run(**{**dict(record.run), **more})
    )


def headed(**report) -> AuditRecord:
    record = records.passing()
    config = {**record.result.config, "report": report}
    return record.model_copy(update={"result": record.result.model_copy(update={"config": config})})


@pytest.fixture
def own(tmp_path):
    folder = tmp_path / "templates"
    folder.mkdir()

    def write(text: str, name: str = "report.html.j2") -> Path:
        (folder / name).write_text(text)
        return folder

    return write


def test_a_block_of_ones_own_takes_the_shipped_ones_place_and_the_rest_stays(own):
    folder = own(
        '{% extends "shipped/report.html.j2" %}\n{% block footer %}<footer><p>House of {{ view.name }}</p></footer>'
        "{% endblock %}\n"
    )
    with templates_from(folder):
        changed = web_report(records.passing()).decode()
    assert "House of Credit decision" in changed
    assert "it is not a certificate" not in changed
    assert "What was measured" in changed
    assert "House of" not in web_report(records.passing()).decode()


def test_a_page_that_is_no_xml_is_still_set_on_paper(own):
    folder = own('{% extends "shipped/report.html.j2" %}{% block footer %}<p>one<br>two&nbsp;{% endblock %}')
    with templates_from(folder), pikepdf.open(io.BytesIO(pdf_report(records.empty()))) as opened:
        assert len(opened.pages) >= 2


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{% extends "shipped/report.html.j2" %}\n{% block footer %}\n{{ view.name | nosuch }}{% endblock %}', ":3"),
        ('{% extends "shipped/report.html.j2" %}\n\n{% block footer %}', ":3"),
        ('{% extends "shipped/report.html.j2" %}\n{% block footer %}\n\n{{ view.nosuch.more }}{% endblock %}', ":4"),
        ('{% extends "shipped/report.html.j2" %}\n{% block footer %}{{ 1 // 0 }}{% endblock %}', ":2"),
        ("{{ view.__class__.__mro__ }}", ":1"),
        ("{{ ().__class__.__base__.__subclasses__() }}", ":1"),
        ('{% include "../../../etc/passwd" %}', "report.html.j2"),
    ],
)
def test_an_error_in_a_template_is_told_by_file_and_line(own, text, place):
    folder = own(text)
    with pytest.raises(UsageProblem) as caught, templates_from(folder):
        web_report(records.passing())
    assert f"report.html.j2{place}" in caught.value.message or place in caught.value.message
    assert "Credit decision" not in caught.value.message


def test_a_template_can_change_nothing(own):
    folder = own('{% do view.glossary.append(1) %}{{ view.__setattr__("name", "x") }}')
    with pytest.raises(UsageProblem), templates_from(folder):
        web_report(records.passing())


def test_a_folder_without_templates_and_a_name_that_is_none_are_refused(own, tmp_path):
    with pytest.raises(UsageProblem, match="holds no template"), templates_from(tmp_path):
        pass
    with pytest.raises(UsageProblem, match="takes no template's place"), templates_from(own("x", "raport.html.j2")):
        pass


def test_organisation_and_classification_head_every_report():
    record = headed(organisation="Bank of <b>Trust</b>", classification="Confidential: risk committee")
    page = web_report(record).decode()
    assert "Bank of &lt;b&gt;Trust&lt;/b&gt;" in page
    assert page.index("Confidential: risk committee") < page.index("<h1")
    with pikepdf.open(io.BytesIO(pdf_summary(record))) as opened:
        assert len(opened.pages) == 2


def test_the_logo_is_in_the_record_and_comes_from_nowhere_else():
    record = with_run(headed(organisation="Bank"), logo=b64encode(PNG).decode())
    assert f"data:image/png;base64,{b64encode(PNG).decode()}".encode() in web_report(record)
    with pikepdf.open(io.BytesIO(pdf_summary(record))) as opened:
        images = [name for page in opened.pages for name in page.get_images()]
    assert len(set(images)) == 1


def test_a_logo_is_checked_before_anything_runs(tmp_path):
    assert read_logo(tmp_path, "") == ""
    (tmp_path / "logo.png").write_bytes(PNG)
    assert read_logo(tmp_path, "logo.png") == b64encode(PNG).decode()
    (tmp_path / "logo.svg").write_text("<svg onload='x'/>")
    (tmp_path / "big.png").write_bytes(PNG + bytes(200_000))
    for name, problem in (
        ("logo.svg", "no PNG"),
        ("big.png", "too large"),
        ("none.png", "can't be read"),
        ("a\0b", "no name"),
    ):
        with pytest.raises(UsageProblem, match=problem):
            read_logo(tmp_path, name)


@pytest.mark.parametrize("name", sorted(records.ALL))
def test_the_summary_has_two_pages_whatever_the_record_holds(name):
    with pikepdf.open(io.BytesIO(pdf_summary(records.ALL[name]()))) as opened:
        assert len(opened.pages) == 2
        assert opened.Root.MarkInfo.Marked


def test_what_changed_stands_before_what_was_measured():
    record = records.failing()
    change = Change(kind="criterion", id="privacy.attack-auc", old="pass", new="fail", direction="worse", gated=True)
    control = Change(
        kind="control", id="MEASURE 1.1", framework="nist-ai-rmf", old="met", new="not_met", direction="worse"
    )
    gone = Change(kind="criterion", id="gone", old="pass", new="", direction="moved", beyond_chance=False)
    before = records.passing()
    earlier = Earlier(
        as_of=before.result.as_of,
        record_sha256=before.result_sha256,
        model_sha256="",
        verdict="passed",
        changes=(gone, control, change),
        moved=3,
        within_chance=12,
        equal=4,
    )
    page = web_report(with_run(record, earlier=earlier, past=(in_a_line(before),))).decode()
    said = page.index("What changed since the last audit</h2>")
    assert said < page.index("What was measured</h2>")
    assert page.index("Attack hardly better than guessing", said) < page.index("MEASURE 1.1", said)
    assert "the measured value did not move by more than chance" in page
    assert "3 measurements differ by more than chance, 12 within chance, 4 not at all." in page
    assert "Gated criteria of 2 audits" in page
    assert "What changed since the last audit" not in web_report(record).decode()
