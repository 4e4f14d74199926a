# SPDX-License-Identifier: Apache-2.0
"""Many clients at once that read slowly and write down everything they got."""

from __future__ import annotations

import asyncio
import bisect
import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

PIECE = 32 * 1024
"""What a client takes at once; so little is on the way that what comes has just been sent."""
SLOWEST_ANSWER_SECONDS = 60.0
_LOOK_SECONDS = 0.05
_LAG_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What one request asks for."""

    who: str
    repository: str
    path: str
    method: str
    first: int
    last: int
    """Last byte; of the whole file when it is not asked for in part."""
    is_part: bool


@dataclass(slots=True, kw_only=True)
class Got:
    """What came of it."""

    ask: Ask
    asked_at: float
    """On the monotonic clock, as every time here."""
    answered_at: float = 0.0
    status: int = 0
    """Nothing for a connection that ended before there was an answer."""
    code: str = ""
    count: int = 0
    """Bytes of the body."""
    arrivals: list[float] = field(default_factory=list)
    """When pieces of the body came."""

    @property
    def has_bytes(self) -> bool:
        """Whether it handed something out: bytes, or what a HEAD says of them."""
        return self.status in {200, 206}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What clients choose from."""

    port: int
    tokens: dict[str, str]
    """Of every person."""
    repositories: tuple[str, ...]
    sizes: dict[str, int]
    """Length of every file."""
    pause: float
    """Seconds between two pieces, at most."""


class Crowd:
    """Clients that ask until they are told to stop."""

    def __init__(self, choices: Choices, count: int, seed: int) -> None:
        self._choices = choices
        self._count = count
        self._seed = seed
        self._is_over = False
        self.got: list[Got] = []
        self._lags: list[tuple[float, float]] = []

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Let them ask while the block runs."""
        thread = threading.Thread(target=lambda: asyncio.run(self._all()))
        thread.start()
        try:
            yield
        finally:
            self._is_over = True
            thread.join()

    def lag(self, at: float) -> float:
        """Return by how much the clients themselves were late then, on a busy machine."""
        first = bisect.bisect_left(self._lags, (at - _LAG_SECONDS, 0.0))
        last = bisect.bisect_right(self._lags, (at + _LAG_SECONDS, float("inf")))
        return max((lag for _, lag in self._lags[first:last]), default=0.0)

    async def _all(self) -> None:
        watching = asyncio.create_task(self._watch())
        await asyncio.gather(*(self._one(self._seed + index) for index in range(self._count)))
        watching.cancel()

    async def _watch(self) -> None:
        while True:
            due = time.monotonic() + _LOOK_SECONDS
            await asyncio.sleep(_LOOK_SECONDS)
            self._lags.append((time.monotonic(), time.monotonic() - due))

    async def _one(self, seed: int) -> None:
        chance = random.Random(seed)  # noqa: S311 - which file is asked for is no secret
        await asyncio.sleep(chance.random())
        while not self._is_over:
            got = Got(ask=self._chosen(chance), asked_at=time.monotonic())
            self.got.append(got)
            with suppress(OSError, asyncio.IncompleteReadError, TimeoutError, ValueError):
                async with asyncio.timeout(SLOWEST_ANSWER_SECONDS):
                    await self._fetch(got, chance)
            await asyncio.sleep(chance.random() * 0.2 if got.has_bytes else chance.random())

    def _chosen(self, chance: random.Random) -> Ask:
        choices = self._choices
        path = chance.choice(sorted(choices.sizes))
        size = choices.sizes[path]
        first, last, is_part = 0, size - 1, False
        if chance.random() < 0.3:
            first = chance.randrange(size)
            last, is_part = chance.randrange(first, size), True
        method = "HEAD" if chance.random() < 0.2 else "GET"
        if method == "HEAD":
            first, last, is_part = 0, size - 1, False
        return Ask(
            who=chance.choice(sorted(choices.tokens)),
            repository=chance.choice(choices.repositories),
            path=path,
            method=method,
            first=first,
            last=last,
            is_part=is_part,
        )

    async def _fetch(self, got: Got, chance: random.Random) -> None:
        ask = got.ask
        connection = socket.socket()
        # Little may wait in the system, or what was sent long ago would look like news.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, PIECE // 2)
        connection.setblocking(False)  # noqa: FBT003 - as it is called
        try:
            loop = asyncio.get_running_loop()
            await loop.sock_connect(connection, ("127.0.0.1", self._choices.port))
            reader, writer = await asyncio.open_connection(sock=connection, limit=PIECE)
        except BaseException:
            connection.close()
            raise
        try:
            writer.write(_request(ask, self._choices.tokens[ask.who]))
            head = await reader.readuntil(b"\r\n\r\n")
            got.answered_at = time.monotonic()
            lines = head.decode("latin-1").split("\r\n")
            got.status = int(lines[0].split()[1])
            headers = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
            got.code = headers.get("x-error-code", "")
            if ask.method == "GET":
                await self._read(reader, got, int(headers.get("content-length", "0")), chance)
        finally:
            writer.close()

    async def _read(
        self, reader: asyncio.StreamReader, got: Got, length: int, chance: random.Random
    ) -> None:
        while got.count < length:
            piece = await reader.read(PIECE)
            if not piece:
                return
            got.count += len(piece)
            got.arrivals.append(time.monotonic())
            if got.has_bytes:
                await asyncio.sleep(chance.random() * self._choices.pause)


def _request(ask: Ask, token: str) -> bytes:
    lines = [
        f"{ask.method} /{ask.repository}/resolve/main/{ask.path} HTTP/1.1",
        "Host: hub.example",
        "Connection: close",
        f"Authorization: Bearer {token}",
    ]
    if ask.is_part:
        lines.append(f"Range: bytes={ask.first}-{ask.last}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
