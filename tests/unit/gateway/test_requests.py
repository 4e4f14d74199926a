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
from tiergate.gateway.requests import (
    GRANT_DAYS,
    MOST_A_DAY,
    AccessRequest,
    Requests,
    Status,
    TooOftenError,
)
from tiergate.gateway.roles import GatewayRole
from tiergate.gateway.terms import Less, Terms
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

    assert again.id != asked.id
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


def _deciders(requests: Requests, *names: str) -> None:
    accounts = Accounts(requests._database, b"")
    for name in names:
        roles = frozenset({GatewayRole.APPROVER})
        accounts.add(Person(name=name, full_name=name, roles=roles, jurisdiction=""))


def _status(requests: Requests, person: str = "nora") -> Status:
    found = requests.of(MODEL, person)
    assert found is not None
    return found.status


@pytest.fixture
def two(requests: Requests) -> Requests:
    """Requests for a model on which two people decide."""
    requests.set_terms(MODEL, Terms(reviewers=2))
    _deciders(requests, "anna", "bea", "cem")
    return requests


def test_that_one_of_two_reviewers_is_not_enough(two: Requests) -> None:
    asked = _ask(two)
    after = two.answer(asked, Status.ACCEPTED, by="anna", at=NOW, words="fine by me")

    assert after.status is Status.PENDING
    assert _holding(two) == []
    count = two.count(asked)
    assert (count.people, count.needed) == (frozenset({"anna"}), 2)
    (vote,) = two.votes(asked.id)
    assert (vote.person, vote.choice, vote.words, vote.at) == (
        "anna",
        "accepted",
        "fine by me",
        NOW,
    )


def test_that_two_reviewers_are(two: Requests) -> None:
    asked = _ask(two)
    two.answer(asked, Status.ACCEPTED, by="anna", at=NOW)
    after = two.answer(asked, Status.ACCEPTED, by="bea", at=NOW + DAY)

    assert after.status is Status.ACCEPTED
    (grant,) = two.given(MODEL, "nora")
    assert (grant.given_by, grant.given_at, grant.request) == ("bea", NOW + DAY, asked.id)


def test_that_of_two_reviewers_whoever_gives_less_has_it_their_way(two: Requests) -> None:
    asked = _ask(two)
    two.answer(asked, Status.ACCEPTED, by="anna", at=NOW, less=Less(days=60))
    two.answer(asked, Status.ACCEPTED, by="anna", at=NOW, less=Less(days=10, downloads=3))
    two.answer(asked, Status.ACCEPTED, by="bea", at=NOW, less=Less(days=30, downloads=2))

    (given,) = two.given(MODEL, "nora")
    assert given.grant.until == NOW + 10 * DAY
    assert {vote.less.days for vote in two.votes(asked.id) if vote.counts} == {10, 30}
    assert given.grant.downloads_left == 2


def test_that_the_same_reviewer_counts_once(two: Requests) -> None:
    asked = _ask(two)
    for day in range(3):
        two.answer(asked, Status.ACCEPTED, by="anna", at=NOW + day * DAY)

    assert _status(two) is Status.PENDING
    assert [vote.counts for vote in two.votes(asked.id)] == [False, False, True]


def test_that_one_reviewer_rejects(two: Requests) -> None:
    asked = _ask(two)
    two.answer(asked, Status.ACCEPTED, by="anna", at=NOW)
    two.answer(asked, Status.REJECTED, by="bea", at=NOW + DAY, words="too vague")

    assert _status(two) is Status.REJECTED
    assert [vote.choice for vote in two.votes(asked.id)] == ["accepted", "rejected"]


def test_that_who_may_not_decide_any_more_does_not_count(two: Requests) -> None:
    asked = _ask(two)
    two.answer(asked, Status.ACCEPTED, by="anna", at=NOW)
    Accounts(two._database, b"").disable("anna", NOW)
    two.answer(asked, Status.ACCEPTED, by="bea", at=NOW)

    assert _status(two) is Status.PENDING
    assert two.count(asked).people == {"bea"}
    two.answer(asked, Status.ACCEPTED, by="cem", at=NOW)
    assert _status(two) is Status.ACCEPTED


