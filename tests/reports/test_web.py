import itertools
import re
from base64 import b64encode
from hashlib import sha256

import pytest
import report_records as records
from read_page import Page

from govkit.reports import pages
from govkit.reports.model_card import card_page, sheet_page
from govkit.reports.view import report_view
from govkit.reports.web import web_report
from govkit.reports.wording import clean, quantity, significant

EVERY = sorted(records.ALL)
RENDERERS = {"report": web_report, "card": card_page}


@pytest.fixture(params=[(name, kind) for name in EVERY for kind in RENDERERS], ids="-".join)
def made(request):
    name, kind = request.param
    record = records.ALL[name]()
    return record, RENDERERS[kind](record)


def test_nothing_is_loaded_or_run(made):
    page = Page(made[1])
    names = {tag for tag, _ in page.tags}
    assert not names & {"img", "iframe", "object", "embed", "link", "form", "base"}
    for tag, given in page.tags:
        assert not [name for name in given if name.startswith("on") or name in {"style", "src", "srcdoc"}], tag
        assert tag == "a" or "href" not in given
    assert all(link.startswith("#") for link in page.links)
    assert [given for tag, given in page.tags if tag == "script"] == [{}] * (b'role="search"' in made[1])
    assert set(re.findall(r"url\((.{5})", page.style)) <= {"data:"}


def test_the_policy_allows_this_style_sheet_and_nothing_else(made):
    page = Page(made[1])
    policy = next(given["content"] for tag, given in page.tags if given.get("http-equiv") == "Content-Security-Policy")
    digest = b64encode(sha256(page.style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")
    scripts = re.findall(r"<script>(.*?)</script>", made[1].decode(), re.DOTALL)
    digests = [b64encode(sha256(script.encode()).digest()).decode() for script in scripts]
    assert re.findall(r"script-src 'sha256-([^']+)'", policy) == digests


def test_every_link_leads_somewhere_and_no_id_stands_twice(made):
    page = Page(made[1])
    assert len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in page.links} <= set(page.ids)
    labels = {given["aria-labelledby"] for _, given in page.tags if "aria-labelledby" in given}
    assert labels <= set(page.ids)


def test_headings_start_at_one_and_skip_no_level(made):
    levels = Page(made[1]).headings
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_tables_have_headers_and_figures_have_words(made):
    page = Page(made[1])
    assert all("scope" in given for tag, given in page.tags if tag == "th")
    assert all(given.get("aria-label") for tag, given in page.tags if tag == "svg")
    assert {"header", "main", "footer"} <= {tag for tag, _ in page.tags}
    assert next(given["lang"] for tag, given in page.tags if tag == "html") == "en"


def test_every_measured_number_is_in_the_record_at_the_shown_rounding(made):
    record, content = made
    units = {}
    for evidence in record.result.evidence:
        for found in evidence.measurements:
            units.setdefault(found.value, set()).add(found.unit)
    for criterion in record.result.criteria:
        for one in record.result.criterion_results:
            if one.criterion == criterion.id:
                for seen in one.observed:
                    units.setdefault(seen.value, set()).add(criterion.unit)
    limits = [criterion.threshold for criterion in record.result.criteria]
    for value, text in Page(content).values:
        allowed = {clean(quantity(value, unit, unlike=limit)) for unit in units[value] for limit in (None, *limits)}
        assert text in allowed


def numbers_in(value):
    """Give every number of a record: its numbers, and those that people wrote in its sentences."""
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    if isinstance(value, list | tuple):
        for item in value:
            yield from numbers_in(item)
    elif isinstance(value, str):
        if not re.fullmatch(r"[0-9a-f]{12,64}", value):
            yield from (float(number) for number in re.findall(r"\d+(?:\.\d+)?", value))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield float(value)


def words_of(page):
    """Give the words of a page for paper, without its style sheet."""
    return re.sub(r"<[^>]+>", " ", re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL))


