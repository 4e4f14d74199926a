# SPDX-License-Identifier: Apache-2.0
"""Local accounts: a link, a password, a session, and how each of them ends."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher

from gateway.visitor import PASSWORD, Visitor, words_of
from gateway_site import Site
from tiergate.gateway.passwords import MOST_OF_ACCOUNT, Failure, Passwords
from tiergate.gateway.roles import GatewayRole

MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def served(site: Site) -> Iterator[Site]:
    site.person("erin")
    site.person("olga", GatewayRole.OWNER)
    site.house.ways_in.passwords.set("erin", PASSWORD, site.now)
    with site.served():
        yield site


@pytest.fixture
def visitor(served: Site) -> Visitor:
    return Visitor(site=served)


def _is_somebody(visitor: Visitor) -> bool:
    return visitor.get("/").body.count(b"Log out") == 1


def test_that_somebody_logs_in_with_a_password_and_out_again(visitor: Visitor) -> None:
    entered = visitor.log_in("erin")

    assert (entered.status, entered.headers["location"]) == (303, "/-/me")
    assert _is_somebody(visitor)

    left = visitor.send("/", {}, at="/-/logout")
    assert (left.status, visitor.session) == (303, "")
    assert not _is_somebody(visitor)


def test_that_a_session_that_was_left_counts_no_more(visitor: Visitor) -> None:
    visitor.log_in("erin")
    old = dict(visitor.cookies)
    visitor.send("/", {}, at="/-/logout")
    visitor.cookies = old

    assert not _is_somebody(visitor)


def test_that_a_login_leads_back_to_the_page_that_asked_for_it(visitor: Visitor) -> None:
    asked = visitor.get("/-/people?page=2")
    assert asked.headers["location"] == "/-/login?next=/-/people%3Fpage%3D2"

    done = visitor.send(
        asked.headers["location"], {"name": "erin", "password": PASSWORD}, "/-/login"
    )
    assert done.headers["location"] == "/-/people?page=2"


def test_that_a_new_account_has_no_password_that_counts(visitor: Visitor) -> None:
    for guess in ("", PASSWORD, "olga"):
        assert visitor.log_in("olga", guess).status == 401


def test_that_a_link_lets_one_person_choose_a_password_once(visitor: Visitor) -> None:
    site = visitor.site
    link = site.house.login_link("olga", site.now)
    other = Visitor(site=site)

    assert "This link is for olga, account olga" in words_of(visitor.get(link))
    done = visitor.send(link, {"password": PASSWORD, "repeated": PASSWORD})

    assert (done.status, done.headers["location"]) == (303, "/-/me")
    assert _is_somebody(visitor)
    assert other.send(link, {"password": PASSWORD * 2, "repeated": PASSWORD * 2}).status == 404
    assert other.log_in("olga").status == 303


def test_that_opening_a_link_does_not_use_it_up(visitor: Visitor) -> None:
    link = visitor.site.house.login_link("olga", visitor.site.now)

    assert [visitor.get(link).status for _ in range(3)] == [200, 200, 200]


@pytest.mark.parametrize(
    ("password", "repeated", "said"),
    [
        ("short", "short", "12 to 200 characters"),
        ("x" * 201, "x" * 201, "12 to 200 characters"),
        ("aaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaa", "5 different characters"),
        ("olgaolgaolga", "olgaolgaolga", "something else in it than the name"),
        (PASSWORD, PASSWORD + "!", "not the same"),
    ],
)
def test_that_a_password_that_is_no_good_leaves_the_link(
    visitor: Visitor, password: str, repeated: str, said: str
) -> None:
    link = visitor.site.house.login_link("olga", visitor.site.now)
    answer = visitor.send(link, {"password": password, "repeated": repeated})

    assert answer.status == 400
    assert said in words_of(answer)
    assert visitor.get(link).status == 200


def test_that_a_link_ends_after_a_day_and_with_the_next_one(visitor: Visitor) -> None:
    site = visitor.site
    first = site.house.login_link("olga", site.now)
    second = site.house.login_link("olga", site.now)

    assert [visitor.get(path).status for path in (first, second)] == [404, 200]
    site.now += dt.timedelta(hours=24)
    assert visitor.get(second).status == 404


def test_that_a_used_link_ends_the_sessions_from_before(visitor: Visitor) -> None:
    site = visitor.site
    visitor.log_in("erin")
    link = site.house.login_link("erin", site.now)
    Visitor(site=site).send(link, {"password": PASSWORD * 2, "repeated": PASSWORD * 2})

    assert not _is_somebody(visitor)
    assert visitor.log_in("erin").status == 401


def test_that_a_disabled_account_is_out_at_once_and_stays_out(visitor: Visitor) -> None:
    site = visitor.site
    visitor.log_in("erin")
    link = site.house.login_link("erin", site.now)
    site.house.accounts.disable("erin", site.now)

    assert not _is_somebody(visitor)
    assert visitor.get(link).status == 404
    assert visitor.log_in("erin").status == 401
    site.house.accounts.enable("erin")
    assert not _is_somebody(visitor)
    assert site.ask("/api/whoami-v2", who="erin").status == 401
    assert visitor.log_in("erin").status == 303


def test_that_an_old_login_is_asked_for_the_password_alone(visitor: Visitor) -> None:
    site = visitor.site
    visitor.log_in("erin")
    site.now += 11 * MINUTE
    page = visitor.get("/-/login?next=/-/me&again=1")

    assert b'name="name"' not in page.body
    wrong = visitor.send("/-/login?next=/-/me&again=1", {"password": "x" * 12}, "/-/login")
    assert (wrong.status, wrong.headers.get("set-cookie")) == (401, None)
    right = visitor.send("/-/login?next=/-/me&again=1", {"password": PASSWORD}, "/-/login")
    assert (right.status, right.headers["location"]) == (303, "/-/me")
    session = site.house.sessions.read(visitor.session, site.now)
    assert session is not None
    assert session.is_fresh(site.now)


def test_that_an_old_login_stays_that_of_the_same_person(visitor: Visitor) -> None:
    site = visitor.site
    site.house.ways_in.passwords.set("olga", PASSWORD * 2, site.now)
    visitor.log_in("erin")
    fields = {"name": "olga", "password": PASSWORD, "again": "1"}

    assert visitor.post("/-/login", fields).status == 303
    session = site.house.sessions.read(visitor.session, site.now)
    assert session is not None
    assert session.person.name == "erin"


def test_that_guessing_one_password_ends_and_a_link_still_helps(visitor: Visitor) -> None:
    site = visitor.site
    failed = [visitor.log_in("erin", f"guess number {n}").status for n in range(MOST_OF_ACCOUNT)]
    assert failed == [401] * MOST_OF_ACCOUNT

    assert visitor.log_in("erin").status == 429
    link = site.house.login_link("erin", site.now)
    assert visitor.send(link, {"password": PASSWORD, "repeated": PASSWORD}).status == 303
    site.now += 15 * MINUTE
    assert visitor.log_in("erin").status == 303


def test_that_a_login_forgets_the_failures_before_it(visitor: Visitor) -> None:
    for _ in range(3):
        for n in range(MOST_OF_ACCOUNT - 1):
            assert visitor.log_in("erin", f"guess number {n}").status == 401
        assert visitor.log_in("erin").status == 303


def test_that_a_hash_of_weaker_make_is_made_anew_by_a_login(site: Site) -> None:
    site.person("erin")
    ways = site.house.ways_in
    accounts, database = site.house.accounts, site.house._database
    weak = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)
    Passwords(database, accounts, ways.attempts, weak).set("erin", PASSWORD, site.now)
    before = ways.passwords._hash("erin")

    assert not isinstance(ways.passwords.check("erin", PASSWORD, "", site.now), Failure)
    after = ways.passwords._hash("erin")
    assert before is not None
    assert after is not None
    assert ("m=1024" in before, "m=1024" in after) == (True, False)
    assert not isinstance(ways.passwords.check("erin", PASSWORD, "", site.now), Failure)


def test_that_a_password_is_the_same_however_its_letters_are_typed(site: Site) -> None:
    site.person("erin")
    passwords = site.house.ways_in.passwords
    passwords.set("erin", "Zwölf kleine Bären", site.now)

    typed = "Zwo\u0308lf kleine Ba\u0308ren"
    assert not isinstance(passwords.check("erin", typed, "", site.now), Failure)


def test_that_nothing_of_a_password_is_kept_but_its_hash(site: Site) -> None:
    site.person("erin")
    site.house.ways_in.passwords.set("erin", PASSWORD, site.now)
    link = site.house.login_link("erin", site.now)
    name = site.session("erin")
    site.house.close()
    kept = b"".join(path.read_bytes() for path in (site.folder / "gateway").glob("gateway.*"))

    assert re.search(rb"\$argon2id\$v=19\$m=65536,t=3,p=4\$", kept)
    for secret in (PASSWORD, link.rpartition("/")[2], name, site.tokens["erin"]):
        assert secret.encode() not in kept
