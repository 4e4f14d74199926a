# SPDX-License-Identifier: Apache-2.0
"""What was allowed a moment ago: more than one request, or one that takes a while."""

from __future__ import annotations

import datetime as dt
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import BinaryIO, cast

import pytest

from gateway.attack_table import FILE, OURS, THEIRS, request
from gateway.raw_http import connected, exchange, replies
from gateway.town import ABSENT, GATED, HIDDEN, Town, has_weights
from tiergate.gateway.objects import Objects, Source, name_of
from tiergate.gateway.requests import GRANT_DAYS
from tiergate.release import bodies

_LENGTH = 12 * 1024 * 1024
"""More than the system keeps on the way to a slow reader."""
_HELD_LENGTH = 1024 * 1024
"""Less than the system would take at once for a reader who takes nothing."""
_PAUSE_SECONDS = 2.5
"""After this, nothing that is no longer allowed is on its way; the limit is 5 seconds."""
_SMALL = 64 * 1024


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    found = Town(folder=tmp_path)
    yield found
    found.house.close()


def _freeze(town: Town) -> None:
    town.enter(bodies.Frozen(), "bea", of="gated")


def _withdraw(town: Town) -> None:
    town.enter(bodies.Withdrawn(), of="gated")


def _revoke(town: Town) -> None:
    town.house.requests.revoke(GATED, "gwen", town.now)


def _disable(town: Town) -> None:
    town.house.accounts.disable("gwen", town.now)


def _let_the_grant_end(town: Town) -> None:
    town.now += dt.timedelta(days=GRANT_DAYS)


ENDS: dict[str, tuple[Callable[[Town], None], str]] = {
    "a freeze": (_freeze, "403 GatedRepo"),
    "a withdrawal": (_withdraw, "403 GatedRepo"),
    "a revocation": (_revoke, "403 GatedRepo"),
    "an account that does not count any more": (_disable, "401 GatedRepo"),
    "the end of the grant and of the token": (_let_the_grant_end, "401 GatedRepo"),
}


def _asked(town: Town, *lines: str, method: str = "GET") -> tuple[str, bytes]:
    """Ask with the token of the one who may have it; return status, code and what came."""
    content = exchange(town.port, town.fill(request(FILE, OURS, *lines, method=method)))
    (found,) = replies(content, to_head=method == "HEAD")
    return f"{found.status} {found.code}".strip(), content


@pytest.mark.parametrize("name", ENDS)
def test_that_what_a_head_allowed_is_refused_to_the_get_after(name: str, town: Town) -> None:
    ending, expected = ENDS[name]
    town.settle_one()
    with town.served():
        head, _ = _asked(town, method="HEAD")
        ending(town)
        time.sleep(1)  # what the ledger says takes effect within a second
        refused = [_asked(town), _asked(town, "Range: bytes=0-0"), _asked(town, method="HEAD")]

    assert head == "200"
    for status, content in refused:
        assert status == expected
        assert not has_weights(content)


def _slowly(town: Town, between: Callable[[Town], None]) -> tuple[int, int]:
    """Download with a pause; return the bytes that came before it and after it."""
    with connected(town.port, receive_buffer=_SMALL) as connection:
        connection.sendall(town.fill(request(FILE, OURS)))
        before = 0
        while before < _SMALL:
            before += len(connection.recv(_SMALL))
        between(town)
        time.sleep(_PAUSE_SECONDS)
        return before, _the_rest(connection)


def _the_rest(connection: socket.socket) -> int:
    found = 0
    try:
        while chunk := connection.recv(1 << 20):
            found += len(chunk)
    except ConnectionResetError:
        pass
    return found


@pytest.mark.parametrize("length", [_LENGTH, _HELD_LENGTH], ids=["long", "short"])
@pytest.mark.parametrize("name", ["a freeze", "a revocation"])
def test_that_a_running_download_ends_with(name: str, length: int, town: Town) -> None:
    """What the reader's own system has taken stays; what the gateway holds is dropped."""
    town.settle_one(length)
    with town.served():
        _, after = _slowly(town, ENDS[name][0])

    assert after <= 8 * _SMALL


def test_that_a_slow_reader_who_may_have_the_file_gets_all_of_it(town: Town) -> None:
    town.settle_one(_LENGTH)
    with town.served():
        before, after = _slowly(town, lambda _: None)

    assert before + after > _LENGTH


class _Stalling:
    """A file of which only the first piece comes, as of a store that hangs."""

    def __init__(self, file: BinaryIO, stalls: Event) -> None:
        self._file = file
        self._stalls = stalls
        self._is_first = True

    def read(self, size: int, /) -> bytes:
        """Read the first piece, and wait with every other one."""
        if not self._is_first:
            self._stalls.wait(20)
        self._is_first = False
        return self._file.read(size)

    def close(self) -> None:
        """Let go of it."""
        self._file.close()


