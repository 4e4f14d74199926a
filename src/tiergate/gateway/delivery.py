# SPDX-License-Identifier: Apache-2.0
"""Bytes of a file to a client, as long as it may have them.

Whether it still may is asked again while bytes flow, so that a revocation or a freeze stops a
running download; where nobody can say it for a while, the download ends too. What was sent until
then is out of reach.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from asyncio import FIRST_COMPLETED
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from tiergate.gateway import connection
from tiergate.gateway.objects import CHUNK_BYTES, Content, Source, from_file
from tiergate.gateway.threads import READING

ASK_AGAIN_SECONDS = 2.0
"""How long bytes flow on one answer; each costs milliseconds, for every download that runs."""
LONGEST_UNASKED_SECONDS = 3.5
"""How long bytes flow while nobody can say whether they may."""
SLOWEST_CHUNK_SECONDS = 120.0
"""How long a client may take for one chunk; after that the place is given to others."""
_TRY_AGAIN_SECONDS = 0.5
_SHORTEST_WAIT_SECONDS = 0.05
_Found = TypeVar("_Found")
_log = logging.getLogger(__name__)
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes of a file, from ``first`` up to and without ``end``."""

    first: int
    end: int
    is_part: bool = False
    """Whether they were asked for by a range, which may be about all there are."""

    @property
    def length(self) -> int:
        """How many there are."""
        return self.end - self.first


def range_that_counts(headers: Mapping[str, str], etag: str) -> str | None:
    """Return the ``Range`` of a request; None when it is on condition of other content.

    >>> range_that_counts({"range": "bytes=5-", "if-range": '"old"'}, '"new"') is None
    True
    """
    condition = headers.get("if-range")
    return headers.get("range") if condition in (None, etag) else None


def read_range(header: str | None, size: int) -> Span | None:
    """Return the bytes that a ``Range`` header asks for.

    Several ranges and what is no range are answered with everything (RFC 9110, section 14.2).

    >>> read_range("bytes=-4", 10), read_range("bytes=0-1,3-4", 10)
    (Span(first=6, end=10, is_part=True), Span(first=0, end=10, is_part=False))

    Returns:
        The bytes; None when there are none such, which is answered with 416.
    """
    whole = Span(0, size)
    match = _RANGE.fullmatch(header.strip()) if header else None
    if match is None or not any(match.groups()):
        return whole
    first, last = match.groups()
    if not first:
        wanted = int(last)
        return Span(max(0, size - wanted), size, is_part=True) if wanted and size else None
    start = int(first)
    end = min(int(last) + 1, size) if last else size
    if last and int(last) < start:
        return whole
    return Span(start, end, is_part=True) if start < size else None


