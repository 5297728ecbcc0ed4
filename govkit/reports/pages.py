"""Fill the shipped templates: every string escaped and cleaned, every name defined, nothing loaded from outside."""

import re
import traceback
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

from govkit.core.errors import UsageProblem
from govkit.reports.wording import brief, clean, lead, things
from govkit.resources import OWN_TEMPLATES, shipped

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

FONTS: Final = (
    ("Inter", 400, "Inter-Regular.woff2"),
    ("Inter", 600, "Inter-SemiBold.woff2"),
    ("JetBrains Mono", 400, "JetBrainsMono-Regular.woff2"),
)
SHIPPED_TEMPLATES: Final = "shipped"
SHIPPED: Final = "shipped:"
"""Scheme of an address that stands for a font file of this package."""
PAPER_ROWS, SCREEN_ROWS = 10, 16
"""Rows of an evidence table that are laid out; the record has the others."""
MOST_BYTES: Final = 300 * 1024
"""A web page that would grow beyond this has the core of its fonts (ASCII and signs), or none where that keeps it."""
CORE: Final = "core/"

_FOR_SCREENS: Final = re.compile(r"</?bdi>|</?data(?: [^>]*)?>")
_ANCHORED: Final = re.compile(r'<b id="(m\d+)">([^<]*)</b>')
_LED_TO: Final = re.compile(r'href="#(m\d+)"')
_FOR_PAPER: Final = re.compile(r' xmlns="http://www.w3.org/2000/svg"| (?:fill|stroke)="#[0-9A-F]{6}"')
"""What a drawing needs only outside a web page: there its classes say the colours."""
_TOLD_TWICE: Final = re.compile(r'(<svg [^>]*role="img" aria-label="[^"]*">)<title>[^<]*</title>')
_BETWEEN_RULES: Final = re.compile(r"\s*([{};\n])\s*")
_COLOUR: Final = re.compile(r"--(\w+): ?(#[0-9A-F]{6})")
_COLOUR_USED: Final = re.compile(r"var\(--(\w+)\)")
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


@contextmanager
def templates_from(folder: Path | None) -> Iterator[None]:
    """Let templates of this folder take the place of the shipped ones with the same name while reports are rendered.

    They begin with `{% extends "shipped/report.html.j2" %}` and give some of its blocks anew. They run in a sandbox
    that lets them read what the report says and change nothing.

    Raises:
        UsageProblem: the folder has no template, or one of them has an error; it names file and line.
    """
    if folder is None:
        yield
        return
    _check(folder)
    before = OWN_TEMPLATES.set(folder)
    try:
        yield
    finally:
        OWN_TEMPLATES.reset(before)


def _check(folder: Path) -> None:
    """Read every template of a folder, so that an error in one is found before anything is written."""
    from jinja2 import TemplateError

    names = sorted(path.name for path in folder.glob("*.j2"))
    known = sorted(item.name for item in shipped("templates").iterdir() if item.name.endswith(".j2"))
    if not names:
        raise UsageProblem(f"{folder} holds no template", hint=f"templates to extend are: {', '.join(known)}")
    for name in names:
        if name not in known:
            raise UsageProblem(f"{folder / name} takes no template's place", hint=f"names are: {', '.join(known)}")
        try:
            environment(folder).get_template(name)
        except (TemplateError, UnicodeDecodeError) as error:
            raise _template_problem(error, folder / name) from None


def _template_problem(error: Exception, file: Path) -> UsageProblem:
    """Say in which file and line a template went wrong."""
    line = getattr(error, "lineno", None)
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename.startswith(str(file.parent)):
            file, line = Path(frame.filename), frame.lineno
    place = f"{file}:{line}" if line else str(file)
    # Of Jinja's own words only those about syntax: others may quote what the report says.
    said = getattr(error, "message", None) if hasattr(error, "lineno") else ""
    return UsageProblem(
        f"{place}: the template can't be filled ({said or type(error).__name__})",
        hint="docs/adding.md says what a template may use",
    )


