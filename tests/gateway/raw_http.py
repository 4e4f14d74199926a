# SPDX-License-Identifier: Apache-2.0
"""HTTP by bare sockets: nothing is made regular on the way."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str:
        """The error code of the Hub; empty for none."""
        return self.headers.get("x-error-code", "")


@contextmanager
def connected(port: int, *, receive_buffer: int = 0) -> Iterator[socket.socket]:
    """Yield a connection.

    Args:
        port: on loopback.
        receive_buffer: bytes that the system may keep for a slow reader; 0 for what is usual.
    """
    with socket.socket() as found:
        if receive_buffer:
            found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        found.settimeout(SECONDS)
        found.connect(("127.0.0.1", port))
        yield found


def exchange(port: int, *pieces: bytes, patience: float = SECONDS) -> bytes:
    """Send bytes as they are, and return everything until the other side closes.

    Args:
        port: on loopback.
        pieces: what is sent, one after the other.
        patience: seconds to wait for more; what has come until then is returned.
    """
    found = bytearray()
    with connected(port) as connection:
        try:
            for piece in pieces:
                connection.sendall(piece)
            connection.settimeout(patience)
            while chunk := connection.recv(1 << 16):
                found += chunk
        except (ConnectionError, TimeoutError):
            pass
    return bytes(found)


def replies(content: bytes, *, to_head: bool = False) -> list[Reply]:
    """Split what came back into answers; the last one may have been cut off."""
    found = []
    while content:
        head, _, rest = content.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in lines)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        length = 0 if to_head else int(headers.get("content-length", len(rest)))
        found.append(Reply(int(first.split()[1]), headers, rest[:length]))
        content = rest[length:]
    return found
