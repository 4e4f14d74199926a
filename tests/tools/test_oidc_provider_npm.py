# SPDX-License-Identifier: Apache-2.0
"""A certified OpenID provider that somebody else wrote, and people who log in there."""

from __future__ import annotations

import datetime as dt
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from chromium import chromium
from gateway.browser import page_of
from gateway.issuer import Issuer
from gateway.login_site import a_site, free_port
from gateway_site import Site
from tools.foreign import ENVIRONMENTS

pytestmark = [pytest.mark.foreign, pytest.mark.browser, pytest.mark.enable_socket]

PROGRAM = Path(__file__).with_name("run_oidc_provider.mjs")
FOLDER = ENVIRONMENTS / "oidc_provider"


@contextmanager
def a_provider(port: int, redirect: str) -> Iterator[None]:
    """Serve it."""
    assert FOLDER.exists(), "oidc-provider is not installed: run make foreign"
    words: list[str | Path] = ["node", PROGRAM, FOLDER, str(port), redirect]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield
        process.terminate()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    port = free_port()
    found = a_site(tmp_path, Issuer(port=port), email_domains=["example.org"])
    redirect = f"{found.url}/-/oidc/test/callback"
    with a_provider(port, redirect), found.served():
        yield found
    found.house.close()


def _logged_in(page: Page, who: str) -> None:
    page.locator("input[name=login]").fill(who)
    page.locator("input[name=password]").fill("anything")
    page.locator("button[type=submit]").click()


def test_that_somebody_logs_in_there_and_again_when_it_has_to_be_fresh(site: Site) -> None:
    with chromium() as browser, page_of(browser, site) as opened:
        page = opened.go("/-/me")
        page.get_by_role("link", name="Log in with Test").click()
        _logged_in(page, "erin")
        page.locator("button[type=submit]").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("erin of the provider")
        assert page.url == f"{site.url}/-/me"

        # The provider remembers who logged in, and asks again all the same.
        opened.go("/-/oidc/test?again=1&next=/-/me/token")
        expect(page.locator("input[name=password]")).to_be_visible()
        _logged_in(page, "erin")
        page.wait_for_url(lambda url: url.startswith(site.url) or "interaction" in url)
        if not page.url.startswith(site.url):
            page.locator("button[type=submit]").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Make a token")

    person = site.house.accounts.person("erin")
    assert person is not None
    assert (person.full_name, person.roles) == ("erin of the provider", frozenset())


def test_that_a_login_that_the_provider_remembered_is_as_old_as_it_was(site: Site) -> None:
    found = []
    with chromium() as browser, page_of(browser, site) as opened:
        page = opened.go("/-/oidc/test")
        _logged_in(page, "erin")
        page.locator("button[type=submit]").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("erin of the provider")
        for minutes in (5, 0):
            cookies = {c.get("name"): c.get("value", "") for c in page.context.cookies()}
            session = site.house.sessions.read(cookies["tiergate"], site.now)
            assert session is not None
            found.append(session.logged_in_at)
            site.now += dt.timedelta(minutes=minutes)
            opened.go("/-/oidc/test")
            expect(page.get_by_role("heading", level=1)).to_have_text("erin of the provider")

    assert abs(found[1] - found[0]) < dt.timedelta(minutes=1)
