"""The pages in a real browser: Chromium and its driver, and axe-core's script where GOVKIT_AXE names it."""

import os
import shutil
from pathlib import Path

import pytest
import report_records as records

from govkit.reports.model_card import card_page, sheet_page
from govkit.reports.web import web_report

AXE = Path(os.environ.get("GOVKIT_AXE", ""))
PAGES = {
    "failing": (records.failing, web_report),
    "passing": (records.passing, web_report),
    "hostile": (records.hostile, web_report),
    "card": (records.failing, card_page),
    "sheet": (records.failing, sheet_page),
}


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    if os.environ.get("CI"):
        pytest.skip("a real browser is not driven in CI")
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    driver, chromium = shutil.which("chromedriver"), shutil.which("chromium")
    if not driver or not chromium:
        pytest.skip("chromium and chromedriver are not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"):
        options.add_argument(word)
    options.add_argument(f"--user-data-dir={tmp_path_factory.mktemp('chromium')}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    opened = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield opened
    opened.quit()


def show(browser, tmp_path, name, *, width=1280, dark=False):
    record, render = PAGES[name]
    page = tmp_path / "page.html"
    page.write_bytes(render(record()))
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    )
    scheme = {"features": [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", scheme)
    browser.get(page.as_uri())


@pytest.mark.parametrize("name", sorted(PAGES))
@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_to_object_to(browser, tmp_path, name, width, dark):
    if not AXE.is_file():
        pytest.skip("GOVKIT_AXE names no axe.min.js (npm install axe-core)")
    show(browser, tmp_path, name, width=width, dark=dark)
    # added by the driver, which the page's policy does not bind
    browser.execute_script(AXE.read_text(encoding="utf-8"))
    found = browser.execute_async_script("axe.run(document, {}).then(arguments[arguments.length - 1])")
    assert [(one["id"], [node["html"][:120] for node in one["nodes"]][:3]) for one in found["violations"]] == []


@pytest.mark.parametrize("name", sorted(PAGES))
def test_nothing_is_wider_than_a_phone(browser, tmp_path, name):
    show(browser, tmp_path, name, width=360)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("name", sorted(PAGES))
def test_the_policy_stops_nothing_of_ours(browser, tmp_path, name):
    show(browser, tmp_path, name)
    assert [line["message"] for line in browser.get_log("browser")] == []


def test_rows_are_found_by_word_and_by_result(browser, tmp_path):
    show(browser, tmp_path, "failing")
    box = browser.find_element("css selector", "#find")
    assert box.is_displayed()
    listed = "main table.stack tbody tr:not(.group):not(.why), main ul.rows > li"
    rows = f"return [...document.querySelectorAll('{listed}')].filter((r) => !r.hidden)"
    every = len(browser.execute_script(rows))
    box.find_element("css selector", "input").send_keys("guessing")
    below = "r.matches('.told') ? r.nextElementSibling.textContent : ''"
    found = browser.execute_script(f"{rows}.map((r) => r.textContent + ({below}))")
    assert 0 < len(found) < every
    assert all("guessing" in row.lower() for row in found)
    assert box.find_element("css selector", "output").text == f"{len(found)} of {every} rows"
    hidden = "[...document.querySelectorAll('tr.told')].map((r) => [r.hidden, r.nextElementSibling.hidden])"
    assert {tuple(pair) for pair in browser.execute_script(f"return {hidden}")} == {(True, True), (False, False)}
    browser.execute_script(
        "const b = document.querySelector('#find input'); b.value = ''; b.dispatchEvent(new Event('input'))"
    )
    state = box.find_element("css selector", "select")
    assert "fail" in [option.text for option in state.find_elements("css selector", "option")]
    state.send_keys("fail")
    assert 0 < len(browser.execute_script(rows)) < every


def test_without_scripts_everything_is_there_and_no_empty_box(browser, tmp_path):
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        show(browser, tmp_path, "failing")
        assert not browser.find_element("css selector", "#find").is_displayed()
        assert browser.find_element("css selector", "#evidence").is_displayed()
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
