# SPDX-License-Identifier: Apache-2.0
"""Requests for access: who asked, what became of it, and which grants there are."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from tiergate.errors import InputError
from tiergate.gateway.accounts import Accounts, Person
from tiergate.gateway.catalogue import Catalogue, Repository
from tiergate.gateway.database import Database
from tiergate.gateway.requests import GRANT_DAYS, AccessRequest, Requests, Status
from tiergate.release.access import Grant

NOW = dt.datetime(2026, 11, 29, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
MODEL, OTHER = "acme/model", "acme/other"


@pytest.fixture
def requests(database: Database) -> Requests:
    for name in (MODEL, OTHER):
        Catalogue(database).add(
            Repository(
                name=name,
                release=name.partition("/")[2],
                is_announced=False,
                hosted_at="",
                excluded=frozenset(),
                created_at=NOW,
            )
        )
    for name in ("nora", "petra"):
        Accounts(database, b"").add(
            Person(name=name, full_name=name, roles=frozenset(), jurisdiction="")
        )
    return Requests(database)


def _ask(requests: Requests, person: str = "nora", at: dt.datetime = NOW) -> AccessRequest:
    return requests.ask(MODEL, person, {"purpose": "a test", "jurisdiction": "SE"}, at)


def _holding(requests: Requests, person: str = "nora", repository: str = MODEL) -> list[Grant]:
    return [g for g in requests.grants(repository, person) if g.revoked_at is None]


def test_that_a_request_stands_as_it_was_made(requests: Requests) -> None:
    asked = _ask(requests)

    assert asked.status is Status.PENDING
    assert asked.fields == {"purpose": "a test", "jurisdiction": "SE"}
    assert asked.asked_at == NOW
    assert requests.of(MODEL, "nora") == asked
    assert requests.numbered(MODEL, asked.id) == asked
    assert requests.numbered(OTHER, asked.id) is None
    assert requests.of(OTHER, "nora") is None
    assert _holding(requests) == []


def test_that_requests_are_listed_by_what_became_of_them_the_oldest_first(
    requests: Requests,
) -> None:
    later, earlier = _ask(requests), _ask(requests, "petra", NOW - DAY)
    assert requests.listed(MODEL, Status.PENDING) == (earlier, later)

    requests.answer(later, Status.ACCEPTED, by="anna", at=NOW)

    assert requests.listed(MODEL, Status.PENDING) == (earlier,)
    assert [row.id for row in requests.listed(MODEL, Status.ACCEPTED)] == [later.id]
    assert requests.listed(OTHER, Status.PENDING) == ()


def test_that_what_is_accepted_is_a_grant_for_a_time(requests: Requests) -> None:
    requests.answer(_ask(requests), Status.ACCEPTED, by="anna", at=NOW, words="welcome")
    (grant,) = _holding(requests)

    assert grant.until == NOW + GRANT_DAYS * DAY
    assert grant.jurisdiction == "SE"
    found = requests.of(MODEL, "nora")
    assert found is not None
    assert (found.status, found.answered_by, found.answer) == (Status.ACCEPTED, "anna", "welcome")
    assert _holding(requests, "petra") == []
    assert _holding(requests, repository=OTHER) == []


@pytest.mark.parametrize("status", [Status.REJECTED, Status.PENDING])
def test_that_what_is_no_longer_accepted_takes_its_grants_with_it(
    status: Status, requests: Requests
) -> None:
    asked = _ask(requests)
    requests.answer(asked, Status.ACCEPTED, by="anna", at=NOW)
    requests.answer(asked, status, by="bea", at=NOW + DAY)

    assert _holding(requests) == []
    assert [grant.revoked_at for grant in requests.grants(MODEL, "nora")] == [NOW + DAY]


def test_that_somebody_who_was_turned_down_may_ask_again(requests: Requests) -> None:
    asked = _ask(requests)
    requests.answer(asked, Status.REJECTED, by="anna", at=NOW, words="no")
    again = requests.ask(MODEL, "nora", {"purpose": "another"}, NOW + DAY)

    assert again.id == asked.id
    assert (again.status, again.answer, again.answered_by) == (Status.PENDING, "", "")
    assert again.fields == {"purpose": "another"}
    assert _holding(requests) == []


def test_that_somebody_who_asks_several_times_at_once_has_asked_once(requests: Requests) -> None:
    start = Barrier(8)

    def ask(_: int) -> AccessRequest:
        start.wait()
        return _ask(requests)

    with ThreadPoolExecutor(8) as threads:
        found = {asked.id for asked in threads.map(ask, range(8))}

    assert len(found) == 1
    assert len(requests.listed(MODEL, Status.PENDING)) == 1


def test_that_nobody_decides_on_their_own(requests: Requests) -> None:
    asked = _ask(requests)
    with pytest.raises(InputError, match="somebody else"):
        requests.answer(asked, Status.ACCEPTED, by="nora", at=NOW)
    with pytest.raises(InputError, match="somebody else"):
        requests.give(MODEL, "nora", by="nora", at=NOW)

    assert _holding(requests) == []
    assert requests.of(MODEL, "nora") == asked


def test_that_grants_are_given_without_a_request_and_taken_back(requests: Requests) -> None:
    requests.give(MODEL, "nora", by="anna", at=NOW)
    requests.give(MODEL, "nora", by="anna", at=NOW + DAY)
    requests.give(MODEL, "petra", by="anna", at=NOW)
    first, second = _holding(requests)
    assert first.until < second.until

    requests.revoke(MODEL, "nora", NOW + 2 * DAY)

    assert _holding(requests) == []
    assert len(_holding(requests, "petra")) == 1


def test_that_a_grant_that_was_taken_back_keeps_its_first_date(requests: Requests) -> None:
    requests.give(MODEL, "nora", by="anna", at=NOW)
    requests.revoke(MODEL, "nora", NOW)
    requests.revoke(MODEL, "nora", NOW + DAY)

    assert [grant.revoked_at for grant in requests.grants(MODEL, "nora")] == [NOW]


def test_that_asking_again_takes_nothing_from_somebody_whose_grant_stands(
    requests: Requests,
) -> None:
    asked = _ask(requests)
    requests.answer(asked, Status.ACCEPTED, by="anna", at=NOW)

    assert _ask(requests, at=NOW + DAY).status is Status.ACCEPTED
    assert len(requests.listed(MODEL, Status.ACCEPTED)) == 1


def test_that_somebody_whose_grant_has_ended_may_ask_again(requests: Requests) -> None:
    asked = _ask(requests)
    requests.answer(asked, Status.ACCEPTED, by="anna", at=NOW)

    assert _ask(requests, at=NOW + (GRANT_DAYS + 1) * DAY).status is Status.PENDING
