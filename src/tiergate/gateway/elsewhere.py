# SPDX-License-Identifier: Apache-2.0
"""Requests whose answer waits for somebody else: a provider of logins, an issuer of tokens.

One that takes connections and answers nothing keeps a thread for many seconds, and anybody can
begin a login. Few wait at once, so that most threads are left for those who download.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from starlette.responses import Response

from tiergate.gateway import wire
from tiergate.gateway.guards import Refused

MOST_AT_ONCE = 3
"""Of the threads of a process."""
PATIENCE_SECONDS = 5.0
"""How long anybody else waits for their turn."""
BUSY = "Others are waiting for that provider. Try again later."


class Few:
    """Lets few at once have an answer that waits for somebody else."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(MOST_AT_ONCE)

    async def answer(self, handler: Callable[[], Awaitable[Response]]) -> Response:
        """Answer as a handler does, in turn.

        Raises:
            Refused: the turn does not come.
        """
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._places.acquire()
        except TimeoutError:
            raise Refused(wire.error(429, BUSY, Retry_After="5")) from None
        try:
            return await handler()
        finally:
            self._places.release()


def asks_elsewhere(path: str) -> bool:
    """Tell whether a page, by what follows ``/-/``, asks a provider of logins.

    >>> asks_elsewhere("oidc/acme"), asks_elsewhere("first/CODE/acme"), asks_elsewhere("first/CODE")
    (True, True, False)
    """
    first, *others = path.split("/")
    return first == "oidc" or (first == "first" and len(others) > 1)
