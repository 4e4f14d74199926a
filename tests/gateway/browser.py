# SPDX-License-Identifier: Apache-2.0
"""The system's Chromium on pages of a gateway, as somebody who has logged in.

Use it as ``with chromium() as browser, page_of(browser, site, "anna") as opened:``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest
from playwright.sync_api import Browser, Page

from gateway_site import Site
from tiergate.gateway.cookies import SESSION, cookie_name
from tools.foreign import ENVIRONMENTS

WIDE, PHONE = 1280, 390
AXE = ENVIRONMENTS / "axe" / "node_modules" / "axe-core" / "axe.min.js"
"""Made by ``make foreign``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A page, and what the browser did besides."""

    page: Page
    """The page, at no address yet."""
    url: str
    """Address of the gateway."""
    elsewhere: list[str] = field(default_factory=list)
    """Addresses outside of the gateway that were asked for."""
    printed: list[str] = field(default_factory=list)
    """Messages of the console and errors: what a page's own policy forbade is among them."""

    def go(self, path: str) -> Page:
        """Open a page of the gateway."""
        self.page.goto(self.url + path)
        return self.page

    @property
    def is_too_wide(self) -> bool:
        """Whether the page has to be moved sideways to be read."""
        script = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        return bool(self.page.evaluate(script))


@contextmanager
def page_of(
    browser: Browser, site: Site, who: str = "", *, width: int = WIDE, has_script: bool = True
) -> Iterator[Opened]:
    """Open a page in a profile of its own.

    Args:
        browser: the browser.
        site: a gateway that is served.
        who: who has logged in a moment ago; empty for nobody.
        width: of the window, in pixels.
        has_script: whether scripts are run, should there be any.
    """
    url = f"http://127.0.0.1:{site.port}"
    context = browser.new_context(
        viewport={"width": width, "height": 900}, java_script_enabled=has_script
    )
    if who:
        context.add_cookies(
            [{"name": cookie_name(SESSION, url), "value": site.session(who), "url": url}]
        )
    opened = Opened(page=context.new_page(), url=url)
    page = opened.page
    page.on(
        "request", lambda r: None if r.url.startswith(f"{url}/") else opened.elsewhere.append(r.url)
    )
    page.on("console", lambda message: opened.printed.append(message.text))
    page.on("pageerror", lambda error: opened.printed.append(str(error)))
    yield opened
    context.close()


def axe(page: Page) -> list[str]:
    """Return what axe-core finds serious or critical on a page, each on one line.

    The test is left out where axe-core is not installed; it belongs under ``make foreign``.
    """
    if not AXE.exists():
        pytest.skip("axe-core is not installed: run make foreign")
    # Evaluated rather than added as a script, which the policy of our pages forbids.
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = cast("list[dict[str, object]]", page.evaluate(_RUN))
    return [f"{row['impact']}: {row['id']}: {row['help']}: {row['where']}" for row in found]


_RUN = """async () => {
  const {violations} = await axe.run(document, {resultTypes: ['violations']});
  return violations.filter(v => ['serious', 'critical'].includes(v.impact)).map(v => (
    {impact: v.impact, id: v.id, help: v.help, where: v.nodes.map(n => n.html).join(' ')}));
}"""


def picture(page: Page, path: Path) -> None:
    """Take a picture of a whole page."""
    page.screenshot(path=path, full_page=True)
