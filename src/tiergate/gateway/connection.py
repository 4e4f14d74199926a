# SPDX-License-Identifier: Apache-2.0
"""The connection under an answer: what waits on it, and how it ends at once.

Nothing of ASGI reaches it. Where a server does not show it, what is done here is left out, and a
download that is stopped ends with what the system holds, which may be megabytes.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct

from starlette.types import Send

WAITING_BYTES = 128 * 1024
"""How much the system holds that it has not begun to send: a second for a slow reader."""
_DROP_WHAT_WAITS = struct.pack("ii", 1, 0)
"""Of ``SO_LINGER``: on, and for no time."""


def hold_little(send: Send) -> None:
    """Let little wait in the system that can no longer be asked about.

    It does not bound what is on the way, so that a distant client is as fast as before. Systems
    other than Linux and macOS do not know it.
    """
    connection = _socket(_transport(send))
    option = getattr(socket, "TCP_NOTSENT_LOWAT", None)
    if connection is not None and option is not None:
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, option, WAITING_BYTES)


def cut(send: Send) -> None:
    """End a connection at once, with what the system has not sent yet."""
    transport = _transport(send)
    connection = _socket(transport)
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _DROP_WHAT_WAITS)
    if transport is not None:
        transport.abort()


def _transport(send: Send) -> asyncio.Transport | None:
    found = getattr(getattr(send, "__self__", None), "transport", None)
    return found if isinstance(found, asyncio.Transport) else None


def _socket(transport: asyncio.Transport | None) -> socket.socket | None:
    return None if transport is None else transport.get_extra_info("socket")
