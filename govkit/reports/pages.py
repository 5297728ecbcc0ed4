"""Fill the shipped templates: every string escaped and cleaned, every name defined, nothing loaded from outside."""

import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from govkit.reports.wording import clean, lead
from govkit.resources import shipped

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

FONTS: Final = (
    ("Inter", 400, "Inter-Regular.woff2"),
    ("Inter", 600, "Inter-SemiBold.woff2"),
    ("JetBrains Mono", 400, "JetBrainsMono-Regular.woff2"),
)
SHIPPED: Final = "shipped:"
"""Scheme of an address that stands for a font file of this package."""
PAPER_ROWS, SCREEN_ROWS = 10, 25
"""Rows of an evidence table that are laid out; the record has the others."""
MOST_BYTES: Final = 300 * 1024
"""A web page that would grow beyond this has the core of its fonts (ASCII and signs), beyond that it has none."""
CORE: Final = "core/"

_FOR_SCREENS: Final = re.compile(r"</?bdi>|</?data(?: [^>]*)?>")
_MARKDOWN: Final = {ord(sign): f"\\{sign}" for sign in "\\`*_[]|#~!{}"} | {
    ord("<"): "&lt;",
    ord(">"): "&gt;",
    ord("&"): "&amp;",
    ord("\n"): " ",
    ord("\r"): " ",
}


def font(file: str) -> bytes:
    """Give a shipped font file."""
    return (shipped("templates") / "fonts" / file).read_bytes()


@cache
def _font_data(folder: str) -> tuple[tuple[str, int, str], ...]:
    data = {file: b64encode(font(folder + file)).decode() for _, _, file in FONTS}
    return tuple((family, weight, f"data:font/woff2;base64,{data[file]}") for family, weight, file in FONTS)


@cache
def environment() -> "Environment":
    """Give the one template environment."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined
    from markupsafe import Markup

    def source(name: str) -> str:
        return (shipped("templates") / name).read_text("utf-8")

    def finalize(value: object) -> object:
        return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value

    made = Environment(
        loader=FunctionLoader(source),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    # Escaped for Markdown here, so that no second escaping for HTML follows.
    made.filters["md"] = lambda value: Markup(clean(str(value)).translate(_MARKDOWN))  # noqa: S704
    made.filters["prose"] = _prose
    made.filters["lead"] = lead
    made.filters["sentence"] = lambda text: text[:1].upper() + text[1:]
    return made


def _prose(text: str) -> "Markup":
    """Escape a sentence and set what stands between backticks as code."""
    from markupsafe import Markup, escape

    parts = [str(escape(clean(part))) for part in text.split("`")]
    if len(parts) % 2 == 0:
        return escape(clean(text))
    marked = (f"<code>{part}</code>" if place % 2 else part for place, part in enumerate(parts))
    return Markup("".join(marked))  # noqa: S704 - every part was escaped


def fill(template: str, **values: object) -> str:
    """Fill a template with the given names."""
    return environment().get_template(template).render(**values)


def _page(template: str, fonts: tuple[tuple[str, int, str], ...], *, paper: bool, values: dict[str, object]) -> str:
    from markupsafe import Markup

    style = fill("style.css.j2", paper=paper, fonts=fonts)
    digest = b64encode(sha256(style.encode()).digest()).decode()
    # The style sheet is ours and holds no value of the record.
    shown = {"style": Markup(style), "style_digest": digest, "most_rows": PAPER_ROWS if paper else SCREEN_ROWS}  # noqa: S704
    return fill(template, paper=paper, **shown, **values)


def paper(template: str, **values: object) -> str:
    """Fill a page template for print: fonts by name as `shipped:FILE`, nothing folded away.

    Isolated text and machine-readable values mean nothing on paper, whose fonts have no script written from the
    right; without their elements it is laid out in half the time.
    """
    fonts = tuple((family, weight, f"{SHIPPED}{file}") for family, weight, file in FONTS)
    return clean(_FOR_SCREENS.sub("", _page(template, fonts, paper=True, values=values)))


def screen(template: str, **values: object) -> bytes:
    """Fill a page template for a browser, one file with nothing outside, with its fonts where there is room."""
    for fonts in (_font_data(""), _font_data(CORE)):
        page = clean(_page(template, fonts, paper=False, values=values)).encode()
        if len(page) <= MOST_BYTES:
            return page
    return clean(_page(template, (), paper=False, values=values)).encode()