def test_that_who_has_no_right_to_decide_does_not_count(two: Requests) -> None:
    asked = _ask(two)
    two.answer(asked, Status.ACCEPTED, by="petra", at=NOW)
    two.answer(asked, Status.ACCEPTED, by="anna", at=NOW)

    assert _status(two) is Status.PENDING
    assert two.count(asked).people == {"anna"}


def test_that_votes_are_for_what_was_asked_and_not_for_what_is_asked_later(two: Requests) -> None:
    asked = _ask(two)
    two.answer(asked, Status.ACCEPTED, by="anna", at=NOW)
    again = two.ask(MODEL, "nora", {"purpose": "another"}, NOW)

    with pytest.raises(InputError, match="made anew or taken back"):
        two.answer(asked, Status.ACCEPTED, by="bea", at=NOW)
    two.answer(again, Status.ACCEPTED, by="bea", at=NOW)
    assert _status(two) is Status.PENDING
    assert [vote.person for vote in two.votes(asked.id)] == ["anna"]


@pytest.mark.parametrize("status", [Status.PENDING, Status.RESET])
def test_that_what_is_opened_again_begins_with_no_votes(status: Status, two: Requests) -> None:
    asked = _ask(two)
    for by in ("anna", "bea"):
        two.answer(asked, Status.ACCEPTED, by=by, at=NOW)
    two.answer(asked, status, by="cem", at=NOW + DAY)

    assert _holding(two) == []
    assert two.count(asked).people == frozenset()
    two.answer(asked, Status.ACCEPTED, by="anna", at=NOW + DAY)
    assert _status(two) is not Status.ACCEPTED


def test_that_one_person_gives_no_grant_where_two_decide(two: Requests) -> None:
    with pytest.raises(InputError, match="two people decide"):
        two.give(MODEL, "nora", by="anna", at=NOW)
    assert _holding(two) == []


def test_that_what_was_asked_before_is_kept_with_its_answer(requests: Requests) -> None:
    first = _ask(requests)
    requests.answer(first, Status.REJECTED, by="anna", at=NOW, words="no")
    second = requests.ask(MODEL, "nora", {"purpose": "another"}, NOW + DAY)
    requests.answer(second, Status.RESET, by="anna", at=NOW + DAY, words="once more")
    third = requests.ask(MODEL, "nora", {"purpose": "a third"}, NOW + 2 * DAY)

    past = requests.history(MODEL, "nora")
    assert [row.id for row in past] == [first.id, second.id]
    assert [row.status for row in past] == [Status.REJECTED, Status.RESET]
    assert [row.answer for row in past] == ["no", "once more"]
    assert [row.closed_at for row in past] == [NOW + DAY, NOW + 2 * DAY]
    assert past[0].fields["purpose"] == "a test"
    assert past[0].answered_at == NOW
    assert requests.of(MODEL, "nora") == third
    assert requests.history(MODEL, "petra") == ()


def test_that_the_same_words_are_the_same_request(requests: Requests) -> None:
    assert _ask(requests).id == _ask(requests, at=NOW + DAY).id
    assert requests.history(MODEL, "nora") == ()


def test_that_a_grant_is_renewed_before_it_ends(requests: Requests) -> None:
    requests.answer(_ask(requests), Status.ACCEPTED, by="anna", at=NOW)
    late = NOW + (GRANT_DAYS - 10) * DAY
    again = _ask(requests, at=late)
    assert again.status is Status.PENDING
    assert len(_holding(requests)) == 1

    requests.answer(again, Status.ACCEPTED, by="anna", at=late)
    assert [grant.until for grant in _holding(requests)] == [
        NOW + GRANT_DAYS * DAY,
        late + GRANT_DAYS * DAY,
    ]


def test_that_somebody_takes_back_their_own_request_while_it_is_open(requests: Requests) -> None:
    asked = _ask(requests)
    assert not requests.cancel(MODEL, "petra", NOW)
    assert requests.cancel(MODEL, "nora", NOW + DAY)

    assert requests.of(MODEL, "nora") is None
    assert [row.id for row in requests.history(MODEL, "nora")] == [asked.id]
    assert not requests.cancel(MODEL, "nora", NOW + DAY)
    again = _ask(requests)
    requests.answer(again, Status.REJECTED, by="anna", at=NOW)
    assert not requests.cancel(MODEL, "nora", NOW)
    assert _status(requests) is Status.REJECTED


