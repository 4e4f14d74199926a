# SPDX-License-Identifier: Apache-2.0
"""What waits on a real connection, and how it ends."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Awaitable, Callable

import pytest
from starlette.types import Message

from tiergate.gateway import connection

pytestmark = pytest.mark.enable_socket
_LENGTH = 256 * 1024
_SMALL = 16 * 1024
_LONGEST_SECONDS = 20


class Cycle:
    """What a server shows of the connection under an answer."""

    def __init__(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    async def send(self, message: Message) -> None:
        """Stand for the call that an answer is sent by."""


def _on_a_connection(check: Callable[[Cycle, socket.socket], Awaitable[None]]) -> None:
    async def run() -> None:
        done = asyncio.Event()
        failed: list[BaseException] = []

        async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await check(Cycle(writer.transport), client)
            except BaseException as error:  # noqa: BLE001 - told to the test below
                failed.append(error)
            writer.close()
            done.set()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALL)
            client.setblocking(False)  # noqa: FBT003 - as it is called
            await asyncio.get_running_loop().sock_connect(client, server.sockets[0].getsockname())
            await asyncio.wait_for(done.wait(), _LONGEST_SECONDS)
        server.close()
        await server.wait_closed()
        if failed:
            raise failed[0]

    asyncio.run(run())


async def _read(client: socket.socket, length: int) -> int:
    loop, got = asyncio.get_running_loop(), 0
    while got < length and (piece := await loop.sock_recv(client, _SMALL)):
        got += len(piece)
    return got


@pytest.mark.skipif(sys.platform != "linux", reason="no other system tells")
def test_that_what_the_system_took_for_a_reader_who_takes_nothing_waits() -> None:
    async def check(cycle: Cycle, client: socket.socket) -> None:
        assert connection.waiting_bytes(cycle.send) == 0
        assert isinstance(cycle.transport, asyncio.Transport)
        cycle.transport.write(bytes(_LENGTH))
        waiting = connection.waiting_bytes(cycle.send)
        assert cycle.transport.get_write_buffer_size() < waiting <= _LENGTH

        assert await _read(client, _LENGTH) == _LENGTH
        assert connection.waiting_bytes(cycle.send) == 0

    _on_a_connection(check)


def test_that_a_connection_that_is_cut_brings_nothing_more() -> None:
    async def check(cycle: Cycle, client: socket.socket) -> None:
        assert isinstance(cycle.transport, asyncio.Transport)
        cycle.transport.write(bytes(_LENGTH))
        connection.cut(cycle.send)
        assert connection.waiting_bytes(cycle.send) == 0
        await asyncio.sleep(0)

        with pytest.raises(ConnectionResetError):
            await _read(client, _LENGTH)

    _on_a_connection(check)


def test_that_nothing_is_known_of_a_server_that_shows_nothing() -> None:
    async def send(message: Message) -> None:
        """Stand for a server of another kind."""

    assert connection.waiting_bytes(send) == 0
    connection.cut(send)