def test_that_a_download_ends_while_its_next_piece_is_waited_for(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the gateway holds for a slow reader would go on its way meanwhile."""
    town.settle_one(_LENGTH)
    over = Event()

    def stalling(
        _: Objects, sha256: str, size_bytes: int | None = None
    ) -> Callable[[int, int], _Stalling]:
        del size_bytes
        place = town.folder / "gateway" / "objects" / name_of(sha256)
        return lambda first, _: _Stalling(_opened(place, first), over)

    monkeypatch.setattr(Objects, "source", stalling)
    with town.served():
        _, after = _slowly(town, _revoke)
        over.set()

    assert after <= 8 * _SMALL


def test_that_a_store_that_hangs_keeps_nobody_from_being_checked(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.settle_one(_LENGTH)
    over, source = Event(), Objects.source

    def stalling(objects: Objects, sha256: str, *size_bytes: int) -> Source:
        found = source(objects, sha256, *size_bytes)
        if objects.size_of(sha256) < _LENGTH:
            return found
        return lambda first, end: _Stalling(cast("BinaryIO", found(first, end)), over)

    monkeypatch.setattr(Objects, "source", stalling)
    with town.served():
        readers = [socket.create_connection(("127.0.0.1", town.port)) for _ in range(20)]
        for reader in readers:
            reader.sendall(town.fill(request(FILE, OURS)))
        time.sleep(1)
        begun = time.monotonic()
        answer = town.ask(f"/{GATED}/resolve/main/config.json", who="gwen")
        took = time.monotonic() - begun
        over.set()
        for reader in readers:
            reader.close()

    assert answer.status == 200
    assert took < _PAUSE_SECONDS


def _opened(place: Path, first: int) -> BinaryIO:
    file = place.open("rb")
    file.seek(first)
    return file


def test_that_a_connection_remembers_nobody(town: Town) -> None:
    town.settle_one()
    mine = request(FILE, OURS).replace("Connection: close\r\n", "")
    anonymous = request(FILE).replace("Connection: close\r\n", "")
    with town.served():
        content = exchange(
            town.port, town.fill(mine + anonymous + request(FILE, THEIRS)), patience=2
        )
    first, *others = replies(content)

    assert (first.status, first.body) == (200, town.weights)
    assert [(reply.status, reply.code) for reply in others] == [
        (401, "GatedRepo"),
        (403, "GatedRepo"),
    ]
    assert not any(has_weights(reply.body) for reply in others)


def test_that_many_readers_who_wait_keep_nobody_else_out(town: Town) -> None:
    town.settle_one(_LENGTH)
    with town.served():
        readers = [socket.create_connection(("127.0.0.1", town.port)) for _ in range(20)]
        for reader in readers[:10]:
            reader.sendall(b"GET / HTTP/1.1\r\nHost: hub")
        for reader in readers[10:]:
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALL)
            reader.sendall(town.fill(request(FILE, OURS)))
        status, _ = _asked(town, "Range: bytes=0-9")
        for reader in readers:
            reader.close()

    assert status == "206"


@pytest.fixture(scope="module")
def whole_town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    found = Town(folder=tmp_path_factory.mktemp("town"))
    found.settle()
    with found.served():
        yield found
    found.house.close()


PROBES = (
    "/{}/resolve/main/model.safetensors",
    "/{}/resolve/<commit>/model.safetensors",
    "/{}/resolve/main/absent.txt",
    "/{}/resolve/absent/model.safetensors",
    "/{}/raw/main/config.json",
    "/{}/ask-access",
    "/{}",
    "/{}.git/info/lfs/objects/batch",
    "/{}.git/info/lfs/verify",
    "/api/models/{}",
    "/api/models/{}/revision/main",
    "/api/models/{}/revision/absent",
    "/api/models/{}/tree/main",
    "/api/models/{}/tree/<commit>/extra",
    "/api/models/{}/refs",
    "/api/models/{}/paths-info/main",
    "/api/models/{}/auth-check",
    "/api/models/{}/user-access-request/pending",
    "/api/models/{}/user-access-request/handle",
    "/api/models/{}/user-access-request/grant",
    "/api/models/{}/preupload/main",
    "/api/models/{}/commit/main",
    "/api/models/{}/xet-write-token/main",
    "/api/models/{}/discussions",
    "/api/models/{}/settings",
)
"""Where somebody could look for what they may not know of."""


def _seen(town: Town, target: str, name: str, *, method: str, who: str) -> bytes:
    """Return an answer without what differs between any two: the time, and the name itself."""
    token = [f"Authorization: Bearer <{who}>"] if who else []
    lines = [*token, "Content-Type: application/json", "Content-Length: 2"]
    sent = request(target.format(name), *lines, method=method, body="{}")
    content = exchange(town.port, town.fill(sent))
    kept = [line for line in content.split(b"\r\n") if not line.lower().startswith(b"date:")]
    return b"\r\n".join(kept).replace(name.encode(), b"NAME")


@pytest.mark.parametrize("target", PROBES)
def test_that_nobody_can_tell_what_is_hidden_from_what_is_not_there(
    target: str, whole_town: Town
) -> None:
    for who in ("", "nora", "gwen", "tess"):
        for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"):
            hidden, absent = (
                _seen(whole_town, target, name, method=method, who=who) for name in (HIDDEN, ABSENT)
            )

            assert hidden == absent
            assert len(HIDDEN) == len(ABSENT)


def test_that_a_commit_that_no_decision_is_about_is_as_if_it_were_not_there(
    whole_town: Town,
) -> None:
    for who in ("", "nora", "gwen", "otto"):
        for target in ("/{}/resolve/R/config.json", "/api/models/{}/tree/R"):
            other, absent = (
                _seen(whole_town, target.replace("R", name), GATED, method="GET", who=who)
                for name in (whole_town.old.commit, "0" * 40)
            )

            assert other.replace(whole_town.old.commit.encode(), b"0" * 40) == absent
            assert b" 404 " in absent


def test_that_lists_leave_out_what_is_hidden(whole_town: Town) -> None:
    for who in ("", "nora", "gwen"):
        content = exchange(
            whole_town.port,
            whole_town.fill(request("/api/models", f"Authorization: Bearer <{who}>")),
        )

        assert HIDDEN.encode() not in content
        assert GATED.encode() in content
