# SPDX-License-Identifier: Apache-2.0
"""Deciding on requests by the routes of the Hub, alone or as one of two."""

from __future__ import annotations

import datetime as dt
import json
import socket
import sys
import time
import urllib.parse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.clients import Client, Watched, do
from gateway.town import GATED, WEIGHTS, Town, a_model
from gateway_site import Answer
from tiergate.decision.tier import Tier
from tiergate.gateway.requests import GRANT_DAYS, Status
from tiergate.gateway.roles import GatewayRole
from tiergate.gateway.scopes import Scope
from tiergate.gateway.terms import Terms
from tiergate.gateway.tokens import Token

FILE = f"/{GATED}/resolve/main/{WEIGHTS}"
API = f"/api/models/{GATED}/user-access-request"
DAY = dt.timedelta(days=1)


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Town]:
    """A model on which two people decide, with Nora's request; Anna, Bea and Olga decide."""
    town = Town(folder=tmp_path)
    town.settle_one()
    town.person("bea", GatewayRole.APPROVER)
    town.person("olga", GatewayRole.OWNER)
    town.person("audra", GatewayRole.AUDITOR)
    town.house.requests.set_terms(GATED, Terms(reviewers=2))
    town.house.requests.ask(GATED, "nora", {"purpose": "a test"}, town.now)
    with town.served():
        yield town
    town.house.close()


def _post(town: Town, path: str, who: str, **content: object) -> Answer:
    kind = "application/json"
    body = json.dumps(content).encode()
    return town.ask(f"{API}/{path}", method="POST", who=who, body=body, Content_Type=kind)


def _handle(town: Town, who: str, status: str = "accepted", **more: object) -> Answer:
    return _post(town, "handle", who, user="nora", status=status, **more)


def _listed(town: Town, status: str, query: str = "") -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(town.ask(f"{API}/{status}{query}", who="anna").body)
    return found


def test_that_the_first_of_two_is_told_that_another_has_to_be_for_it(two: Town) -> None:
    answer = _handle(two, "anna")

    assert answer.status == 200
    assert json.loads(answer.body) == {
        "status": "pending",
        "votes": {"accepted": ["anna"], "needed": 2},
        "message": "1 of 2 reviewers are for it. It stays pending until another one is.",
    }
    assert "stays pending" in answer.headers["x-hf-warning"]
    (row,) = _listed(two, "pending")
    assert row["votes"] == {"accepted": ["anna"], "needed": 2}
    assert two.ask(FILE, who="nora").status == 403


def test_that_the_second_of_two_gives_access(two: Town) -> None:
    _handle(two, "anna")
    answer = _handle(two, "bea")

    assert json.loads(answer.body)["status"] == "accepted"
    assert two.ask(FILE, who="nora").body == two.weights
    (row,) = _listed(two, "accepted")
    assert row["grantedBy"] == {"user": "bea"}
    assert "reviewedAt" in row


def test_that_the_same_person_twice_is_one(two: Town) -> None:
    for _ in range(3):
        assert json.loads(_handle(two, "anna").body)["status"] == "pending"
    assert two.ask(FILE, who="nora").status == 403


@pytest.mark.parametrize("who", ["nora", "gwen", "audra", ""])
def test_that_nobody_else_counts(who: str, two: Town) -> None:
    assert _handle(two, who).status in {401, 403}
    assert json.loads(_handle(two, "anna").body)["status"] == "pending"


def test_that_an_applicant_who_may_decide_does_not_decide_for_themselves(two: Town) -> None:
    two.house.requests.ask(GATED, "olga", {}, two.now)
    own = _post(two, "handle", "olga", user="olga", status="accepted")
    _post(two, "handle", "anna", user="olga", status="accepted")

    assert (own.status, "somebody else" in own.said) == (403, True)
    assert two.ask(FILE, who="olga").status == 403


def test_that_a_token_decides_on_nothing_that_it_does_not_count_for(two: Town) -> None:
    until = two.now + DAY
    for name, token in (
        ("elsewhere", Token(person="anna", until=until, repository="acme/other")),
        ("reads", Token(person="anna", until=until, scopes=frozenset({Scope.READ}))),
    ):
        two.tokens[name] = two.house.accounts.tokens.make(token)
        assert _handle(two, name).status == 403
        assert two.ask(f"{API}/pending", who=name).status == 403
    two.tokens["here"] = two.house.accounts.tokens.make(
        Token(person="anna", until=until, repository=GATED, scopes=frozenset({Scope.APPROVE}))
    )
    assert _handle(two, "here").status == 200


def test_that_one_rejects_and_the_words_reach_who_asked(two: Town) -> None:
    _handle(two, "anna")
    _handle(two, "bea", "rejected", rejectionReason="too vague")

    assert [row["status"] for row in _listed(two, "rejected")] == ["rejected"]
    again = _handle(two, "anna")
    assert json.loads(again.body)["votes"]["accepted"] == ["anna"]
    assert two.ask(FILE, who="nora").status == 403


def test_that_one_person_cannot_grant_where_two_decide(two: Town) -> None:
    answer = _post(two, "grant", "anna", user="gwen")
    assert (answer.status, "two people decide" in answer.said) == (403, True)


