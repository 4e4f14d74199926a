# SPDX-License-Identifier: Apache-2.0
"""The pages of the landscape in the system's Chromium: read without script, sorted with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from cli_runner import run

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]

PAGES = (
    "index", "timeline", "models", "practice", "openness", "obligations", "cases", "costs",
    "sources", "rows-practices", "rows-transparency", "rows-openness", "rows-obligations",
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("landscape") / "site"
    assert run("landscape", "site", target, "--at", "2026-11-29").code == 0
    return target


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A page, and what the browser did besides."""

    page: Page
    """The page."""
    asked: list[str] = field(default_factory=list)
    """Addresses that were asked for."""
    printed: list[str] = field(default_factory=list)
    """Messages of the console and errors: what a page's own policy forbade is among them."""


@contextmanager
def opened(
    browser: Browser, path: Path, *, width: int = 1280, has_script: bool = True
) -> Iterator[Opened]:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, java_script_enabled=has_script
    )
    found = Opened(page=context.new_page())
    found.page.on("request", lambda request: found.asked.append(request.url))
    found.page.on("console", lambda message: found.printed.append(message.text))
    found.page.on("pageerror", lambda error: found.printed.append(str(error)))
    found.page.goto(path.as_uri())
    yield found
    context.close()


@pytest.mark.parametrize("name", PAGES)
def test_that_a_page_asks_for_nothing_and_is_forbidden_nothing(
    browser: Browser, folder: Path, name: str
) -> None:
    path = folder / f"{name}.html"
    with opened(browser, path) as found:
        assert found.asked == [path.as_uri()]
        assert found.printed == []


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [360, 820, 1280])
def test_that_a_page_does_not_scroll_sideways(
    browser: Browser, folder: Path, name: str, width: int
) -> None:
    with opened(browser, folder / f"{name}.html", width=width) as found:
        found.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert found.page.evaluate("document.documentElement.scrollWidth") <= width


def test_that_every_line_can_be_read_without_script(browser: Browser, folder: Path) -> None:
    with opened(browser, folder / "practice.html", has_script=False) as found:
        lines = found.page.locator("#practices tbody tr")
        assert lines.count() == 24
        assert all(line.is_visible() for line in lines.all())
        assert found.page.locator(".tools").count() == 0
        assert found.page.get_by_text("Openness", exact=True).first.is_visible()


def test_that_a_drawing_shows_without_script(browser: Browser, folder: Path) -> None:
    with opened(browser, folder / "timeline.html", has_script=False) as found:
        box = found.page.locator(".plot.wide svg").bounding_box()
        assert box is not None
        assert box["width"] > 600
        assert found.page.locator(".plot.narrow").is_hidden()


def firsts(page: Page, table: str) -> list[str]:
    cells = page.locator(f"#{table} tbody tr:visible th .text")
    return [words.split("\n")[0] for words in cells.all_inner_texts()]


def test_that_a_click_on_a_heading_sorts_by_numbers_and_turns(
    browser: Browser, folder: Path
) -> None:
    with opened(browser, folder / "models.html") as found:
        page = found.page
        printed = firsts(page, "models")
        heading = page.locator("#models thead th").nth(2)
        heading.get_by_role("button").click()
        up = [
            float(words)
            for words in page.locator("#models tbody td:nth-child(3)").all_inner_texts()
        ]
        assert heading.get_attribute("aria-sort") == "ascending"
        heading.get_by_role("button").click()
        down = [
            float(words)
            for words in page.locator("#models tbody td:nth-child(3)").all_inner_texts()
        ]
        page.locator(".tools select").first.select_option("as printed")

        assert up == sorted(up)
        assert down == sorted(down, reverse=True)
        assert firsts(page, "models") == printed


def test_that_what_says_nothing_comes_last_whichever_way(browser: Browser, folder: Path) -> None:
    with opened(browser, folder / "costs.html") as found:
        page = found.page
        for _ in range(2):
            page.locator("#costs thead th").nth(3).get_by_role("button").click()
            amounts = page.locator("#costs tbody td:nth-child(4)").all_inner_texts()
            empty = [not words.strip() for words in amounts]
            assert empty == sorted(empty)
            assert any(empty)


def test_that_a_filter_leaves_the_lines_with_every_word(browser: Browser, folder: Path) -> None:
    with opened(browser, folder / "obligations.html") as found:
        page = found.page
        tools = page.locator(".tools").last
        tools.get_by_label("Filter").fill("california incident")
        left = page.locator("#clauses tbody tr:visible")
        assert tools.locator("output").inner_text() == f"{left.count()} of 120 lines"
        texts = [text.lower() for text in left.all_inner_texts()]
        assert 0 < len(texts) < 10
        assert all("california" in text and "incident" in text for text in texts)
        assert any("ca-sb53-13" in text for text in texts)


def test_that_a_statement_leads_to_its_row(browser: Browser, folder: Path) -> None:
    with opened(browser, folder / "practice.html") as found:
        page = found.page
        cell = page.locator("#practices tbody tr", has_text="OpenAI").locator("td").nth(4)
        row = cell.get_attribute("data-row")
        cell.locator("a").click()
        assert page.url.endswith(f"rows-practices.html#{row}")
        target = page.locator(f"[id='{row}']")
        assert target.is_visible()
        assert "adversarial fine-tuning test" in target.inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_that_text_and_ground_differ_in_both_schemes(
    browser: Browser, folder: Path, scheme: str
) -> None:
    context = browser.new_context(color_scheme="dark" if scheme == "dark" else "light")
    page = context.new_page()
    page.goto((folder / "index.html").as_uri())
    script = (
        "(e => [getComputedStyle(e).color, getComputedStyle(e).backgroundColor])(document.body)"
    )
    ink, paper = page.evaluate(script)
    context.close()

    assert ink != paper
    assert (paper == "rgb(255, 255, 255)") == (scheme == "light")


def test_that_it_prints_whole_lines_and_no_tools(browser: Browser, folder: Path) -> None:
    with opened(browser, folder / "practice.html") as found:
        found.page.emulate_media(media="print")
        assert found.page.locator(".tools").first.is_hidden()
        assert found.page.locator("nav").is_hidden()
        assert found.page.locator("#practices tbody tr").last.is_visible()
