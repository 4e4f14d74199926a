# SPDX-License-Identifier: Apache-2.0
"""A grant for so many downloads is for so many, however the bytes are asked for."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from gateway.attack_table import OURS, request
from gateway.raw_http import connected
from gateway.town import GATED, WEIGHTS, Town
from gateway_site import Answer
from tiergate.gateway.copies import Copies
from tiergate.gateway.terms import Terms
from tiergate.release.access import bytes_of_downloads

FILE = f"/{GATED}/resolve/main/{WEIGHTS}"
_LENGTH = 256 * 1024


def _settle(town: Town, downloads: int, length: int = _LENGTH) -> None:
    town.settle_one(length)
    town.house.requests.revoke(GATED, "gwen", town.now)
    town.house.requests.set_terms(GATED, Terms(downloads=downloads))
    town.house.requests.give(GATED, "gwen", by="anna", at=town.now)


@pytest.fixture
def once(tmp_path: Path) -> Iterator[Town]:
    """Gwen may download each file once."""
    town = Town(folder=tmp_path)
    _settle(town, 1)
    with town.served():
        yield town
    town.house.close()


def _is_used_up(answer: Answer) -> bool:
    return (
        answer.status == 403
        and answer.code == "GatedRepo"
        and "The downloads of your grant for acme/gated are used up." in answer.said
        and b"\x80" not in answer.body
    )


def test_that_what_was_downloaded_once_is_refused_whole_in_part_and_described(once: Town) -> None:
    assert once.ask(FILE, method="HEAD", who="gwen").status == 200
    assert once.ask(FILE, who="gwen").body == once.weights
    assert _is_used_up(once.ask(FILE, who="gwen"))
    assert _is_used_up(once.ask(FILE, who="gwen", Range=f"bytes=0-{_LENGTH // 2}"))
    described = once.ask(FILE, method="HEAD", who="gwen")
    assert (described.status, described.code) == (403, "GatedRepo")


def test_that_another_file_is_counted_for_itself(once: Town) -> None:
    assert once.ask(FILE, who="gwen").status == 200
    assert once.ask(f"/{GATED}/resolve/main/config.json", who="gwen").status == 200
    assert once.ask(f"/{GATED}/resolve/main/README.md", who="gwen").status == 200


def test_that_to_describe_a_file_counts_for_nothing(once: Town) -> None:
    for _ in range(20):
        assert once.ask(FILE, method="HEAD", who="gwen").status == 200
    assert once.ask(FILE, who="gwen").status == 200


def test_that_pieces_add_up_to_one_download_and_to_no_more(once: Town) -> None:
    size, piece, sent = len(once.weights), 10_000, 0
    got = bytearray()
    for first in range(0, size, piece):
        answer = once.ask(FILE, who="gwen", Range=f"bytes={first}-{first + piece - 1}")
        assert answer.status == 206
        got += answer.body
    assert bytes(got) == once.weights
    sent = len(got)
    for first in range(0, size, piece):
        answer = once.ask(FILE, who="gwen", Range=f"bytes={first}-{first + piece - 1}")
        sent += len(answer.body) if answer.status == 206 else 0

    assert sent <= bytes_of_downloads(1, size) < size * 1.11
    assert _is_used_up(once.ask(FILE, who="gwen", Range=f"bytes=0-{piece}"))


def test_that_of_two_who_ask_at_once_for_the_last_one_gets_it(once: Town) -> None:
    start = Barrier(8)

    def ask(_: int) -> int:
        start.wait()
        return once.ask(FILE, who="gwen").status

    with ThreadPoolExecutor(8) as threads:
        found = sorted(threads.map(ask, range(8)))

    assert found == [200] + [403] * 7
    assert len(list(once.house.downloads())) == 1


def test_that_what_was_not_sent_is_not_counted_so_that_a_download_can_go_on(
    tmp_path: Path,
) -> None:
    town = Town(folder=tmp_path)
    length = 24 * 1024 * 1024
    _settle(town, 1, length)
    size = len(town.weights)
    with town.served():
        with connected(town.port, receive_buffer=64 * 1024) as connection:
            connection.sendall(town.fill(request(FILE, OURS)))
            assert connection.recv(64 * 1024)
        time.sleep(2)
        rest = town.ask(FILE, who="gwen", Range=f"bytes={8 * 1024 * 1024}-")
        again = town.ask(FILE, who="gwen", Range=f"bytes={8 * 1024 * 1024}-")
    town.house.close()

    assert rest.status == 206
    assert len(rest.body) == size - 8 * 1024 * 1024
    assert _is_used_up(again)


def test_that_whoever_hangs_up_again_and_again_gets_no_more_than_they_may(
    tmp_path: Path,
) -> None:
    town = Town(folder=tmp_path)
    _settle(town, 1, 4 * 1024 * 1024)
    got = 0
    with town.served():
        for _ in range(12):
            with connected(town.port) as connection:
                connection.sendall(town.fill(request(FILE, OURS)))
                answer = b""
                with contextlib.suppress(OSError):
                    while len(answer) < 900_000 and (piece := connection.recv(1 << 16)):
                        answer += piece
                got += len(answer) if answer.startswith(b"HTTP/1.1 200") else 0
            time.sleep(0.2)
        size = len(town.weights)
    town.house.close()

    assert got <= bytes_of_downloads(1, size) + 12 * 1024


def test_that_a_new_grant_is_for_as_many_again(once: Town) -> None:
    assert once.ask(FILE, who="gwen").status == 200
    assert _is_used_up(once.ask(FILE, who="gwen"))
    once.house.requests.give(GATED, "gwen", by="anna", at=once.now)
    assert once.ask(FILE, who="gwen").status == 200
    assert _is_used_up(once.ask(FILE, who="gwen"))


def test_that_whoever_else_has_a_grant_is_counted_for_themselves(once: Town) -> None:
    once.house.requests.give(GATED, "nora", by="anna", at=once.now)
    assert once.ask(FILE, who="gwen").status == 200
    assert once.ask(FILE, who="nora").status == 200
    assert _is_used_up(once.ask(FILE, who="nora"))


def test_that_a_line_that_cannot_be_written_takes_nothing_from_the_count(
    once: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tiergate.errors import VerificationError
    from tiergate.gateway.audit import Audit

    async def fails(*_: object) -> None:
        raise VerificationError("log", "full", "room")

    with monkeypatch.context() as patch:
        patch.setattr(Audit, "record", fails)
        assert once.ask(FILE, who="gwen").status == 403
    assert once.ask(FILE, who="gwen").status == 200


def test_that_a_copy_that_cannot_be_looked_up_takes_nothing_from_the_count(
    once: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    once.house.requests.revoke(GATED, "gwen", once.now)
    once.house.requests.set_terms(GATED, Terms(downloads=1, is_marked=True))
    once.house.requests.give(GATED, "gwen", by="anna", at=once.now)

    def fails(*_: object) -> None:
        raise OSError("no answer")

    while once.ask(FILE, method="HEAD", who="gwen").status != 200:
        time.sleep(0.2)
    with monkeypatch.context() as patch:
        patch.setattr(Copies, "file", fails)
        assert once.ask(FILE, who="gwen").status == 403
    assert once.ask(FILE, who="gwen").status == 200
