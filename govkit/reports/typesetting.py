"""WeasyPrint made quicker and smaller for long tables: pages read as XML, fewer styles, every object written once."""

import gc
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from importlib.resources import files
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from pydyf import PDF, Object, Stream
    from weasyprint import HTML
    from weasyprint.document import Document
    from weasyprint.urls import URLFetcher

LEVEL: Final = 6
"""Of compression; pydyf's level 9 takes four times as long for 3 % fewer bytes."""


@contextmanager
def uncollected() -> Iterator[None]:
    """Keep the collector of cyclic garbage from walking over a million boxes that are all still needed."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


@cache
def _page_type() -> type:
    """Give WeasyPrint's page without the styles for footnotes and markers that it makes for every element."""
    from cssselect2 import ElementWrapper
    from weasyprint import CSS, HTML

    given = (files("weasyprint.css") / "html5_ua.css").read_text("utf-8").splitlines()
    kept = [f"li{line}" if line.startswith("::marker") else line for line in given]
    style = CSS(string="\n".join(line for line in kept if not line.startswith(("::footnote", "::note"))))

    class Page(HTML):  # type: ignore[misc] # WeasyPrint has no types
        def __init__(self, page: str, fetcher: "URLFetcher") -> None:
            try:
                # Our pages are XML as well, and read as such in a tenth of the time; what somebody adds may not be.
                root = ET.fromstring(page)  # noqa: S314 - filled by our templates, every value escaped
            except ET.ParseError:
                super().__init__(string=page, url_fetcher=fetcher, media_type="print")
                return
            super().__init__(string="<html></html>", url_fetcher=fetcher, media_type="print")
            self.wrapper_element = ElementWrapper.from_html_root(root)
            self.etree_element = self.wrapper_element.etree_element

        def _ua_stylesheets(self, forms: bool = False) -> list[object]:  # noqa: FBT001, FBT002 - WeasyPrint's signature
            del forms
            return [style]

    return Page


def laid_out(page: str, fetcher: "URLFetcher") -> "Document":
    """Lay a page out on paper.

    Args:
        page: HTML, quickest where it is well-formed XML too.
        fetcher: gives the fonts and pictures that the page names.
    """
    html: HTML = _page_type()(page, fetcher)
    document = html.render()
    for sheet in document.pages:
        sheet.paint = partial(_painted, sheet.paint)
    return document


def _painted(paint: "Callable[[Stream, float], None]", stream: "Stream", scale: float) -> None:
    """Paint a page and compress it at once, so that its thousand operators don't stay until the last page is done."""
    paint(stream, scale)
    _compress(stream)


def _compress(stream: "Stream") -> None:
    if not stream.compress:
        return
    from pydyf import _to_bytes

    stream.stream = [zlib.compress(b"\n".join(map(_to_bytes, stream.stream)), LEVEL)]
    stream.extra["Filter"] = "/FlateDecode"
    stream.compress = False


@cache
def _written_type() -> type:
    from pydyf import Object, Stream

    class Written(Object):  # type: ignore[misc] # pydyf has no types
        """An object as its bytes, which pydyf asks for twice: to write it, and for the identifier of the file."""

        data = b""
        compressible = False

        def __init__(self, given: "Object") -> None:
            super().__init__()
            self.number, self.generation, self.free = given.number, given.generation, given.free
            self.compressible = given.compressible
            if isinstance(given, Stream):
                _compress(given)
            self.data = given.data

    return Written


def written_once(document: "Document", pdf: "PDF") -> None:
    """Turn every object into its bytes before the file is put together; WeasyPrint calls this as its finisher."""
    document.pages.clear()
    written = _written_type()
    for place, one in enumerate(pdf.objects):
        if one.free != "f":
            pdf.objects[place] = written(one)
