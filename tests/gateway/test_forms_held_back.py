# SPDX-License-Identifier: Apache-2.0
"""A body that is held back: what it says is done for whoever may still do it when it comes."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from gateway.desk_town import DeskTown
from gateway.raw_http import Reply, connected, replies
from gateway.town import GATED, Town
from tiergate.gateway import arrived
from tiergate.gateway.body import LARGEST_BODY_BYTES
from tiergate.gateway.cookies import SESSION, cookie_name
from tiergate.gateway.delivery import ASK_AGAIN_SECONDS
from tiergate.gateway.requests import Status
from tiergate.gateway.roles import GatewayRole

API = f"/api/models/{GATED}/user-access-request"
_HELD_SECONDS = ASK_AGAIN_SECONDS + 0.2


@pytest.fixture
def town(tmp_path: Path) -> Iterator[DeskTown]:
    """A model that Nora has asked for; Anna decides."""
    found = DeskTown(folder=tmp_path)
    found.settle_one()
    found.asked = found.ask_for("nora")
    with found.served():
        yield found
    found.house.close()


def _nothing(_: Town) -> None:
    pass


def _disable(town: Town) -> None:
    town.house.accounts.disable("anna", town.now)


def _take_the_role(town: Town) -> None:
    town.house.accounts.change("anna", roles=(), within=(), jurisdiction="")


def _log_out(town: Town) -> None:
    town.house.sessions.close_all("anna")


def _wait(town: Town) -> None:
    town.now += dt.timedelta(minutes=11)


ENDS: dict[str, Callable[[Town], None]] = {
    "an account that does not count any more": _disable,
    "a role that was taken away": _take_the_role,
}
ENDS_OF_LOGINS: dict[str, Callable[[Town], None]] = {
    **ENDS,
    "a login that was ended": _log_out,
    "a login that is not fresh any more": _wait,
}


def _held(
    town: Town, path: str, lines: tuple[str, ...], body: bytes, ends: Callable[[Town], None]
) -> Reply:
    """Send all but the last byte, let something happen, and send that."""
    head = [f"POST {path} HTTP/1.1", "Host: hub.example", "Connection: close"]
    head += [f"Content-Length: {len(body)}", *lines, "", ""]
    content = bytearray()
    with connected(town.port) as connection:
        connection.sendall("\r\n".join(head).encode() + body[:-1])
        time.sleep(0.5)
        ends(town)
        time.sleep(_HELD_SECONDS)
        connection.sendall(body[-1:])
        while piece := connection.recv(1 << 16):
            content += piece
    (found,) = replies(bytes(content))
    return found


def _by_route(town: DeskTown, ends: Callable[[Town], None]) -> Reply:
    lines = (f"Authorization: Bearer {town.tokens['anna']}", "Content-Type: application/json")
    body = json.dumps({"user": "nora", "status": "accepted"}).encode()
    return _held(town, f"{API}/handle", lines, body, ends)


def _by_page(town: DeskTown, ends: Callable[[Town], None]) -> Reply:
    name = town.session("anna")
    session = town.house.sessions.read(name, town.now)
    assert session is not None
    fields = {"form_key": session.form_key, "act": "accept", "seen": "pending"}
    lines = (
        f"Cookie: {cookie_name(SESSION, town.url)}={name}",
        "Content-Type: application/x-www-form-urlencoded",
    )
    return _held(town, f"/-/requests/{town.asked.id}", lines, urlencode(fields).encode(), ends)


def _status(town: DeskTown) -> Status:
    found = town.house.requests.of(GATED, "nora")
    assert found is not None
    return found.status


@pytest.mark.parametrize("name", ENDS)
def test_that_nobody_decides_by_a_route_who_may_not_any_more(name: str, town: DeskTown) -> None:
    answer = _by_route(town, ENDS[name])

    assert answer.status in {401, 403}
    assert _status(town) is Status.PENDING


@pytest.mark.parametrize("name", ENDS_OF_LOGINS)
def test_that_nobody_decides_on_a_page_who_may_not_any_more(name: str, town: DeskTown) -> None:
    answer = _by_page(town, ENDS_OF_LOGINS[name])

    assert answer.status in {303, 403}
    assert not answer.headers.get("location", "").startswith("/-/requests")
    assert _status(town) is Status.PENDING


@pytest.mark.parametrize("send", [_by_route, _by_page], ids=["route", "page"])
def test_that_a_body_that_takes_its_time_counts_for_whoever_still_may(
    send: Callable[[DeskTown, Callable[[Town], None]], Reply], town: DeskTown
) -> None:
    assert send(town, _nothing).status in {200, 303}
    assert _status(town) is Status.ACCEPTED


def test_that_no_repository_is_made_by_somebody_who_may_not_any_more(town: DeskTown) -> None:
    town.person("pia", GatewayRole.OWNER)
    lines = (f"Authorization: Bearer {town.tokens['pia']}", "Content-Type: application/json")
    body = json.dumps({"name": "new", "organization": "acme"}).encode()
    answer = _held(
        town, "/api/repos/create", lines, body, lambda t: t.house.accounts.disable("pia", t.now)
    )

    assert answer.status == 401
    assert town.house.catalogue.repository("acme/new") is None


@pytest.mark.parametrize("sent", [b"", b"{", b" " * (LARGEST_BODY_BYTES + 1)])
def test_that_a_body_that_does_not_come_or_is_too_long_is_not_waited_for(
    sent: bytes, town: DeskTown, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrived, "PATIENCE_SECONDS", 1.0)
    head = (
        f"POST {API}/handle HTTP/1.1\r\nHost: hub.example\r\nContent-Length: 1000000\r\n"
        f"Authorization: Bearer {town.tokens['anna']}\r\n\r\n"
    )
    content, begun = bytearray(), time.monotonic()
    with connected(town.port) as connection:
        connection.sendall(head.encode() + sent)
        while piece := connection.recv(1 << 16):
            content += piece
    (found,) = replies(bytes(content))

    assert found.status == (413 if len(sent) > 1 else 408)
    assert found.headers["connection"] == "close"
    assert time.monotonic() - begun < 10
