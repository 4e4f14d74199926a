# SPDX-License-Identifier: Apache-2.0
"""The page that a refusal sends people to."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest

from gateway_site import NAME, Answer, Site
from tiergate.decision.tier import Tier
from tiergate.gateway.roles import GatewayRole
from tiergate.release import bodies


def asked(site: Site, **fields: str) -> Answer:
    """Send the form."""
    body = urlencode(fields).encode()
    kind = "application/x-www-form-urlencoded"
    return site.ask(f"/{NAME}/ask-access", method="POST", body=body, Content_Type=kind)


@pytest.fixture
def gated(site: Site) -> Site:
    """A site whose model is for people with a grant, with Erin and an approver."""
    site.release(site.publish(), Tier.T2, Tier.T4)
    site.person("erin")
    site.person("ruth", GatewayRole.APPROVER)
    return site


def test_that_the_address_in_a_refusal_leads_to_a_page_on_which_one_can_ask(gated: Site) -> None:
    with gated.served():
        refused = gated.ask(f"/{NAME}/resolve/main/config.json", who="erin")
        page = gated.ask(f"/{NAME}")
        waiting = asked(gated, token=gated.tokens["erin"], purpose="red teaming", act="ask")
        seen = asked(gated, token=gated.tokens["erin"], act="see")
        pending = gated.ask(f"/api/models/{NAME}/user-access-request/pending", who="ruth")

    assert refused.said.endswith(f"ask at http://hub.example/{NAME}")
    assert page.status == 200
    assert b"For people with a grant" in page.body
    assert b"Your request is waiting for an answer." in waiting.body
    assert b"Your request is waiting for an answer." in seen.body
    assert b"red teaming" in pending.body


def test_that_to_look_asks_for_nothing(gated: Site) -> None:
    with gated.served():
        seen = asked(gated, token=gated.tokens["erin"], act="see")
    assert b"You have not asked for access." in seen.body
    assert gated.house.requests.of(NAME, "erin") is None


def test_that_nobody_asks_without_a_token(gated: Site) -> None:
    with gated.served():
        found = asked(gated, token="hf_nobodys", act="ask")  # noqa: S106
    assert found.status == 401
    assert b"No account has that token" in found.body


def test_that_text_from_people_is_shown_as_text(gated: Site) -> None:
    evil = "<script>alert(1)</script>"
    with gated.served():
        asked(gated, token=gated.tokens["erin"], purpose="x", act="ask")
        request = gated.house.requests.of(NAME, "erin")
        assert request is not None
        from tiergate.gateway.requests import Status

        gated.house.requests.answer(request, Status.REJECTED, by="ruth", at=gated.now, words=evil)
        seen = asked(gated, token=gated.tokens["erin"], act="see")
    assert b"<script" not in seen.body
    assert b"&lt;script&gt;" in seen.body


def test_that_the_page_loads_nothing_and_runs_nothing(gated: Site) -> None:
    with gated.served():
        page = gated.ask(f"/{NAME}")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert b"<script" not in page.body
    assert b"src=" not in page.body
    assert "set-cookie" not in page.headers


def test_that_a_frozen_release_says_since_when_and_offers_no_form(gated: Site) -> None:
    gated.enter(bodies.Frozen(), "bea")
    with gated.served():
        page = gated.ask(f"/{NAME}")
    assert b"All downloads are stopped" in page.body
    assert b"<form" not in page.body


def test_that_what_is_hidden_has_no_page(site: Site) -> None:
    site.publish()
    with site.served():
        hidden, absent = site.ask(f"/{NAME}"), site.ask("/acme/other")
    assert (hidden.status, hidden.body) == (absent.status, absent.body)


def test_that_the_front_page_lists_what_everybody_may_know_of(gated: Site) -> None:
    with gated.served():
        page = gated.ask("/")
    assert page.status == 200
    assert f'<a href="/{NAME}">{NAME}</a>'.encode() in page.body
    assert b">For people with a grant</td>" in page.body
    assert b">vetted, T4</td>" in page.body
    assert b"<script" not in page.body


def test_that_the_front_page_says_nothing_of_what_is_hidden(site: Site) -> None:
    site.publish()
    with site.served():
        page = site.ask("/")
    assert page.status == 200
    assert b"Nothing is offered here that everybody may know of." in page.body
    assert NAME.encode() not in page.body


@pytest.mark.parametrize(
    ("excluded", "stated", "status"),
    [
        ((), "", 200),
        ((), "de", 200),
        ((), "Germany", 400),
        (("CN",), "", 400),
        (("CN",), "DE", 200),
        (("CN",), "China", 400),
    ],
)
def test_that_where_somebody_is_can_be_held_against_where_nothing_is_for(
    site: Site, excluded: tuple[str, ...], stated: str, status: int
) -> None:
    site.release(site.publish(excluded=excluded), Tier.T2, Tier.T4)
    site.person("erin")
    body = json.dumps({"purpose": "x", "jurisdiction": stated}).encode()
    with site.served():
        by_program = site.ask(f"/{NAME}/ask-access", method="POST", who="erin", body=body)
        by_form = asked(site, token=site.tokens["erin"], jurisdiction=stated, act="ask")
    assert (by_program.status, by_form.status) == (status, status)
    assert (site.house.requests.of(NAME, "erin") is not None) is (status == 200)


def test_that_somebody_where_it_is_not_for_is_told_so_by_the_law_that_it_follows(
    site: Site,
) -> None:
    site.release(site.publish(excluded=("CN",)), Tier.T2, Tier.T4)
    site.person("erin")
    site.person("ruth", GatewayRole.APPROVER)
    with site.served():
        asked(site, token=site.tokens["erin"], jurisdiction="cn", act="ask")
        answer = json.dumps({"user": "erin", "status": "accepted"}).encode()
        handle = f"/api/models/{NAME}/user-access-request/handle"
        assert site.ask(handle, method="POST", who="ruth", body=answer).status == 200
        found = site.ask(f"/{NAME}/resolve/main/config.json", who="erin")
    assert (found.status, found.code) == (451, "GatedRepo")
    assert "It is not for people in CN." in found.said