def test_that_a_reset_ends_access_and_lets_them_ask_anew(two: Town) -> None:
    for who in ("anna", "bea"):
        _handle(two, who)
    assert two.ask(FILE, who="nora").status == 200
    assert _handle(two, "anna", "reset", resetReason="new terms").status == 200
    revoked = two.ask(FILE, who="nora")

    assert (revoked.status, "revoked" in revoked.said) == (403, True)
    assert [row["status"] for row in _listed(two, "reset")] == ["reset"]
    asked = two.house.requests.of(GATED, "nora")
    assert asked is not None
    assert (asked.status, asked.answer) == (Status.RESET, "new terms")
    again = two.ask(f"/{GATED}/ask-access", method="POST", who="nora", body=b'{"purpose": "b"}')
    assert json.loads(again.body)["status"] == "pending"
    assert [row["status"] for row in _listed(two, "pending")] == ["pending"]
    assert _listed(two, "reset") == []


def test_that_to_open_again_takes_the_access_and_the_votes(two: Town) -> None:
    for who in ("anna", "bea"):
        _handle(two, who)
    _handle(two, "olga", "pending")
    waiting = two.ask(FILE, who="nora")

    assert (waiting.status, "not decided yet" in waiting.said) == (403, True)
    assert json.loads(_handle(two, "anna").body)["votes"]["accepted"] == ["anna"]


def test_that_several_are_decided_with_one_call(two: Town) -> None:
    for name in ("pia", "quin"):
        two.person(name)
        two.house.requests.ask(GATED, name, {}, two.now)
    rows = [{"user": "pia"}, {"userId": "quin"}, {"user": "absent"}]
    first = json.loads(_post(two, "batch", "anna", status="accepted", requests=rows).body)
    second = json.loads(_post(two, "batch", "bea", status="accepted", requests=rows).body)
    third = json.loads(_post(two, "batch", "bea", status="accepted", requests=rows[:1]).body)

    assert first == [
        {"user": "pia", "ok": True, "status": "pending"},
        {"userId": "quin", "ok": True, "status": "pending"},
        {"user": "absent", "ok": False, "error": "request_not_found"},
    ]
    assert [row.get("status") for row in second] == ["accepted", "accepted", None]
    assert third == [{"user": "pia", "ok": True, "status": "accepted"}]
    assert two.ask(FILE, who="pia").status == 200


@pytest.mark.parametrize(
    "content",
    [
        {"status": "accepted"},
        {"status": "accepted", "requests": []},
        {"status": "accepted", "requests": [{"user": "nora"}] * 101},
        {"status": "accepted", "requests": ["nora"]},
        {"status": "accepted", "requests": [{"user": 1}]},
        {"status": "open", "requests": [{"user": "nora"}]},
        {"requests": [{"user": "nora"}]},
    ],
    ids=["none", "empty", "too many", "names", "a number", "another status", "no status"],
)
def test_that_a_batch_is_not(content: dict[str, object], two: Town) -> None:
    assert _post(two, "batch", "anna", **content).status == 400
    assert two.house.requests.votes(two.house.requests.of(GATED, "nora").id) == ()  # type: ignore[union-attr]


def test_that_nobody_decides_on_several_who_may_not_on_one(two: Town) -> None:
    rows = [{"user": "nora"}]
    for who, status in (("nora", 403), ("audra", 403), ("", 401)):
        found = _post(two, "batch", who, status="accepted", requests=rows)
        assert found.status == status
    own = json.loads(_post(two, "batch", "olga", status="accepted", requests=rows).body)
    assert own == [{"user": "nora", "ok": True, "status": "pending"}]


def _next(answer: Answer) -> str:
    link = answer.headers.get("link", "")
    assert not link or link.endswith('; rel="next"')
    parts = urllib.parse.urlsplit(link.partition(">")[0].removeprefix("<"))
    return f"{parts.path}?{parts.query}" if link else ""


