# SPDX-License-Identifier: Apache-2.0
"""The page of a safety case in the system's Chromium, scripts disabled."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from cli_fixtures import a_folder, evidence
from cli_runner import run

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]

WIDTHS = (1280, 820, 390)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the case of a model with one damning measurement, as a user does."""
    folder = tmp_path_factory.mktemp("case")
    model = a_folder(folder / "a-model-with-a-rather-long-name-that-must-not-widen-a-phone")
    evidence(model, "cyber.end_to_end_exploits", successes=50, trials=410)
    page = folder / "case.html"
    assert run("case", model, "--tier", "T5", "-o", page).code == 3
    return page


def _opened(browser: Browser, case: Path, width: int) -> Page:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, java_script_enabled=False
    )
    page = context.new_page()
    page.goto(case.as_uri())
    return page


@pytest.mark.parametrize("width", WIDTHS)
def test_it_opens_without_scripts_or_requests(browser: Browser, case: Path, width: int) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, java_script_enabled=False
    )
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: asked.append(message.text))
    page.goto(case.as_uri())
    headings = [each.inner_text() for each in page.get_by_role("heading", level=2).all()]
    context.close()

    assert asked == [case.as_uri()]
    assert headings == [
        "Undetermined",
        "What it is about",
        "Assumed, shown by nothing",
        "What speaks against it",
        "The argument",
        "What would speak against it",
        "Make it again",
    ]


@pytest.mark.parametrize("width", WIDTHS)
def test_it_does_not_scroll_sideways(browser: Browser, case: Path, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto(case.as_uri())
    # What is folded away must not be too wide either once somebody opens it.
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    needed = page.evaluate("document.documentElement.scrollWidth")
    context.close()

    assert needed <= width


def test_a_claim_opens_and_a_link_to_one_leads_to_it(browser: Browser, case: Path) -> None:
    page = _opened(browser, case, 1280)
    deep = page.get_by_text("Tasks and ranges stand for attacks").nth(1)

    before = deep.is_visible()
    page.get_by_text("Help with attacks on computer systems").first.click()
    after = deep.is_visible()
    page.goto(f"{case.as_uri()}#Sn1")
    shown = page.locator("[id='Sn1']").is_visible()
    page.context.close()

    assert (before, after, shown) == (False, True, True)


def test_every_standing_can_be_read_without_its_colour(browser: Browser, case: Path) -> None:
    page = _opened(browser, case, 1280)
    words = {each.inner_text().lower() for each in page.locator(".mark").all() if each.is_visible()}
    page.context.close()

    assert {"undetermined", "unsupported", "raised", "possible"} <= words
