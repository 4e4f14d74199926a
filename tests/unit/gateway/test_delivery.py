# SPDX-License-Identifier: Apache-2.0
"""Which bytes a range asks for, and when the sending of them ends."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import Response
from starlette.types import Message

from tiergate.gateway import connection, delivery
from tiergate.gateway.delivery import Delivery, Span, range_that_counts, read_range
from tiergate.gateway.objects import CHUNK_BYTES, Content, from_file

WHOLE = Span(0, 10)
RANGES: dict[str, tuple[str | None, Span | None]] = {
    "nothing": (None, WHOLE),
    "no text": ("", WHOLE),
    "the first byte": ("bytes=0-0", Span(0, 1, is_part=True)),
    "the last byte": ("bytes=9-9", Span(9, 10, is_part=True)),
    "from a byte on": ("bytes=4-", Span(4, 10, is_part=True)),
    "everything": ("bytes=0-", Span(0, 10, is_part=True)),
    "up to beyond the end": ("bytes=4-99", Span(4, 10, is_part=True)),
    "the last four bytes": ("bytes=-4", Span(6, 10, is_part=True)),
    "more last bytes than there are": ("bytes=-99", Span(0, 10, is_part=True)),
    "no last bytes": ("bytes=-0", None),
    "a byte behind the end": ("bytes=10-", None),
    "bytes behind the end": ("bytes=10-20", None),
    "a range backwards": ("bytes=5-4", WHOLE),
    "several ranges": ("bytes=0-1,3-4", WHOLE),
    "several ranges, one of them empty": ("bytes=0-1,", WHOLE),
    "neither end": ("bytes=-", WHOLE),
    "a negative byte": ("bytes=--1", WHOLE),
    "a number with a sign": ("bytes=+1-2", WHOLE),
    "spaces within": ("bytes=0 - 1", WHOLE),
    "spaces around": (" bytes=0-1 ", Span(0, 2, is_part=True)),
    "another unit": ("lines=0-1", WHOLE),
    "the unit in capitals": ("BYTES=0-1", WHOLE),
    "no unit": ("0-1", WHOLE),
    "a number of forty digits": (f"bytes={'9' * 40}-", WHOLE),
    "digits of another script": ("bytes=\u0661-", WHOLE),
}


@pytest.mark.parametrize("case", RANGES)
def test_that_what_is_asked_for_is(case: str) -> None:
    header, expected = RANGES[case]

    assert read_range(header, 10) == expected


@pytest.mark.parametrize("header", ["bytes=0-", "bytes=0-0", "bytes=-1"])
def test_that_no_range_of_an_empty_file_is_there(header: str) -> None:
    assert read_range(header, 0) is None
    assert read_range(None, 0) == Span(0, 0)


@given(
    st.one_of(
        st.text(max_size=40),
        st.builds("bytes={}-{}".format, st.integers(0), st.integers(0)),
        st.builds("bytes={}-".format, st.integers(0)),
        st.builds("bytes=-{}".format, st.integers(0)),
    ),
    st.integers(0, 2**50),
)
def test_that_no_range_goes_beyond_its_file(header: str, size: int) -> None:
    found = read_range(header, size)

    assert found is None or 0 <= found.first <= found.end <= size
    assert found is None or found.length or not size


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"range": "bytes=1-"}, "bytes=1-"),
        ({"range": "bytes=1-", "if-range": '"a"'}, "bytes=1-"),
        ({"range": "bytes=1-", "if-range": '"b"'}, None),
        ({"range": "bytes=1-", "if-range": 'W/"a"'}, None),
        ({"range": "bytes=1-", "if-range": "Sun, 29 Nov 2026 00:00:00 GMT"}, None),
    ],
)
def test_that_a_range_counts_only_for_the_content_it_was_meant_for(
    headers: dict[str, str], expected: str | None
) -> None:
    assert range_that_counts(headers, '"a"') == expected


class Wire:
    """Both ends of an answer, as a server gives them."""

    def __init__(self, *, stalls_after: int | None = None, goes_after: int | None = None) -> None:
        self.messages: list[Message] = []
        self.has_gone = asyncio.Event()
        self._stalls_after = stalls_after
        self._goes_after = goes_after

    async def send(self, message: Message) -> None:
        """Take a message; a reader that stalls takes none after some."""
        if self._stalls_after is not None and len(self.messages) > self._stalls_after:
            await asyncio.Event().wait()
        self.messages.append(message)
        if self._goes_after is not None and len(self.messages) > self._goes_after:
            self.has_gone.set()

    async def receive(self) -> Message:
        """Give the request, and then nothing until the client has gone."""
        await self.has_gone.wait()
        return {"type": "http.disconnect"}

    @property
    def body(self) -> bytes:
        """What was sent of the file."""
        return b"".join(message.get("body", b"") for message in self.messages)

    @property
    def is_complete(self) -> bool:
        """Whether the end was said."""
        return self.messages[-1].get("more_body") is False


def _deliver(
    path: Path, wire: Wire, span: Span, may_go_on: Callable[[], bool] = lambda: True
) -> Delivery:
    answer = Delivery(path, span, path.stat().st_size, {"X-A": "b"}, may_go_on, time.monotonic())

    async def run() -> None:
        await asyncio.wait_for(answer({}, wire.receive, wire.send), 20)

    asyncio.run(run())
    return answer


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "file"
    found.write_bytes(bytes(range(256)) * (3 * CHUNK_BYTES // 256) + b"end")
    return found


def test_that_a_whole_file_is_sent(path: Path) -> None:
    wire, size = Wire(), path.stat().st_size
    answer = _deliver(path, wire, Span(0, size))

    assert wire.body == path.read_bytes()
    assert wire.is_complete
    assert answer.status_code == 200
    assert answer.headers["content-length"] == str(size)
    assert "content-range" not in answer.headers


def test_that_part_of_a_file_is_sent(path: Path) -> None:
    wire = Wire()
    answer = _deliver(path, wire, Span(5, CHUNK_BYTES + 9, is_part=True))

    assert wire.body == path.read_bytes()[5 : CHUNK_BYTES + 9]
    assert wire.is_complete
    assert answer.status_code == 206
    assert answer.headers["content-range"] == f"bytes 5-{CHUNK_BYTES + 8}/{path.stat().st_size}"


def test_that_a_range_of_everything_is_answered_as_one(path: Path) -> None:
    """A client that learns the length of a file by its first byte may find no more than that."""
    size = path.stat().st_size
    answer = _deliver(path, Wire(), Span(0, size, is_part=True))

    assert answer.status_code == 206
    assert answer.headers["content-range"] == f"bytes 0-{size - 1}/{size}"


def test_that_an_empty_file_is_sent(tmp_path: Path) -> None:
    path = tmp_path / "empty"
    path.touch()
    wire = Wire()
    answer = _deliver(path, wire, Span(0, 0))

    assert (answer.status_code, wire.body, wire.is_complete) == (200, b"", True)


def test_that_a_file_that_becomes_shorter_ends_early(path: Path) -> None:
    wire, size = Wire(), path.stat().st_size

    def cut(first: int, end: int) -> Content:
        content = from_file(path)(first, end)
        os.truncate(path, 5)
        return content

    answer = Delivery(cut, Span(0, size), size, {}, lambda: True, time.monotonic())
    asyncio.run(answer({}, wire.receive, wire.send))

    assert wire.body == path.read_bytes()
    assert len(wire.body) == 5
    assert not wire.is_complete


def test_that_nothing_is_sent_of_a_file_that_became_shorter(path: Path) -> None:
    wire, size = Wire(), path.stat().st_size
    answer = Delivery(path, Span(0, size), size, {}, lambda: True, time.monotonic())
    os.truncate(path, size - 1)
    with pytest.raises(OSError, match=f"{size - 1} bytes, where there should be {size}"):
        asyncio.run(answer({}, wire.receive, wire.send))

    assert wire.messages == []


def test_that_nothing_more_is_sent_once_it_may_not(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "ASK_AGAIN_SECONDS", 0.0)
    answers = iter([True, True, False])
    wire = Wire()
    _deliver(path, wire, Span(0, path.stat().st_size), lambda: next(answers))

    assert wire.body == path.read_bytes()[: 2 * CHUNK_BYTES]
    assert not wire.is_complete


def test_that_a_client_who_takes_nothing_is_let_go_once_it_may_not(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "ASK_AGAIN_SECONDS", 0.01)
    wire = Wire(stalls_after=1)
    asked = iter([True] * 5)
    _deliver(path, wire, Span(0, path.stat().st_size), lambda: next(asked, False))

    assert len(wire.body) == CHUNK_BYTES
    assert next(asked, None) is None


def test_that_a_client_who_is_too_slow_is_let_go(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "ASK_AGAIN_SECONDS", 0.01)
    monkeypatch.setattr(delivery, "SLOWEST_CHUNK_SECONDS", 0.05)
    wire = Wire(stalls_after=1)
    _deliver(path, wire, Span(0, path.stat().st_size))

    assert len(wire.body) == CHUNK_BYTES


def test_that_nothing_is_read_for_a_client_who_has_gone(path: Path) -> None:
    wire = Wire(goes_after=1)
    _deliver(path, wire, Span(0, path.stat().st_size))

    assert len(wire.body) == CHUNK_BYTES


def test_that_the_error_of_a_server_is_not_kept_back(path: Path) -> None:
    async def failing(message: Message) -> None:
        if message["type"] == "http.response.body":
            raise ConnectionResetError

    answer = Delivery(path, Span(0, 5), path.stat().st_size, {}, lambda: True, time.monotonic())
    with pytest.raises(ConnectionResetError):
        asyncio.run(_until_sent(answer, failing))


async def _until_sent(answer: Delivery, send: Callable[[Message], object]) -> None:
    await answer({}, Wire().receive, send)  # type: ignore[arg-type]


def _down() -> bool:
    raise OSError


def test_that_a_download_goes_on_when_nobody_can_say_for_a_moment(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "ASK_AGAIN_SECONDS", 0.0)
    monkeypatch.setattr(delivery, "_TRY_AGAIN_SECONDS", 0.0)
    failures = iter([_down, _down])
    wire = Wire()

    def answer() -> bool:
        fails = next(failures, None)
        return True if fails is None else fails()

    _deliver(path, wire, Span(0, path.stat().st_size), answer)

    assert next(failures, None) is None
    assert wire.is_complete


def test_that_a_download_ends_when_nobody_can_say_for_long(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "ASK_AGAIN_SECONDS", 0.0)
    monkeypatch.setattr(delivery, "LONGEST_UNASKED_SECONDS", 0.0)
    wire = Wire()
    _deliver(path, wire, Span(0, path.stat().st_size), _down)

    assert wire.body == b""
    assert not wire.is_complete


def test_that_nothing_is_sent_while_an_answer_is_waited_for(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "ASK_AGAIN_SECONDS", 0.0)
    monkeypatch.setattr(delivery, "LONGEST_UNASKED_SECONDS", 0.2)
    wire, answered = Wire(), threading.Event()

    def late() -> bool:
        answered.wait(5)
        return True

    answer = Delivery(path, Span(0, 5), path.stat().st_size, {}, late, time.monotonic())

    async def run() -> None:
        await answer({}, wire.receive, wire.send)
        answered.set()

    asyncio.run(run())
    assert wire.body == b""


class Time:
    """A clock that goes on only when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        """Return what it shows."""
        return self.now


