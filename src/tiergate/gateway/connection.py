# SPDX-License-Identifier: Apache-2.0
"""The connection under an answer: what waits on it, and how it ends at once.

Nothing of ASGI reaches it. Where a server does not show it, nothing is known to wait, and a
download that is stopped ends with what the system holds, which may be megabytes.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import sys

from starlette.types import Send

if sys.platform == "linux":
    import fcntl

_NOT_SENT = 0x894B
"""``SIOCOUTQNSD`` of Linux: how much of a connection's queue was never sent."""
_NUMBER = struct.Struct("i")
_DROP_WHAT_WAITS = struct.pack("ii", 1, 0)
"""Of ``SO_LINGER``: on, and for no time."""
_SEND_WHAT_WAITS = struct.pack("ii", 0, 0)
"""Of ``SO_LINGER``: off."""


def waiting_bytes(send: Send) -> int:
    """Return how many bytes of answers have not begun to be sent.

    They are those that the server holds and, on Linux, those that the system holds; what is on the
    way is not among them.
    """
    transport = _transport(send)
    if transport is None or transport.is_closing():
        return 0
    connection = _socket(transport)
    held = 0
    if connection is not None and sys.platform == "linux":
        with contextlib.suppress(OSError):
            held = _NUMBER.unpack(fcntl.ioctl(connection.fileno(), _NOT_SENT, bytes(4)))[0]
    return transport.get_write_buffer_size() + held


def hold(send: Send) -> None:
    """Let the system drop what it has not sent yet should this process end, by whatever.

    It would go on sending otherwise, for somebody whom nobody is left to ask about.
    """
    _linger(_transport(send), _DROP_WHAT_WAITS)


def release(send: Send) -> None:
    """Take :func:`hold` back, when everything has been sent."""
    _linger(_transport(send), _SEND_WHAT_WAITS)


def cut(send: Send) -> None:
    """End a connection at once, with what the system has not sent yet."""
    transport = _transport(send)
    _linger(transport, _DROP_WHAT_WAITS)
    if transport is not None:
        transport.abort()


def _linger(transport: asyncio.Transport | None, how: bytes) -> None:
    connection = _socket(transport)
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, how)


def _transport(send: Send) -> asyncio.Transport | None:
    found = getattr(getattr(send, "__self__", None), "transport", None)
    return found if isinstance(found, asyncio.Transport) else None


def _socket(transport: asyncio.Transport | None) -> socket.socket | None:
    return None if transport is None else transport.get_extra_info("socket")
