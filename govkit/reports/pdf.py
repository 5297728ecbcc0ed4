"""The audit report as a tagged PDF for people and archives, with the record attached inside."""

import os
import warnings
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from datetime import UTC, datetime, time
from functools import cache, partial
from io import BytesIO, StringIO
from types import ModuleType
from typing import TYPE_CHECKING, Final

from govkit.core.digest import canonical
from govkit.core.errors import MissingExtra
from govkit.core.record import AuditRecord
from govkit.plugins.report import report_format
from govkit.reports.pages import FONTS, SHIPPED, font, paper
from govkit.reports.typesetting import laid_out, uncollected, written_once
from govkit.reports.view import report_view
from govkit.resources import shipped

if TYPE_CHECKING:
    from weasyprint.urls import URLFetcher

LOGO: Final = "record:logo"
"""Address that stands for the logo in the record."""
SYSTEM_LIBRARIES: Final = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"


def _weasyprint() -> ModuleType:
    try:
        # Where a system library is missing, WeasyPrint prints a page of advice of its own.
        with redirect_stdout(StringIO()):
            import weasyprint
    except (ImportError, OSError) as problem:
        raise MissingExtra(
            "WeasyPrint, or a system library that it needs, isn't installed",
            hint=f"pip install weasyprint, and on Debian or Ubuntu: apt-get install {SYSTEM_LIBRARIES}",
        ) from problem
    module: ModuleType = weasyprint
    return module


def _fonts_alone(logo: str = "") -> "URLFetcher":
    """Give a fetcher that knows the shipped fonts and the record's logo and refuses every other address."""
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    contents = {f"{SHIPPED}{file}": font(file) for _, _, file in FONTS}
    contents |= {LOGO: b64decode(logo)} if logo else {}

    class FontsAlone(URLFetcher):  # type: ignore[misc] # WeasyPrint has no types
        def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:
            if url not in contents:
                return super().fetch(url, headers)
            return URLFetcherResponse(url, body=BytesIO(contents[url]))

    return FontsAlone(allowed_protocols=())


@cache
def _drawable() -> frozenset[int]:
    """Give the code points that both weights of the shipped font can draw."""
    from fontTools.ttLib import TTFont

    maps = [TTFont(BytesIO(font(file))).getBestCmap() for family, _, file in FONTS if family == "Inter"]
    return frozenset.intersection(*(frozenset(drawn) for drawn in maps)) | {ord("\n")}


def spelled_out(text: str) -> str:
    """Write characters that the fonts lack as `[U+4FE1]`, so that no page depends on the fonts of this machine."""
    missing = {code for code in map(ord, set(text)) if code not in _drawable()}
    return text.translate({code: f"[U+{code:04X}]" for code in missing})


def _described(generate: "partial[bytes]", *given: object) -> bytes:
    """Add the claim to be PDF/UA, which WeasyPrint can't make beside PDF/A, to the document's metadata."""
    claim = (shipped("templates") / "pdf_ua.xml").read_bytes()
    return bytes(generate(*given)).replace(b"</rdf:RDF>", claim + b"</rdf:RDF>")


@contextmanager
def _dated(moment: datetime) -> Iterator[None]:
    """Fix the time that font subsetting writes into fonts; it is read from the environment alone."""
    before = os.environ.get("SOURCE_DATE_EPOCH")
    os.environ["SOURCE_DATE_EPOCH"] = str(int(moment.timestamp()))
    try:
        yield
    finally:
        if before is None:
            del os.environ["SOURCE_DATE_EPOCH"]
        else:
            os.environ["SOURCE_DATE_EPOCH"] = before


def document(page: str, record: AuditRecord) -> bytes:
    """Turn a page into PDF/A-3a and PDF/UA-1 with audit.json attached; the same record gives the same bytes.

    Raises:
        MissingExtra: WeasyPrint or one of its system libraries is not installed.
    """
    weasyprint = _weasyprint()
    moment = datetime.combine(record.result.as_of, time(), UTC)
    attached = weasyprint.Attachment(
        file_obj=BytesIO(canonical(record)),
        name="audit.json",
        description="The record that this report was made from",
        created=moment,
        modified=moment,
        relationship="Source",
    )
    with _dated(moment), uncollected(), warnings.catch_warnings():
        # WeasyPrint leaves closing its colour profile to the garbage collector.
        warnings.simplefilter("ignore", ResourceWarning)
        sheets = laid_out(spelled_out(page), _fonts_alone(record.run.logo))
        metadata = sheets.metadata
        metadata.generate_rdf_metadata = partial(_described, metadata.generate_rdf_metadata)
        return bytes(
            sheets.write_pdf(
                finisher=written_once,
                attachments=[attached],
                pdf_variant="pdf/a-3a",
                pdf_identifier=bytes.fromhex(record.result_sha256)[:16],
            )
        )


@report_format("pdf", file="report.pdf", default=True)
def pdf_report(record: AuditRecord) -> bytes:
    """Write the report as an accessible PDF with the record attached."""
    return document(paper("report.html.j2", view=report_view(record)), record)


@report_format("pdf-summary", file="summary.pdf")
def pdf_summary(record: AuditRecord) -> bytes:
    """Write the decision on two pages for boards, with the record attached."""
    return document(paper("summary.html.j2", view=report_view(record)), record)
