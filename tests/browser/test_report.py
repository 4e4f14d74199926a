# SPDX-License-Identifier: Apache-2.0
"""The report in the system's Chromium, scripts disabled: wide and narrow, light and dark."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from cli_fixtures import a_folder, evidence
from cli_runner import run

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]

WIDE, PHONE = 1280, 390


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    assert path is not None
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=path, args=arguments)
        yield found
        found.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    model = a_folder(folder / "a-model-with-a-rather-long-name-that-must-not-widen-a-phone")
    evidence(model, "cyber.end_to_end_exploits", successes=50, trials=410)
    page = folder / "report.html"
    assert run("report", model, "--tier", "T5", "-o", page).code == 3
    return page


@pytest.fixture(params=[(WIDE, "light"), (WIDE, "dark"), (PHONE, "light"), (PHONE, "dark")])
def page(
    request: pytest.FixtureRequest, browser: Browser, report: Path
) -> Iterator[tuple[Page, list[str]]]:
    width, scheme = request.param
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=False
    )
    opened = context.new_page()
    asked: list[str] = []
    opened.on("request", lambda request: asked.append(request.url))
    opened.on("console", lambda message: asked.append(message.text))
    opened.goto(report.as_uri())
    yield opened, asked
    context.close()


def test_it_opens_without_scripts_or_requests(page: tuple[Page, list[str]], report: Path) -> None:
    opened, asked = page

    assert opened.get_by_role("heading", level=1).is_visible()
    assert opened.get_by_role("heading", name="Not assessed").is_visible()
    assert opened.locator(".plot svg").is_visible()
    assert [report.as_uri()] == asked


def test_it_does_not_scroll_sideways(page: tuple[Page, list[str]]) -> None:
    opened, _ = page
    body = opened.locator("body").bounding_box()
    strip = opened.locator(".strip").bounding_box()
    viewport = opened.viewport_size

    assert body is not None
    assert strip is not None
    assert viewport is not None
    assert body["width"] <= viewport["width"]
    assert strip["x"] + strip["width"] <= viewport["width"]


def test_dark_is_dark_and_light_is_light(browser: Browser, report: Path) -> None:
    colours = {}
    for scheme in ("light", "dark"):
        context = browser.new_context(color_scheme=scheme)
        opened = context.new_page()
        opened.goto(report.as_uri())
        style = "(s => [s.backgroundColor, s.color])(getComputedStyle(document.body))"
        colours[scheme] = opened.evaluate(style)
        context.close()

    assert ["rgb(255, 255, 255)", "rgb(28, 31, 35)"] == colours["light"]
    assert ["rgb(20, 23, 27)", "rgb(230, 232, 235)"] == colours["dark"]


def test_it_prints_on_a4(browser: Browser, report: Path) -> None:
    context = browser.new_context()
    opened = context.new_page()
    opened.goto(report.as_uri())

    printed = opened.pdf(format="A4")
    context.close()

    assert printed.startswith(b"%PDF")
    assert 2 <= printed.count(b"/Type /Page\n") <= 40