def test_that_an_answer_is_as_old_as_its_question(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or what was allowed before a long wait would be allowed for long after it."""
    clock = Time()
    monkeypatch.setattr(delivery, "time", clock)
    asked: list[float] = []

    def slow() -> bool:
        asked.append(clock.now)
        clock.now += 1.5
        return True

    class Slow(Wire):
        async def send(self, message: Message) -> None:
            await super().send(message)
            clock.now += 0.75

    wire = Slow()
    answer = Delivery(path, Span(0, path.stat().st_size), path.stat().st_size, {}, slow, 98.0)
    asyncio.run(answer({}, wire.receive, wire.send))

    assert wire.is_complete
    assert asked == [100.75, 103.0, 105.25, 107.5, 109.75]


def test_that_what_was_allowed_long_ago_is_asked_again_before_the_first_byte(path: Path) -> None:
    wire, long_ago = Wire(), time.monotonic() - 3
    answer = Delivery(path, Span(0, 5), path.stat().st_size, {}, lambda: False, long_ago)
    asyncio.run(answer({}, wire.receive, wire.send))

    assert wire.body == b""
    assert not wire.is_complete


@pytest.mark.parametrize("has_words", [False, True])
def test_that_a_file_that_cannot_be_read_is_said_before_anything_is_sent(
    has_words: bool,  # noqa: FBT001 - a parameter of the test
    tmp_path: Path,
) -> None:
    words = Response("not now", status_code=403) if has_words else None
    answer = Delivery(tmp_path / "gone", Span(0, 5), 5, {}, lambda: True, time.monotonic(), words)
    wire = Wire()
    if words is None:
        with pytest.raises(FileNotFoundError):
            asyncio.run(answer({}, wire.receive, wire.send))
    else:
        asyncio.run(answer({"type": "http"}, wire.receive, wire.send))

    assert [message["status"] for message in wire.messages if "status" in message] == [
        403
    ] * has_words


class Breaking:
    """A content whose place goes away in the middle."""

    closed = False

    def read(self, size: int, /) -> bytes:
        """Fail."""
        raise ConnectionResetError(size)

    def close(self) -> None:
        """Note it."""
        self.closed = True


def test_that_a_content_that_breaks_off_is_let_go_and_not_called_whole() -> None:
    content, wire = Breaking(), Wire()
    answer = Delivery(lambda *_: content, Span(0, 5), 5, {}, lambda: True, time.monotonic())
    with pytest.raises(ConnectionResetError):
        asyncio.run(answer({}, wire.receive, wire.send))

    assert content.closed
    assert wire.body == b""


class Late:
    """A content of which nothing comes but when it is told to."""

    def __init__(self, wait: Callable[[str], None]) -> None:
        self._wait = wait

    def read(self, size: int, /) -> bytes:
        """Wait, and give as much as is asked for."""
        self._wait("read")
        return bytes(size)

    def close(self) -> None:
        """Wait, and let go."""
        self._wait("close")


def test_that_what_is_on_its_way_is_cut_while_more_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(delivery, "ASK_AGAIN_SECONDS", 0.2)
    come, asked = threading.Event(), iter([True, False])
    content = Late(lambda what: None if what == "close" else _after(come, 5))
    answer = Delivery(lambda *_: content, Span(0, 5), 5, {}, lambda: next(asked), time.monotonic())
    wire = Wire()

    async def run() -> float:
        begun = time.monotonic()
        await answer({}, wire.receive, wire.send)
        took = time.monotonic() - begun
        come.set()
        return took

    assert asyncio.run(run()) < 4
    assert next(asked, None) is None
    assert wire.body == b""


def _after(event: threading.Event, seconds: float) -> None:
    event.wait(seconds)


def test_that_nothing_is_waited_for_before_a_connection_is_cut(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done: list[str] = []
    monkeypatch.setattr(connection, "cut", lambda _: done.append("cut"))
    answer = Delivery(
        lambda *_: Late(done.append), Span(0, 5), 5, {}, lambda: False, time.monotonic() - 3
    )
    wire = Wire()
    asyncio.run(answer({}, wire.receive, wire.send))

    assert done == ["read", "cut", "close"]


def test_that_a_content_that_is_long_in_coming_is_asked_about_and_sent(path: Path) -> None:
    wire, long_ago = Wire(), time.monotonic() - 2 * delivery.LONGEST_UNASKED_SECONDS
    asked: list[bool] = []

    def allows() -> bool:
        time.sleep(0.2)
        asked.append(True)
        return True

    answer = Delivery(path, Span(0, path.stat().st_size), path.stat().st_size, {}, allows, long_ago)
    asyncio.run(answer({}, wire.receive, wire.send))

    assert asked == [True]
    assert wire.body == path.read_bytes()


def test_that_what_was_allowed_long_ago_is_not_sent_when_nobody_can_say(path: Path) -> None:
    wire, long_ago = Wire(), time.monotonic() - 2 * delivery.LONGEST_UNASKED_SECONDS
    answer = Delivery(path, Span(0, 5), path.stat().st_size, {}, _down, long_ago)
    asyncio.run(answer({}, wire.receive, wire.send))

    assert wire.body == b""
    assert not wire.is_complete
