# SPDX-License-Identifier: Apache-2.0
"""The pages of those who work here in a real browser: every page, every role, by the keyboard."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from gateway.browser import PHONE, WIDE, page_of
from gateway.desk_pages import LOOKS, address
from gateway.desk_town import STAFF, DeskTown
from gateway.town import GATED, OPEN
from tiergate.gateway.requests import Status

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]
_MOST_TABS = 80
_WHAT_IS_FOCUSED = """() => {
  const e = document.activeElement, name = e.labels && e.labels[0] ? e.labels[0].innerText : '';
  const seen = getComputedStyle(e).outlineStyle !== 'none' || e.matches('.skip');
  return [name || e.innerText || e.name || '', seen];
}"""


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskTown]:
    found = DeskTown(folder=tmp_path_factory.mktemp("desk"))
    found.open_desk()
    with found.served():
        found.ask(f"/{GATED}/resolve/main/model.safetensors", who="gwen")
        yield found
    found.house.close()


@pytest.mark.parametrize("width", [WIDE, PHONE])
@pytest.mark.parametrize("who", STAFF)
def test_that_every_page_that_somebody_may_see_fits_and_loads_nothing_from_elsewhere(
    who: str, width: int, browser: Browser, town: DeskTown
) -> None:
    with page_of(browser, town, who, width=width, has_script=False) as opened:
        for name, look in LOOKS.items():
            if who not in look.seen_by:
                continue
            page = opened.go(address(town, look))
            # What is folded away must not be too wide either once somebody opens it.
            page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")

            assert page.get_by_role("heading", level=1).is_visible(), name
            assert page.get_by_role("main").is_visible(), name
            assert not opened.is_too_wide, name
    assert opened.elsewhere == []
    assert opened.printed == []


def to(page: Page, name: str) -> None:
    """Go on with the tabulator until something of that name has the focus, and can be seen to."""
    for _ in range(_MOST_TABS):
        page.keyboard.press("Tab")
        found, is_seen = page.evaluate(_WHAT_IS_FOCUSED)
        if found.strip().startswith(name):
            assert is_seen, name
            return
    pytest.fail(f"the keyboard does not lead to {name!r}")


def write(page: Page, field: str, text: str) -> None:
    """Write into a field that the keyboard leads to."""
    to(page, field)
    page.keyboard.type(text)


def press(page: Page, name: str) -> None:
    """Press a button, or follow a link, that the keyboard leads to."""
    to(page, name)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_that_the_keyboard_leads_past_the_navigation(browser: Browser, town: DeskTown) -> None:
    with page_of(browser, town, "olga") as opened:
        page = opened.go("/-/requests")
        to(page, "To the content")
        page.keyboard.press("Enter")
        to(page, "State")


def test_that_a_request_is_accepted_by_the_keyboard(browser: Browser, town: DeskTown) -> None:
    town.person("kim")
    town.ask_for("kim", days_ago=99, purpose="by keyboard")
    with page_of(browser, town, "anna", has_script=False) as opened:
        page = opened.go("/-/requests")
        press(page, "kim")
        write(page, "Days", "14")
        to(page, "For the current revision alone")
        page.keyboard.press("Space")
        press(page, "Accept")

        assert page.get_by_role("status").inner_text().startswith("Accepted.")
    given = town.house.overview.given(repository=GATED, person="kim")[0]
    assert (given.commit, (given.until - town.now).days) == (town.revision.commit, 14)


def test_that_a_request_is_rejected_by_the_keyboard(browser: Browser, town: DeskTown) -> None:
    town.person("lee")
    town.ask_for("lee", days_ago=98)
    with page_of(browser, town, "anna", has_script=False) as opened:
        page = opened.go("/-/requests")
        press(page, "lee")
        press(page, "Reject")
        assert "Say why" in page.get_by_role("status").inner_text()
        write(page, "Words to them", "too vague")
        press(page, "Reject")

        assert page.get_by_role("status").inner_text().startswith("Rejected.")
    asked = town.house.requests.of(GATED, "lee")
    assert asked is not None
    assert (asked.status, asked.answer) == (Status.REJECTED, "too vague")


def test_that_a_grant_is_revoked_by_the_keyboard(browser: Browser, town: DeskTown) -> None:
    town.person("joy")
    town.house.requests.give(GATED, "joy", by="bert", at=town.now)
    with page_of(browser, town, "anna", has_script=False) as opened:
        page = opened.go(f"/-/grants?person=joy&model={GATED}")
        press(page, "joy")
        write(page, "Why", "has left")
        press(page, "Revoke")

        assert page.get_by_role("status").inner_text().startswith("Revoked.")
    assert town.house.requests.grants(GATED, "joy")[0].revoked_at is not None


def test_that_downloads_are_stopped_tried_out_and_lifted_by_the_keyboard(
    browser: Browser, town: DeskTown
) -> None:
    with page_of(browser, town, "ivan", has_script=False) as opened:
        page = opened.go("/-/stops")
        to(page, "What")
        page.keyboard.type(OPEN)
        press(page, "Look at it")
        press(page, "Try it out")
        assert page.get_by_role("status").inner_text() == "Drill: everybody would be refused"
        write(page, "Why", "a leak")
        press(page, f"Stop {OPEN} now")
        assert page.get_by_role("status").inner_text().startswith("Stopped.")
    assert town.ask(f"/{OPEN}/resolve/main/config.json").status == 403
    with page_of(browser, town, "anna", has_script=False) as opened:
        page = opened.go("/-/stops")
        write(page, "Why it may go on", "all clear")
        press(page, "Lift stop-")
        assert page.get_by_role("status").inner_text().startswith("Lifted.")
    assert town.ask(f"/{OPEN}/resolve/main/config.json").status == 200


def test_that_the_log_is_verified_by_the_keyboard(browser: Browser, town: DeskTown) -> None:
    with page_of(browser, town, "udo", has_script=False) as opened:
        page = opened.go("/-/log")
        press(page, "Verify the whole log")

        assert page.get_by_role("status").inner_text() == "The log holds"


def test_that_the_lines_are_saved_as_a_file(browser: Browser, town: DeskTown) -> None:
    with page_of(browser, town, "udo", has_script=False) as opened:
        page = opened.go("/-/log")
        to(page, "Export these lines")
        with page.expect_download() as saved:
            page.keyboard.press("Enter")

        assert saved.value.suggested_filename == "downloads.jsonl"


def test_that_what_people_state_runs_nothing(browser: Browser, town: DeskTown) -> None:
    from gateway.desk_town import EVIL

    town.person("mal")
    asked = town.ask_for("mal", days_ago=1, purpose=EVIL, organisation=EVIL)
    with page_of(browser, town, "anna") as opened:
        for path in ("/-/requests", f"/-/requests/{asked.id}"):
            page = opened.go(path)
            assert page.locator("script").count() == 0
            assert page.locator("img").count() == 0
    assert opened.printed == []
    assert opened.elsewhere == []


def test_that_a_person_sent_to_the_login_comes_back_to_what_they_read(
    browser: Browser, town: DeskTown
) -> None:
    with page_of(browser, town) as opened:
        page = opened.go(f"/-/requests/{town.asked.id}")

        assert "/-/login?next=/-/requests/" in page.url