@cache
def environment(own: Path | None = None) -> "Environment":
    """Give the template environment: shipped templates, and before them those of a folder of one's own."""
    from jinja2 import FunctionLoader, StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment
    from markupsafe import Markup

    def source(name: str) -> tuple[str, str | None, None]:
        plain = name.removeprefix(f"{SHIPPED_TEMPLATES}/")
        if own is not None and plain == name and "/" not in name and (own / name).is_file():
            return (own / name).read_text("utf-8"), str(own / name), None
        return (shipped("templates") / plain).read_text("utf-8"), None, None

    def finalize(value: object) -> object:
        return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value

    made = ImmutableSandboxedEnvironment(
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
    made.filters["brief"] = brief
    made.filters["things"] = things
    made.filters["unbroken"] = lambda text: text.replace(", ", ",\u00a0")
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
    """Fill a template with the given names.

    Raises:
        UsageProblem: a template of one's own has an error.
    """
    own = OWN_TEMPLATES.get()
    if own is None:
        return environment().get_template(template).render(**values)
    from jinja2 import TemplateError

    try:
        return environment(own).get_template(template).render(**values)
    except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, OSError) as error:
        raise _template_problem(error, own / template) from None


def _digest(text: str) -> str:
    return b64encode(sha256(text.encode()).digest()).decode()


def _page(template: str, fonts: tuple[tuple[str, int, str], ...], *, paper: bool, values: dict[str, object]) -> str:
    from markupsafe import Markup

    style = _BETWEEN_RULES.sub(r"\1", fill("style.css.j2", paper=paper, fonts=fonts)).strip()
    if paper:
        # Paper has one palette, and a variable would be looked up for every element.
        palette = dict(_COLOUR.findall(style))
        style = _COLOUR_USED.sub(lambda used: palette.get(used[1], used[0]), style)
    digest = _digest(style)
    # The style sheet is ours and holds no value of the record.
    shown = {"style": Markup(style), "style_digest": digest, "most_rows": PAPER_ROWS if paper else SCREEN_ROWS}  # noqa: S704
    return fill(template, paper=paper, **shown, **values)


def paper(template: str, **values: object) -> str:
    """Fill a page template for print: fonts by name as `shipped:FILE`, nothing folded away.

    Isolated text and machine-readable values mean nothing on paper, whose fonts have no script written from the
    right, nor do places of measurements that no link leads to; without their elements it is laid out in half the time.
    """
    fonts = tuple((family, weight, f"{SHIPPED}{file}") for family, weight, file in FONTS)
    page = _FOR_SCREENS.sub("", _page(template, fonts, paper=True, values=values))
    led_to = set(_LED_TO.findall(page))
    return clean(_ANCHORED.sub(lambda found: found[0] if found[1] in led_to else found[2], page))


def screen(template: str, *, script: str = "", **values: object) -> bytes:
    """Fill a page template for a browser, one file with nothing outside, with its fonts where there is room."""
    if script:
        from markupsafe import Markup

        code = fill(script)
        # The script is ours and holds no value of the record; the page is whole without it.
        values |= {"script": Markup(code), "script_digest": _digest(code)}  # noqa: S704
    page = b""
    for fonts in (_font_data(""), _font_data(CORE)):
        page = _on_screen(template, fonts, values)
        if len(page) <= MOST_BYTES:
            return page
    bare = _on_screen(template, (), values)
    return bare if len(bare) <= MOST_BYTES else page


def _on_screen(template: str, fonts: tuple[tuple[str, int, str], ...], values: dict[str, object]) -> bytes:
    page = clean(_page(template, fonts, paper=False, values=values))
    return _TOLD_TWICE.sub(r"\1", _FOR_PAPER.sub("", page)).replace("&#39;", "'").encode()
