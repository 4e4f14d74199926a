# SPDX-License-Identifier: Apache-2.0
"""The pages for logging in and for oneself, in the system's Chromium: mouse, keyboard, phone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, expect

from gateway.browser import PHONE, Opened, page_of
from gateway.issuer import Issuer, an_issuer
from gateway.login_site import a_site
from gateway.visitor import PASSWORD
from gateway_site import Site
from tiergate.gateway.oauth import DEVICE_GRANT
from tiergate.gateway.roles import GatewayRole
from tiergate.gateway.scopes import Scope
from tiergate.gateway.tokens import Token

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]

FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with an_issuer() as found:
        yield found


@pytest.fixture
def site(tmp_path: Path, issuer: Issuer) -> Iterator[Site]:
    found = a_site(tmp_path, issuer)
    found.publish(is_announced=True)
    found.person("erin")
    found.person("olga", GatewayRole.OWNER)
    found.house.ways_in.passwords.set("erin", PASSWORD, found.now)
    found.house.requests.ask("acme/model", "erin", {"purpose": "reading"}, found.now)
    found.house.requests.give("acme/model", "olga", by="erin", at=found.now)
    with found.served():
        yield found
    found.house.close()


def test_that_somebody_logs_in_with_the_keyboard_alone(browser: Browser, site: Site) -> None:
    with page_of(browser, site, has_script=False) as opened:
        page = opened.go("/-/me")
        expect(page.get_by_role("heading", level=1)).to_have_text("Log in")
        page.keyboard.type("erin")
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("erin")
        assert opened.page.url == f"{site.url}/-/me"
        page.get_by_role("button", name="Log out", exact=True).click()
        expect(page.get_by_role("link", name="Log in")).to_be_visible()
        assert (opened.elsewhere, opened.printed) == ([], [])


def test_that_a_wrong_password_is_said_and_the_name_is_kept(browser: Browser, site: Site) -> None:
    with page_of(browser, site) as opened:
        page = opened.go("/-/login")
        page.get_by_label("Name").fill("erin")
        page.get_by_label("Password").fill("something else")
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("alert")).to_contain_text("do not belong together")
        expect(page.get_by_label("Name")).to_have_value("erin")
        expect(page.get_by_label("Password")).to_be_focused()


def test_that_the_first_login_of_an_owner_takes_one_page(browser: Browser, site: Site) -> None:
    link = site.house.login_link("olga", site.now)
    with page_of(browser, site, has_script=False) as opened:
        page = opened.go(link)
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("olga")
        assert (opened.elsewhere, opened.printed) == ([], [])


def test_that_a_session_is_kept_where_no_script_and_no_other_site_finds_it(
    browser: Browser, site: Site
) -> None:
    with page_of(browser, site) as opened:
        page = opened.go("/-/login")
        page.get_by_label("Name").fill("erin")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("erin")
        (cookie,) = page.context.cookies()
        assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Lax", "/")
        assert page.evaluate("document.cookie") == ""


def test_that_a_token_is_made_and_ended(browser: Browser, site: Site) -> None:
    with page_of(browser, site, "erin", has_script=False) as opened:
        page = opened.go("/-/me")
        page.get_by_role("link", name="Make a token").click()
        page.get_by_label("What it is for").fill("laptop")
        page.get_by_label("Ask for access in your name").uncheck()
        page.get_by_label("How long it counts").select_option("7")
        page.get_by_role("button", name="Make it").click()
        token = page.get_by_label("The token").inner_text()
        assert re.fullmatch(r"hf_[A-Za-z0-9]{40}", token)
        site.tokens["laptop"] = token
        assert site.ask("/api/whoami-v2", who="laptop").status == 200

        page.get_by_role("link", name="Back").click()
        page.get_by_role("button", name="End the token laptop").click()
        expect(page.get_by_text("laptop")).to_have_count(0)
        assert site.ask("/api/whoami-v2", who="laptop").status == 401


def test_that_a_request_is_taken_back(browser: Browser, site: Site) -> None:
    with page_of(browser, site, "erin", has_script=False) as opened:
        page = opened.go("/-/me")
        expect(page.get_by_text("Your request is waiting")).to_be_visible()
        page.get_by_role("button", name="Take back the request for acme/model").click()
        expect(page.get_by_text("You have not asked for anything.")).to_be_visible()


def test_that_a_program_is_allowed(browser: Browser, site: Site) -> None:
    content = urlencode({"client_id": "hf"}).encode()
    told = json.loads(
        site.ask("/oauth/device", method="POST", body=content, Content_Type=FORM).body
    )
    with page_of(browser, site, "erin", has_script=False) as opened:
        page = opened.go(told["verification_uri_complete"].removeprefix(site.url))
        expect(page.get_by_label("The code that it shows")).to_have_value(told["user_code"])
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Allow this program?")
        page.get_by_role("button", name="Allow it").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Done.")
    fields = urlencode({"grant_type": DEVICE_GRANT, "device_code": told["device_code"]}).encode()
    got = site.ask("/oauth/token", method="POST", body=fields, Content_Type=FORM)

    assert json.loads(got.body)["scope"] == "read request"


def test_that_an_owner_makes_an_account_and_changes_it(browser: Browser, site: Site) -> None:
    with page_of(browser, site, "olga", has_script=False) as opened:
        page = opened.go("/-/people")
        page.get_by_role("link", name="Make an account").click()
        page.get_by_label("Name of the account").fill("pia")
        page.get_by_label("publisher Uploads, within namespaces").check()
        page.get_by_label("Namespaces of a publisher").fill("acme")
        page.get_by_role("button", name="Make it").click()
        assert "/-/first/" in page.get_by_label("The link").inner_text()
        page.get_by_role("link", name="To the account").click()
        page.get_by_label("auditor Reads the log").check()
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_label("auditor Reads the log")).to_be_checked()
        page.get_by_role("button", name="Disable the account").click()
        expect(page.get_by_text("disabled on")).to_be_visible()
        assert (opened.elsewhere, opened.printed) == ([], [])


def test_that_somebody_logs_in_at_an_issuer_and_comes_back(
    browser: Browser, site: Site, issuer: Issuer
) -> None:
    with page_of(browser, site, has_script=False) as opened:
        page = opened.go("/-/me/token")
        page.get_by_role("link", name="Log in with Test").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Issuer")
        page.get_by_role("link", name="It is me").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Make a token")
        assert page.url == f"{site.url}/-/me/token"
        assert all(url.startswith(issuer.url) for url in opened.elsewhere)
        assert [cookie.get("name") for cookie in page.context.cookies(site.url)] == ["tiergate"]


def test_that_a_link_connects_an_account_with_an_issuer(browser: Browser, site: Site) -> None:
    link = site.house.login_link("olga", site.now)
    with page_of(browser, site, has_script=False) as opened:
        page = opened.go(link)
        page.get_by_role("button", name="Log in with Test instead").click()
        page.get_by_role("link", name="Go to Test").click()
        page.get_by_role("link", name="It is me").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("olga")


def prepared(site: Site) -> list[tuple[str, str]]:
    """Return every page of these, each with whom it is for; some with much on them."""
    accounts = site.house.accounts
    if accounts.person("a" * 64) is None:
        site.person("a" * 64, *GatewayRole)
        token = Token(
            person="olga",
            until=site.now.replace(year=2036),
            label="x" * 80,
            scopes=frozenset(Scope),
        )
        accounts.tokens.make(token)
    link = site.house.login_link("erin", site.now)
    return [
        ("", "/-/login"),
        ("", link),
        ("erin", "/-/me"),
        ("olga", "/-/me"),
        ("olga", "/-/me/token"),
        ("erin", "/-/device?user_code=BBBB-BBBB"),
        ("erin", "/-/login?again=1"),
        ("olga", "/-/people"),
        ("olga", f"/-/people/{'a' * 64}"),
        ("olga", "/-/people/new/account"),
    ]


def test_that_every_page_is_readable_on_a_phone(
    browser: Browser, site: Site, tmp_path: Path
) -> None:
    for number, (who, path) in enumerate(prepared(site)):
        with page_of(browser, site, who, width=PHONE) as opened:
            page = opened.go(path)
            page.screenshot(path=tmp_path / f"{number}.png", full_page=True)
            assert not opened.is_too_wide, path
            expect(page.get_by_role("main")).to_be_visible()
            assert (opened.elsewhere, opened.printed) == ([], []), path


def test_that_focus_is_seen_and_goes_through_a_page_in_order(browser: Browser, site: Site) -> None:
    with page_of(browser, site, "erin") as opened:
        page = opened.go("/-/me/token")
        order = []
        for _ in range(14):
            page.keyboard.press("Tab")
            order.append(str(page.evaluate(_FOCUSED)))
        assert order[0] == "To the content"
        inner = [name for name in order if name in {"label", "scope", "days", "Make it"}]
        assert inner == ["label", "scope", "scope", "days", "Make it"]
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"


_FOCUSED = """() => {
  const e = document.activeElement;
  return e.name || e.textContent;
}"""


def test_that_other_pages_are_asked_for_with_the_login_of_somebody_who_may(
    browser: Browser, site: Site
) -> None:
    with page_of(browser, site, "erin") as opened:
        page = opened.go("/-/people")
        expect(page.get_by_role("heading", level=1)).to_have_text(
            "Your account may not see this page."
        )
        _no_links(opened, "People")


def _no_links(opened: Opened, name: str) -> None:
    expect(opened.page.get_by_role("link", name=name)).to_have_count(0)