TOLD = {
    "report": lambda record: Page(web_report(record)).words,
    "card": lambda record: Page(card_page(record)).words,
    "sheet": lambda record: Page(sheet_page(record)).words,
    "summary": lambda record: words_of(pages.paper("summary.html.j2", view=report_view(record))),
    "paper": lambda record: words_of(pages.paper("report.html.j2", view=report_view(record))),
}


@pytest.mark.parametrize("kind", sorted(TOLD))
@pytest.mark.parametrize("name", ["passing", "failing", "incomplete", "waived", "refused", "catalog", "wide"])
def test_no_percentage_or_decimal_is_shown_that_the_record_lacks(name, kind):
    record = records.ALL[name]()
    text = TOLD[kind](record)
    numbers = set(numbers_in(record.model_dump(mode="json")))
    known = {significant(number * scale, digits) for number in numbers for scale in (1, 100) for digits in range(3, 8)}
    known |= {f"{number:.3g}" for number in numbers}
    axes = {"20", "40", "60", "80", "100", "10", "1", "0", "0.1"}
    sizes = {significant(number / step) for number in numbers for step in (1e3, 1e6) if number > step}
    said = {"95", "70", "0.5"}
    shown = re.findall(r"(?<![\w.,-])\d[\d,]*\.\d+(?![\w.])|\d+(?:\.\d+)?(?=[\u202f\u00a0]%)", text)
    known |= {framework.version for framework in record.result.frameworks}
    assert len(shown) > 20 or kind not in {"report", "paper"}
    assert [number for number in shown if number not in known | axes | sizes | said] == []


@pytest.mark.parametrize("name", EVERY)
def test_each_control_is_listed_with_its_status(name):
    record = records.ALL[name]()
    page = Page(web_report(record))
    for framework in record.result.frameworks:
        rows = [one for one in page.ids if one.startswith(f"f-{framework.id}.")]
        assert len(rows) == len(framework.controls)


def test_hostile_strings_arrive_as_text_and_as_nothing_else():
    page = Page(web_report(records.hostile()))
    assert "<script>alert(1)</script>" in page.words
    assert "{{ 7*7 }}{% for %}" in page.words
    assert not set("\x00\x07\x1b\u202e\u2028") & set(page.words)
    assert "שלום עולם" in page.words


@pytest.mark.parametrize("name", [name for name in EVERY if name != "hostile"])
def test_a_page_stays_small(name):
    assert len(web_report(records.ALL[name]())) <= 300 * 1024


def test_a_page_beyond_the_limit_keeps_the_core_of_its_fonts_and_nothing_more(monkeypatch):
    whole = web_report(records.catalog())
    monkeypatch.setattr(pages, "MOST_BYTES", 60 * 1024)
    large = web_report(records.catalog())
    assert b"@font-face" in large
    assert len(large) < len(whole)


def test_a_page_that_fits_without_its_fonts_alone_goes_without(monkeypatch):
    monkeypatch.setattr(pages, "MOST_BYTES", 1)
    with_core = web_report(records.catalog())
    monkeypatch.setattr(pages, "MOST_BYTES", len(with_core) - 1)
    assert b"@font-face" not in web_report(records.catalog())


def test_the_same_record_gives_the_same_bytes():
    assert web_report(records.failing()) == web_report(records.failing())


def test_the_charts_rows_stand_behind_them():
    page = Page(web_report(records.failing()))
    drawn = [given for tag, given in page.tags if tag == "figure"]
    assert page.words.count("Data behind the chart") == len(drawn) == 3


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("kind", sorted(RENDERERS))
def test_a_strict_parser_of_html_finds_no_error(name, kind):
    html5lib = pytest.importorskip("html5lib")
    parser = html5lib.HTMLParser(strict=False)
    parser.parse(RENDERERS[kind](records.ALL[name]()).decode())
    assert parser.errors == []
