# SPDX-License-Identifier: Apache-2.0
"""The queue of requests, the answer to one, and grants."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from gateway.desk_town import DeskTown, version_in
from gateway.town import DAY, GATED, HOSTED
from tiergate.gateway.requests import Status
from tiergate.gateway.terms import Terms


@pytest.fixture
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskTown]:
    found = DeskTown(folder=tmp_path_factory.mktemp("desk"))
    found.open_desk()
    with found.served():
        yield found
    found.house.close()


def rows(page: bytes) -> list[str]:
    """Return who stands in a list, in order."""
    return re.findall(r'role="rowheader"><a href="[^"]*">([^<]*)</a>', page.decode())


def answer(town: DeskTown, who: str, act: str, **fields: str) -> int:
    """Read the request of Erin and answer it; return the status."""
    path = f"/-/requests/{town.asked.id}"
    seen = version_in(town.see(path, who))
    return town.send(path, who, {"act": act, "seen": seen, **fields}).status


def status(town: DeskTown, who: str = "erin") -> Status | None:
    asked = town.house.requests.of(GATED, who)
    return None if asked is None else asked.status


def test_that_who_waits_longest_comes_first(town: DeskTown) -> None:
    for who, days in (("finn", 9), ("gita", 1)):
        town.person(who)
        town.ask_for(who, days_ago=days)

    page = town.see("/-/requests", "anna")

    assert rows(page.body) == ["finn", "erin", "gita", "petra"]
    assert b">9 days<" in page.body


def test_that_a_full_name_is_shown_only_of_whoever_shares_it(town: DeskTown) -> None:
    town.house.requests.ask(GATED, "nora", {}, town.now, shares_name=True)
    with town.house._database.writing() as connection:
        connection.exec_driver_sql("UPDATE people SET full_name = 'Full ' || name")

    page = town.see("/-/requests", "anna").body

    assert b"Full nora" in page
    assert b"Full erin" not in page


def test_that_requests_are_filtered_by_model_and_by_state(town: DeskTown) -> None:
    town.ask_for("erin", of=HOSTED)

    assert rows(town.see(f"/-/requests?model={HOSTED}", "anna").body) == ["erin"]
    assert rows(town.see("/-/requests?state=rejected", "anna").body) == ["ruth"]
    assert len(rows(town.see("/-/requests?state=all", "anna").body)) == 4


ALIKE = {
    "the same person": ("erin", HOSTED, {}, 1),
    "the same organisation, written otherwise": ("finn", GATED, {"organisation": " LAB "}, 1),
    "the same words": ("finn", GATED, {"purpose": "Red Teaming"}, 1),
    "both at once": ("finn", GATED, {"purpose": "red teaming", "organisation": "Lab"}, 1),
    "nothing": ("finn", GATED, {"purpose": "other", "organisation": "Other"}, 0),
    "nothing but that nothing is stated": ("finn", GATED, {}, 0),
}


@pytest.mark.parametrize("case", ALIKE)
def test_that_requests_are_marked_that_have_in_common(case: str, town: DeskTown) -> None:
    who, of, fields, count = ALIKE[case]
    town.house.requests.ask(
        GATED, "erin", {"purpose": "red teaming", "organisation": "Lab"}, town.now
    )
    if who != "erin":
        town.person(who)
    other = town.house.requests.ask(of, who, fields, town.now)

    page = town.see("/-/requests", "anna").body.decode()
    one = town.see(f"/-/requests/{other.id}", "anna").body

    assert page.count('class="flag">1 other<') == 2 * count
    assert (b"No other request of this person" in one) is (count == 0)


def test_that_a_long_list_has_pages(town: DeskTown) -> None:
    for number in range(60):
        town.person(f"p{number:02}")
        town.ask_for(f"p{number:02}", days_ago=100 - number)

    first, second = (town.see(f"/-/requests?page={n}", "anna").body for n in (1, 2))

    assert (len(rows(first)), len(rows(second))) == (50, 12)
    assert rows(first)[0] == "p00"
    assert b"Page 1 of 2" in first
    assert b'href="/-/requests?page=2"' in first


def test_that_everything_is_on_the_page_of_a_request(town: DeskTown) -> None:
    town.house.requests.set_terms(GATED, Terms(criteria="Only for defenders.", grant_days=30))
    town.house.requests.ask(GATED, "erin", {"purpose": "more\nlines", "team": "five"}, town.now)
    asked = town.house.requests.of(GATED, "erin")
    assert asked is not None

    page = town.see(f"/-/requests/{asked.id}", "anna").body.decode()

    words = ("Only for defenders.", "more\nlines", "five", "vetted, T4, for defenders", "30 days")
    assert [word for word in words if word not in page] == []
    assert "Earlier requests" in page


def test_that_an_accepted_request_gives_a_grant_and_says_who_did_it(town: DeskTown) -> None:
    assert answer(town, "anna", "accept", days="7", downloads="2", words="good luck") == 303

    given = town.house.overview.given(repository=GATED, person="erin")[0]
    assert (given.until - town.now).days == 7
    assert given.downloads_left == 2
    assert town.ask(f"/{GATED}/resolve/main/config.json", who="erin").status == 200
    page = town.see(f"/-/requests/{town.asked.id}", "olga").body
    assert b"good luck" in page
    assert b"By anna" in page
    act = town.house.acts.newest(1)[0]
    names = town.house.pseudonyms.names()
    assert (act.what, names[act.who], names[act.whom]) == ("granted", "anna", "erin")


def test_that_a_grant_can_be_for_the_current_revision_alone(town: DeskTown) -> None:
    answer(town, "anna", "accept", pinned="1")

    assert town.house.overview.given(person="erin")[0].commit == town.revision.commit


def test_that_a_rejection_needs_words_and_whoever_asked_reads_them(town: DeskTown) -> None:
    assert answer(town, "anna", "reject") == 400
    assert status(town) is Status.PENDING

    assert answer(town, "anna", "reject", words="too vague") == 303
    assert status(town) is Status.REJECTED
    asked = town.house.requests.of(GATED, "erin")
    assert asked is not None
    assert asked.answer == "too vague"


ORDERS = [("accept", "reject"), ("reject", "accept"), ("accept", "accept"), ("reject", "reject")]


@pytest.mark.parametrize(("first", "second"), ORDERS)
def test_that_of_two_who_decide_at_once_the_second_is_told_what_the_first_did(
    first: str, second: str, town: DeskTown
) -> None:
    path = f"/-/requests/{town.asked.id}"
    seen = version_in(town.see(path, "bert"))
    answer(town, "anna", first, words="by anna")
    before = status(town)

    late = town.send(path, "bert", {"act": second, "seen": seen, "words": "by bert"})

    assert late.status == 409
    assert b"Nothing was changed. anna has decided on it" in late.body
    assert b"by anna" in late.body
    assert status(town) is before
    # Who has read that may decide once more.
    again = {"act": "reject", "seen": version_in(late), "words": "on reflection"}
    assert town.send(path, "bert", again).status == 303
    assert status(town) is Status.REJECTED


def test_that_two_have_to_be_for_it_where_the_terms_say_so(town: DeskTown) -> None:
    town.house.requests.set_terms(GATED, Terms(reviewers=2))

    assert answer(town, "anna", "accept") == 303
    assert status(town) is Status.PENDING
    assert b"1 of 2 people are for it" in town.see(f"/-/requests/{town.asked.id}", "bert").body
    assert answer(town, "anna", "accept") == 303
    assert status(town) is Status.PENDING
    assert answer(town, "bert", "accept") == 303
    assert status(town) is Status.ACCEPTED
    noted = sorted(act.what.value for act in town.house.acts.newest(9))
    assert noted == ["granted", "was for it", "was for it"]


def test_that_a_request_that_was_made_anew_is_gone_under_its_old_name(town: DeskTown) -> None:
    path = f"/-/requests/{town.asked.id}"
    seen = version_in(town.see(path, "anna"))
    town.house.requests.ask(GATED, "erin", {"purpose": "something else"}, town.now)

    answer = town.send(path, "anna", {"act": "accept", "seen": seen})

    assert answer.status == 404
    assert b"made anew" in answer.body
    assert status(town) is Status.PENDING


def test_that_grants_that_count_are_listed_the_first_to_end_first(town: DeskTown) -> None:
    answer(town, "anna", "accept", days="5")

    page = town.see(f"/-/grants?model={GATED}", "anna").body

    assert rows(page)[0] == "erin"
    assert b"ends soon" not in page
    town.now += 4 * DAY + DAY / 24
    later = town.see(f"/-/grants?model={GATED}", "anna").body
    assert b'class="flag">ends soon, in 23 hours<' in later
    # Expired, revoked, used up, and of a disabled account.
    assert not {"exa", "rex", "ulf", "dora"} & set(rows(page))
    every = rows(town.see(f"/-/grants?model={GATED}&which=all", "anna").body)
    assert {"exa", "rex", "ulf", "dora", "erin"} <= set(every)


def test_that_a_grant_says_what_was_downloaded_under_it_and_that_this_stays(
    town: DeskTown,
) -> None:
    for _ in range(2):
        town.ask(f"/{GATED}/resolve/main/model.safetensors", who="gwen")

    page = town.see(f"/-/grants/{town.grant_of('gwen')}", "anna").body

    assert b"reaches no copy that was made before" in page
    assert b'data-label="Requests for files">2<' in page
    assert b'data-label="Copies, at most">1 file<' in page
    assert b'data-label="Bytes allowed"' in page
    assert page.count(b">model.safetensors<") == 2


def test_that_a_revoked_grant_serves_nothing_more(town: DeskTown) -> None:
    grant = town.grant_of("gwen")

    assert town.send(f"/-/grants/{grant}/revoke", "anna", {"words": "left"}).status == 303

    assert town.ask(f"/{GATED}/resolve/main/config.json", who="gwen").status == 403
    again = town.send(f"/-/grants/{grant}/revoke", "anna", {})
    assert again.status == 409
    assert b"It counts no more" in again.body
    act = town.house.acts.newest(1)[0]
    assert (act.what.value, act.words, act.about) == ("revoked", "left", GATED)


def test_that_what_is_decided_by_a_client_of_the_hub_is_noted_too(town: DeskTown) -> None:
    body = b'{"user": "erin", "status": "accepted"}'
    town.ask(
        f"/api/models/{GATED}/user-access-request/handle", method="POST", who="anna", body=body
    )

    act = town.house.acts.newest(1)[0]

    assert act.what.value == "granted"
    assert town.house.pseudonyms.names()[act.whom] == "erin"


def test_that_days_are_counted_from_when_somebody_asked(town: DeskTown) -> None:
    town.now += DAY

    assert b"It has waited for 4 days." in town.see(f"/-/requests/{town.asked.id}", "anna").body
