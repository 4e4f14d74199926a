# SPDX-License-Identifier: Apache-2.0
"""Accounts are made and changed by owners who have just logged in, and one owner is always left."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

import pytest

from gateway.visitor import PASSWORD, Visitor, words_of
from gateway_site import Answer, Site
from tiergate.errors import InputError
from tiergate.gateway.roles import GatewayRole

OWNER, APPROVER = GatewayRole.OWNER, GatewayRole.APPROVER


@pytest.fixture
def served(site: Site) -> Iterator[Site]:
    site.person("olga", OWNER)
    site.person("erin")
    site.person("anna", APPROVER)
    with site.served():
        yield site


@pytest.fixture
def olga(served: Site) -> Visitor:
    return _of(served, "olga")


def _of(site: Site, who: str, **before: int) -> Visitor:
    name = site.session(who, logged_in=dt.timedelta(**before))
    return Visitor(site=site, cookies={"tiergate": name})


def _roles(site: Site, name: str) -> list[str]:
    account = site.house.accounts.account(name)
    assert account is not None
    return sorted(role.value for role in account.person.roles)


def _changed(visitor: Visitor, whose: str, act: str, **fields: str) -> Answer:
    key = re.search(rb'name="form_key" value="([0-9a-f]+)"', visitor.get("/").body)
    assert key is not None
    return visitor.post(f"/-/people/{whose}/{act}", {"form_key": key[1].decode(), **fields})


def test_that_an_account_is_made_with_a_link_that_works(olga: Visitor) -> None:
    page = olga.send(
        "/-/people/new/account",
        {"name": "pia", "full_name": "Pia P.", "role": "publisher", "namespaces": "acme, beta"},
    )
    link = re.search(r"http://hub\.example(/-/first/[\w-]+)", words_of(page))
    assert link is not None, words_of(page)
    pia = Visitor(site=olga.site)
    assert pia.send(link[1], {"password": PASSWORD, "repeated": PASSWORD}).status == 303
    person = olga.site.house.accounts.person("pia")
    assert person is not None
    assert (sorted(person.namespaces), person.full_name) == (["acme", "beta"], "Pia P.")
    assert "Pia P. pia" in words_of(olga.get("/-/people"))


def test_that_roles_are_given_and_taken_and_that_is_written_down(olga: Visitor) -> None:
    assert _changed(olga, "erin", "roles", role="auditor").status == 303
    assert _roles(olga.site, "erin") == ["auditor"]
    assert _changed(olga, "erin", "roles").status == 303
    assert _roles(olga.site, "erin") == []

    house = olga.site.house
    words = [act.words for act in house.acts.newest(10, who=house.pseudonyms.of("erin"))]
    assert sorted(words) == ["roles: auditor", "roles: none"]


def test_that_a_disabled_account_is_out_and_comes_back_without_its_logins(olga: Visitor) -> None:
    site = olga.site
    erin = _of(site, "erin")
    assert _changed(olga, "erin", "disable").status == 303
    assert erin.get("/-/me").status == 303
    assert _changed(olga, "erin", "link").status == 400
    assert _changed(olga, "erin", "enable").status == 303
    assert erin.get("/-/me").status == 303
    assert _changed(olga, "erin", "link").status == 200


def test_that_somebody_is_logged_out_everywhere(olga: Visitor) -> None:
    erin = _of(olga.site, "erin")
    _changed(olga, "erin", "leave")

    assert erin.get("/-/me").status == 303
    assert olga.get("/-/me").status == 200


@pytest.mark.parametrize(
    ("name", "act", "fields", "said"),
    [
        ("olga", "roles", {"role": "approver"}, "your own role as owner"),
        ("olga", "disable", {}, "your own account"),
        ("nobody", "roles", {}, "no account"),
        ("erin", "roles", {"namespaces": "acme"}, "no publisher"),
        ("erin", "roles", {"role": "publisher", "namespaces": "a/b"}, "acme in acme/model"),
        ("erin", "roles", {"jurisdiction": "Germany"}, "a code as DE"),
    ],
)
def test_that_a_change_is_refused(
    olga: Visitor, name: str, act: str, fields: dict[str, str], said: str
) -> None:
    answer = _changed(olga, name, act, **fields)

    assert (answer.status, said in words_of(answer)) == (400, True)
    assert _roles(olga.site, "olga") == ["owner"]
    assert _roles(olga.site, "erin") == []


@pytest.mark.parametrize(
    ("name", "said"), [("../x", "letters, digits"), ("", "letters"), ("erin", "a new name")]
)
def test_that_no_account_is_made_by_the_name(olga: Visitor, name: str, said: str) -> None:
    answer = olga.send("/-/people/new/account", {"name": name})

    assert (answer.status, said in words_of(answer)) == (400, True)


def test_that_the_last_owner_stays_one(site: Site) -> None:
    site.person("olga", OWNER)
    site.person("otto", OWNER)
    accounts = site.house.accounts
    accounts.change("otto", roles=(), within=(), jurisdiction="")

    with pytest.raises(InputError, match="last owner"):
        accounts.change("olga", roles=(APPROVER,), within=(), jurisdiction="")
    with pytest.raises(InputError, match="last owner"):
        accounts.disable("olga", site.now, keeps_an_owner=True)
    assert _roles(site, "olga") == ["owner"]
    assert accounts.person("olga") is not None


PAGES = ("", "/erin", "/new/account")
ACTS = ("roles", "link", "disable", "enable", "leave")


@pytest.mark.parametrize("who", ["erin", "anna"])
def test_that_only_an_owner_sees_and_changes_accounts(served: Site, who: str) -> None:
    visitor = _of(served, who)

    for page in PAGES:
        assert visitor.get(f"/-/people{page}").status == 403
    for act in ACTS:
        assert _changed(visitor, "erin", act, role="owner").status == 403
    assert _changed(visitor, "new", "account", name="mallory").status == 403
    assert _roles(served, "erin") == []


def test_that_a_change_asks_for_a_fresh_login(served: Site) -> None:
    olga = _of(served, "olga", minutes=11)

    assert olga.get("/-/people").status == 200
    for act in ACTS:
        answer = _changed(olga, "erin", act, **{"role": "owner", "from": "/-/people/erin"})
        assert answer.headers["location"] == "/-/login?next=/-/people/erin&again=1"
    assert _roles(served, "erin") == []
