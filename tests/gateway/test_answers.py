# SPDX-License-Identifier: Apache-2.0
"""Answers that clients seldom ask for, and what is served when the ledger is no longer one."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from starlette.types import Message

from gateway.attack_table import FILE
from gateway.town import GATED, Town
from gateway_site import Answer
from tiergate.gateway.application import Application

HANDLE = f"/api/models/{GATED}/user-access-request/handle"


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    found = Town(folder=tmp_path)
    found.settle_one()
    with found.served():
        yield found
    found.house.close()


def test_that_a_range_that_is_not_there_is_told_with_the_length(town: Town) -> None:
    length = len(town.weights)
    found = town.ask(FILE, who="gwen", Range=f"bytes={length}-")

    assert (found.status, found.body) == (416, b"")
    assert found.headers["content-range"] == f"bytes */{length}"


def test_that_part_of_other_content_is_never_sent_as_the_rest(town: Town) -> None:
    etag = town.ask(FILE, method="HEAD", who="gwen").headers["etag"]
    same = town.ask(FILE, who="gwen", Range="bytes=5-9", If_Range=etag)
    other = town.ask(FILE, who="gwen", Range="bytes=5-9", If_Range='"other"')

    assert (same.status, same.body) == (206, town.weights[5:10])
    assert (other.status, other.body) == (200, town.weights)


def _handle(town: Town, **content: object) -> Answer:
    return town.ask(HANDLE, method="POST", who="anna", body=json.dumps(content).encode())


def test_that_a_request_is_decided_by_its_number_or_by_its_person(town: Town) -> None:
    asked = town.house.requests.ask(GATED, "nora", {}, town.now)

    assert _handle(town, status="accepted").status == 400
    assert _handle(town, status="accepted", requestId="absent").status == 404
    assert _handle(town, status="accepted", requestId=asked.id).status == 200
    assert town.ask(FILE, who="nora").status == 200
    assert _handle(town, status="rejected", user="nora").status == 200
    assert town.ask(FILE, who="nora").status == 403


def test_that_an_answer_that_changes_nothing_gives_no_second_grant(town: Town) -> None:
    town.house.requests.ask(GATED, "nora", {}, town.now)
    found = [_handle(town, status="accepted", user="nora").status for _ in range(2)]

    assert found == [200, 404]
    assert len(town.house.requests.grants(GATED, "nora")) == 1


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [GATED]),
        ("limit=0", []),
        ("limit=many", [GATED]),
        ("author=acme", [GATED]),
        ("author=acm", []),
        ("search=GATE", [GATED]),
        ("search=open", []),
        ("gated=true", [GATED]),
        ("gated=false", []),
        ("filter=text-generation", []),
    ],
)
def test_that_a_list_is_of_what_was_asked_for(query: str, expected: list[str], town: Town) -> None:
    rows = json.loads(town.ask(f"/api/models?{query}").body)

    assert [row["id"] for row in rows] == expected


def _broken(town: Town) -> None:
    town.ledger.write_bytes(b"no ledger" * 1000)


def _gone(town: Town) -> None:
    for path in town.folder.glob("ledger.sqlite*"):
        if path.is_file():
            path.unlink()


_KEPT = "entries_are_never_deleted"


def _cut(town: Town) -> None:
    """Take the last entry away, and leave everything else as it was made."""
    with closing(sqlite3.connect(town.ledger)) as connection, connection:
        made = "SELECT sql FROM sqlite_master WHERE name = ?"
        (trigger,) = connection.execute(made, (_KEPT,)).fetchone()
        connection.execute(f"DROP TRIGGER {_KEPT}")
        connection.execute(
            "DELETE FROM entries WHERE sequence = (SELECT max(sequence) FROM entries)"
        )
        connection.execute(trigger)


@pytest.mark.parametrize("spoil", [_broken, _gone, _cut])
def test_that_a_ledger_that_cannot_be_verified_opens_nothing(
    spoil: Callable[[Town], None], town: Town
) -> None:
    before = town.ask(FILE, who="gwen")
    spoil(town)
    time.sleep(1)
    after = town.ask(FILE, who="gwen")

    assert before.status == 200
    assert (after.status, after.code) == (404, "RepoNotFound")


def test_that_a_web_socket_is_refused(town: Town) -> None:
    del town
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    class Untouched(Application):
        """Without parts: such a connection must not come near them."""

        def __init__(self) -> None:
            """Keep nothing."""

    asyncio.run(Untouched()({"type": "websocket"}, receive, send))

    assert [message["type"] for message in sent] == ["websocket.close"]
