# SPDX-License-Identifier: Apache-2.0
"""Who sees which page for those who work here, and who may do what on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gateway.desk_town import STAFF, DeskTown, is_login
from gateway.town import DAY, GATED
from tiergate.gateway.desk.table import PAGES
from tiergate.gateway.desk.visit import Needs
from tiergate.gateway.roles import Right

OWNER, EVALUATOR, APPROVER, OPERATOR, AUDITOR = "olga", "eva", "anna", "ivan", "udo"
EVERY_ROLE = frozenset(STAFF)
SEES_REQUESTS = {OWNER, APPROVER, OPERATOR, AUDITOR}
SEES_RELEASES = {OWNER, EVALUATOR, APPROVER, OPERATOR, AUDITOR}

TABLE: dict[tuple[str, str], tuple[str, set[str]]] = {
    ("GET", "requests"): ("/-/requests", SEES_REQUESTS),
    ("GET", "requests/*"): ("/-/requests/<request>", SEES_REQUESTS),
    ("POST", "requests/*"): ("/-/requests/<request>", {OWNER, APPROVER}),
    ("GET", "grants"): ("/-/grants", SEES_REQUESTS),
    ("GET", "grants/*"): ("/-/grants/<grant>", SEES_REQUESTS),
    ("POST", "grants/*/revoke"): ("/-/grants/<grant>/revoke", {OWNER, APPROVER}),
    ("GET", "releases"): ("/-/releases", SEES_RELEASES),
    ("GET", "releases/*"): ("/-/releases/hidden", SEES_RELEASES),
    ("GET", "log"): ("/-/log", {OWNER, AUDITOR}),
    ("GET", "log/export"): ("/-/log/export", {OWNER, AUDITOR}),
    ("POST", "log/verify"): ("/-/log/verify", {OWNER, AUDITOR}),
    ("GET", "stops"): ("/-/stops", SEES_RELEASES),
    ("GET", "stops/new"): ("/-/stops/new?about=*", {OWNER, OPERATOR}),
    ("POST", "stops"): ("/-/stops", {OWNER, OPERATOR}),
    ("POST", "stops/drill"): ("/-/stops/drill", {OWNER, OPERATOR}),
    ("POST", "stops/*/lift"): ("/-/stops/<stop>/lift", {OWNER, APPROVER}),
}
"""Every page and every form, an address of it, and who of one person for every role may have it."""
FRESH = {("POST", "requests/*"), ("POST", "grants/*/revoke"), ("POST", "stops/*/lift")}
"""What asks for a login a moment ago."""
OWN = frozenset(right for right in Right if right is not Right.MANAGE)
"""Rights that these pages are about."""


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskTown]:
    found = DeskTown(folder=tmp_path_factory.mktemp("desk"))
    found.open_desk()
    with found.served():
        yield found
    found.house.close()


def address(town: DeskTown, path: str) -> str:
    """Return an address of what is there."""
    stop = town.house.stops.stop(GATED, by="bert", reason="a leak", at=town.now)
    marks = {"<request>": town.asked.id, "<grant>": town.grant_of("gwen"), "<stop>": stop.id}
    for mark, value in marks.items():
        path = path.replace(mark, value)
    return path


def ask(town: DeskTown, row: tuple[str, str], who: str, *, days: int = 0) -> tuple[int, bool]:
    """Return the status, and whether it leads to the login."""
    path = address(town, TABLE[row][0])
    if row[0] == "GET":
        answer = town.see(path, who, logged_in=days * DAY / 24)
    else:
        answer = town.send(path, who, {"act": "none", "about": "none"}, logged_in=days * DAY / 24)
    return answer.status, is_login(answer)


def test_that_every_page_that_asks_for_such_a_right_is_in_the_table() -> None:
    assert set(TABLE) == {row for row, page in PAGES.items() if page.needs in OWN}


def test_that_a_login_a_moment_ago_is_asked_for_what_opens_or_ends_something() -> None:
    assert {row for row in TABLE if PAGES[row].is_fresh} == FRESH


@pytest.mark.parametrize("row", TABLE, ids=" ".join)
def test_that_only_these_may_have(row: tuple[str, str], town: DeskTown) -> None:
    allowed = TABLE[row][1]
    for who in EVERY_ROLE:
        status, to_login = ask(town, row, who)

        assert not to_login, who
        assert (status == 403) is (who not in allowed), (who, status)
    assert ask(town, row, "erin")[0] == 403


@pytest.mark.parametrize("row", TABLE, ids=" ".join)
def test_that_nobody_has_it_without_a_login(row: tuple[str, str], town: DeskTown) -> None:
    path = address(town, TABLE[row][0])

    answer = town.ask(path, method=row[0], Content_Type="application/x-www-form-urlencoded")

    assert is_login(answer)
    # A token is for programs, and opens no page.
    answer = town.ask(
        path, method=row[0], who="olga", Content_Type="application/x-www-form-urlencoded"
    )
    assert is_login(answer)


@pytest.mark.parametrize("row", sorted(FRESH), ids=" ".join)
def test_that_an_hour_after_the_login_it_is_asked_for_again(
    row: tuple[str, str], town: DeskTown
) -> None:
    assert ask(town, row, "olga", days=1) == (303, True)


@pytest.mark.parametrize("row", sorted(set(TABLE) - FRESH), ids=" ".join)
def test_that_an_hour_after_the_login_it_is_still_had(row: tuple[str, str], town: DeskTown) -> None:
    assert not ask(town, row, "olga", days=1)[1]


def test_that_the_page_that_asks_for_nothing_is_the_one_that_asks_by_itself() -> None:
    pages = {row for row, page in PAGES.items() if page.needs is Needs.NOTHING}

    assert ("GET", "decisions/*") in pages
    assert not {row for row in pages if row[1].startswith(("requests", "grants", "log/", "stops"))}


LINKS = {
    "olga": {"requests", "grants", "releases", "log", "stops", "people", "me"},
    "eva": {"releases", "stops", "me"},
    "anna": {"requests", "grants", "releases", "stops", "me"},
    "ivan": {"requests", "grants", "releases", "stops", "me"},
    "udo": {"requests", "grants", "releases", "log", "stops", "me"},
    "pia": {"me"},
    "erin": {"me"},
    "": {"login"},
}


@pytest.mark.parametrize("who", LINKS)
def test_that_the_top_of_every_page_leads_where_somebody_may_go(who: str, town: DeskTown) -> None:
    top = town.see("/", who).body.partition(b"</nav>")[0].decode()
    found = {word.partition('"')[0] for word in top.split('href="/-/')[1:]}

    assert found == LINKS[who]
    for path in found:
        assert town.see(f"/-/{path}", who).status == 200
