# SPDX-License-Identifier: Apache-2.0
"""The page of a model that asks questions, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

import cli_fixtures
from gateway.browser import PHONE, WIDE, axe, page_of, picture
from gateway_site import NAME, Site
from tiergate.decision.tier import Tier
from tiergate.gateway.terms import Terms

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]
CARD = """---
license: other
extra_gated_heading: Access to Acme 1B
extra_gated_prompt: |-
  You agree not to pass the weights on.
  You agree to tell us of incidents.
extra_gated_description: We answer within a week.
extra_gated_button_content: Agree and ask
extra_gated_fields:
  Company: text
  Country: country
  From: date_picker
  Use:
    type: select
    options: [Research, {label: Something else, value: other}]
  I agree to the licence: checkbox
  "><script>document.title='broken'</script>": text
---
# A card
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    (cli_fixtures.a_folder(folder / "model") / "README.md").write_text(CARD)
    found = Site(folder=folder)
    found.release(found.publish(), Tier.T2, Tier.T4)
    for name in ("erin", "nora"):
        found.person(name)
    terms = Terms(criteria="Red teams.\nHospitals.", reviewers=2, downloads=3, is_marked=True)
    found.house.requests.set_terms(NAME, terms)
    with found.served():
        yield found
    found.house.close()


@pytest.mark.parametrize("width", [WIDE, PHONE])
def test_that_the_form_is_readable_and_runs_nothing(
    width: int, browser: Browser, site: Site, tmp_path: Path
) -> None:
    with page_of(browser, site, "erin", width=width) as opened:
        page = opened.go(f"/{NAME}")
        picture(page, tmp_path / f"model-{width}.png")

        assert not opened.is_too_wide
        assert (opened.elsewhere, opened.printed) == ([], [])
        assert page.title() != "broken"
        assert page.get_by_label("Company").is_visible()


def test_that_axe_finds_nothing_serious(browser: Browser, site: Site) -> None:
    with page_of(browser, site, "erin") as opened:
        assert axe(opened.go(f"/{NAME}")) == []


def test_that_somebody_asks_with_the_keyboard_alone(browser: Browser, site: Site) -> None:
    with page_of(browser, site, "nora", has_script=False) as opened:
        page = opened.go(f"/{NAME}")
        page.get_by_label("What you want to do with it").focus()
        for text in ("red teaming", "Example Institute", "DE", "Example", "DE"):
            page.keyboard.type(text)
            page.keyboard.press("Tab")
        page.keyboard.type("12012026")
        page.get_by_label("Use").focus()
        page.keyboard.type("Research")
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        page.keyboard.press("Tab")
        page.keyboard.type("odd")
        page.get_by_role("button", name="Agree and ask").focus()
        page.keyboard.press("Enter")
        page.wait_for_selector("text=0 of 2 reviewers are for it.")

    asked = site.house.requests.of(NAME, "nora")
    assert asked is not None
    assert asked.fields["purpose"] == "red teaming"
    assert asked.fields["From"] == "2026-12-01"
    assert asked.fields["Use"] == "Research"
    assert asked.fields["I agree to the licence"] == "true"