class Delivery(Response):
    """Part of a file, read in this process."""

    def __init__(  # noqa: PLR0913, PLR0917 - what an answer with a file is made of
        self,
        source: Path | Source,
        span: Span,
        size: int,
        headers: Mapping[str, str],
        may_go_on: Callable[[], bool],
        asked_at: float,
        unreadable: Response | None = None,
        finished: Callable[[int], None] | None = None,
    ) -> None:
        """Prepare to send.

        Args:
            source: the file, or what opens it.
            span: which bytes.
            size: length of the whole file.
            headers: of the answer, without those about length.
            may_go_on: asked again and again while bytes flow; an OSError says that nobody knows.
            asked_at: when it was asked first and allowed, in seconds of the monotonic clock.
            unreadable: what is sent when the file cannot be read at all.
            finished: is told at the end how many bytes were not even begun to be sent, if any.
        """
        lengths = {"Content-Length": str(span.length)}
        if span.is_part:
            lengths["Content-Range"] = f"bytes {span.first}-{span.end - 1}/{size}"
        super().__init__(status_code=206 if span.is_part else 200, headers={**headers, **lengths})
        self._source = from_file(source) if isinstance(source, Path) else source
        self._span = span
        self._may_go_on = may_go_on
        self._unreadable = unreadable
        self._finished = finished
        self._unsent = span.length
        # What was found out is as old as the question, however long the answer took.
        self._known_at = self._asked_at = asked_at

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send; an answer that ends early tells the client that something was cut off."""
        try:
            await self._answer(scope, receive, send)
        finally:
            if self._finished is not None and self._unsent:
                await asyncio.to_thread(self._finished, self._unsent)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            content = await READING.run(self._source, self._span.first, self._span.end)
        except OSError as error:
            _log.error("a file cannot be read: %s", error)
            if self._unreadable is None:
                raise
            await self._unreadable(scope, receive, send)
            return
        is_whole = False
        try:
            is_whole = await self._send_all(content, receive, send)
        except OSError as error:
            _log.error("a download is cut: %s", error)
            raise
        finally:
            # Before anything that has to wait for a thread.
            if not is_whole:
                connection.cut(send)
            await READING.run(content.close)

    async def _send_all(self, content: Content, receive: Receive, send: Send) -> bool:
        await send(
            {
                "type": "http.response.start",
                "status": self.status_code,
                "headers": self.raw_headers,
            }
        )
        connection.hold(send)
        gone = asyncio.create_task(_disconnected(receive))
        try:
            return await self._send_bytes(content, send, gone)
        finally:
            gone.cancel()

    async def _send_bytes(self, content: Content, send: Send, gone: asyncio.Task[None]) -> bool:
        """Send the bytes of the span; return whether all were sent."""
        left = self._span.length
        while left:
            reading = READING.run(content.read, min(CHUNK_BYTES, left))
            (chunk,) = await self._has_come(asyncio.ensure_future(reading), gone) or (b"",)
            left -= len(chunk)
            body = {"type": "http.response.body", "body": chunk, "more_body": True}
            if not chunk or not await self._is_sent(body, send, gone):
                return False
        if not await self._has_left(send, gone):
            return False
        connection.release(send)
        last = {"type": "http.response.body", "body": b"", "more_body": False}
        return await self._is_sent(last, send, gone)

    async def _has_left(self, send: Send, gone: asyncio.Task[None]) -> bool:
        """Wait until all of it has left this machine; return False when no more of it may.

        An answer that is over is asked about no more, and the system takes megabytes for a reader
        who takes nothing yet.
        """
        chunks = 1 + connection.waiting_bytes(send) // CHUNK_BYTES
        until = time.monotonic() + SLOWEST_CHUNK_SECONDS * chunks
        patience = _SHORTEST_WAIT_SECONDS
        while connection.waiting_bytes(send):
            if time.monotonic() > until or gone.done() or not await self._may_go_on_now():
                return False
            await asyncio.wait({gone}, timeout=patience)
            patience = min(2 * patience, _TRY_AGAIN_SECONDS)
        return True

    async def _is_sent(self, body: Message, send: Send, gone: asyncio.Task[None]) -> bool:
        """Send one chunk; return False when nothing more may leave, or nobody takes it."""
        if gone.done() or not await self._may_go_on_now():
            return False
        # From here on some of it may arrive, whatever comes of it.
        self._unsent -= len(body["body"])
        return await self._has_come(asyncio.ensure_future(send(body)), gone) is not None

    async def _has_come(
        self, work: asyncio.Future[_Found], gone: asyncio.Task[None]
    ) -> tuple[_Found] | None:
        """Wait for something; return None when it is late, or what was sent may go no further.

        What was sent before may wait in this machine for a slow reader meanwhile.
        """
        until = time.monotonic() + SLOWEST_CHUNK_SECONDS
        either: set[asyncio.Future[Any]] = {work, gone}
        try:
            while True:
                until_asked = self._asked_at + ASK_AGAIN_SECONDS - time.monotonic()
                patience = max(until_asked, _SHORTEST_WAIT_SECONDS)
                await asyncio.wait(either, timeout=patience, return_when=FIRST_COMPLETED)
                # Looked at first: with the last chunk the server calls the client gone, too.
                if work.done():
                    return (work.result(),)
                is_late = gone.done() or time.monotonic() > until
                if is_late or not await self._may_go_on_now():
                    return None
        finally:
            work.cancel()

    async def _may_go_on_now(self) -> bool:
        """Ask again, when it is time to; what nobody can say for long is a no."""
        now = time.monotonic()
        if now - self._asked_at < ASK_AGAIN_SECONDS:
            return True
        patience = self._known_at + LONGEST_UNASKED_SECONDS - now
        if self._unsent == self._span.length:
            # Nothing flows yet, however long it took to get here.
            patience = max(patience, LONGEST_UNASKED_SECONDS - ASK_AGAIN_SECONDS)
        try:
            async with asyncio.timeout(patience):
                allowed = await asyncio.to_thread(self._may_go_on)
        except OSError:  # a TimeoutError is one
            is_long = time.monotonic() - self._known_at >= LONGEST_UNASKED_SECONDS
            self._asked_at = time.monotonic() - ASK_AGAIN_SECONDS + _TRY_AGAIN_SECONDS
            return not is_long
        self._known_at = self._asked_at = now
        return allowed


async def _disconnected(receive: Receive) -> None:
    """Return when the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