def test_that_nobody_asks_again_and_again_within_a_day(requests: Requests) -> None:
    for number in range(MOST_A_DAY + 1):
        requests.ask(MODEL, "nora", {"purpose": str(number)}, NOW)
    with pytest.raises(TooOftenError, match="within a day"):
        requests.ask(MODEL, "nora", {"purpose": "once more"}, NOW)

    assert requests.ask(OTHER, "nora", {}, NOW).status is Status.PENDING
    assert requests.ask(MODEL, "nora", {"purpose": "later"}, NOW + 2 * DAY).fields == {
        "purpose": "later"
    }


def test_that_a_grant_is_on_the_terms_that_are_set_when_it_is_given(requests: Requests) -> None:
    requests.give(MODEL, "nora", by="anna", at=NOW)
    requests.set_terms(MODEL, Terms(grant_days=7, downloads=3, is_marked=True))
    requests.give(MODEL, "nora", by="anna", at=NOW)
    before, after = requests.given(MODEL, "nora")

    assert (before.grant.until, before.grant.downloads_left) == (NOW + GRANT_DAYS * DAY, None)
    assert (after.grant.until, after.grant.downloads_left) == (NOW + 7 * DAY, 3)
    assert (before.is_marked, after.is_marked) == (False, True)
    assert requests.terms(OTHER) == Terms()


def test_that_a_pinned_grant_is_for_the_revision_that_is_current(requests: Requests) -> None:
    pinned = Requests(requests._database, lambda _repository, _at: "c" * 40)
    pinned.set_terms(MODEL, Terms(is_pinned=True))
    asked = requests.ask(MODEL, "nora", {}, NOW, commit="a" * 40)
    pinned.answer(asked, Status.ACCEPTED, by="anna", at=NOW)
    pinned.give(MODEL, "petra", by="anna", at=NOW)

    assert [grant.commit for grant in _holding(pinned)] == ["c" * 40]
    assert [grant.commit for grant in _holding(pinned, "petra")] == ["c" * 40]


def test_that_without_the_ledger_a_pinned_grant_is_for_what_was_asked_or_is_none(
    requests: Requests,
) -> None:
    requests.set_terms(MODEL, Terms(is_pinned=True))
    asked = requests.ask(MODEL, "nora", {}, NOW, commit="a" * 40)
    requests.answer(asked, Status.ACCEPTED, by="anna", at=NOW)
    assert [grant.commit for grant in _holding(requests)] == ["a" * 40]

    with pytest.raises(InputError, match="no revision that is current"):
        requests.give(MODEL, "petra", by="anna", at=NOW)
    unknown = requests.ask(MODEL, "petra", {}, NOW)
    with pytest.raises(InputError, match="no revision that is current"):
        requests.answer(unknown, Status.ACCEPTED, by="anna", at=NOW)
    assert _status(requests, "petra") is Status.PENDING


def test_that_what_is_accepted_twice_is_given_once(requests: Requests) -> None:
    asked = _ask(requests)
    for by in ("anna", "bea"):
        requests.answer(asked, Status.ACCEPTED, by=by, at=NOW)
    assert len(_holding(requests)) == 1


@pytest.mark.parametrize(
    "terms",
    [
        {"reviewers": 0},
        {"reviewers": 3},
        {"grant_days": 0},
        {"grant_days": 4000},
        {"downloads": 0},
        {"criteria": "x" * 20_001},
    ],
    ids=str,
)
def test_that_there_are_no_terms_like(terms: dict[str, int]) -> None:
    with pytest.raises(InputError):
        Terms(**terms)  # type: ignore[arg-type]


def test_that_requests_are_listed_a_page_at_a_time(requests: Requests) -> None:
    _ask(requests, "petra", NOW)
    _ask(requests, "nora", NOW)
    both = requests.listed(MODEL, Status.PENDING)
    (first,) = requests.listed(MODEL, Status.PENDING, most=1)
    after = requests.listed(MODEL, Status.PENDING, after=(first.asked_at, first.id), most=5)

    assert (first, *after) == both
    assert len(both) == 2


def test_that_a_grant_accepts_a_request_that_is_open(requests: Requests) -> None:
    asked = _ask(requests)
    requests.give(MODEL, "nora", by="anna", at=NOW)

    assert _status(requests) is Status.ACCEPTED
    (given,) = requests.given(MODEL, "nora")
    assert (given.request, given.grant.jurisdiction) == (asked.id, "SE")
