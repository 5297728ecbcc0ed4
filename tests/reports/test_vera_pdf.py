"""PDF/A-3a and PDF/UA-1 by veraPDF, where GOVKIT_VERAPDF names it."""

import pytest
import report_records as records
import vera_pdf

from govkit.reports.model_card import card_pdf
from govkit.reports.pdf import pdf_report, pdf_summary

FILES = {name: (pdf_report, name) for name in ("empty", "failing", "hostile", "passing", "wide")}
FILES |= {"card": (card_pdf, "hostile"), "summary": (pdf_summary, "hostile")}


@pytest.fixture(scope="module", autouse=True)
def java():
    if not vera_pdf.CLASS_PATH:
        pytest.skip("GOVKIT_VERAPDF names no JAR of veraPDF")
    pytest.importorskip("jpype", reason="jpype1 is not installed")


@pytest.mark.parametrize("profile", sorted(vera_pdf.PROFILES))
@pytest.mark.parametrize("name", sorted(FILES))
def test_no_rule_fails(name, profile):
    render, record = FILES[name]
    rules, made = vera_pdf.failures(render(records.ALL[record]()), profile)
    assert rules == {}
    assert made > 1000


def test_a_plain_pdf_fails_both():
    import weasyprint

    plain = weasyprint.HTML(string="<p>Plain</p>").write_pdf()
    assert all(vera_pdf.failures(plain, profile)[0] for profile in vera_pdf.PROFILES)
