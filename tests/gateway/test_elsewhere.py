# SPDX-License-Identifier: Apache-2.0
"""Who is sent to the bucket for a file, and who never learns where it is.

``make foreign`` runs the same with a real bucket.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from gateway.town import GATED, OPEN, WEIGHTS, Town
from tiergate.gateway.delivery import ASK_AGAIN_SECONDS
from tiergate.gateway.objects import Objects

PLACE = "https://bucket.example.org/signed"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    found = Town(folder=tmp_path_factory.mktemp("town"))
    found.settle()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Objects, "temporary_url", lambda *_: PLACE)
        with found.served():
            yield found
    found.house.close()


def _path(repository: str) -> str:
    return f"/{repository}/resolve/main/{WEIGHTS}"


@pytest.mark.parametrize("who", ["", "nora", "gwen"])
def test_that_everybody_is_sent_there_for_what_is_open(who: str, town: Town) -> None:
    answer = town.ask(_path(OPEN), who=who)

    assert (answer.status, answer.headers["location"], answer.body) == (302, PLACE, b"")
    assert answer.headers["x-linked-etag"] == answer.headers["etag"] == f'"{town.sha256}"'
    assert answer.headers["x-linked-size"] == str(len(town.weights))
    assert answer.headers["x-repo-commit"] == town.revision.commit
    assert "no-store" in answer.headers["cache-control"]


def test_that_to_describe_what_is_open_hands_out_no_place(town: Town) -> None:
    answer = town.ask(_path(OPEN), method="HEAD")

    assert (answer.status, answer.headers["content-length"]) == (200, str(len(town.weights)))
    assert "location" not in answer.headers


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("who", ["", "nora", "gwen", "otto", "rex"])
def test_that_nobody_learns_the_place_of_what_needs_a_grant(
    who: str, method: str, town: Town
) -> None:
    for headers in ({}, {"Range": "bytes=0-0"}):
        answer = town.ask(_path(GATED), method=method, who=who, **headers)  # type: ignore[arg-type]

        assert answer.status != 302
        assert PLACE not in str(answer.headers) + str(answer.body)


def test_that_a_line_stands_in_the_log_before_anybody_is_sent(town: Town) -> None:
    before = len(list(town.house.downloads()))
    town.ask(_path(OPEN), who="nora")

    (line,) = list(town.house.downloads())[before:]
    assert (line.method, line.path, line.last) == ("GET", WEIGHTS, len(town.weights) - 1)


def test_that_nobody_is_sent_there_after_a_stop_while_the_place_was_signed(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is sent there counts for a minute, and nobody asks again meanwhile."""
    begun, stopped = Event(), Event()

    def slow(*_: object) -> str:
        begun.set()
        stopped.wait(20)
        return PLACE

    monkeypatch.setattr(Objects, "temporary_url", slow)
    with ThreadPoolExecutor(1) as other:
        asked = other.submit(lambda: town.ask(_path(OPEN)))
        assert begun.wait(20)
        stop = town.house.stops.stop(OPEN, by="anna", reason="a test", at=town.now)
        time.sleep(ASK_AGAIN_SECONDS)
        stopped.set()
        answer = asked.result()
    town.house.stops.lift(stop.id, by="olga", at=town.now)

    assert (answer.status, answer.code) == (403, "GatedRepo")
    assert "location" not in answer.headers
