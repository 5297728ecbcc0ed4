import io
import itertools
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pikepdf
import pytest
import report_records as records

from govkit.core.digest import canonical, sha256
from govkit.core.errors import MissingExtra
from govkit.reports import pdf
from govkit.reports.model_card import card_pdf
from govkit.reports.pdf import pdf_report, spelled_out

CASES = {
    "failing": (records.failing, pdf_report),
    "empty": (records.empty, pdf_report),
    "refused": (records.refused, pdf_report),
    "catalog": (records.catalog, pdf_report),
    "waived": (records.waived, pdf_report),
    "incomplete": (records.incomplete, pdf_report),
    "hostile card": (records.hostile, card_pdf),
    "failing card": (records.failing, card_pdf),
}
CHILDREN = {
    "/Table": {"/Caption", "/THead", "/TBody", "/TFoot", "/TR"},
    "/TBody": {"/TR"},
    "/THead": {"/TR"},
    "/TR": {"/TH", "/TD"},
    "/L": {"/LI", "/L", "/Caption"},
    "/LI": {"/Lbl", "/LBody"},
}


@cache
def rendered(case):
    record, render = CASES[case]
    return render(record())


SAME_SHAPE = {"waived", "incomplete"}
"""Tagged like the others; only their first page is looked at."""


@pytest.fixture(params=sorted(set(CASES) - SAME_SHAPE))
def made(request):
    with pikepdf.open(io.BytesIO(rendered(request.param))) as opened:
        yield CASES[request.param][0](), opened


def structure(node, parent=""):
    if isinstance(node, pikepdf.Array):
        for child in node:
            yield from structure(child, parent)
    elif isinstance(node, pikepdf.Dictionary) and "/S" in node:
        yield node, parent
        yield from structure(node.get("/K"), str(node["/S"]))


def elements(opened):
    return list(structure(opened.Root.StructTreeRoot.K))


def test_it_claims_archive_and_accessibility_in_one_metadata_block(made):
    with made[1].open_metadata() as metadata:
        assert metadata["pdfaid:part"] == "3"
        assert metadata["pdfaid:conformance"] == "A"
        assert metadata["pdfuaid:part"] == "1"
        assert metadata["dc:title"]


def test_it_is_tagged_and_says_its_language_and_title(made):
    root = made[1].Root
    assert str(root.Lang) == "en"
    assert root.MarkInfo.Marked
    assert root.ViewerPreferences.DisplayDocTitle
    assert "/Outlines" in root
    assert all(str(page.obj.Tabs) == "/S" for page in made[1].pages)


def test_the_record_is_attached_as_it_is(made):
    record, opened = made
    attached = opened.attachments["audit.json"].get_file().read_bytes()
    assert attached == canonical(record)
    assert json.loads(attached)["result_sha256"] == record.result_sha256
    assert {str(one.UF) for one in opened.Root.AF} == {"audit.json"}
    assert {str(one.AFRelationship) for one in opened.Root.AF} == {"/Source"}


def test_every_font_is_embedded_with_its_text(made):
    fonts = {}
    for page in made[1].pages:
        for font in page.resources.get("/Font", {}).values():
            fonts[str(font.BaseFont)] = font
    assert fonts
    for name, font in fonts.items():
        assert "/FontFile2" in font.DescendantFonts[0].FontDescriptor, name
        assert "/ToUnicode" in font
        assert "Inter" in name or "JetBrains" in name


def test_tags_nest_as_they_must(made):
    wrong = [
        (parent, str(node.S))
        for node, parent in elements(made[1])
        if str(node.S) not in CHILDREN.get(parent, {str(node.S)})
    ]
    assert wrong == []


def test_headings_descend_without_a_gap(made):
    levels = [
        int(str(node.S)[2])
        for node, _ in elements(made[1])
        if str(node.S)[1:] in {f"H{level}" for level in range(1, 7)}
    ]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_cells_have_headers_and_figures_have_words(made):
    for node, _ in elements(made[1]):
        if str(node.S) == "/Figure":
            assert str(node.Alt)
        if str(node.S) == "/TH":
            assert "/ID" in node or "/Scope" in node.get("/A", {})
        if str(node.S) == "/TD":
            assert len(node.A.Headers) > 0


def test_links_stay_inside_and_are_described(made):
    links = [link for page in made[1].pages for link in page.obj.get("/Annots", [])]
    assert all("/Contents" in link and "/StructParent" in link for link in links)
    assert not [link for link in links if str(link.get("/A", {}).get("/S", "")) == "/URI"]


def test_nothing_is_painted_outside_a_tag_or_an_artifact(made):
    painting = {"Tj", "TJ", "f", "f*", "B", "b", "S", "s", "Do"}
    for page in made[1].pages:
        depth = 0
        for _, operator in pikepdf.parse_content_stream(page):
            depth += {"BMC": 1, "BDC": 1, "EMC": -1}.get(str(operator), 0)
            assert depth > 0 or str(operator) not in painting


@pytest.mark.parametrize("case", ["failing", "refused", "catalog", "waived", "incomplete"])
def test_the_decision_fits_on_the_first_page(case):
    with pikepdf.open(io.BytesIO(rendered(case))) as opened, opened.open_outline() as outline:
        pages = [page.objgen for page in opened.pages]
        at = {str(item.title): pages.index(item.destination[0].objgen) for item in outline.root[0].children}
    assert (at["What blocks the release"], at["What nobody looked at"], at["Contents"]) == (0, 0, 1)


def test_another_process_gives_the_same_bytes():
    here = Path(__file__).parent
    code = (
        "import hashlib, report_records as records; from govkit.reports.pdf import pdf_report;"
        "print(hashlib.sha256(pdf_report(records.failing())).hexdigest())"
    )
    environment = {"PATH": os.environ["PATH"], "TZ": "Asia/Tokyo", "PYTHONHASHSEED": "7"}
    environment["PYTHONPATH"] = os.pathsep.join([str(here.parents[1]), str(here)])
    said = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == sha256(rendered("failing"))


def test_rendering_leaves_the_environment_as_it_was(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1")
    card_pdf(records.empty())
    assert os.environ["SOURCE_DATE_EPOCH"] == "1"


def test_no_address_but_the_shipped_fonts_is_fetched():
    fetcher = pdf._fonts_alone("")
    assert fetcher.fetch("shipped:Inter-Regular.woff2").read()[:4] == b"wOF2"
    for address in ("file:///etc/hostname", "http://localhost/", "data:text/plain,x", "shipped:../style.css.j2"):
        with pytest.raises(ValueError, match="disallowed protocol"):
            fetcher.fetch(address)


def test_characters_outside_the_fonts_are_spelled_out():
    assert spelled_out("a 信 ✓ é ε") == "a [U+4FE1] ✓ é ε"


def test_without_the_library_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(MissingExtra) as caught:
        pdf_report(records.empty())
    assert pdf.SYSTEM_LIBRARIES in caught.value.hint
    assert "\n" not in caught.value.message + caught.value.hint