def test_that_a_long_list_is_read_a_page_at_a_time(two: Town) -> None:
    names = [f"p{number:02}" for number in range(7)]
    for number, name in enumerate(names):
        two.person(name)
        two.house.requests.ask(GATED, name, {}, two.now + dt.timedelta(minutes=number // 3))
    path, seen, lengths = f"{API}/pending?limit=3", [], []
    while path:
        answer = two.ask(path, who="anna")
        rows = json.loads(answer.body)
        seen += [row["user"]["user"] for row in rows]
        lengths.append(len(rows))
        path = _next(answer)

    assert sorted(seen) == sorted(["nora", *names])
    assert lengths == [3, 3, 2]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=x", "limit=1001", "limit=-1", "cursor=x", "cursor=2026-11-29~x"]
)
def test_that_a_list_is_not_asked_for_with(query: str, two: Town) -> None:
    assert two.ask(f"{API}/pending?{query}", who="anna").status == 400


@pytest.mark.parametrize("state", ["else", "null%2Cnull", "PENDING"])
def test_that_a_list_of_no_state_is_refused(state: str, two: Town) -> None:
    assert two.ask(f"{API}/{state}", who="anna").status == 400
    assert two.ask(f"{API}/{state}", who="nora").status == 403
    assert two.ask(f"{API}/{state}").status == 401


def test_that_earlier_requests_are_there_for_those_who_decide(two: Town) -> None:
    _handle(two, "anna", "rejected", rejectionReason="too vague")
    two.ask(f"/{GATED}/ask-access", method="POST", who="nora", body=b'{"purpose": "better"}')
    (row,) = _listed(two, "pending", "?history=true")

    assert row["fields"] == {"purpose": "better"}
    history = row["history"]
    assert isinstance(history, list)
    assert [(past["status"], past["fields"]) for past in history] == [
        ("rejected", {"purpose": "a test"})
    ]


def test_that_the_client_decides_as_one_of_two(tmp_path: Path) -> None:
    town = Watched(folder=tmp_path)
    town.settle_one()
    town.person("bea", GatewayRole.APPROVER)
    town.house.requests.set_terms(GATED, Terms(reviewers=2))
    town.house.requests.ask(GATED, "nora", {}, town.now)
    with town.served():
        found = Client(interpreter=Path(sys.executable)).run(
            town,
            do("accept", GATED, "nora", who="anna"),
            do("requests", GATED, "pending", who="anna"),
            do("download", GATED, WEIGHTS, who="nora"),
            do("accept", GATED, "nora", who="bea"),
            do("requests", GATED, "pending", who="anna"),
            do("download", GATED, WEIGHTS, who="nora"),
        )
    town.house.close()

    assert [bool(each.error) for each in found] == [False, False, True, False, False, False]
    assert [len(found[place].found) for place in (1, 4)] == [1, 0]
    assert "not decided yet" in found[2].said
    assert found[5].found == town.sha256


def test_that_the_client_reads_a_list_of_several_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    monkeypatch.setattr("tiergate.gateway.reviewing.MOST_LISTED", 2)
    town = Watched(folder=tmp_path, at_port=port, url=f"http://127.0.0.1:{port}")
    town.settle_one()
    names = [f"p{number}" for number in range(5)]
    for name in names:
        town.person(name)
        town.house.requests.ask(GATED, name, {}, town.now)
    with town.served():
        (found,) = Client(interpreter=Path(sys.executable)).run(
            town, do("requests", GATED, "pending"), who="anna"
        )
        lines = [line for action in town.front.logs for line in action]
    town.house.close()

    assert sorted(row[0] for row in found.found) == names
    assert len([line for line in lines if "user-access-request/pending" in line]) == 3


def _move(town: Town) -> None:
    """Publish other weights, and let another release that is about them decide."""
    model = a_model(town.folder / "newer", seed=5)
    revision = town.publish(name=GATED, of="gated", model=model)
    town.release(revision, Tier.T2, Tier.T4, of="newer")
    repository = town.house.catalogue.repository(GATED)
    assert repository is not None
    town.house.offer(replace(repository, release="newer"))
    time.sleep(1)


def test_that_a_grant_for_one_revision_ends_when_the_release_moves(tmp_path: Path) -> None:
    town = Town(folder=tmp_path)
    town.settle_one()
    town.house.requests.set_terms(GATED, Terms(is_pinned=True))
    town.house.requests.ask(GATED, "nora", {}, town.now)
    with town.served():
        _handle(town, "anna")
        assert town.ask(FILE, who="nora").status == 200
        (grant,) = town.house.requests.grants(GATED, "nora")
        assert grant.commit == town.revision.commit
        _move(town)
        new = town.ask(FILE, who="nora")
        old = town.ask(f"/{GATED}/resolve/{town.revision.commit}/{WEIGHTS}", who="nora")
        unpinned = town.ask(FILE, who="gwen")
    town.house.close()

    assert (new.status, "for another revision" in new.said) == (403, True)
    assert (old.status, old.code) == (404, "RevisionNotFound")
    assert unpinned.status == 200


def test_that_an_ending_grant_warns_and_is_renewed_without_a_gap(tmp_path: Path) -> None:
    town = Town(folder=tmp_path)
    town.settle_one()
    town.house.requests.ask(GATED, "nora", {}, town.now)
    ask = (f"/{GATED}/ask-access",)
    with town.served():
        _handle(town, "anna")
        town.now += (GRANT_DAYS - 5) * DAY
        for name in ("nora", "anna"):
            until = town.now + 40 * DAY
            town.tokens[name] = town.house.accounts.new_token(name, until)
        warned = town.ask(FILE, who="nora")
        renewed = town.ask(*ask, method="POST", who="nora", body=b'{"purpose": "more"}')
        meanwhile = town.ask(FILE, who="nora")
        _handle(town, "anna")
        town.now += 10 * DAY
        after = town.ask(FILE, who="nora")
    town.house.close()

    assert "your grant expires on" in warned.headers["x-hf-warning"]
    assert json.loads(renewed.body)["status"] == "pending"
    assert [meanwhile.status, after.status] == [200, 200]
    assert "expires" not in after.headers.get("x-hf-warning", "")
